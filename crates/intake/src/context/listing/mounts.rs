//! Mounts: `mount`, /proc/mounts and fstab lines, `findmnt`, mountinfo.
//!
//! Sources: mount(8), proc_pid_mountinfo(5), fstab(5).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Predicate};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    if let Some(squash) = exported(here.text) {
        here.say(sink, "exports", Predicate::Environment(Environment::Nfs));
        if squash {
            here.say(sink, "exports", Predicate::Environment(Environment::RootSquash));
        }
        return true;
    }
    let mount = shown(here.text).or_else(|| info(here.text)).or_else(|| columns(here.text));
    let Some(mount) = mount.or_else(|| quoted(here.text)) else {
        return false;
    };
    if let Some(environment) = trait_of(&mount) {
        here.say(sink, "mounts", Predicate::Environment(environment));
    }
    let Mount { target, fstype, options } = mount;
    here.say(sink, "mounts", Predicate::Mount { target, fstype, options });
    true
}

/// A mount as listed or as asked for.
pub(super) struct Mount {
    pub(super) target: String,
    pub(super) fstype: Option<String>,
    pub(super) options: Vec<String>,
}

fn list(text: &str) -> Vec<String> {
    text.trim_matches(['(', ')'])
        .split(',')
        .map(str::trim)
        .filter(|o| !o.is_empty())
        .take(64)
        .map(str::to_owned)
        .collect()
}

/// `SOURCE on TARGET type TYPE (OPTIONS)`.
fn shown(text: &str) -> Option<Mount> {
    let (_, rest) = text.split_once(" on ")?;
    let (target, rest) = rest.split_once(" type ")?;
    let (fstype, options) = rest.split_once(' ')?;
    let fits = target.starts_with('/') && options.starts_with('(');
    fits.then(|| Mount { target: target.to_owned(), fstype: Some(fstype.to_owned()), options: list(options) })
}

/// `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
fn info(text: &str) -> Option<Mount> {
    let (head, tail) = text.split_once(" - ")?;
    let words: Vec<&str> = head.split_whitespace().collect();
    let [id, parent, device, _, target, options, ..] = words.as_slice() else { return None };
    let number = |w: &str| w.bytes().all(|b| b.is_ascii_digit());
    if !number(id) || !number(parent) || !device.contains(':') || !target.starts_with('/') {
        return None;
    }
    Some(Mount {
        target: (*target).to_owned(),
        fstype: tail.split_whitespace().next().map(str::to_owned),
        options: list(options),
    })
}

/// /proc/mounts and fstab (`SOURCE TARGET TYPE OPTIONS 0 0`), `findmnt` (`TARGET SOURCE TYPE OPTIONS`).
fn columns(text: &str) -> Option<Mount> {
    let text = text.strip_prefix("/etc/fstab:").unwrap_or(text);
    let words: Vec<&str> =
        text.trim_start_matches(['├', '─', '│', '└', '|', '-', '`', ' ']).split_whitespace().collect();
    let [a, b, fstype, options, rest @ ..] = words.as_slice() else { return None };
    if rest.len() > 2
        || !rest.iter().all(|w| w.len() == 1 && w.bytes().all(|c| c.is_ascii_digit()))
        || !is_type(fstype)
    {
        return None;
    }
    let known = list(options).iter().filter(|o| is_option(o)).count();
    let state = list(options).iter().any(|o| matches!(o.as_str(), "rw" | "ro" | "defaults"));
    if known == 0 || (rest.len() != 2 && !state) {
        return None;
    }
    let target = if b.starts_with('/') && !(a.starts_with('/') && b.starts_with("/dev/")) { b } else { a };
    let mut options = list(options);
    imply(&mut options);
    target.starts_with('/').then(|| Mount {
        target: (*target).to_owned(),
        fstype: Some((*fstype).to_owned()),
        options,
    })
}

/// A line of fstab behind the words that quote it: `fstab has tmpfs /tmp tmpfs rw,noexec,nosuid`.
fn quoted(text: &str) -> Option<Mount> {
    if !text.contains("fstab") && !text.contains("mount") {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().take(32).collect();
    words.windows(4).find_map(|w| {
        let [source, target, fstype, options] = w else { return None };
        let options = options.trim_end_matches([')', '"', '`', ';', '.']);
        let fits = target.starts_with('/')
            && (*source == *fstype || source.starts_with('/') || source.contains('='))
            && is_type(fstype)
            && options.contains(',')
            && list(options).iter().filter(|o| is_option(o)).count() >= 2;
        fits.then(|| {
            let mut options = list(options);
            imply(&mut options);
            Mount { target: (*target).to_owned(), fstype: Some((*fstype).to_owned()), options }
        })
    })
}

/// What options of fstab that let users mount bring with them, unless a later one takes it back.
///
/// Source: mount(8), `user`, `users`, `owner`, `group`.
fn imply(options: &mut Vec<String>) {
    let Some(at) = options.iter().position(|o| matches!(o.as_str(), "user" | "users" | "owner" | "group"))
    else {
        return;
    };
    let any = options.get(at).is_some_and(|o| o.starts_with("user"));
    for (off, on) in [("noexec", "exec"), ("nosuid", "suid"), ("nodev", "dev")] {
        let taken_back = options.iter().skip(at).any(|o| o == on);
        if (any || off != "noexec") && !taken_back && !options.iter().any(|o| o == off) {
            options.push(off.to_owned());
        }
    }
}

/// A line of /etc/exports, `/data client(rw,sync)`: whether root is squashed, which is the default.
///
/// Source: exports(5).
fn exported(text: &str) -> Option<bool> {
    let text = text.strip_prefix("/etc/exports:").unwrap_or(text).trim();
    let (path, rest) = text.split_once(char::is_whitespace)?;
    let options = rest.trim().split_once('(')?.1.split_once(')')?.0;
    let known = options.split(',').any(|o| {
        matches!(
            o.trim(),
            "sync" | "async" | "no_subtree_check" | "root_squash" | "no_root_squash" | "all_squash"
        )
    });
    let client = !rest.contains(" type ") && rest.split('(').next().is_some_and(|c| !c.trim().contains(' '));
    (path.starts_with('/') && known && client).then(|| !options.contains("no_root_squash"))
}

fn is_type(word: &str) -> bool {
    word.len() > 1
        && word.len() < 24
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn is_option(word: &str) -> bool {
    matches!(
        word,
        "rw" | "ro"
            | "nosuid"
            | "nodev"
            | "noexec"
            | "relatime"
            | "noatime"
            | "defaults"
            | "user"
            | "users"
            | "noauto"
            | "bind"
            | "_netdev"
            | "nofail"
            | "allow_other"
            | "default_permissions"
    ) || ["size=", "mode=", "uid=", "gid=", "umask=", "lowerdir=", "vers=", "addr=", "sec="]
        .iter()
        .any(|p| word.starts_with(p))
}

/// What the type of a mount says of the data on it.
pub(super) fn trait_of(mount: &Mount) -> Option<Environment> {
    // Mounts that every system has say nothing of the data.
    let system = ["/proc", "/sys", "/dev", "/run"].iter().any(|p| mount.target.starts_with(p));
    let kind = mount.fstype.as_deref()?;
    match kind {
        _ if system => None,
        "nfs" | "nfs4" => Some(Environment::Nfs),
        "cifs" | "smb3" => Some(Environment::Cifs),
        "vfat" if mount.target.starts_with("/boot") => None,
        "vfat" | "exfat" | "ntfs" | "ntfs3" | "9p" | "virtiofs" | "drvfs" | "vboxsf" | "ceph" | "lustre" => {
            Some(Environment::ForeignFs)
        }
        "fuseblk" => Some(Environment::ForeignFs),
        kind if kind.starts_with("fuse.")
            && !matches!(kind, "fuse.lxcfs" | "fuse.portal" | "fuse.gvfsd-fuse" | "fuse.fuse-overlayfs") =>
        {
            Some(Environment::Fuse)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, shown};
    use whodenied_case::Environment;

    #[test]
    fn every_form() {
        for text in [
            "/dev/sda1 on /data type ext4 (rw,nosuid,nodev,noexec)",
            "36 35 98:0 / /data rw,nosuid,nodev,noexec master:1 - ext4 /dev/sda1 rw",
            "/dev/sda1 /data ext4 rw,nosuid,nodev,noexec 0 0",
            "├─/data /dev/sda1 ext4 rw,nosuid,nodev,noexec",
        ] {
            let all = shown(text, "Mount");
            assert_eq!(all.len(), 1, "{text}");
            assert!(
                all[0].contains("target: \"/data\"")
                    && all[0].contains("Some(\"ext4\")")
                    && all[0].contains("noexec"),
                "{all:?}"
            );
        }
        let all =
            shown("overlay /usr/bin overlay rw,nosuid,nodev,relatime,lowerdir=/var/lib/docker/o...", "Mount");
        assert!(all[0].contains("target: \"/usr/bin\"") && all[0].contains("nosuid"));
        let all = shown("(fstab has `tmpfs /tmp tmpfs rw,size=4G,noexec,nodev,nosuid`)", "Mount");
        assert!(all.first().is_none_or(|m| m.contains("/tmp")), "{all:?}");
        let all = shown("our fstab has tmpfs /tmp tmpfs rw,size=4G,noexec,nodev,nosuid", "Mount");
        assert!(all.len() == 1 && all[0].contains("/tmp") && all[0].contains("noexec"), "{all:?}");
    }

    #[test]
    fn fstab_lets_users_mount() {
        let options = |text: &str| {
            let found = facts(text).all.into_iter().find_map(|f| match f.what {
                whodenied_case::Predicate::Mount { options, .. } => Some(options.join(",")),
                _ => None,
            });
            found.unwrap_or_default()
        };
        assert_eq!(options("/dev/sdb1 /mnt/x ext4 rw,users 0 2"), "rw,users,noexec,nosuid,nodev");
        assert_eq!(options("/dev/sdb1 /mnt/x ext4 user,exec,noauto 0 0"), "user,exec,noauto,nosuid,nodev");
        assert_eq!(options("/dev/sdb1 /mnt/x ext4 defaults,noatime 0 0"), "defaults,noatime");
    }

    #[test]
    fn kinds_and_look_alikes() {
        assert!(facts("srv:/x /mnt/x nfs4 rw,vers=4.2 0 0").has(Environment::Nfs));
        assert!(facts("s3fs on /data type fuse.s3fs (rw,nosuid)").has(Environment::Fuse));
        let f = facts("/data *(rw,sync,no_subtree_check)");
        assert!(f.has(Environment::Nfs) && f.has(Environment::RootSquash));
        assert!(!facts("/data 10.0.0.0/8(rw,sync,no_root_squash)").has(Environment::RootSquash));
        assert!(!facts("lxcfs on /var/lib/lxcfs type fuse.lxcfs (rw)").has(Environment::Fuse));
        for text in ["open /a b type c", "it is on / type of thing", "cannot open /x mode r", "a b c d"] {
            assert!(shown(text, "Mount").is_empty(), "{text}");
        }
    }
}
