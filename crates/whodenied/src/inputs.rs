//! Opens what the command line names. One unreadable file does not stop the others.

use anyhow::Context;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use whodenied_case::{Origin, saved};
use whodenied_intake::Input;
use whodenied_text::escape;

/// The largest saved case that is read.
const SAVED_MAX: u64 = 64 * 1024 * 1024;
/// The schema stands within this many bytes of a saved case's start.
const PEEK: usize = 128;

/// What could be opened, and why the rest could not.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) inputs: Vec<Input>,
    /// One sentence for each file that could not be read.
    pub(crate) failures: Vec<String>,
}

impl Opened {
    pub(crate) fn add(&mut self, path: &Path) {
        if let Err(error) = self.open(path) {
            self.failures.push(format!("{error:#}"));
        }
    }

    fn open(&mut self, path: &Path) -> anyhow::Result<()> {
        let name = path.to_string_lossy().into_owned();
        if name == "-" {
            self.inputs.push(Input { origin: Origin::Paste { name }, reader: Box::new(std::io::stdin()) });
            return Ok(());
        }
        let cannot = || format!("can't read {}", escape::line(&name));
        let mut file = File::open(path).with_context(cannot)?;
        if file.metadata().with_context(cannot)?.is_dir() {
            anyhow::bail!("can't read {}: it is a directory", escape::line(&name));
        }
        let mut start = vec![0; PEEK];
        let mut len = 0;
        while len < PEEK {
            let read = file.read(start.get_mut(len..).unwrap_or(&mut [])).with_context(cannot)?;
            if read == 0 {
                break;
            }
            len += read;
        }
        start.truncate(len);
        let whole = Cursor::new(start.clone()).chain(file);
        if is_saved(&start) {
            return self.saved(&name, whole).with_context(cannot);
        }
        self.inputs.push(Input { origin: Origin::Paste { name }, reader: Box::new(whole) });
        Ok(())
    }

    fn saved(&mut self, name: &str, reader: impl Read) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        reader.take(SAVED_MAX).read_to_end(&mut bytes)?;
        let case: saved::SavedCase = serde_json::from_slice(&bytes).context("not a saved case")?;
        for evidence in case.evidence {
            let reader = Box::new(Cursor::new(evidence.text.into_bytes()));
            self.inputs.push(Input { origin: evidence.origin, reader });
        }
        if self.inputs.is_empty() {
            anyhow::bail!("{} holds no evidence", escape::line(name));
        }
        Ok(())
    }
}

/// True when the bytes begin like a file of ours, before anything is parsed.
fn is_saved(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    text.trim_start().starts_with('{') && text.contains(saved::SCHEMA) && text.contains("\"schema\"")
}
