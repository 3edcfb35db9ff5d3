//! `simple_tests`: each file says whether the reference parser accepts it.

use super::suite;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Instant;
use whodenied_apparmor::compile::conflict;
use whodenied_apparmor::features::Features;
use whodenied_apparmor::resolve::{Loader, Paths};
use whodenied_sources::policy::{Disk, features};

/// Of the generated tests, one of so many is run without `--all`.
const SAMPLE: usize = 29;

pub(super) fn run(args: &[String]) -> Result<bool> {
    let source = match suite::source() {
        Ok(source) => source,
        Err(error) => {
            println!("skipped: AppArmor's simple_tests can't be had: {error:#}");
            return Ok(true);
        }
    };
    let suite = source.join("parser/tst");
    let kernel = features(&suite.join("features_files/features.all")).map_err(anyhow::Error::msg)?;
    // The suite names files relative to its own folder.
    std::env::set_current_dir(&suite)?;
    let mut files = Vec::new();
    collect(Path::new("simple_tests"), &mut files);
    files.sort();
    let (made, fixed): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|f| f.to_string_lossy().contains("generated_"));
    let mut fine = judge("static", &fixed, &kernel)?;
    let made = match suite::generated(&source) {
        Ok(_) if made.is_empty() => {
            let mut files = Vec::new();
            collect(Path::new("simple_tests"), &mut files);
            files.retain(|f| f.to_string_lossy().contains("generated_"));
            files.sort();
            files
        }
        Ok(_) => made,
        Err(error) => {
            println!("skipped: the generated tests: {error:#}");
            return Ok(fine);
        }
    };
    let every = if args.iter().any(|a| a == "--all") { 1 } else { SAMPLE };
    let sample: Vec<PathBuf> = made.into_iter().step_by(every).collect();
    fine &= judge(&format!("generated, one of {every}"), &sample, &kernel)?;
    Ok(fine)
}

fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "sd") {
            out.push(path);
        }
    }
}

fn judge(what: &str, files: &[PathBuf], kernel: &Features) -> Result<bool> {
    let paths = Paths { base: "/nonexistent".to_owned(), include: vec!["simple_tests".to_owned()] };
    let begin = Instant::now();
    let mut loader = Loader::new(&Disk, paths);
    let (mut agreed, mut left_out, mut differ) = (0, 0, Vec::new());
    for file in files {
        let bytes = std::fs::read(file)?;
        let text = String::from_utf8_lossy(&bytes);
        let marked = |mark: &str| text.lines().any(|l| l.starts_with(mark));
        let mut policy = loader.resolve(&file.to_string_lossy(), &bytes);
        if policy.faults.is_empty() {
            policy.faults = conflict::faults(&policy, Some(kernel));
        }
        if marked("#=TODO") || marked("#=DISABLED") {
            left_out += 1;
        } else if policy.faults.is_empty() != marked("#=EXRESULT FAIL") {
            agreed += 1;
        } else {
            let said = policy.faults.first().map_or("accepted", |f| f.message.as_str());
            differ.push(format!("{}: {said}", file.display()));
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "simple_tests {what}: {} files, {agreed} agree, {} differ, {left_out} marked TODO or DISABLED, {seconds:.2} s",
        files.len(),
        differ.len()
    );
    for line in differ.iter().take(20) {
        println!("  differs: {line}");
    }
    Ok(differ.is_empty())
}
