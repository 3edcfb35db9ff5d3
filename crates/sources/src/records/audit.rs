//! The multicast group of the audit subsystem: every record, without being the audit daemon.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const NETLINK_AUDIT: i32 = 9;
const SOL_NETLINK: i32 = 270;
const ADD_MEMBERSHIP: i32 = 1;
/// AUDIT_NLGRP_READLOG of `include/uapi/linux/audit.h`.
const READLOG: u32 = 1;
/// Records that are kept until somebody reads them, in bytes.
const ROOM: i32 = 4 << 20;
/// Milliseconds that are waited for a first record.
const PATIENCE: i32 = 100;
/// The same for the next: where one has come audit is on, and on a busy machine its thread hands out late.
const NEXT: i32 = 150;
/// So often the next is waited for.
const TIMES: u32 = 8;
/// MAX_AUDIT_MESSAGE_LENGTH is 8970.
const LONGEST: usize = 16 << 10;

#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

impl Socket {
    /// Joins the group.
    ///
    /// # Errors
    /// EPERM without CAP_AUDIT_READ, EPROTONOSUPPORT on a kernel without audit.
    pub(super) fn open() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: takes integers only; the descriptor is ours.
        let fd = unsafe {
            let fd = libc::socket(libc::AF_NETLINK, kind, NETLINK_AUDIT);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        // A socket without a port of its own is passed over (net/netlink/af_netlink.c, do_one_broadcast).
        // SAFETY: the address is a local that holds integers only, of the size told.
        unsafe {
            let mut address: libc::sockaddr_nl = std::mem::zeroed();
            address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
            let size = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
            if libc::bind(fd.as_raw_fd(), (&raw const address).cast(), size) < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        set(&fd, SOL_NETLINK, ADD_MEMBERSHIP, READLOG.cast_signed())?;
        // More room is a help, not a need.
        let _ = set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, ROOM)
            .or_else(|_| set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, ROOM));
        Ok(Self(fd))
    }

    /// Waits for one: a thread of the kernel (kauditd) hands them out. True when there is one.
    fn wait(&self, milliseconds: i32) -> bool {
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one structure, a local.
        unsafe { libc::poll(&raw mut poll, 1, milliseconds) > 0 }
    }

    /// Everything that has come; true when some was lost.
    pub(super) fn read(self) -> (Vec<String>, bool) {
        let (mut lines, mut lost) = (Vec::new(), false);
        let mut buffer = vec![0u8; LONGEST];
        let mut waits = 0;
        if !self.wait(PATIENCE) {
            return (lines, lost);
        }
        // Bounded: what comes while we read is not waited for.
        for _ in 0..65_536 {
            // SAFETY: the buffer is as long as told and lives through the call.
            let got = unsafe { libc::recv(self.0.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
            match usize::try_from(got) {
                Ok(got) => lines.extend(buffer.get(..got).and_then(record)),
                Err(_) => match io::Error::last_os_error().raw_os_error() {
                    Some(libc::ENOBUFS) => lost = true,
                    Some(libc::EINTR) => {}
                    Some(libc::EAGAIN) if waits < TIMES && self.wait(NEXT) => waits += 1,
                    _ => break,
                },
            }
        }
        (lines, lost)
    }
}

fn set(fd: &OwnedFd, level: i32, option: i32, value: i32) -> io::Result<()> {
    // SAFETY: the value is a local of the size told.
    let done = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `struct nlmsghdr` (length, type, flags, sequence, port), then `audit(TIME:SERIAL): …`: as the audit
/// daemon writes it, with the type's number.
fn record(message: &[u8]) -> Option<String> {
    let kind = u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?);
    let text = String::from_utf8_lossy(message.get(16..)?).into_owned();
    let text = text.trim_end_matches(['\0', '\n']);
    text.starts_with("audit(").then(|| format!("type={kind} {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_as_a_line() {
        let mut message = vec![0; 16];
        message[4..6].copy_from_slice(&1326u16.to_ne_bytes());
        message.extend_from_slice(b"audit(1.0:2): pid=3\0");
        assert_eq!(record(&message).as_deref(), Some("type=1326 audit(1.0:2): pid=3"));
        assert_eq!(record(&message[..10]), None);
        assert_eq!(record(&[0; 16]), None);
    }
}
