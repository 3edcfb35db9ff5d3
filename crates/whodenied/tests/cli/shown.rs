use crate::support::{RECORD, run, run_in};
use std::path::Path;

#[test]
fn piped_output_is_plain_whatever_the_terminal() {
    for variables in [&[("TERM", "xterm-256color")][..], &[("NO_COLOR", "1")], &[]] {
        let ran = run_in(Path::new("."), variables, &["explain"], RECORD);
        ran.assert_harmless();
        assert!(ran.out.contains('✗'), "{}", ran.out);
    }
}

#[test]
fn colour_can_be_forced_and_forbidden() {
    let forced = run_in(Path::new("."), &[("CLICOLOR_FORCE", "1")], &["explain"], RECORD);
    assert!(forced.out.contains("\x1b[1m"), "{:?}", forced.out);
    let both = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    run_in(Path::new("."), &both, &["explain"], RECORD).assert_harmless();
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
    let ran = run_in(Path::new("."), &[("LC_ALL", "C")], &["explain"], RECORD);
    assert!(ran.out.is_ascii(), "{}", ran.out);
    assert!(ran.out.contains("x AppArmor"), "{}", ran.out);
}

#[test]
fn width_is_kept() {
    for width in ["60", "80", "120"] {
        let ran = run(&["explain", "--width", width], RECORD);
        let width: usize = width.parse().unwrap();
        let prose = ran.out.lines().take_while(|l| !l.starts_with("Fix"));
        for line in prose {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn json_is_json_and_markdown_is_markdown() {
    let json = run(&["explain", "--format", "json"], RECORD);
    assert_eq!(json.status, 1);
    let document = json.json();
    assert_eq!(document["schema"], "whodenied/1");
    assert_eq!(document["denials"][0]["layer"], "apparmor");
    assert_eq!(document["denials"][0]["policy"], "docker-default");
    let markdown = run(&["explain", "--format", "markdown"], RECORD);
    assert_eq!(markdown.status, 1);
    assert!(markdown.out.starts_with("# AppArmor refused"), "{}", markdown.out);
    let none = run(&["explain", "--format", "json"], "fine\n");
    assert_eq!((none.status, none.json()["denials"].as_array().unwrap().len()), (0, 0));
}
