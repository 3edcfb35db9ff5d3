//! From a container's clone to a fix that was seen to work: the control first, then each remedy alone, then
//! the next denial, and what else the fixes would allow.

use super::follow::{Followed, Seen, Watched, follow};
use super::original::Known;
use super::probes;
use anyhow::bail;
use std::time::Duration;
use whodenied_case::{Attempt, Case, Certainty, Diagnosis, Remedy, YesNo};
use whodenied_kernel::Layer;
use whodenied_sources::probe::Answer;
use whodenied_sources::trace::Interrupt;
use whodenied_trial::clone::{Change, Ended, Instead, changes};

/// So many denials in a row are mended.
const CHAIN: usize = 4;
/// So many remedies of one denial are tried.
const REMEDIES: usize = 3;
/// So many clones are started at the most.
const MOST: u32 = 16;

/// What came of a remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The denied call was made again and succeeded.
    Works,
    /// It was refused again.
    Refused,
    /// The call was not made, and the program got as far as its end or its time.
    GotOn,
    /// It was not made, and the program failed elsewhere or before: nothing is shown.
    NotSeen,
    /// It could not be tried on a clone.
    NotTried(String),
}

/// A remedy and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) remedy: Remedy,
    pub(super) verdict: Verdict,
}

/// A denial and its remedies.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) layer: Layer,
    pub(super) certainty: Certainty,
    pub(super) cause: String,
    /// Call and object, as the report words them.
    pub(super) what: String,
    pub(super) tried: Vec<Tried>,
}

impl Step {
    /// The remedy that works.
    pub(super) fn mended(&self) -> Option<&Tried> {
        self.tried.iter().find(|t| matches!(t.verdict, Verdict::Works | Verdict::GotOn))
    }
}

/// How it went.
pub(super) struct Story {
    pub(super) control: Ended,
    pub(super) steps: Vec<Step>,
    /// The last clone, with every remedy that works.
    pub(super) last: Ended,
    /// Before and after, in the order of the probes; `None` where they could not be tried or there is no
    /// remedy.
    pub(super) answers: Option<(Vec<Answer>, Vec<Answer>)>,
    pub(super) remarks: Vec<String>,
}

/// The denial that broke the program, where one did.
fn culprit(case: &Case) -> Option<(&Diagnosis, &Attempt)> {
    let broke = |d: &&Diagnosis| d.broke_the_program == YesNo::Yes;
    let diagnosis = case
        .diagnoses
        .iter()
        .find(broke)
        .or_else(|| case.diagnoses.first().filter(|d| d.broke_the_program == YesNo::Unknown))?;
    Some((diagnosis, case.attempts.get(usize::try_from(diagnosis.attempt.0).ok()?)?))
}

/// Whether a clone fared badly at all.
fn failed(ended: &Ended) -> bool {
    !ended.ran_on && ended.status != Some(0)
}

/// Tells the whole story of `known`; each clone runs for `most` at the longest.
///
/// # Errors
/// The engine's, and when a person interrupts it.
pub(super) fn mend(
    known: &Known,
    program: &Instead,
    most: Duration,
    interrupt: &Interrupt,
) -> anyhow::Result<Story> {
    let run = |changes: &[Change], watched: Option<&Watched>, most| {
        if interrupt.asked() {
            bail!("interrupted; every clone is removed");
        }
        follow(&known.shop, &known.spec, changes, program, &known.around, watched, most)
    };
    let first = run(&[], None, most)?;
    let control = first.ended.clone();
    // What fails soon is seen to get on soon.
    let enough = most.min(first.took * 3 + Duration::from_secs(3));
    let mut story = Story {
        last: control.clone(),
        control,
        steps: Vec::new(),
        answers: None,
        remarks: first.remarks.clone(),
    };
    let mut at = first;
    let mut accepted: Vec<Change> = Vec::new();
    while story.steps.len() < CHAIN && failed(&at.ended) {
        let Some((diagnosis, attempt)) = culprit(&at.case) else { break };
        let watched = Watched::of(attempt);
        let mut step = Step {
            layer: diagnosis.layer,
            certainty: diagnosis.certainty,
            cause: diagnosis.cause.clone(),
            what: format!("{} on {}", diagnosis.operation, diagnosis.object),
            tried: Vec::new(),
        };
        let mut next = None;
        for remedy in diagnosis.remedies.iter().take(REMEDIES) {
            if known.shop.started() >= MOST {
                break;
            }
            let verdict = match changes(remedy) {
                Err(why) => Verdict::NotTried(why.to_string()),
                Ok(fresh) => {
                    let with = [accepted.as_slice(), fresh.as_slice()].concat();
                    match run(&with, watched.as_ref(), enough) {
                        Ok(followed) => {
                            let verdict = judge(&followed, watched.is_some());
                            if matches!(verdict, Verdict::Works | Verdict::GotOn) {
                                next = Some((followed, with));
                            }
                            verdict
                        }
                        Err(why) if interrupt.asked() => return Err(why),
                        Err(why) => Verdict::NotTried(format!("{why:#}")),
                    }
                }
            };
            step.tried.push(Tried { remedy: remedy.clone(), verdict });
            if next.is_some() {
                break;
            }
        }
        story.steps.push(step);
        let Some((followed, with)) = next else { break };
        story.last = followed.ended.clone();
        accepted = with;
        at = followed;
    }
    if interrupt.asked() {
        bail!("interrupted; every clone is removed");
    }
    if !accepted.is_empty() {
        let before = probes::of_clone(&known.shop, &known.spec, &[], program);
        let after = probes::of_clone(&known.shop, &known.spec, &accepted, program);
        match before.and_then(|b| Ok((b, after?))) {
            Ok(answers) => story.answers = Some(answers),
            Err(why) => story.remarks.push(format!("{why:#}")),
        }
    }
    Ok(story)
}

fn judge(followed: &Followed, watched: bool) -> Verdict {
    match followed.seen {
        Seen::Passed => Verdict::Works,
        Seen::Refused => Verdict::Refused,
        Seen::Not if !failed(&followed.ended) => Verdict::GotOn,
        Seen::Not if !watched && culprit(&followed.case).is_none() => Verdict::GotOn,
        Seen::Not => Verdict::NotSeen,
    }
}
