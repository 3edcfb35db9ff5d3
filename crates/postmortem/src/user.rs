//! Whom `--user` names, by the container's own /etc/passwd and /etc/group.
//!
//! Source: runc's libcontainer/user, GetExecUser: a user without a group gets the groups that list its
//! name, one with a group none of them.

use crate::dead::Ids;
use whodenied_sources::capture::dead::{Layout, read};

/// Bytes of either file that are read.
const MOST: u64 = 1 << 20;

/// The ids; `None` where a name can't be resolved.
pub(crate) fn ids(layout: Option<&Layout>, user: &str, added: &[&str]) -> Option<Ids> {
    let file = |path: &str| {
        layout.and_then(|l| read(l, path, MOST)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    resolve(file("/etc/passwd").as_deref(), file("/etc/group").as_deref(), user, added)
}

fn resolve(passwd: Option<&str>, group: Option<&str>, user: &str, added: &[&str]) -> Option<Ids> {
    let (name, group_name) = match user.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (user, None),
    };
    let name = if name.is_empty() { "0" } else { name };
    let lines = |text: Option<&str>| -> Vec<Vec<String>> {
        let text = text.unwrap_or("");
        text.lines().take(100_000).map(|l| l.split(':').map(str::to_owned).collect()).collect()
    };
    let (users, groups) = (lines(passwd), lines(group));
    let field = |line: &[String], n: usize| line.get(n).cloned().unwrap_or_default();
    // A name that is a number counts as a name first.
    let entry =
        users.iter().find(|l| field(l, 0) == name).or_else(|| users.iter().find(|l| field(l, 2) == name));
    let (uid, mut gid, login) = match entry {
        Some(l) => (field(l, 2).parse().ok()?, field(l, 3).parse().ok()?, Some(field(l, 0))),
        // Without a passwd file that could be read, a number may yet have an entry with a group there.
        None if passwd.is_some() || group_name.is_some() || name == "0" => (name.parse().ok()?, 0, None),
        None => return None,
    };
    let number = |wanted: &str| -> Option<u32> {
        groups
            .iter()
            .find(|l| field(l, 0) == wanted)
            .and_then(|l| field(l, 2).parse().ok())
            .or_else(|| wanted.parse().ok())
    };
    let mut more: Vec<u32> = Vec::new();
    match group_name.filter(|g| !g.is_empty()) {
        Some(wanted) => gid = number(wanted)?,
        None => {
            if let Some(login) = login {
                more.extend(
                    groups
                        .iter()
                        .filter(|l| field(l, 3).split(',').any(|m| m == login))
                        .filter_map(|l| field(l, 2).parse::<u32>().ok()),
                );
            }
        }
    }
    for one in added {
        more.push(number(one)?);
    }
    if !more.contains(&gid) {
        more.insert(0, gid);
    }
    Some(Ids { uid, gid, groups: more })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\napp:x:1000:\nextra:x:2000:app\nvideo:x:44:\n";

    #[test]
    fn users_and_groups() {
        let of = |user: &str, added: &[&str]| {
            resolve(Some(PASSWD), Some(GROUP), user, added).map(|i| (i.uid, i.gid, i.groups))
        };
        assert_eq!(of("", &[]), Some((0, 0, vec![0])));
        assert_eq!(of("app", &["video"]), Some((1000, 1000, vec![1000, 2000, 44])));
        assert_eq!(of("1000", &[]), Some((1000, 1000, vec![1000, 2000])));
        assert_eq!(of("app:video", &[]), Some((1000, 44, vec![44])));
        assert_eq!(of("4711", &["7"]), Some((4711, 0, vec![0, 7])));
        assert_eq!(of("nobody", &[]), None);
        assert_eq!(resolve(None, None, "1000", &[]), None);
        assert_eq!(resolve(None, None, "1000:1000", &[]).map(|i| i.gid), Some(1000));
    }
}
