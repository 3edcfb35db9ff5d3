//! Mounts. Kernel `mount.c`: `do_match_mnt`, `profile_umount`, `build_pivotroot`; `lsm.c`,
//! `apparmor_sb_mount` for which flags each kind of call is matched with.

use super::{Answer, check, confined};
use crate::dfa::{StateId, TRAP};
use crate::policy::{Class, Database, Perms, Profile, bit};
use whodenied_kernel::Errno;

/// Flags of mount(2), by number (`include/uapi/linux/mount.h`, `MS_*`).
#[allow(missing_docs, reason = "the names are those of mount(2)")]
pub mod ms {
    pub const RDONLY: u32 = 1;
    pub const NOSUID: u32 = 2;
    pub const NODEV: u32 = 4;
    pub const NOEXEC: u32 = 8;
    pub const SYNCHRONOUS: u32 = 16;
    pub const REMOUNT: u32 = 32;
    pub const MANDLOCK: u32 = 64;
    pub const DIRSYNC: u32 = 128;
    pub const NOSYMFOLLOW: u32 = 256;
    pub const NOATIME: u32 = 1024;
    pub const NODIRATIME: u32 = 2048;
    pub const BIND: u32 = 4096;
    pub const MOVE: u32 = 8192;
    pub const REC: u32 = 16384;
    pub const SILENT: u32 = 32768;
    pub const POSIXACL: u32 = 1 << 16;
    pub const UNBINDABLE: u32 = 1 << 17;
    pub const PRIVATE: u32 = 1 << 18;
    pub const SLAVE: u32 = 1 << 19;
    pub const SHARED: u32 = 1 << 20;
    pub const RELATIME: u32 = 1 << 21;
    pub const I_VERSION: u32 = 1 << 23;
    pub const STRICTATIME: u32 = 1 << 24;
    pub const LAZYTIME: u32 = 1 << 25;
    /// What the kernel strips before it matches: MS_KERNMOUNT, MS_NOSEC, MS_ACTIVE, MS_BORN.
    pub(super) const IGNORED: u32 = 1 << 22 | 1 << 28 | 1 << 30 | 1 << 29;
}

const PIVOT_ROOT: u32 = 1;
const MOUNT: u32 = 2;
const UMOUNT: u32 = 4;
const CONTINUE: u32 = 0x40;

/// A call of mount(2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MountAttempt {
    /// What is mounted: the device or the word that stands for it, the directory that is bound or moved.
    pub source: Option<Vec<u8>>,
    /// Where; with a final `/` for a directory.
    pub target: Vec<u8>,
    /// The file system's type.
    pub fstype: Option<Vec<u8>>,
    /// `MS_*`.
    pub flags: u32,
    /// Options of the file system, where they are text.
    pub data: Option<Vec<u8>>,
}

/// May a task make this mount?
#[must_use]
pub fn mount(profile: &Profile, attempt: &MountAttempt) -> Answer {
    let Some((profile, db, start)) = begin(profile) else { return Answer::unmediated(Class::Mount) };
    let flags = attempt.flags & !ms::IGNORED;
    let propagation = ms::SHARED | ms::PRIVATE | ms::SLAVE | ms::UNBINDABLE;
    // Each kind is matched without what does not belong to it.
    let (source, fstype, flags, data) = if flags & ms::REMOUNT != 0 {
        (None, None, flags, attempt.data.as_ref())
    } else if flags & ms::BIND != 0 {
        (attempt.source.as_ref(), None, flags & (ms::BIND | ms::REC), None)
    } else if flags & propagation != 0 {
        (None, None, flags & (propagation | ms::REC | ms::SILENT), None)
    } else if flags & ms::MOVE != 0 {
        (attempt.source.as_ref(), None, ms::MOVE, None)
    } else {
        (attempt.source.as_ref(), attempt.fstype.as_ref(), flags, attempt.data.as_ref())
    };
    let parts = [
        (Some(&attempt.target), "failed mntpnt match"),
        (source, "failed srcname match"),
        (fstype, "failed type match"),
    ];
    let ask =
        |perms: &Perms, info| check(profile, perms, MOUNT, Class::Mount, Errno::EACCES).with_info(Some(info));
    let nothing = Perms::default();
    let mut state = start;
    for (part, failed) in parts {
        state = db.dfa.next(db.dfa.walk(state, part.map_or(b"", |p| p)), 0);
        if state == TRAP {
            return ask(&nothing, failed);
        }
    }
    for bit in (0..32u8).filter(|bit| flags >> bit & 1 != 0) {
        state = db.dfa.next(state, bit + 1);
    }
    if state == TRAP {
        return ask(&nothing, "failed flags match");
    }
    let mut perms = db.entry(state).owner;
    if perms.allow & MOUNT == 0
        && perms.allow & CONTINUE != 0
        && let Some(data) = data
    {
        state = db.dfa.next(state, 0);
        if state == TRAP {
            return ask(&perms, "failed flags match");
        }
        state = db.dfa.walk(state, data);
        if state == TRAP {
            return ask(&perms, "failed data match");
        }
        perms = db.entry(state).owner;
    }
    ask(&perms, "failed perms check")
}

fn begin(profile: &Profile) -> Option<(&Profile, &Database, StateId)> {
    let profile = confined(profile)?;
    let db = profile.policy.as_ref()?;
    Some((profile, db, db.class(Class::Mount)?))
}

/// May a task unmount what is mounted there?
#[must_use]
pub fn umount(profile: &Profile, target: &[u8]) -> Answer {
    let Some((profile, db, start)) = begin(profile) else { return Answer::unmediated(Class::Mount) };
    let perms = db.entry(db.dfa.walk(start, target)).owner;
    check(profile, &perms, UMOUNT, Class::Mount, Errno::EACCES)
}

/// May a task make `new` its root and move the old one to `old`?
#[must_use]
pub fn pivot_root(profile: &Profile, new: &[u8], old: &[u8]) -> Answer {
    let Some((profile, db, start)) = begin(profile) else { return Answer::unmediated(Class::Mount) };
    let state = db.dfa.next(db.dfa.walk(start, new), 0);
    let perms = db.entry(db.dfa.walk(state, old)).owner;
    check(profile, &perms, PIVOT_ROOT, Class::Mount, Errno::EACCES)
}

// The bits are not those of files.
const _: () =
    assert!(MOUNT == bit::WRITE && UMOUNT == bit::READ && PIVOT_ROOT == bit::EXEC && CONTINUE == bit::OPEN);
