//! User namespaces: ids that the namespace does not map, and rights that end at its border.

use super::apparmor::userns as restriction;
use crate::fix::{Fix, Offer, part};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent, lxc::config_file};
use crate::upgrade;
use whodenied_case::{Engine, Environment, Knob, Risk, Where};
use whodenied_kernel::{Call, Errno};

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    if restriction::restricted(ctx) && ctx.facts.has(Environment::UsernsRestriction) {
        restriction::offer(ctx, &mut offer);
        return offer;
    }
    let podman = ctx.facts.engines().any(|e| matches!(e, Engine::Podman | Engine::Buildah));
    let lxc = ctx.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus)) && !ctx.in_container();
    if range_too_small(ctx) {
        subordinate_ids(ctx, podman, &mut offer);
    } else if ctx.attempt.call == Some(Call::Ptrace) {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Run the tool on the host itself, as a user who may trace the process: the target lies outside this user namespace")
                .widens("Nothing: the container stays as it is."),
        );
    } else if podman {
        podman_files(ctx, &mut offer);
    } else if lxc {
        lxc_files(ctx, &mut offer);
    } else {
        engine_files(ctx, &mut offer);
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["the host's root and every id that the namespace does not map"]);
    offer
}

/// The map has no room for the id (EINVAL on chown, "insufficient UIDs").
fn range_too_small(ctx: &Ctx<'_>) -> bool {
    let stated = ["ids-insufficient", "single-id-mapping", "no-subids"];
    stated.iter().any(|s| ctx.facts.statement(s).is_some())
        || (ctx.attempt.call == Some(Call::Chown) && ctx.attempt.errno == Some(Errno::EINVAL))
        || ctx.attempt.call == Some(Call::IdMap)
}

/// The largest id the evidence asks for.
fn asked_id(ctx: &Ctx<'_>) -> Option<u64> {
    ["uid", "gid", "id", "owner"]
        .iter()
        .filter_map(|k| ctx.attempt.arg(k))
        .flat_map(|v| v.split(':'))
        .filter_map(|v| v.trim().parse::<u64>().ok())
        .max()
}

/// A chown to an id without a mapping, where no image or engine is named.
fn unmapped_owner(ctx: &Ctx<'_>) -> bool {
    ctx.attempt.call == Some(Call::Chown)
        && !ctx.in_container()
        && ["ids-insufficient", "single-id-mapping", "no-subids"]
            .iter()
            .all(|s| ctx.facts.statement(s).is_none())
}

fn subordinate_ids(ctx: &Ctx<'_>, podman: bool, offer: &mut Offer) {
    if unmapped_owner(ctx) {
        offer.add(
            Fix::new(Where::Program, Risk::Low, "Give the file an owner that the namespace maps: an id of the left column")
                .widens("Nothing: the map stays as it is.")
                .run("cat /proc/self/uid_map /proc/self/gid_map   # inside: first id inside, first id outside, how many"),
        );
    }
    // A range of the usual size holds every id of an ordinary image: where the user has one, it is
    // the image that asks for too much.
    let no_range = ["single-id-mapping", "no-subids"].iter().any(|s| ctx.facts.statement(s).is_some())
        || ctx.attempt.call == Some(Call::IdMap);
    let huge = !no_range || asked_id(ctx).is_some_and(|id| id > 65_536);
    let image = Fix::new(
        Where::Image,
        Risk::Low,
        "Rebuild the image with its files owned by ordinary low ids: the id it asks for lies beyond every usual range",
    )
    .widens("Nothing: the id map of the user stays as it is.")
    .run("find / -xdev \\( -uid +65535 -o -gid +65535 \\)   # in the image: the files with such ids");
    let ignore = Fix::new(
        Where::Host,
        Risk::Low,
        "Or let the image store give all files to the one user: ignore_chown_errors",
    )
    .widens("Files of the image lose their owners; nothing else changes.")
    .edit(part(
        "~/.config/containers/storage.conf",
        "ini",
        "[storage.options.overlay]\nignore_chown_errors = \"true\"\n",
    ))
    .undo("remove the line and pull again");
    if huge {
        offer.add(image);
        if podman {
            offer.add(ignore);
        }
        offer.add(
            Fix::new(Where::Host, Risk::Low, "If the id in the message is below 65536 after all: give the user a range of subordinate ids")
                .widens("That user's containers may use 65536 ids that belong to nobody else.")
                .run("grep \"^$(id -un):\" /etc/subuid /etc/subgid   # is there a range, and is it free of overlap?")
                .run("sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$(id -un)\"")
                .undo("sudo usermod --del-subuids 100000-165535 --del-subgids 100000-165535 \"$(id -un)\""),
        );
        return;
    }
    let mut fix = Fix::new(
        Where::Host,
        Risk::Low,
        "Give the user a range of subordinate ids, so that the namespace can map more than one",
    )
    .widens("That user's containers may use 65536 ids that belong to nobody else.")
    .run("grep \"^$(id -un):\" /etc/subuid /etc/subgid   # is there a range, and is it free of overlap?")
    .run("sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$(id -un)\"");
    if podman {
        fix = fix.run("podman system migrate");
    }
    offer.add(fix.undo("sudo usermod --del-subuids 100000-165535 --del-subgids 100000-165535 \"$(id -un)\""));
    if podman {
        offer.add(ignore);
    }
}

fn podman_files(ctx: &Ctx<'_>, offer: &mut Offer) {
    let volume = path::volume(ctx);
    let user_set =
        ctx.facts.knob(|k| matches!(k, Knob::User(u) if !u.starts_with('0') && u != "root")).is_some();
    let keep = ctx.facts.knob(|k| matches!(k, Knob::UsernsMode(m) if m.starts_with("keep-id"))).is_some();
    if !keep {
        let summary = if user_set {
            "Map your own user into the container under its id (keep-id), or leave out --user: container root is you on the host"
        } else {
            "Map your own user into the container under its own id: keep-id"
        };
        offer.add(
            Fix::new(Where::Container, Risk::Low, summary)
                .widens("The container's process may do with your files what you may; it gets no right of the host's root.")
                .edits(spell::spell(ctx, Intent::KeepId))
                .undo("remove the option"),
        );
    }
    if let Some(v) = volume.filter(|v| v.is_bind()) {
        let dir = path::quoted(v.source);
        if !path::is_system(v.source) {
            if !v.has("U") {
                offer.add(
                    Fix::new(Where::Container, Risk::Low, format!("Or let Podman give the directory {dir} to the container's user: the volume option U"))
                        .widens("The directory and what lies in it change their owner on the host to an id of your range.")
                        .run(format!("find {dir} | wc -l   # how much that touches"))
                        .edits(spell::spell(ctx, Intent::Volume(v.source, v.target, "U")))
                        .undo(format!("podman unshare chown 0:0 {dir}")),
                );
            }
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Low,
                    format!("Or give {dir} alone to the container's id from inside the namespace"),
                )
                .widens("That one directory changes its owner to an id of your range.")
                .run(format!("podman unshare chown <uid>:<gid> {dir}"))
                .undo(format!("podman unshare chown 0:0 {dir}")),
            );
        }
    }
    if offer.remedies.is_empty() {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Let the mapped id through to the path by an ACL")
                .widens("That one id of your range and that one path.")
                .run(format!(
                    "podman unshare setfacl -m u:<uid>:rwX {}",
                    path::shell_or(path::object(ctx), "path")
                ))
                .undo(format!(
                    "podman unshare setfacl -x u:<uid> {}",
                    path::shell_or(path::object(ctx), "path")
                )),
        );
    }
}

fn lxc_files(ctx: &Ctx<'_>, offer: &mut Offer) {
    let target = path::shell_or(path::object(ctx), "directory");
    offer.add(
        Fix::new(Where::OuterHost, Risk::Low, format!("On the host, let the guest's mapped id (host id = 100000 + id inside, as a rule) through to {target} by an ACL"))
            .widens("That one id of the guest's range and that one directory.")
            .run(format!("sudo setfacl -m u:100000:{} {target}", if traverse(ctx) { "x" } else { "rwX" }))
            .undo(format!("sudo setfacl -x u:100000 {target}")),
    );
    offer.add(
        Fix::new(Where::OuterHost, Risk::Medium, "Or map the one id of the host through into the guest")
            .widens("The guest's id 1000 is the host's id 1000, for every path the guest sees.")
            .edit(part(
                config_file(ctx),
                "ini",
                "lxc.idmap = u 0 100000 1000\nlxc.idmap = u 1000 1000 1\nlxc.idmap = u 1001 101001 64535\nlxc.idmap = g 0 100000 1000\nlxc.idmap = g 1000 1000 1\nlxc.idmap = g 1001 101001 64535\n",
            ))
            .run("echo root:1000:1 | sudo tee -a /etc/subuid /etc/subgid")
            .undo("remove the lines and restart the guest"),
    );
}

/// Only passing through is asked of the directory.
fn traverse(ctx: &Ctx<'_>) -> bool {
    ctx.attempt.call == Some(Call::Stat) || path::object(ctx).is_some_and(path::is_system)
}

fn engine_files(ctx: &Ctx<'_>, offer: &mut Offer) {
    let volume = path::volume(ctx).filter(|v| v.is_bind());
    let dir = path::shell_or(volume.map(|v| v.source), "directory");
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            format!("Give {dir} to the id that the container's user has on the host"),
        )
        .widens("That one directory, to that one id, which has no other rights on the host.")
        .run("cat /proc/<pid of the container>/uid_map   # second column + id inside = id on the host")
        .run(format!("sudo find {dir} | wc -l   # how much lies in it"))
        .run(format!("sudo chown <host id>:<host id> {dir}"))
        .undo(format!("sudo chown <former owner> {dir}")),
    );
    if ctx.attempt.call == Some(Call::Mount) || ctx.attempt.call == Some(Call::Mknod) {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Or do this on the host and pass the result in: inside a user namespace the kernel never allows it")
                .widens("The container sees that one mount or device."),
        );
    }
}
