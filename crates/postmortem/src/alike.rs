//! Records of a task under the container's label that decide a failure of the container's own, whoever
//! caused them.
//!
//! AppArmor answers a label and a request, nothing else: `aa_sk_perm` and `aa_af_perm`
//! (security/apparmor/net.c) and `aa_profile_ns_perm` (task.c) look at the profiles of the label, at family,
//! type and protocol, at no process. So where the log tells of a request and a record of the same moment
//! shows that the policy refused the same request to the same label, it refused this one as well. That holds
//! only for requests that no other layer answers with EACCES before; a file's mode is asked before its
//! profile and with the same error, so records about files never count here.

use crate::dead::{Dead, Filter};
use crate::records::{stamp, value};
use crate::time::SECOND;
use whodenied_case::{Attempt, Case, Evidence, Origin, Phase};
use whodenied_kernel::{Call, Errno};
use whodenied_text::SourceId;

/// The log's clock is read when the engine gets the line, some time after the failure.
const NEAR: i128 = 5 * SECOND;

/// Moves such records from the evidence that may be another program's to evidence that decides. Returns
/// whether there was one. `reloads` are the times at which the label's policy was loaded anew.
pub(crate) fn promote(dead: &Dead, case: &Case, reloads: &[i128], evidence: &mut Vec<Evidence>) -> bool {
    // A filter of the container's own may answer with any error.
    if dead.label.is_empty() || !matches!(dead.filter, Filter::None | Filter::Default) {
        return false;
    }
    let mut promoted = Vec::new();
    for one in evidence.iter_mut() {
        let Origin::KernelLog { log, sure: false } = &one.origin else { continue };
        let log = log.strip_suffix(crate::kernel::PERHAPS).unwrap_or(log).to_owned();
        let decides = |line: &&str| {
            case.attempts.iter().filter(|a| a.printed && a.phase == Phase::Program).any(|attempt| {
                let when = crate::captures::place(case, attempt)
                    .filter(|(source, _)| {
                        case.evidence.get(source.0 as usize).is_some_and(|e| e.omitted == 0)
                    })
                    .and_then(|(_, line)| *dead.times.get(line as usize - 1)?);
                when.is_some_and(|when| answers(line, &dead.label, attempt, when, reloads))
            })
        };
        let (its, rest): (Vec<&str>, Vec<&str>) = one.text.lines().partition(decides);
        if its.is_empty() {
            continue;
        }
        let text = |lines: &[&str]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
        promoted.push(Evidence::new(SourceId(0), Origin::KernelLog { log, sure: true }, text(&its)));
        let rest = text(&rest);
        one.text = rest;
    }
    let found = !promoted.is_empty();
    evidence.retain(|e| !e.text.is_empty());
    evidence.append(&mut promoted);
    found
}

/// True when the record shows the policy's answer to what the attempt asked for at `when`.
fn answers(line: &str, label: &str, attempt: &Attempt, when: i128, reloads: &[i128]) -> bool {
    let Some((recorded, _)) = stamp(line) else { return false };
    if !line.contains("apparmor=\"DENIED\"")
        || value(line, "profile") != label
        || attempt.errno != Some(Errno::EACCES)
        || attempt.errno_inferred
        || !matches!(value(line, "error"), "" | "-13")
        || (recorded - when).abs() > NEAR
    {
        return false;
    }
    // What was loaded between them may answer otherwise; the record's clock counts milliseconds.
    let (first, last) = (recorded.min(when) - SECOND, recorded.max(when) + SECOND);
    if reloads.iter().any(|r| (first..=last).contains(r)) {
        return false;
    }
    match (attempt.call, value(line, "operation")) {
        (Some(Call::Socket | Call::Socketpair), "create") => same_socket(line, attempt),
        (Some(Call::UsernsCreate | Call::Unshare), "userns_create") => true,
        _ => false,
    }
}

/// Family and type as the record spells them (`unix`, `stream`) and as the attempt does (`AF_UNIX`,
/// `SOCK_STREAM`). A pair of sockets is one of AF_UNIX, and nothing else than a stream is its default.
fn same_socket(line: &str, attempt: &Attempt) -> bool {
    let pair = attempt.call == Some(Call::Socketpair);
    let part = |names: [&str; 2], prefix: &str, usual: &str| {
        let told = names.iter().find_map(|n| attempt.arg(n)).unwrap_or(if pair { usual } else { "" });
        let told = told.split('|').next().unwrap_or("").trim();
        told.strip_prefix(prefix).unwrap_or(told).to_ascii_lowercase()
    };
    let family = part(["domain", "family"], "AF_", "AF_UNIX");
    let kind = part(["type", "socktype"], "SOCK_", "SOCK_STREAM");
    let family = if family == "local" { "unix".to_owned() } else { family };
    !family.is_empty()
        && !kind.is_empty()
        && value(line, "family") == family
        && value(line, "sock_type") == kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::AttemptId;

    const RECORD: &str = "audit: type=1400 audit(1796091797.788:11): apparmor=\"DENIED\" operation=\"create\" class=\"net\" info=\"failed protocol match\" error=-13 profile=\"docker-default\" pid=1410 comm=\"python3\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" denied=\"create\" addr=none";
    const WHEN: i128 = 1_796_091_798 * SECOND;

    fn pair() -> Attempt {
        Attempt {
            call: Some(Call::Socketpair),
            errno: Some(Errno::EACCES),
            printed: true,
            ..Attempt::new(AttemptId(0))
        }
    }

    #[test]
    fn the_same_request_is_answered_alike() {
        let label = "docker-default";
        assert!(answers(RECORD, label, &pair(), WHEN, &[]));
        // Another label, request, error, moment, policy.
        assert!(!answers(RECORD, "docker-mealie", &pair(), WHEN, &[]));
        assert!(!answers(&RECORD.replace("stream", "dgram"), label, &pair(), WHEN, &[]));
        assert!(!answers(&RECORD.replace("-13", "-1"), label, &pair(), WHEN, &[]));
        assert!(!answers(&RECORD.replace("DENIED", "ALLOWED"), label, &pair(), WHEN, &[]));
        assert!(!answers(RECORD, label, &pair(), WHEN + 60 * SECOND, &[]));
        assert!(!answers(RECORD, label, &pair(), WHEN, &[WHEN - SECOND / 10]));
        assert!(answers(RECORD, label, &pair(), WHEN, &[WHEN - 60 * SECOND]));
        let eperm = Attempt { errno: Some(Errno::EPERM), ..pair() };
        assert!(!answers(RECORD, label, &eperm, WHEN, &[]));
        // A socket whose family nobody told.
        let socket = Attempt { call: Some(Call::Socket), ..pair() };
        assert!(!answers(RECORD, label, &socket, WHEN, &[]));
        let args = |domain: &str, kind: &str| {
            vec![("domain".to_owned(), domain.to_owned()), ("type".to_owned(), kind.to_owned())]
        };
        let unix = Attempt { args: args("AF_UNIX", "SOCK_STREAM|SOCK_CLOEXEC"), ..socket.clone() };
        assert!(answers(RECORD, label, &unix, WHEN, &[]));
        let inet = Attempt { args: args("AF_INET", "SOCK_STREAM"), ..socket };
        assert!(!answers(RECORD, label, &inet, WHEN, &[]));
    }

    #[test]
    fn a_file_is_never_decided_by_another_ones_record() {
        let open = Attempt { call: Some(Call::Open), ..pair() };
        let record = RECORD.replace("\"create\" class=\"net\"", "\"open\" class=\"file\" name=\"/x\"");
        assert!(!answers(&record, "docker-default", &open, WHEN, &[]));
    }
}
