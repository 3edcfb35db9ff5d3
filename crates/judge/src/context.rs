//! What a layer may look at beside the attempt: facts, trials, the other attempts.

use whodenied_case::{Attempt, Change, Facts, Outcome, Trial};

/// The surroundings of one attempt.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// What is known.
    pub(crate) facts: &'a Facts,
    /// Experiments and their outcome.
    pub(crate) trials: &'a [Trial],
    /// Every attempt of the case.
    pub(crate) attempts: &'a [Attempt],
}

impl<'a> Context<'a> {
    /// The first trial that `pick` accepts and that came out so.
    pub(crate) fn trial(&self, outcome: Outcome, mut pick: impl FnMut(&Change) -> bool) -> Option<&'a Trial> {
        self.trials.iter().find(|t| t.outcome == outcome && pick(&t.change))
    }
}
