//! Profiles and local additions compile with the machine's own `apparmor_parser`, where it has one.

use super::{Draft, all};
use std::io::Write as _;
use std::process::{Command, Stdio};
use whodenied_case::{Engine, Knob, Surface};
use whodenied_kernel::{Call, Layer};

fn parser() -> Option<&'static str> {
    ["apparmor_parser", "/sbin/apparmor_parser", "/usr/sbin/apparmor_parser"]
        .into_iter()
        .find(|p| Command::new(p).arg("--version").output().is_ok_and(|o| o.status.success()))
}

fn compile(parser: &str, text: &str) -> Result<(), String> {
    let mut child = Command::new(parser)
        .args(["-Q", "-K", "-S"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    if let Some(stdin) = child.stdin.as_mut() {
        stdin.write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    }
    let out = child.wait_with_output().map_err(|e| e.to_string())?;
    if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
}

/// Major and minor of the parser, as `AppArmor parser version 3.0.8` tells them.
fn version(parser: &str) -> (u32, u32) {
    let out = Command::new(parser).arg("--version").output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut numbers = text
        .split_whitespace()
        .find(|w| w.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or_default()
        .split(['.', '~', '-'])
        .map_while(|n| n.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap_or(0))
}

/// The first parser that knows what the text uses (apparmor.d(5) of each release).
fn least_parser(text: &str) -> (u32, u32) {
    let since = |words: &[&str], version| words.iter().any(|w| text.contains(w)).then_some(version);
    since(&["priority="], (4, 1))
        .or_else(|| {
            since(&["abi/4.0", "userns", "mqueue", "io_uring", "default_allow", "(unconfined)"], (4, 0))
        })
        .unwrap_or((3, 0))
}

type Fields = &'static [(&'static str, &'static str)];

const RECORDS: &[(Call, Fields)] = &[
    (
        Call::Socket,
        &[
            ("operation", "create"),
            ("info", "failed protocol match"),
            ("family", "unix"),
            ("sock_type", "stream"),
            ("requested_mask", "create"),
        ],
    ),
    (
        Call::Socket,
        &[
            ("operation", "connect"),
            ("info", "failed peer label match"),
            ("family", "unix"),
            ("sock_type", "stream"),
            ("requested_mask", "send receive connect"),
            ("denied_mask", "send connect"),
            ("peer", "unconfined"),
        ],
    ),
    (
        Call::Socket,
        &[("operation", "create"), ("family", "netlink"), ("sock_type", "raw"), ("requested_mask", "create")],
    ),
    (
        Call::Kill,
        &[
            ("operation", "signal"),
            ("requested_mask", "receive"),
            ("denied_mask", "receive"),
            ("signal", "rtmin+3"),
            ("peer", "a b//&c"),
        ],
    ),
    (
        Call::Ptrace,
        &[
            ("operation", "ptrace"),
            ("requested_mask", "read"),
            ("denied_mask", "read"),
            ("peer", "/usr/bin/x y"),
        ],
    ),
    (
        Call::Mount,
        &[
            ("operation", "mount"),
            ("name", "/mnt/a b/"),
            ("fstype", "fuse.sshfs"),
            ("srcname", "/dev/fuse"),
            ("flags", "rw, nosuid, nodev"),
        ],
    ),
    (
        Call::Mount,
        &[
            ("operation", "mount"),
            ("name", "/run/systemd/unit-root/bin/"),
            ("flags", "ro, remount, noatime, bind"),
        ],
    ),
    (Call::Mount, &[("operation", "mount"), ("name", "/"), ("flags", "rw, rslave")]),
    (Call::Umount, &[("operation", "umount"), ("name", "/mnt/x/")]),
    (Call::PivotRoot, &[("operation", "pivotroot"), ("name", "/x/")]),
    (
        Call::Open,
        &[
            ("operation", "open"),
            ("class", "file"),
            ("name", "/sys/kernel/x*y"),
            ("requested_mask", "wc"),
            ("denied_mask", "wc"),
        ],
    ),
    (
        Call::Exec,
        &[
            ("operation", "exec"),
            ("class", "file"),
            ("name", "/opt/a,b"),
            ("requested_mask", "x"),
            ("denied_mask", "x"),
        ],
    ),
    (
        Call::Open,
        &[
            ("operation", "open"),
            ("info", "Failed name lookup - disconnected path"),
            ("name", "run/x"),
            ("requested_mask", "rw"),
            ("denied_mask", "rw"),
        ],
    ),
    (Call::Setpriority, &[("operation", "capable"), ("capname", "sys_nice"), ("capability", "23")]),
    (
        Call::UsernsCreate,
        &[("operation", "userns_create"), ("class", "namespace"), ("requested", "userns_create")],
    ),
    (Call::IoUring, &[("operation", "uring_sqpoll"), ("class", "io_uring")]),
    (
        Call::Mqueue,
        &[("operation", "open"), ("class", "posix_mqueue"), ("name", "/q 1"), ("requested", "create")],
    ),
    (
        Call::Dbus,
        &[
            ("operation", "dbus_method_call"),
            ("bus", "system"),
            ("path", "/org/x"),
            ("interface", "org.x.Y"),
            ("member", "Z"),
            ("mask", "send"),
            ("name", "org.x"),
        ],
    ),
    (Call::Dbus, &[("operation", "dbus_bind"), ("bus", "system"), ("mask", "bind"), ("name", "org.x")]),
    (Call::LabelChange, &[("operation", "change_onexec"), ("target", "docker-default")]),
];

#[test]
fn what_is_offered_compiles() {
    let Some(parser) = parser() else {
        println!("SKIPPED: no apparmor_parser on this machine");
        return;
    };
    let machine = version(parser);
    // Each host is offered what its own parser knows.
    let debian = if machine < (4, 0) { "12" } else { "13" };
    let (mut compiled, mut newer) = (0, 0);
    for (engine, profile, component, versions) in [
        (Engine::Docker, "docker-default", "docker", ["19.03", "26.1.5", "29.4.3", "x"]),
        (Engine::Containerd, "cri-containerd.apparmor.d", "containerd", ["1.6.0", "1.7.31", "2.3", "x"]),
        (Engine::Podman, "containers-default-0.62.2", "podman", ["4.3", "5.2", "5.5", "x"]),
        (Engine::CriO, "crio-default", "cri-o", ["1.28", "1.31", "1.34", "x"]),
        (Engine::HostProcess, "cupsd", "docker", ["x", "x", "x", "x"]),
    ] {
        for version in versions {
            for (call, fields) in RECORDS {
                let mut fields = fields.to_vec();
                fields.push(("profile", profile));
                let remedies = Draft::new(Layer::Apparmor, Some(*call), "")
                    .engine(engine)
                    .version(component, version)
                    .distro("debian", debian)
                    .set(Surface::RunLine, "web", Knob::Image("x".into()))
                    .apparmor(&fields)
                    .remedies();
                assert!(!remedies.is_empty(), "{engine:?} {fields:?}");
                for edit in remedies.iter().flat_map(|r| &r.edits).filter(|e| e.format == "apparmor") {
                    if edit.text.contains("pinned-plus-unix") || edit.text.contains('…') {
                        continue;
                    }
                    let text = if edit.whole {
                        edit.text.clone()
                    } else {
                        format!("profile x {{\n{}}}\n", edit.text)
                    };
                    if least_parser(&text) > machine {
                        newer += 1;
                        continue;
                    }
                    if let Err(error) = compile(parser, &text) {
                        panic!("{error}\n{text}");
                    }
                    compiled += 1;
                }
            }
        }
    }
    let restricted = Draft::new(Layer::Sysctl, Some(Call::UsernsCreate), "")
        .engine(Engine::Bubblewrap)
        .policy("unprivileged_userns")
        .first();
    let text = &restricted.edits[0].text;
    if least_parser(text) <= machine
        && let Err(error) = compile(parser, text)
    {
        panic!("{error}\n{}", all(&restricted));
    }
    println!("{compiled} profiles compiled by {parser} {machine:?}, {newer} need a newer parser");
    assert!(compiled > 100, "hardly anything was compiled: {compiled}, {newer} need a newer parser");
}
