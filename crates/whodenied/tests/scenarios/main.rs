//! Real programs refused by this very kernel, followed by `whodenied run`: the layer, the object, and
//! that the first fix it prints lets the program through.
//!
//! Needs root to set the stage, and setpriv, setfacl and mount; what this machine can't show is
//! skipped with its reason. The programs themselves run as an ordinary user.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::RwLock;

mod scene;

use scene::{Fix, Scene};

fn root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t0")))
}

/// Programs by name, and what else a scene may need of the machine.
fn there(need: &str) -> bool {
    let test = match need {
        "python3-seccomp" => "/usr/bin/python3 -c 'import seccomp'",
        "cgroup-devices" => "test -e /sys/fs/cgroup/devices/devices.deny",
        // landlock_create_ruleset that asks for the version only.
        "landlock" => {
            "/usr/bin/python3 -c 'import ctypes,sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'"
        }
        // Network rights came with the fourth version.
        "landlock-net" => {
            "/usr/bin/python3 -c 'import ctypes,sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 4)'"
        }
        "cap-sys-resource" => {
            "test $((0x$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status) >> 24 & 1)) = 1"
        }
        program => return shell(Path::new("/"), &format!("command -v {program}")).status.success(),
    };
    shell(Path::new("/"), test).status.success()
}

fn shell(dir: &Path, script: &str) -> Output {
    // Whatever hangs must not hang the suite.
    Command::new("timeout")
        .args(["60", "/bin/sh", "-c", script])
        .env("D", dir)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .output()
        .expect("sh")
}

fn program(dir: &Path, scene: &Scene) -> String {
    scene.run.replace("$D", &dir.to_string_lossy())
}

/// Runs the program as its user, with `before` in front.
fn play(dir: &Path, scene: &Scene, before: &str) -> Output {
    shell(dir, &format!("exec setpriv {} {before} {}", scene.user, program(dir, scene)))
}

/// Sysctls are the whole machine's: who sets them plays alone.
static MACHINE: RwLock<()> = RwLock::new(());

fn perform(scene: &Scene, binary: &Path) -> Result<(), Failed> {
    let sets = scene.stage.contains("sysctl") || scene.fix == Fix::Printed && scene.layer == "sysctl";
    let (mut alone, mut together) = (None, None);
    if sets {
        alone = Some(MACHINE.write());
    } else {
        together = Some(MACHINE.read());
    }
    let outcome = on_stage(scene, binary);
    drop((alone.take(), together.take()));
    outcome
}

fn on_stage(scene: &Scene, binary: &Path) -> Result<(), Failed> {
    let dir = std::env::temp_dir().join(format!(
        "whodenied-scene-{}-{}",
        std::process::id(),
        scene.name.replace(|c: char| !c.is_alphanumeric(), "-")
    ));
    std::fs::create_dir_all(&dir)?;
    shell(&dir, "chmod 755 $D");
    let outcome = acted(scene, binary, &dir);
    shell(&dir, &scene.strike);
    std::fs::remove_dir_all(&dir)?;
    outcome
}

fn acted(scene: &Scene, binary: &Path, dir: &Path) -> Result<(), Failed> {
    let stage = shell(dir, &format!("set -e; {}", scene.stage));
    if !stage.status.success() {
        return Err(format!("the stage: {}", String::from_utf8_lossy(&stage.stderr)).into());
    }
    let before = play(dir, scene, "");
    if before.status.success() {
        return Err("the program is not refused on this machine".into());
    }
    let followed = play(dir, scene, &format!("{} run --format json --", binary.display()));
    let report: Value = serde_json::from_slice(&followed.stdout)
        .map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&followed.stderr)))?;
    let first = &report["denials"][0];
    let is = |key: &str| first[key].as_str().unwrap_or("").to_owned();
    let said = format!(
        "{} refused {} on {} — {}: {}",
        is("layer"),
        is("operation"),
        is("object"),
        is("certainty"),
        is("cause")
    );
    // What is asked for, or more certain.
    let certain =
        scene.certainty == is("certainty") || scene.certainty != "proven" && is("certainty") == "proven";
    if is("layer") != scene.layer || !certain {
        return Err(format!("want {} {}, got: {said}", scene.layer, scene.certainty).into());
    }
    let named = format!("{} {} {}", is("object"), is("operation"), is("cause"));
    if !named.contains(&scene.object) {
        return Err(format!("want the object {}, got: {said}", scene.object).into());
    }
    // A program says the same with us and without us.
    // Ids and times in it differ from run to run; what asks whether it may trace meets us.
    let own = |o: &Output| {
        let text = String::from_utf8_lossy(&o.stderr);
        text.lines().next().unwrap_or("").replace(|c: char| c.is_ascii_digit(), "")
    };
    let executed = !scene.run.starts_with("$D") && !scene.run.contains("strace");
    if executed && !own(&before).is_empty() && own(&before) != own(&followed) {
        return Err(format!("without us: {}\nwith us: {}", own(&before), own(&followed)).into());
    }
    match scene.fix {
        Fix::None => Ok(()),
        Fix::Printed => mended(scene, dir, &first["remedies"][0], true),
        Fix::Started(nth) => mended(scene, dir, &first["remedies"][nth - 1], false),
    }
}

/// A remedy's commands, run as they are printed, let the program through; its undo takes that back,
/// so that the program is refused again. Where the commands start the program themselves (`again` is
/// false), that they end well is the proof.
fn mended(scene: &Scene, dir: &Path, remedy: &Value, again: bool) -> Result<(), Failed> {
    let list = |key: &str| -> Vec<String> {
        remedy[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|c| c.as_str())
            .map(|c| c.replace("sudo ", ""))
            .collect()
    };
    let (commands, undo) = (list("commands"), list("undo"));
    if commands.is_empty() {
        return Err(format!("no command in {remedy}").into());
    }
    let run = |all: &[String]| {
        let done = shell(dir, &format!("set -e; {}", all.join("; ")));
        if done.status.success() {
            Ok(())
        } else {
            Err(format!("{all:?}: {}", String::from_utf8_lossy(&done.stderr)))
        }
    };
    run(&commands)?;
    if again {
        let after = play(dir, scene, "");
        if !after.status.success() {
            return Err(
                format!("{commands:?} did not help: {}", String::from_utf8_lossy(&after.stderr)).into()
            );
        }
    }
    run(&undo)?;
    // What the program changed may be as it wanted it now: removed, renamed, made.
    if again && undo.is_empty() {
        return Err(format!("no way back in {remedy}").into());
    }
    Ok(())
}

fn main() {
    let mut args = Arguments::from_args();
    // Mounts and lists of one scene must not meet another's.
    args.test_threads.get_or_insert(2);
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_whodenied"));
    // The ordinary user must reach the binary.
    let copy = std::env::temp_dir().join(format!("whodenied-scenes-{}", std::process::id()));
    let reason = if !root() {
        Some("needs root to set the stage".to_owned())
    } else if let Some(missing) = ["setpriv", "setfacl", "mount", "python3"].iter().find(|p| !there(p)) {
        Some(format!("needs {missing}"))
    } else {
        std::fs::copy(&binary, &copy).err().map(|e| format!("the binary can't be copied: {e}"))
    };
    if let Some(reason) = &reason {
        eprintln!("scenarios skipped: {reason}");
    }
    let trials = scene::all().into_iter().map(|scene| {
        let copy = copy.clone();
        let missing = scene.needs.iter().find(|p| !there(p));
        if let Some(missing) = missing.filter(|_| reason.is_none()) {
            eprintln!("skipped: {}: no {missing}", scene.name);
        }
        let skip = reason.is_some() || missing.is_some();
        Trial::test(scene.name.clone(), move || perform(&scene, &copy)).with_ignored_flag(skip)
    });
    let conclusion = libtest_mimic::run(&args, trials.collect());
    let _ = std::fs::remove_file(&copy);
    conclusion.exit();
}
