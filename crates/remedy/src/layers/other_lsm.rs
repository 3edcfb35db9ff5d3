//! IMA, IPE, BPF-LSM, fanotify, Smack, TOMOYO: the policy's own list.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use whodenied_case::{RecordKind, Risk, Where};

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let target = path::shell_or(path::object(ctx), "file");
    let writer = ctx.attempt.records.iter().find_map(|r| match &r.kind {
        RecordKind::Other { name, .. } => Some(name.as_str()),
        _ => None,
    });
    match writer {
        Some(n) if n.starts_with("INTEGRITY") => offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Sign or measure the one file {target}, so that IMA appraises it"),
            )
            .widens("That one file with its present contents.")
            .run(format!("sudo evmctl ima_sign --key <key> {target}"))
            .undo(format!("sudo setfattr -x security.ima {target}")),
        ),
        Some(n) if n.contains("FANOTIFY") => offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Trust the one file {target} in fapolicyd"))
                .widens("That one file with its present contents may be executed.")
                .run(format!("sudo fapolicyd-cli --file add {target} && sudo fapolicyd-cli --update"))
                .undo(format!("sudo fapolicyd-cli --file delete {target} && sudo fapolicyd-cli --update")),
        ),
        _ => offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Allow the one file {target} in the policy that refused it"),
            )
            .widens("That one file.")
            .run("cat /sys/kernel/security/lsm   # which modules are asked")
            .undo("remove the entry from the policy"),
        ),
    };
    offer.stays(&["every file that the policy does not name"]);
    offer
}
