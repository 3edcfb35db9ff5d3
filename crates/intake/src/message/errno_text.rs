//! Where a text names an error: by number, by name, or in the words of `strerror(3)`.

use super::index::Index;
use super::translations::{LOOSE, TRANSLATED};
use std::ops::Range;
use std::sync::LazyLock;
use whodenied_kernel::Errno;

/// One place that names an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// The error; `None` for words that only say that something was refused.
    pub(crate) errno: Option<Errno>,
    /// The bytes that name it.
    pub(crate) at: Range<usize>,
    /// True when neither number, name nor the wording of `strerror` stands there.
    pub(crate) inferred: bool,
}

struct Words {
    index: Index,
    rows: Vec<(Option<Errno>, bool)>,
    /// Wordings that begin beyond ASCII: some scripts put no blank before a word.
    foreign: Vec<(&'static str, Errno)>,
}

// `Success`-like and everyday words would only cost time.
const UNTOLD: [Errno; 4] = [Errno::EINTR, Errno::EFAULT, Errno::EDOM, Errno::ERANGE];

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut wordings: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    for (_, number, glibc, musl) in whodenied_kernel::errno::TABLE {
        let errno = Errno(*number);
        if UNTOLD.contains(&errno) {
            continue;
        }
        for text in [Some(*glibc), *musl].into_iter().flatten() {
            wordings.push(text);
            rows.push((Some(errno), false));
        }
    }
    let (foreign, plain): (Vec<_>, Vec<_>) =
        TRANSLATED.iter().copied().partition(|(text, _)| !text.starts_with(|c: char| c.is_ascii()));
    for (text, errno) in plain {
        wordings.push(text);
        rows.push((Some(errno), false));
    }
    for (text, errno) in LOOSE {
        wordings.push(text);
        rows.push((*errno, true));
    }
    Words { index: Index::new(wordings.into_iter(), false), rows, foreign }
});

/// Every place of `text` that names an error, in order; a number, name and wording that stand
/// together are one mention. At most 16.
pub(crate) fn mentions(text: &str) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    let low = text.to_ascii_lowercase();
    WORDS.index.find(&low, 64, |number, at| {
        let (errno, inferred) = WORDS.rows.get(number).copied().unwrap_or((None, true));
        if !inside_word(text, at.clone()) {
            found.push(Mention { errno, at, inferred });
        }
    });
    if !text.is_ascii() {
        for (wording, errno) in &WORDS.foreign {
            if let Some(start) = text.find(wording) {
                let at = start..start + wording.len();
                found.push(Mention { errno: Some(*errno), at, inferred: false });
            }
        }
    }
    // Of wordings that begin at one place the longest counts: `Too many open files in system`.
    found.sort_by_key(|m| (m.at.start, std::cmp::Reverse(m.at.end)));
    found.dedup_by(|later, first| later.at.start < first.at.end);
    names(text, &mut found);
    numbers(text, &mut found);
    found.sort_by_key(|m| (m.at.start, m.at.end));
    merge(text, found)
}

/// True when letters run on at either end, as in `permission deniedness`; digits and `_` do not count.
fn inside_word(text: &str, at: Range<usize>) -> bool {
    let before = text.get(..at.start).and_then(|t| t.chars().next_back());
    let after = text.get(at.end..).and_then(|t| t.chars().next());
    let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    let starts = text.get(at.clone()).and_then(|t| t.chars().next());
    // `insufficient permissions`, `PermissionErrors` are the same words.
    (ascii(before) && ascii(starts)) || (ascii(after) && after != Some('s'))
}

fn names(text: &str, found: &mut Vec<Mention>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(skip) = memchr::memchr2(b'E', b'e', bytes.get(at..).unwrap_or_default()) {
        let start = at + skip;
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let len = bytes.get(start..).unwrap_or_default().iter().take_while(|b| is_word(b)).count();
        at = start + len.max(1);
        let before = start.checked_sub(1).and_then(|i| bytes.get(i));
        if before.is_some_and(is_word) || !(4..=16).contains(&len) {
            continue;
        }
        let Some(word) = text.get(start..start + len) else { continue };
        let lower = matches!(word, "eacces" | "eperm" | "erofs" | "enosys" | "eafnosupport");
        let known = if lower {
            Errno::from_name(&word.to_ascii_uppercase())
        } else if word == "ENOTSUP" {
            Some(Errno::EOPNOTSUPP)
        } else {
            Errno::from_name(word)
        };
        if let Some(errno) = known.filter(|e| !UNTOLD.contains(e)) {
            found.push(Mention { errno: Some(errno), at: start..start + len, inferred: false });
        }
    }
}

/// Words before a number that make it an errno; with a minus sign the looser ones do too.
const BEFORE: &[&str] = &[
    "errcode: ",
    "errcode ",
    "errno ",
    "errno=",
    "errno: ",
    "errno = ",
    "errno:",
    "errno==",
    "os error ",
    "errno == ",
    "errno is ",
];
const BEFORE_LOOSE: [&str; 14] = [
    "error ",
    "error: ",
    "error=",
    "error = ",
    "error code ",
    "error code: ",
    "err ",
    "err=",
    "err: ",
    "err = ",
    "code ",
    "error(",
    "code: ",
    "err:",
];
const BEFORE_MINUS: [&str; 10] =
    ["= ", "returned ", "returns ", "ret ", "ret=", "rc=", "ret: ", "result ", "with ", ": "];

fn numbers(text: &str, found: &mut Vec<Mention>) {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let start = i;
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        let Some(number) = text.get(start..i).filter(|t| t.len() <= 3).and_then(|t| t.parse::<i32>().ok())
        else {
            continue;
        };
        let minus = start > 0 && bytes[start - 1] == b'-';
        let left_end = start - usize::from(minus);
        // Sixteen bytes hold the longest introduction.
        let from =
            (left_end.saturating_sub(16)..=left_end).find(|f| text.is_char_boundary(*f)).unwrap_or(left_end);
        let left = text.get(from..left_end).unwrap_or("").to_ascii_lowercase();
        let next = bytes.get(i).copied().unwrap_or(b' ');
        if next.is_ascii_alphabetic() || next == b'.' && bytes.get(i + 1).is_some_and(u8::is_ascii_digit) {
            continue;
        }
        // `soft: -1` and `kernel.x = -1` are settings.
        let key = text.get(..left_end).unwrap_or("").trim_start().trim_end_matches(['=', ':', ' ']);
        if minus
            && number == 1
            && matches!(next, b' ' | b'\n')
            && text.get(i..).is_some_and(|t| t.trim().is_empty())
            && (!key.contains(char::is_whitespace) || key.ends_with(')') || limit_name(key))
        {
            // A function of the C library returns so for every error; the kernel's would be named.
            continue;
        }
        // `"Soft": -1` of JSON, unless the member is the error itself.
        let member = text.get(..left_end).unwrap_or("").trim_end().strip_suffix("\":").unwrap_or("");
        let names_error = ["errno", "code", "error", "ret", "result", "status"];
        if minus
            && !member.is_empty()
            && !names_error.iter().any(|n| member.to_ascii_lowercase().ends_with(n))
        {
            continue;
        }
        let ends = |list: &[&str]| list.iter().any(|b| left.ends_with(b));
        let refusal = matches!(number, 13 | 30 | 38) || (minus && matches!(number, 1 | 22));
        let said = ends(BEFORE)
            || (refusal && ends(&BEFORE_LOOSE))
            || (minus && refusal && ends(&BEFORE_MINUS))
            || (matches!(number, 1 | 13 | 30 | 38) && left.ends_with('(') && (next == b')' || next == b':'));
        // `(13)` alone is no error; it only widens a wording that stands beside it, see `merge`.
        let alone = !ends(BEFORE) && left.ends_with('(') && !left.ends_with("error(");
        if said && Errno(number).name().is_some() && (!alone || beside_wording(found, start, i)) {
            found.push(Mention { errno: Some(Errno(number)), at: start..i, inferred: false });
        }
    }
}

/// The key ends in the name of a limit: `ulimits: memlock`.
fn limit_name(key: &str) -> bool {
    let last = key.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    ["memlock", "nofile", "nproc", "core", "stack", "rtprio", "soft", "hard", "limit", "nice"].contains(&last)
}

fn beside_wording(found: &[Mention], start: usize, end: usize) -> bool {
    found
        .iter()
        .any(|m| (m.at.start >= end && m.at.start - end <= 3) || (start >= m.at.end && start - m.at.end <= 3))
}

/// Mentions of the same error with nothing but punctuation and `Errno`-like words between are one.
fn merge(text: &str, found: Vec<Mention>) -> Vec<Mention> {
    let mut out: Vec<Mention> = Vec::new();
    for mention in found {
        if let Some(last) = out.last_mut() {
            let between = text.get(last.at.end..mention.at.start).unwrap_or("");
            let overlaps = mention.at.start < last.at.end;
            let close =
                between.len() <= 32 && between.split(|c: char| !c.is_ascii_alphanumeric()).all(is_glue);
            let agrees = last.errno == mention.errno || last.errno.is_none() || mention.errno.is_none();
            if overlaps || (close && agrees) {
                if last.errno.is_none() || (last.inferred && mention.errno.is_some()) {
                    last.errno = mention.errno.or(last.errno);
                    last.inferred = mention.inferred;
                }
                last.inferred &= mention.inferred;
                last.at.end = last.at.end.max(mention.at.end);
                continue;
            }
        }
        out.push(mention);
    }
    out.truncate(16);
    out
}

fn is_glue(word: &str) -> bool {
    ["", "errno", "error", "os", "code", "kind", "message", "java", "nio", "file", "n", "failed", "number"]
        .iter()
        .any(|g| word.eq_ignore_ascii_case(g))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> (Option<Errno>, &str, bool) {
        let found = mentions(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        (found[0].errno, &text[found[0].at.clone()], found[0].inferred)
    }

    #[test]
    fn number_name_and_wording_are_one() {
        assert_eq!(one("PermissionError: [Errno 13] Permission denied: 'x'").0, Some(Errno::EACCES));
        assert_eq!(one("OSError: [Errno 30] Read-only file system: '/x'").0, Some(Errno::EROFS));
        assert_eq!(one("socketpair() failed (13: Permission denied)").0, Some(Errno::EACCES));
        assert_eq!(one("rsync: mkdir failed: Permission denied (13)").0, Some(Errno::EACCES));
        assert_eq!(one("Operation not permitted (os error 1)").0, Some(Errno::EPERM));
        assert_eq!(one("Error: EACCES: permission denied, open '/x'").0, Some(Errno::EACCES));
        assert_eq!(one("mmap failed with errno=13.").0, Some(Errno::EACCES));
        assert_eq!(one("mount error(13): Permission denied").0, Some(Errno::EACCES));
        assert_eq!(one("ERRNO==libc::EPERM").0, Some(Errno::EPERM));
        assert_eq!(one("setns failed: -1 EPERM (Operation not permitted)").0, Some(Errno::EPERM));
        assert_eq!(
            one("Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" }").0,
            Some(Errno::EACCES)
        );
        assert_eq!(one("probe failed with error -13").0, Some(Errno::EACCES));
        assert_eq!(one("{error,eacces}").0, Some(Errno::EACCES));
    }

    #[test]
    fn other_languages_and_case() {
        assert_eq!(one("mkdir: Keine Berechtigung").0, Some(Errno::EACCES));
        assert_eq!(one("mkdir: Opération non permise").0, Some(Errno::EPERM));
        assert_eq!(one("Отказано в доступе").0, Some(Errno::EACCES));
        assert_eq!(one("无法创建目录: 权限不够").0, Some(Errno::EACCES));
        assert_eq!(one("touch: READ-ONLY FILE SYSTEM").0, Some(Errno::EROFS));
        assert_eq!(one("ls: I/O error").0, Some(Errno::EIO));
    }

    #[test]
    fn numbers_alone_are_no_errors() {
        assert!(mentions("kernel.perf_event_paranoid = -1").is_empty());
        assert!(mentions("  soft: -1").is_empty());
        assert!(mentions("{ \"Name\": \"memlock\", \"Soft\": -1, \"Hard\": -1 }").is_empty());
        assert!(mentions("open(\"/etc/shadow\", 0, 0666) = -1").is_empty());
        assert_eq!(one("strerror(13) = \"Permission denied\"").0, Some(Errno::EACCES));
        for text in [
            "exit status 1",
            "make: *** Error 127",
            "line 13: x",
            "took 13 ms",
            "(13)",
            "error 1",
            "v1.13.30",
        ] {
            assert_eq!(mentions(text), vec![], "{text}");
        }
    }

    #[test]
    fn two_errors_stay_two() {
        let found = mentions("a: Permission denied; b: Operation not permitted");
        assert_eq!(
            found.iter().map(|m| m.errno).collect::<Vec<_>>(),
            [Some(Errno::EACCES), Some(Errno::EPERM)]
        );
    }
}
