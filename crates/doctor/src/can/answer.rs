//! The answer to a question.

use serde::Serialize;
use whodenied_access::Decision;
use whodenied_case::{Certainty, Remedy};
use whodenied_kernel::{Errno, Layer};

/// The schema of an answer in JSON.
pub const SCHEMA: &str = "whodenied-can/1";

/// Whether it would work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing that was asked refuses.
    Allowed,
    /// A layer refuses.
    Denied,
    /// It fails, but for want of something else than a right: nothing there, of another type.
    Fails,
    /// What decides could not be read.
    Unknown,
}

/// A layer that was not asked, and why; or one that was and lets it pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The layer.
    pub layer: Layer,
    /// One sentence.
    pub why: String,
}

/// The answer. Text is escaped where it says so, else hostile.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Who asks, in words; escaped.
    pub who: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What the call would return.
    pub errno: Option<Errno>,
    /// The layer that decides; `None` for what is no matter of rights, and for what is allowed.
    pub layer: Option<Layer>,
    /// The exact file, port or process that was checked.
    pub at: String,
    /// One sentence, escaped.
    pub because: String,
    /// The kernel's function that decides, where one is known.
    pub function: &'static str,
    /// How sure that is.
    pub certainty: Certainty,
    /// The smallest changes, each tried on the model; at most four.
    pub remedies: Vec<Remedy>,
    /// Layers that could still refuse and were not asked.
    pub not_asked: Vec<Asked>,
    /// What was not certain or could not be read, one sentence each.
    pub doubts: Vec<String>,
    /// The command that would decide, where something is open.
    pub decide: String,
    /// The model's own answer, for questions of files.
    pub decision: Option<Decision>,
}

impl Answer {
    /// An answer without layer, object or fixes.
    pub(super) fn new(verdict: Verdict, because: impl Into<String>) -> Self {
        Self {
            who: String::new(),
            verdict,
            errno: None,
            layer: None,
            at: String::new(),
            because: because.into(),
            function: "",
            certainty: Certainty::Proven,
            remedies: Vec::new(),
            not_asked: Vec::new(),
            doubts: Vec::new(),
            decide: String::new(),
            decision: None,
        }
    }

    /// A refusal by a layer.
    pub(super) fn denied(errno: Errno, layer: Layer, at: String, because: String) -> Self {
        Self { errno: Some(errno), layer: Some(layer), at, ..Self::new(Verdict::Denied, because) }
    }
}
