//! A saved case: evidence only, never verdicts, so that the same version gives the same report
//! anywhere.

use crate::evidence::Evidence;
use serde::{Deserialize, Serialize};

/// The schema of saved cases.
pub const SCHEMA: &str = "whodenied-case/1";

/// The file form of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCase {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of whodenied that saved it.
    pub version: String,
    /// The evidence.
    pub evidence: Vec<Evidence>,
}
