//! Claims fused into facts, attempts and trials.

mod apparmor;
mod context;
mod draft;
mod event;
mod merge;
mod printed;
mod records;
mod selinux;

use crate::record::Mark;
use whodenied_case::{
    Attempt, AttemptId, Case, Change, Claim, Knob, Outcome, Predicate, Says, Standing, Trial,
};

/// The most distinct attempts kept.
const MOST_ATTEMPTS: usize = 512;

/// The most trials kept, and the most places of one.
const MOST_TRIALS: usize = 200;
const MOST_SPANS: usize = 8;
/// The most facts kept, and the most claims of facts looked at.
const MOST_FACTS: usize = 3000;
const MOST_FACT_CLAIMS: usize = 20_000;

/// Fills the case's facts, attempts and trials from its claims.
pub(crate) fn fuse(case: &mut Case, marks: &[Mark]) {
    let claims = std::mem::take(&mut case.claims);
    let mut facts = 0;
    for claim in &claims {
        match &claim.says {
            // Each is compared with all others: a paste has a few hundred, a hostile one no limit.
            Says::Fact(_) if facts > MOST_FACT_CLAIMS || case.facts.all.len() >= MOST_FACTS => {}
            Says::Fact(what) => {
                facts += 1;
                case.facts.add(what.clone(), Standing::Reported, Some(claim.span));
            }
            Says::Trial { change, outcome } => {
                let full = case.trials.len() >= MOST_TRIALS;
                let known = case.trials.iter_mut().find(|t| t.change == *change && t.outcome == *outcome);
                match known {
                    Some(trial) if trial.spans.len() >= MOST_SPANS => {}
                    Some(trial) => trial.spans.push(claim.span),
                    None if full => {}
                    None => case.trials.push(Trial {
                        change: change.clone(),
                        outcome: *outcome,
                        controlled: false,
                        spans: vec![claim.span],
                    }),
                }
            }
            Says::Failure(_) | Says::Record(_) => {}
        }
    }
    without_cures(case);
    context::facts(&claims, &mut case.facts);
    let (mut attempts, mut left) = attempts(&claims, marks);
    if attempts.len() > MOST_ATTEMPTS {
        left += attempts.len() - MOST_ATTEMPTS;
        attempts.truncate(MOST_ATTEMPTS);
    }
    if left > 0 {
        case.missing.push(format!("{left} more failures stand in the evidence than can be shown."));
    }
    for (i, attempt) in attempts.iter_mut().enumerate() {
        attempt.id = AttemptId(u32::try_from(i).unwrap_or(u32::MAX));
    }
    case.attempts = attempts;
    case.claims = claims;
}

/// A setting with which it is said to work is not in force where it fails.
fn without_cures(case: &mut Case) {
    let lifting = |k: &Knob| match k {
        Knob::Privileged(on) => *on,
        Knob::Seccomp(p) | Knob::Apparmor(p) => p == "unconfined",
        Knob::SelinuxLabel(l) => l == "disable",
        _ => false,
    };
    let cures = |knob: &Knob| {
        case.trials.iter().any(|t| t.outcome == Outcome::Works && t.change == Change::Knob(knob.clone()))
            && !case
                .trials
                .iter()
                .any(|t| t.outcome == Outcome::Same && t.change == Change::Knob(knob.clone()))
    };
    let cured: Vec<Knob> =
        case.facts.knobs().map(|(_, k)| k).filter(|k| lifting(k) && cures(k)).cloned().collect();
    if cured.is_empty() {
        return;
    }
    let kept: Vec<_> = std::mem::take(&mut case.facts)
        .all
        .into_iter()
        .filter(|f| !matches!(&f.what, Predicate::Setting(s) if cured.contains(&s.knob)))
        .collect();
    for fact in kept {
        let mut spans = fact.spans.into_iter();
        let id = case.facts.add(fact.what, fact.standing, spans.next());
        if let Some(known) = case.facts.all.get_mut(id.0 as usize) {
            known.spans.extend(spans);
        }
    }
}

/// Records and printed failures as attempts, in the order of reading; and how many were left out.
fn attempts(claims: &[Claim], marks: &[Mark]) -> (Vec<Attempt>, usize) {
    let found = event::attempts(claims, marks);
    let mut attempts = merge::identical(found.denied);
    let mut printed = printed::attempts(claims);
    // Each is compared with each below.
    let left = attempts.len().saturating_sub(MOST_ATTEMPTS) + printed.len().saturating_sub(MOST_ATTEMPTS);
    attempts.truncate(MOST_ATTEMPTS);
    printed.truncate(MOST_ATTEMPTS);
    let recorded = attempts.len();
    if recorded > 0 {
        let mut alone = Vec::new();
        for failure in printed {
            match partner(&attempts, &failure) {
                Some(i) => merge::absorb(&mut attempts[i], failure),
                None => alone.push(failure),
            }
        }
        printed = alone;
    }
    for attempt in attempts.iter_mut().filter(|a| a.printed) {
        // The printed message comes first.
        let records = attempt.records.len().min(attempt.spans.len());
        attempt.spans.rotate_left(records);
    }
    attempts.append(&mut printed);
    if attempts.is_empty() {
        attempts = merge::identical(found.logged);
    }
    attempts.sort_by_key(|a| a.spans.iter().map(|s| (s.source, s.start)).min());
    (attempts, left)
}

/// The recorded attempt that a printed failure tells of.
fn partner(recorded: &[Attempt], failure: &Attempt) -> Option<usize> {
    let exact = recorded.iter().position(|r| !r.records.is_empty() && merge::same(r, failure));
    exact.or_else(|| {
        // "Permission denied" and one record: it is that.
        let errno = |r: &Attempt| r.errno == failure.errno || r.errno.is_none() || failure.errno_inferred;
        let only = recorded.len() == 1 && merge::says_nothing_else(failure);
        (only && recorded.first().is_some_and(errno)).then_some(0)
    })
}

#[cfg(test)]
mod tests;
