//! Symptoms: what a report tells where no error of a call stands in it. A server answers 403, a
//! login fails, a clock shows 1900, a mode does not change, a program dies of a failed check, files
//! belong to nobody.
//!
//! A symptom is a statement and never a failure, so that it counts only where nothing was refused in
//! words.

use super::index::Index;
use super::statements as s;
use super::unit::{self, Unit};
use crate::segment::Document;
use std::sync::LazyLock;
use whodenied_case::{Claim, Predicate, Says};

/// A symptom and its words: of every inner list one must stand in the line; in lower case. The first
/// list is the one that is looked for, where no letter stands before it.
type Row = (&'static str, &'static [&'static [&'static str]]);

const ROWS: &[Row] = &[
    // Database servers (PostgreSQL's SQLSTATE 42501 and 28P01, MySQL's 1044, 1045 and 1142, …).
    (s::SERVER_REFUSED, &[&["access denied for user", "access denied; you need"]]),
    (
        s::SERVER_REFUSED,
        &[
            &["permission denied for ", "permission denied to "],
            &[
                "database",
                "schema",
                "table",
                "relation",
                "sequence",
                "function",
                "view",
                "tablespace",
                "language",
                "type ",
                "large object",
                "create extension",
                "create role",
                "set role",
                "publication",
                "foreign",
            ],
        ],
    ),
    (s::SERVER_REFUSED, &[&["must be owner of ", "must be superuser", "insufficientprivilege"]]),
    (s::SERVER_REFUSED, &[&["command denied to user"]]),
    (
        s::SERVER_REFUSED,
        &[&["password authentication failed", "peer authentication failed", "ident authentication failed"]],
    ),
    (s::SERVER_REFUSED, &[&["no pg_hba.conf entry", "pg_hba.conf rejects"]]),
    (s::SERVER_REFUSED, &[&["is not allowed to connect to this"], &["server"]]),
    (s::SERVER_REFUSED, &[&["wrongpass ", "noauth ", "noperm "]]),
    (
        s::SERVER_REFUSED,
        &[&["authentication failed", "authenticationfailed", "not authorized on"], &["mongo", "scram"]],
    ),
    (s::SERVER_REFUSED, &[&["login failed for user"]]),
    (s::SERVER_REFUSED, &[&["ora-01017", "ora-01031", "ora-00942"]]),
    // Registries, forges, clouds and clusters.
    (
        s::SERVER_REFUSED,
        &[&["requested access to the resource is denied", "unauthorized: authentication required"]],
    ),
    (s::SERVER_REFUSED, &[&["insufficient_scope", "access_denied", "invalid_grant", "invalid_client"]]),
    (s::SERVER_REFUSED, &[&["(publickey", "publickey)", "too many authentication failures"]]),
    (
        s::SERVER_REFUSED,
        &[&["http basic: access denied", "authentication failed for 'http", "could not read username for"]],
    ),
    (
        s::SERVER_REFUSED,
        &[&[
            "(accessdenied)",
            "accessdenied:",
            "<code>accessdenied</code>",
            "s3: access denied",
            "is not authorized to perform",
        ]],
    ),
    (
        s::SERVER_REFUSED,
        &[
            &["(forbidden)", "is forbidden"],
            &["user \"", "cannot list", "cannot get", "cannot create", "serviceaccount"],
        ],
    ),
    (
        s::SERVER_REFUSED,
        &[&["code: 403", "code=403", "code = permissiondenied", "code = unauthenticated", "grpc-status: 7"]],
    ),
    (
        s::SERVER_REFUSED,
        &[&[
            "requires authentication",
            "authentication required",
            "bad credentials",
            "invalid credentials",
            "invalid username or password",
            "incorrect username or password",
            "login incorrect",
        ]],
    ),
    (s::SERVER_REFUSED, &[&["535 5.7", "550 5.7.1", "530 login", "530 5.7", "554 5.7.1"]]),
    (
        s::SERVER_REFUSED,
        &[&[
            "401 unauthorized",
            "error 401",
            "http 401",
            "status 401",
            "status code 401",
            "statuscode: 401",
            "status: 401",
        ]],
    ),
    (s::SERVER_REFUSED, &[&["logon_failure", "nt_status_access_denied", "nt_status_wrong_password"]]),
    (
        s::SERVER_REFUSED,
        &[&["must be logged in to the", "(unauthorized)", "is unauthorized", "access_refused"]],
    ),
    (
        s::SERVER_REFUSED,
        &[&[
            "not authorized to",
            "unauthorized to",
            "not authorised to",
            "login was refused",
            "authorizationexception",
            "access denied: 530",
        ]],
    ),
    (s::SERVER_REFUSED, &[&["code e401", "code e403", "permission denied for user"]]),
    // A web server forbids by its own rules, or because it may not read the file.
    (
        s::HTTP_FORBIDDEN,
        &[&[
            "403 forbidden",
            "error 403",
            "error: 403",
            "403 error",
            "http 403",
            "http/1.1\" 403",
            "http/1.1 403",
            "http/2 403",
            "status 403",
            "status code 403",
            "statuscode: 403",
            "status: 403",
            "403 - forbidden",
            "returns 403",
            "a 403",
            "403 page",
        ]],
    ),
    (
        s::HTTP_FORBIDDEN,
        &[&["permission to access", "permissions to access"], &["page", "this resource", "on this server"]],
    ),
    (
        s::LOGIN_REFUSED,
        &[
            &["su: ", "su["],
            &[
                "authentication failure",
                "authentication failed",
                "authentication error",
                "authentication token",
            ],
        ],
    ),
    (
        s::LOGIN_REFUSED,
        &[&["pam_"], &["authentication failure", "account validity", "access denied", "cannot make/remove"]],
    ),
    // struct tm of an uninitialised or refused clock.
    (
        s::CLOCK_NONSENSE,
        &[
            &["1900", "1901"],
            &["00:100:", "jan  0 ", "jan 0 ", "date is", "date shows", "clock is", "clock shows", "time is"],
        ],
    ),
    (
        s::CLOCK_AT_ZERO,
        &[&["jan  1 0", "jan 1 0"], &["1970"], &["mon", "tue", "wed", "thu", "fri", "sat", "sun"]],
    ),
    (s::CLOCK_AT_ZERO, &[&["date", "clock", "time"], &["1970"], &["shows", " is ", "displays", "reports"]]),
    // Signatures are judged by the clock.
    (
        s::CLOCK_DOUBTED,
        &[&["invalid signature was encountered", "not valid yet", "not yet valid", "is not live until"]],
    ),
    // Checks of signatures by helpers that newer C libraries start and that ask by newer calls.
    (
        s::SIGNATURE_DOUBTED,
        &[&[
            "at least one invalid signature was encountered",
            "the following signatures couldn't be verified",
            "the following signatures were invalid",
            "gpgme error",
            "(pgp signature)",
            "gpg: keyserver receive failed: no keyserver available",
            "gpgv, gpgv2 or gpgv1 required for verification",
            "unknown error executing apt-key",
            "unknown error executing gpgv",
            "couldn't execute /usr/bin/apt-key",
        ]],
    ),
    (
        s::HOOK_FAILED,
        &[&["problem executing scripts apt::update::post-invoke", "problem executing scripts dpkg::post-invoke"]],
    ),
    // A mode or owner that does not take.
    (
        s::MODE_UNCHANGED,
        &[
            &["chmod", "chown", "mode is", "permissions", "owner"],
            &[
                "no effect",
                "still 0777",
                "still 777",
                "is still",
                "are still",
                "stay ",
                "stays ",
                "does not change",
                "doesn't change",
                "do not change",
                "don't change",
                "did not change",
                "didn't change",
                "remain",
                "silently",
                "always 777",
                "always 0777",
                "always root",
                "reverts",
                "unchanged",
            ],
        ],
    ),
    // Deaths that a check of the program itself ends in.
    (s::CRASHED, &[&["code=dumped", "core-dump", "core dumped", "dumped core"]]),
    (
        s::CRASHED,
        &[&[
            "status=5/trap",
            "status=6/abrt",
            "status=11/segv",
            "status=4/ill",
            "sigtrap",
            "sigabrt",
            "sigsegv",
            "trace/breakpoint trap",
            "segmentation fault",
        ]],
    ),
    (
        s::CRASHED,
        &[&["check failed:", "fatal error in", "assertion"], &["errno", "12 ==", ", line 0", "fail"]],
    ),
    (
        s::CRASHED,
        &[&[
            "fatal process out of memory",
            "failed to reserve",
            "failed to allocate executable",
            "codespace",
            "code range",
            "code cache",
        ]],
    ),
    // A program that does not run, or does not keep what it is told.
    (
        s::CANNOT_RUN,
        &[&[
            "can't run",
            "cannot run",
            "can't be run",
            "cannot be run",
            "does not run",
            "doesn't run",
            "won't run",
            "does not start",
            "doesn't start",
            "won't start",
            "can't execute",
            "cannot execute",
            "not executable",
            "can't be executed",
            "cannot be executed",
            "can't start",
            "refuses to run",
            "fails to start",
            "fails to run",
            "can't launch",
        ]],
    ),
    // Libraries that a runtime unpacks into a temporary directory and maps from there.
    (
        s::CANNOT_RUN,
        &[
            &[
                "fails to load",
                "failed to load",
                "cannot load",
                "can't load",
                "could not load",
                "couldn't load",
                "unable to load",
                "unsatisfiedlinkerror",
                "not load",
            ],
            &["native", "jna", "jni", "shared object", ".so", "unsatisfiedlinkerror"],
        ],
    ),
    (
        s::CANNOT_WRITE,
        &[&[
            "can't write",
            "cannot write",
            "can not write",
            "unable to write",
            "does not write",
            "doesn't write",
            "could not write",
            "couldn't write",
            "does not save",
            "doesn't save",
            "not saved",
            "can't save",
            "cannot save",
            "unable to save",
            "could not save",
            "not persist",
            "can't be written",
            "cannot be written",
            "not able to write",
            "readonly database",
            "can't modify",
            "can't edit",
            "can't delete",
            "cannot delete",
            "not writable",
        ]],
    ),
    (
        s::CANNOT_OPEN,
        &[
            &[
                "can't be opened",
                "cannot be opened",
                "can't open",
                "cannot open",
                "unable to open",
                "could not open",
                "couldn't open",
                "not accessible",
                "inaccessible",
                "can't access",
                "cannot access",
                "unable to access",
                "can't be accessed",
                "can't use",
                "not usable",
                "can't see",
                "not found",
                "not detected",
                "not available",
                "fails to open",
                "failed to open",
                "display found",
                "failed to initialise",
                "failed to initialize",
                "creation failed",
                "failed to create",
            ],
            &[
                "/dev", "device", " port", "serial", "usb", "gpu", "camera", "disk", "tty", "adapter",
                "stick", "sound", "audio", "tun",
            ],
        ],
    ),
    (
        s::CANNOT_WRITE,
        &[
            &["can't create", "cannot create", "unable to create", "can't update", "cannot update"],
            &["file", "folder", "director", "data"],
            &[" i ", " app", "it ", "user", "the "],
        ],
    ),
    (
        s::CANNOT_READ,
        &[&[
            "can't read",
            "cannot read",
            "can not read",
            "unable to read",
            "could not read",
            "couldn't read",
            "does not read",
            "can't be read",
            "cannot be read",
            "not readable",
            "can't list",
            "cannot list",
        ]],
    ),
    (
        s::OWNER_NOBODY,
        &[
            &[
                "owned by",
                "shows 65534",
                "shows nobody",
                "show nobody",
                "are nobody",
                "owner is",
                "owner:",
                "belong to",
                "belongs to",
                "ownership",
                "shows up as",
                "show up as",
                "appear as",
                "appears as",
            ],
            &["nobody", "65534", "4294967294", "nogroup", "nfsnobody"],
        ],
    ),
    // Queries of a name server that has no zone, and services that can't find what is there.
    (s::DATA_UNREACHED, &[&["servfail"]]),
    (
        s::DATA_UNREACHED,
        &[&[
            "fails to start",
            "failed to start",
            "does not start",
            "doesn't start",
            "won't start",
            "not starting",
            "can't start",
            "start fails",
            "fails after",
            "broken after",
            "stopped working",
            "no longer start",
        ]],
    ),
];

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
        let hook = "E: Problem executing scripts APT::Update::Post-Invoke 'rm -f /var/cache/apt/archives/*.deb'";
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
