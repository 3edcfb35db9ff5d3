//! Our own program as it is mounted into a clone: it has to run on any image. A static build does by
//! itself; another is started by the loader that started us, with the libraries that are mapped into us.
//!
//! Sources: elf(5), program headers; ld.so(8), `--library-path`; proc_pid_maps(5).

use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use whodenied_trial::clone::Instead;

/// A program header that names an interpreter.
const PT_INTERP: u32 = 3;
/// Where our program lies in a clone.
const INSIDE: &str = "/.whodenied";
/// Where its libraries lie.
const LIBRARIES: &str = "/.whodenied-lib";

/// This program, so that it can be started in a clone.
///
/// # Errors
/// When its files can't be found or nobody but its owner may execute it.
pub(crate) fn program() -> anyhow::Result<Instead> {
    let path = std::env::current_exe().context("our own program can't be found")?;
    if std::fs::metadata(&path)?.permissions().mode() & 0o005 != 0o005 {
        bail!("{} may be executed by its owner only", path.display());
    }
    let mut head = vec![0_u8; 4096];
    let mut file = std::fs::File::open(&path).context("our own program can't be read")?;
    let length = file.read(&mut head)?;
    head.truncate(length);
    let mut instead = Instead { files: vec![(path.clone(), INSIDE.to_owned())], words: Vec::new() };
    if interpreted(&head).unwrap_or(true) {
        let maps = std::fs::read_to_string("/proc/self/maps").context("our own libraries can't be found")?;
        let libraries = libraries(&maps, &path);
        let loader =
            libraries.keys().find(|n| n.starts_with("ld-")).context("our own loader can't be found")?;
        instead.words =
            [&format!("{LIBRARIES}/{loader}"), "--library-path", LIBRARIES].map(str::to_owned).to_vec();
        instead.files.extend(libraries.iter().map(|(name, at)| (at.clone(), format!("{LIBRARIES}/{name}"))));
    }
    instead.words.push(INSIDE.to_owned());
    Ok(instead)
}

/// The same with a first argument.
pub(crate) fn with(program: &Instead, argument: &str) -> Instead {
    let mut program = program.clone();
    program.words.push(argument.to_owned());
    program
}

/// The files that are mapped besides the program, by name.
fn libraries(maps: &str, program: &Path) -> BTreeMap<String, PathBuf> {
    maps.lines()
        .filter_map(|l| l.split_once('/').map(|(_, rest)| PathBuf::from(format!("/{rest}"))))
        .filter(|p| p != program)
        .filter_map(|p| Some((p.file_name()?.to_str()?.to_owned(), p)))
        .filter(|(name, _)| name.contains(".so"))
        .collect()
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
    }

    #[test]
    fn libraries_are_what_is_mapped() {
        let maps = "00400000-00452000 r-xp 00000000 08:02 173521 /opt/whodenied\n\
                    7f00-7f10 r-xp 00000000 08:02 135522 /usr/lib/libc.so.6\n\
                    7f10-7f20 r--p 00000000 08:02 135522 /usr/lib/libc.so.6\n\
                    7f20-7f30 r-xp 00000000 08:02 135523 /lib64/ld-linux-x86-64.so.2\n\
                    7ffd-7ffe rw-p 00000000 00:00 0 [stack]\n";
        let names: Vec<String> = libraries(maps, Path::new("/opt/whodenied")).into_keys().collect();
        assert_eq!(names, ["ld-linux-x86-64.so.2", "libc.so.6"]);
    }

    /// The loader with our libraries starts our program here as it does in a clone.
    #[test]
    fn started_so_it_runs() {
        let Ok(program) = program() else { return };
        let outside =
            |inside: &str| program.files.iter().find(|(_, i)| i == inside).map(|(at, _)| at.clone());
        if program.words.len() == 1 {
            return;
        }
        let loader = outside(&program.words[0]).unwrap();
        let said =
            std::process::Command::new(loader).arg("--list").arg(outside(INSIDE).unwrap()).output().unwrap();
        assert!(said.status.success());
    }
}
