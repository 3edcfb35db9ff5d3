//! Landlock domains, as they were seen being entered, and their answer to a call on a path or a port.
//!
//! Sources: landlock(7); `include/uapi/linux/landlock.h`; `security/landlock/fs.c`: in every layer of the
//! domain the rules on the path and all directories above it together must grant what the layer handles;
//! `security/landlock/net.c`: the same of the rule on a port, for TCP sockets.

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
    /// `handled_access_net`, since Linux 6.7.
    handled_net: u64,
    ports: Vec<(u64, u64)>,
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
                // The caller says how much of the structure it knows; the rest is none.
                let handled_net = if second >= 16 { tracee.u64(first.wrapping_add(8)) } else { Some(0) };
                if let (Some(handled), Some(handled_net), Ok(fd)) =
                    (tracee.u64(first), handled_net, u64::try_from(call.value))
                    && self.rulesets.len() < MOST
                {
                    let new = Ruleset { handled, handled_net, ..Ruleset::default() };
                    self.rulesets.insert((call.pid, fd), new);
                }
            }
            // struct landlock_path_beneath_attr: allowed_access, parent_fd, packed.
            "landlock_add_rule" => {
                const PATH_BENEATH: u64 = 1;
                const NET_PORT: u64 = 2;
                let Some(ruleset) = self.rulesets.get_mut(&(call.pid, first)) else { return };
                if second & 0xffff_ffff == NET_PORT {
                    // struct landlock_net_port_attr: allowed_access, port in the host's order.
                    let rule = tracee.u64(third).zip(tracee.u64(third.wrapping_add(8)));
                    match rule.filter(|_| ruleset.ports.len() < MOST) {
                        Some((allowed, port)) => ruleset.ports.push((port, allowed)),
                        None => ruleset.unknown = true,
                    }
                    return;
                }
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
        if let Some(Object::Inet { port, .. }) = &decoded.object {
            let (right, word) = match decoded.name {
                "bind" => (1, "NET_BIND_TCP"),
                "connect" => (1 << 1, "NET_CONNECT_TCP"),
                _ => return None,
            };
            let fd = i32::try_from(call.args[0] & 0xffff_ffff).ok()?;
            if !super::sys::protocol(&Tracee { tid: call.tid }.proc(&format!("fd/{fd}")))?.starts_with(b"TCP")
            {
                return None;
            }
            let granted = |layer: &Ruleset| {
                layer
                    .ports
                    .iter()
                    .filter(|(p, _)| *p == u64::from(*port))
                    .fold(0, |all, (_, rights)| all | rights)
            };
            return answer(
                domain,
                |layer| (layer.handled_net & right != 0, granted(layer) & right != 0),
                word,
            );
        }
        let Some(Object::Path(path)) = &decoded.object else { return None };
        // Links are followed in our own mount namespace: of a process in another the answer would be a guess.
        if super::apart(call.tid) {
            return None;
        }
        let seen = Tracee { tid: call.tid }.proc("root").join(path.full.strip_prefix("/").ok()?);
        let full = std::fs::canonicalize(&path.full).unwrap_or_else(|_| {
            // What is to be made is not there: its directory is.
            let made = path
                .full
                .parent()
                .and_then(|p| Some(std::fs::canonicalize(p).ok()?.join(path.full.file_name()?)));
            made.unwrap_or_else(|| path.full.clone())
        });
        let found = std::fs::metadata(seen).ok();
        let wanted = wanted(decoded, found.as_ref());
        let mut last = None;
        for (right, word) in wanted {
            let of = if BY_PARENT & right != 0 { full.parent()? } else { full.as_path() };
            let said =
                answer(domain, |layer| (layer.handled & right != 0, granted(layer, of) & right != 0), word)?;
            if said.refuses {
                return Some(said);
            }
            last = Some(said);
        }
        last
    }
}

/// What the layers say; `ask` tells whether a layer handles the right and whether it grants it. `None`
/// where a layer that handles it is not known whole.
fn answer(domain: &[Ruleset], ask: impl Fn(&Ruleset) -> (bool, bool), word: &str) -> Option<LandlockAnswer> {
    for (number, layer) in domain.iter().enumerate() {
        let (handled, granted) = ask(layer);
        if !handled {
            continue;
        }
        if layer.unknown {
            return None;
        }
        if !granted {
            let layer = u32::try_from(number + 1).unwrap_or(u32::MAX);
            return Some(LandlockAnswer { refuses: true, layer, right: word.to_owned() });
        }
    }
    Some(LandlockAnswer { refuses: false, layer: 0, right: word.to_owned() })
}

fn granted(layer: &Ruleset, path: &Path) -> u64 {
    layer.rules.iter().filter(|(above, _)| path.starts_with(above)).fold(0, |all, (_, rights)| all | rights)
}

/// The rights (LANDLOCK_ACCESS_FS_*) that are asked of the directory an entry is in: REMOVE_DIR to
/// MAKE_SYM.
const BY_PARENT: u64 = 0x1ff0;

/// The rights that the call asks for, in the kernel's order; none for a call that is not decided here.
/// `found` is what the path leads to.
fn wanted(decoded: &DecodedCall, found: Option<&std::fs::Metadata>) -> Vec<(u64, &'static str)> {
    let flags = decoded.arg("flags").unwrap_or("");
    let flag = |name: &str| flags.split('|').any(|f| f.trim() == name);
    let mode = decoded.arg("mode").unwrap_or("");
    let directory = found.is_some_and(std::fs::Metadata::is_dir);
    let creat = decoded.name == "creat";
    match decoded.name {
        "execve" | "execveat" => vec![(1, "EXECUTE")],
        "open" | "openat" | "openat2" | "creat" => {
            let mut rights = Vec::new();
            if flag("O_PATH") {
                return rights;
            }
            // security_path_mknod comes before security_file_open.
            if found.is_none() && (creat || flag("O_CREAT") || flags.contains("O_TMPFILE")) {
                rights.push((1 << 8, "MAKE_REG"));
            }
            let write = creat || flag("O_WRONLY") || flag("O_RDWR");
            if !creat && !flag("O_WRONLY") {
                rights.push(if directory { (1 << 3, "READ_DIR") } else { (1 << 2, "READ_FILE") });
            }
            if write {
                rights.push((1 << 1, "WRITE_FILE"));
            }
            if creat || flag("O_TRUNC") {
                rights.push((1 << 14, "TRUNCATE"));
            }
            rights
        }
        "truncate" | "truncate64" => vec![(1 << 14, "TRUNCATE")],
        "rmdir" => vec![(1 << 4, "REMOVE_DIR")],
        "unlinkat" if flag("AT_REMOVEDIR") => vec![(1 << 4, "REMOVE_DIR")],
        "unlink" | "unlinkat" => vec![(1 << 5, "REMOVE_FILE")],
        "mkdir" | "mkdirat" => vec![(1 << 7, "MAKE_DIR")],
        "symlink" | "symlinkat" => vec![(1 << 12, "MAKE_SYM")],
        "mknod" | "mknodat" => vec![match mode.split('|').next().unwrap_or("") {
            "S_IFCHR" => (1 << 6, "MAKE_CHAR"),
            "S_IFBLK" => (1 << 11, "MAKE_BLOCK"),
            "S_IFIFO" => (1 << 10, "MAKE_FIFO"),
            "S_IFSOCK" => (1 << 9, "MAKE_SOCK"),
            _ => (1 << 8, "MAKE_REG"),
        }],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_for_all_below() {
        let layer = Ruleset {
            handled: 6,
            rules: vec![(PathBuf::from("/usr"), 4), (PathBuf::from("/usr/share"), 2)],
            ..Ruleset::default()
        };
        assert_eq!(granted(&layer, Path::new("/usr/share/doc")), 6);
        assert_eq!(granted(&layer, Path::new("/usr/lib")), 4);
        assert_eq!(granted(&layer, Path::new("/usrlocal")), 0);
    }

    #[test]
    fn rights_in_the_kernels_order() {
        let call = |name: &'static str, flags: &str| DecodedCall {
            name,
            args: vec![("flags", flags.to_owned())],
            object: None,
            second: None,
        };
        let words = |call: &DecodedCall, found: Option<&std::fs::Metadata>| {
            wanted(call, found).into_iter().map(|(_, word)| word).collect::<Vec<_>>()
        };
        let folder = std::fs::metadata("/").unwrap();
        assert_eq!(words(&call("openat", "O_RDONLY|O_CLOEXEC"), None), ["READ_FILE"]);
        assert_eq!(words(&call("openat", "O_RDONLY"), Some(&folder)), ["READ_DIR"]);
        assert_eq!(
            words(&call("openat", "O_WRONLY|O_CREAT|O_TRUNC"), None),
            ["MAKE_REG", "WRITE_FILE", "TRUNCATE"]
        );
        assert_eq!(words(&call("openat", "O_RDWR"), None), ["READ_FILE", "WRITE_FILE"]);
        assert!(words(&call("openat", "O_PATH"), None).is_empty());
    }

    #[test]
    fn the_first_layer_that_handles_and_does_not_grant() {
        let layer = |handled, unknown| Ruleset { handled, unknown, ..Ruleset::default() };
        let ask = |layer: &Ruleset| (layer.handled & 4 != 0, false);
        let said = answer(&[layer(2, true), layer(4, false)], ask, "READ_FILE").unwrap();
        assert_eq!((said.refuses, said.layer), (true, 2));
        assert_eq!(answer(&[layer(4, true)], ask, "READ_FILE"), None);
        assert!(!answer(&[layer(2, false)], ask, "READ_FILE").unwrap().refuses);
    }
}
