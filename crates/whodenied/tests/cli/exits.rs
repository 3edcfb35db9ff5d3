use crate::support::{Place, RECORD, run};

#[test]
fn nothing_denied_is_0() {
    let ran = run(&["explain"], "all is well\n");
    assert_eq!(ran.status, 0, "{}", ran.out);
    assert!(ran.out.starts_with("No denial found"));
}

#[test]
fn denied_and_explained_is_1() {
    assert_eq!(run(&["explain", "-"], RECORD).status, 1);
}

#[test]
fn denied_and_not_decided_is_2() {
    let ran = run(&[], "cat: /data/x: Permission denied\n");
    assert_eq!(ran.status, 2, "{}", ran.out);
    assert!(
        ran.out.lines().next().unwrap().ends_with("possible") || ran.out.contains("To decide it"),
        "{}",
        ran.out
    );
}

#[test]
fn nothing_readable_is_3_and_one_unreadable_file_stops_nothing() {
    let place = Place::new();
    let ran = place.run(&["explain", "absent.txt"]);
    assert_eq!(ran.status, 3);
    assert_eq!(ran.err, "whodenied: can't read absent.txt: No such file or directory (os error 2)\n");
    assert!(ran.out.is_empty());
    place.with("record.txt", RECORD);
    let ran = place.run(&["explain", "absent.txt", "record.txt", "."]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.out.contains("can't read absent.txt") && ran.out.contains("it is a directory"),
        "{}",
        ran.out
    );
}

#[test]
fn a_reader_that_goes_away_is_success() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_whodenied"))
        .args(["known"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
