use crate::support::run;

#[test]
fn help_shows_examples_and_exit_statuses() {
    let ran = run(&["--help"], "");
    assert_eq!(ran.status, 0);
    assert!(ran.err.is_empty());
    for part in
        ["Examples:", "whodenied explain error.txt", "whodenied demo", "Exit status:", "64 the command line"]
    {
        assert!(ran.out.contains(part), "{part}");
    }
    assert!(run(&["explain", "--help"], "").out.contains("Examples:"));
    assert!(run(&["--version"], "").out.starts_with("whodenied "));
}

#[test]
fn a_wrong_command_line_ends_with_64() {
    for args in [
        &["--nonsense"][..],
        &["nonsense"],
        &["explain", "--format", "yaml"],
        &["explain", "--width", "7"],
        &["demo", "--step", "3"],
        &["undo"],
        &["known", "no-such-issue"],
        &["layers", "extra"],
    ] {
        let ran = run(args, "");
        assert_eq!(ran.status, 64, "{args:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_hostile_argument_is_spelled_out() {
    let ran = run(&["--\x1b]0;x\x07\u{9b}31m\u{202e}"], "");
    assert_eq!(ran.status, 64);
    ran.assert_harmless();
    let ran = run(&["explain", "no\x1b[31m\nsuch\u{202e}file"], "");
    assert_eq!(ran.status, 3);
    ran.assert_harmless();
    assert_eq!(ran.err.lines().count(), 1);
}

#[test]
fn layers_and_known_issues_are_listed() {
    let layers = run(&["layers"], "");
    assert_eq!((layers.status, layers.out.lines().count()), (0, whodenied_kernel::Layer::ALL.len()));
    let known = run(&["known"], "");
    assert_eq!(known.status, 0);
    for issue in whodenied_runtimes::known::ALL {
        assert!(known.out.contains(issue.id), "{}", issue.id);
        let one = run(&["known", issue.id], "");
        assert_eq!(one.status, 0);
        assert!(one.out.contains("Cause") && one.out.contains("Sources"), "{}", one.out);
    }
}
