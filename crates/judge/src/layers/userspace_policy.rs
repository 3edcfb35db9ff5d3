//! Policies that a program decides: polkit, D-Bus, sudoers, PAM, fusermount, logind, a cluster's
//! admission control.
//!
//! No kernel check refuses: a daemon or a setuid helper reads its own configuration and says no. The
//! answer comes as a message of that program, or as org.freedesktop.DBus.Error.AccessDenied from the
//! bus. Where dbus-daemon asked AppArmor or SELinux, that layer refused, not this one.

use crate::context::Context;
use crate::say::{Best, denies};
use whodenied_case::{Attempt, ObjectKind, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::UserspacePolicy;

/// Statement, policy, why.
const STATED: &[(&str, &str, &str)] = &[
    ("polkit", "polkit", "polkit refuses this action to the user, or can't ask for a password here."),
    (
        "dbus-policy",
        "D-Bus policy",
        "The bus's own configuration allows neither this message nor this name to the user.",
    ),
    ("not-in-sudoers", "sudoers", "sudo's configuration does not allow the user this command."),
    (
        "sudo-wants-terminal",
        "sudoers",
        "sudo's configuration asks this user for a password or a terminal, and there is none to ask on.",
    ),
    (
        "admission",
        "admission control",
        "The cluster's admission control refuses the pod by its policy; no process was started.",
    ),
    (
        "fuse-allow-other",
        "/etc/fuse.conf",
        "fusermount lets ordinary users mount with allow_other only where /etc/fuse.conf says user_allow_other.",
    ),
    (
        "fuse-mountpoint-owner",
        "fusermount",
        "fusermount lets a user mount only on a directory that he may write.",
    ),
    ("pam", "PAM", "PAM, or the program's own list of users, does not let this user do it."),
    ("authz-plugin", "authorisation plugin", "A plugin of the engine decides who may do what, and refused."),
    (
        "snap-home",
        "snapd",
        "snapd runs programs only for homes that lie where its configuration expects them.",
    ),
];

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    for (id, policy, because) in STATED {
        if let Some(fact) = cx.stated_here(attempt, &[*id]) {
            best.offer(denies(attempt, LAYER, Support::Stated, 90, *because).fact(fact.id).policy(*policy));
        }
    }
    if let Some(fact) = cx.stated(&["service-by-sudo"])
        && attempt.object.name.is_none()
        && !attempt.own_refusal
        && matches!(attempt.call, None | Some(Call::Dbus))
        && attempt.errno == Some(Errno::EACCES)
    {
        let because = "sudoers speaks for sudo only: a program that asks the service manager over the bus is judged by polkit.";
        best.offer(
            denies(attempt, LAYER, Support::Usual, 64, because)
                .fact(fact.id)
                .policy("polkit")
                .step("pkaction --verbose --action-id org.freedesktop.systemd1.manage-units"),
        );
    }
    if attempt.object_name().starts_with("/tmp/.X11-unix/") && attempt.call == Some(Call::Connect) {
        let because = "The X server's own access list decides who may connect, by user, host and cookie; the socket is open to all.";
        best.offer(
            denies(attempt, LAYER, Support::Usual, 58, because)
                .policy("X access control")
                .step("xhost; xauth list"),
        );
    }
    let bus = attempt.call == Some(Call::Dbus) || attempt.object.kind == ObjectKind::BusName;
    let asked_lsm =
        attempt.records.iter().any(|r| matches!(r.kind, RecordKind::Apparmor(_) | RecordKind::Selinux(_)))
            || cx.stated_here(attempt, &["dbus-apparmor", "dbus-selinux"]).is_some();
    if bus && !asked_lsm && matches!(attempt.errno, None | Some(Errno::EACCES | Errno::EPERM)) {
        let because = "The bus or the service behind it refused the message by its own policy.";
        // Where dbus-daemon mediates by AppArmor, no default profile of a container has a rule for it.
        let mediated = cx.oci() && cx.apparmor() >= crate::context::Presence::Likely;
        let weight = match (mediated, cx.contained()) {
            (true, _) => 36,
            (_, true) => 50,
            _ => 75,
        };
        let support = Support::Usual;
        best.offer(
            denies(attempt, LAYER, support, weight, because)
                .policy("D-Bus policy")
                .step("journalctl -b -t dbus-daemon -t dbus-broker"),
        );
    }
    best.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attempt, denied};
    use whodenied_case::Predicate;

    #[test]
    fn said_by_the_program_that_decides() {
        let mut refused = attempt(Call::Mount, Errno::EPERM, "");
        refused.errno = None;
        for (id, ..) in STATED {
            assert_eq!(denied(judge, &refused, &[Predicate::Statement(id)]), Some(Support::Stated));
        }
        assert_eq!(denied(judge, &refused, &[]), None);
    }

    #[test]
    fn sudoers_does_not_speak_for_the_bus() {
        let mut refused = attempt(Call::Open, Errno::EACCES, "");
        refused.call = None;
        let stated = Predicate::Statement("service-by-sudo");
        assert_eq!(denied(judge, &refused, std::slice::from_ref(&stated)), Some(Support::Usual));
        let file = attempt(Call::Open, Errno::EACCES, "/etc/x");
        assert_eq!(denied(judge, &file, &[stated]), None);
    }

    #[test]
    fn the_bus_may_have_asked_apparmor() {
        let message = attempt(Call::Dbus, Errno::EACCES, "org.freedesktop.login1");
        assert_eq!(denied(judge, &message, &[]), Some(Support::Usual));
        assert_eq!(denied(judge, &message, &[Predicate::Statement("dbus-apparmor")]), None);
    }
}
