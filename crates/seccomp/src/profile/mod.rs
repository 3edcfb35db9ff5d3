//! Seccomp profiles as container engines read them: what they say, where it stands, what they
//! decide.
//!
//! Sources: OCI runtime specification, `config-linux.md`, "Seccomp"; moby's profile format (adds
//! `archMap`, `includes`, `excludes`); containers/common's (adds errnos by name).

mod abi;
mod decide;
pub(crate) mod multiplex;
mod read;
pub(crate) mod resolve;

pub use abi::Abi;
pub use decide::{By, Decision, Question, decide};
pub use read::read;
pub use resolve::{Host, Options, Resolved};

use whodenied_kernel::{Capability, Errno};
use whodenied_text::Span;

pub use crate::json::Error;

/// What a profile answers to a call; the numbers are what the program or the tracer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// `SCMP_ACT_KILL_PROCESS`.
    KillProcess,
    /// `SCMP_ACT_KILL_THREAD`, or its old name `SCMP_ACT_KILL`.
    KillThread,
    /// `SCMP_ACT_TRAP`.
    Trap,
    /// `SCMP_ACT_ERRNO`.
    Errno(u16),
    /// `SCMP_ACT_NOTIFY`.
    Notify,
    /// `SCMP_ACT_TRACE`.
    Trace(u16),
    /// `SCMP_ACT_LOG`.
    Log,
    /// `SCMP_ACT_ALLOW`.
    Allow,
}

impl Answer {
    /// Its SECCOMP_RET value.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::KillProcess => 0x8000_0000,
            Self::KillThread => 0,
            Self::Trap => 0x0003_0000,
            Self::Errno(e) => 0x0005_0000 | e as u32,
            Self::Notify => 0x7fc0_0000,
            Self::Trace(data) => 0x7ff0_0000 | data as u32,
            Self::Log => 0x7ffc_0000,
            Self::Allow => 0x7fff_0000,
        }
    }

    /// True when the call goes through.
    #[must_use]
    pub const fn lets_through(self) -> bool {
        matches!(self, Self::Allow | Self::Log)
    }

    /// The errno that the program sees, where it sees one without a supervisor's doing.
    #[must_use]
    pub const fn errno(self) -> Option<Errno> {
        match self {
            Self::Errno(e) => Some(Errno(e as i32)),
            _ => None,
        }
    }
}

/// How an argument is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// `SCMP_CMP_NE`.
    NotEqual,
    /// `SCMP_CMP_LT`.
    Less,
    /// `SCMP_CMP_LE`.
    LessEqual,
    /// `SCMP_CMP_EQ`.
    Equal,
    /// `SCMP_CMP_GE`.
    GreaterEqual,
    /// `SCMP_CMP_GT`.
    Greater,
    /// `SCMP_CMP_MASKED_EQ`: the argument, masked by `value`, equals `value_two`.
    MaskedEqual,
}

/// A condition on one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Which argument, 0 to 5.
    pub index: u8,
    /// What it is compared with; the mask of `MaskedEqual`.
    pub value: u64,
    /// What the masked argument must be.
    pub value_two: u64,
    /// How.
    pub op: Compare,
}

impl Condition {
    /// True when `argument` fulfils it. With `wide` false only the low 32 bits of all are compared,
    /// as libseccomp does for 32-bit ABIs.
    #[must_use]
    pub const fn holds(&self, argument: u64, wide: bool) -> bool {
        let all = if wide { u64::MAX } else { u32::MAX as u64 };
        let (a, v, two) = (argument & all, self.value & all, self.value_two & all);
        match self.op {
            Compare::NotEqual => a != v,
            Compare::Less => a < v,
            Compare::LessEqual => a <= v,
            Compare::Equal => a == v,
            Compare::GreaterEqual => a >= v,
            Compare::Greater => a > v,
            Compare::MaskedEqual => a & v == two,
        }
    }
}

/// The name of a system call and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// When an entry counts, or does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Capability names; all must be asked for (`includes`), or any (`excludes`).
    pub caps: Vec<String>,
    /// Architectures of the machine, by the engine's names: `amd64`, `arm64`, `s390x`.
    pub arches: Vec<String>,
    /// The lowest kernel, major and minor.
    pub min_kernel: Option<(u32, u32)>,
}

/// One entry of `syscalls`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The whole object.
    pub span: Span,
    /// The calls it is about.
    pub names: Vec<Name>,
    /// The `names` array; `None` for the old single `name`.
    pub list: Option<Span>,
    /// What it answers.
    pub answer: Answer,
    /// Where the action stands.
    pub action: Span,
    /// Conditions; all must hold, unless two are on one argument (see [`decide`]).
    pub args: Vec<Condition>,
    /// It counts only when these hold.
    pub includes: Option<Terms>,
    /// It does not count when one of these holds.
    pub excludes: Option<Terms>,
}

/// A machine's architecture with the further ABIs its filter covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchMap {
    /// `SCMP_ARCH_X86_64`; `None` when not known here.
    pub machine: Option<Abi>,
    /// `SCMP_ARCH_X86`, `SCMP_ARCH_X32`.
    pub also: Vec<Abi>,
}

/// A whole profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What calls get that no entry is about.
    pub default: Answer,
    /// Whether `defaultErrnoRet` (or `defaultErrno`) is written.
    pub default_errno_written: bool,
    /// Where the default action stands.
    pub default_span: Span,
    /// `architectures`; names not known here are left out.
    pub architectures: Vec<Abi>,
    /// `archMap`.
    pub arch_map: Vec<ArchMap>,
    /// `flags`, as `SECCOMP_FILTER_FLAG_LOG`.
    pub flags: Vec<String>,
    /// `listenerPath`: the socket of a supervisor.
    pub listener_path: Option<String>,
    /// The `syscalls` array.
    pub list: Option<Span>,
    /// The profile's own object (it may stand inside a container's configuration).
    pub span: Span,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Keys that are not part of any form known, and are ignored.
    pub unread: Vec<Span>,
}

impl Terms {
    /// True when a capability of this list is `cap`.
    fn names(&self, cap: Capability) -> bool {
        self.caps.iter().any(|c| Capability::from_name(c) == Some(cap))
    }
}
