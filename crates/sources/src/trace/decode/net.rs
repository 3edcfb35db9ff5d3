//! Socket addresses. Source: `struct sockaddr_*` in unix(7), ip(7), ipv6(7), netlink(7), packet(7), vsock(7).

use super::object::{Object, PathObject};
use super::{Decoder, net_names, value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `sizeof(struct sockaddr_storage)`.
const LONGEST: u64 = 128;

impl Decoder<'_> {
    /// A `struct sockaddr` of `len` bytes at `at`.
    pub(super) fn address(&mut self, name: &'static str, at: u64, len: u64) {
        if at == 0 || len & 0xffff_ffff == 0 {
            self.push(name, "NULL");
            return;
        }
        let len = usize::try_from((len & 0xffff_ffff).min(LONGEST)).unwrap_or(0);
        let Some(bytes) = self.tracee.bytes(at, len) else {
            self.push(name, "?");
            return;
        };
        let Some((shown, object)) = self.read_address(&bytes) else {
            self.push(name, "?");
            return;
        };
        self.push(name, shown);
        // The address, not the socket's descriptor, is what the call is on.
        if object.is_some() {
            self.object = object;
        }
    }

    fn read_address(&self, bytes: &[u8]) -> Option<(String, Option<Object>)> {
        let be16 = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let ne32 = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let family = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
        let family_name = value::choice(u64::from(family), net_names::AF);
        let inet = |address: IpAddr, port: u16| {
            (format!("{family_name} {address} port {port}"), Some(Object::Inet { address, port }))
        };
        Some(match family {
            1 => {
                let path = bytes.get(2..)?;
                match path.split_first() {
                    None => ("AF_UNIX unnamed".to_owned(), None),
                    Some((0, name)) => (
                        format!("AF_UNIX @{}", String::from_utf8_lossy(name)),
                        Some(Object::UnixAbstract(name.to_vec())),
                    ),
                    Some(_) => {
                        let given = path.split(|b| *b == 0).next()?.to_vec();
                        let shown = format!("AF_UNIX {}", value::quoted(&given));
                        (shown, Some(Object::Unix(PathObject::resolve(self.tracee, given, None))))
                    }
                }
            }
            2 => {
                let octets: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
                inet(Ipv4Addr::from(octets).into(), be16(2)?)
            }
            10 => {
                let octets: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
                inet(Ipv6Addr::from(octets).into(), be16(2)?)
            }
            16 => {
                let (port, groups) = (ne32(4)?, ne32(8)?);
                (format!("AF_NETLINK port {port} groups {groups:#x}"), Some(Object::Netlink { port, groups }))
            }
            17 => (
                format!("AF_PACKET interface {}", ne32(4)?.cast_signed()),
                Some(Object::Address(family_name)),
            ),
            40 => (
                format!("AF_VSOCK context {} port {}", ne32(8)?, ne32(4)?),
                Some(Object::Address(family_name)),
            ),
            _ => (family_name.clone(), Some(Object::Address(family_name))),
        })
    }

    /// A `struct msghdr`: the address it names.
    pub(super) fn message(&mut self, name: &'static str, at: u64) {
        let wide = if self.short { 4 } else { 8 };
        match (self.tracee.word(at, self.short), self.tracee.u32(at + wide)) {
            (Some(address), Some(len)) => self.address(name, address, u64::from(len)),
            _ => self.push(name, "?"),
        }
    }
}
