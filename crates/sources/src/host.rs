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

/// Owner and mode of a file, stat(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Type and permission bits, `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

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

    /// Owner and mode of a file, links followed.
    ///
    /// # Errors
    /// When it is not there or out of reach; always where the machine does not tell it.
    fn metadata(&self, _path: &str) -> Result<Metadata, ReadError> {
        Err(ReadError::Absent)
    }

    /// Whether this user may open a file for reading. It is closed at once and nothing is read.
    ///
    /// # Errors
    /// Why not.
    fn readable(&self, path: &str) -> Result<(), ReadError> {
        self.read(path).map(drop)
    }

    /// Whether this user may write to a file or connect to a socket, by access(2): nothing is opened.
    ///
    /// # Errors
    /// Why not; always where the machine does not tell it.
    fn writable(&self, _path: &str) -> Result<(), ReadError> {
        Err(ReadError::Absent)
    }

    /// The version of the Landlock interface, landlock_create_ruleset(2).
    ///
    /// # Errors
    /// Absent without Landlock.
    fn landlock(&self) -> Result<i32, ReadError> {
        Err(ReadError::Absent)
    }

    /// What the kernel holds of the AppArmor profiles of a label; `None` where it does not tell.
    fn policy(&self, _label: &str) -> Option<whodenied_case::policy::Policy> {
        None
    }

    /// The first line that a program in /usr/bin, /usr/sbin or /usr/local/bin prints for `--version`.
    ///
    /// # Errors
    /// Absent when it is not installed.
    fn version(&self, _program: &str) -> Result<String, ReadError> {
        Err(ReadError::Absent)
    }
}

/// The most bytes read of one file: what is asked for is a few lines, the rest is hostile.
pub(crate) const LIMIT: u64 = 256 * 1024;
