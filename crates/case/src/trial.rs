//! Experiments and their outcome: the best evidence in a paste.

use crate::setting::Knob;
use crate::version::Version;
use whodenied_text::Span;

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Run as root (sudo, `user: root`).
    AsRoot,
    /// Run as another, ordinary user.
    AsUser(String),
    /// One setting of the confinement (`Privileged(true)`, `Apparmor("unconfined")`, …).
    Knob(Knob),
    /// AppArmor profiles unloaded (`aa-teardown`, `aa-disable`).
    ApparmorUnloaded,
    /// `setenforce 0` or a permissive domain.
    SelinuxPermissive,
    /// Run outside the container, on the host.
    OnHost,
    /// Run on another machine or distribution; the text names it.
    ElsewhereOn(String),
    /// A mode change (`chmod 777`).
    Chmod(String),
    /// Another version of a component.
    Version {
        /// The component.
        component: String,
        /// The version tried.
        version: Option<Version>,
    },
    /// Anything else, in the person's words.
    Other(String),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The attempt passed.
    Works,
    /// The same failure.
    Same,
}

/// One experiment. The person's own are reports; only ours are controlled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What was changed.
    pub change: Change,
    /// What came of it.
    pub outcome: Outcome,
    /// True when whodenied ran it with a control.
    pub controlled: bool,
    /// Where it stands.
    pub spans: Vec<Span>,
}
