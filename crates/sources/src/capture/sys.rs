//! The calls by which a walk reads without opening: O_PATH descriptors, statx, links, attributes.

#![allow(unsafe_code, reason = "the system calls of a walk that no safe crate offers")]

use std::ffi::{CStr, CString, OsString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// What statx(2) tells of an inode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) inode: u64,
    /// The mount, as the first column of mountinfo.
    pub(crate) mount: u64,
    pub(crate) immutable: bool,
    pub(crate) append: bool,
    /// When its mode, owner or content last changed, in nanoseconds since 1970.
    pub(crate) changed: i128,
    /// True for a character device of number 0:0, by which overlayfs hides a name.
    pub(crate) whiteout: bool,
}

/// Opens a path as a mere place (O_PATH), following links: for /proc/TID/root and the like.
pub(crate) fn place(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(io::Error::other)?;
    // SAFETY: the string is NUL-terminated and lives through the call.
    descriptor(unsafe { libc::open(path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) })
}

/// Opens an entry of a directory as a mere place; a symbolic link as the link itself.
pub(crate) fn entry(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let name = CString::new(name).map_err(io::Error::other)?;
    let flags = libc::O_PATH | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    // SAFETY: the descriptor is borrowed and the string NUL-terminated, both live through the call.
    descriptor(unsafe { libc::openat(directory.as_raw_fd(), name.as_ptr(), flags) })
}

fn descriptor(raw: libc::c_int) -> io::Result<OwnedFd> {
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// statx(2) of a place.
pub(crate) fn stat(place: BorrowedFd<'_>) -> io::Result<Stat> {
    let mut found = std::mem::MaybeUninit::<libc::statx>::zeroed();
    let empty: &CStr = c"";
    let mask = libc::STATX_BASIC_STATS | libc::STATX_MNT_ID;
    // SAFETY: `found` is large enough for the structure that the kernel fills; the path is an
    // empty NUL-terminated string, which AT_EMPTY_PATH takes for the descriptor itself.
    let result = unsafe {
        libc::statx(place.as_raw_fd(), empty.as_ptr(), libc::AT_EMPTY_PATH, mask, found.as_mut_ptr())
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed is a valid value of this plain structure, and the kernel has filled it.
    let found = unsafe { found.assume_init() };
    let has = |bit: libc::c_int| found.stx_attributes & u64::try_from(bit).unwrap_or(0) != 0;
    Ok(Stat {
        mode: found.stx_mode,
        uid: found.stx_uid,
        gid: found.stx_gid,
        inode: found.stx_ino,
        mount: found.stx_mnt_id,
        immutable: has(libc::STATX_ATTR_IMMUTABLE),
        append: has(libc::STATX_ATTR_APPEND),
        changed: i128::from(found.stx_ctime.tv_sec) * 1_000_000_000 + i128::from(found.stx_ctime.tv_nsec),
        whiteout: found.stx_mode & 0o170_000 == 0o020_000
            && found.stx_rdev_major == 0
            && found.stx_rdev_minor == 0,
    })
}

/// The target of a symbolic link that is open as a place.
pub(crate) fn target(link: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0_u8; 4096];
    let empty: &CStr = c"";
    // SAFETY: the buffer is writable for its whole length, the empty path means the descriptor.
    let got = unsafe {
        libc::readlinkat(link.as_raw_fd(), empty.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
    };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    buffer.truncate(got);
    Ok(OsString::from_vec(buffer).into_vec())
}

/// An extended attribute of a place; `None` where there is none.
pub(crate) fn attribute(place: BorrowedFd<'_>, name: &CStr) -> Option<Vec<u8>> {
    let path = CString::new(format!("/proc/self/fd/{}", place.as_raw_fd())).ok()?;
    let mut buffer = vec![0_u8; 4096];
    // SAFETY: both strings are NUL-terminated, the buffer is writable for its whole length.
    let got =
        unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    buffer.truncate(usize::try_from(got).ok()?);
    Some(buffer)
}

/// The protocol of the socket behind a link of /proc/PID/fd, `TCP` or `TCPv6` say
/// (`net/socket.c`, sockfs_xattr_get); `None` for what is no socket.
pub(crate) fn protocol(link: &Path) -> Option<Vec<u8>> {
    let path = CString::new(link.as_os_str().as_encoded_bytes()).ok()?;
    let name = c"system.sockprotoname";
    let mut buffer = vec![0_u8; 64];
    // SAFETY: both strings are NUL-terminated, the buffer is writable for its whole length.
    let got =
        unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    buffer.truncate(usize::try_from(got).ok()?);
    Some(buffer)
}

/// The user who owns the user namespace open as `namespace`, ioctl_ns(2) NS_GET_OWNER_UID.
pub(crate) fn namespace_owner(namespace: BorrowedFd<'_>) -> Option<u32> {
    const NS_GET_OWNER_UID: libc::Ioctl = 0xb704;
    let mut uid: libc::uid_t = 0;
    // SAFETY: the request writes one uid_t to the address given.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_OWNER_UID, &raw mut uid) };
    (result == 0).then_some(uid)
}
