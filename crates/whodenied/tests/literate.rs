//! Runs every case of `cases/*.md`, one test a heading.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use libtest_mimic::{Arguments, Failed, Trial};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use whodenied_testkit::{Literate, Said, check, parse};

fn main() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "md") && !p.ends_with("README.md"))
        .collect();
    paths.sort();
    let mut trials = Vec::new();
    for path in &paths {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for case in parse(&std::fs::read_to_string(path).unwrap()) {
            trials.push(Trial::test(format!("literate::{file}::{}", case.name), move || one(&case)));
        }
    }
    assert!(trials.len() > 20, "the cases are gone");
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn one(case: &Literate) -> Result<(), Failed> {
    let (json, exit) = explain(&case.evidence, "json")?;
    let (screen, _) = explain(&case.evidence, "terminal")?;
    let said = Said { json: serde_json::from_str(&json).map_err(|e| e.to_string())?, screen, exit };
    let complaints = check(case, &said);
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

fn explain(text: &str, format: &str) -> Result<(String, i32), Failed> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_whodenied"))
        .args(["explain", "--all", "--format", format, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no standard input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    Ok((String::from_utf8(output.stdout)?, output.status.code().ok_or("killed")?))
}
