//! `cargo xtask lint`: formatting, clippy, and the size of files.

use crate::build::{cargo, root};
use anyhow::Result;
use std::path::Path;

/// Files longer than this need splitting.
const MOST_LINES: usize = 800;

/// Runs every check; true when all passed.
pub fn run() -> Result<bool> {
    let formatted = cargo().args(["fmt", "--all", "--check"]).status()?.success();
    let clippy = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let clean = cargo().args(clippy).status()?.success();
    let mut long = Vec::new();
    for part in ["crates", "xtask"] {
        too_long(&root().join(part), &mut long)?;
    }
    for (path, lines) in &long {
        eprintln!("{path}: {lines} lines, at most {MOST_LINES}");
    }
    Ok(formatted && clean && long.is_empty())
}

fn too_long(dir: &Path, found: &mut Vec<(String, usize)>) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            too_long(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let lines = std::fs::read_to_string(&path)?.lines().count();
            if lines > MOST_LINES {
                found.push((path.display().to_string(), lines));
            }
        }
    }
    Ok(())
}
