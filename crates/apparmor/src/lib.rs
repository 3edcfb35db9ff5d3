//! AppArmor: the policy language (a model of profiles and rules, and the text they are written as), and
//! policy as the kernel holds it ([`policy`], over automata in [`dfa`]).

pub mod binary;
pub mod dfa;
pub mod pattern;
pub mod policy;
pub mod print;
pub mod profile;
pub mod rule;

pub use pattern::Pattern;
pub use profile::{Abi, Flag, Profile};
pub use rule::{Access, Rule};
