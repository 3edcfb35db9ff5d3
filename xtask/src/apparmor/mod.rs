//! `cargo xtask apparmor …`: the reference compilers as oracles, and AppArmor's own test suites. They are
//! GPL, so they are fetched into a cache outside the repository and never copied into it.

mod corpus;
mod equivalence;
mod fetch;
mod probe;
mod simple;
mod suite;

use anyhow::Result;

/// Runs the part that is named: every policy that the reference compilers write is read and written again
/// (`decode`), or
/// what we compile is the same as what they do (`equivalence`), or every file of `simple_tests` is accepted or refused as its authors say.
pub fn run(args: &[String]) -> Result<bool> {
    let rest = args.get(1..).unwrap_or_default();
    match args.first().map(String::as_str) {
        Some("decode") => corpus::run(rest),
        Some("equivalence") => equivalence::run(rest),
        Some("probe") => probe::run(rest),
        Some("simple-tests") => simple::run(rest),
        _ => anyhow::bail!(
            "cargo xtask apparmor decode [--sample N | --part K/N] [--release V] | equivalence [--sample N] | probe … | simple-tests [--all]"
        ),
    }
}

/// A text compiled by the reference compiler of a version for a tree of features.
pub fn compiled(version: &str, tree: &std::path::Path, text: &str) -> Result<Vec<u8>> {
    use anyhow::Context as _;
    let release = fetch::RELEASES.iter().find(|r| r.version == version).context("no such compiler")?;
    let parser = fetch::parser(release)?;
    corpus::compile(&parser, &[parser.base()], tree, text.as_bytes())?
        .context("the compiler refuses the text")
}
