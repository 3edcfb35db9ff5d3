//! Evidence cut into lines and undressed: what a terminal, a mail, a log daemon or a page put
//! around a message is taken off and remembered, and broken records are joined again.

mod json;
mod label;
mod line;
mod markup;
mod prefix;
mod read;
mod rejoin;
mod sieve;
mod slips;
mod unwrap;

pub(crate) use line::{Document, Dress, Line};
pub(crate) use read::read;

use unwrap::Physical;
use whodenied_case::{Channel, Evidence, Origin};
use whodenied_text::{SourceId, Span};

/// Lines are cut at this many bytes: no message that matters is longer.
const LONGEST_LINE: usize = 64 << 10;

/// Cuts a piece of evidence into undressed lines.
pub(crate) fn document(evidence: &Evidence) -> Document {
    let mut drawn: Vec<Line> = Vec::new();
    // What a program wrote stays that program's text, whatever it looks like; and a record that may be of
    // another program counts no more than that.
    let channel = match evidence.origin {
        Origin::Log { .. } | Origin::KernelLog { sure: false, .. } => Channel::ProgramLog,
        _ => Channel::Bare,
    };
    let mut labels = label::Labels::default();
    let mut code = false;
    let physical = physical(&evidence.text);
    let column = unwrap::column(&physical);
    let mut repeated = evidence.repeated.iter().copied().peekable();
    let mut rest = physical.iter().peekable();
    while let Some(first) = rest.next() {
        while repeated.next_if(|(offset, _)| (*offset as usize) < first.at).is_some() {}
        let count = repeated.next_if(|(offset, _)| *offset as usize == first.at).map_or(1, |(_, n)| n.max(1));
        let raw = |p: &Physical<'_>| Span::new(evidence.id, p.at, p.at + p.text.len());
        if let Some(lines) = json::undress(first.text.trim(), trimmed(first, evidence.id)) {
            drawn.extend(lines.into_iter().map(|mut line| {
                line.count = count;
                if channel == Channel::ProgramLog {
                    line.dress.channel = channel;
                }
                markup::clean(&mut line);
                prefix::strip(&mut line);
                line.fresh = true;
                line
            }));
            continue;
        }
        let mut line = Line::plain(first.text, raw(first), Dress::new(channel));
        line.count = count;
        let mut last = first;
        while let Some(width) = column
            && line.text.len() < LONGEST_LINE
            && let Some(next) = rest.next_if(|next| unwrap::goes_on(last, next, width))
        {
            line.append(&Line::plain(next.text, raw(next), Dress::new(channel)), "");
            last = next;
        }
        markup::clean(&mut line);
        markup::unquote(&mut line);
        slips::mend(&mut line);
        settle(&mut line);
        let blank = line.text.is_empty();
        if blank && drawn.last().is_some_and(|l| l.text.is_empty()) {
            // One blank line says as much as many.
            labels.apply(&mut line);
            continue;
        }
        line.fresh = dress(&mut line, &mut labels, &mut code);
        line.columns = last.text.chars().count();
        line.blank_end = last.text.ends_with([' ', '\t']);
        drawn.push(line);
    }
    Document { source: evidence.id, lines: rejoin::rejoin(drawn) }
}

/// The lines of a text, cut at [`LONGEST_LINE`].
fn physical(text: &str) -> Vec<Physical<'_>> {
    let mut at = 0;
    text.split_inclusive('\n')
        .map(|whole| {
            let line = Physical { at, text: clip(whole.trim_end_matches(['\n', '\r'])) };
            at += whole.len();
            line
        })
        .collect()
}

/// The place of a line's text without the blanks around it.
fn trimmed(line: &Physical<'_>, source: SourceId) -> Span {
    let start = line.at + (line.text.len() - line.text.trim_start().len());
    Span::new(source, start, start + line.text.trim().len())
}

/// Takes off label, log prefix and emphasis; true when one of the first two stood there.
fn dress(line: &mut Line, labels: &mut label::Labels, code: &mut bool) -> bool {
    if fence(line, code) {
        return true;
    }
    line.dress.code = *code;
    let before = line.text.len();
    labels.apply(line);
    let labelled = line.text.len() != before;
    let prefixed = prefix::strip(line);
    repeated(line);
    if !line.dress.code {
        markup::unemphasise(line);
    }
    labelled || prefixed
}

/// rsyslog's `message repeated 12 times: [ … ]`.
fn repeated(line: &mut Line) {
    let Some(rest) = line.text.strip_prefix("message repeated ") else { return };
    let Some((times, message)) = rest.split_once(" times: [") else { return };
    let (Ok(times), end) = (times.parse::<u32>(), line.text.trim_end_matches([']', ' ']).len()) else {
        return;
    };
    let start = line.text.len() - message.len();
    if start < end && times > 0 {
        line.count = line.count.max(times);
        line.cut_back(end);
        line.cut_front(start);
    }
}

/// Handles the marks of a fenced block; true when the line is nothing but one.
fn fence(line: &mut Line, code: &mut bool) -> bool {
    let text = line.text.as_str();
    if !(text.contains("```") || text.starts_with("~~~")) {
        return false;
    }
    if let Some(rest) = text.strip_prefix("```").or_else(|| text.strip_prefix("~~~")) {
        let rest = rest.trim_start_matches(['`', '~']);
        let info = rest.len() <= 20 && !rest.contains([' ', '=', ':', '`']);
        // A block that begins and ends on one line changes nothing.
        let closed = rest.ends_with("```");
        *code = !*code && !closed;
        line.cut_front(if info { text.len() } else { text.len() - rest.len() });
        if closed {
            line.cut_back(line.text.trim_end_matches('`').len());
        }
        return info;
    }
    if text.ends_with("```") && text.matches("```").count() == 1 {
        *code = false;
        line.cut_back(text.trim_end_matches('`').len());
    }
    false
}

/// Moves the indentation from the text to the dress, tabs counted to the next column of eight.
fn settle(line: &mut Line) {
    let blanks = line.text.len() - line.text.trim_start().len();
    line.dress.indent = line
        .text
        .get(..blanks)
        .unwrap_or("")
        .chars()
        .fold(0, |n, c| if c == '\t' { (n / 8 + 1) * 8 } else { n + 1 });
    line.cut_front(0);
    line.cut_back(line.text.len());
}

/// The first [`LONGEST_LINE`] bytes, not cutting a character.
fn clip(text: &str) -> &str {
    if text.len() <= LONGEST_LINE {
        return text;
    }
    let mut end = LONGEST_LINE;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The lines of `text`.
    pub(crate) fn lines(text: &str) -> Vec<Line> {
        let origin = Origin::Paste { name: "-".to_owned() };
        document(&Evidence::new(SourceId(0), origin, text.to_owned())).lines
    }

    fn texts(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|l| l.text).collect()
    }

    #[test]
    fn fences_and_indents() {
        let all = lines("```yaml\n  a: **b**\n```\n  **c**\n```type=AVC x\ny```");
        let shown: Vec<_> = all.iter().map(|l| (l.text.as_str(), l.dress.indent, l.dress.code)).collect();
        assert_eq!(
            shown,
            [
                ("", 0, false),
                ("a: **b**", 2, true),
                ("", 0, false),
                ("c", 2, false),
                ("type=AVC x", 0, true),
                ("y", 0, false)
            ]
        );
    }

    #[test]
    fn windows_line_ends_and_trailing_blanks() {
        assert_eq!(texts("a  \r\n\r\nb\t\r\n"), ["a", "", "b"]);
    }

    #[test]
    fn spans_point_at_the_original() {
        let text = "> Apr 28 16:48:31 h kernel: a=&quot;b&quot;\n";
        let line = &lines(text)[0];
        assert_eq!(line.text, "a=\"b\"");
        assert_eq!(line.span().of(text), "a=&quot;b&quot;");
        assert_eq!(line.raw.of(text), text.trim_end());
    }

    #[test]
    fn long_lines_are_clipped() {
        let all = lines(&"é".repeat(100_000));
        assert_eq!(all.len(), 1);
        assert!(all[0].text.len() <= LONGEST_LINE);
    }
}
