//! What the kernel answers, and which of its checks decided.

use crate::id::CapabilitySet;
use crate::world::NodeId;
use serde::{Deserialize, Serialize};
use whodenied_kernel::{Capability, Errno, Layer};

/// Whose permission bits counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// The subject owns it: the owner's bits, whatever a list says.
    Owner,
    /// Its group is one of the subject's.
    Group,
    /// Neither.
    Other,
    /// The list names the subject; the mask limits it.
    ListUser(u32),
    /// The list names one of the subject's groups, or its group is; the mask limits it.
    ListGroup,
    /// The list names neither.
    ListOther,
}

/// The check that refused, named after what it guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Rule {
    /// ENOENT, `getname_flags` (fs/namei.c): an empty path.
    EmptyPath,
    /// ENAMETOOLONG, `getname_flags` and the file system's `lookup`: above 4095 bytes, or a name above 255.
    LongName,
    /// ENOENT, `handle_mounts`, `lookup_one_qstr_excl` (fs/namei.c): no such entry.
    NoEntry,
    /// ENOTDIR, `link_path_walk`, `path_lookupat`, `do_open` (fs/namei.c): not a directory.
    NotDirectory,
    /// ELOOP, `pick_link` (fs/namei.c): the 41st symbolic link.
    ManyLinks,
    /// ELOOP, `may_open` (fs/namei.c): `O_NOFOLLOW` and a symbolic link.
    LinkNotFollowed,
    /// ELOOP, `pick_link` (fs/namei.c): a symbolic link on a `nosymfollow` mount.
    NoSymFollow,
    /// EACCES, `may_follow_link` (fs/namei.c): `fs.protected_symlinks`, in a sticky world-writable directory.
    ProtectedSymlink,
    /// EACCES, `acl_permission_check`, `posix_acl_permission` (fs/namei.c, fs/posix_acl.c): the bits of
    /// this class do not grant it, and no capability overrides them (`generic_permission`).
    Permission(Class),
    /// EROFS, `sb_permission` (fs/namei.c): the file system is read-only.
    ReadOnlyFileSystem,
    /// EROFS, `mnt_want_write` (fs/namespace.c), `do_faccessat` (fs/open.c): the mount, or all of the
    /// file system, is read-only.
    ReadOnlyMount,
    /// EPERM, `inode_permission` (fs/namei.c), `may_setattr` (fs/attr.c), `may_write_xattr` (fs/xattr.c): immutable.
    Immutable,
    /// EPERM, `may_open`, `may_delete`, `vfs_link`, `vfs_truncate`, `may_setattr`: append-only.
    AppendOnly,
    /// EACCES, EPERM or EOVERFLOW, `HAS_UNMAPPED_ID`: the mount has no id for the inode's owner or group.
    UnmappedObject,
    /// EOVERFLOW, `fsuidgid_has_mapping` (include/linux/fs.h): the file system has no id for the subject.
    UnmappedSubject,
    /// EOVERFLOW, `notify_change` (fs/attr.c): the file system has no id for the new owner.
    UnmappedNewOwner,
    /// EINVAL, `chown_common` (fs/open.c): the subject's namespace does not map the new id.
    UnknownNewOwner,
    /// EINVAL, `cap_convert_nscap` (security/commoncap.c): the file system has no id for the root of the
    /// subject's namespace, for which file capabilities would count.
    UnmappedRoot,
    /// EACCES, `may_open_dev` (fs/namei.c): a device on a `nodev` mount.
    NoDev,
    /// EACCES, `path_noexec` (fs/exec.c): execution on a `noexec` mount.
    NoExec,
    /// EACCES, `may_open` (fs/namei.c): only regular files are executed.
    NotExecutableKind,
    /// EPERM, `may_open` (fs/namei.c): `O_NOATIME` is for the owner and CAP_FOWNER.
    NoAtime,
    /// EACCES, `may_create_in_sticky` (fs/namei.c): `O_CREAT` on another's file in a sticky directory,
    /// by `fs.protected_regular` or `fs.protected_fifos`; other special files without either.
    ProtectedSticky,
    /// EPERM, `may_linkat` (fs/namei.c): `fs.protected_hardlinks`.
    ProtectedHardlink,
    /// EPERM, `__check_sticky` (fs/namei.c): a sticky directory, and neither it nor the entry is the subject's.
    Sticky,
    /// EPERM, `inode_owner_or_capable` (fs/inode.c): only the owner, or CAP_FOWNER.
    NotOwner,
    /// EPERM, `chown_ok` (fs/attr.c): giving away needs CAP_CHOWN.
    GiveAway,
    /// EPERM, `chgrp_ok` (fs/attr.c): the owner may give it to his own groups only.
    ForeignGroup,
    /// EPERM, a capability asked for by itself: CAP_MKNOD (`vfs_mknod`), CAP_SYS_CHROOT (`chroot`),
    /// CAP_SYS_ADMIN (`xattr_permission`, `cap_inode_setxattr`).
    Capability(Capability),
    /// EPERM, `ovl_mknod` (fs/overlayfs/dir.c): the character device 0:0 on an overlay.
    Whiteout,
    /// EPERM or ENODATA, `xattr_permission` (fs/xattr.c): `user.` attributes are for files and directories.
    UserAttributeKind,
    /// EOPNOTSUPP, `xattr_resolve_name` (fs/xattr.c), `set_posix_acl` (fs/posix_acl.c): not here.
    AttributeUnsupported,
    /// EACCES, `set_posix_acl` (fs/posix_acl.c): a default list on what is no directory.
    DefaultListKind,
    /// ENODATA, the file system: no such attribute; for `trusted.` also without CAP_SYS_ADMIN.
    NoAttribute,
    /// EEXIST or EADDRINUSE, `filename_create`, `do_open` (fs/namei.c): it is there.
    Exists,
    /// EISDIR: a directory where something else is needed.
    IsDirectory,
    /// ENOTEMPTY, the file system's `rmdir` or `rename`: entries are left.
    NotEmpty,
    /// EBUSY, `vfs_rmdir`, `vfs_unlink`, `vfs_rename` (fs/namei.c): something is mounted there.
    MountPoint,
    /// EBUSY, EINVAL, ENOTEMPTY or EEXIST, `do_rmdir`, `do_renameat2`: the path ends in a dot or is the root.
    DotName,
    /// EXDEV, `do_linkat`, `do_renameat2` (fs/namei.c): two mounts.
    CrossMount,
    /// EINVAL or ENOTEMPTY, `do_renameat2` (fs/namei.c): one lies inside the other.
    Inside,
    /// EPERM, `vfs_link` (fs/namei.c): directories have no hard links.
    LinkDirectory,
    /// EINVAL, `build_open_flags` (fs/open.c), `vfs_truncate`, `do_readlinkat`: arguments that make no sense here.
    Arguments,
    /// ENXIO, `sock_no_open` (net/socket.c): a socket can't be opened.
    OpensSocket,
    /// ECONNREFUSED, `unix_find_bsd` (net/unix/af_unix.c): not a socket.
    NotSocket,
    /// EPERM, `bprm_caps_from_vfs_caps` (security/commoncap.c): the program's capabilities are effective at
    /// once, and the bounding set lacks these.
    FileCapabilities(CapabilitySet),
    /// ELOOP, `exec_binprm` (fs/exec.c): interpreters of interpreters, six deep.
    ManyInterpreters,
}

impl Rule {
    /// The layer it belongs to; `None` where it is no matter of rights: nothing there, or of another type.
    #[must_use]
    pub fn layer(self) -> Option<Layer> {
        Some(match self {
            Self::Permission(Class::ListUser(_) | Class::ListGroup | Class::ListOther) => Layer::Acl,
            Self::Permission(_)
            | Self::NotExecutableKind
            | Self::NoAtime
            | Self::Sticky
            | Self::NotOwner
            | Self::GiveAway
            | Self::ForeignGroup => Layer::Dac,
            Self::Capability(_) | Self::FileCapabilities(_) => Layer::Capability,
            Self::ReadOnlyFileSystem | Self::ReadOnlyMount => Layer::Readonly,
            Self::NoSymFollow | Self::NoDev | Self::NoExec => Layer::MountFlags,
            Self::Immutable | Self::AppendOnly => Layer::InodeFlags,
            Self::ProtectedSymlink | Self::ProtectedSticky | Self::ProtectedHardlink => Layer::Sysctl,
            Self::UnmappedObject
            | Self::UnmappedSubject
            | Self::UnmappedNewOwner
            | Self::UnknownNewOwner
            | Self::UnmappedRoot => Layer::Userns,
            Self::AttributeUnsupported | Self::LinkDirectory | Self::Whiteout => Layer::Filesystem,
            Self::EmptyPath
            | Self::LongName
            | Self::NoEntry
            | Self::NotDirectory
            | Self::ManyLinks
            | Self::LinkNotFollowed
            | Self::UserAttributeKind
            | Self::DefaultListKind
            | Self::NoAttribute
            | Self::Exists
            | Self::IsDirectory
            | Self::NotEmpty
            | Self::MountPoint
            | Self::DotName
            | Self::CrossMount
            | Self::Inside
            | Self::Arguments
            | Self::OpensSocket
            | Self::NotSocket
            | Self::ManyInterpreters => return None,
        })
    }

    /// The kernel function that makes the check, as the comments above name it; the first where it is
    /// made in several.
    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Self::EmptyPath | Self::LongName => "getname_flags",
            Self::NoEntry => "handle_mounts",
            Self::NotDirectory => "link_path_walk",
            Self::ManyLinks | Self::NoSymFollow => "pick_link",
            Self::LinkNotFollowed | Self::AppendOnly | Self::NotExecutableKind | Self::NoAtime => "may_open",
            Self::ProtectedSymlink => "may_follow_link",
            Self::Permission(Class::ListUser(_) | Class::ListGroup | Class::ListOther) => {
                "posix_acl_permission"
            }
            Self::Permission(_) => "acl_permission_check",
            Self::ReadOnlyFileSystem => "sb_permission",
            Self::ReadOnlyMount => "mnt_want_write",
            Self::Immutable | Self::UnmappedObject => "inode_permission",
            Self::UnmappedSubject => "fsuidgid_has_mapping",
            Self::UnmappedNewOwner => "notify_change",
            Self::UnknownNewOwner => "chown_common",
            Self::UnmappedRoot => "cap_convert_nscap",
            Self::FileCapabilities(_) => "bprm_caps_from_vfs_caps",
            Self::NoDev => "may_open_dev",
            Self::NoExec => "path_noexec",
            Self::ProtectedSticky => "may_create_in_sticky",
            Self::ProtectedHardlink => "may_linkat",
            Self::Sticky => "__check_sticky",
            Self::NotOwner => "inode_owner_or_capable",
            Self::GiveAway => "chown_ok",
            Self::ForeignGroup => "chgrp_ok",
            Self::Capability(Capability::MKNOD) => "vfs_mknod",
            Self::Capability(Capability::SYS_CHROOT) => "chroot",
            Self::Capability(Capability::SETFCAP) => "cap_convert_nscap",
            Self::Capability(_) | Self::UserAttributeKind | Self::NoAttribute => "xattr_permission",
            Self::AttributeUnsupported => "xattr_resolve_name",
            Self::DefaultListKind => "set_posix_acl",
            Self::Exists => "filename_create",
            Self::IsDirectory => "may_delete",
            Self::NotEmpty => "simple_empty",
            Self::MountPoint => "is_local_mountpoint",
            Self::DotName | Self::CrossMount | Self::Inside => "do_renameat2",
            Self::LinkDirectory => "vfs_link",
            Self::Whiteout => "ovl_mknod",
            Self::Arguments => "build_open_flags",
            Self::OpensSocket => "sock_no_open",
            Self::NotSocket => "unix_find_bsd",
            Self::ManyInterpreters => "exec_binprm",
        }
    }
}

/// A refusal: the errno the program sees, the check that gave it, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What the call returns.
    pub errno: Errno,
    /// Which check refused.
    pub rule: Rule,
    /// The file or directory that was checked; for an absent entry the directory it was looked for in.
    /// `None` when the arguments alone were refused.
    pub at: Option<NodeId>,
    /// Which of the call's paths it was about, from 0.
    pub operand: usize,
    /// The `rwx` bits that were asked for, where bits were.
    pub wanted: u8,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// Nothing that this crate knows refuses.
    Allowed,
    /// The kernel refuses.
    Refused(Refusal),
    /// Something on the way could not be read: this node, or an entry of it.
    Unknown(NodeId),
}

impl Decision {
    /// The errno of a refusal.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused(refusal) => Some(refusal.errno),
            _ => None,
        }
    }

    /// True when nothing refuses.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        *self == Self::Allowed
    }
}
