//! An attempt while it is put together from one record, and the small tables several families share.

use whodenied_case::{Attempt, AttemptId, ObjectKind};
use whodenied_kernel::{Call, Errno};

/// A new attempt; its id is given at the end.
pub(super) fn attempt() -> Attempt {
    Attempt::new(AttemptId(0))
}

/// What one record says about what was tried.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) call: Option<Call>,
    pub(super) object: Option<String>,
    pub(super) kind: ObjectKind,
    pub(super) args: Vec<(String, String)>,
    pub(super) errno: Option<Errno>,
    pub(super) program: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) label: Option<String>,
    pub(super) syscall: Option<String>,
}

impl Draft {
    /// Adds an argument when there is a value.
    pub(super) fn arg(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.args.push((name.to_owned(), value.into()));
        }
    }

    /// Takes `pid`, `comm`, `fsuid` or `uid` from a record's fields.
    pub(super) fn subject(&mut self, fields: &[(String, String)]) {
        let get = |key: &str| fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        self.program = get("comm").filter(|c| !c.is_empty()).map(str::to_owned);
        self.pid = get("pid").and_then(|p| p.parse().ok());
        self.uid = get("fsuid").or_else(|| get("uid")).and_then(id);
    }

    /// The attempt.
    pub(super) fn finish(self) -> Attempt {
        let mut attempt = attempt();
        attempt.call = self.call;
        attempt.args = self.args;
        attempt.object.name = self.object.filter(|n| !n.is_empty());
        attempt.object.kind = self.kind;
        attempt.errno = self.errno;
        attempt.subject.program = self.program;
        attempt.subject.pid = self.pid;
        attempt.subject.uid = self.uid;
        attempt.subject.label = self.label;
        attempt.syscall = self.syscall;
        attempt.dialects.push("record");
        attempt
    }
}

/// A user id; 4294967295 means that there is none.
pub(super) fn id(text: &str) -> Option<u32> {
    if text == "root" { Some(0) } else { text.parse().ok().filter(|id| *id != u32::MAX) }
}

/// The kind of object a path names, by the file system that usually stands there.
pub(super) fn path_kind(path: &str) -> ObjectKind {
    if path.starts_with("/proc/sys/") {
        ObjectKind::Sysctl
    } else if path.starts_with("/proc/") || path.starts_with("/sys/") {
        ObjectKind::KernelFile
    } else if path.starts_with("/dev/") && !path.starts_with("/dev/shm/") && !path.starts_with("/dev/mqueue/")
    {
        ObjectKind::Device
    } else if path.ends_with(".sock") || path.ends_with(".socket") {
        ObjectKind::UnixSocketPath
    } else if path.len() > 1 && path.ends_with('/') {
        ObjectKind::Directory
    } else {
        ObjectKind::Path
    }
}

/// `AF_UNIX` for `unix`.
pub(super) fn family(name: &str) -> String {
    if name.starts_with("AF_") { name.to_owned() } else { format!("AF_{}", name.to_ascii_uppercase()) }
}

/// `SOCK_STREAM` for `stream`.
pub(super) fn socket_type(name: &str) -> String {
    if name.starts_with("SOCK_") { name.to_owned() } else { format!("SOCK_{}", name.to_ascii_uppercase()) }
}

/// `SIGTERM` for `term` or `15`; `rtmin+3` and the kernel's `unknown(5)` stay.
pub(super) fn signal(name: &str) -> String {
    const NAMES: &[&str] = &[
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
        "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
        "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    if let Some(named) = name.parse().ok().and_then(|n: usize| NAMES.get(n)).filter(|n| !n.is_empty()) {
        return format!("SIG{named}");
    }
    let upper = name.to_ascii_uppercase();
    if NAMES.contains(&upper.as_str()) && !upper.is_empty() { format!("SIG{upper}") } else { name.to_owned() }
}

/// The kind of object a socket is.
pub(super) fn socket_kind(family: &str, kind: &str, protocol: &str) -> ObjectKind {
    let icmp = matches!(protocol, "1" | "58" | "icmp" | "ipv6-icmp");
    match (family, kind) {
        ("unix", _) => ObjectKind::UnixSocket,
        ("netlink", _) => ObjectKind::NetlinkSocket,
        ("packet", _) | ("inet" | "inet6", "raw") => ObjectKind::RawSocket,
        ("inet" | "inet6", "dgram") if icmp => ObjectKind::PingSocket,
        _ => ObjectKind::OtherSocket,
    }
}

/// The one call that this capability is for, where there is one.
pub(super) fn capability_call(name: &str) -> Option<Call> {
    Some(match name {
        "chown" => Call::Chown,
        "kill" => Call::Kill,
        "setuid" => Call::Setuid,
        "setgid" => Call::Setgid,
        "net_bind_service" => Call::Bind,
        "net_raw" => Call::Socket,
        "sys_module" => Call::Module,
        "sys_chroot" => Call::Chroot,
        "sys_ptrace" => Call::Ptrace,
        "sys_boot" => Call::Reboot,
        "sys_time" => Call::Settime,
        "mknod" => Call::Mknod,
        "ipc_lock" => Call::Mlock,
        "syslog" => Call::Syslog,
        "perfmon" => Call::PerfEventOpen,
        "bpf" => Call::Bpf,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_the_kernels() {
        assert_eq!(signal("quit"), "SIGQUIT");
        assert_eq!(signal("15"), "SIGTERM");
        assert_eq!(signal("rtmin+3"), "rtmin+3");
        assert_eq!(signal("unknown(5)"), "unknown(5)");
        assert_eq!(signal(""), "");
        assert_eq!(family("unix"), "AF_UNIX");
        assert_eq!(socket_type("stream"), "SOCK_STREAM");
        assert_eq!(socket_kind("inet", "dgram", "1"), ObjectKind::PingSocket);
        assert_eq!(path_kind("/proc/sys/net/x"), ObjectKind::Sysctl);
        assert_eq!(path_kind("/dev/fuse"), ObjectKind::Device);
    }
}
