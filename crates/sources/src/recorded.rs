//! A machine as it was once read.

use crate::host::{Host, Metadata, ReadError};
use std::collections::BTreeMap;

/// Files by path. A path that was not recorded is absent.
#[derive(Debug, Clone, Default)]
pub struct RecordedHost {
    files: BTreeMap<String, Result<String, ReadError>>,
    metadata: BTreeMap<String, (Metadata, bool)>,
    landlock: Option<i32>,
    versions: BTreeMap<String, String>,
}

impl RecordedHost {
    /// The same machine with this file.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), Ok(text.to_owned()));
        self
    }

    /// The same machine with a file of this owner and mode, which this user may write to or not.
    #[must_use]
    pub fn with_metadata(mut self, path: &str, metadata: Metadata, writable: bool) -> Self {
        self.metadata.insert(path.to_owned(), (metadata, writable));
        self
    }

    /// The same machine with this version of Landlock.
    #[must_use]
    pub fn with_landlock(mut self, abi: i32) -> Self {
        self.landlock = Some(abi);
        self
    }

    /// The same machine with a program that prints this for `--version`.
    #[must_use]
    pub fn with_program(mut self, program: &str, line: &str) -> Self {
        self.versions.insert(program.to_owned(), line.to_owned());
        self
    }

    /// The same machine, where reading this file fails.
    #[must_use]
    pub fn without(mut self, path: &str, why: ReadError) -> Self {
        self.files.insert(path.to_owned(), Err(why));
        self
    }
}

impl Host for RecordedHost {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        self.files.get(path).cloned().unwrap_or(Err(ReadError::Absent))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, ReadError> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let mut names: Vec<String> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(&prefix)?.split('/').next())
            .map(str::to_owned)
            .collect();
        names.dedup();
        if names.is_empty() { Err(ReadError::Absent) } else { Ok(names) }
    }

    fn metadata(&self, path: &str) -> Result<Metadata, ReadError> {
        self.metadata.get(path).map(|(metadata, _)| *metadata).ok_or(ReadError::Absent)
    }

    fn writable(&self, path: &str) -> Result<(), ReadError> {
        match self.metadata.get(path) {
            Some((_, true)) => Ok(()),
            Some((_, false)) => Err(ReadError::Denied),
            None => Err(ReadError::Absent),
        }
    }

    fn landlock(&self) -> Result<i32, ReadError> {
        self.landlock.ok_or(ReadError::Absent)
    }

    fn version(&self, program: &str) -> Result<String, ReadError> {
        self.versions.get(program).cloned().ok_or(ReadError::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_what_lies_below() {
        let host = RecordedHost::default()
            .with("/a/b/c", "1")
            .with("/a/b/d", "2")
            .with("/a/e", "3")
            .with("/ab", "4");
        assert_eq!(host.list("/a"), Ok(vec!["b".to_owned(), "e".to_owned()]));
        assert_eq!(host.list("/ab"), Err(ReadError::Absent));
        assert_eq!(host.read("/a/e").as_deref(), Ok("3"));
    }
}
