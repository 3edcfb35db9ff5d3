//! The gates other than user namespaces: sysctl, what it refuses, with which errno.

use super::{LAYER, looked_up, network};
use crate::context::{Context, under};
use crate::say::{Say, allows, denies};
use whodenied_case::{Attempt, Knob, Outcome, PathState, Predicate, Support};
use whodenied_kernel::{Call, Errno};
use whodenied_runtimes::sysctls;

pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let mut said = Vec::new();
    let Some(errno) = attempt.errno else {
        said.extend(perf_hint(attempt, cx));
        return said;
    };
    said.extend(match attempt.call {
        Some(Call::PerfEventOpen) => perf(attempt, cx, errno),
        Some(Call::Bpf) => bpf(attempt, cx, errno),
        Some(Call::IoUring) => io_uring(attempt, cx, errno),
        Some(Call::Syslog) => kernel_log(attempt, cx, errno),
        _ if attempt.object_name().ends_with("/kallsyms") => kernel_addresses(attempt, cx),
        Some(Call::Socket) => network::ping(attempt, cx, errno),
        Some(Call::Keyctl) => keys(attempt, cx, errno),
        Some(Call::Module) => switched(
            attempt,
            cx,
            errno,
            "kernel.modules_disabled",
            "Loading modules is switched off until the next boot.",
        ),
        Some(Call::Kexec) => switched(
            attempt,
            cx,
            errno,
            "kernel.kexec_load_disabled",
            "Loading another kernel is switched off until the next boot.",
        ),
        Some(Call::Userfaultfd) => userfaultfd(attempt, cx, errno),
        Some(Call::Link) => hard_link(attempt, cx, errno),
        Some(Call::Inotify) => inotify(attempt, cx, errno),
        Some(Call::SysctlWrite) => writing(attempt, cx, errno),
        Some(Call::Netlink) => network::ipv6_off(attempt, cx, errno),
        _ => None,
    });
    if attempt.object_name() == "/dev/kmsg" {
        said.extend(kernel_log(attempt, cx, errno));
    }
    if errno == Errno::ENFILE {
        let because = "ENFILE means that the whole system has as many open files as fs.file-max allows.";
        said.push(
            denies(attempt, LAYER, Support::Exclusive, 80, because)
                .policy("fs.file-max")
                .step("sysctl fs.file-nr"),
        );
    }
    said.extend(sticky(attempt, cx, errno));
    said.extend(looked_up::judge(attempt, cx, errno));
    said
}

fn perf(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "kernel.perf_event_paranoid";
    let hint = cx.stated_here(attempt, &["perf-paranoid-hint"]);
    let level = cx.sysctl_number(KEY);
    if let Some(trial) = cx.sysctl_trial(Outcome::Works, KEY) {
        return Some(
            denies(
                attempt,
                LAYER,
                Support::Trial,
                95,
                "It works once kernel.perf_event_paranoid is lowered.",
            )
            .trial(trial)
            .policy(KEY),
        );
    }
    let because = match level {
        Some((_, n)) => format!(
            "kernel.perf_event_paranoid is {n}: without CAP_PERFMON the level refuses this kind of measuring."
        ),
        None => "kernel.perf_event_paranoid refuses this kind of measuring to a process without CAP_PERFMON."
            .to_owned(),
    };
    let facts = level.map(|(id, _)| id).into_iter().chain(hint.map(|f| f.id));
    let contained = cx.facts.in_oci_container();
    let (support, weight) = match errno {
        // The program looked at the level itself and says what it is; Debian's and Ubuntu's kernels close
        // everything at 3 and above.
        _ if attempt.errno_inferred && hint.is_some() && level.is_some_and(|(_, n)| n >= 3) => {
            (Support::Stated, 84)
        }
        // perf gives the same advice for every refusal: an errno read from it tells nothing.
        Errno::EACCES if attempt.errno_inferred && contained => {
            let off = cx.facts.knob(|k| matches!(k, Knob::Seccomp(p) if p == "unconfined")).is_some();
            if off && hint.is_some() { (Support::Stated, 70) } else { (Support::Usual, 45) }
        }
        Errno::EACCES => (Support::Exclusive, 88),
        Errno::EPERM if contained => (Support::Usual, if hint.is_some() { 45 } else { 30 }),
        Errno::EPERM if level.is_some_and(|(_, n)| n >= 2) => (Support::Configured, 75),
        Errno::EPERM if hint.is_some() => (Support::Stated, 60),
        Errno::EPERM if cx.is_root(attempt) => return None,
        Errno::EPERM => (Support::Usual, 60),
        _ => return None,
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(facts)
            .policy(KEY)
            .step("sysctl kernel.perf_event_paranoid"),
    )
}

/// The program names no error and points at the level.
fn perf_hint(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let hint = cx.stated_here(attempt, &["perf-paranoid-hint"])?;
    let perf = attempt.call == Some(Call::PerfEventOpen);
    // With the filter off only the level and the capability are left, and they are one check.
    let unfiltered = cx.facts.knob(|k| matches!(k, Knob::Seccomp(p) if p == "unconfined")).is_some();
    let (support, weight) = match (cx.facts.in_oci_container(), unfiltered) {
        (true, true) => (Support::Stated, 70),
        (true, false) => (Support::Usual, 45),
        (false, _) => (Support::Stated, 62),
    };
    perf.then(|| {
        let because = "The message points at kernel.perf_event_paranoid, which keeps measuring from processes without CAP_PERFMON.";
        denies(attempt, LAYER, support, weight, because)
            .fact(hint.id)
            .policy("kernel.perf_event_paranoid")
            .step("sysctl kernel.perf_event_paranoid")
    })
}

fn bpf(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "kernel.unprivileged_bpf_disabled";
    if errno != Errno::EPERM {
        return None;
    }
    let because = "kernel.unprivileged_bpf_disabled keeps bpf from processes without CAP_BPF; it is on by default since Linux 5.16.";
    let hint = cx.stated_here(attempt, &["bpf-unprivileged-off"]);
    let set = cx.sysctl_number(KEY).filter(|(_, n)| *n >= 1);
    let (support, weight) = match (set, hint) {
        (Some(_), _) if !cx.is_root(attempt) => (Support::Configured, 80),
        (None, Some(_)) => (Support::Stated, 65),
        _ if cx.is_user(attempt) && !cx.facts.in_oci_container() => (Support::Usual, 70),
        _ if cx.is_root(attempt) => return None,
        _ => (Support::Fits, 35),
    };
    let facts = set.map(|(id, _)| id).into_iter().chain(hint.map(|f| f.id));
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(facts)
            .policy(KEY)
            .step("sysctl kernel.unprivileged_bpf_disabled"),
    )
}

fn io_uring(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "kernel.io_uring_disabled";
    if errno != Errno::EPERM {
        return None;
    }
    let version = cx.facts.version("kernel");
    match cx.sysctl_number(KEY) {
        Some((id, n)) if n >= 1 => {
            let who = if n == 1 { "to processes outside kernel.io_uring_group" } else { "to everybody" };
            let because = format!(
                "kernel.io_uring_disabled is {n}, which refuses io_uring {who}; no setting of a container overrides it."
            );
            Some(denies(attempt, LAYER, Support::Configured, 95, because).fact(id).policy(KEY))
        }
        Some((id, _)) => Some(allows(attempt, LAYER, "kernel.io_uring_disabled is 0.").fact(id)),
        None => {
            let because = "Outside a container only kernel.io_uring_disabled (since 6.6, in some distributions earlier) and an LSM refuse io_uring with EPERM.";
            let old = version.is_some_and(|v| v.before(&[5, 14]));
            let (support, weight) = if cx.contained() { (Support::Fits, 25) } else { (Support::Usual, 75) };
            (!old).then(|| {
                denies(attempt, LAYER, support, weight, because)
                    .policy(KEY)
                    .step("sysctl kernel.io_uring_disabled")
            })
        }
    }
}

/// `kallsyms_show_value` (kernel/ksyms_common.c): 1 hides addresses from processes without CAP_SYSLOG, 2
/// from all.
fn kernel_addresses(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    const KEY: &str = "kernel.kptr_restrict";
    let because = "kernel.kptr_restrict replaces the addresses of kernel symbols by zeroes: at 1 for processes without CAP_SYSLOG, at 2 for every reader.";
    let said = match cx.sysctl_number(KEY) {
        Some((_, 0)) => return None,
        Some((id, _)) => denies(attempt, LAYER, Support::Configured, 82, because).fact(id),
        None => denies(attempt, LAYER, Support::Usual, 56, because),
    };
    Some(said.policy(KEY).step(format!("sysctl {KEY}")))
}

fn kernel_log(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "kernel.dmesg_restrict";
    if errno != Errno::EPERM {
        return None;
    }
    if let Some((id, 0)) = cx.sysctl_number(KEY) {
        // Of a report without an error the setting is the cure.
        if !attempt.printed && attempt.records.is_empty() {
            let because = "kernel.dmesg_restrict, which keeps the kernel log from processes without CAP_SYSLOG, is lifted here.";
            return Some(denies(attempt, LAYER, Support::Configured, 70, because).fact(id).policy(KEY));
        }
        return Some(allows(attempt, LAYER, "kernel.dmesg_restrict is 0.").fact(id));
    }
    let set = cx.sysctl_number(KEY).map(|(id, _)| id);
    let stated = cx.stated_here(attempt, &["dmesg-restrict"]).map(|f| f.id);
    let because = "kernel.dmesg_restrict keeps the kernel log from processes without CAP_SYSLOG.";
    let (support, weight) = match (set, cx.facts.in_oci_container()) {
        (Some(_), _) => (Support::Configured, 75),
        (None, true) => (Support::Usual, 40),
        (None, false) if cx.is_root(attempt) => (Support::Fits, 20),
        // Nothing else refuses the kernel log to an ordinary process of the host with this errno.
        (None, false) => (Support::Exclusive, 80),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(set)
            .facts(stated)
            .policy(KEY)
            .step("sysctl kernel.dmesg_restrict"),
    )
}

fn keys(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let stated = cx.stated_here(attempt, &["key-quota"]).map(|f| f.id);
    if errno != Errno::EDQUOT && stated.is_none() {
        return None;
    }
    let because =
        "The user's quota of kernel keys (kernel.keys.maxkeys, maxbytes) is used up; the disk is not meant.";
    Some(
        denies(attempt, LAYER, Support::Exclusive, 85, because)
            .facts(stated)
            .policy("kernel.keys.maxkeys")
            .step("cat /proc/key-users; sysctl kernel.keys"),
    )
}

fn switched(
    attempt: &Attempt,
    cx: &Context<'_>,
    errno: Errno,
    key: &'static str,
    because: &'static str,
) -> Option<Say> {
    if errno != Errno::EPERM {
        return None;
    }
    match cx.sysctl_number(key) {
        Some((id, 0)) => Some(allows(attempt, LAYER, format!("{key} is 0.")).fact(id)),
        Some((id, _)) => Some(denies(attempt, LAYER, Support::Configured, 90, because).fact(id).policy(key)),
        None if cx.is_root(attempt) && !cx.contained() => {
            Some(denies(attempt, LAYER, Support::Fits, 30, because).policy(key).step(format!("sysctl {key}")))
        }
        None => None,
    }
}

fn userfaultfd(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    if errno != Errno::EPERM || cx.is_root(attempt) && !cx.contained() {
        return None;
    }
    let because = "vm.unprivileged_userfaultfd is 0 by default since Linux 5.2: handling faults of the kernel needs CAP_SYS_PTRACE.";
    let weight = if cx.facts.in_oci_container() { 35 } else { 75 };
    Some(
        denies(attempt, LAYER, Support::Usual, weight, because)
            .policy("vm.unprivileged_userfaultfd")
            .step("sysctl vm.unprivileged_userfaultfd"),
    )
}

fn hard_link(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "fs.protected_hardlinks";
    if errno != Errno::EPERM {
        return None;
    }
    if let Some((id, 0)) = cx.sysctl_number(KEY) {
        return Some(allows(attempt, LAYER, "fs.protected_hardlinks is 0.").fact(id));
    }
    let set = cx.sysctl(KEY).map(|(id, _)| id);
    let because = "fs.protected_hardlinks lets a user link only files that belong to him or that he may read and write; root in a container that does not own the file is a user here.";
    let (support, weight) = match set {
        Some(_) => (Support::Configured, 80),
        None if cx.is_root(attempt) && !cx.remapped() => (Support::Fits, 25),
        None => (Support::Usual, 68),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(set)
            .policy(KEY)
            .step("sysctl fs.protected_hardlinks"),
    )
}

/// The quotas of inotify are sysctls in name and limits in kind: `rlimit` speaks first.
fn inotify(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    if !matches!(errno, Errno::EMFILE | Errno::ENOSPC) {
        return None;
    }
    let key =
        if errno == Errno::EMFILE { "fs.inotify.max_user_instances" } else { "fs.inotify.max_user_watches" };
    let because = format!("{key} sets how many a user may have, over all containers that share the id.");
    Some(
        denies(attempt, LAYER, Support::Usual, 60, because)
            .facts(cx.sysctl(key).map(|(id, _)| id))
            .policy(key)
            .step("sysctl fs.inotify"),
    )
}

/// Sysctls that take no way back (`bpf_unpriv_handler` in kernel/bpf/syscall.c, kernel/module/main.c,
/// kernel/kexec_core.c, `yama_dointvec_minmax`).
const LATCHES: &[&str] = &[
    "kernel.unprivileged_bpf_disabled",
    "kernel.modules_disabled",
    "kernel.kexec_load_disabled",
    "kernel.yama.ptrace_scope",
];

/// A read-only /proc/sys refuses first; that the sysctl has no namespace is why it must be.
fn writing(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let key = attempt.arg("sysctl").map_or_else(
        || {
            attempt
                .object_name()
                .strip_prefix("/proc/sys/")
                .unwrap_or(attempt.object_name())
                .replace('/', ".")
        },
        str::to_owned,
    );
    if LATCHES.contains(&key.as_str()) && !cx.contained() && !cx.is_user(attempt) {
        let because = format!(
            "{key} can be tightened and not loosened: once set, the kernel refuses another value until the next boot, to root too."
        );
        return matches!(errno, Errno::EPERM | Errno::EINVAL).then(|| {
            denies(attempt, LAYER, Support::Exclusive, 85, because)
                .policy(key.clone())
                .step(format!("sysctl {key}"))
        });
    }
    // `net_ctl_permissions` and the tables registered per namespace: keys that are read-only outside of
    // the first network namespace have mode 0444 there, which binds root too.
    let setup = attempt.phase == whodenied_case::Phase::RuntimeSetup && cx.nested().is_none();
    if key.starts_with("net.") && errno == Errno::EACCES && setup {
        let because = format!(
            "{key} is readable only in a network namespace other than the first, so not even the runtime may write it for a container."
        );
        return Some(denies(attempt, LAYER, Support::Usual, 56, because).policy(key));
    }
    if key.is_empty() || sysctls::namespaced(&key) || !cx.contained() {
        return None;
    }
    let because =
        format!("{key} belongs to the host as a whole and to no namespace, so a container may not set it.");
    let (support, weight) = match errno {
        Errno::EROFS => (Support::Usual, 40),
        Errno::EACCES | Errno::EPERM => (Support::Usual, 50),
        _ => return None,
    };
    Some(denies(attempt, LAYER, support, weight, because).policy(key))
}

/// Directories that are sticky and writable for all.
const STICKY: &[&str] = &["/tmp", "/var/tmp", "/dev/shm", "/var/lock", "/run/lock", "/var/crash"];

/// `fs.protected_regular`, `_fifos` and `_symlinks`: they bind root too.
fn sticky(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    // Where no call is told, root is refused a plain file hardly in any way but when opening it.
    let opening = match attempt.call {
        Some(call) => matches!(call, Call::Open | Call::Create | Call::Write | Call::Truncate),
        None => cx.is_root(attempt),
    };
    if errno != Errno::EACCES || !opening {
        return None;
    }
    let name = attempt.object_name();
    let parent = name.rsplit_once('/').map_or("", |(p, _)| p);
    let listed = cx.facts.path(parent).find(|(_, p)| p.mode.is_some_and(|m| m & 0o1002 == 0o1002));
    let usual = STICKY.contains(&parent);
    // `chmod a+t DIR`, `chmod 1777 DIR` among the commands of the report.
    let made = cx.facts.knob(|k| {
        matches!(k, Knob::Other { key, value } if key == "act-chmod"
            && value.split_once(' ').is_some_and(|(mode, dir)| {
                (mode.ends_with("+t") || mode.len() == 4 && mode.starts_with('1')) && dir.trim_end_matches('/') == parent
            }))
    });
    if listed.is_none() && !usual && made.is_none() {
        // A file in a subdirectory of /tmp has a directory of its own, which is seldom sticky.
        return None;
    }
    let keys = ["fs.protected_regular", "fs.protected_fifos", "fs.protected_symlinks"];
    if let Some((id, 0)) = cx.sysctl_number("fs.protected_regular") {
        return Some(allows(attempt, LAYER, "fs.protected_regular is 0.").fact(id));
    }
    let link = cx.facts.path(name).find(|(_, p)| p.kind == Some('l'));
    if let Some((id, _)) = link.filter(|_| foreign_owner(attempt, cx)) {
        let because = "In a sticky directory that all may write, fs.protected_symlinks lets nobody follow another user's link, root included, unless the directory's owner made it.";
        return Some(
            denies(attempt, LAYER, Support::Configured, 86, because)
                .fact(id)
                .policy("fs.protected_symlinks")
                .step("sysctl fs.protected_symlinks"),
        );
    }
    let set = keys.into_iter().find_map(|k| cx.sysctl_number(k).filter(|(_, n)| *n >= 1).map(|(id, _)| id));
    // A container runs as root unless something says otherwise.
    let given = cx.facts.knob(|k| {
        matches!(k, Knob::Other { key, value } if key == "act-chown"
            && value.split_once(' ').is_some_and(|(to, file)| file == name && !to.starts_with("root") && to != "0"))
    });
    let foreign = foreign_owner(attempt, cx) || given.is_some();
    let root = cx.is_root(attempt) || foreign && cx.oci() && !cx.is_user(attempt);
    let because = "In a sticky directory that all may write, fs.protected_regular keeps everybody, root included, from opening another user's file with O_CREAT.";
    let (support, weight) = match (set, listed.is_some() || foreign, root) {
        (Some(_), ..) => (Support::Configured, 88),
        (None, true, true) => (Support::Configured, 82),
        (None, false, true) if under(name, "/tmp") => (Support::Default, 84),
        // A container runs as root unless something says otherwise, and a shell creates what it opens.
        (None, false, false)
            if cx.oci() && !cx.is_user(attempt) && attempt.subject.program.as_deref().is_some_and(shell) =>
        {
            (Support::Usual, 66)
        }
        // A named pipe by its name: of two programs that share one, neither makes it for the other.
        (None, _, false) if name.ends_with("fifo") || name.ends_with(".pipe") => (Support::Usual, 56),
        (None, _, true) => (Support::Usual, 65),
        (None, true, false) => (Support::Usual, 45),
        (None, false, false) => (Support::Fits, 25),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(set)
            .facts(listed.map(|(id, _)| id))
            .policy("fs.protected_regular")
            .step("sysctl fs.protected_regular fs.protected_symlinks fs.protected_fifos")
            .step(format!(
                "ls -ld {} {}",
                whodenied_text::quote::shell(parent),
                whodenied_text::quote::shell(name)
            )),
    )
}

/// A command interpreter, whose redirections open with O_CREAT.
fn shell(program: &str) -> bool {
    let base = program.rsplit('/').next().unwrap_or(program).trim_start_matches('-');
    matches!(base, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "busybox")
}

/// A listing shows that somebody other than root owns the file.
fn foreign_owner(attempt: &Attempt, cx: &Context<'_>) -> bool {
    cx.facts.all.iter().any(|f| {
        matches!(&f.what, Predicate::Path(PathState { path, owner: Some(owner), .. })
            if path == attempt.object_name() && owner != "root" && owner != "0")
    })
}

#[cfg(test)]
mod tests {
    use super::super::judge as layer;
    use super::*;
    use crate::testing::{allowed, attempt, component, denied, sysctl};
    use whodenied_case::{Engine, Environment, ObjectKind};

    fn root() -> Predicate {
        Predicate::Environment(Environment::RunsAsRoot)
    }

    #[test]
    fn gates_by_errno() {
        let docker = Predicate::Engine(Engine::Docker);
        let perf = |e| attempt(Call::PerfEventOpen, e, "");
        assert_eq!(
            denied(layer, &perf(Errno::EACCES), std::slice::from_ref(&docker)),
            Some(Support::Exclusive)
        );
        assert_eq!(denied(layer, &perf(Errno::EPERM), std::slice::from_ref(&docker)), Some(Support::Usual));
        assert_eq!(
            denied(layer, &perf(Errno::EPERM), &[sysctl("kernel.perf_event_paranoid", "3")]),
            Some(Support::Configured)
        );
        let uring = attempt(Call::IoUring, Errno::EPERM, "");
        assert_eq!(
            denied(layer, &uring, &[sysctl("kernel.io_uring_disabled", "2")]),
            Some(Support::Configured)
        );
        assert!(allowed(layer, &uring, &[sysctl("kernel.io_uring_disabled", "0")]));
        assert_eq!(denied(layer, &uring, &[docker]), Some(Support::Fits));
        assert_eq!(denied(layer, &uring, &[component("kernel", "5.4.0")]), None);
        assert_eq!(denied(layer, &attempt(Call::Syslog, Errno::EPERM, ""), &[]), Some(Support::Exclusive));
        assert_eq!(denied(layer, &attempt(Call::Keyctl, Errno::EDQUOT, ""), &[]), Some(Support::Exclusive));
        let mut ping = attempt(Call::Socket, Errno::EACCES, "");
        ping.object.kind = ObjectKind::PingSocket;
        assert_eq!(denied(layer, &ping, &[]), Some(Support::Exclusive));
        let mut raw = attempt(Call::Socket, Errno::EPERM, "");
        raw.args.push(("protocol".to_owned(), "IPPROTO_ICMP".to_owned()));
        assert_eq!(denied(layer, &raw, &[]), None);
        let closed = sysctl("net.ipv4.ping_group_range", "1 0");
        assert_eq!(denied(layer, &raw, &[closed]), Some(Support::Configured));
        assert_eq!(
            denied(
                layer,
                &attempt(Call::Bpf, Errno::EPERM, ""),
                &[Predicate::Environment(Environment::RunsAsNonRoot)]
            ),
            Some(Support::Usual)
        );
        assert_eq!(denied(layer, &attempt(Call::Bpf, Errno::EPERM, ""), &[root()]), None);
    }

    #[test]
    fn sticky_directories_bind_root() {
        let open = attempt(Call::Open, Errno::EACCES, "/tmp/app.log");
        assert_eq!(denied(layer, &open, &[root()]), Some(Support::Default));
        assert_eq!(denied(layer, &open, &[sysctl("fs.protected_regular", "2")]), Some(Support::Configured));
        assert!(allowed(layer, &open, &[sysctl("fs.protected_regular", "0")]));
        assert_eq!(denied(layer, &open, &[]), Some(Support::Fits));
        assert_eq!(denied(layer, &attempt(Call::Open, Errno::EACCES, "/srv/app.log"), &[root()]), None);
        assert_eq!(denied(layer, &attempt(Call::Open, Errno::EPERM, "/tmp/app.log"), &[root()]), None);
        let sticky = Predicate::Path(PathState {
            path: "/srv/drop".to_owned(),
            mode: Some(0o1777),
            ..PathState::default()
        });
        assert_eq!(
            denied(layer, &attempt(Call::Open, Errno::EACCES, "/srv/drop/f"), &[root(), sticky]),
            Some(Support::Configured)
        );
    }

    #[test]
    fn sysctls_without_a_namespace() {
        let docker = Predicate::Engine(Engine::Docker);
        let write = |path| attempt(Call::SysctlWrite, Errno::EROFS, path);
        assert_eq!(
            denied(layer, &write("/proc/sys/vm/max_map_count"), std::slice::from_ref(&docker)),
            Some(Support::Usual)
        );
        assert_eq!(denied(layer, &write("/proc/sys/net/ipv4/ip_forward"), &[docker]), None);
    }

    #[test]
    fn sysctls_without_a_way_back() {
        let name = "/proc/sys/kernel/unprivileged_bpf_disabled";
        let write = attempt(Call::SysctlWrite, Errno::EPERM, name);
        assert_eq!(denied(layer, &write, &[]), Some(Support::Exclusive));
        let other = attempt(Call::SysctlWrite, Errno::EPERM, "/proc/sys/kernel/pid_max");
        assert_eq!(denied(layer, &other, &[]), None);
    }
}
