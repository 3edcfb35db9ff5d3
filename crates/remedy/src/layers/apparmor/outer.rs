//! The profile that LXC, Incus, LXD or Proxmox puts around a guest: changed on the outer host.

use super::change::{self, Change};
use super::record;
use crate::fix::{Fix, Offer, part};
use crate::place::Ctx;
use crate::spell::lxc::config_file;
use crate::spell::systemd;
use crate::upgrade;
use whodenied_apparmor::{Pattern, Rule};
use whodenied_case::{Engine, Risk, Where};
use whodenied_kernel::Call;
use whodenied_runtimes::apparmor::ProfileKind;
use whodenied_text::quote::shell;

pub(super) fn concerns(ctx: &Ctx<'_>, known: &str, kind: Option<ProfileKind>) -> bool {
    let outer_kind =
        matches!(kind, Some(ProfileKind::LxcStatic | ProfileKind::LxcGenerated | ProfileKind::Incus));
    let only_outer =
        !ctx.in_container() && ctx.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus));
    outer_kind
        || matches!(
            known,
            "aa-nested-runc-reopen-fd" | "lxc-systemd-mount-flags" | "aa-unix-failed-type-and-protocol"
        )
        || (only_outer && !matches!(kind, Some(ProfileKind::Default(_) | ProfileKind::Snap)))
}

fn incus(ctx: &Ctx<'_>, kind_label: Option<&str>) -> bool {
    ctx.facts.engines().chain(ctx.facts.outers()).any(|e| e == Engine::Incus)
        || kind_label.is_some_and(|l| l.starts_with("incus") || l.starts_with("lxd"))
}

pub(super) fn offer(ctx: &Ctx<'_>, known: &str, label: Option<&str>, offer: &mut Offer) {
    let incus = incus(ctx, label);
    if helper(label) {
        offer.add(
            Fix::new(
                if ctx.nested() { Where::Guest } else { Where::Host },
                Risk::Low,
                "Update Incus or LXD where it generated this profile (inside the instance, if it runs in one), so that it writes a unix rule",
            )
            .widens("Unix sockets for that one helper process.")
            .run("sudo apt-get update && sudo apt-get install --only-upgrade incus")
            .undo("install the former version again"),
        );
        offer.stays(&["everything else that the helper's profile refuses"]);
        return;
    }
    if known == "aa-nested-runc-reopen-fd" || known == "aa-unix-failed-type-and-protocol" {
        offer.add(update(ctx, incus));
        if known == "aa-nested-runc-reopen-fd" {
            offer.add(lift_two_lines(ctx, incus));
            offer.stays(&[
                "the guest stays in its user namespace and under its profile",
                "the host's own /proc and /sys",
            ]);
            return;
        }
    }
    let changes = change::of(ctx);
    let unit_setup = record(ctx).is_some_and(|r| {
        r.get("name").is_some_and(|n| n.starts_with("/run/systemd/"))
            || r.get("comm").is_some_and(|c| c.starts_with('('))
    });
    if unit_setup || known == "lxc-systemd-mount-flags" {
        offer.add(unit_drop_in(ctx));
    }
    for change in &changes {
        if let Change::Mount(Rule::Mount { fstype, .. }) = change
            && fstype.iter().any(|t| matches!(t.as_str(), "nfs" | "nfs4" | "cifs"))
        {
            offer.add(mount_outside(ctx, incus, fstype.first()));
        }
    }
    offer.maybe(raw(ctx, incus, &changes));
    if matches!(ctx.attempt.call, Some(Call::Mount)) || unit_setup {
        offer.add(nesting(ctx, incus));
    }
    offer.maybe(upgrade::fix(ctx));
    if offer.remedies.is_empty() {
        offer.add(update(ctx, incus));
    }
    offer.stays(&["loading kernel modules", "everything else that the guest's profile refuses"]);
}

/// Profiles of Incus's own helpers (`incus_dnsmasq-…`) belong to no guest.
fn helper(label: Option<&str>) -> bool {
    label.is_some_and(|l| {
        let name = l.rsplit_once(':').map_or(l, |(_, n)| n);
        ["incus_", "lxd_", "incus.", "lxd."].iter().any(|p| name.starts_with(p)) || name.contains("dnsmasq-")
    })
}

fn update(ctx: &Ctx<'_>, incus: bool) -> Fix {
    let proxmox = ctx.facts.distro_in(&["proxmox", "pve"]);
    let (what, command) = if proxmox {
        ("lxc-pve and pve-container on the Proxmox host", "apt update && apt full-upgrade")
    } else if incus {
        (
            "Incus on the outer host (6.19 or 6.0.6 and newer)",
            "sudo apt-get update && sudo apt-get install --only-upgrade incus",
        )
    } else {
        (
            "LXC on the outer host (6.0.6, 7.0 and newer)",
            "sudo apt-get update && sudo apt-get install --only-upgrade lxc",
        )
    };
    Fix::new(Where::OuterHost, Risk::Low, format!("Update {what}, then restart the guest; keep the runc that the guest has"))
        .widens("A nesting guest's profile no longer refuses writes under its own /proc and /sys; the user namespace and the kernel's own checks still do.")
        .run(command)
        .run(restart(ctx, incus))
        .undo("install the former version again")
}

fn restart(ctx: &Ctx<'_>, incus: bool) -> String {
    let name = ctx.service.as_deref().map(shell);
    if ctx.facts.distro_in(&["proxmox", "pve"]) {
        "pct reboot <ID>".to_owned()
    } else if incus {
        format!("incus restart {}", name.unwrap_or_else(|| "<instance>".to_owned()))
    } else {
        let name = name.unwrap_or_else(|| "<container>".to_owned());
        format!("sudo lxc-stop -n {name} && sudo lxc-start -n {name}")
    }
}

/// Until the update: the paths that the outer profile's deny rules hit, set from outside.
fn lift_two_lines(ctx: &Ctx<'_>, incus: bool) -> Fix {
    let fix = Fix::new(
        Where::OuterHost,
        Risk::Low,
        "Until the update is there: set the sysctl for the guest from outside, so that runc finds it done",
    )
    .widens("That one setting in the guest's own network namespace. It helps only where the runtime skips a value that is already set.");
    let key = "net.ipv4.ip_unprivileged_port_start";
    if incus {
        let name = ctx.service.as_deref().map_or_else(|| "<instance>".to_owned(), shell);
        fix.run(format!("incus config set {name} linux.sysctl.{key}=0"))
            .undo(format!("incus config unset {name} linux.sysctl.{key}"))
    } else {
        fix.edit(part(config_file(ctx), "ini", format!("lxc.sysctl.{key} = 0\n")))
            .run(restart(ctx, incus))
            .undo("remove the line and restart the guest")
    }
}

/// The exact rule in the guest's own addition.
fn raw(ctx: &Ctx<'_>, incus: bool, changes: &[Change]) -> Option<Fix> {
    let mut rules: Vec<String> = Vec::new();
    for change in changes {
        let rule = match change {
            Change::Rule(rule) | Change::Mount(rule) | Change::Stop(rule) => rule.to_string(),
            Change::Path(path, perms) => {
                Rule::File { deny: false, owner: false, path: Pattern::path(path)?, perms: perms.clone() }
                    .to_string()
            }
            Change::Abi => Rule::UNIX.to_string(),
            _ => continue,
        };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if rules.is_empty() {
        return None;
    }
    let text = rules.join("\n");
    let fix = Fix::new(
        Where::OuterHost,
        Risk::Medium,
        format!("Add this one rule to the guest's own profile: `{}`", rules.join(" ")),
    )
    .widens("Exactly this rule, for this guest. A `deny` in the guest's base profile still outranks it.");
    Some(if incus {
        let name = ctx.service.as_deref().map_or_else(|| "<instance>".to_owned(), shell);
        fix.run(format!("incus config set {name} raw.apparmor={}", shell(&text)))
            .run(restart(ctx, incus))
            .undo(format!("incus config unset {name} raw.apparmor && {}", restart(ctx, incus)))
    } else {
        let lines: String = rules.iter().map(|r| format!("lxc.apparmor.raw = {r}\n")).collect();
        fix.edit(part(config_file(ctx), "ini", format!("lxc.apparmor.profile = generated\n{lines}")))
            .run(restart(ctx, incus))
            .undo("remove the lines and restart the guest")
    })
}

fn nesting(ctx: &Ctx<'_>, incus: bool) -> Fix {
    let fix = Fix::new(
        Where::OuterHost,
        Risk::Medium,
        "Let the guest nest: the generated profile with nesting allowed",
    )
    .widens("The guest may mount within its own namespaces and load AppArmor policy for its own processes.");
    let fix = if incus {
        let name = ctx.service.as_deref().map_or_else(|| "<instance>".to_owned(), shell);
        fix.run(format!("incus config set {name} security.nesting=true"))
            .undo(format!("incus config unset {name} security.nesting"))
    } else if ctx.facts.distro_in(&["proxmox", "pve"]) {
        fix.run("pct set <ID> --features nesting=1").undo("pct set <ID> --delete features")
    } else {
        fix.edit(part(
            config_file(ctx),
            "ini",
            "lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting = 1\n",
        ))
        .undo("remove the two lines and restart the guest")
    };
    fix.run(restart(ctx, incus))
}

fn unit_drop_in(ctx: &Ctx<'_>) -> Fix {
    let unit = systemd::unit(ctx);
    let lines = ["PrivateTmp=no".to_owned(), "ProtectSystem=no".to_owned(), "PrivateDevices=no".to_owned()];
    Fix::new(
        Where::Guest,
        Risk::Low,
        format!("In the guest, take away only the mount settings of {unit} that the outer profile refuses"),
    )
    .widens("That unit sees the guest's own /tmp and file systems instead of private copies; the guest itself stays as confined as before.")
    .edits(systemd::drop_in(ctx, &lines))
    .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
    .undo(format!("sudo systemctl revert {unit} && sudo systemctl restart {unit}"))
}

fn mount_outside(ctx: &Ctx<'_>, incus: bool, fstype: Option<&Pattern>) -> Fix {
    let kind = fstype.map_or("nfs", Pattern::as_str);
    let fix = Fix::new(
        Where::OuterHost,
        Risk::Low,
        format!("Mount the {kind} share on the outer host and pass the directory into the guest"),
    )
    .widens("The guest sees that one directory; it may mount nothing itself.");
    if incus {
        let name = ctx.service.as_deref().map_or_else(|| "<instance>".to_owned(), shell);
        fix.run(format!("sudo mount -t {kind} <server>:<export> /mnt/<share>"))
            .run(format!("incus config device add {name} share disk source=/mnt/<share> path=/mnt/<share>"))
            .undo(format!("incus config device remove {name} share"))
    } else if ctx.facts.distro_in(&["proxmox", "pve"]) {
        fix.run("pct set <ID> --mp0 /mnt/<share>,mp=/mnt/<share>").undo("pct set <ID> --delete mp0")
    } else {
        fix.edit(part(
            config_file(ctx),
            "ini",
            "lxc.mount.entry = /mnt/<share> mnt/<share> none bind,create=dir 0 0\n",
        ))
        .undo("remove the line and restart the guest")
    }
}
