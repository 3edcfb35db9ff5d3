//! Compiles profiles with each reference compiler under each kernel's features, and checks that what it
//! writes decodes, and that states, transitions and permissions are the same after encoding and decoding.

use super::fetch::{Parser, RELEASES, parser, simple_tests};
use crate::build::root;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use whodenied_apparmor::binary::{Limits, PermsForm, Target, decode, encode};
use whodenied_runtimes::Runtime;
use whodenied_runtimes::apparmor::{Host, default_profile};

/// A policy to compile.
pub struct Input {
    /// Where it is from.
    pub what: String,
    /// Its text.
    pub text: Vec<u8>,
    /// Where its includes are; the first is the base.
    pub includes: Vec<PathBuf>,
}

#[derive(Default)]
struct Tally {
    compiled: usize,
    refused: usize,
    units: usize,
    failed: Vec<String>,
    forms: std::collections::BTreeMap<String, usize>,
}

/// Which pairs of input and features are taken: every `step`th, from the `first`.
#[derive(Clone, Copy)]
struct Share {
    first: usize,
    step: usize,
}

/// `--sample N` takes every Nth pair of input and features, `--part K/N` the Kth of N such shares (together
/// they are the whole), `--release V` one compiler only.
pub fn run(args: &[String]) -> Result<bool> {
    let mut share = Share { first: 0, step: 1 };
    let mut only = None;
    for pair in args.chunks(2) {
        match pair {
            [flag, n] if flag == "--sample" => share.step = n.parse::<usize>()?.max(1),
            [flag, part] if flag == "--part" => {
                let (k, n) = part.split_once('/').context("--part K/N")?;
                let (k, n): (usize, usize) = (k.parse()?, n.parse()?);
                anyhow::ensure!(k >= 1 && k <= n, "--part K/N, K from 1 to N");
                share = Share { first: k - 1, step: n };
            }
            [flag, version] if flag == "--release" => only = Some(version.as_str()),
            _ => anyhow::bail!("cargo xtask apparmor decode [--sample N | --part K/N] [--release VERSION]"),
        }
    }
    let features = root().join("crates/apparmor/data/features");
    let mut trees: Vec<PathBuf> =
        std::fs::read_dir(features)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    trees.retain(|p| p.extension().is_none_or(|e| e != "md"));
    trees.sort();
    let mut clean = true;
    for release in RELEASES.iter().filter(|r| only.is_none_or(|v| v == r.version)) {
        let gathered = parser(release).and_then(|parser| {
            let mut inputs = profiles(&parser)?;
            inputs.extend(runtimes(&parser));
            if release.version == "4.1.0" {
                inputs.extend(tests(&simple_tests()?)?);
            }
            Ok((parser, inputs))
        });
        let (parser, inputs) = match gathered {
            Ok(gathered) => gathered,
            // A sample is for machines that may not have everything.
            Err(error) if share.step > 1 && only.is_none() => {
                println!("skipped: the reference compiler {} can't be had: {error:#}", release.version);
                continue;
            }
            Err(error) => return Err(error),
        };
        let tally = check(&parser, &inputs, &trees, share);
        println!(
            "{}: {} inputs, {} policies of {} profiles decoded and equal after encoding, {} not compiled, {} failed",
            release.version,
            inputs.len(),
            tally.compiled,
            tally.units,
            tally.refused,
            tally.failed.len()
        );
        for (form, count) in &tally.forms {
            println!("  {count:6} {form}");
        }
        for failure in tally.failed.iter().take(20) {
            println!("  FAILED {failure}");
        }
        clean &= tally.failed.is_empty() && tally.compiled > 0;
    }
    Ok(clean)
}

/// Every profile of the packages.
pub fn profiles(parser: &Parser) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in parser.profiles()? {
        let text = std::fs::read(&path)?;
        inputs.push(Input { what: path.display().to_string(), text, includes: vec![parser.base()] });
    }
    Ok(inputs)
}

/// The runtimes' defaults of some versions, as they render them on a host with everything.
pub fn runtimes(parser: &Parser) -> Vec<Input> {
    let versions: [(Runtime, &[u32]); 9] = [
        (Runtime::Docker, &[20, 10]),
        (Runtime::Docker, &[26, 1]),
        (Runtime::Docker, &[28, 5]),
        (Runtime::Docker, &[29, 5]),
        (Runtime::Containerd, &[1, 6]),
        (Runtime::Containerd, &[1, 7]),
        (Runtime::Containerd, &[2, 3]),
        (Runtime::Podman, &[5, 4]),
        (Runtime::CriO, &[1, 30]),
    ];
    let render = |(runtime, version): &(Runtime, &[u32])| {
        let profile = default_profile(*runtime, Some(version), "docker-default", &Host::default())?;
        let what = format!("default of {runtime:?} {version:?}");
        Some(Input { what, text: profile.to_string().into_bytes(), includes: vec![parser.base()] })
    };
    versions.iter().filter_map(render).collect()
}

/// The passing ones of the compiler's own tests.
pub fn tests(dir: &Path) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "sd") {
                let text = std::fs::read(&path)?;
                let says = |line: &str| text.split(|b| *b == b'\n').any(|l| l.starts_with(line.as_bytes()));
                if !says("#=EXRESULT FAIL") && !says("#=DISABLED") && !says("#=TODO") {
                    let text: Vec<&[u8]> =
                        text.split(|b| *b == b'\n').filter(|l| !l.starts_with(b"#=")).collect();
                    let text = text.join(&b'\n');
                    inputs.push(Input {
                        what: path.display().to_string(),
                        text,
                        includes: vec![dir.to_path_buf()],
                    });
                }
            }
        }
    }
    inputs.sort_by(|a, b| a.what.cmp(&b.what));
    Ok(inputs)
}

fn check(parser: &Parser, inputs: &[Input], trees: &[PathBuf], share: Share) -> Tally {
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let total = inputs.len() * trees.len();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = share.first + next.fetch_add(1, Ordering::Relaxed) * share.step;
                    if at >= total {
                        break;
                    }
                    let (input, tree) = (&inputs[at / trees.len()], &trees[at % trees.len()]);
                    let done = one(parser, input, tree);
                    let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match done {
                        Ok(None) => tally.refused += 1,
                        Ok(Some(forms)) => {
                            tally.compiled += 1;
                            tally.units += forms.len();
                            for form in forms {
                                *tally.forms.entry(form).or_default() += 1;
                            }
                        }
                        Err(error) => {
                            let tree = tree.file_name().unwrap_or_default().display();
                            tally.failed.push(format!("{} under {tree}: {error:#}", input.what));
                        }
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What the compiler makes of a text; `None` when it does not take it, or it holds no profile.
pub(super) fn compile(
    parser: &Parser,
    includes: &[PathBuf],
    tree: &Path,
    text: &[u8],
) -> Result<Option<Vec<u8>>> {
    let mut command = parser.command();
    command.arg("-M").arg(tree);
    for include in includes {
        command.arg("-I").arg(include);
    }
    command.arg("-b").arg(includes.first().context("no place for includes")?);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("the reference compiler")?;
    let mut stdin = child.stdin.take().context("stdin")?;
    let text = text.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    // A file of tunables only compiles to nothing.
    Ok((output.status.success() && !output.stdout.is_empty()).then_some(output.stdout))
}

/// The forms of the units; `None` when the compiler does not take the text.
fn one(parser: &Parser, input: &Input, tree: &Path) -> Result<Option<Vec<String>>> {
    let Some(written) = compile(parser, &input.includes, tree, &input.text)? else { return Ok(None) };
    let load = decode(&written, &Limits::default())?;
    let mut forms = Vec::new();
    for unit in &load.units {
        let mut targets = vec![Target { perms: PermsForm::Table, wide: unit.layout.wide, version: 0 }];
        if unit.layout.words && !unit.layout.table {
            targets.push(Target { perms: PermsForm::Words, ..Target::default() });
        }
        for target in targets {
            let bytes = encode(&unit.profile, &target)?;
            let again = decode(&bytes, &Limits::default()).context("what we wrote")?;
            let same = again.units.first().is_some_and(|u| u.profile == unit.profile);
            anyhow::ensure!(same, "another profile after encoding ({:?})", target.perms);
        }
        let l = unit.layout;
        let compressed = load.envelope.compression.map_or(String::new(), |c| format!("{c:?} "));
        forms.push(format!(
            "{compressed}version {:#x}, {} {}{}{}{}",
            l.version,
            match (l.words, l.table) {
                (true, true) => format!("words and table v{}", l.perms_version),
                (true, false) => "words".to_owned(),
                (false, true) => format!("table v{}", l.perms_version),
                (false, false) => "no rules".to_owned(),
            },
            if l.wide { "state32 " } else { "" },
            if l.classes { "classes " } else { "" },
            if l.differences { "differences " } else { "" },
            if l.out_of_band { "out-of-band" } else { "" },
        ));
    }
    Ok(Some(forms))
}
