//! AppArmor: the policy language, and policy as the kernel holds it.
//!
//! [`syntax`] reads text, [`rules`] judges what a rule says, [`resolve`] makes profiles of files; the small
//! model of [`profile`] and [`rule`] is what remedies write. [`policy`] is compiled policy over automata in
//! [`dfa`].

pub mod binary;
pub mod compare;
pub mod compile;
pub mod describe;
pub mod dfa;
pub mod evaluate;
pub mod features;
pub mod format;
pub mod lint;
pub mod pattern;
pub mod policy;
pub mod print;
pub mod profile;
pub mod resolve;
pub mod rule;
pub mod rules;
pub mod syntax;

pub use pattern::Pattern;
pub use profile::{Abi, Flag, Profile};
pub use rule::{Access, Rule};
