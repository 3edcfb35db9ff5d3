//! Compose files: a view of their settings, and verified edits.

pub mod edit;
mod layout;
pub mod view;

pub use edit::{ManualInstruction, add_to_list, set_mapping, set_scalar, set_security_opt};
