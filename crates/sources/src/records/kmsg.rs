//! The kernel's log from now on: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, then properties.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;

#[derive(Debug)]
pub(super) struct Log(File);

impl Log {
    /// Opens the log at its end.
    ///
    /// # Errors
    /// EPERM where `kernel.dmesg_restrict` is set and CAP_SYSLOG lacks, EACCES by the device's mode.
    pub(super) fn open() -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(file))
    }

    /// Everything that has come; true when some was overwritten.
    pub(super) fn read(mut self) -> (Vec<String>, bool) {
        let (mut lines, mut lost) = (Vec::new(), false);
        let mut buffer = vec![0u8; 16 << 10];
        for _ in 0..65_536 {
            match self.0.read(&mut buffer) {
                Ok(0) => break,
                Ok(got) => lines.extend(buffer.get(..got).and_then(record)),
                Err(error) => match error.raw_os_error() {
                    // The next record was overwritten; the one after it is read next.
                    Some(libc::EPIPE) => lost = true,
                    Some(libc::EINTR) => {}
                    _ => break,
                },
            }
        }
        (lines, lost)
    }
}

/// The text of a record of the kernel itself (facility 0), without its properties.
fn record(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (head, rest) = text.split_once(';')?;
    let priority: u32 = head.split(',').next()?.parse().ok()?;
    (priority >> 3 == 0).then(|| rest.lines().next().unwrap_or("").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_the_kernel_only() {
        let line = b"5,12,3456,-;audit: type=1326 audit(1.0:2): pid=3\n SUBSYSTEM=x\n";
        assert_eq!(record(line).as_deref(), Some("audit: type=1326 audit(1.0:2): pid=3"));
        // Facility 1 (user): anybody may write there.
        assert_eq!(record(b"12,12,3456,-;audit: type=1326 audit(1.0:2): pid=3\n"), None);
        assert_eq!(record(b"nothing"), None);
    }
}
