//! One screen for a person: the answer first, then why, then what to do.

mod chain;
mod denial;
mod fix;
mod page;
mod quote;
mod width;

use crate::words;
use page::{Page, Role};
use whodenied_case::{Case, Diagnosis};

/// How to render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Columns of the terminal; prose is set no wider than 100.
    pub width: usize,
    /// Colour sequences are written.
    pub color: bool,
    /// Characters outside ASCII are written; false where the locale is not UTF-8.
    pub unicode: bool,
    /// Everything in full: each denial, each remedy, each file.
    pub all: bool,
    /// How many denials are named at most; the rest is counted.
    pub max_denials: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 80, color: false, unicode: true, all: false, max_denials: 10 }
    }
}

/// Renders `case`. The answer stands in the first line; the text ends with a newline and holds
/// no control character but newlines and, with `color`, colour sequences.
#[must_use]
pub fn render(case: &Case, options: &Options) -> String {
    let mut page = Page::new(options.width, options.color, options.unicode);
    match case.diagnoses.split_first() {
        None => nothing(&mut page, case),
        Some((culprit, others)) => {
            denial::write(&mut page, case, culprit, options.all);
            if options.all {
                for other in others.iter().take(options.max_denials.saturating_sub(1)) {
                    page.blank();
                    page.line(0, &[(Role::Dim, &"—".repeat(page.width().min(40)))]);
                    denial::write(&mut page, case, other, true);
                }
                left_out(&mut page, others.len().saturating_sub(options.max_denials.saturating_sub(1)));
            } else {
                others_in_brief(&mut page, others, options.max_denials);
            }
        }
    }
    missing(&mut page, case, options.all);
    if let Some(culprit) = case.diagnoses.first().filter(|d| !options.all && fix::leaves_out(d)) {
        let files = culprit.remedies.first().is_some_and(|r| !r.edits.is_empty());
        let write = if files { "; --write DIR writes the files of the fix" } else { "" };
        page.blank();
        page.para(0, 0, &[(Role::Dim, "--all shows everything in full"), (Role::Dim, write)]);
    }
    page.into_string()
}

/// A part of a page that is no report: a list, a manual entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A name and what is to be said of it.
    Term(String, String),
    /// Lines to be pasted.
    Code(String),
}

/// Sets `parts` as a page of the same looks as a report.
#[must_use]
pub fn sections(parts: &[Section], options: &Options) -> String {
    let mut page = Page::new(options.width, options.color, options.unicode);
    for part in parts {
        match part {
            Section::Heading(text) => page.heading(&[(Role::Strong, text)]),
            Section::Text(text) => page.para(2, 2, &[(Role::Plain, text)]),
            Section::Code(text) => page.block(4, Role::Code, text),
            Section::Term(term, text) => {
                page.para(2, 6, &[(Role::Strong, term), (Role::Plain, "  "), (Role::Plain, text)]);
            }
        }
    }
    page.into_string()
}

/// One line for each denial after the first.
fn others_in_brief(page: &mut Page, others: &[Diagnosis], max: usize) {
    if others.is_empty() {
        return;
    }
    page.heading(&[(Role::Strong, "Also denied")]);
    for other in others.iter().take(max.saturating_sub(1)) {
        let times = if other.count > 1 { format!(" ×{}", other.count) } else { String::new() };
        let certainty = format!(" — {}", other.certainty.id());
        let runs = [
            (Role::Plain, words::answer(other)),
            (Role::Dim, other.policy.as_ref().map(|p| format!(", {p}")).unwrap_or_default()),
            (Role::Dim, certainty),
            (Role::Dim, times),
        ];
        let runs: Vec<(Role, &str)> = runs.iter().map(|(role, text)| (*role, text.as_str())).collect();
        page.para(2, 4, &runs);
    }
    left_out(page, others.len().saturating_sub(max.saturating_sub(1)));
}

fn left_out(page: &mut Page, count: usize) {
    if count > 0 {
        page.para(2, 4, &[(Role::Dim, &format!("and {} more", words::plural(count, "denial")))]);
    }
}

/// What is said when nothing was denied, or nothing that is recognised.
fn nothing(page: &mut Page, case: &Case) {
    let lines: usize = case.evidence.iter().map(|e| e.text.lines().count()).sum();
    page.para(0, 2, &[(Role::Strong, "No denial found")]);
    let read = match lines {
        0 => "The input holds no text.".to_owned(),
        lines => format!(
            "Read {} from {}; none of them says that something was refused.",
            words::plural(lines, "line"),
            words::plural(case.evidence.len(), "input")
        ),
    };
    page.para(2, 2, &[(Role::Plain, &read)]);
    page.heading(&[(Role::Strong, "What helps most")]);
    for hint in [
        "the whole error message or traceback, as printed",
        "the kernel's records from the moment it failed: journalctl -k --since=-10min",
        "the compose file, unit or command line that starts the program",
        "what was tried already, and what came of it",
    ] {
        page.para(2, 4, &[(Role::Dim, "· "), (Role::Plain, hint)]);
    }
}

/// What could not be read or was not said.
fn missing(page: &mut Page, case: &Case, all: bool) {
    if case.missing.is_empty() {
        return;
    }
    let shown = if all { 40 } else { 3 };
    page.heading(&[(Role::Strong, "Not known")]);
    for item in case.missing.iter().take(shown) {
        page.para(2, 4, &[(Role::Unsure, "? "), (Role::Plain, item)]);
    }
    if case.missing.len() > shown {
        page.para(2, 4, &[(Role::Dim, &format!("and {} more", case.missing.len() - shown))]);
    }
}

#[cfg(test)]
mod tests;
