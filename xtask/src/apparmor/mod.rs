//! `cargo xtask apparmor decode`: every policy that the reference compilers write is read and written again.

mod corpus;
mod fetch;

use anyhow::Result;

/// Runs the part that is named.
pub fn run(args: &[String]) -> Result<bool> {
    match args.first().map(String::as_str) {
        Some("decode") => corpus::run(args.get(1..).unwrap_or_default()),
        _ => anyhow::bail!("cargo xtask apparmor decode [--sample N]"),
    }
}
