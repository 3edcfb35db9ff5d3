//! AppArmor policy on this machine: its files, and what its kernel can mediate.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use whodenied_apparmor::features::{self, Features};
use whodenied_apparmor::resolve::{Files, Look};
use whodenied_apparmor::syntax::MAX_BYTES;

/// Where the kernel says what it can mediate.
pub const KERNEL_FEATURES: &str = "/sys/kernel/security/apparmor/features";
/// Names of a directory that are read at most.
const MAX_NAMES: usize = 20_000;

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn look(&self, path: &str) -> Look {
        let path = Path::new(path);
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Look::Missing,
            Err(error) => return Look::Failed(error.to_string()),
        };
        if metadata.is_dir() {
            return match path.read_dir() {
                Ok(entries) => Look::Directory(
                    entries.take(MAX_NAMES).filter_map(|e| e.ok()?.file_name().into_string().ok()).collect(),
                ),
                Err(error) => Look::Failed(error.to_string()),
            };
        }
        // Anything else would be waited for: a pipe, a device.
        if !metadata.is_file() {
            return Look::Failed("not a file".to_owned());
        }
        match read(path, MAX_BYTES + 1) {
            Ok(bytes) => Look::File(bytes),
            Err(error) => Look::Failed(error.to_string()),
        }
    }
}

fn read(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A feature tree: a file in the reference parser's text, or a directory as the kernel shows it.
///
/// # Errors
/// Why it can't be read.
pub fn features(path: &Path) -> Result<Features, String> {
    if path.is_dir() {
        let mut tree = Features::default();
        directory(path, "", 0, &mut tree);
        return Ok(tree);
    }
    let bytes = read(path, features::MAX_BYTES + 1).map_err(|e| e.to_string())?;
    Features::parse(&String::from_utf8_lossy(&bytes)).map_err(str::to_owned)
}

/// What this machine's policy is written for where it has no `abi`: `policy-features` of the parser's
/// configuration (`parser.conf(5)` is read by `apparmor_parser` as its long options). `None` where nothing is set.
#[must_use]
pub fn pinned() -> Option<Features> {
    let text = read(Path::new(PARSER_CONFIGURATION), 1 << 16).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = |line: &str| {
        let (name, value) = line.trim().split_once('=')?;
        matches!(name.trim(), "policy-features" | "features-file")
            .then(|| value.trim().trim_matches('"').to_owned())
    };
    let path = text.lines().filter_map(value).next_back()?;
    features(Path::new(&path)).ok()
}

/// The configuration of the parser.
const PARSER_CONFIGURATION: &str = "/etc/apparmor/parser.conf";

fn directory(path: &Path, prefix: &str, depth: usize, tree: &mut Features) {
    let Ok(entries) = path.read_dir() else { return };
    if depth > features::MAX_DEPTH {
        return;
    }
    for entry in entries.take(MAX_NAMES).flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let below = format!("{prefix}{name}");
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            directory(&entry.path(), &format!("{below}/"), depth + 1, tree);
        } else if kind.is_file()
            && let Ok(value) = read(&entry.path(), 1 << 16)
        {
            tree.insert(&below, &String::from_utf8_lossy(&value));
        }
    }
}

/// Names of the profiles that are loaded; `None` where the kernel does not show them.
#[must_use]
pub fn loaded_profiles() -> Option<Vec<String>> {
    let bytes = read(Path::new("/sys/kernel/security/apparmor/profiles"), 1 << 22).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(text.lines().filter_map(|l| l.rsplit_once(" (").map(|(name, _)| name.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_read_as_the_kernel_shows_them() {
        let dir = std::env::temp_dir().join(format!("whodenied-features-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("policy/versions")).unwrap();
        std::fs::write(dir.join("policy/versions/v8"), "yes\n").unwrap();
        std::fs::write(dir.join("mask"), "a b\n").unwrap();
        let tree = features(&dir).unwrap();
        assert!(tree.has("policy/versions/v8") && tree.has("mask/b"));
        std::fs::write(dir.join("text"), tree.to_string()).unwrap();
        assert_eq!(features(&dir.join("text")), Ok(tree));
        assert!(matches!(Disk.look(dir.to_str().unwrap()), Look::Directory(names) if names.len() == 3));
        assert_eq!(Disk.look("/nonexistent/x"), Look::Missing);
        assert!(matches!(Disk.look("/dev/zero"), Look::Failed(_)));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
