//! What a program can try, as families of system calls that the kernel checks alike.

use serde::{Deserialize, Serialize};

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident = $id:literal, [$($syscall:literal),*];)*) => {
        /// A family of system calls that ask the same layers in the same order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Call { $($(#[$doc])* $name,)* }

        impl Call {
            /// Every family.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name shown to a person, the call's manual page where there is one.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The system calls of the family, by the kernel's names.
            #[must_use]
            pub const fn syscalls(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($syscall),*],)* }
            }
        }
    };
}

calls! {
    /// Opening an existing file.
    Open = "open", ["open", "openat", "openat2", "open_by_handle_at"];
    /// Creating a regular file, also `open` with `O_CREAT` of one that did not exist.
    Create = "create", ["creat"];
    /// Reading from an open file.
    Read = "read", ["read", "pread64", "readv", "preadv", "preadv2", "sendfile"];
    /// Writing to an open file.
    Write = "write", ["write", "pwrite64", "writev", "pwritev", "pwritev2", "copy_file_range", "splice"];
    /// Reading a file's attributes.
    Stat = "stat", ["stat", "lstat", "fstat", "newfstatat", "fstatat64", "stat64", "lstat64", "fstat64", "statx", "statfs", "fstatfs"];
    /// Asking whether access would be granted.
    Access = "access", ["access", "faccessat", "faccessat2"];
    /// Reading a directory.
    Readdir = "readdir", ["getdents", "getdents64"];
    /// Reading a symbolic link.
    Readlink = "readlink", ["readlink", "readlinkat"];
    /// Changing the working directory.
    Chdir = "chdir", ["chdir", "fchdir"];
    /// Making a directory.
    Mkdir = "mkdir", ["mkdir", "mkdirat"];
    /// Making a device node, FIFO or socket file.
    Mknod = "mknod", ["mknod", "mknodat"];
    /// Removing a file or directory.
    Unlink = "unlink", ["unlink", "unlinkat", "rmdir"];
    /// Renaming.
    Rename = "rename", ["rename", "renameat", "renameat2"];
    /// Making a hard link.
    Link = "link", ["link", "linkat"];
    /// Making a symbolic link.
    Symlink = "symlink", ["symlink", "symlinkat"];
    /// Changing the mode of a file.
    Chmod = "chmod", ["chmod", "fchmod", "fchmodat", "fchmodat2"];
    /// Changing the owner of a file.
    Chown = "chown", ["chown", "fchown", "lchown", "fchownat", "chown32", "fchown32", "lchown32"];
    /// Setting file times.
    Utime = "utime", ["utime", "utimes", "futimesat", "utimensat", "utimensat_time64"];
    /// Changing the size of a file, also `open` with `O_TRUNC`.
    Truncate = "truncate", ["truncate", "ftruncate", "truncate64", "ftruncate64", "fallocate"];
    /// Extended attributes.
    Xattr = "setxattr", ["setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "getxattr", "lgetxattr", "fgetxattr", "listxattr"];
    /// Locking a file.
    Flock = "flock", ["flock"];
    /// Advice on file use.
    Fadvise = "fadvise", ["fadvise64", "fadvise64_64", "arm_fadvise64_64"];
    /// Executing a program.
    Exec = "execve", ["execve", "execveat"];
    /// Mapping memory or a file.
    Mmap = "mmap", ["mmap", "mmap2"];
    /// Changing the protection of mapped memory.
    Mprotect = "mprotect", ["mprotect", "pkey_mprotect"];
    /// Locking memory.
    Mlock = "mlock", ["mlock", "mlock2", "mlockall"];
    /// Creating a socket.
    Socket = "socket", ["socket", "socketcall"];
    /// Creating a connected pair of sockets.
    Socketpair = "socketpair", ["socketpair"];
    /// Binding a socket to an address.
    Bind = "bind", ["bind"];
    /// Listening on a socket.
    Listen = "listen", ["listen"];
    /// Connecting a socket.
    Connect = "connect", ["connect"];
    /// Accepting a connection.
    Accept = "accept", ["accept", "accept4"];
    /// Sending on a socket.
    Send = "sendmsg", ["sendto", "sendmsg", "sendmmsg"];
    /// Receiving from a socket.
    Recv = "recvmsg", ["recvfrom", "recvmsg", "recvmmsg"];
    /// Socket options.
    Setsockopt = "setsockopt", ["setsockopt", "getsockopt"];
    /// Shutting a socket down.
    Shutdown = "shutdown", ["shutdown"];
    /// Asking for a socket's address.
    Sockname = "getsockname", ["getsockname", "getpeername"];
    /// Sending a signal.
    Kill = "kill", ["kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo"];
    /// Tracing another process, or reading its private /proc files.
    Ptrace = "ptrace", ["ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise"];
    /// Mounting, remounting, moving or changing the propagation of a mount.
    Mount = "mount", ["mount", "move_mount", "fsopen", "fsmount", "fsconfig", "fspick", "open_tree", "mount_setattr"];
    /// Unmounting.
    Umount = "umount2", ["umount", "umount2"];
    /// Changing the root mount.
    PivotRoot = "pivot_root", ["pivot_root"];
    /// Changing the root directory.
    Chroot = "chroot", ["chroot"];
    /// Creating a process or thread without a new namespace.
    Clone = "clone", ["clone", "clone3", "fork", "vfork"];
    /// Creating a user namespace, by clone or unshare.
    UsernsCreate = "unshare(CLONE_NEWUSER)", [];
    /// Creating another kind of namespace, by clone or unshare.
    Unshare = "unshare", ["unshare"];
    /// Joining a namespace.
    Setns = "setns", ["setns"];
    /// Writing uid_map, gid_map or setgroups of a user namespace.
    IdMap = "write uid_map", [];
    /// Changing the user ids of the process.
    Setuid = "setuid", ["setuid", "setreuid", "setresuid", "setfsuid", "setuid32", "setreuid32", "setresuid32"];
    /// Changing the group ids of the process.
    Setgid = "setgid", ["setgid", "setregid", "setresgid", "setfsgid", "setgid32", "setregid32", "setresgid32"];
    /// Changing the supplementary groups.
    Setgroups = "setgroups", ["setgroups", "setgroups32"];
    /// Changing capability sets.
    Capset = "capset", ["capset"];
    /// Process attributes: securebits, keep capabilities, no_new_privs.
    Prctl = "prctl", ["prctl", "arch_prctl"];
    /// Installing a seccomp filter.
    SeccompInstall = "seccomp", ["seccomp"];
    /// Building and applying a Landlock rule set.
    LandlockRestrict = "landlock_restrict_self", ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"];
    /// Setting the label of the process through /proc/PID/attr.
    LabelChange = "write /proc/self/attr", [];
    /// Writing a sysctl under /proc/sys.
    SysctlWrite = "write /proc/sys", ["_sysctl"];
    /// The performance counters.
    PerfEventOpen = "perf_event_open", ["perf_event_open"];
    /// Loading BPF programs and maps.
    Bpf = "bpf", ["bpf"];
    /// io_uring.
    IoUring = "io_uring_setup", ["io_uring_setup", "io_uring_enter", "io_uring_register"];
    /// Kernel keyrings.
    Keyctl = "keyctl", ["keyctl", "add_key", "request_key"];
    /// The execution domain, address space randomisation among it.
    Personality = "personality", ["personality"];
    /// Real-time scheduling and CPU affinity.
    Sched = "sched_setscheduler", ["sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity"];
    /// The nice value.
    Setpriority = "setpriority", ["setpriority", "nice", "ioprio_set"];
    /// Raising or lowering resource limits.
    Setrlimit = "setrlimit", ["setrlimit", "prlimit64"];
    /// NUMA memory policy.
    Mempolicy = "mbind", ["mbind", "set_mempolicy", "get_mempolicy", "set_mempolicy_home_node", "move_pages", "migrate_pages"];
    /// inotify.
    Inotify = "inotify_init", ["inotify_init", "inotify_init1", "inotify_add_watch"];
    /// fanotify.
    Fanotify = "fanotify_init", ["fanotify_init", "fanotify_mark"];
    /// Setting the host or domain name.
    Sethostname = "sethostname", ["sethostname", "setdomainname"];
    /// Setting the clock.
    Settime = "clock_settime", ["clock_settime", "clock_settime64", "settimeofday", "adjtimex", "clock_adjtime", "clock_adjtime64", "stime"];
    /// Reading a clock.
    Gettime = "clock_gettime", ["clock_gettime", "clock_gettime64", "gettimeofday", "time", "clock_nanosleep", "clock_nanosleep_time64"];
    /// Reading or clearing the kernel log.
    Syslog = "syslog", ["syslog"];
    /// Rebooting.
    Reboot = "reboot", ["reboot"];
    /// Swap areas.
    Swap = "swapon", ["swapon", "swapoff"];
    /// Loading or removing kernel modules.
    Module = "init_module", ["init_module", "finit_module", "delete_module"];
    /// Loading another kernel.
    Kexec = "kexec_load", ["kexec_load", "kexec_file_load"];
    /// Disk quotas.
    Quota = "quotactl", ["quotactl", "quotactl_fd"];
    /// Handling page faults in user space.
    Userfaultfd = "userfaultfd", ["userfaultfd"];
    /// POSIX message queues.
    Mqueue = "mq_open", ["mq_open", "mq_unlink"];
    /// System V shared memory, semaphores and queues.
    Sysvipc = "shmget", ["shmget", "shmat", "shmctl", "semget", "semctl", "msgget", "msgctl", "ipc"];
    /// Port input and output.
    Ioperm = "iopl", ["iopl", "ioperm"];
    /// ioctl on a device or socket.
    Ioctl = "ioctl", ["ioctl"];
    /// A D-Bus message, decided by dbus-daemon.
    Dbus = "D-Bus message", [];
    /// A netlink request (addresses, links, audit).
    Netlink = "netlink request", [];
    /// Loading an LSM policy.
    PolicyLoad = "load policy", [];
    /// Accounting.
    Acct = "acct", ["acct"];
}

impl Call {
    /// The family of a system call by the kernel's name, as `openat`.
    #[must_use]
    pub fn from_syscall(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.syscalls().contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_call_has_one_family() {
        let mut seen = std::collections::BTreeSet::new();
        for call in Call::ALL {
            for syscall in call.syscalls() {
                assert!(seen.insert(*syscall), "{syscall} stands in two families");
                assert_eq!(Call::from_syscall(syscall), Some(*call));
            }
        }
    }
}
