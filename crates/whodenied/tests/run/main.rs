//! `whodenied run` does not change how a command runs: its end, its signals, its terminal, its kin.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test")]

mod records;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_whodenied");

/// Runs `whodenied run` with these words.
pub(crate) fn run(words: &[&str]) -> Output {
    Command::new("timeout")
        .args(["120", BINARY, "run"])
        .args(words)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

pub(crate) fn have(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program} >/dev/null")]).status();
    let found = found.is_ok_and(|s| s.success());
    if !found {
        eprintln!("skipped: no {program}");
    }
    found
}

pub(crate) fn root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let root = status.lines().any(|l| l.starts_with("Uid:\t0\t0"));
    if !root {
        eprintln!("skipped: not root");
    }
    root
}

fn status(words: &[&str]) -> i32 {
    let mut all = vec!["--propagate-exit", "--"];
    all.extend(words);
    run(&all).status.code().unwrap()
}

#[test]
fn the_exit_status_is_the_commands_own() {
    for (script, want) in [("exit 0", 0), ("exit 37", 37), ("kill -TERM $$", 143), ("kill -9 $$", 137)] {
        assert_eq!(status(&["sh", "-c", script]), want, "{script}");
    }
    // Without the option it is ours: nothing was denied.
    assert_eq!(run(&["--", "sh", "-c", "exit 37"]).status.code(), Some(0));
}

#[test]
fn many_programs_one_after_the_other() {
    let storm = "i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done; exit 5";
    assert_eq!(status(&["sh", "-c", storm]), 5);
    if Path::new("/usr/bin/python3").exists() {
        // subprocess starts its children by vfork.
        let vfork = "import subprocess\nfor _ in range(50): subprocess.run(['/bin/true'], check=True)\nraise SystemExit(6)";
        assert_eq!(status(&["/usr/bin/python3", "-I", "-S", "-c", vfork]), 6);
    }
}

#[test]
fn threads_by_the_thousand() {
    if !Path::new("/usr/bin/python3").exists() {
        return;
    }
    let script = "import threading\nthreading.stack_size(65536)\nb=threading.Event()\nt=[threading.Thread(target=b.wait) for _ in range(2000)]\n[x.start() for x in t]\nb.set()\n[x.join() for x in t]\nraise SystemExit(8)";
    let alone = Command::new("/usr/bin/python3").args(["-I", "-S", "-c", script]).output().unwrap();
    if alone.status.code() != Some(8) {
        eprintln!("skipped: this machine has no room for 2000 threads");
        return;
    }
    assert_eq!(status(&["/usr/bin/python3", "-I", "-S", "-c", script]), 8);
}

#[test]
fn too_long_a_command_is_ended_and_leaves_nothing() {
    if !have("setsid") || !have("pgrep") {
        return;
    }
    // Found by no other process on the machine.
    let mark = format!("{}", 20_000_000 + std::process::id());
    // A child, a child's child, one that is stopped, one that ignores the signal and one in a session of
    // its own whose parents are gone.
    let script = format!(
        "exec >/dev/null 2>&1; sleep {mark} & sh -c 'sleep {mark} & wait' & sh -c 'kill -STOP $$; sleep {mark}' & \
         sh -c 'trap \"\" TERM; sleep {mark}; sleep {mark}' & (setsid sh -c 'sleep {mark} &' &); sleep {mark}"
    );
    for more in [&[][..], &["--fast"]] {
        let begun = Instant::now();
        let mut words = vec!["--timeout", "1500ms"];
        words.extend(more);
        words.extend(["--", "sh", "-c", &script]);
        let output = run(&words);
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert!(String::from_utf8_lossy(&output.stderr).contains("longer than --timeout"));
        // A process that is dead and not yet waited for by whoever inherits it has no command line.
        let left = Command::new("pgrep").args(["-a", "-f", &mark]).output().unwrap();
        let left = String::from_utf8_lossy(&left.stdout).into_owned();
        assert!(left.is_empty(), "{left}");
    }
}

#[test]
fn a_running_process_is_followed_and_let_go() {
    let mut child = Command::new("sh").args(["-c", "while :; do sleep 0.1; done"]).spawn().unwrap();
    let pid = child.id().to_string();
    let output = run(&["--timeout", "500ms", "--pid", &pid]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(alive && status.contains("TracerPid:\t0"), "{said}{status}");
}

#[test]
fn the_first_process_of_its_own_namespace() {
    if root() && have("unshare") {
        assert_eq!(
            status(&["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", "test $$ = 1 && exit 7"]),
            7
        );
    }
}

#[test]
fn a_program_that_traces_hears_from_us_that_we_are_in_its_way() {
    if !have("strace") {
        return;
    }
    let output = run(&["--", "strace", "-o", "/dev/null", "true"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("that refusal is ours"), "{said}");
}

#[test]
fn a_set_user_id_program_is_said_to_be_without_its_privilege() {
    // As root we trace with CAP_SYS_PTRACE, and nothing is lost.
    if !root() || !have("setpriv") || !have("su") {
        return;
    }
    let copy = std::env::temp_dir().join(format!("whodenied-run-{}", std::process::id()));
    // By a process of its own: no child of another test has it open for writing meanwhile.
    assert!(Command::new("cp").arg(BINARY).arg(&copy).status().unwrap().success());
    let output = Command::new("setpriv")
        .args(["--reuid=65533", "--regid=65533", "--clear-groups"])
        .arg(&copy)
        .args(["run", "--", "su", "-c", "true"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_file(&copy).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("without the privileges of its file"), "{said}");
}

#[test]
fn a_terminal_works_as_without_us() {
    if !Path::new("/usr/bin/python3").exists() || !have("bash") || !have("pgrep") {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/tests/programs/terminal.py");
    let words = [BINARY, "run", "--propagate-exit", "--"];
    let output = Command::new("/usr/bin/python3").arg(script).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn with_fewer_stops_the_same_is_seen() {
    if !root() || !have("chattr") {
        return;
    }
    let file = std::env::temp_dir().join(format!("whodenied-fast-{}", std::process::id()));
    std::fs::write(&file, "x").unwrap();
    let path = file.to_str().unwrap();
    if !Command::new("chattr").args(["+i", path]).status().unwrap().success() {
        eprintln!("skipped: no immutable files here");
        return;
    }
    let script = format!("echo y > {path}");
    let seen = |more: &[&str]| {
        let mut words = more.to_vec();
        words.extend(["--format", "json", "--", "sh", "-c", &script]);
        let report = json(&run(&words));
        let first = &report["denials"][0];
        (first["layer"].clone(), first["object"].clone(), first["certainty"].clone(), first["cause"].clone())
    };
    let (whole, fast) = (seen(&[]), seen(&["--fast"]));
    let _ = Command::new("chattr").args(["-i", path]).status();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(whole, fast);
    assert_eq!(whole.0, "inode-flags");
    assert_eq!(whole.2, "proven", "our own filter is none of the command's");
    // What the command can see of it, and nothing else: the filter itself.
    let state = |more: &[&str]| {
        let mut words = more.to_vec();
        words.extend([
            "--",
            "sh",
            "-c",
            "grep -E '^(Seccomp|NoNewPrivs|CapEff|Uid|SigIgn)' /proc/self/status >&2",
        ]);
        let said = String::from_utf8_lossy(&run(&words).stderr).into_owned();
        said.lines().filter(|l| !l.starts_with("Seccomp")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(state(&[]), state(&["--fast"]));
}
