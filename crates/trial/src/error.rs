//! What can go wrong when files are written. Paths in messages are escaped.

use whodenied_text::escape;

/// Why nothing, or nothing more, was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// The name of a file to write is empty, absolute beyond its root, holds `..` or a control character.
    #[error("{}: not a name that can be written below a directory", escape::line(.0))]
    BadName(String),
    /// A component of the path is a symbolic link or no directory.
    #[error("{}: a part of this path is a symbolic link or no directory; it is not followed", escape::line(.0))]
    NotOurs(String),
    /// A file with other content is there.
    #[error("{}: is there with other content; --force overwrites it and keeps the old content for undo", escape::line(.0))]
    Differs(String),
    /// There is no journal to undo.
    #[error("{}: holds no {}, so there is nothing to undo", escape::line(.0), crate::JOURNAL)]
    NothingToUndo(String),
    /// The journal can't be read.
    #[error("{}: not a journal of ours: {}", escape::line(.0), escape::line(.1))]
    BadJournal(String, String),
    /// The system refused.
    #[error("{}: {}", escape::line(.0), .1)]
    System(String, std::io::Error),
}

impl TrialError {
    pub(crate) fn system(path: &str, error: impl Into<std::io::Error>) -> Self {
        Self::System(path.to_owned(), error.into())
    }
}
