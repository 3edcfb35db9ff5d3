//! no_new_privs: grant what the setuid helper was for directly; else lift the flag for this one.

use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use crate::spell::{self, Intent, systemd};
use whodenied_case::{Engine, Knob, Risk, Where};

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let unit = ctx.facts.engines().any(|e| e == Engine::SystemdUnit) && !ctx.in_container();
    let set = ctx.facts.knob(|k| *k == Knob::NoNewPrivs(true)).is_some()
        || ctx.facts.unit("NoNewPrivileges").is_some();
    if unit {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Give the unit the group that the helper's setgid bit would have given, so that it needs no helper's rights")
                .widens("The unit may use what that group may use, and no more.")
                .edits(systemd::drop_in(ctx, &["SupplementaryGroups=<group of the helper>".into()]))
                .run("stat -c '%A %U:%G %n' <the setuid or setgid helper>   # which right it would give")
                .undo(format!("sudo systemctl revert {}", systemd::unit(ctx))),
        );
        offer.add(
            Fix::new(Where::Host, Risk::Medium, format!("Or switch the flag off for {} alone", systemd::unit(ctx)))
                .widens("Setuid programs work for this one unit. Settings that imply the flag (SystemCallFilter=, RestrictNamespaces= and others for a user) must go as well.")
                .edits(systemd::drop_in(ctx, &["NoNewPrivileges=no".into()]))
                .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {}", systemd::unit(ctx)))
                .undo(format!("sudo systemctl revert {}", systemd::unit(ctx))),
        );
    } else if ctx.in_container() {
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                "Do without the setuid helper: start the container as the user that the work needs",
            )
            .widens("What that user may do; nothing may gain rights at run time.")
            .edits(spell::spell(ctx, Intent::User("<uid>:<gid>")))
            .undo("set the former user again"),
        );
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Medium,
                if set {
                    "Or take the flag off this one container"
                } else {
                    "Or allow this one container's programs to gain rights"
                },
            )
            .widens("Setuid programs and file capabilities work in this container, up to its bounding set.")
            .edits(spell::spell(ctx, Intent::NoNewPrivsOff))
            .undo("set the flag again"),
        );
    } else {
        offer.add(
            Fix::new(Where::Program, Risk::Low, "Start the shell or program from a process without the flag: it is inherited and can't be taken off")
                .widens("Nothing beyond what an ordinary login has.")
                .run("grep NoNewPrivs /proc/$$/status   # 1: set in this shell")
                .run("pid=$PPID; while [ \"$pid\" -gt 1 ]; do grep -H NoNewPrivs /proc/$pid/status; pid=$(ps -o ppid= -p $pid | tr -d ' '); done   # who set it"),
        );
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Medium,
                "Or fix the launcher that sets it (its unit's NoNewPrivileges=, or its sandbox wrapper)",
            )
            .widens("Setuid programs work for what that launcher starts.")
            .undo("set the option again"),
        );
    }
    offer.stays(&["everything that the process's user and bounding set do not allow"]);
    offer
}
