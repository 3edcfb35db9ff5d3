//! Programs that restrict themselves, or what they start, by a Landlock rule set without being asked
//! for it: what they were not told to allow is refused whatever its mode.
//!
//! Sources: the manuals and sources of landrun, nono, island, birdcage, sydbox (syd), unblob (25.4),
//! and samples/landlock/sandboxer.c of the kernel.

/// Launchers, which run another program behind their own options.
const LAUNCHERS: &[&str] =
    &["landrun", "nono", "island", "birdcage", "syd", "sandboxer", "landlock-restrict"];

/// True for the name of a launcher.
#[must_use]
pub fn is_launcher(name: &str) -> bool {
    LAUNCHERS.contains(&name)
}

/// Programs that confine their own helpers.
const OWN: &[&str] = &["unblob"];

/// True for the name of a program that confines its own helpers.
#[must_use]
pub fn confines_itself(name: &str) -> bool {
    OWN.contains(&name)
}

/// True for a command line that runs something under a Landlock rule set: a launcher with its options,
/// or any program with an option that names Landlock.
#[must_use]
pub fn launches(words: &[&str]) -> bool {
    let Some(first) = words.first() else { return false };
    let name = first.rsplit('/').next().unwrap_or(first);
    let second = words.get(1).copied().unwrap_or("");
    let launcher = LAUNCHERS.contains(&name) && (second.starts_with('-') || second == "run");
    launcher
        || words.iter().skip(1).any(|w| w.starts_with("--") && w.contains("landlock") && !w.contains("no-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        assert!(launches(&["landrun", "--rox", "/usr", "--", "ls"]));
        assert!(launches(&["nono", "run", "--profile", "x"]));
        assert!(launches(&["firejail", "--landlock.fs.read=/usr", "ls"]));
        assert!(!launches(&["nono", "was", "here"]));
        assert!(!launches(&["x", "--no-landlock"]));
        assert!(confines_itself("unblob") && is_launcher("landrun") && !is_launcher("ls"));
    }
}
