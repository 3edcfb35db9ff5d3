//! Users and groups, from the files that getgrouplist(3) reads where no other service is named.
//!
//! The C library's own lookup is not used: it loads the modules of nsswitch.conf(5), which a static program
//! can't and an observer should not. Services besides the files are named, so that the answer can say it.

use std::collections::BTreeMap;
use std::path::Path;

/// No account file is read further than this, in bytes.
const LIMIT: u64 = 16 << 20;

/// One line of passwd(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name; hostile text where the root is another's.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
}

/// What the files under one root say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    users: Vec<Account>,
    groups: Vec<(String, u32, Vec<String>)>,
    /// Services that nsswitch.conf(5) names for users or groups and that were not asked.
    pub unasked: Vec<String>,
    /// Sentences of what could not be read.
    pub missing: Vec<String>,
}

impl Accounts {
    /// Reads `etc/passwd`, `etc/group` and `etc/nsswitch.conf` under `root`.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let mut missing = Vec::new();
        let mut text = |name: &str| {
            let path = root.join(name);
            read(&path).unwrap_or_else(|error| {
                missing.push(format!("{} could not be read: {error}.", path.display()));
                String::new()
            })
        };
        let (passwd, group) = (text("etc/passwd"), text("etc/group"));
        // Without the file, glibc asks the files alone.
        let switch = read(&root.join("etc/nsswitch.conf")).unwrap_or_default();
        Self { missing, ..Self::parse(&passwd, &group, &switch) }
    }

    /// The same from the texts of the three files.
    #[must_use]
    pub fn parse(passwd: &str, group: &str, switch: &str) -> Self {
        let users = passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|n| !n.is_empty() && !n.starts_with('#'))?;
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            Some(Account { name: name.to_owned(), uid, gid })
        });
        let groups = group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|n| !n.is_empty() && !n.starts_with('#'))?;
            let gid = fields.nth(1)?.parse().ok()?;
            let members = fields.next().unwrap_or("").split(',').map(str::trim).filter(|m| !m.is_empty());
            Some((name.to_owned(), gid, members.map(str::to_owned).collect()))
        });
        Self {
            users: users.collect(),
            groups: groups.collect(),
            unasked: unasked(switch),
            missing: Vec::new(),
        }
    }

    /// The account of this name; the first line counts, as in the C library.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Account> {
        self.users.iter().find(|a| a.name == name)
    }

    /// The account of this id.
    #[must_use]
    pub fn numbered(&self, uid: u32) -> Option<&Account> {
        self.users.iter().find(|a| a.uid == uid)
    }

    /// The id of a group by its name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|g| g.0 == name).map(|g| g.1)
    }

    /// The supplementary groups that a login gives, getgrouplist(3): the primary one first, then those
    /// that list the name, each once.
    #[must_use]
    pub fn groups_of(&self, account: &Account) -> Vec<u32> {
        let mut all = vec![account.gid];
        for (_, gid, members) in &self.groups {
            if members.contains(&account.name) && !all.contains(gid) {
                all.push(*gid);
            }
        }
        all
    }

    /// Names by `u` or `g` and the number, for people.
    #[must_use]
    pub fn names(&self) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for account in &self.users {
            names.entry(format!("u{}", account.uid)).or_insert_with(|| account.name.clone());
        }
        for (name, gid, _) in &self.groups {
            names.entry(format!("g{gid}")).or_insert_with(|| name.clone());
        }
        names
    }
}

/// A regular file of a root that may be another's: a link there would lead into ours.
fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The services of `passwd`, `group` and `initgroups` that are not the files. `systemd` knows users of
/// units and containers only, and gives no one more groups.
fn unasked(switch: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in switch.lines() {
        let line = line.split('#').next().unwrap_or("");
        let Some((database, services)) = line.split_once(':') else { continue };
        if !matches!(database.trim(), "passwd" | "group" | "initgroups") {
            continue;
        }
        let services = services.split_whitespace().filter(|s| !s.starts_with('[') && !s.ends_with(']'));
        for service in services.filter(|s| !matches!(*s, "files" | "compat" | "systemd")) {
            if !found.iter().any(|f| f == service) {
                found.push(service.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_the_groups_that_list_it() {
        let accounts = Accounts::parse(
            "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n#x:x:7:7\nbroken:x:y:1\n",
            "alice:x:1000:\naudio:x:29:alice, bob\nvideo:x:44:bob\nadm:x:4:bob,alice\nagain:x:29:alice\n",
            "passwd: files systemd\ngroup: files [NOTFOUND=return] sss # ldap\nhosts: dns\n",
        );
        let alice = accounts.named("alice").unwrap();
        assert_eq!(accounts.groups_of(alice), [1000, 29, 4]);
        assert_eq!(accounts.unasked, ["sss"]);
        assert_eq!(accounts.numbered(0).map(|a| a.name.as_str()), Some("root"));
        assert_eq!((accounts.group("video"), accounts.named("broken")), (Some(44), None));
        assert_eq!(accounts.names().get("g29").map(String::as_str), Some("audio"));
    }
}
