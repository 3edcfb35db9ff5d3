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
];

/// States `other-failure` where a line fails and nothing of the document was read as a refusal.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let refusal = |c: &Claim| matches!(c.says, Says::Failure(_) | Says::Record(_));
    if claims.iter().any(refusal) {
        return;
    }
    let failing = doc.lines.iter().take(2000).find(|line| {
        let low = line.text.get(..line.text.len().min(400)).unwrap_or(&line.text).to_ascii_lowercase();
        WORDS.iter().any(|w| low.contains(w))
    });
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
