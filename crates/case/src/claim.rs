//! What one recogniser read in one piece of evidence. A claim never names a layer.

use crate::attempt::{ObjectKind, Phase};
use crate::fact::Predicate;
use crate::record::Record;
use crate::trial::{Change, Outcome};
use whodenied_kernel::{Call, Errno};
use whodenied_text::Span;

/// One claim: where it stands, which recogniser read it, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The text it was read from.
    pub span: Span,
    /// The recogniser's dialect, as `python`, `strace`, `compose`.
    pub dialect: &'static str,
    /// What it says.
    pub says: Says,
}

/// What a claim says.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// A kernel or dbus-daemon record.
    Record(Box<Record>),
    /// Something failed.
    Failure(Box<Failure>),
    /// Something is so.
    Fact(Predicate),
    /// Somebody tried something.
    Trial {
        /// What was changed.
        change: Change,
        /// What came of it.
        outcome: Outcome,
    },
}

/// A failure as a program, runtime or tracer printed it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Failure {
    /// The program that printed it.
    pub program: Option<String>,
    /// What was tried, where the text tells.
    pub call: Option<Call>,
    /// The system call by name, where printed.
    pub syscall: Option<String>,
    /// Arguments by name (`domain`, `type`, `flags`, `fstype`, `signal`, `port`, `capability`, `sysctl`, …).
    pub args: Vec<(String, String)>,
    /// The object: a path, address, port, profile, capability; as printed.
    pub object: Option<String>,
    /// What kind of object.
    pub kind: ObjectKind,
    /// The error.
    pub errno: Option<Errno>,
    /// Who failed: the program, the runtime before it started, the daemon, the service manager.
    pub phase: Phase,
    /// True when the text says that the program refuses by a rule of its own (git's safe.directory,
    /// sudo's owner check): no kernel refusal is needed to explain it.
    pub own_refusal: bool,
    /// True when the errno is inferred from wording, not printed.
    pub errno_inferred: bool,
    /// The byte range of the deciding words, for marking; may equal the claim's span.
    pub deciding: Option<Span>,
}

impl Failure {
    /// The value of an argument.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}
