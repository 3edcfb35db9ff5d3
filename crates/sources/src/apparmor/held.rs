//! The policy of labels as evidence: what the kernel held when it decided.

use super::{LoadedProfile, below_of, line};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use whodenied_apparmor::binary::armour;
use whodenied_apparmor::evaluate::{Component, Label};
use whodenied_case::policy::{Held, MOST_BYTES, MOST_PROFILES, MOST_TEXT, Policy, SCHEMA};

/// A number that grows with every load and removal; `None` where the kernel does not tell it.
///
/// Source: kernel `apparmorfs.c`, ns_revision_read. The first read of an open file does not wait, but for a
/// namespace that never had a load: so it is opened not to wait.
#[must_use]
pub fn revision() -> Option<u64> {
    revision_in(Path::new("/"))
}

fn revision_in(root: &Path) -> Option<u64> {
    let mut file = fs::File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(root.join("sys/kernel/security/apparmor/revision"))
        .ok()?;
    let mut bytes = [0; 32];
    let got = file.read(&mut bytes).ok()?;
    std::str::from_utf8(bytes.get(..got)?).ok()?.trim().parse().ok()
}

/// The policy of every profile of these labels. `before` is the [`revision`] at the beginning of what is
/// explained. `None` where AppArmor is off, or no label names a profile.
#[must_use]
pub fn held<'a>(labels: impl IntoIterator<Item = &'a str>, before: Option<u64>) -> Option<Policy> {
    held_in(Path::new("/"), labels, before)
}

/// The policy that a container's label had from `started` on (nanoseconds since 1970), of the machine whose
/// root this is.
#[must_use]
pub fn held_of(root: &Path, label: &str, started: Option<i128>) -> Option<Policy> {
    let mut policy = held_in(root, [label], None)?;
    let before = |held: &Held| held.loaded.zip(started).is_some_and(|(l, s)| i128::from(l) < s);
    policy.steady = !policy.profiles.is_empty() && policy.profiles.iter().all(before);
    label.clone_into(&mut policy.label);
    Some(policy)
}

fn held_in<'a>(
    root: &Path,
    labels: impl IntoIterator<Item = &'a str>,
    before: Option<u64>,
) -> Option<Policy> {
    let mut wanted: Vec<Component> = labels
        .into_iter()
        .filter(|l| !l.is_empty())
        .flat_map(|l| Label::parse(l.as_bytes()).components)
        .filter(|c| c.name != b"unconfined")
        .collect();
    wanted.sort();
    wanted.dedup();
    let parameter = |name: &str| line(&root.join("sys/module/apparmor/parameters").join(name));
    if wanted.is_empty() || parameter("enabled").as_deref() != Some("Y") {
        return None;
    }
    let fs = root.join("sys/kernel/security/apparmor");
    let mut policy = Policy {
        schema: SCHEMA.to_owned(),
        release: line(&root.join("proc/sys/kernel/osrelease")).unwrap_or_default(),
        features: crate::policy::features(&fs.join("features"))
            .map(|tree| tree.to_string())
            .unwrap_or_default(),
        mode: parameter("mode").unwrap_or_default(),
        audit: parameter("audit").unwrap_or_default(),
        ..Policy::default()
    };
    let first = revision_in(root);
    let mut found: Vec<(String, Vec<LoadedProfile>)> = Vec::new();
    let mut raw: Vec<Vec<u8>> = Vec::new();
    let mut room = MOST_TEXT - policy.features.len().min(MOST_TEXT / 2) - (64 << 10);
    for component in wanted.iter().take(MOST_PROFILES) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let namespace = component.namespace.as_deref().map(text).unwrap_or_default();
        let name = text(&component.name);
        if !found.iter().any(|(known, _)| *known == namespace) {
            let profiles = directory(&fs, &namespace).and_then(|d| below_of(&d)).unwrap_or_default();
            found.push((namespace.clone(), profiles));
        }
        let all = found.iter().find(|(known, _)| *known == namespace).map_or(&[][..], |(_, all)| all);
        let Some(profile) = all.iter().find(|p| p.name == name) else {
            policy.missing.push(format!("The profile {name} is not among those that the kernel shows."));
            continue;
        };
        let hash = profile.hash();
        let mut one = Held {
            namespace,
            name: name.clone(),
            mode: profile.mode.clone(),
            hash: hash.clone(),
            loaded: profile.loaded(),
            load: None,
        };
        match profile.raw() {
            Ok(bytes) if bytes.len() > MOST_BYTES => {
                policy.missing.push(format!("The policy of {name} is too large to be kept."));
            }
            // It may have been replaced while it was read.
            Ok(_) if profile.hash() != hash => {
                policy.missing.push(format!("The policy of {name} was being replaced."));
            }
            Ok(bytes) => match raw.iter().position(|known| *known == bytes) {
                Some(at) => one.load = Some(at),
                None => {
                    let word = armour::to_text(&bytes);
                    if word.len() <= room {
                        room -= word.len();
                        one.load = Some(policy.loads.len());
                        policy.loads.push(word);
                        raw.push(bytes);
                    } else {
                        policy.missing.push(format!("The policy of {name} is too large to be kept."));
                    }
                }
            },
            Err(error) => {
                policy.missing.push(format!("What was loaded for {name} could not be read: {error}."));
            }
        }
        policy.profiles.push(one);
    }
    let last = revision_in(root);
    policy.steady = before.is_some() && before == first && first == last;
    Some(policy)
}

/// Where the profiles of a namespace are, by its name as labels have it: `a//b` below `a`.
fn directory(fs: &Path, namespace: &str) -> Option<PathBuf> {
    let mut at = fs.join("policy");
    for part in namespace.split("//").filter(|p| !p.is_empty()) {
        // A name of a label, which is hostile, is one step.
        if part.contains('/') || matches!(part, "." | "..") {
            return None;
        }
        at = at.join("namespaces").join(part);
    }
    Some(at.join("profiles"))
}

impl LoadedProfile {
    /// The kernel's hash of it, with the algorithm; "" where it has none.
    fn hash(&self) -> String {
        let of = |name: &str| line(&self.directory.join(name)).map(|hash| format!("{name}:{hash}"));
        of("sha256").or_else(|| of("sha1")).unwrap_or_default()
    }

    /// When it was loaded, in nanoseconds since 1970: the file of what was loaded is made with it.
    fn loaded(&self) -> Option<i64> {
        let meta = fs::metadata(self.directory.join("raw_data")).ok()?;
        meta.mtime().checked_mul(1_000_000_000)?.checked_add(meta.mtime_nsec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_looked_up_in_their_namespaces() {
        let root = std::env::temp_dir().join(format!("whodenied-held-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let fs = "sys/kernel/security/apparmor";
        write("sys/module/apparmor/parameters/enabled", "Y\n");
        write("sys/module/apparmor/parameters/mode", "enforce\n");
        write("proc/sys/kernel/osrelease", "6.12.1\n");
        write(&format!("{fs}/revision"), "7\n");
        for (dir, name) in [("profiles/a.1", "a"), ("namespaces/n/profiles/b.2", "b")] {
            write(&format!("{fs}/policy/{dir}/name"), name);
            write(&format!("{fs}/policy/{dir}/mode"), "enforce");
            write(&format!("{fs}/policy/{dir}/sha256"), "00ff");
            write(&format!("{fs}/policy/{dir}/raw_data"), "xyz");
        }
        let policy = held_in(&root, ["a//&:n:b (enforce)", "unconfined", "gone (enforce)"], Some(7)).unwrap();
        let told: Vec<(&str, &str, Option<usize>)> =
            policy.profiles.iter().map(|p| (p.namespace.as_str(), p.name.as_str(), p.load)).collect();
        assert_eq!(told, [("", "a", Some(0)), ("n", "b", Some(0))]);
        assert_eq!(armour::from_text(&policy.loads[0], 10).unwrap(), b"xyz");
        assert!(policy.steady && policy.missing.len() == 1, "{:?}", policy.missing);
        assert!(policy.profiles[0].loaded.is_some() && policy.profiles[0].hash == "sha256:00ff");
        assert!(!held_in(&root, ["a (enforce)"], Some(6)).unwrap().steady);
        assert!(held_in(&root, ["unconfined", ""], Some(7)).is_none());
        assert_eq!(directory(Path::new("/x"), "../y"), None);
        fs::remove_dir_all(root).unwrap();
    }
}
