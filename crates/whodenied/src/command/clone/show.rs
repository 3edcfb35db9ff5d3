//! How a fix was found and proved, as a page and as JSON (schema `whodenied-fix/1`).

use super::mend::{Story, Tried, Verdict};
use super::original::{self, Known};
use crate::exit::Exit;
use serde::Serialize;
use std::time::Duration;
use whodenied_case::{FileEdit, Remedy};
use whodenied_report::terminal::Section;
use whodenied_sources::probe::{Answer, PROBES};

/// Everything that is told.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    schema: &'static str,
    container: String,
    /// `fixed`, `partly`, `not-fixed`, `not-reproduced`, `undecided`.
    outcome: &'static str,
    /// How the unchanged clone ended.
    control: String,
    denials: Vec<Denial>,
    /// How the clone with every fix that works ended; "" when there is none.
    last: String,
    /// Dangerous operations before and after.
    probes: Vec<Row>,
    /// Those that were refused and are now allowed.
    newly_allowed: Vec<&'static str>,
    containers_started: u32,
    milliseconds: u64,
    remarks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Denial {
    layer: &'static str,
    layer_name: &'static str,
    what: String,
    certainty: &'static str,
    cause: String,
    fixes: Vec<Fix>,
}

#[derive(Debug, Serialize)]
struct Fix {
    summary: String,
    /// `works`, `gets-on`, `refused-again`, `not-seen`, `not-tried`.
    verdict: &'static str,
    why: String,
    on: &'static str,
    opens: String,
    commands: Vec<String>,
    undo: Vec<String>,
    edits: Vec<FileEdit>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: &'static str,
    what: &'static str,
    before: String,
    after: String,
}

impl Report {
    pub(super) fn of(known: &Known, story: &Story, took: Duration) -> Self {
        let steps = &story.steps;
        let outcome = if steps.is_empty() {
            if story.control.ran_on || story.control.status == Some(0) {
                "not-reproduced"
            } else {
                "undecided"
            }
        } else if steps.iter().all(|s| s.mended().is_some()) {
            if story.last.ran_on || story.last.status == Some(0) { "fixed" } else { "partly" }
        } else if steps.iter().any(|s| s.mended().is_some()) {
            "partly"
        } else {
            "not-fixed"
        };
        let (before, after) = story.answers.as_ref().map_or((&[][..], &[][..]), |(b, a)| (b, a));
        let rows: Vec<_> = PROBES.iter().zip(before.iter().zip(after)).collect();
        Self {
            schema: "whodenied-fix/1",
            container: known.name.clone(),
            outcome,
            control: original::ending(&known.name, &story.control),
            denials: steps
                .iter()
                .map(|s| Denial {
                    layer: s.layer.id(),
                    layer_name: s.layer.title(),
                    what: s.what.clone(),
                    certainty: s.certainty.id(),
                    cause: s.cause.clone(),
                    fixes: s.tried.iter().map(fix).collect(),
                })
                .collect(),
            last: if steps.is_empty() { String::new() } else { original::ending(&known.name, &story.last) },
            newly_allowed: rows
                .iter()
                .filter(|(_, (b, a))| **b != Answer::Allowed && **a == Answer::Allowed)
                .map(|(p, _)| p.what)
                .collect(),
            probes: rows
                .iter()
                .map(|(p, (b, a))| Row {
                    id: p.id,
                    what: p.what,
                    before: b.to_string(),
                    after: a.to_string(),
                })
                .collect(),
            containers_started: known.shop.started(),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            remarks: story.remarks.iter().chain(&known.missing).cloned().collect(),
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self.outcome {
            "fixed" | "not-reproduced" => Exit::Fine,
            "undecided" => Exit::Undecided,
            _ => Exit::Denied,
        }
    }

    pub(super) fn page(&self) -> Vec<Section> {
        let mut page = vec![Section::Heading(format!("{}: {}", self.container, self.headline()))];
        page.push(Section::Term("Control".to_owned(), format!("unchanged, made anew. {}", self.control)));
        for (n, denial) in self.denials.iter().enumerate() {
            page.push(Section::Heading(format!(
                "{}. {} refused {} — {}",
                n + 1,
                denial.layer_name,
                denial.what,
                denial.certainty
            )));
            page.push(Section::Text(denial.cause.clone()));
            for fix in &denial.fixes {
                page.push(Section::Term(
                    mark(fix.verdict).to_owned(),
                    format!("{}: {}", fix.summary, fix.why),
                ));
                if matches!(fix.verdict, "works" | "gets-on") {
                    self.applied(fix, &mut page);
                }
            }
        }
        if !self.last.is_empty() {
            page.push(Section::Heading("With what works".to_owned()));
            page.push(Section::Text(self.last.clone()));
        }
        self.compared(&mut page);
        page.push(Section::Heading("Left behind".to_owned()));
        page.push(Section::Text(format!(
            "Nothing: {} clones in {}.{} s, all removed. The container and its volumes were not touched.",
            self.containers_started,
            self.milliseconds / 1000,
            self.milliseconds % 1000 / 100
        )));
        page.extend(self.remarks.iter().map(|r| Section::Term("Note".to_owned(), r.clone())));
        page
    }

    fn headline(&self) -> &'static str {
        match self.outcome {
            "fixed" => "a fix was seen to work",
            "partly" => "what is fixed was seen to work, and it still fails",
            "not-fixed" => "no fix was seen to work",
            "not-reproduced" => "unchanged, but made anew, it does not fail",
            _ => "it fails, and no denial was seen to break it",
        }
    }

    fn applied(&self, fix: &Fix, page: &mut Vec<Section>) {
        if !fix.opens.is_empty() {
            page.push(Section::Term("Opens".to_owned(), fix.opens.clone()));
        }
        for edit in &fix.edits {
            page.push(Section::Code(short(edit)));
        }
        if !fix.commands.is_empty() {
            page.push(Section::Code(fix.commands.join("\n")));
        }
        if !fix.undo.is_empty() {
            page.push(Section::Term("Undo".to_owned(), fix.undo.join("; ")));
        }
    }

    /// What stays refused, and what does not.
    fn compared(&self, page: &mut Vec<Section>) {
        if self.probes.is_empty() {
            return;
        }
        let refused = |answer: &str| answer.starts_with("refused") || answer == "killed";
        let stays = self.probes.iter().filter(|r| refused(&r.before) && refused(&r.after)).count();
        let were = self.probes.iter().filter(|r| refused(&r.before)).count();
        page.push(Section::Heading("What stays refused".to_owned()));
        page.push(Section::Text(format!(
            "Of {} dangerous operations {were} were refused before and {stays} of these are refused after.",
            self.probes.len()
        )));
        for row in self.probes.iter().filter(|r| r.before != r.after) {
            page.push(Section::Term(
                "✗".to_owned(),
                format!("{}: {}, now {}", row.what, row.before, row.after),
            ));
        }
        let names: Vec<&str> =
            self.probes.iter().filter(|r| refused(&r.before) && refused(&r.after)).map(|r| r.what).collect();
        if !names.is_empty() {
            page.push(Section::Term("✓".to_owned(), format!("still refused: {}", names.join(", "))));
        }
    }
}

/// A long file by its beginning.
fn short(edit: &FileEdit) -> String {
    const LINES: usize = 14;
    let count = edit.text.lines().count();
    if !edit.whole {
        return edit.text.trim_end().to_owned();
    }
    let mut text = format!("# {}, {count} lines", edit.file);
    for line in edit.text.lines().take(LINES) {
        text.push('\n');
        text.push_str(line);
    }
    if count > LINES {
        text.push_str("\n… (--write DIR writes the whole file)");
    }
    text
}

const fn mark(verdict: &str) -> &'static str {
    match verdict.as_bytes() {
        b"works" => "✓",
        b"gets-on" => "≈",
        b"refused-again" => "✗",
        _ => "·",
    }
}

fn fix(tried: &Tried) -> Fix {
    let Remedy { summary, on, widens, edits, commands, undo, .. } = &tried.remedy;
    let (verdict, why) = match &tried.verdict {
        Verdict::Works => ("works", "tried: the denied call is let through".to_owned()),
        Verdict::GotOn => {
            ("gets-on", "tried: the denied call is not made any more, and the program gets on".to_owned())
        }
        Verdict::Refused => ("refused-again", "tried: refused again".to_owned()),
        Verdict::NotSeen => ("not-seen", "tried: the program does not get to the denied call".to_owned()),
        Verdict::NotTried(why) => ("not-tried", format!("not tried: {why}")),
    };
    Fix {
        summary: summary.clone(),
        verdict,
        why,
        on: on.id(),
        opens: widens.clone(),
        commands: commands.clone(),
        undo: undo.clone(),
        edits: edits.clone(),
    }
}
