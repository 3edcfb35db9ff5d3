//! `stat`: the lines `File:`, `Access: (0755/drwxr-xr-x)  Uid: …`, `Context:`, and short formats such as
//! `755 root:root /path`.
//!
//! Source: stat(1) of coreutils.

use super::{Here, ls};
use crate::context::sink::Sink;
use whodenied_case::{PathState, Predicate};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let Some(mut state) = access(here.text).or_else(|| short(here.text)) else { return false };
    if state.path.is_empty() {
        for n in 1..=5 {
            if let Some(name) = here.above(n).strip_prefix("File:") {
                let name = name.trim().trim_matches(['\u{2018}', '\u{2019}', '\'', '`', '"']);
                state.path =
                    name.split(" -> ").next().unwrap_or(name).trim_end_matches(['\'', '\u{2019}']).to_owned();
                break;
            }
        }
    }
    let after = here.lines.get(here.at + 1..).unwrap_or_default().iter().take(2);
    state.label = after
        .map(|l| l.text.strip_prefix("Context:").unwrap_or(&l.text).trim())
        .find(|l| ls::is_label(l))
        .map(str::to_owned)
        .or(state.label);
    here.say(sink, "stat", Predicate::Path(state));
    true
}

fn access(text: &str) -> Option<PathState> {
    let rest = text.strip_prefix("Access: (")?;
    let (octal, rest) = rest.split_once('/')?;
    let (shown, rest) = rest.split_once(')')?;
    let (kind, _) = ls::mode(shown.trim_end_matches(['.', '+']))?;
    let id = |key: &str| {
        let at = rest.find(key)? + key.len();
        let inner = rest.get(at..)?.split(')').next()?.trim().trim_start_matches('(');
        let (number, name) = inner.split_once('/')?;
        let name = name.trim();
        Some(if name == "UNKNOWN" || name.is_empty() { number.trim().to_owned() } else { name.to_owned() })
    };
    Some(PathState {
        kind: Some(kind),
        mode: u32::from_str_radix(octal, 8).ok(),
        owner: id("Uid:"),
        group: id("Gid:"),
        acl: shown.ends_with('+'),
        ..PathState::default()
    })
}

/// `root:docker 660 /var/run/docker.sock`, `660 root:docker /x`, `755 root root /x`.
fn short(text: &str) -> Option<PathState> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let octal = |w: &str| (3..=4).contains(&w.len()) && w.bytes().all(|b| (b'0'..b'8').contains(&b));
    let pair = |w: &str| {
        w.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).filter(|(a, b)| name(a) && name(b))
    };
    let (mode, (owner, group), path) = match words.as_slice() {
        [m, o, path] if octal(m) => (*m, pair(o)?, *path),
        [o, m, path] if octal(m) => (*m, pair(o)?, *path),
        [m, o, g, path] if octal(m) && name(o) && name(g) => (*m, ((*o).to_owned(), (*g).to_owned()), *path),
        _ => return None,
    };
    path.starts_with(['/', '.']).then(|| PathState {
        path: path.to_owned(),
        mode: u32::from_str_radix(mode, 8).ok(),
        owner: Some(owner),
        group: Some(group),
        ..PathState::default()
    })
}

fn name(word: &str) -> bool {
    !word.is_empty()
        && word.len() < 40
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.$".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::super::tests::facts;
    use whodenied_case::{PathState, Predicate};

    fn one(text: &str) -> PathState {
        facts(text)
            .all
            .into_iter()
            .find_map(|f| match f.what {
                Predicate::Path(p) => Some(p),
                _ => None,
            })
            .unwrap()
    }

    #[test]
    fn whole_output() {
        let p = one(
            "  File: /srv/data\n  Size: 4096\tBlocks: 8\nDevice: 254,0 Inode: 5\nAccess: (0700/drwx------)  Uid: ( 1000/     bob)   Gid: (  100/ UNKNOWN)\nContext: system_u:object_r:var_t:s0\n",
        );
        assert_eq!((p.path.as_str(), p.mode, p.kind), ("/srv/data", Some(0o700), Some('d')));
        assert_eq!((p.owner.as_deref(), p.group.as_deref()), (Some("bob"), Some("100")));
        assert_eq!(p.label.as_deref(), Some("system_u:object_r:var_t:s0"));
    }

    #[test]
    fn short_formats() {
        let p = one("root:docker 660 /var/run/docker.sock");
        assert_eq!(
            (p.path.as_str(), p.mode, p.group.as_deref()),
            ("/var/run/docker.sock", Some(0o660), Some("docker"))
        );
    }
}
