//! Writing files under a directory.

use crate::error::TrialError;
use crate::journal::{Entry, JOURNAL, Journal, State};
use crate::tree::{Tree, components};
use crate::undo::roll_back;
use std::ops::ControlFlow;
use std::path::Path;

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its name below the directory; a leading `/` is dropped.
    pub name: String,
    /// Its whole text.
    pub text: String,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was not there.
    Created,
    /// It was there with other content, which the journal keeps.
    Replaced,
    /// It was there with this content.
    Unchanged,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Each file, relative to the directory, in the order given.
    pub files: Vec<(String, Done)>,
    /// True when an interrupted earlier run was rolled back first.
    pub recovered: bool,
}

/// Writes `files` under `directory`, which is made when it is not there.
///
/// # Errors
/// Nothing is changed when a name is bad, a link is in the way, or a file differs and `force` is
/// false. When the system refuses later, the journal stays and the next run or
/// [`undo`](crate::undo()) takes back what was done.
pub fn write(directory: &Path, files: &[NewFile], force: bool) -> Result<Outcome, TrialError> {
    write_until(directory, files, force, &mut |_| ControlFlow::Continue(()))
}

/// Writes one file atomically, following no link at its last component.
///
/// # Errors
/// When the system refuses, or a file with other content is there and `force` is false.
pub fn save(path: &Path, text: &str, force: bool) -> Result<Done, TrialError> {
    let shown = path.to_string_lossy();
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
        return Err(TrialError::BadName(shown.into_owned()));
    };
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tree = Tree::open(parent, false)?;
    match tree.read(name)? {
        Some(old) if old == text.as_bytes() => Ok(Done::Unchanged),
        Some(_) if !force => Err(TrialError::Differs(shown.into_owned())),
        old => {
            tree.put(name, text.as_bytes())?;
            Ok(if old.is_some() { Done::Replaced } else { Done::Created })
        }
    }
}

/// [`write`], asking `go_on` before each step; a test stops there as a power cut would.
pub(crate) fn write_until(
    directory: &Path,
    files: &[NewFile],
    force: bool,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Outcome, TrialError> {
    for file in files {
        components(&file.name)?;
    }
    let tree = Tree::open(directory, true)?;
    let mut outcome = Outcome::default();
    let mut journal = match Journal::read(&tree)? {
        Some(journal) if journal.state == State::Writing => {
            roll_back(&tree, &journal)?;
            outcome.recovered = true;
            Journal::new()
        }
        Some(journal) => journal,
        None => Journal::new(),
    };
    let mut changes = Vec::new();
    for file in files {
        let name = components(&file.name)?.join("/");
        if name == JOURNAL {
            return Err(TrialError::BadName(name));
        }
        let before = tree.read(&name)?;
        let done = match &before {
            None => Done::Created,
            Some(old) if old == file.text.as_bytes() => Done::Unchanged,
            Some(_) if force => Done::Replaced,
            Some(_) => return Err(TrialError::Differs(name)),
        };
        outcome.files.push((name.clone(), done));
        if done == Done::Unchanged {
            continue;
        }
        for directory in tree.absent_directories(&name)? {
            if !journal.directories.contains(&directory) {
                journal.directories.push(directory);
            }
        }
        journal.add(Entry { file: name.clone(), before, after: file.text.clone() });
        changes.push((name, &file.text));
    }
    if changes.is_empty() {
        return Ok(outcome);
    }
    journal.state = State::Writing;
    journal.write(&tree)?;
    for (step, (name, text)) in changes.iter().enumerate() {
        if go_on(step).is_break() {
            return Ok(outcome);
        }
        tree.put(name, text.as_bytes())?;
    }
    if go_on(changes.len()).is_break() {
        return Ok(outcome);
    }
    journal.state = State::Done;
    journal.write(&tree)?;
    Ok(outcome)
}
