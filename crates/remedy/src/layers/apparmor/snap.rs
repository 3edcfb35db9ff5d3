//! snapd's confinement: interfaces are connected, profiles are never edited.

use super::record;
use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use whodenied_case::{Engine, Phase, Risk, Where};
use whodenied_kernel::Call;
use whodenied_runtimes::Runtime;
use whodenied_runtimes::apparmor::ProfileKind;
use whodenied_text::quote;

/// The snap's daemon is refused by a default profile that another daemon loaded.
pub(super) fn stale(ctx: &Ctx<'_>, known: &str) -> bool {
    known == "aa-snap-docker-stop"
        || record(ctx).is_some_and(|r| {
            r.get("peer") == Some("snap.docker.dockerd") && r.profile().is_some_and(|p| p == "docker-default")
        })
}

/// The snap's daemon itself fails, before any container.
pub(super) fn daemon(ctx: &Ctx<'_>) -> bool {
    ctx.facts.has_engine(Engine::DockerSnap)
        && record(ctx).is_none()
        && (ctx.attempt.phase == Phase::Engine || matches!(ctx.attempt.call, Some(Call::Bind | Call::Listen)))
}

pub(super) fn offer(ctx: &Ctx<'_>, label: &str, kind: Option<ProfileKind>, offer: &mut Offer) {
    if kind != Some(ProfileKind::Snap) {
        offer.maybe(super::load::stale(ctx, Runtime::Docker, Some("docker-default")));
        offer.stays(&["everything that the engine's own default refuses"]);
        return;
    }
    let snap = label.split('.').nth(1).map_or_else(|| "<snap>".to_owned(), quote::file_name);
    if record(ctx).is_some_and(|r| matches!(r.get("class"), Some("posix_mqueue" | "io_uring" | "namespace")))
    {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                "Refresh snapd: its profiles are compiled for a feature set whose newer classes they have no rules for",
            )
            .widens("What snapd's own newer profiles allow.")
            .run("sudo snap refresh snapd")
            .undo("sudo snap revert snapd"),
        );
    }
    let interfaces = interfaces(ctx);
    let mut fix = Fix::new(
        Where::Host,
        Risk::Medium,
        match interfaces {
            [] => format!("Connect the interface of the snap {snap} that covers this access"),
            [one] => format!("Connect the interface {one} of the snap {snap}"),
            many => format!("Connect the interfaces of the snap {snap} that cover this access ({})", many.join(", ")),
        },
    )
    .widens("What that interface grants to this one snap; `snap connections` shows it, `snap interface` describes it.")
    .run(format!("snap connections {snap}"));
    for interface in interfaces {
        fix = fix
            .run(format!("sudo snap connect {snap}:{interface}"))
            .undo(format!("sudo snap disconnect {snap}:{interface}"));
    }
    if interfaces.is_empty() {
        fix = fix
            .run(format!("sudo snap connect {snap}:<interface>"))
            .undo(format!("sudo snap disconnect {snap}:<interface>"));
    }
    offer.add(fix);
    offer.stays(&["everything that no connected interface grants"]);
}

/// Interfaces by what was refused. Source: snapd's interface reference.
fn interfaces(ctx: &Ctx<'_>) -> &'static [&'static str] {
    let path = record(ctx).and_then(|r| r.get("name")).or(ctx.attempt.object.name.as_deref()).unwrap_or("");
    let docker = matches!(ctx.engine, Some(Engine::DockerSnap))
        || ctx.facts.has_engine(Engine::DockerSnap)
        || path.contains("docker");
    if docker {
        return &["docker-support", "firewall-control", "network-control"];
    }
    if path.starts_with("/media") || path.starts_with("/mnt") || path.starts_with("/run/media") {
        return &["removable-media"];
    }
    if path.starts_with("/home") || path.starts_with("/root") {
        return &["home"];
    }
    if path.starts_with("/dev/video") {
        return &["camera"];
    }
    if path.starts_with("/dev/snd") {
        return &["audio-record", "audio-playback"];
    }
    if path.starts_with("/dev/kvm") {
        return &["kvm"];
    }
    match ctx.attempt.call {
        Some(Call::Ptrace) => &["process-control", "system-observe"],
        Some(Call::Kill) => &["process-control"],
        Some(Call::Mount) => &["mount-control"],
        Some(Call::Bind | Call::Listen) => &["network-bind"],
        Some(Call::Connect | Call::Socket) => &["network"],
        _ => &[],
    }
}
