//! Real programs refused by this very kernel, followed by `whodenied run`: the layer, the object, and
//! that the first fix it prints lets the program through.
//!
//! Needs root to set the stage, and setpriv, setfacl and mount; what this machine can't show is
//! skipped with its reason. The programs themselves run as an ordinary user.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// One scene. In its scripts `$D` is a directory of its own, `$U` the ordinary user's id.
struct Scene {
    name: &'static str,
    /// Programs that it needs beside the usual ones.
    needs: &'static [&'static str],
    /// Sets the stage, as root.
    stage: &'static str,
    /// Takes the stage down, as root.
    strike: &'static str,
    /// What comes before the program: `setpriv` options of its own.
    wrap: &'static str,
    /// The program.
    program: &'static str,
    layer: &'static str,
    /// `proven`, or the least that is asked for.
    certainty: &'static str,
    /// A part of the object's name.
    object: &'static str,
    fix: Fix,
}

/// What is done to let it through.
enum Fix {
    /// The commands of the first remedy, as they are printed.
    Printed,
    /// Nothing: the fix needs another process or machine.
    None,
}

const USER: &str = "--reuid=65533 --regid=65533 --clear-groups";

const fn scene(
    name: &'static str,
    stage: &'static str,
    program: &'static str,
    layer: &'static str,
    object: &'static str,
    fix: Fix,
) -> Scene {
    Scene {
        name,
        needs: &[],
        stage,
        strike: "",
        wrap: USER,
        program,
        layer,
        certainty: "proven",
        object,
        fix,
    }
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn scenes() -> Vec<Scene> {
    vec![
        scene("read a private file", "echo x > $D/f; chmod 600 $D/f", "cat $D/f", "dac", "/f", Fix::Printed),
        scene(
            "read of a group's file",
            "echo x > $D/f; chmod 640 $D/f; chgrp daemon $D/f",
            "cat $D/f",
            "dac",
            "/f",
            Fix::Printed,
        ),
        scene(
            "python opens a private file",
            "echo x > $D/f; chmod 600 $D/f",
            "/usr/bin/python3 -c \"open('$D/f')\"",
            "dac",
            "/f",
            Fix::Printed,
        ),
        scene(
            "search of a private directory",
            "mkdir $D/d; echo x > $D/d/f; chmod 700 $D/d",
            "cat $D/d/f",
            "dac",
            "/d",
            Fix::Printed,
        ),
        scene(
            "create in another's directory",
            "mkdir $D/d; chmod 755 $D/d",
            "touch $D/d/new",
            "dac",
            "/d",
            Fix::Printed,
        ),
        scene(
            "redirect into another's file",
            "echo x > $D/f; chmod 644 $D/f",
            "sh -c 'echo y > $D/f'",
            "dac",
            "/f",
            Fix::Printed,
        ),
        scene("make a directory", "mkdir $D/d; chmod 755 $D/d", "mkdir $D/d/new", "dac", "/d", Fix::Printed),
        scene("list a directory", "mkdir $D/d; chmod 711 $D/d", "ls $D/d", "dac", "/d", Fix::Printed),
        scene(
            "remove another's file",
            "mkdir $D/d; chmod 755 $D/d; touch $D/d/f",
            "rm -f $D/d/f",
            "dac",
            "/d",
            Fix::Printed,
        ),
        scene(
            "rename in another's directory",
            "mkdir $D/d; chmod 755 $D/d; touch $D/d/f",
            "mv $D/d/f $D/d/g",
            "dac",
            "/d",
            Fix::Printed,
        ),
        scene(
            "execute a file without x",
            "printf '#!/bin/sh\\nexit 0\\n' > $D/f; chmod 644 $D/f",
            "$D/f",
            "dac",
            "/f",
            Fix::Printed,
        ),
        scene(
            "an interpreter without x",
            "cp /bin/true $D/i; chmod 644 $D/i; printf \"#!$D/i\\n\" > $D/f; chmod 755 $D/f",
            "$D/f",
            "dac",
            "/i",
            Fix::Printed,
        ),
        scene(
            "change into a private directory",
            "mkdir $D/d; chmod 700 $D/d",
            "sh -c 'cd $D/d'",
            "dac",
            "/d",
            Fix::Printed,
        ),
        scene("change another's mode", "touch $D/f", "chmod 600 $D/f", "dac", "/f", Fix::None),
        scene(
            "give a file away",
            "touch $D/f; chown 65533 $D/f",
            "chown root $D/f",
            "capability",
            "/f",
            Fix::None,
        ),
        scene(
            "times of another's file",
            "touch $D/f; chmod 644 $D/f",
            "touch -d 2001-01-01 $D/f",
            "dac",
            "/f",
            Fix::None,
        ),
        scene(
            "a sticky directory",
            "mkdir $D/d; chmod 1777 $D/d; touch $D/d/f; chmod 666 $D/d/f",
            "rm -f $D/d/f",
            "dac",
            "/d",
            Fix::None,
        ),
        scene(
            "connect to a socket without write",
            "/usr/bin/python3 -c \"import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind('$D/s'); s.listen(5)\"; chmod 600 $D/s",
            "/usr/bin/python3 -c \"import socket; s=socket.socket(socket.AF_UNIX); s.connect('$D/s')\"",
            "dac",
            "/s",
            Fix::None,
        ),
        scene(
            "an access control list's mask",
            "echo x > $D/f; chmod 640 $D/f; setfacl -m u:65533:rw,m::--- $D/f",
            "cat $D/f",
            "acl",
            "/f",
            Fix::None,
        ),
        scene(
            "an access control list denies a user",
            "echo x > $D/f; chmod 644 $D/f; setfacl -m u:65533:--- $D/f",
            "cat $D/f",
            "acl",
            "/f",
            Fix::Printed,
        ),
        Scene {
            strike: "chattr -i $D/f",
            ..scene(
                "an immutable file",
                "echo x > $D/f; chmod 666 $D/f; chattr +i $D/f",
                "sh -c 'echo y > $D/f'",
                "inode-flags",
                "/f",
                Fix::Printed,
            )
        },
        Scene {
            strike: "chattr -a $D/f",
            ..scene(
                "an append-only file",
                "echo x > $D/f; chmod 666 $D/f; chattr +a $D/f",
                "sh -c 'echo y > $D/f'",
                "inode-flags",
                "/f",
                Fix::Printed,
            )
        },
        Scene {
            strike: "umount $D/m",
            ..scene(
                "a noexec mount",
                "mkdir $D/m; mount -t tmpfs -o noexec,mode=755 none $D/m; cp /bin/true $D/m/t",
                "$D/m/t",
                "mount-flags",
                "/m",
                Fix::Printed,
            )
        },
        Scene {
            strike: "umount $D/m",
            ..scene(
                "a script on a noexec mount",
                "mkdir $D/m; mount -t tmpfs -o noexec,mode=755 none $D/m; printf '#!/bin/sh\\nexit 0\\n' > $D/m/t; chmod 755 $D/m/t",
                "$D/m/t",
                "mount-flags",
                "/m",
                Fix::Printed,
            )
        },
        Scene {
            strike: "umount $D/m",
            ..scene(
                "a read-only mount",
                "mkdir $D/m; mount -t tmpfs -o mode=777 none $D/m; mount -o remount,bind,ro $D/m",
                "touch $D/m/f",
                "readonly",
                "/m",
                Fix::Printed,
            )
        },
        Scene {
            strike: "umount $D/m",
            ..scene(
                "a read-only file system",
                "mkdir $D/m; mount -t tmpfs -o mode=777,ro none $D/m",
                "mkdir $D/m/f",
                "readonly",
                "/m",
                Fix::Printed,
            )
        },
        Scene {
            strike: "umount $D/m",
            ..scene(
                "a device on a nodev mount",
                "mkdir $D/m; mount -t tmpfs -o nodev,mode=755 none $D/m; mknod -m 666 $D/m/null c 1 3",
                "cat $D/m/null",
                "mount-flags",
                "/m",
                Fix::Printed,
            )
        },
        scene(
            "a raw socket",
            "",
            "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'",
            "capability",
            "raw",
            Fix::None,
        ),
        scene(
            "a packet socket",
            "",
            "/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'",
            "capability",
            "",
            Fix::None,
        ),
        scene(
            "a low port",
            "",
            "/usr/bin/python3 -c \"import socket; socket.socket().bind(('127.0.0.1', 81))\"",
            "port",
            "81",
            Fix::None,
        ),
        scene("mount without a capability", "", "mount -t tmpfs none /mnt", "capability", "", Fix::None),
        scene("the host name", "", "hostname elsewhere", "capability", "", Fix::None),
        scene(
            "the clock",
            "",
            "/usr/bin/python3 -c 'import time; time.clock_settime(time.CLOCK_REALTIME, 1)'",
            "capability",
            "",
            Fix::None,
        ),
        scene(
            "chroot without a capability",
            "mkdir $D/r",
            "/usr/sbin/chroot $D/r",
            "capability",
            "",
            Fix::None,
        ),
        scene("another user's process", "", "kill -TERM 1", "capability", "", Fix::None),
        scene(
            "becoming another user",
            "",
            "/usr/bin/python3 -c 'import os; os.setuid(0)'",
            "capability",
            "",
            Fix::None,
        ),
        scene(
            "groups without a capability",
            "",
            "/usr/bin/python3 -c 'import os; os.setgroups([0])'",
            "capability",
            "",
            Fix::None,
        ),
        scene("a namespace without a capability", "", "unshare --net true", "capability", "", Fix::None),
        Scene {
            wrap: "--bounding-set=-all --inh-caps=-all",
            ..scene(
                "root without capabilities",
                "echo x > $D/f; chmod 600 $D/f; chown 65533 $D/f",
                "cat $D/f",
                "capability",
                "/f",
                Fix::None,
            )
        },
        Scene {
            wrap: "--bounding-set=-all --inh-caps=-all",
            ..scene(
                "chown by root without capabilities",
                "touch $D/f",
                "chown 65533 $D/f",
                "capability",
                "/f",
                Fix::None,
            )
        },
    ]
}

fn root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t0")))
}

fn there(program: &str) -> bool {
    shell(Path::new("/"), &format!("command -v {program}")).status.success()
}

fn shell(dir: &Path, script: &str) -> Output {
    Command::new("/bin/sh")
        .args(["-c", script])
        .env("D", dir)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .output()
        .expect("sh")
}

fn program(dir: &Path, scene: &Scene) -> String {
    scene.program.replace("$D", &dir.to_string_lossy())
}

/// Runs the program as its user, with `before` in front.
fn play(dir: &Path, scene: &Scene, before: &str) -> Output {
    shell(dir, &format!("exec setpriv {} {before} {}", scene.wrap, program(dir, scene)))
}

fn perform(scene: &Scene, binary: &Path) -> Result<(), Failed> {
    let dir = std::env::temp_dir().join(format!(
        "whodenied-scene-{}-{}",
        std::process::id(),
        scene.name.replace(|c: char| !c.is_alphanumeric(), "-")
    ));
    std::fs::create_dir_all(&dir)?;
    shell(&dir, "chmod 755 $D");
    let outcome = acted(scene, binary, &dir);
    shell(&dir, scene.strike);
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
    if is("layer") != scene.layer || is("certainty") != scene.certainty {
        return Err(format!("want {} {}, got: {said}", scene.layer, scene.certainty).into());
    }
    let named = format!("{} {} {}", is("object"), is("operation"), is("cause"));
    if !named.contains(scene.object) {
        return Err(format!("want the object {}, got: {said}", scene.object).into());
    }
    // A program says the same with us and without us.
    let own = |o: &Output| String::from_utf8_lossy(&o.stderr).lines().next().unwrap_or("").to_owned();
    let executed = !scene.program.starts_with("$D");
    if executed && own(&before) != own(&followed) {
        return Err(format!("without us: {}\nwith us: {}", own(&before), own(&followed)).into());
    }
    match scene.fix {
        Fix::None => Ok(()),
        Fix::Printed => mended(scene, dir, first),
    }
}

/// The first remedy's commands, run as they are printed, let the program through; its undo takes
/// that back.
fn mended(scene: &Scene, dir: &Path, denial: &Value) -> Result<(), Failed> {
    let remedy = &denial["remedies"][0];
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
    let after = play(dir, scene, "");
    if !after.status.success() {
        return Err(format!("{commands:?} did not help: {}", String::from_utf8_lossy(&after.stderr)).into());
    }
    run(&undo)?;
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
    let trials = scenes().into_iter().map(|scene| {
        let (copy, missing) = (copy.clone(), scene.needs.iter().any(|p| !there(p)));
        let skip = reason.is_some() || missing;
        Trial::test(scene.name, move || perform(&scene, &copy)).with_ignored_flag(skip)
    });
    let conclusion = libtest_mimic::run(&args, trials.collect());
    let _ = std::fs::remove_file(&copy);
    conclusion.exit();
}
