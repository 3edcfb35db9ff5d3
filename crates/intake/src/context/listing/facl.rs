//! `getfacl`: that a path has an access control list, its owner and group.
//!
//! Source: getfacl(1), acl(5).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{Knob, PathState, Predicate, Setting, Surface};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let text = here.text;
    if let Some(path) = text.strip_prefix("# file: ") {
        header(here, path.trim(), sink);
        return true;
    }
    if text.starts_with("# owner: ") || text.starts_with("# group: ") || text.starts_with("# flags: ") {
        return true;
    }
    let Some(entry) = entry(text) else { return named(here, sink) };
    // One entry beyond the three of the mode makes a list; entries without their header too.
    if entry.extended && !here.near("# file: ") {
        let state = PathState { acl: true, ..PathState::default() };
        here.say(sink, "getfacl", Predicate::Path(state));
    }
    if masked(text) {
        let knob = Knob::Other { key: "acl-masked".to_owned(), value: text.to_owned() };
        here.say(
            sink,
            "getfacl",
            Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }),
        );
    }
    if entry.extended {
        let knob = Knob::Other { key: "acl-entry".to_owned(), value: text.to_owned() };
        here.say(
            sink,
            "getfacl",
            Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }),
        );
    }
    true
}

/// `an ACL default:user:1000:rwx on /srv`.
fn named(here: Here<'_>, sink: &mut Sink) -> bool {
    let lower = here.text.to_lowercase();
    let words = || here.text.split_whitespace().map(|w| w.trim_matches(|c: char| "`'\"(),;.".contains(c)));
    let listed = words().any(|w| w.matches(':').count() >= 2 && entry(w).is_some_and(|e| e.extended));
    let told =
        ["default acl", "posix acl", "an acl", "acl on ", "acls on ", "has acl", "with acl", "acl entr"]
            .iter()
            .any(|m| lower.contains(m));
    let denied = ["no acl", "without acl", "not an acl", "add an acl", "denied", "setfacl"]
        .iter()
        .any(|m| lower.contains(m));
    if denied
        || !(listed || told)
        || crate::context::clause::is_trial(&lower)
        || crate::context::clause::is_message(&lower)
    {
        return false;
    }
    let mut paths = words().filter(|w| w.starts_with('/') && w.len() > 1);
    let path = match (paths.next(), paths.next()) {
        (Some(one), None) => one.to_owned(),
        _ => String::new(),
    };
    here.say(sink, "acl", Predicate::Path(PathState { path, acl: true, ..PathState::default() }));
    false
}

/// `user:bob:rw- #effective:r--`: getfacl's remark on an entry of which the mask takes something away.
fn masked(text: &str) -> bool {
    let Some((entry, remark)) = text.split_once('#') else { return false };
    let effective = remark.trim().strip_prefix("effective:").map_or("", str::trim);
    let rights = entry.trim().rsplit(':').next().unwrap_or("");
    !entry.starts_with("default:") && !effective.is_empty() && effective != rights
}

struct Entry {
    /// A named user or group, a mask or a default.
    extended: bool,
}

/// `user::rwx`, `user:bob:r-x`, `mask::r-x`, `default:group:x:rwx #effective:r-x`.
fn entry(text: &str) -> Option<Entry> {
    let bare = text.split('#').next().unwrap_or(text).trim();
    let (inner, default) = bare.strip_prefix("default:").map_or((bare, false), |r| (r, true));
    let mut parts = inner.split(':');
    let (tag, who, rights) = (parts.next()?, parts.next()?, parts.next()?);
    let known = matches!(tag, "user" | "group" | "mask" | "other");
    let rwx = rights.len() == 3
        && rights.bytes().zip(*b"rwx").all(|(b, want)| b == want || b == b'-')
        && parts.next().is_none();
    (known && rwx).then_some(Entry { extended: default || tag == "mask" || !who.is_empty() })
}

fn header(here: Here<'_>, path: &str, sink: &mut Sink) {
    let mut state = PathState { path: slashed(path), ..PathState::default() };
    let mut mode = [None; 3];
    for line in here.lines.get(here.at + 1..).unwrap_or_default().iter().take(24) {
        let text = line.text.as_str();
        if let Some(owner) = text.strip_prefix("# owner: ") {
            state.owner = Some(owner.trim().to_owned());
        } else if let Some(group) = text.strip_prefix("# group: ") {
            state.group = Some(group.trim().to_owned());
        } else if let Some(entry) = entry(text) {
            state.acl |= entry.extended;
            for (n, tag) in ["user::", "group::", "other::"].iter().enumerate() {
                if let (Some(rights), Some(slot)) = (text.strip_prefix(tag), mode.get_mut(n)) {
                    *slot = Some(bits(rights));
                }
            }
        } else if text.starts_with("# file: ") {
            break;
        }
    }
    if let [Some(u), Some(g), Some(o)] = mode {
        state.mode = Some(u << 6 | g << 3 | o);
    }
    here.say(sink, "getfacl", Predicate::Path(state));
}

/// getfacl strips the leading slash.
fn slashed(path: &str) -> String {
    let rooted = ["home/", "var/", "run/", "srv/", "mnt/", "media/", "etc/", "opt/", "usr/", "tmp/", "dev/"];
    if rooted.iter().any(|r| path.starts_with(r)) { format!("/{path}") } else { path.to_owned() }
}

fn bits(rights: &str) -> u32 {
    rights.bytes().take(3).fold(0, |n, b| n << 1 | u32::from(b != b'-'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    #[test]
    fn a_list() {
        let all = shown(
            "# file: run/media/x\n# owner: root\n# group: root\nuser::rwx\nuser:bob:r-x\ngroup::---\nmask::r-x\nother::---\n",
            "Path(",
        );
        assert_eq!(all.len(), 1);
        assert!(
            all[0].contains("\"/run/media/x\"")
                && all[0].contains("acl: true")
                && all[0].contains("mode: Some(448)"),
            "{all:?}"
        );
        assert!(shown("user::rwx\ngroup::r-x\nother::r-x\n", "Path(").is_empty());
        assert_eq!(shown("config: ACL default:user:1000:rwx on the parent", "acl: true").len(), 1);
        assert_eq!(shown("host: POSIX ACLs on /srv", "acl: true").len(), 1);
        assert!(shown("there is no ACL on /srv", "acl: true").is_empty());
        assert_eq!(shown("default:user:bob:rwx", "acl: true").len(), 1);
    }
}
