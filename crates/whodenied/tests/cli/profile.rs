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

/// What a person brought who had put a part of a compose file where the profile belongs, and the profile they
/// then wrote, under another name than the one it is referred to by.
const FRAGMENT: &str =
    "services:\n  app:\n    image: example/app\n    security_opt:\n      - apparmor=docker-app\n";
const PROFILE: &str = "#include <tunables/global>\n\nprofile app flags=(attach_disconnected) {\n  #include <abstractions/docker>\n  network inet stream,\n  network unix stream,\n  signal (receive) peer=dockerd,\n}\n";

fn findings(args: &[&str], input: &str) -> (i32, Vec<String>) {
    let ran = run(&[&["profile", "check", "--format", "json"], args].concat(), input);
    let json = ran.json();
    let ids =
        json["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect();
    (ran.status, ids)
}

#[test]
fn yaml_where_policy_belongs_is_told_as_such() {
    assert_eq!(findings(&["-"], FRAGMENT), (1, vec!["not-policy".to_owned()]));
}

#[test]
fn a_profile_that_nothing_can_start_in() {
    let (status, ids) = findings(&["--name", "docker-app", "-b", "/nonexistent", "-"], PROFILE);
    assert_eq!(status, 1);
    for id in
        ["missing-include", "name-mismatch", "nothing-can-start", "no-capabilities", "lacks-default-refusals"]
    {
        assert!(ids.iter().any(|i| i == id), "{id}: {ids:?}");
    }
    let directory = std::env::temp_dir().join(format!("whodenied-check-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("compose.yaml"), FRAGMENT).unwrap();
    let compose = directory.join("compose.yaml");
    let (_, ids) = findings(&[compose.to_str().unwrap(), "-"], PROFILE);
    assert!(ids.iter().any(|i| i == "name-mismatch"), "{ids:?}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn sarif_has_rules_and_results() {
    let ran = run(&["profile", "check", "--format", "sarif", "-"], "profile x {\n  /a q,\n}\n");
    let run = &ran.json()["runs"][0];
    let refused = run["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == "refused").unwrap();
    assert_eq!(refused["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    assert!(run["tool"]["driver"]["rules"].as_array().unwrap().len() > 20);
}

#[test]
fn findings_are_shown_as_compilers_show_them() {
    let ran = run(
        &["profile", "check", "-"],
        "abi <kernel>,\nprofile x flags=(default_allow) {\n  deny /a r,\n}\n",
    );
    assert!(
        ran.out.starts_with("warning[unconfined-deny]: ") && ran.out.contains(" --> -:3:3\n"),
        "{}",
        ran.out
    );
    assert_eq!(ran.status, 1);
    for text in ["profile \u{1b} {\n", "\u{1b}: \u{202e}\n- \u{7}\n", "profile x { include <\u{1b}/x>\n}\n"] {
        run(&["profile", "check", "-"], text).assert_harmless();
    }
}

#[test]
fn policy_is_laid_out_and_broken_policy_left_alone() {
    let ran = run(&["profile", "fmt", "-"], "profile x { /a   r, # c\n}");
    assert_eq!((ran.status, ran.out.as_str()), (0, "profile x {\n  /a r, # c\n}\n"));
    let ran = run(&["profile", "fmt", "-"], "profile x { /a }\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("permissions are missing"), "{}", ran.err);
    let ran = run(&["profile", "fmt", "--check", "-"], "profile x { }\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, "-\n"));
}
