//! `cargo xtask ordinary`: failures that are no denial. No layer may be blamed.

use crate::build;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// Asks about each paste of a folder (`cases/ordinary` when none is given), one file each.
pub fn run(args: &[String]) -> Result<bool> {
    let dir = args.first().map_or_else(|| build::root().join("cases/ordinary"), PathBuf::from);
    let binary = build::release()?;
    let mut paths: Vec<_> = std::fs::read_dir(&dir)
        .with_context(|| format!("can't read {}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let mut blamed = 0;
    for path in &paths {
        let reply = build::explain(&binary, &std::fs::read_to_string(path)?)?;
        if let Some(layer) = reply.report["denials"][0]["layer"].as_str() {
            blamed += 1;
            println!("  {}: {layer} is blamed", path.display());
        }
    }
    let clean = paths.len() - blamed;
    println!("{clean} of {} without blame", paths.len());
    Ok(clean * 100 >= paths.len() * 97)
}
