use crate::support::{Place, RECORD, run};
use std::time::{Duration, Instant};

#[test]
fn empty_and_binary_inputs_get_an_honest_answer() {
    let empty = run(&["explain"], "");
    assert_eq!(empty.status, 0);
    assert!(empty.out.contains("holds no text"), "{}", empty.out);
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(300_000)
    .collect();
    let ran = run(&["explain"], noise);
    ran.assert_harmless();
    assert_eq!(ran.status, 0, "{}", ran.out);
}

#[test]
fn a_record_cut_off_anywhere_is_survived() {
    for end in (0..RECORD.len()).step_by(7) {
        let ran = run(&["explain", "--format", "json"], &RECORD[..end]);
        assert!((0..=2).contains(&ran.status), "{end}: {}", ran.err);
        ran.json();
    }
}

#[test]
fn a_hundred_megabytes_take_no_more_than_moments() {
    let line = "Nov 22 20:00:00 host app[1]: GET /index.html 200 in 3 ms, nothing to see here at all\n";
    let mut text = line.repeat(100_000_000 / line.len());
    text.push_str(RECORD);
    let start = Instant::now();
    let ran = run(&["explain", "--format", "json"], text);
    // The bar is 2 s for a release build on an idle core; a debug build on a busy one gets more.
    let limit = if cfg!(debug_assertions) { Duration::from_secs(90) } else { Duration::from_secs(10) };
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    assert_eq!(ran.json()["denials"][0]["layer"], "apparmor");
}

#[test]
fn standard_input_is_read_without_a_command() {
    let bare = run(&[], RECORD);
    let explicit = run(&["explain", "-"], RECORD);
    assert_eq!((bare.status, &bare.out), (explicit.status, &explicit.out));
    assert_eq!(run(&["--format", "json"], RECORD).json()["denials"][0]["layer"], "apparmor");
}

#[test]
fn several_files_are_one_case() {
    let place = Place::new();
    place.with("error.txt", "PermissionError: [Errno 13] Permission denied\n");
    place.with("kernel.txt", RECORD);
    let ran = place.run(&["explain", "error.txt", "kernel.txt", "--format", "json"]);
    assert_eq!(ran.status, 1);
    let first = &ran.json()["denials"][0];
    assert!(first["evidence"].as_array().unwrap().iter().any(|e| e["source"] == "kernel.txt"), "{first}");
}

#[test]
fn this_machine_can_be_added() {
    let ran = run(&["explain", "--here", "--format", "json"], RECORD);
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert_eq!(ran.json()["denials"][0]["policy"], "docker-default");
}
