//! Where a service and one of its keys stand in the text of a compose file.

use std::ops::Range;
use whodenied_text::Edit;

/// A list item: its meaning and the bytes of its scalar, quotes included.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) range: Range<usize>,
}

/// What stands at the key.
#[derive(Debug)]
pub(super) enum Place {
    /// The service has no such key.
    Absent,
    /// A block list: its items, the column of its dashes, the byte after its last line.
    Block { items: Vec<Item>, indent: usize, end: usize },
    /// A flow list on one line, and the byte of its closing bracket.
    Flow { items: Vec<Item>, close: usize },
    /// A block mapping of scalars: names with the bytes of their values.
    Map { entries: Vec<(String, Range<usize>)>, indent: usize, end: usize },
    /// One scalar on the key's line.
    Scalar { range: Range<usize> },
    /// A shape that is not edited.
    Other,
}

/// A service in a text.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) place: Place,
    /// The column of the service's keys.
    indent: usize,
    /// How far a nested list is indented.
    step: usize,
    /// The byte after the service's last line.
    end: usize,
    /// True when the last line lacks its line end.
    open: bool,
    line_end: &'static str,
    total: usize,
}

struct Row<'a> {
    start: usize,
    end: usize,
    indent: usize,
    text: &'a str,
}

impl Row<'_> {
    fn is_content(&self) -> bool {
        !self.text.is_empty() && !self.text.starts_with('#')
    }
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut at = 0;
    text.split_inclusive('\n')
        .map(|raw| {
            let start = at;
            at += raw.len();
            let shown = raw.trim_end();
            let text = shown.trim_start_matches(' ');
            Row { start, end: at, indent: shown.len() - text.len(), text }
        })
        .collect()
}

impl Layout {
    /// Finds `key` of `service`; the reason when the file has another shape.
    pub(super) fn of(text: &str, service: &str, key: &str) -> Result<Self, &'static str> {
        if text.contains('\t') {
            return Err("the file is indented with tabs");
        }
        let rows = rows(text);
        let top = rows.iter().position(|r| r.indent == 0 && opens(r.text, "services"));
        let top = top.ok_or("the file has no services in block style")?;
        let children = block(&rows, top);
        let column = rows.get(children.clone()).into_iter().flatten().find(|r| r.is_content());
        let column = column.map(|r| r.indent).ok_or("the file has no services in block style")?;
        let head = children
            .clone()
            .find(|&i| rows.get(i).is_some_and(|r| r.indent == column && opens(r.text, service)))
            .ok_or("the service is not there in block style")?;
        let body = block(&rows, head);
        let inside = rows.get(body.clone()).unwrap_or_default();
        let indent = inside.iter().find(|r| r.is_content()).map(|r| r.indent);
        let indent = indent.ok_or("the service is empty")?;
        let last = inside.iter().rev().find(|r| r.is_content()).ok_or("the service is empty")?;
        let mut found =
            inside.iter().enumerate().filter(|(_, r)| r.indent == indent && value_of(r.text, key).is_some());
        let hit = found.next().map(|(n, _)| body.start + n);
        if found.next().is_some() {
            return Err("the key stands there twice");
        }
        let place = match hit.and_then(|n| rows.get(n).map(|r| (n, r))) {
            None => Place::Absent,
            Some((n, row)) => place(&rows, n, row, key),
        };
        Ok(Self {
            place,
            indent,
            step: indent.saturating_sub(column).max(1),
            end: last.end,
            open: !text.get(last.start..last.end).is_some_and(|l| l.ends_with('\n')),
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            total: text.len(),
        })
    }

    /// Adds a key, and a line nested under it, at the end of the service.
    pub(super) fn insert_block(&self, head: &str, nested: Option<&str>) -> Edit {
        let pad = " ".repeat(self.indent);
        let mut lines = vec![format!("{pad}{head}")];
        if let Some(nested) = nested {
            lines.push(format!("{pad}{}{nested}", " ".repeat(self.step)));
        }
        self.lines_at(self.end, &lines)
    }

    /// Adds one line at byte `at`, the start of a line or the end of the text.
    pub(super) fn insert_at(&self, at: usize, indent: usize, line: &str) -> Edit {
        self.lines_at(at, &[format!("{}{line}", " ".repeat(indent))])
    }

    fn lines_at(&self, at: usize, lines: &[String]) -> Edit {
        let joined = lines.join(self.line_end);
        // At the end of a text without a final line end, the text keeps lacking it.
        let text = if self.open && at >= self.end.min(self.total) {
            format!("{}{joined}", self.line_end)
        } else {
            format!("{joined}{}", self.line_end)
        };
        Edit { start: at, end: at, text }
    }
}

/// The rows nested under row `head`: until the next content row that is not deeper.
fn block(rows: &[Row<'_>], head: usize) -> Range<usize> {
    let indent = rows.get(head).map_or(0, |r| r.indent);
    let mut end = head + 1;
    while rows.get(end).is_some_and(|r| !r.is_content() || r.indent > indent) {
        end += 1;
    }
    head + 1..end
}

/// True when `text` is `name:` with nothing but an anchor, a tag or a comment behind.
fn opens(text: &str, name: &str) -> bool {
    value_of(text, name).is_some_and(|(at, _)| {
        let rest = text.get(at..).unwrap_or("").trim();
        let rest = rest.split(" #").next().unwrap_or(rest).trim();
        rest.is_empty() || rest.starts_with('#') || (rest.starts_with(['&', '!']) && !rest.contains(' '))
    })
}

/// The byte and the text of the value when `text` is `name: value`, the name quoted or not.
fn value_of<'a>(text: &'a str, name: &str) -> Option<(usize, &'a str)> {
    let bare = text.strip_prefix(name).map(|r| (name.len(), r));
    let quoted = ['"', '\''].iter().find_map(|q| {
        let rest = text.strip_prefix(*q)?.strip_prefix(name)?.strip_prefix(*q)?;
        Some((name.len() + 2, rest))
    });
    let (at, rest) = bare.filter(|(_, r)| r.trim_start().starts_with(':')).or(quoted)?;
    let blanks = rest.len() - rest.trim_start().len();
    let rest = rest.trim_start().strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some((at + blanks + 1, rest))
}

fn place(rows: &[Row<'_>], n: usize, row: &Row<'_>, key: &str) -> Place {
    let Some((offset, value)) = value_of(row.text, key) else { return Place::Other };
    let lead = value.len() - value.trim_start().len();
    let start = row.start + row.indent + offset + lead;
    let value = without_comment(value.trim_start());
    if value.starts_with('[') {
        return flow(value, start);
    }
    if value.is_empty() {
        return nested(rows, n, row.indent);
    }
    if value.starts_with(['&', '*', '!', '|', '>', '{']) {
        return Place::Other;
    }
    Place::Scalar { range: start..start + value.len() }
}

/// A block list or mapping under row `n`.
fn nested(rows: &[Row<'_>], n: usize, key_indent: usize) -> Place {
    let mut items = Vec::new();
    let mut entries = Vec::new();
    let mut indent = None;
    let mut end = rows.get(n).map_or(0, |r| r.end);
    for row in rows.get(n + 1..).unwrap_or_default() {
        if !row.is_content() {
            continue;
        }
        let dash = row.text.starts_with("- ");
        if row.indent < key_indent || (row.indent == key_indent && !dash) {
            break;
        }
        if *indent.get_or_insert(row.indent) != row.indent {
            return Place::Other;
        }
        end = row.end;
        if dash {
            let lead = 2 + row.text.get(2..).map_or(0, |r| r.len() - r.trim_start().len());
            let shown = without_comment(row.text.get(lead..).unwrap_or(""));
            let Some(text) = plain(shown) else { return Place::Other };
            let start = row.start + row.indent + lead;
            items.push(Item { text, range: start..start + shown.len() });
        } else {
            let Some((name, rest)) = row.text.split_once(": ") else { return Place::Other };
            let shown = without_comment(rest.trim_start());
            let Some(_) = plain(shown) else { return Place::Other };
            let start = row.start + row.indent + (row.text.len() - rest.trim_start().len());
            let name = name.trim().trim_matches(['"', '\'']).to_owned();
            entries.push((name, start..start + shown.len()));
        }
    }
    match (indent, items.is_empty(), entries.is_empty()) {
        (Some(indent), false, true) => Place::Block { items, indent, end },
        (Some(indent), true, false) => Place::Map { entries, indent, end },
        _ => Place::Other,
    }
}

/// A flow list that closes on its line.
fn flow(value: &str, start: usize) -> Place {
    let Some(inner) = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')) else { return Place::Other };
    let mut items = Vec::new();
    let mut from = 0;
    let mut quote = None;
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) if at < inner.len() => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{' | ']' | '}') => return Place::Other,
            (_, ',') => {
                let piece = inner.get(from..at).unwrap_or("");
                let shown = piece.trim();
                let lead = piece.len() - piece.trim_start().len();
                if !shown.is_empty() {
                    let Some(text) = plain(shown) else { return Place::Other };
                    let begin = start + 1 + from + lead;
                    items.push(Item { text, range: begin..begin + shown.len() });
                }
                from = at + 1;
            }
            _ => {}
        }
    }
    Place::Flow { items, close: start + value.len() - 1 }
}

/// A value up to its comment.
fn without_comment(value: &str) -> &str {
    let mut quote = None;
    let mut previous = ' ';
    for (at, c) in value.char_indices() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if (c == '"' || c == '\'') && matches!(previous, ' ' | '[' | ',') => quote = Some(c),
            None if c == '#' && previous == ' ' => return value.get(..at).unwrap_or(value).trim_end(),
            None => {}
        }
        previous = c;
    }
    value.trim_end()
}

/// The meaning of a one-line scalar that this module may replace; `None` for aliases, anchors, tags,
/// mappings and escapes.
fn plain(shown: &str) -> Option<String> {
    if let Some(inner) = shown.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        return (!inner.contains(['\\', '"'])).then(|| inner.to_owned());
    }
    if let Some(inner) = shown.strip_prefix('\'').and_then(|s| s.strip_suffix('\'')) {
        return (!inner.contains('\'')).then(|| inner.to_owned());
    }
    let odd = shown.is_empty()
        || shown.starts_with(['&', '*', '!', '|', '>', '{', '[', '"', '\'', '@', '`', '%', '-', '?'])
        || shown.contains(": ")
        || shown.ends_with(':');
    (!odd).then(|| shown.to_owned())
}
