//! Resource limits, and the per-user quotas that look like them.
//!
//! `do_prlimit` (kernel/sys.c): raising a hard limit without CAP_SYS_RESOURCE is EPERM. RLIMIT_MEMLOCK:
//! `can_do_mlock` EPERM at 0, mlock ENOMEM above it (mm/mlock.c); before 5.11 BPF maps count against
//! it with EPERM, to root too (`bpf_charge_memlock`). RLIMIT_NPROC: fork EAGAIN. RLIMIT_NOFILE: EMFILE.
//! RLIMIT_RTPRIO and RLIMIT_NICE without CAP_SYS_NICE: sched_setscheduler EPERM, setpriority EACCES
//! (kernel/sched/syscalls.c). fs.inotify.max_user_instances: inotify_init EMFILE;
//! max_user_watches: inotify_add_watch ENOSPC (fs/notify/inotify).

use crate::context::Context;
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{Attempt, Phase, Support, Verdict};
use whodenied_kernel::{Call, Capability, Errno, Layer};

const LAYER: Layer = Layer::Rlimit;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    let said = match attempt.call {
        Some(Call::Setrlimit) => setrlimit(attempt, cx),
        Some(Call::Mlock) => mlock(attempt, cx),
        Some(Call::Bpf) => bpf(attempt, cx),
        Some(Call::IoUring) => io_uring(attempt, cx),
        Some(Call::Inotify) => inotify(attempt),
        Some(Call::Clone) => processes(attempt, cx),
        Some(Call::Sched) => real_time(attempt, cx),
        Some(Call::Setpriority) => nice(attempt, cx),
        _ => None,
    };
    if let Some(said) = said {
        best.offer(said);
    }
    for said in stated(attempt, cx) {
        best.offer(said);
    }
    if attempt.errno == Some(Errno::EMFILE) && attempt.call != Some(Call::Inotify) {
        let because = "The process has as many open files as its limit (RLIMIT_NOFILE) allows.";
        best.offer(
            denies(attempt, LAYER, Support::Exclusive, 80, because)
                .facts(cx.limit("nofile").map(|(id, _)| id))
                .policy("RLIMIT_NOFILE")
                .step("ulimit -n"),
        );
    }
    best.done()
}

fn stated(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let mut said = Vec::new();
    if attempt.own_refusal && matches!(attempt.call, Some(Call::Setrlimit | Call::Mlock)) {
        let because = "The program compares its limit with what it needs and stops; nothing but the limit is in the way.";
        said.push(
            denies(attempt, LAYER, Support::Stated, 90, because)
                .policy("RLIMIT")
                .step("cat /proc/PID/limits"),
        );
    }
    if let Some(fact) = cx.stated_here(attempt, &["inotify-limit"]) {
        let because = "The inotify quota of this user is used up; it is counted per user across all containers that share the id.";
        said.push(
            denies(attempt, LAYER, Support::Stated, 90, because)
                .fact(fact.id)
                .policy("fs.inotify")
                .step("sysctl fs.inotify"),
        );
    }
    if let Some(fact) = cx.stated_here(attempt, &["memlock-hint"])
        && attempt.call != Some(Call::Setrlimit)
        && !(attempt.call == Some(Call::Bpf) && cx.kernel_before(&[5, 11]) != Some(true))
    {
        let because = "The message points at the limit of locked memory (RLIMIT_MEMLOCK).";
        // Libraries of BPF say so of every EPERM; the limit counts before Linux 5.11 only.
        let guess = attempt.call == Some(Call::Bpf) && cx.kernel_before(&[5, 11]) != Some(true);
        let (support, weight) = match guess {
            true if cx.contained() || cx.unit() => (Support::Usual, 40),
            true => (Support::Usual, 56),
            false => (Support::Stated, 80),
        };
        said.push(
            denies(attempt, LAYER, support, weight, because)
                .fact(fact.id)
                .policy("RLIMIT_MEMLOCK")
                .step("ulimit -l"),
        );
    }
    said
}

fn setrlimit(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::EPERM) {
        return None;
    }
    let because = "Raising a limit above its hard value needs CAP_SYS_RESOURCE over the limits of the host; otherwise it is refused with EPERM.";
    let setup = matches!(attempt.phase, Phase::RuntimeSetup | Phase::Engine | Phase::ServiceSetup);
    let bounded = cx.rootless() || cx.system_container() || cx.is_user(attempt);
    // In a container that lacks the capability the missing one is the nearer cause.
    let lacking = cx.oci() && cx.container_has(Capability::SYS_RESOURCE).is_some_and(|(has, _)| !has);
    let (support, weight) = match () {
        () if setup || bounded => (Support::Exclusive, 90),
        () if lacking => (Support::Usual, 75),
        () => (Support::Exclusive, 75),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .policy("RLIMIT")
            .step("ulimit -Ha; prlimit --pid $$"),
    )
}

fn mlock(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let limit = cx.limit("memlock").map(|(id, _)| id);
    let said = match attempt.errno? {
        Errno::ENOMEM | Errno::EAGAIN => {
            let because = "Locking memory beyond RLIMIT_MEMLOCK without CAP_IPC_LOCK gives this error.";
            denies(attempt, LAYER, Support::Exclusive, 85, because)
        }
        Errno::EPERM => {
            let because = "Without CAP_IPC_LOCK memory may be locked up to RLIMIT_MEMLOCK only; at a limit of 0 mlock gives EPERM.";
            let weight = if cx.facts.cap_added(Capability::IPC_LOCK).is_some() { 40 } else { 60 };
            denies(attempt, LAYER, Support::Usual, weight, because)
        }
        _ => return None,
    };
    Some(said.facts(limit).policy("RLIMIT_MEMLOCK").step("ulimit -l"))
}

fn bpf(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::EPERM) {
        return None;
    }
    let version = cx.facts.find(
        |p| matches!(p, whodenied_case::Predicate::Component { name, version: Some(_) } if name == "kernel"),
    );
    if cx.kernel_before(&[5, 11]) == Some(false) {
        let because = "Since Linux 5.11 BPF maps no longer count against RLIMIT_MEMLOCK.";
        return Some(allows(attempt, LAYER, because).facts(version.map(|f| f.id)));
    }
    let map =
        attempt.arg("cmd").is_some_and(|c| c.contains("MAP_CREATE")) || attempt.object_name().contains("map");
    let because = "Before Linux 5.11 the memory of BPF maps counts against RLIMIT_MEMLOCK, and going beyond it gives EPERM, to root too.";
    let old = cx.kernel_before(&[5, 11]) == Some(true);
    let root = cx.is_root(attempt) && !cx.contained();
    // Libraries point at the limit whenever the kernel refuses a map or program: since 5.11 it is the
    // wrong guess.
    let hinted = cx.stated_here(attempt, &["memlock-hint"]).is_some();
    // A limit does not change with the kernel.
    let updated = cx.facts.find(|p| matches!(p, whodenied_case::Predicate::Updated { .. })).is_some();
    let (support, weight) = match (old, root) {
        (true, true) if updated && !hinted => (Support::Usual, 55),
        (true, _) if hinted => (Support::Stated, 80),
        // Whoever may load programs may raise the limit too.
        (_, false) if cx.stated(&["limit-not-raised"]).is_some() && !old => (Support::Usual, 38),
        (false, false) if hinted => (Support::Usual, if cx.contained() { 40 } else { 50 }),
        (false, true) if hinted => (Support::Usual, 66),
        (true, true) => (Support::Default, 80),
        (true, false) => (Support::Usual, if map { 75 } else { 55 }),
        (false, true) => (Support::Usual, if map { 65 } else { 50 }),
        (false, false) => (Support::Fits, 30),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(version.map(|f| f.id))
            .facts(cx.limit("memlock").map(|(id, _)| id))
            .policy("RLIMIT_MEMLOCK")
            .step("ulimit -l")
            .step("uname -r"),
    )
}

fn io_uring(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::ENOMEM) || cx.kernel_before(&[5, 12]) == Some(false) {
        return None;
    }
    let because = "Before Linux 5.12 the rings of io_uring count against RLIMIT_MEMLOCK.";
    Some(denies(attempt, LAYER, Support::Exclusive, 80, because).policy("RLIMIT_MEMLOCK").step("ulimit -l"))
}

fn inotify(attempt: &Attempt) -> Option<Say> {
    let (which, because) = match attempt.errno? {
        Errno::EMFILE => (
            "fs.inotify.max_user_instances",
            "The user has as many inotify instances as fs.inotify.max_user_instances allows, counted across all containers that share the id; open files are not meant.",
        ),
        Errno::ENOSPC => (
            "fs.inotify.max_user_watches",
            "The user has as many inotify watches as fs.inotify.max_user_watches allows, counted across all containers that share the id; the disk is not meant.",
        ),
        _ => return None,
    };
    Some(denies(attempt, LAYER, Support::Exclusive, 90, because).policy(which).step("sysctl fs.inotify"))
}

fn processes(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::EAGAIN) {
        return None;
    }
    let because =
        "fork and clone give EAGAIN when the user has as many processes and threads as RLIMIT_NPROC allows.";
    let configured = cx.limit("nproc").map(|(id, _)| id);
    let (support, weight) = match configured {
        Some(_) => (Support::Configured, 85),
        None if cx.contained() || cx.unit() => (Support::Usual, 45),
        None => (Support::Usual, 70),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(configured)
            .policy("RLIMIT_NPROC")
            .step("ulimit -u"),
    )
}

fn real_time(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::EPERM) {
        return None;
    }
    let because = "A real-time policy above RLIMIT_RTPRIO needs CAP_SYS_NICE.";
    let configured = cx.limit("rtprio").map(|(id, _)| id);
    let has_nice = cx.container_has(Capability::SYS_NICE).is_some_and(|(has, _)| has);
    let (support, weight) = match configured {
        Some(_) => (Support::Configured, 70),
        None if has_nice => (Support::Fits, 15),
        None if cx.contained() => (Support::Fits, 40),
        None if cx.is_root(attempt) => {
            return Some(allows(attempt, LAYER, "Root is bound by no RLIMIT_RTPRIO."));
        }
        None => (Support::Usual, 70),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(configured)
            .policy("RLIMIT_RTPRIO")
            .step("ulimit -r"),
    )
}

fn nice(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::EACCES) && attempt.errno != Some(Errno::EPERM) {
        return None;
    }
    if cx.is_root(attempt) && !cx.contained() {
        return None;
    }
    let because = "Raising the priority beyond RLIMIT_NICE needs CAP_SYS_NICE.";
    let (support, weight) = if cx.contained() { (Support::Fits, 40) } else { (Support::Usual, 60) };
    Some(denies(attempt, LAYER, support, weight, because).policy("RLIMIT_NICE").step("ulimit -e"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, component, denied, knob};
    use whodenied_case::{Engine, Environment, Knob, Predicate};

    #[test]
    fn bpf_maps_before_5_11() {
        let create = attempt(Call::Bpf, Errno::EPERM, "");
        let root = Predicate::Environment(Environment::RunsAsRoot);
        assert_eq!(
            denied(judge, &create, &[root.clone(), component("kernel", "5.10.19-200.fc33")]),
            Some(Support::Default)
        );
        assert!(allowed(judge, &create, &[root.clone(), component("kernel", "6.1.0")]));
        assert_eq!(denied(judge, &create, &[root]), Some(Support::Usual));
        assert_eq!(denied(judge, &create, &[]), Some(Support::Fits));
    }

    #[test]
    fn inotify_says_files_and_disk_and_means_neither() {
        assert_eq!(denied(judge, &attempt(Call::Inotify, Errno::EMFILE, ""), &[]), Some(Support::Exclusive));
        assert_eq!(denied(judge, &attempt(Call::Inotify, Errno::ENOSPC, ""), &[]), Some(Support::Exclusive));
        assert_eq!(denied(judge, &attempt(Call::Inotify, Errno::EACCES, ""), &[]), None);
    }

    #[test]
    fn other_limits() {
        let docker = Predicate::Engine(Engine::Docker);
        assert_eq!(
            denied(judge, &attempt(Call::Setrlimit, Errno::EPERM, ""), std::slice::from_ref(&docker)),
            Some(Support::Usual)
        );
        assert_eq!(denied(judge, &attempt(Call::Mlock, Errno::ENOMEM, ""), &[]), Some(Support::Exclusive));
        let nproc = knob(Knob::Ulimit { name: "nproc".to_owned(), value: "64".to_owned() });
        assert_eq!(
            denied(judge, &attempt(Call::Clone, Errno::EAGAIN, ""), &[nproc]),
            Some(Support::Configured)
        );
        assert_eq!(denied(judge, &attempt(Call::Sched, Errno::EPERM, ""), &[]), Some(Support::Usual));
        assert_eq!(denied(judge, &attempt(Call::Sched, Errno::EPERM, ""), &[docker]), Some(Support::Fits));
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::EACCES, "/x"), &[]), None);
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::EMFILE, "/x"), &[]), Some(Support::Exclusive));
    }
}
