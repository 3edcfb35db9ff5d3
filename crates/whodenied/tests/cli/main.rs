//! The command line as a person or a script meets it: the built binary, a scrubbed environment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod can;
mod compiled;
mod dead;
mod default;
mod demo;
mod doctor;
mod exits;
mod files;
mod hostile;
mod inputs;
mod profile;
mod schema;
mod shown;
mod support;
mod usage;
