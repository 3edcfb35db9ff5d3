//! `cargo xtask fuzz [SECONDS [TARGET…]]`: each target for so long, from the committed seeds.

use crate::build::{cargo, root};
use anyhow::{Result, bail};
use std::process::Command;

const TARGETS: [&str; 5] = ["paste", "record", "case", "policy", "compiled"];

/// Runs every target; true when none found anything.
pub fn run(args: &[String]) -> Result<bool> {
    let seconds: u64 = args.first().map_or(Ok(600), |s| s.parse())?;
    let installed =
        Command::new("cargo").args(["fuzz", "--version"]).output().is_ok_and(|o| o.status.success());
    if !installed {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz");
    }
    let named = args.get(1..).unwrap_or_default();
    if let Some(other) = named.iter().find(|n| !TARGETS.contains(&n.as_str())) {
        bail!("there is no target {other}; there are {}", TARGETS.join(", "));
    }
    let mut clean = true;
    for target in TARGETS.into_iter().filter(|t| named.is_empty() || named.iter().any(|n| n == t)) {
        let corpus = root().join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&corpus)?;
        // No sanitizer: the crates hold no unsafe code, and the toolchain is a stable one.
        let status = cargo()
            .args(["fuzz", "run", "--sanitizer", "none", target])
            .arg(&corpus)
            .arg(root().join("fuzz/seeds").join(target))
            .args([
                "--",
                &format!("-max_total_time={seconds}"),
                "-timeout=5",
                "-rss_limit_mb=1024",
                "-max_len=16384",
            ])
            .status()?;
        println!("{target}: {}", if status.success() { "no finding" } else { "a finding" });
        clean &= status.success();
    }
    Ok(clean)
}
