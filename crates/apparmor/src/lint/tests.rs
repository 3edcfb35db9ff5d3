use super::*;
use crate::resolve::{Loader, Memory, Paths};

fn found(text: &str, context: &Context<'_>) -> Vec<(&'static str, String)> {
    let memory = Memory::new(&[
        ("/b/abstractions/base", "/lib/** mr,\n"),
        ("/b/abi/4.0", "network_v8 {af_mask {unix\n}\n}\nmount {mask {mount\n}\n}\n"),
        ("/etc/x/y", ""),
    ]);
    let mut loader = Loader::new(&memory, Paths { base: "/b".into(), include: Vec::new() });
    let policy = loader.resolve("/f", text.as_bytes());
    let context = Context { files: Some(&memory), base: "/b", ..*context };
    check(&policy, &context)
        .into_iter()
        .map(|f| (f.lint.id, policy.source(&f.place).text[f.place.span.clone()].to_owned()))
        .collect()
}

fn ids(text: &str) -> Vec<&'static str> {
    let mut ids: Vec<_> = found(text, &Context::default()).into_iter().map(|f| f.0).collect();
    ids.retain(|id| !matches!(*id, "no-abi" | "no-capabilities" | "quiet-deny"));
    ids
}

#[test]
fn a_fragment_of_yaml_is_told_as_such() {
    let text = "services:\n  app:\n    image: nginx\n    security_opt:\n      - apparmor=my-app\n";
    assert_eq!(found(text, &Context::default()), [("not-policy", "services:".to_owned())]);
    assert_eq!(ids("{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\"\n}\n"), ["not-policy"]);
}

#[test]
fn a_profile_in_which_nothing_starts() {
    let text = "profile my-app flags=(attach_disconnected) {\n  include <abstractions/docker>\n  network inet stream,\n  network unix,\n  signal (receive) peer=dockerd,\n}\n";
    let referenced = ["docker-my-app".to_owned()];
    let context = Context { referenced: &referenced, ..Context::default() };
    let ids: Vec<_> = found(text, &context).into_iter().map(|f| f.0).collect();
    for id in
        ["missing-include", "name-mismatch", "nothing-can-start", "no-capabilities", "lacks-default-refusals"]
    {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
    assert!(!ids.contains(&"not-policy") && !ids.contains(&"refused"), "{ids:?}");
}

#[test]
fn refusals_of_the_default_are_looked_for_by_what_they_match() {
    let whole = "@{PROC}=/proc/\nprofile docker-x {\n  file,\n  deny mount,\n  deny @{PROC}/** wklx,\n  deny @{PROC}/kcore r,\n  deny /sys/** rwklx,\n}\n";
    assert_eq!(ids(whole), Vec::<&str>::new());
    assert_eq!(ids(&whole.replace("  deny @{PROC}/kcore r,\n", "")), ["lacks-default-refusals"]);
}

#[test]
fn every_lint_about_rules() {
    let around = |rule: &str| format!("profile x {{\n  file,\n  {rule}\n}}\n");
    for (rule, id) in [
        ("deny { network, }", "dropped-in-block"),
        ("if defined @{A} { } else { set rlimit cpu <= 1, }", "dropped-rlimit"),
        ("# include <abstractions/base>", "commented-include"),
        ("#include <abstractions/base>", "old-include"),
        ("include if exists <abstractions/bsae>", "missing-if-exists"),
        ("include <abstractions/bsae>", "missing-include"),
        ("priority=3 capability chown,", "priority-ignored"),
        ("prompt capability chown,", "prompt-is-allow"),
        ("pivot_root /a -> b,", "pivot-root-target"),
        ("/a px -> @{B},", "literal-target"),
        ("/a cx -> gone,", "missing-child"),
        ("/etc/x r,", "directory-slash"),
        ("/a r,\n  /a r,", "duplicate-rule"),
        ("/a ux,", "unscrubbed-unconfined"),
        ("/a q,", "refused"),
    ] {
        assert_eq!(ids(&around(rule)), [id], "{rule}");
    }
    for rule in [
        "local/# x\n",
        "/a cx -> c,\n  profile c { file, }",
        "/etc/x/ r,",
        "/etc/x/y r,",
        "/a Ux,",
        "# include what you use",
        "deny /a r,",
    ] {
        let rule = rule.replace("local/# x", "include if exists <local/x>");
        assert_eq!(ids(&around(&rule)), Vec::<&str>::new(), "{rule}");
    }
    assert_eq!(ids("profile x flags=(complain) {\n  deny /a r,\n}\n"), ["complain-enforces-deny"]);
    assert_eq!(ids("profile x flags=(default_allow) {\n  deny /a r,\n}\n"), ["unconfined-deny"]);
    assert_eq!(ids("abi <abi/4.0>,\nprofile x {\n  file,\n  abi <abi/3.0>,\n}\n"), ["late-abi"]);
}

#[test]
fn a_misspelt_include_is_known() {
    let memory = Memory::new(&[("/b/abstractions/base", "")]);
    let mut loader = Loader::new(&memory, Paths { base: "/b".into(), include: Vec::new() });
    let policy = loader.resolve("/f", b"profile x {\n  include <abstractions/bsae>\n}\n");
    let found = check(&policy, &Context { files: Some(&memory), base: "/b", ..Context::default() });
    let found: Vec<_> = found.into_iter().filter(|f| f.lint == MISSING_INCLUDE).collect();
    assert_eq!(found[0].help, ["there is <abstractions/base>"]);
}

#[test]
fn what_the_kernel_will_not_mediate() {
    let mut kernel = Features::default();
    for feature in ["network_v8/af_mask", "network_v9/af_unix", "mount/mask", "namespaces/mask/userns_create"]
    {
        kernel.insert(feature, "yes");
    }
    let context = Context { kernel: Some(&kernel), ..Context::default() };
    let told = |text: &str| {
        let mut ids: Vec<_> = found(text, &context).into_iter().map(|f| f.0).collect();
        ids.retain(|id| !matches!(*id, "no-capabilities" | "quiet-deny"));
        ids
    };
    let with = |abi: &str, rule: &str| format!("{abi}profile x {{\n  file,\n  {rule}\n}}\n");
    // Measured: without abi no network at all; abi 4.0 drops `deny unix` and userns stays as this tree has it.
    assert_eq!(told(&with("", "deny network,")), ["no-abi", "not-mediated"]);
    assert_eq!(told(&with("abi <abi/4.0>,\n", "network,")), Vec::<&str>::new());
    assert_eq!(told(&with("abi <abi/4.0>,\n", "deny unix,")), ["deny-unix-dropped"]);
    assert_eq!(told(&with("abi <abi/4.0>,\n", "userns,")), ["not-mediated"]);
    assert_eq!(told(&with("abi <abi/4.0>,\n", "network (create) unix,")), ["network-access-ignored"]);
    kernel.insert("policy/permstable32_version", "0x000003");
    let context = Context { kernel: Some(&kernel), ..Context::default() };
    let found: Vec<_> =
        found(&with("abi <abi/4.0>,\n", "owner /a r,"), &context).into_iter().map(|f| f.0).collect();
    assert!(found.contains(&"owner-not-enforced"), "{found:?}");
}

#[test]
fn each_lint_has_its_section_in_the_manual() {
    let manual = include_str!("../../../../docs/lints.md");
    let sections: Vec<&str> =
        manual.lines().filter_map(|l| l.strip_prefix("## `")?.strip_suffix('`')).collect();
    let ids: Vec<&str> = ALL.iter().map(|l| l.id).collect();
    assert_eq!(sections, ids);
}
