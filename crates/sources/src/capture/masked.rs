//! Mounts that make a file or a directory read as empty.
//!
//! Container runtimes mask what a container is not to read by a bind mount of /dev/null over a file and
//! an empty read-only tmpfs over a directory (OCI runtime specification, `maskedPaths`): opening
//! succeeds, and there is nothing in it.

use super::mounts::{Line, Mounts};
use crate::trace::{Call, Tid, Tracee};
use std::collections::HashMap;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

/// The masks in the view of one process, by the id of their mount.
#[derive(Debug, Default)]
pub struct Masks(HashMap<u64, Mask>);

/// A mount that masks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Where it is, in the process's terms.
    pub point: String,
    /// `null` for /dev/null over a file, `empty` for an empty directory.
    pub by: &'static str,
}

impl Masks {
    /// Those that the process sees now.
    #[must_use]
    pub fn of(tid: Tid) -> Self {
        let tracee = Tracee { tid };
        let Ok(text) = std::fs::read_to_string(tracee.proc("mountinfo")) else { return Self::default() };
        let mounts = Mounts::parse(&text);
        let found = mounts.iter().filter_map(|(id, line)| {
            let by = mask(tracee, line, &mounts)?;
            Some((id, Mask { point: String::from_utf8_lossy(&line.point).into_owned(), by }))
        });
        Self(found.collect())
    }

    /// True where nothing is masked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The empty directory that covers a path, given in the process's terms.
    #[must_use]
    pub fn over(&self, path: &std::path::Path) -> Option<&Mask> {
        self.0.values().find(|mask| mask.by == "empty" && path.starts_with(&mask.point))
    }

    /// The mask that a call has just opened for reading; the thread must be stopped behind the call.
    #[must_use]
    pub fn opened(&self, call: &Call) -> Option<&Mask> {
        const ACCESS: u64 = 3;
        const WRITE_ONLY: u64 = 1;
        let flags = match call.name {
            "open" => call.args[1],
            "openat" => call.args[2],
            // struct open_how begins with the flags.
            "openat2" => Tracee { tid: call.tid }.u64(call.args[2])?,
            _ => return None,
        };
        if flags & ACCESS == WRITE_ONLY || call.value < 0 {
            return None;
        }
        let info =
            std::fs::read_to_string(Tracee { tid: call.tid }.proc(&format!("fdinfo/{}", call.value))).ok()?;
        let mount = info.lines().find_map(|l| l.strip_prefix("mnt_id:")?.trim().parse().ok())?;
        self.0.get(&mount)
    }
}

/// How a mount masks what is below it, if it does.
fn mask(tracee: Tracee, line: &Line, mounts: &Mounts) -> Option<&'static str> {
    let seen = || {
        let point = std::str::from_utf8(&line.point).ok()?.trim_start_matches('/').to_owned();
        Some(tracee.proc("root").join(point))
    };
    // A device node of a container that is bound to its own place is no mask.
    if line.root.ends_with(b"/null") && !line.point.ends_with(b"/null") {
        let found = std::fs::metadata(seen()?).ok()?;
        // Major 1, minor 3 (Documentation/admin-guide/devices.txt).
        return (found.file_type().is_char_device() && found.rdev() == libc::makedev(1, 3)).then_some("null");
    }
    let over_kernel = mounts.get(line.parent).is_some_and(|p| matches!(p.fstype.as_str(), "proc" | "sysfs"));
    if line.fstype == "tmpfs" && over_kernel {
        let nothing = std::fs::read_dir(seen()?).ok()?.next().is_none();
        return nothing.then_some("empty");
    }
    None
}
