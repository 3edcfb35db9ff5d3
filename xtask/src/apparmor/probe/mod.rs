//! `cargo xtask apparmor probe`: the running kernel and the evaluator are asked the same questions.
//!
//! `prepare KERNEL DIR` writes a job for the lab: profiles compiled by every reference compiler for the kernel's
//! features, operations, and the program that does them. `compare KERNEL DIR OUTPUT` evaluates every operation
//! against the very policy that was loaded and compares: whether it is refused, with which errno, whether a
//! record is written, and what its `info=` says.

mod expect;
mod ops;

use super::fetch::{Parser, RELEASES, parser};
use crate::build::root;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use whodenied_apparmor::binary::{Limits, decode, loads};
use whodenied_apparmor::evaluate::Kernel;
use whodenied_apparmor::policy::Profile;
use whodenied_runtimes::Runtime;
use whodenied_runtimes::apparmor::{Host, default_profile};

const GUEST: &str = include_str!("guest.py");
const PROFILES: &str = include_str!("profiles.txt");

/// Runs the part that is named.
pub fn run(args: &[String]) -> Result<bool> {
    match args {
        [part, kernel, dir] if part == "prepare" => prepare(kernel, Path::new(dir)),
        [part, kernel, dir, output] if part == "compare" => {
            compare(kernel, Path::new(dir), Path::new(output))
        }
        _ => bail!("cargo xtask apparmor probe prepare KERNEL DIR | compare KERNEL DIR OUTPUT"),
    }
}

struct Text {
    name: String,
    text: String,
    abi: Option<String>,
    features: Option<String>,
    /// The kind of operations that say something of it; every one where none is named.
    ops: Option<String>,
}

fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    for part in PROFILES.split("=== ").skip(1) {
        let (head, text) = part.split_once('\n').unwrap_or((part, ""));
        let mut words = head.split_whitespace();
        let name = format!("probe-{}", words.next().unwrap_or_default());
        let option = |key: &str| head.split_whitespace().find_map(|w| w.strip_prefix(key)).map(str::to_owned);
        texts.push(Text {
            name,
            text: text.to_owned(),
            abi: option("abi="),
            features: option("features="),
            ops: option("ops="),
        });
    }
    if let Some(profile) = default_profile(Runtime::Docker, Some(&[28, 5]), "probe-docker", &Host::default())
    {
        texts.push(Text {
            name: "probe-docker".to_owned(),
            text: profile.to_string(),
            abi: None,
            features: None,
            ops: None,
        });
    }
    texts
}

fn prepare(kernel: &str, dir: &Path) -> Result<bool> {
    std::fs::create_dir_all(dir)?;
    let mut list = String::new();
    for release in RELEASES.iter().rev() {
        let parser = parser(release)?;
        let digit = &release.version[..1];
        for text in texts() {
            // The peers are the same whatever compiled the subject.
            if text.name == "probe-peer" && digit != "5" {
                continue;
            }
            let name = if digit == "5" { text.name.clone() } else { format!("{}-{digit}", text.name) };
            let source = text.text.replace(&format!("profile {} ", text.name), &format!("profile {name} "));
            let source = source.replace(&format!("peer={},", text.name), &format!("peer={name},"));
            match compile(&parser, &text, &source, kernel)? {
                Some(blob) => {
                    // The kernel takes one load a write.
                    for (n, part) in loads(&blob, &Limits::default())?.iter().enumerate().skip(1) {
                        std::fs::write(dir.join(format!("{name}.bin.{n}")), part)?;
                    }
                    let first = loads(&blob, &Limits::default())?.first().map_or(0, |l| l.len());
                    std::fs::write(dir.join(format!("{name}.bin")), blob.get(..first).unwrap_or(&blob))?;
                    // Older compilers' profiles that are asked everything are asked of each class a part.
                    let ops = text.ops.as_deref().unwrap_or(if digit == "5" { "all" } else { "some" });
                    list.push_str(&format!("{name} {name}.bin {ops}\n"));
                }
                None => println!("{} does not take {}", release.version, text.name),
            }
        }
    }
    std::fs::write(dir.join("profiles.txt"), list)?;
    let kinds: Vec<String> = ops::all().iter().map(|op| format!("{} {op}", ops::kind(op))).collect();
    std::fs::write(dir.join("ops.txt"), kinds.join("\n"))?;
    std::fs::write(dir.join("guest.py"), GUEST)?;
    std::fs::write(dir.join("job.sh"), "cd \"$(dirname \"$0\")\" && python3 guest.py\n")?;
    Ok(true)
}

fn compile(parser: &Parser, text: &Text, source: &str, kernel: &str) -> Result<Option<Vec<u8>>> {
    use std::io::Write;
    let features = root().join("crates/apparmor/data/features");
    let tree =
        features.join(text.features.as_deref().filter(|_| kernel.starts_with("linux-7")).unwrap_or(kernel));
    let mut command = parser.command();
    match text.abi.as_deref() {
        None => command.arg("-M").arg(&tree),
        Some("none") => command.arg("--kernel-features").arg(&tree),
        Some(abi) => {
            let abi = parser.base().join("abi").join(abi);
            command.arg("--kernel-features").arg(&tree).arg("--policy-features").arg(abi)
        }
    };
    command.arg("-b").arg(parser.base()).arg("-I").arg(parser.base());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    // A compiler that refuses the text may not read all of it.
    let _ = child.stdin.take().context("stdin")?.write_all(source.as_bytes());
    let output = child.wait_with_output()?;
    Ok((output.status.success() && !output.stdout.is_empty()).then_some(output.stdout))
}

/// What the probes agree and differ on.
#[derive(Default)]
struct Score {
    asked: usize,
    denied: usize,
    infos: usize,
    silent: usize,
    different: Vec<String>,
}

fn compare(kernel: &str, dir: &Path, output: &Path) -> Result<bool> {
    let numbers = kernel.rsplit('-').next().unwrap_or_default();
    let kernel = Kernel::from_release(numbers).context("KERNEL is named like linux-7.3")?;
    let mut loaded: BTreeMap<String, Vec<Profile>> = BTreeMap::new();
    for line in std::fs::read_to_string(dir.join("profiles.txt"))?.lines() {
        let mut words = line.split(' ');
        let (Some(name), Some(file)) = (words.next(), words.next()) else { bail!("profiles.txt") };
        let mut bytes = std::fs::read(dir.join(file))?;
        for n in 1.. {
            let Ok(more) = std::fs::read(dir.join(format!("{file}.{n}"))) else { break };
            bytes.extend(more);
        }
        let load = decode(&bytes, &Limits::default())?;
        loaded.insert(name.to_owned(), load.units.into_iter().map(|u| u.profile).collect());
    }
    let mut score = Score::default();
    let mut done = false;
    for line in String::from_utf8_lossy(&std::fs::read(output)?).lines() {
        let Some(json) = line.trim().strip_prefix("RESULT ") else { continue };
        let result: Value = serde_json::from_str(json).with_context(|| json.to_owned())?;
        if result["done"] == true {
            done = true;
        } else if let Some(error) = result["load"].as_i64() {
            let name = result["profile"].as_str().unwrap_or_default();
            if error != 0 {
                let said = &result["said"];
                score
                    .different
                    .push(format!("{name}: the kernel refused what we decode (errno {error}): {said}"));
            }
        } else {
            expect::judge(&result, &kernel, &loaded, &mut score)?;
        }
    }
    println!(
        "{} profiles, {} probes: {} refused, {} of them silently, {} info strings compared, {} differences",
        loaded.len(),
        score.asked,
        score.denied,
        score.silent,
        score.infos,
        score.different.len()
    );
    for line in score.different.iter().take(60) {
        println!("  {line}");
    }
    if !done {
        println!("  the job did not finish");
    }
    Ok(done && score.different.is_empty() && score.asked >= 500)
}
