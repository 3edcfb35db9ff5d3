//! Immutable and append-only files: off for the one path, on again afterwards.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use whodenied_case::{Risk, Where};

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let target = path::shell_or(path::object(ctx), "path");
    let flags = path::state(ctx).and_then(|s| s.flags.as_deref()).unwrap_or("");
    let flag = if flags.contains('a') && !flags.contains('i') { 'a' } else { 'i' };
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            format!("Take the flag {flag} off {target} for this one change, and put it back"),
        )
        .widens("That one path, until the flag is back. Somebody set it on purpose: find out who before.")
        .run(format!("lsattr -d {target}"))
        .run(format!("sudo chattr -{flag} {target}   # now do the change"))
        .run(format!("sudo chattr +{flag} {target}"))
        .undo(format!("sudo chattr +{flag} {target}")),
    );
    offer.stays(&["every other path with the flag"]);
    offer
}
