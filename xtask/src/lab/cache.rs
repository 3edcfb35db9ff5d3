//! Where built things are kept: one folder an item, named by what it is and a hash of its recipe, so that
//! a changed recipe never meets an old item. An item is built beside its place and renamed into it.

use anyhow::{Context as _, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The cache's folder: `WHODENIED_LAB_CACHE`, else `whodenied-lab` in the user's cache directory.
pub(crate) fn folder() -> Result<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = given("WHODENIED_LAB_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|d| d.join("whodenied-lab")))
        .or_else(|| given("HOME").map(|d| d.join(".cache/whodenied-lab")))
        .context("no cache directory: set WHODENIED_LAB_CACHE")?;
    std::fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    Ok(folder.canonicalize()?)
}

/// FNV-1a over the parts of a recipe, as 16 hex digits: stable over versions of the compiler.
pub(crate) fn hash(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|p| p.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// The folder of item `name` with recipe `recipe`. Where it is missing, `build` fills an empty folder that
/// then takes its place; items of the same name with another recipe are removed. Two runs at once wait
/// for one another; what an interrupted run left is removed.
pub(crate) fn item(name: &str, recipe: &[&str], build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = folder()?;
    let place = cache.join(format!("{name}-{}", hash(recipe)));
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock().with_context(|| format!("can't lock {name}"))?;
    if place.is_dir() {
        return Ok(place);
    }
    let start = std::time::Instant::now();
    for entry in std::fs::read_dir(&cache)? {
        let entry = entry?;
        let of_ours =
            entry.file_name().to_str().and_then(|n| n.strip_prefix(name)?.strip_prefix('-').map(is_key));
        if of_ours == Some(true) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    let part = place.with_extension("part");
    std::fs::create_dir_all(&part)?;
    build(&part).with_context(|| format!("can't build {name}"))?;
    std::fs::rename(&part, &place)?;
    println!("lab: built {name} in {:.0} s", start.elapsed().as_secs_f64());
    Ok(place)
}

/// The part of an item's folder after its name: a hash, perhaps unfinished.
fn is_key(rest: &str) -> bool {
    let rest = rest.strip_suffix(".part").unwrap_or(rest);
    rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{hash, is_key};

    #[test]
    fn a_hash_tells_parts_apart() {
        // FNV-1a of the empty input is its offset basis.
        assert_eq!(hash(&[]), "cbf29ce484222325");
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["a"]), hash(&["a", ""]));
    }

    #[test]
    fn only_our_own_names_are_removed() {
        assert!(is_key(&hash(&["x"])));
        assert!(is_key(&format!("{}.part", hash(&["x"]))));
        assert!(!is_key("documents"));
        assert!(!is_key(""));
    }
}
