//! Runs the binary with an environment of our own and a directory of our own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A kernel record of a denial, as dmesg prints it.
pub(crate) const RECORD: &str = "[   65.456844] audit: type=1400 audit(1795377395.577:3): apparmor=\"DENIED\" operation=\"create\" class=\"net\" info=\"failed protocol match\" error=-13 profile=\"docker-default\" pid=554 comm=\"python3\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" denied=\"create\" addr=none\n";

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The JSON on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }

    /// Nothing on either stream can steer a terminal.
    pub(crate) fn assert_harmless(&self) {
        for text in [&self.out, &self.err] {
            let bad = text.chars().find(|c| *c != '\n' && whodenied_text::escape::is_unsafe(*c));
            assert_eq!(bad, None, "{text:?}");
        }
    }
}

/// Runs `whodenied` with `args` and `input` on standard input.
pub(crate) fn run(args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    run_in(Path::new("."), &[], args, input)
}

/// The same in a directory and with variables.
pub(crate) fn run_in(
    directory: &Path,
    variables: &[(&str, &str)],
    args: &[&str],
    input: impl AsRef<[u8]>,
) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_whodenied"))
        .args(args)
        .current_dir(directory)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    // A run that ends without reading closes the pipe.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A directory that is removed at the end.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("whodenied-cli-{}-{n}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Writes a file and returns its name.
    pub(crate) fn with<'a>(&self, name: &'a str, bytes: impl AsRef<[u8]>) -> &'a str {
        std::fs::write(self.0.join(name), bytes).unwrap();
        name
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        run_in(&self.0, &[], args, "")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
