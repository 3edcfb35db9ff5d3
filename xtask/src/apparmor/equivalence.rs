//! Our compiler against the reference's: for every policy both compile, the automata are walked together and
//! have to say the same of every string.

use super::corpus::{self, Input};
use super::fetch::{Parser, Release, parser};
use crate::build::root;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use whodenied_apparmor::binary::{self, decode};
use whodenied_apparmor::compare::unlike;
use whodenied_apparmor::compile::{self, Limits, Target};
use whodenied_apparmor::features::Features;
use whodenied_apparmor::resolve::{Loader, Paths};
use whodenied_sources::policy::{Disk, features};

/// The compiler whose language is read.
const REFERENCE: Release = Release { suite: "sid", version: "5.0.2" };

/// Differences of one kind that are shown.
const SHOWN: usize = 8;

#[derive(Default)]
struct Tally {
    policies: usize,
    profiles: usize,
    refused: usize,
    /// What differs, by kind.
    by: BTreeMap<&'static str, Vec<String>>,
}

/// `--sample N` takes every Nth pair of input and features; `--only WORD` inputs with the word in their names.
pub fn run(args: &[String]) -> Result<bool> {
    let value = |flag: &str| args.iter().position(|a| a == flag).and_then(|at| args.get(at + 1));
    let step = value("--sample").map_or(Ok(1), |n| n.parse::<usize>())?.max(1);
    let parser = match parser(&REFERENCE) {
        Ok(parser) if !parser.is(REFERENCE.version) => {
            println!("skipped: {} has no {} any more", REFERENCE.suite, REFERENCE.version);
            return Ok(true);
        }
        Ok(parser) => parser,
        Err(error) => {
            println!("skipped: the reference compiler can't be had: {error:#}");
            return Ok(true);
        }
    };
    let mut inputs = corpus::profiles(&parser)?;
    inputs.extend(corpus::runtimes(&parser));
    match super::fetch::simple_tests() {
        Ok(tests) => inputs.extend(corpus::tests(&tests)?),
        Err(error) => println!("skipped: the reference's simple_tests: {error:#}"),
    }
    if let Some(word) = value("--only") {
        inputs.retain(|input| input.what.contains(word.as_str()));
    }
    let mut trees = Vec::new();
    for entry in std::fs::read_dir(root().join("crates/apparmor/data/features"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "md") && value("--tree").is_none_or(|t| path.ends_with(t)) {
            trees.push((path.clone(), features(&path).map_err(anyhow::Error::msg)?));
        }
    }
    trees.sort_by(|a, b| a.0.cmp(&b.0));
    let tally = check(&parser, &inputs, &trees, step);
    println!(
        "equivalence with {}: {} inputs, {} feature trees; {} policies of {} profiles compared, {} refused by the reference, {} differ",
        REFERENCE.version,
        inputs.len(),
        trees.len(),
        tally.policies,
        tally.profiles,
        tally.refused,
        tally.by.values().map(Vec::len).sum::<usize>()
    );
    let mut differ = 0;
    for (what, lines) in &tally.by {
        differ += lines.len();
        println!("  {:6} differ in: {what}", lines.len());
        for line in lines.iter().take(SHOWN) {
            println!("         {line}");
        }
    }
    Ok(differ == 0 && tally.profiles > 0)
}

fn check(parser: &Parser, inputs: &[Input], trees: &[(PathBuf, Features)], step: usize) -> Tally {
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let total = inputs.len() * trees.len();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed) * step;
                    if at >= total {
                        break;
                    }
                    let (input, (path, tree)) = (&inputs[at / trees.len()], &trees[at % trees.len()]);
                    let done = one(parser, input, path, tree);
                    let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let name = path.file_name().unwrap_or_default().display();
                    match done {
                        Ok(None) => tally.refused += 1,
                        Ok(Some((profiles, differences))) => {
                            tally.policies += 1;
                            tally.profiles += profiles;
                            for (what, said) in differences {
                                let line = format!("{} under {name}: {said}", input.what);
                                tally.by.entry(what).or_default().push(line);
                            }
                        }
                        Err(error) => {
                            let line = format!("{} under {name}: {error:#}", input.what);
                            tally.by.entry("what is compiled at all").or_default().push(line);
                        }
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

type Compared = (usize, Vec<(&'static str, String)>);

/// What differs; `None` when the reference does not take the text.
fn one(parser: &Parser, input: &Input, path: &Path, tree: &Features) -> Result<Option<Compared>> {
    let Some(bytes) = reference(parser, input, path)? else { return Ok(None) };
    let load = decode(&bytes, &binary::Limits::default())?;
    let include: Vec<String> = input.includes.iter().map(|p| p.display().to_string()).collect();
    let paths = Paths { base: include[0].clone(), include };
    let policy = Loader::new(&Disk, paths).resolve("stdin", &input.text);
    if let Some(fault) = policy.faults.first() {
        anyhow::bail!("we refuse it: {}", fault.message);
    }
    let target = Target::kernel(tree.clone());
    let ours = compile::compile(&policy, &target, &Limits::default()).map_err(|faults| {
        anyhow::anyhow!("we refuse it: {}", faults.first().map_or("", |f| f.message.as_str()))
    })?;
    let mut found = Vec::new();
    for compiled in &ours {
        let profile = &compiled.profile;
        let theirs = load
            .units
            .iter()
            .find(|u| u.profile.name == profile.name && u.profile.namespace == profile.namespace);
        let Some(theirs) = theirs else {
            found.push(("names", format!("{} is in ours alone", profile.display_name())));
            continue;
        };
        if let Some(difference) = unlike(profile, &theirs.profile).map_err(|e| anyhow::anyhow!("{e}"))? {
            found
                .push((difference.what, format!("{}: ours and theirs {difference}", profile.display_name())));
        }
    }
    if ours.len() != load.units.len() && found.is_empty() {
        found.push(("names", format!("{} profiles in ours, {} in theirs", ours.len(), load.units.len())));
    }
    Ok(Some((ours.len(), found)))
}

fn reference(parser: &Parser, input: &Input, tree: &Path) -> Result<Option<Vec<u8>>> {
    let mut command = parser.command();
    command.arg("-M").arg(tree);
    for include in &input.includes {
        command.arg("-I").arg(include);
    }
    command.arg("-b").arg(&input.includes[0]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("the reference compiler")?;
    let mut stdin = child.stdin.take().context("stdin")?;
    let text = input.text.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    // A file of tunables only compiles to nothing.
    let fine = output.status.success() && !output.stdout.is_empty();
    Ok(fine.then_some(output.stdout))
}
