//! One undressed line and where each of its bytes came from.

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
    /// In the order of the text, without gaps in it.
    pieces: Vec<Piece>,
}

impl Line {
    /// A line whose text stands in the evidence as it is, at `raw`.
    pub(crate) fn plain(text: &str, raw: Span, dress: Dress) -> Self {
        let piece = Piece { text: 0..text.len(), raw: raw.start as usize..raw.end as usize };
        Self { text: text.to_owned(), raw, dress, pieces: vec![piece] }
    }

    /// The bytes of the evidence that `start..end` of the text came from: exact where the text was
    /// only cut, the whole entity or escape where it was decoded.
    pub(crate) fn span_of(&self, start: usize, end: usize) -> Span {
        let mut from = None;
        let mut to = None;
        for piece in &self.pieces {
            if piece.text.end <= start && from.is_none() && piece.text.end < self.text.len() {
                continue;
            }
            let exact = piece.text.len() == piece.raw.len();
            if from.is_none() {
                let skip = start.saturating_sub(piece.text.start).min(piece.raw.len());
                from = Some(piece.raw.start + if exact { skip } else { 0 });
            }
            if piece.text.start >= end && to.is_some() {
                break;
            }
            let taken = end.saturating_sub(piece.text.start).min(piece.text.len());
            to = Some(if exact { piece.raw.start + taken } else { piece.raw.end });
            if piece.text.end >= end {
                break;
            }
        }
        match (from, to) {
            (Some(from), Some(to)) => Span::new(self.raw.source, from, to),
            _ => self.raw,
        }
    }

    /// The span of the whole text.
    #[allow(dead_code, reason = "for recognisers")]
    pub(crate) fn span(&self) -> Span {
        self.span_of(0, self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_maps_exactly() {
        let line = Line::plain("abc def", Span::new(SourceId(0), 10, 17), Dress::new(Channel::Bare));
        assert_eq!(line.span_of(4, 7), Span::new(SourceId(0), 14, 17));
        assert_eq!(line.span(), Span::new(SourceId(0), 10, 17));
        assert_eq!(line.span_of(90, 99), Span::new(SourceId(0), 17, 17));
    }
}
