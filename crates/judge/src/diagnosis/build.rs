//! Puts a diagnosis together: what, by which policy, how sure, resting on what.

use super::rank::{Suspect, certainty, only_logged, ranked};
use super::story::Part;
use super::{chain, describe, help};
use whodenied_case::{Alternative, Attempt, Case, Certainty, Diagnosis, Quote, Support, Verdict};
use whodenied_kernel::Layer;
use whodenied_text::Span;

/// The diagnosis of one story; `None` when nothing denies it.
pub(super) fn diagnosis(case: &Case, verdicts: &[Verdict], part: &Part) -> Option<Diagnosis> {
    let attempt = case.attempt(part.lead)?;
    let suspects = ranked(case, attempt, verdicts);
    let top = suspects.first()?;
    let certainty = if top.layer == Layer::Unknown {
        Certainty::Possible
    } else {
        certainty(&case.facts, attempt, &suspects)
    };
    let mut others: Vec<&Attempt> = part.others.iter().filter_map(|id| case.attempt(*id)).collect();
    others.sort_by_key(|a| a.id);
    let alternatives = alternatives(&suspects, certainty);
    let errno = attempt.errno.or_else(|| others.iter().find_map(|a| a.errno));
    Some(Diagnosis {
        attempt: attempt.id,
        layer: top.layer,
        operation: describe::operation(attempt, &others, top.layer),
        object: describe::object(attempt, &others),
        policy: top.policy.map(str::to_owned),
        errno,
        certainty,
        broke_the_program: part.broke,
        cause: top.because.to_owned(),
        known_issue: None,
        changed: None,
        quotes: quotes(case, attempt, &others, top),
        ruled_out: chain::ruled_out(case, verdicts, attempt, top, &alternatives),
        chain: chain::chain(verdicts, attempt, top, &suspects, certainty),
        cannot_help: help::cannot_help(case, attempt, top.layer),
        next_steps: help::next_steps(attempt, &suspects, certainty),
        alternatives,
        remedies: Vec::new(),
        stays_blocked: Vec::new(),
        shortcut: String::new(),
        count: attempt.count.max(1),
    })
}

/// At most two other layers, when the first is not alone.
fn alternatives(suspects: &[Suspect<'_>], certainty: Certainty) -> Vec<Alternative> {
    if certainty != Certainty::Possible {
        return Vec::new();
    }
    suspects
        .iter()
        .skip(1)
        .filter(|s| s.layer != Layer::Unknown && likely_enough(s))
        .take(2)
        .map(|s| Alternative { layer: s.layer, because: s.because.to_owned() })
        .collect()
}

/// More than a mere possibility.
fn likely_enough(suspect: &Suspect<'_>) -> bool {
    match suspect.score {
        (Support::Prior, weight) => weight >= 20,
        score => score >= (Support::Fits, 25),
    }
}

/// The attempt's own text first, then the other errors of the story, then the facts cited.
fn quotes(case: &Case, attempt: &Attempt, others: &[&Attempt], top: &Suspect<'_>) -> Vec<Quote> {
    const MOST: usize = 6;
    let mut quotes: Vec<Quote> = Vec::new();
    let mut add = |span: Span, deciding: &[Span]| {
        if span.is_empty() || quotes.len() >= MOST || quotes.iter().any(|q| q.span.contains(span)) {
            return;
        }
        let deciding = deciding.iter().copied().filter(|d| span.contains(*d)).collect();
        quotes.push(Quote { span, deciding });
    };
    for a in std::iter::once(attempt).chain(others.iter().copied()) {
        for span in &a.spans {
            add(*span, &a.deciding);
        }
    }
    for id in &top.verdict.facts {
        if let Some(span) = case.facts.get(*id).and_then(|f| f.spans.first()) {
            add(*span, &[*span]);
        }
    }
    for span in &top.verdict.spans {
        add(*span, &[]);
    }
    if only_logged(attempt) {
        quotes.truncate(MOST);
    }
    quotes
}
