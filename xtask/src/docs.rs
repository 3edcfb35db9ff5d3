//! `cargo xtask docs`: writes the manual pages that are made from data.

use anyhow::{Context as _, Result};
use std::path::Path;
use whodenied_runtimes::known::{ALL, index, page};

/// Writes docs/known/*.md anew and removes pages of issues that are no more. A test of the workspace
/// holds the folder to this.
pub(crate) fn run() -> Result<bool> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/known");
    std::fs::create_dir_all(&folder).context("docs/known")?;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("");
        if path.extension().is_some_and(|e| e == "md") && !ALL.iter().any(|i| i.id == stem) {
            std::fs::remove_file(&path)?;
        }
    }
    for issue in ALL {
        std::fs::write(folder.join(format!("{}.md", issue.id)), page(issue))?;
    }
    std::fs::write(folder.join("README.md"), index())?;
    println!("{} pages", ALL.len() + 1);
    Ok(true)
}
