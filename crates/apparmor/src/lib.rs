//! The AppArmor policy language: a model of profiles and rules, and the text they are written as.
//!
//! Deliberately absent for now: parsing, evaluation and the kernel's binary form.

pub mod pattern;
pub mod print;
pub mod profile;
pub mod rule;

pub use pattern::Pattern;
pub use profile::{Abi, Flag, Profile};
pub use rule::{Access, Rule};
