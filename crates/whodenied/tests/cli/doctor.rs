use crate::schema::check;
use crate::support::run;

#[test]
fn what_is_printed_is_what_is_published_and_read() {
    let ran = run(&["doctor", "--format", "json"], "");
    assert_eq!(ran.status, 0, "{}", ran.err);
    let none: [String; 0] = [];
    assert_eq!(check("whodenied-doctor-1", &ran.out), none);
    // A machine alone is no denial.
    assert_eq!(run(&["explain", "-"], &ran.out).status, 0);
}

#[test]
fn every_form_ends_with_0() {
    for format in ["terminal", "markdown"] {
        let ran = run(&["doctor", "--format", format], "");
        assert_eq!(ran.status, 0);
        assert!(ran.out.contains("What whodenied can see as this user"), "{}", ran.out);
        ran.assert_harmless();
    }
    let file = std::env::temp_dir().join(format!("whodenied-doctor-{}.json", std::process::id()));
    let path = file.to_str().unwrap();
    assert_eq!(run(&["doctor", "--save", path], "").status, 0);
    assert_eq!(run(&["explain", path], "").status, 0);
    std::fs::remove_file(file).unwrap();
}
