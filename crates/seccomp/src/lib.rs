//! Seccomp profiles as container engines read them: the smallest rule that changes one answer.
//!
//! Deliberately absent for now: whole profiles, and the kernel's filter programs.

pub mod rule;

pub use rule::{Action, Arg, Rule};
