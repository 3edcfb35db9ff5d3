//! Paths that a mount hides from a process: ENOENT inside, there outside.
//!
//! Sandboxes give their program a root of their own making. Where the path exists in our view and the
//! process lacks it, the topmost mount that the path crosses in its view is what hides it.

use crate::trace::{Call, DecodedCall, Object, Tid, Tracee};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// True when the process has another mount namespace or root directory than we.
#[must_use]
pub fn apart(tid: Tid) -> bool {
    let tracee = Tracee { tid };
    let differs = |name: &str| {
        let its = tracee.link(name);
        its.is_some() && its != std::fs::read_link(format!("/proc/self/{name}")).ok()
    };
    differs("ns/mnt") || differs("root")
}

/// The mount point, in the process's terms, and the file system type of what hides the path that
/// `call` did not find. `None` where the path is not there outside either.
///
/// A path of /proc, /sys, /dev and /run means another thing in another namespace and is not compared.
#[must_use]
pub fn hidden(call: &Call, decoded: &DecodedCall) -> Option<(String, String)> {
    let Some(Object::Path(path)) = &decoded.object else { return None };
    let full = normal(&path.full)?;
    if ["/proc", "/sys", "/dev", "/run"].iter().any(|p| full.starts_with(p)) {
        return None;
    }
    std::fs::symlink_metadata(&full).ok()?;
    let tracee = Tracee { tid: call.tid };
    if !shows_ours(tracee) {
        return None;
    }
    // A dangling link in its view, or a race: the path itself must be missing there.
    let inside = tracee.proc("root").join(full.strip_prefix("/").ok()?);
    if std::fs::symlink_metadata(inside).is_ok() {
        return None;
    }
    mount_of(tracee, &full)
}

/// True when what the process sees is our own tree with parts left out: its root or its /usr is ours.
/// In the image of a container other files are there, and nothing is hidden.
fn shows_ours(tracee: Tracee) -> bool {
    let same = |path: &str| {
        let its = std::fs::metadata(tracee.proc("root").join(path.trim_start_matches('/')));
        let (Ok(its), Ok(ours)) = (its, std::fs::metadata(path)) else { return false };
        (its.dev(), its.ino()) == (ours.dev(), ours.ino())
    };
    same("/") || same("/usr")
}

/// Mount point, in the process's terms, and file system type of the mount that holds `full`.
#[must_use]
pub fn mount_of(tracee: Tracee, full: &Path) -> Option<(String, String)> {
    let mounts = std::fs::read_to_string(tracee.proc("mountinfo")).ok()?;
    // The last line of the deepest mount point on the way is on top.
    let mut best: Option<(PathBuf, String)> = None;
    for line in mounts.lines() {
        let (Some(point), Some(fstype)) =
            (line.split(' ').nth(4), line.split_once(" - ").and_then(|(_, rest)| rest.split(' ').next()))
        else {
            continue;
        };
        let point = PathBuf::from(unescaped(point));
        if full.starts_with(&point)
            && best.as_ref().is_none_or(|(b, _)| point.components().count() >= b.components().count())
        {
            best = Some((point, fstype.to_owned()));
        }
    }
    best.map(|(point, fstype)| (point.to_string_lossy().into_owned(), fstype))
}

/// Absolute and without `..`, which links make ambiguous.
fn normal(path: &Path) -> Option<PathBuf> {
    let odd = path.components().any(|c| matches!(c, std::path::Component::ParentDir));
    (path.is_absolute() && !odd).then(|| path.components().collect())
}

/// Blanks, tabs, newlines and backslashes stand as three octal digits (`fs/proc_namespace.c`, mangle).
fn unescaped(text: &str) -> String {
    let mut out = text.to_owned();
    for (code, plain) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        out = out.replace(code, plain);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_mount_points() {
        assert_eq!(normal(Path::new("/a/./b")), Some(PathBuf::from("/a/b")));
        assert_eq!(normal(Path::new("/a/../b")), None);
        assert_eq!(normal(Path::new("a")), None);
        assert_eq!(unescaped("/a\\040b\\134c"), "/a b\\c");
        assert!(!apart(i32::try_from(std::process::id()).unwrap()));
    }
}
