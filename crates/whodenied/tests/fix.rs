//! Containers that die, mended by `whodenied fix --container`: what was seen to work on a clone, that
//! nothing dangerous is newly allowed but what the fix says, and that nothing is left behind.
//!
//! Starts a dockerd of its own below a temporary directory; needs root, else everything is skipped with the
//! reason. `WHODENIED_ALL_FIXES=1` tries every container of the post-mortem's tests.
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
