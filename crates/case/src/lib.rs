//! The plain data that flows through whodenied. A [`Case`] is the only thing that flows: each
//! stage adds one part to it and never reaches back.
//!
//! evidence → claims → facts, attempts, trials → verdicts → diagnoses → remedies → report
//!
//! Deliberately absent: any reading of text (`intake`), any decision (`judge`, `remedy`) and any
//! rendering (`report`).

pub mod attempt;
pub mod capture;
pub mod claim;
pub mod diagnosis;
pub mod evidence;
pub mod fact;
pub mod place;
pub mod policy;
pub mod record;
pub mod remedy;
pub mod saved;
pub mod setting;
pub mod trial;
pub mod verdict;
pub mod version;
pub mod workload;

pub use attempt::{Attempt, AttemptId, Object, ObjectKind, Phase, Subject};
pub use claim::{Claim, Failure, Says};
pub use diagnosis::{
    Alternative, Certainty, ChainLink, Diagnosis, KnownIssueRef, Mark, Quote, RuledOut, WhatChanged, YesNo,
};
pub use evidence::{Evidence, Origin};
pub use fact::{Fact, FactId, Facts, Predicate, Standing};
pub use place::{Engine, Environment, LsmState, PathState};
pub use record::{Channel, Record, RecordKind};
pub use remedy::{FileEdit, Remedy, Risk, Where};
pub use setting::{CapSpec, Knob, Setting, Surface};
pub use trial::{Change, Outcome, Trial};
pub use verdict::{Answer, Support, Verdict};
pub use version::Version;
pub use workload::Workload;

/// Everything known about one report of a denial.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Raw evidence, in the order of reading; `SourceId(n)` is index `n`.
    pub evidence: Vec<Evidence>,
    /// What the recognisers read in it.
    pub claims: Vec<Claim>,
    /// Claims fused, in the kernel's terms.
    pub facts: Facts,
    /// The container or unit that is explained, where one was asked for.
    pub workload: Option<Workload>,
    /// What the program tried; `AttemptId(n)` is index `n`.
    pub attempts: Vec<Attempt>,
    /// Experiments with their outcome: the person's own, or ours.
    pub trials: Vec<Trial>,
    /// One layer's answer about one attempt.
    pub verdicts: Vec<Verdict>,
    /// What refused, the culprit first.
    pub diagnoses: Vec<Diagnosis>,
    /// AppArmor policy that was in force.
    pub policy: Option<policy::Policy>,
    /// What could not be read or was not said, one sentence each.
    pub missing: Vec<String>,
}

impl Case {
    /// The attempt with this id.
    #[must_use]
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.get(id.0 as usize)
    }

    /// The evidence text a span covers; "" when the span lies outside.
    #[must_use]
    pub fn text(&self, span: whodenied_text::Span) -> &str {
        self.evidence.get(span.source.0 as usize).map_or("", |e| span.of(&e.text))
    }
}
