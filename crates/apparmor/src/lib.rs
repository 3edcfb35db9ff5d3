//! The AppArmor policy language: a model of profiles and rules, and the text they are written as.
//!
//! [`syntax`] reads text; the small model of [`profile`] and [`rule`] is what remedies write.

pub mod features;
pub mod pattern;
pub mod print;
pub mod profile;
pub mod resolve;
pub mod rule;
pub mod rules;
pub mod syntax;

pub use pattern::Pattern;
pub use profile::{Abi, Flag, Profile};
pub use rule::{Access, Rule};
