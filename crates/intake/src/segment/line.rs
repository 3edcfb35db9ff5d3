//! One undressed line and where each of its bytes came from.

use std::borrow::Cow;
use std::ops::Range;
use whodenied_case::Channel;
use whodenied_text::{SourceId, Span};

/// One piece of evidence, cut into lines.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// Which evidence.
    pub(crate) source: SourceId,
    /// Its lines in order. Blank lines and code fences stay, as lines with empty text.
    pub(crate) lines: Vec<Line>,
}

/// What stood around a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dress {
    /// Whether the line came by a kernel channel, from a program's log, or bare.
    pub(crate) channel: Channel,
    /// The time stamp as printed by the log, without brackets.
    pub(crate) time: Option<String>,
    /// The host name of a syslog or journal line.
    pub(crate) host: Option<String>,
    /// The writing program of a syslog or journal line, `kernel` or `dnsmasq[4711]`.
    pub(crate) tag: Option<String>,
    /// The container a compose or kubectl prefix names (`mealie-1`), or the journal's CONTAINER_NAME.
    pub(crate) container: Option<String>,
    /// The key, lower case, when the paste is `key: value` (`runtime: Docker CE`) or the line stands
    /// under such a key or under a heading. The key itself is not part of the text.
    pub(crate) label: Option<String>,
    /// How many columns the text is indented, quoting and prefixes not counted.
    pub(crate) indent: usize,
    /// True inside a fenced code block.
    pub(crate) code: bool,
    /// True for a command typed at a shell prompt; the prompt is not part of the text.
    pub(crate) command: bool,
    /// Whether the prompt was root's, where it names its user.
    pub(crate) as_root: Option<bool>,
}

impl Dress {
    /// No dress but a channel.
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            channel,
            time: None,
            host: None,
            tag: None,
            container: None,
            label: None,
            indent: 0,
            code: false,
            command: false,
            as_root: None,
        }
    }

    /// The writing program without its process id.
    #[allow(dead_code, reason = "for recognisers")]
    pub(crate) fn program(&self) -> Option<&str> {
        self.tag.as_deref().map(|t| t.split('[').next().unwrap_or(t))
    }
}

/// A run of the undressed text and the bytes it came from. Equal lengths mean byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: Range<usize>,
    pub(crate) raw: Range<usize>,
}

/// One undressed line. Its text has no leading or trailing blanks.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The text.
    pub(crate) text: String,
    /// The physical line or lines it came from.
    pub(crate) raw: Span,
    /// What stood around it.
    pub(crate) dress: Dress,
    /// How wide the last physical line of it was, in characters; 0 when not known.
    pub(crate) columns: usize,
    /// A blank stood at the physical end.
    pub(crate) blank_end: bool,
    /// A log prefix or label stood before it: it begins something new.
    pub(crate) fresh: bool,
    /// How many such lines the evidence stands for: more than one where a large log was condensed.
    pub(crate) count: u32,
    /// In the order of the text, without gaps in it; none is empty.
    pieces: Vec<Piece>,
}

impl Line {
    /// A line whose text stands in the evidence as it is, at `raw`.
    pub(crate) fn plain(text: &str, raw: Span, dress: Dress) -> Self {
        let mut pieces = Vec::new();
        if !text.is_empty() {
            pieces.push(Piece { text: 0..text.len(), raw: raw.start as usize..raw.end as usize });
        }
        Self {
            text: text.to_owned(),
            raw,
            dress,
            columns: 0,
            blank_end: false,
            fresh: false,
            count: 1,
            pieces,
        }
    }

    /// The bytes of the evidence that `start..end` of the text came from: exact where the text was
    /// only cut, the whole entity or escape where it was decoded.
    pub(crate) fn span_of(&self, start: usize, end: usize) -> Span {
        let end = end.min(self.text.len());
        let Some(first) = self.pieces.iter().find(|p| p.text.end > start).or(self.pieces.last()) else {
            return self.raw;
        };
        let last = self.pieces.iter().find(|p| p.text.end >= end).unwrap_or(first);
        let from = match start.checked_sub(first.text.start) {
            Some(skip) if first.exact() => first.raw.start + skip.min(first.raw.len()),
            _ => first.raw.start,
        };
        let to = match end.checked_sub(last.text.start) {
            Some(taken) if last.exact() => last.raw.start + taken.min(last.raw.len()),
            _ => last.raw.end,
        };
        Span::new(self.raw.source, from, to.max(from))
    }

    /// The span of the whole text.
    #[allow(dead_code, reason = "for recognisers")]
    pub(crate) fn span(&self) -> Span {
        self.span_of(0, self.text.len())
    }

    /// Replaces `range` of the text. A range that is not on character boundaries changes nothing.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &'static str) {
        self.replace_all(&[(range, with.into())]);
    }

    /// Makes all `edits`, which are in order and do not overlap, in one pass. An edit that does not
    /// fit is left out.
    pub(super) fn replace_all(&mut self, edits: &[(Range<usize>, Cow<'static, str>)]) {
        let mut text = String::with_capacity(self.text.len());
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.pieces.len() + edits.len());
        let mut at = 0;
        let mut next = 0;
        for (range, with) in edits {
            if range.start < at || range.end < range.start || self.text.get(range.clone()).is_none() {
                continue;
            }
            self.copy(at..range.start, &mut next, &mut text, &mut pieces);
            let mut gone: Option<Range<usize>> = None;
            let mut probe = next;
            while let Some(piece) = self.pieces.get(probe).filter(|p| p.text.start < range.end) {
                let raw = piece.part(piece.text.start.max(range.start)..piece.text.end.min(range.end)).raw;
                gone = Some(gone.map_or(raw.clone(), |g| g.start..raw.end));
                probe += 1;
            }
            if !with.is_empty() {
                let raw = gone.unwrap_or_else(|| {
                    let here = pieces.last().map_or(self.raw.start as usize, |p| p.raw.end);
                    here..here
                });
                pieces.push(Piece { text: text.len()..text.len() + with.len(), raw });
                text.push_str(with);
            }
            at = range.end;
            while self.pieces.get(next).is_some_and(|p| p.text.end <= at) {
                next += 1;
            }
        }
        self.copy(at..self.text.len(), &mut next, &mut text, &mut pieces);
        self.text = text;
        self.pieces = pieces;
    }

    /// Copies `range` of the text with its pieces, from the piece `next` on.
    fn copy(&self, range: Range<usize>, next: &mut usize, text: &mut String, pieces: &mut Vec<Piece>) {
        while let Some(piece) = self.pieces.get(*next).filter(|p| p.text.start < range.end) {
            let part = piece.part(piece.text.start.max(range.start)..piece.text.end.min(range.end));
            let start = text.len() + (part.text.start - range.start);
            pieces.push(Piece { text: start..start + part.text.len(), raw: part.raw });
            if piece.text.end > range.end {
                break;
            }
            *next += 1;
        }
        text.push_str(self.text.get(range).unwrap_or(""));
    }

    /// Drops the first `n` bytes of the text and the blanks after them.
    pub(super) fn cut_front(&mut self, n: usize) {
        let Some(rest) = self.text.get(n..) else { return };
        let blanks = rest.len() - rest.trim_start().len();
        self.replace(0..n + blanks, "");
    }

    /// Drops everything from byte `n` of the text on, and the blanks before it.
    pub(super) fn cut_back(&mut self, n: usize) {
        let Some(kept) = self.text.get(..n) else { return };
        self.replace(kept.trim_end().len()..self.text.len(), "");
    }

    /// Appends the text of the line that follows in the evidence, with `between` in between.
    pub(super) fn append(&mut self, next: &Self, between: &str) {
        let base = self.text.len();
        let from = self.pieces.last().map_or(self.raw.end as usize, |p| p.raw.end);
        let to = next.pieces.first().map_or(next.raw.start as usize, |p| p.raw.start);
        if !between.is_empty() {
            self.pieces.push(Piece { text: base..base + between.len(), raw: from..to.max(from) });
        }
        let shift = base + between.len();
        self.pieces.extend(
            next.pieces
                .iter()
                .map(|p| Piece { text: p.text.start + shift..p.text.end + shift, raw: p.raw.clone() }),
        );
        self.text.push_str(between);
        self.text.push_str(&next.text);
        self.raw = self.raw.cover(next.raw);
        self.columns = next.columns;
        self.blank_end = next.blank_end;
    }
}

impl Piece {
    fn exact(&self) -> bool {
        self.text.len() == self.raw.len()
    }

    /// The piece of `range`, which lies inside this one.
    fn part(&self, range: Range<usize>) -> Self {
        let raw = if self.exact() {
            let at = self.raw.start + (range.start - self.text.start);
            at..at + range.len()
        } else {
            self.raw.clone()
        };
        Self { text: range, raw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::plain(text, Span::new(SourceId(0), 10, 10 + text.len()), Dress::new(Channel::Bare))
    }

    fn span(start: usize, end: usize) -> Span {
        Span::new(SourceId(0), start, end)
    }

    #[test]
    fn a_plain_line_maps_exactly() {
        let line = line("abc def");
        assert_eq!(line.span_of(4, 7), span(14, 17));
        assert_eq!(line.span(), span(10, 17));
        assert_eq!(line.span_of(90, 99), span(17, 17));
        assert_eq!(line.span_of(5, 2), span(15, 15));
    }

    #[test]
    fn cut_and_decoded_text_maps_back() {
        let mut l = line("kernel: a=&quot;b&quot; c");
        l.cut_front(7);
        l.replace(2..8, "\"");
        l.replace(4..10, "\"");
        assert_eq!(l.text, "a=\"b\" c");
        assert_eq!(l.span_of(2, 5), span(20, 33));
        assert_eq!(l.span_of(3, 4), span(26, 27));
        assert_eq!(l.span_of(6, 7), span(34, 35));
        assert_eq!(l.span_of(0, 7), span(18, 35));
    }

    #[test]
    fn joined_lines_map_to_both() {
        let mut a = line("flags=\"rw,");
        let b = Line::plain("bind\"", span(30, 35), Dress::new(Channel::Bare));
        a.append(&b, " ");
        assert_eq!(a.text, "flags=\"rw, bind\"");
        assert_eq!(a.span_of(11, 15), span(30, 34));
        assert_eq!(a.span_of(6, 16), span(16, 35));
        assert_eq!(a.raw, span(10, 35));
        a.cut_back(10);
        assert_eq!((a.text.as_str(), a.span()), ("flags=\"rw,", span(10, 20)));
    }

    #[test]
    fn hostile_ranges_change_nothing() {
        let mut l = line("é");
        l.replace(1..2, "x");
        l.replace(0..9, "x");
        l.cut_front(1);
        l.cut_back(7);
        assert_eq!(l.text, "é");
        l.replace(0..2, "");
        l.replace(0..0, "new");
        assert_eq!(l.text, "new");
        let _ = l.span();
    }
}
