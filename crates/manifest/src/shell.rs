//! Words of a command line with their place, quoting undone; and continued lines joined.

use crate::line::Line;
use std::ops::Range;

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Quotes and backslashes removed.
    pub text: String,
    /// Index of its line.
    pub line: usize,
    /// Bytes of the line's text, quotes included.
    pub range: Range<usize>,
}

/// Words are counted no further than this in one command.
const MOST_WORDS: usize = 2000;

/// The words of `text` from byte `from` to the end of the command: an unquoted `|`, `;`, `&&`, `||`, `#` at
/// the start of a word or a redirection. The second value tells that the line ends in a backslash.
#[must_use]
pub fn words(text: &str, from: usize, line: usize) -> (Vec<Word>, bool) {
    let mut out: Vec<Word> = Vec::new();
    let mut chars = text.char_indices().skip_while(|(at, _)| *at < from).peekable();
    let mut current: Option<(usize, String)> = None;
    let mut quote = None;
    let mut depth = 0_u32;
    let mut continued = false;
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        if out.len() >= MOST_WORDS {
            break;
        }
        if let Some(q) = quote {
            let word = &mut current.get_or_insert_with(|| (at, String::new())).1;
            if c == q {
                quote = None;
            } else if c == '\\' && q == '"' && chars.peek().is_some_and(|(_, n)| "\"\\$`".contains(*n)) {
                word.extend(chars.next().map(|(_, n)| n));
            } else {
                word.push(c);
            }
            continue;
        }
        match c {
            '\'' | '"' => {
                current.get_or_insert_with(|| (at, String::new()));
                quote = Some(c);
            }
            '\\' => match chars.next() {
                Some((_, n)) if !n.is_whitespace() => {
                    current.get_or_insert_with(|| (at, String::new())).1.push(n);
                }
                Some((n_at, n)) if text.get(n_at..).is_some_and(|r| !r.trim().is_empty()) => {
                    // Inside a word an escaped blank; between words a line break that a paste has lost.
                    if let Some((_, word)) = &mut current {
                        word.push(n);
                    }
                }
                _ => {
                    continued = true;
                    end = at;
                    break;
                }
            },
            '(' if depth > 0 || current.as_ref().is_some_and(|(_, w)| w.ends_with('$')) => {
                depth += 1;
                if let Some((_, w)) = &mut current {
                    w.push(c);
                }
            }
            ')' if depth > 0 => {
                depth -= 1;
                if let Some((_, w)) = &mut current {
                    w.push(c);
                }
            }
            c if c.is_whitespace() && depth == 0 => close(&mut out, &mut current, at, line),
            '|' | ';' if depth == 0 => {
                end = at;
                break;
            }
            '&' if depth == 0 && chars.peek().is_some_and(|(_, n)| *n == '&') => {
                end = at;
                break;
            }
            '#' if depth == 0 && current.is_none() => {
                end = at;
                break;
            }
            c => current.get_or_insert_with(|| (at, String::new())).1.push(c),
        }
    }
    close(&mut out, &mut current, end, line);
    (out, continued)
}

fn close(out: &mut Vec<Word>, current: &mut Option<(usize, String)>, end: usize, line: usize) {
    if let Some((start, text)) = current.take() {
        out.push(Word { text, line, range: start..end });
    }
}

/// Blank lines passed over inside a continued command (a caller blanks lines that are foreign to it).
const SLACK: usize = 8;

/// The words of a command that starts at byte `from` of line `at` and goes on over lines that end in a
/// backslash. Returns the words and the index of the line after the command.
#[must_use]
pub fn command(lines: &[Line<'_>], at: usize, from: usize) -> (Vec<Word>, usize) {
    let Some(first) = lines.get(at) else { return (Vec::new(), at + 1) };
    let (mut out, mut continued) = words(first.text, from, at);
    let mut next = at + 1;
    let mut blank = 0;
    while continued && out.len() < MOST_WORDS && blank <= SLACK {
        let Some(line) = lines.get(next) else { break };
        next += 1;
        if line.text.is_empty() {
            blank += 1;
            continue;
        }
        let (more, goes_on) = words(line.text, 0, next - 1);
        out.extend(more);
        continued = goes_on;
        blank = 0;
    }
    (out, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(t: &str) -> Vec<String> {
        words(t, 0, 0).0.into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn quotes_substitutions_and_ends() {
        assert_eq!(texts("a 'b c' \"d \\\" e\" f\\ g"), ["a", "b c", "d \" e", "f g"]);
        assert_eq!(
            texts("run --user $(id -u) -v $(pwd)/a:/a x"),
            ["run", "--user", "$(id -u)", "-v", "$(pwd)/a:/a", "x"]
        );
        assert_eq!(texts("run -d \\ -v a:b \\ img"), ["run", "-d", "-v", "a:b", "img"]);
        assert_eq!(texts("a b | c"), ["a", "b"]);
        assert_eq!(texts("a 'b | c"), ["a", "b | c"]);
        assert_eq!(texts("é x"), ["é", "x"]);
    }

    #[test]
    fn continued_lines_join() {
        let text = "docker run \\\n  --cap-add X \\\nimage\nnext";
        let lines = crate::line::lines(text);
        let (words, next) = command(&lines, 0, 0);
        let shown: Vec<_> = words.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(shown, ["docker", "run", "--cap-add", "X", "image"]);
        assert_eq!((next, words[3].line, words[3].range.clone()), (3, 1, 10..11));
    }
}
