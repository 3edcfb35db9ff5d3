//! Containers that die, mended by `whodenied fix --container`: what was seen to work on a clone, that
//! nothing dangerous is newly allowed but what the fix says, and that nothing is left behind.
//!
//! Starts a dockerd of its own below a temporary directory; needs root, else everything is skipped with the
//! reason. `WHODENIED_ALL_FIXES=1` tries every container of the post-mortem's tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

#[path = "postmortem/engine.rs"]
mod engine;
#[path = "postmortem/scenes.rs"]
mod scenes;
#[path = "cli/schema.rs"]
mod schema;

use engine::{Engine, Kind};
use libtest_mimic::{Arguments, Failed, Trial};
use scenes::{Scene, scenes};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() {
    let arguments = Arguments::from_args();
    if arguments.list {
        libtest_mimic::run(&arguments, Vec::new()).exit();
    }
    let started = Arc::new(AtomicUsize::new(0));
    let mut engines = Vec::new();
    for kind in [Kind::Docker, Kind::Remapped] {
        match Engine::start(kind) {
            Ok(engine) => engines.push((kind, Arc::new(engine))),
            Err(why) => eprintln!("skipped: containers of {kind:?}: {why}"),
        }
    }
    let all = std::env::var_os("WHODENIED_ALL_FIXES").is_some();
    let trials = scenes()
        .into_iter()
        .filter(|scene| {
            let title = format!("{:?}: {}", scene.on, scene.name);
            all || NOT_FIXED.contains(&title.as_str()) || FIXED.iter().any(|(t, _)| *t == title)
        })
        .filter_map(|scene| {
            let engine = engines.iter().find(|(kind, _)| *kind == scene.on)?.1.clone();
            let started = started.clone();
            Some(Trial::test(format!("{:?}: {}", scene.on, scene.name), move || {
                perform(&scene, &engine, started.fetch_add(1, Ordering::Relaxed))
            }))
        })
        .collect();
    let mut trials: Vec<Trial> = trials;
    if let Some((_, engine)) = engines.iter().find(|(kind, _)| *kind == Kind::Docker) {
        let engine = engine.clone();
        trials.push(Trial::test("Docker: ended at any moment, and two at once", move || faults(&engine)));
    }
    let conclusion = libtest_mimic::run(&Arguments { test_threads: Some(1), ..arguments }, trials);
    drop(engines);
    conclusion.exit();
}

/// Scenes whose fix has to be seen to work, and what dangerous thing it newly allows; all others only have
/// to tell nothing wrong and to leave nothing.
const FIXED: &[(&str, &[&str])] = &[
    ("Docker: a volume of root's", &[]),
    ("Docker: a private file of a volume", &[]),
    ("Docker: an access control list", &[]),
    ("Docker: an immutable file", &[]),
    ("Docker: a read-only volume", &[]),
    ("Docker: a read-only root", &[]),
    ("Docker: a noexec tmpfs", &[]),
    ("Docker: a user namespace", &["make a user namespace"]),
    ("Docker: the address space's layout", &[]),
    ("Docker: chown without capabilities", &["give files away"]),
    ("Docker: a raw socket", &["use packet sockets", "use raw sockets"]),
    ("Docker: a low port", &[]),
    ("Docker: becoming a user without the right", &[]),
    ("Remapped: a volume of root's", &[]),
];

/// Tried besides: what is refused again or can't be tried has to be said.
const NOT_FIXED: &[&str] = &[
    "Docker: a directory of the image",
    "Docker: chown by a user",
    "Docker: a sysctl",
    "Docker: a setuid program under no_new_privs",
    "Remapped: an id without a counterpart",
];

/// What a signal ends is put away by itself, what is killed by the next run.
fn faults(engine: &Engine) -> Result<(), Failed> {
    engine.stage("", "faults")?;
    engine.run("faults", "--user app -v $V:/data", "touch /data/x")?;
    let before = engine.everything();
    for (signal, moments) in [("TERM", ["0.05", "0.3", "0.8"]), ("KILL", ["0.1", "0.4", "0.9"])] {
        for moment in moments {
            engine.ended("fix --container faults", signal, moment);
            let after = engine.everything();
            if signal == "TERM" && before != after {
                return Err(format!("ended after {moment} s it left:\n{before}\nthen\n{after}").into());
            }
        }
    }
    let both = std::thread::scope(|s| {
        let one = || engine.whodenied("fix --container faults --format json");
        let other = s.spawn(one);
        (one(), other.join())
    });
    let (Ok(one), Ok(Ok(other))) = both else { return Err("two at once do not end".into()) };
    for report in [one, other] {
        if report["outcome"] != "fixed" {
            return Err(format!("two at once: {report:#}").into());
        }
    }
    let after = engine.everything();
    if before != after {
        return Err(format!("after all it left:\n{before}\nthen\n{after}").into());
    }
    Ok(())
}

fn perform(scene: &Scene, engine: &Engine, number: usize) -> Result<(), Failed> {
    let name = format!("scene-{number}");
    let title = format!("{:?}: {}", scene.on, scene.name);
    engine.stage(scene.stage, &name)?;
    engine.run(&name, scene.options, scene.program)?;
    let before = engine.everything();
    let report = engine.whodenied(&format!("fix --container {name} --format json"));
    let after = engine.everything();
    engine.strike(scene.strike);
    let report: Value = report?;
    let wrong = schema::check("whodenied-fix-1", &report.to_string());
    if !wrong.is_empty() {
        return Err(format!("not by its schema: {wrong:?}").into());
    }
    let first = &report["denials"][0];
    let said = format!("{} {} {}: {report:#}", report["outcome"], first["layer"], first["certainty"]);
    if before != after {
        return Err(format!("something was changed or left:\n{before}\nthen\n{after}").into());
    }
    let right = scene.layer.split('|').any(|layer| first["layer"] == layer);
    if !right && first["certainty"] == "proven" {
        return Err(format!("a wrong proven; want {}: {said}", scene.layer).into());
    }
    let Some((_, allowed)) = FIXED.iter().find(|(t, _)| *t == title) else {
        let tried = first["fixes"].as_array().is_some_and(|f| f.iter().all(|f| f["why"] != ""));
        let claimed = report["outcome"] == "fixed";
        return if right && tried && !claimed { Ok(()) } else { Err(said.into()) };
    };
    if report["outcome"] != "fixed" || !right {
        return Err(format!("want a fix for {}: {said}", scene.layer).into());
    }
    let probes = report["probes"].as_array().map_or(0, Vec::len);
    let started = report["containers_started"].as_u64().unwrap_or(99);
    if probes < 30 || started > 8 || report["newly_allowed"] != serde_json::json!(allowed) {
        return Err(format!("want {allowed:?} newly allowed and at most 8 containers: {said}").into());
    }
    Ok(())
}
