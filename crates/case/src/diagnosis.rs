//! Which layer refused, whether that is what broke the program, and how sure both are.

use crate::attempt::AttemptId;
use crate::remedy::Remedy;
use serde::{Deserialize, Serialize};
use whodenied_kernel::{Errno, Layer};
use whodenied_text::Span;

/// How sure. Tests hold each to its meaning, see ARCHITECTURE.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// More than one layer fits.
    Possible,
    /// One layer explains everything seen, the others are ruled out.
    Likely,
    /// Decided by a kernel record, by policy, by complete state or by a controlled trial.
    Proven,
}

impl Certainty {
    /// `possible`, `likely` or `proven`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Proven => "proven",
        }
    }
}

/// Yes, no or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not known.
    Unknown,
}

/// Another layer that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The layer.
    pub layer: Layer,
    /// Why it fits.
    pub because: String,
}

/// A layer that did not refuse, and why that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuledOut {
    /// The layer.
    pub layer: Layer,
    /// Why not.
    pub because: String,
}

/// How the chain of layers marks one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Asked and passed, or it can't have refused.
    Passed,
    /// Refused.
    Refused,
    /// It can't be told.
    Unknown,
    /// Not asked: a layer before it refused.
    NotAsked,
}

/// One link of the chain of layers as the kernel asks them for this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// The layer.
    pub layer: Layer,
    /// Its mark.
    pub mark: Mark,
    /// A few words.
    pub note: String,
}

/// Quoted evidence with the deciding part marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The whole line or lines.
    pub span: Span,
    /// The parts that decide, inside `span`.
    pub deciding: Vec<Span>,
}

/// A known breakage this denial is an instance of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIssueRef {
    /// Its id in `whodenied known`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// A public source.
    pub url: String,
    /// Versions that fix it: `Docker 29.4.3`.
    pub fixed_in: Vec<String>,
}

/// The change that made what worked fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatChanged {
    /// The change, one plain sentence: "Docker 25.0.0 (2024-01) took io_uring out of …".
    pub what: String,
    /// What in the evidence speaks for it, one plain sentence; "" when only versions agree.
    pub told: String,
    /// Versions that mend it: `Docker 29.4.3`. Empty when none does.
    pub fixed_in: Vec<String>,
    /// What to do until then, "" when nothing is known.
    pub until_then: String,
    /// Where the evidence tells of the change or the version.
    pub spans: Vec<Span>,
}

/// One denial, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// The attempt.
    pub attempt: AttemptId,
    /// The layer that refused.
    pub layer: Layer,
    /// What was tried, in the field's terms: `socketpair(AF_UNIX, SOCK_STREAM)`.
    pub operation: String,
    /// On what.
    pub object: String,
    /// The policy that decided, where known.
    pub policy: Option<String>,
    /// The error the program saw.
    pub errno: Option<Errno>,
    /// How sure the layer is.
    pub certainty: Certainty,
    /// Is this refusal what broke the program?
    pub broke_the_program: YesNo,
    /// One or two plain sentences.
    pub cause: String,
    /// The known breakage.
    pub known_issue: Option<KnownIssueRef>,
    /// The release that brought it about.
    pub changed: Option<WhatChanged>,
    /// Other layers that fit, at most two.
    pub alternatives: Vec<Alternative>,
    /// The evidence it rests on.
    pub quotes: Vec<Quote>,
    /// Layers ruled out.
    pub ruled_out: Vec<RuledOut>,
    /// The layers in the order the kernel asks them.
    pub chain: Vec<ChainLink>,
    /// Things that were tried or are commonly tried and can't help, one sentence each.
    pub cannot_help: Vec<String>,
    /// Fixes, the least first.
    pub remedies: Vec<Remedy>,
    /// What stays blocked with the first fix, one item each.
    pub stays_blocked: Vec<String>,
    /// The answer to "can't I just switch it off?", "" where there is nothing to switch off.
    pub shortcut: String,
    /// Commands that would decide, when not proven.
    pub next_steps: Vec<String>,
    /// How often the denial stands in the evidence.
    pub count: u32,
}
