//! The program's own refusal.
//!
//! A program may look at owner, mode, user or kernel features itself and stop, though nothing was
//! refused: git's safe.directory, ssh's check of key files, sudo's check of its plugins, tools that
//! want to be root, step-down helpers started by somebody who is not, a sandbox the kernel does not
//! have. The errno it prints, if any, is of its own making.

use crate::context::Context;
use crate::say::{Best, denies};
use whodenied_case::{Attempt, Support, Verdict};
use whodenied_kernel::{Capability, Errno, Layer};

const LAYER: Layer = Layer::Application;

/// Statement, weight, why.
const STATED: &[(&str, u8, &str)] = &[
    (
        "dubious-ownership",
        95,
        "The program itself refuses a directory that another user owns; the kernel would let it in.",
    ),
    (
        "bad-file-mode",
        88,
        "The program itself refuses a file whose owner or mode is not what it insists on; the kernel would let it in.",
    ),
    (
        "step-down-only",
        90,
        "The program changes to a lesser user and must be started as root; an ordinary process has no right to change its ids.",
    ),
    (
        "landlock-unsupported",
        90,
        "The program insists on Landlock, which this kernel does not have; nothing was denied.",
    ),
    ("wrong-user", 88, "The program insists on being started by a certain user and looks for itself."),
    ("refuses-root", 85, "The program refuses to run as root by a rule of its own."),
    ("needs-root", 70, "The program wants to be root and says so itself, before it has tried anything."),
    ("apparmor-unsupported", 55, "A profile was asked for where AppArmor is not there; nothing was denied."),
    ("suid-missing", 50, "The program checks the owner and mode of its own files and stops."),
    ("sandbox-user", 45, "The program could not put on the sandbox it wants for itself."),
];

/// Statements under which another layer made the program complain.
const NOT_ITS_OWN: &[&str] = &[
    "suid-no-effect",
    "suid-helper-misconfigured",
    "no-usable-sandbox",
    "polkit",
    "not-in-sudoers",
    "dbus-policy",
    "dbus-apparmor",
    "dbus-selinux",
    "fuse-allow-other",
    "fuse-mountpoint-owner",
    "privileged-port",
    "ids-insufficient",
    "landlock-not-applied",
    "inotify-limit",
    "snap-home",
    "pam",
    "authz-plugin",
    "admission",
];

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    for (id, weight, because) in STATED {
        let Some(fact) = cx.stated_here(attempt, &[*id]) else { continue };
        let Some((support, weight)) = standing(attempt, cx, id, *weight) else { continue };
        best.offer(denies(attempt, LAYER, support, weight, *because).fact(fact.id));
    }
    let kernel = attempt.errno.is_some() && !attempt.errno_inferred && attempt.call.is_some();
    let guess = cx.stated_here(attempt, &["needs-root"]).is_some() && (kernel || refused_before(attempt, cx));
    if attempt.own_refusal
        && !guess
        && attempt.records.is_empty()
        && cx.stated_here(attempt, NOT_ITS_OWN).is_none()
    {
        let because = "The program says that it refuses by a rule of its own; no kernel refusal is needed to explain it.";
        best.offer(denies(attempt, LAYER, Support::Stated, 80, because));
    }
    best.done()
}

/// How far the words go, given who failed and with what.
fn standing(attempt: &Attempt, cx: &Context<'_>, id: &str, weight: u8) -> Option<(Support, u8)> {
    let kernel = attempt.errno.is_some() && !attempt.errno_inferred && !attempt.own_refusal;
    match id {
        // An unmapped owner looks like a stranger to a program that checks for root.
        "suid-missing" | "bad-file-mode" if cx.remapped() || cx.stated(&["uid-unmapped"]).is_some() => {
            Some((Support::Usual, weight))
        }
        // "Are you root?" is a guess of the program about an error of the kernel.
        "needs-root" if attempt.call.is_some() && attempt.errno.is_some() && !attempt.errno_inferred => None,
        // `… (you must be root)` behind another error of the same run.
        "needs-root" if refused_before(attempt, cx) => Some((Support::Usual, 40)),
        "needs-root" if !attempt.own_refusal => Some((Support::Usual, 50)),
        // What the kernel refused in a container is the want of a capability.
        "step-down-only" if kernel && cx.contained() => Some((Support::Stated, 70)),
        // Root that lost the capability prints the same.
        "step-down-only" if cx.is_root(attempt) => None,
        // The helper did call, and the kernel asked for the capability.
        "step-down-only" if kernel => Some((Support::Usual, 40)),
        "step-down-only"
            if [Capability::SETUID, Capability::SETGID]
                .iter()
                .any(|c| cx.facts.cap_dropped(*c).is_some())
                && !cx.is_user(attempt) =>
        {
            Some((Support::Usual, 40))
        }
        _ => Some((Support::Stated, weight)),
    }
}

/// The kernel refused something before the program said its own.
fn refused_before(attempt: &Attempt, cx: &Context<'_>) -> bool {
    let place = |a: &Attempt| a.spans.first().map(|s| (s.source, s.start));
    cx.attempts.iter().any(|other| {
        other.id != attempt.id
            && other.printed
            && !other.own_refusal
            && matches!(other.errno, Some(Errno::EACCES | Errno::EPERM))
            && !other.errno_inferred
            && place(other).zip(place(attempt)).is_some_and(|(a, b)| a.0 == b.0 && a.1 < b.1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attempt, denied};
    use whodenied_case::{Environment, Predicate};
    use whodenied_kernel::Call;

    #[test]
    fn rules_of_the_program() {
        let mut refused = attempt(Call::Open, Errno::EACCES, "/repo");
        refused.errno = None;
        assert_eq!(
            denied(judge, &refused, &[Predicate::Statement("dubious-ownership")]),
            Some(Support::Stated)
        );
        assert_eq!(denied(judge, &refused, &[]), None);
        refused.own_refusal = true;
        assert_eq!(denied(judge, &refused, &[]), Some(Support::Stated));
        assert_eq!(denied(judge, &refused, &[Predicate::Statement("polkit")]), None);
    }

    #[test]
    fn guesses_about_the_kernels_error() {
        let socket = attempt(Call::Socket, Errno::EPERM, "");
        assert_eq!(denied(judge, &socket, &[Predicate::Statement("needs-root")]), None);
        let switch = attempt(Call::Setgroups, Errno::EPERM, "");
        let said = Predicate::Statement("step-down-only");
        assert_eq!(denied(judge, &switch, std::slice::from_ref(&said)), Some(Support::Usual));
        let mut own = switch.clone();
        (own.errno, own.own_refusal) = (None, true);
        assert_eq!(denied(judge, &own, std::slice::from_ref(&said)), Some(Support::Stated));
        assert_eq!(denied(judge, &switch, &[said, Predicate::Environment(Environment::RunsAsRoot)]), None);
    }

    #[test]
    fn an_unmapped_owner_is_not_the_programs_fault() {
        let mut refused = attempt(Call::Open, Errno::EACCES, "/usr/lib/sudo/sudoers.so");
        refused.errno = None;
        let said = Predicate::Statement("suid-missing");
        assert_eq!(denied(judge, &refused, std::slice::from_ref(&said)), Some(Support::Stated));
        assert_eq!(
            denied(judge, &refused, &[said, Predicate::Environment(Environment::Rootless)]),
            Some(Support::Usual)
        );
    }
}
