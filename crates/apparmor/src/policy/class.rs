//! Classes of mediation: the first byte of every string of the policy database.

/// A class. Source: kernel `include/apparmor.h`, `AA_CLASS_*`; 30 and 32 from what compilers write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Class {
    File = 2,
    Cap = 3,
    /// Sockets as Ubuntu's older kernels had them (network_v7).
    NetV7 = 4,
    Rlimits = 5,
    Domain = 6,
    Mount = 7,
    Ptrace = 9,
    Signal = 10,
    Xmatch = 11,
    /// Sockets (network_v8).
    NetV8 = 14,
    /// Sockets with addresses and labels (network_v9).
    NetV9 = 15,
    /// A label as the object of a signal or trace.
    Label = 16,
    PosixMqueue = 17,
    SysvMqueue = 18,
    Module = 19,
    DisplayLsm = 20,
    /// User namespaces.
    Namespace = 21,
    IoUring = 22,
    /// Packets by interface and label (network_v9_skb).
    NetV9Skb = 30,
    X = 31,
    Dbus = 32,
}

impl Class {
    /// All, by number.
    pub const ALL: [Self; 21] = [
        Self::File,
        Self::Cap,
        Self::NetV7,
        Self::Rlimits,
        Self::Domain,
        Self::Mount,
        Self::Ptrace,
        Self::Signal,
        Self::Xmatch,
        Self::NetV8,
        Self::NetV9,
        Self::Label,
        Self::PosixMqueue,
        Self::SysvMqueue,
        Self::Module,
        Self::DisplayLsm,
        Self::Namespace,
        Self::IoUring,
        Self::NetV9Skb,
        Self::X,
        Self::Dbus,
    ];

    /// What is mediated, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Cap => "capabilities",
            Self::NetV7 => "sockets (network v7)",
            Self::Rlimits => "resource limits",
            Self::Domain => "changes of profile",
            Self::Mount => "mounts",
            Self::Ptrace => "tracing",
            Self::Signal => "signals",
            Self::Xmatch => "attachment",
            Self::NetV8 => "sockets (network v8)",
            Self::NetV9 => "sockets (network v9)",
            Self::Label => "labels",
            Self::PosixMqueue => "POSIX message queues",
            Self::SysvMqueue => "System V message queues",
            Self::Module => "kernel modules",
            Self::DisplayLsm => "the displayed LSM",
            Self::Namespace => "user namespaces",
            Self::IoUring => "io_uring",
            Self::NetV9Skb => "packets (network v9)",
            Self::X => "X",
            Self::Dbus => "D-Bus",
        }
    }
}
