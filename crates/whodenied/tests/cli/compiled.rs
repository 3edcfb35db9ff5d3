//! Compiled profiles, as the reference compiler wrote them for Linux 6.12: `network inet,`; rules of
//! signals and tracing; mounts.

use crate::schema::check;
use crate::support::run;
use std::path::Path;

fn seed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/compiled").join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn questions_are_answered_with_their_status() {
    let (net, ipc, mounts) = (seed("words-probe-net1"), seed("words-probe-ipc"), seed("words-probe-mounts"));
    for (file, question, status) in [
        (&net, "create inet stream", 0),
        (&net, "create unix stream", 1),
        (&net, "capability sys_admin", 0),
        (&ipc, "signal term to probe-peer", 0),
        (&ipc, "signal kill to probe-peer", 1),
        (&ipc, "trace probe-peer", 0),
        (&ipc, "trace unconfined", 1),
        (&mounts, "mount tmpfs on /tmp/aa/m1", 0),
        (&mounts, "mount tmpfs on /tmp/other", 1),
        (&mounts, "pivot_root /tmp/aa/m1 /tmp/aa/m1/old", 1),
    ] {
        let ran = run(&["profile", "can", file, question, "--kernel", "6.12"], "");
        assert_eq!(ran.status, status, "{question}: {} {}", ran.out, ran.err);
        assert!(ran.out.starts_with(if status == 0 { "Yes: " } else { "No: " }), "{}", ran.out);
        ran.assert_harmless();
    }
}

#[test]
fn what_is_not_mediated_is_said() {
    // 6.1 does not ask about user namespaces; 6.12 does, and the profile has no rule for them.
    let net = seed("words-probe-net1");
    let old = run(&["profile", "can", &net, "userns", "--kernel", "6.1"], "");
    assert_eq!(old.status, 0);
    assert!(old.out.contains("does not mediate"), "{}", old.out);
    assert_eq!(run(&["profile", "can", &net, "userns", "--kernel", "6.12"], "").status, 1);
}

#[test]
fn the_json_says_the_same() {
    let net = seed("words-probe-net1");
    let ran = run(&["profile", "can", &net, "create", "unix", "stream", "--kernel", "6.12", "--json"], "");
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["schema"], "whodenied-profile/1");
    assert_eq!(value["outcome"], "denied");
    assert_eq!(value["errno"], "EACCES");
    assert_eq!(value["recorded"], true);
    let ran = run(&["profile", "show", &net, "--kernel", "6.12", "--json"], "");
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["profile"], "probe-net1");
    assert!(value["classes"].as_array().unwrap().iter().any(|c| c["class"] == "capabilities"));
}

/// docker-default of Docker 28.5 as the reference compilers of three releases write it for three kernels.
fn defaults() -> [(String, &'static str); 3] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apparmor/data/compiled");
    let of = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    [
        (of("docker-default-linux-6.1-parser-3.0.8"), "6.1"),
        (of("docker-default-linux-6.12-parser-4.1.0"), "6.12"),
        (of("docker-default-linux-7.3-parser-5.0.2"), "7.3"),
    ]
}

#[test]
fn documents_keep_to_the_published_schema() {
    for (file, kernel) in defaults() {
        let net = seed("words-probe-net1");
        for arguments in [
            vec!["show", file.as_str()],
            vec!["diff", file.as_str(), net.as_str()],
            vec!["can", file.as_str(), "mount tmpfs on /tmp"],
            vec!["can", file.as_str(), "read /etc/passwd"],
        ] {
            let mut all = vec!["profile"];
            all.extend(arguments);
            all.extend(["--kernel", kernel, "--json"]);
            let ran = run(&all, "");
            assert_eq!(check("whodenied-profile-1", &ran.out), Vec::<String>::new(), "{all:?}");
        }
    }
}

/// What the template says, on every kernel: no mounts, no writing to the kernel's files, signals from whom it
/// names; and what the compiler's features add: namespaces are mediated from 6.7 on and no rule allows them.
#[test]
fn a_default_profile_is_told_in_a_page() {
    for (file, kernel) in defaults() {
        let ran = run(&["profile", "show", &file, "--kernel", kernel], "");
        let lines: Vec<&str> = ran.out.lines().map(str::trim).collect();
        for line in [
            "deny mount,",
            "umount,",
            "deny /proc/sysrq-trigger rwkx,",
            "deny /sys/firmware/** rwkx,",
            "signal (receive) peer=runc,",
            "signal (send, receive) peer=docker-default,",
        ] {
            assert!(lines.contains(&line), "{kernel}: {line}\n{}", ran.out);
        }
        assert!(lines.len() < 90, "{}", ran.out);
        let namespaces = lines.iter().position(|l| *l == "user namespaces");
        assert_eq!(namespaces.map(|at| lines[at + 1]), (kernel != "6.1").then_some("nothing is allowed"));
        ran.assert_harmless();
    }
}

#[test]
fn differences_end_with_one() {
    // The other allows every family, this one only AF_INET.
    let (net, ipc) = (seed("words-probe-net1"), seed("words-probe-ipc"));
    let same = run(&["profile", "diff", &net, &net, "--kernel", "6.12"], "");
    assert_eq!(same.status, 0, "{}", same.out);
    let other = run(&["profile", "diff", &net, &ipc, "--kernel", "6.12"], "");
    assert_eq!(other.status, 1);
    let words = other.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("AF_UNIX"), "{}", other.out);
    other.assert_harmless();
}

#[test]
fn what_is_no_policy_is_refused() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    assert_eq!(run(&["profile", "show", readme.to_str().unwrap()], "").status, 3);
    assert_eq!(run(&["profile", "can", &seed("table"), "fly"], "").status, 64);
}
