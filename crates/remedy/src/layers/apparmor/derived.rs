//! A custom profile for one container: the engine's own default at its version plus the smallest
//! change, loaded under a name of its own.

use super::{abi, change::Change};
use crate::fix::{Fix, Offer, part, whole};
use crate::place::Ctx;
use crate::spell::{self, Intent, Spelling};
use whodenied_apparmor::{Abi, Flag, Pattern, Profile, Rule};
use whodenied_case::{Engine, Knob, Risk};
use whodenied_kernel::Capability;
use whodenied_runtimes::Runtime;
use whodenied_runtimes::apparmor::{Host, SIGNALS, default_profile};
use whodenied_runtimes::sysctls;
use whodenied_text::quote::shell;

/// What the profile is derived from.
pub(super) struct Base {
    runtime: Runtime,
    version: Option<Vec<u32>>,
    /// The version does not stand in the evidence.
    assumed: bool,
    host: Host,
    /// The default's name, as records print it.
    label: Option<String>,
    /// The new profile's name.
    name: String,
}

impl Base {
    pub(super) fn new(ctx: &Ctx<'_>, runtime: Runtime, label: Option<&str>, changes: &[Change]) -> Self {
        let prefix = match runtime {
            Runtime::Docker => "docker",
            Runtime::Containerd => "containerd",
            Runtime::Podman => "podman",
            Runtime::CriO => "crio",
        };
        let stem = ctx.stem();
        let stem = stem.strip_prefix("docker-").unwrap_or(&stem);
        let name = match stem {
            "default" => format!("{prefix}-custom"),
            stem if stem.starts_with(prefix) => format!("{stem}-custom"),
            stem => format!("{prefix}-{stem}"),
        };
        let mut host = Host::default();
        if matches!(ctx.engine, Some(Engine::DockerSnap)) {
            host.daemon = "snap.docker.dockerd".to_owned();
        }
        let known = ctx.version_of(runtime).map(<[u32]>::to_vec);
        Self {
            runtime,
            assumed: known.is_none(),
            // The refusal itself tells of an unknown version that it has no abi line yet.
            version: known.or_else(|| {
                changes
                    .contains(&Change::Abi)
                    .then(|| last_without_abi(runtime))
                    .flatten()
                    .map(<[u32]>::to_vec)
            }),
            host,
            label: label.map(|l| l.split("//&").next().unwrap_or(l).to_owned()),
            name,
        }
    }

    fn profile(&self, name: &str) -> Option<Profile> {
        default_profile(self.runtime, self.version.as_deref(), name, &self.host)
    }

    /// Templates of the first years had fewer rules than are modelled.
    fn older_than_modelled(&self) -> bool {
        self.runtime == Runtime::Docker && self.version.as_ref().is_some_and(|v| v.first() < Some(&17))
    }

    /// True when the default of a known version has every rule that is asked for, so that the
    /// profile in force must be an older one.
    pub(super) fn already_allows(&self, changes: &[Change]) -> bool {
        if self.assumed || changes.is_empty() || self.older_than_modelled() {
            return false;
        }
        let Some(profile) = self.label.as_deref().and_then(|l| self.profile(l)) else { return false };
        changes.iter().all(|change| match change {
            Change::Abi => profile.abi.is_some(),
            Change::Rule(rule) | Change::Stop(rule) => has(&profile, rule),
            _ => false,
        })
    }
}

/// The newest release whose default pins no feature set.
const fn last_without_abi(runtime: Runtime) -> Option<&'static [u32]> {
    match runtime {
        Runtime::Docker => Some(&[29, 4, 2]),
        Runtime::Containerd => Some(&[2, 2, 1]),
        Runtime::Podman | Runtime::CriO => None,
    }
}

/// True when the profile has this rule, or the same for every signal.
fn has(profile: &Profile, rule: &Rule) -> bool {
    profile.rules.iter().any(|known| match (known, rule) {
        (Rule::Signal { access: a, set, peer: p }, Rule::Signal { access: b, peer: q, .. }) => {
            set.is_empty() && p == q && b.iter().all(|side| a.contains(side))
        }
        (Rule::Ptrace { access: a, peer: p }, Rule::Ptrace { access: b, peer: q }) => {
            p == q && b.iter().all(|side| a.contains(side))
        }
        (a, b) => a == b,
    })
}

pub(super) fn offer(ctx: &Ctx<'_>, base: &Base, changes: &[Change], offer: &mut Offer) {
    if changes.iter().any(|c| matches!(c, Change::Silent)) {
        offer.maybe(log_first(ctx));
        return;
    }
    if let Some(Change::Unquotable(what)) = changes.iter().find(|c| matches!(c, Change::Unquotable(_))) {
        offer.add(unquotable(ctx, what));
        return;
    }
    if changes.iter().any(|c| matches!(c, Change::Path(path, _) if Pattern::path(path).is_none())) {
        offer.add(unquotable(ctx, "the path"));
        return;
    }
    if let [Change::Path(path, _)] = changes {
        offer.maybe(sysctl(ctx, path));
    }
    if changes.contains(&Change::Abi) {
        let shipped = Abi::Shipped(abi::shipped(ctx));
        let own = Abi::File(abi::OWN_FILE);
        // The abi file opens least, and needs a feature pin on the host to start from.
        let order = if abi::surely_pinned(ctx) { [own, shipped] } else { [shipped, own] };
        for abi in order {
            offer.maybe(custom(ctx, base, changes, Some(abi)));
        }
    } else {
        offer.maybe(custom(ctx, base, changes, None));
    }
    stays(ctx, changes, offer);
}

/// Records name the default; the container will run under the new name.
fn renamed(pattern: &Pattern, base: &Base) -> Pattern {
    let Some(old) = base.label.as_deref() else { return pattern.clone() };
    if Pattern::label(old).as_ref() == Some(pattern) {
        return Pattern::label(&base.name).unwrap_or_else(|| pattern.clone());
    }
    if Pattern::stacked_on(old).as_ref() == Some(pattern) {
        return Pattern::stacked_on(&base.name).unwrap_or_else(|| pattern.clone());
    }
    pattern.clone()
}

fn rename(rule: &Rule, base: &Base) -> Rule {
    match rule {
        Rule::Signal { access, set, peer: Some(peer) } => {
            Rule::Signal { access: access.clone(), set: set.clone(), peer: Some(renamed(peer, base)) }
        }
        Rule::Ptrace { access, peer: Some(peer) } => {
            Rule::Ptrace { access: access.clone(), peer: Some(renamed(peer, base)) }
        }
        Rule::Unix { perms, kind, peer: Some(peer) } => {
            Rule::Unix { perms: perms.clone(), kind: kind.clone(), peer: Some(renamed(peer, base)) }
        }
        rule => rule.clone(),
    }
}

/// Builds the profile, checks that nothing in it still takes the asked-for away, and wraps it up.
fn custom(ctx: &Ctx<'_>, base: &Base, changes: &[Change], abi: Option<Abi>) -> Option<Fix> {
    let mut profile = base.profile(&base.name)?;
    // abstractions/base has this rule already.
    if base.host.base {
        let from_host = Rule::Signal {
            access: vec![whodenied_apparmor::Access::Receive],
            set: Vec::new(),
            peer: Pattern::label("unconfined"),
        };
        profile.rules.retain(|r| *r != from_host);
    }
    let mut added: Vec<Rule> = Vec::new();
    let mut parser_4 = false;
    for change in changes {
        match change {
            Change::Abi => {
                let abi = abi.clone()?;
                if let Abi::Shipped(name) = abi {
                    added.extend(abi::keep_free(name));
                }
                profile.abi = Some(abi);
            }
            Change::Rule(rule) => {
                if let Rule::Network { family: Some(family), .. } = rule {
                    let taken = Rule::Network { deny: true, family: Some(family.clone()), kind: None };
                    profile.rules.retain(|r| *r != taken);
                }
                parser_4 |= matches!(rule, Rule::Userns | Rule::Mqueue(_) | Rule::IoUring);
                added.push(rename(rule, base));
            }
            Change::Stop(rule) => added.push(rename(rule, base)),
            Change::Mount(rule) => {
                profile.rules.retain(|r| *r != Rule::DENY_MOUNT);
                added.push(rule.clone());
            }
            Change::Path(path, perms) => {
                let exact = Pattern::path(path)?;
                let rule = Rule::File { deny: false, owner: false, path: exact, perms: perms.clone() };
                added.push(Rule::Priority(1, Box::new(rule)));
            }
            Change::AttachDisconnected => {
                if !profile.flags.contains(&Flag::AttachDisconnected) {
                    profile.flags.push(Flag::AttachDisconnected);
                }
            }
            Change::Unquotable(_) | Change::Silent => return None,
        }
    }
    added.retain(|rule| matches!(rule, Rule::Comment(_)) || !profile.rules.contains(rule));
    for rule in &mut profile.rules {
        if *rule == Rule::comment(SIGNALS) && base.host.base {
            *rule = Rule::comment("Signals of the runtime; abstractions/base has those of the host.");
        }
    }
    // Judged again: no deny may stand in the way of what has just been allowed.
    if changes.iter().any(|c| matches!(c, Change::Mount(_))) && profile.denies_mount() {
        return None;
    }
    profile.head = head(base);
    let mut rules = vec![Rule::comment("What this profile adds to the default:")];
    rules.extend(added.iter().cloned());
    rules.push(Rule::Blank);
    let at = profile.rules.iter().position(|r| *r == Rule::NETWORK).unwrap_or(0);
    if !added.is_empty() {
        profile.rules.splice(at..at, rules);
    }

    let own_file = matches!(profile.abi, Some(Abi::File(_)));
    let shown: Vec<&Rule> = added.iter().filter(|r| !matches!(r, Rule::Comment(_))).collect();
    let what = match (&profile.abi, changes.contains(&Change::Abi)) {
        (Some(Abi::Shipped(name)), true) => format!("the line `abi <abi/{name}>,`"),
        (Some(Abi::File(_)), true) => "an abi file of your own (the host's pin plus af_unix)".to_owned(),
        _ => shown.first().map_or_else(
            || "the flag attach_disconnected".to_owned(),
            |r| format!("`{r}`{}", if shown.len() > 1 { " and what goes with it" } else { "" }),
        ),
    };
    let summary = format!(
        "{} the AppArmor profile {}: {}'s default plus {what}",
        if own_file && !abi::surely_pinned(ctx) {
            "Narrower, where /etc/apparmor/parser.conf pins the features: give this container"
        } else {
            "Give this container"
        },
        base.name,
        base.runtime.name(),
    );
    let file = format!("/etc/apparmor.d/{}", base.name);
    let mut fix = Fix::new(ctx.engine_host(), risk(changes), summary)
        .widens(widens(base, changes, profile.abi.as_ref()))
        .edit(whole(&file, "apparmor", profile.to_string()));
    if own_file {
        fix = fix
            .run("pin=$(sed -n 's/^policy-features=//p' /etc/apparmor/parser.conf | tail -n 1)")
            .run(format!(
                "{{ printf 'network {{af_unix {{yes\\n}}\\n}}\\n'; cat \"${{pin:?no feature pin on this host}}\"; }} | sudo tee {} >/dev/null",
                abi::OWN_FILE
            ));
    }
    let nodes =
        if ctx.spelled(Spelling::Kubernetes) { "   # on every node that may run the pod" } else { "" };
    fix = fix.run(format!("sudo apparmor_parser -r -W {file}{nodes}"));
    let mut intents = vec![Intent::Apparmor(&base.name)];
    let needs = needs(ctx, changes);
    for cap in &needs.caps {
        intents.push(Intent::CapAdd(*cap));
    }
    if let Some(device) = needs.device {
        intents.push(Intent::Device(device));
    }
    fix = fix.edits(spell::all(ctx, &intents));
    if parser_4 {
        fix = fix.edit(part("note", "text", "This rule needs AppArmor 4.0 or newer on the host.\n"));
    }
    if let Some(command) = spell::apply(ctx) {
        fix = fix.run(command);
    }
    fix = fix
        .undo("remove the reference to the profile from the container's configuration and recreate the container")
        .undo(format!("sudo apparmor_parser -R {file} && sudo rm {file}"));
    if own_file {
        fix = fix.undo(format!("sudo rm {}", abi::OWN_FILE));
    }
    Some(fix)
}

fn head(base: &Base) -> Vec<String> {
    let of = match &base.version {
        Some(v) if !base.assumed => {
            let v: Vec<String> = v.iter().map(u32::to_string).collect();
            format!("{} {}", base.runtime.name(), v.join("."))
        }
        _ => base.runtime.name().to_owned(),
    };
    vec![
        format!("The default profile of {of} with one change, for one container."),
        "apparmor.service loads it at boot from this folder.".to_owned(),
    ]
}

/// What a mount in a container needs besides AppArmor's leave.
struct Needs {
    caps: Vec<Capability>,
    device: Option<&'static str>,
}

fn needs(ctx: &Ctx<'_>, changes: &[Change]) -> Needs {
    let mut needs = Needs { caps: Vec::new(), device: None };
    for change in changes {
        let Change::Mount(Rule::Mount { fstype, .. }) = change else { continue };
        if ctx.facts.cap_added(Capability::SYS_ADMIN).is_none() {
            needs.caps.push(Capability::SYS_ADMIN);
        }
        let fuse = fstype.iter().any(|t| t.as_str().starts_with("fuse"));
        let given = ctx.facts.knob(|k| matches!(k, Knob::Device(d) if d.starts_with("/dev/fuse"))).is_some();
        if fuse && !given {
            needs.device = Some("/dev/fuse");
        }
    }
    needs
}

fn risk(changes: &[Change]) -> Risk {
    changes.iter().fold(Risk::Low, |risk, change| {
        risk.max(match change {
            Change::Mount(_) => Risk::Medium,
            Change::Rule(Rule::Mount { .. } | Rule::PivotRoot | Rule::Userns | Rule::IoUring) => Risk::Medium,
            Change::Rule(Rule::Ptrace { .. }) => Risk::Medium,
            Change::Path(path, perms)
                if perms.contains('w') && (path.starts_with("/sys/") || path.starts_with("/proc/")) =>
            {
                Risk::Medium
            }
            _ => Risk::Low,
        })
    })
}

fn widens(base: &Base, changes: &[Change], abi: Option<&Abi>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for change in changes {
        parts.push(match change {
            Change::Abi => abi.map_or_else(String::new, |a| abi::widens(a).to_owned()),
            Change::Rule(Rule::Userns) => {
                "This container may create user namespaces, which puts more of the kernel within its reach.".into()
            }
            Change::Rule(rule) => format!("Exactly `{}` for this one container.", rename(rule, base)),
            Change::Stop(_) => "The named runtime may stop this container's processes.".into(),
            Change::Mount(rule) => format!(
                "Mounts that match `{rule}`; the default's `deny mount` goes, every other mount stays refused because no rule allows it. The container's CAP_SYS_ADMIN allows more than mounting."
            ),
            Change::Path(path, perms) => format!("The one path {} ({perms}).", whodenied_text::escape::clipped(path, 80)),
            Change::AttachDisconnected => {
                "Objects outside the container's mounts are matched as if they stood under /.".into()
            }
            Change::Unquotable(_) | Change::Silent => String::new(),
        });
    }
    parts.dedup();
    parts.join(" ")
}

fn stays(ctx: &Ctx<'_>, changes: &[Change], offer: &mut Offer) {
    let mount = changes.iter().any(|c| matches!(c, Change::Mount(_)));
    offer.stays(&[if mount { "every other mount" } else { "mounting file systems" }]);
    // The default profiles allow every capability; what stops modules is that the container has none for it.
    if ctx.facts.cap_added(Capability::SYS_MODULE).is_none() {
        offer.stays(&["loading kernel modules (the container has no CAP_SYS_MODULE)"]);
    }
    offer.stays(&[
        "writing /proc/sysrq-trigger and reading /proc/kcore",
        "writing kernel settings under /proc/sys and /sys",
        "tracing or signalling processes outside the container",
    ]);
}

/// A setting of the container's own namespaces is set by the engine, not by the program.
fn sysctl(ctx: &Ctx<'_>, path: &str) -> Option<Fix> {
    let key = path.strip_prefix("/proc/sys/")?.replace('/', ".");
    if !sysctls::namespaced(&key) || key.contains(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
    {
        return None;
    }
    let value = ctx.attempt.arg("value").unwrap_or("<value>");
    Some(
        Fix::new(
            whodenied_case::Where::Container,
            Risk::Low,
            format!("Let the engine set {key} for this container instead of the program"),
        )
        .widens("That one setting, in the container's own namespace.")
        .edits(spell::spell(ctx, Intent::Sysctl(&key, value)))
        .undo("remove the sysctl from the container's configuration"),
    )
}

/// Explicit denials are not logged: makes them show before anything is opened.
fn log_first(ctx: &Ctx<'_>) -> Option<Fix> {
    let from = ctx.engine_host();
    Some(
        Fix::new(
            from,
            Risk::Low,
            "Make AppArmor log this denial first, so that exactly one rule can be written",
        )
        .widens("Nothing: only the log grows until the next step undoes it.")
        .run("echo -n noquiet | sudo tee /sys/module/apparmor/parameters/audit")
        .run(format!("{} restart {}", ctx.client(), shell_or(&ctx.service_or("container"))))
        .run("sudo journalctl -k --since -5min --grep 'apparmor=\"DENIED\"'")
        .undo("echo -n normal | sudo tee /sys/module/apparmor/parameters/audit"),
    )
}

fn shell_or(name: &str) -> String {
    if name.starts_with('<') { name.to_owned() } else { shell(name) }
}

fn unquotable(ctx: &Ctx<'_>, what: &str) -> Fix {
    Fix::new(
        ctx.engine_host(),
        Risk::Low,
        format!("Write the rule by hand: {what} in the record holds characters that a rule can't carry"),
    )
    .widens(
        "Nothing by itself. A name that can't be written in a rule is a warning sign: look at what chose it.",
    )
}
