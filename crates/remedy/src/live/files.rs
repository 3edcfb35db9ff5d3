//! Fixes of a call on files that was seen live: changes that were each tried on the very situation.
//!
//! The model of file access names the ways; each alone lets the call through and no part of it does.

use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use whodenied_access::{
    Change, Decision, Inode, Kind, MountOption, Named, NodeId, Operation, Protection, Way, World, decide,
    ways,
};
use whodenied_case::capture::Seen;
use whodenied_case::{Remedy, Risk, Where};
use whodenied_text::quote::shell;

/// So many ways are enough to choose from.
const MOST: usize = 4;

/// The ways to let the call through; nothing where it was not seen live or not refused by the checks
/// of files.
pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let Some(live) = &ctx.attempt.live else { return offer };
    let Some(seen) = live.seen() else { return offer };
    let decided = decide(seen.subject, seen.world, seen.operation);
    if !matches!(&decided, Decision::Refused(r) if Some(r.errno) == ctx.attempt.errno) {
        return offer;
    }
    // What was put together from outside is mended there.
    let place = if ctx.in_container() && seen.outside.is_none() { Where::Container } else { Where::Host };
    offer.remedies = remedies(&seen, place);
    if !offer.remedies.is_empty() {
        offer.stays(&["every other user's access to the object, and every other object"]);
    }
    offer
}

/// The ways to let a refused operation through, smallest first, each tried on the model: at most four.
#[must_use]
pub fn remedies(seen: &Seen<'_>, place: Where) -> Vec<Remedy> {
    let ways = ways(seen.subject, seen.world, seen.operation);
    ways.iter().filter_map(|way| told(seen, way, place)).take(MOST).map(Fix::done).collect()
}

/// One way in commands; `None` where a change has none that fits every machine.
fn told(seen: &Seen<'_>, way: &Way, place: Where) -> Option<Fix> {
    let wide = |c: &&Change| match c {
        Change::Own { node, .. } => system(seen, *node),
        Change::AddMode { node, bits } => bits & 0o007 != 0 && system(seen, *node),
        _ => false,
    };
    if way.changes.iter().any(|c| wide(&c)) {
        return None;
    }
    let steps: Option<Vec<Step>> = way.changes.iter().map(|c| step(seen, c)).collect();
    let mut steps = steps?;
    steps.dedup_by(|a, b| a.run == b.run);
    let first = steps.first()?;
    let more = if steps.len() > 1 {
        format!(", and {} more steps of the kind", steps.len() - 1)
    } else {
        String::new()
    };
    let risk = steps.iter().map(|s| s.risk).max_by_key(|r| *r as u8)?;
    let mut fix = Fix::new(place, risk, format!("{}{more}", first.what)).widens(first.widens.clone());
    for step in &steps {
        fix = fix.run(step.run.clone());
    }
    for step in steps.iter().rev() {
        fix = fix.undo(step.undo.clone());
    }
    Some(fix)
}

/// A script is read by its interpreter: `r` beside `x`.
fn script(seen: &Seen<'_>, inode: &Inode) -> u8 {
    let executes = matches!(seen.operation, Operation::Execute { .. });
    if executes && inode.interpreter.is_some() { whodenied_access::READ } else { 0 }
}

/// A place of the system, whose owner and mode for everyone are never ours to change.
fn system(seen: &Seen<'_>, node: NodeId) -> bool {
    let Some(path) = located(seen, node) else { return true };
    let top = path.iter().filter(|b| **b == b'/').count() < 2;
    let under = |place: &str| path.starts_with(place.as_bytes());
    top || ["/etc/", "/root/", "/boot/", "/usr/", "/bin/", "/sbin/", "/lib", "/proc/", "/sys/", "/dev/"]
        .iter()
        .any(|place| under(place))
}

struct Step {
    what: String,
    widens: String,
    risk: Risk,
    run: String,
    undo: String,
}

fn step(seen: &Seen<'_>, change: &Change) -> Option<Step> {
    let world = seen.world;
    let user = name(seen, 'u', seen.subject.fsuid);
    Some(match change {
        Change::Join(gid) => {
            // The group of root opens too much to be proposed; those of a container are its own.
            if seen.outside.is_some() || *gid == 0 || seen.subject.fsuid == 0 {
                return None;
            }
            let group = name(seen, 'g', *gid);
            Step {
                what: format!("Add {user} to the group {group}"),
                widens: format!(
                    "everything that the group {group} may use, to {user}; sessions begun before do not see it"
                ),
                risk: Risk::Low,
                run: format!("sudo usermod -aG {} {}", shell(&group), shell(&user)),
                undo: format!("sudo gpasswd -d {} {}", shell(&user), shell(&group)),
            }
        }
        Change::List { node, named, bits } => {
            let path = path(seen, *node)?;
            let inode = world.inode(*node)?;
            let (kind, id) = match named {
                Named::User(id) => ('u', *id),
                Named::Group(id) => ('g', *id),
            };
            let bits = &(bits | script(seen, &inode));
            let had = had(&inode, *named);
            let who = name(seen, kind, id);
            let entry = format!("{kind}:{who}");
            let undo = match had {
                Some(old) => format!("sudo setfacl -m {}:{} {path}", shell(&entry), rwx(old)),
                None => format!("sudo setfacl -x {} {path}", shell(&entry)),
            };
            Step {
                what: format!(
                    "Let {who} alone {} {path} by an access control list",
                    words(*bits, inode.is_directory())
                ),
                widens: format!("{path} to {who} and nobody else"),
                risk: Risk::Low,
                run: format!("sudo setfacl -m {}:{} {path}", shell(&entry), rwx(had.unwrap_or(0) | bits)),
                undo,
            }
        }
        Change::AddMode { node, bits } => {
            let path = path(seen, *node)?;
            let read = u16::from(script(seen, &*world.inode(*node)?));
            // Whoever gets x of a script gets r of it.
            let bits =
                &(0..3).fold(
                    *bits,
                    |all, who| if all >> (who * 3) & 1 == 1 { all | read << (who * 3) } else { all },
                );
            let mode = symbolic(*bits);
            let everyone = bits & 0o007 != 0;
            Step {
                what: format!("Add {mode} to the mode of {path}"),
                widens: if everyone {
                    format!("{path} to every user")
                } else {
                    format!("{path} to its owner or group")
                },
                risk: if everyone { Risk::Medium } else { Risk::Low },
                run: format!("sudo chmod {mode} {path}"),
                undo: format!("sudo chmod {} {path}", mode.replace('+', "-")),
            }
        }
        Change::Own { node, uid } => {
            let path = path(seen, *node)?;
            let inode = world.inode(*node)?;
            let link = if inode.kind == Kind::Symlink { "-h " } else { "" };
            let (new, old) = (name(seen, 'u', *uid), name(seen, 'u', inode.uid));
            Step {
                what: format!("Give {path} to {new}"),
                widens: format!(
                    "{path}, which {new} may then change as it likes; {old} loses the owner's rights"
                ),
                risk: Risk::Medium,
                run: format!("sudo chown {link}{} {path}", shell(&new)),
                undo: format!("sudo chown {link}{} {path}", shell(&old)),
            }
        }
        Change::NotImmutable(node) => flag(seen, *node, 'i', "immutable")?,
        Change::NotAppendOnly(node) => flag(seen, *node, 'a', "append-only")?,
        Change::Unstick(node) => {
            let path = path(seen, *node)?;
            Step {
                what: format!("Take the sticky bit from {path}"),
                widens: format!(
                    "everyone who may write to {path} may remove and rename what others put there"
                ),
                risk: Risk::High,
                run: format!("sudo chmod -t {path}"),
                undo: format!("sudo chmod +t {path}"),
            }
        }
        // The mounts of a container are its configuration's.
        Change::Remount(..) | Change::RemountWritable(_) if seen.outside.is_some() => return None,
        Change::Remount(node, option) => {
            let mount = path(seen, root_of_mount(world, *node))?;
            let (without, with) = match option {
                MountOption::ReadOnly => ("rw", "ro"),
                MountOption::NoExec => ("exec", "noexec"),
                MountOption::NoDev => ("dev", "nodev"),
                MountOption::NoSymFollow => ("symfollow", "nosymfollow"),
            };
            Step {
                what: format!("Mount {mount} with {without}"),
                widens: format!(
                    "{without} for everything on {mount}, until the next mount; /etc/fstab or the unit keeps it"
                ),
                risk: Risk::Medium,
                run: format!("sudo mount -o remount,bind,{without} {mount}"),
                undo: format!("sudo mount -o remount,bind,{with} {mount}"),
            }
        }
        Change::RemountWritable(node) => {
            let mount = path(seen, root_of_mount(world, *node))?;
            Step {
                what: format!("Mount the file system at {mount} writable"),
                widens: format!("writing to everything on {mount} that modes allow"),
                risk: Risk::Medium,
                run: format!("sudo mount -o remount,rw {mount}"),
                undo: format!("sudo mount -o remount,ro {mount}"),
            }
        }
        Change::Unprotect(protection) => {
            let key = match protection {
                Protection::Symlinks => "fs.protected_symlinks",
                Protection::Hardlinks => "fs.protected_hardlinks",
                Protection::Fifos => "fs.protected_fifos",
                Protection::Regular => "fs.protected_regular",
            };
            let old = seen.sysctls.get(key).filter(|v| v.bytes().all(|b| b.is_ascii_digit()))?;
            Step {
                what: format!("Switch {key} off"),
                widens: "an old attack on shared directories, on the whole machine".to_owned(),
                risk: Risk::High,
                run: format!("sudo sysctl -w {key}=0"),
                undo: format!("sudo sysctl -w {key}={old}"),
            }
        }
        _ => return None,
    })
}

fn flag(seen: &Seen<'_>, node: NodeId, letter: char, word: &str) -> Option<Step> {
    let path = path(seen, node)?;
    Some(Step {
        what: format!("Take the {word} flag from {path}"),
        widens: format!("changes of {path} by whoever its mode lets"),
        risk: Risk::Low,
        run: format!("sudo chattr -{letter} {path}"),
        undo: format!("sudo chattr +{letter} {path}"),
    })
}

/// The root of the mount that a node is seen through.
fn root_of_mount(world: &dyn World, node: NodeId) -> NodeId {
    let mut at = node;
    for _ in 0..8192 {
        match world.parent(at) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    at
}

/// The path for a command; `None` for one that is not text.
fn path(seen: &Seen<'_>, node: NodeId) -> Option<String> {
    let path = String::from_utf8(located(seen, node)?).ok()?;
    Some(shell(&path))
}

/// Where a command of the host finds a node: of a container, what lies in its image can't be changed so.
fn located(seen: &Seen<'_>, node: NodeId) -> Option<Vec<u8>> {
    let inside = seen.world.path(node);
    let Some(places) = seen.outside else { return Some(inside) };
    let below = |top: &str| {
        let rest = inside.strip_prefix(top.trim_end_matches('/').as_bytes())?;
        rest.first().is_none_or(|b| *b == b'/').then(|| rest.to_vec())
    };
    let innermost = places.iter().filter(|(top, _)| below(top).is_some());
    let (top, outside) = innermost.max_by_key(|(top, _)| top.len())?;
    let mut path = outside.trim_end_matches('/').as_bytes().to_vec();
    path.extend(below(top)?);
    Some(path)
}

/// The name of an id in a form that every command takes: a plain name, else the number.
fn name(seen: &Seen<'_>, kind: char, id: u32) -> String {
    // The names of a container are not the host's.
    if seen.outside.is_some() {
        return id.to_string();
    }
    let names = seen.names;
    let plain = |n: &&String| {
        n.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) && !n.starts_with('-')
    };
    names.get(&format!("{kind}{id}")).filter(plain).cloned().unwrap_or_else(|| id.to_string())
}

/// The bits that the entry has already.
fn had(inode: &Inode, named: Named) -> Option<u8> {
    let acl = inode.acl.as_ref()?;
    let (list, id) = match named {
        Named::User(id) => (&acl.users, id),
        Named::Group(id) => (&acl.groups, id),
    };
    list.iter().find(|(known, _)| *known == id).map(|(_, bits)| *bits)
}

fn rwx(bits: u8) -> String {
    [(4, 'r'), (2, 'w'), (1, 'x')].iter().map(|(bit, c)| if bits & bit == 0 { '-' } else { *c }).collect()
}

fn words(bits: u8, directory: bool) -> &'static str {
    match (bits & 7, directory) {
        (1, true) => "search",
        (1, false) => "execute",
        (2, _) => "write to",
        (3, true) => "change the entries of",
        (4, _) => "read",
        (5, true) => "read and search",
        (5, false) => "read and execute",
        (6, _) => "read and write",
        _ => "use",
    }
}

/// `u+w,g+rx`.
fn symbolic(bits: u16) -> String {
    let part = |who: char, shift: u32| {
        let bits = bits >> shift & 7;
        let set: String =
            [(4, 'r'), (2, 'w'), (1, 'x')].iter().filter(|(b, _)| bits & b != 0).map(|(_, c)| *c).collect();
        (!set.is_empty()).then(|| format!("{who}+{set}"))
    };
    [part('u', 6), part('g', 3), part('o', 0)].into_iter().flatten().collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_in_the_words_of_the_tools() {
        assert_eq!(symbolic(0o251), "u+w,g+rx,o+x");
        assert_eq!((rwx(5), rwx(0)), ("r-x".to_owned(), "---".to_owned()));
    }
}
