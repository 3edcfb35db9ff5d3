//! Builds the release binary and asks it about a text.

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The workspace root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Builds `whodenied` in release mode and returns the path of the binary; `WHODENIED_BINARY` names one that
/// is built already.
pub fn release() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("WHODENIED_BINARY") {
        return Ok(PathBuf::from(path));
    }
    let status = cargo().args(["build", "--quiet", "--release", "-p", "whodenied"]).status()?;
    if !status.success() {
        bail!("whodenied does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/whodenied"))
}

/// One answer of the binary.
pub struct Reply {
    /// Its JSON report.
    pub report: serde_json::Value,
    /// Wall time of the whole process.
    pub took: Duration,
}

/// Runs `whodenied explain --format json -` on `text`.
pub fn explain(binary: &Path, text: &str) -> Result<Reply> {
    let start = Instant::now();
    let mut child = Command::new(binary)
        .args(["explain", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't run {}", binary.display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A reader that stops early closes the pipe; its answer is judged all the same.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output()?;
    let took = start.elapsed();
    let status = output.status.code().unwrap_or(-1);
    let report = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("no JSON (status {status}): {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(Reply { report, took })
}
