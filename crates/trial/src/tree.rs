//! A directory and what lies below it, reached by descriptors so that no symbolic link is ever
//! followed: each component is opened relative to the one before with O_NOFOLLOW (openat(2)).

use crate::error::TrialError;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

/// The most bytes read of a file that is to be replaced or undone.
const LIMIT: u64 = 4 * 1024 * 1024;
/// What the names of temporary files begin with.
const TEMPORARY: &str = ".whodenied-";

/// The directory.
pub(crate) struct Tree {
    root: OwnedFd,
}

/// The components of a name below the directory. A leading `/` is dropped: `/etc/x` is written
/// as `etc/x` below it.
pub(crate) fn components(name: &str) -> Result<Vec<&str>, TrialError> {
    let bad = || TrialError::BadName(name.to_owned());
    let parts: Vec<&str> = name.split('/').filter(|c| !c.is_empty() && *c != ".").collect();
    let fits = |c: &&str| *c != ".." && c.len() <= 255 && !c.contains(whodenied_text::escape::is_unsafe);
    if parts.is_empty() || parts.len() > 64 || name.ends_with('/') || !parts.iter().all(fits) {
        return Err(bad());
    }
    Ok(parts)
}

impl Tree {
    /// Opens `path`, making it when it is not there. Links in `path` itself are the caller's choice.
    pub(crate) fn open(path: &Path, make: bool) -> Result<Self, TrialError> {
        let name = path.to_string_lossy();
        if make {
            std::fs::create_dir_all(path).map_err(|e| TrialError::system(&name, e))?;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| TrialError::system(&name, e))?;
        Ok(Self { root })
    }

    /// The directory that holds `name`, and its last component. `None` when the directory is not
    /// there and `make` is false.
    fn parent<'a>(&self, name: &'a str, make: bool) -> Result<Option<(OwnedFd, &'a str)>, TrialError> {
        let parts = components(name)?;
        let Some((last, directories)) = parts.split_last() else {
            return Err(TrialError::BadName(name.to_owned()));
        };
        let mut at = self.root.try_clone().map_err(|e| TrialError::system(name, e))?;
        for directory in directories {
            match descend(&at, directory) {
                Ok(next) => at = next,
                Err(Errno::NOENT) if make => {
                    match mkdirat(&at, *directory, Mode::from_raw_mode(0o755)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(TrialError::system(name, error)),
                    }
                    at = descend(&at, directory).map_err(|e| refused(name, e))?;
                }
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(refused(name, error)),
            }
        }
        Ok(Some((at, last)))
    }

    /// The content of the regular file `name`; `None` when it is not there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TrialError> {
        let Some((parent, last)) = self.parent(name, false)? else { return Ok(None) };
        // NONBLOCK: a FIFO of that name must not make us wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&parent, last, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(refused(name, error)),
        };
        if !file.metadata().map_err(|e| TrialError::system(name, e))?.is_file() {
            return Err(TrialError::NotOurs(name.to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(LIMIT).read_to_end(&mut bytes).map_err(|e| TrialError::system(name, e))?;
        Ok(Some(bytes))
    }

    /// Puts `bytes` at `name` so that at each moment the old or the new content is there.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), TrialError> {
        let Some((parent, last)) = self.parent(name, true)? else {
            return Err(TrialError::BadName(name.to_owned()));
        };
        let system = |e: Errno| TrialError::system(name, e);
        let temporary = format!("{TEMPORARY}{}.tmp", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o644);
        let file = match openat(&parent, &temporary, flags, mode) {
            // A process with our number was interrupted here before.
            Err(Errno::EXIST) => {
                unlinkat(&parent, &temporary, AtFlags::empty()).map_err(system)?;
                openat(&parent, &temporary, flags, mode).map_err(system)?
            }
            file => file.map_err(system)?,
        };
        let mut file = File::from(file);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let renamed = written.and_then(|()| Ok(renameat(&parent, &temporary, &parent, last)?));
        if let Err(error) = renamed {
            let _ = unlinkat(&parent, &temporary, AtFlags::empty());
            return Err(TrialError::system(name, error));
        }
        // The name itself is on disk only when its directory is; some file systems can't sync one.
        let _ = rustix::fs::fsync(&parent);
        Ok(())
    }

    /// Removes the file `name` and what an interrupted [`Tree::put`] left beside it. Its not being
    /// there is no error.
    pub(crate) fn remove(&self, name: &str) -> Result<(), TrialError> {
        let Some((parent, last)) = self.parent(name, false)? else { return Ok(()) };
        match unlinkat(&parent, last, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(TrialError::system(name, error)),
        }
        let _ = rustix::fs::fsync(&parent);
        Ok(())
    }

    /// Removes temporary files of an interrupted run in the directory of `name`.
    pub(crate) fn sweep(&self, name: &str) -> Result<(), TrialError> {
        let Some((parent, _)) = self.parent(name, false)? else { return Ok(()) };
        let entries = rustix::fs::Dir::read_from(&parent).map_err(|e| TrialError::system(name, e))?;
        for entry in entries.flatten() {
            let file = entry.file_name();
            let text = file.to_string_lossy();
            if text.starts_with(TEMPORARY) && text.ends_with(".tmp") {
                let _ = unlinkat(&parent, file, AtFlags::empty());
            }
        }
        Ok(())
    }

    /// The directories of `name` that are not there yet, the outermost first.
    pub(crate) fn absent_directories(&self, name: &str) -> Result<Vec<String>, TrialError> {
        let parts = components(name)?;
        let mut absent = Vec::new();
        for n in 1..parts.len() {
            let directory = parts.get(..n).unwrap_or(&[]).join("/");
            let probe = format!("{directory}/x");
            if self.parent(&probe, false)?.is_none() {
                absent.push(directory);
            }
        }
        Ok(absent)
    }

    /// Removes a directory when it is empty; else leaves it.
    pub(crate) fn remove_directory(&self, name: &str) -> Result<(), TrialError> {
        if let Some((parent, last)) = self.parent(name, false)? {
            let _ = unlinkat(&parent, last, AtFlags::REMOVEDIR);
        }
        Ok(())
    }
}

fn descend(at: &OwnedFd, directory: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(at, directory, flags, Mode::empty())
}

/// A symbolic link gives ELOOP, or ENOTDIR with O_DIRECTORY (open(2)).
fn refused(name: &str, error: Errno) -> TrialError {
    match error {
        Errno::LOOP | Errno::NOTDIR => TrialError::NotOurs(name.to_owned()),
        error => TrialError::system(name, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below() {
        assert_eq!(components("/etc/apparmor.d/x").unwrap(), ["etc", "apparmor.d", "x"]);
        for bad in ["", "/", "../x", "a/../../x", "a/\x1b[0m", "a/b/", "."] {
            assert!(components(bad).is_err(), "{bad:?}");
        }
    }
}
