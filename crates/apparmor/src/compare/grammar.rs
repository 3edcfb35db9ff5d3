//! Which strings the kernel can ask about in each class, and which permissions it asks there.
//!
//! An automaton also holds states that are only passed through; comparing those would find differences that
//! mean nothing. The grammar walks beside the automata and says where a question can end.

use crate::evaluate::signal_number;
use crate::policy::{Class, bit};

/// Where a string of a class is: a small state of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place(u8);

/// What is asked in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    File,
    Signal,
    Label,
    /// Sockets by family and type; with everything about Unix sockets.
    Net {
        unix: bool,
    },
    Mount,
    Marker(u32),
    IoUring,
    Posix,
    SysV,
    Dbus,
}

const FILE: u32 = bit::EXEC
    | bit::WRITE
    | bit::READ
    | bit::APPEND
    | bit::CREATE
    | bit::DELETE
    | bit::SETATTR
    | bit::CHMOD
    | bit::CHOWN
    | bit::LOCK
    | bit::MMAP
    | bit::LINK;
const CHANGE: u32 = bit::CHANGE_PROFILE | bit::ONEXEC;
const NET: u32 = bit::WRITE
    | bit::READ
    | bit::CREATE
    | bit::DELETE
    | bit::OPEN
    | bit::SETATTR
    | bit::GETATTR
    | bit::ACCEPT
    | bit::BIND
    | bit::LISTEN
    | bit::SETOPT
    | bit::GETOPT;
const PEER: u32 = bit::WRITE | bit::READ | bit::OPEN | bit::ACCEPT;
const OWN: u32 = bit::BIND | bit::ACCEPT | bit::DELETE | bit::GETATTR | bit::SETATTR;
/// The last family that any kernel has (`AF_MCTP`).
pub(super) const LAST_FAMILY: u8 = 45;

impl Grammar {
    pub(super) fn of(class: Class) -> Option<Self> {
        Some(match class {
            Class::File => Self::File,
            Class::Signal => Self::Signal,
            Class::Ptrace => Self::Label,
            Class::NetV8 | Class::NetV7 => Self::Net { unix: false },
            Class::NetV9 => Self::Net { unix: true },
            Class::Mount => Self::Mount,
            Class::Namespace => Self::Marker(bit::APPEND),
            Class::IoUring => Self::IoUring,
            Class::PosixMqueue => Self::Posix,
            Class::SysvMqueue => Self::SysV,
            Class::Dbus => Self::Dbus,
            _ => return None,
        })
    }

    pub(super) const fn start() -> Place {
        Place(0)
    }

    /// After one more byte; `None` when no string goes on like that.
    pub(super) fn step(self, at: Place, byte: u8) -> Option<Place> {
        let text = byte != 0;
        let to = match (self, at.0) {
            // 1 a path, 2 after it, 3 the path or label it is paired with, 4 a label.
            (Self::File, 0) if byte == b'/' => 1,
            (Self::File, 0 | 4) if text => 4,
            (Self::File, 1) => {
                if text {
                    1
                } else {
                    2
                }
            }
            (Self::File, 2 | 3) if text => 3,
            (Self::Signal, 0) if (0..=64).any(|s| signal_number(s) == Some(byte)) => 1,
            (Self::Signal, 1 | 2) if text => 2,
            (Self::Label | Self::IoUring, 0 | 1) if text => 1,
            (Self::Posix, 0) if byte == b'/' => 1,
            (Self::Posix, 1) if text => 1,
            (Self::SysV, 0..=3) => at.0 + 1,
            (Self::Net { .. }, 0 | 2 | 3) if byte == 0 && at.0 != 3 => at.0 + 1,
            // 1 is a family's low byte; 3 a type's; Unix sockets of class 15 go on.
            (Self::Net { unix }, 1) if byte <= LAST_FAMILY => {
                if unix && byte == 1 {
                    12
                } else {
                    2
                }
            }
            (Self::Net { .. }, 3) if matches!(byte, 1..=6 | 10) => 4,
            (Self::Net { unix: true }, _) => return unix(at.0, byte).map(Place),
            (Self::Mount, _) => return mount(at.0, byte).map(Place),
            // The parts between NULs: 0 bus, 1 name, 2 label, 3 path, 4 interface, 5 member.
            (Self::Dbus, n) if text => n,
            (Self::Dbus, n @ 0..=4) => n + 1,
            _ => return None,
        };
        Some(Place(to))
    }

    /// The permissions that are asked when a string ends here.
    pub(super) const fn asked(self, at: Place) -> u32 {
        match (self, at.0) {
            (Self::File, 1) => FILE | CHANGE,
            (Self::File, 3) => bit::LINK | bit::ONEXEC,
            (Self::File, 4) => CHANGE,
            (Self::Signal, 2) => bit::READ | bit::WRITE,
            (Self::Label, 1) => bit::READ | bit::WRITE | bit::APPEND | bit::CREATE,
            (Self::Net { .. }, 4) => NET,
            (Self::Net { unix: true }, 16) => bit::CREATE,
            (Self::Net { unix: true }, 21) => OWN,
            (Self::Net { unix: true }, 24) => bit::LISTEN,
            (Self::Net { unix: true }, 26) => bit::SETOPT | bit::GETOPT,
            (Self::Net { unix: true }, 29) => PEER,
            (Self::Mount, 1) => 4,
            (Self::Mount, 3) => 1,
            (Self::Mount, 10..=42) => 2,
            (Self::Mount, 50) => 2,
            (Self::Marker(mask), 0) => mask,
            (Self::IoUring, 0) => bit::CREATE,
            (Self::IoUring, 1) => bit::APPEND,
            (Self::Posix, 1) | (Self::SysV, 4) => {
                bit::WRITE | bit::READ | bit::CREATE | bit::DELETE | bit::OPEN | bit::SETATTR | bit::GETATTR
            }
            (Self::Dbus, 1) => bit::OPEN,
            (Self::Dbus, 5) => bit::READ | bit::WRITE,
            _ => 0,
        }
    }
}

/// Unix sockets after the family: 12, 13 type; 14, 15 protocol; 16 own address (17 anonymous, 18 other);
/// 19 own label; 21 a command; 22 to 24 backlog; 25, 26 an option; 27 the other's address; 28, 29 its label.
const fn unix(at: u8, byte: u8) -> Option<u8> {
    let text = byte != 0;
    Some(match at {
        12 if !text => 13,
        13 if matches!(byte, 1 | 2 | 3 | 5) => 14,
        14 if !text => 15,
        15 if !text => 16,
        // Nothing (0), an anonymous end (1), or an abstract name, which begins with NUL. An empty name ends
        // at once, and its end looks like the beginning of an abstract one.
        16 => match byte {
            1 => 17,
            0 => 18,
            _ => return None,
        },
        17 if !text => 19,
        18 if text => 20,
        18 => 21,
        20 if text => 20,
        20 => 19,
        19 if !text => 21,
        21 => match byte {
            1 => 27,
            2 => 22,
            4 => 30,
            _ => return None,
        },
        22 => 23,
        23 => 24,
        30 => 25,
        25 => 26,
        27 => match byte {
            1 => 31,
            0 => 32,
            _ => return None,
        },
        31 if !text => 28,
        32 if text => 33,
        33 if text => 33,
        33 => 28,
        28 | 29 if text => 29,
        _ => return None,
    })
}

/// Mounts: 0, 1 the mount point; 2, 3 the source (3 begins with `/`), 4 another; 5 the type; then 10 and up,
/// the last flag; 50 the data. Unmounting ends after the mount point, moving the root after the second path.
const fn mount(at: u8, byte: u8) -> Option<u8> {
    let text = byte != 0;
    Some(match at {
        0 if byte == b'/' => 1,
        1 if text => 1,
        1 => 2,
        2 if byte == b'/' => 3,
        2 if text => 4,
        3 if text => 3,
        4 if text => 4,
        2..=4 => 5,
        5 if text => 5,
        5 => 10,
        10..=41 if byte > at - 10 && byte <= 32 => 10 + byte,
        10..=42 if !text => 50,
        50 if text => 50,
        _ => return None,
    })
}

impl Grammar {
    /// In the class of sockets: the type of a Unix socket was read.
    pub(super) const fn is_past_type(at: Place) -> bool {
        at.0 >= 14
    }
}
