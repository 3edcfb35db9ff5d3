//! Evidence cut into lines and undressed: what a terminal, a mail, a log daemon or a page put
//! around a message is taken off and remembered, and wrapped records are joined again.

pub(crate) mod line;

pub(crate) use line::{Document, Dress, Line};

use whodenied_case::{Channel, Evidence};
use whodenied_text::Span;

/// Cuts a piece of evidence into undressed lines.
pub(crate) fn document(evidence: &Evidence) -> Document {
    let mut lines = Vec::new();
    let mut at = 0;
    for raw in evidence.text.split_inclusive('\n') {
        let shown = raw.trim_end();
        let text = shown.trim_start();
        let start = at + (shown.len() - text.len());
        let dress = Dress { indent: shown.len() - text.len(), ..Dress::new(Channel::Bare) };
        lines.push(Line::plain(text, Span::new(evidence.id, start, start + text.len()), dress));
        at += raw.len();
    }
    Document { source: evidence.id, lines }
}
