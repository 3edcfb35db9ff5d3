//! Network rules: families, types, protocols, addresses.

use super::Arguments;
use super::arguments::once;
use crate::syntax::ast::{Cond, Value};
use std::net::IpAddr;

/// Accesses of sockets with their bits, as rules name them.
pub const ACCESS: &[(&str, u32)] = &[
    ("send", 2),
    ("receive", 4),
    ("create", 0x10),
    ("shutdown", 0x20),
    ("connect", 0x40),
    ("setattr", 0x100),
    ("getattr", 0x200),
    ("accept", 0x10_0000),
    ("bind", 0x20_0000),
    ("listen", 0x40_0000),
    ("setopt", 0x100_0000),
    ("getopt", 0x200_0000),
    ("write", 2),
    ("read", 4),
    ("r", 4),
    ("w", 2),
    ("rw", 6),
    ("wr", 6),
];

/// All of them.
pub const ALL: u32 = 0x370_0376;
/// Those that meet another side.
pub const PEER_ACCESS: u32 = 2 | 4 | 0x40 | 0x10_0000;

/// Address families with the kernel's numbers (`include/linux/socket.h`).
pub const FAMILIES: &[(&str, u16)] = &[
    ("unspec", 0),
    ("unix", 1),
    ("inet", 2),
    ("ax25", 3),
    ("ipx", 4),
    ("appletalk", 5),
    ("netrom", 6),
    ("bridge", 7),
    ("atmpvc", 8),
    ("x25", 9),
    ("inet6", 10),
    ("rose", 11),
    ("netbeui", 13),
    ("security", 14),
    ("key", 15),
    ("netlink", 16),
    ("packet", 17),
    ("ash", 18),
    ("econet", 19),
    ("atmsvc", 20),
    ("rds", 21),
    ("sna", 22),
    ("irda", 23),
    ("pppox", 24),
    ("wanpipe", 25),
    ("llc", 26),
    ("ib", 27),
    ("mpls", 28),
    ("can", 29),
    ("tipc", 30),
    ("bluetooth", 31),
    ("iucv", 32),
    ("rxrpc", 33),
    ("isdn", 34),
    ("phonet", 35),
    ("ieee802154", 36),
    ("caif", 37),
    ("alg", 38),
    ("nfc", 39),
    ("vsock", 40),
    ("kcm", 41),
    ("qipcrtr", 42),
    ("smc", 43),
    ("xdp", 44),
    ("mctp", 45),
];

/// Socket types with the kernel's numbers.
pub const TYPES: &[(&str, u16)] =
    &[("stream", 1), ("dgram", 2), ("raw", 3), ("rdm", 4), ("seqpacket", 5), ("packet", 10)];

/// Protocols with the type they come as and their number.
const PROTOCOLS: &[(&str, u16, u16)] = &[("tcp", 1, 6), ("udp", 2, 17), ("icmp", 3, 1)];

/// The kernel's number of a socket type.
#[must_use]
pub fn socket_type(name: &str) -> Option<u16> {
    TYPES.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
}

/// The kernel's number of an address family.
#[must_use]
pub fn family(name: &str) -> Option<u16> {
    FAMILIES.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
}

/// Addresses of one side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// Not bound.
    None,
    /// This one.
    One(IpAddr),
}

/// What is said of one side of an internet socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// `ip=`
    pub address: Option<Address>,
    /// `port=`: first and last.
    pub port: Option<(u16, u16)>,
    /// `label=`, where the kernel tells packets apart by label.
    pub label: Option<Value>,
}

impl Side {
    const fn is_empty(&self) -> bool {
        self.address.is_none() && self.port.is_none() && self.label.is_none()
    }
}

/// `network …,`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Bits of [`ACCESS`]; all where none are named.
    pub access: u32,
    /// Whether accesses were named.
    pub access_named: bool,
    /// The kernel's number; `None` is any.
    pub family: Option<u16>,
    /// The kernel's number; `None` is any.
    pub kind: Option<u16>,
    /// The protocol's number, where one was named.
    pub protocol: Option<u16>,
    /// This side.
    pub local: Side,
    /// The other side.
    pub peer: Side,
    /// `interface=`
    pub interface: Option<Value>,
}

const CONDITIONS: &[&str] = &["ip", "port", "interface", "label", "peer"];

impl Network {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let access = args.access(ACCESS);
        let mut rule = Self { access, access_named: access != 0, ..Self::default() };
        rule.what(&mut args)?;
        let mut peer = false;
        for cond in args.conditions() {
            if cond.name.raw == "peer" {
                if peer {
                    args.unknown(&cond, CONDITIONS);
                }
                peer = true;
                for inner in args.nested(&cond) {
                    if !side(&mut rule.peer, &inner, &mut args) {
                        args.unknown(&inner, &["ip", "port", "label"]);
                    }
                }
            } else if cond.name.raw == "interface" {
                // Of several the first counts.
                let value =
                    if cond.list { args.several(&cond).into_iter().next() } else { args.single(&cond) };
                if !once(&mut rule.interface, value) {
                    args.unknown(&cond, CONDITIONS);
                }
            } else if !side(&mut rule.local, &cond, &mut args) {
                args.unknown(&cond, CONDITIONS);
            }
        }
        args.nothing_more();
        let span = args.span();
        if rule.is_internet() && rule.family.is_some_and(|f| !matches!(f, 2 | 10)) {
            args.problem(span.clone(), "addresses and ports are for `inet` and `inet6`");
        }
        if rule.access == 0 {
            rule.access = if rule.peer.is_empty() { ALL } else { PEER_ACCESS };
        } else if !rule.peer.is_empty() && rule.access & !PEER_ACCESS != 0 {
            args.problem_hint(span, "this access knows no peer", "only send, receive, connect and accept do");
        }
        Some(rule)
    }

    /// Whether something is said that only internet sockets have.
    #[must_use]
    pub const fn is_internet(&self) -> bool {
        !self.local.is_empty() || !self.peer.is_empty() || self.interface.is_some()
    }

    /// `[family] [type|protocol]`.
    fn what(&mut self, args: &mut Arguments<'_>) -> Option<()> {
        let Some(first) = args.word() else { return Some(()) };
        let second = match family(&first.raw) {
            // `packet` alone is the family.
            Some(number) => {
                self.family = Some(number);
                args.word()
            }
            None => Some(first),
        };
        let Some(word) = second else { return Some(()) };
        if let Some(kind) = socket_type(&word.raw) {
            self.kind = Some(kind);
        } else if let Some((_, kind, number)) = PROTOCOLS.iter().find(|(n, ..)| *n == word.raw) {
            // ICMP is the older protocol's alone.
            if self.family.is_some_and(|f| f != 2 && (f != 10 || *number == 1)) {
                args.problem(word.span, "this family has no such protocol");
                return None;
            }
            self.kind = Some(*kind);
            self.protocol = Some(*number);
        } else {
            let hint = "a family (`inet`, `unix`, `netlink`…), a type (`stream`, `dgram`, `raw`…) or `tcp`, `udp`, `icmp`";
            args.problem_hint(word.span, "neither a family nor a type nor a protocol", hint);
            return None;
        }
        Some(())
    }
}

fn side(side: &mut Side, cond: &Cond, args: &mut Arguments<'_>) -> bool {
    let Some(value) = args.single(cond) else { return true };
    match cond.name.raw.as_str() {
        "ip" => {
            let address = address(&value.raw);
            if address.is_none() {
                args.problem_hint(value.span, "no address", "one address of IPv4 or IPv6, or `none`");
                return true;
            }
            once(&mut side.address, address)
        }
        "port" => {
            let port = port(&value.raw);
            if port.is_none() {
                args.problem_hint(value.span, "no port", "0 to 65535, or `FIRST-LAST`");
                return true;
            }
            once(&mut side.port, port)
        }
        "label" => once(&mut side.label, Some(value)),
        _ => false,
    }
}

fn port(text: &str) -> Option<(u16, u16)> {
    let number = |t: &str| t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse::<u16>().ok()).flatten();
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some((first, last))
}

fn address(text: &str) -> Option<Address> {
    if text == "none" {
        return Some(Address::None);
    }
    text.parse().ok().map(Address::One)
}
