//! The README's output is real: each of its lines stands in the demo's output, in that order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

#[test]
fn shown_output_is_the_demo() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let block = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_whodenied"))
        .args(["demo", "--step", "2", "--width", "80"])
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let mut lines = output.lines();
    let mut shown = 0;
    for wanted in block.lines().filter(|l| !l.starts_with("$ ") && !l.is_empty() && *l != "[…]") {
        assert!(lines.any(|l| l == wanted), "the demo does not print {wanted:?} (or not there)");
        shown += 1;
    }
    assert!(shown > 15, "the README shows too little");
}
