//! A cpio archive in the kernel's form "newc" (Documentation/driver-api/early-userspace/buffer-format.rst):
//! a header of thirteen numbers in hex, the name, the data, each padded to four bytes.

/// An archive that grows by one entry after the other.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// Adds a directory.
    pub(crate) fn folder(&mut self, name: &str) {
        self.entry(name, 0o040_755, &[]);
    }

    /// Adds an executable file.
    pub(crate) fn file(&mut self, name: &str, data: &[u8]) {
        self.entry(name, 0o100_755, data);
    }

    fn entry(&mut self, name: &str, mode: u32, data: &[u8]) {
        self.entries += 1;
        // inode, mode, uid, gid, links, mtime, size, device twice two numbers, length of the name, no checksum
        let numbers =
            [self.entries, mode, 0, 0, 1, 0, data.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
        self.bytes.extend_from_slice(b"070701");
        for number in numbers {
            self.bytes.extend_from_slice(format!("{number:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(data);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Archive;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    #[test]
    fn cpio_reads_it() {
        let mut archive = Archive::default();
        archive.folder("m");
        archive.file("m/abc", b"hello");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(&bytes[..6], b"070701");
        let spawned =
            Command::new("cpio").args(["-t", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut cpio) = spawned else {
            eprintln!("skipped: no cpio here");
            return;
        };
        cpio.stdin.take().unwrap().write_all(&bytes).unwrap();
        let listed = cpio.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "m\nm/abc\n");
    }
}
