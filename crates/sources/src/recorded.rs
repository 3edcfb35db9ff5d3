//! A machine as it was once read.

use crate::host::{Host, ReadError};
use std::collections::BTreeMap;

/// Files by path. A path that was not recorded is absent.
#[derive(Debug, Clone, Default)]
pub struct RecordedHost {
    files: BTreeMap<String, Result<String, ReadError>>,
}

impl RecordedHost {
    /// The same machine with this file.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), Ok(text.to_owned()));
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
