//! From resolved profiles to automata.

pub mod conflict;
pub mod determinise;
pub mod glob;
pub mod nfa;

pub use glob::{GlobError, Re, parse as parse_glob};
