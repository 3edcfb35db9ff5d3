//! Calls on files and directories.

use super::{ACCES, ANY, Check, PERM, ROFS, check};
use crate::Layer::{
    Acl, Apparmor, Capability, Dac, DeviceCgroup, Filesystem, InodeFlags, Landlock, Lockdown, MountFlags,
    NoNewPrivs, OtherLsm, Readonly, Rlimit, Selinux, Sysctl, Userns, Yama,
};
use crate::{Call, Errno};

const OVERFLOW: &[Errno] = &[Errno::EOVERFLOW];
const INVAL: &[Errno] = &[Errno::EINVAL];
const REFER: &[Errno] = &[Errno::EACCES, Errno::EXDEV];
const EITHER: &[Errno] = &[Errno::EACCES, Errno::EPERM];

/// Each directory on the way: `link_path_walk`, `may_lookup`, `inode_permission(MAY_EXEC)`.
const WALK: &[Check] = &[
    check(Dac, ACCES, "a directory on the way does not grant search (x) to these ids"),
    check(Acl, ACCES, "an access control list on the way does not grant search"),
    check(Capability, ACCES, "root lacks CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH, so modes bind it too"),
    check(Userns, ACCES, "a directory belongs to an id that is not mapped, so the capabilities do not count"),
    check(Selinux, ACCES, "the domain may not search a directory's type"),
];

/// `inode_permission` on the object itself: superblock, flags, mode, device cgroup, LSM.
const OBJECT: &[Check] = &[
    check(Readonly, ROFS, "the mount or file system is read-only and the call writes"),
    check(InodeFlags, PERM, "the file is immutable and the call writes"),
    check(Userns, ACCES, "the owner is not mapped in this user namespace"),
    check(Dac, ACCES, "the mode bits do not grant it to these ids"),
    check(Acl, ACCES, "the access control list does not grant it"),
    check(Capability, ACCES, "root lacks CAP_DAC_OVERRIDE, so the mode bits bind it too"),
    check(DeviceCgroup, PERM, "the device is not in the cgroup's list"),
    check(Selinux, ACCES, "the domain has no such right on the type"),
];

/// `may_open`, `do_dentry_open`.
const OPEN_BEFORE: &[Check] = &[
    check(Sysctl, ACCES, "fs.protected_regular or fs.protected_fifos, in a sticky directory"),
    check(MountFlags, ACCES, "a device on a nodev mount"),
];
const OPEN_AFTER: &[Check] = &[
    check(InodeFlags, PERM, "an append-only file opened for plain writing"),
    check(Dac, PERM, "O_NOATIME by another than the owner"),
    check(Apparmor, ACCES, "the profile has no rule for the path, or a deny rule"),
    check(Landlock, ACCES, "the rule set does not hold the path"),
    check(OtherLsm, EITHER, "IMA, a BPF program or a fanotify listener refuses"),
    check(Yama, ACCES, "a private /proc file of a process that may not be traced"),
    check(Lockdown, PERM, "/dev/mem, /dev/port, /proc/kcore or a tracing file under lockdown"),
    check(Capability, EITHER, "the driver or /proc file asks for a capability"),
];
const SERVED: &[Check] = &[check(Filesystem, ANY, "a server or FUSE program decides for itself")];

/// `filename_create`, `may_o_create`: the path hooks of AppArmor and Landlock come before the
/// test of the parent directory's mode (`may_create`).
const MAKE: &[Check] = &[
    check(Readonly, ROFS, "the mount is read-only (mnt_want_write)"),
    check(Apparmor, ACCES, "the profile does not allow creating the path (path_mknod, path_mkdir)"),
    check(Landlock, ACCES, "the rule set does not allow making such an object there"),
    check(Userns, OVERFLOW, "the caller's ids have no mapping on that file system"),
    check(InodeFlags, PERM, "the directory is immutable"),
    check(Userns, ACCES, "the directory's owner is not mapped"),
    check(Dac, ACCES, "the directory is not writable for these ids"),
    check(Acl, ACCES, "the directory's access control list does not grant writing"),
    check(Capability, ACCES, "root lacks CAP_DAC_OVERRIDE and does not own the directory"),
    check(Selinux, ACCES, "the domain may not add or create there"),
];

/// `do_unlinkat`, `do_renameat2`: path hooks, then `may_delete`.
const REMOVE: &[Check] = &[
    check(Readonly, ROFS, "the mount is read-only (mnt_want_write)"),
    check(Apparmor, ACCES, "the profile does not allow it for the path"),
    check(Landlock, REFER, "the rule set does not allow it; EXDEV when moving between directories"),
    check(Userns, OVERFLOW, "the object's ids are not mapped"),
    check(InodeFlags, PERM, "the object or its directory is immutable or append-only"),
    check(Dac, ACCES, "the directory is not writable for these ids"),
    check(Acl, ACCES, "the directory's access control list does not grant writing"),
    check(Capability, ACCES, "root lacks CAP_DAC_OVERRIDE and does not own the directory"),
    check(Dac, PERM, "a sticky directory, and the object belongs to another"),
    check(Selinux, ACCES, "the domain may not remove there"),
];

/// `may_linkat` of `do_linkat`.
const LINK: &[Check] = &[
    check(Sysctl, PERM, "fs.protected_hardlinks, and the file belongs to another"),
    check(Userns, OVERFLOW, "the file's ids are not mapped"),
];

/// `vfs_mknod`.
const NODE: &[Check] = &[
    check(Capability, PERM, "CAP_MKNOD is missing, for a device"),
    check(DeviceCgroup, PERM, "the device cgroup does not grant mknod (m)"),
    check(Userns, PERM, "device nodes can't be made in a user namespace"),
];

/// `chmod_common`, `notify_change`, `setattr_prepare`.
const ATTRIBUTES: &[Check] = &[
    check(Readonly, ROFS, "the mount is read-only (mnt_want_write)"),
    check(Apparmor, ACCES, "the profile does not allow it for the path (path_chmod, path_chown)"),
    check(InodeFlags, PERM, "the file is immutable or append-only"),
    check(Userns, PERM, "the file's owner is not mapped, so the capability does not count"),
    check(Dac, PERM, "the caller does not own the file"),
    check(Capability, PERM, "CAP_FOWNER is missing, and the caller does not own the file"),
    check(Selinux, ACCES, "the domain has no setattr on the type"),
];

/// `chown_common`, `setattr_prepare`, `chown_ok`.
const OWNER: &[Check] = &[
    check(Userns, INVAL, "the new id is not mapped in this user namespace"),
    check(Readonly, ROFS, "the mount is read-only (mnt_want_write)"),
    check(Apparmor, ACCES, "the profile does not allow it for the path (path_chown)"),
    check(Userns, OVERFLOW, "the new id has no mapping on that file system"),
    check(InodeFlags, PERM, "the file is immutable or append-only"),
    check(Userns, PERM, "the file's owner is not mapped, so CAP_CHOWN does not count for it"),
    check(Dac, PERM, "only root may give files away"),
    check(Capability, PERM, "CAP_CHOWN is missing"),
    check(Selinux, ACCES, "the domain has no setattr on the type"),
];

/// `xattr_permission`, `cap_inode_setxattr`.
const XATTR: &[Check] = &[
    check(Readonly, ROFS, "the mount is read-only (mnt_want_write)"),
    check(InodeFlags, PERM, "the file is immutable or append-only"),
    check(Userns, PERM, "the file's owner is not mapped"),
    check(Dac, EITHER, "the mode does not grant it, or the attribute is the owner's"),
    check(Capability, PERM, "trusted.* and security.* need CAP_SYS_ADMIN or CAP_SETFCAP"),
    check(Apparmor, ACCES, "the profile does not allow setting attributes of the path"),
    check(Selinux, ACCES, "the domain may not relabel or set attributes"),
];

/// `do_open_execat`, `security_bprm_check`, `cap_bprm_creds_from_file`.
const EXEC: &[Check] = &[
    check(MountFlags, ACCES, "the mount is noexec; nosuid takes the setuid bit away without a word"),
    check(Dac, ACCES, "the file, or a script's interpreter, is not executable for these ids"),
    check(Acl, ACCES, "the access control list does not grant execution"),
    check(Capability, ACCES, "no x bit is set at all; without one not even root executes"),
    check(Selinux, ACCES, "the domain may not execute the type, or may not enter the new domain"),
    check(Apparmor, ACCES, "the profile has no execute rule for the path"),
    check(Landlock, ACCES, "the rule set does not grant execution of the path"),
    check(OtherLsm, EITHER, "IMA appraisal, IPE or fapolicyd refuses the program"),
    check(NoNewPrivs, PERM, "the profile change would gain rights; setuid bits are ignored without a word"),
    check(Capability, PERM, "the file's capabilities are not in the bounding set"),
];

/// `do_mmap`, `security_mmap_file`.
const MAP: &[Check] = &[
    check(MountFlags, PERM, "PROT_EXEC on a noexec mount"),
    check(Dac, ACCES, "the file was not opened for this access"),
    check(Rlimit, &[Errno::EAGAIN, Errno::EPERM], "RLIMIT_MEMLOCK, with MAP_LOCKED"),
    check(Rlimit, &[Errno::ENOMEM], "RLIMIT_AS or RLIMIT_DATA"),
    check(Sysctl, EITHER, "below vm.mmap_min_addr"),
    check(Selinux, ACCES, "execute on the file's type, or execmem, execmod, execstack, execheap"),
    check(Apparmor, ACCES, "the profile has no m for the path"),
    check(OtherLsm, EITHER, "IMA appraisal or IPE refuses executable pages"),
];

/// `do_mprotect_pkey`.
const PROTECT: &[Check] = &[
    check(MountFlags, ACCES, "PROT_EXEC on pages of a noexec mount"),
    check(Selinux, ACCES, "execmem, execmod, execstack or execheap"),
    check(Apparmor, ACCES, "the profile has no m for the path"),
];

/// `security_file_permission` at each read and write of an open file, and what handlers ask.
const HELD: &[Check] = &[
    check(Apparmor, ACCES, "the profile or label changed after the file was opened"),
    check(Selinux, ACCES, "the label changed after the file was opened"),
    check(InodeFlags, PERM, "the file is immutable or append-only"),
    check(Capability, EITHER, "the handler of a /proc, /sys or device file asks for a capability"),
    check(Userns, EITHER, "the handler asks for a capability over the first user namespace"),
    check(Lockdown, PERM, "a kernel file under lockdown"),
    check(Rlimit, &[Errno::EFBIG], "RLIMIT_FSIZE"),
];

const GETATTR: &[Check] = &[
    check(Selinux, ACCES, "the domain has no getattr on the type"),
    check(Apparmor, ACCES, "the profile has no read or getattr for the path"),
];
const LOCK: &[Check] = &[
    check(Selinux, ACCES, "the domain has no lock on the type"),
    check(Apparmor, ACCES, "the profile has no k for the path"),
];
const LIST: &[Check] = &[
    check(Selinux, ACCES, "the domain may not read the directory's type"),
    check(Apparmor, ACCES, "the profile has no read for the directory"),
    check(Landlock, ACCES, "the rule set does not grant reading the directory"),
];
/// `do_truncate`, `security_path_truncate`.
const SIZE: &[Check] = &[
    check(InodeFlags, PERM, "the file is append-only"),
    check(Apparmor, ACCES, "the profile has no write for the path"),
    check(Landlock, ACCES, "the rule set does not grant truncation"),
];
/// `proc_sys_permission`, `proc_sys_call_handler`, `sysctl_perm`.
const SYSCTL: &[Check] = &[
    check(Readonly, ROFS, "/proc/sys is mounted read-only in the container"),
    check(Dac, ACCES, "the sysctl's mode does not grant writing; root of the owning namespace only"),
    check(Userns, EITHER, "the sysctl belongs to the first user namespace"),
    check(Selinux, ACCES, "the domain may not write the sysctl's type"),
    check(Apparmor, ACCES, "the profile denies writing under /proc/sys or /sys"),
    check(Landlock, ACCES, "the rule set does not hold the path"),
    check(Capability, PERM, "the sysctl's handler asks for a capability"),
    check(Sysctl, EITHER, "the handler refuses the value or is locked at its value"),
];
/// `do_inotify_init`, `inotify_add_watch`.
const INOTIFY: &[Check] = &[
    check(Rlimit, &[Errno::EMFILE, Errno::ENOSPC], "fs.inotify.max_user_instances or max_user_watches"),
    check(Sysctl, &[Errno::EMFILE, Errno::ENOSPC], "fs.inotify.max_user_instances or max_user_watches"),
];
/// `do_mq_open`.
const MQUEUE: &[Check] = &[
    check(Rlimit, &[Errno::EMFILE, Errno::ENOSPC], "RLIMIT_MSGQUEUE or fs.mqueue limits"),
    check(Apparmor, ACCES, "the profile mediates message queues and has no rule for this one"),
];

/// The sequences of `call`, `None` when it is not on files.
pub(super) fn parts(call: Call) -> Option<&'static [&'static [Check]]> {
    Some(match call {
        Call::Open => &[WALK, OPEN_BEFORE, OBJECT, OPEN_AFTER, SERVED],
        Call::Create => &[WALK, MAKE, SERVED],
        Call::Mkdir | Call::Symlink => &[WALK, MAKE, SERVED],
        Call::Mknod => &[WALK, MAKE, NODE, SERVED],
        Call::Unlink | Call::Rename => &[WALK, REMOVE, SERVED],
        Call::Link => &[WALK, LINK, REMOVE, SERVED],
        Call::Chmod | Call::Utime => &[WALK, ATTRIBUTES, SERVED],
        Call::Chown => &[WALK, OWNER, SERVED],
        Call::Truncate => &[WALK, OBJECT, SIZE, SERVED],
        Call::Xattr => &[WALK, XATTR, SERVED],
        Call::Exec => &[WALK, EXEC, SERVED],
        Call::Mmap => &[MAP, SERVED],
        Call::Mprotect => &[PROTECT],
        Call::Read | Call::Write => &[HELD, SERVED],
        Call::Stat | Call::Readlink => &[WALK, GETATTR, SERVED],
        Call::Access | Call::Chdir => &[WALK, OBJECT, GETATTR, SERVED],
        Call::Readdir => &[WALK, OBJECT, LIST, SERVED],
        Call::Flock | Call::Fadvise => &[LOCK, SERVED],
        Call::SysctlWrite => &[WALK, SYSCTL],
        Call::Inotify => &[INOTIFY, WALK, OBJECT],
        Call::Mqueue => &[MQUEUE, OBJECT],
        _ => return None,
    })
}
