//! Seccomp: the kernel's filter programs, profiles as container engines read them, and the smallest
//! rule that changes one answer.
//!
//! Deliberately absent: reading filters off a task, and any decision about a case.

pub mod bpf;
pub mod delta;
mod json;
pub mod profile;
pub mod rule;

pub use rule::{Action, Arg, Rule};
