//! AppArmor policy as the kernel holds it: `policy/profiles` of its securityfs, read only.
//!
//! A directory a profile, with `name`, `mode`, `raw_data` (a link to what was loaded, with the other profiles
//! of that load) and the children in `profiles`. Reading `raw_data` needs CAP_MAC_ADMIN. Source: kernel
//! `apparmorfs.c`.

mod held;

pub use held::{held, held_of, revision};

use crate::host::ReadError;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the kernel shows it.
pub const POLICY: &str = "/sys/kernel/security/apparmor/policy/profiles";
/// The most bytes of one load that are read.
const MOST: u64 = 64 << 20;
/// How deep children are looked for.
const DEPTH: usize = 8;
/// How many profiles are looked at.
const PROFILES: usize = 20_000;

/// A loaded profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedProfile {
    /// Its name as the kernel writes it, children as `parent//child`.
    pub name: String,
    /// Its mode as the kernel writes it.
    pub mode: String,
    directory: PathBuf,
}

impl LoadedProfile {
    /// The load it came with.
    ///
    /// # Errors
    /// When it may not be read, or the kernel keeps none.
    pub fn raw(&self) -> Result<Vec<u8>, ReadError> {
        let file = fs::File::open(self.directory.join("raw_data")).map_err(error)?;
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes).map_err(error)?;
        Ok(bytes)
    }
}

fn error(error: std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound => ReadError::Absent,
        std::io::ErrorKind::PermissionDenied => ReadError::Denied,
        _ => ReadError::Other(error.to_string()),
    }
}

/// Every loaded profile below a directory, as [`POLICY`].
///
/// # Errors
/// When the directory is not there or may not be read.
pub fn loaded(policy: &Path) -> Result<Vec<LoadedProfile>, ReadError> {
    let mut found = Vec::new();
    below(policy, None, DEPTH, &mut found)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// [`loaded`], with nothing for a directory that can't be read.
fn below_of(policy: &Path) -> Option<Vec<LoadedProfile>> {
    loaded(policy).ok()
}

fn below(
    directory: &Path,
    parent: Option<&str>,
    depth: usize,
    found: &mut Vec<LoadedProfile>,
) -> Result<(), ReadError> {
    for entry in fs::read_dir(directory).map_err(error)? {
        let directory = entry.map_err(error)?.path();
        if found.len() >= PROFILES {
            break;
        }
        let Some(name) = line(&directory.join("name")) else { continue };
        // The kernel writes a child's own name there, some kernels the whole.
        let name = match parent {
            Some(parent) if !name.starts_with(&format!("{parent}//")) => format!("{parent}//{name}"),
            _ => name,
        };
        if depth > 0 {
            let children = directory.join("profiles");
            if children.is_dir() {
                below(&children, Some(&name), depth - 1, found)?;
            }
        }
        let mode = line(&directory.join("mode")).unwrap_or_default();
        found.push(LoadedProfile { name, mode, directory });
    }
    Ok(())
}

fn line(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    Some(text.lines().next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_and_their_children_are_found() {
        let dir = std::env::temp_dir().join(format!("whodenied-aafs-{}", std::process::id()));
        let child = dir.join("a.1/profiles/b.2");
        fs::create_dir_all(&child).unwrap();
        fs::write(dir.join("a.1/name"), "a\n").unwrap();
        fs::write(dir.join("a.1/mode"), "enforce\n").unwrap();
        fs::write(dir.join("a.1/raw_data"), b"x").unwrap();
        fs::write(child.join("name"), "b\n").unwrap();
        let found = loaded(&dir).unwrap();
        let names: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a", "a//b"]);
        assert_eq!(found[0].raw().unwrap(), b"x");
        assert_eq!(found[1].raw(), Err(ReadError::Absent));
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(loaded(&dir), Err(ReadError::Absent));
    }
}
