//! `cargo xtask bench run [FILES] [ROUNDS]`: what `whodenied run` costs beside `strace -f -e trace=all`.
//!
//! The job is `make` of a generated C project (fork, exec and open all the time); beside it one that
//! makes system calls and nothing else. Each round runs every way once, one after the other, so that
//! load from elsewhere falls on all alike; the figures are medians over the rounds.

use crate::build::{release, root};
use anyhow::{Context as _, Result, ensure};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// System calls of the dense job.
const CALLS: u32 = 300_000;

/// A way of running a job, by the words in front of it.
struct Way {
    name: &'static str,
    before: Vec<String>,
}

/// Measures; true when the bars are held: unprivileged at most what strace adds, privileged below half.
pub fn run(args: &[String]) -> Result<bool> {
    let number = |at: usize, or: usize| args.get(at).map_or(Ok(or), |s| s.parse()).context("a number");
    let (files, rounds) = (number(0, 200)?, number(1, 5)?);
    let folder = root().join("target/bench/run");
    project(&folder.join("project"), files)?;
    let dense = dense(&folder)?;
    let ways = ways(&release()?)?;
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let make = vec!["make".into(), "-s".into(), "-B".into(), "-C".into(), text(&folder.join("project"))];
    let mut held = report(&format!("make of {files} files"), &ways, &make, rounds)?;
    report(&format!("{CALLS} calls"), &ways, &[text(&dense), CALLS.to_string()], rounds)?;
    held &= start_up(&ways, rounds * 4)?;
    Ok(held)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn ways(binary: &Path) -> Result<Vec<Way>> {
    let followed = |more: &[&str]| {
        let mut words = vec![text(binary), "run".to_owned(), "--propagate-exit".to_owned()];
        words.extend(more.iter().map(|w| (*w).to_owned()));
        words.push("--".to_owned());
        words
    };
    let strace = "strace -f -qq -e trace=all -o /dev/null".split(' ').map(str::to_owned).collect();
    let ways = vec![
        Way { name: "alone", before: Vec::new() },
        Way { name: "strace", before: strace },
        Way { name: "whodenied run", before: followed(&[]) },
        Way { name: "whodenied run --fast", before: followed(&["--fast"]) },
    ];
    for way in &ways {
        let mut words = way.before.clone();
        words.push("true".to_owned());
        ensure!(once(&words).is_ok(), "{} does not run here", way.name);
    }
    Ok(ways)
}

/// Wall and CPU seconds of one run.
fn once(words: &[String]) -> Result<(f64, f64)> {
    let (first, rest) = words.split_first().context("no words")?;
    let before = cpu()?;
    let start = Instant::now();
    let status = Command::new(first)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| first.clone())?;
    ensure!(status.success(), "{words:?}: {status}");
    Ok((start.elapsed().as_secs_f64(), cpu()? - before))
}

/// CPU seconds of the children waited for and theirs, proc_pid_stat(5) fields 16 and 17.
fn cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit_once(')').map_or("", |(_, r)| r);
    let ticks = rest.split_whitespace().skip(13).take(2).filter_map(|f| f.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / 100.0)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
}

/// Prints what each way costs and what it adds as a share of what strace adds.
fn report(job: &str, ways: &[Way], command: &[String], rounds: usize) -> Result<bool> {
    let mut wall = vec![Vec::new(); ways.len()];
    let mut time = vec![Vec::new(); ways.len()];
    // One round that fills the caches and does not count.
    for round in 0..=rounds {
        for (at, way) in ways.iter().enumerate() {
            let words: Vec<String> = way.before.iter().chain(command).cloned().collect();
            let (w, c) = once(&words)?;
            if round > 0
                && let (Some(wall), Some(time)) = (wall.get_mut(at), time.get_mut(at))
            {
                wall.push(w);
                time.push(c);
            }
        }
    }
    let shares = |all: &[Vec<f64>], at: usize| -> f64 {
        let of = |way: usize, round: usize| all.get(way).and_then(|r| r.get(round)).copied().unwrap_or(0.0);
        median((0..rounds).map(|r| (of(at, r) - of(0, r)) / (of(1, r) - of(0, r)).max(0.001)).collect())
    };
    println!("{job}, {rounds} rounds (medians; share of what strace adds, of paired rounds)");
    let mut held = true;
    for (at, way) in ways.iter().enumerate() {
        let (w, c) = (
            median(wall.get(at).cloned().unwrap_or_default()),
            median(time.get(at).cloned().unwrap_or_default()),
        );
        let mut line = format!("  {:<22} {w:7.2} s wall {c:7.2} s CPU", way.name);
        if at > 0 {
            let (sw, sc) = (shares(&wall, at), shares(&time, at));
            let _ = write!(line, "   adds {sw:.2} of strace's wall, {sc:.2} of its CPU");
            let most = if at == 3 { 0.5 } else { 1.0 };
            held &= at == 1 || (sw <= most && sc <= most);
        }
        println!("{line}");
    }
    Ok(held)
}

/// The time to start, follow `true` and report.
fn start_up(ways: &[Way], rounds: usize) -> Result<bool> {
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (way, times) in ways.iter().zip(&mut times) {
            let mut words = way.before.clone();
            words.push("/bin/true".to_owned());
            times.push(once(&words)?.0 * 1000.0);
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let alone = medians.first().copied().unwrap_or(0.0);
    println!("start-up: /bin/true, median of {rounds}");
    for (way, m) in ways.iter().zip(&medians) {
        println!("  {:<22} {m:7.2} ms, {:.2} ms more than alone", way.name, m - alone);
    }
    Ok(medians.get(2).is_some_and(|m| m - alone < 10.0))
}

fn project(folder: &Path, files: usize) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut make = String::from("OBJECTS =");
    for n in 0..files {
        let _ = write!(make, " f{n}.o");
        std::fs::write(folder.join(format!("h{n}.h")), format!("int f{n}(int);\n"))?;
        let next = (n + 1) % files;
        let text = format!(
            "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include \"h{n}.h\"\n#include \"h{next}.h\"\n\
             int f{n}(int x) {{ return x <= 0 ? {n} : f{next}(x - 1) + (int)strlen(\"{n}\"); }}\n"
        );
        std::fs::write(folder.join(format!("f{n}.c")), text)?;
    }
    std::fs::write(folder.join("main.c"), "#include \"h0.h\"\nint main(void) { return f0(3) < 0; }\n")?;
    make.push_str(" main.o\nprogram: $(OBJECTS)\n\t$(CC) -o $@ $(OBJECTS)\n%.o: %.c\n\t$(CC) -c -o $@ $<\n");
    std::fs::write(folder.join("Makefile"), make)?;
    Ok(())
}

fn dense(folder: &Path) -> Result<PathBuf> {
    let (source, out) = (folder.join("dense.c"), folder.join("dense"));
    std::fs::write(
        &source,
        "#include <stdlib.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n\
         int main(int c, char **v) { for (long n = atol(v[1]); n > 0; n--) syscall(SYS_getppid); return 0; }\n",
    )?;
    let status = Command::new("cc").arg("-O1").arg("-o").arg(&out).arg(&source).status()?;
    ensure!(status.success(), "cc: {status}");
    Ok(out)
}
