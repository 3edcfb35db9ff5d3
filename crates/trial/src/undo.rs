//! The way back.

use crate::error::TrialError;
use crate::journal::{JOURNAL, Journal};
use crate::tree::Tree;
use std::path::Path;

/// What was taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Files removed because they had not been there.
    pub removed: Vec<String>,
    /// Files that have their old content again.
    pub restored: Vec<String>,
    /// Files left alone because somebody changed them since.
    pub kept: Vec<String>,
}

/// Takes back everything the journal in `directory` tells of, also after an interruption.
///
/// # Errors
/// When there is no journal, it can't be read, or the system refuses; then the journal stays.
pub fn undo(directory: &Path) -> Result<Undone, TrialError> {
    let tree = Tree::open(directory, false)?;
    let Some(journal) = Journal::read(&tree)? else {
        return Err(TrialError::NothingToUndo(directory.to_string_lossy().into_owned()));
    };
    roll_back(&tree, &journal)
}

pub(crate) fn roll_back(tree: &Tree, journal: &Journal) -> Result<Undone, TrialError> {
    let mut undone = Undone::default();
    for entry in journal.entries.iter().rev() {
        tree.sweep(&entry.file)?;
        let now = tree.read(&entry.file)?;
        if now == entry.before {
            continue;
        }
        if now.as_deref() != Some(entry.after.as_bytes()) {
            undone.kept.push(entry.file.clone());
            continue;
        }
        match &entry.before {
            Some(before) => {
                tree.put(&entry.file, before)?;
                undone.restored.push(entry.file.clone());
            }
            None => {
                tree.remove(&entry.file)?;
                undone.removed.push(entry.file.clone());
            }
        }
    }
    for directory in journal.directories.iter().rev() {
        tree.remove_directory(directory)?;
    }
    tree.remove(JOURNAL)?;
    Ok(undone)
}
