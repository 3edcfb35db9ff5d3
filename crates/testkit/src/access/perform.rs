//! Doing an operation for real, with the calling thread's credentials.

use rustix::fs::{
    Access, AtFlags, CWD, Dev, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps, XattrFlags,
};
use rustix::process::{chdir, chroot};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use whodenied_access::{Kind, OpenFlags, Operation, RenameHow, Times};

/// The errno of `operation`, 0 when it worked. A program that the kernel would have run (it fails with
/// ENOEXEC, for none of the test's programs is one) and a device or pipe without its other end count
/// as working: what the model decides comes before.
#[must_use]
pub fn perform(operation: &Operation) -> i32 {
    let result = act(operation);
    match (operation, result) {
        (_, Ok(())) => 0,
        (Operation::Execute { .. }, Err(8)) => 0,
        (Operation::Open { path, .. }, Err(6)) if !is_socket(path) => 0,
        (Operation::Connect { path }, Err(111)) if is_socket(path) => 0,
        (_, Err(errno)) => errno,
    }
}

/// Only asked after the kernel let the path be walked and opened.
fn is_socket(path: &[u8]) -> bool {
    std::fs::metadata(Path::new(std::ffi::OsStr::from_bytes(path))).is_ok_and(|m| m.file_type().is_socket())
}

fn at(follow: bool) -> AtFlags {
    if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW }
}

fn io(result: std::io::Result<()>) -> Result<(), i32> {
    result.map_err(|e| e.raw_os_error().unwrap_or(-1))
}

fn os<T>(result: rustix::io::Result<T>) -> Result<(), i32> {
    result.map(drop).map_err(rustix::io::Errno::raw_os_error)
}

fn act(operation: &Operation) -> Result<(), i32> {
    use rustix::fs;
    let path = Path::new(std::ffi::OsStr::from_bytes(operation.paths().first().copied().unwrap_or_default()));
    match operation {
        Operation::Open { flags, .. } => os(fs::open(path, open_flags(*flags), Mode::from_raw_mode(0o666))),
        Operation::Access { want, effective, follow, .. } => {
            let mut flags = at(*follow);
            flags.set(AtFlags::EACCESS, *effective);
            os(fs::accessat(CWD, path, Access::from_bits_retain(u32::from(*want)), flags))
        }
        Operation::Stat { follow, .. } => os(fs::statat(CWD, path, at(*follow))),
        Operation::ReadLink { .. } => os(fs::readlink(path, Vec::new())),
        Operation::ChangeDirectory { .. } => os(chdir(path)),
        Operation::ChangeRoot { .. } => os(chroot(path)),
        Operation::MakeDirectory { .. } => os(fs::mkdir(path, Mode::from_raw_mode(0o777))),
        Operation::MakeNode { kind, device, .. } => {
            let kind = match kind {
                Kind::File => FileType::RegularFile,
                Kind::Directory => FileType::Directory,
                Kind::Symlink => FileType::Symlink,
                Kind::Fifo => FileType::Fifo,
                Kind::Socket => FileType::Socket,
                Kind::Character => FileType::CharacterDevice,
                Kind::Block => FileType::BlockDevice,
            };
            let device: Dev = fs::makedev(device.0, device.1);
            os(fs::mknodat(CWD, path, kind, Mode::from_raw_mode(0o666), device))
        }
        Operation::MakeSymlink { .. } => os(fs::symlink("nowhere", path)),
        Operation::Link { to, follow, .. } => {
            let flags = if *follow { AtFlags::SYMLINK_FOLLOW } else { AtFlags::empty() };
            os(fs::linkat(CWD, path, CWD, to.as_slice(), flags))
        }
        Operation::Rename { to, how, .. } => {
            let flags = match how {
                RenameHow::Replace => RenameFlags::empty(),
                RenameHow::NoReplace => RenameFlags::NOREPLACE,
                RenameHow::Exchange => RenameFlags::EXCHANGE,
            };
            os(fs::renameat_with(CWD, path, CWD, to.as_slice(), flags))
        }
        Operation::Unlink { .. } => os(fs::unlink(path)),
        Operation::RemoveDirectory { .. } => os(fs::rmdir(path)),
        Operation::ChangeMode { mode, .. } => os(fs::chmod(path, Mode::from_raw_mode(u32::from(*mode)))),
        Operation::ChangeOwner { uid, gid, follow, .. } => {
            os(fs::chownat(CWD, path, uid.map(fs::Uid::from_raw), gid.map(fs::Gid::from_raw), at(*follow)))
        }
        Operation::SetTimes { times, follow, .. } => {
            let both = |nanoseconds| Timespec { tv_sec: 1, tv_nsec: nanoseconds };
            let (access, modification) = match times {
                Times::Now => (both(fs::UTIME_NOW), both(fs::UTIME_NOW)),
                Times::Given => (both(fs::UTIME_NOW), both(fs::UTIME_OMIT)),
                Times::Neither => (both(fs::UTIME_OMIT), both(fs::UTIME_OMIT)),
            };
            let times = Timestamps { last_access: access, last_modification: modification };
            os(fs::utimensat(CWD, path, &times, at(*follow)))
        }
        Operation::Truncate { .. } => nix::unistd::truncate(path, 0).map_err(|e| e as i32),
        Operation::SetAttribute { name, follow, .. } => {
            let value = attribute_value(name);
            let flags = XattrFlags::empty();
            os(if *follow {
                fs::setxattr(path, name.as_slice(), &value, flags)
            } else {
                fs::lsetxattr(path, name.as_slice(), &value, flags)
            })
        }
        Operation::GetAttribute { name, follow, .. } => {
            let mut value = [0u8; 256];
            let name = name.as_slice();
            os(if *follow {
                fs::getxattr(path, name, &mut value)
            } else {
                fs::lgetxattr(path, name, &mut value)
            })
        }
        Operation::RemoveAttribute { name, follow, .. } => {
            let name = name.as_slice();
            os(if *follow { fs::removexattr(path, name) } else { fs::lremovexattr(path, name) })
        }
        Operation::Execute { .. } => {
            // A path without a slash would be looked for in PATH.
            let spelled = if path.as_os_str().as_bytes().contains(&b'/') || path.as_os_str().is_empty() {
                path.to_path_buf()
            } else {
                Path::new(".").join(path)
            };
            io(std::process::Command::new(spelled).spawn().and_then(|mut child| child.wait()).map(drop))
        }
        Operation::Connect { .. } => io(std::os::unix::net::UnixStream::connect(path).map(drop)),
        Operation::Bind { .. } => io(std::os::unix::net::UnixDatagram::bind(path).map(drop)),
    }
}

fn open_flags(flags: OpenFlags) -> OFlags {
    let mut bits = OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    bits |= match (flags.read, flags.write) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        _ => OFlags::RDONLY,
    };
    for (set, bit) in [
        (flags.create, OFlags::CREATE),
        (flags.exclusive, OFlags::EXCL),
        (flags.truncate, OFlags::TRUNC),
        (flags.append, OFlags::APPEND),
        (flags.directory, OFlags::DIRECTORY),
        (flags.no_follow, OFlags::NOFOLLOW),
        (flags.no_atime, OFlags::NOATIME),
        (flags.temporary, OFlags::TMPFILE),
        (flags.path_only, OFlags::PATH),
    ] {
        if set {
            bits |= bit;
        }
    }
    bits
}

/// A well-formed value for an attribute of this name.
fn attribute_value(name: &[u8]) -> Vec<u8> {
    match name {
        b"system.posix_acl_access" | b"system.posix_acl_default" => {
            super::build::encode(&whodenied_access::Acl { owner: 7, group: 5, ..Default::default() })
        }
        b"security.capability" => [&[0, 0, 0, 2u8][..], &[0; 16]].concat(),
        _ => b"value".to_vec(),
    }
}
