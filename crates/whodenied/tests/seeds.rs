//! The seeds of the fuzz targets, whole and cut short: an answer, no control byte, no failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn seeds(target: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn ask(bytes: &[u8], what: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_whodenied"))
        .args(["explain", "--all", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may have its answer before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let output = child.wait_with_output().unwrap();
    let code = output.status.code();
    assert!(matches!(code, Some(0..=2)), "{what}: {code:?} {}", String::from_utf8_lossy(&output.stderr));
    let screen = String::from_utf8(output.stdout).unwrap();
    let control = screen.chars().find(|c| *c != '\n' && (*c < ' ' || ('\u{7f}'..='\u{9f}').contains(c)));
    assert_eq!(control, None, "{what}");
}

fn each(target: &str) {
    for path in seeds(target) {
        let bytes = std::fs::read(&path).unwrap();
        let what = path.display().to_string();
        ask(&bytes, &what);
        for part in [3, 5, 7] {
            let end = bytes.len() * part / 8;
            ask(&bytes[..end], &format!("{what} cut at {end}"));
        }
    }
}

#[test]
fn pastes() {
    each("paste");
}

#[test]
fn records() {
    each("record");
}

#[test]
fn cases() {
    each("case");
}
