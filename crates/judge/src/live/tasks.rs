//! Calls on processes, the network and the machine: which capability, limit or sysctl lets them pass.

use crate::say::{Say, allows, denies};
use whodenied_case::capture::Capture;
use whodenied_case::{Attempt, Support};
use whodenied_kernel::{Capability, Errno, Layer};

/// A call that a capability alone lets pass.
struct Need {
    syscalls: &'static [&'static str],
    errno: Errno,
    capability: Capability,
    /// It must be held in the first user namespace.
    first: bool,
}

const fn need(syscalls: &'static [&'static str], capability: Capability, first: bool) -> Need {
    Need { syscalls, errno: Errno::EPERM, capability, first }
}

/// Sources: the `capable` and `ns_capable` calls of each system call; capabilities(7).
const NEEDS: &[Need] = &[
    need(
        &[
            "mount",
            "umount2",
            "umount",
            "pivot_root",
            "fsopen",
            "fsmount",
            "move_mount",
            "open_tree",
            "mount_setattr",
        ],
        Capability::SYS_ADMIN,
        false,
    ),
    need(&["sethostname", "setdomainname"], Capability::SYS_ADMIN, false),
    need(&["swapon", "swapoff", "quotactl", "fanotify_init"], Capability::SYS_ADMIN, true),
    need(&["chroot"], Capability::SYS_CHROOT, false),
    need(
        &["settimeofday", "clock_settime", "clock_settime64", "stime", "adjtimex", "clock_adjtime"],
        Capability::SYS_TIME,
        true,
    ),
    need(&["reboot"], Capability::SYS_BOOT, false),
    need(&["kexec_load", "kexec_file_load"], Capability::SYS_BOOT, true),
    need(&["init_module", "finit_module", "delete_module"], Capability::SYS_MODULE, true),
    need(&["iopl", "ioperm"], Capability::SYS_RAWIO, true),
    need(&["acct"], Capability::SYS_PACCT, true),
    need(&["vhangup"], Capability::SYS_TTY_CONFIG, true),
    need(&["open_by_handle_at"], Capability::DAC_READ_SEARCH, true),
    need(&["setgroups", "setgroups32"], Capability::SETGID, false),
];

/// The capability that alone lets a call pass, and whether it must be held in the first user namespace.
pub(crate) fn needed(syscall: &str) -> Option<(Capability, bool)> {
    let ids = match syscall {
        "setuid" | "setreuid" | "setresuid" => Some((Capability::SETUID, false)),
        "setgid" | "setregid" | "setresgid" => Some((Capability::SETGID, false)),
        _ => None,
    };
    let table = || NEEDS.iter().find(|n| n.syscalls.contains(&syscall)).map(|n| (n.capability, n.first));
    ids.or_else(table)
}

pub(super) fn judge(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    by_table(attempt, live, errno, support)
        .or_else(|| signal(attempt, live, errno, support))
        .or_else(|| ids(attempt, live, errno, support))
        .or_else(|| socket(attempt, live, errno, support))
        .or_else(|| port(attempt, live, errno, support))
        .or_else(|| sysctl(attempt, live, errno, support))
        .or_else(|| namespaces(attempt, live, errno, support))
        .or_else(|| traced(attempt, live, errno, support))
        .or_else(|| log(attempt, live, errno, support))
        .or_else(|| setting(attempt, live, errno, support))
        .or_else(|| process_file(attempt, live, errno, support))
        .or_else(|| node(attempt, live, errno, support))
        .or_else(|| count(attempt, live, errno, support))
}

fn has(live: &Capture, capability: Capability) -> bool {
    live.process.effective >> capability.0 & 1 == 1
}

fn lacks(attempt: &Attempt, capability: Capability, support: Support, what: &str) -> Say {
    let because = format!("{what} needs {capability}, which the process does not have in its effective set.");
    denies(attempt, Layer::Capability, support, 97, because).policy(capability.to_string())
}

fn by_table(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let name = live.syscall.as_str();
    let need = NEEDS.iter().find(|n| n.errno == errno && n.syscalls.contains(&name))?;
    let space = match name {
        "sethostname" | "setdomainname" => "uts",
        "mount" | "umount2" | "pivot_root" | "move_mount" | "open_tree" | "fsmount" => "mnt",
        _ => "",
    };
    if has(live, need.capability) && live.process.shared.iter().any(|s| s == space) {
        let because = format!(
            "The process has {} in its own user namespace, and its {} namespace is not of that one: {name} asks for it over the namespace that owns what is changed.",
            need.capability,
            if space == "mnt" { "mount" } else { space }
        );
        return Some(denies(attempt, Layer::Userns, support, 96, because));
    }
    if !has(live, need.capability) {
        return Some(lacks(attempt, need.capability, support, name));
    }
    if need.first && !live.process.same_user_namespace {
        let because = format!(
            "{name} asks for {} in the first user namespace; the process has it only in its own.",
            need.capability
        );
        return Some(denies(attempt, Layer::Userns, support, 96, because));
    }
    Some(allows(attempt, Layer::Capability, format!("The process has {}.", need.capability)))
}

/// kill(2), `kill_ok_by_cred`: the same user, or CAP_KILL over the target's namespace.
fn signal(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let asked = matches!(
        live.syscall.as_str(),
        "kill" | "tkill" | "tgkill" | "pidfd_send_signal" | "rt_sigqueueinfo"
    );
    if !asked || errno != Errno::EPERM || has(live, Capability::KILL) {
        return None;
    }
    // A target of the same user would be a matter of a security module.
    let other = live.target_uids.is_some_and(|[real, saved]| {
        let (own, effective) = (live.process.uids[0], live.process.uids[1]);
        ![own, effective].iter().any(|id| *id == real || *id == saved)
    });
    other.then(|| {
        let because = "The process to be signalled runs as another user, and this one lacks CAP_KILL.";
        denies(attempt, Layer::Capability, support, 97, because).policy("CAP_KILL")
    })
}

/// setuid(2), setresuid(2) and their like: without the capability only to ids the process already has.
fn ids(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if errno != Errno::EPERM && errno != Errno::EINVAL {
        return None;
    }
    let name = live.syscall.trim_end_matches("32");
    let (capability, own) = match name {
        "setuid" | "setreuid" | "setresuid" | "setfsuid" => (Capability::SETUID, &live.process.uids),
        "setgid" | "setregid" | "setresgid" | "setfsgid" => (Capability::SETGID, &live.process.gids),
        _ => return None,
    };
    if errno == Errno::EINVAL {
        // make_kuid failed: the id has no counterpart in the namespace.
        let because = format!("{name} was given an id that the process's user namespace does not map.");
        return (!live.process.same_user_namespace)
            .then(|| denies(attempt, Layer::Userns, support, 95, because));
    }
    let foreign = attempt.args.iter().filter_map(|(_, v)| v.parse::<u32>().ok()).any(|id| !own.contains(&id));
    (foreign && !has(live, capability)).then(|| lacks(attempt, capability, support, name))
}

/// socket(2): raw and packet sockets.
fn socket(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if live.syscall != "socket" || errno != Errno::EPERM {
        return None;
    }
    let kind = attempt.arg("type").unwrap_or("");
    let domain = attempt.arg("domain").unwrap_or("");
    let raw = kind.contains("SOCK_RAW") && matches!(domain, "AF_INET" | "AF_INET6");
    let packet = domain == "AF_PACKET";
    if !raw && !packet {
        return None;
    }
    if !has(live, Capability::NET_RAW) {
        let what = if packet { "A packet socket" } else { "A raw socket" };
        return Some(lacks(attempt, Capability::NET_RAW, support, what));
    }
    None
}

/// bind(2) below the first port that everyone may use, `inet_port_requires_bind_service`.
fn port(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if live.syscall != "bind" || errno != Errno::EACCES || has(live, Capability::NET_BIND_SERVICE) {
        return None;
    }
    let port: u32 = attempt
        .arg("port")
        .and_then(|p| p.parse().ok())
        .or_else(|| attempt.object_name().rsplit(':').next().and_then(|p| p.parse().ok()))?;
    let start: u32 = live.sysctls.get("net.ipv4.ip_unprivileged_port_start")?.parse().ok()?;
    (port != 0 && port < start).then(|| {
        let because = format!(
            "Port {port} is below net.ipv4.ip_unprivileged_port_start ({start}), and the process lacks CAP_NET_BIND_SERVICE."
        );
        denies(attempt, Layer::Port, support, 97, because).policy("net.ipv4.ip_unprivileged_port_start")
    })
}

/// Calls that a sysctl keeps from processes without a capability.
fn sysctl(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let value = |key: &str| live.sysctls.get(key).and_then(|v| v.parse::<i64>().ok());
    let admin = has(live, Capability::SYS_ADMIN);
    let (key, set, refuses) = match live.syscall.as_str() {
        "bpf" if errno == Errno::EPERM => {
            let key = "kernel.unprivileged_bpf_disabled";
            let set = value(key)?;
            (key, set, set > 0 && !admin && !has(live, Capability::BPF))
        }
        "perf_event_open" if errno == Errno::EACCES => {
            let key = "kernel.perf_event_paranoid";
            let set = value(key)?;
            (key, set, set >= 2 && !admin && !has(live, Capability::PERFMON))
        }
        "syslog" if errno == Errno::EPERM => {
            let key = "kernel.dmesg_restrict";
            let set = value(key)?;
            (key, set, set > 0 && !admin && !has(live, Capability::SYSLOG))
        }
        "io_uring_setup" if errno == Errno::EPERM => {
            let key = "kernel.io_uring_disabled";
            let set = value(key)?;
            (key, set, set == 2 || (set == 1 && !admin))
        }
        _ => return None,
    };
    refuses.then(|| {
        let because = format!("{key} is {set}, which keeps this call from a process without the capability.");
        denies(attempt, Layer::Sysctl, support, 96, because).policy(key)
    })
}

/// unshare(2), clone(2), setns(2): every namespace but a user namespace needs CAP_SYS_ADMIN.
fn namespaces(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if !matches!(live.syscall.as_str(), "unshare" | "clone" | "clone3") || errno != Errno::EPERM {
        return None;
    }
    let flags = attempt.arg("flags").unwrap_or("");
    let other = [
        "CLONE_NEWNS",
        "CLONE_NEWNET",
        "CLONE_NEWPID",
        "CLONE_NEWIPC",
        "CLONE_NEWUTS",
        "CLONE_NEWCGROUP",
        "CLONE_NEWTIME",
    ]
    .iter()
    .find(|f| flags.contains(**f))?;
    (!flags.contains("CLONE_NEWUSER") && !has(live, Capability::SYS_ADMIN))
        .then(|| lacks(attempt, Capability::SYS_ADMIN, support, &format!("{} with {other}", live.syscall)))
}

/// `kernel/ptrace.c`, __ptrace_may_access: the target's users must be the caller's, or CAP_SYS_PTRACE.
fn traced(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let asked =
        matches!(live.syscall.as_str(), "ptrace" | "process_vm_readv" | "process_vm_writev" | "pidfd_getfd");
    if !asked || errno != Errno::EPERM || has(live, Capability::SYS_PTRACE) {
        return None;
    }
    let [real, saved] = live.target_uids?;
    let own = live.process.uids[0];
    (real != own || saved != own).then(|| {
        let because = "The process to be traced runs as another user, and this one lacks CAP_SYS_PTRACE.";
        denies(attempt, Layer::Capability, support, 97, because).policy("CAP_SYS_PTRACE")
    })
}

/// `kernel/printk/printk.c`, devkmsg_open: EPERM, where the file's mode answers EACCES.
fn log(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let opens = matches!(live.syscall.as_str(), "open" | "openat" | "openat2");
    let key = "kernel.dmesg_restrict";
    let set = live.sysctls.get(key)?;
    let free = has(live, Capability::SYSLOG) || has(live, Capability::SYS_ADMIN);
    (opens && attempt.object_name() == "/dev/kmsg" && errno == Errno::EPERM && set != "0" && !free).then(
        || {
            let because =
                format!("{key} is {set}, which keeps the kernel log from a process without CAP_SYSLOG.");
            denies(attempt, Layer::Sysctl, support, 96, because).policy(key)
        },
    )
}

/// `fs/proc/proc_sysctl.c`, test_perm: for another user than root the last digit of the mode counts,
/// in which no sysctl has w. Those of a network namespace ask for CAP_NET_ADMIN over it instead.
fn setting(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let path = attempt.object_name();
    let writes = attempt.arg("flags").is_some_and(|f| f.contains("O_WRONLY") || f.contains("O_RDWR"));
    let net = path.starts_with("/proc/sys/net/");
    let root = live.process.uids[1] == 0
        || live.process.gids[1] == 0
        || live.process.groups.contains(&0)
        || (net && has(live, Capability::NET_ADMIN));
    (path.starts_with("/proc/sys/") && writes && errno == Errno::EACCES && !root).then(|| {
        denies(attempt, Layer::Dac, support, 96, format!("{path} may be written to by root only."))
            .policy("mode 0644")
    })
}

/// `kernel/ucount.c`, inc_ucount: ENOSPC where a user has as many namespaces as the sysctl allows.
fn count(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    if !matches!(live.syscall.as_str(), "unshare" | "clone" | "clone3") || errno != Errno::ENOSPC {
        return None;
    }
    let key = "user.max_user_namespaces";
    let none = live.sysctls.get(key).is_some_and(|v| v == "0");
    let flags = attempt.arg("flags").unwrap_or("");
    (none && flags.contains("CLONE_NEWUSER")).then(|| {
        denies(attempt, Layer::Sysctl, support, 96, format!("{key} is 0: no user namespace may be created."))
            .policy(key)
    })
}

/// `fs/proc/base.c`, proc_fd_access_allowed and ptrace_may_access: links and some files of another
/// process ask as ptrace does, and answer EACCES.
fn process_file(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let mut parts = attempt.object_name().strip_prefix("/proc/")?.splitn(2, '/');
    let pid: i32 = parts.next()?.parse().ok()?;
    let rest = parts.next()?;
    let asks = ["ns/", "fd/", "map_files/", "cwd", "root", "exe"].iter().any(|p| rest.starts_with(p));
    if !asks || errno != Errno::EACCES || pid == live.process.pid || has(live, Capability::SYS_PTRACE) {
        return None;
    }
    let [real, saved] = live.target_uids?;
    let own = live.process.uids[3];
    (real != own || saved != own).then(|| {
        let because = format!(
            "/proc/{pid} is of a process of another user, whose links are followed with CAP_SYS_PTRACE only; this one lacks it."
        );
        denies(attempt, Layer::Capability, support, 97, because).policy("CAP_SYS_PTRACE")
    })
}

/// `fs/namei.c`, vfs_mknod: a device asks for CAP_MKNOD in the first user namespace, after the modes.
fn node(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let mode = attempt.arg("mode").unwrap_or("");
    let octal = u32::from_str_radix(mode.trim_start_matches("0o"), 8).unwrap_or(0) & 0o170_000;
    let device =
        mode.contains("S_IFCHR") || mode.contains("S_IFBLK") || matches!(octal, 0o020_000 | 0o060_000);
    if !matches!(live.syscall.as_str(), "mknod" | "mknodat") || !device || errno != Errno::EPERM {
        return None;
    }
    if !has(live, Capability::MKNOD) {
        return Some(lacks(attempt, Capability::MKNOD, support, "A device node"));
    }
    (!live.process.same_user_namespace).then(|| {
        let because =
            "A device node needs CAP_MKNOD in the first user namespace; the process has it only in its own.";
        denies(attempt, Layer::Userns, support, 96, because)
    })
}
