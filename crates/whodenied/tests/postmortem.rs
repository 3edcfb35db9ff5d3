//! Real containers that die, explained afterwards by `whodenied explain --container`: the layer, and that
//! nothing is called proven that is not so.
//!
//! Starts a dockerd and uses a Podman of its own, both below a temporary directory; needs root and their
//! programs, else everything is skipped with the reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

#[path = "postmortem/engine.rs"]
mod engine;
#[path = "postmortem/scenes.rs"]
mod scenes;

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
    for kind in [Kind::Docker, Kind::Remapped, Kind::Podman] {
        match Engine::start(kind) {
            Ok(engine) => engines.push((kind, Arc::new(engine))),
            Err(why) => eprintln!("skipped: containers of {kind:?}: {why}"),
        }
    }
    let trials = scenes()
        .into_iter()
        .filter_map(|scene| {
            let engine = engines.iter().find(|(kind, _)| *kind == scene.on)?.1.clone();
            let started = started.clone();
            Some(Trial::test(format!("{:?}: {}", scene.on, scene.name), move || {
                perform(&scene, &engine, started.fetch_add(1, Ordering::Relaxed))
            }))
        })
        .collect();
    // One after the other: the machine has few cores, and records are told apart by their time.
    let conclusion = libtest_mimic::run(&Arguments { test_threads: Some(1), ..arguments }, trials);
    drop(engines);
    conclusion.exit();
}

fn perform(scene: &Scene, engine: &Engine, number: usize) -> Result<(), Failed> {
    let name = format!("scene-{number}");
    engine.stage(scene.stage, &name)?;
    let ran = engine.run(&name, scene.options, scene.program)?;
    if ran.success {
        engine.strike(scene.strike);
        return Err(format!("the program is not refused on this machine: {}", ran.text).into());
    }
    // The volume is as it was; the container is dead.
    let report = engine.explain(&name);
    engine.strike(scene.strike);
    let report: Value = report.map_err(|e| format!("{e}\nit printed: {}", ran.text))?;
    let first = &report["denials"][0];
    let is = |key: &str| first[key].as_str().unwrap_or("").to_owned();
    let said = format!(
        "{} refused {} on {} — {}: {}\nit printed: {}\nmissing: {}",
        is("layer"),
        is("operation"),
        is("object"),
        is("certainty"),
        is("cause"),
        ran.text,
        report["missing"]
    );
    let right = scene.layer.split('|').any(|layer| layer == is("layer"));
    if is("certainty") == "proven" && !right {
        return Err(format!("a wrong proven; want {}: {said}", scene.layer).into());
    }
    let undecided = scene.certainty == "possible" && is("certainty") == "possible";
    if !right && !undecided {
        return Err(format!("want {}: {said}", scene.layer).into());
    }
    if undecided && first["next_steps"].as_array().is_none_or(Vec::is_empty) {
        return Err(format!("no next step: {said}").into());
    }
    let rank = |certainty: &str| ["possible", "likely", "proven"].iter().position(|c| *c == certainty);
    if rank(&is("certainty")) < rank(scene.certainty) {
        return Err(format!("want {}: {said}", scene.certainty).into());
    }
    if report["workload"]["container"] != name {
        return Err(format!("the container is not named: {}", report["workload"]).into());
    }
    Ok(())
}
