//! What pages, mails and terminals do to text: escape codes, entities, typographic quotes, quote
//! marks, inline code and emphasis.

use super::line::Line;
use std::borrow::Cow;
use std::ops::Range;

type Edits = Vec<(Range<usize>, Cow<'static, str>)>;

/// Takes off everything that can stand anywhere in a line.
pub(super) fn clean(line: &mut Line) {
    if line.text.contains(['\u{1b}', '\u{9b}']) || line.text.contains("\\u001b[") || line.text.contains("^[[")
    {
        strip_escapes(line);
    }
    if line.text.contains('&') {
        decode_entities(line);
    }
    if !line.text.is_ascii() {
        plain_punctuation(line);
    }
}

/// Takes off the leading `>` marks of a quotation, nested or not; gives their number.
pub(super) fn unquote(line: &mut Line) -> usize {
    let mut rest = line.text.as_str();
    let mut depth = 0;
    while depth < 16
        && let Some(quoted) = rest.trim_start().strip_prefix('>')
        // `>=` starts a version and `>"` ends a name that was broken.
        && !quoted.starts_with(['=', '"'])
    {
        rest = quoted;
        depth += 1;
    }
    if depth > 0 {
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let n = line.text.len() - rest.len();
        line.replace(0..n, "");
    }
    depth
}

/// Inline code and bold marks, outside code blocks.
pub(super) fn unemphasise(line: &mut Line) {
    if line.text.contains("**") {
        strip_bold(line);
    }
    let ticks = line.text.bytes().filter(|b| *b == b'`').count();
    // A lone tick is the old GNU quotation: `file'.
    if ticks > 0 && ticks % 2 == 0 && !line.text.contains("'`") && !old_quotation(&line.text) {
        let edits: Edits = line.text.match_indices('`').map(|(at, _)| (at..at + 1, "".into())).collect();
        line.replace_all(&edits);
    }
}

/// True where a tick is closed by an apostrophe: `file'.
fn old_quotation(text: &str) -> bool {
    text.split('`').skip(1).any(|part| {
        part.find('\'')
            .is_some_and(|at| !part[..at].contains(' ') && part[at + 1..].starts_with([':', ' ', ',']))
    })
}

/// `**word**` where the marks hug the word, so that globs (`/home/**`) stay.
fn strip_bold(line: &mut Line) {
    let text = line.text.as_str();
    let mut edits = Edits::new();
    let mut from = 0;
    while let Some(open) = text.get(from..).and_then(|t| t.find("**")).map(|i| i + from) {
        let before = text[..open].chars().next_back();
        let inner = &text[open + 2..];
        let opens = before.is_none_or(|c| c.is_whitespace() || "(\"'[_".contains(c))
            && inner.starts_with(|c: char| c.is_alphanumeric() || "([\"'`/<".contains(c));
        let Some(close) = inner.find("**").map(|i| open + 2 + i) else { break };
        let after = text[close + 2..].chars().next();
        let closes = !text[..close].ends_with(char::is_whitespace)
            && after.is_none_or(|c| c.is_whitespace() || ".,:;)!?\"'_".contains(c));
        if opens && closes {
            edits.push((open..open + 2, "".into()));
            edits.push((close..close + 2, "".into()));
            from = close + 2;
        } else {
            from = open + 2;
        }
    }
    line.replace_all(&edits);
}

/// Terminal escape sequences, also as JSON (`\u001b[31m`) and caret notation (`^[[31m`) spell them.
fn strip_escapes(line: &mut Line) {
    let text = line.text.as_str();
    let mut edits = Edits::new();
    let mut from = 0;
    while let Some(at) =
        text.get(from..).and_then(|t| t.find(['\u{1b}', '\u{9b}', '\\', '^'])).map(|i| i + from)
    {
        let here = &text[at..];
        let Some(start) = ["\u{1b}", "\u{9b}", "\\u001b[", "^[["].into_iter().find(|s| here.starts_with(s))
        else {
            from = at + 1;
            continue;
        };
        let body = &here[start.len()..];
        let length = match (start, body.as_bytes().first()) {
            ("\u{1b}", Some(b'[')) => control_sequence(&body[1..]) + 1,
            ("\u{1b}", Some(b']')) => command_string(body),
            ("\u{1b}", Some(b'(' | b')')) => body.chars().take(2).map(char::len_utf8).sum(),
            ("\u{1b}", Some(b)) if b.is_ascii_graphic() => 1,
            ("\u{1b}", _) => 0,
            _ => control_sequence(body),
        };
        let end = at + start.len() + length;
        edits.push((at..end, "".into()));
        from = end;
    }
    line.replace_all(&edits);
}

/// The length of parameters and final byte of a control sequence; 0 when it never ends.
fn control_sequence(body: &str) -> usize {
    for (i, b) in body.bytes().enumerate().take(64) {
        match b {
            0x20..=0x3f => {}
            0x40..=0x7e => return i + 1,
            _ => return i,
        }
    }
    0
}

/// The length of an operating system command (`]0;title`) up to its BEL or ST.
fn command_string(body: &str) -> usize {
    for (i, b) in body.bytes().enumerate().take(4096) {
        match b {
            0x07 => return i + 1,
            0x1b => return if body.as_bytes().get(i + 1) == Some(&b'\\') { i + 2 } else { i },
            _ => {}
        }
    }
    1
}

/// Named and numeric entities that occur in pasted logs.
fn decode_entities(line: &mut Line) {
    // Twice, for text that was encoded twice: `&amp;quot;`.
    for _ in 0..2 {
        let text = line.text.as_str();
        let mut edits = Edits::new();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|t| t.find('&')).map(|i| i + from) {
            from = at + 1;
            let body = &text[from..];
            let Some(end) = body.bytes().take(10).position(|b| b == b';') else { continue };
            if let Some(c) = body.get(..end).and_then(entity) {
                from += end + 1;
                edits.push((at..from, c.to_string().into()));
            }
        }
        if edits.is_empty() {
            break;
        }
        line.replace_all(&edits);
    }
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "nbsp" => ' ',
        "ldquo" | "rdquo" => '"',
        "lsquo" | "rsquo" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            // A record's fields are separated by 0x1d; no other control is worth decoding.
            char::from_u32(code).filter(|c| !c.is_control())?
        }
    })
}

/// Typographic quotes, no-break blanks and zero-width characters, as word processors and pages put them.
fn plain_punctuation(line: &mut Line) {
    let edits: Edits = line
        .text
        .char_indices()
        .filter_map(|(at, c)| {
            let with = match c {
                '\u{2018}'..='\u{201b}' => "'",
                '\u{201c}'..='\u{201f}' | '\u{2033}' => "\"",
                '\u{a0}' | '\u{202f}' => " ",
                '\u{200b}' | '\u{2060}' | '\u{feff}' => "",
                _ => return None,
            };
            Some((at..at + c.len_utf8(), with.into()))
        })
        .collect();
    if !edits.is_empty() {
        line.replace_all(&edits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Dress;
    use whodenied_case::Channel;
    use whodenied_text::{SourceId, Span};

    fn cleaned(text: &str) -> String {
        let mut line = Line::plain(text, Span::new(SourceId(0), 0, text.len()), Dress::new(Channel::Bare));
        clean(&mut line);
        unquote(&mut line);
        unemphasise(&mut line);
        line.text
    }

    #[test]
    fn everything_a_page_adds_is_taken_off() {
        for (text, expected) in [
            ("\u{1b}[31mdenied\u{1b}[0m", "denied"),
            ("\u{1b}]0;title\u{7}x\u{1b}(By", "xy"),
            ("\\u001b[1mbold\\u001b[0m", "bold"),
            ("^[[0;31mred^[[0m", "red"),
            (
                "apparmor=&quot;DENIED&quot; comm=&#39;x&#39; a &amp;&amp; b &lt;c&gt;",
                "apparmor=\"DENIED\" comm='x' a && b <c>",
            ),
            ("&amp;quot;x&amp;quot;", "\"x\""),
            ("AT&T; R&D &#0; &#x1b;", "AT&T; R&D &#0; &#x1b;"),
            ("apparmor=“DENIED” cannot open ‘/x’", "apparmor=\"DENIED\" cannot open '/x'"),
            ("a\u{a0}b\u{200b}c", "a bc"),
            ("> > type=AVC", "type=AVC"),
            (">> x", "x"),
            (">=1.2", ">=1.2"),
            ("**syscall=141** compat=0", "syscall=141 compat=0"),
            ("a **b c** d", "a b c d"),
            ("/home/** rw, /var/** r,", "/home/** rw, /var/** r,"),
            ("`runc` version `1.0`", "runc version 1.0"),
            ("cannot access `/x': Permission denied", "cannot access `/x': Permission denied"),
        ] {
            assert_eq!(cleaned(text), expected, "{text:?}");
        }
    }

    #[test]
    fn unfinished_things_stay_harmless() {
        for text in [
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}]",
            "\u{1b}é",
            "&",
            "&#",
            "&#xfffffff;",
            "**",
            "****",
            "** a **",
            "`",
            "> ",
            "\u{9b}",
        ] {
            let _ = cleaned(text);
        }
    }
}
