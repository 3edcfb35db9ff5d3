//! The fix, ready to paste: the first remedy in full, the others in a line each.

use super::page::{Page, Role};
use crate::words;
use whodenied_case::{Certainty, Diagnosis, FileEdit, Remedy, Risk};

/// A whole file longer than this is shown by its deciding lines.
const FILE_LINES: usize = 12;
/// Words of the comments by which `remedy` sets apart what it adds to a default.
const SET_APART: [&str; 2] = ["adds to the default", "The abi above"];
/// How many of the things that stay blocked are named there.
const BLOCKED: usize = 4;
/// How many of the other remedies are named on the one screen.
const OTHERS: usize = 3;

/// True when the one screen leaves out something of the fixes that `--all` shows.
pub(super) fn leaves_out(diagnosis: &Diagnosis) -> bool {
    let long = |e: &FileEdit| e.whole && e.text.lines().count() > FILE_LINES;
    let spellings = |r: &Remedy| r.edits.iter().filter(|e| !e.spelling.is_empty()).count() > 1;
    diagnosis.remedies.len() > 1
        || diagnosis.remedies.iter().any(|r| spellings(r) || r.edits.iter().any(long))
}

pub(super) fn write(page: &mut Page, diagnosis: &Diagnosis, all: bool) {
    let Some((first, others)) = diagnosis.remedies.split_first() else { return };
    let fix = match diagnosis.certainty {
        Certainty::Possible => format!("Fix, if {} refused it: ", words::subject_inside(diagnosis.layer)),
        Certainty::Likely | Certainty::Proven => "Fix: ".to_owned(),
    };
    page.heading(&[(Role::Strong, &fix), (Role::Strong, &summary(first))]);
    remedy(page, first, all);
    if !diagnosis.stays_blocked.is_empty() {
        let shown = if all { usize::MAX } else { BLOCKED };
        let items: Vec<&str> =
            diagnosis.stays_blocked.iter().take(shown).map(|s| s.trim_end_matches('.')).collect();
        let more = if diagnosis.stays_blocked.len() > shown { "; …" } else { "." };
        let blocked = format!("{}{more}", items.join("; "));
        page.para(2, 4, &[(Role::Strong, "Stays blocked: "), (Role::Plain, &blocked)]);
    }
    if all {
        for other in others {
            page.heading(&[(Role::Strong, "Or: "), (Role::Strong, &summary(other))]);
            remedy(page, other, true);
        }
    } else if !others.is_empty() {
        page.blank();
        for other in others.iter().take(OTHERS) {
            page.para(
                2,
                4,
                &[
                    (Role::Strong, "Or: "),
                    (Role::Plain, &summary(other)),
                    (Role::Dim, " — "),
                    (risk_role(other.risk), &format!("{} risk", other.risk.id())),
                    (Role::Dim, &format!("; {}", clause(&opens(other, all)))),
                ],
            );
        }
        if others.len() > OTHERS {
            page.para(2, 4, &[(Role::Dim, &format!("and {} more", others.len() - OTHERS))]);
        }
    }
    if !diagnosis.shortcut.is_empty() {
        if all || others.is_empty() {
            page.blank();
        }
        page.para(
            2,
            4,
            &[(Role::Strong, "Can't I just switch it off? "), (Role::Plain, &diagnosis.shortcut)],
        );
    }
}

const fn risk_role(risk: Risk) -> Role {
    match risk {
        Risk::Low => Role::Good,
        Risk::Medium => Role::Unsure,
        Risk::High => Role::Bad,
    }
}

/// What a remedy opens, to be read on; in brief its first sentence.
fn opens(remedy: &Remedy, all: bool) -> String {
    let text = remedy.widens.trim();
    let text = if all { text } else { text.split_once(". ").map_or(text, |(first, _)| first) };
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        _ if text.is_empty() || text.eq_ignore_ascii_case("nothing") => "opens nothing".to_owned(),
        // "Allows X" reads on as "allows X"; "AF_UNIX" stays.
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            "opens: ".chars().chain(first.to_lowercase()).chain(chars).collect()
        }
        _ => format!("opens: {text}"),
    }
}

/// The first clause of a sentence.
fn clause(text: &str) -> &str {
    let lead = text.strip_prefix("opens: ").map_or(0, |_| "opens: ".len());
    let rest = text.get(lead..).unwrap_or("");
    let end = rest.find([':', ';', ',']).unwrap_or(rest.len());
    text.get(..lead + end).unwrap_or(text)
}

/// The summary without an "or" of its own.
fn summary(remedy: &Remedy) -> String {
    let text = remedy.summary.trim();
    let bare = text.strip_prefix("Or, ").or_else(|| text.strip_prefix("Or ")).unwrap_or(text);
    let mut chars = bare.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn remedy(page: &mut Page, remedy: &Remedy, all: bool) {
    page.para(
        2,
        2,
        &[
            (Role::Dim, "Done "),
            (Role::Plain, words::place(remedy.on)),
            (Role::Dim, " · "),
            (risk_role(remedy.risk), &format!("{} risk", remedy.risk.id())),
            (Role::Dim, " · "),
            (Role::Plain, &opens(remedy, true)),
        ],
    );
    let (spelled, plain): (Vec<&FileEdit>, Vec<&FileEdit>) =
        remedy.edits.iter().partition(|e| !e.spelling.is_empty());
    for edit in &plain {
        file(page, edit, &[], all);
    }
    let first = spelled.first().map_or("", |e| e.spelling.as_str());
    let mut elsewhere: Vec<&str> = Vec::new();
    for edit in spelled.iter().filter(|e| e.spelling != first) {
        if !elsewhere.contains(&edit.spelling.as_str()) {
            elsewhere.push(&edit.spelling);
        }
    }
    for edit in spelled.iter().filter(|e| all || e.spelling == first) {
        file(page, edit, &elsewhere, all);
    }
    commands(page, "Run", &remedy.commands);
    commands(page, "Undo", &remedy.undo);
}

/// Commands to paste, beside their label. Only a here-document keeps its newlines, and then
/// stands at the margin, so that its end is found; any other newline is spelled out.
fn commands(page: &mut Page, label: &str, commands: &[String]) {
    for (n, command) in commands.iter().enumerate() {
        let label = format!("{:<6}", if n == 0 { label } else { "" });
        if command.contains('\n') && command.contains("<<") {
            page.line(2, &[(Role::Strong, label.trim_end())]);
            page.block(0, Role::Code, command);
        } else if is_prose(command) {
            page.para(2, 8, &[(Role::Strong, &label), (Role::Plain, command)]);
        } else {
            page.line(2, &[(Role::Strong, &label), (Role::Code, command)]);
        }
    }
}

/// A step in words, which may be wrapped; a command may not.
fn is_prose(step: &str) -> bool {
    let command = |w: &str| w.starts_with('-') || w.contains(['/', '|', '$', '<', '>', '=', '&', ';']);
    step.split(' ').count() > 5 && !step.split(' ').any(command)
}

fn file(page: &mut Page, edit: &FileEdit, elsewhere: &[&str], all: bool) {
    let count = edit.text.lines().count();
    let short = edit.whole && count > FILE_LINES && !all;
    let name = if edit.file.is_empty() { edit.spelling.as_str() } else { edit.file.as_str() };
    let what = match (edit.whole, short) {
        (true, true) => format!("  {count} lines, among them:"),
        (true, false) => "  the whole file:".to_owned(),
        (false, _) if all || elsewhere.is_empty() => "  add:".to_owned(),
        (false, _) => format!("  add (for {}: --all):", elsewhere.join(", ")),
    };
    page.para(2, 4, &[(Role::Strong, name), (Role::Dim, &what)]);
    if !short {
        page.block(4, Role::Code, &edit.text);
        return;
    }
    let gutter = count.to_string().len();
    for (number, line) in deciding(edit) {
        page.line(4, &[(Role::Dim, &format!("{number:>gutter$} │ ")), (Role::Code, line.trim_end())]);
    }
}

/// The lines of a long file that make the difference: those that bind a policy to its feature
/// set and name, and those that a comment sets apart as added; else the first ones.
fn deciding(edit: &FileEdit) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut added = false;
    for (i, line) in edit.text.lines().enumerate() {
        let bare = line.trim_start();
        let comment = bare.starts_with('#') && !bare.starts_with("#include");
        added = if comment {
            SET_APART.iter().any(|w| bare.contains(w))
        } else {
            added && !bare.is_empty() && bare != "}"
        };
        let binds = edit.format == "apparmor" && ["abi ", "profile "].iter().any(|w| bare.starts_with(w));
        if binds || added && !comment {
            found.push((i + 1, line));
        }
    }
    if found.is_empty() {
        found = edit.text.lines().enumerate().map(|(i, line)| (i + 1, line)).take(FILE_LINES / 2).collect();
    }
    found.truncate(FILE_LINES);
    found
}
