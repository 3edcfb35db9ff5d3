//! Resource limits and priorities, by the limits that were in force.

use crate::say::{Say, denies};
use whodenied_case::capture::Capture;
use whodenied_case::{Attempt, Support};
use whodenied_kernel::{Capability, Errno, Layer};

pub(super) fn judge(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    reached(attempt, live, errno, support)
        .or_else(|| raised(attempt, live, errno, support))
        .or_else(|| scheduled(attempt, live, errno, support))
        .or_else(|| priority(attempt, live, errno, support))
        .or_else(|| nice(attempt, live, errno, support))
}

fn has(live: &Capture, capability: Capability) -> bool {
    live.process.effective >> capability.0 & 1 == 1
}

/// The soft limit; `None` for one without end.
fn soft(live: &Capture, name: &str) -> Option<u64> {
    live.process.limits.get(name)?.0.parse().ok()
}

/// A number as strace writes it.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A limit that the call would have gone beyond, by what was in use then. Whom a capability lets pass it
/// is not bound: `kernel/fork.c`, copy_process; `mm/mlock.c`, can_do_mlock; `ipc/mqueue.c`.
fn reached(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let limit = live.limit.as_ref().filter(|l| l.exceeded())?;
    let free: &[Capability] = match limit.name.as_str() {
        "RLIMIT_NPROC" => &[Capability::SYS_RESOURCE, Capability::SYS_ADMIN],
        "RLIMIT_MEMLOCK" => &[Capability::IPC_LOCK],
        "RLIMIT_MSGQUEUE" => &[Capability::SYS_RESOURCE],
        _ => &[],
    };
    // The kernel's first user is bound by no number of processes.
    let first = limit.name == "RLIMIT_NPROC" && live.process.uids[0] == 0 && live.process.same_user_namespace;
    // At a limit of 0 the error is another, and above it EPERM has another cause.
    let other = limit.name == "RLIMIT_MEMLOCK" && errno == Errno::EPERM && limit.soft != 0;
    if first || other || free.iter().any(|c| has(live, *c)) {
        return None;
    }
    let (what, unit) = match limit.name.as_str() {
        "RLIMIT_NOFILE" => ("open files of the process", "files"),
        "RLIMIT_NPROC" => ("processes and threads of the user", "tasks"),
        "RLIMIT_MEMLOCK" => ("memory that the process locks", "bytes"),
        "RLIMIT_AS" => ("address space of the process", "bytes"),
        "RLIMIT_DATA" => ("private memory of the process", "bytes"),
        "RLIMIT_FSIZE" => ("size of a file that the process writes", "bytes"),
        "RLIMIT_SIGPENDING" => ("signals that wait for the user's processes", "signals"),
        "RLIMIT_MSGQUEUE" => ("message queues of the user", "bytes"),
        _ => return None,
    };
    let name = limit.name.clone();
    let because = match limit.would {
        Some(would) => {
            let most = limit.soft;
            format!(
                "The call would have come to {would} {unit}, and {name}, which bounds the {what}, is {most}."
            )
        }
        None => format!(
            "{name}, which bounds the {what}, is {} {unit}: fewer files are open than RLIMIT_NOFILE allows, and nothing else gives {errno} here.",
            limit.soft
        ),
    };
    Some(denies(attempt, Layer::Rlimit, support, 97, because).policy(name))
}

/// `kernel/sys.c`, do_prlimit: a hard limit is raised with CAP_SYS_RESOURCE only.
fn raised(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let own = match live.syscall.as_str() {
        "setrlimit" => true,
        // The limits of another user's process ask for more.
        "prlimit64" => attempt.arg("pid") == Some("0"),
        _ => false,
    };
    if !own || errno != Errno::EPERM || has(live, Capability::SYS_RESOURCE) {
        return None;
    }
    let which = attempt.arg("resource").unwrap_or("a limit");
    // fs.nr_open bounds open files for everyone; below its default it is not what refused.
    const NR_OPEN: i64 = 1 << 20;
    let asked = attempt.args.iter().find(|(name, _)| name.ends_with("rlim_max")).and_then(|(_, v)| number(v));
    let sure = !which.contains("NOFILE") || asked.is_some_and(|n| n <= NR_OPEN);
    let support = if sure { support } else { Support::Stated.min(support) };
    let because = format!(
        "{which} was to be raised above its hard value, which needs CAP_SYS_RESOURCE; the process does not have it."
    );
    Some(denies(attempt, Layer::Rlimit, support, 97, because).policy(which))
}

/// `kernel/sched/syscalls.c`, user_check_sched_setscheduler: a real-time policy with RLIMIT_RTPRIO 0, or a
/// priority above the limit. What the thread had before is taken for no real-time policy.
fn scheduled(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let sets = matches!(live.syscall.as_str(), "sched_setscheduler" | "sched_setattr" | "sched_setparam");
    let policy = attempt.args.iter().find(|(k, _)| k.ends_with("policy")).map_or("", |(_, v)| v.as_str());
    let real_time = live.syscall == "sched_setparam"
        || policy.contains("SCHED_FIFO")
        || policy.contains("SCHED_RR")
        || matches!(policy, "1" | "2");
    if !sets || !real_time || errno != Errno::EPERM || has(live, Capability::SYS_NICE) {
        return None;
    }
    let limit = soft(live, "Max realtime priority")?;
    if limit == 0 {
        let because = "A real-time policy needs CAP_SYS_NICE or a limit RLIMIT_RTPRIO above 0; the process has neither.";
        return Some(denies(attempt, Layer::Capability, support, 97, because).policy("CAP_SYS_NICE"));
    }
    // `[50]`, or a member of its own of the structure.
    let asked = attempt.args.iter().find(|(k, _)| k == "param" || k.ends_with("sched_priority"))?.1.as_str();
    let asked: u64 = asked.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    (asked > limit).then(|| {
        let because = format!(
            "The real-time priority {asked} is above RLIMIT_RTPRIO, which is {limit}, and the process lacks CAP_SYS_NICE."
        );
        denies(attempt, Layer::Rlimit, support, 97, because).policy("RLIMIT_RTPRIO")
    })
}

/// `block/ioprio.c`, ioprio_check_cap: the real-time class is for administrators.
fn priority(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    const REAL_TIME: i64 = 1;
    let free = has(live, Capability::SYS_NICE) || has(live, Capability::SYS_ADMIN);
    if live.syscall != "ioprio_set" || errno != Errno::EPERM || free {
        return None;
    }
    let asked = attempt.arg("ioprio").and_then(number)?;
    (asked >> 13 == REAL_TIME).then(|| {
        let because = "The real-time class of disk access needs CAP_SYS_NICE or CAP_SYS_ADMIN.";
        denies(attempt, Layer::Capability, support, 97, because).policy("CAP_SYS_NICE")
    })
}

/// `kernel/sched/syscalls.c`, can_nice: a lower nice value than RLIMIT_NICE stands for (20 - nice).
fn nice(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if live.syscall != "setpriority" || errno != Errno::EACCES || has(live, Capability::SYS_NICE) {
        return None;
    }
    let asked = attempt.arg("prio").or_else(|| attempt.arg("niceval")).and_then(number)?;
    let limit = i64::try_from(soft(live, "Max nice priority")?).ok()?;
    (20 - asked > limit).then(|| {
        let because = format!(
            "A nice value of {asked} needs CAP_SYS_NICE or RLIMIT_NICE of {}; the limit is {limit} and the process lacks the capability.",
            20 - asked
        );
        denies(attempt, Layer::Capability, support, 97, because).policy("CAP_SYS_NICE")
    })
}
