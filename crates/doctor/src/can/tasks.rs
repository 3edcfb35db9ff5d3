//! Questions that are not of files: ports, signals, tracing, mounting.

use super::answer::{Answer, Verdict};
use std::path::Path;
use whodenied_access::{CapabilitySet, Decision, Operation, Subject, UserNamespace};
use whodenied_case::Certainty;
use whodenied_case::capture::ProcessState;
use whodenied_kernel::{Capability, Errno, Layer};
use whodenied_sources::Host;
use whodenied_sources::subject::{Asking, Who, resolve};
use whodenied_text::escape;

/// `__inet_bind` (net/ipv4/af_inet.c): EACCES below net.ipv4.ip_unprivileged_port_start without
/// CAP_NET_BIND_SERVICE over the owner of the network namespace.
pub(super) fn port(asking: &Asking, host: &dyn Host, port: u16) -> Answer {
    const KEY: &str = "net.ipv4.ip_unprivileged_port_start";
    let at = format!("port {port}");
    let network = |who: &str| std::fs::read_link(format!("/proc/{who}/ns/net")).ok();
    let other = asking.view.pid.is_some_and(|pid| {
        let its = network(&pid.to_string());
        its.is_none() || its != network("self")
    });
    // The sysctl is of the reader's own network namespace, whichever /proc it is read through.
    let start = match other {
        true => None,
        false => host.read("/proc/sys/net/ipv4/ip_unprivileged_port_start").ok(),
    };
    let capable = asking.subject.effective.has(Capability::NET_BIND_SERVICE);
    // A network namespace of its own belongs to the user namespace that made it, nearly always its own.
    let counts = capable && (asking.subject.namespace.is_first() || other);
    let start: Option<u16> = start.and_then(|t| t.trim().parse().ok());
    let mut answer = match start {
        _ if port == 0 || counts => Answer::new(
            Verdict::Allowed,
            match port {
                0 => "Port 0 is any free port.".to_owned(),
                _ => "CAP_NET_BIND_SERVICE lets any port be bound.".to_owned(),
            },
        ),
        Some(start) if port >= start => {
            Answer::new(Verdict::Allowed, format!("{KEY} is {start}: from there on every user may bind."))
        }
        Some(start) => {
            let because = format!(
                "{KEY} is {start}, port {port} lies below it, and CAP_NET_BIND_SERVICE is not held{}.",
                if capable { " over the network namespace" } else { "" }
            );
            let mut answer = Answer::denied(Errno::EACCES, Layer::Port, at.clone(), because);
            answer.decide = format!(
                "systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE, or socket activation; or sudo sysctl -w {KEY}={port} (every user, until the next boot)"
            );
            answer
        }
        None if port >= 1024 => {
            let mut answer = Answer::new(
                Verdict::Allowed,
                format!(
                    "Only a raised {KEY} would refuse it, and that of its network namespace was not read."
                ),
            );
            answer.certainty = Certainty::Likely;
            answer
        }
        None => {
            let mut answer = Answer::new(
                Verdict::Unknown,
                format!("{KEY} of its network namespace decides, and was not read: it is another than ours."),
            );
            answer.certainty = Certainty::Possible;
            let pid = asking.view.pid.unwrap_or(0);
            answer.decide = format!("sudo nsenter -t {pid} -n sysctl {KEY}");
            answer
        }
    };
    if counts && other && port != 0 {
        answer
            .doubts
            .push("That its own user namespace owns its network namespace is taken for granted.".to_owned());
    }
    answer.function = "__inet_bind";
    answer.at = at;
    if answer.verdict == Verdict::Allowed && port != 0 {
        answer.doubts.push("Whether the port is in use already was not looked at.".to_owned());
    }
    answer
}

/// The process that a question is about.
struct Target {
    subject: Subject,
    state: ProcessState,
}

fn target(pid: i32) -> Result<Target, Box<Answer>> {
    let found = resolve(&Who::Process(pid), None).map(|asking| (asking.subject, asking.process));
    match found {
        Ok((subject, Some(state))) => Ok(Target { subject, state }),
        _ => Err(Box::new(Answer {
            errno: Some(Errno::ESRCH),
            at: format!("process {pid}"),
            ..Answer::new(Verdict::Fails, format!("There is no process {pid}."))
        })),
    }
}

fn shown(target: &Target) -> String {
    format!("process {} ({})", target.state.pid, escape::clipped(&target.state.comm, 32))
}

/// `kill_ok_by_cred` (kernel/signal.c): the same user, or CAP_KILL over the target's namespace.
pub(super) fn kill(asking: &Asking, pid: i32) -> Answer {
    let target = match target(pid) {
        Ok(target) => target,
        Err(answer) => return *answer,
    };
    let (own, state) = (&asking.subject, &target.state);
    let [real, _, saved, _] = state.uids;
    let same = [own.euid, own.uid].iter().any(|id| *id == real || *id == saved);
    let mut answer = if same {
        Answer::new(Verdict::Allowed, format!("{} runs as the same user.", shown(&target)))
    } else if own.capable_in(&target.subject.namespace, Capability::KILL) {
        Answer::new(Verdict::Allowed, "CAP_KILL lets any process be signalled.")
    } else {
        let because = format!(
            "{} runs as uid {real} (saved {saved}), the caller as uid {}, and it lacks CAP_KILL over that process.",
            shown(&target),
            own.euid
        );
        let layer = if own.effective.has(Capability::KILL) { Layer::Userns } else { Layer::Capability };
        Answer::denied(Errno::EPERM, layer, shown(&target), because)
    };
    answer.function = "kill_ok_by_cred";
    answer
}

/// `__ptrace_may_access` (kernel/ptrace.c), `cap_ptrace_access_check` (security/commoncap.c),
/// `yama_ptrace_access_check` (security/yama/yama_lsm.c), for an attach.
pub(super) fn trace(asking: &Asking, host: &dyn Host, pid: i32) -> Answer {
    let target = match target(pid) {
        Ok(target) => target,
        Err(answer) => return *answer,
    };
    let own = &asking.subject;
    let able = own.capable_in(&target.subject.namespace, Capability::SYS_PTRACE);
    let refuse = |layer, because: String| Answer {
        function: "__ptrace_may_access",
        ..Answer::denied(Errno::EPERM, layer, shown(&target), because)
    };
    if asking.is_process && asking.process.as_ref().is_some_and(|p| p.pid == pid) {
        return refuse(Layer::Dac, "A process can't trace itself.".to_owned());
    }
    let theirs = &target.state;
    let ids = |own: u32, theirs: &[u32; 4]| theirs[..3].iter().all(|id| *id == own);
    let same = ids(own.uid, &theirs.uids) && ids(own.gid, &theirs.gids);
    if !able && !same {
        let because = format!(
            "{} runs with uids {:?} and gids {:?}; all of them have to be the caller's, or it needs CAP_SYS_PTRACE.",
            shown(&target),
            &theirs.uids[..3],
            &theirs.gids[..3]
        );
        return refuse(Layer::Capability, because);
    }
    let held = if own.namespace.id == target.subject.namespace.id { own.permitted } else { CapabilitySet(0) };
    if !able && theirs.permitted & !held.0 != 0 {
        let because = format!(
            "{} holds capabilities that the caller does not (0x{:x}); that needs CAP_SYS_PTRACE.",
            shown(&target),
            theirs.permitted & !held.0
        );
        return refuse(Layer::Capability, because);
    }
    // What has changed its credentials since it started is root's in /proc (task_dump_owner, fs/proc/base.c).
    let owner = std::fs::metadata(format!("/proc/{pid}/mem")).ok();
    let owner = owner.map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    if !able && owner == Some(0) && theirs.uids[1] != 0 {
        let because = format!(
            "{} is not dumpable (it gained rights when it started, or asked for it): that needs CAP_SYS_PTRACE.",
            shown(&target)
        );
        return Answer { certainty: Certainty::Likely, ..refuse(Layer::Dac, because) };
    }
    yama(host, able, &target, refuse)
}

fn yama(host: &dyn Host, able: bool, target: &Target, refuse: impl Fn(Layer, String) -> Answer) -> Answer {
    const KEY: &str = "kernel.yama.ptrace_scope";
    let active = host.read("/sys/kernel/security/lsm").map_or(true, |list| list.contains("yama"));
    let scope = host.read("/proc/sys/kernel/yama/ptrace_scope").ok().filter(|_| active);
    let function = "yama_ptrace_access_check";
    match scope.as_deref().map(str::trim) {
        Some("3") => Answer {
            function,
            ..refuse(Layer::Yama, format!("{KEY} is 3: nobody may attach, until the next boot."))
        },
        Some("2") if !able => {
            Answer { function, ..refuse(Layer::Yama, format!("{KEY} is 2: attaching needs CAP_SYS_PTRACE.")) }
        }
        Some("1") if !able => {
            let because = format!(
                "{KEY} is 1: only a process that started {} (or that it named with PR_SET_PTRACER) may attach to it.",
                shown(target)
            );
            Answer { function, certainty: Certainty::Likely, ..refuse(Layer::Yama, because) }
        }
        _ => Answer {
            function: "__ptrace_may_access",
            ..Answer::new(
                Verdict::Allowed,
                if able {
                    "CAP_SYS_PTRACE is held over the process's user namespace."
                } else {
                    "It runs as the same user and groups, with no capability that the caller lacks, and Yama does not restrict it."
                },
            )
        },
    }
}

/// `may_mount` (fs/namespace.c): CAP_SYS_ADMIN over the owner of the mount namespace. The directory is
/// walked first.
pub(super) fn mount(asking: &Asking, path: &[u8]) -> Answer {
    let walk = Operation::Stat { path: path.to_vec(), follow: true };
    let walked = super::files::ask(asking, &walk);
    if !matches!(walked.decision, Some(Decision::Allowed)) {
        return walked;
    }
    let at = String::from_utf8_lossy(path).into_owned();
    let own = &asking.subject;
    let owner = owner_of_mounts(asking);
    let mut answer = match owner {
        Some(owner) if own.capable_in(&owner, Capability::SYS_ADMIN) => {
            let mut answer = Answer::new(Verdict::Allowed, "CAP_SYS_ADMIN is held over the mount namespace.");
            if !owner.is_first() {
                answer.doubts.push(
                    "In a user namespace only some file systems can be mounted (tmpfs, overlay, proc, sysfs, fuse)."
                        .to_owned(),
                );
            }
            answer
        }
        Some(_) => {
            let layer = match own.effective.has(Capability::SYS_ADMIN) {
                true => Layer::Userns,
                false => Layer::Capability,
            };
            let because = match layer {
                Layer::Userns => {
                    "CAP_SYS_ADMIN is held, but not over the user namespace that owns the mounts."
                }
                _ => "mount(2) needs CAP_SYS_ADMIN, which is not held.",
            };
            Answer::denied(Errno::EPERM, layer, at, because.to_owned())
        }
        None => Answer {
            certainty: Certainty::Possible,
            ..Answer::new(Verdict::Unknown, "Which user namespace owns its mounts could not be read.")
        },
    };
    answer.function = "may_mount";
    answer
}

/// The user namespace that owns the mounts: the first where they are ours, else the process's own.
fn owner_of_mounts(asking: &Asking) -> Option<UserNamespace> {
    let Some(pid) = asking.view.pid else { return Some(UserNamespace::first()) };
    let link = |who: &str| std::fs::read_link(Path::new("/proc").join(who).join("ns/mnt")).ok();
    match (link(&pid.to_string()), link("self")) {
        (Some(its), Some(ours)) if its == ours => Some(UserNamespace::first()),
        (Some(_), Some(_)) => Some(asking.view.namespace.clone()),
        _ => None,
    }
}
