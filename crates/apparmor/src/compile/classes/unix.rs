//! Unix sockets: `class family type protocol`, then how far a question goes: an address and a label of one's
//! own, then a command (2 listen, 4 options, 1 another side) with its argument.

use super::{Broken, Output, any, byte, claim, class};
use crate::compile::claim::Claim;
use crate::compile::glob::{ByteSet, Kind, Re};
use crate::compile::mediation::Sockets;
use crate::policy::{Class, bit};
use crate::resolve::filter_slashes;
use crate::rules::network::PEER_ACCESS;
use crate::rules::unix::{ALL, Unix};
use crate::rules::{Decision, Qualifiers};
use crate::syntax::ast::Value;

const UNIX: u16 = 1;
/// What is asked with one's own address and label alone; the kernel's name for shutdown is `AA_MAY_SHUTDOWN`,
/// the bit of deleting.
const LOCAL: u32 = bit::BIND | bit::ACCEPT | bit::DELETE | bit::SETATTR | bit::GETATTR;
const OPTIONS: u32 = bit::SETOPT | bit::GETOPT;

/// `class family type`, the type being any where none is named.
pub(super) fn family(class_of: Class, family: u16, kind: Option<u16>) -> Re {
    let [a, b] = family.to_be_bytes();
    let mut parts = vec![class(class_of), byte(a), byte(b)];
    match kind {
        Some(kind) => parts.extend(kind.to_be_bytes().map(byte)),
        None => parts.extend([any(), any()]),
    }
    Re::Cat(parts)
}

/// A socket's own address.
enum Own {
    Any,
    /// Chosen by the kernel when the socket is bound.
    Auto,
    Named(Re),
}

/// What is asked of sockets.
pub(super) struct Asked {
    access: u32,
    kind: Option<u16>,
    own: Own,
    peer: Option<(Re, Re)>,
}

impl Asked {
    /// Everything that sockets of a type do.
    pub(super) const fn all(kind: Option<u16>) -> Self {
        Self { access: ALL, kind, own: Own::Any, peer: None }
    }
}

impl Output<'_> {
    pub(super) fn unix(&mut self, rule: &Unix, q: &Qualifiers) -> Result<(), Broken> {
        let access = if rule.access_named { rule.access } else { ALL };
        let mut asked = Asked { access, ..Asked::all(rule.kind) };
        asked.own = match &rule.addr {
            None => Own::Any,
            Some(value) if value.raw == "auto" => Own::Auto,
            Some(value) => Own::Named(self.address(value)?),
        };
        if rule.peer_addr.is_some() || rule.peer_label.is_some() {
            let address = rule.peer_addr.as_ref().map_or_else(|| Ok(Re::anything()), |v| self.address(v))?;
            asked.peer = Some((address, self.name_or(rule.peer_label.as_ref(), Re::any_string())?));
        }
        if let Some(class) = self.mediation.unix {
            self.unix_fine(class, &asked, |mask| claim(q, mask.into()));
        }
        // Whatever else a rule says, it also lets the family and type through; what is refused is refused
        // where addresses are told apart, or not at all.
        if let Sockets::Class(class) = self.mediation.sockets
            && q.decision != Decision::Deny
        {
            let q = Qualifiers { priority: None, ..*q };
            self.policy(family(class, UNIX, rule.kind), claim(&q, access.into()));
        }
        Ok(())
    }

    /// `none`: one byte 1. An abstract name: NUL and the name. `auto`: NUL and five hexadecimal digits.
    fn address(&self, value: &Value) -> Result<Re, Broken> {
        Ok(match value.raw.as_str() {
            "none" => byte(1),
            "auto" => chosen(),
            _ => {
                let text = self.expand(value)?;
                let name = filter_slashes(text.strip_prefix('@').unwrap_or(&text));
                Re::cat([byte(0), self.parse(value, &name, Kind::Bytes)?.re])
            }
        })
    }

    /// The questions about addresses and labels, in one class.
    pub(super) fn unix_fine(&mut self, class: Class, asked: &Asked, claim: impl Fn(u32) -> Claim) {
        let Asked { access, kind, own, peer } = asked;
        let socket = Re::cat([family(class, UNIX, *kind), any(), any()]);
        let label = Re::cat([byte(0), Re::any_string(), byte(0)]);
        if peer.is_none() && access & bit::CREATE != 0 {
            self.policy(socket.clone(), claim(bit::CREATE));
        }
        let (address, auto) = match own {
            Own::Any => (Re::anything(), true),
            Own::Auto => (chosen(), true),
            Own::Named(re) => (re.clone(), false),
        };
        if auto && access & bit::BIND != 0 {
            // The kernel is asked to choose an address by giving none.
            self.policy(Re::cat([socket.clone(), label.clone()]), claim(bit::BIND));
        }
        let here = Re::cat([socket, address, label]);
        let mut local = access & if peer.is_some() { bit::ACCEPT } else { LOCAL };
        if matches!(own, Own::Auto) {
            local &= !bit::BIND;
        }
        if local != 0 {
            self.policy(here.clone(), claim(local));
        }
        for (command, mask) in [(2, bit::LISTEN), (4, OPTIONS)] {
            if peer.is_none() && access & mask != 0 {
                self.policy(Re::cat([here.clone(), byte(command), any(), any()]), claim(access & mask));
            }
        }
        if access & PEER_ACCESS != 0 {
            let (address, label) = peer.clone().unwrap_or_else(|| (Re::anything(), Re::any_string()));
            let re = Re::cat([here, byte(1), address, byte(0), label]);
            self.policy(re, claim(access & PEER_ACCESS));
        }
    }
}

/// An address that the kernel chose.
fn chosen() -> Re {
    let digits = (b'0'..=b'9').chain(b'a'..=b'f').fold(ByteSet::EMPTY, ByteSet::with);
    let mut parts = vec![byte(0)];
    parts.extend(std::iter::repeat_n(Re::Set(digits), 5));
    Re::Cat(parts)
}
