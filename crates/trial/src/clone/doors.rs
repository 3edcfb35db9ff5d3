//! What a clone must not have: the doors out of a container.
//!
//! Through an engine's socket, a device node, the kernel's own file systems or a directory that holds such
//! things a program acts on the host. A clone starts a program a second time, so these are withheld and
//! named; what then fails for want of them is not the original's failure.

use crate::clone::mounts::{Kind, kind_of};
use std::path::Path;

/// Something of the original that its clone does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// What, as the configuration names it.
    pub what: String,
    /// Why, a part of a sentence.
    pub why: &'static str,
}

impl Withheld {
    pub(crate) fn new(what: impl Into<String>, why: &'static str) -> Self {
        Self { what: what.into(), why }
    }
}

/// Directories that hold engines' sockets or all of the host.
const DIRECTORIES: &[&str] =
    &["/run", "/var/run", "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd"];

/// File systems that are the kernel itself.
const KERNEL: &[&str] = &[
    "proc",
    "sysfs",
    "devtmpfs",
    "devpts",
    "cgroup",
    "cgroup2",
    "debugfs",
    "tracefs",
    "securityfs",
    "bpf",
    "configfs",
    "efivarfs",
    "mqueue",
    "pstore",
    "fusectl",
    "binfmt_misc",
];

/// File systems whose server decides what is allowed: a copy on write over them would answer with the
/// rights of who mounted it.
const SERVED: &[&str] = &["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "virtiofs", "fuse"];

/// How a mount of the original comes into its clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// As a copy on write of this directory.
    Copied,
    /// As a file in a copy on write of its directory.
    CopiedFile,
    /// As it is, but read only.
    ReadOnly(Withheld),
    /// Not at all.
    Withheld(Withheld),
}

/// How the file or directory at `source` on this host may be given to a clone.
pub(crate) fn way(source: &Path) -> Way {
    let shown = source.to_string_lossy().into_owned();
    let real = std::fs::canonicalize(source).unwrap_or_else(|_| source.to_owned());
    if real == Path::new("/") {
        return Way::Withheld(Withheld::new(shown, "all of the host"));
    }
    if DIRECTORIES.iter().any(|d| real == Path::new(d)) {
        return Way::Withheld(Withheld::new(shown, "it holds engines' sockets or containers"));
    }
    let (kind, system) = kind_of(&real);
    if KERNEL.contains(&system.as_str()) {
        return Way::Withheld(Withheld::new(shown, "a file system of the kernel"));
    }
    match kind {
        Kind::Socket => Way::Withheld(Withheld::new(shown, "a socket of the host")),
        Kind::Device => Way::Withheld(Withheld::new(shown, "a device node")),
        Kind::Pipe => Way::Withheld(Withheld::new(shown, "a pipe of the host")),
        Kind::Missing => Way::Withheld(Withheld::new(shown, "it is not there")),
        _ if SERVED.contains(&system.as_str()) || system.starts_with("fuse.") => {
            Way::ReadOnly(Withheld::new(shown, "writing: a server answers for it, so it is given read only"))
        }
        Kind::File => Way::CopiedFile,
        Kind::Directory => Way::Copied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_are_withheld() {
        let dir = std::env::temp_dir().join(format!("whodenied-doors-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let socket = dir.join("sock");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::fs::write(dir.join("file"), "").unwrap();
        std::os::unix::fs::symlink("/proc", dir.join("link")).unwrap();
        for (path, withheld) in [
            (socket.as_path(), true),
            (Path::new("/"), true),
            (Path::new("/proc/sys"), true),
            (Path::new("/dev/null"), true),
            (Path::new("/run"), true),
            (dir.join("link").as_path(), true),
            (dir.join("none").as_path(), true),
            (dir.join("file").as_path(), false),
            (dir.as_path(), false),
        ] {
            assert_eq!(matches!(way(path), Way::Withheld(_)), withheld, "{}", path.display());
        }
        assert_eq!(way(&dir.join("file")), Way::CopiedFile);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
