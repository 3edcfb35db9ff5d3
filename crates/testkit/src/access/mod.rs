//! The model of file access (`whodenied-access`) against the running kernel: random worlds, random
//! subjects and random operations, asked of both.

pub mod build;
pub mod minimise;
pub mod perform;
pub mod plan;
pub mod questions;
pub mod random;
pub mod stage;
pub mod sysctl;
pub mod worker;
