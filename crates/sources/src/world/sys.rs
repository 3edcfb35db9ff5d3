//! The calls of the lazily read world that no safe crate has: the map of an idmapped mount, what lies
//! under a mount, the names of extended attributes.

#![allow(unsafe_code, reason = "statmount, open_tree and listxattr have no safe form here")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use whodenied_access::{Extent, IdMap, IdMaps};

/// `STATX_MNT_ID_UNIQUE`, `include/uapi/linux/stat.h`: since Linux 6.8.
const UNIQUE: u32 = 0x4000;

/// The mount's number that is never used again, which statmount(2) takes.
pub(super) fn unique_mount(place: BorrowedFd<'_>) -> Option<u64> {
    let mut found = std::mem::MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: `found` is large enough for the structure that the kernel fills, the path is an empty
    // terminated string, which AT_EMPTY_PATH takes for the descriptor itself.
    let result = unsafe {
        libc::statx(place.as_raw_fd(), c"".as_ptr(), libc::AT_EMPTY_PATH, UNIQUE, found.as_mut_ptr())
    };
    // SAFETY: zeroed is a valid value of this plain structure.
    let found = unsafe { found.assume_init() };
    (result == 0 && found.stx_mask & UNIQUE != 0).then_some(found.stx_mnt_id)
}

/// `struct mnt_id_req`, `include/uapi/linux/mount.h`.
#[repr(C)]
struct Request {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
    namespace: u64,
}

/// `__NR_statmount`, the same on every architecture.
const STATMOUNT: libc::c_long = 457;
/// `STATMOUNT_MNT_UIDMAP | STATMOUNT_MNT_GIDMAP`: since Linux 6.15.
const MAPS: u64 = 0x2000 | 0x4000;
/// Where the strings start in `struct statmount`.
const STRINGS: usize = 512;
/// Offset of `mask`, and of `mnt_uidmap_num`, `mnt_uidmap`, `mnt_gidmap_num`, `mnt_gidmap`.
const MASK_AT: usize = 8;
const MAPS_AT: usize = 152;

/// The id maps of a mount by its unique number; `None` where the kernel does not tell them. A namespace
/// of 0 is our own mount namespace, else its number (`NS_GET_MNTNS_ID`).
pub(super) fn id_maps(mount: u64, namespace: u64) -> Option<IdMaps> {
    let request = Request { size: 32, spare: 0, mount, parameter: MAPS, namespace };
    // 340 extents a map at most (`UID_GID_MAP_MAX_EXTENTS`), 33 characters each.
    let mut buffer = vec![0_u8; STRINGS + 2 * 340 * 33];
    // SAFETY: the request lives through the call and has the size it names; the buffer is writable for
    // the length that is passed.
    let result =
        unsafe { libc::syscall(STATMOUNT, &raw const request, buffer.as_mut_ptr(), buffer.len(), 0_u32) };
    if result != 0 {
        return None;
    }
    let word = |at: usize| {
        let bytes = buffer.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_ne_bytes(bytes.try_into().ok()?)).ok()
    };
    let mask = buffer.get(MASK_AT..MASK_AT + 8).and_then(|b| Some(u64::from_ne_bytes(b.try_into().ok()?)))?;
    if mask & MAPS != MAPS {
        return None;
    }
    let map = |at: usize| {
        let (count, start) = (word(at)?, word(at + 4)?);
        let text = buffer.get(STRINGS.checked_add(start)?..)?;
        extents(text, count)
    };
    Some(IdMaps { users: map(MAPS_AT)?, groups: map(MAPS_AT + 8)? })
}

/// `first lower count` each, with a NUL behind it.
fn extents(text: &[u8], count: usize) -> Option<IdMap> {
    let mut all = Vec::new();
    for line in text.split(|b| *b == 0).take(count) {
        let line = std::str::from_utf8(line).ok()?;
        let mut numbers = line.split(' ').map(|n| n.parse::<u32>().ok());
        let (inside, outside, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        all.push(Extent { inside, outside, count });
    }
    (all.len() == count).then_some(IdMap(all))
}

/// The number of the mount namespace open here, ioctl_ns(2) `NS_GET_MNTNS_ID`: since Linux 6.11.
pub(super) fn mount_namespace(namespace: BorrowedFd<'_>) -> Option<u64> {
    const NS_GET_MNTNS_ID: libc::Ioctl = 0x8008_b705_u32 as libc::Ioctl;
    let mut id = 0_u64;
    // SAFETY: the request writes one u64 to the address given.
    let result = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_MNTNS_ID, &raw mut id) };
    (result == 0).then_some(id)
}

/// A directory without what is mounted below it: a private copy of its mount that is nowhere in the
/// tree and ends with the descriptor. Needs CAP_SYS_ADMIN.
pub(super) fn bare(directory: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    /// `OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC`.
    const CLONE: u32 = 1 | libc::O_CLOEXEC.cast_unsigned();
    let flags = CLONE | libc::AT_EMPTY_PATH.cast_unsigned();
    // SAFETY: the path is an empty terminated string, which AT_EMPTY_PATH takes for the descriptor.
    let raw = unsafe { libc::syscall(libc::SYS_open_tree, directory.as_raw_fd(), c"".as_ptr(), flags) };
    let raw = libc::c_int::try_from(raw).unwrap_or(-1);
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// The names of the extended attributes of a place that we may see; `None` where they can't be listed.
pub(super) fn attribute_names(place: BorrowedFd<'_>) -> Option<Vec<Vec<u8>>> {
    let path = CString::new(format!("/proc/self/fd/{}", place.as_raw_fd())).ok()?;
    // XATTR_LIST_MAX
    let mut buffer = vec![0_u8; 65536];
    // SAFETY: the string is terminated, the buffer is writable for its whole length.
    let got = unsafe { libc::listxattr(path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    buffer.truncate(usize::try_from(got).ok()?);
    Some(buffer.split(|b| *b == 0).filter(|n| !n.is_empty()).map(<[u8]>::to_vec).collect())
}

/// The interpreter of a dynamic ELF program (`PT_INTERP`, elf(5)), from its first bytes, little-endian 64-bit
/// or 32-bit.
pub(super) fn elf_interpreter(head: &[u8]) -> Option<Vec<u8>> {
    if head.get(..4)? != b"\x7fELF" || *head.get(5)? != 1 {
        return None;
    }
    let wide = *head.get(4)? == 2;
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = head.get(at..at.checked_add(size)?)?;
        usize::try_from(bytes.iter().rev().fold(0_u64, |all, b| all << 8 | u64::from(*b))).ok()
    };
    let (table, size, count) = if wide {
        (number(32, 8)?, number(54, 2)?, number(56, 2)?)
    } else {
        (number(28, 4)?, number(42, 2)?, number(44, 2)?)
    };
    for index in 0..count.min(64) {
        let at = table.checked_add(index.checked_mul(size)?)?;
        if number(at, 4)? != 3 {
            continue;
        }
        let (offset, length) = if wide {
            (number(at + 8, 8)?, number(at + 32, 8)?)
        } else {
            (number(at + 4, 4)?, number(at + 16, 4)?)
        };
        let text = head.get(offset..offset.checked_add(length)?)?;
        return text.split(|b| *b == 0).next().filter(|t| !t.is_empty()).map(<[u8]>::to_vec);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_are_read_whole_or_not_at_all() {
        assert_eq!(extents(b"0 1000 1\x005 7 2\0", 2).map(|m| m.0.len()), Some(2));
        assert_eq!(extents(b"0 1000\0", 1), None);
        assert_eq!(extents(b"", 1), None);
    }

    #[test]
    fn our_own_program_names_its_interpreter_or_none() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if let Some(path) = elf_interpreter(&bytes) {
            assert!(path.starts_with(b"/"), "{path:?}");
        }
        assert_eq!(elf_interpreter(b"\x7fELF\x02\x01"), None);
        assert_eq!(elf_interpreter(&[0x7f, b'E', b'L', b'F', 2, 1, 255, 255, 255]), None);
    }
}
