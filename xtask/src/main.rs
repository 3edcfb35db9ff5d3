//! The project's own commands: `cargo xtask test|lint|docs|score|perturb|ordinary|apparmor|fuzz|bench|lab`.

mod apparmor;
mod bench;
mod bench_run;
mod build;
mod compare;
mod default_profiles;
mod defaults;
mod docs;
mod fuzz;
mod lab;
mod lint;
mod ordinary;
mod perturb;
mod score;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [FILTER]               every test, ending with the runner's summary
cargo xtask lint                        formatting, clippy, file sizes
cargo xtask docs                        writes the manual pages that are made from data
cargo xtask score DIR [--split] [--only dev|held] [--style labelled|bare] [--misses] [--json]
                                        right layer over a folder of case files, as a table
cargo xtask perturb DIR [--only dev|held]
                                        the same cases shuffled, wrapped, stripped, noisy, renamed
cargo xtask ordinary [DIR]              failures that are no denial: nothing may be blamed
cargo xtask apparmor simple-tests [--all]
                                        AppArmor's own tests of accept and refusal
cargo xtask apparmor decode [--sample N] reads and writes again what the reference compilers write
cargo xtask compare [--tools DIR]       file access by another user, beside other tools and the kernel
cargo xtask defaults ENGINE@VERSION=config.json…
                                        the data on defaults against what an engine hands to runc
cargo xtask fuzz [SECONDS]              each fuzz target for so long (needs cargo-fuzz)
cargo xtask bench [RECORDS]             a generated audit log, timed beside other readers
cargo xtask bench run [FILES] [ROUNDS]  what following a `make` costs, beside strace (medians of paired rounds)
cargo xtask lab --kernel K --job DIR    runs DIR/job.sh on a real kernel; more in lab/README.md";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("test") => test::run(rest),
        Some("lint") => lint::run(),
        Some("docs") => docs::run(),
        Some("score") => score::run(rest),
        Some("perturb") => perturb::run(rest),
        Some("ordinary") => ordinary::run(rest),
        Some("apparmor") => apparmor::run(rest),
        Some("compare") => compare::run(rest),
        Some("defaults") => defaults::run(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("bench") if rest.first().is_some_and(|a| a == "run") => {
            bench_run::run(rest.get(1..).unwrap_or_default())
        }
        Some("bench") => bench::run(rest),
        Some("lab") => lab::run(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(3)
        }
    }
}
