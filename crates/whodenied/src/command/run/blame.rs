//! Which of the failed calls made the command fail.
//!
//! Programs probe: most refusals are harmless. What speaks for one: the program printed its path or
//! its error afterwards, the process that met it ended badly, nothing else failed after it.

use std::collections::HashMap;
use whodenied_case::capture::Capture;
use whodenied_kernel::Errno;
use whodenied_sources::trace::{Status, Tid};

/// One failed call, and how often.
pub(super) struct Failure {
    pub(super) line: String,
    pub(super) name: &'static str,
    pub(super) object: Option<String>,
    pub(super) errno: Errno,
    pub(super) pid: Tid,
    /// When it was seen last, in the order of events.
    pub(super) order: u32,
    pub(super) count: u32,
    /// While the command was looked for, before it ran.
    pub(super) launching: bool,
    pub(super) capture: Capture,
}

/// The program named the object.
const NAMED: u32 = 400;
/// The program printed the error's text.
const TEXT: u32 = 200;

/// Marks the failures that a text on standard error tells of: the latest before it whose object or
/// error it names.
pub(super) fn mentioned(failures: &mut [Failure], text: &[u8], pid: Tid, now: u32) {
    let text = String::from_utf8_lossy(text);
    let mut said = false;
    for failure in failures.iter_mut().rev().filter(|f| f.order <= now) {
        let object = failure.object.as_deref().unwrap_or("");
        let mention = named(&text, object);
        let error = failure.errno.text().is_some_and(|t| contains(&text, t))
            || failure.errno.name().is_some_and(|n| text.contains(n));
        let mut blame = 0;
        if mention != Named::Not {
            blame = NAMED + u32::from(mention == Named::Whole) * 50;
        }
        if error && !said && (failure.pid == pid || blame > 0) {
            blame += TEXT;
            said = true;
        }
        failure.capture.blame = failure.capture.blame.max(blame);
    }
}

/// Whether a text names an object: by its path, or by the end of it that stands there.
/// `/usr/lib/python3.11/socket.py` does not name `/opt/lib`.
fn named(text: &str, object: &str) -> Named {
    let base = object.rsplit('/').next().unwrap_or("");
    if base.len() < 3 {
        return Named::Not;
    }
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '@');
    let mut found = Named::Not;
    for (at, _) in text.match_indices(base).take(64) {
        let start = text.get(..at).map_or(0, |t| t.trim_end_matches(inner).len());
        let end = text.get(at..).map_or(at, |t| at + t.find(|c| !inner(c)).unwrap_or(t.len()));
        let word = text.get(start..end).unwrap_or("").trim_end_matches(['.', '-']);
        if word == object {
            return Named::Whole;
        }
        let tail = word.trim_start_matches("./");
        if object.strip_suffix(tail).is_some_and(|head| head.is_empty() || head.ends_with('/')) {
            found = Named::End;
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Not,
    End,
    Whole,
}

/// Without regard to ASCII case: programs write `permission denied` too.
fn contains(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|w| w.eq_ignore_ascii_case(part.as_bytes()))
}

/// Adds what the ends of the processes tell.
pub(super) fn weigh(
    failures: &mut [Failure],
    ends: &HashMap<Tid, (u32, Status)>,
    parents: &HashMap<Tid, Tid>,
    status: Option<Status>,
    timed_out: bool,
) {
    let good = |status: Status| status == Status::Code(0);
    let fine = status.is_some_and(good) && !timed_out;
    // The last of a process that is no probe; of one that only probed, the last of all.
    let last: HashMap<Tid, (bool, u32)> = failures.iter().fold(HashMap::new(), |mut last, f| {
        let at = last.entry(f.pid).or_insert((false, 0));
        *at = (*at).max((!probes(f), f.order));
        last
    });
    for failure in failures.iter_mut() {
        let told = failure.capture.blame;
        let ended = ends.get(&failure.pid).map(|(_, status)| *status);
        let badly = ended.is_none_or(|s| !good(s)) || failure.launching;
        let mut blame = told;
        // Programs that run others raise their limits as far as they may, and go on where they may not.
        let tries = matches!(failure.name, "prlimit64" | "setrlimit");
        if !fine && badly && !tries {
            blame += 20;
            if last.get(&failure.pid) == Some(&(!probes(failure), failure.order)) {
                blame += 60;
            }
            // A child's end that its parents passed on.
            let mut at = failure.pid;
            let mut steps = 0;
            while let Some(parent) = parents.get(&at).filter(|_| steps < 64) {
                if ends.get(parent).is_some_and(|(_, s)| good(*s)) {
                    blame = blame.min(told + 10);
                }
                at = *parent;
                steps += 1;
            }
        }
        // A privilege that was not needed.
        let went_on = fine || failure.name != "execve" && !badly;
        // Nor a file that was empty for it.
        if went_on && failure.errno == Errno(0) && !failure.line.contains("SIGSYS") {
            blame = 0;
        }
        if probes(failure) {
            blame = blame.saturating_sub(40);
        }
        failure.capture.blame = blame;
    }
}

/// Calls whose refusal nearly every program takes in its stride.
fn probes(failure: &Failure) -> bool {
    let object = failure.object.as_deref().unwrap_or("");
    let asks =
        matches!(failure.name, "access" | "faccessat" | "faccessat2" | "getxattr" | "lgetxattr" | "readlink");
    // The loader and interpreters ask many places for what need not be there.
    let stats = failure.name.contains("stat") && failure.name != "fstat";
    let library =
        failure.name.starts_with("open") && object.rsplit('/').next().is_some_and(|f| f.contains(".so"));
    asks || stats
        || library
        || object.starts_with("/etc/ld.so")
        || object.starts_with("/sys/fs/cgroup")
        || object.starts_with("/proc/sys/")
        || object.ends_with("/.git")
}

/// Calls that take ids of the caller's user namespace.
pub(super) fn takes_ids(name: &str) -> bool {
    matches!(
        name,
        "chown"
            | "lchown"
            | "fchown"
            | "fchownat"
            | "setuid"
            | "setgid"
            | "setreuid"
            | "setregid"
            | "setresuid"
            | "setresgid"
            | "setgroups"
    )
}

/// Whether a resource limit can refuse this call so.
pub(super) fn limited(errno: Errno, name: &str) -> bool {
    match errno {
        Errno::EMFILE => true,
        Errno::ENOMEM => matches!(name, "mlock" | "mlock2" | "mlockall" | "mmap" | "mremap"),
        Errno::EAGAIN => matches!(
            name,
            "clone"
                | "clone3"
                | "fork"
                | "vfork"
                | "execve"
                | "execveat"
                | "mmap"
                | "mremap"
                | "rt_sigqueueinfo"
                | "rt_tgsigqueueinfo"
                | "timer_create"
        ),
        Errno::EFBIG => true,
        _ => false,
    }
}

/// Whether we, and so the command, run under a seccomp filter: only then ENOSYS can be a refusal.
pub(super) fn seccomp_of_self() -> bool {
    static FILTERED: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        std::fs::read_to_string("/proc/self/status")
            .is_ok_and(|s| s.lines().any(|l| l.strip_prefix("Seccomp:").is_some_and(|v| v.trim() != "0")))
    });
    *FILTERED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_names() {
        let python = "  File \"/usr/lib/python3.11/socket.py\", line 232";
        assert_eq!(named(python, "/opt/rust/lib"), Named::Not);
        assert_eq!(named(python, "/root/bin/python3"), Named::Not);
        assert_eq!(named("cat: /etc/shadow: Permission denied", "/etc/shadow"), Named::Whole);
        assert_eq!(named("open('./data/x.db'): denied", "/srv/app/data/x.db"), Named::End);
        assert_eq!(named("cannot open shadow.", "/etc/shadow"), Named::End);
        assert_eq!(named("cannot open notshadow", "/etc/shadow"), Named::Not);
    }
}
