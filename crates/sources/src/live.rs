//! This machine.

use crate::host::{Host, LIMIT, ReadError};
use std::io::Read;

/// The machine whodenied runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct LiveHost;

impl Host for LiveHost {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        let file = std::fs::File::open(path).map_err(why)?;
        let mut bytes = Vec::new();
        file.take(LIMIT).read_to_end(&mut bytes).map_err(why)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, ReadError> {
        let mut names: Vec<String> = std::fs::read_dir(path)
            .map_err(why)?
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .take(4096)
            .collect();
        names.sort();
        Ok(names)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape map_err asks for")]
fn why(error: std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ReadError::Absent,
        std::io::ErrorKind::PermissionDenied => ReadError::Denied,
        _ => ReadError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_told_from_denied() {
        assert_eq!(LiveHost.read("/nonexistent/x"), Err(ReadError::Absent));
        assert_eq!(LiveHost.list("/proc/self/status"), Err(ReadError::Absent));
        assert!(LiveHost.read("/proc/sys/kernel/osrelease").is_ok_and(|t| !t.trim().is_empty()));
    }
}
