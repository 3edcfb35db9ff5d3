//! Symptoms: what a report tells where no error of a call stands in it. A server answers 403, a
//! login fails, a clock shows 1900, a mode does not change, a program dies of a failed check, files
//! belong to nobody.
//!
//! A symptom is a statement and never a failure, so that it counts only where nothing was refused in
//! words.

mod rows;

use super::index::Index;
use super::unit::{self, Unit};
use crate::segment::Document;
use rows::{ROWS, Row};
use std::sync::LazyLock;
use whodenied_case::{Claim, Predicate, Says};

/// The words of every first list, and the row of each.
static FIRST: LazyLock<(Index, Vec<usize>)> = LazyLock::new(|| {
    let rows = ROWS.iter().enumerate();
    let words: Vec<(usize, &str)> = rows
        .flat_map(|(i, row)| row.1.first().into_iter().flat_map(move |l| l.iter().map(move |w| (i, *w))))
        .collect();
    (Index::new(words.iter().map(|w| w.1), true), words.iter().map(|w| w.0).collect())
});

/// Claims the symptoms of the document, each at most three times.
pub(super) fn read(doc: &Document, claims: &mut Vec<Claim>) {
    const MOST_LINES: usize = 4000;
    const MOST_PLACES: usize = 3;
    let widths = unit::wrap_widths(doc);
    let mut counts = vec![0_usize; ROWS.len()];
    let mut at = 0;
    while at < doc.lines.len().min(MOST_LINES) {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        if unit.text.len() > 4096 || super::is_record(&unit.low) {
            continue;
        }
        let mut hits: Vec<usize> = Vec::new();
        FIRST.0.find(&unit.low, 64, |number, _| hits.extend(FIRST.1.get(number)));
        hits.sort_unstable();
        hits.dedup();
        for hit in hits {
            let (Some(row), Some(count)) = (ROWS.get(hit), counts.get_mut(hit)) else { continue };
            if *count < MOST_PLACES && fits(row, &unit) {
                *count += 1;
                claims.push(Claim {
                    span: unit.whole(doc),
                    dialect: "symptom",
                    says: Says::Fact(Predicate::Statement(row.0)),
                });
            }
        }
    }
}

fn fits(row: &Row, unit: &Unit) -> bool {
    row.1.iter().all(|any| any.iter().any(|words| unit.low.contains(words)))
}

#[cfg(test)]
mod tests {
    use crate::read_text;

    fn stated(text: &str, id: &str) -> bool {
        read_text(text).facts.statement(id).is_some()
    }

    #[test]
    fn servers_and_logins() {
        for text in [
            "ERROR 1045 (28000): Access denied for user 'wp'@'172.18.0.3' (using password: YES)",
            "ERROR:  permission denied for schema public",
            "FATAL:  password authentication failed for user \"postgres\"",
            "git@example.org: Permission denied (publickey).",
            "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
            "HTTP/1.1 401 Unauthorized",
        ] {
            assert!(stated(text, "server-refused"), "{text}");
        }
        assert!(stated("HTTP/1.1 403 Forbidden", "http-forbidden"));
        assert!(stated("su: Authentication failure", "login-refused"));
        for text in ["mkdir: cannot create directory '/x': Permission denied", "connection refused"] {
            assert!(!stated(text, "server-refused") && !stated(text, "http-forbidden"), "{text}");
        }
    }

    #[test]
    fn signatures_and_hooks_of_package_managers() {
        for text in [
            "W: GPG error: http://deb.debian.org bullseye InRelease: At least one invalid signature was encountered.",
            "error: database 'core' is not valid (invalid or corrupted database (PGP signature))",
            "error: GPGME error: No data",
        ] {
            assert!(stated(text, "signature-doubted"), "{text}");
        }
        let hook =
            "E: Problem executing scripts APT::Update::Post-Invoke 'rm -f /var/cache/apt/archives/*.deb'";
        assert!(stated(hook, "hook-failed"));
        assert!(!stated("E: Unable to locate package foo", "hook-failed"));
    }

    #[test]
    fn symptoms_of_the_machine() {
        assert!(stated("Sun Jan  0 00:100:4174038  1900", "clock-nonsense"));
        assert!(stated("Thu Jan  1 00:00:00 UTC 1970", "clock-at-zero"));
        assert!(!stated("-rw-r--r-- 1 root root 5 Jan  1  1970 /nix/store/x", "clock-at-zero"));
        assert!(stated("# mode is still 0777 afterwards", "mode-unchanged"));
        assert!(stated("x.service: Main process exited, code=dumped, status=5/TRAP", "crashed"));
        assert!(stated("the files are owned by 65534:65534", "owner-nobody"));
    }
}
