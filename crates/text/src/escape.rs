//! Makes hostile text safe to show. The only way text of any input may reach a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True for characters that must never reach a terminal or a page as they are: C0 and C1
/// controls, DEL, line and paragraph separators, the byte order mark, and the bidirectional
/// and zero-width controls that make text read otherwise than it is.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` for one line on a terminal: every unsafe character is spelled out
/// (`\n`, `\t`, `\x1b`, `\u{202e}`), all else is kept.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Like [`line`], but newlines stay and tabs become four blanks: for blocks of our own making
/// that embed input (a profile, a compose snippet).
#[must_use]
pub fn block(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            c => push(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// [`line`], cut to at most `max` characters with `…` in place of what was cut.
#[must_use]
pub fn clipped(text: &str, max: usize) -> String {
    // The cut is made before escaping so that a megabyte of input costs no megabyte of work.
    let head: String = text.chars().take(max + 1).collect();
    let escaped = line(&head);
    if escaped.chars().count() <= max && head.len() == text.len() {
        return escaped.into_owned();
    }
    let mut out: String = escaped.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if (c as u32) < 0x100 && is_unsafe(c) => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        c if is_unsafe(c) => {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_spelled_out() {
        assert_eq!(line("a\x1b[31mb\r\n\t\u{9b}c\u{202e}d"), "a\\x1b[31mb\\r\\n\\t\\x9bc\\u{202e}d");
        assert_eq!(line("plain ünïcode ✓"), "plain ünïcode ✓");
        assert_eq!(block("a\n\tb\x07"), "a\n    b\\x07");
    }

    #[test]
    fn clipping_counts_shown_characters() {
        assert_eq!(clipped("abcdef", 6), "abcdef");
        assert_eq!(clipped("abcdefg", 6), "abcde…");
        assert_eq!(clipped("\x1b\x1b\x1b", 6), "\\x1b\\…");
        assert!(clipped(&"\x1b".repeat(1_000_000), 10).chars().count() <= 10);
    }

    #[test]
    fn nothing_unsafe_survives() {
        let every: String = (0..=0x10_ffffu32).filter_map(char::from_u32).collect();
        assert!(!line(&every).contains(is_unsafe));
        assert!(!block(&every).contains(|c| c != '\n' && is_unsafe(c)));
    }
}
