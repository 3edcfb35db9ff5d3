//! Sockets. Kernel `net.c`: `aa_match_to_prot`, `aa_profile_af_perm`; `af_unix.c`: `match_to_*`.
//!
//! Walks go family (2 bytes), type (2), and where the class knows more: protocol (2), local address, local
//! label, a command, then what the command is about. Before 6.17 and without class 15 the permission found
//! after the type decides. Since then that decides too when it suffices, or when the state does not ask to go on.

use super::{Answer, Kernel, Label, check, confined};
use crate::dfa::{StateId, TRAP};
use crate::policy::{Class, Database, Perms, Profile, bit};
use whodenied_kernel::Errno;

/// Names of the bits in classes of sockets (kernel `include/net.h`, `AA_MAY_*`).
pub mod net_bit {
    use crate::policy::bit;
    /// Send.
    pub const SEND: u32 = bit::WRITE;
    /// Receive.
    pub const RECEIVE: u32 = bit::READ;
    /// Create.
    pub const CREATE: u32 = bit::CREATE;
    /// Shut down.
    pub const SHUTDOWN: u32 = bit::DELETE;
    /// Connect.
    pub const CONNECT: u32 = bit::OPEN;
    /// What a socket file can be asked for.
    pub const FILE: u32 = SEND
        | RECEIVE
        | CREATE
        | SHUTDOWN
        | CONNECT
        | bit::RENAME
        | bit::SETATTR
        | bit::GETATTR
        | bit::CHMOD
        | bit::CHOWN
        | bit::CHGRP
        | bit::LOCK
        | bit::MPROT;
}

/// The address of a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// None: not bound, or one end of a pair.
    Anonymous,
    /// Abstract, without its first NUL.
    Abstract(Vec<u8>),
    /// An empty name: the kernel chooses an abstract one.
    Auto,
    /// A file.
    Path(Vec<u8>),
}

/// A socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Socket {
    /// `AF_*`.
    pub family: u16,
    /// `SOCK_*`.
    pub kind: u16,
    /// Protocol.
    pub protocol: u16,
}

/// `AF_UNIX`.
const UNIX: u16 = 1;

/// What is done with a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketUse {
    /// It is created.
    Create,
    /// It is bound to this address.
    Bind(Address),
    /// It listens (backlog). The address is its own.
    Listen(Address, u16),
    /// It accepts. The address is its own.
    Accept(Address),
    /// Attributes are asked or set, it is shut down: bits of `net_bit` and `bit::{GETATTR,SETATTR}`.
    Own(Address, u32),
    /// An option is read or set (`bit::GETOPT`, `bit::SETOPT`), by its number.
    Option(Address, u32, u16),
    /// It connects to, or exchanges messages with, another: bits, own address, the other's address and label,
    /// and for a socket that is a file whether the task owns it.
    Peer {
        /// Connect, send, receive, accept.
        request: u32,
        /// The own address.
        own: Address,
        /// The other's.
        peer: Address,
        /// The other's label.
        label: Label,
        /// The file is the task's own.
        owner: bool,
    },
}

impl SocketUse {
    fn request(&self) -> u32 {
        match self {
            Self::Create => net_bit::CREATE,
            Self::Bind(_) => bit::BIND,
            Self::Listen(..) => bit::LISTEN,
            Self::Accept(_) => bit::ACCEPT,
            Self::Own(_, request) | Self::Option(_, request, _) => *request,
            Self::Peer { request, .. } => *request,
        }
    }
}

/// Where the classes of sockets begin: the newest that the kernel knows and the profile has.
fn class(profile: &Profile, kernel: &Kernel) -> Option<(Class, StateId)> {
    let db = profile.policy.as_ref()?;
    let known: &[Class] = match (kernel.network_v9, kernel.patched) {
        (true, false) => &[Class::NetV9, Class::NetV8],
        (true, true) => &[Class::NetV9, Class::NetV8, Class::NetV7],
        (false, false) => &[Class::NetV8],
        (false, true) => &[Class::NetV8, Class::NetV7],
    };
    known.iter().find_map(|c| Some((*c, db.class(*c)?)))
}

/// May a task do this with a socket?
#[must_use]
pub fn socket(profile: &Profile, kernel: &Kernel, socket: &Socket, usage: &SocketUse) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::NetV8) };
    let (Some(db), Some((class, state))) = (&profile.policy, class(profile, kernel)) else {
        return by_family(profile, kernel, socket);
    };
    let fine = socket.family == UNIX
        && (class == Class::NetV9 || (kernel.patched && db.dfa.walk(state, &UNIX.to_be_bytes()) != TRAP));
    let walk = Walk { profile, db, class, request: usage.request() };
    if fine { walk.unix(state, socket, usage) } else { walk.coarse(state, kernel, socket) }
}

/// Policy older than network_v8: a mask of types for each family.
fn by_family(profile: &Profile, kernel: &Kernel, socket: &Socket) -> Answer {
    // Mainline never read it.
    if !kernel.patched || profile.families.is_empty() {
        return Answer::unmediated(Class::NetV8);
    }
    let mask = profile.families.get(usize::from(socket.family)).copied().unwrap_or_default();
    let bit = |word: u16| u32::from(word >> socket.kind.min(15) & 1);
    let perms =
        Perms { allow: bit(mask.allow), audit: bit(mask.audit), quiet: bit(mask.quiet), ..Perms::default() };
    check(profile, &perms, 1, Class::NetV7, Errno::EACCES)
}

struct Walk<'a> {
    profile: &'a Profile,
    db: &'a Database,
    class: Class,
    request: u32,
}

/// A walk that ended: where, or what did not match.
type Reached = Result<StateId, &'static str>;

impl Walk<'_> {
    fn answer(&self, reached: Reached) -> Answer {
        let (state, info) = match reached {
            Ok(state) => (state, None),
            Err(info) => (TRAP, Some(info)),
        };
        check(self.profile, &self.db.entry(state).owner, self.request, self.class, Errno::EACCES)
            .with_info(info)
    }

    fn step(&self, state: StateId, bytes: &[u8], failed: &'static str) -> Reached {
        let state = self.db.dfa.walk(state, bytes);
        if state == TRAP { Err(failed) } else { Ok(state) }
    }

    fn coarse(&self, state: StateId, kernel: &Kernel, socket: &Socket) -> Answer {
        let family = socket.family.to_be_bytes();
        let kind = socket.kind.to_be_bytes();
        if !kernel.network_v9 && !kernel.patched {
            // These kernels walk both at once and say nothing of how far they got.
            let state = self.db.dfa.walk(state, &[family, kind].concat());
            return self.answer(Ok(state));
        }
        let reached = self.step(state, &family, "failed af match");
        let reached = reached.and_then(|s| self.step(s, &kind, "failed type match"));
        let reached = reached.and_then(|s| {
            let allow = self.db.entry(s).owner.allow;
            if allow & self.request == self.request || allow & bit::CONT_MATCH == 0 {
                return Ok(s);
            }
            self.step(s, &socket.protocol.to_be_bytes(), "failed protocol match")
        });
        self.answer(reached)
    }

    fn protocol(&self, state: StateId, socket: &Socket) -> Reached {
        let state = self.step(state, &socket.family.to_be_bytes(), "failed af match")?;
        let state = self.step(state, &socket.kind.to_be_bytes(), "failed type match")?;
        self.step(state, &socket.protocol.to_be_bytes(), "failed protocol match")
    }

    fn address(&self, state: StateId, address: &Address) -> StateId {
        let dfa = &self.db.dfa;
        let state = match address {
            Address::Anonymous => dfa.walk(state, b"\x01"),
            Address::Auto => state,
            Address::Abstract(name) => dfa.walk(dfa.next(state, 0), name),
            Address::Path(path) => dfa.walk(state, path),
        };
        if state == TRAP { TRAP } else { dfa.next(state, 0) }
    }

    fn local(&self, state: StateId, socket: &Socket, own: &Address) -> Reached {
        let state = self.protocol(state, socket)?;
        let state = self.address(state, own);
        if state == TRAP {
            return Err("failed local address match");
        }
        self.step(state, b"\0", "failed local label match")
    }

    fn unix(&self, state: StateId, socket: &Socket, usage: &SocketUse) -> Answer {
        match usage {
            SocketUse::Create => self.answer(self.protocol(state, socket)),
            // A file is made by mknod, which file rules decide.
            SocketUse::Bind(Address::Path(_)) => Answer::unmediated(self.class),
            SocketUse::Bind(own) => self.answer(self.local(state, socket, own)),
            SocketUse::Listen(Address::Path(path), _)
            | SocketUse::Accept(Address::Path(path))
            | SocketUse::Own(Address::Path(path), _)
            | SocketUse::Option(Address::Path(path), ..) => self.path(path, true),
            SocketUse::Accept(own) | SocketUse::Own(own, _) => self.answer(self.local(state, socket, own)),
            SocketUse::Listen(own, backlog) => {
                let reached = self.command(state, socket, own, 2);
                let backlog = backlog.to_be_bytes();
                self.answer(reached.and_then(|s| self.step(s, &backlog, "failed listen backlog match")))
            }
            SocketUse::Option(own, _, number) => {
                let reached = self.command(state, socket, own, 4);
                let number = number.to_be_bytes();
                self.answer(reached.and_then(|s| self.step(s, &number, "failed sockopt match")))
            }
            SocketUse::Peer { own, peer, label, owner, .. } => {
                if let Address::Path(path) = peer {
                    return self.path(path, *owner);
                }
                if let Address::Path(path) = own {
                    return self.path(path, *owner);
                }
                let reached = self.command(state, socket, own, 1).and_then(|s| {
                    let s = self.address(s, peer);
                    if s == TRAP { Err("failed peer address match") } else { Ok(s) }
                });
                // Every profile of the other's label must be allowed.
                let components = label.components.iter().filter(|c| c.namespace.is_none());
                let answers = components.map(|c| {
                    self.answer(reached.and_then(|s| self.step(s, &c.name, "failed peer label match")))
                });
                super::all(answers).unwrap_or_else(|| Answer::plain(super::Outcome::Allowed, self.class))
            }
        }
    }

    fn command(&self, state: StateId, socket: &Socket, own: &Address, command: u8) -> Reached {
        let state = self.local(state, socket, own)?;
        self.step(state, &[command], "failed cmd selection match")
    }

    /// A socket that is a file: file rules of its path (kernel `unix_fs_perm`).
    fn path(&self, path: &[u8], owner: bool) -> Answer {
        super::file(self.profile, path, owner, self.request & net_bit::FILE)
    }
}
