//! Which failures are one and the same, told twice.

use std::collections::HashMap;
use whodenied_case::record::RecordKind;
use whodenied_case::{Attempt, ObjectKind, Phase};
use whodenied_kernel::{Call, Errno};

/// Spans and records kept of one attempt.
const MOST_SPANS: usize = 8;
const MOST_RECORDS: usize = 4;

/// Merges record attempts that differ in nothing but time and process id.
pub(super) fn identical(attempts: Vec<Attempt>) -> Vec<Attempt> {
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Attempt> = Vec::new();
    for attempt in attempts {
        let key = identity(&attempt);
        match index.get(&key).and_then(|i| kept.get_mut(*i)) {
            Some(known) => {
                known.count = known.count.saturating_add(attempt.count);
                let room = MOST_SPANS.saturating_sub(known.spans.len());
                known.spans.extend(attempt.spans.iter().copied().take(room));
            }
            None => {
                index.insert(key, kept.len());
                kept.push(attempt);
            }
        }
    }
    kept
}

fn identity(attempt: &Attempt) -> String {
    let layer = attempt.records.first().map_or("", |r| match &r.kind {
        RecordKind::Apparmor(_) => "apparmor",
        RecordKind::Selinux(_) => "selinux",
        RecordKind::Seccomp(_) => "seccomp",
        RecordKind::Landlock(_) => "landlock",
        RecordKind::Syscall(_) => "syscall",
        RecordKind::Lockdown { .. } => "lockdown",
        RecordKind::Yama { .. } => "yama",
        RecordKind::Other { .. } => "other",
    });
    format!(
        "{layer}\u{0}{:?}\u{0}{:?}\u{0}{:?}\u{0}{:?}\u{0}{:?}\u{0}{:?}\u{0}{:?}",
        attempt.call,
        attempt.syscall,
        attempt.object,
        attempt.args,
        attempt.errno,
        attempt.subject.program,
        attempt.subject.label,
    )
}

/// True when a printed failure and another attempt tell of the same refusal. Both must agree in
/// everything that both know, and share something that is particular.
pub(super) fn same(a: &Attempt, b: &Attempt) -> bool {
    if let Some(capability) = capability(a).or_else(|| capability(b)) {
        return asks_for(capability, a, b);
    }
    let exact = objects_equal(a, b);
    if !errnos_agree(a, b) || !(exact || programs_agree(a, b)) {
        return false;
    }
    let Some(calls) = calls_agree(a.call, b.call, exact) else { return false };
    let Some(objects) = objects_agree(a, b) else { return false };
    let particular = calls && a.call.is_some_and(is_particular);
    let setup = a.phase == Phase::ServiceSetup && b.phase == Phase::ServiceSetup && calls;
    let unnamed = !comparable(a) || !comparable(b) || (a.object.name.is_none() && b.object.name.is_none());
    objects || particular || setup || (calls && unnamed && same_program(a, b))
}

/// The capability that a record says was refused.
fn capability(a: &Attempt) -> Option<&str> {
    let recorded = !a.records.is_empty() && a.object.kind == ObjectKind::Capability;
    a.arg("capability").filter(|_| recorded)
}

/// True when the printed failure of the two is one that asks for the capability the other was refused.
///
/// Source: Linux `fs/namei.c` (`generic_permission`: EACCES where the DAC capabilities are missing),
/// capabilities(7).
fn asks_for(capability: &str, a: &Attempt, b: &Attempt) -> bool {
    let printed = if a.records.is_empty() { a } else { b };
    let unknown = a.subject.program.is_none() || b.subject.program.is_none();
    if !printed.records.is_empty() || !(unknown || same_program(a, b)) {
        return false;
    }
    let Some(call) = printed.call else { return false };
    let fits = match capability {
        "CAP_DAC_OVERRIDE" | "CAP_DAC_READ_SEARCH" => {
            return same_program(a, b)
                && printed.errno == Some(Errno::EACCES)
                && (group(call) == PATH
                    || matches!(call, Call::Unlink | Call::Rename | Call::Exec | Call::Link));
        }
        "CAP_NET_ADMIN" => matches!(call, Call::Netlink | Call::Ioctl | Call::Setsockopt),
        "CAP_SYS_ADMIN" => matches!(
            call,
            Call::Mount
                | Call::Umount
                | Call::PivotRoot
                | Call::Sethostname
                | Call::Setns
                | Call::Unshare
                | Call::Quota
                | Call::Swap
        ),
        "CAP_SYS_NICE" => matches!(call, Call::Setpriority | Call::Sched | Call::Mempolicy),
        "CAP_SYS_RESOURCE" => call == Call::Setrlimit,
        "CAP_FOWNER" => matches!(call, Call::Chmod | Call::Utime | Call::Xattr),
        "CAP_FSETID" | "CAP_SETFCAP" => matches!(call, Call::Chmod | Call::Chown | Call::Xattr),
        "CAP_SETGID" => matches!(call, Call::Setgid | Call::Setgroups),
        "CAP_SETPCAP" => matches!(call, Call::Prctl | Call::Capset),
        _ => calls_agree(a.call, b.call, false) == Some(true),
    };
    let errno = printed.errno.is_none_or(|e| matches!(e, Errno::EPERM | Errno::EACCES));
    fits && errno
}

fn errnos_agree(a: &Attempt, b: &Attempt) -> bool {
    let refusal = |e: Errno| matches!(e, Errno::EACCES | Errno::EPERM);
    match (a.errno, b.errno) {
        // mount helpers and libraries turn one into the other; the kernel's record is right.
        (Some(x), Some(y)) if x != y => {
            let one_recorded = a.records.is_empty() != b.records.is_empty();
            let loose = a.errno_inferred || b.errno_inferred || (one_recorded && same_program(a, b));
            loose && refusal(x) && refusal(y)
        }
        _ => true,
    }
}

fn programs_agree(a: &Attempt, b: &Attempt) -> bool {
    let unknown = a.subject.program.is_none() || b.subject.program.is_none();
    // Only a record's name is that of the failing process; a printed one may be its parent's.
    let recorded = !a.records.is_empty() || !b.records.is_empty();
    unknown || same_program(a, b) || (recorded && wraps(a, b))
}

/// `comm` holds 15 bytes, and systemd puts the last eight of the program to be in parentheses.
fn same_program(a: &Attempt, b: &Attempt) -> bool {
    let (Some(x), Some(y)) = (&a.subject.program, &b.subject.program) else { return false };
    let bare = |p: &str| {
        let name = p.rsplit('/').next().unwrap_or(p).trim_matches(['(', ')']);
        name.strip_suffix(".service").unwrap_or(name).to_ascii_lowercase()
    };
    let (x, y) = (bare(x), bare(y));
    let shortened =
        |long: &str, short: &str| short.len() >= 8 && (long.starts_with(short) || long.ends_with(short));
    x == y || shortened(&x, &y) || shortened(&y, &x)
}

/// True when the printing program is one that runs others.
fn wraps(a: &Attempt, b: &Attempt) -> bool {
    [a, b].iter().any(|x| {
        x.printed
            && x.subject.program.as_deref().is_some_and(|p| {
                matches!(
                    p.rsplit('/').next().unwrap_or(p),
                    "docker"
                        | "podman"
                        | "runc"
                        | "crun"
                        | "systemd"
                        | "containerd"
                        | "dockerd"
                        | "kubelet"
                        | "sh"
                        | "bash"
                        | "dash"
                        | "ash"
                        | "python"
                        | "python3"
                        | "fuse"
                        | "fusermount"
                        | "fusermount3"
                )
            })
    })
}

/// Calls on a path that programs name alike.
const PATH: u8 = 1;

/// The group of calls that a program's message does not keep apart; 0 for a call of its own.
fn group(call: Call) -> u8 {
    match call {
        Call::Open
        | Call::Create
        | Call::Read
        | Call::Write
        | Call::Readdir
        | Call::Mknod
        | Call::Access
        | Call::Stat
        | Call::SysctlWrite
        | Call::IdMap
        | Call::Mkdir
        | Call::Truncate => PATH,
        Call::Socket | Call::Socketpair => 2,
        Call::Unshare | Call::UsernsCreate | Call::Clone => 3,
        Call::Setuid | Call::Setgid | Call::Setgroups => 4,
        Call::Mmap | Call::Mprotect => 5,
        Call::Exec | Call::LabelChange => 6,
        _ => 0,
    }
}

/// `None` when they contradict, else whether both are known. On the very same object opening and
/// executing are told apart by no shell.
fn calls_agree(a: Option<Call>, b: Option<Call>, same_object: bool) -> Option<bool> {
    let (Some(x), Some(y)) = (a, b) else { return Some(false) };
    let alike = x == y || (group(x) != 0 && group(x) == group(y));
    let run = |c: Call| c == Call::Exec || group(c) == PATH;
    (alike || (same_object && run(x) && run(y))).then_some(true)
}

/// False for objects that a record names in words no program prints.
fn comparable(a: &Attempt) -> bool {
    use whodenied_case::RecordKind::{Lockdown, Yama};
    let kind = !matches!(
        a.object.kind,
        ObjectKind::Process | ObjectKind::Capability | ObjectKind::Namespace | ObjectKind::Label
    );
    kind && !a.records.iter().any(|r| matches!(r.kind, Lockdown { .. } | Yama { .. }))
}

/// True when both name the same whole path or address.
fn objects_equal(a: &Attempt, b: &Attempt) -> bool {
    let (x, y) = (a.object_name().trim_end_matches('/'), b.object_name().trim_end_matches('/'));
    x.len() > 3 && x == y && comparable(a) && comparable(b)
}

/// `None` when they contradict, else whether they name the same thing.
fn objects_agree(a: &Attempt, b: &Attempt) -> Option<bool> {
    let (Some(x), Some(y)) = (&a.object.name, &b.object.name) else { return Some(false) };
    if !comparable(a) || !comparable(b) {
        return Some(false);
    }
    let (x, y) = (x.trim_end_matches('/'), y.trim_end_matches('/'));
    let tail = |long: &str, short: &str| {
        !short.is_empty()
            && long
                .strip_suffix(short)
                .is_some_and(|head| short.starts_with('/') || head.ends_with(['/', ':']))
    };
    (x == y || tail(x, y) || tail(y, x)).then_some(true)
}

/// Calls rare enough that two failures of one within a paste are the same.
fn is_particular(call: Call) -> bool {
    !matches!(
        call,
        Call::Open
            | Call::Create
            | Call::Read
            | Call::Write
            | Call::Stat
            | Call::Access
            | Call::Exec
            | Call::Unlink
            | Call::Mkdir
            | Call::Readdir
            | Call::Connect
            | Call::Chmod
            | Call::Chown
            | Call::Ioctl
    )
}

/// True when `a` says no more than that something failed with this error.
pub(super) fn says_nothing_else(a: &Attempt) -> bool {
    a.call.is_none() && a.object.name.is_none() && a.syscall.is_none() && !a.own_refusal
}

/// Puts what `other` knows into `into`; `into` wins where both know.
pub(super) fn absorb(into: &mut Attempt, other: Attempt) {
    // The record's call is what the kernel was asked for; the printed one is what the program made.
    if into.call.is_none() || (into.call == Some(Call::Socket) && other.call == Some(Call::Socketpair)) {
        into.call = other.call.or(into.call);
    }
    into.syscall = into.syscall.take().or(other.syscall);
    for (key, value) in other.args {
        if !into.args.iter().any(|(k, _)| *k == key) {
            into.args.push((key, value));
        }
    }
    // The object of a refused capability is the capability; on what it was wanted is told besides.
    if into.object.kind == ObjectKind::Capability
        && other.object.kind != ObjectKind::Capability
        && let Some(path) = other.object.name.as_ref()
    {
        into.args.push(("path".to_owned(), path.clone()));
    }
    let fuller = |new: &Option<String>, old: &Option<String>| match (new, old) {
        (Some(n), Some(o)) => n.len() > o.len() && n.ends_with(o.as_str()),
        (Some(_), None) => true,
        _ => false,
    };
    if fuller(&other.object.name, &into.object.name) {
        into.object.name = other.object.name;
    }
    if matches!(into.object.kind, ObjectKind::Unknown) {
        into.object.kind = other.object.kind;
    }
    if into.errno.is_none() || (into.errno_inferred && other.errno.is_some() && !other.errno_inferred) {
        into.errno = other.errno;
        into.errno_inferred = other.errno_inferred;
    }
    let subject = other.subject;
    into.subject.program = into.subject.program.take().or(subject.program);
    into.subject.pid = into.subject.pid.or(subject.pid);
    into.subject.uid = into.subject.uid.or(subject.uid);
    into.subject.label = into.subject.label.take().or(subject.label);
    if into.phase == Phase::Program {
        into.phase = other.phase;
    }
    into.own_refusal |= other.own_refusal;
    into.printed |= other.printed;
    for span in other.spans {
        if into.spans.len() < MOST_SPANS && !into.spans.contains(&span) {
            into.spans.push(span);
        }
    }
    for span in other.deciding {
        if into.deciding.len() < MOST_SPANS && !into.deciding.contains(&span) {
            into.deciding.push(span);
        }
    }
    for record in other.records {
        if into.records.len() < MOST_RECORDS {
            into.records.push(record);
        }
    }
    for dialect in other.dialects {
        if !into.dialects.contains(&dialect) {
            into.dialects.push(dialect);
        }
    }
}
