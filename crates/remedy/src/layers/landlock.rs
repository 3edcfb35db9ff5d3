//! Landlock: the program restricted itself, so the program's own list is what can be changed.

use crate::fix::{Fix, Offer, part};
use crate::path;
use crate::place::Ctx;
use crate::upgrade;
use whodenied_case::{ObjectKind, Risk, Where};
use whodenied_kernel::{Call, Errno};
use whodenied_text::escape;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let setup = ctx.attempt.call == Some(Call::LandlockRestrict)
        || ctx.facts.statement("landlock-unsupported").is_some();
    if setup {
        if matches!(ctx.attempt.errno, Some(Errno::ENOSYS | Errno::EOPNOTSUPP))
            || ctx.facts.statement("landlock-unsupported").is_some()
        {
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Low,
                    "Switch Landlock on in the kernel: add landlock to the lsm= list",
                )
                .widens("Nothing: programs may restrict themselves more.")
                .run("cat /sys/kernel/security/lsm")
                .edit(part("kernel command line", "text", "lsm=landlock,<the list that is in force>\n"))
                .undo("boot with the former command line"),
            );
        }
        offer.add(without_sandbox());
        offer.maybe(upgrade::fix(ctx));
        return offer;
    }
    if let (ObjectKind::Port, Some(port)) = (ctx.attempt.object.kind, ctx.attempt.arg("port")) {
        let port = escape::line(port);
        offer.add(
            Fix::new(
                Where::Program,
                Risk::Low,
                format!("Add TCP port {port} to what the program's own sandbox allows, or use a port that it lists"),
            )
            .widens("That one port, for the sandboxed program and what it starts.")
            .undo("remove the entry"),
        );
        offer.add(without_sandbox());
        offer.maybe(upgrade::fix(ctx));
        offer.stays(&["every port that the program's sandbox does not name"]);
        return offer;
    }
    let target = path::shell_or(path::object(ctx), "path");
    let socket =
        ctx.attempt.object.kind == ObjectKind::UnixSocketPath || ctx.attempt.call == Some(Call::Connect);
    let what = if socket { "this one socket" } else { "this one path" };
    if path::object(ctx).is_none() {
        offer.add(without_sandbox());
    }
    offer.add(
        Fix::new(Where::Program, Risk::Low, format!("Add {what} to what the program's own sandbox allows: {target}"))
            .widens("That one path, for the sandboxed program and what it starts. Settings of a container can't relax it.")
            .undo("remove the entry"),
    );
    if path::object(ctx).is_some() {
        offer.add(without_sandbox());
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["every path that the program's sandbox does not name"]);
    offer
}

fn without_sandbox() -> Fix {
    Fix::new(
        Where::Program,
        Risk::Medium,
        "Switch off only the program's own Landlock sandbox by its option, for the one run that needs it",
    )
    .widens("That one run works without the restriction it puts on itself; its user's rights still bound it.")
    .undo("switch it on again")
}
