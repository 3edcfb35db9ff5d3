//! A write that is cut off after any step is rolled back, by undo or by the next write.

use crate::write::write_until;
use crate::{Done, JOURNAL, NewFile, undo, write};
use std::fs;
use std::ops::ControlFlow;

fn cut(steps: usize, then: impl Fn(&std::path::Path)) {
    let root = std::env::temp_dir().join(format!(
        "whodenied-cut-{}-{steps}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir(&root).unwrap();
    fs::write(root.join("old"), "before").unwrap();
    let files = [("old", "after"), ("new/one", "1"), ("two", "2")]
        .map(|(name, text)| NewFile { name: name.to_owned(), text: text.to_owned() });
    write_until(&root, &files, true, &mut |step| {
        if step == steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    // What a temporary file half written looks like.
    fs::write(root.join(".whodenied-1.tmp"), "hal").unwrap();
    then(&root);
    let _ = fs::remove_dir_all(&root);
}

#[test]
fn undo_after_an_interruption_gives_back_what_was() {
    for steps in 0..=3 {
        cut(steps, |root| {
            undo(root).unwrap();
            let left: Vec<_> = fs::read_dir(root).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(left, ["old"], "after {steps} steps");
            assert_eq!(fs::read_to_string(root.join("old")).unwrap(), "before");
        });
    }
}

#[test]
fn the_next_write_rolls_back_first() {
    for steps in 0..=3 {
        cut(steps, |root| {
            let outcome =
                write(root, &[NewFile { name: "three".to_owned(), text: "3".to_owned() }], false).unwrap();
            assert!(outcome.recovered);
            assert_eq!(outcome.files, [("three".to_owned(), Done::Created)]);
            assert_eq!(fs::read_to_string(root.join("old")).unwrap(), "before");
            assert!(!root.join("two").exists() && !root.join("new").exists() && root.join(JOURNAL).exists());
        });
    }
}
