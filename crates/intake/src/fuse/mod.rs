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
use whodenied_case::{Attempt, AttemptId, Case, Claim, Says, Standing, Trial};

/// The most distinct attempts kept.
const MOST_ATTEMPTS: usize = 500;

/// Fills the case's facts, attempts and trials from its claims.
pub(crate) fn fuse(case: &mut Case, marks: &[Mark]) {
    let claims = std::mem::take(&mut case.claims);
    for claim in &claims {
        match &claim.says {
            Says::Fact(what) => {
                case.facts.add(what.clone(), Standing::Reported, Some(claim.span));
            }
            Says::Trial { change, outcome } => {
                let known = case.trials.iter_mut().find(|t| t.change == *change && t.outcome == *outcome);
                match known {
                    Some(trial) => trial.spans.push(claim.span),
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
    context::facts(&claims, &mut case.facts);
    let mut attempts = attempts(&claims, marks);
    if attempts.len() > MOST_ATTEMPTS {
        let left = attempts.len() - MOST_ATTEMPTS;
        case.missing.push(format!("{left} more failures stand in the evidence than can be shown."));
        attempts.truncate(MOST_ATTEMPTS);
    }
    for (i, attempt) in attempts.iter_mut().enumerate() {
        attempt.id = AttemptId(u32::try_from(i).unwrap_or(u32::MAX));
    }
    case.attempts = attempts;
    case.claims = claims;
}

/// Records and printed failures as attempts, in the order of reading.
fn attempts(claims: &[Claim], marks: &[Mark]) -> Vec<Attempt> {
    let found = event::attempts(claims, marks);
    let mut attempts = merge::identical(found.denied);
    let mut printed = printed::attempts(claims);
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
    attempts
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
