//! What the state captured at the moment of a failure decides, exactly.
//!
//! Files are asked of the model of file access, seccomp of the filters that were captured, the other
//! calls of the rules in [`tasks`]. What these let through, they rule out; where they answer with the
//! error that the kernel gave, they decide. Where they answer with another, nothing is claimed.

pub(crate) mod files;
mod limits;
mod lost;
mod tasks;

pub(crate) use tasks::needed;

use crate::say::{Say, allows, denies};
use whodenied_access::{Decision, Entry, Kind, World, decide};
use whodenied_case::capture::Capture;
use whodenied_case::{Answer, Attempt, Support, Verdict};

use whodenied_kernel::syscall::SeccompAction;
use whodenied_kernel::{Errno, Layer};
use whodenied_text::escape;

/// Puts what is exact in the place of what was reasoned.
pub(crate) fn apply(attempt: &Attempt, verdicts: &mut Vec<Verdict>) {
    let Some(live) = &attempt.live else { return };
    // Without an error the call was answered with a signal.
    let errno = attempt.errno.unwrap_or(Errno(0));
    if let Some(after) = &live.after {
        let mut exact = afterwards(attempt, live, errno, &after.unless);
        if !after.unless.is_empty() {
            let stronger = |v: &Verdict| matches!(&v.answer, Answer::Denies { support, .. } if *support > Support::Configured);
            let of =
                |layer| verdicts.iter().any(|v| v.attempt == attempt.id && v.layer == layer && stronger(v));
            exact.retain(|said| !of(said.layer()));
        }
        replace(attempt, verdicts, exact);
        return;
    }
    let mut exact: Vec<Say> = Vec::new();
    let filtered = filter(attempt, live, errno);
    let by_filter = filtered.as_ref().is_some_and(|(_, refuses)| *refuses);
    exact.extend(filtered.map(|(say, _)| say));
    if !by_filter {
        // A filter that nobody read may have answered before any other layer was asked; it rarely
        // answers EACCES, which is how the modes of files refuse.
        let unseen = live.process.seccomp == 2
            && live.filter.as_ref().is_none_or(|f| !f.complete)
            && errno != Errno::EACCES;
        let support = if unseen { Support::Stated } else { Support::State };
        // The flag takes privilege at execve and refuses nothing else by itself but what adds confinement.
        let adds = matches!(live.syscall.as_str(), "execve" | "execveat" | "seccomp" | "prctl")
            || live.syscall.starts_with("landlock");
        // What a process attached to lost before is not known.
        if live.start.is_some() && live.lost.is_none() && !adds {
            exact.push(allows(
                attempt,
                Layer::NoNewPrivs,
                "The running program lost no privilege of its file.",
            ));
        }
        match lost::judge(attempt, live, errno, support) {
            Some(say) => exact.push(say),
            None => exact.extend(unfiltered(attempt, live, errno, support)),
        }
    }
    replace(attempt, verdicts, exact);
}

/// State that was put together after the call, from configuration and what is left: as good as state of
/// the moment where nothing can have been another then, as good as configuration else.
fn afterwards(attempt: &Attempt, live: &Capture, errno: Errno, unless: &str) -> Vec<Say> {
    let support = if unless.is_empty() { Support::State } else { Support::Configured };
    if let Some(say) = hidden(attempt, live, errno, Support::State) {
        return vec![say];
    }
    if let Some(answer) = &live.filter {
        return match SeccompAction::decode(answer.code) {
            action if action.allows() => {
                let mut said = vec![allows(attempt, Layer::Seccomp, answer.because.clone())];
                said.extend(on_files(attempt, live, errno, support, unless));
                said
            }
            _ => vec![
                denies(attempt, Layer::Seccomp, Support::State, 98, answer.because.clone())
                    .policy("the container's seccomp profile"),
            ],
        };
    }
    on_files(attempt, live, errno, support, unless)
}

/// What the model of file access says of such state.
fn on_files(attempt: &Attempt, live: &Capture, errno: Errno, support: Support, unless: &str) -> Vec<Say> {
    let certain = unless.is_empty();
    let mut said = files::judge(attempt, live, errno, support);
    let let_through = said.iter().any(|s| s.support().is_none());
    // What was let through is ruled out by certain state only.
    said.retain(|s| certain || s.support().is_some());
    if !certain {
        for one in &mut said {
            one.goes_on(&format!(" That holds unless {unless}."));
        }
    }
    if let_through && errno == Errno::EACCES {
        said.push(shut_in(attempt));
    }
    said
}

/// Where modes and mounts let a file be used and the error is theirs all the same, a sandbox that the
/// program put itself into is a suspect that no configuration names.
fn shut_in(attempt: &Attempt) -> Say {
    let because = "Owner, mode, lists and mounts would let the program through as it was started; a Landlock sandbox that it or its launcher puts itself into refuses with the same error and leaves no trace in the configuration.";
    denies(attempt, Layer::Landlock, Support::Fits, 30, because)
        .policy("a Landlock domain")
        .step("strace -f -e trace=landlock_restrict_self,landlock_create_ruleset,landlock_add_rule PROGRAM")
}

fn replace(attempt: &Attempt, verdicts: &mut Vec<Verdict>, exact: Vec<Say>) {
    for say in exact {
        let Some(verdict) = Option::<Verdict>::from(say) else { continue };
        verdicts.retain(|v| v.attempt != attempt.id || v.layer != verdict.layer);
        verdicts.push(verdict);
    }
}

/// Where the model of file access refuses with another error than the kernel gave: both are told, as
/// a fault of ours. A filter or a Landlock domain that answered first is no contradiction.
pub(crate) fn disagreement(attempt: &Attempt) -> Option<String> {
    let live = attempt.live.as_deref()?;
    let question = live.question.as_ref()?;
    let errno = attempt.errno?;
    let filtered = live.filter.as_ref().is_some_and(|f| !SeccompAction::decode(f.code).allows());
    let unseen = live.process.seccomp != 0 && live.filter.as_ref().is_none_or(|f| !f.complete);
    if filtered || unseen || live.partial || live.landlock.as_ref().is_some_and(|l| l.refuses) {
        return None;
    }
    let Decision::Refused(refusal) = decide(&question.subject, &question.world, &question.operation) else {
        return None;
    };
    (refusal.errno != errno).then(|| {
        format!(
            "{} on {}: the kernel answered {errno}, and whodenied's model of file access says {} ({:?}). Unless a security module answered first, that is a bug of whodenied: please report it with the case that --save writes.",
            escape::line(&live.syscall),
            escape::line(attempt.object_name()),
            refusal.errno,
            refusal.rule
        )
    })
}

/// What every layer but seccomp answers.
fn unfiltered(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Vec<Say> {
    let mut says = files::judge(attempt, live, errno, support);
    says.extend(landlock(attempt, live, errno, support, &says));
    says.extend(hidden(attempt, live, errno, support));
    says.extend(tasks::judge(attempt, live, errno, support));
    says.extend(limits::judge(attempt, live, errno, support));
    if !says.iter().any(|say| say.support().is_some()) {
        says.extend(device(attempt, live, errno));
    }
    says
}

/// A device that every check of files lets be opened, refused with EPERM: `devcgroup_check_permission`,
/// or, for a few, the driver itself.
fn device(attempt: &Attempt, live: &Capture, errno: Errno) -> Option<Say> {
    let question = live.question.as_ref()?;
    let opens = matches!(live.syscall.as_str(), "open" | "openat" | "openat2");
    let allowed = decide(&question.subject, &question.world, &question.operation) == Decision::Allowed;
    let path = question.operation.paths().first().copied()?.to_vec();
    let mut at = question.world.root();
    for name in path.split(|b| *b == b'/').filter(|n| !n.is_empty()) {
        let Entry::Found(node) = question.world.entry(at, name) else { return None };
        at = question.world.mounted(node).unwrap_or(node);
    }
    let device = matches!(question.world.inode(at)?.kind, Kind::Character | Kind::Block);
    (opens && errno == Errno::EPERM && allowed && device).then(|| {
        let because = "Owner, mode and mounts let the device be opened, and the kernel answers EPERM: the device controller of its cgroup does so.";
        denies(attempt, Layer::DeviceCgroup, Support::Stated, 92, because)
            .policy("the cgroup's devices")
            .step("cat /proc/PID/cgroup; cat /sys/fs/cgroup/devices/GROUP/devices.list   # version 1")
            .step("sudo bpftool cgroup tree   # version 2: a program of type cgroup_device")
    })
}

/// A domain that was seen being entered; asked after the modes of files.
fn landlock(
    attempt: &Attempt,
    live: &Capture,
    errno: Errno,
    support: Support,
    before: &[Say],
) -> Option<Say> {
    let answer = live.landlock.as_ref().filter(|a| a.refuses && errno == Errno::EACCES)?;
    if before.iter().any(|say| say.support().is_some()) {
        return None;
    }
    // Where the modes could not be asked, they may have refused before; ports are asked after it
    // (net/socket.c, __sys_bind, __sys_connect).
    let support = if live.question.is_some() || answer.right.starts_with("NET_") {
        support
    } else {
        Support::Stated.min(support)
    };
    let net = answer.right.starts_with("NET_");
    let because = format!(
        "The Landlock domain that the process entered handles LANDLOCK_ACCESS_{}{}, and no rule of its layer {} on {} grants it.",
        if net { "" } else { "FS_" },
        escape::line(&answer.right),
        answer.layer,
        if net { "this port" } else { "this path or above" }
    );
    Some(denies(attempt, Layer::Landlock, support, 97, because).policy("a Landlock domain"))
}

/// A path that is there outside of the process's mount namespace, and covered or left out inside; or one
/// that opens and reads as empty.
fn hidden(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if let Some((point, by)) =
        live.hidden_by.as_ref().filter(|(_, by)| matches!(by.as_str(), "null" | "empty"))
    {
        let what = if by == "null" { "/dev/null" } else { "an empty directory" };
        let how = if errno == Errno(0) { "opens, but reads as empty" } else { "is not found" };
        let because = format!(
            "It {how}: {what} is mounted over {}, which masks what the kernel has there. The call gives no error of permission for that.",
            escape::line(point)
        );
        return (errno == Errno(0) || errno == Errno::ENOENT)
            .then(|| denies(attempt, Layer::MountFlags, support, 97, because).policy("a mask"));
    }
    let (point, fstype) = live.hidden_by.as_ref().filter(|_| errno == Errno::ENOENT)?;
    let because = format!(
        "The path is there outside, and hidden from this process: in its mount namespace {} is a mount of its own ({}) that does not hold it.",
        escape::line(point),
        escape::line(fstype)
    );
    Some(denies(attempt, Layer::Filesystem, support, 97, because).policy("the sandbox's mounts"))
}

/// The captured filters' answer; true when they refuse with this error.
fn filter(attempt: &Attempt, live: &Capture, errno: Errno) -> Option<(Say, bool)> {
    if live.process.seccomp == 0 {
        return Some((allows(attempt, Layer::Seccomp, "The process runs under no filter."), false));
    }
    let answer = live.filter.as_ref()?;
    let action = SeccompAction::decode(answer.code);
    let signal =
        matches!(action, SeccompAction::Trap | SeccompAction::KillThread | SeccompAction::KillProcess);
    if signal && errno == Errno(0) {
        let because = format!(
            "The filter that was installed as number {} answers this call with SIGSYS at its instruction {}: {}.",
            answer.filter, answer.instruction, answer.because
        );
        let say = denies(attempt, Layer::Seccomp, Support::State, 98, because);
        return Some((say.policy("an installed seccomp filter"), true));
    }
    if let SeccompAction::Errno(given) = action
        && given == errno
    {
        let because = format!(
            "The filter that was installed as number {} answers {errno} at its instruction {}: {}.",
            answer.filter, answer.instruction, answer.because
        );
        return Some((
            denies(attempt, Layer::Seccomp, Support::State, 98, because)
                .policy("an installed seccomp filter"),
            true,
        ));
    }
    (answer.complete && action.allows()).then(|| {
        (allows(attempt, Layer::Seccomp, "The installed filters let this very call through."), false)
    })
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test fails by panicking")]
mod tests;
