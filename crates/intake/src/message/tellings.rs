//! Refusals told without the error of a call: a filter that reports a violation, a system call said
//! to be blocked, a path said to be read-only, memory that can't be made executable.
//!
//! Read only where nothing of the document names a failure.

use super::Found;
use super::object;
use super::sayings;
use super::unit::{self, Unit};
use crate::segment::Document;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::syscall::{Arch, is_syscall};
use whodenied_kernel::{Call, Errno};

/// Adds what the document tells.
pub(super) fn read(doc: &Document, found: &mut Vec<Found>) {
    const MOST: usize = 8;
    let widths = unit::wrap_widths(doc);
    let mut at = 0;
    while at < doc.lines.len().min(4000) && found.len() < MOST {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        if unit.text.len() > 4096 || super::is_record(&unit.low) {
            continue;
        }
        let told = violation(&unit)
            .or_else(|| blocked(&unit))
            .or_else(|| executable_memory(&unit))
            .or_else(|| read_only(&unit))
            .or_else(|| not_invoked(&unit))
            .or_else(|| open_files(&unit, doc))
            .or_else(|| display(&unit, doc))
            .or_else(|| sayings::said(&unit, doc));
        if let Some(failure) = told {
            let span = unit.whole(doc);
            let failure = Failure { deciding: Some(span), ..failure };
            found.push(Found { failure, span, dialect: "told", lines: (unit.first(), unit.last()) });
        }
    }
}

/// `seccomp sandbox violation: pid 1, syscall 28, args …`, `seccomp-bpf failure in syscall nr=0x18c`.
fn violation(unit: &Unit) -> Option<Failure> {
    let low = unit.low.as_str();
    let told = low.contains("seccomp")
        && ["violation", "failure in syscall", "blocked syscall", "syscall blocked"]
            .iter()
            .any(|w| low.contains(w));
    if !told {
        return None;
    }
    let rest = low.split("syscall").nth(1)?;
    let rest = rest.trim_start_matches([' ', ':', '=', '#', '(']).trim_start_matches("nr=");
    let digits = |radix: fn(&u8) -> bool, text: &str| text.bytes().take_while(radix).count();
    let number = if let Some(hex) = rest.strip_prefix("0x") {
        u64::from_str_radix(hex.get(..digits(u8::is_ascii_hexdigit, hex))?, 16).ok()
    } else {
        rest.get(..digits(u8::is_ascii_digit, rest))?.parse().ok()
    };
    // The number alone does not tell the machine; programs that report so run on x86-64 mostly.
    let name = number.and_then(|n| Arch::X86_64.syscall_name(n));
    Some(Failure {
        syscall: name.map(str::to_owned),
        call: name.and_then(Call::from_syscall),
        args: vec![("signal".to_owned(), "SIGSYS".to_owned())],
        ..Failure::default()
    })
}

/// `the io_uring_setup syscall is blocked`, `access denied to perf_event_open syscall`.
fn blocked(unit: &Unit) -> Option<Failure> {
    const REFUSED: [&str; 9] = [
        "denied",
        "blocked",
        "not allowed",
        "forbidden",
        "prohibited",
        "rejected",
        "disallowed",
        "filtered",
        "not permitted",
    ];
    let low = unit.low.as_str();
    let about = low.contains("syscall") || low.contains("system call");
    if !about || !REFUSED.iter().any(|w| low.contains(w)) {
        return None;
    }
    let name = low
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|w| {
            w.len() > 3 && !matches!(*w, "access" | "read" | "write" | "open" | "time" | "signal" | "pause")
        })
        .find(|w| is_syscall(w))?;
    Some(Failure {
        syscall: Some(name.to_owned()),
        call: Call::from_syscall(name),
        errno: Some(Errno::EPERM),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// `mmap(PROT_EXEC) failed`, `failed to allocate executable memory`.
fn executable_memory(unit: &Unit) -> Option<Failure> {
    let low = unit.low.as_str();
    let fails = ["fail", "could not", "couldn't", "cannot", "can't", "unable", "denied", "refused"];
    let words = ["prot_exec", "executable memory", "memory executable", "execmem", "rwx memory", "w^x"];
    if !words.iter().any(|w| low.contains(w)) || !fails.iter().any(|w| low.contains(w)) {
        return None;
    }
    Some(Failure {
        call: Some(if low.contains("mmap") { Call::Mmap } else { Call::Mprotect }),
        kind: ObjectKind::Memory,
        args: vec![("prot".to_owned(), "PROT_EXEC".to_owned())],
        errno: Some(if low.contains("execmem") { Errno::EACCES } else { Errno::EPERM }),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// `/sys is read-only in the container`, `/proc/sys is mounted read-only`.
fn read_only(unit: &Unit) -> Option<Failure> {
    const SAID: [&str; 12] = [
        " is read-only",
        " is read only",
        " is mounted read-only",
        " is mounted read only",
        " mounted as read-only",
        " mounted as readonly",
        " mounted readonly",
        " are read-only",
        " becomes read-only",
        " became read-only",
        " turns read-only",
        " seems to be read-only",
    ];
    let low = unit.low.as_str();
    if !low.contains("read") {
        return None;
    }
    let at = SAID.iter().filter_map(|w| low.find(w)).min()?;
    let left = unit.text.get(..at)?;
    // The words must follow the path: `/data is`, `the volume /data of it is`.
    let name = object::names(left).into_iter().rfind(|n| n.telling && at - n.at.end <= 32)?;
    let name = left.get(name.at)?;
    if !name.starts_with('/') {
        return None;
    }
    let call = Call::Write;
    Some(Failure {
        call: Some(call),
        kind: object::kind(name, Some(call)),
        object: Some(name.to_owned()),
        errno: Some(Errno::EROFS),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// The shell's and the engines' status for a command that is there and can't be executed.
fn not_invoked(unit: &Unit) -> Option<Failure> {
    let low = unit.low.as_str();
    let at = low.find("126")?;
    let before = low.get(..at)?.trim_end_matches([' ', ':', '=', '(', '"', '\'']);
    let after = low.get(at + 3..).and_then(|t| t.chars().next());
    let said = [
        "exit code",
        "exit status",
        "exited",
        "exited with code",
        "exits with code",
        "with code",
        "exitcode",
        "exit",
        "returned",
    ]
    .iter()
    .any(|w| before.ends_with(w));
    if !said || after.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    Some(Failure {
        call: Some(Call::Exec),
        kind: ObjectKind::Executable,
        errno: Some(Errno::EACCES),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// `too many open files`, where the report shows the limit: otherwise a leak is as likely.
fn open_files(unit: &Unit, doc: &Document) -> Option<Failure> {
    const LIMITS: [&str; 6] =
        ["limitnofile=", "nofile=", "nofile:", "ulimit -n", "max open files  ", "open files   "];
    let said = unit.low.contains("too many open files") || unit.low.contains("emfile");
    (said && hinted(doc, &LIMITS)).then(|| Failure {
        call: Some(Call::Open),
        kind: ObjectKind::Path,
        errno: Some(Errno::EMFILE),
        args: vec![("resource".to_owned(), "RLIMIT_NOFILE".to_owned())],
        ..Failure::default()
    })
}

/// `cannot open display: :0` of a program that was given the X server's socket.
fn display(unit: &Unit, doc: &Document) -> Option<Failure> {
    const SAID: [&str; 10] = [
        "could not connect to display",
        "cannot open display",
        "can't open display",
        "could not open display",
        "couldn't open display",
        "unable to open display",
        "failed to open display",
        "cannot connect to x server",
        "can't connect to x server",
        "unable to connect to x server",
    ];
    let low = unit.low.as_str();
    let number = low.rsplit(':').next().map(|t| t.bytes().take_while(u8::is_ascii_digit).count());
    let digits = low.rsplit(':').next().unwrap_or("").get(..number.unwrap_or(0)).unwrap_or("");
    if !SAID.iter().any(|w| low.contains(w)) || !hinted(doc, &["/tmp/.x11-unix"]) {
        return None;
    }
    let digits = if digits.is_empty() { "0" } else { digits };
    Some(Failure {
        call: Some(Call::Connect),
        kind: ObjectKind::UnixSocketPath,
        object: Some(format!("/tmp/.X11-unix/X{digits}")),
        ..Failure::default()
    })
}

fn hinted(doc: &Document, words: &[&str]) -> bool {
    doc.lines.iter().take(2000).any(|l| {
        let low = l.text.get(..l.text.len().min(1000)).unwrap_or("").to_ascii_lowercase();
        words.iter().any(|w| low.contains(w))
    })
}

/// `unable to open database file` is said of a missing file too: an error of permissions only where
/// the document speaks of users or owners.
pub(super) fn bare_opens(doc: &Document, found: &mut [Found]) {
    const IDS: [&str; 9] =
        ["user:", "--user", "-u 1", "runasuser", "runasnonroot", "puid", "root root", "chown", "read_only"];
    let bare = |f: &Found| f.failure.errno.is_none() && f.failure.call == Some(Call::Open);
    if found.is_empty() || !found.iter().all(bare) || !hinted(doc, &IDS) {
        return;
    }
    for one in found {
        one.failure.errno = Some(Errno::EACCES);
        one.failure.errno_inferred = true;
    }
}

/// Statuses of the service manager where no line tells the error: the usual one of the step. A
/// program that can't be executed may as well be missing, so that takes a hint of its own.
pub(super) fn bare_statuses(doc: &Document, found: &mut [Found]) {
    const NOT_EXECUTABLE: [&str; 6] = ["-rw-", "noexec", "selinux", "chmod", "restorecon", "permission"];
    let bare = |f: &Found| f.failure.errno.is_none() && f.failure.arg("step").is_some();
    if found.is_empty() || !found.iter().all(bare) {
        return;
    }
    let executable = hinted(doc, &NOT_EXECUTABLE);
    for one in found {
        let errno = match one.failure.arg("step") {
            Some("EXEC" | "CHDIR") if !executable => continue,
            Some("GROUP" | "USER" | "NO_NEW_PRIVILEGES") => continue,
            Some("EXEC" | "CHDIR" | "NAMESPACE" | "STDIN" | "STDOUT" | "STDERR") => Errno::EACCES,
            Some("RUNTIME_DIRECTORY" | "STATE_DIRECTORY" | "CACHE_DIRECTORY" | "LOGS_DIRECTORY") => {
                Errno::EACCES
            }
            _ => Errno::EPERM,
        };
        one.failure.errno = Some(errno);
        one.failure.errno_inferred = true;
    }
}

#[cfg(test)]
mod tests {
    use crate::read_text;
    use whodenied_kernel::{Call, Errno};

    fn first(text: &str) -> (Option<Call>, Option<Errno>, String, String) {
        let case = read_text(text);
        let a = case.attempts.first().cloned();
        a.map_or((None, None, String::new(), String::new()), |a| {
            (a.call, a.errno, a.object_name().to_owned(), a.syscall.clone().unwrap_or_default())
        })
    }

    #[test]
    fn tells_without_an_error() {
        let (call, _, _, name) = first("Sandbox: seccomp sandbox violation: pid 7, syscall 28, args 1 2 3");
        assert_eq!((call, name.as_str()), (Call::from_syscall("madvise"), "madvise"));
        let (call, errno, ..) = first("the io_uring_setup syscall is blocked in the container");
        assert_eq!((call, errno), (Some(Call::IoUring), Some(Errno::EPERM)));
        let (_, errno, object, _) = first("/sys/fs/cgroup is read-only in the container");
        assert_eq!((errno, object.as_str()), (Some(Errno::EROFS), "/sys/fs/cgroup"));
        assert_eq!(first("the config volume is read-only by design").1, None);
        let files = "x fails with \"too many open files\"\n$ ulimit -n\n1024\n";
        assert_eq!(first(files).1, Some(Errno::EMFILE));
        assert_eq!(first("accept4: too many open files").1, None);
        let (call, _, object, _) =
            first("Error: Can't open display: :1\ndocker run -v /tmp/.X11-unix:/tmp/.X11-unix xclock\n");
        assert_eq!((call, object.as_str()), (Some(Call::Connect), "/tmp/.X11-unix/X1"));
        assert_eq!(first("Error: Can't open display: :1").0, None);
    }
}
