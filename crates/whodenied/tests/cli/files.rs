use crate::support::{Place, RECORD};
use std::fs;

#[test]
fn a_saved_case_gives_the_same_report_and_carries_no_secret() {
    let place = Place::new();
    place.with("paste.txt", format!("DB_PASSWORD=hunter2\n{RECORD}"));
    let first = place.run(&["explain", "paste.txt", "--save", "case.json"]);
    assert_eq!(first.status, 1, "{}", first.err);
    let saved = fs::read_to_string(place.0.join("case.json")).unwrap();
    assert!(saved.contains("whodenied-case/1") && !saved.contains("hunter2"));
    let again = place.run(&["explain", "case.json"]);
    assert_eq!((again.status, &again.out), (first.status, &first.out));
    place.with("paste.txt", RECORD);
    let ran = place.run(&["explain", "paste.txt", "--save", "case.json"]);
    assert_eq!(ran.status, 3);
    assert!(ran.err.contains("--force"), "{}", ran.err);
}

#[test]
fn a_broken_saved_case_is_named() {
    let place = Place::new();
    place.with("case.json", "{\"schema\": \"whodenied-case/1\", \"evidence\": 7}");
    let ran = place.run(&["explain", "case.json"]);
    assert_eq!(ran.status, 0);
    assert!(ran.out.contains("looks like a saved case"), "{}", ran.out);
}

#[test]
fn the_fix_is_written_and_taken_back() {
    let place = Place::new();
    place.with("paste.txt", RECORD);
    let ran = place.run(&["explain", "paste.txt", "--write", "fix"]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert!(ran.err.contains("Way back: whodenied undo fix"), "{}", ran.err);
    let remedy =
        &place.run(&["explain", "paste.txt", "--format", "json"]).json()["denials"][0]["remedies"][0];
    let whole = remedy["edits"].as_array().unwrap().iter().find(|e| e["whole"] == true).unwrap();
    let path = place.0.join("fix").join(whole["file"].as_str().unwrap().trim_start_matches('/'));
    assert_eq!(fs::read_to_string(&path).unwrap(), whole["text"].as_str().unwrap());
    fs::write(&path, "mine").unwrap();
    assert_eq!(place.run(&["explain", "paste.txt", "--write", "fix"]).status, 3);
    assert_eq!(place.run(&["explain", "paste.txt", "--write", "fix", "--force"]).status, 1);
    assert_eq!(place.run(&["undo", "fix"]).status, 0);
    assert_eq!(place.run(&["undo", "fix"]).status, 3);
}
