//! The model of file access against the running kernel, as root: the same random questions to both.
//!
//! `WHODENIED_ACCESS_CHECKS=N` asks N questions (5,000 without), `WHODENIED_ACCESS_SEED=S` starts at
//! another seed. `WHODENIED_ACCESS_SYSCTLS=1` also changes the sysctls `fs.protected_*` from world to world,
//! of the whole machine, and puts them back at the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, reason = "this test is its own harness")]

use rustix::fs::{AtFlags, Mode, OFlags, open, unlinkat};
use std::collections::BTreeMap;
use std::time::Instant;
use whodenied_access::{Decision, Operation, Subject, Tree, World, decide, ways};
use whodenied_kernel::Errno;
use whodenied_testkit::access::minimise::minimise;
use whodenied_testkit::access::plan::{Model, Plan, limits, model, plan};
use whodenied_testkit::access::questions::{changes, name, operation, subject};
use whodenied_testkit::access::random::Random;
use whodenied_testkit::access::stage::Stage;
use whodenied_testkit::access::worker;

const NAME: &str = "model_agrees_with_the_kernel";

/// Questions asked of one world, and of one subject in it.
const PER_WORLD: usize = 120;
const PER_SUBJECT: usize = 12;
/// Refusals out of a hundred for which the ways out are tried on the real tree.
const EXPLAINED: u64 = 4;
/// Differences after which it is enough.
const ENOUGH: usize = 5;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_default();
    match argument.as_str() {
        "--worker" => return worker::run(false, false).unwrap(),
        "--worker-in-namespace" => return worker::run(true, false).unwrap(),
        "--worker-with-tmpfs" => return worker::run(true, true).unwrap(),
        "--list" => {
            println!("{NAME}: test");
            return;
        }
        filter if !filter.starts_with('-') && !NAME.contains(filter) => return,
        _ => {}
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: the model check against the kernel needs root");
        return;
    }
    let parent = std::env::temp_dir();
    let parent = open(&parent, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let scratch = format!("whodenied-access-{}", std::process::id());
    let stage = Stage::set(&std::env::temp_dir().join(&scratch));
    let _ = unlinkat(&parent, &scratch, AtFlags::REMOVEDIR);
    let mut stage = match stage {
        Ok(stage) => stage,
        Err(error) => {
            println!("skipped: the stage can't be set: {error}");
            return;
        }
    };
    let checks = usize::try_from(number("WHODENIED_ACCESS_CHECKS", 5000)).unwrap();
    let seed = number("WHODENIED_ACCESS_SEED", 1);
    let sysctls = number("WHODENIED_ACCESS_SYSCTLS", 0) != 0;
    let mut tally = Tally::default();
    let begun = Instant::now();
    let mut before: Option<Plan> = None;
    let mut round = 0;
    ask_limits(&mut stage, &mut before, &mut tally);
    while tally.asked < checks && tally.differences < ENOUGH {
        let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(round));
        round += 1;
        let plan = plan(&mut random, &stage.offer);
        if sysctls {
            stage.offer.settings = stage.sysctls.shuffle(&mut random).expect("the sysctls");
        }
        stage.build(before.as_ref(), &plan).expect("a world");
        ask_world(&mut stage, &plan, &mut random, &mut tally);
        before = Some(plan);
    }
    let seconds = begun.elapsed().as_secs_f64();
    tally.print(seed, seconds);
    let offer = &stage.offer;
    let there = [
        ("ext4", offer.disk),
        ("overlay", offer.overlay),
        ("idmapped", offer.maps.is_some()),
        ("of a user namespace", offer.foreign.is_some()),
    ];
    println!("mounts: {}", there.map(|(what, there)| format!("{what} {there}")).join(", "));
    assert_eq!(tally.differences, 0, "the model and the kernel differ");
}

#[derive(Default)]
struct Tally {
    asked: usize,
    rebuilt: usize,
    differences: usize,
    /// Ways out tried on the real tree.
    tried: usize,
    /// Change → times it was part of one.
    changes: BTreeMap<String, usize>,
    /// Call → asked, refused.
    calls: BTreeMap<&'static str, (usize, usize)>,
    /// Errno and rule → times.
    rules: BTreeMap<String, usize>,
}

impl Tally {
    fn print(&self, seed: u64, seconds: f64) {
        let calls: Vec<String> = self
            .calls
            .iter()
            .map(|(call, (asked, refused))| format!("{call} {asked} ({refused} refused)"))
            .collect();
        println!("calls: {}", calls.join(", "));
        let rules: Vec<String> = self.rules.iter().map(|(rule, times)| format!("{rule} {times}")).collect();
        println!("refused by: {}", rules.join(", "));
        let changes: Vec<String> = self.changes.iter().map(|(c, times)| format!("{c} {times}")).collect();
        println!("ways out tried: {} ({})", self.tried, changes.join(", "));
        println!(
            "seed {seed}: {} questions, {} differences, {} rebuilds, {seconds:.1} s, {:.0} a second",
            self.asked,
            self.differences,
            self.rebuilt,
            self.asked as f64 / seconds
        );
    }

    fn count(&mut self, operation: &Operation, decision: &Decision) {
        self.asked += 1;
        let call = self.calls.entry(name(operation)).or_default();
        call.0 += 1;
        if let Decision::Refused(refusal) = decision {
            call.1 += 1;
            let rule = format!("{:?}", refusal.rule).split('(').next().unwrap_or_default().to_owned();
            *self.rules.entry(format!("{} {rule}", refusal.errno)).or_default() += 1;
        }
    }
}

/// The numbers in the kernel that chance does not reach.
fn ask_limits(stage: &mut Stage, before: &mut Option<Plan>, tally: &mut Tally) {
    let plan = limits(&stage.offer);
    stage.build(None, &plan).expect("a world");
    let tree = model(&plan, &stage.offer).tree;
    let subject = Subject::user(1000, 1000);
    stage.workers[0].become_subject(&subject).unwrap();
    let stat = |path: String| Operation::Stat { path: path.into(), follow: true };
    let mut all: Vec<Operation> = (0..=45).map(|i| stat(format!("l{i}"))).collect();
    all.extend((0..=8).map(|i| Operation::Execute { path: format!("s{i}").into() }));
    all.extend([254, 255, 256].map(|length| stat("n".repeat(length))));
    all.extend([2040, 2046, 2047, 2048, 2049].map(|slashes| stat("./".repeat(slashes))));
    all.push(stat(format!("{}l1", "./".repeat(2046))));
    for operation in all {
        let decision = decide(&subject, &tree, &operation);
        let real = stage.workers[0].ask(&operation).unwrap();
        tally.count(&operation, &decision);
        if real != expected(&decision) {
            tally.differences += 1;
            println!("--- limits: {operation:?}: the kernel says {real}, the model {decision:?}");
        }
    }
    *before = Some(plan);
}

fn ask_world(stage: &mut Stage, plan: &Plan, random: &mut Random, tally: &mut Tally) {
    let model = model(plan, &stage.offer);
    let tree = &model.tree;
    for _ in 0..PER_WORLD / PER_SUBJECT {
        // Half of the subjects live in the first user namespace.
        let which = if random.chance(50) { 0 } else { random.below(stage.workers.len()) };
        let namespace = stage.workers[which].namespace.clone();
        let subject = subject(random, &namespace);
        stage.workers[which].become_subject(&subject).unwrap();
        for _ in 0..PER_SUBJECT {
            if tally.differences >= ENOUGH {
                return;
            }
            let operation = operation(random, plan, &namespace);
            let decision = decide(&subject, tree, &operation);
            let real = stage.workers[which].ask(&operation).unwrap();
            tally.count(&operation, &decision);
            if real == 0 && changes(&operation) {
                if let Err(error) = stage.rebuild(plan) {
                    report(&subject, &operation, &decision, real, plan, tree);
                    panic!("the world again: {error}");
                }
                tally.rebuilt += 1;
            }
            if random.chance(EXPLAINED) && !decision.is_allowed() {
                try_ways(stage, which, (plan, &model), &subject, &operation, tally);
            }
            if real != expected(&decision) {
                tally.differences += 1;
                explain(stage, which, plan, &subject, &operation);
            }
        }
    }
}

/// Prints a difference as small as it can be made, and leaves the world as it was.
fn explain(stage: &mut Stage, which: usize, plan: &Plan, subject: &Subject, operation: &Operation) {
    let small = minimise(stage, which, plan, subject, operation).expect("a smaller world");
    let tree = model(&small.plan, &stage.offer).tree;
    let decision = decide(&small.subject, &tree, operation);
    stage.rebuild(&small.plan).expect("the smaller world");
    stage.workers[which].become_subject(&small.subject).unwrap();
    let real = stage.workers[which].ask(operation).unwrap();
    report(&small.subject, operation, &decision, real, &small.plan, &tree);
    stage.build(Some(&small.plan), plan).expect("the world again");
    stage.workers[which].become_subject(subject).unwrap();
}

/// Makes each change that would let the operation through, one after the other, and asks the kernel.
fn try_ways(
    stage: &mut Stage,
    which: usize,
    (plan, model): (&Plan, &Model),
    subject: &Subject,
    operation: &Operation,
    tally: &mut Tally,
) {
    for way in ways(subject, &model.tree, operation) {
        let Some(other) = model.changed(plan, &way) else { continue };
        let after = way.subject(subject);
        if !after.groups.iter().all(|gid| after.namespace.has_group(*gid)) {
            continue;
        }
        stage.build(Some(plan), &other).expect("the changed world");
        stage.workers[which].become_subject(&after).unwrap();
        let real = stage.workers[which].ask(operation).unwrap();
        stage.build(Some(&other), plan).expect("the world again");
        tally.tried += 1;
        for change in &way.changes {
            let kind = format!("{change:?}");
            let kind = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            *tally.changes.entry(kind).or_default() += 1;
        }
        if real != 0 {
            tally.differences += 1;
            println!("--- a way that is none: {way:?}");
            for change in &way.changes {
                println!("  {change:?}");
            }
            report(subject, operation, &decide(subject, &model.tree, operation), real, plan, &model.tree);
        }
    }
    stage.workers[which].become_subject(subject).unwrap();
}

fn expected(decision: &Decision) -> i32 {
    decision.errno().map_or(0, |e| e.0)
}

fn report(
    subject: &Subject,
    operation: &Operation,
    decision: &Decision,
    real: i32,
    plan: &Plan,
    tree: &Tree,
) {
    let kernel = if real == 0 { "allowed".to_owned() } else { Errno(real).to_string() };
    println!("--- difference: the kernel says {kernel}, the model {decision:?}");
    if let Decision::Refused(refusal) = decision
        && let Some(at) = refusal.at
    {
        println!("at {}", String::from_utf8_lossy(&tree.path(at)));
    }
    println!(
        "operation {} {operation:?}",
        operation.paths().iter().map(|p| String::from_utf8_lossy(p)).collect::<Vec<_>>().join(" -> ")
    );
    println!(
        "subject uid {} gid {} fsuid {} fsgid {} groups {:?} effective {:x} permitted {:x} inheritable {:x} bounding {:x} fixup {} namespace {}",
        subject.uid,
        subject.gid,
        subject.fsuid,
        subject.fsgid,
        subject.groups,
        subject.effective.0,
        subject.permitted.0,
        subject.inheritable.0,
        subject.bounding.0,
        !subject.no_setuid_fixup,
        subject.namespace.id
    );
    println!("options {:?} {:?}", plan.options, tree.settings);
    for zone in &plan.zones {
        for (index, spec) in zone.nodes.iter().enumerate() {
            let mut path = String::new();
            let mut at = Some(index);
            while let Some(i) = at {
                path = format!("/{}{path}", String::from_utf8_lossy(&zone.nodes[i].name));
                at = zone.nodes[i].parent.filter(|p| *p != 0);
            }
            let i = &spec.inode;
            println!(
                "  {}{path} {:?} {:o} {}:{} {}{}{}{}{}{}{}",
                zone.root,
                i.kind,
                i.mode,
                i.uid,
                i.gid,
                if i.immutable { "immutable " } else { "" },
                if i.append_only { "append-only " } else { "" },
                i.acl.as_ref().map_or(String::new(), |a| format!("{a:?} ")),
                if i.target.is_empty() {
                    String::new()
                } else {
                    format!("-> {} ", String::from_utf8_lossy(&i.target))
                },
                i.interpreter
                    .as_ref()
                    .map_or(String::new(), |p| format!("#!{} ", String::from_utf8_lossy(p))),
                i.capabilities.map_or(String::new(), |c| format!("{c:x?} ")),
                spec.link_to.map_or(String::new(), |l| format!("= {l}")),
            );
        }
    }
}
