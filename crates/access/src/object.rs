//! What is accessed: inodes, the mounts they are seen through and the file systems they lie on.

use crate::id::{CapabilitySet, IdMaps, UserNamespace};
use serde::{Deserialize, Serialize};

/// `r`, as in `MAY_READ`.
pub const READ: u8 = 4;
/// `w`, as in `MAY_WRITE`.
pub const WRITE: u8 = 2;
/// `x`, as in `MAY_EXEC`; on a directory, search.
pub const EXECUTE: u8 = 1;

/// `S_ISUID`.
pub const SETUID: u16 = 0o4000;
/// `S_ISGID`.
pub const SETGID: u16 = 0o2000;
/// `S_ISVTX`.
pub const STICKY: u16 = 0o1000;

/// The type of an inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    Character,
    /// A block device.
    Block,
}

impl Kind {
    /// `special_file`: neither file, directory nor link.
    #[must_use]
    pub fn is_special(self) -> bool {
        !matches!(self, Self::File | Self::Directory | Self::Symlink)
    }

    /// True for devices.
    #[must_use]
    pub fn is_device(self) -> bool {
        matches!(self, Self::Character | Self::Block)
    }
}

/// An access control list, `struct posix_acl`; permissions are `rwx` bits, ids are global.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Acl {
    /// `user::`.
    pub owner: u8,
    /// `user:ID:`, each id once.
    pub users: Vec<(u32, u8)>,
    /// `group::`.
    pub group: u8,
    /// `group:ID:`, each id once.
    pub groups: Vec<(u32, u8)>,
    /// `mask::`, there when there are named entries.
    pub mask: Option<u8>,
    /// `other::`.
    pub other: u8,
}

/// The attribute `security.capability`, `struct cpu_vfs_cap_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct FileCapabilities {
    /// `p`: gained where the bounding set has them.
    pub permitted: CapabilitySet,
    /// `i`: kept where the subject's inheritable set has them.
    pub inheritable: CapabilitySet,
    /// `e`: effective at once, and therefore all or nothing.
    pub effective: bool,
    /// The user who is root in the namespaces they count for, global; 0 unless the attribute says.
    pub root: u32,
}

/// An inode as the file system keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent properties of an inode")]
pub struct Inode {
    /// Its number, which tells it apart on its file system.
    pub number: u64,
    /// Its type.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: 0o7777. With an access control list the
    /// group bits are its mask, as `stat` shows it.
    pub mode: u16,
    /// Owner, global, before any idmapped mount.
    pub uid: u32,
    /// Group, likewise.
    pub gid: u32,
    /// The access control list, if it has more than the mode says.
    pub acl: Option<Acl>,
    /// `chattr +i`.
    pub immutable: bool,
    /// `chattr +a`.
    pub append_only: bool,
    /// Names of its extended attributes, as `user.note`.
    pub attributes: Vec<Vec<u8>>,
    /// Where a symbolic link points.
    pub target: Vec<u8>,
    /// The interpreter that the first line of a script names.
    pub interpreter: Option<Vec<u8>>,
    /// The capabilities a program gains.
    pub capabilities: Option<FileCapabilities>,
    /// A directory without entries.
    pub empty: bool,
}

impl Inode {
    /// An inode of this type without anything special.
    #[must_use]
    pub fn new(kind: Kind, mode: u16, uid: u32, gid: u32) -> Self {
        Self {
            number: 0,
            kind,
            mode,
            uid,
            gid,
            acl: None,
            immutable: false,
            append_only: false,
            attributes: Vec::new(),
            target: Vec::new(),
            interpreter: None,
            capabilities: None,
            empty: true,
        }
    }

    /// True for a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.kind == Kind::Directory
    }
}

/// A mount: its own flags, of this place only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent mount options")]
pub struct Mount {
    /// Tells mounts apart, as the first column of mountinfo.
    pub id: u64,
    /// `ro` of this mount; a read-only file system is [`FileSystem::read_only`].
    pub read_only: bool,
    /// `noexec`.
    pub no_exec: bool,
    /// `nodev`.
    pub no_dev: bool,
    /// `nosuid`.
    pub no_suid: bool,
    /// `nosymfollow`.
    pub no_symfollow: bool,
    /// The map of an idmapped mount: from the file system's ids to those seen here.
    pub maps: Option<IdMaps>,
}

/// A mounted file system, `struct super_block`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent properties of a superblock")]
pub struct FileSystem {
    /// Tells file systems apart.
    pub id: u64,
    /// `ro` of the superblock (the last column of mountinfo).
    pub read_only: bool,
    /// `SB_I_NODEV`: mounted in a user namespace other than the first, so devices do nothing.
    pub no_dev: bool,
    /// `SB_I_NOEXEC`, as proc has it.
    pub no_exec: bool,
    /// `SB_POSIXACL`: it knows access control lists.
    pub acls: bool,
    /// It lets no attribute of an immutable inode change, not even for a `chown` that names no new owner
    /// (`ext4_setattr`, `f2fs_setattr`).
    pub strict_immutable: bool,
    /// An overlay: its own mark for removed entries, the character device 0:0, can't be made (`ovl_mknod`).
    pub no_whiteouts: bool,
    /// The user namespace it was mounted in.
    pub namespace: UserNamespace,
}

impl FileSystem {
    /// A writable file system of the first user namespace.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self {
            id,
            read_only: false,
            no_dev: false,
            no_exec: false,
            acls: true,
            strict_immutable: false,
            no_whiteouts: false,
            namespace: UserNamespace::first(),
        }
    }
}
