//! What lies at a path, and how the file system that holds it is mounted.
//!
//! Source: proc_pid_mountinfo(5).

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// What lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    Socket,
    Device,
    Pipe,
    Missing,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where.
    pub(crate) at: PathBuf,
    /// `ro`, `noexec`, `nosuid`, `nodev`, … of the mount and of its file system.
    pub(crate) options: Vec<String>,
    /// `ext4`, `tmpfs`, …
    pub(crate) system: String,
}

/// The longest list of mounts that is read.
const MOST: u64 = 8 << 20;

/// The mounts of this process, in their order.
pub(crate) fn mounts() -> Vec<Mount> {
    use std::io::Read as _;
    let mut text = Vec::new();
    if let Ok(file) = std::fs::File::open("/proc/self/mountinfo") {
        let _ = file.take(MOST).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Mount> {
    let mut words = line.split(' ');
    let at = unescape(words.nth(4)?);
    let mut options: Vec<String> = words.next()?.split(',').map(str::to_owned).collect();
    let mut rest = words.skip_while(|w| *w != "-").skip(1);
    let system = rest.next()?.to_owned();
    let of_system = rest.nth(1).unwrap_or("");
    if of_system.split(',').any(|o| o == "ro") && !options.iter().any(|o| o == "ro") {
        options.push("ro".to_owned());
    }
    Some(Mount { at: PathBuf::from(at), options, system })
}

/// `\040` and the like (seq_path in the kernel's fs/seq_file.c).
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|d| std::str::from_utf8(d).ok());
        let value = octal.filter(|_| *first == b'\\').and_then(|d| u8::from_str_radix(d, 8).ok());
        match value {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The mount that holds `path`, which is absolute and without links.
pub(crate) fn holding<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    // Of two at one place the later lies on top.
    mounts.iter().filter(|m| path.starts_with(&m.at)).max_by_key(|m| m.at.components().count())
}

/// What lies at `path`, and the type of its file system; "" when it is not known.
pub(crate) fn kind_of(path: &Path) -> (Kind, String) {
    let Ok(meta) = std::fs::metadata(path) else { return (Kind::Missing, String::new()) };
    let kind = match meta.file_type() {
        t if t.is_dir() => Kind::Directory,
        t if t.is_socket() => Kind::Socket,
        t if t.is_block_device() || t.is_char_device() => Kind::Device,
        t if t.is_fifo() => Kind::Pipe,
        _ => Kind::File,
    };
    let mounts = mounts();
    (kind, holding(&mounts, path).map(|m| m.system.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_mountinfo() {
        let read =
            line("36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root ro,errors=continue")
                .unwrap();
        assert_eq!(read.at, PathBuf::from("/mnt 2"));
        assert_eq!(read.options, ["rw", "noatime", "ro"]);
        assert_eq!(read.system, "ext3");
        assert_eq!(line("36 35"), None);
        assert_eq!(unescape("a\\"), "a\\");
    }

    #[test]
    fn the_deepest_mount_holds_a_path() {
        let at = |at: &str, system: &str| Mount { at: at.into(), options: Vec::new(), system: system.into() };
        let all = [at("/", "ext4"), at("/srv", "xfs"), at("/srv", "tmpfs"), at("/s", "nfs")];
        let of = |path: &str| holding(&all, Path::new(path)).map(|m| m.system.as_str());
        assert_eq!(of("/srv/a"), Some("tmpfs"));
        assert_eq!(of("/srvx"), Some("ext4"));
    }
}
