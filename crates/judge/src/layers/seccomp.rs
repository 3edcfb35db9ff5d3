//! seccomp filters.
//!
//! `__seccomp_filter` runs the filters before the kernel looks at any argument, in every kernel
//! since 3.5. The errno is whatever the rule says: EPERM in Docker's and containerd's default,
//! ENOSYS in Podman's, EPERM in a unit's `SystemCallFilter=` (or SIGSYS), EAFNOSUPPORT in its
//! `RestrictAddressFamilies=`. An ERRNO rule leaves no record: no runtime asks for logging.

mod by_errno;

use crate::context::{Context, seccomp_off};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{Attempt, Knob, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::Seccomp;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if let Some(said) = record(attempt) {
        return said.into();
    }
    let mut best = Best::new();
    if let Some(trial) = cx.works(seccomp_off) {
        let said = denies(
            attempt,
            LAYER,
            Support::Trial,
            85,
            "It works with the seccomp filter off, and fails with it.",
        );
        best.offer(named(said, attempt, cx).trial(trial));
    }
    if let Some(off) = switched_off(attempt, cx) {
        return best.or(off.into());
    }
    if let Some(said) = stated(attempt, cx) {
        best.offer(named(said, attempt, cx));
    }
    if let Some(said) = unit(attempt, cx) {
        best.offer(said);
    }
    if let Some(said) = default_filter(attempt, cx) {
        best.offer(named(said, attempt, cx));
    }
    if let Some(said) = by_errno::judge(attempt, cx) {
        best.offer(named(said, attempt, cx));
    }
    best.done()
}

fn record(attempt: &Attempt) -> Option<Say> {
    /// SECCOMP_RET_LOG of include/uapi/linux/seccomp.h: logged and let through.
    const LOGGED: u32 = 0x7ffc_0000;
    attempt.records.iter().find_map(|record| {
        let RecordKind::Seccomp(r) = &record.kind else { return None };
        if r.code == Some(LOGGED) {
            let because = "The filter logged the call and let it pass, so nothing was blocked.";
            return Some(denies(attempt, LAYER, Support::Usual, 50, because));
        }
        let what = attempt
            .syscall
            .as_deref()
            .map_or_else(|| "this system call".to_owned(), |s| format!("the system call {s}"));
        let how = match r.sig {
            Some(31) => " and ended the process with SIGSYS",
            _ => "",
        };
        Some(denies(attempt, LAYER, Support::Record, 100, format!("A seccomp filter refused {what}{how}.")))
    })
}

fn switched_off(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if let Some(trial) = cx.same(seccomp_off) {
        return Some(allows(attempt, LAYER, "It fails with the filter off too.").trial(trial));
    }
    if let Some(trial) = cx.same_privileged() {
        return Some(
            allows(attempt, LAYER, "It fails in a privileged container too, which has no filter.")
                .trial(trial),
        );
    }
    let off = |k: &Knob| matches!(k, Knob::Seccomp(p) if p == "unconfined") || *k == Knob::Privileged(true);
    let (id, _) = cx.facts.knob(off).filter(|_| cx.oci())?;
    Some(allows(attempt, LAYER, "The container runs without a seccomp filter.").fact(id))
}

/// Names the filter and the way to look at it.
fn named(said: Say, attempt: &Attempt, cx: &Context<'_>) -> Say {
    let custom = cx.facts.knobs().find_map(|(id, k)| match k {
        Knob::Seccomp(p) if !matches!(p.as_str(), "unconfined" | "builtin" | "RuntimeDefault") => {
            Some((id, p.clone()))
        }
        _ => None,
    });
    let said = match (custom, cx.runtime()) {
        _ if said.names_policy() => said,
        (Some((id, name)), _) => said.policy(name).fact(id),
        (None, Some(runtime)) => said.policy(format!("{}'s default seccomp profile", runtime.name())),
        (None, None) if cx.unit() => said.policy("the unit's SystemCallFilter="),
        _ => said,
    };
    let call = attempt.syscall.as_deref().or(attempt.call.map(Call::name)).unwrap_or("the call");
    said.step("grep -i -e seccomp -e nonew -e cap /proc/PID/status")
        .step(format!("strace -f -e trace={call} PROGRAM"))
}

fn stated(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if cx.facts.statement("sigsys").is_some()
        || attempt.arg("signal").is_some_and(|s| s.contains("SYS")) && attempt.call != Some(Call::Kill)
    {
        return Some(denies(
            attempt,
            LAYER,
            Support::Exclusive,
            95,
            "The process died of SIGSYS, which only a seccomp filter sends.",
        ));
    }
    let hint = cx.facts.statement("seccomp-hint")?;
    let weight = if refusable(attempt) { 60 } else { 10 };
    (weight > 10).then(|| {
        denies(attempt, LAYER, Support::Usual, weight, "The program itself suspects the seccomp filter.")
            .fact(hint.id)
    })
}

/// A call and errno that a filter could have answered.
fn refusable(attempt: &Attempt) -> bool {
    matches!(attempt.errno, Some(Errno::EPERM | Errno::ENOSYS | Errno::EAFNOSUPPORT))
}

/// What the directives of a systemd unit refuse by a filter (systemd.exec(5), "Sandboxing").
fn unit(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let errno = attempt.errno?;
    let call = attempt.call?;
    let on = |key: &str| {
        cx.facts.unit(key).filter(|(_, v)| !matches!(v.trim(), "no" | "false" | "off" | "0" | ""))
    };
    let denied = matches!(errno, Errno::EPERM | Errno::EACCES | Errno::ENOSYS);
    let candidates: &[(&str, bool, &str)] = &[
        (
            "RestrictAddressFamilies",
            matches!(call, Call::Socket | Call::Socketpair | Call::Netlink)
                && matches!(errno, Errno::EAFNOSUPPORT | Errno::EPERM),
            "the unit allows only the listed address families",
        ),
        (
            "MemoryDenyWriteExecute",
            matches!(call, Call::Mmap | Call::Mprotect) && denied,
            "memory that is writable and executable is refused",
        ),
        ("RestrictRealtime", call == Call::Sched && errno == Errno::EPERM, "real-time scheduling is refused"),
        (
            "RestrictNamespaces",
            matches!(call, Call::Unshare | Call::UsernsCreate | Call::Setns | Call::Clone)
                && errno == Errno::EPERM,
            "new namespaces are refused",
        ),
        (
            "LockPersonality",
            call == Call::Personality && errno == Errno::EPERM,
            "changing the execution domain is refused",
        ),
        (
            "RestrictSUIDSGID",
            matches!(call, Call::Chmod | Call::Create | Call::Mkdir | Call::Open) && errno == Errno::EPERM,
            "setting setuid and setgid bits is refused",
        ),
        ("ProtectClock", call == Call::Settime && errno == Errno::EPERM, "setting the clock is refused"),
        ("ProtectKernelModules", call == Call::Module && errno == Errno::EPERM, "loading modules is refused"),
        ("ProtectKernelLogs", call == Call::Syslog && errno == Errno::EPERM, "the kernel log is refused"),
        (
            "ProtectHostname",
            call == Call::Sethostname && errno == Errno::EPERM,
            "setting the host name is refused",
        ),
        ("PrivateDevices", matches!(call, Call::Ioperm) && errno == Errno::EPERM, "raw I/O is refused"),
        (
            "SystemCallArchitectures",
            errno == Errno::EPERM && cx.facts.statement("sigsys").is_some(),
            "calls of other architectures are refused",
        ),
        (
            "SystemCallFilter",
            matches!(errno, Errno::EPERM | Errno::ENOSYS) || attempt.errno.is_none(),
            "the unit's list of system calls does not hold it",
        ),
    ];
    let (key, _, why) = candidates.iter().find(|(key, fits, _)| *fits && on(key).is_some())?;
    let (id, _) = on(key)?;
    let weight = if *key == "SystemCallFilter" { 55 } else { 85 };
    Some(
        denies(
            attempt,
            LAYER,
            Support::Configured,
            weight,
            format!("systemd carries out {key}= as a seccomp filter: {why}."),
        )
        .fact(id)
        .policy(*key)
        .step("systemctl show -p SystemCallFilter -p RestrictAddressFamilies UNIT"),
    )
}

/// The default filter of the named runtime at its version.
fn default_filter(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    // What an engine or its runtime does itself is not under the filter of the container.
    if matches!(attempt.phase, whodenied_case::Phase::Engine | whodenied_case::Phase::RuntimeSetup)
        && cx.nested().is_none()
    {
        return None;
    }
    let (runtime, refusal) = cx.default_filter(attempt)?;
    let weight = match refusal.unlocked_by {
        // The kernel asks for the same capability, so both would refuse; the filter comes first.
        Some(_) if matches!(attempt.call, Some(Call::Mount | Call::Umount | Call::Setns)) => 55,
        Some(_) => 80,
        None => 90,
    };
    Some(
        denies(
            attempt,
            LAYER,
            Support::Default,
            weight,
            format!("{}'s default filter refuses it: {}.", runtime.name(), refusal.why),
        )
        .facts(
            cx.facts.find(|p| matches!(p, whodenied_case::Predicate::Engine(e) if e.is_oci())).map(|f| f.id),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::{Answer, Change, Engine, Predicate};

    fn supports(f: &Fixture) -> Option<Support> {
        f.support(judge)
    }

    #[test]
    fn errors_that_only_a_filter_gives() {
        let table =
            [(Call::Clone, Errno::EPERM), (Call::Access, Errno::EPERM), (Call::Gettime, Errno::EPERM)];
        for (call, errno) in table {
            assert_eq!(supports(&Fixture::new(call, errno).engine(Engine::Docker)), Some(Support::Exclusive));
        }
        assert_eq!(supports(&Fixture::new(Call::Access, Errno::EACCES).engine(Engine::Docker)), None);
    }

    #[test]
    fn processes_threads_and_families() {
        // On a host without a filter a refused clone() makes namespaces.
        assert_eq!(supports(&Fixture::new(Call::Clone, Errno::EPERM)), Some(Support::Fits));
        let mut thread = Fixture::new(Call::Clone, Errno::EPERM).fact(Predicate::Statement("thread-create"));
        assert_eq!(supports(&thread), Some(Support::Exclusive));
        thread.attempt.errno = None;
        assert_eq!(supports(&thread), None);
        assert_eq!(supports(&thread.engine(Engine::Docker)), Some(Support::Usual));
        let family = |call| Fixture::new(call, Errno::EAFNOSUPPORT);
        assert_eq!(supports(&family(Call::Netlink).engine(Engine::SystemdUnit)), Some(Support::Exclusive));
        assert_eq!(supports(&family(Call::Socket).arg("domain", "AF_UNIX")), Some(Support::Exclusive));
        assert_eq!(supports(&family(Call::Socket).arg("domain", "AF_INET6")), None);
        // A pod without a profile has no filter.
        let chmod = |e| Fixture::new(Call::Chmod, Errno::EPERM).engine(e);
        assert_eq!(supports(&chmod(Engine::Docker)), Some(Support::Usual));
        assert_eq!(supports(&chmod(Engine::Kubernetes)), None);
    }

    #[test]
    fn default_filters_by_runtime() {
        let uring = |errno| Fixture::new(Call::IoUring, errno);
        assert_eq!(supports(&uring(Errno::ENOSYS).engine(Engine::Podman)), Some(Support::Default));
        assert_eq!(supports(&uring(Errno::EPERM).engine(Engine::Docker)), Some(Support::Default));
        let off = uring(Errno::EPERM).engine(Engine::Docker).knob(Knob::Seccomp("unconfined".into()));
        assert!(matches!(off.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. })));
    }

    #[test]
    fn units_refuse_by_filters() {
        let f = Fixture::new(Call::Socket, Errno::EAFNOSUPPORT)
            .unit("RestrictAddressFamilies", "AF_UNIX AF_INET");
        assert_eq!(supports(&f), Some(Support::Configured));
        let f = Fixture::new(Call::Sched, Errno::EPERM).unit("RestrictRealtime", "yes");
        assert_eq!(supports(&f), Some(Support::Configured));
        assert_eq!(
            supports(&Fixture::new(Call::Open, Errno::EACCES).unit("SystemCallFilter", "@system-service")),
            None
        );
    }

    #[test]
    fn trials_decide() {
        let off = || Change::Knob(Knob::Seccomp("unconfined".into()));
        let f = Fixture::new(Call::Mempolicy, Errno::EPERM).engine(Engine::Docker).works(off());
        assert_eq!(supports(&f), Some(Support::Trial));
        let f = Fixture::new(Call::Mempolicy, Errno::EPERM).engine(Engine::Docker).same(off());
        assert_eq!(supports(&f), None);
    }
}
