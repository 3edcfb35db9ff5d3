//! What one state of a policy allows: the kernel's `struct aa_perms` (`include/perms.h`).

use std::fmt;

/// Permission bits of `aa_perms`. One number means different things in different classes, as the kernel
/// has it: the names here are those of the kernel without their prefix.
pub mod bit {
    /// Execute (files), `MAY_EXEC`.
    pub const EXEC: u32 = 1;
    /// Write; send; trace.
    pub const WRITE: u32 = 1 << 1;
    /// Read; receive.
    pub const READ: u32 = 1 << 2;
    /// Append.
    pub const APPEND: u32 = 1 << 3;
    /// Create; userns create; override_creds.
    pub const CREATE: u32 = 1 << 4;
    /// Delete; shutdown.
    pub const DELETE: u32 = 1 << 5;
    /// Open; connect; dbus bind.
    pub const OPEN: u32 = 1 << 6;
    /// Rename.
    pub const RENAME: u32 = 1 << 7;
    /// Set attributes.
    pub const SETATTR: u32 = 1 << 8;
    /// Get attributes.
    pub const GETATTR: u32 = 1 << 9;
    /// Set credentials.
    pub const SETCRED: u32 = 1 << 10;
    /// Get credentials.
    pub const GETCRED: u32 = 1 << 11;
    /// Change the mode.
    pub const CHMOD: u32 = 1 << 12;
    /// Change the owner.
    pub const CHOWN: u32 = 1 << 13;
    /// Change the group.
    pub const CHGRP: u32 = 1 << 14;
    /// Lock.
    pub const LOCK: u32 = 1 << 15;
    /// Map as a program, `AA_EXEC_MMAP`.
    pub const MMAP: u32 = 1 << 16;
    /// Change the protection of a mapping.
    pub const MPROT: u32 = 1 << 17;
    /// Make a hard link.
    pub const LINK: u32 = 1 << 18;
    /// Of a pair of link and target: the link may allow no more than the target.
    pub const LINK_SUBSET: u32 = LOCK;
    /// Accept a connection.
    pub const ACCEPT: u32 = 1 << 20;
    /// Bind.
    pub const BIND: u32 = 1 << 21;
    /// Listen.
    pub const LISTEN: u32 = 1 << 22;
    /// Set a socket option.
    pub const SETOPT: u32 = 1 << 24;
    /// Get a socket option.
    pub const GETOPT: u32 = 1 << 25;
    /// The walk must go on before it is decided.
    pub const CONT_MATCH: u32 = 1 << 27;
    /// Stack a profile.
    pub const STACK: u32 = 1 << 28;
    /// Change at the next exec.
    pub const ONEXEC: u32 = 1 << 29;
    /// Change the profile.
    pub const CHANGE_PROFILE: u32 = 1 << 30;
    /// Change into a hat.
    pub const CHANGE_HAT: u32 = 1 << 31;
}

/// The permissions of one state, in the kernel's normal form. Masks are those of [`bit`].
///
/// Deny rules are already applied by every known compiler: `deny` is empty, what was denied is absent from
/// `allow` and stands in `quiet` unless the rule said `audit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Perms {
    /// What is allowed.
    pub allow: u32,
    /// What is denied explicitly.
    pub deny: u32,
    /// What is allowed for everything below (subset of `allow`).
    pub subtree: u32,
    /// What is allowed under a condition.
    pub cond: u32,
    /// What kills the task.
    pub kill: u32,
    /// What is allowed and recorded as in complain mode.
    pub complain: u32,
    /// What is asked of a daemon in user space.
    pub prompt: u32,
    /// What is recorded although allowed.
    pub audit: u32,
    /// What leaves no record although refused.
    pub quiet: u32,
    /// What is answered with ENOENT instead of EACCES.
    pub hide: u32,
    /// Which profile an exec changes to.
    pub xindex: Transition,
    /// Index of a tag in the policy's tables.
    pub tag: u32,
    /// Index of a label in the policy's tables.
    pub label: u32,
}

/// Which profile an exec changes to: the kernel's `xindex` word (`include/domain.h`, `AA_X_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Transition(pub u32);

/// The kinds of transitions, by the type bits of the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransitionKind {
    /// No named profile: what is inherited or unconfined, by the flags.
    None,
    /// The profile that attaches to the program's path.
    Name,
    /// An entry of the transition table.
    Table(u32),
}

impl Transition {
    const INDEX: u32 = 0x00ff_ffff;
    const KIND: u32 = 0x0c00_0000;
    const NAME: u32 = 0x0400_0000;
    const TABLE: u32 = 0x0800_0000;
    /// The environment is not scrubbed.
    pub const UNSAFE: u32 = 0x1000_0000;
    /// Look among the profile's children.
    pub const CHILD: u32 = 0x2000_0000;
    /// Fall back to the same profile.
    pub const INHERIT: u32 = 0x4000_0000;
    /// Fall back to unconfined.
    pub const UNCONFINED: u32 = 0x8000_0000;

    /// By attachment, with the given flags.
    #[must_use]
    pub const fn name(flags: u32) -> Self {
        Self(Self::NAME | flags)
    }

    /// To an entry of the table, with the given flags.
    #[must_use]
    pub const fn table(index: u32, flags: u32) -> Self {
        Self(Self::TABLE | flags | (index & Self::INDEX))
    }

    /// Inherit or unconfined only, as the flags say.
    #[must_use]
    pub const fn fallback(flags: u32) -> Self {
        Self(flags)
    }

    /// What names the profile.
    #[must_use]
    pub const fn kind(self) -> TransitionKind {
        match self.0 & Self::KIND {
            Self::NAME => TransitionKind::Name,
            Self::TABLE => TransitionKind::Table(self.0 & Self::INDEX),
            _ => TransitionKind::None,
        }
    }

    /// Whether all of these flags are set.
    #[must_use]
    pub const fn has(self, flag: u32) -> bool {
        self.0 & flag == flag
    }

    /// The word of the compact form ("compat"): bits 7 to 13 of a file's accept word.
    /// Source: kernel `policy_compat.c`, `dfa_map_xindex`.
    #[must_use]
    pub const fn from_compat(word: u32) -> Self {
        let index = word >> 10 & 0xf;
        let mut flags = 0;
        if word & 0x100 != 0 {
            flags |= Self::UNSAFE;
        }
        if word & 0x200 != 0 {
            flags |= Self::INHERIT;
        }
        if word & 0x80 != 0 {
            flags |= Self::UNCONFINED;
        }
        match index {
            0 => Self(flags),
            1 => Self(flags | Self::UNCONFINED),
            2 => Self::name(flags),
            3 => Self::name(flags | Self::CHILD),
            _ => Self::table(index - 4, flags),
        }
    }
}

impl fmt::Debug for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{:#x}", self.kind(), self.0)
    }
}

/// What one accept of a database is worth. In a database of files the permissions of the file's owner (the
/// task's fsuid is the inode's uid) and of everybody else differ; in every other they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Entry {
    /// When the subject owns the object.
    pub owner: Perms,
    /// When it does not.
    pub other: Perms,
}

impl Entry {
    /// The same for owners and others.
    #[must_use]
    pub const fn both(perms: Perms) -> Self {
        Self { owner: perms, other: perms }
    }

    /// Whose half.
    #[must_use]
    pub const fn of(&self, owner: bool) -> &Perms {
        if owner { &self.owner } else { &self.other }
    }
}
