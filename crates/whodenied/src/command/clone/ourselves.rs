//! Our own program as it is mounted into a clone: it has to run on any image, so it has to be static.
//!
//! Source: elf(5), program headers.

use anyhow::{Context as _, bail};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// A program header that names an interpreter.
const PT_INTERP: u32 = 3;

/// The path of this program, when it can be started in a clone.
///
/// # Errors
/// When it is linked dynamically, or nobody but its owner may execute it: then clones are not followed.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe().context("our own program can't be found")?;
    let mut head = vec![0_u8; 4096];
    let mut file = std::fs::File::open(&path).context("our own program can't be read")?;
    let length = file.read(&mut head)?;
    head.truncate(length);
    if interpreted(&head).unwrap_or(true) {
        bail!("this build of whodenied is linked dynamically and can't be started in another image; a release is static");
    }
    if std::fs::metadata(&path)?.permissions().mode() & 0o005 != 0o005 {
        bail!("{} may be executed by its owner only", path.display());
    }
    Ok(path)
}

/// Whether an ELF file of 64 bits asks for an interpreter; `None` when it is none.
fn interpreted(head: &[u8]) -> Option<bool> {
    let half = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let word = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    if head.get(..6)? != [0x7f, b'E', b'L', b'F', 2, 1] {
        return None;
    }
    let first = usize::try_from(u64::from_le_bytes(head.get(32..40)?.try_into().ok()?)).ok()?;
    let (size, count) = (usize::from(half(54)?), usize::from(half(56)?));
    for n in 0..count.min(64) {
        if word(first.checked_add(n.checked_mul(size)?)?)? == PT_INTERP {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_is_seen() {
        let read = |path: &str| std::fs::read(path).ok().and_then(|b| interpreted(b.get(..4096)?));
        assert_eq!(interpreted(b"#!/bin/sh\n"), None);
        assert_eq!(interpreted(&[]), None);
        if let Some(shell) = read("/bin/sh") {
            assert!(shell, "the shell of a distribution is linked dynamically");
        }
        if let Some(static_one) = read("/bin/busybox") {
            let said = std::process::Command::new("ldd").arg("/bin/busybox").output();
            if said.is_ok_and(|o| !o.status.success()) {
                assert!(!static_one);
            }
        }
    }
}
