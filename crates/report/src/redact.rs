//! Finds what looks like a secret, so that printed and saved cases do not carry it.
//!
//! It errs on the side of hiding: a value is masked when its key sounds like a secret, when it
//! has the shape of a known kind of token, or when it stands between PEM markers. Addresses and
//! host names are kept: they are often what a denial is about.

mod case;

pub use case::case;
use std::borrow::Cow;
use std::ops::Range;

/// Parts of a key's name that make its value a secret.
const KEYS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "accesskey",
    "private_key",
    "credential",
    "authorization",
    "auth_key",
    "bearer",
    "session_id",
    "sessionid",
    "cookie",
    "encryption_key",
    "signing_key",
    "_pwd",
];

/// Beginnings of tokens that tell their own kind.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "hvs.",
    "dckr_pat_",
    "npm_",
    "pypi-",
    "dop_v1_",
    "tskey-",
];

/// What stands for a secret that is left out.
pub const PLACEHOLDER: &str = "[redacted]";

/// `text` with every secret replaced by [`PLACEHOLDER`].
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let found = secrets(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.push_str(PLACEHOLDER);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Cow::Owned(out)
}

/// `text` with every byte of a secret replaced by `*`: all offsets stay true.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = secrets(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.extend(std::iter::repeat_n('*', range.len()));
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Cow::Owned(out)
}

/// The secrets of `text`: byte ranges in order, none overlapping, all on character boundaries.
#[must_use]
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut pem = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----") {
            pem = true;
        } else if line.contains("-----END ") {
            pem = false;
        } else if pem {
            let body = line.trim();
            if let Some(at) = line.find(body).filter(|_| !body.is_empty()) {
                found.push(start + at..start + at + body.len());
            }
        } else {
            in_line(line, start, &mut found);
        }
        start += line.len();
    }
    found
}

fn in_line(line: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some((word, key)) = next_word(line, &mut from) {
        let text = line.get(word.clone()).unwrap_or("");
        if let Some(user) = url_password(text) {
            found.push(offset + word.start + user.start..offset + word.start + user.end);
        } else if !text.is_empty()
            && text != PLACEHOLDER
            && (key.is_some_and(is_secret_key) && !is_reference(text) || is_token(text))
        {
            found.push(offset + word.start..offset + word.end);
        }
    }
}

/// The next value of the line with the key before it (`KEY=value`, `key: value`, `--key value`),
/// or a bare word without one.
fn next_word<'a>(line: &'a str, from: &mut usize) -> Option<(Range<usize>, Option<&'a str>)> {
    let is_gap = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '{' | '}' | '[' | ']' | '(' | ')')
    };
    let rest = line.get(*from..)?;
    let start = *from + rest.find(|c| !is_gap(c))?;
    let rest = line.get(start..)?;
    let end = start + rest.find(is_gap).unwrap_or(rest.len());
    let word = line.get(start..end)?;
    // `KEY=value` in one word, value possibly empty because it is quoted.
    if let Some((key, value)) = split_key(word) {
        if !value.is_empty() {
            *from = end;
            return Some((end - value.len()..end, Some(key)));
        }
        let value = quoted_or_word(line, end);
        *from = value.end.max(end);
        return Some((value, Some(key)));
    }
    // `"key" : value`, `--key value`, `Bearer value`.
    let after = line.get(end..)?.trim_start_matches(['"', '\'', ' ']);
    let is_key =
        word.starts_with("--") || word.eq_ignore_ascii_case("bearer") || after.starts_with([':', '=']);
    // What an error says of a file stands behind its path: `/etc/passwd: Permission denied`.
    if is_key && !word.contains('/') && is_secret_key(word) {
        let skip = line.get(end..)?.find(|c: char| !matches!(c, '"' | '\'' | ' ' | ':' | '=')).unwrap_or(0);
        let opened = line.get(..end + skip).is_some_and(|s| s.ends_with(['"', '\'']));
        let value = quoted_or_word(line, if opened { end + skip - 1 } else { end + skip });
        *from = value.end.max(end);
        return Some((value, Some(word)));
    }
    *from = end;
    Some((start..end, None))
}

/// The quoted text or the word that starts at `at`, quotes excluded.
fn quoted_or_word(line: &str, at: usize) -> Range<usize> {
    let Some(rest) = line.get(at..) else { return at..at };
    let lead = rest.len() - rest.trim_start_matches(' ').len();
    let start = at + lead;
    let Some(rest) = line.get(start..) else { return at..at };
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = rest.get(1..).unwrap_or("");
        let len = inner.find(quote).unwrap_or(inner.trim_end().len());
        return start + 1..start + 1 + len;
    }
    let word = |text: &str| {
        text.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'')).unwrap_or(text.len())
    };
    let len = word(rest);
    // `Authorization: Bearer X`: the scheme is no secret, what follows it is.
    let is_scheme = |w: &&str| w.eq_ignore_ascii_case("bearer") || w.eq_ignore_ascii_case("basic");
    if rest.get(..len).filter(is_scheme).is_some()
        && let Some(after) = rest.get(len..)
    {
        let blanks = after.len() - after.trim_start_matches(' ').len();
        let start = start + len + blanks;
        return start..start + after.get(blanks..).map_or(0, word);
    }
    start..start + len
}

/// `KEY=value` or `key:value`; not a path, not an address, not a URL.
fn split_key(word: &str) -> Option<(&str, &str)> {
    let at = word.find(['=', ':'])?;
    let (key, value) = (word.get(..at)?, word.get(at + 1..)?);
    let named =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (named && !value.starts_with("//")).then_some((key, value))
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    KEYS.iter().any(|k| key.contains(k))
        || ["pwd", "pass", "dsn"].contains(&key.as_str())
        || ["_key", "_pass", "_dsn"].iter().any(|k| key.ends_with(k))
}

/// A value that is no secret whatever its key: a path, a reference, a number, a yes or no.
fn is_reference(value: &str) -> bool {
    value.starts_with('/')
        || value.starts_with("${")
        || value.starts_with('$')
        || value.bytes().all(|b| b.is_ascii_digit())
        || ["true", "false", "yes", "no", "none", "null", "denied", "enforce"]
            .contains(&value.to_ascii_lowercase().as_str())
}

fn is_token(word: &str) -> bool {
    let body = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=');
    word.len() >= 20
        && word.chars().all(body)
        && PREFIXES.iter().any(|p| word.starts_with(p))
        && word.bytes().any(|b| b.is_ascii_digit())
}

/// The password in `scheme://user:password@host`.
fn url_password(word: &str) -> Option<Range<usize>> {
    let at = word.find("://")? + 3;
    let rest = word.get(at..)?;
    let host = rest.get(..rest.find('/').unwrap_or(rest.len()))?.rfind('@')?;
    let colon = rest.get(..host)?.find(':')?;
    (colon + 1 < host).then_some(at + colon + 1..at + host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_file_is_no_secret() {
        for line in [
            "chmod: changing permissions of '/etc/passwd': Operation not permitted",
            "cat: /run/secrets/db_password: Permission denied",
        ] {
            assert_eq!(text(line), line);
        }
        assert_eq!(text("password: hunter2"), "password: [redacted]");
    }

    #[test]
    fn secrets_are_hidden_by_key_and_by_shape() {
        assert_eq!(text("POSTGRES_PASSWORD=hunter2"), "POSTGRES_PASSWORD=[redacted]");
        assert_eq!(text("  DB_PASSWORD: \"hunter 2\" # x"), "  DB_PASSWORD: \"[redacted]\" # x");
        assert_eq!(text("{\"api_key\": \"abc\", \"n\": 1}"), "{\"api_key\": \"[redacted]\", \"n\": 1}");
        assert_eq!(text("curl --token abc123 x"), "curl --token [redacted] x");
        assert_eq!(text("Authorization: Bearer abc.def"), "Authorization: Bearer [redacted]");
        assert_eq!(text("postgres://u:p4ss@db/x"), "postgres://u:[redacted]@db/x");
        assert_eq!(text("ghp_0123456789abcdefghij0123 x"), "[redacted] x");
        assert_eq!(
            text("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok"),
            "-----BEGIN RSA PRIVATE KEY-----\n[redacted]\n-----END RSA PRIVATE KEY-----\nok"
        );
    }

    #[test]
    fn what_a_denial_is_about_stays() {
        for kept in [
            "apparmor=\"DENIED\" operation=\"create\" profile=\"docker-default\" comm=\"python3\"",
            "SECRET_FILE=/run/secrets/db",
            "password: ${DB_PASSWORD}",
            "keyctl_join_session_keyring: EPERM",
            "open(\"/etc/shadow\", O_RDONLY) = -1 EACCES",
            "10.0.0.1:443: permission denied",
            "security_opt: apparmor=unconfined",
        ] {
            assert_eq!(text(kept), kept);
        }
    }

    #[test]
    fn masking_keeps_every_offset() {
        let line = "x TOKEN=gehéim y";
        assert_eq!(mask(line).len(), line.len());
        assert_eq!(mask(line), "x TOKEN=******* y");
    }

    #[test]
    fn hostile_text_is_walked_through() {
        for hostile in [
            "password=",
            "password:\"",
            "--token",
            "=",
            "\"\"\"",
            "p\u{301}assword=é\u{202e}",
            "a://:@",
            "token=\u{0}\n",
        ] {
            let found = secrets(hostile);
            assert!(found.iter().all(|r| hostile.get(r.clone()).is_some()), "{hostile:?}");
            assert!(found.windows(2).all(|w| w[0].end <= w[1].start));
        }
    }
}
