//! The smallest change of policy that a denial asks for.

mod attempt;
mod peers;
mod record;

use super::record;
use crate::place::Ctx;
use whodenied_apparmor::Rule;
use whodenied_case::RecordKind;
use whodenied_case::record::ApparmorVerdict;
use whodenied_runtimes::Runtime;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// The head of the file: AF_UNIX compiled without its details.
    Abi,
    /// A rule more.
    Rule(Rule),
    /// A rule more, in whose way a `deny` of the default stands.
    Mount(Rule),
    /// The denied path and letters, in whose way a `deny` may stand.
    Path(String, String),
    /// A signal of the engine or runtime stopping the container.
    Stop(Rule),
    /// The objects have no name that the profile can match: attach them.
    AttachDisconnected,
    /// A value in the record can't be written in a rule; says which.
    Unquotable(&'static str),
    /// Nothing tells what is to be allowed: the denial must be logged first.
    Silent,
}

impl Change {
    pub(super) const fn is_stop(&self) -> bool {
        matches!(self, Self::Stop(_))
    }
}

/// The paths that one profile refused, all of them: what fails first is rarely alone. Other
/// kinds of denial stand alone, for programs probe for rights that they do without.
pub(super) fn of_all_alike(ctx: &Ctx<'_>) -> Vec<Change> {
    let mut changes = of(ctx);
    let Some(record) = record(ctx) else { return changes };
    if !matches!(changes.first(), Some(Change::Path(..))) {
        return changes;
    }
    let all = ctx.case.attempts.iter().flat_map(|a| &a.records);
    for other in all {
        if let RecordKind::Apparmor(other) = &other.kind
            && other.verdict == ApparmorVerdict::Denied
            && other.profile() == record.profile()
            && changes.len() < 8
        {
            for change in record::change(ctx, other) {
                if matches!(change, Change::Path(..)) && !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
    }
    changes
}

pub(super) fn of(ctx: &Ctx<'_>) -> Vec<Change> {
    match record(ctx) {
        Some(record) => record::change(ctx, record),
        None => attempt::change(ctx),
    }
}

/// The name of the engine's default profile.
const fn default_name(ctx: &Ctx<'_>) -> &'static str {
    match ctx.runtime {
        Some(Runtime::Containerd) => "cri-containerd.apparmor.d",
        Some(Runtime::CriO) => "crio-default",
        _ => "docker-default",
    }
}
