//! What a compiled policy mediates: what the kernel can and the policy's features name, both.
//!
//! Source: the observed behaviour of the reference parser 3.0 to 5.0 with feature trees of kernels 6.1 to 7.3.

use super::Features;

/// A class of rules that depends on features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `network`
    Network,
    /// `unix`: addresses and labels of Unix sockets.
    Unix,
    /// `mount`, `umount`, `pivot_root`
    Mount,
    /// `signal`
    Signal,
    /// `ptrace`
    Ptrace,
    /// `dbus`
    Dbus,
    /// `userns`
    Userns,
    /// `io_uring`
    IoUring,
    /// `mqueue`
    Mqueue,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Network,
        Self::Unix,
        Self::Mount,
        Self::Signal,
        Self::Ptrace,
        Self::Dbus,
        Self::Userns,
        Self::IoUring,
        Self::Mqueue,
    ];

    /// The keyword of its rules.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Unix => "unix",
            Self::Mount => "mount",
            Self::Signal => "signal",
            Self::Ptrace => "ptrace",
            Self::Dbus => "dbus",
            Self::Userns => "userns",
            Self::IoUring => "io_uring",
            Self::Mqueue => "mqueue",
        }
    }

    /// The features of which any one carries it.
    const fn features(self) -> &'static [&'static str] {
        match self {
            Self::Network => &["network_v9", "network_v8", "network"],
            Self::Unix => &["network_v9/af_unix", "network/af_unix"],
            Self::Mount => &["mount"],
            Self::Signal => &["signal"],
            Self::Ptrace => &["ptrace"],
            Self::Dbus => &["dbus"],
            Self::Userns => &["namespaces/mask/userns_create"],
            Self::IoUring => &["io_uring"],
            Self::Mqueue => &["ipc/posix_mqueue", "ipc/sysv_mqueue"],
        }
    }
}

/// Why a class is not mediated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lacks {
    /// The kernel has no such feature.
    Kernel,
    /// The kernel has it; the policy's features (its `abi`, or the pin) do not name it.
    Policy,
    /// Each has a feature for it, but not the same.
    Both,
}

/// The features that a policy without `abi` and without a pin is compiled for: those of a kernel 5.4, whose
/// networking is Ubuntu's of that time and no other kernel's.
#[must_use]
pub fn builtin() -> Features {
    let mut tree = Features::default();
    for (path, value) in [
        ("network/af_unix", "yes"),
        ("network/af_mask", "unspec unix inet inet6 netlink packet"),
        ("mount/mask", "mount umount pivot_root"),
        ("signal/mask", "hup int quit"),
        ("ptrace/mask", "read trace"),
        ("dbus/mask", "acquire send receive"),
        ("domain/stack", "yes"),
        ("domain/attach_conditions/xattr", "yes"),
        ("namespaces/profile", "yes"),
        ("file/mask", "create read write exec append mmap_exec link lock"),
        ("caps/mask", "chown"),
    ] {
        tree.insert(path, value);
    }
    tree
}

/// Whether a kernel mediates a class for a policy; why not, if not.
///
/// # Errors
/// Which side lacks it.
pub fn mediated(kernel: &Features, policy: &Features, kind: Kind) -> Result<(), Lacks> {
    let both = kind.features().iter().any(|f| kernel.has(f) && policy.has(f));
    let kernel = kind.features().iter().any(|f| kernel.has(f));
    let policy = kind.features().iter().any(|f| policy.has(f));
    match (both, kernel, policy) {
        (true, ..) => Ok(()),
        (false, false, _) => Err(Lacks::Kernel),
        (false, true, false) => Err(Lacks::Policy),
        (false, true, true) => Err(Lacks::Both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(features: &[&str]) -> Features {
        let mut tree = Features::default();
        features.iter().for_each(|f| tree.insert(f, "yes"));
        tree
    }

    #[test]
    fn what_is_mediated_is_what_both_name() {
        // Measured on mainline kernels: without abi and pin no network rule is enforced; abi 4.0 on a kernel
        // with network_v9 mediates sockets by family and type, and drops `deny unix`.
        let kernel = tree(&[
            "network_v8/af_mask",
            "network_v9/af_unix",
            "namespaces/userns_create",
            "io_uring/x",
            "mount/mask",
        ]);
        let old = tree(&["network/af_unix", "network_v8/af_mask", "mount/mask"]);
        assert_eq!(mediated(&kernel, &builtin(), Kind::Network), Err(Lacks::Both));
        assert_eq!(mediated(&kernel, &old, Kind::Network), Ok(()));
        assert_eq!(mediated(&kernel, &old, Kind::Unix), Err(Lacks::Both));
        assert_eq!(mediated(&kernel, &old, Kind::IoUring), Err(Lacks::Policy));
        assert_eq!(mediated(&kernel, &old, Kind::Dbus), Err(Lacks::Kernel));
        assert_eq!(mediated(&kernel, &tree(&["network_v9/af_unix"]), Kind::Unix), Ok(()));
    }
}
