//! A question in words: `mount tmpfs on /tmp`, `read /etc/shadow`, `create unix stream`.

use super::{
    Address, Answer, Kernel, Label, MountAttempt, PtraceAccess, Socket, SocketUse, capability,
    change_profile, exec, file, io_uring_sqpoll, link, mount, ms, net_bit, pivot_root, ptrace, signal,
    socket, umount, userns,
};
use crate::compare::family_name;
use crate::policy::{Profile, bit};
use whodenied_kernel::Capability;

/// What is asked of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the functions that answer")]
pub enum Question {
    File { path: Vec<u8>, request: u32 },
    Link { link: Vec<u8>, target: Vec<u8> },
    Exec { path: Vec<u8> },
    Capability(Capability),
    Socket(Socket, SocketUse),
    Mount(MountAttempt),
    Umount { target: Vec<u8> },
    PivotRoot { new: Vec<u8>, old: Vec<u8> },
    Signal { number: u32, send: bool, peer: Label },
    Ptrace { access: PtraceAccess, peer: Label },
    Userns,
    IoUringSqpoll,
    ChangeProfile { target: Label },
}

/// What questions look like, one form a line.
pub const FORMS: &str = "\
read|write|append|create|delete|lock|chmod|chown|map PATH
execute PATH
link NAME to TARGET
capability CAP_NAME
create FAMILY TYPE                     create unix stream
bind|listen|connect|send|receive FAMILY TYPE [@NAME|PATH] [of LABEL]
mount SOURCE on TARGET [type TYPE] [with FLAG,FLAG]
umount TARGET
pivot_root NEW OLD
signal NAME|NUMBER [to|from] LABEL
trace|read-task|traced-by|read-by LABEL
userns
io_uring-sqpoll
change-profile LABEL";

const FILE: &[(&str, u32)] = &[
    ("read", bit::READ),
    ("write", bit::WRITE),
    ("append", bit::APPEND),
    ("create", bit::CREATE),
    ("delete", bit::DELETE),
    ("lock", bit::LOCK),
    ("chmod", bit::CHMOD),
    ("chown", bit::CHOWN),
    ("map", bit::MMAP | bit::READ),
];
const FLAGS: &[(&str, u32)] = &[
    ("ro", ms::RDONLY),
    ("rw", 0),
    ("nosuid", ms::NOSUID),
    ("nodev", ms::NODEV),
    ("noexec", ms::NOEXEC),
    ("sync", ms::SYNCHRONOUS),
    ("remount", ms::REMOUNT),
    ("dirsync", ms::DIRSYNC),
    ("nosymfollow", ms::NOSYMFOLLOW),
    ("noatime", ms::NOATIME),
    ("nodiratime", ms::NODIRATIME),
    ("bind", ms::BIND),
    ("rbind", ms::BIND | ms::REC),
    ("move", ms::MOVE),
    ("make-private", ms::PRIVATE),
    ("make-rprivate", ms::PRIVATE | ms::REC),
    ("make-slave", ms::SLAVE),
    ("make-rslave", ms::SLAVE | ms::REC),
    ("make-shared", ms::SHARED),
    ("make-rshared", ms::SHARED | ms::REC),
    ("make-unbindable", ms::UNBINDABLE),
    ("relatime", ms::RELATIME),
    ("strictatime", ms::STRICTATIME),
    ("lazytime", ms::LAZYTIME),
];

impl Question {
    /// Reads a question. An error says what was not understood.
    ///
    /// # Errors
    ///
    /// When it has none of the [`FORMS`].
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let (&verb, rest) = words.split_first().ok_or("there is no question")?;
        let rest: Vec<&str> = rest.iter().copied().filter(|w| !matches!(*w, "on" | "at")).collect();
        let one = || rest.first().copied().ok_or_else(|| format!("{verb} what?"));
        let bytes = |text: &str| text.as_bytes().to_vec();
        let directory = |text: &str| format!("{}/", text.trim_end_matches('/')).into_bytes();
        let label = |text: &str| Label::parse(text.as_bytes());
        let first_is_path = rest.first().is_some_and(|w| w.starts_with('/'));
        Ok(match verb {
            "create" if !first_is_path => Self::socket(net_bit::CREATE, verb, &rest)?,
            "bind" | "listen" | "accept" | "connect" | "send" | "receive" => {
                let request = match verb {
                    "bind" => bit::BIND,
                    "listen" => bit::LISTEN,
                    "accept" => bit::ACCEPT,
                    "connect" => net_bit::CONNECT,
                    "send" => net_bit::SEND,
                    _ => net_bit::RECEIVE,
                };
                Self::socket(request, verb, &rest)?
            }
            "execute" | "exec" => Self::Exec { path: absolute(one()?)? },
            "link" => {
                let parts: Vec<&str> = rest.iter().copied().filter(|w| *w != "to").collect();
                let [link, target] = parts.as_slice() else { return Err("link NAME to TARGET".into()) };
                Self::Link { link: absolute(link)?, target: absolute(target)? }
            }
            "capability" | "cap" => {
                let name = one()?.to_ascii_uppercase();
                let name = name.strip_prefix("CAP_").unwrap_or(&name);
                let capability =
                    Capability::from_name(name).or_else(|| Capability::from_name(&format!("CAP_{name}")));
                Self::Capability(capability.ok_or_else(|| format!("no capability is called {name}"))?)
            }
            "mount" => Self::mount(&rest)?,
            "umount" | "unmount" => Self::Umount { target: directory(one()?) },
            "pivot_root" => {
                let [new, old] = rest.as_slice() else { return Err("pivot_root NEW OLD".into()) };
                Self::PivotRoot { new: directory(new), old: directory(old) }
            }
            "signal" => {
                let number = signal_by_name(one()?).ok_or_else(|| "no such signal".to_owned())?;
                let send = rest.get(1) != Some(&"from");
                let peer = rest.iter().skip(1).find(|w| !matches!(**w, "to" | "from"));
                Self::Signal { number, send, peer: label(peer.ok_or("signal NAME to whom?")?) }
            }
            "trace" => Self::Ptrace { access: PtraceAccess::Trace, peer: label(one()?) },
            "read-task" => Self::Ptrace { access: PtraceAccess::Read, peer: label(one()?) },
            "traced-by" => Self::Ptrace { access: PtraceAccess::TracedBy, peer: label(one()?) },
            "read-by" => Self::Ptrace { access: PtraceAccess::ReadBy, peer: label(one()?) },
            "userns" => Self::Userns,
            "io_uring-sqpoll" => Self::IoUringSqpoll,
            "change-profile" => Self::ChangeProfile { target: label(one()?) },
            _ => match FILE.iter().find(|(name, _)| *name == verb) {
                Some((_, request)) => {
                    // A path that ends in `/` is the directory; the kernel asks with the `/`.
                    Self::File { path: bytes(one().and_then(|p| absolute(p).map(|_| p))?), request: *request }
                }
                None => return Err(format!("{verb} is not something that can be asked")),
            },
        })
    }

    fn mount(rest: &[&str]) -> Result<Self, String> {
        let mut attempt = MountAttempt::default();
        let mut plain = Vec::new();
        let mut words = rest.iter();
        while let Some(&word) = words.next() {
            match word {
                "type" | "-t" => attempt.fstype = words.next().map(|w| w.as_bytes().to_vec()),
                "with" | "-o" => {
                    for flag in words.next().copied().unwrap_or_default().split(',') {
                        match FLAGS.iter().find(|(name, _)| *name == flag) {
                            Some((_, bits)) => attempt.flags |= bits,
                            None => attempt.data = Some(flag.as_bytes().to_vec()),
                        }
                    }
                }
                _ => plain.push(word),
            }
        }
        let (source, target) = match plain.as_slice() {
            [target] => (None, *target),
            [source, target] => (Some(*source), *target),
            _ => return Err("mount SOURCE on TARGET".into()),
        };
        // A word for a source is a file system's type, as in `mount tmpfs on /tmp`.
        let word = source.filter(|s| !s.starts_with('/'));
        if attempt.fstype.is_none() && attempt.flags & (ms::BIND | ms::MOVE | ms::REMOUNT) == 0 {
            attempt.fstype = word.map(|w| w.as_bytes().to_vec());
        }
        let directory = |text: &str| format!("{}/", text.trim_end_matches('/')).into_bytes();
        let is_path = attempt.flags & (ms::BIND | ms::MOVE) != 0;
        attempt.source = source.map(|s| if is_path { directory(s) } else { s.as_bytes().to_vec() });
        absolute(target)?;
        attempt.target = directory(target);
        Ok(Self::Mount(attempt))
    }

    fn socket(request: u32, verb: &str, rest: &[&str]) -> Result<Self, String> {
        let family = rest.first().ok_or_else(|| format!("{verb} which family?"))?;
        let wanted = family.to_ascii_uppercase();
        let wanted = if wanted.starts_with("AF_") { wanted } else { format!("AF_{wanted}") };
        let family = (0..=45).find(|f| family_name(*f) == Some(wanted.as_str()));
        let family = family.ok_or_else(|| format!("no family of sockets is called {wanted}"))?;
        let kind =
            match rest.get(1).copied().unwrap_or("stream").to_ascii_lowercase().trim_start_matches("sock_") {
                "stream" => 1,
                "dgram" | "datagram" => 2,
                "raw" => 3,
                "rdm" => 4,
                "seqpacket" => 5,
                "dccp" => 6,
                "packet" => 10,
                other => return Err(format!("no type of sockets is called {other}")),
            };
        let address = match rest.get(2).copied().filter(|w| *w != "of") {
            None => Address::Anonymous,
            Some(text) => match text.strip_prefix('@') {
                Some(name) => Address::Abstract(name.as_bytes().to_vec()),
                None => Address::Path(absolute(text)?),
            },
        };
        let label = rest.iter().position(|w| *w == "of").and_then(|at| rest.get(at + 1));
        let label = Label::parse(label.map_or(&b"unconfined"[..], |l| l.as_bytes()));
        let usage = match request {
            net_bit::CREATE => SocketUse::Create,
            bit::BIND => SocketUse::Bind(address),
            bit::LISTEN => SocketUse::Listen(address, 0),
            bit::ACCEPT => SocketUse::Accept(address),
            _ => SocketUse::Peer { request, own: Address::Anonymous, peer: address, label, owner: true },
        };
        Ok(Self::Socket(Socket { family, kind, protocol: 0 }, usage))
    }

    /// Asks a profile. Files are taken to be the task's own when `owner` says so.
    #[must_use]
    pub fn ask(&self, profile: &Profile, kernel: &Kernel, owner: bool) -> Answer {
        match self {
            Self::File { path, request } => file(profile, path, owner, *request),
            Self::Link { link: name, target } => link(profile, name, target, owner),
            Self::Exec { path } => exec(profile, kernel, path, owner, None).answer,
            Self::Capability(which) => capability(profile, *which),
            Self::Socket(which, usage) => socket(profile, kernel, which, usage),
            Self::Mount(attempt) => mount(profile, attempt),
            Self::Umount { target } => umount(profile, target),
            Self::PivotRoot { new, old } => pivot_root(profile, new, old),
            Self::Signal { number, send, peer } => signal(profile, *number, *send, peer),
            Self::Ptrace { access, peer } => ptrace(profile, *access, peer),
            Self::Userns => userns(profile, kernel),
            Self::IoUringSqpoll => io_uring_sqpoll(profile, kernel),
            Self::ChangeProfile { target } => change_profile(profile, target, None, false),
        }
    }
}

fn absolute(text: &str) -> Result<Vec<u8>, String> {
    if text.starts_with('/') {
        Ok(text.as_bytes().to_vec())
    } else {
        Err(format!("{text} is no absolute path"))
    }
}

/// A signal's number by its name, with or without `SIG`, or by its number.
fn signal_by_name(name: &str) -> Option<u32> {
    if let Ok(number) = name.parse::<u32>() {
        return (number <= 64).then_some(number);
    }
    let name = name.to_ascii_uppercase();
    let name = if name.starts_with("SIG") { name } else { format!("SIG{name}") };
    (1..=31u8).find(|n| crate::compare::signal_name(*n) == name).map(u32::from)
}
