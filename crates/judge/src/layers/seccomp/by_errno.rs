//! What the errno alone tells: answers that the kernel itself never gives for the call, and refusals of
//! which hardly anything is known.

use super::LAYER;
use crate::context::{Context, family, plain_tool, reads_public_file, unix_family};
use crate::say::{Say, denies};
use whodenied_case::{Attempt, Engine, Environment, Knob, ObjectKind, Support};
use whodenied_kernel::{Call, Capability, Errno};

/// Answers that the kernel itself never gives for the call.
pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if let Some(said) = nothing_known(attempt, cx) {
        return Some(said);
    }
    let call = attempt.call?;
    if let Some(said) = thread(attempt, cx) {
        return Some(said);
    }
    let errno = attempt.errno?;
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    let syscall = attempt.syscall.as_deref().unwrap_or("");
    let around = cx.contained() || cx.unit() || cx.facts.has_engine(Engine::Snap);
    let filtered = around || cx.facts.has_engine(Engine::OwnSandbox);
    match (call, errno) {
        // Where no filter is told of, a call that the kernel refuses so makes namespaces.
        (Call::Clone, Errno::EPERM)
            if !around && syscall != "clone3" && cx.stated_here(attempt, &["thread-create"]).is_none() =>
        {
            say(Support::Fits, 35, "A filter of the program's own or of its parent may refuse new processes.")
        }
        (Call::Clone, Errno::EPERM)
            if !attempt.args.iter().any(|(k, v)| k == "flags" && v.contains("CLONE_NEW")) =>
        {
            let weight = if filtered || syscall == "clone3" { 95 } else { 85 };
            say(
                Support::Exclusive,
                weight,
                "The kernel never answers EPERM to making a plain thread or process. A filter that does not know clone3 does, and the C library falls back to clone only on ENOSYS.",
            )
        }
        // `ptrace_traceme` asks only whether somebody traces already; the modules answer EACCES.
        (Call::Ptrace, Errno::EPERM)
            if cx.contained() && attempt.arg("request").is_some_and(|r| r.contains("TRACEME")) =>
        {
            say(
                Support::Exclusive,
                84,
                "Asking one's own parent to trace needs no right, so the kernel has no reason to say no: the filter does not list ptrace.",
            )
        }
        (Call::Mprotect, Errno::EPERM) => say(
            if cx.unit() || filtered { Support::Exclusive } else { Support::Usual },
            86,
            "The kernel and the security modules answer EACCES where memory may not become executable; EPERM is a filter, as MemoryDenyWriteExecute= of a unit is one.",
        ),
        _ if cx.facts.has_engine(Engine::Flatpak) && !cx.oci() && flatpak(call, errno) => say(
            Support::Default,
            84,
            "Flatpak's filter refuses this call to every app; tracing, performance counters and other execution domains only outside of --devel.",
        ),
        (Call::Mknod, Errno::EPERM)
            if cx.facts.statement("mknod-intercepted").is_some() && cx.system_container() =>
        {
            say(
                Support::Default,
                88,
                "The container's manager answers mknod itself, through a filter that hands the call over; anybody may make the whiteouts of an overlay otherwise.",
            )
        }
        // The files of an image are readable for all its users.
        (Call::Access, _) if cx.oci() && attempt.errno_inferred && reads_public_file(attempt) => say(
            Support::Usual,
            64,
            "Everybody may read this file of the image; the question whether it is readable is asked by a newer system call (faccessat2), which an old filter answers with EPERM.",
        ),
        (Call::Access | Call::Stat, Errno::EPERM) if !attempt.errno_inferred => say(
            Support::Exclusive,
            92,
            "The kernel answers such a question with EACCES or ENOENT, never with EPERM; a filter that does not know the newer system call (faccessat2, statx) does.",
        ),
        (Call::Exec, Errno::EPERM) if filtered && (plain_tool(attempt) || searched(attempt)) => say(
            Support::Default,
            84,
            "A shell carries no capabilities that could keep it from starting, and the filters let execve pass: what was refused is the question before it whether the file is executable, by a newer system call (faccessat2) that an old filter does not know.",
        ),
        (Call::Gettime, Errno::EPERM) => say(
            Support::Exclusive,
            92,
            "Reading a clock needs no right; a filter that does not know the 64-bit time calls answers EPERM.",
        ),
        (Call::Personality, Errno::EPERM) if filtered || cx.contained() => say(
            Support::Exclusive,
            90,
            "The kernel lets every process change its execution domain; the filter allows only a few values, and switching address randomisation off is not among them.",
        ),
        (Call::Personality, Errno::EPERM) => say(
            Support::Exclusive,
            70,
            "The kernel lets every process change its execution domain, so a filter refused it.",
        ),
        (Call::IoUring, Errno::EPERM | Errno::ENOSYS) if cx.oci() => {
            say(Support::Default, 80, "The runtime's default filter does not hold the io_uring calls.")
        }
        (Call::IoUring, Errno::EPERM | Errno::ENOSYS) => {
            say(Support::Usual, 50, "A filter that does not hold the io_uring calls.")
        }
        (Call::Keyctl, Errno::EPERM | Errno::ENOSYS) => say(
            if filtered { Support::Exclusive } else { Support::Usual },
            85,
            "Kernel keyrings are not in the filter's list; the kernel itself gives EACCES or EDQUOT.",
        ),
        (Call::Mempolicy, Errno::EPERM) if cx.oci() => say(
            Support::Default,
            80,
            "The memory policy calls are in the filter's list only with CAP_SYS_NICE.",
        ),
        (Call::UsernsCreate | Call::Unshare, Errno::EPERM)
            if cx.oci()
                && !cx.rootless()
                && cx.facts.cap_added(Capability::SYS_ADMIN).is_none()
                && !matches!(
                    cx.runtime(),
                    Some(whodenied_runtimes::Runtime::Podman | whodenied_runtimes::Runtime::CriO)
                ) =>
        {
            say(
                Support::Default,
                82,
                "The default filter lets a process make namespaces only in a container that was given CAP_SYS_ADMIN.",
            )
        }
        // Tracer and target share the user, so neither ids nor a capability nor Yama is left.
        (Call::Ptrace, Errno::EPERM) if cx.oci() && cx.stated(&["ptrace-any-set"]).is_some() => say(
            Support::Default,
            82,
            "The target allows every tracer and runs under the same user, so the kernel's own checks pass; default filters before Docker 19.03 or on kernels before 4.8 hold ptrace only with CAP_SYS_PTRACE.",
        ),
        (Call::UsernsCreate, Errno::EPERM) if cx.facts.has_engine(Engine::OwnSandbox) => {
            say(Support::Usual, 40, "A filter of the sandbox around it may refuse new namespaces.")
        }
        // `perf_allow_kernel` and its like, ptrace_may_access and the modules all answer EACCES.
        (Call::PerfEventOpen, Errno::EPERM)
            if cx.oci()
                && !attempt.errno_inferred
                && cx.stated_here(attempt, &["perf-paranoid-hint"]).is_none() =>
        {
            say(
                Support::Exclusive,
                84,
                "The kernel itself answers EACCES here, whatever perf_event_paranoid says; EPERM is the default filter, which lists the call only with CAP_PERFMON or CAP_SYS_ADMIN.",
            )
        }
        (Call::UsernsCreate, Errno::EPERM)
            if cx.oci() && !cx.rootless() && cx.facts.cap_added(Capability::SYS_ADMIN).is_none() =>
        {
            say(
                Support::Usual,
                66,
                "Filters of this engine's earlier releases, and those of many clusters, let a process make namespaces only with CAP_SYS_ADMIN; a sysctl would answer ENOSPC.",
            )
        }
        (Call::PerfEventOpen | Call::Bpf | Call::Userfaultfd, Errno::EPERM) if cx.oci() => say(
            Support::Default,
            60,
            "The call is in the default filter's list only with CAP_PERFMON, CAP_BPF or CAP_SYS_ADMIN.",
        ),
        // Netlink is part of every kernel with a network, Unix sockets of every kernel of a distribution.
        (Call::Netlink, Errno::EAFNOSUPPORT) => netless(cx, attempt),
        (Call::Socket | Call::Socketpair, Errno::EAFNOSUPPORT)
            if attempt.object.kind == ObjectKind::NetlinkSocket
                || unix_family(attempt)
                || family(attempt).is_some_and(|f| f.contains("NETLINK") || f.ends_with("INET")) =>
        {
            netless(cx, attempt)
        }
        (
            Call::Socket | Call::Connect | Call::Bind,
            Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT | Errno::ESOCKTNOSUPPORT,
        ) if cx.unit() => say(Support::Usual, 50, "A unit's RestrictAddressFamilies= answers so."),
        (Call::Socket, Errno::EPERM)
            if family(attempt).is_some_and(|f| f.contains("ALG") || f.contains("VSOCK")) && cx.oci() =>
        {
            say(Support::Default, 85, "The default filter blocks this address family.")
        }
        (Call::Chmod | Call::Mknod | Call::Chown, Errno::ENOSYS) => {
            say(Support::Exclusive, 70, "Only a filter says that this call does not exist.")
        }
        (_, Errno::ENOSYS) if cx.oci() => say(
            Support::Usual,
            60,
            "A filter answers ENOSYS for calls that it does not know; a kernel that is too old does too.",
        ),
        (Call::Connect, _)
            if cx.facts.has_engine(Engine::OwnSandbox) && cx.has(Environment::RunsAsNonRoot) =>
        {
            None
        }
        // Root of a container changes modes and times of what it has just made itself.
        (Call::Utime | Call::Chmod, Errno::EPERM)
            if cx.oci()
                && (!cx.kubernetes() || cx.facts.knob(|k| matches!(k, Knob::Seccomp(_))).is_some())
                && !attempt.errno_inferred
                && !cx.is_user(attempt)
                && !cx.remapped()
                && !foreign_files(cx)
                && cx.bind_over(attempt.object_name()).is_none() =>
        {
            let old = attempt.call == Some(Call::Utime) && cx.facts.distro_in(ARM32);
            let because = if old {
                "On 32-bit ARM the C library asks by the 64-bit time calls, which an old libseccomp does not know and the filter answers with EPERM; root may change the times of any file otherwise."
            } else {
                "Root may change mode and times of any file of the container; a filter that does not know the newer call (fchmodat2, the 64-bit time calls) answers EPERM."
            };
            say(if old { Support::Default } else { Support::Usual }, if old { 76 } else { 60 }, because)
        }
        (Call::Socket | Call::Bind | Call::Listen | Call::Connect | Call::Accept, Errno::EPERM)
            if cx.facts.has_engine(Engine::OwnSandbox) && attempt.object.kind != ObjectKind::RawSocket =>
        {
            say(
                Support::Default,
                72,
                "The kernel asks no right for an ordinary socket and answers EACCES for a low port; the sandbox around the program refuses the network by a filter.",
            )
        }
        (Call::Setsockopt, Errno::EPERM) if cx.facts.has_engine(Engine::OwnSandbox) => say(
            Support::Default,
            70,
            "Most options of a socket need no right; the filter of the sandbox around the program refuses the call as a whole.",
        ),
        (Call::Sched | Call::Setpriority, Errno::EPERM) if cx.facts.has_engine(Engine::Snap) => {
            say(Support::Usual, 55, "A snap's filter holds this call only with the right interface.")
        }
        _ => None,
    }
}

/// A command looked for along the path by a program that asks itself whether it may be executed.
fn searched(attempt: &Attempt) -> bool {
    let asks = attempt.subject.program.as_deref().is_some_and(|p| matches!(p, "make" | "gmake"));
    asks && !attempt.object_name().is_empty() && !attempt.object_name().contains('/')
}

/// What Flatpak's filter answers with EPERM, `setup_seccomp` in its common/flatpak-run.c.
fn flatpak(call: Call, errno: Errno) -> bool {
    errno == Errno::EPERM
        && matches!(
            call,
            Call::Ptrace
                | Call::PerfEventOpen
                | Call::Personality
                | Call::Keyctl
                | Call::Mempolicy
                | Call::Syslog
                | Call::Chroot
                | Call::Mount
                | Call::Umount
                | Call::PivotRoot
                | Call::Setns
                | Call::Unshare
                | Call::UsernsCreate
        )
}

/// A thread that could not be made, where the program keeps the error to itself: in a container of
/// these years mostly clone3, which an old filter does not know; without a filter a limit.
fn thread(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let unsaid = attempt.errno.is_none() && attempt.call == Some(Call::Clone);
    if !unsaid || !cx.oci() || cx.stated_here(attempt, &["thread-create"]).is_none() {
        return None;
    }
    let pod = cx.kubernetes() && cx.facts.knob(|k| matches!(k, Knob::Seccomp(_))).is_none();
    let limited = ["nproc", "pids"].iter().any(|l| cx.limit(l).is_some());
    let (support, weight) = if pod || limited { (Support::Fits, 35) } else { (Support::Usual, 66) };
    let because = "A newer C library makes threads by clone3. A filter that does not know the call answers EPERM, and the library falls back to clone only on ENOSYS; the limits of threads of a container would have to be used up for the same.";
    Some(denies(attempt, LAYER, support, weight, because))
}

/// A bare error of root in a container, which holds the usual capabilities and may do what it likes with
/// the files of the image.
fn nothing_known(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let bare = attempt.call.is_none() && attempt.object.name.is_none() && attempt.args.is_empty();
    let root = cx.is_root(attempt) && !cx.remapped();
    let filtered =
        cx.oci() && !(cx.kubernetes() && cx.facts.knob(|k| matches!(k, Knob::Seccomp(_))).is_none());
    let error = attempt.errno == Some(Errno::EPERM) && !attempt.errno_inferred && !attempt.own_refusal;
    (bare && root && filtered && error).then(|| {
        let because = "Root of a container holds the usual capabilities; an error of which nothing but EPERM is known is more often a call that the filter does not know, as newer C libraries make them.";
        denies(attempt, LAYER, Support::Usual, 45, because)
    })
}

/// An address family that every kernel has.
fn netless(cx: &Context<'_>, attempt: &Attempt) -> Option<Say> {
    let because = "Every kernel has this address family; a filter (systemd's RestrictAddressFamilies= is one) answers that it has not.";
    let weight = if cx.unit() || cx.contained() { 88 } else { 75 };
    let said = denies(attempt, LAYER, Support::Exclusive, weight, because);
    if let Some((id, _)) = cx.facts.unit("RestrictAddressFamilies") {
        return Some(said.policy("RestrictAddressFamilies").fact(id));
    }
    Some(if cx.unit() {
        said.policy("RestrictAddressFamilies").step("systemctl show -p RestrictAddressFamilies UNIT")
    } else {
        said
    })
}

/// Distributions for 32-bit ARM.
const ARM32: &[&str] = &["raspbian", "raspberry"];

/// The data lies where owners and modes are another machine's matter.
fn foreign_files(cx: &Context<'_>) -> bool {
    [
        Environment::Nfs,
        Environment::RootSquash,
        Environment::Cifs,
        Environment::Fuse,
        Environment::ForeignFs,
        Environment::NoFsGroup,
    ]
    .into_iter()
    .any(|e| cx.has(e))
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use crate::layers::fixture::Fixture;
    use whodenied_case::{Engine, Predicate, Support};
    use whodenied_kernel::{Call, Errno};

    #[test]
    fn answers_of_sandboxes() {
        let ask = |engine, call| Fixture::new(call, Errno::EPERM).engine(engine).support(judge);
        for call in [Call::Ptrace, Call::PerfEventOpen, Call::Keyctl, Call::Chroot, Call::Unshare] {
            assert!(ask(Engine::Flatpak, call) >= Some(Support::Default), "{call:?}");
        }
        assert_eq!(ask(Engine::OwnSandbox, Call::Listen), Some(Support::Default));
        assert_eq!(ask(Engine::SystemdUnit, Call::Mprotect), Some(Support::Exclusive));
        assert_eq!(
            Fixture::new(Call::Mprotect, Errno::EACCES).engine(Engine::SystemdUnit).support(judge),
            None
        );
    }

    #[test]
    fn a_tracee_that_asks_itself() {
        let mut f = Fixture::new(Call::Ptrace, Errno::EPERM).engine(Engine::Containerd);
        f.attempt.args.push(("request".to_owned(), "PTRACE_TRACEME".to_owned()));
        assert_eq!(f.support(judge), Some(Support::Exclusive));
    }

    #[test]
    fn nodes_that_the_manager_makes() {
        let f = || Fixture::new(Call::Mknod, Errno::EPERM).engine(Engine::Incus);
        let told = f().fact(Predicate::Statement("mknod-intercepted"));
        assert_eq!(told.support(judge), Some(Support::Default));
        assert_ne!(f().support(judge), Some(Support::Default));
    }
}
