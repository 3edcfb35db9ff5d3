//! Files written and taken back, on a real file system.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use whodenied_trial::{Done, JOURNAL, NewFile, TrialError, save, undo, write};

/// A directory of our own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("whodenied-trial-{}-{n}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn file(name: &str, text: &str) -> NewFile {
    NewFile { name: name.to_owned(), text: text.to_owned() }
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn writes_below_the_directory_and_takes_it_back() {
    let place = Place::new();
    let out = place.at("out");
    let files = [file("/etc/apparmor.d/mine", "abi\n"), file("compose.yaml", "services:\n")];
    let outcome = write(&out, &files, false).unwrap();
    assert_eq!(
        outcome.files,
        [("etc/apparmor.d/mine".to_owned(), Done::Created), ("compose.yaml".to_owned(), Done::Created)]
    );
    assert_eq!(fs::read_to_string(out.join("etc/apparmor.d/mine")).unwrap(), "abi\n");
    assert_eq!(names(&out), ["compose.yaml", "etc", JOURNAL]);
    let undone = undo(&out).unwrap();
    assert_eq!(undone.removed, ["compose.yaml", "etc/apparmor.d/mine"]);
    assert!(names(&out).is_empty());
    assert!(matches!(undo(&out), Err(TrialError::NothingToUndo(_))));
}

#[test]
fn overwrites_only_when_told_and_restores_the_bytes() {
    let place = Place::new();
    fs::write(place.at("x"), b"old \xff\n").unwrap();
    assert!(
        matches!(write(&place.0, &[file("x", "new")], false), Err(TrialError::Differs(name)) if name == "x")
    );
    assert_eq!(names(&place.0), ["x"]);
    assert_eq!(write(&place.0, &[file("x", "new")], true).unwrap().files[0].1, Done::Replaced);
    assert_eq!(write(&place.0, &[file("x", "newer")], true).unwrap().files[0].1, Done::Replaced);
    assert_eq!(write(&place.0, &[file("x", "newer")], false).unwrap().files[0].1, Done::Unchanged);
    assert_eq!(undo(&place.0).unwrap().restored, ["x"]);
    assert_eq!(fs::read(place.at("x")).unwrap(), b"old \xff\n");
}

#[test]
fn what_somebody_changed_since_is_left_alone() {
    let place = Place::new();
    write(&place.0, &[file("x", "ours")], false).unwrap();
    fs::write(place.at("x"), "theirs").unwrap();
    assert_eq!(undo(&place.0).unwrap().kept, ["x"]);
    assert_eq!(fs::read_to_string(place.at("x")).unwrap(), "theirs");
}

#[test]
fn no_link_is_followed_out_of_the_directory() {
    let place = Place::new();
    let (out, outside) = (place.at("out"), place.at("outside"));
    fs::create_dir(&out).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "theirs").unwrap();
    std::os::unix::fs::symlink(&outside, out.join("etc")).unwrap();
    std::os::unix::fs::symlink(outside.join("file"), out.join("link")).unwrap();
    for force in [false, true] {
        for name in ["etc/file", "etc/new", "etc/deep/new", "link"] {
            assert!(matches!(write(&out, &[file(name, "x")], force), Err(TrialError::NotOurs(_))), "{name}");
        }
    }
    assert_eq!(names(&outside), ["file"]);
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "theirs");
    for name in ["../x", "a/../../x", "", "x\n"] {
        assert!(matches!(write(&out, &[file(name, "x")], true), Err(TrialError::BadName(_))), "{name:?}");
    }
}

#[test]
fn a_hostile_journal_reaches_nothing_outside() {
    let place = Place::new();
    let out = place.at("out");
    fs::create_dir(&out).unwrap();
    fs::write(place.at("victim"), "after").unwrap();
    let journal = r#"{"schema":"whodenied-undo/1","state":"done","directories":["../x"],"entries":[{"file":"../victim","after":"after"}]}"#;
    fs::write(out.join(JOURNAL), journal).unwrap();
    assert!(matches!(undo(&out), Err(TrialError::BadName(_))));
    assert!(place.at("victim").exists());
    fs::write(out.join(JOURNAL), "{}").unwrap();
    assert!(matches!(undo(&out), Err(TrialError::BadJournal(..))));
}

#[test]
fn one_file_is_saved_atomically() {
    let place = Place::new();
    let path = place.at("case.json");
    assert_eq!(save(&path, "{}", false).unwrap(), Done::Created);
    assert_eq!(save(&path, "{}", false).unwrap(), Done::Unchanged);
    assert!(matches!(save(&path, "[]", false), Err(TrialError::Differs(_))));
    assert_eq!(save(&path, "[]", true).unwrap(), Done::Replaced);
    assert_eq!(names(&place.0), ["case.json"]);
}
