//! What was or is about to be changed, written before the first change.

use crate::error::TrialError;
use crate::tree::Tree;
use serde::{Deserialize, Serialize};

/// The name of the journal in the directory.
pub const JOURNAL: &str = "whodenied-undo.json";
const SCHEMA: &str = "whodenied-undo/1";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Changes may have begun.
    Writing,
    /// All changes are made.
    Done,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The file, relative to the directory.
    pub(crate) file: String,
    /// Its content before; absent when it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Vec<u8>>,
    /// Its content afterwards.
    pub(crate) after: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    schema: String,
    pub(crate) state: State,
    /// Directories made, the outermost first.
    pub(crate) directories: Vec<String>,
    pub(crate) entries: Vec<Entry>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { schema: SCHEMA.to_owned(), state: State::Done, directories: Vec::new(), entries: Vec::new() }
    }

    /// Reads the journal of `tree`; `None` when there is none.
    pub(crate) fn read(tree: &Tree) -> Result<Option<Self>, TrialError> {
        let Some(bytes) = tree.read(JOURNAL)? else { return Ok(None) };
        let bad = |why: String| TrialError::BadJournal(JOURNAL.to_owned(), why);
        let journal: Self = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        if journal.schema != SCHEMA {
            return Err(bad(format!("schema {}", journal.schema)));
        }
        Ok(Some(journal))
    }

    pub(crate) fn write(&self, tree: &Tree) -> Result<(), TrialError> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| TrialError::system(JOURNAL, e))?;
        tree.put(JOURNAL, &text)
    }

    /// Adds a change. A file changed twice keeps what it was before the first time.
    pub(crate) fn add(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|e| e.file == entry.file) {
            Some(known) => known.after = entry.after,
            None => self.entries.push(entry),
        }
    }
}
