//! This machine.

use crate::host::{Host, LIMIT, Metadata, ReadError};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

    fn metadata(&self, path: &str) -> Result<Metadata, ReadError> {
        let meta = std::fs::metadata(path).map_err(why)?;
        Ok(Metadata { mode: meta.mode(), uid: meta.uid(), gid: meta.gid() })
    }

    fn readable(&self, path: &str) -> Result<(), ReadError> {
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        std::fs::File::options().read(true).custom_flags(flags).open(path).map_err(why)?;
        Ok(())
    }

    fn writable(&self, path: &str) -> Result<(), ReadError> {
        crate::syscalls::may_write(std::path::Path::new(path)).map_err(why)
    }

    fn policy(&self, label: &str) -> Option<whodenied_case::policy::Policy> {
        crate::apparmor::held([label], None)
    }

    fn landlock(&self) -> Result<i32, ReadError> {
        crate::syscalls::landlock_abi().ok_or(ReadError::Absent)
    }

    fn version(&self, program: &str) -> Result<String, ReadError> {
        let path = ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
            .iter()
            .map(|folder| std::path::Path::new(folder).join(program))
            .find(|path| path.is_file())
            .ok_or(ReadError::Absent)?;
        let mut child = Command::new(path)
            .arg("--version")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(why)?;
        let begun = Instant::now();
        while child.try_wait().map_err(why)?.is_none() {
            if begun.elapsed() > Duration::from_secs(3) {
                let _ = child.kill();
                let _ = child.wait();
                return Err(ReadError::Other("it did not answer within 3 s".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut bytes = Vec::new();
        if let Some(out) = child.stdout.take() {
            out.take(4096).read_to_end(&mut bytes).map_err(why)?;
        }
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().next().filter(|l| !l.trim().is_empty());
        line.map(|l| l.trim().to_owned()).ok_or_else(|| ReadError::Other("it printed nothing".to_owned()))
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
