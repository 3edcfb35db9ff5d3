//! One intent, spelled for each surface that can say it.

mod compose;
mod kubernetes;
pub(crate) mod lxc;
mod quadlet;
mod run;
pub(crate) mod systemd;

use crate::place::Ctx;
use whodenied_case::{CapSpec, Engine, Facts, FileEdit, Knob, Predicate, Surface};
use whodenied_kernel::Capability;

/// A surface that fixes are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Spelling {
    Compose,
    DockerRun,
    PodmanRun,
    Quadlet,
    Kubernetes,
    Systemd,
    Lxc,
    Incus,
}

/// What is to be set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Intent<'a> {
    /// A loaded AppArmor profile by name.
    Apparmor(&'a str),
    /// A seccomp profile by file name.
    Seccomp(&'a str),
    /// One capability more.
    CapAdd(Capability),
    /// A supplementary group by number or name.
    Group(&'a str),
    /// User and group, as `1000:1000`.
    User(&'a str),
    /// A tmpfs with options.
    Tmpfs(&'a str, &'a [&'a str]),
    /// A volume as it should stand: source, target, option.
    Volume(&'a str, &'a str, &'a str),
    /// A device node.
    Device(&'a str),
    /// A sysctl of the container's namespaces.
    Sysctl(&'a str, &'a str),
    /// A resource limit as docker names it.
    Ulimit(&'a str, &'a str),
    /// The caller's ids inside the container.
    KeepId,
    /// An environment variable.
    Env(&'a str, &'a str),
    /// no_new_privs off again, for this one.
    NoNewPrivsOff,
    /// A security option that only Docker and Podman know.
    SecurityOpt(&'a str),
}

impl Spelling {
    /// Those the evidence uses; else those usual for the engine; else the three commonest.
    pub(crate) fn choose(facts: &Facts, engine: Option<Engine>) -> Vec<Self> {
        let podman = facts.has_engine(Engine::Podman);
        let mut out: Vec<Self> = Vec::new();
        for fact in &facts.all {
            let Predicate::Setting(setting) = &fact.what else { continue };
            let spelling = match setting.surface {
                Surface::Compose => Self::Compose,
                Surface::RunLine if podman => Self::PodmanRun,
                Surface::RunLine => Self::DockerRun,
                Surface::Kubernetes => Self::Kubernetes,
                Surface::Quadlet => Self::Quadlet,
                Surface::SystemdUnit => Self::Systemd,
                Surface::Lxc if facts.has_engine(Engine::Incus) => Self::Incus,
                Surface::Lxc => Self::Lxc,
                _ => continue,
            };
            if !out.contains(&spelling) {
                out.push(spelling);
            }
        }
        let oci = facts.in_oci_container();
        if oci {
            // The unit or guest around an engine is not where its containers are configured.
            out.retain(|s| !matches!(s, Self::Systemd | Self::Lxc | Self::Incus));
        }
        if matches!(engine, Some(Engine::Kubernetes | Engine::CriO)) {
            return vec![Self::Kubernetes];
        }
        if !out.is_empty() {
            return out;
        }
        match engine {
            Some(Engine::Docker | Engine::DockerSnap | Engine::DockerDesktop) => {
                vec![Self::Compose, Self::DockerRun]
            }
            Some(Engine::Podman | Engine::Buildah) => vec![Self::PodmanRun, Self::Quadlet],
            Some(Engine::Kubernetes | Engine::CriO) => vec![Self::Kubernetes],
            Some(Engine::Containerd) => vec![Self::DockerRun, Self::Compose, Self::Kubernetes],
            Some(Engine::SystemdUnit) => vec![Self::Systemd],
            Some(Engine::Lxc) => vec![Self::Lxc],
            Some(Engine::Incus) => vec![Self::Incus],
            _ => vec![Self::Compose, Self::DockerRun, Self::Kubernetes],
        }
    }

    /// The published id.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::DockerRun => "docker",
            Self::PodmanRun => "podman",
            Self::Quadlet => "quadlet",
            Self::Kubernetes => "kubernetes",
            Self::Systemd => "systemd",
            Self::Lxc => "lxc",
            Self::Incus => "incus",
        }
    }
}

/// `intent` for each of the chosen surfaces that can say it.
pub(crate) fn spell(ctx: &Ctx<'_>, intent: Intent<'_>) -> Vec<FileEdit> {
    all(ctx, &[intent])
}

/// The mark of a remedy that asks for what is set already; such remedies are not offered.
pub(crate) const ALREADY: &str = "already set";

/// True when the configuration in the evidence says this already.
fn already(facts: &Facts, intent: &Intent<'_>) -> bool {
    facts.knobs().any(|(_, knob)| match (knob, intent) {
        (Knob::Apparmor(a), Intent::Apparmor(b)) => a == b,
        (Knob::CapAdd(CapSpec::One(a)), Intent::CapAdd(b)) => a == b && facts.cap_dropped(*b).is_none(),
        (Knob::GroupAdd(a), Intent::Group(b)) | (Knob::User(a), Intent::User(b)) => a == b,
        (Knob::Tmpfs { target, options }, Intent::Tmpfs(path, wanted)) => {
            target == path && wanted.iter().all(|w| options.iter().any(|o| o == w))
        }
        (Knob::Volume { target, options, .. }, Intent::Volume(_, path, wanted)) => {
            target == path && !wanted.is_empty() && wanted.split(',').all(|w| options.iter().any(|o| o == w))
        }
        (Knob::Device(given), Intent::Device(path)) => given.split(':').next() == Some(*path),
        (Knob::Sysctl { key, value }, Intent::Sysctl(k, v)) => key == k && value == v,
        (Knob::Ulimit { name, value }, Intent::Ulimit(n, v)) => name == n && value == v,
        (Knob::UsernsMode(mode), Intent::KeepId) => mode.starts_with("keep-id"),
        _ => false,
    })
}

/// Several intents that belong together, one snippet a surface.
pub(crate) fn all(ctx: &Ctx<'_>, intents: &[Intent<'_>]) -> Vec<FileEdit> {
    if !intents.is_empty() && intents.iter().all(|i| already(ctx.facts, i)) {
        return vec![crate::fix::part(ALREADY, "text", "")];
    }
    ctx.spellings
        .iter()
        .filter_map(|spelling| {
            let mut edit = match spelling {
                Spelling::Compose => compose::spell(ctx, intents),
                Spelling::DockerRun => run::spell(intents, false),
                Spelling::PodmanRun => run::spell(intents, true),
                Spelling::Quadlet => quadlet::spell(ctx, intents),
                Spelling::Kubernetes => kubernetes::spell(ctx, intents),
                Spelling::Systemd => systemd::spell(ctx, intents),
                Spelling::Lxc => lxc::spell(intents),
                Spelling::Incus => lxc::incus(ctx, intents),
            }?;
            edit.spelling = spelling.id().to_owned();
            Some(edit)
        })
        .collect()
}

/// The command that puts a changed configuration into force, for the first surface.
pub(crate) fn apply(ctx: &Ctx<'_>) -> Option<String> {
    let name = ctx.service.as_deref().map(whodenied_text::quote::shell);
    match ctx.spellings.first()? {
        Spelling::Compose => Some(match name {
            Some(name) => format!("docker compose up -d {name}"),
            None => "docker compose up -d".to_owned(),
        }),
        Spelling::Quadlet => Some("systemctl daemon-reload".to_owned()),
        Spelling::Systemd => {
            let unit = systemd::unit(ctx);
            Some(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
        }
        _ => None,
    }
}
