//! System calls that no safe crate has.

#![allow(unsafe_code, reason = "mount_setattr, landlock and faccessat have no safe form here")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// `struct mount_attr`, `include/uapi/linux/mount.h`.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// `MOUNT_ATTR_IDMAP`
const IDMAP: u64 = 0x0010_0000;

/// Makes a detached mount (`open_tree` with `OPEN_TREE_CLONE`) an idmapped one, with the maps of a user
/// namespace (`/proc/PID/ns/user`): `mount_setattr(2)`.
///
/// # Errors
/// EPERM without CAP_SYS_ADMIN over the file system, EINVAL where it can't be idmapped, ENOSYS before Linux 5.12.
pub fn idmap_mount(mount: BorrowedFd<'_>, namespace: BorrowedFd<'_>) -> io::Result<()> {
    let attributes = MountAttr {
        set: IDMAP,
        clear: 0,
        propagation: 0,
        user_namespace: u64::try_from(namespace.as_raw_fd()).unwrap_or(u64::MAX),
    };
    // SAFETY: the path is a terminated string, and the structure lives through the call and has the
    // size that is passed; the kernel only reads both.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            &raw const attributes,
            size_of::<MountAttr>(),
        )
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The version of the Landlock interface: landlock_create_ruleset(2) with
/// `LANDLOCK_CREATE_RULESET_VERSION` makes nothing. `None` without Landlock.
#[must_use]
pub fn landlock_abi() -> Option<i32> {
    // SAFETY: with this flag the kernel takes a null pointer and a size of 0 and reads nothing.
    let abi = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, 1_u32)
    };
    i32::try_from(abi).ok().filter(|abi| *abi > 0)
}

/// Whether the effective user may write to a file: faccessat(2) with `AT_EACCESS`.
///
/// # Errors
/// Why not, as the kernel says it.
pub fn may_write(path: &std::path::Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(io::Error::other)?;
    // SAFETY: the string is terminated and lives through the call.
    let result = unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::W_OK, libc::AT_EACCESS) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
