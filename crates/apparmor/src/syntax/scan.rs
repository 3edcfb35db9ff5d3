//! The lexical level: how far a token reaches. What a byte means depends on where it stands, so the
//! parser asks for the token it can use, and nothing is cut into tokens ahead of it.
//!
//! Sources: `apparmor.d(5)`; the observed behaviour of the reference parser 3.0 to 5.0.

/// Ends a word of any kind.
pub(crate) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// How an unquoted word ends besides at blanks, `"` and `!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// A path, pattern or name: a comma belongs to it when a character of a word follows.
    Name,
    /// A value within parentheses: ends at a comma outside `{}`, and at `)`.
    Listed,
    /// A word of a rule with conditions: ends at `,`, `(`, `)` and `=` too.
    Plain,
    /// A value after `=`: as a name, but ends at an unbalanced `)`.
    Value,
}

/// The length of the unquoted word at the head of `text`; 0 when there is none.
pub(crate) fn word(text: &str, how: Word) -> usize {
    let mut braces = 0_usize;
    let mut parens = 0_usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                // An escaped blank or separator belongs to the word; any other backslash is one of
                // the pattern's own, and what follows it is read as usual but never ends the word.
                if let Some(&(_, next)) = chars.peek() {
                    // A backslash of its own does not keep the next one from escaping.
                    if matches!(next, '\n' | '\r' | '\\') {
                        continue;
                    }
                    chars.next();
                }
            }
            c if is_blank(c) || matches!(c, '"' | '!') => return at,
            '#' if at == 0 => return 0,
            ',' => {
                if at == 0 || how == Word::Plain || (how == Word::Listed && braces == 0) {
                    return at;
                }
                match chars.peek() {
                    Some(&(_, next)) if !is_blank(next) && !matches!(next, '"' | '!' | ',') => {
                        if matches!(how, Word::Value) && next == ')' {
                            return at;
                        }
                    }
                    _ => return at,
                }
            }
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            '(' if how == Word::Plain => return at,
            '(' => parens += 1,
            ')' if how == Word::Plain => return at,
            ')' if matches!(how, Word::Listed | Word::Value) => {
                if parens == 0 {
                    return at;
                }
                parens -= 1;
            }
            '=' if how == Word::Plain => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of a string in double quotes at the head of `text`, quotes included; `None` when it
/// is not closed.
pub(crate) fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate().skip(1) {
        match b {
            0 => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of the identifier at the head of `text`: a letter or `_`, then letters, digits, `_`.
pub(crate) fn identifier(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') {
        return 0;
    }
    bytes.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(bytes.len())
}

/// The length of blanks at the head of `text`.
pub(crate) fn blanks(text: &str) -> usize {
    text.find(|c| !is_blank(c)).unwrap_or(text.len())
}

/// The length of a variable's name with its sigil (`@{NAME}`, `@NAME`, `${NAME}`, `$NAME`).
pub(crate) fn variable(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(['@', '$'])?;
    let (inner, brace) = rest.strip_prefix('{').map_or((rest, 0), |inner| (inner, 1));
    let name = inner.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let first = inner.bytes().next()?;
    if name == 0 || !first.is_ascii_alphabetic() {
        return None;
    }
    (brace == 0 || inner.as_bytes().get(name) == Some(&b'}')).then_some(1 + name + 2 * brace)
}

/// The length of an assignment operator.
pub(crate) fn assign(text: &str) -> Option<usize> {
    if text.starts_with('=') {
        return Some(1);
    }
    ["+=", "?=", ":="].iter().any(|op| text.starts_with(op)).then_some(2)
}

/// Whether `text` begins with access letters of a file rule, ended by a blank or a comma; their length.
pub(crate) fn mode(text: &str) -> Option<usize> {
    let len = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = text.get(..len).filter(|w| !w.is_empty())?;
    if !word.bytes().all(|b| b"rwalkmxpucidRWALKMXPUCI".contains(&b)) {
        return None;
    }
    match text.as_bytes().get(len) {
        None => Some(len),
        Some(b) if is_blank(*b as char) || *b == b',' => Some(len),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_belongs_to_a_name_when_the_name_goes_on() {
        let len = |t: &str| word(t, Word::Name);
        assert_eq!(len("/foo{a,b} r,"), 9);
        assert_eq!(len("/foo{a, b} r,"), 6);
        assert_eq!(len("foo,\n"), 3);
        assert_eq!(len("foo,"), 3);
        assert_eq!(len(r"/a\ b r,"), 5);
        assert_eq!(len(r"/a\, r,"), 4);
        assert_eq!(len("#x"), 0);
        assert_eq!(word("a,b)", Word::Listed), 1);
        assert_eq!(word("{a,b})", Word::Listed), 5);
        assert_eq!(word("inet,", Word::Plain), 4);
    }

    #[test]
    fn variables_have_names() {
        assert_eq!(variable("@{a_1}/x"), Some(6));
        assert_eq!(variable("@A ="), Some(2));
        assert_eq!(variable("${B}"), Some(4));
        assert_eq!(variable("@{1}"), None);
        assert_eq!(variable("@{A"), None);
    }

    #[test]
    fn modes_end_at_a_blank_or_comma() {
        assert_eq!(mode("rwPix,"), Some(5));
        assert_eq!(mode("rw/x"), None);
        assert_eq!(mode("file,"), None);
        assert_eq!(mode("k}"), None);
    }
}
