//! `cargo xtask apparmor …`: AppArmor's own test suites. They are GPL, so they are fetched into a cache
//! outside the repository and never copied into it.

mod fetch;
mod simple;

use anyhow::{Result, bail};

/// Runs one of the suites; true when all agreed, or the suite can't be had (which is printed).
pub fn run(args: &[String]) -> Result<bool> {
    match args.first().map(String::as_str) {
        Some("simple-tests") => simple::run(args.get(1..).unwrap_or_default()),
        _ => bail!("cargo xtask apparmor simple-tests [--all]"),
    }
}
