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

/// The schema of what `whodenied doctor` prints as JSON.
pub const SURVEY_SCHEMA: &str = "whodenied-doctor/1";

/// The part of it that is evidence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SavedSurvey {
    /// [`SURVEY_SCHEMA`].
    pub schema: String,
    /// What was read of the host.
    pub evidence: Vec<SurveyLines>,
}

/// Lines read of a host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SurveyLines {
    /// The file or folder they were read from.
    pub path: String,
    /// The lines.
    pub text: String,
}
