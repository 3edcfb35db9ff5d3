//! Orders the verdicts as the kernel asks the layers, names the layer that refused, and says how
//! sure that is.

mod build;
mod chain;
mod cure;
mod describe;
mod help;
mod imagine;
mod rank;
mod story;
mod symptom;
#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::layers::judge_in;
use crate::policy::InForce;
use whodenied_case::{Attempt, AttemptId, Case, Verdict};

/// At most so many recorded attempts, and so many printed ones, are judged one by one; a log may
/// hold more, which are counted.
const MAX_RECORDED: usize = 512;
const MAX_PRINTED: usize = 128;
/// At most so many denials are told.
const MAX_DENIALS: usize = 512;

/// Fills `Case::verdicts` and `Case::diagnoses`.
pub(crate) fn run(case: &mut Case) {
    let policy = case.policy.as_ref().and_then(InForce::of);
    let policy = policy.as_ref();
    let mut verdicts = judged(case, &case.attempts, policy);
    let mut told = story::tell(case, &verdicts);
    if told.is_empty() && !case.attempts.iter().any(story::passed) {
        imagine_some(case, &mut verdicts, policy);
        told = story::tell(case, &verdicts);
    }
    told.truncate(MAX_DENIALS);
    case.diagnoses = told.iter().filter_map(|part| build::diagnosis(case, &verdicts, part)).collect();
    case.verdicts = verdicts;
    for index in 0..case.diagnoses.len() {
        let known = crate::known::find(case, index);
        if let Some(diagnosis) = case.diagnoses.get_mut(index) {
            diagnosis.known_issue = known;
        }
        let changed = crate::known::changed(case, index);
        if let Some(diagnosis) = case.diagnoses.get_mut(index) {
            diagnosis.changed = changed;
        }
    }
}

/// The attempts that are judged: an error at the end of a long log is not lost to its records.
fn considered(attempts: &[Attempt]) -> impl Iterator<Item = &Attempt> {
    let (mut recorded, mut printed) = (0, 0);
    attempts.iter().filter(move |a| {
        let (seen, most) =
            if a.records.is_empty() { (&mut printed, MAX_PRINTED) } else { (&mut recorded, MAX_RECORDED) };
        *seen += 1;
        *seen <= most
    })
}

fn judged(case: &Case, attempts: &[Attempt], policy: Option<&InForce>) -> Vec<Verdict> {
    let cx = Context { facts: &case.facts, trials: &case.trials, attempts, policy };
    considered(attempts).flat_map(|a| judge_in(a, &cx)).collect()
}

/// Nobody pasted an error: adds the attempt that the configuration would refuse.
fn imagine_some(case: &mut Case, verdicts: &mut Vec<Verdict>, policy: Option<&InForce>) {
    let mut best: Option<(rank::Score, Attempt, Vec<Verdict>)> = None;
    for mut attempt in imagine::attempts(case) {
        attempt.id = AttemptId(u32::try_from(case.attempts.len()).unwrap_or(u32::MAX));
        let answers = judged(case, std::slice::from_ref(&attempt), policy);
        let Some(top) = rank::ranked(case, &attempt, &answers).into_iter().next() else { continue };
        if best.as_ref().is_none_or(|(score, ..)| top.score > *score) {
            best = Some((top.score, attempt, answers));
        }
    }
    let best = best.map(|(_, attempt, answers)| (attempt, answers)).or_else(|| cure::guess(case));
    if let Some((attempt, answers)) = best {
        case.attempts.push(attempt);
        verdicts.extend(answers);
    }
}
