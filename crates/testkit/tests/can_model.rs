//! What `whodenied can pid:N OP PATH` answers against the running kernel, as root: the same random questions
//! to both, the answer read from the live files and from /proc, the truth by a thread with those credentials.
//!
//! `WHODENIED_CAN_CHECKS=N` asks N questions (5,000 without), `WHODENIED_CAN_SEED=S` starts at another seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, reason = "this test is its own harness")]

use rustix::fs::{AtFlags, Mode, OFlags, open, unlinkat};
use std::collections::BTreeMap;
use std::time::Instant;
use whodenied_access::{Operation, Subject};
use whodenied_doctor::can::{Answer, Question, Verdict, ask};
use whodenied_sources::LiveHost;
use whodenied_sources::subject::{Asking, Who, resolve};
use whodenied_testkit::access::plan::{Plan, plan};
use whodenied_testkit::access::questions::{changes, name, operation, subject};
use whodenied_testkit::access::random::Random;
use whodenied_testkit::access::stage::Stage;
use whodenied_testkit::access::worker;

const NAME: &str = "can_agrees_with_the_kernel";
const PER_WORLD: usize = 120;
const PER_SUBJECT: usize = 12;
/// Differences after which it is enough.
const ENOUGH: usize = 8;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

fn main() {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "--worker" => return worker::run(false, false).unwrap(),
        "--worker-in-namespace" => return worker::run(true, false).unwrap(),
        "--worker-with-tmpfs" => return worker::run(true, true).unwrap(),
        "--list" => return println!("{NAME}: test"),
        filter if !filter.starts_with('-') && !NAME.contains(filter) => return,
        _ => {}
    }
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: the check of can against the kernel needs root");
    }
    let parent = open(std::env::temp_dir(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let scratch = format!("whodenied-can-{}", std::process::id());
    let stage = Stage::set(&std::env::temp_dir().join(&scratch));
    let _ = unlinkat(&parent, &scratch, AtFlags::REMOVEDIR);
    let mut stage = match stage {
        Ok(stage) => stage,
        Err(error) => return println!("skipped: the stage can't be set: {error}"),
    };
    // In which user namespace a file system was mounted can't be seen from outside: no question goes there.
    stage.offer.foreign = None;
    let checks = usize::try_from(number("WHODENIED_CAN_CHECKS", 5000)).unwrap();
    let seed = number("WHODENIED_CAN_SEED", 1);
    let mut tally = Tally::default();
    let begun = Instant::now();
    let mut before: Option<Plan> = None;
    let mut round = 0;
    while tally.asked < checks && tally.differences < ENOUGH {
        let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(round));
        round += 1;
        let plan = plan(&mut random, &stage.offer);
        stage.build(before.as_ref(), &plan).expect("a world");
        ask_world(&mut stage, &plan, &mut random, &mut tally);
        before = Some(plan);
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("answers: {:?}", tally.verdicts);
    println!(
        "seed {seed}: {} questions, {} differences, {} unknown, {} with doubts about ids, {seconds:.1} s, {:.0} a second",
        tally.asked,
        tally.differences,
        tally.unknown.values().sum::<usize>(),
        tally.doubtful,
        tally.asked as f64 / seconds
    );
    assert_eq!(tally.differences, 0, "can and the kernel differ");
    // Root reads everything here but what lies behind a directory whose owner has no id on an idmapped
    // mount, for there even its capabilities do not count (capable_wrt_inode_uidgid, kernel/capability.c).
    let elsewhere: Vec<_> = tally.unknown.keys().filter(|k| !k.contains(" /i")).collect();
    assert!(elsewhere.is_empty(), "root could not read what decides: {elsewhere:?}");
    assert!(tally.unknown.values().sum::<usize>() * 50 <= tally.asked, "too much is unknown");
}

#[derive(Default)]
struct Tally {
    asked: usize,
    differences: usize,
    doubtful: usize,
    /// Call and verdict → times.
    verdicts: BTreeMap<String, usize>,
    unknown: BTreeMap<String, usize>,
}

fn ask_world(stage: &mut Stage, plan: &Plan, random: &mut Random, tally: &mut Tally) {
    for _ in 0..PER_WORLD / PER_SUBJECT {
        let which = if random.chance(50) { 0 } else { random.below(stage.workers.len()) };
        let namespace = stage.workers[which].namespace.clone();
        // A securebit is nowhere in /proc.
        let subject = Subject { no_setuid_fixup: false, ..subject(random, &namespace) };
        stage.workers[which].become_subject(&subject).unwrap();
        let mut known: Option<(i32, Asking)> = None;
        for _ in 0..PER_SUBJECT {
            if tally.differences >= ENOUGH {
                return;
            }
            let operation = operation(random, plan, &namespace);
            let tid = stage.workers[which].identify().unwrap();
            if known.as_ref().is_none_or(|(last, _)| *last != tid) {
                known = Some((tid, resolve(&Who::Process(tid), None).unwrap()));
            }
            let Some((_, asking)) = &known else { continue };
            let answer = ask(asking, &LiveHost, &Question::File(operation.clone()));
            let real = stage.workers[which].ask(&operation).unwrap();
            count(tally, &operation, &answer);
            if answer.verdict != Verdict::Unknown && answer.errno.map_or(0, |e| e.0) != real {
                tally.differences += 1;
                report(&subject, asking, &operation, &answer, real);
            }
            if real == 0 && changes(&operation) {
                stage.rebuild(plan).expect("the world again");
            }
        }
    }
}

fn count(tally: &mut Tally, operation: &Operation, answer: &Answer) {
    tally.asked += 1;
    *tally.verdicts.entry(format!("{} {:?}", name(operation), answer.verdict)).or_default() += 1;
    if answer.verdict == Verdict::Unknown {
        *tally.unknown.entry(format!("{}: {}", name(operation), answer.because)).or_default() += 1;
    }
    // What every answer of a process under other roots carries is no doubt about the files.
    if answer.doubts.iter().any(|d| d.contains("idmapped")) {
        tally.doubtful += 1;
    }
}

fn report(subject: &Subject, asking: &Asking, operation: &Operation, answer: &Answer, real: i32) {
    println!("--- the kernel says {real}, can {:?} {:?} at {}", answer.verdict, answer.errno, answer.at);
    println!("{} ({:?}, {})", answer.because, answer.decision, answer.function);
    let paths: Vec<_> = operation.paths().iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect();
    println!("{paths:?} {operation:?}");
    println!("asked as {:?}", asking.subject);
    println!("was {subject:?}");
    println!("doubts {:?}", answer.doubts);
}
