//! Landlock domains, as they were seen being entered, and their answer to a call on a path.
//!
//! Sources: landlock(7); `include/uapi/linux/landlock.h`; `security/landlock/fs.c`: in every layer of the
//! domain the rules on the path and all directories above it together must grant what the layer handles.

use crate::trace::{Call, DecodedCall, Object, Tid, Tracee};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use whodenied_case::capture::LandlockAnswer;

/// Rules and layers beyond this are not kept, and nothing is claimed then.
const MOST: usize = 4096;

#[derive(Debug, Clone, Default)]
struct Ruleset {
    handled: u64,
    rules: Vec<(PathBuf, u64)>,
    /// A rule could not be read.
    unknown: bool,
}

/// Rulesets by process and descriptor, domains by thread.
#[derive(Debug, Default)]
pub struct Domains {
    rulesets: HashMap<(Tid, u64), Ruleset>,
    threads: HashMap<Tid, Rc<Vec<Ruleset>>>,
}

impl Domains {
    /// The calls whose success tells of a domain.
    pub const CALLS: [&'static str; 3] =
        ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"];

    /// One of [`Domains::CALLS`] succeeded.
    pub fn succeeded(&mut self, call: &Call) {
        let tracee = Tracee { tid: call.tid };
        let [first, second, third, ..] = call.args;
        match call.name {
            // struct landlock_ruleset_attr begins with handled_access_fs; with flags it asks for the version.
            "landlock_create_ruleset" if third == 0 => {
                if let (Some(handled), Ok(fd)) = (tracee.u64(first), u64::try_from(call.value))
                    && self.rulesets.len() < MOST
                {
                    self.rulesets.insert((call.pid, fd), Ruleset { handled, ..Ruleset::default() });
                }
            }
            // struct landlock_path_beneath_attr: allowed_access, parent_fd, packed.
            "landlock_add_rule" => {
                const PATH_BENEATH: u64 = 1;
                let Some(ruleset) = self.rulesets.get_mut(&(call.pid, first)) else { return };
                if second & 0xffff_ffff != PATH_BENEATH {
                    return;
                }
                let rule = (|| {
                    let allowed = tracee.u64(third)?;
                    let fd = tracee.u32(third.checked_add(8)?)?.cast_signed();
                    Some((tracee.fd(fd)?, allowed))
                })();
                match rule.filter(|_| ruleset.rules.len() < MOST) {
                    Some(rule) => ruleset.rules.push(rule),
                    None => ruleset.unknown = true,
                }
            }
            "landlock_restrict_self" => {
                let Some(ruleset) = self.rulesets.get(&(call.pid, first)).cloned() else { return };
                Rc::make_mut(self.threads.entry(call.tid).or_default()).push(ruleset);
            }
            _ => {}
        }
    }

    /// A thread or process was made: it has the domain of its maker.
    pub fn forked(&mut self, parent: Tid, child: Tid) {
        if let Some(domain) = self.threads.get(&parent).cloned() {
            self.threads.insert(child, domain);
        }
    }

    /// A program was executed by a thread that had another id before.
    pub fn executed(&mut self, former: Tid, tid: Tid) {
        if let Some(domain) = self.threads.remove(&former) {
            self.threads.insert(tid, domain);
        }
    }

    /// A thread is gone.
    pub fn gone(&mut self, tid: Tid) {
        self.threads.remove(&tid);
        self.rulesets.retain(|(pid, _), _| *pid != tid);
    }

    /// What the thread's domain answers to the call; `None` where it has none, or the call is of a
    /// kind that is not decided here.
    #[must_use]
    pub fn answer(&self, call: &Call, decoded: &DecodedCall) -> Option<LandlockAnswer> {
        let domain = self.threads.get(&call.tid)?;
        let Some(Object::Path(path)) = &decoded.object else { return None };
        let seen = Tracee { tid: call.tid }.proc("root").join(path.full.strip_prefix("/").ok()?);
        let full = std::fs::canonicalize(&path.full).unwrap_or_else(|_| path.full.clone());
        let (right, word) = wanted(decoded, std::fs::metadata(seen).is_ok_and(|m| m.is_dir()))?;
        let of = if right == EXECUTE || decoded.name.starts_with("open") {
            full.as_path()
        } else {
            full.parent()?
        };
        for (number, layer) in domain.iter().enumerate() {
            if layer.handled & right == 0 {
                continue;
            }
            if layer.unknown {
                return None;
            }
            if granted(layer, of) & right == 0 {
                return Some(LandlockAnswer {
                    refuses: true,
                    layer: u32::try_from(number + 1).unwrap_or(u32::MAX),
                    right: word.to_owned(),
                });
            }
        }
        Some(LandlockAnswer { refuses: false, layer: 0, right: word.to_owned() })
    }
}

fn granted(layer: &Ruleset, path: &Path) -> u64 {
    layer.rules.iter().filter(|(above, _)| path.starts_with(above)).fold(0, |all, (_, rights)| all | rights)
}

const EXECUTE: u64 = 1;

/// The first right that the call asks for (LANDLOCK_ACCESS_FS_*).
fn wanted(decoded: &DecodedCall, directory: bool) -> Option<(u64, &'static str)> {
    let flags = decoded.arg("flags").unwrap_or("");
    Some(match decoded.name {
        "execve" | "execveat" => (EXECUTE, "EXECUTE"),
        "open" | "openat" if flags.contains("O_PATH") || flags.contains("O_CREAT") => return None,
        "open" | "openat" if flags.contains("O_WRONLY") || flags.contains("O_RDWR") => (1 << 1, "WRITE_FILE"),
        "open" | "openat" if directory => (1 << 3, "READ_DIR"),
        "open" | "openat" => (1 << 2, "READ_FILE"),
        "rmdir" => (1 << 4, "REMOVE_DIR"),
        "unlink" => (1 << 5, "REMOVE_FILE"),
        "unlinkat" if flags.contains("AT_REMOVEDIR") => (1 << 4, "REMOVE_DIR"),
        "unlinkat" => (1 << 5, "REMOVE_FILE"),
        "mkdir" | "mkdirat" => (1 << 7, "MAKE_DIR"),
        "symlink" | "symlinkat" => (1 << 12, "MAKE_SYM"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_for_all_below() {
        let layer = Ruleset {
            handled: 6,
            rules: vec![(PathBuf::from("/usr"), 4), (PathBuf::from("/usr/share"), 2)],
            unknown: false,
        };
        assert_eq!(granted(&layer, Path::new("/usr/share/doc")), 6);
        assert_eq!(granted(&layer, Path::new("/usr/lib")), 4);
        assert_eq!(granted(&layer, Path::new("/usrlocal")), 0);
    }
}
