//! Logical lines: a message that a terminal or a mail wrapped is one text again.

use super::{call_expr, errno_text};
use crate::segment::{Document, Line};
use std::ops::Range;
use whodenied_text::Span;

/// One message line, joined from at most a dozen lines of the document.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// The text.
    pub(crate) text: String,
    /// The text in ASCII lower case; same length.
    pub(crate) low: String,
    /// Where in the text each line begins, and which line of the document it is.
    parts: Vec<(usize, usize)>,
}

/// No message needs more; longer lines are read to here.
const LONGEST: usize = 4 * 1024;
const MOST_LINES: usize = 12;

impl Unit {
    /// The index of the first line.
    pub(crate) fn first(&self) -> usize {
        self.parts.first().map_or(0, |p| p.1)
    }

    /// The index of the last line.
    pub(crate) fn last(&self) -> usize {
        self.parts.last().map_or(0, |p| p.1)
    }

    /// The span in the evidence of a range of the text.
    pub(crate) fn span(&self, doc: &Document, at: Range<usize>) -> Span {
        let mut whole: Option<Span> = None;
        for (i, (start, line)) in self.parts.iter().enumerate() {
            let Some(line) = doc.lines.get(*line) else { continue };
            let end = self.parts.get(i + 1).map_or(self.text.len(), |p| p.0);
            if at.end <= *start && whole.is_some() || at.start >= end && i + 1 < self.parts.len() {
                continue;
            }
            let from = at.start.saturating_sub(*start).min(line.text.len());
            let to = at.end.saturating_sub(*start).min(line.text.len());
            let span = line.span_of(from, to.max(from));
            whole = Some(whole.map_or(span, |w| w.cover(span)));
        }
        whole.unwrap_or(Span::new(doc.source, 0, 0))
    }

    /// The span of the whole text.
    pub(crate) fn whole(&self, doc: &Document) -> Span {
        self.span(doc, 0..self.text.len())
    }

    /// The line the unit begins with.
    pub(crate) fn line<'d>(&self, doc: &'d Document) -> Option<&'d Line> {
        doc.lines.get(self.first())
    }

    /// A unit of one text, for tests.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), low: text.to_ascii_lowercase(), parts: vec![(0, 0)] }
    }
}

/// The logical line that begins at line `i`; `None` for blank lines.
pub(crate) fn unit_at(doc: &Document, i: usize, widths: &[usize]) -> Option<Unit> {
    let line = doc.lines.get(i).filter(|l| !l.text.is_empty())?;
    let mut text = clip(&line.text).to_owned();
    let mut parts = vec![(0, i)];
    let mut at = i;
    while parts.len() < MOST_LINES && text.len() < LONGEST {
        let Some(glue) = continues(doc, at, widths) else { break };
        let Some(next) = doc.lines.get(at + 1) else { break };
        text.push_str(glue);
        parts.push((text.len(), at + 1));
        text.push_str(clip(&next.text));
        at += 1;
    }
    let low = text.to_ascii_lowercase();
    Some(Unit { text, low, parts })
}

fn clip(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let end = (0..=LONGEST).rev().find(|e| text.is_char_boundary(*e)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

/// The widths at which lines of the document were broken within words.
pub(crate) fn wrap_widths(doc: &Document) -> Vec<usize> {
    let mut widths = vec![80];
    let widest = doc.lines.iter().map(|l| l.columns).max().unwrap_or(0);
    if !(60..=300).contains(&widest) || widest == 80 {
        return widths;
    }
    // A width that several different lines reach to the character, each with something after it
    // that begins nothing new, and that none exceeds is that of a terminal.
    let mut reached: Vec<&str> = Vec::new();
    for pair in doc.lines.windows(2) {
        if let [line, next] = pair
            && line.columns == widest
            && !next.fresh
            && !next.text.is_empty()
            && reached.len() < 3
            && !reached.contains(&line.text.as_str())
        {
            reached.push(&line.text);
        }
    }
    if reached.len() >= 3 {
        widths.push(widest);
    }
    widths
}

/// What to put between line `i` and the next when the next goes on with it.
fn continues(doc: &Document, i: usize, widths: &[usize]) -> Option<&'static str> {
    let line = doc.lines.get(i)?;
    let next = doc.lines.get(i + 1).filter(|n| !n.text.is_empty())?;
    let new = next.dress.time.is_some()
        || next.dress.tag.is_some()
        || (next.dress.container.is_some() && next.dress.container != line.dress.container)
        || next.fresh
        || (next.dress.label.is_some() && next.dress.label != line.dress.label);
    if new {
        return None;
    }
    if widths.contains(&line.columns) {
        return Some(if line.blank_end || next.dress.indent > 0 { " " } else { "" });
    }
    let text = line.text.as_str();
    let frame = next.text.starts_with("at ") || next.text.starts_with("File \"");
    if frame || text.starts_with("Traceback") || text.starts_with("File \"") {
        return None;
    }
    let first_word = next.text.split(' ').next().map_or(0, |w| w.chars().count());
    // A mail or page breaks at blanks, so that the next word would not have fitted.
    let full = (40..=81).contains(&line.columns) && line.columns + 1 + first_word > 72;
    let lower =
        next.text.starts_with(|c: char| c.is_lowercase() || matches!(c, '(' | '"' | '\'' | '/' | '`' | '['));
    let open_end = text.ends_with([':', ',', '(', '=', '"']) && text.len() >= 24 && text.contains(' ');
    // `cannot create directory '/x':` and on the next line the words of the error.
    let head = next.text.split(' ').next().unwrap_or("");
    let lone = head.len() == next.text.len();
    let starts_message =
        head.ends_with(':') && !text.ends_with(':') && !lone && !head.starts_with(['/', '"', '\'']);
    if (text.ends_with(':') || full && !starts_message)
        && !text.ends_with('.')
        && errno_text::mentions(&next.text).first().is_some_and(|m| m.at.start <= 5)
    {
        return Some(" ");
    }
    // A traced call whose bracket is still open.
    if is_open_call(text) && (text.len() >= 40 || next.text.contains(") = ")) {
        return Some(" ");
    }
    let ended = text.ends_with(['.', ';', '!', '?']);
    if !full || starts_message || ended {
        return (lower && open_end).then_some(" ");
    }
    // A sentence that has not come to its error yet may go on with a name.
    (lower || errno_text::mentions(text).is_empty()).then_some(" ")
}

/// True when a call expression is open at the end of `text`.
fn is_open_call(text: &str) -> bool {
    call_expr::find(text, 0).is_some_and(|e| e.at.end == text.len() && !text.ends_with(')'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::document;
    use whodenied_case::{Evidence, Origin};
    use whodenied_text::SourceId;

    fn units(text: &str) -> Vec<String> {
        let origin = Origin::Paste { name: "-".to_owned() };
        let doc = document(&Evidence::new(SourceId(0), origin, text.to_owned()));
        let mut out = Vec::new();
        let mut i = 0;
        while i < doc.lines.len() {
            match unit_at(&doc, i, &wrap_widths(&doc)) {
                Some(unit) => {
                    i = unit.last() + 1;
                    out.push(unit.text);
                }
                None => i += 1,
            }
        }
        out
    }

    #[test]
    fn a_hard_wrap_at_80_is_undone() {
        let long = format!("prog: cannot create directory '{}': Permission denied", "x/".repeat(40));
        let wrapped = format!("{}\n{}\nnext line", &long[..80], &long[80..]);
        assert_eq!(units(&wrapped), [long.as_str(), "next line"]);
    }

    #[test]
    fn an_unfinished_line_goes_on() {
        let text = "OCI runtime create failed: unable to start container process:\nerror during init: x";
        assert_eq!(units(text).len(), 1);
        assert_eq!(units("mkdir: x: Permission denied\ntouch: y: Permission denied").len(), 2);
        assert_eq!(units("Traceback (most recent call last):\nfoo").len(), 2);
        let code = "s = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM, _socket.IPPROTO_ICMP)";
        assert_eq!(units(&format!("{code}\nPermissionError: [Errno 13] Permission denied")).len(), 2);
    }
}
