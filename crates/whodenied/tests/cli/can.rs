use crate::schema::check;
use crate::support::run;

#[test]
fn a_file_that_only_its_owner_reads() {
    let folder = std::env::temp_dir().join(format!("whodenied-can-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("secret \u{1b}[31m");
    std::fs::write(&file, "x").unwrap();
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let path = file.to_str().unwrap();
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&file).unwrap()).to_string();
    mode(0o600);
    let ran = run(&["can", "65533:65533", "read", path], "");
    assert_eq!(ran.status, 1, "{}", ran.out);
    assert!(ran.out.contains("EACCES") && ran.out.contains("setfacl -m u:65533:r--"), "{}", ran.out);
    ran.assert_harmless();
    let ran = run(&["can", &owner, "read", path, "--format", "json"], "");
    assert_eq!(ran.status, 0, "{}", ran.out);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["verdict"], "allowed");
    mode(0o644);
    assert_eq!(run(&["can", "65533:65533", "read", path], "").status, 0);
    // Nothing there is no matter of rights.
    let ran = run(&["can", "65533", "read", "/nowhere/at/all", "--format", "markdown"], "");
    assert_eq!(ran.status, 0);
    assert!(ran.out.contains("ENOENT"), "{}", ran.out);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_printed_is_what_is_published() {
    let pid = format!("pid:{}", std::process::id());
    for words in [
        &["65533:65533", "write", "/etc/passwd"][..],
        &["0", "read", "/etc/passwd"],
        &["65533:65533", "bind", "80"],
        &["65533:65533", "bind", "8080"],
        &["65533:65533", "kill", "1"],
        &["65533:65533", "ptrace", "1"],
        &["65533:65533", "mount", "/mnt"],
        &["65533:65533", "kill", "2147483647"],
        &["65533:65533", "chown", "/etc/passwd", "7:8"],
        &[&pid, "execute", "/bin/sh"],
    ] {
        let mut line = vec!["can"];
        line.extend(words);
        line.extend(["--format", "json"]);
        let ran = run(&line, "");
        assert!(ran.status <= 2, "{words:?} {}", ran.err);
        let none: [String; 0] = [];
        assert_eq!(check("whodenied-can-1", &ran.out), none, "{words:?}");
    }
}

#[test]
fn a_wrong_question_ends_with_64() {
    for words in [
        &["x:y", "read", "/"][..],
        &["0", "fly", "/"],
        &["0", "rename", "/one"],
        &["0", "kill", "-5"],
        &["pid:0", "read", "/"],
    ] {
        let mut line = vec!["can"];
        line.extend(words);
        let ran = run(&line, "");
        assert_eq!(ran.status, 64, "{words:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{words:?}");
    }
    assert_eq!(run(&["can", "no-such-user-here", "read", "/"], "").status, 3);
}
