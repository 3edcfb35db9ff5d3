//! What a run has made, written down before it is made, and removing what a killed run has left.
//!
//! One directory a run, which holds the ledger and the copies. A run is over when its process is: told by
//! its number and the time it started, since numbers come again.

use crate::clone::CloneError;
use crate::clone::copies::{self, Places};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use whodenied_engine::{Api, Control, Flavour, Limits};

const FILE: &str = "ledger.json";
const SCHEMA: &str = "whodenied-clones/1";
/// The label of every clone; its value is the run's id.
pub(crate) const LABEL: &str = "whodenied.clone";
/// A ledger longer than this is none of ours.
const MOST: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    schema: String,
    pid: u32,
    /// Clock ticks after boot (proc_pid_stat(5), field 22).
    started: u64,
    id: String,
    socket: String,
    containers: Vec<String>,
    copies: usize,
}

/// The ledger of this run.
#[derive(Debug)]
pub(crate) struct Ledger {
    directory: PathBuf,
    written: Written,
}

/// What was left by earlier runs and is removed now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Names of containers.
    pub containers: Vec<String>,
    /// Runs whose directories and mounts are gone.
    pub runs: usize,
    /// What could not be removed, one sentence each.
    pub failed: Vec<String>,
}

/// Where runs of this user keep their copies.
pub(crate) fn base() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/whodenied/clones");
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|d| d.is_absolute());
    runtime
        .unwrap_or_else(|| {
            std::env::temp_dir().join(format!("whodenied-{}", rustix::process::geteuid().as_raw()))
        })
        .join("whodenied/clones")
}

impl Ledger {
    /// Begins one below `base`.
    pub(crate) fn begin(base: &Path, socket: &str) -> Result<Self, CloneError> {
        let pid = std::process::id();
        let started = started(pid).unwrap_or(0);
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.subsec_nanos());
        let id = format!("{pid:x}{now:08x}");
        std::fs::create_dir_all(base).map_err(|e| CloneError::system(base, e))?;
        let directory = base.join(&id);
        std::fs::create_dir(&directory).map_err(|e| CloneError::system(&directory, e))?;
        let mode = rustix::fs::Mode::from_bits_truncate(0o700);
        rustix::fs::chmod(&directory, mode).map_err(|e| CloneError::system(&directory, e))?;
        let written = Written {
            schema: SCHEMA.to_owned(),
            pid,
            started,
            id,
            socket: socket.to_owned(),
            containers: Vec::new(),
            copies: 0,
        };
        let ledger = Self { directory, written };
        ledger.write()?;
        Ok(ledger)
    }

    /// The run's id.
    pub(crate) fn id(&self) -> &str {
        &self.written.id
    }

    /// The name of a container that is about to be made.
    pub(crate) fn container(&mut self) -> Result<String, CloneError> {
        let name = format!("whodenied-{}-{}", self.written.id, self.written.containers.len());
        self.written.containers.push(name.clone());
        self.write()?;
        Ok(name)
    }

    /// The places of a copy that is about to be made.
    pub(crate) fn copy(&mut self) -> Result<Places, CloneError> {
        let number = self.written.copies;
        self.written.copies += 1;
        self.write()?;
        Ok(Places::new(&self.directory, number))
    }

    /// A file of this name below the run's directory, empty and readable by everyone.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, CloneError> {
        let path = self.directory.join(name);
        std::fs::write(&path, "").map_err(|e| CloneError::system(&path, e))?;
        let mode = rustix::fs::Mode::from_bits_truncate(0o644);
        rustix::fs::chmod(&path, mode).map_err(|e| CloneError::system(&path, e))?;
        Ok(path)
    }

    /// Removes copies that are no longer used.
    pub(crate) fn drop_copies(&self, places: &[Places]) -> Result<(), CloneError> {
        places.iter().try_for_each(copies::remove)
    }

    /// Removes everything, the ledger last.
    pub(crate) fn end(&self) -> Result<(), CloneError> {
        for number in 0..self.written.copies {
            copies::remove(&Places::new(&self.directory, number))?;
        }
        match std::fs::remove_dir_all(&self.directory) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(CloneError::system(&self.directory, e)),
            _ => Ok(()),
        }
    }

    fn write(&self) -> Result<(), CloneError> {
        let path = self.directory.join(FILE);
        let fresh = self.directory.join(".ledger");
        let text = serde_json::to_vec(&self.written).map_err(|e| CloneError::system(&path, e))?;
        let write = || {
            use std::io::Write as _;
            let mut file = std::fs::File::create(&fresh)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&fresh, &path)
        };
        write().map_err(|e| CloneError::system(&path, e))
    }
}

/// When a process started; `None` when there is none.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything; the last parenthesis ends it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Removes what earlier runs of this user left behind: containers, mounts and files. What runs now is let
/// alone. Nothing is an error; what can't be removed is said.
#[must_use]
pub fn clear() -> Cleared {
    clear_below(&base())
}

fn clear_below(base: &Path) -> Cleared {
    let mut cleared = Cleared::default();
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten().take(4096) {
        let directory = entry.path();
        let Some(written) = read(&directory) else {
            // Killed between the directory and its ledger: there is nothing else yet.
            let _ = std::fs::remove_dir(&directory);
            continue;
        };
        if started(written.pid).is_some_and(|s| s == written.started) {
            continue;
        }
        match take_back(directory, written, &mut cleared.containers) {
            Ok(()) => cleared.runs += 1,
            Err(error) => {
                cleared.failed.push(format!("What an interrupted run left can't be removed: {error}."))
            }
        }
    }
    cleared
}

fn read(directory: &Path) -> Option<Written> {
    use std::io::Read as _;
    let mut text = Vec::new();
    std::fs::File::open(directory.join(FILE)).ok()?.take(MOST).read_to_end(&mut text).ok()?;
    let written: Written = serde_json::from_slice(&text).ok()?;
    let ours = written.schema == SCHEMA
        && written.copies <= 4096
        && Some(written.id.as_ref()) == directory.file_name();
    ours.then_some(written)
}

fn take_back(directory: PathBuf, written: Written, removed: &mut Vec<String>) -> Result<(), CloneError> {
    let limits = Limits { total: std::time::Duration::from_secs(20), ..Limits::default() };
    let api = Api::new(&written.socket, Flavour::Docker, limits);
    let control = Control::new(&written.socket, limits);
    for name in &written.containers {
        match api.inspect_as_docker(name) {
            Ok(inspect) => {
                // A name can be anyone's; the label with this id is ours.
                let label =
                    inspect.pointer("/Config/Labels").and_then(|l| l.get(LABEL)).and_then(|l| l.as_str());
                if label == Some(&written.id) {
                    control.remove(name).map_err(CloneError::engine("removing an old clone"))?;
                    removed.push(name.clone());
                }
            }
            Err(e) if e.is_unknown() => {}
            Err(e) => return Err(CloneError::engine("asking for an old clone")(e)),
        }
    }
    Ledger { directory, written }.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_over_is_taken_back_and_one_that_is_not_is_let_alone() {
        let base = std::env::temp_dir().join(format!("whodenied-ledger-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&base);
        let mut ours = Ledger::begin(&base, "/nonexistent/sock").unwrap();
        let places = ours.copy().unwrap();
        std::fs::create_dir_all(&places.upper).unwrap();
        assert_eq!(clear_below(&base), Cleared::default());
        assert!(places.upper.exists());
        // The same process number with another start is another process.
        ours.written.started += 1;
        ours.write().unwrap();
        std::fs::create_dir(base.join("halfway")).unwrap();
        let cleared = clear_below(&base);
        assert_eq!((cleared.runs, cleared.failed.len()), (1, 0));
        assert_eq!(std::fs::read_dir(&base).unwrap().count(), 0);
        std::fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn without_its_engine_a_clone_is_not_forgotten() {
        let base = std::env::temp_dir().join(format!("whodenied-ledger-gone-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&base);
        let mut ours = Ledger::begin(&base, "/nonexistent/sock").unwrap();
        ours.container().unwrap();
        ours.written.started += 1;
        ours.write().unwrap();
        let cleared = clear_below(&base);
        assert_eq!((cleared.runs, cleared.failed.len()), (0, 1));
        assert!(ours.directory.join(FILE).exists());
        std::fs::remove_dir_all(base).unwrap();
    }
}
