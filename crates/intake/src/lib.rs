//! From raw evidence to claims, facts, attempts and trials.

use std::io::Read;
use whodenied_case::{Case, Origin};

/// One input: where it came from and its bytes, read as a stream.
pub struct Input {
    /// Where it came from.
    pub origin: Origin,
    /// Its bytes; need not be UTF-8.
    pub reader: Box<dyn Read>,
}

/// Reads every input and fills the case up to its attempts and trials. Never fails: what could
/// not be read is named in `Case::missing`.
#[must_use]
pub fn read(inputs: Vec<Input>) -> Case {
    let _ = inputs;
    Case::default()
}
