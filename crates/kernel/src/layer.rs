//! The layers that can say no. The ids are part of the published JSON.

use serde::{Deserialize, Serialize};

macro_rules! layers {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $title:literal;)*) => {
        /// A layer that can refuse what a program tries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Layer { $($(#[$doc])* #[serde(rename = $id)] $name,)* }

        impl Layer {
            /// Every layer, in the order the manual lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The published id, as in `"layer": "no-new-privs"`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The name a person reads.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

layers! {
    /// File mode bits, owner and group, and the ownership checks (chmod, kill by uid).
    Dac = "dac", "file mode and owner";
    /// POSIX access control lists.
    Acl = "acl", "POSIX ACL";
    /// User namespace id maps, and the boundary of a user namespace.
    Userns = "userns", "user namespace";
    /// Capabilities of the process.
    Capability = "capability", "capabilities";
    /// The no_new_privs flag.
    NoNewPrivs = "no-new-privs", "no_new_privs";
    /// A seccomp filter.
    Seccomp = "seccomp", "seccomp";
    /// AppArmor, also where dbus-daemon asks it.
    Apparmor = "apparmor", "AppArmor";
    /// SELinux.
    Selinux = "selinux", "SELinux";
    /// Landlock.
    Landlock = "landlock", "Landlock";
    /// Yama's ptrace_scope.
    Yama = "yama", "Yama";
    /// Kernel lockdown.
    Lockdown = "lockdown", "kernel lockdown";
    /// A read-only mount, superblock or read-only path of a container.
    Readonly = "readonly", "read-only mount";
    /// noexec, nosuid and nodev.
    MountFlags = "mount-flags", "mount flags";
    /// The device cgroup.
    DeviceCgroup = "device-cgroup", "device cgroup";
    /// Resource and real-time cgroup controllers.
    Cgroup = "cgroup", "cgroup controller";
    /// A sysctl that gates the operation, the userns restriction among them.
    Sysctl = "sysctl", "sysctl";
    /// The privileged port range.
    Port = "port", "privileged port";
    /// Resource limits.
    Rlimit = "rlimit", "resource limit";
    /// Immutable and append-only inode flags.
    InodeFlags = "inode-flags", "inode flags";
    /// The file system itself: NFS squash, CIFS, FUSE.
    Filesystem = "filesystem", "file system";
    /// IMA, IPE, BPF-LSM, fanotify, Smack, TOMOYO.
    OtherLsm = "other-lsm", "another LSM";
    /// polkit, D-Bus policy, sudoers and other policies decided by a program.
    UserspacePolicy = "userspace-policy", "userspace policy";
    /// The program's own refusal.
    Application = "application", "the program itself";
    /// Nothing that is known fits.
    Unknown = "unknown", "unknown";
}

impl Layer {
    /// The layer with this published id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|l| l.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_kebab() {
        for (i, a) in Layer::ALL.iter().enumerate() {
            assert_eq!(Layer::from_id(a.id()), Some(*a));
            assert!(a.id().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(Layer::ALL[..i].iter().all(|b| b.id() != a.id()));
        }
        assert_eq!(Layer::ALL.len(), 24);
    }
}
