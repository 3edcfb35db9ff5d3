//! Mode bits and owners: a group before an ACL before an owner before a mode; one object, never a
//! tree without a count.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent, Spelling};
use crate::upgrade;
use whodenied_case::{Engine, Environment, Knob, ObjectKind, PathState, Predicate, Risk, Where};
use whodenied_kernel::Call;
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let object = path::object(ctx).map(str::to_owned);
    let socket = ctx.attempt.object.kind == ObjectKind::UnixSocketPath
        || (ctx.attempt.call == Some(Call::Connect) && object.is_some());
    let device = ctx.attempt.object.kind == ObjectKind::Device
        || object.as_deref().is_some_and(|o| o.starts_with("/dev/"));
    if socket || device {
        group(ctx, object.as_deref(), socket, &mut offer);
        offer.stays(&["every other object of that group stays closed to other users"]);
        return offer;
    }
    if ctx.attempt.call == Some(Call::Exec) {
        offer.maybe(executable(ctx, object.as_deref()));
    }
    if matches!(ctx.attempt.call, Some(Call::Chmod | Call::Chown | Call::Utime)) {
        offer.maybe(ownership_call(ctx, object.as_deref()));
    }
    if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) && !ctx.in_container() {
        unit(ctx, object.as_deref(), &mut offer);
    }
    volume(ctx, object.as_deref(), &mut offer);
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["every other user's access to the object, and every other object"]);
    offer
}

/// Sockets and devices are opened by the group they belong to.
fn group(ctx: &Ctx<'_>, object: Option<&str>, socket: bool, offer: &mut Offer) {
    let shown = path::shell_or(object, if socket { "socket" } else { "device" });
    let state = path::state(ctx);
    let gid = state.and_then(|s| s.group.as_deref()).and_then(path::number);
    let gid = gid.map_or_else(|| "<gid>".to_owned(), |g| g.to_string());
    let engine_socket = object.is_some_and(|o| {
        o.ends_with("docker.sock") || o.ends_with("podman.sock") || o.ends_with("containerd.sock")
    });
    let root_equal = if engine_socket {
        " Whoever may write to an engine's socket is as good as root on the host: a socket proxy that passes only the needed requests opens less."
    } else {
        ""
    };
    if ctx.in_container() {
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Medium,
                format!("Add the group that owns {shown} on the host to the container's user, by number"),
            )
            .widens(format!("The program may use what that group may use.{root_equal}"))
            .run(format!("stat -c %g {shown}   # the number to use"))
            .edits(spell::spell(ctx, Intent::Group(&gid)))
            .undo("remove the group from the container's configuration"),
        );
        return;
    }
    if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) {
        let group = state.and_then(|s| s.group.as_deref()).unwrap_or("<group>");
        offer.add(
            Fix::new(Where::Host, Risk::Medium, format!("Give the unit the group that owns {shown}"))
                .widens(format!("The unit may use what that group may use.{root_equal}"))
                .run(format!("stat -c %G {shown}   # the group to use"))
                .edits(spell::systemd::drop_in(ctx, &[format!("SupplementaryGroups={group}")]))
                .run(format!(
                    "sudo systemctl daemon-reload && sudo systemctl restart {}",
                    spell::systemd::unit(ctx)
                ))
                .undo("remove the line"),
        );
        return;
    }
    // usermod takes the number of a group as well as its name (usermod(8), -G).
    let group = state.and_then(|s| s.group.as_deref()).filter(|g| *g != "?");
    let group =
        group.map_or_else(|| if engine_socket { "docker".to_owned() } else { "<group>".to_owned() }, shell);
    let member = member(ctx);
    if member {
        offer.add(
            Fix::new(Where::Client, Risk::Low, "Log in again (or restart the service or agent): the running session still has the old groups")
                .widens("Nothing new: the membership is already there.")
                .run(format!("sg {group} -c 'id'   # a shell command with the group, without a new login"))
                .run("id   # the groups that this process really has"),
        );
    }
    if !member {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Medium,
                format!("Add the user to the group that owns {shown}, then log in again"),
            )
            .widens(format!("The user may use what that group may use.{root_equal}"))
            .run(format!("stat -c '%U:%G %a' {shown}"))
            .run(format!("sudo usermod -aG {group} <user>"))
            .undo(format!("sudo gpasswd -d <user> {group}")),
        );
    }
    offer.add(
        Fix::new(Where::Host, Risk::Low, format!("Or let this one user through by an ACL on {shown}"))
            .widens(format!(
                "That one user and this one object; a recreated socket or device loses it.{root_equal}"
            ))
            .run(format!("sudo setfacl -m u:<user>:rw {shown}"))
            .undo(format!("sudo setfacl -x u:<user> {shown}")),
    );
}

/// True when the evidence shows that the user is in the group already.
fn member(ctx: &Ctx<'_>) -> bool {
    ctx.facts.statement("group-added-later").is_some() || ctx.facts.statement("in-group").is_some()
}

fn executable(ctx: &Ctx<'_>, object: Option<&str>) -> Option<Fix> {
    let file = path::shell_or(object, "the file");
    let on = if ctx.in_container() && path::volume(ctx).is_none() { Where::Image } else { Where::Host };
    let run = if on == Where::Image {
        format!("RUN chmod a+x {file}   # in the Dockerfile")
    } else {
        format!("chmod a+x {file}")
    };
    Some(
        Fix::new(on, Risk::Low, format!("Make {file} executable, and every directory above it searchable"))
            .widens("Everybody who reaches the file may execute it.")
            .run(run)
            .run(format!("namei -l {file}   # every directory needs x"))
            .undo(format!("chmod a-x {file}")),
    )
}

/// Only the owner may change mode, owner or times.
fn ownership_call(ctx: &Ctx<'_>, object: Option<&str>) -> Option<Fix> {
    if !ctx.in_container() {
        return None;
    }
    let owner = owner(ctx);
    let dir = path::shell_or(object, "the path");
    Some(
        Fix::new(
            Where::Container,
            Risk::Low,
            format!("Run the program as the owner of {dir}: only an owner may change it"),
        )
        .widens("What that user's files are; no right of root.")
        .run(format!("stat -c '%u:%g %a' {dir}   # inside the container"))
        .edits(spell::spell(ctx, Intent::User(&owner)))
        .undo("remove the user from the container's configuration"),
    )
}

/// `uid:gid` of the owner as a listing prints it, else a placeholder.
fn owner(ctx: &Ctx<'_>) -> String {
    let of = |s: &PathState| {
        let uid = s.owner.as_deref().and_then(path::number)?;
        let gid = s.group.as_deref().and_then(path::number).unwrap_or(uid);
        Some(format!("{uid}:{gid}"))
    };
    path::state(ctx).and_then(of).filter(|o| o != "0:0").unwrap_or_else(|| "<uid>:<gid>".to_owned())
}

/// The ids of the failing process, else a placeholder.
fn process(ctx: &Ctx<'_>) -> (String, String) {
    let from_ids = ctx.facts.all.iter().find_map(|f| match f.what {
        Predicate::Ids { uid: Some(uid), gid, .. } if uid != 0 => {
            Some((uid.to_string(), gid.unwrap_or(uid).to_string()))
        }
        _ => None,
    });
    let from_user = ctx.facts.knobs().find_map(|(_, k)| match k {
        Knob::User(u) => {
            let (uid, gid) = u.split_once(':').unwrap_or((u, u));
            (path::number(uid)? != 0 && path::number(gid).is_some()).then(|| (uid.to_owned(), gid.to_owned()))
        }
        _ => None,
    });
    let from_attempt = ctx.attempt.subject.uid.filter(|u| *u != 0).map(|u| (u.to_string(), u.to_string()));
    from_attempt.or(from_ids).or(from_user).unwrap_or_else(|| ("<uid>".to_owned(), "<gid>".to_owned()))
}

fn unit(ctx: &Ctx<'_>, object: Option<&str>, offer: &mut Offer) {
    let dir = path::shell_or(object, "the path");
    let unit = spell::systemd::unit(ctx);
    for (root, directive) in [
        ("/var/lib/", "StateDirectory"),
        ("/var/log/", "LogsDirectory"),
        ("/var/cache/", "CacheDirectory"),
        ("/run/", "RuntimeDirectory"),
        ("/etc/", "ConfigurationDirectory"),
    ] {
        if let Some(rest) = object.and_then(|o| o.strip_prefix(root))
            && let Some(name) = rest.split('/').next().filter(|n| !n.is_empty())
        {
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Low,
                    format!("Let systemd make and own the directory: {directive}= in {unit}"),
                )
                .widens("The unit's own user owns that one directory.")
                .edits(spell::systemd::drop_in(ctx, &[format!("{directive}={}", spell::systemd::path(name))]))
                .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
                .undo(format!("sudo systemctl revert {unit}")),
            );
        }
    }
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            format!("Let the unit's user through to {dir} by an ACL, and search the directories above it"),
        )
        .widens("That one user and this one path.")
        .run(format!("namei -l {dir}"))
        .run(format!("sudo setfacl -m u:<user>:rwX {dir}"))
        .undo(format!("sudo setfacl -x u:<user> {dir}")),
    );
}

fn volume(ctx: &Ctx<'_>, object: Option<&str>, offer: &mut Offer) {
    let volume = path::volume(ctx);
    let (uid, gid) = process(ctx);
    let traverse =
        ctx.facts.statement("traverse").is_some() || ctx.attempt.object.kind == ObjectKind::Directory;
    if ctx.spelled(Spelling::Kubernetes) {
        kubernetes(ctx, &gid, offer);
        return;
    }
    if ctx.in_container() {
        let inside = path::shell_or(object, "the path");
        let on_volume = volume.is_some_and(|v| v.is_bind());
        if let Some(v) = volume.filter(|v| v.is_bind()) {
            let dir = path::quoted(v.source);
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Low,
                    format!("Let the container's user through to the mounted directory {dir} by an ACL"),
                )
                .widens(format!(
                    "User {uid} of the host, in that one directory and what is made in it from now on."
                ))
                .run(format!("stat -c '%u:%g %a %n' {dir}; namei -l {dir}"))
                .run(format!("sudo setfacl -m u:{uid}:rwX,d:u:{uid}:rwX {dir}"))
                .undo(format!("sudo setfacl -x u:{uid},d:u:{uid} {dir}")),
            );
        }
        let owner = owner(ctx);
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                format!("Run the container as the user that owns {inside}"),
            )
            .widens("What that user may do with its own files.")
            .run(if on_volume {
                format!(
                    "stat -c %u:%g {}",
                    volume.map_or_else(|| "<dir>".to_owned(), |v| path::quoted(v.source))
                )
            } else {
                format!("stat -c %u:%g {inside}   # inside the container")
            })
            .edits(spell::spell(ctx, Intent::User(&owner)))
            .undo("remove the user from the container's configuration"),
        );
        if let Some(v) = volume.filter(|v| v.is_bind() && !path::is_system(v.source)) {
            let dir = path::quoted(v.source);
            offer.add(
                Fix::new(Where::Host, Risk::Low, format!("Or give the mounted directory {dir} to the container's user"))
                    .widens("That one directory changes its owner; what lies in it only if you decide so after seeing how much it is.")
                    .run(format!("sudo find {dir} | wc -l   # how much lies in it"))
                    .run(format!("sudo chown {uid}:{gid} {dir}"))
                    .undo(format!("sudo chown <former owner> {dir}")),
            );
        }
        if volume.is_none() {
            offer.add(
                Fix::new(
                    Where::Image,
                    Risk::Low,
                    format!("Or give the path its owner in the image: {inside}"),
                )
                .widens("The program's own user owns that one path of the image.")
                .run(format!("RUN chown {uid}:{gid} {inside}   # in the Dockerfile, before USER"))
                .undo("remove the line and build again"),
            );
        }
        return;
    }
    let target = path::shell_or(object, "path");
    let who = match &*uid {
        "<uid>" => "<user>".to_owned(),
        uid => uid.to_owned(),
    };
    let perms = if traverse { "x" } else { "rwX" };
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            format!("Let this one user through to {target} by an ACL, on the first directory that stops it"),
        )
        .widens("That one user and that one object.")
        .run(format!("namei -l {target}   # find the first entry without the needed bit"))
        .run(format!("sudo setfacl -m u:{who}:{perms} {target}"))
        .undo(format!("sudo setfacl -x u:{who} {target}")),
    );
    if !object.is_some_and(path::is_system) {
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Or give {target} to that user"))
                .widens("That one object changes its owner.")
                .run(format!("sudo chown {who} {target}"))
                .undo(format!("sudo chown <former owner> {target}")),
        );
    }
}

fn kubernetes(ctx: &Ctx<'_>, gid: &str, offer: &mut Offer) {
    if ctx.facts.has(Environment::NoFsGroup) {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Have the volume's owner set where volumes are made: the driver's fsGroupPolicy: File, or a newer provisioner")
                .widens("New volumes of that class belong to the pod's fsGroup.")
                .edit(crate::fix::part("CSIDriver", "yaml", "spec:\n  fsGroupPolicy: File\n"))
                .undo("set the former policy"),
        );
        let dir = path::shell_or(path::volume(ctx).map(|v| v.target), "mount path");
        offer.add(
            Fix::new(Where::Container, Risk::Medium, "Or an init container that gives the mounted directory, and only it, to the pod's user")
                .widens("One start-up step runs as root on that one volume.")
                .edit(crate::fix::part(
                    "pod template",
                    "yaml",
                    format!("spec:\n  initContainers:\n    - name: own-volume\n      image: busybox\n      command: [\"chown\", \"<uid>:<gid>\", {}]\n      securityContext: {{runAsUser: 0}}\n", whodenied_text::quote::yaml(&dir)),
                ))
                .undo("remove the init container"),
        );
        return;
    }
    let group = if gid == "<gid>" { "<gid of the volume>" } else { gid };
    offer.add(
        Fix::new(Where::Container, Risk::Low, "Let Kubernetes give the volume to the pod's group: fsGroup")
            .widens("The pod's processes may read and write that volume by group.")
            .edit(crate::fix::part(
                "pod template",
                "yaml",
                format!("spec:\n  securityContext:\n    fsGroup: {group}\n    fsGroupChangePolicy: OnRootMismatch\n"),
            ))
            .undo("remove the two lines"),
    );
    let owner = owner(ctx);
    offer.add(
        Fix::new(Where::Container, Risk::Low, "Or run the pod as the user that owns the data")
            .widens("What that user may do with its own files.")
            .edits(spell::spell(ctx, Intent::User(&owner)))
            .undo("remove the user from the pod"),
    );
}
