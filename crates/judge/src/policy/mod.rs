//! AppArmor by the policy that the kernel held: every question that a call asks of it, answered by every
//! profile of the label, as the kernel answers them.
//!
//! What this decides takes the place of what was reasoned: a refusal that left no record is decided by the rule
//! itself, and where the rules let the call through, AppArmor is ruled out. It decides only where nothing is
//! open: the label was read at the call, each of its profiles was read from the kernel as it was then (no load
//! or removal since, mode and name alike), the features are known, and the question is complete.

mod asks;
mod flags;
mod told;

use crate::context::Context;
use crate::say::{Say, allows, denies};
use asks::{Asked, Standing};
use whodenied_access::{CapabilitySet, Decision, Operation, decide};
use whodenied_apparmor::binary::{Limits, armour, decode};
use whodenied_apparmor::compare::permission_words;
use whodenied_apparmor::evaluate::{Answer as Said, Component, Kernel, Label, Outcome, capability};
use whodenied_apparmor::features::Features;
use whodenied_apparmor::policy::{Class, Mode, Profile};
use whodenied_case::capture::Capture;
use whodenied_case::policy::{Held, MOST_BYTES, Policy};
use whodenied_case::record::ApparmorVerdict;
use whodenied_case::{Answer, Attempt, Case, RecordKind, Support, Verdict};
use whodenied_kernel::syscall::SeccompAction;
use whodenied_kernel::{Capability, Errno, Layer};
use whodenied_text::escape;

/// A profile that was read.
struct Part {
    namespace: String,
    name: String,
    profile: Profile,
}

/// Decoded policy.
pub(crate) struct InForce {
    kernel: Kernel,
    parts: Vec<Part>,
    /// Nothing was loaded or removed since.
    steady: bool,
    /// Records are written as the rules say.
    usual_records: bool,
    /// The label that everything explained ran under, "" where that is not one.
    label: String,
}

impl InForce {
    /// Decodes what can be decoded; `None` where nothing can be told by it.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        // Another mode of the module overrides that of every profile.
        let features = Features::parse(&policy.features).ok().filter(|f| f.has("file"))?;
        if policy.mode != "enforce" {
            return None;
        }
        let kernel = Kernel::from_features(&features, &policy.release)?;
        let limits = Limits { bytes: MOST_BYTES, profiles: 4096, edges: 2 << 20 };
        let loads: Vec<_> = policy
            .loads
            .iter()
            .map(|text| decode(&armour::from_text(text, MOST_BYTES)?, &limits).ok())
            .collect();
        let part = |held: &Held| {
            let load = loads.get(held.load?)?.as_ref()?;
            let mut of = load.units.iter().filter(|u| u.profile.name == held.name.as_bytes());
            let profile = of.next()?.profile.clone();
            // Of two of a name, which one is held can't be told.
            (of.next().is_none() && mode(profile.mode) == held.mode).then(|| Part {
                namespace: held.namespace.clone(),
                name: held.name.clone(),
                profile,
            })
        };
        let parts = policy.profiles.iter().filter_map(part).collect();
        Some(Self {
            kernel,
            parts,
            steady: policy.steady,
            usual_records: policy.audit == "normal",
            label: policy.label.clone(),
        })
    }

    fn part(&self, component: &Component) -> Option<&Part> {
        let namespace = component.namespace.as_deref().unwrap_or(b"");
        self.parts
            .iter()
            .find(|p| p.namespace.as_bytes() == namespace && p.name.as_bytes() == component.name.as_slice())
    }
}

/// The kernel's word for a mode (`apparmorfs.c`, `aa_profile_mode_names`).
const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Complain => "complain",
        Mode::Kill => "kill",
        Mode::Unconfined => "unconfined",
        Mode::Prompt => "user",
    }
}

/// The profiles of a label that can refuse.
fn confined(label: &Label) -> impl Iterator<Item = &Component> {
    label.components.iter().filter(|c| c.name != b"unconfined")
}

/// What the policy says of a call.
enum Found {
    /// A profile refuses it with the error that the kernel gave.
    Refuses { profile: String, words: String, said: Said },
    /// Every question is answered with yes.
    Passes { profiles: String, unmediated: Option<Class> },
    /// It can't be told.
    Open,
}

/// Puts what the policy decides in the place of what was reasoned.
pub(crate) fn apply(attempt: &Attempt, cx: &Context<'_>, verdicts: &mut Vec<Verdict>) {
    let Some(say) = judged(attempt, cx) else { return };
    let Some(verdict) = Option::<Verdict>::from(say) else { return };
    let of = |v: &Verdict| v.attempt == attempt.id && v.layer == Layer::Apparmor;
    let seen = attempt.live.as_ref().is_some_and(|live| live.after.is_none());
    let stronger = |v: &Verdict| match (&v.answer, &verdict.answer) {
        (Answer::Denies { support: known, .. }, Answer::Denies { support, .. }) => known > support,
        // A record of the refusal is the kernel's own word. Where only a text tells of the call, so is an error
        // that only a security module gives, and a trial or a message says more than today's policy.
        (Answer::Denies { support, .. }, Answer::Allows { .. }) => {
            *support >= if seen { Support::Record } else { Support::Exclusive }
        }
        _ => false,
    };
    if verdicts.iter().any(|v| of(v) && stronger(v)) {
        return;
    }
    verdicts.retain(|v| !of(v));
    verdicts.push(verdict);
}

fn judged(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let errno = attempt.errno?;
    let Some(live) = attempt.live.as_deref().filter(|live| live.after.is_none()) else {
        return told::judged(attempt, cx, cx.policy?);
    };
    let label = Label::parse(live.process.label.as_bytes());
    if live.process.label == "unconfined" && asks::only_own_label(live) {
        let because = "The process runs unconfined: no profile of AppArmor is asked.";
        return Some(allows(attempt, Layer::Apparmor, because));
    }
    let policy = cx.policy?;
    let asked = asks::of(attempt, live)?;
    match found(policy, &asked, &label, live, errno) {
        Found::Open => None,
        Found::Passes { profiles, unmediated } => {
            let because = match unmediated {
                Some(class) => format!(
                    "The loaded profile {profiles} does not mediate {}: no rule of it can refuse this.",
                    class.words()
                ),
                None => format!("The loaded profile {profiles} allows this, as the kernel decides it."),
            };
            policy.steady.then(|| allows(attempt, Layer::Apparmor, because))
        }
        Found::Refuses { profile, words, said } => {
            let whole = confined(&label).all(|c| policy.part(c).is_some());
            let (support, more) = if whole {
                certain(attempt, live, policy, &said)
            } else {
                (Support::Configured, " What the other profiles of the stack say is not known.")
            };
            let mut because = format!("The loaded profile {profile} does not allow to {words}");
            because.push_str(match (said.recorded, &said.info) {
                (false, _) => "; a rule says deny, so the kernel writes no record.",
                (true, Some(_)) => {
                    ", as far as its rules go: the kernel's record says at which part no rule matched."
                }
                (true, None) => ".",
            });
            because.push_str(more);
            // At ties the earlier question counts.
            let weight = if asked.early && walks(live) { 98 } else { 97 };
            Some(denies(attempt, Layer::Apparmor, support, weight, because).policy(profile))
        }
    }
}

/// Whether the process gets as far as the directories that hold what the call is on.
fn walks(live: &Capture) -> bool {
    let Some(question) = &live.question else { return false };
    question.operation.paths().iter().all(|path| {
        let end = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
        let above = match path.get(..end) {
            None | Some([]) => b".".to_vec(),
            Some(above) => above.to_vec(),
        };
        let stat = Operation::Stat { path: [above.as_slice(), b"."].concat(), follow: true };
        decide(&question.subject, &question.world, &stat) == Decision::Allowed
    })
}

/// How sure a refusal is that the policy computes, and what is open.
fn certain(attempt: &Attempt, live: &Capture, policy: &InForce, said: &Said) -> (Support, &'static str) {
    if !policy.steady {
        return (
            Support::Configured,
            " Policy was loaded or removed meanwhile, so it may have been another.",
        );
    }
    let sockets = matches!(said.class, Class::NetV7 | Class::NetV8 | Class::NetV9);
    if policy.kernel.patched && sockets {
        return (
            Support::Configured,
            " How this patched kernel asks about sockets is known from its sources only.",
        );
    }
    let recorded = attempt.records.iter().any(|r| matches!(r.kind, RecordKind::Apparmor(_)));
    if said.recorded && policy.usual_records && !recorded {
        return (
            Support::Configured,
            " The kernel should have written a record of it, and none was found: auditd may hold it.",
        );
    }
    // On file systems with checks of their own these may have refused before, but not to a root that passes.
    let passes =
        live.process.uids[3] == 0 && CapabilitySet(live.process.effective).has(Capability::DAC_OVERRIDE);
    if live.partial && !passes {
        return (Support::Configured, "");
    }
    // A filter that nobody read may have answered before; it rarely answers EACCES.
    let unseen = live.process.seccomp == 2
        && live.filter.as_ref().is_none_or(|f| !f.complete)
        && attempt.errno != Some(Errno::EACCES);
    if unseen { (Support::Stated, "") } else { (Support::State, "") }
}

fn found(policy: &InForce, asked: &Asked, label: &Label, live: &Capture, errno: Errno) -> Found {
    // A filter answers before anything else is asked.
    if live.filter.as_ref().is_some_and(|f| !SeccompAction::decode(f.code).allows()) {
        return Found::Open;
    }
    let mut open = !asked.complete;
    let mut unmediated = None;
    let mut names: Vec<String> = Vec::new();
    for ask in &asked.asks {
        let sides = match ask.other_side(live, label) {
            Some(other) => vec![(label.clone(), ask.clone()), other],
            None => vec![(label.clone(), ask.clone())],
        };
        for (label, ask) in &sides {
            for component in confined(label) {
                let Some(part) = policy.part(component) else {
                    open = true;
                    continue;
                };
                let shown = escape::line(&part.profile.display_name()).into_owned();
                match ask.answer(&part.profile, &policy.kernel, Some(errno)) {
                    Standing::Said(said) if said.outcome == Outcome::Denied => {
                        if said.errno == Some(errno) {
                            let words = ask.words(&said);
                            return Found::Refuses { profile: shown, words, said };
                        }
                        open = true;
                    }
                    Standing::Said(said) if said.outcome == Outcome::Asked => open = true,
                    Standing::Said(said) => {
                        if said.outcome == Outcome::Unmediated {
                            unmediated = Some(said.class);
                        }
                        if !names.contains(&shown) {
                            names.push(shown);
                        }
                    }
                    Standing::Open => open = true,
                }
            }
        }
    }
    if let Some(found) = capabilities(policy, asked, label, live, errno, &mut open) {
        return found;
    }
    if open || names.is_empty() && !asked.asks.is_empty() {
        return Found::Open;
    }
    if names.is_empty() {
        let of = |c: &Component| policy.part(c).map(|p| escape::line(&p.profile.display_name()).into_owned());
        names = label.components.iter().filter_map(of).collect();
    }
    if names.is_empty() {
        return Found::Open;
    }
    let unmediated = unmediated.filter(|_| asked.asks.len() == 1 && names.len() == 1);
    Found::Passes { profiles: names.join(" and "), unmediated }
}

/// Capabilities that the process holds and a profile refuses: the check of the file, or the call itself, asks
/// for them (`security_capable`, commoncap before AppArmor).
fn capabilities(
    policy: &InForce,
    asked: &Asked,
    label: &Label,
    live: &Capture,
    errno: Errno,
    open: &mut bool,
) -> Option<Found> {
    let held = CapabilitySet(live.process.effective);
    let mut taken: Vec<(Capability, &Part, Said)> = Vec::new();
    for component in confined(label) {
        let Some(part) = policy.part(component) else {
            *open = true;
            continue;
        };
        for cap in Capability::all().filter(|c| held.has(*c)) {
            let said = capability(&part.profile, cap);
            match said.outcome {
                Outcome::Denied => taken.push((cap, part, said)),
                Outcome::Asked => *open = true,
                _ => {}
            }
        }
    }
    if taken.is_empty() {
        return None;
    }
    let refused = |(cap, part, said): &(Capability, &Part, Said)| Found::Refuses {
        profile: escape::line(&part.profile.display_name()).into_owned(),
        words: format!("use {cap}, which this needs and the process holds"),
        said: said.clone(),
    };
    if let Some(needed) = asked.capability {
        if errno == Errno::EPERM
            && let Some(found) = taken.iter().find(|(cap, ..)| *cap == needed)
        {
            return Some(refused(found));
        }
        return None;
    }
    let Some(question) = &live.question else {
        // Which capability the call asks for is not known.
        *open = true;
        return None;
    };
    let decided = |subject| decide(&subject, &question.world, &question.operation);
    if decided(question.subject.clone()) != Decision::Allowed {
        return None;
    }
    let without = |caps: &mut dyn Iterator<Item = Capability>| {
        let mut subject = question.subject.clone();
        subject.effective = caps.fold(subject.effective, CapabilitySet::without);
        matches!(decided(subject), Decision::Refused(r) if r.errno == errno)
    };
    if !without(&mut taken.iter().map(|(cap, ..)| *cap)) {
        return None;
    }
    // The one that decides alone, else the first: they are all refused.
    let alone = taken.iter().find(|(cap, ..)| without(&mut std::iter::once(*cap)));
    alone.or(taken.first()).map(refused)
}

/// Where the kernel's record and our evaluation of the policy in force contradict each other: a fault of ours.
pub(crate) fn disagreement(attempt: &Attempt, policy: &InForce) -> Option<String> {
    let live = attempt.live.as_deref().filter(|live| live.after.is_none() && policy.steady)?;
    let errno = attempt.errno?;
    let record = attempt.records.iter().find_map(|r| match &r.kind {
        RecordKind::Apparmor(r) if r.verdict == ApparmorVerdict::Denied => Some(r),
        _ => None,
    })?;
    let label = Label::parse(live.process.label.as_bytes());
    let ours = |c: &Component| record.profile().is_some_and(|p| p.as_bytes() == c.name.as_slice());
    if !label.components.iter().any(ours) {
        return None;
    }
    let asked = asks::of(attempt, live)?;
    let said = match found(policy, &asked, &label, live, errno) {
        Found::Passes { .. } => "whodenied reads the loaded policy as allowing it",
        Found::Refuses { said, .. } if !said.recorded && policy.usual_records => {
            "whodenied reads the loaded policy as refusing it without a record"
        }
        _ => return None,
    };
    Some(format!(
        "{} on {}: the kernel recorded that {} refused it, and {said}. That is a bug of whodenied: please report it with the case that --save writes.",
        escape::line(&live.syscall),
        escape::line(attempt.object_name()),
        escape::line(record.profile().unwrap_or("a profile")),
    ))
}

/// The contradictions of a case.
pub(crate) fn disagreements(case: &Case) -> Vec<String> {
    let Some(policy) = case.policy.as_ref().and_then(InForce::of) else { return Vec::new() };
    case.attempts.iter().filter_map(|a| disagreement(a, &policy)).collect()
}

/// What was not allowed, in words: `write /proc/x`.
fn verb(said: &Said) -> String {
    let words = permission_words(said.class, said.denied);
    match words.split_last() {
        None => "do".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
