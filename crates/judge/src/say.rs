//! Constructors for verdicts: one line per answer in a layer's file.

use whodenied_case::{Answer, Attempt, FactId, Support, Trial, Verdict};
use whodenied_kernel::Layer;

/// A verdict being put together. Starts out citing the attempt's own text.
#[derive(Debug, Clone)]
pub(crate) struct Say(Verdict);

/// This layer refused it.
pub(crate) fn denies(
    attempt: &Attempt,
    layer: Layer,
    support: Support,
    weight: u8,
    because: impl Into<String>,
) -> Say {
    let answer = Answer::Denies { because: because.into(), support, weight: weight.min(100), policy: None };
    Say::new(attempt, layer, answer)
}

/// This layer did not refuse it.
pub(crate) fn allows(attempt: &Attempt, layer: Layer, because: impl Into<String>) -> Say {
    Say::new(attempt, layer, Answer::Allows { because: because.into() })
}

/// It can't be told; `missing` is the thing to look at.
pub(crate) fn undecidable(attempt: &Attempt, layer: Layer, missing: impl Into<String>) -> Say {
    Say::new(attempt, layer, Answer::Undecidable { missing: missing.into() })
}

impl Say {
    fn new(attempt: &Attempt, layer: Layer, answer: Answer) -> Self {
        Self(Verdict {
            attempt: attempt.id,
            layer,
            answer,
            facts: Vec::new(),
            spans: attempt.spans.clone(),
            next_steps: Vec::new(),
        })
    }

    /// The sentence of the answer, "" for one that can't be told.
    #[must_use]
    pub(crate) fn because(&self) -> &str {
        match &self.0.answer {
            Answer::Denies { because, .. } | Answer::Allows { because } => because,
            Answer::Undecidable { .. } => "",
        }
    }

    /// The layer that answers.
    pub(crate) fn layer(&self) -> Layer {
        self.0.layer
    }

    /// Goes on with another sentence.
    pub(crate) fn goes_on(&mut self, sentence: &str) {
        if let Answer::Denies { because, .. } | Answer::Allows { because } = &mut self.0.answer {
            because.push_str(sentence);
        }
    }

    /// True when the policy that decided is named already.
    pub(crate) fn names_policy(&self) -> bool {
        matches!(&self.0.answer, Answer::Denies { policy: Some(_), .. })
    }

    /// Names the policy that decided.
    #[must_use]
    pub(crate) fn policy(mut self, name: impl Into<String>) -> Self {
        if let Answer::Denies { policy, .. } = &mut self.0.answer {
            *policy = Some(name.into());
        }
        self
    }

    /// Names the policy where it is known.
    #[must_use]
    pub(crate) fn policy_opt(self, name: Option<String>) -> Self {
        match name {
            Some(name) => self.policy(name),
            None => self,
        }
    }

    /// Cites a fact.
    #[must_use]
    pub(crate) fn fact(mut self, id: FactId) -> Self {
        self.0.facts.push(id);
        self
    }

    /// Cites facts; also takes an `Option`.
    #[must_use]
    pub(crate) fn facts(mut self, ids: impl IntoIterator<Item = FactId>) -> Self {
        self.0.facts.extend(ids);
        self
    }

    /// Cites a trial.
    #[must_use]
    pub(crate) fn trial(mut self, trial: &Trial) -> Self {
        self.0.spans.extend(trial.spans.iter().copied());
        self
    }

    /// Names a command or experiment that would decide.
    #[must_use]
    pub(crate) fn step(mut self, command: impl Into<String>) -> Self {
        self.0.next_steps.push(command.into());
        self
    }

    /// Weakens a denial: no more than this support and weight.
    #[must_use]
    pub(crate) fn at_most(mut self, most: (Support, u8)) -> Self {
        if let Answer::Denies { support, weight, .. } = &mut self.0.answer {
            *support = (*support).min(most.0);
            *weight = (*weight).min(most.1);
        }
        self
    }

    /// What a denial rests on.
    #[must_use]
    pub(crate) fn support(&self) -> Option<Support> {
        match &self.0.answer {
            Answer::Denies { support, .. } => Some(*support),
            _ => None,
        }
    }

    /// The rank among answers of one layer: denials by support and weight, then `Allows`, then the rest.
    fn rank(&self) -> (u8, Option<Support>, u8) {
        match &self.0.answer {
            Answer::Denies { support, weight, .. } => (2, Some(*support), *weight),
            Answer::Allows { .. } => (1, None, 0),
            Answer::Undecidable { .. } => (0, None, 0),
        }
    }
}

impl From<Say> for Option<Verdict> {
    fn from(say: Say) -> Self {
        Some(say.0)
    }
}

/// Collects what one layer could answer and keeps the strongest: a denial before `Allows` before
/// `Undecidable`, denials by support and then weight, the earlier one at ties.
#[derive(Debug, Default)]
pub(crate) struct Best(Option<Say>);

impl Best {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Offers one answer.
    pub(crate) fn offer(&mut self, say: Say) {
        if self.0.as_ref().is_none_or(|known| say.rank() > known.rank()) {
            self.0 = Some(say);
        }
    }

    /// The strongest answer, or what `otherwise` gives.
    pub(crate) fn or(self, otherwise: Option<Verdict>) -> Option<Verdict> {
        self.0.map_or(otherwise, Into::into)
    }

    /// The strongest answer, or the one made when there is none.
    pub(crate) fn or_else(self, otherwise: impl FnOnce() -> Option<Say>) -> Option<Verdict> {
        self.0.or_else(otherwise).and_then(Into::into)
    }

    /// The strongest answer.
    pub(crate) fn done(self) -> Option<Verdict> {
        self.or(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::AttemptId;

    #[test]
    fn the_strongest_answer_wins() {
        let attempt = Attempt::new(AttemptId(0));
        let mut best = Best::new();
        best.offer(undecidable(&attempt, Layer::Dac, "the mode"));
        best.offer(denies(&attempt, Layer::Dac, Support::Fits, 90, "a"));
        best.offer(denies(&attempt, Layer::Dac, Support::Usual, 10, "b"));
        best.offer(allows(&attempt, Layer::Dac, "c"));
        let verdict = best.done().unwrap();
        assert!(matches!(verdict.answer, Answer::Denies { support: Support::Usual, .. }));
    }
}
