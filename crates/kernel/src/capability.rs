//! Capabilities: bit, name, the spellings of the runtimes, and what each unlocks.
//!
//! Source: Linux `include/uapi/linux/capability.h`; capabilities(7).

use serde::{Deserialize, Serialize};

/// A capability by its bit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capability(pub u8);

macro_rules! capabilities {
    ($($name:ident = $bit:literal, $risk:ident, $unlocks:literal;)*) => {
        #[allow(missing_docs, reason = "the names are the kernel's")]
        impl Capability { $(pub const $name: Self = Self($bit);)* }

        const TABLE: &[(&str, u8, Breadth, &str)] = &[$((stringify!($name), $bit, Breadth::$risk, $unlocks),)*];
    };
}

/// How much of the system a capability opens, as a rank for ordering fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breadth {
    /// One narrow right.
    Narrow,
    /// A subsystem, or any file or process of the container.
    Wide,
    /// As good as root on the host, directly or by known ways.
    Root,
}

capabilities! {
    CHOWN = 0, Wide, "change the owner of any file";
    DAC_OVERRIDE = 1, Wide, "read, write and search any file regardless of its mode";
    DAC_READ_SEARCH = 2, Wide, "read any file and search any directory; open_by_handle_at";
    FOWNER = 3, Wide, "act as the owner of any file";
    FSETID = 4, Narrow, "keep setuid and setgid bits when a file changes";
    KILL = 5, Narrow, "signal any process";
    SETGID = 6, Wide, "take any group id";
    SETUID = 7, Wide, "take any user id; write uid maps";
    SETPCAP = 8, Narrow, "change bounding, inheritable and securebits";
    LINUX_IMMUTABLE = 9, Narrow, "set the immutable and append-only flags";
    NET_BIND_SERVICE = 10, Narrow, "bind ports below ip_unprivileged_port_start";
    NET_BROADCAST = 11, Narrow, "broadcast and multicast";
    NET_ADMIN = 12, Wide, "configure interfaces, addresses, routes and firewalls of its network namespace";
    NET_RAW = 13, Narrow, "raw and packet sockets";
    IPC_LOCK = 14, Narrow, "lock memory beyond RLIMIT_MEMLOCK";
    IPC_OWNER = 15, Narrow, "use any System V IPC object";
    SYS_MODULE = 16, Root, "load kernel modules";
    SYS_RAWIO = 17, Root, "raw I/O ports and memory";
    SYS_CHROOT = 18, Narrow, "chroot";
    SYS_PTRACE = 19, Wide, "trace and read any process of its user namespace";
    SYS_PACCT = 20, Narrow, "process accounting";
    SYS_ADMIN = 21, Root, "mount, namespaces and a long list of administration calls";
    SYS_BOOT = 22, Root, "reboot and kexec";
    SYS_NICE = 23, Narrow, "raise priorities, real-time scheduling, affinity and memory policy";
    SYS_RESOURCE = 24, Wide, "exceed resource limits and quotas";
    SYS_TIME = 25, Wide, "set the host's clock";
    SYS_TTY_CONFIG = 26, Narrow, "configure terminals";
    MKNOD = 27, Narrow, "make device nodes";
    LEASE = 28, Narrow, "file leases";
    AUDIT_WRITE = 29, Narrow, "write to the audit log";
    AUDIT_CONTROL = 30, Wide, "configure the audit system";
    SETFCAP = 31, Narrow, "set file capabilities; map uid 0";
    MAC_OVERRIDE = 32, Wide, "override Smack";
    MAC_ADMIN = 33, Wide, "load and change LSM policy";
    SYSLOG = 34, Narrow, "read the kernel log and kernel addresses";
    WAKE_ALARM = 35, Narrow, "wake-up alarms";
    BLOCK_SUSPEND = 36, Narrow, "block suspend";
    AUDIT_READ = 37, Narrow, "read the audit log over netlink";
    PERFMON = 38, Wide, "performance counters and tracing";
    BPF = 39, Wide, "load BPF programs and maps";
    CHECKPOINT_RESTORE = 40, Narrow, "checkpoint and restore";
}

impl Capability {
    /// Every capability the kernel knows up to 7.x.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| Self(row.1))
    }

    /// The name without prefix, upper case, as docker and Kubernetes spell it: `NET_RAW`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        TABLE.get(usize::from(self.0)).map(|row| row.0)
    }

    /// The capability named so, in any spelling: `NET_RAW`, `cap_net_raw`, `CAP_NET_RAW`, `net_raw`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let upper = name.trim().to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        TABLE.iter().find(|row| row.0 == bare).map(|row| Self(row.1))
    }

    /// What holding it allows, in one phrase.
    #[must_use]
    pub fn unlocks(self) -> &'static str {
        TABLE.get(usize::from(self.0)).map_or("", |row| row.3)
    }

    /// How much it opens.
    #[must_use]
    pub fn breadth(self) -> Breadth {
        TABLE.get(usize::from(self.0)).map_or(Breadth::Root, |row| row.2)
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "CAP_{name}"),
            None => write!(f, "capability {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_their_bit() {
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(usize::from(row.1), i);
        }
        assert_eq!(TABLE.len(), 41);
        assert_eq!(Capability::from_name("cap_net_raw"), Some(Capability::NET_RAW));
        assert_eq!(Capability::from_name("ALL"), None);
        assert_eq!(Capability::NET_RAW.to_string(), "CAP_NET_RAW");
    }
}
