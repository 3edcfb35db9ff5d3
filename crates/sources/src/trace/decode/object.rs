//! What a call is on.

use crate::trace::tracee::Tracee;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// AT_FDCWD: the working directory where a directory's descriptor is asked for.
const AT_FDCWD: i32 = -100;

/// A path argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathObject {
    /// As given.
    pub given: Vec<u8>,
    /// Absolute in the tracee's own terms (its root, its mounts), symbolic links and `..` as they
    /// are; relative where the directory is not known.
    pub full: PathBuf,
    /// A path by which we reach the same, through `/proc/TID`. A symbolic link on the way that is
    /// absolute leads to *our* root: who walks it for a tracee with another root must resolve
    /// links itself.
    pub via: PathBuf,
}

impl PathObject {
    /// What `given` means to the thread, relative to `dir` or its working directory.
    pub(super) fn resolve(tracee: Tracee, given: Vec<u8>, dir: Option<i32>) -> Self {
        let path = Path::new(OsStr::from_bytes(&given));
        if path.is_absolute() {
            let via = own_proc(tracee, path)
                .unwrap_or_else(|| tracee.proc("root").join(path.strip_prefix("/").unwrap_or(path)));
            return Self { full: path.to_owned(), via, given };
        }
        let link = match dir {
            None | Some(AT_FDCWD) => "cwd".to_owned(),
            Some(fd) => format!("fd/{fd}"),
        };
        let base = tracee.link(&link).map(|base| tracee.own_view(base)).unwrap_or_default();
        let (full, via) = if given.is_empty() {
            (base, tracee.proc(&link))
        } else {
            (base.join(path), tracee.proc(&link).join(path))
        };
        let via = own_proc(tracee, &full).unwrap_or(via);
        Self { given, full, via }
    }
}

/// Where `/proc/self` and what leads there are for the thread: to us they would be ours.
fn own_proc(tracee: Tracee, path: &Path) -> Option<PathBuf> {
    let rest = |prefix: &str| path.strip_prefix(prefix).ok();
    let descriptor = |fd: &str| tracee.proc("fd").join(fd);
    if let Some(rest) = rest("/proc/self").or_else(|| rest("/proc/thread-self")) {
        return Some(tracee.proc("").join(rest));
    }
    if let Some(rest) = rest("/dev/fd") {
        return Some(tracee.proc("fd").join(rest));
    }
    match path.to_str()? {
        "/dev/stdin" => Some(descriptor("0")),
        "/dev/stdout" => Some(descriptor("1")),
        "/dev/stderr" => Some(descriptor("2")),
        _ => None,
    }
}

/// What a call is on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Object {
    /// A path.
    Path(PathObject),
    /// An open file: a path in the tracee's terms, or `socket:[1]`, `anon_inode:…`.
    File {
        /// Its descriptor.
        fd: i32,
        /// What it is.
        target: PathBuf,
        /// A path by which we reach it.
        via: PathBuf,
    },
    /// A Unix socket by its path.
    Unix(PathObject),
    /// A Unix socket by its abstract name, without the leading NUL.
    UnixAbstract(Vec<u8>),
    /// An internet address and port.
    Inet {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// A netlink address.
    Netlink {
        /// Port id: 0 is the kernel.
        port: u32,
        /// Multicast groups as bits.
        groups: u32,
    },
    /// An address of another family, by the family's name.
    Address(String),
    /// A process, or with another meaning of the number a group (`kill(-1)`), in the tracee's
    /// process id namespace. 0 is mostly the caller.
    Process {
        /// As given.
        pid: i32,
    },
}

impl Object {
    /// The path in the tracee's terms, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) | Self::Unix(path) => Some(&path.full),
            Self::File { target, .. } => target.is_absolute().then_some(target.as_path()),
            _ => None,
        }
    }

    /// The path by which we reach it, where there is one.
    #[must_use]
    pub fn via(&self) -> Option<&Path> {
        match self {
            Self::Path(path) | Self::Unix(path) => Some(&path.via),
            Self::File { via, .. } => Some(via),
            _ => None,
        }
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.full.display()),
            Self::Unix(path) => write!(f, "unix:{}", path.full.display()),
            Self::UnixAbstract(name) => write!(f, "unix:@{}", String::from_utf8_lossy(name)),
            Self::File { target, .. } => write!(f, "{}", target.display()),
            Self::Inet { address, port } => match address {
                IpAddr::V4(v4) => write!(f, "{v4}:{port}"),
                IpAddr::V6(v6) => write!(f, "[{v6}]:{port}"),
            },
            Self::Netlink { port, groups } => write!(f, "netlink:{port} groups {groups:#x}"),
            Self::Address(family) => f.write_str(family),
            Self::Process { pid } => write!(f, "process {pid}"),
        }
    }
}

/// The open file behind a descriptor.
pub(super) fn file(tracee: Tracee, fd: i32) -> Option<Object> {
    let link = if fd == AT_FDCWD { "cwd".to_owned() } else { format!("fd/{fd}") };
    let target = tracee.own_view(tracee.link(&link)?);
    Some(Object::File { fd, target, via: tracee.proc(&link) })
}

/// `AT_FDCWD` or the number.
pub(super) fn dir_name(fd: i32) -> String {
    if fd == AT_FDCWD { "AT_FDCWD".to_owned() } else { fd.to_string() }
}
