//! Failures that are no denial: that there is one at all tells that a configuration pasted beside
//! it need not be what refused.

use crate::segment::Document;
use whodenied_case::{Claim, Predicate, Says};

/// Words of failures of every kind, lower case.
const WORDS: &[&str] = &[
    "error",
    "fail",
    "fatal",
    "exception",
    "refused",
    "not found",
    "no such",
    "timed out",
    "timeout",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable to",
    "traceback",
    "segmentation fault",
    "core dumped",
    "out of memory",
    "invalid",
    "unexpected",
    "unreachable",
    "exited with",
    "exit code",
    "killed",
    "panic",
    "unhealthy",
    "denied",
    "does not exist",
    "too many open",
    "limit reached",
    "disconnect",
    "not responding",
    "corrupt",
    "aborted",
    "missing",
    "no module",
    "no server",
    "aren't installed",
    "not installed",
    "is slow",
    "already ",
];

/// Words of failures that are known to be none of a right: something is missing, away, full or malformed.
const PLAIN: &[&str] = &[
    "connection refused",
    "not found",
    "no such",
    "does not exist",
    "doesn't exist",
    "timed out",
    "timeout",
    "out of memory",
    "no space left",
    "disk full",
    "invalid",
    "unexpected",
    "syntax",
    "parse",
    "unreachable",
    "unresolved",
    "resolve host",
    "name resolution",
    "undefined",
    "unknown option",
    "unrecognized",
    "too many open",
    "limit reached",
    "disconnect",
    "corrupt",
    "checksum",
    "certificate",
    "handshake",
    "not responding",
    "missing",
    "no module",
    "no server",
    "no route",
    "aren't installed",
    "not installed",
    "already ",
    "is slow",
    "broken pipe",
    "reset by peer",
    "already in use",
    "already exists",
    "is a directory",
    "not a directory",
    "segmentation fault",
    "stack overflow",
    "exec format",
    "404",
    "500",
    "502",
    "503",
    "deadlock",
    "version",
    "unsupported",
    "i/o error",
];

/// States `other-failure` (and, of a kind that no right is behind, `plain-failure`) where a line fails and nothing of the document was read as a refusal.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let refusal = |c: &Claim| matches!(c.says, Says::Failure(_) | Says::Record(_));
    if claims.iter().any(refusal) {
        return;
    }
    let failing = doc.lines.iter().take(2000).find(|line| {
        let low = line.text.get(..line.text.len().min(400)).unwrap_or(&line.text).to_ascii_lowercase();
        WORDS.iter().any(|w| low.contains(w))
    });
    let plain = doc.lines.iter().take(2000).find(|line| {
        let low = line.text.get(..line.text.len().min(400)).unwrap_or(&line.text).to_ascii_lowercase();
        PLAIN.iter().any(|w| low.contains(w))
    });
    if let Some(line) = plain.filter(|_| failing.is_some()) {
        claims.push(Claim {
            span: line.span(),
            dialect: "other",
            says: Says::Fact(Predicate::Statement("plain-failure")),
        });
    }
    if let Some(line) = failing {
        claims.push(Claim {
            span: line.span(),
            dialect: "other",
            says: Says::Fact(Predicate::Statement("other-failure")),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::read_text;

    #[test]
    fn a_failure_of_another_kind_is_noted() {
        let noted = |text: &str| read_text(text).facts.statement("other-failure").is_some();
        assert!(noted("curl: (7) Failed to connect to host: Connection refused"));
        assert!(!noted("services:\n  web:\n    image: nginx\n"));
    }
}
