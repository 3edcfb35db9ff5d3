//! Many literals looked for at once, by their first word.
//!
//! An automaton finds them faster, but costs milliseconds to build, and a process reads one paste.

use std::collections::HashMap;
use std::ops::Range;

/// Literals in lower case, found where no letter stands before their first letter.
pub(crate) struct Index {
    /// By the first run of letters: the literal and where in it that run begins.
    by_word: HashMap<String, Vec<(usize, usize)>>,
    /// Literals of one run of letters that may end within a word, by their first letters.
    by_head: HashMap<[u8; HEAD], Vec<usize>>,
    /// Literals too short or odd for either.
    rest: Vec<usize>,
    literals: Vec<String>,
}

/// How many letters tell enough to look a literal up by them.
const HEAD: usize = 3;

/// Bytes of characters beyond ASCII count as letters.
fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() || b >= 0x80
}

impl Index {
    /// An index of `literals`. With `prefixes`, a literal of one word is also found at the beginning
    /// of a longer word.
    pub(crate) fn new<'a>(literals: impl Iterator<Item = &'a str>, prefixes: bool) -> Self {
        let mut index =
            Self { by_word: HashMap::new(), by_head: HashMap::new(), rest: Vec::new(), literals: Vec::new() };
        for literal in literals {
            let literal = literal.to_ascii_lowercase();
            let number = index.literals.len();
            let first = literal.bytes().position(is_letter);
            let run = first.map(|at| literal.bytes().skip(at).take_while(|b| is_letter(*b)).count());
            match (first, run) {
                (Some(at), Some(len)) if !(prefixes && at + len == literal.len()) => {
                    let word = literal.get(at..at + len).unwrap_or("").to_owned();
                    index.by_word.entry(word).or_default().push((number, at));
                }
                _ => match literal.as_bytes().first_chunk() {
                    Some(head) if first == Some(0) => index.by_head.entry(*head).or_default().push(number),
                    _ => index.rest.push(number),
                },
            }
            index.literals.push(literal);
        }
        index
    }

    /// Calls `found` with the number and place of each literal in `low`, at most `most` times.
    pub(crate) fn find(&self, low: &str, most: usize, mut found: impl FnMut(usize, Range<usize>)) {
        let bytes = low.as_bytes();
        let mut left = most;
        let mut at = 0;
        while at < bytes.len() && left > 0 {
            if !is_letter(bytes[at]) {
                at += 1;
                continue;
            }
            let len = bytes.get(at..).unwrap_or_default().iter().take_while(|b| is_letter(**b)).count();
            let word = low.get(at..at + len).unwrap_or("");
            for (number, offset) in self.by_word.get(word).into_iter().flatten() {
                let Some(literal) = self.literals.get(*number) else { continue };
                let Some(start) = at.checked_sub(*offset) else { continue };
                if low.get(start..start + literal.len()) == Some(literal.as_str()) && left > 0 {
                    left -= 1;
                    found(*number, start..start + literal.len());
                }
            }
            let head = bytes.get(at..).and_then(|b| b.first_chunk());
            for number in head.and_then(|h| self.by_head.get(h)).into_iter().flatten() {
                let Some(literal) = self.literals.get(*number) else { continue };
                if low.get(at..at + literal.len()) == Some(literal.as_str()) && left > 0 {
                    left -= 1;
                    found(*number, at..at + literal.len());
                }
            }
            at += len;
        }
        for number in &self.rest {
            let Some(literal) = self.literals.get(*number) else { continue };
            for (start, _) in low.match_indices(literal.as_str()) {
                let before = start.checked_sub(1).and_then(|i| bytes.get(i));
                let inside = before.is_some_and(|b| is_letter(*b)) && is_letter(bytes[start]);
                if !inside && left > 0 {
                    left -= 1;
                    found(*number, start..start + literal.len());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(literals: &[&str], prefixes: bool, low: &str) -> Vec<(usize, Range<usize>)> {
        let mut out = Vec::new();
        Index::new(literals.iter().copied(), prefixes).find(low, 99, |n, at| out.push((n, at)));
        out.sort_by_key(|(n, at)| (at.start, *n));
        out
    }

    #[test]
    fn by_words() {
        let literals = ["open", "open file", "/dev/kvm", "b_c"];
        assert_eq!(all(&literals, false, "can't open file /dev/kvm"), [(0, 6..10), (1, 6..15), (2, 16..24)]);
        assert_eq!(all(&literals, false, "reopen x"), []);
        assert_eq!(all(&literals, false, "ab_c b_cd"), [(3, 5..8)]);
        assert_eq!(all(&["mlock"], true, "mlockall semlock"), [(0, 0..5)]);
        assert_eq!(all(&["mlock"], false, "mlockall"), []);
        assert_eq!(all(&["权限不够"], false, "x: 权限不够"), [(0, 3..15)]);
    }
}
