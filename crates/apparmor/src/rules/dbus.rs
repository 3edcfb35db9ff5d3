//! D-Bus rules. The bus enforces them, by what the kernel's policy says.

use super::Arguments;
use super::arguments::once;
use crate::syntax::ast::Value;

/// Sending a message.
pub const SEND: u32 = 2;
/// Receiving a message.
pub const RECEIVE: u32 = 4;
/// Listening in.
pub const EAVESDROP: u32 = 0x20;
/// Owning a name.
pub const BIND: u32 = 0x40;

const ACCESS: &[(&str, u32)] = &[
    ("send", SEND),
    ("receive", RECEIVE),
    ("bind", BIND),
    ("eavesdrop", EAVESDROP),
    ("read", RECEIVE),
    ("write", SEND),
    ("r", RECEIVE),
    ("w", SEND),
    ("rw", SEND | RECEIVE),
    ("wr", SEND | RECEIVE),
];

/// `dbus …,`; `None` matches anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dbus {
    /// The accesses: [`SEND`], [`RECEIVE`], [`EAVESDROP`], [`BIND`].
    pub access: u32,
    /// `system`, `session`.
    pub bus: Option<Value>,
    /// The object.
    pub path: Option<Value>,
    /// The interface.
    pub interface: Option<Value>,
    /// The method or signal.
    pub member: Option<Value>,
    /// The name to own.
    pub name: Option<Value>,
    /// The other side's name on the bus.
    pub peer_name: Option<Value>,
    /// The other side's profile.
    pub peer_label: Option<Value>,
}

const CONDITIONS: &[&str] = &["bus", "path", "interface", "member", "name", "peer"];

impl Dbus {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let mut rule = Self { access: args.access(ACCESS), ..Self::default() };
        for cond in args.conditions() {
            if cond.name.raw == "peer" {
                if rule.peer_name.is_some() || rule.peer_label.is_some() {
                    args.unknown(&cond, CONDITIONS);
                }
                for inner in args.nested(&cond) {
                    let value = args.single(&inner);
                    let fine = match inner.name.raw.as_str() {
                        "name" => once(&mut rule.peer_name, value),
                        "label" => once(&mut rule.peer_label, value),
                        _ => false,
                    };
                    if !fine {
                        args.unknown(&inner, &["name", "label"]);
                    }
                }
                continue;
            }
            let value = args.single(&cond);
            let fine = match cond.name.raw.as_str() {
                "bus" => once(&mut rule.bus, value),
                "path" => once(&mut rule.path, value),
                "interface" => once(&mut rule.interface, value),
                "member" => once(&mut rule.member, value),
                "name" => once(&mut rule.name, value),
                _ => false,
            };
            if !fine {
                args.unknown(&cond, CONDITIONS);
            }
        }
        args.nothing_more();
        let message = [&rule.path, &rule.interface, &rule.member, &rule.peer_name, &rule.peer_label];
        let message = message.iter().any(|v| v.is_some());
        let service = rule.name.is_some();
        let span = args.span();
        if message && service {
            args.problem(
                span,
                "`name` is for owning a name; messages go by `path`, `interface`, `member` and `peer`",
            );
            return None;
        }
        if rule.access == 0 {
            rule.access = if message {
                SEND | RECEIVE
            } else if service {
                BIND
            } else {
                SEND | RECEIVE | EAVESDROP | BIND
            };
        } else if message && rule.access & (EAVESDROP | BIND) != 0 {
            args.problem(span, "`bind` and `eavesdrop` know no conditions of messages");
        } else if service && rule.access & !BIND != 0 {
            args.problem(span, "`name` is a condition of `bind` alone");
        }
        Some(rule)
    }
}
