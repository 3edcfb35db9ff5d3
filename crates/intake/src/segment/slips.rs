//! What reading a screenshot by machine does to the words of `strerror(3)`: `Perrnission den1ed`.
//!
//! Only these wordings are mended, whole and at once: in a name or a path a `1` may well be a `1`.

use super::line::Line;
use std::borrow::Cow;
use std::ops::Range;

/// The wordings that are mended.
const WORDINGS: [&str; 5] = [
    "permission denied",
    "operation not permitted",
    "read-only file system",
    "function not implemented",
    "access denied",
];

/// Letters that a wording may begin with, as read.
const FIRST: [char; 16] = ['p', 'P', 'o', 'O', '0', 'Q', 'r', 'R', 'f', 'F', 'a', 'A', 'р', 'Р', 'о', 'О'];

/// A line longer than this is a log's or a program's, not a picture's.
const LONGEST: usize = 1 << 10;

/// Puts the wordings of errors back as they were.
pub(super) fn mend(line: &mut Line) {
    if line.text.len() > LONGEST {
        return;
    }
    let mut edits: Vec<(Range<usize>, Cow<'static, str>)> = Vec::new();
    let mut from = 0;
    let mut before = ' ';
    for (at, c) in line.text.char_indices() {
        let starts = !before.is_alphanumeric() && at >= from && FIRST.contains(&c);
        before = c;
        if !starts {
            continue;
        }
        let rest = line.text.get(at..).unwrap_or("");
        let found = WORDINGS.iter().find_map(|w| Some((*w, alike(rest, w)?)));
        if let Some((wording, len)) = found {
            from = at + len;
            if !rest.get(..len).is_some_and(|r| r.eq_ignore_ascii_case(wording)) {
                edits.push((at..from, wording.into()));
            }
        }
    }
    if !edits.is_empty() {
        line.replace_all(&edits);
    }
}

/// The length of the beginning of `text` that a reader of pictures takes for `wording`, where a word
/// ends there.
fn alike(text: &str, wording: &str) -> Option<usize> {
    let mut read = Shapes(text);
    for shape in Shapes(wording) {
        (read.next()? == shape).then_some(())?;
    }
    let rest = read.0;
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
    ends.then_some(text.len() - rest.len())
}

/// The shapes of a text: what looks alike is one shape.
struct Shapes<'a>(&'a str);

impl Iterator for Shapes<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        const JOINED: [(&str, char); 3] = [("rn", 'm'), ("cl", 'd'), ("ri", 'n')];
        for (two, one) in JOINED {
            if self.0.get(..2).is_some_and(|t| t.eq_ignore_ascii_case(two)) {
                self.0 = &self.0[2..];
                return Some(one);
            }
        }
        let c = self.0.chars().next()?;
        self.0 = &self.0[c.len_utf8()..];
        Some(match c.to_lowercase().next()? {
            '0' | 'q' | 'о' => 'o',
            '1' | 'l' | '|' | '!' | 'і' | 'ı' | 'í' | 'ì' => 'i',
            '5' | '$' | 'ѕ' => 's',
            'е' | 'ë' | 'é' | 'è' => 'e',
            'р' => 'p',
            'с' => 'c',
            'а' => 'a',
            '—' | '–' | '~' | '_' => '-',
            '\u{a0}' => ' ',
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::line::Dress;
    use whodenied_case::Channel;
    use whodenied_text::{SourceId, Span};

    fn mended(text: &str) -> String {
        let mut line = Line::plain(text, Span::new(SourceId(0), 0, text.len()), Dress::new(Channel::Bare));
        mend(&mut line);
        line.text
    }

    #[test]
    fn wordings() {
        for (read, meant) in [
            ("cat: /srv/a: Perrnission denied", "cat: /srv/a: permission denied"),
            ("cat: /srv/a: Permission den1ed", "cat: /srv/a: permission denied"),
            ("cat: /srv/a: Permlsslon denled.", "cat: /srv/a: permission denied."),
            ("chown: x: 0perati0n not perrnitted", "chown: x: operation not permitted"),
            ("touch: x: Read—on1y fi1e system", "touch: x: read-only file system"),
            // Cyrillic letters that look the same.
            ("open: Реrmission denied", "open: permission denied"),
        ] {
            assert_eq!(mended(read), meant);
        }
    }

    #[test]
    fn right_words_and_names_stay() {
        for text in [
            "cat: /srv/a: Permission denied",
            "OPERATION NOT PERMITTED",
            "/srv/perrnission denied1x",
            "perrnissions were set",
            "Permission d",
            "р",
        ] {
            assert_eq!(mended(text), text);
        }
    }
}
