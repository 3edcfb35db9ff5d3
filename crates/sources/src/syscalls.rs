//! System calls that no safe crate has.

#![allow(unsafe_code, reason = "mount_setattr has no safe form")]

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
