//! A compiled profile as data: what the kernel holds after a load, whatever form it was written in.
//!
//! `binary` reads and writes it, `evaluate` asks it, and whatever compiles profiles makes it. What they all
//! hold to:
//!
//! - Strings are bytes without a final NUL, as the kernel compares them.
//! - A [`Database`] is an automaton and a table: state → accept → `entries[accept]` → [`Perms`]. Every accept of
//!   a state is an index into `entries`; entry 0 is what the trap is worth and allows nothing but what the
//!   kernel always allows.
//! - In the policy database the first byte of every string is a [`Class`]. **A class is mediated exactly when
//!   its byte leads from the start to another state than the trap**; an unmediated class is allowed. In the
//!   file database walks begin at `start` with the path itself.
//! - Exec transitions are [`Transition`] words; a table index refers to `transitions` of the same database.
//! - Nothing is compact here: what the compact words imply (`map_old_perms`, `compute_perms_entry` in the
//!   kernel's `policy_compat.c`) is spelled out in [`Perms`].
//!
//! Sources: kernel `security/apparmor/policy_unpack.c`, `include/policy.h`, `include/perms.h`.

mod class;
mod perms;

pub use class::Class;
pub use perms::{Entry, Perms, Transition, TransitionKind, bit};

use crate::dfa::{Dfa, START, StateId, TRAP};

/// A name as the kernel has it: bytes, without the final NUL.
pub type Bytes = Vec<u8>;

/// An automaton and what its accepts are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The automaton; every accept is an index into `entries`.
    pub dfa: Dfa,
    /// Where walks of classes begin.
    pub start: StateId,
    /// Where walks of paths begin (`dfa_start`).
    pub file_start: StateId,
    /// What accepts are worth.
    pub entries: Vec<Entry>,
    /// The profiles that exec changes to by table. A name in another namespace is written `:ns:name`; one
    /// that begins with `&` is stacked.
    pub transitions: Vec<Bytes>,
    /// Tags of rules, which the newest kernels read and no known compiler writes.
    pub tags: Tags,
}

/// Tags that a record of a rule's use carries (kernel `struct aa_tags_struct`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    /// The tags; several in one are parted by NUL.
    pub strings: Vec<Bytes>,
    /// Mask, count, size, index into `strings`.
    pub headers: Vec<[u32; 4]>,
    /// A count, then as many indices into `headers`, and so on.
    pub sets: Vec<u32>,
}

impl Database {
    /// A database that matches nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            dfa: Dfa::nothing(),
            start: START,
            file_start: START,
            entries: vec![Entry::default()],
            transitions: Vec::new(),
            tags: Tags::default(),
        }
    }

    /// What a state is worth.
    #[must_use]
    pub fn entry(&self, state: StateId) -> Entry {
        self.entries.get(self.dfa.accept(state) as usize).copied().unwrap_or_default()
    }

    /// Where the walk of a class begins after its own byte; `None` when the class is not mediated.
    #[must_use]
    pub fn class(&self, class: Class) -> Option<StateId> {
        Some(self.dfa.next(self.start, class as u8)).filter(|s| *s != TRAP)
    }
}

/// What the kernel does with what the rules do not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// It refuses.
    #[default]
    Enforce,
    /// It allows, and records.
    Complain,
    /// It refuses, and kills.
    Kill,
    /// Nothing is mediated.
    Unconfined,
    /// It asks a daemon in user space.
    Prompt,
}

/// How paths outside the task's root and deleted files are named (`path_flags`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PathFlags(pub u32);

impl PathFlags {
    /// Disconnected paths are attached to `/`.
    pub const ATTACH_DISCONNECTED: u32 = 4;
    /// Paths are relative to the task's chroot.
    pub const CHROOT_RELATIVE: u32 = 8;
    /// Paths outside a chroot are attached to it.
    pub const CHROOT_ATTACH: u32 = 0x10;
    /// Disconnected IPC objects are attached.
    pub const ATTACH_DISCONNECTED_IPC: u32 = 0x20;
    /// Deleted files are mediated by the path they had.
    pub const MEDIATE_DELETED: u32 = 0x1_0000;

    /// Whether the flag is set.
    #[must_use]
    pub const fn has(self, flag: u32) -> bool {
        self.0 & flag == flag
    }
}

/// Flags besides mode (`flags` structure).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// The first word: 1 hat, 2 and 4 debug, 8 interruptible, 0x10 the prompt bits are in the compact place.
    pub bits: u32,
    /// What is allowed is recorded too.
    pub audit: bool,
}

impl Flags {
    /// A hat.
    pub const HAT: u32 = 1;
    /// A wait for the daemon may be interrupted.
    pub const INTERRUPTIBLE: u32 = 8;

    /// Whether it is a hat.
    #[must_use]
    pub const fn hat(self) -> bool {
        self.bits & Self::HAT != 0
    }
}

/// Capabilities as bits by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Caps {
    /// Allowed (what a rule denies is absent).
    pub allow: u64,
    /// Recorded although allowed.
    pub audit: u64,
    /// Refused without a record.
    pub quiet: u64,
    /// Killing.
    pub kill: u64,
    /// Allowed as in complain mode although not in `allow` (`capsx`).
    pub extended: u64,
}

/// Resource limits set at exec (`rlimits`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rlimits {
    /// Which limits are set, by number.
    pub mask: u32,
    /// The limits.
    pub limits: [u64; 16],
}

/// What programs a profile attaches to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Walked with the program's path from `start`; then, after an out-of-band symbol each, with the value
    /// of every extended attribute.
    pub database: Database,
    /// The length of the literal part: of several profiles the longest wins.
    pub length: u32,
}

/// Marks of packets (`secmark`), which kernels read and no known compiler writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secmark {
    /// Recorded although allowed.
    pub audit: bool,
    /// Refused.
    pub deny: bool,
    /// The mark.
    pub label: Bytes,
}

/// Sockets by family and type, in policy older than network_v8: for each family one bit a socket type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FamilyMask {
    /// Allowed types.
    pub allow: u16,
    /// Recorded although allowed.
    pub audit: u16,
    /// Refused without a record.
    pub quiet: u16,
}

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name, with parents: `parent//child`.
    pub name: Bytes,
    /// The namespace it is loaded into; the loader's own when `None`.
    pub namespace: Option<Bytes>,
    /// An older name that it takes the place of.
    pub rename: Option<Bytes>,
    /// The text of its attachment, where the load says it.
    pub attach: Option<Bytes>,
    /// The pattern of its attachment; a profile without one attaches to the path that is its name, if it
    /// begins with `/`.
    pub attachment: Option<Attachment>,
    /// Where disconnected paths are attached.
    pub disconnected: Option<Bytes>,
    /// Where disconnected IPC objects are attached.
    pub disconnected_ipc: Option<Bytes>,
    /// The signal of mode [`Mode::Kill`]; SIGKILL when `None`.
    pub kill_signal: Option<u32>,
    /// The errno of refusals; EACCES when `None`.
    pub error: Option<u32>,
    /// Its flags.
    pub flags: Flags,
    /// Its mode. The load itself can force [`Mode::Complain`].
    pub mode: Mode,
    /// How paths are named; the kernel takes [`PathFlags::MEDIATE_DELETED`] when `None`.
    pub path_flags: Option<PathFlags>,
    /// Capabilities.
    pub caps: Caps,
    /// Identities; no released kernel takes them.
    pub identities: Vec<Bytes>,
    /// Names of the extended attributes that the attachment asks.
    pub xattrs: Vec<Bytes>,
    /// Resource limits.
    pub rlimits: Option<Rlimits>,
    /// Marks of packets.
    pub secmark: Vec<Secmark>,
    /// Sockets by family, in policy without network_v8; empty when not mediated that way.
    pub families: Vec<FamilyMask>,
    /// Rules of every class but files. `None` when the load has none: nothing is mediated by it.
    pub policy: Option<Database>,
    /// Rules of files and of changes of profile. `None` when the load has none; where the policy database
    /// has the class of files, that is used instead.
    pub file: Option<Database>,
    /// What else the load keeps for user space.
    pub data: Vec<(Bytes, Vec<u8>)>,
    /// The interface the load claims, which decides what some words mean (5 to 9).
    pub interface: u32,
}

impl Profile {
    /// An enforced profile with this name that allows nothing.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            namespace: None,
            rename: None,
            attach: None,
            attachment: None,
            disconnected: None,
            disconnected_ipc: None,
            kill_signal: None,
            error: None,
            flags: Flags::default(),
            mode: Mode::Enforce,
            path_flags: None,
            caps: Caps::default(),
            identities: Vec::new(),
            xattrs: Vec::new(),
            rlimits: None,
            secmark: Vec::new(),
            families: Vec::new(),
            policy: None,
            file: None,
            data: Vec::new(),
            interface: 7,
        }
    }

    /// The name for a reader: bytes that are no UTF-8 are replaced. Escape it before it is printed.
    #[must_use]
    pub fn display_name(&self) -> String {
        let name = String::from_utf8_lossy(&self.name);
        match &self.namespace {
            Some(ns) => format!(":{}:{name}", String::from_utf8_lossy(ns)),
            None => name.into_owned(),
        }
    }

    /// Whether the class is mediated: whether its byte leads anywhere in the policy database. Files are
    /// mediated by every profile that is not unconfined.
    #[must_use]
    pub fn mediates(&self, class: Class) -> bool {
        self.policy.as_ref().is_some_and(|db| db.class(class).is_some())
    }
}
