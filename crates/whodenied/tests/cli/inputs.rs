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
fn a_large_log_takes_moments() {
    // The bar is 2 s for 100 MB, a release build and an idle core.
    let (megabytes, limit) = if cfg!(debug_assertions) { (10, 60) } else { (100, 10) };
    let line = "Nov 22 20:00:00 host app[1]: GET /index.html 200 in 3 ms, nothing to see here at all\n";
    let mut text = line.repeat(megabytes * 1_000_000 / line.len());
    text.push_str(RECORD);
    let start = Instant::now();
    let ran = run(&["explain", "--format", "json"], text);
    assert!(start.elapsed() < Duration::from_secs(limit), "{:?}", start.elapsed());
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
