//! What the layers of a machine are set to ([`survey`]), and what they answer a user's question
//! ([`can`]), without running or changing anything.
//!
//! Deliberately absent: any reading of the machine but through `sources`, and any printing.

pub mod can;
pub mod survey;
