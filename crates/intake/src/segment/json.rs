//! Logs that are JSON, one object a line: `journalctl -o json` and docker's json-file.

use super::line::{Dress, Line};
use super::prefix;
use std::borrow::Cow;
use std::ops::Range;
use whodenied_case::Channel;
use whodenied_text::Span;

/// The most keys read of one object.
const MOST_KEYS: usize = 200;

/// The lines of the message that `text`, one JSON object at `raw`, carries; `None` when it is no
/// log line.
pub(super) fn undress(text: &str, raw: Span) -> Option<Vec<Line>> {
    if !text.starts_with('{') || !(text.contains("\"MESSAGE\"") || text.contains("\"log\"")) {
        return None;
    }
    let members = members(text)?;
    let get = |key: &str| members.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone());
    let word = |key: &str| get(key).map(|r| string(text, r));
    let (message, mut dress) = if let Some(message) = get("MESSAGE") {
        let transport = word("_TRANSPORT");
        let tag = word("SYSLOG_IDENTIFIER").or_else(|| word("_COMM"));
        let container = word("CONTAINER_NAME");
        let channel = match transport.as_deref() {
            _ if container.is_some() => Channel::ProgramLog,
            Some("kernel" | "audit") => Channel::Kernel,
            _ => prefix::channel_of(tag.as_deref().unwrap_or("")),
        };
        let tag = match (tag, word("_PID").or_else(|| word("SYSLOG_PID"))) {
            (Some(tag), Some(pid)) => Some(format!("{tag}[{pid}]")),
            (tag, _) => tag,
        };
        let time = word("_SOURCE_REALTIME_TIMESTAMP").or_else(|| word("__REALTIME_TIMESTAMP"));
        (message, Dress { time, host: word("_HOSTNAME"), tag, container, ..Dress::new(channel) })
    } else {
        get("stream")?;
        (get("log")?, Dress { time: word("time"), ..Dress::new(Channel::ProgramLog) })
    };
    dress.indent = 0;
    let whole = decode(text, message, raw, dress)?;
    Some(split(&whole))
}

/// The line cut at its newlines.
fn split(whole: &Line) -> Vec<Line> {
    let mut from = 0;
    let mut lines = Vec::new();
    for part in whole.text.split('\n').take(1000) {
        if !part.trim().is_empty() || (lines.is_empty() && whole.text.is_empty()) {
            let mut line = whole.clone();
            line.cut_back(from + part.len());
            line.cut_front(from);
            lines.push(line);
        }
        from += part.len() + 1;
    }
    lines
}

/// The member names of a top-level object and the ranges of their values.
fn members(text: &str) -> Option<Vec<(&str, Range<usize>)>> {
    let b = text.as_bytes();
    let blank = |mut i: usize| {
        while b.get(i).is_some_and(u8::is_ascii_whitespace) {
            i += 1;
        }
        i
    };
    let mut members = Vec::new();
    let mut i = blank(1);
    while members.len() < MOST_KEYS && b.get(i) == Some(&b'"') {
        let end = string_end(b, i)?;
        let name = text.get(i + 1..end - 1)?;
        i = blank(end);
        if b.get(i) != Some(&b':') {
            return None;
        }
        i = blank(i + 1);
        let end = value_end(b, i)?;
        members.push((name, i..end));
        i = blank(end);
        if b.get(i) != Some(&b',') {
            break;
        }
        i = blank(i + 1);
    }
    (!members.is_empty()).then_some(members)
}

/// One past the closing quote of the string that starts at `i`; the end of an unfinished one.
fn string_end(b: &[u8], i: usize) -> Option<usize> {
    let mut j = i + 1;
    while let Some(c) = b.get(j) {
        match c {
            b'\\' => j += 2,
            b'"' => return Some(j + 1),
            _ => j += 1,
        }
    }
    None
}

fn value_end(b: &[u8], i: usize) -> Option<usize> {
    match b.get(i)? {
        b'"' => string_end(b, i),
        b'[' | b'{' => {
            let mut depth = 0usize;
            let mut j = i;
            while let Some(c) = b.get(j) {
                match c {
                    b'"' => {
                        j = string_end(b, j)?;
                        continue;
                    }
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(j + 1);
                        }
                    }
                    _ => {}
                }
                j += 1;
            }
            None
        }
        _ => Some(i + b.get(i..)?.iter().position(|c| matches!(c, b',' | b'}' | b' ' | b'\t'))?),
    }
}

/// A short value as text.
fn string(text: &str, range: Range<usize>) -> String {
    let raw = text.get(range).unwrap_or("");
    raw.trim_matches('"').chars().take(200).collect()
}

/// The decoded message with its place. An array of bytes is how the journal writes what is not UTF-8
/// or holds control characters.
fn decode(text: &str, value: Range<usize>, raw: Span, dress: Dress) -> Option<Line> {
    let shown = text.get(value.clone())?;
    let at = raw.start as usize + value.start;
    if shown.starts_with('[') {
        let bytes: Vec<u8> =
            shown.trim_matches(['[', ']']).split(',').filter_map(|n| n.trim().parse().ok()).collect();
        let decoded = String::from_utf8_lossy(&bytes).into_owned();
        let mut line = Line::plain(shown, Span::new(raw.source, at, at + shown.len()), dress);
        line.replace_all(&[(0..shown.len(), Cow::Owned(decoded))]);
        line.raw = raw;
        return Some(line);
    }
    let inner = shown.strip_prefix('"')?.strip_suffix('"')?;
    let mut line = Line::plain(inner, Span::new(raw.source, at + 1, at + 1 + inner.len()), dress);
    line.raw = raw;
    let mut edits = Vec::new();
    let mut from = 0;
    while let Some(i) = inner.get(from..).and_then(|t| t.find('\\')).map(|i| i + from) {
        let Some((length, decoded)) = escape(inner.get(i + 1..)?) else { break };
        edits.push((i..i + 1 + length, decoded));
        from = i + 1 + length;
    }
    line.replace_all(&edits);
    Some(line)
}

/// The length after the backslash, and what the escape means.
fn escape(rest: &str) -> Option<(usize, Cow<'static, str>)> {
    let c = rest.chars().next()?;
    let fixed = match c {
        'n' | 'r' => "\n",
        't' => "\t",
        'b' | 'f' => " ",
        '"' => "\"",
        '\\' => "\\",
        '/' => "/",
        'u' => {
            let unit = |t: &str| u32::from_str_radix(t.get(..4)?, 16).ok();
            let first = unit(rest.get(1..)?)?;
            if (0xd800..0xdc00).contains(&first) {
                let low = rest.get(5..).and_then(|t| unit(t.strip_prefix("\\u")?));
                if let Some(low) = low.filter(|l| (0xdc00..0xe000).contains(l)) {
                    let code = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                    return Some((11, char::from_u32(code).unwrap_or('\u{fffd}').to_string().into()));
                }
            }
            return Some((5, char::from_u32(first).unwrap_or('\u{fffd}').to_string().into()));
        }
        _ => return Some((c.len_utf8(), c.to_string().into())),
    };
    Some((1, Cow::Borrowed(fixed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_text::SourceId;

    fn undressed(text: &str) -> Option<Vec<Line>> {
        undress(text, Span::new(SourceId(0), 0, text.len()))
    }

    #[test]
    fn a_journal_line() {
        let text = r#"{"_HOSTNAME":"h","X":[1,{"a":"]"}],"_TRANSPORT":"kernel","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"audit: apparmor=\"DENIED\" comm=\"\u00e9\ud83d\ude00\"","_PID":"1"}"#;
        let lines = undressed(text).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].text, "audit: apparmor=\"DENIED\" comm=\"é😀\"");
        assert_eq!(lines[0].dress.channel, Channel::Kernel);
        assert_eq!(lines[0].dress.host.as_deref(), Some("h"));
        assert_eq!(lines[0].span_of(7, 15).of(text), "apparmor");
        assert_eq!(lines[0].span_of(16, 24).of(text), r#"\"DENIED\""#);
    }

    #[test]
    fn a_container_stays_a_container() {
        let text = r#"{"CONTAINER_NAME":"c","_TRANSPORT":"journal","MESSAGE":"[  1.234567] audit: x","SYSLOG_IDENTIFIER":"kernel"}"#;
        let lines = undressed(text).unwrap();
        assert_eq!(lines[0].dress.channel, Channel::ProgramLog);
        let text = r#"{"log":"a\nb\n","stream":"stderr","time":"2026-01-01T00:00:00Z"}"#;
        let lines = undressed(text).unwrap();
        let texts: Vec<_> = lines.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["a", "b"]);
        assert_eq!(lines[1].dress.channel, Channel::ProgramLog);
    }

    #[test]
    fn bytes_and_damage() {
        let text = r#"{"MESSAGE":[97,117,100,105,116],"_TRANSPORT":"audit"}"#;
        assert_eq!(undressed(text).unwrap()[0].text, "audit");
        for text in [
            "{",
            "{\"MESSAGE\"",
            "{\"MESSAGE\":",
            "{\"MESSAGE\":\"a",
            "{\"MESSAGE\":\"\\u12\"}",
            "{\"log\":1}",
            "{\"MESSAGE\":{\"a\":[}",
        ] {
            let _ = undressed(text);
        }
        assert!(undressed("{\"a\":1}").is_none());
    }
}
