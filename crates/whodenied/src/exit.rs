//! Exit statuses: a contract, tested in `tests/`.

use whodenied_case::{Case, Certainty};
use whodenied_kernel::Layer;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: nothing was denied, or what was asked for was done.
    Fine,
    /// 1: denied and explained.
    Denied,
    /// 2: denied, not decided; the report names the next step.
    Undecided,
    /// 3: whodenied failed.
    Failed,
    /// The status of the command that was followed, for `run --propagate-exit`.
    Command(u8),
    /// 64: the command line is wrong (`EX_USAGE` of sysexits.h).
    Usage,
}

impl Exit {
    /// What `case` amounts to.
    pub(crate) fn of(case: &Case) -> Self {
        match case.diagnoses.first() {
            None => Self::Fine,
            Some(d) if d.certainty == Certainty::Possible || d.layer == Layer::Unknown => Self::Undecided,
            Some(_) => Self::Denied,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Denied => 1,
            Exit::Undecided => 2,
            Exit::Failed => 3,
            Exit::Command(status) => status,
            Exit::Usage => 64,
        })
    }
}
