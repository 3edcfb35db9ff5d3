//! Rules for Unix sockets.

use super::Arguments;
use super::arguments::once;
use super::network::{ACCESS, PEER_ACCESS, socket_type};
use crate::syntax::ast::Value;

/// `unix …,`; `None` matches anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unix {
    /// Bits of [`super::network`]; all where none are named.
    pub access: u32,
    /// Whether accesses were named.
    pub access_named: bool,
    /// The kernel's number of the socket type.
    pub kind: Option<u16>,
    /// `@abstract`, `none` or `auto`.
    pub addr: Option<Value>,
    /// The other side's address.
    pub peer_addr: Option<Value>,
    /// The other side's label.
    pub peer_label: Option<Value>,
}

const CONDITIONS: &[&str] = &["type", "addr", "label", "peer"];

impl Unix {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let access = args.access(ACCESS);
        let mut rule = Self { access, access_named: access != 0, ..Self::default() };
        for cond in args.conditions() {
            if cond.name.raw == "peer" {
                if rule.peer_addr.is_some() || rule.peer_label.is_some() {
                    args.unknown(&cond, CONDITIONS);
                }
                for inner in args.nested(&cond) {
                    let value = args.single(&inner);
                    let fine = match inner.name.raw.as_str() {
                        "addr" => once(&mut rule.peer_addr, address(&mut args, value)),
                        "label" => once(&mut rule.peer_label, value),
                        _ => false,
                    };
                    if !fine {
                        args.unknown(&inner, &["addr", "label"]);
                    }
                }
                continue;
            }
            let value = args.single(&cond);
            let fine = match cond.name.raw.as_str() {
                "type" => {
                    let kind = value.as_ref().and_then(|v| socket_type(&v.raw));
                    if let (Some(value), None) = (&value, kind) {
                        args.problem(value.span.clone(), "no type of socket");
                    }
                    once(&mut rule.kind, kind)
                }
                "addr" => once(&mut rule.addr, address(&mut args, value)),
                "label" => {
                    let hint =
                        "the label of one's own socket is one's own; `peer=(label=…)` is the other side's";
                    args.problem_hint(cond.span.clone(), "the reference parser takes no label here", hint);
                    true
                }
                _ => false,
            };
            if !fine {
                args.unknown(&cond, CONDITIONS);
            }
        }
        args.nothing_more();
        let peer = rule.peer_addr.is_some() || rule.peer_label.is_some();
        if rule.access == 0 {
            rule.access = if peer { PEER_ACCESS } else { ALL };
        } else if peer && rule.access & !PEER_ACCESS != 0 {
            let span = args.span();
            args.problem_hint(span, "this access knows no peer", "only send, receive, connect and accept do");
        }
        Some(rule)
    }
}

/// Every access of a socket.
pub const ALL: u32 = super::network::ALL;

fn address(args: &mut Arguments<'_>, value: Option<Value>) -> Option<Value> {
    let value = value?;
    if value.raw.starts_with('@') || matches!(value.raw.as_str(), "none" | "auto") {
        return Some(value);
    }
    let hint = "`@name` for abstract sockets, `none` for unnamed ones; sockets with a path go by file rules";
    args.problem_hint(value.span, "no address of a Unix socket", hint);
    None
}
