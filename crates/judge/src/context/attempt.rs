//! Questions about one attempt that several layers ask.

use whodenied_case::{Attempt, ObjectKind};
use whodenied_kernel::{Call, Errno, Layer, order};

/// True when `path` is `root` or lies under it.
#[must_use]
pub(crate) fn under(path: &str, root: &str) -> bool {
    let root = root.trim_end_matches('/');
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// True when the object is something with a path in the file system.
#[must_use]
pub(crate) fn is_path(attempt: &Attempt) -> bool {
    matches!(
        attempt.object.kind,
        ObjectKind::Path
            | ObjectKind::Directory
            | ObjectKind::Device
            | ObjectKind::UnixSocketPath
            | ObjectKind::MountPoint
            | ObjectKind::Sysctl
            | ObjectKind::KernelFile
            | ObjectKind::Executable
    ) || attempt.object_name().starts_with('/')
}

/// True for a call on a file or directory by path, and for an attempt of unknown call on a path.
#[must_use]
pub(crate) fn file_call(attempt: &Attempt) -> bool {
    match attempt.call {
        None => true,
        Some(call) => matches!(
            call,
            Call::Open
                | Call::Create
                | Call::Read
                | Call::Write
                | Call::Stat
                | Call::Access
                | Call::Readdir
                | Call::Readlink
                | Call::Chdir
                | Call::Mkdir
                | Call::Mknod
                | Call::Unlink
                | Call::Rename
                | Call::Link
                | Call::Symlink
                | Call::Chmod
                | Call::Chown
                | Call::Utime
                | Call::Truncate
                | Call::Xattr
                | Call::Flock
                | Call::Fadvise
                | Call::Exec
        ),
    }
}

/// True when the attempt changes something.
#[must_use]
pub(crate) fn writes(attempt: &Attempt) -> bool {
    let flag = |name: &str| {
        attempt.arg(name).is_some_and(|v| {
            ["WRONLY", "RDWR", "CREAT", "TRUNC", "APPEND", "write", "w"].iter().any(|f| v.contains(f))
        })
    };
    match attempt.call {
        Some(Call::Open) => flag("flags") || flag("access") || flag("mode"),
        Some(
            Call::Create
            | Call::Write
            | Call::Mkdir
            | Call::Mknod
            | Call::Unlink
            | Call::Rename
            | Call::Link
            | Call::Symlink
            | Call::Chmod
            | Call::Chown
            | Call::Utime
            | Call::Truncate
            | Call::SysctlWrite,
        ) => true,
        _ => false,
    }
}

/// True for a command interpreter or another basic tool, which never carries file capabilities.
#[must_use]
pub(crate) fn plain_tool(attempt: &Attempt) -> bool {
    const NAMES: &[&str] = &[
        "sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "env", "ls", "cat", "cp", "mv", "rm", "mkdir",
        "chmod", "chown", "sleep", "true", "test", "make", "perl", "python", "python3", "node", "pwd",
        "date", "echo", "head", "tail", "cut", "tr", "wc", "sed", "awk", "grep", "find", "sort", "uname",
        "hostname", "id", "whoami", "basename", "dirname", "expr", "touch", "ln", "git", "gcc", "cc", "ld",
        "as", "tar", "gzip", "xargs", "which", "nproc", "getconf", "mktemp", "readlink", "realpath",
        "printf",
    ];
    let name = attempt.object_name();
    NAMES.contains(&name.rsplit('/').next().unwrap_or(name))
}

/// The address family of a socket call, as printed.
#[must_use]
pub(crate) fn family(attempt: &Attempt) -> Option<&str> {
    attempt.arg("domain").or_else(|| attempt.arg("family"))
}

/// True for a Unix socket without a path: a socket, a pair, an abstract name.
#[must_use]
pub(crate) fn unix_family(attempt: &Attempt) -> bool {
    if attempt.call == Some(Call::Socketpair) || attempt.object.kind == ObjectKind::UnixSocket {
        return true;
    }
    family(attempt).is_some_and(|f| {
        let f = f.to_ascii_lowercase();
        f == "unix"
            || f == "local"
            || f.contains("af_unix")
            || f.contains("af_local")
            || f.contains("pf_unix")
    })
}

/// True when `layer` can't have given the errno of this attempt, by the kernel's order. An errno
/// that was inferred from wording excludes nothing.
#[must_use]
pub(crate) fn never_refuses(attempt: &Attempt, layer: Layer) -> bool {
    let (Some(call), Some(errno)) = (attempt.call, attempt.errno) else { return false };
    if attempt.errno_inferred && matches!(errno, Errno::EPERM | Errno::EACCES) {
        let other = if errno == Errno::EPERM { Errno::EACCES } else { Errno::EPERM };
        return !order::can_give(call, layer, errno) && !order::can_give(call, layer, other);
    }
    !order::can_give(call, layer, errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::AttemptId;

    #[test]
    fn paths_below_a_root() {
        assert!(under("/data/x", "/data") && under("/data", "/data/") && under("/x", "/"));
        assert!(!under("/database", "/data"));
    }

    #[test]
    fn a_file_mode_never_refuses_a_signal_with_eacces() {
        let mut attempt = Attempt::new(AttemptId(0));
        attempt.call = Some(Call::Kill);
        attempt.errno = Some(Errno::EACCES);
        assert!(never_refuses(&attempt, Layer::Dac));
        assert!(!never_refuses(&attempt, Layer::Apparmor));
        attempt.errno_inferred = true;
        assert!(!never_refuses(&attempt, Layer::Dac));
    }
}
