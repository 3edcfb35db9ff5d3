//! Signals, ptrace, message queues and io_uring.

use super::Arguments;
use super::arguments::once;
use crate::syntax::ast::Value;

/// Signals with AppArmor's own numbers (kernel: `security/apparmor/include/sig_names.h`).
pub const SIGNALS: &[(&str, u8)] = &[
    ("hup", 1),
    ("int", 2),
    ("quit", 3),
    ("ill", 4),
    ("trap", 5),
    ("abrt", 6),
    ("bus", 7),
    ("fpe", 8),
    ("kill", 9),
    ("usr1", 10),
    ("segv", 11),
    ("usr2", 12),
    ("pipe", 13),
    ("alrm", 14),
    ("term", 15),
    ("stkflt", 16),
    ("chld", 17),
    ("cont", 18),
    ("stop", 19),
    ("stp", 20),
    ("ttin", 21),
    ("ttou", 22),
    ("urg", 23),
    ("xcpu", 24),
    ("xfsz", 25),
    ("vtalrm", 26),
    ("prof", 27),
    ("winch", 28),
    ("io", 29),
    ("pwr", 30),
    ("sys", 31),
    ("emt", 32),
    ("exists", 35),
];

/// The number of a signal by its name in policy; realtime signals begin at 128.
#[must_use]
pub fn signal_number(name: &str) -> Option<u8> {
    if let Some(offset) = name.strip_prefix("rtmin+") {
        let digits = offset.bytes().all(|b| b.is_ascii_digit());
        return offset.parse::<u8>().ok().filter(|n| digits && *n <= 32).map(|n| 128 + n);
    }
    SIGNALS.iter().find(|(n, _)| *n == name).map(|(_, number)| *number)
}

/// `signal …,`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// 2 send, 4 receive.
    pub access: u32,
    /// AppArmor's numbers; none is all.
    pub set: Vec<u8>,
    /// The other side.
    pub peer: Option<Value>,
}

impl Signal {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let table = [
            ("send", 2),
            ("receive", 4),
            ("read", 4),
            ("write", 2),
            ("r", 4),
            ("w", 2),
            ("rw", 6),
            ("wr", 6),
        ];
        let access = args.access(&table);
        let mut rule = Self { access: if access == 0 { 6 } else { access }, set: Vec::new(), peer: None };
        for cond in args.conditions() {
            match (cond.name.raw.as_str(), cond.operator.as_str()) {
                ("set", "=") => {
                    for name in args.several(&cond) {
                        match signal_number(&name.raw) {
                            Some(number) => rule.set.push(number),
                            None => args.problem_hint(
                                name.span,
                                "no signal of this name",
                                "lower case, without `SIG`: `term`, `rtmin+2`",
                            ),
                        }
                    }
                }
                ("peer", _) if cond.list => {
                    args.problem(cond.span.clone(), "the peer stands without parentheses");
                }
                ("peer", _) => {
                    let value = args.single(&cond);
                    if !once(&mut rule.peer, value) {
                        args.unknown(&cond, &["set", "peer"]);
                    }
                }
                _ => args.unknown(&cond, &["set", "peer"]),
            }
        }
        args.nothing_more();
        Some(rule)
    }
}

/// `ptrace …,`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ptrace {
    /// 2 trace, 4 read, 8 tracedby, 0x10 readby.
    pub access: u32,
    /// The other side.
    pub peer: Option<Value>,
}

impl Ptrace {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let table = [
            ("trace", 2),
            ("read", 4),
            ("tracedby", 8),
            ("readby", 0x10),
            ("write", 2),
            ("r", 4),
            ("w", 2),
            ("rw", 6),
            ("wr", 6),
        ];
        let access = args.access(&table);
        let mut rule = Self { access: if access == 0 { 0x1e } else { access }, peer: None };
        for cond in args.conditions() {
            if cond.list {
                args.problem(cond.span.clone(), "the peer stands without parentheses");
            }
            let value = args.single(&cond);
            if cond.name.raw != "peer" || !once(&mut rule.peer, value) {
                args.unknown(&cond, &["peer"]);
            }
        }
        args.nothing_more();
        Some(rule)
    }
}

/// Which message queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// POSIX and System V.
    Any,
    /// Named ones.
    Posix,
    /// Numbered ones.
    Sysv,
}

/// `mqueue …,`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mqueue {
    /// 2 write, 4 read, 0x10 create, 0x20 delete, 0x40 open, 0x100 setattr, 0x200 getattr.
    pub access: u32,
    /// Which.
    pub kind: Queue,
    /// The queue's label.
    pub label: Option<Value>,
    /// `/name` or a number.
    pub name: Option<Value>,
}

impl Mqueue {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let table = [
            ("write", 2),
            ("read", 4),
            ("create", 0x10),
            ("delete", 0x20),
            ("open", 0x40),
            ("setattr", 0x100),
            ("getattr", 0x200),
            ("r", 4),
            ("w", 2),
            ("rw", 6),
            ("wr", 6),
        ];
        let access = args.access(&table);
        let mut kind = None;
        let mut rule = Self {
            access: if access == 0 { 0x376 } else { access },
            kind: Queue::Any,
            label: None,
            name: None,
        };
        for cond in args.conditions() {
            let value = args.single(&cond);
            let fine = match cond.name.raw.as_str() {
                "label" => once(&mut rule.label, value),
                "type" => match value.as_ref().map(|v| v.raw.as_str()) {
                    // Of several the last counts.
                    Some("posix") => {
                        kind = Some(Queue::Posix);
                        true
                    }
                    Some("sysv") => {
                        kind = Some(Queue::Sysv);
                        true
                    }
                    Some(_) => {
                        args.problem_hint(cond.span.clone(), "no type of message queue", "`posix` or `sysv`");
                        true
                    }
                    None => true,
                },
                _ => false,
            };
            if !fine {
                args.unknown(&cond, &["type", "label"]);
            }
        }
        rule.name = args.word();
        args.nothing_more();
        if let Some(name) = &rule.name {
            let posix = name.raw.starts_with(['/', '@']);
            let sysv = !name.raw.is_empty() && name.raw.bytes().all(|b| b.is_ascii_digit());
            let right = match kind {
                Some(Queue::Posix) => posix,
                Some(Queue::Sysv) => sysv,
                _ => posix || sysv,
            };
            if !right {
                args.problem_hint(
                    name.span.clone(),
                    "no name of such a queue",
                    "`/name` for posix, a number for sysv",
                );
            }
            kind = kind.or(Some(if posix { Queue::Posix } else { Queue::Sysv }));
        }
        rule.kind = kind.unwrap_or(Queue::Any);
        Some(rule)
    }
}

/// `io_uring …,`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoUring {
    /// 8 override_creds, 0x10 sqpoll.
    pub access: u32,
    /// The credentials' label; not a pattern with variables.
    pub label: Option<Value>,
}

impl IoUring {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let access = args.access(&[("sqpoll", 0x10), ("override_creds", 8)]);
        let mut rule = Self { access: if access == 0 { 0x18 } else { access }, label: None };
        for cond in args.conditions() {
            let value = args.single(&cond);
            if cond.name.raw != "label" || !once(&mut rule.label, value) {
                args.unknown(&cond, &["label"]);
            }
        }
        args.nothing_more();
        Some(rule)
    }
}
