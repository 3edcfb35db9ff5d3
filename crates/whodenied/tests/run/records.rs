//! Records of the kernel, read while a command is followed and put beside its calls.

use super::{BINARY, have, json, root, run};
use std::process::{Command, Stdio};

/// A filter that kills at mkdir, then mkdir.
const KILLED: &str = "import seccomp,os\nf=seccomp.SyscallFilter(seccomp.ALLOW)\nf.add_rule(seccomp.KILL_PROCESS, 'mkdir')\nf.load()\nos.mkdir('/tmp/whodenied-records')";

fn auditing() -> Option<bool> {
    let status = Command::new("auditctl").arg("-s").output().ok()?;
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    Some(text.lines().any(|l| l == "enabled 1"))
}

fn audit(on: bool) -> bool {
    let done = Command::new("auditctl").args(["-e", if on { "1" } else { "0" }]).output();
    done.is_ok_and(|o| o.status.success()) && auditing() == Some(on)
}

#[test]
fn the_record_of_a_call_stands_beside_it() {
    let binding = Command::new("/usr/bin/python3").args(["-c", "import seccomp"]).output();
    if !root() || !have("auditctl") || !binding.is_ok_and(|o| o.status.success()) {
        return;
    }
    let before = auditing() == Some(true);
    if !before && !audit(true) {
        eprintln!("skipped: the audit subsystem can't be switched on here");
        return;
    }
    let ask = || json(&run(&["--format", "json", "--", "/usr/bin/python3", "-I", "-c", KILLED]));
    let mut report = ask();
    // A thread of the kernel hands records out; on a busy machine it may come too late for us.
    for _ in 0..5 {
        if report.to_string().contains("type=1326") {
            break;
        }
        report = ask();
    }
    if !before {
        audit(false);
    }
    let denials = report["denials"].as_array().unwrap();
    let found: Vec<_> = denials.iter().filter(|d| d["layer"] == "seccomp").collect();
    assert_eq!(found.len(), 1, "call and record are one denial: {report}");
    assert_eq!((&found[0]["certainty"], &found[0]["operation"]), (&"proven".into(), &"mkdir".into()));
    let cited: Vec<&str> =
        found[0]["evidence"].as_array().unwrap().iter().filter_map(|e| e["text"].as_str()).collect();
    assert!(cited.iter().any(|t| t.starts_with("type=1326") && t.contains("syscall=83")), "{cited:?}");
    assert!(cited.iter().any(|t| t.contains("si_syscall=__NR_mkdir")), "{cited:?}");
}

#[test]
fn records_that_can_not_be_read_are_named() {
    if !root() || !have("setpriv") {
        return;
    }
    let copy = std::env::temp_dir().join(format!("whodenied-records-{}", std::process::id()));
    // By a process of its own: no child of another test has it open for writing meanwhile.
    assert!(Command::new("cp").arg(BINARY).arg(&copy).status().unwrap().success());
    let output = Command::new("setpriv")
        .args(["--reuid=65533", "--regid=65533", "--clear-groups"])
        .arg(&copy)
        .args(["run", "--format", "json", "--", "cat", "/etc/shadow"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_file(&copy).unwrap();
    let missing = json(&output)["missing"].to_string();
    if std::fs::read_to_string("/proc/sys/kernel/dmesg_restrict").is_ok_and(|v| v.trim() == "1") {
        assert!(missing.contains("CAP_AUDIT_READ") && missing.contains("/dev/kmsg"), "{missing}");
    }
}
