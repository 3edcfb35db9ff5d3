//! A stopped thread, and what can be read of it: memory, links of /proc.

use super::sys::{self, Tid};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// PATH_MAX: the kernel refuses longer ones.
const PATH_MAX: usize = 4096;

/// A thread that is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracee {
    /// The thread.
    pub tid: Tid,
}

impl Tracee {
    /// Fills `buffer` from `addr`; returns how much could be read from its start on.
    #[must_use]
    pub fn read(&self, addr: u64, buffer: &mut [u8]) -> usize {
        if addr == 0 || buffer.is_empty() {
            return 0;
        }
        match sys::read_memory(self.tid, addr, buffer) {
            Ok(got) => got,
            // A transfer that starts in a page that is not there.
            Err(error) if error.raw_os_error() == Some(libc::EFAULT) => 0,
            Err(_) => self.read_otherwise(addr, buffer),
        }
    }

    fn read_otherwise(&self, addr: u64, buffer: &mut [u8]) -> usize {
        if let Ok(file) = File::open(format!("/proc/{}/mem", self.tid))
            && let Ok(got) = file.read_at(buffer, addr)
        {
            return got;
        }
        let mut done = 0;
        while done < buffer.len() {
            let Ok(word) = sys::peek(self.tid, addr.wrapping_add(done as u64)) else { break };
            for (to, from) in buffer.iter_mut().skip(done).zip(word.to_ne_bytes()) {
                *to = from;
            }
            done += 8;
        }
        done.min(buffer.len())
    }

    /// Exactly `len` bytes.
    #[must_use]
    pub fn bytes(&self, addr: u64, len: usize) -> Option<Vec<u8>> {
        let mut buffer = vec![0; len];
        (self.read(addr, &mut buffer) == len).then_some(buffer)
    }

    /// A 32-bit integer.
    #[must_use]
    pub fn u32(&self, addr: u64) -> Option<u32> {
        let mut buffer = [0; 4];
        (self.read(addr, &mut buffer) == 4).then(|| u32::from_ne_bytes(buffer))
    }

    /// A 64-bit integer.
    #[must_use]
    pub fn u64(&self, addr: u64) -> Option<u64> {
        let mut buffer = [0; 8];
        (self.read(addr, &mut buffer) == 8).then(|| u64::from_ne_bytes(buffer))
    }

    /// A pointer or `long`, of 4 bytes when `short`.
    #[must_use]
    pub fn word(&self, addr: u64, short: bool) -> Option<u64> {
        if short { self.u32(addr).map(u64::from) } else { self.u64(addr) }
    }

    /// A string up to its NUL, at most PATH_MAX bytes.
    #[must_use]
    pub fn string(&self, addr: u64) -> Option<Vec<u8>> {
        let mut found = Vec::new();
        let mut at = addr;
        while found.len() < PATH_MAX {
            // Never across a page's end in one go: the next page may not be there.
            let page = 4096 - usize::try_from(at & 4095).ok()?;
            let mut buffer = [0; 256];
            let want = buffer.len().min(page);
            let got = self.read(at, buffer.get_mut(..want)?);
            let part = buffer.get(..got)?;
            if let Some(end) = part.iter().position(|b| *b == 0) {
                found.extend_from_slice(part.get(..end)?);
                return Some(found);
            }
            found.extend_from_slice(part);
            if got < want {
                return None;
            }
            at = at.checked_add(got as u64)?;
        }
        Some(found)
    }

    /// `/proc/TID/NAME` as a path that we can open.
    #[must_use]
    pub fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.tid))
    }

    /// The target of a link of `/proc/TID`.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<PathBuf> {
        std::fs::read_link(self.proc(name)).ok()
    }

    /// What an open file descriptor is: a path, or `socket:[1]`, `pipe:[1]`, `anon_inode:…`.
    #[must_use]
    pub fn fd(&self, fd: i32) -> Option<PathBuf> {
        self.link(&format!("fd/{fd}"))
    }

    /// `link` in the tracee's own terms: without the root directory it is confined to.
    #[must_use]
    pub fn own_view(&self, path: PathBuf) -> PathBuf {
        match self.link("root") {
            Some(root) if root != Path::new("/") => match path.strip_prefix(&root) {
                Ok(rest) => Path::new("/").join(rest),
                Err(_) => path,
            },
            _ => path,
        }
    }

    /// The thread's name, as `/proc/TID/comm` gives it.
    #[must_use]
    pub fn comm(&self) -> OsString {
        let mut bytes = std::fs::read(self.proc("comm")).unwrap_or_default();
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        OsString::from_vec(bytes)
    }

    /// A line of `/proc/TID/status`, without its key.
    #[must_use]
    pub fn status(&self, key: &str) -> Option<String> {
        let text = std::fs::read(self.proc("status")).ok()?;
        status_line(&text, key)
    }

    /// The process of the thread.
    #[must_use]
    pub fn process(&self) -> Option<Tid> {
        self.status("Tgid")?.parse().ok()
    }

    /// The path that the running program was asked for by (`AT_EXECFN` of the auxiliary vector).
    #[must_use]
    pub fn exec_path(&self) -> Option<OsString> {
        let vector = std::fs::read(self.proc("auxv")).ok()?;
        let (long, _) = vector.as_chunks::<16>();
        // The pairs of a 32-bit program have 8 bytes; its AT_NULL ends the vector sooner.
        let found = long.iter().find_map(|pair| {
            let (key, value) = pair.split_at(8);
            (key == 31u64.to_ne_bytes()).then(|| u64::from_ne_bytes(value.try_into().unwrap_or_default()))
        });
        let addr = found.or_else(|| {
            vector.as_chunks::<8>().0.iter().find_map(|pair| {
                let (key, value) = pair.split_at(4);
                (key == 31u32.to_ne_bytes())
                    .then(|| u64::from(u32::from_ne_bytes(value.try_into().unwrap_or_default())))
            })
        })?;
        self.string(addr).map(OsString::from_vec)
    }
}

/// The value of `key` in a status file.
pub(super) fn status_line(text: &[u8], key: &str) -> Option<String> {
    text.split(|b| *b == b'\n').find_map(|line| {
        let value = line.strip_prefix(key.as_bytes())?.strip_prefix(b":")?;
        Some(OsStr::from_bytes(value.trim_ascii()).to_string_lossy().into_owned())
    })
}
