//! Edits of a profile's text that keep the way it is written.

use super::Grant;
use crate::profile::{Compare, Condition, Entry, Profile};
use whodenied_text::{Edit, Span};

fn insert(at: u32, text: String) -> Edit {
    Edit { start: at as usize, end: at as usize, text }
}

fn between(text: &str, from: u32, to: u32) -> &str {
    text.get(from as usize..to as usize).unwrap_or("")
}

/// What stands between two items of a list, or would: comma and white space.
fn separator(text: &str, list: Span, items: &[Span]) -> String {
    if let [.., before, last] = items {
        let between = between(text, before.end, last.start);
        // Only white space and one comma can stand there.
        return between.to_owned();
    }
    let lead = items.first().map_or("", |first| between(text, list.start + 1, first.start));
    if lead.contains('\n') { format!(",{lead}") } else { ", ".to_owned() }
}

/// Names a call in an entry: in its place where the names are sorted, else last.
pub(super) fn add_name(text: &str, entry: &Entry, name: &str) -> Option<Edit> {
    let list = entry.list?;
    let last = entry.names.last()?;
    let spans: Vec<Span> = entry.names.iter().map(|n| n.span).collect();
    let separator = separator(text, list, &spans);
    let sorted = entry.names.len() > 1 && entry.names.is_sorted_by(|a, b| a.text <= b.text);
    let next = entry.names.iter().find(|n| sorted && n.text.as_str() > name);
    Some(match next {
        Some(next) => insert(next.span.start, format!("\"{name}\"{separator}")),
        None => insert(last.span.end, format!("{separator}\"{name}\"")),
    })
}

/// Takes item `index` out of a list with the comma that belongs to it.
fn remove(items: &[Span], index: usize) -> Option<Edit> {
    let item = items.get(index)?;
    let (start, end) = match (index.checked_sub(1).and_then(|i| items.get(i)), items.get(index + 1)) {
        (_, Some(next)) => (item.start, next.start),
        (Some(before), None) => (before.end, item.end),
        (None, None) => (item.start, item.end),
    };
    Some(Edit { start: start as usize, end: end as usize, text: String::new() })
}

/// Takes a name out of an entry, or the entry out of the profile when it has no other name.
pub(super) fn remove_name(profile: &Profile, index: usize, name: &str) -> Option<Edit> {
    let entry = profile.entries.get(index)?;
    if entry.names.iter().all(|n| n.text == name) {
        let spans: Vec<Span> = profile.entries.iter().map(|e| e.span).collect();
        return remove(&spans, index);
    }
    let spans: Vec<Span> = entry.names.iter().map(|n| n.span).collect();
    remove(&spans, entry.names.iter().position(|n| n.text == name)?)
}

/// The white space that the line of byte `at` begins with.
fn indent(text: &str, at: u32) -> &str {
    let line = text.get(..at as usize).unwrap_or("").rsplit('\n').next().unwrap_or("");
    line.get(..line.len() - line.trim_start().len()).unwrap_or("")
}

/// Adds an entry that allows the call, last, written as its neighbours are.
pub(super) fn add_entry(text: &str, profile: &Profile, grant: &Grant) -> Option<Edit> {
    let compact = entry_text(grant, &Style::Line { colon: ": ", comma: ", " });
    let Some(list) = profile.list else {
        return Some(insert(profile.default_span.end, format!(", \"syscalls\": [{compact}]")));
    };
    let spans: Vec<Span> = profile.entries.iter().map(|e| e.span).collect();
    let Some(last) = spans.last() else { return Some(insert(list.end.checked_sub(1)?, compact)) };
    let written = last.of(text);
    let entry = if written.contains('\n') {
        let base = indent(text, last.start);
        let inner = profile.entries.last().map_or(base, |e| indent(text, e.action.start));
        let unit = inner.strip_prefix(base).filter(|u| !u.is_empty()).unwrap_or("\t");
        entry_text(grant, &Style::Lines { base, unit })
    } else if written.contains("\": ") {
        compact
    } else {
        entry_text(grant, &Style::Line { colon: ":", comma: "," })
    };
    Some(insert(last.end, format!("{}{entry}", separator(text, list, &spans))))
}

enum Style<'a> {
    Line { colon: &'a str, comma: &'a str },
    Lines { base: &'a str, unit: &'a str },
}

impl Style<'_> {
    /// `open`, items and `close`, the items `depth` units in.
    fn wrap(&self, open: char, items: &[String], close: char, depth: usize) -> String {
        match self {
            Self::Line { comma, .. } => format!("{open}{}{close}", items.join(comma)),
            Self::Lines { base, unit } => {
                let lead = format!("\n{base}{}", unit.repeat(depth));
                let end = format!("\n{base}{}", unit.repeat(depth.saturating_sub(1)));
                format!("{open}{lead}{}{end}{close}", items.join(&format!(",{lead}")))
            }
        }
    }

    fn member(&self, key: &str, value: &str) -> String {
        let colon = match self {
            Self::Line { colon, .. } => colon,
            Self::Lines { .. } => ": ",
        };
        format!("\"{key}\"{colon}{value}")
    }
}

fn entry_text(grant: &Grant, style: &Style<'_>) -> String {
    let names = style.wrap('[', &[format!("\"{}\"", grant.syscall)], ']', 2);
    let mut members = vec![style.member("names", &names), style.member("action", "\"SCMP_ACT_ALLOW\"")];
    if !grant.args.is_empty() {
        let args: Vec<String> = grant.args.iter().map(|c| condition(c, style)).collect();
        members.push(style.member("args", &style.wrap('[', &args, ']', 2)));
    }
    style.wrap('{', &members, '}', 1)
}

fn condition(c: &Condition, style: &Style<'_>) -> String {
    let op = match c.op {
        Compare::NotEqual => "NE",
        Compare::Less => "LT",
        Compare::LessEqual => "LE",
        Compare::Equal => "EQ",
        Compare::GreaterEqual => "GE",
        Compare::Greater => "GT",
        Compare::MaskedEqual => "MASKED_EQ",
    };
    let mut members =
        vec![style.member("index", &c.index.to_string()), style.member("value", &c.value.to_string())];
    if c.op == Compare::MaskedEqual {
        members.push(style.member("valueTwo", &c.value_two.to_string()));
    }
    members.push(style.member("op", &format!("\"SCMP_CMP_{op}\"")));
    style.wrap('{', &members, '}', 3)
}
