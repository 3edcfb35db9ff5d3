//! `cargo xtask test`: every test of the workspace, then one summary line over all runners.

use crate::build::cargo;
use crate::lab;
use anyhow::{Context, Result, anyhow};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Passed, failed and skipped, added up over the runners' own summaries.
#[derive(Default)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
    runners: u64,
}

impl Sum {
    /// Reads a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(rest) = line.trim_start().strip_prefix("test result:") else { return };
        self.runners += 1;
        for part in rest.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// Runs the tests, optionally only those whose name contains the filter. True when all passed.
pub fn run(args: &[String]) -> Result<bool> {
    let parser = ["apparmor_parser", "/sbin/apparmor_parser"];
    if !parser.iter().any(|p| Command::new(p).arg("--version").output().is_ok()) {
        println!(
            "skipped: no apparmor_parser here (Debian package apparmor): fixes are not compiled with it"
        );
    }
    // The lab's images are built while the tests compile and run; its scenarios run last.
    let filter = args.first().map_or("lab", String::as_str);
    let sample = if filter == "lab" { Some(lab::sample()) } else { None };
    let preparing = sample.clone().and_then(Result::ok).map(|s| std::thread::spawn(move || s.prepare()));
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if let Some(filter) = args.first() {
        command.arg(filter);
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().context("no output")?;
    let mut sum = Sum::default();
    for line in BufReader::new(out).lines() {
        let line = line?;
        // Runners without a test would drown the rest.
        let empty = line.trim() == "running 0 tests" || line.contains("ok. 0 passed; 0 failed; 0 ignored");
        sum.read(&line);
        if !empty && !line.trim().is_empty() {
            println!("{line}");
        }
    }
    let succeeded = child.wait()?.success();
    match sample {
        Some(Ok(sample)) => {
            if let Some(preparing) = preparing {
                preparing.join().map_err(|_| anyhow!("the lab's images: the thread ended"))??;
            }
            let told = sample.run()?;
            sum.passed += told.passed as u64;
            sum.failed += told.failed as u64;
            sum.skipped += told.skipped as u64;
        }
        Some(Err(reason)) => println!("skipped: the lab of real kernels: {reason}"),
        None => {}
    }
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    Ok(succeeded && sum.failed == 0 && sum.passed > 0 && sum.runners > 0)
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn adds_up_summaries() {
        let mut sum = Sum::default();
        sum.read(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.44s",
        );
        sum.read("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
        sum.read("12 passed");
        assert_eq!((sum.passed, sum.failed, sum.skipped, sum.runners), (14, 3, 1, 2));
    }
}
