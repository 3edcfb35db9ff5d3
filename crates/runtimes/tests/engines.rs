//! The data against an engine that is installed: what `ctr oci spec` prints needs no daemon. For Docker and
//! Podman, and for the filters, see `cargo xtask defaults`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says why it is skipped"
)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use whodenied_runtimes::{Runtime, caps, paths};

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `containerd github.com/containerd/containerd 1.6.20~ds1 …` as numbers.
fn version(line: &str) -> Option<Vec<u32>> {
    let word = line.split_whitespace().nth(2)?.trim_start_matches('v');
    let plain: String = word.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    plain.split('.').map(|n| n.parse().ok()).collect()
}

#[test]
fn containerd_gives_what_the_data_says() {
    let (Some(line), Some(spec)) = (output("containerd", &["--version"]), output("ctr", &["oci", "spec"]))
    else {
        println!("skipped: containerd and ctr are not installed");
        return;
    };
    let version = version(&line).unwrap();
    let spec: Value = serde_json::from_str(&spec).unwrap();
    let real = |value: &Value| -> BTreeSet<String> {
        value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let own = |all: Vec<&str>| -> BTreeSet<String> { all.into_iter().map(str::to_owned).collect() };
    let runtime = Runtime::Containerd;
    let held: BTreeSet<String> =
        caps::default(runtime, Some(&version)).iter().map(ToString::to_string).collect();
    assert_eq!(real(&spec["process"]["capabilities"]["bounding"]), held);
    assert_eq!(real(&spec["linux"]["maskedPaths"]), own(paths::masked_paths(runtime, Some(&version))));
    assert_eq!(real(&spec["linux"]["readonlyPaths"]), own(paths::readonly_paths(runtime)));
}

#[test]
fn versions_of_debian_are_read() {
    let line = "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3";
    assert_eq!(version(line), Some(vec![1, 6, 20]));
    assert_eq!(version("containerd x v2.1.4 abc"), Some(vec![2, 1, 4]));
}
