//! Resource limits and priorities, by the limits that were in force.

use crate::say::{Say, denies};
use whodenied_case::capture::Capture;
use whodenied_case::{Attempt, Support};
use whodenied_kernel::{Capability, Errno, Layer};

pub(super) fn judge(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    files(attempt, live, errno, support)
        .or_else(|| locked(attempt, live, errno, support))
        .or_else(|| raised(attempt, live, errno, support))
        .or_else(|| scheduled(attempt, live, errno, support))
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

/// `fs/file.c`, alloc_fd: the only EMFILE of calls that hand out a descriptor.
fn files(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let hands_out = matches!(
        live.syscall.as_str(),
        "open" | "openat" | "openat2" | "creat" | "dup" | "pipe" | "pipe2" | "socket" | "accept" | "accept4"
    );
    if errno != Errno::EMFILE || !hands_out {
        return None;
    }
    let limit = soft(live, "Max open files")?;
    let because = format!("The process has as many open files as RLIMIT_NOFILE allows, which is {limit}.");
    Some(denies(attempt, Layer::Rlimit, support, 97, because).policy("RLIMIT_NOFILE"))
}

/// `mm/mlock.c`, do_mlock: more than the limit alone; what was locked before is not known.
fn locked(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if !matches!(live.syscall.as_str(), "mlock" | "mlock2") || has(live, Capability::IPC_LOCK) {
        return None;
    }
    let limit = soft(live, "Max locked memory")?;
    let asked = attempt.arg("length").and_then(number).and_then(|n| u64::try_from(n).ok())?;
    let refused = match errno {
        Errno::EPERM => limit == 0,
        Errno::ENOMEM => asked > limit,
        _ => false,
    };
    refused.then(|| {
        let because = format!(
            "{asked} bytes are to be locked, and RLIMIT_MEMLOCK is {limit} for a process without CAP_IPC_LOCK."
        );
        denies(attempt, Layer::Rlimit, support, 97, because).policy("RLIMIT_MEMLOCK")
    })
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

/// `kernel/sched/syscalls.c`, user_check_sched_setscheduler: a real-time policy with RLIMIT_RTPRIO 0.
fn scheduled(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let policy = attempt.arg("policy").unwrap_or("");
    let real_time = live.syscall == "sched_setscheduler"
        && (policy.contains("SCHED_FIFO") || policy.contains("SCHED_RR") || matches!(policy, "1" | "2"));
    (real_time
        && errno == Errno::EPERM
        && !has(live, Capability::SYS_NICE)
        && soft(live, "Max realtime priority") == Some(0))
    .then(|| {
        let because = "A real-time policy needs CAP_SYS_NICE or a limit RLIMIT_RTPRIO above 0; the process has neither.";
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
