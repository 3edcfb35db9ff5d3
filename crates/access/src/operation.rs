//! What is asked for.

use crate::object::Kind;
use serde::{Deserialize, Serialize};

/// The flags of `open(2)` that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent flags of a call")]
pub struct OpenFlags {
    /// `O_RDONLY` or `O_RDWR`.
    pub read: bool,
    /// `O_WRONLY` or `O_RDWR`.
    pub write: bool,
    /// `O_CREAT`.
    pub create: bool,
    /// `O_EXCL`.
    pub exclusive: bool,
    /// `O_TRUNC`.
    pub truncate: bool,
    /// `O_APPEND`.
    pub append: bool,
    /// `O_DIRECTORY`.
    pub directory: bool,
    /// `O_NOFOLLOW`.
    pub no_follow: bool,
    /// `O_NOATIME`.
    pub no_atime: bool,
    /// `O_TMPFILE`, which brings `O_DIRECTORY` with it.
    pub temporary: bool,
    /// `O_PATH`.
    pub path_only: bool,
}

/// What `renameat2(2)` may do with the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RenameHow {
    /// Replace it.
    Replace,
    /// `RENAME_NOREPLACE`.
    NoReplace,
    /// `RENAME_EXCHANGE`.
    Exchange,
}

/// The times given to `utimensat(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Times {
    /// None given, or both `UTIME_NOW`.
    Now,
    /// A time, or only one of the two now.
    Given,
    /// Both `UTIME_OMIT`.
    Neither,
}

/// A call on files. Paths are bytes as the program passes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// `open`, `openat`, `creat`; a directory is read by opening it.
    Open {
        /// What to open.
        path: Vec<u8>,
        /// How.
        flags: OpenFlags,
    },
    /// `access`, `faccessat`.
    Access {
        /// What to ask for.
        path: Vec<u8>,
        /// `rwx` bits; 0 is `F_OK`.
        want: u8,
        /// `AT_EACCESS`: for the effective ids.
        effective: bool,
        /// Not `AT_SYMLINK_NOFOLLOW`.
        follow: bool,
    },
    /// `stat`, `lstat`.
    Stat {
        /// Of what.
        path: Vec<u8>,
        /// Not `lstat`.
        follow: bool,
    },
    /// `readlink`.
    ReadLink {
        /// Of what.
        path: Vec<u8>,
    },
    /// `chdir`.
    ChangeDirectory {
        /// Where to.
        path: Vec<u8>,
    },
    /// `chroot`.
    ChangeRoot {
        /// Where to.
        path: Vec<u8>,
    },
    /// `mkdir`.
    MakeDirectory {
        /// What to make.
        path: Vec<u8>,
    },
    /// `mknod`.
    MakeNode {
        /// What to make.
        path: Vec<u8>,
        /// Of which type.
        kind: Kind,
        /// Device number, major and minor.
        device: (u32, u32),
    },
    /// `symlink`.
    MakeSymlink {
        /// What to make; what it points to does not matter.
        path: Vec<u8>,
    },
    /// `link`, `linkat`.
    Link {
        /// What is there.
        from: Vec<u8>,
        /// Its new name.
        to: Vec<u8>,
        /// `AT_SYMLINK_FOLLOW`.
        follow: bool,
    },
    /// `rename`, `renameat2`.
    Rename {
        /// What is there.
        from: Vec<u8>,
        /// Its new name.
        to: Vec<u8>,
        /// What happens to one that is there.
        how: RenameHow,
    },
    /// `unlink`.
    Unlink {
        /// What to remove.
        path: Vec<u8>,
    },
    /// `rmdir`.
    RemoveDirectory {
        /// What to remove.
        path: Vec<u8>,
    },
    /// `chmod`, which follows links.
    ChangeMode {
        /// Of what.
        path: Vec<u8>,
        /// The new bits; nothing here depends on them.
        mode: u16,
    },
    /// `chown`, `lchown`; ids in the subject's own namespace, `None` for -1.
    ChangeOwner {
        /// Of what.
        path: Vec<u8>,
        /// New owner.
        uid: Option<u32>,
        /// New group.
        gid: Option<u32>,
        /// Not `lchown`.
        follow: bool,
    },
    /// `utime`, `utimensat`.
    SetTimes {
        /// Of what.
        path: Vec<u8>,
        /// Which.
        times: Times,
        /// Not `AT_SYMLINK_NOFOLLOW`.
        follow: bool,
    },
    /// `truncate`.
    Truncate {
        /// What.
        path: Vec<u8>,
    },
    /// `setxattr`, `lsetxattr`, with a well-formed value.
    SetAttribute {
        /// Of what.
        path: Vec<u8>,
        /// Full name, as `user.note`.
        name: Vec<u8>,
        /// Not `lsetxattr`.
        follow: bool,
    },
    /// `getxattr`, `lgetxattr`.
    GetAttribute {
        /// Of what.
        path: Vec<u8>,
        /// Full name.
        name: Vec<u8>,
        /// Not `lgetxattr`.
        follow: bool,
    },
    /// `removexattr`, `lremovexattr`.
    RemoveAttribute {
        /// Of what.
        path: Vec<u8>,
        /// Full name.
        name: Vec<u8>,
        /// Not `lremovexattr`.
        follow: bool,
    },
    /// `execve`: up to the point where the program's format is read.
    Execute {
        /// What.
        path: Vec<u8>,
    },
    /// `connect` to a unix socket.
    Connect {
        /// Where it is.
        path: Vec<u8>,
    },
    /// `bind` of a unix socket.
    Bind {
        /// Where it shall be.
        path: Vec<u8>,
    },
}

impl Operation {
    /// Its paths, in the order of the call's arguments.
    #[must_use]
    pub fn paths(&self) -> Vec<&[u8]> {
        match self {
            Self::Link { from, to, .. } | Self::Rename { from, to, .. } => vec![from, to],
            Self::Open { path, .. }
            | Self::Access { path, .. }
            | Self::Stat { path, .. }
            | Self::ReadLink { path }
            | Self::ChangeDirectory { path }
            | Self::ChangeRoot { path }
            | Self::MakeDirectory { path }
            | Self::MakeNode { path, .. }
            | Self::MakeSymlink { path }
            | Self::Unlink { path }
            | Self::RemoveDirectory { path }
            | Self::ChangeMode { path, .. }
            | Self::ChangeOwner { path, .. }
            | Self::SetTimes { path, .. }
            | Self::Truncate { path }
            | Self::SetAttribute { path, .. }
            | Self::GetAttribute { path, .. }
            | Self::RemoveAttribute { path, .. }
            | Self::Execute { path }
            | Self::Connect { path }
            | Self::Bind { path } => vec![path],
        }
    }
}
