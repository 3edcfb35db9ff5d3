//! What can be asked of a machine.

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not there.
    Absent,
    /// We may not.
    Denied,
    /// Anything else, in the system's words.
    Other(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("it is not there"),
            Self::Denied => f.write_str("reading it is not permitted"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ReadError {}

/// A machine, live or recorded. Read only.
pub trait Host {
    /// The text of a file, at most 256 KiB of it; bytes that are not UTF-8 stand as
    /// U+FFFD.
    ///
    /// # Errors
    /// When the file is not there or can't be read.
    fn read(&self, path: &str) -> Result<String, ReadError>;

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// When the directory is not there or can't be read.
    fn list(&self, path: &str) -> Result<Vec<String>, ReadError>;
}

/// The most bytes read of one file: what is asked for is a few lines, the rest is hostile.
pub(crate) const LIMIT: u64 = 256 * 1024;
