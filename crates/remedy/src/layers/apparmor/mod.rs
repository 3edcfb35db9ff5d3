//! AppArmor: which policy refused decides what kind of fix there is. An engine's default is never
//! edited but derived from; a distribution's profile gets a local addition; a guest's outer
//! profile belongs to the outer host; a profile that is not loaded is loaded.

mod abi;
mod change;
mod derived;
mod load;
mod local;
mod outer;
mod snap;
pub(crate) mod userns;

use crate::fix::Offer;
use crate::place::Ctx;
use crate::upgrade;
use change::Change;
use whodenied_case::record::{ApparmorRecord, ApparmorVerdict};
use whodenied_case::{Engine, Environment, Knob, RecordKind};
use whodenied_kernel::Call;
use whodenied_runtimes::Runtime;
use whodenied_runtimes::apparmor::{ProfileKind, kind_of};

/// The record of this denial, the refusing ones first.
pub(crate) fn record<'a>(ctx: &Ctx<'a>) -> Option<&'a ApparmorRecord> {
    let all = || {
        ctx.attempt.records.iter().filter_map(|r| match &r.kind {
            RecordKind::Apparmor(a) => Some(a.as_ref()),
            _ => None,
        })
    };
    all().find(|a| a.verdict == ApparmorVerdict::Denied).or_else(|| all().next())
}

/// The confining label: of the record, else the policy the judge named, else what the process is
/// said to run under.
fn label(ctx: &Ctx<'_>) -> Option<String> {
    record(ctx)
        .and_then(|r| r.profile())
        .or(ctx.d.policy.as_deref())
        .or(ctx.attempt.subject.label.as_deref())
        .or_else(|| configured(ctx))
        .map(str::to_owned)
}

/// The custom profile that the configuration asks for.
fn configured<'a>(ctx: &Ctx<'a>) -> Option<&'a str> {
    ctx.facts.knobs().find_map(|(_, k)| match k {
        Knob::Apparmor(name) if name != "unconfined" && !name.is_empty() => Some(name.as_str()),
        _ => None,
    })
}

pub(crate) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let known = ctx.d.known_issue.as_ref().map_or("", |k| k.id.as_str());
    let label = label(ctx);
    let kind = label.as_deref().map(kind_of);
    let operation = record(ctx).and_then(|r| r.get("operation")).unwrap_or("");

    if load::concerns(ctx, known, operation) {
        load::offer(ctx, known, &mut offer);
        return offer;
    }
    if userns::concerns(ctx, kind, operation) {
        userns::offer(ctx, &mut offer);
        return offer;
    }
    if outer::concerns(ctx, known, kind) {
        outer::offer(ctx, known, label.as_deref(), &mut offer);
        return offer;
    }
    if kind == Some(ProfileKind::Snap) || snap::stale(ctx, known) || snap::daemon(ctx) {
        let (label, kind) = if snap::daemon(ctx) {
            (Some("snap.docker.dockerd".to_owned()), Some(ProfileKind::Snap))
        } else {
            (label, kind)
        };
        snap::offer(ctx, label.as_deref().unwrap_or(""), kind, &mut offer);
        return offer;
    }

    let changes = change::of(ctx);
    match (kind, runtime(ctx, kind)) {
        (Some(ProfileKind::Default(_)) | None, Some(runtime)) => {
            container(ctx, runtime, label.as_deref(), known, &changes, &mut offer);
        }
        (Some(ProfileKind::File), Some(runtime)) if label.as_deref().is_some_and(vague) => {
            container(ctx, runtime, None, known, &changes, &mut offer);
        }
        (_, _) => {
            let label = label.unwrap_or_else(|| "<profile>".to_owned());
            local::offer(ctx, &label, &change::of_all_alike(ctx), &mut offer);
            offer.maybe(upgrade::fix(ctx));
        }
    }
    offer
}

/// The judge's description of a policy rather than a profile's name.
fn vague(label: &str) -> bool {
    label.contains(' ') || label.contains("default")
}

/// Whose default it is: by name, else by the engine that is named.
fn runtime(ctx: &Ctx<'_>, kind: Option<ProfileKind>) -> Option<Runtime> {
    match kind {
        Some(ProfileKind::Default(runtime)) => Some(runtime),
        _ => ctx.runtime,
    }
}

fn container(
    ctx: &Ctx<'_>,
    runtime: Runtime,
    label: Option<&str>,
    known: &str,
    changes: &[Change],
    offer: &mut Offer,
) {
    // Stopping and signalling concern every container of the host: the engine's own update comes
    // before a profile for one of them.
    let stopping = changes.iter().any(Change::is_stop);
    let base = derived::Base::new(ctx, runtime, label, changes);
    if base.already_allows(changes) || known == "aa-profile-stale-after-upgrade" {
        offer.maybe(load::stale(ctx, runtime, label));
    }
    if stopping {
        offer.maybe(upgrade::fix(ctx));
    }
    derived::offer(ctx, &base, changes, offer);
    if !stopping {
        offer.maybe(upgrade::fix(ctx));
    }
    if ctx.attempt.call == Some(Call::Kill) && matches!(ctx.engine, Some(Engine::DockerSnap)) {
        offer.maybe(load::stale(ctx, runtime, label));
    }
    if ctx.facts.has(Environment::Rootless) && runtime == Runtime::Podman {
        // Rootless Podman can't choose a profile: what confines it is the host's doing.
        offer.remedies.retain(|r| r.commands.iter().all(|c| !c.contains("apparmor_parser -r")));
    }
}
