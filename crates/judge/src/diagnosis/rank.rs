//! The denials of one attempt, the strongest first, and how sure the first is.

use crate::context::{Context, Presence};
use whodenied_case::{
    Answer, Attempt, Case, Certainty, Change, Channel, Facts, Predicate, RecordKind, Standing, Support,
    Verdict,
};
use whodenied_kernel::{Layer, order};

/// Support, then weight.
pub(super) type Score = (Support, u8);

/// One layer that may have refused.
#[derive(Debug, Clone)]
pub(super) struct Suspect<'a> {
    pub(super) layer: Layer,
    pub(super) score: Score,
    pub(super) because: &'a str,
    pub(super) policy: Option<&'a str>,
    pub(super) verdict: &'a Verdict,
}

/// The denials among the verdicts of `attempt`, the strongest first; at ties in the order in which
/// the kernel asks.
pub(super) fn ranked<'a>(case: &Case, attempt: &Attempt, verdicts: &'a [Verdict]) -> Vec<Suspect<'a>> {
    let cx = Context { facts: &case.facts, trials: &case.trials, attempts: &case.attempts, policy: None };
    let mut suspects: Vec<Suspect<'a>> = verdicts
        .iter()
        .filter(|v| v.attempt == attempt.id)
        .filter_map(|verdict| match &verdict.answer {
            Answer::Denies { because, support, weight, policy } => Some(Suspect {
                layer: verdict.layer,
                // Root is not restricted so.
                score: if policy.as_deref() == Some("unprivileged_userns") && cx.works_as_root().is_some() {
                    (*support, *weight)
                } else {
                    weighed(&cx, verdict.layer, (*support, *weight))
                },
                because,
                policy: policy.as_deref(),
                verdict,
            }),
            _ => None,
        })
        .collect();
    let place =
        |layer| attempt.call.and_then(|c| order::position(c, layer, attempt.errno)).unwrap_or(usize::MAX);
    suspects.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| place(a.layer).cmp(&place(b.layer))));
    suspects
}

/// What experiments on the whole container say about each layer.
fn weighed(cx: &Context<'_>, layer: Layer, score: Score) -> Score {
    let (support, weight) = score;
    if support >= Support::Stated {
        return score;
    }
    let confinement = matches!(
        layer,
        Layer::Apparmor
            | Layer::Selinux
            | Layer::Seccomp
            | Layer::Capability
            | Layer::DeviceCgroup
            | Layer::NoNewPrivs
            | Layer::Readonly
    );
    let ids = matches!(layer, Layer::Dac | Layer::Acl | Layer::Filesystem);
    if cx.oci() && cx.works_privileged().is_some() {
        if confinement {
            return (support, weight.saturating_add(12).min(100));
        }
        if ids && !cx.same_as_root().is_some_and(|t| t.spans.is_empty()) {
            return (support.min(Support::Usual), weight.min(40));
        }
    }
    if let Some(bonus) = elsewhere(cx, layer) {
        return (support, weight.saturating_add(bonus).min(100));
    }
    if cx.contained() && cx.works_on_host().is_some() && confinement {
        return (support, weight.saturating_add(8).min(100));
    }
    if cx.works_as_root().is_some()
        && matches!(layer, Layer::Apparmor | Layer::Selinux | Layer::Landlock | Layer::Seccomp)
    {
        return (support.min(Support::Fits), weight.min(30));
    }
    score
}

/// It works on another machine: what only this kind of host has is the likelier cause.
fn elsewhere(cx: &Context<'_>, layer: Layer) -> Option<u8> {
    cx.works(|c| matches!(c, Change::ElsewhereOn(_)))?;
    let here = match layer {
        Layer::Selinux => cx.selinux() >= Presence::Likely,
        Layer::Apparmor => cx.apparmor() >= Presence::Likely,
        Layer::Sysctl => cx.restricts_userns(),
        _ => false,
    };
    here.then_some(15)
}

/// How sure the first suspect is, given the others.
pub(super) fn certainty(facts: &Facts, attempt: &Attempt, suspects: &[Suspect<'_>]) -> Certainty {
    let Some(top) = suspects.first() else { return Certainty::Possible };
    match top.score.0 {
        Support::Record if kernel_record(attempt, top.layer) => return Certainty::Proven,
        Support::State if attempt.live.is_some() || observed(facts, top.verdict) => return Certainty::Proven,
        _ => {}
    }
    if !attempt.printed && attempt.records.is_empty() {
        return Certainty::Possible;
    }
    if only_logged(attempt) {
        return Certainty::Likely;
    }
    let unsaid = attempt.errno.is_none() && top.score.0 < Support::Stated;
    if top.score.0 < Support::Default || unsaid {
        return Certainty::Possible;
    }
    match suspects.get(1) {
        Some(next) if next.score.0 == top.score.0 && next.score.1.saturating_add(12) > top.score.1 => {
            Certainty::Possible
        }
        // A guess about the surroundings is no proof of absence.
        Some(next)
            if top.score.0 == Support::Default
                && next.score.0 == Support::Usual
                && next.score.1.saturating_add(6) > top.score.1 =>
        {
            Certainty::Possible
        }
        _ => Certainty::Likely,
    }
}

/// A record of this layer that came by a channel of the kernel, or bare.
fn kernel_record(attempt: &Attempt, layer: Layer) -> bool {
    attempt.records.iter().any(|r| {
        let of = match &r.kind {
            // The sysctl works through AppArmor: its record is AppArmor's.
            RecordKind::Apparmor(r) if layer == Layer::Sysctl && moved(r) => Some(Layer::Sysctl),
            RecordKind::Apparmor(_) => Some(Layer::Apparmor),
            RecordKind::Selinux(_) => Some(Layer::Selinux),
            RecordKind::Seccomp(_) => Some(Layer::Seccomp),
            RecordKind::Landlock(_) => Some(Layer::Landlock),
            RecordKind::Lockdown { .. } => Some(Layer::Lockdown),
            RecordKind::Yama { .. } => Some(Layer::Yama),
            RecordKind::Other { .. } => Some(layer),
            RecordKind::Syscall(_) => None,
        };
        of == Some(layer) && r.channel != Channel::ProgramLog
    })
}

/// A record of Ubuntu's restriction of user namespaces.
fn moved(record: &whodenied_case::record::ApparmorRecord) -> bool {
    record.profile() == Some("unprivileged_userns")
        || (record.get("operation") == Some("userns_create")
            && record.get("info").is_some_and(|i| i.starts_with("Userns create")))
}

/// Nothing that the verdict cites is assumed.
fn observed(facts: &Facts, verdict: &Verdict) -> bool {
    !verdict.facts.is_empty()
        && verdict.facts.iter().all(|id| {
            facts.get(*id).is_some_and(|f| {
                f.standing > Standing::Assumed && !matches!(f.what, Predicate::Distro { .. })
            })
        })
}

/// The only records are ones that let the access pass (complain mode, permissive).
pub(super) fn only_logged(attempt: &Attempt) -> bool {
    use whodenied_case::record::ApparmorVerdict;
    let mut passed = false;
    for record in &attempt.records {
        match &record.kind {
            RecordKind::Apparmor(r) => match r.verdict {
                ApparmorVerdict::Denied => return false,
                ApparmorVerdict::Allowed => passed = true,
                _ => {}
            },
            RecordKind::Selinux(r) => {
                if r.denied && r.permissive != Some(true) {
                    return false;
                }
                passed |= r.permissive == Some(true);
            }
            RecordKind::Seccomp(r) => {
                if r.code != Some(0x7ffc_0000) {
                    return false;
                }
                passed = true;
            }
            RecordKind::Landlock(_) | RecordKind::Lockdown { .. } | RecordKind::Yama { .. } => return false,
            _ => {}
        }
    }
    passed
}

/// A record that tells of a refusal.
pub(super) fn refusing(attempt: &Attempt) -> bool {
    use whodenied_case::record::ApparmorVerdict;
    attempt.records.iter().any(|record| match &record.kind {
        RecordKind::Apparmor(r) => r.verdict == ApparmorVerdict::Denied,
        RecordKind::Selinux(r) => r.denied && r.permissive != Some(true),
        RecordKind::Seccomp(r) => r.code != Some(0x7ffc_0000),
        RecordKind::Landlock(_)
        | RecordKind::Lockdown { .. }
        | RecordKind::Yama { .. }
        | RecordKind::Other { .. } => true,
        RecordKind::Syscall(_) => false,
    })
}
