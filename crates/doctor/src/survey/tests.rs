use super::*;
use whodenied_sources::{Metadata, RecordedHost};

const STATUS: &str = "Name:\tx\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n";

fn hardened() -> RecordedHost {
    RecordedHost::default()
        .with("/etc/os-release", "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nVERSION_ID=\"24.04\"\n")
        .with("/proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
        .with("/sys/kernel/security/lsm", "lockdown,capability,landlock,yama,apparmor,bpf")
        .with("/sys/module/apparmor/parameters/enabled", "Y\n")
        .with("/sys/kernel/security/apparmor/profiles", "a (enforce)\nb (enforce)\nc (complain)\n")
        .with("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
        .with("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        .with("/proc/sys/kernel/yama/ptrace_scope", "2\n")
        .with("/proc/sys/kernel/dmesg_restrict", "1\n")
        .with("/proc/sys/net/ipv4/ping_group_range", "1\t0\n")
        .with("/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024\n")
        .with("/proc/sys/fs/protected_regular", "2\n")
        .with("/proc/self/status", STATUS)
        .with("/proc/self/mountinfo", "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 30 0:40 / /tmp rw,nosuid,noexec - tmpfs tmpfs rw\n32 30 0:5 / /proc rw - proc proc rw,hidepid=invisible\n")
        .with("/etc/subuid", "alice:100000:1000\n")
        .with("/etc/docker/daemon.json", "{\n  \"userns-remap\": \"default\",\n  \"debug\": true\n}\n")
        .without("/dev/kmsg", ReadError::Denied)
        .without("/var/log/audit/audit.log", ReadError::Denied)
        .with_metadata("/run/docker.sock", Metadata { mode: 0o140_660, uid: 0, gid: 999 }, false)
        .with_landlock(4)
        .with_program("docker", "Docker version 26.1.5, build a72d7cd")
}

fn value<'a>(survey: &'a Survey, name: &str) -> Option<(&'a str, &'a str)> {
    let rows = survey.groups.iter().flat_map(|g| &g.rows);
    rows.into_iter().find(|r| r.name == name).map(|r| (r.value.as_str(), r.means.as_str()))
}

fn sight<'a>(survey: &'a Survey, part: &str) -> &'a Sight {
    survey.sights.iter().find(|s| s.what.contains(part)).unwrap()
}

#[test]
fn each_layer_of_a_hardened_machine_is_told() {
    let survey = survey(&hardened());
    for (name, want) in [
        ("distribution", "Ubuntu 24.04.1 LTS"),
        ("modules", "lockdown, capability, landlock, yama, apparmor, bpf"),
        ("AppArmor profiles", "2 enforce, 1 complain"),
        ("lockdown", "integrity"),
        ("Landlock", "ABI 4"),
        ("kernel.yama.ptrace_scope", "2"),
        ("net.ipv4.ping_group_range", "1 0"),
        ("seccomp of this shell", "2"),
        ("no_new_privs of this shell", "1"),
        ("/tmp", "tmpfs rw,nosuid,noexec"),
        ("/etc/subuid alice", "100000, 1000 ids"),
        ("docker", "Docker version 26.1.5, build a72d7cd"),
        ("daemon.json", "\"userns-remap\": \"default\""),
        ("/run/docker.sock", "mode 0660, uid 0, gid 999"),
    ] {
        assert_eq!(value(&survey, name).map(|v| v.0), Some(want), "{name}");
    }
    assert!(value(&survey, "/tmp").unwrap().1.contains("noexec"));
    assert!(value(&survey, "net.ipv4.ping_group_range").unwrap().1.starts_with("no group"));
    assert!(value(&survey, "bounding set of this shell").unwrap().1.contains("CAP_SYS_ADMIN"));
    assert!(value(&survey, "/etc/subuid alice").unwrap().1.contains("65536"));
    assert_eq!(value(&survey, "/"), None);
}

#[test]
fn what_cannot_be_seen_comes_with_the_least_change() {
    let survey = survey(&hardened());
    for part in
        ["kernel's log", "audit records", "live", "other users' processes", "seccomp filters", "Docker"]
    {
        let sight = sight(&survey, part);
        assert_eq!(sight.visible, Some(false), "{sight:?}");
        assert!(!sight.change.is_empty(), "{sight:?}");
        assert!(!sight.change.contains("aG docker"), "membership in docker is root: {sight:?}");
    }
    assert_eq!(sight(&survey, "AppArmor profiles").visible, Some(true));
    let root = hardened().with(
        "/proc/self/status",
        "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n",
    );
    let survey = super::survey(&root);
    assert_eq!(sight(&survey, "other users' processes").visible, Some(true));
    assert_eq!(sight(&survey, "seccomp filters").change, "");
}

#[test]
fn an_empty_machine_is_surveyed_too() {
    let survey = survey(&RecordedHost::default());
    assert!(survey.evidence.is_empty());
    assert!(!survey.sights.is_empty());
    assert!(survey.groups.iter().all(|g| !g.rows.is_empty()));
}

#[test]
fn what_could_not_be_read_is_named() {
    let host = hardened().without("/sys/kernel/security/lockdown", ReadError::Denied);
    let survey = survey(&host);
    assert!(survey.missing.iter().any(|m| m.contains("lockdown")), "{:?}", survey.missing);
    assert_eq!(value(&survey, "lockdown"), None);
}

#[test]
fn this_machine_is_surveyed_in_good_time() {
    let begun = std::time::Instant::now();
    let survey = survey(&whodenied_sources::LiveHost);
    assert!(value(&survey, "kernel").is_some() && !survey.evidence.is_empty());
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn marks_of_a_container_in_the_root_of_a_machine_are_none() {
    let marked = hardened().with_metadata("/.dockerenv", Metadata { mode: 0o100_755, uid: 0, gid: 0 }, false);
    let inside = |host: &RecordedHost| value(&survey(host), "container").map(|v| v.0.to_owned());
    assert_eq!(inside(&marked).as_deref(), Some("Docker"));
    let machine = marked.with("/proc/2/comm", "kthreadd\n");
    assert_eq!(inside(&machine), None);
    let layers = machine.with("/proc/self/mountinfo", "30 1 0:40 / / rw - overlay overlay rw,lowerdir=/l\n");
    assert_eq!(inside(&layers).as_deref(), Some("Docker"), "with the host's processes in view");
}
