//! Calls on sockets, processes, namespaces, mounts and the system.

use super::{ACCES, ANY, Check, PERM, check};
use crate::Layer::{
    Acl, Apparmor, Capability, Cgroup, Dac, DeviceCgroup, Filesystem, InodeFlags, Landlock, Lockdown,
    NoNewPrivs, OtherLsm, Port, Readonly, Rlimit, Selinux, Sysctl, Userns, UserspacePolicy, Yama,
};
use crate::{Call, Errno};

const EITHER: &[Errno] = &[Errno::EACCES, Errno::EPERM];
const INVAL: &[Errno] = &[Errno::EINVAL];
const AGAIN: &[Errno] = &[Errno::EAGAIN];
const NOSPC: &[Errno] = &[Errno::ENOSPC];
const MEMLOCK: &[Errno] = &[Errno::EPERM, Errno::ENOMEM, Errno::EAGAIN];

/// `__sock_create`: `security_socket_create`, then the family's own `create`.
const SOCKET: &[Check] = &[
    check(Apparmor, ACCES, "the profile has no rule for the family and type"),
    check(Selinux, ACCES, "the domain may not create such a socket"),
    check(Capability, PERM, "CAP_NET_RAW is missing, for a raw or packet socket"),
    check(Sysctl, ACCES, "the groups lie outside net.ipv4.ping_group_range, for an ICMP datagram socket"),
    check(Userns, PERM, "the capability is held in another user namespace than the network's"),
    check(Cgroup, PERM, "a BPF program of the cgroup refuses the family"),
];
/// `__sys_socketpair`: the same hooks; only AF_UNIX and a few others have pairs, none has a mode.
const PAIR: &[Check] = &[
    check(Apparmor, ACCES, "the profile has no rule for the family and type"),
    check(Selinux, ACCES, "the domain may not create such a socket"),
];
/// `__sys_bind`; for a path `unix_bind_bsd` makes a socket file as mknod does.
const BIND: &[Check] = &[
    check(Apparmor, ACCES, "the profile does not allow binding, or making the socket file"),
    check(Selinux, ACCES, "the domain may not bind this port or make the socket file"),
    check(Landlock, ACCES, "the rule set does not hold the port or the directory"),
    check(Cgroup, PERM, "a BPF program of the cgroup refuses the address"),
    check(
        Port,
        ACCES,
        "the port lies below net.ipv4.ip_unprivileged_port_start and CAP_NET_BIND_SERVICE is missing",
    ),
    check(Capability, EITHER, "CAP_NET_BIND_SERVICE, or CAP_NET_RAW for a device"),
    check(Readonly, &[Errno::EROFS], "the directory of the socket file is on a read-only mount"),
    check(InodeFlags, PERM, "the directory of the socket file is immutable"),
    check(Dac, ACCES, "the directory of the socket file is not writable for these ids"),
    check(Acl, ACCES, "the directory's access control list does not grant writing"),
    check(Filesystem, ANY, "the file system can't hold sockets"),
];
/// `unix_find_bsd` wants write on the socket file, then `unix_stream_connect` asks the LSMs; for an
/// address without a path `security_socket_connect` asks them at once.
const CONNECT: &[Check] = &[
    check(Landlock, EITHER, "the rule set does not hold the port; an abstract socket outside the scope"),
    check(Cgroup, PERM, "a BPF program of the cgroup refuses the address (IPAddressDeny)"),
    check(Userns, ACCES, "the socket's owner is not mapped"),
    check(Dac, ACCES, "the socket file is not writable for these ids, or its directory not searchable"),
    check(Acl, ACCES, "the socket's access control list does not grant writing"),
    check(Capability, ACCES, "root lacks CAP_DAC_OVERRIDE and does not own the socket file"),
    check(Selinux, ACCES, "the domain may not connect to this port or socket"),
    check(Apparmor, ACCES, "the profile does not allow connecting"),
];
const SOCKET_USE: &[Check] = &[
    check(Apparmor, ACCES, "the profile does not allow this on the socket"),
    check(Selinux, ACCES, "the domain has no such right on the socket"),
    check(Landlock, EITHER, "a socket outside the scope"),
    check(Cgroup, PERM, "a BPF program of the cgroup refuses the address"),
    check(Capability, PERM, "CAP_NET_ADMIN or CAP_NET_RAW, for some options"),
];

/// `check_kill_permission`: ids, then `security_task_kill`.
const KILL: &[Check] = &[
    check(Userns, PERM, "the target belongs to an outer user namespace"),
    check(Dac, PERM, "the target runs under another user id"),
    check(Capability, PERM, "CAP_KILL is missing and the target runs under another user id"),
    check(Landlock, PERM, "the target lies outside the sandbox's scope"),
    check(Selinux, ACCES, "the domain may not signal the target's domain"),
    check(Apparmor, ACCES, "one of the two profiles has no rule for the signal and the peer"),
];
/// `__ptrace_may_access`: ids and capability, dumpable, then the LSMs in their order.
const PTRACE: &[Check] = &[
    check(Dac, PERM, "the target runs under other ids, or is not dumpable"),
    check(Userns, PERM, "the target lies outside the user namespace in which CAP_SYS_PTRACE is held"),
    check(Capability, PERM, "CAP_SYS_PTRACE is missing"),
    check(Yama, PERM, "kernel.yama.ptrace_scope, and the target is no descendant"),
    check(Landlock, PERM, "the target lies outside the sandbox"),
    check(Selinux, ACCES, "the domain may not trace the target's domain"),
    check(Apparmor, ACCES, "one of the two profiles has no ptrace rule for the peer"),
    check(Lockdown, PERM, "kernel memory under lockdown"),
];

/// `path_mount`: `security_sb_mount` stands before `may_mount`; then the file system type and
/// `mount_too_revealing`.
const MOUNT: &[Check] = &[
    check(Apparmor, ACCES, "the profile has no rule for this mount, or denies every mount"),
    check(Selinux, EITHER, "the domain may not mount this type"),
    check(Landlock, PERM, "a sandboxed process may not change the file system tree"),
    check(Capability, PERM, "CAP_SYS_ADMIN is missing"),
    check(
        Userns,
        PERM,
        "a locked mount, a type not allowed in user namespaces, or a proc or sysfs that would show more than the one that is there",
    ),
    check(Dac, ACCES, "the path or device is not accessible for these ids"),
    check(DeviceCgroup, PERM, "the block device is not in the cgroup's list"),
    check(Readonly, &[Errno::EROFS, Errno::EACCES], "the device is read-only"),
    check(Filesystem, ANY, "the file system or its server refuses"),
];
const UMOUNT: &[Check] = &[
    check(Capability, PERM, "CAP_SYS_ADMIN is missing"),
    check(Userns, INVAL, "the mount is locked by the parent namespace"),
    check(Apparmor, ACCES, "the profile has no rule for this"),
    check(Selinux, ACCES, "the domain may not do this"),
    check(Landlock, PERM, "a sandboxed process may not change the file system tree"),
];
const CHROOT: &[Check] = &[
    check(Dac, ACCES, "a directory on the way does not grant search"),
    check(Capability, PERM, "CAP_SYS_CHROOT is missing"),
    check(Apparmor, PERM, "the profile lacks the capability"),
    check(Selinux, EITHER, "the domain may not search the directory, or lacks the capability"),
];

/// `copy_process`.
const CLONE: &[Check] = &[
    check(Rlimit, AGAIN, "RLIMIT_NPROC"),
    check(Cgroup, AGAIN, "pids.max of the cgroup"),
    check(Capability, PERM, "a new namespace without CAP_SYS_ADMIN"),
    check(Selinux, ACCES, "the domain may not fork"),
];
/// `copy_process` (Debian's sysctl), `create_user_ns`, `security_create_user_ns` (6.1).
const USERNS: &[Check] = &[
    check(
        Sysctl,
        &[Errno::EPERM, Errno::EACCES, Errno::ENOSPC],
        "kernel.unprivileged_userns_clone, user.max_user_namespaces, or Ubuntu's kernel.apparmor_restrict_unprivileged_userns",
    ),
    check(
        Userns,
        &[Errno::EPERM, Errno::EUSERS, Errno::ENOSPC],
        "too deep, in a chroot, or the ids are not mapped",
    ),
    check(Apparmor, EITHER, "the profile mediates user namespaces and has no userns rule"),
    check(Selinux, ACCES, "the domain has no user_namespace create"),
    check(Capability, PERM, "another namespace asked for beside it, without CAP_SYS_ADMIN"),
];
const NAMESPACE: &[Check] = &[
    check(Capability, PERM, "CAP_SYS_ADMIN is missing"),
    check(Userns, EITHER, "the namespace belongs to another user namespace"),
    check(Sysctl, NOSPC, "user.max_*_namespaces"),
    check(Apparmor, PERM, "the profile lacks the capability"),
    check(Selinux, EITHER, "the domain lacks the capability, or has no user_namespace create"),
    check(Dac, ACCES, "/proc/PID/ns of another user's process"),
];
/// `map_write`, `new_idmap_permitted`.
const IDMAP: &[Check] = &[
    check(Sysctl, EITHER, "Ubuntu's userns restriction took the capabilities away"),
    check(Apparmor, EITHER, "the profile has no CAP_SETUID, CAP_SYS_ADMIN, or no rule for the path"),
    check(Dac, ACCES, "the file belongs to another user"),
    check(Capability, PERM, "more than one's own id without CAP_SETUID in the parent namespace"),
    check(
        Userns,
        &[Errno::EPERM, Errno::EINVAL],
        "ids that the parent does not map, or setgroups not denied",
    ),
    check(Selinux, ACCES, "the domain may not do this"),
];
/// `__sys_setuid`, `__sys_setgid`, `set_groups`.
const IDS: &[Check] = &[
    check(Userns, INVAL, "the id is not mapped in this user namespace"),
    check(Capability, PERM, "CAP_SETUID or CAP_SETGID is missing"),
    check(Userns, PERM, "setgroups is set to deny in this user namespace"),
    check(Dac, PERM, "an ordinary user can't take another id"),
    check(Rlimit, AGAIN, "RLIMIT_NPROC of the new user"),
    check(Selinux, PERM, "the domain lacks the capability"),
    check(Apparmor, PERM, "the profile lacks the capability"),
];
/// `seccomp_prepare_filter`, `landlock_restrict_self`.
const SANDBOX: &[Check] = &[
    check(NoNewPrivs, EITHER, "no_new_privs is not set and CAP_SYS_ADMIN is missing"),
    check(Capability, EITHER, "no_new_privs is not set and CAP_SYS_ADMIN is missing"),
];
const LANDLOCK: &[Check] = &[
    check(
        Landlock,
        &[Errno::ENOSYS, Errno::EOPNOTSUPP, Errno::EPERM, Errno::E2BIG],
        "Landlock is not built in or not switched on, or no_new_privs is not set",
    ),
    check(NoNewPrivs, PERM, "no_new_privs is not set and CAP_SYS_ADMIN is missing"),
    check(Capability, PERM, "no_new_privs is not set and CAP_SYS_ADMIN is missing"),
];
/// `proc_pid_attr_write`, `apparmor_setprocattr`, `selinux_setprocattr`.
const LABEL: &[Check] = &[
    check(Readonly, &[Errno::EROFS], "/proc is mounted read-only"),
    check(
        Apparmor,
        &[Errno::EACCES, Errno::ENOENT, Errno::EPERM, Errno::EINVAL],
        "the present profile has no change_profile rule, or the new one is not loaded",
    ),
    check(Selinux, &[Errno::EACCES, Errno::EINVAL, Errno::EPERM], "the domain may not change to the label"),
    check(NoNewPrivs, PERM, "no_new_privs is set and the new label is no subset"),
    check(Dac, EITHER, "the attributes of another process"),
];
/// `aa_may_manage_policy`, `selinuxfs`.
const POLICY: &[Check] = &[
    check(Capability, EITHER, "CAP_MAC_ADMIN is missing"),
    check(Userns, EITHER, "the user namespace owns no policy namespace"),
    check(Apparmor, EITHER, "the loader is confined or its namespace owns no policy"),
    check(Lockdown, PERM, "lockdown"),
    check(Dac, ACCES, "the file belongs to root"),
];

/// `sys_perf_event_open`.
const PERF: &[Check] = &[
    check(Sysctl, EITHER, "kernel.perf_event_paranoid"),
    check(Capability, EITHER, "CAP_PERFMON is missing"),
    check(Lockdown, PERM, "lockdown, confidentiality"),
    check(Selinux, ACCES, "the domain has no perf_event right"),
    check(Dac, ACCES, "the target runs under another user id"),
];
/// `__sys_bpf`; before 5.11 map memory counted against RLIMIT_MEMLOCK.
const BPF: &[Check] = &[
    check(Sysctl, PERM, "kernel.unprivileged_bpf_disabled"),
    check(Capability, PERM, "CAP_BPF, CAP_PERFMON or CAP_SYS_ADMIN is missing"),
    check(Userns, PERM, "the capability is held in a child user namespace only"),
    check(Rlimit, PERM, "RLIMIT_MEMLOCK, before Linux 5.11"),
    check(Lockdown, PERM, "lockdown, confidentiality"),
    check(Selinux, ACCES, "the domain has no bpf right"),
];
const URING: &[Check] = &[
    check(Sysctl, PERM, "kernel.io_uring_disabled"),
    check(Rlimit, &[Errno::ENOMEM], "RLIMIT_MEMLOCK, before Linux 5.12"),
    check(Selinux, ACCES, "the domain has no io_uring right"),
    check(Apparmor, ACCES, "the profile mediates io_uring and has no rule"),
];
const KEYS: &[Check] = &[
    check(Rlimit, &[Errno::EDQUOT], "kernel.keys.maxkeys or maxbytes"),
    check(Dac, ACCES, "the key's permissions do not grant it"),
    check(Selinux, ACCES, "the domain has no right on the key"),
];
/// `__sched_setscheduler`: `user_check_sched_setscheduler`, LSM, then the group's run time.
const SCHED: &[Check] = &[
    check(Rlimit, PERM, "RLIMIT_RTPRIO or RLIMIT_NICE"),
    check(Capability, PERM, "CAP_SYS_NICE is missing"),
    check(Selinux, ACCES, "the domain has no setsched"),
    check(Cgroup, PERM, "the cgroup has no real-time budget (cpu.rt_runtime_us)"),
];
const NICE: &[Check] = &[
    check(Dac, PERM, "the process runs under another user id"),
    check(Rlimit, ACCES, "RLIMIT_NICE"),
    check(Capability, EITHER, "CAP_SYS_NICE is missing"),
    check(Selinux, ACCES, "the domain has no setsched"),
];
const LIMITS: &[Check] = &[
    check(Rlimit, PERM, "the hard limit is lower"),
    check(Capability, PERM, "CAP_SYS_RESOURCE is missing to raise a hard limit"),
    check(Userns, PERM, "the capability is held in a child user namespace only"),
    check(Selinux, ACCES, "the domain has no setrlimit"),
    check(Apparmor, ACCES, "the profile caps the limit"),
];
const MLOCK: &[Check] =
    &[check(Rlimit, MEMLOCK, "RLIMIT_MEMLOCK"), check(Capability, MEMLOCK, "CAP_IPC_LOCK is missing")];
const POLICY_NUMA: &[Check] =
    &[check(Capability, PERM, "CAP_SYS_NICE is missing"), check(Dac, PERM, "another user's process")];
/// Calls that only ask for a capability: `capable()` is `cap_capable` first, then the other LSMs.
const ADMIN: &[Check] = &[
    check(Capability, PERM, "the capability is missing"),
    check(Userns, PERM, "the capability is held in a child user namespace only"),
    check(Apparmor, PERM, "the profile lacks the capability"),
    check(Selinux, PERM, "the domain lacks the capability"),
];
const KERNEL_LOG: &[Check] = &[
    check(Sysctl, PERM, "kernel.dmesg_restrict"),
    check(Capability, PERM, "CAP_SYSLOG is missing"),
    check(Selinux, ACCES, "the domain may not read the log"),
];
/// `may_init_module`, `kexec_load_permitted`.
const CODE: &[Check] = &[
    check(Capability, PERM, "CAP_SYS_MODULE or CAP_SYS_BOOT is missing"),
    check(Userns, PERM, "the capability is held in a child user namespace only"),
    check(Sysctl, PERM, "kernel.modules_disabled or kernel.kexec_load_disabled"),
    check(Selinux, EITHER, "the domain may not load it"),
    check(Apparmor, PERM, "the profile lacks the capability"),
    check(Lockdown, PERM, "lockdown: unsigned code"),
    check(OtherLsm, EITHER, "LoadPin, IMA or IPE refuses the file"),
];
const UFFD: &[Check] = &[
    check(Sysctl, PERM, "vm.unprivileged_userfaultfd"),
    check(Capability, PERM, "CAP_SYS_PTRACE is missing"),
    check(Selinux, ACCES, "the domain may not create it"),
];
const SYSV: &[Check] = &[
    check(Dac, EITHER, "the object's mode or owner does not grant it"),
    check(Capability, EITHER, "CAP_IPC_OWNER is missing"),
    check(Rlimit, &[Errno::ENOSPC, Errno::ENOMEM, Errno::EPERM], "kernel.shm* limits or RLIMIT_MEMLOCK"),
    check(Selinux, ACCES, "the domain has no right on the object"),
];
const PORTS: &[Check] = &[
    check(Capability, PERM, "CAP_SYS_RAWIO is missing"),
    check(Lockdown, PERM, "lockdown: raw port access"),
];
const IOCTL: &[Check] = &[
    check(Selinux, ACCES, "the domain has no ioctl, or not this one, on the type"),
    check(Landlock, ACCES, "the rule set does not grant ioctl on the device"),
    check(Capability, EITHER, "the driver asks for a capability"),
    check(Userns, PERM, "the capability is held in a child user namespace only"),
    check(Lockdown, PERM, "lockdown"),
    check(InodeFlags, PERM, "changing inode flags needs CAP_LINUX_IMMUTABLE"),
    check(Filesystem, ANY, "the driver or file system refuses"),
];
/// dbus-daemon: its own policy, then the LSMs' answer about sender and receiver.
const DBUS: &[Check] = &[
    check(UserspacePolicy, EITHER, "the bus policy or polkit does not allow it"),
    check(Apparmor, ACCES, "dbus-daemon asks AppArmor, and the profile has no dbus rule"),
    check(Selinux, ACCES, "dbus-daemon asks SELinux, and the domain has no send_msg"),
];
/// `netlink_net_capable`.
const NETLINK: &[Check] = &[
    check(Selinux, ACCES, "the domain has no right on the netlink socket"),
    check(Capability, PERM, "CAP_NET_ADMIN (or CAP_AUDIT_*) is missing"),
    check(Userns, PERM, "the network namespace belongs to another user namespace"),
    check(Sysctl, PERM, "Ubuntu's userns restriction took the capabilities away"),
    check(Apparmor, PERM, "the profile lacks the capability"),
];
const NONE: &[Check] = &[];

/// The sequences of `call`.
pub(super) fn parts(call: Call) -> &'static [&'static [Check]] {
    match call {
        Call::Socket => &[SOCKET],
        Call::Socketpair => &[PAIR],
        Call::Bind => &[BIND],
        Call::Connect => &[CONNECT],
        Call::Listen
        | Call::Accept
        | Call::Send
        | Call::Recv
        | Call::Setsockopt
        | Call::Shutdown
        | Call::Sockname => &[SOCKET_USE],
        Call::Kill => &[KILL],
        Call::Ptrace => &[PTRACE],
        Call::Mount => &[MOUNT],
        Call::Umount | Call::PivotRoot => &[UMOUNT],
        Call::Chroot => &[CHROOT],
        Call::Clone => &[CLONE],
        Call::UsernsCreate => &[USERNS],
        Call::Unshare | Call::Setns => &[NAMESPACE],
        Call::IdMap => &[IDMAP],
        Call::Setuid | Call::Setgid | Call::Setgroups => &[IDS],
        Call::SeccompInstall => &[SANDBOX],
        Call::LandlockRestrict => &[LANDLOCK],
        Call::LabelChange => &[LABEL],
        Call::PolicyLoad => &[POLICY],
        Call::PerfEventOpen => &[PERF],
        Call::Bpf => &[BPF],
        Call::IoUring => &[URING],
        Call::Keyctl => &[KEYS],
        Call::Sched => &[SCHED],
        Call::Setpriority => &[NICE],
        Call::Setrlimit => &[LIMITS],
        Call::Mlock => &[MLOCK],
        Call::Mempolicy => &[POLICY_NUMA],
        Call::Syslog => &[KERNEL_LOG],
        Call::Module | Call::Kexec => &[CODE],
        Call::Userfaultfd => &[UFFD],
        Call::Sysvipc => &[SYSV],
        Call::Ioperm => &[PORTS],
        Call::Ioctl => &[IOCTL],
        Call::Dbus => &[DBUS],
        Call::Netlink => &[NETLINK],
        Call::Capset
        | Call::Prctl
        | Call::Fanotify
        | Call::Sethostname
        | Call::Settime
        | Call::Reboot
        | Call::Swap
        | Call::Quota
        | Call::Acct => &[ADMIN],
        _ => &[NONE],
    }
}
