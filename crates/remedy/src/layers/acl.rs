//! POSIX ACLs: the one entry or mask that stands in the way.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use crate::upgrade;
use whodenied_case::{Risk, Where};

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let target = path::shell_or(path::object(ctx), "path");
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            format!("Give the one user an entry in the ACL of {target} that the mask lets through"),
        )
        .widens("That one user and this one path.")
        .run(format!("getfacl -p {target}   # see the entry and the mask"))
        .run(format!("sudo setfacl -m u:<uid>:rx,m::rwx {target}"))
        .undo(format!("sudo setfacl -x u:<uid> {target}")),
    );
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Medium,
            format!("Or take the inherited ACL off {target}, so that its mode bits decide again"),
        )
        .widens("Whoever the mode bits allow; other users' entries on that one path are lost.")
        .run(format!("getfacl -pR {target} > acl-before.txt   # the way back"))
        .run(format!(
            "find {target} | wc -l   # how much lies below; the next command touches {target} alone"
        ))
        .run(format!("sudo setfacl -b -k {target}"))
        .undo("sudo setfacl --restore=acl-before.txt"),
    );
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["every other user's access to the path"]);
    offer
}
