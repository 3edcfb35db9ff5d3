//! One layer's answer about one attempt.

use crate::attempt::AttemptId;
use crate::fact::FactId;
use whodenied_kernel::Layer;
use whodenied_text::Span;

/// What a `Denies` rests on, weakest first. The diagnosis orders by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Support {
    /// A first guess by the structure of the attempt alone: call, errno, kind of object, surroundings.
    Prior,
    /// Errno and call fit this layer; nothing speaks for it in particular.
    Fits,
    /// The surroundings make it usual (a distribution's or runtime's default, a known breakage's shape).
    Usual,
    /// A default of the named runtime, at its version, refuses exactly this.
    Default,
    /// The configuration in the evidence refuses exactly this, or a listing shows it.
    Configured,
    /// Only this layer gives this errno for this call on this object.
    Exclusive,
    /// The person's own experiment points at this layer.
    Trial,
    /// A program's or runtime's message names this mechanism.
    Stated,
    /// Complete state decides, or a controlled trial of ours.
    State,
    /// A kernel record of this attempt, by this layer.
    Record,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This layer did not refuse it.
    Allows {
        /// Why, one plain sentence.
        because: String,
    },
    /// This layer refused it.
    Denies {
        /// Why, one or two plain sentences: the mechanism.
        because: String,
        /// What that rests on.
        support: Support,
        /// How well it fits among verdicts of the same support, 0 to 100.
        weight: u8,
        /// The policy that decided: a profile, filter, domain, unit directive, sysctl.
        policy: Option<String>,
    },
    /// It can't be told.
    Undecidable {
        /// What is missing, as the thing to look at: "the process's CapEff".
        missing: String,
    },
}

/// A verdict. None without citations, except `Undecidable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// About which attempt.
    pub attempt: AttemptId,
    /// Which layer.
    pub layer: Layer,
    /// Its answer.
    pub answer: Answer,
    /// The facts cited.
    pub facts: Vec<FactId>,
    /// The evidence cited directly (the attempt's own text, a record).
    pub spans: Vec<Span>,
    /// Commands or experiments that would decide, the cheapest first.
    pub next_steps: Vec<String>,
}
