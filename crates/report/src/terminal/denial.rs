//! One denial in full: answer, cause, chain, evidence, what can't help, fix, next steps.

use super::page::{Page, Role};
use super::{chain, fix, quote};
use crate::words;
use std::collections::BTreeMap;
use whodenied_case::{Case, Certainty, Diagnosis, Quote, YesNo};
use whodenied_kernel::Layer;
use whodenied_text::{LineIndex, SourceId};

/// How many versions that fix an issue are named on the one screen.
const VERSIONS: usize = 2;

pub(super) fn write(page: &mut Page, case: &Case, diagnosis: &Diagnosis, all: bool) {
    headline(page, case, diagnosis);
    if !diagnosis.cause.is_empty() {
        page.blank();
        page.para(2, 2, &[(Role::Plain, &diagnosis.cause)]);
    }
    alternatives(page, diagnosis);
    known_issue(page, diagnosis, all);
    changed(page, diagnosis, all);
    if diagnosis.certainty == Certainty::Possible {
        next_steps(page, diagnosis);
    }
    if !diagnosis.chain.is_empty() {
        let decided = diagnosis.certainty != Certainty::Possible && diagnosis.layer != Layer::Unknown;
        chain::write(page, &diagnosis.chain, decided, all);
    } else if !diagnosis.ruled_out.is_empty() {
        ruled_out(page, diagnosis);
    }
    evidence(page, case, diagnosis, all);
    cannot_help(page, diagnosis, all);
    fix::write(page, diagnosis, all);
    if diagnosis.certainty == Certainty::Likely {
        next_steps(page, diagnosis);
    }
}

/// The answer, and below it the policy, the error, the program.
fn headline(page: &mut Page, case: &Case, diagnosis: &Diagnosis) {
    let certainty = match diagnosis.certainty {
        Certainty::Proven => Role::Good,
        Certainty::Likely | Certainty::Possible => Role::Unsure,
    };
    // The answer has one line: an object that would break it moves to the second.
    let tail = format!(" — {}", diagnosis.certainty.id());
    let mut answer = words::answer(diagnosis);
    let mut parts = Vec::new();
    if page.columns(&answer) + page.columns(&tail) > page.width()
        && let Some(object) = words::object(diagnosis)
    {
        answer = words::short_answer(diagnosis);
        parts.push((Role::Plain, format!("on {object}")));
    }
    let mut runs = vec![(Role::Strong, answer.as_str())];
    if diagnosis.layer != Layer::Unknown {
        runs.extend([(Role::Dim, " — "), (certainty, diagnosis.certainty.id())]);
    }
    page.para(0, 2, &runs);
    if let Some(workload) =
        case.workload.as_ref().map(whodenied_case::Workload::words).filter(|w| !w.is_empty())
    {
        parts.push((Role::Plain, format!("in {workload}")));
    }
    if let Some(policy) = diagnosis.policy.as_ref().filter(|p| !p.is_empty()) {
        parts.push((Role::Strong, policy.clone()));
    }
    let errno_at = parts.len();
    if let Some(errno) = diagnosis.errno {
        parts.push((Role::Plain, errno.to_string()));
    }
    if let Some(program) = case.attempt(diagnosis.attempt).and_then(|a| a.subject.program.clone()) {
        parts.push((Role::Plain, program));
    }
    if diagnosis.count > 1 {
        parts.push((Role::Plain, format!("seen {} times", diagnosis.count)));
    }
    let broke = if diagnosis.broke_the_program == YesNo::No { Role::Unsure } else { Role::Plain };
    parts.push((broke, words::broke(diagnosis.broke_the_program).to_owned()));
    // The wording people search for, where the line has room for it.
    let used: usize = parts.iter().map(|(_, text)| page.columns(text) + 3).sum();
    if let Some(text) = diagnosis.errno.and_then(|e| e.text())
        && used + text.len() + 3 <= page.width()
        && let Some((_, errno)) = parts.get_mut(errno_at)
    {
        errno.push_str(&format!(" ({text})"));
    }
    let mut runs: Vec<(Role, &str)> = Vec::new();
    for (role, text) in &parts {
        if !runs.is_empty() {
            runs.push((Role::Dim, " · "));
        }
        runs.push((*role, text));
    }
    page.para(2, 2, &runs);
}

fn alternatives(page: &mut Page, diagnosis: &Diagnosis) {
    for other in diagnosis.alternatives.iter().take(2) {
        page.para(
            2,
            4,
            &[
                (Role::Unsure, "? "),
                (Role::Plain, "or "),
                (Role::Strong, other.layer.title()),
                (Role::Plain, ": "),
                (Role::Plain, &other.because),
            ],
        );
    }
}

fn known_issue(page: &mut Page, diagnosis: &Diagnosis, all: bool) {
    let Some(issue) = &diagnosis.known_issue else { return };
    let fixed = match issue.fixed_in.as_slice() {
        [] => String::new(),
        versions if all || versions.len() <= VERSIONS => format!("; fixed in {}", words::versions(versions)),
        versions => format!("; fixed in {}, …", words::versions(versions.get(..VERSIONS).unwrap_or(&[]))),
    };
    let more = if all { format!("  {} {}", issue.id, issue.url) } else { String::new() };
    page.para(
        2,
        4,
        &[(Role::Strong, "Known: "), (Role::Plain, &issue.title), (Role::Good, &fixed), (Role::Dim, &more)],
    );
}

/// The release that brought it about; what to do until the fix is the fix below.
fn changed(page: &mut Page, diagnosis: &Diagnosis, all: bool) {
    let Some(changed) = &diagnosis.changed else { return };
    let told = if changed.told.is_empty() {
        String::new()
    } else {
        format!(". {}.", changed.told.trim_end_matches('.'))
    };
    page.para(2, 4, &[(Role::Strong, "Changed: "), (Role::Plain, &changed.what), (Role::Plain, &told)]);
    if all && !changed.until_then.is_empty() {
        page.para(2, 4, &[(Role::Strong, "Until then: "), (Role::Plain, &changed.until_then)]);
    }
}

fn ruled_out(page: &mut Page, diagnosis: &Diagnosis) {
    page.heading(&[(Role::Strong, "Ruled out")]);
    for layer in &diagnosis.ruled_out {
        page.para(
            2,
            4,
            &[
                (Role::Good, "✓ "),
                (Role::Plain, layer.layer.title()),
                (Role::Dim, ": "),
                (Role::Dim, &layer.because),
            ],
        );
    }
}

fn evidence(page: &mut Page, case: &Case, diagnosis: &Diagnosis, all: bool) {
    let shown = if all { 20 } else { 2 };
    let quotes: Vec<&Quote> = diagnosis
        .quotes
        .iter()
        .filter(|q| case.evidence.get(q.span.source.0 as usize).is_some())
        .take(shown)
        .collect();
    let mut indexes: BTreeMap<SourceId, LineIndex> = BTreeMap::new();
    for (n, quote) in quotes.iter().enumerate() {
        let Some(evidence) = case.evidence.get(quote.span.source.0 as usize) else { continue };
        let index = indexes.entry(quote.span.source).or_insert_with(|| LineIndex::new(&evidence.text));
        if n == 0 {
            let source = quote::source(case, quote, index);
            page.heading(&[(Role::Strong, "Evidence"), (Role::Dim, "  "), (Role::Dim, &source)]);
        }
        let same = n > 0 && quotes.get(n - 1).is_some_and(|q| q.span.source == quote.span.source);
        let named = n > 0 && !(same && evidence.omitted == 0);
        quote::write(page, case, quote, index, named, all);
    }
}

fn cannot_help(page: &mut Page, diagnosis: &Diagnosis, all: bool) {
    if diagnosis.cannot_help.is_empty() {
        return;
    }
    page.heading(&[(Role::Strong, "What can't help, and why")]);
    let shown = if all { 40 } else { 6 };
    for item in diagnosis.cannot_help.iter().take(shown) {
        page.para(2, 4, &[(Role::Dim, "· "), (Role::Plain, item)]);
    }
    if diagnosis.cannot_help.len() > shown {
        page.para(2, 4, &[(Role::Dim, &format!("and {} more", diagnosis.cannot_help.len() - shown))]);
    }
}

fn next_steps(page: &mut Page, diagnosis: &Diagnosis) {
    if diagnosis.next_steps.is_empty() {
        return;
    }
    page.heading(&[(Role::Strong, "To decide it")]);
    for step in diagnosis.next_steps.iter().take(4) {
        page.para(2, 4, &[(Role::Dim, "→ "), (Role::Code, step)]);
    }
}
