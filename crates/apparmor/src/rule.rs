//! Rules as data. Source: apparmor.d(5).

use crate::pattern::Pattern;
use whodenied_kernel::Capability;

/// Which side of a signal or trace a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Signals: sending.
    Send,
    /// Signals: receiving.
    Receive,
    /// Tracing: attach to another.
    Trace,
    /// Tracing: read another's state.
    Read,
    /// Tracing: be attached to.
    TracedBy,
    /// Tracing: be read.
    ReadBy,
}

impl Access {
    /// The keyword.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Trace => "trace",
            Self::Read => "read",
            Self::TracedBy => "tracedby",
            Self::ReadBy => "readby",
        }
    }

    /// The access with this keyword.
    #[must_use]
    pub fn from_keyword(word: &str) -> Option<Self> {
        [Self::Send, Self::Receive, Self::Trace, Self::Read, Self::TracedBy, Self::ReadBy]
            .into_iter()
            .find(|a| a.keyword() == word)
    }
}

/// One line of a profile's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A remark, without its `#`. Never hostile text.
    Comment(String),
    /// An empty line.
    Blank,
    /// An include in angle brackets.
    Include {
        /// The name, as `abstractions/base`.
        name: String,
        /// `include if exists`.
        if_exists: bool,
    },
    /// Sockets of one family or all.
    Network {
        /// Takes away.
        deny: bool,
        /// `unix`, `inet`, `alg`; all when `None`.
        family: Option<Pattern>,
        /// `stream`, `dgram`; all when `None`.
        kind: Option<Pattern>,
    },
    /// Capabilities; all when empty.
    Capability {
        /// Takes away.
        deny: bool,
        /// Which.
        names: Vec<Capability>,
    },
    /// Every file, every way.
    AllFiles,
    /// A path.
    File {
        /// Takes away.
        deny: bool,
        /// Only for the file's owner.
        owner: bool,
        /// Which.
        path: Pattern,
        /// `rwklmx` letters, an `ix` among them.
        perms: String,
    },
    /// Mounting.
    Mount {
        /// Takes away.
        deny: bool,
        /// The exact set of flags; any when empty.
        options: Vec<Pattern>,
        /// The file system types; any when empty.
        fstype: Vec<Pattern>,
        /// The source; any when `None`.
        source: Option<Pattern>,
        /// The mount point; any when `None`.
        target: Option<Pattern>,
    },
    /// Unmounting, everything when `None`.
    Umount(Option<Pattern>),
    /// Changing the root mount.
    PivotRoot,
    /// Signals.
    Signal {
        /// Sides.
        access: Vec<Access>,
        /// Which signals; all when empty.
        set: Vec<Pattern>,
        /// The other side; anybody when `None`.
        peer: Option<Pattern>,
    },
    /// Tracing and reading of processes.
    Ptrace {
        /// Sides.
        access: Vec<Access>,
        /// The other side; anybody when `None`.
        peer: Option<Pattern>,
    },
    /// Unix sockets, all when the parts are empty.
    Unix {
        /// `create`, `bind`, `connect`, `send`, `receive`, …; all when empty.
        perms: Vec<Pattern>,
        /// `stream`, `dgram`, `seqpacket`.
        kind: Option<Pattern>,
        /// The other side's label.
        peer: Option<Pattern>,
    },
    /// D-Bus, all when the parts are empty.
    Dbus {
        /// `send`, `receive`, `bind`; all when empty.
        access: Vec<Pattern>,
        /// `system` or `session`.
        bus: Option<Pattern>,
        /// Object path.
        path: Option<Pattern>,
        /// Interface.
        interface: Option<Pattern>,
        /// Member.
        member: Option<Pattern>,
        /// For `bind`: the well-known name.
        name: Option<Pattern>,
        /// The other side's well-known name.
        peer_name: Option<Pattern>,
        /// The other side's label.
        peer_label: Option<Pattern>,
    },
    /// Creating user namespaces (parser 4.0 and newer).
    Userns,
    /// POSIX message queues (parser 4.0 and newer), all when `None`.
    Mqueue(Option<Pattern>),
    /// io_uring's polling thread and credential override (parser 4.0 and newer).
    IoUring,
    /// Changing to another profile.
    ChangeProfile(Pattern),
    /// A rule that outranks others, `deny` among them (file rules; parser 4.1 and newer).
    Priority(i16, Box<Rule>),
}

impl Rule {
    /// `network,`
    pub const NETWORK: Self = Self::Network { deny: false, family: None, kind: None };
    /// `capability,`
    pub const CAPABILITY: Self = Self::Capability { deny: false, names: Vec::new() };
    /// `deny mount,`
    pub const DENY_MOUNT: Self =
        Self::Mount { deny: true, options: Vec::new(), fstype: Vec::new(), source: None, target: None };
    /// `unix,`
    pub const UNIX: Self = Self::Unix { perms: Vec::new(), kind: None, peer: None };
    /// `dbus,`
    pub const DBUS: Self = Self::Dbus {
        access: Vec::new(),
        bus: None,
        path: None,
        interface: None,
        member: None,
        name: None,
        peer_name: None,
        peer_label: None,
    };

    /// A remark.
    #[must_use]
    pub fn comment(text: &str) -> Self {
        Self::Comment(text.to_owned())
    }

    /// A denied path pattern of our own.
    #[must_use]
    pub fn deny(path: &'static str, perms: &str) -> Self {
        Self::File { deny: true, owner: false, path: Pattern::glob(path), perms: perms.to_owned() }
    }

    /// True for a rule that takes away.
    #[must_use]
    pub const fn denies(&self) -> bool {
        matches!(
            self,
            Self::Network { deny: true, .. }
                | Self::Capability { deny: true, .. }
                | Self::File { deny: true, .. }
                | Self::Mount { deny: true, .. }
        )
    }
}
