//! Copies on write of directories of the host, by overlayfs.
//!
//! Source: the kernel's Documentation/filesystems/overlayfs.rst. The root of an overlay has the attributes
//! of its upper directory, so that one is given those of the lower: mode, owner, times and every extended
//! attribute, ACLs and SELinux labels among them.

use crate::clone::CloneError;
use crate::clone::mounts::{holding, mounts};
use rustix::fs::{Mode, XattrFlags};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};
use std::ffi::CString;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Values of extended attributes larger than this are not copied: the kernel's own limit.
const VALUE: usize = 64 << 10;

/// The directories of one copy below `base`; nothing is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) upper: PathBuf,
    pub(crate) work: PathBuf,
    pub(crate) merged: PathBuf,
}

impl Places {
    pub(crate) fn new(base: &Path, number: usize) -> Self {
        let at = base.join(number.to_string());
        Self { upper: at.join("upper"), work: at.join("work"), merged: at.join("merged") }
    }
}

/// Mounts a copy on write of the directory `lower` at `places`; what is written there goes no further.
///
/// # Errors
/// The system's, with the path it concerns: without CAP_SYS_ADMIN there is no mounting.
pub(crate) fn make(lower: &Path, places: &Places) -> Result<(), CloneError> {
    for directory in [&places.upper, &places.work, &places.merged] {
        std::fs::create_dir_all(directory).map_err(|e| CloneError::system(directory, e))?;
    }
    resemble(lower, &places.upper)?;
    let real = std::fs::canonicalize(lower).map_err(|e| CloneError::system(lower, e))?;
    let data = options(&real, places)?;
    mount("whodenied", &places.merged, "overlay", MountFlags::empty(), Some(data.as_c_str()))
        .map_err(|e| CloneError::system(&places.merged, e))?;
    let flags = flags(&real);
    if !flags.is_empty() {
        mount_remount(&places.merged, MountFlags::BIND | flags, c"")
            .map_err(|e| CloneError::system(&places.merged, e))?;
    }
    Ok(())
}

/// True when `path` lies below `root` and, links followed, what it names does too; of what is not there yet
/// its directory counts.
pub(crate) fn within(root: &Path, path: &Path) -> bool {
    let up = path.components().any(|c| c == std::path::Component::ParentDir);
    if up || !path.starts_with(root) {
        return false;
    }
    let there = path.symlink_metadata().is_ok();
    let checked = if there { Some(path) } else { path.parent() };
    let real = |p: &Path| std::fs::canonicalize(p).ok();
    match (real(root), checked.and_then(real)) {
        (Some(root), Some(path)) => path.starts_with(root),
        _ => false,
    }
}

/// Takes the copy away, and all that was written to it.
///
/// # Errors
/// The system's.
pub(crate) fn remove(places: &Places) -> Result<(), CloneError> {
    // More than once where an earlier removal was interrupted.
    while mounts().iter().any(|m| m.at == places.merged) {
        unmount(&places.merged, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)
            .map_err(|e| CloneError::system(&places.merged, e))?;
    }
    let Some(at) = places.upper.parent() else { return Ok(()) };
    match std::fs::remove_dir_all(at) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(CloneError::system(at, e)),
        _ => Ok(()),
    }
}

/// The options of the mount; a comma, a colon or a backslash of a path stands behind a backslash.
fn options(lower: &Path, places: &Places) -> Result<CString, CloneError> {
    let quoted = |path: &Path| {
        let mut out = String::new();
        for c in path.to_string_lossy().chars() {
            if matches!(c, ',' | ':' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    if lower.to_str().is_none() {
        return Err(CloneError::Unsuitable(format!("{}: its name is no text", lower.display())));
    }
    let text = format!(
        "lowerdir={},upperdir={},workdir={}",
        quoted(lower),
        quoted(&places.upper),
        quoted(&places.work)
    );
    CString::new(text).map_err(|_| CloneError::Unsuitable("a path with a NUL".to_owned()))
}

/// The flags of the mount that `lower` lies on, as far as they decide what is allowed.
fn flags(lower: &Path) -> MountFlags {
    let mounts = mounts();
    let mut flags = MountFlags::empty();
    for option in holding(&mounts, lower).map_or(&[][..], |m| &m.options) {
        flags |= match option.as_str() {
            "ro" => MountFlags::RDONLY,
            "noexec" => MountFlags::NOEXEC,
            "nosuid" => MountFlags::NOSUID,
            "nodev" => MountFlags::NODEV,
            _ => MountFlags::empty(),
        };
    }
    flags
}

/// Gives `to` the mode, owner and extended attributes of `from`.
fn resemble(from: &Path, to: &Path) -> Result<(), CloneError> {
    let meta = std::fs::metadata(from).map_err(|e| CloneError::system(from, e))?;
    std::os::unix::fs::chown(to, Some(meta.uid()), Some(meta.gid()))
        .map_err(|e| CloneError::system(to, e))?;
    let mode = Mode::from_bits_truncate(meta.permissions().mode());
    rustix::fs::chmod(to, mode).map_err(|e| CloneError::system(to, e))?;
    let mut names = vec![0_u8; VALUE];
    let length = rustix::fs::listxattr(from, &mut names[..]).unwrap_or(0);
    for name in names.get(..length).unwrap_or_default().split(|b| *b == 0).filter(|n| !n.is_empty()) {
        // Those of overlayfs itself mean something else in an upper directory.
        if name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.") {
            continue;
        }
        let mut value = vec![0_u8; VALUE];
        let Ok(length) = rustix::fs::getxattr(from, name, &mut value[..]) else { continue };
        let value = value.get(..length).unwrap_or_default();
        // A file system without them has nothing that could refuse by them.
        let _ = rustix::fs::setxattr(to, name, value, XattrFlags::empty());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_paths_are_quoted() {
        let places = Places::new(Path::new("/b"), 3);
        let text = options(Path::new("/srv/a,b:c\\d"), &places).unwrap();
        assert_eq!(
            text.to_str().unwrap(),
            "lowerdir=/srv/a\\,b\\:c\\\\d,upperdir=/b/3/upper,workdir=/b/3/work"
        );
    }

    #[test]
    fn no_link_leads_out() {
        let root = std::env::temp_dir().join(format!("whodenied-within-{}", std::process::id()));
        std::fs::create_dir_all(root.join("in/d")).unwrap();
        std::fs::write(root.join("outside"), "").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("in/passwd")).unwrap();
        std::os::unix::fs::symlink("..", root.join("in/up")).unwrap();
        std::os::unix::fs::symlink("d", root.join("in/same")).unwrap();
        let inside = root.join("in");
        for (path, want) in [
            ("d", true),
            ("same", true),
            ("d/new", true),
            ("", true),
            ("passwd", false),
            ("up/outside", false),
            ("up/new", false),
            ("d/../../outside", false),
            ("none/new", false),
        ] {
            assert_eq!(within(&inside, &inside.join(path)), want, "{path}");
        }
        assert!(!within(&inside, &root.join("outside")));
        std::fs::remove_dir_all(root).unwrap();
    }

    /// As root: what is written to a copy stays in it, and the copy is refused as its original is.
    #[test]
    fn a_copy_takes_what_is_written() {
        let base = Path::new("/run").join(format!("whodenied-copies-{}", std::process::id()));
        let lower = base.join("a,b:c");
        if std::fs::create_dir_all(&lower).is_err() {
            eprintln!("skipped: no root");
            return;
        }
        std::fs::write(lower.join("f"), "old").unwrap();
        rustix::fs::chmod(&lower, Mode::from_bits_truncate(0o2750)).unwrap();
        std::os::unix::fs::chown(&lower, Some(1234), Some(5678)).unwrap();
        let places = Places::new(&base.join("copy"), 0);
        if let Err(why) = make(&lower, &places) {
            std::fs::remove_dir_all(base).unwrap();
            eprintln!("skipped: {why}");
            return;
        }
        let meta = std::fs::metadata(&places.merged).unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o7777), (1234, 5678, 0o2750));
        std::fs::write(places.merged.join("f"), "new").unwrap();
        std::fs::write(places.merged.join("g"), "").unwrap();
        assert_eq!(std::fs::read_to_string(lower.join("f")).unwrap(), "old");
        assert!(!lower.join("g").exists());
        remove(&places).unwrap();
        assert!(!base.join("copy/0").exists());
        assert_eq!(std::fs::read_to_string(lower.join("f")).unwrap(), "old");
        // A second time is no error: it may have been interrupted after the first.
        remove(&places).unwrap();
        std::fs::remove_dir_all(base).unwrap();
    }
}
