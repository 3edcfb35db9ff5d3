//! The `key=value` body of a record.
//!
//! Strings of the confined program stand in double quotes when they are clean and as bare upper-case
//! hex otherwise; a quote inside quotes does not occur in what the kernel writes, but relays escape
//! it with a backslash.
//!
//! Source: Linux `kernel/audit.c`, `audit_log_untrustedstring` and `audit_string_contains_control`.

use std::ops::Range;

/// One pair of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub(super) key: &'a str,
    /// Decoded.
    pub(super) value: String,
    /// Key and value as they stand in the text.
    pub(super) range: Range<usize>,
}

/// The body of a record.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    pub(super) list: Vec<Pair<'a>>,
    /// Words outside of pairs, with their place: `avc:`, `denied`, `{`, `SECCOMP`.
    pub(super) words: Vec<(&'a str, usize)>,
    /// True when the text ends inside a quotation or was cut by a pager.
    pub(super) truncated: bool,
}

/// The most pairs read of one record.
const MOST: usize = 400;

impl<'a> Pairs<'a> {
    /// Reads every pair of `text`.
    pub(super) fn read(text: &'a str) -> Self {
        let mut pairs = Self::default();
        pairs.extend(text, 0, true);
        pairs
    }

    /// The first value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.list.iter().find(|p| p.key == key).map(|p| p.value.as_str())
    }

    /// The place of the first pair of `key`.
    pub(super) fn range(&self, key: &str) -> Option<Range<usize>> {
        self.list.iter().find(|p| p.key == key).map(|p| p.range.clone())
    }

    /// The place of the word.
    pub(super) fn word(&self, word: &str) -> Option<usize> {
        self.words.iter().find(|(w, _)| *w == word).map(|(_, at)| *at)
    }

    /// Every pair but those of `without`, as a record keeps them.
    pub(super) fn fields(&self, without: &[&str]) -> Vec<(String, String)> {
        self.list
            .iter()
            .filter(|p| !without.contains(&p.key))
            .map(|p| (p.key.to_owned(), p.value.clone()))
            .collect()
    }

    fn extend(&mut self, text: &'a str, base: usize, outer: bool) {
        let b = text.as_bytes();
        let mut i = 0;
        while i < b.len() && self.list.len() < MOST && self.words.len() < MOST {
            if is_blank(b[i]) {
                i += 1;
                continue;
            }
            let key_end = i + b[i..].iter().take_while(|c| is_key(**c)).count();
            if key_end == i || b.get(key_end) != Some(&b'=') {
                let end = i + b[i..].iter().take_while(|c| !is_blank(**c)).count();
                // A pair may follow a bracket or quotation mark of the surrounding prose.
                let inner = b[i..end].iter().position(|c| is_key(*c)).unwrap_or(0);
                if inner > 0 && b[i..i + inner].iter().all(|c| b"\"'([{<,;".contains(c)) {
                    i += inner;
                    continue;
                }
                if let Some(word) = text.get(i..end) {
                    self.words.push((word, base + i));
                }
                i = end;
                continue;
            }
            let Some(key) = text.get(i..key_end) else { break };
            // `subj==unconfined` is how some kernels print it.
            let start = key_end + 1 + usize::from(b.get(key_end + 1) == Some(&b'='));
            let start = start.min(b.len());
            i = self.value(text, base, outer, (key, i), start).max(start);
        }
    }

    /// Reads the value that starts at `start`; gives its end.
    fn value(
        &mut self,
        text: &'a str,
        base: usize,
        outer: bool,
        (key, key_start): (&'a str, usize),
        start: usize,
    ) -> usize {
        let b = text.as_bytes();
        let mut push = |value: String, end: usize| {
            self.list.push(Pair { key, value, range: base + key_start..base + end });
        };
        match b.get(start) {
            Some(b'"') => {
                let (value, end) = quoted(text, start);
                match end {
                    Some(end) => {
                        push(value, end);
                        end
                    }
                    None => {
                        push(cut_mark(&value).to_owned(), b.len());
                        self.truncated = true;
                        b.len()
                    }
                }
            }
            // A user-space record carries its own pairs: msg='avc:  denied …'.
            Some(b'\'') if outer && key == "msg" => {
                let end = text.get(start + 1..).and_then(|t| t.rfind('\'')).map(|n| start + 1 + n);
                let inner = text.get(start + 1..end.unwrap_or(b.len())).unwrap_or("");
                self.truncated |= end.is_none();
                self.extend(inner, base + start + 1, false);
                end.map_or(b.len(), |e| e + 1)
            }
            _ => {
                let mut end = bare_end(b, start);
                // `exit=EACCES(Permission denied)`, `msg=audit(04/28/2026 16:48:31.123:896)`.
                if let Some(value) = text.get(start..end)
                    && value.contains('(')
                    && !value.contains(')')
                    && let Some(close) = b[end..].iter().take(64).position(|c| *c == b')')
                {
                    end += close + 1;
                    end += b[end..].iter().take_while(|c| !is_blank(**c)).count();
                }
                // The kernel puts no blank after a quoted value in places; after a bare one it does,
                // but the enriched tail of auditd follows a separator that a paste may lose.
                let value = text.get(start..end).unwrap_or("");
                let kept = cut_mark(value);
                if kept.len() < value.len() && text.get(end..).unwrap_or("").trim().is_empty() {
                    self.truncated = true;
                    push(kept.to_owned(), end);
                } else {
                    push(unhex(key, value).unwrap_or_else(|| value.to_owned()), end);
                }
                end
            }
        }
    }
}

/// The decoded quotation that starts at `start`, and one past its end where it has one.
fn quoted(text: &str, start: usize) -> (String, Option<usize>) {
    let b = text.as_bytes();
    let mut from = start + 1;
    let mut value = String::new();
    while let Some(at) = b.get(from..).and_then(|r| memchr::memchr(b'"', r)).map(|n| from + n) {
        let part = text.get(from..at).unwrap_or("");
        // An escaped quote, unless nothing could close the quotation after it.
        if part.ends_with('\\') && memchr::memchr(b'"', &b[at + 1..]).is_some() && !closes(b, at + 1) {
            value.push_str(&part[..part.len() - 1]);
            value.push('"');
            from = at + 1;
            continue;
        }
        value.push_str(part);
        return (value, Some(at + 1));
    }
    value.push_str(text.get(from..).unwrap_or(""));
    (value, None)
}

/// True when what follows a quote is what follows a value: a blank and a new pair.
fn closes(b: &[u8], at: usize) -> bool {
    if b.get(at) != Some(&b' ') {
        return false;
    }
    let rest = &b[at + 1..];
    let key = rest.iter().take_while(|c| is_key(**c)).count();
    // A quote that opens after the pair's sign would have to be escaped inside a quotation.
    key > 0 && rest.get(key) == Some(&b'=') && rest.get(key + 1) != Some(&b'\\')
}

fn bare_end(b: &[u8], start: usize) -> usize {
    start + b[start..].iter().take_while(|c| !is_blank(**c) && **c != b'"').count()
}

/// `value` without the mark that a pager puts where it cut a line.
fn cut_mark(value: &str) -> &str {
    if let Some(kept) = value.strip_suffix('…').or_else(|| value.strip_suffix("...")) {
        return kept;
    }
    match value.strip_suffix('>') {
        Some(kept) if !kept.contains('<') => kept,
        _ => value,
    }
}

/// The text behind a hex value of a key that carries untrusted strings. The kernel writes hex only
/// where the text holds a blank, a quote, a control or a byte past 0x7e, so anything else is a
/// plain word that happens to be hex digits.
fn unhex(key: &str, value: &str) -> Option<String> {
    const KEYS: &[&str] = &[
        "acct",
        "comm",
        "cwd",
        "exe",
        "execpath",
        "label",
        "name",
        "namespace",
        "ocomm",
        "path",
        "peer",
        "peer_label",
        "profile",
        "proctitle",
        "srcname",
        "target",
    ];
    if !KEYS.contains(&key) || value.is_empty() || value.len() % 2 == 1 {
        return None;
    }
    let bytes = value
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?))
        .collect::<Option<Vec<u8>>>()?;
    if !bytes.iter().any(|b| *b < 0x21 || *b > 0x7e || *b == b'"') {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // Arguments in a proctitle are separated by NUL; an abstract socket starts with one.
    Some(match key {
        "proctitle" => text.trim_end_matches('\0').replace('\0', " "),
        _ => match text.strip_prefix('\0') {
            Some(name) => format!("@{name}"),
            None => text,
        },
    })
}

fn digit(b: u8) -> Option<u8> {
    match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    }
}

/// Blanks, and the separator auditd puts before what it resolved.
fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | 0x1d | b'\r' | b'\n')
}

fn is_key(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<(&str, String)> {
        Pairs::read(text).list.into_iter().map(|p| (p.key, p.value)).collect()
    }

    fn get(text: &str, key: &str) -> Option<String> {
        Pairs::read(text).get(key).map(str::to_owned)
    }

    #[test]
    fn pairs_stand_with_and_without_blanks() {
        assert_eq!(
            list("denied=\"getattr\"class=\"posix_mqueue\" fsuid=0"),
            [("denied", "getattr".into()), ("class", "posix_mqueue".into()), ("fsuid", "0".into())]
        );
        assert_eq!(
            list("denied_mask=\"send\"signal=unknown(5) peer=x"),
            [("denied_mask", "send".into()), ("signal", "unknown(5)".into()), ("peer", "x".into())]
        );
        assert_eq!(
            list("capability=21  capname=\"sys_admin\""),
            [("capability", "21".into()), ("capname", "sys_admin".into())]
        );
        assert_eq!(get("ouid=0\u{1d}FSUID=\"root\"", "FSUID").as_deref(), Some("root"));
        assert_eq!(get("subj==unconfined pid=1", "subj").as_deref(), Some("unconfined"));
        assert_eq!(
            get("exit=EACCES(Permission denied) a0=1", "exit").as_deref(),
            Some("EACCES(Permission denied)")
        );
        assert_eq!(get("exit=EACCES(Permission denied) a0=1", "a0").as_deref(), Some("1"));
        assert_eq!(get("(apparmor=\"DENIED\" x=1)", "apparmor").as_deref(), Some("DENIED"));
    }

    #[test]
    fn hex_is_decoded_where_the_kernel_writes_it() {
        assert_eq!(get("name=2F746D702F612066696C65 pid=1", "name").as_deref(), Some("/tmp/a file"));
        assert_eq!(get("comm=6D7920636174", "comm").as_deref(), Some("my cat"));
        assert_eq!(
            get("proctitle=636174002F6574632F736861646F77", "proctitle").as_deref(),
            Some("cat /etc/shadow")
        );
        assert_eq!(get("path=00616273", "path").as_deref(), Some("@abs"));
        // Plain words that look like hex, and keys that are never hex.
        assert_eq!(get("comm=cafe", "comm").as_deref(), Some("cafe"));
        assert_eq!(get("arch=c000003e", "arch").as_deref(), Some("c000003e"));
        assert_eq!(get("comm=abc", "comm").as_deref(), Some("abc"));
        assert_eq!(get("comm=\"0A0B\"", "comm").as_deref(), Some("0A0B"));
    }

    #[test]
    fn a_record_in_a_name_is_no_record() {
        let text = r#"profile="p" comm="x apparmor=\"DENIED\" operation=\"mount\" profile=\"docker-default\"" pid=1"#;
        assert_eq!(list(text).len(), 3);
        assert_eq!(
            get(text, "comm").as_deref(),
            Some(r#"x apparmor="DENIED" operation="mount" profile="docker-default""#)
        );
        assert_eq!(get(r#"name="C:\" pid=1"#, "pid").as_deref(), Some("1"));
    }

    #[test]
    fn user_space_records_nest() {
        let text = "type=USER_AVC msg=audit(1.2:3): pid=1 uid=0 msg='avc:  denied  { start } for auid=n/a path=\"/x\" scontext=a tcontext=b tclass=service permissive=0  exe=\"/usr/lib/systemd/systemd\" sauid=0'";
        let pairs = Pairs::read(text);
        assert_eq!(pairs.get("tclass"), Some("service"));
        assert!(pairs.word("avc:").is_some());
        assert!(!pairs.truncated);
    }

    #[test]
    fn cut_lines_say_so() {
        for (text, key, value) in [
            ("tcontext=unconfined_u:un>", "tcontext", "unconfined_u:un"),
            ("name=\"/etc/pas", "name", "/etc/pas"),
            ("name=\"/etc/pas>", "name", "/etc/pas"),
            ("name=\"/etc/pas…", "name", "/etc/pas"),
        ] {
            let pairs = Pairs::read(text);
            assert_eq!(pairs.get(key), Some(value), "{text}");
            assert!(pairs.truncated, "{text}");
        }
        assert!(!Pairs::read("peer=lxc-c1_</var/lib/lxc>").truncated);
    }

    #[test]
    fn anything_is_survived() {
        for text in [
            "",
            "=",
            "==",
            "a=",
            "a=\"",
            "a='",
            "msg='",
            "a=(",
            "é=1",
            "a=é\"",
            "a=\"\\",
            "\"=\"",
            "a=\"\\\"\\\"\\\"",
            "msg=audit(",
        ] {
            let _ = Pairs::read(text);
        }
    }
}
