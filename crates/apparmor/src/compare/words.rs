//! Permissions and shortest strings in plain words.

use super::Difference;
use crate::policy::{Class, bit};
use whodenied_kernel::Capability;

/// Families of sockets by number (`include/linux/socket.h`).
const FAMILIES: [&str; 46] = [
    "AF_UNSPEC",
    "AF_UNIX",
    "AF_INET",
    "AF_AX25",
    "AF_IPX",
    "AF_APPLETALK",
    "AF_NETROM",
    "AF_BRIDGE",
    "AF_ATMPVC",
    "AF_X25",
    "AF_INET6",
    "AF_ROSE",
    "AF_DECnet",
    "AF_NETBEUI",
    "AF_SECURITY",
    "AF_KEY",
    "AF_NETLINK",
    "AF_PACKET",
    "AF_ASH",
    "AF_ECONET",
    "AF_ATMSVC",
    "AF_RDS",
    "AF_SNA",
    "AF_IRDA",
    "AF_PPPOX",
    "AF_WANPIPE",
    "AF_LLC",
    "AF_IB",
    "AF_MPLS",
    "AF_CAN",
    "AF_TIPC",
    "AF_BLUETOOTH",
    "AF_IUCV",
    "AF_RXRPC",
    "AF_ISDN",
    "AF_PHONET",
    "AF_IEEE802154",
    "AF_CAIF",
    "AF_ALG",
    "AF_NFC",
    "AF_VSOCK",
    "AF_KCM",
    "AF_QIPCRTR",
    "AF_SMC",
    "AF_XDP",
    "AF_MCTP",
];

/// A family's name.
#[must_use]
pub fn family_name(family: u16) -> Option<&'static str> {
    FAMILIES.get(usize::from(family)).copied()
}

/// A type of sockets.
fn kind_name(kind: u8) -> &'static str {
    match kind {
        1 => "stream",
        2 => "datagram",
        3 => "raw",
        4 => "rdm",
        5 => "seqpacket",
        6 => "dccp",
        10 => "packet",
        _ => "other",
    }
}

const FILE: &[(u32, &str)] = &[
    (bit::READ, "read"),
    (bit::WRITE, "write"),
    (bit::APPEND, "append to"),
    (bit::CREATE, "create"),
    (bit::DELETE, "delete"),
    (bit::SETATTR, "change the attributes of"),
    (bit::CHMOD, "change the mode of"),
    (bit::CHOWN, "change the owner of"),
    (bit::LOCK, "lock"),
    (bit::MMAP, "map as a program"),
    (bit::EXEC, "execute"),
    (bit::LINK, "link"),
    (bit::CHANGE_PROFILE, "change into profile"),
    (bit::ONEXEC, "change at exec into profile"),
];
const NET: &[(u32, &str)] = &[
    (bit::CREATE, "create"),
    (bit::BIND, "bind"),
    (bit::LISTEN, "listen on"),
    (bit::ACCEPT, "accept on"),
    (bit::OPEN, "connect"),
    (bit::WRITE, "send on"),
    (bit::READ, "receive on"),
    (bit::GETATTR, "ask the name of"),
    (bit::SETATTR, "set attributes of"),
    (bit::GETOPT, "read options of"),
    (bit::SETOPT, "set options of"),
    (bit::DELETE, "shut down"),
];
const SIGNAL: &[(u32, &str)] = &[(bit::WRITE, "send"), (bit::READ, "receive")];
const PTRACE: &[(u32, &str)] =
    &[(bit::READ, "read"), (bit::WRITE, "trace"), (bit::CREATE, "be read by"), (bit::APPEND, "be traced by")];
const MOUNT: &[(u32, &str)] = &[(2, "mount"), (4, "unmount"), (1, "pivot_root to")];
const DBUS: &[(u32, &str)] =
    &[(bit::WRITE, "send"), (bit::READ, "receive"), (bit::OPEN, "own the name"), (0x20, "eavesdrop on")];
const QUEUE: &[(u32, &str)] = &[
    (bit::CREATE, "create"),
    (bit::OPEN, "open"),
    (bit::READ, "read"),
    (bit::WRITE, "write"),
    (bit::DELETE, "delete"),
    (bit::GETATTR, "ask the attributes of"),
    (bit::SETATTR, "set the attributes of"),
];

/// The permissions of a class in words, those of `mask` only.
#[must_use]
pub fn permission_words(class: Class, mask: u64) -> Vec<&'static str> {
    if class == Class::Cap {
        return Capability::all().filter(|c| mask >> c.0 & 1 == 1).filter_map(Capability::name).collect();
    }
    let table = match class {
        Class::NetV7 | Class::NetV8 | Class::NetV9 => NET,
        Class::Signal => SIGNAL,
        Class::Ptrace => PTRACE,
        Class::Mount => MOUNT,
        Class::Dbus => DBUS,
        Class::PosixMqueue | Class::SysvMqueue => QUEUE,
        Class::Namespace => &[(bit::APPEND, "create a user namespace")],
        Class::IoUring => &[
            (bit::CREATE, "make an io_uring that the kernel polls"),
            (bit::APPEND, "use an io_uring with the credentials of"),
        ],
        _ => FILE,
    };
    let file = |b: u32| {
        class != Class::File
            || b != bit::DELETE && b != bit::SETATTR && b != bit::CHMOD && b != bit::CHOWN
            || mask & u64::from(bit::WRITE) == 0
    };
    table.iter().filter(|(b, _)| mask & u64::from(*b) != 0 && file(*b)).map(|(_, word)| *word).collect()
}

fn join(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A difference in plain words. What stands in the policy is quoted as it is: escape it before printing.
#[must_use]
pub fn witness_words(difference: &Difference) -> String {
    let words = permission_words(difference.class, difference.mask);
    let w = difference.witness.as_slice();
    let verb = join(&words);
    match difference.class {
        Class::Cap => {
            format!("use {}", words.iter().map(|w| format!("CAP_{w}")).collect::<Vec<_>>().join(", "))
        }
        Class::NetV7 | Class::NetV8 | Class::NetV9 => net(&verb, w),
        Class::Signal => {
            let signal = w.first().copied().unwrap_or(0);
            format!(
                "{verb} {} with a task under profile {}",
                signal_name(signal),
                text(w.get(1..).unwrap_or(&[]))
            )
        }
        Class::Ptrace => format!("{verb} a task under profile {}", text(w)),
        Class::Mount => mount(&verb, difference.mask, w),
        Class::Namespace => verb,
        Class::IoUring if w.is_empty() => verb,
        Class::IoUring => format!("{verb} profile {}", text(w)),
        Class::Dbus => {
            let parts: Vec<String> = w.split(|b| *b == 0).map(text).collect();
            format!("{verb} on D-Bus: {}", parts.join(" "))
        }
        Class::PosixMqueue => format!("{verb} the message queue {}", text(w)),
        Class::SysvMqueue => format!("{verb} the System V message queue {w:?}"),
        _ => {
            let whose = match difference.owner {
                Some(true) => " (one's own)",
                Some(false) => " (another's)",
                None => "",
            };
            let mut parts = w.splitn(2, |b| *b == 0);
            let first = text(parts.next().unwrap_or(&[]));
            match parts.next() {
                Some(pair) if difference.mask & u64::from(bit::LINK) != 0 => {
                    format!("make {first} a hard link to {}{whose}", text(pair))
                }
                Some(pair) => format!("change at the exec of {first} into profile {}", text(pair)),
                None => format!("{verb} {first}{whose}"),
            }
        }
    }
}

fn net(verb: &str, w: &[u8]) -> String {
    let family = w.get(1).copied().unwrap_or(0);
    let kind = w.get(3).copied().unwrap_or(0);
    let family = family_name(u16::from(family)).unwrap_or("other");
    let mut said = format!("{verb} {family} {} sockets", kind_name(kind));
    let address = |bytes: &[u8]| match bytes {
        [0, name @ ..] => format!("@{}", text(name)),
        [1] => "no address".to_owned(),
        _ => text(bytes),
    };
    // Protocol, own address, own label, command, the other's address and label.
    if let Some(rest) = w.get(6..).filter(|r| !r.is_empty()) {
        let end = rest.iter().skip(1).position(|b| *b == 0).map_or(rest.len(), |at| at + 1);
        said.push_str(&format!(" at {}", address(rest.get(..end).unwrap_or(&[]))));
        if let Some([1, peer @ ..]) = rest.get(end + 2..) {
            let end = peer.iter().skip(1).position(|b| *b == 0).map_or(peer.len(), |at| at + 1);
            let label = text(peer.get(end + 1..).unwrap_or(&[]));
            said.push_str(&format!(" with {} of profile {label}", address(peer.get(..end).unwrap_or(&[]))));
        }
    }
    said
}

fn mount(verb: &str, mask: u64, w: &[u8]) -> String {
    let parts: Vec<&[u8]> = w.splitn(4, |b| *b == 0).collect();
    let part = |at: usize| parts.get(at).map(|p| text(p)).unwrap_or_default();
    if mask & 2 == 0 {
        let old = part(1);
        return if old.is_empty() {
            format!("{verb} {}", part(0))
        } else {
            format!("{verb} {} with the old root at {old}", part(0))
        };
    }
    let flags: Vec<&str> = parts
        .get(3)
        .into_iter()
        .flat_map(|f| f.iter())
        .take_while(|b| **b != 0)
        .filter_map(|b| flag_name(*b))
        .collect();
    let mut said = verb.to_owned();
    match (part(1).as_str(), part(2).as_str()) {
        ("", "") => {}
        (source, "") => said.push_str(&format!(" {source}")),
        ("", kind) => said.push_str(&format!(" a file system of type {kind}")),
        (source, kind) => said.push_str(&format!(" {source} of type {kind}")),
    }
    said.push_str(&format!(" on {}", part(0)));
    if !flags.is_empty() {
        said.push_str(&format!(" with {}", flags.join(",")));
    }
    said
}

/// A flag of mount(2) by its number in rules: one more than its bit.
fn flag_name(number: u8) -> Option<&'static str> {
    const NAMES: [(u8, &str); 22] = [
        (1, "ro"),
        (2, "nosuid"),
        (3, "nodev"),
        (4, "noexec"),
        (5, "sync"),
        (6, "remount"),
        (7, "mand"),
        (8, "dirsync"),
        (9, "nosymfollow"),
        (11, "noatime"),
        (12, "nodiratime"),
        (13, "bind"),
        (14, "move"),
        (15, "rec"),
        (16, "silent"),
        (18, "make-unbindable"),
        (19, "make-private"),
        (20, "make-slave"),
        (21, "make-shared"),
        (22, "relatime"),
        (24, "iversion"),
        (25, "strictatime"),
    ];
    NAMES.iter().find(|(n, _)| *n == number).map(|(_, name)| *name)
}

/// A signal by its number in rules.
#[must_use]
pub fn signal_name(number: u8) -> String {
    const NAMES: [&str; 32] = [
        "signal 0",
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    match number {
        35 => "signal 0 (is it there?)".to_owned(),
        128.. => format!("SIGRTMIN+{}", number - 128),
        _ => NAMES.get(usize::from(number)).map_or_else(|| format!("signal {number}"), |n| (*n).to_owned()),
    }
}
