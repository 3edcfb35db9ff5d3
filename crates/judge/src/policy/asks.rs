//! The questions that a call asks of AppArmor, in the kernel's order.
//!
//! Sources: the hooks of kernel `security/apparmor/lsm.c` and where the kernel calls them: `fs/open.c`,
//! `fs/namei.c`, `fs/namespace.c`, `fs/exec.c`, `net/socket.c`, `kernel/signal.c`, `kernel/ptrace.c`.

use super::{flags, verb};
use whodenied_access::{OpenFlags, Operation, Place, places};
use whodenied_apparmor::evaluate::{
    Address, Answer, Kernel, Label, MountAttempt, Outcome, PtraceAccess, Socket, SocketUse, Target, exec,
    file, io_uring_sqpoll, link, mount, ms, never, pivot_root, ptrace, signal, socket, umount, userns,
};
use whodenied_apparmor::policy::{Class, Profile, bit};
use whodenied_case::Attempt;
use whodenied_case::capture::{Capture, Thing};
use whodenied_kernel::{Capability, Errno};
use whodenied_text::escape;

/// What a call asks.
pub(super) struct Asked {
    /// The questions.
    pub(super) asks: Vec<Ask>,
    /// There are no others.
    pub(super) complete: bool,
    /// They are asked before mode and owner of the object, which for what is made or removed are the directory's.
    pub(super) early: bool,
    /// The one capability that the call itself needs and the process holds where it counts.
    pub(super) capability: Option<Capability>,
}

/// One question.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    File {
        path: Vec<u8>,
        owner: Option<bool>,
        request: u32,
    },
    Link {
        name: Vec<u8>,
        target: Vec<u8>,
        owner: Option<bool>,
    },
    Exec {
        path: Vec<u8>,
        owner: Option<bool>,
    },
    /// Of every one of these types: which it is is not known.
    Socket {
        family: u16,
        kinds: Vec<u16>,
        protocol: u16,
        usage: SocketUse,
        words: String,
    },
    Mount {
        attempt: Box<MountAttempt>,
        words: String,
    },
    Umount(Vec<u8>),
    Pivot {
        new: Vec<u8>,
        old: Vec<u8>,
    },
    /// Some mount of which not all is known: only what refuses every one decides.
    AnyMount(u32),
    Signal {
        number: u32,
        send: bool,
        peer: Label,
    },
    Trace {
        access: PtraceAccess,
        peer: Label,
    },
    Userns,
    Sqpoll,
}

/// What a profile says of a question.
pub(super) enum Standing {
    Said(Answer),
    /// It depends on what is not known.
    Open,
}

/// True when nobody but the process's own label is asked, and only what a profile could refuse.
pub(super) fn only_own_label(live: &Capture) -> bool {
    let peers = ["kill", "tkill", "tgkill", "ptrace", "process_vm", "pidfd", "rt_sigqueueinfo", "kcmp"];
    // An unconfined task is attached to, and moved by, profiles there.
    let moves = ["exec", "clone", "unshare", "connect", "send", "io_uring"];
    let own_files = !matches!(&live.object, Some(Thing::Path(p) | Thing::File(p)) if p.starts_with("/proc/"));
    own_files && !peers.iter().chain(&moves).any(|p| live.syscall.starts_with(p))
}

/// The questions of a captured call; `None` where they are not known.
pub(super) fn of(attempt: &Attempt, live: &Capture) -> Option<Asked> {
    if let Some(question) = &live.question {
        // Links of /proc to what has no path, or no longer one.
        let magic = |t: &[u8]| t.ends_with(b" (deleted)") || t.windows(2).any(|w| w == b":[");
        if question.world.targets().any(magic) {
            return None;
        }
        let places = places(&question.world, &question.operation);
        return files(live, &question.operation, question.subject.fsuid, places);
    }
    let just = |asks: Vec<Ask>| Some(Asked { asks, complete: true, early: false, capability: None });
    let arg = |name: &str| attempt.arg(name).unwrap_or("");
    match live.syscall.as_str() {
        "mount" => {
            let asks = vec![mounting(attempt, live).unwrap_or(Ask::AnyMount(2))];
            Some(Asked { asks, complete: true, early: false, capability: held(live, Capability::SYS_ADMIN) })
        }
        "move_mount" => {
            let capability = held(live, Capability::SYS_ADMIN);
            Some(Asked { asks: vec![Ask::AnyMount(2)], complete: true, early: false, capability })
        }
        "umount" | "umount2" => {
            let asks = match live.resolved.first() {
                Some(path) => vec![Ask::Umount(named(live, path.as_bytes(), true)?)],
                None => vec![Ask::AnyMount(4)],
            };
            Some(Asked { asks, complete: true, early: false, capability: held(live, Capability::SYS_ADMIN) })
        }
        "pivot_root" => {
            let asks = match live.resolved.as_slice() {
                [new, old] => vec![Ask::Pivot {
                    new: named(live, new.as_bytes(), true)?,
                    old: named(live, old.as_bytes(), true)?,
                }],
                _ => vec![Ask::AnyMount(1)],
            };
            Some(Asked { asks, complete: true, early: false, capability: held(live, Capability::SYS_ADMIN) })
        }
        "socket" | "socketpair" => {
            let family = flags::family(arg("domain"))?;
            let kinds = vec![flags::socket_type(arg("type"))?];
            let words = escape::clipped(&format!("{} {}", arg("domain"), arg("type")), 80);
            let protocol = arg("protocol").parse().unwrap_or(0);
            just(vec![Ask::Socket { family, kinds, protocol, usage: SocketUse::Create, words }])
        }
        "bind" | "connect" => just(vec![addressed(live)?]),
        "kill" | "tkill" | "tgkill" => {
            let peer = Label::parse(live.target_label.as_bytes());
            let number = flags::signal(arg("sig"))?;
            (!live.target_label.is_empty()).then_some(())?;
            just(vec![Ask::Signal { number, send: true, peer }])
        }
        "ptrace" if matches!(arg("request"), "PTRACE_ATTACH" | "PTRACE_SEIZE") => {
            (!live.target_label.is_empty()).then_some(())?;
            let peer = Label::parse(live.target_label.as_bytes());
            just(vec![Ask::Trace { access: PtraceAccess::Trace, peer }])
        }
        "unshare" | "clone" | "clone3" => {
            let new = arg("flags").contains("CLONE_NEWUSER");
            let capability = if new { None } else { held(live, Capability::SYS_ADMIN) };
            Some(Asked {
                asks: if new { vec![Ask::Userns] } else { Vec::new() },
                complete: true,
                early: false,
                capability,
            })
        }
        "io_uring_setup" => just(vec![Ask::Sqpoll]),
        name => {
            let capability = crate::live::needed(name).and_then(|(capability, first)| {
                held(live, capability).filter(|_| !first || live.process.same_user_namespace)
            });
            let plain = UNHOOKED.contains(&name);
            (capability.is_some() || plain).then_some(Asked {
                asks: Vec::new(),
                complete: true,
                early: false,
                capability,
            })
        }
    }
}

/// Calls that ask AppArmor for nothing but capabilities, and which is not known here.
const UNHOOKED: &[&str] = &[
    "bpf",
    "perf_event_open",
    "syslog",
    "setpriority",
    "sched_setscheduler",
    "sched_setparam",
    "sched_setattr",
    "sched_setaffinity",
    "ioprio_set",
    "mlock",
    "mlock2",
    "mlockall",
    "keyctl",
    "add_key",
    "request_key",
    "personality",
    "setresuid",
    "setreuid",
    "setuid",
    "setresgid",
    "setregid",
    "setgid",
    "setgroups",
    "sethostname",
    "setdomainname",
    "setns",
    "userfaultfd",
    "mbind",
    "set_mempolicy",
    "migrate_pages",
    "move_pages",
];

/// The capability, where the process holds it and every check is made in its own user namespace.
fn held(live: &Capture, capability: Capability) -> Option<Capability> {
    let has = live.process.effective >> capability.0 & 1 == 1;
    (has && live.process.shared.is_empty()).then_some(capability)
}

/// A path as AppArmor names it: from the root of the mount namespace, a directory with `/` at its end.
/// `None` where the process's own root is not known.
fn named(live: &Capture, path: &[u8], directory: bool) -> Option<Vec<u8>> {
    let root = live.process.root.strip_suffix('/').unwrap_or(&live.process.root);
    // A root that was removed or lies in no tree that we see has no name.
    if live.process.root.is_empty() || (!root.is_empty() && !root.starts_with('/')) || root.ends_with(')') {
        return None;
    }
    let mut name = [root.as_bytes(), path].concat();
    if directory && name.last() != Some(&b'/') {
        name.push(b'/');
    }
    Some(name)
}

fn files(live: &Capture, operation: &Operation, fsuid: u32, places: Option<Vec<Place>>) -> Option<Asked> {
    let asked = |asks: Vec<Ask>, complete| Some(Asked { asks, complete, early: false, capability: None });
    // No hook of AppArmor's is asked but for capabilities.
    if matches!(
        operation,
        Operation::Access { .. }
            | Operation::ReadLink { .. }
            | Operation::ChangeDirectory { .. }
            | Operation::ChangeRoot { .. }
            | Operation::SetTimes { .. }
            | Operation::SetAttribute { .. }
            | Operation::GetAttribute { .. }
            | Operation::RemoveAttribute { .. }
    ) {
        return asked(Vec::new(), true);
    }
    let places = places?;
    let first = places.first()?;
    // The files of another task ask its profile as well.
    let of_task = |p: &Place| {
        p.path.strip_prefix(b"/proc/").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
    };
    let complete = !places.iter().any(of_task);
    let owner = |p: &Place| p.node.is_none_or(|_| p.owner == Some(fsuid));
    let on = |p: &Place, request: u32| {
        let path = named(live, &p.path, p.directory)?;
        Some(Ask::File { path, owner: Some(owner(p)), request })
    };
    // What is made is its maker's.
    let new = |p: &Place, request: u32, directory: bool| {
        let path = named(live, &p.path, directory)?;
        Some(Ask::File { path, owner: Some(true), request })
    };
    let asks = match operation {
        Operation::Open { flags, .. } if flags.path_only || flags.temporary => return None,
        Operation::Open { flags, .. } => open(first, *flags, &on, &new)?,
        Operation::Stat { .. } => vec![on(first, bit::GETATTR)?],
        Operation::ChangeMode { .. } => vec![on(first, bit::CHMOD)?],
        Operation::ChangeOwner { .. } => vec![on(first, bit::CHOWN)?],
        Operation::Truncate { .. } => vec![on(first, bit::WRITE | bit::SETATTR)?],
        Operation::MakeDirectory { .. } => vec![new(first, bit::CREATE, true)?],
        Operation::MakeNode { .. } | Operation::MakeSymlink { .. } => vec![new(first, bit::CREATE, false)?],
        Operation::Unlink { .. } | Operation::RemoveDirectory { .. } => vec![on(first, bit::DELETE)?],
        Operation::Link { .. } => {
            let target = named(live, &first.path, false)?;
            let name = named(live, &places.get(1)?.path, false)?;
            vec![Ask::Link { name, target, owner: Some(owner(first)) }]
        }
        Operation::Rename { .. } => {
            let second = places.get(1)?;
            let from = bit::READ | bit::GETATTR | bit::WRITE | bit::SETATTR | bit::DELETE;
            let to = bit::WRITE | bit::SETATTR | bit::CREATE;
            let at = |p: &Place, request| {
                let path = named(live, &p.path, first.directory)?;
                Some(Ask::File { path, owner: Some(owner(first)), request })
            };
            vec![at(first, from)?, at(second, to)?]
        }
        Operation::Execute { .. } => {
            vec![Ask::Exec { path: named(live, &first.path, false)?, owner: Some(owner(first)) }]
        }
        Operation::Connect { .. } => vec![addressed(live)?],
        Operation::Bind { .. } => vec![addressed(live)?, new(first, bit::CREATE, false)?],
        _ => return None,
    };
    let made = matches!(operation, Operation::Open { flags, .. } if flags.create && first.node.is_none());
    // The hooks of paths are called by the system call itself, before `may_create`, `may_delete` and
    // `setattr_prepare`; that of truncate after the mode.
    let early = made
        || matches!(
            operation,
            Operation::MakeDirectory { .. }
                | Operation::MakeNode { .. }
                | Operation::MakeSymlink { .. }
                | Operation::Link { .. }
                | Operation::Rename { .. }
                | Operation::Unlink { .. }
                | Operation::RemoveDirectory { .. }
                | Operation::ChangeMode { .. }
                | Operation::ChangeOwner { .. }
        );
    Some(Asked { asks, complete, early, capability: None })
}

/// `apparmor_path_mknod`, `apparmor_file_open` (`aa_map_file_to_perms`), `apparmor_path_truncate`.
fn open(
    place: &Place,
    flags: OpenFlags,
    on: &dyn Fn(&Place, u32) -> Option<Ask>,
    new: &dyn Fn(&Place, u32, bool) -> Option<Ask>,
) -> Option<Vec<Ask>> {
    let mut request = 0;
    if flags.read {
        request |= bit::READ;
    }
    if flags.write {
        request |= if flags.append { bit::APPEND } else { bit::WRITE };
    }
    if flags.truncate {
        request |= bit::WRITE;
    }
    if flags.create {
        request |= bit::CREATE;
    }
    if place.node.is_none() {
        return Some(vec![new(place, bit::CREATE, false)?, new(place, request, false)?]);
    }
    let mut asks = vec![on(place, request)?];
    if flags.truncate {
        asks.push(on(place, bit::WRITE | bit::SETATTR)?);
    }
    Some(asks)
}

fn mounting(attempt: &Attempt, live: &Capture) -> Option<Ask> {
    let target = live.resolved.first()?;
    let bits = flags::mount(attempt.arg("mountflags").or_else(|| attempt.arg("flags"))?)?;
    let text = |name: &str| {
        let value = attempt.arg(name)?;
        (value != "NULL").then(|| value.trim_matches('"').to_owned())
    };
    let source = if bits & (ms::BIND | ms::MOVE) != 0 {
        let path = live.resolved.get(1)?;
        Some(named(live, path.as_bytes(), path.ends_with('/'))?)
    } else {
        // The kernel compares the device that a path leads to, which is not known here.
        let source = text("source");
        if source.as_ref().is_some_and(|s| s.starts_with('/')) {
            return None;
        }
        source.map(String::into_bytes)
    };
    // Text that was cut or holds escapes is not what the kernel compared.
    let plain =
        |t: &Option<String>| t.as_ref().is_none_or(|t| !t.contains(['\\', '…']) && !t.ends_with("..."));
    let (kind, data) = (text("filesystemtype"), text("data"));
    if !plain(&kind) || !plain(&data) || !plain(&text("source")) {
        return None;
    }
    let shown = kind.as_deref().or(attempt.arg("source")).unwrap_or("what is there");
    let words = escape::clipped(&format!("mount {} on {target}", shown.trim_matches('"')), 120);
    let attempt = MountAttempt {
        source,
        target: named(live, target.as_bytes(), target.ends_with('/'))?,
        fstype: kind.map(String::into_bytes),
        flags: bits,
        data: data.map(String::into_bytes),
    };
    Some(Ask::Mount { attempt: Box::new(attempt), words })
}

/// A bind or connect, by the address.
fn addressed(live: &Capture) -> Option<Ask> {
    let (family, address, shown) = match live.object.as_ref()? {
        Thing::Unix(path) => (1, Address::Path(named(live, path.as_bytes(), false)?), path.clone()),
        Thing::Abstract(name) => (1, Address::Abstract(name.as_bytes().to_vec()), format!("@{name}")),
        Thing::Inet(address, port) => {
            let family = if address.contains(':') { 10 } else { 2 };
            (family, Address::Anonymous, format!("{address}:{port}"))
        }
        _ => return None,
    };
    let kinds = if family == 1 { vec![1, 2, 5] } else { vec![1, 2, 3, 5] };
    let words = escape::clipped(&shown, 120);
    let usage = if live.syscall == "bind" {
        SocketUse::Bind(address)
    } else {
        SocketUse::Peer {
            request: bit::OPEN,
            own: Address::Anonymous,
            peer: address,
            label: Label::parse(b"unconfined"),
            owner: true,
        }
    };
    Some(Ask::Socket { family, kinds, protocol: 0, usage, words })
}

/// One answer for all, or open.
fn alike(mut answers: impl Iterator<Item = Answer>) -> Standing {
    let Some(first) = answers.next() else { return Standing::Open };
    if answers.all(|a| a.outcome == first.outcome && a.errno == first.errno) {
        Standing::Said(first)
    } else {
        Standing::Open
    }
}

impl Ask {
    /// The other side's question, of calls on another task.
    pub(super) fn other_side(&self, live: &Capture, own: &Label) -> Option<(Label, Self)> {
        let peer = Label::parse(live.target_label.as_bytes());
        match self {
            Self::Signal { number, .. } => {
                Some((peer, Self::Signal { number: *number, send: false, peer: own.clone() }))
            }
            Self::Trace { .. } => {
                Some((peer, Self::Trace { access: PtraceAccess::TracedBy, peer: own.clone() }))
            }
            _ => None,
        }
    }

    /// What a profile answers.
    pub(super) fn answer(&self, profile: &Profile, kernel: &Kernel, errno: Option<Errno>) -> Standing {
        let owners = |owner: &Option<bool>| match owner {
            Some(owner) => vec![*owner],
            None => vec![true, false],
        };
        match self {
            Self::File { path, owner, request } => {
                alike(owners(owner).into_iter().map(|owner| file(profile, path, owner, *request)))
            }
            Self::Link { name, target, owner } => {
                alike(owners(owner).into_iter().map(|owner| link(profile, name, target, owner)))
            }
            Self::Exec { path, owner } => {
                let done: Vec<_> =
                    owners(owner).into_iter().map(|o| exec(profile, kernel, path, o, None)).collect();
                // A change of profile has conditions of its own.
                let moves = |d: &whodenied_apparmor::evaluate::Exec| {
                    d.target.as_ref().is_some_and(|t| *t != Target::Same) || d.stacked.is_some()
                };
                if done.iter().any(|d| d.answer.outcome.passes() && moves(d)) {
                    return Standing::Open;
                }
                alike(done.into_iter().map(|d| d.answer))
            }
            Self::Socket { family, kinds, protocol, usage, .. } => {
                let fine =
                    *family == 1 && ((kernel.network_v9 && profile.mediates(Class::NetV9)) || kernel.patched);
                // Addresses and labels on both sides are not all known.
                if fine && !matches!(usage, SocketUse::Create | SocketUse::Bind(_)) {
                    return Standing::Open;
                }
                alike(kinds.iter().map(|kind| {
                    let which = Socket { family: *family, kind: *kind, protocol: *protocol };
                    socket(profile, kernel, &which, usage)
                }))
            }
            Self::Mount { attempt, .. } => Standing::Said(mount(profile, attempt)),
            Self::Umount(target) => Standing::Said(umount(profile, target)),
            Self::Pivot { new, old } => Standing::Said(pivot_root(profile, new, old)),
            Self::AnyMount(bits) => any_mount(profile, *bits),
            Self::Signal { number, send, peer } => Standing::Said(signal(profile, *number, *send, peer)),
            Self::Trace { access, peer } => Standing::Said(ptrace(profile, *access, peer)),
            Self::Userns => Standing::Said(userns(profile, kernel)),
            Self::Sqpoll => {
                let said = io_uring_sqpoll(profile, kernel);
                // Whether the ring was to be polled is not known; nothing else here answers so.
                if said.outcome == Outcome::Denied && errno != Some(Errno::EACCES) {
                    return Standing::Open;
                }
                Standing::Said(said)
            }
        }
    }

    /// What was to be done, as the object of "does not allow to".
    pub(super) fn words(&self, said: &Answer) -> String {
        let path = |p: &[u8]| escape::clipped(&String::from_utf8_lossy(p), 200);
        match self {
            Self::File { path: p, .. } => format!("{} {}", verb(said), path(p)),
            Self::Link { name, target, .. } => format!("link {} to {}", path(name), path(target)),
            Self::Exec { path: p, .. } => format!("execute {}", path(p)),
            Self::Socket { words, usage: SocketUse::Create, .. } => format!("create a socket of {words}"),
            Self::Socket { words, .. } => format!("{} a socket: {words}", verb(said)),
            Self::Mount { words, .. } => words.clone(),
            Self::Umount(target) => format!("unmount {}", path(target)),
            Self::Pivot { new, .. } => format!("make {} its root", path(new)),
            Self::AnyMount(4) => "unmount anything".to_owned(),
            Self::AnyMount(1) => "change its root".to_owned(),
            Self::AnyMount(_) => "mount anything".to_owned(),
            Self::Signal { send: true, peer, .. } => format!("send this signal to {}", label(peer)),
            Self::Signal { peer, .. } => format!("be sent this signal by {}", label(peer)),
            Self::Trace { access: PtraceAccess::Trace, peer } => format!("trace {}", label(peer)),
            Self::Trace { peer, .. } => format!("be traced by {}", label(peer)),
            Self::Userns => "create a user namespace".to_owned(),
            Self::Sqpoll => "make an io_uring that the kernel polls".to_owned(),
        }
    }
}

fn label(label: &Label) -> String {
    let names = label.components.iter().map(|c| String::from_utf8_lossy(&c.name).into_owned());
    escape::clipped(&names.collect::<Vec<_>>().join("//&"), 120)
}

/// A mount of which not all is known is decided by a profile that refuses them all, or asks about none.
fn any_mount(profile: &Profile, bits: u32) -> Standing {
    // What begins nowhere is answered with the trap's permissions, and so is every other.
    let said = mount(profile, &MountAttempt { target: b"/".to_vec(), ..MountAttempt::default() });
    if said.outcome == Outcome::Unmediated {
        return Standing::Said(said);
    }
    if never(profile, Class::Mount, &[], bits) && said.outcome == Outcome::Denied {
        return Standing::Said(said);
    }
    Standing::Open
}
