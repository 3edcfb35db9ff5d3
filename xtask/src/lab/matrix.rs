//! Scenarios by kernels: one boot for each kernel and image, its results as a test runner tells them.

use crate::lab::boot::{Boot, Scratch};
use crate::lab::image::Image;
use crate::lab::kernel::{self, Kernel};
use crate::lab::scenario::{self, Scenario};
use crate::lab::verdict::{self, Verdict, judge};
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Which scenarios run where.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// Kernels; all where none is named.
    pub(crate) kernels: Vec<Kernel>,
    /// Parts of scenarios' names; all where none is named.
    pub(crate) names: Vec<String>,
    /// Every scenario and not only the sample.
    pub(crate) full: bool,
    /// One image only.
    pub(crate) image: Option<Image>,
}

/// One boot to come.
struct Plan {
    kernel: Kernel,
    image: Image,
    scenarios: Vec<Scenario>,
}

impl Choice {
    /// Asks the binary of today about what the last boots left: nothing is booted, so what whodenied reads of
    /// a host is as it was then.
    pub(crate) fn again(&self) -> Result<Told> {
        let start = Instant::now();
        let binary = binary()?;
        let mut told = Told::default();
        let (mut text, mut failures) = (String::new(), String::new());
        for plan in self.plans()? {
            for scenario in &plan.scenarios {
                let folder = plan.out().join(&scenario.name);
                let kept =
                    ["collected.json", "case.json"].map(|n| folder.join(n)).into_iter().find(|f| f.is_file());
                let Some(kept) = kept else { continue };
                let answer =
                    Command::new(&binary).args(["explain", "--format", "json"]).arg(kept).output()?;
                std::fs::write(folder.join("report.json"), answer.stdout)?;
                elsewhere(&binary, &folder)?;
                told.count(
                    &plan.test(scenario),
                    &judge(&scenario.expect, &folder),
                    "",
                    &mut text,
                    &mut failures,
                )?;
            }
        }
        println!(
            "{text}{failures}\nlab: {} wrong proven\n{}",
            told.wrong_proven,
            told.summary(start.elapsed())
        );
        Ok(told)
    }

    fn plans(&self) -> Result<Vec<Plan>> {
        let all = scenario::all(&crate::build::root().join("lab/scenarios"))?;
        let mut plans = Vec::new();
        for image in [Image::AppArmor, Image::SeLinux] {
            // The newest first: it takes the longest.
            for kernel in kernel::ALL.into_iter().rev() {
                let wanted = |s: &&Scenario| {
                    s.runs_on(kernel)
                        && s.image() == image
                        && (self.names.is_empty() || self.names.iter().any(|n| s.name.contains(n.as_str())))
                        && (self.full || !self.names.is_empty() || s.in_sample(kernel))
                };
                let scenarios: Vec<Scenario> = all.iter().filter(wanted).cloned().collect();
                let asked = self.kernels.is_empty() || self.kernels.contains(&kernel);
                if asked && self.image.is_none_or(|i| i == image) && !scenarios.is_empty() {
                    plans.push(Plan { kernel, image, scenarios });
                }
            }
        }
        Ok(plans)
    }

    /// Tells what would run.
    pub(crate) fn list(&self) -> Result<()> {
        let plans = self.plans()?;
        for plan in &plans {
            for scenario in &plan.scenarios {
                println!("{}::{}: {}", plan.kernel.name, scenario.name, scenario.about);
            }
        }
        println!("{} runs", plans.iter().map(|p| p.scenarios.len()).sum::<usize>());
        Ok(())
    }

    /// Fetches and builds what the boots need.
    pub(crate) fn prepare(&self) -> Result<()> {
        for plan in self.plans()? {
            plan.kernel.build()?;
            plan.image.build()?;
        }
        Ok(())
    }

    /// Boots and runs, two boots at a time, and prints the results.
    pub(crate) fn run(&self) -> Result<Told> {
        let start = Instant::now();
        let plans = self.plans()?;
        if plans.is_empty() {
            bail!("no scenario fits");
        }
        self.prepare()?;
        let binary = binary()?;
        println!("lab: images and binary ready after {:.0} s", start.elapsed().as_secs_f64());
        let at_once =
            std::env::var("WHODENIED_LAB_BOOTS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_usize);
        let queue = Mutex::new(plans.iter());
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..at_once.clamp(1, plans.len()) {
                scope.spawn(|| {
                    while let Some(plan) = queue.lock().ok().and_then(|mut q| q.next()) {
                        let told = plan.run(&binary);
                        let Ok(mut results) = results.lock() else { break };
                        match told {
                            Ok(told) => {
                                print!("{}", told.text);
                                results.push(Ok(told));
                            }
                            Err(error) => results.push(Err(error)),
                        }
                    }
                });
            }
        });
        let mut sum = Told::default();
        for told in results.into_inner().unwrap_or_default() {
            let told = told?;
            sum.passed += told.passed;
            sum.failed += told.failed;
            sum.skipped += told.skipped;
            sum.wrong_proven += told.wrong_proven;
        }
        println!("lab: {} wrong proven", sum.wrong_proven);
        println!("{}", sum.summary(start.elapsed()));
        Ok(sum)
    }
}

/// What scenarios came to.
#[derive(Default)]
pub(crate) struct Told {
    text: String,
    /// As they should.
    pub(crate) passed: usize,
    /// Not as they should.
    pub(crate) failed: usize,
    /// Not to be shown on that kernel.
    pub(crate) skipped: usize,
    wrong_proven: usize,
}

impl Told {
    /// Counts one result and tells it.
    fn count(
        &mut self,
        test: &str,
        verdict: &Verdict,
        took: &str,
        text: &mut String,
        failures: &mut String,
    ) -> Result<()> {
        self.wrong_proven += usize::from(matches!(verdict, Verdict::WrongProven(_)));
        match verdict {
            Verdict::Passed => {
                self.passed += 1;
                writeln!(text, "test {test} ... ok{took}")?;
            }
            Verdict::Skipped(reason) => {
                self.skipped += 1;
                writeln!(text, "test {test} ... ignored, {reason}")?;
            }
            Verdict::Failed(why) | Verdict::WrongProven(why) => {
                self.failed += 1;
                writeln!(text, "test {test} ... FAILED{took}")?;
                writeln!(failures, "\n---- {test} ----\n{why}")?;
            }
        }
        Ok(())
    }

    fn summary(&self, took: Duration) -> String {
        format!(
            "test result: {}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out; finished in {:.2}s",
            if self.failed == 0 { "ok" } else { "FAILED" },
            self.passed,
            self.failed,
            self.skipped,
            took.as_secs_f64()
        )
    }
}

impl Plan {
    fn name(&self) -> String {
        format!("{}-{}", self.kernel.name, self.image.name())
    }

    /// Where the results lie.
    fn out(&self) -> PathBuf {
        crate::build::root().join("target/lab").join(self.name())
    }

    fn test(&self, scenario: &Scenario) -> String {
        format!("lab::{}::{}", self.name(), scenario.name)
    }

    fn run(&self, binary: &Path) -> Result<Told> {
        let job = Scratch::new()?;
        let guest = crate::build::root().join("lab");
        for (from, to) in [
            (guest.join("guest/run.sh"), "job.sh"),
            (guest.join("guest/lib.sh"), "lib.sh"),
            (guest.join("guest/call.py"), "call.py"),
            (guest.join("guest/landlock.py"), "landlock.py"),
            (binary.to_path_buf(), "whodenied"),
        ] {
            std::fs::copy(&from, job.0.join(to)).with_context(|| format!("{}", from.display()))?;
        }
        let copied = Command::new("cp").arg("-r").arg(guest.join("features")).arg(&job.0).status()?;
        if !copied.success() {
            bail!("can't copy lab/features");
        }
        for (number, scenario) in self.scenarios.iter().enumerate() {
            scenario.write(&job.0.join(format!("scenarios/{number:03}-{}", scenario.name)))?;
        }
        let (name, out) = (self.name(), self.out());
        // Of scenarios that do not run now the last results stay.
        for scenario in &self.scenarios {
            let old = out.join(&scenario.name);
            if old.is_dir() {
                std::fs::remove_dir_all(old)?;
            }
        }
        // Under emulation a container takes a minute where the machine is busy with more than us.
        let limit = Duration::from_secs(300 + 240 * self.scenarios.len() as u64);
        let boot = Boot { kernel: self.kernel, image: self.image, job: &job.0, limit, append: "" };
        let outcome = boot.run(&out, &mut |_| {})?;
        std::fs::write(out.join("console.txt"), &outcome.console)?;
        std::fs::write(out.join("output.txt"), &outcome.output)?;
        for scenario in &self.scenarios {
            elsewhere(binary, &out.join(&scenario.name))?;
        }
        let mut told = Told::default();
        let release = self.kernel.build()?.release;
        writeln!(
            told.text,
            "\nrunning {} scenarios on Linux {release} ({})",
            self.scenarios.len(),
            self.image.name()
        )?;
        let mut failures = String::new();
        for scenario in &self.scenarios {
            let folder = out.join(&scenario.name);
            let took = took(&folder).map_or(String::new(), |s| format!(" ({s:.0} s)"));
            let verdict = judge(&scenario.expect, &folder);
            let failed = told.failed;
            let mut text = std::mem::take(&mut told.text);
            told.count(&self.test(scenario), &verdict, &took, &mut text, &mut failures)?;
            told.text = text;
            if told.failed > failed {
                failures.push_str(&guest_said(&folder));
            }
        }
        told.text.push_str(&failures);
        let (from, to) = (outcome.uptime.first().copied(), outcome.uptime.get(1).copied());
        writeln!(
            told.text,
            "lab: {name}: job from {:.0} s to {:.0} s of uptime, {:.0} s in all, {:.0} s of CPU; {}",
            from.unwrap_or(f64::NAN),
            to.unwrap_or(f64::NAN),
            outcome.wall.as_secs_f64(),
            outcome.cpu,
            starts(&outcome.output)
        )?;
        if outcome.status != Some(0) {
            let console = String::from_utf8_lossy(&outcome.console).into_owned();
            let tail: Vec<&str> = console.lines().rev().take(30).collect();
            writeln!(
                told.text,
                "lab: {name}: the guest did not end as it should ({:?}); its console:",
                outcome.status
            )?;
            for line in tail.iter().rev() {
                writeln!(told.text, "  {}", line.escape_debug())?;
            }
        }
        Ok(told)
    }
}

/// What the guest collected is explained here, on another machine.
fn elsewhere(binary: &Path, folder: &Path) -> Result<()> {
    let collected = folder.join("collected.json");
    if collected.is_file() {
        let answer = Command::new(binary).args(["explain", "--format", "json"]).arg(collected).output()?;
        std::fs::write(folder.join(verdict::ELSEWHERE), answer.stdout)?;
    }
    Ok(())
}

/// The guest's output of a failed scenario, the ends of it.
fn guest_said(folder: &Path) -> String {
    let mut said = String::new();
    for name in ["command.txt", "kernel.txt", "without.txt", "report.err"] {
        let text = std::fs::read(folder.join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        if !lines.is_empty() {
            said.push_str(name);
            said.push('\n');
        }
        for line in lines.iter().skip(lines.len().saturating_sub(12)) {
            said.push_str("  ");
            said.extend(line.escape_debug());
            said.push('\n');
        }
    }
    said
}

/// Seconds of the guest's clock that a scenario took.
fn took(folder: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(folder.join("took")).ok()?;
    let mut numbers = text.split_whitespace().filter_map(|n| n.parse::<f64>().ok());
    let from = numbers.next()?;
    Some(numbers.next()? - from)
}

/// How long engines took to start, from the job's output.
fn starts(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let mut told = Vec::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        if words.next() != Some("up") {
            continue;
        }
        let (Some(engine), Some(from), Some(to)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if let (Ok(from), Ok(to)) = (from.parse::<f64>(), to.parse::<f64>()) {
            told.push(format!("{engine} up in {:.0} s", to - from));
        }
    }
    told.join(", ")
}

/// Builds whodenied so that it runs on any x86-64 Linux: linked statically, with glibc.
fn binary() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("WHODENIED_LAB_BINARY") {
        return Ok(PathBuf::from(given));
    }
    let target = "x86_64-unknown-linux-gnu";
    let flags = format!("target.{target}.rustflags=[\"-C\",\"target-feature=+crt-static\"]");
    let status = crate::build::cargo()
        .args(["build", "--quiet", "--release", "-p", "whodenied", "--target", target, "--config", &flags])
        .env_remove("RUSTFLAGS")
        .status()?;
    if !status.success() {
        bail!("whodenied does not build");
    }
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| crate::build::root().join("target"), PathBuf::from);
    Ok(folder.join(target).join("release/whodenied"))
}
