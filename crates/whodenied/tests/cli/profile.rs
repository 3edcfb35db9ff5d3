//! `whodenied profile …`.

use crate::support::run;

#[test]
fn policy_that_compiles_is_accepted() {
    let ran = run(&["profile", "parse", "-"], "profile x /bin/x {\n  file,\n  ^h { network, }\n}\n");
    assert_eq!((ran.status, ran.out.as_str()), (0, "x\nx//h\n"), "{}", ran.err);
}

#[test]
fn what_is_wrong_is_shown_with_its_line() {
    let ran =
        run(&["profile", "parse", "-"], "profile x {\n  capability CAP_CHOWN,\n  /a px,\n  /a ux,\n}\n");
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.out,
        "error: no capability of this name\n --> -:2:14\n  |\n2 |   capability CAP_CHOWN,\n  |              ^^^^^^^^^\n  = help: written as `chown`\n\n"
    );
    let ran = run(&["profile", "parse", "-"], "profile x {\n  /a px,\n  /* ux,\n  /{a,b} ux,\n}\n");
    assert!(
        ran.status == 1 && ran.out.contains("two rules of equal rank") && ran.out.contains("at -:2"),
        "{}",
        ran.out
    );
}

#[test]
fn json_has_one_line_a_file() {
    let ran =
        run(&["profile", "parse", "--format", "json", "/nonexistent/\u{1b}x", "-"], "include <\u{1b}>\n");
    assert_eq!(ran.status, 1);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["errors"][0]["message"], "no such file");
    assert_eq!((&lines[1]["ok"], &lines[1]["errors"][0]["line"]), (&false.into(), &1.into()));
    ran.assert_harmless();
}

#[test]
fn hostile_policy_is_shown_harmlessly() {
    for text in
        ["profile \u{1b}[31m\u{202e} {\n", "\u{1b} r,", "profile x { /\u{7}{ r, }\n", "include \"\u{1b}\"\n"]
    {
        run(&["profile", "parse", "-"], text).assert_harmless();
    }
    let long = format!("profile x {{ /{} r,\n}}\n", "a".repeat(100 << 20));
    let ran = run(&["profile", "parse", "-"], &long);
    assert!(ran.status == 1 && ran.out.contains("at most 4194304 are read"), "{}", ran.out);
}
