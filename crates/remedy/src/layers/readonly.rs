//! Read-only mounts: a place to write for that one path.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent, systemd};
use crate::upgrade;
use whodenied_access::Operation;
use whodenied_case::{Engine, Knob, Risk, Where};
use whodenied_kernel::{Call, Errno};
use whodenied_runtimes::{paths, sysctls};
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let object = path::object(ctx).map(str::to_owned);
    let object = object.as_deref();
    let by_name = (ctx.attempt.call == Some(Call::SysctlWrite))
        .then(|| ctx.attempt.arg("sysctl").or(ctx.attempt.object.name.as_deref()))
        .flatten()
        .filter(|name| !name.is_empty() && !name.starts_with('/'));
    if let Some(key) = object.and_then(|o| o.strip_prefix("/proc/sys/")).or(by_name) {
        sysctl(ctx, key, &mut offer);
    } else if object.is_some_and(|o| path::inside(o, "/sys/fs/cgroup")) {
        cgroup(ctx, &mut offer);
    } else if let Some(masked) = object.and_then(|o| paths::masked(ctx.runtime?, None, o)) {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Read the value on the host and pass it in: {masked} is masked in containers"),
            )
            .widens("Nothing: the container gets a value, not the file."),
        );
    } else if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) && !ctx.in_container() {
        unit(ctx, object, &mut offer);
    } else if ctx.in_container() || ctx.engine.is_none() {
        container(ctx, object, &mut offer);
    } else {
        host(ctx, object, &mut offer);
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["every other path of the read-only file systems", "/proc/sys, /sys and the cgroup tree"]);
    offer
}

fn sysctl(ctx: &Ctx<'_>, key: &str, offer: &mut Offer) {
    let key = key.replace('/', ".");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !key.chars().all(plain) {
        return;
    }
    let value = ctx.attempt.arg("value").unwrap_or("<value>");
    if ctx.in_container() && sysctls::namespaced(&key) {
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                format!("Let the engine set {key} for this container; /proc/sys stays read-only"),
            )
            .widens("That one setting, in the container's own namespaces.")
            .edits(spell::spell(ctx, Intent::Sysctl(&key, value)))
            .undo("remove the sysctl from the configuration"),
        );
    }
    let file = format!("/etc/sysctl.d/90-{}.conf", key.replace('.', "-"));
    offer.add(
        Fix::new(Where::Host, Risk::Medium, format!("Set {key} on the host"))
            .widens("The setting for the whole machine, if it is not divided by namespaces; the container gets no right.")
            .run(format!("echo {} | sudo tee {file} && sudo sysctl -p {file}", shell(&format!("{key} = {value}"))))
            .undo(format!("sudo rm {file} && sudo sysctl --system")),
    );
}

fn cgroup(ctx: &Ctx<'_>, offer: &mut Offer) {
    match ctx.engine {
        Some(Engine::Podman) => {
            offer.add(
                Fix::new(Where::Container, Risk::Low, "Let Podman prepare the container for systemd: --systemd=always")
                    .widens("The container may manage its own part of the cgroup tree and gets tmpfs on /run and /tmp.")
                    .edit(crate::fix::part("podman run", "text", "--systemd=always\n"))
                    .undo("remove the option"),
            );
        }
        _ => {
            let options = [
                Intent::SecurityOpt("writable-cgroups=true"),
                Intent::Tmpfs("/run", &[]),
                Intent::Tmpfs("/run/lock", &[]),
                Intent::Tmpfs("/tmp", &[]),
            ];
            offer.add(
                Fix::new(Where::Container, Risk::Medium, "Let the container write its own part of the cgroup tree (Docker 28.0 and newer), and give it tmpfs where systemd writes")
                    .widens("The container may divide and limit its own processes in its private cgroup namespace.")
                    .edits(spell::all(ctx, &options))
                    .undo("remove the options"),
            );
        }
    }
}

/// A directive that hides a path: what it lists otherwise stays hidden.
fn hidden(ctx: &Ctx<'_>, object: &str, offer: &mut Offer) -> bool {
    let unit = systemd::unit(ctx);
    let key = "InaccessiblePaths";
    let listed: Vec<&str> = ctx
        .facts
        .knobs()
        .filter_map(|(_, k)| match k {
            Knob::Unit { key: k, value } if k == key => Some(value.split_whitespace()),
            _ => None,
        })
        .flatten()
        .collect();
    let covers = |p: &&str| path::inside(object, p.trim_start_matches(['-', '+']));
    let Some(covering) = listed.iter().copied().find(|p| covers(p)) else { return false };
    // An empty assignment takes the list back (systemd.exec(5)).
    let mut lines = vec![format!("{key}=")];
    let rest: Vec<&str> = listed.iter().copied().filter(|p| !covers(p)).collect();
    if !rest.is_empty() {
        lines.push(format!("{key}={}", rest.iter().map(|p| systemd::path(p)).collect::<Vec<_>>().join(" ")));
    }
    let shown = systemd::path(covering);
    offer.add(
        Fix::new(Where::Host, Risk::Medium, format!("Take {shown} off the {key}= of the unit {unit}"))
            .widens(
                "What lies there, by its own mode and owner; everything else that is listed stays hidden.",
            )
            .edits(systemd::drop_in(ctx, &lines))
            .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
            .undo(format!("sudo systemctl revert {unit} && sudo systemctl restart {unit}")),
    );
    true
}

fn unit(ctx: &Ctx<'_>, object: Option<&str>, offer: &mut Offer) {
    let unit = systemd::unit(ctx);
    let denied = ctx.attempt.errno == Some(Errno::EACCES) || ctx.attempt.errno_inferred;
    if denied && object.is_some_and(|o| hidden(ctx, o, offer)) {
        return;
    }
    let mut lines: Vec<(String, &str)> = Vec::new();
    for (root, directive) in [
        ("/etc/", "ConfigurationDirectory"),
        ("/var/lib/", "StateDirectory"),
        ("/var/log/", "LogsDirectory"),
        ("/var/cache/", "CacheDirectory"),
        ("/run/", "RuntimeDirectory"),
    ] {
        if let Some(rest) = object.and_then(|o| o.strip_prefix(root))
            && let Some((name, _)) = rest.split_once('/')
        {
            let why = "systemd makes the directory, owns it by the unit's user and keeps it writable";
            lines.push((format!("{directive}={}", systemd::path(name)), why));
        }
    }
    let dir = object.map(|o| if o.ends_with('/') { o } else { path::parent(o) }).filter(|d| *d != "/");
    let dir = dir.map_or_else(|| "<directory>".to_owned(), systemd::path);
    lines.push((
        format!("ReadWritePaths={dir}"),
        "the directory stays writable; it must exist before the unit starts",
    ));
    for (line, why) in lines {
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Add to the unit {unit}: {line}"))
                .widens(format!("That one directory ({why}); everything else stays read-only to the unit."))
                .edits(systemd::drop_in(ctx, &[line]))
                .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
                .undo(format!("sudo systemctl revert {unit} && sudo systemctl restart {unit}")),
        );
    }
}

fn container(ctx: &Ctx<'_>, object: Option<&str>, offer: &mut Offer) {
    if let Some(v) = path::volume(ctx).filter(|v| v.has("ro")) {
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                format!("Mount this one volume writable: {}", shell(v.target)),
            )
            .widens("The container may write that one volume.")
            .edits(spell::spell(ctx, Intent::Volume(v.source, v.target, "rw")))
            .undo("put the option ro back"),
        );
        return;
    }
    // What is opened to be written is a file; a directory is not.
    let opened = ctx
        .attempt
        .live
        .as_ref()
        .and_then(|l| l.seen())
        .is_some_and(|seen| matches!(seen.operation, Operation::Open { .. }));
    let dir = object.map(|o| match o.rsplit_once('/') {
        Some((dir, file)) if (opened || file.contains('.')) && !dir.is_empty() => dir,
        _ => o,
    });
    let shown = dir.unwrap_or("/tmp");
    if shown != "/" && !path::inside(shown, "/proc") && !path::inside(shown, "/sys") {
        offer.add(
            Fix::new(Where::Container, Risk::Low, format!("Put a tmpfs on {}, the only place that is written", shell(shown)))
                .widens("The container may write there, in memory, until it stops. For data that must stay use a volume instead.")
                .edits(spell::spell(ctx, Intent::Tmpfs(shown, &[])))
                .undo("remove the tmpfs"),
        );
        offer.add(
            Fix::new(Where::Container, Risk::Low, format!("Or put a volume on {}", shell(shown)))
                .widens("The container may write there, and what it writes stays.")
                .edits(spell::spell(ctx, Intent::Volume(&format!("{}-data", ctx.stem()), shown, "")))
                .undo("remove the volume"),
        );
    }
}

fn host(ctx: &Ctx<'_>, object: Option<&str>, offer: &mut Offer) {
    let target = path::shell_or(object, "path");
    let _ = ctx;
    offer.add(
        Fix::new(Where::Host, Risk::Medium, "Write somewhere else, or mount that one file system writable after you know why it is read-only")
            .widens("That one file system.")
            .run(format!("findmnt -T {target}"))
            .run("sudo dmesg | grep -iE 'remount|I/O error|ext4|xfs|btrfs' | tail   # a failing disk is remounted read-only")
            .undo("sudo mount -o remount,ro <mount point>"),
    );
}
