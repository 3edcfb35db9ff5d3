//! Opens what the command line names. One unreadable file does not stop the others.

use anyhow::Context;
use std::fs::File;
use std::path::Path;
use whodenied_case::Origin;
use whodenied_intake::Input;
use whodenied_text::escape;

/// What could be opened, and why the rest could not.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) inputs: Vec<Input>,
    /// One sentence for each file that could not be read.
    pub(crate) failures: Vec<String>,
}

impl Opened {
    pub(crate) fn add(&mut self, path: &Path) {
        match open(path) {
            Ok(input) => self.inputs.push(input),
            Err(error) => self.failures.push(format!("{error:#}")),
        }
    }
}

fn open(path: &Path) -> anyhow::Result<Input> {
    let name = path.to_string_lossy().into_owned();
    if name == "-" {
        return Ok(Input { origin: Origin::Paste { name }, reader: Box::new(std::io::stdin()) });
    }
    let cannot = || format!("can't read {}", escape::line(&name));
    let file = File::open(path).with_context(cannot)?;
    if file.metadata().with_context(cannot)?.is_dir() {
        anyhow::bail!("can't read {}: it is a directory", escape::line(&name));
    }
    Ok(Input { origin: Origin::Paste { name }, reader: Box::new(file) })
}
