//! AppArmor: the change that the record asks for, in the right place.

use super::{Draft, all, narrow, sound};
use whodenied_case::{Engine, Knob, Predicate, Remedy, Surface, Where};
use whodenied_kernel::{Call, Layer};

fn docker(call: Call) -> Draft {
    Draft::new(Layer::Apparmor, Some(call), "")
        .engine(Engine::Docker)
        .set(Surface::Compose, "mealie", Knob::Image("ghcr.io/mealie-recipes/mealie:v2".into()))
        .policy("docker-default")
}

fn profile(remedy: &Remedy) -> &str {
    let edit = remedy.edits.iter().find(|e| e.format == "apparmor" && e.whole).expect("no profile");
    &edit.text
}

const UNIX: [(&str, &str); 9] = [
    ("operation", "create"),
    ("class", "net"),
    ("info", "failed protocol match"),
    ("error", "-13"),
    ("profile", "docker-default"),
    ("comm", "python3"),
    ("family", "unix"),
    ("sock_type", "stream"),
    ("requested", "create"),
];

#[test]
fn unix_sockets_need_an_abi_and_no_rule() {
    for (distro, version, abi) in [
        ("debian", "13", "4.0"),
        ("debian", "12", "3.0"),
        ("ubuntu", "24.04", "4.0"),
        ("ubuntu", "22.04", "3.0"),
    ] {
        let remedies = docker(Call::Socketpair).distro(distro, version).apparmor(&UNIX).remedies();
        let text = profile(&remedies[0]);
        let head = text.find(&format!("abi <abi/{abi}>,")).expect("abi");
        assert!(head < text.find("profile docker-mealie").expect("profile"), "abi counts at the head only");
        assert!(!text.contains("  unix,"), "{text}");
        assert!(text.contains("  dbus,\n"), "both abis bring D-Bus under control");
        assert_eq!(text.contains("  mqueue,\n"), abi == "4.0");
        assert!(text.contains("peer=docker-mealie") && !text.contains("docker-default"));
        narrow(&remedies[0]);
        assert!(
            profile(&remedies[1]).starts_with("# ") && profile(&remedies[1]).contains("pinned-plus-unix")
        );
    }
}

#[test]
fn the_custom_profile_is_complete() {
    let diagnosis = docker(Call::Socketpair).distro("debian", "13").apparmor(&UNIX).diagnosis();
    let first = &diagnosis.remedies[0];
    assert_eq!(first.on, Where::Host);
    assert_eq!(first.edits[0].file, "/etc/apparmor.d/docker-mealie");
    assert!(first.commands.contains(&"sudo apparmor_parser -r -W /etc/apparmor.d/docker-mealie".to_owned()));
    assert_eq!(
        first.edits[1].text,
        "services:\n  mealie:\n    security_opt:\n      - apparmor=docker-mealie\n"
    );
    assert!(first.undo.iter().any(|u| u.contains("apparmor_parser -R")));
    let text = profile(first);
    for kept in
        ["deny mount,", "kcore", "sysrq-trigger", "peer=runc,", "flags=(attach_disconnected,mediate_deleted)"]
    {
        assert!(text.contains(kept), "{kept}");
    }
    let stays = diagnosis.stays_blocked.join(", ");
    assert!(stays.contains("kernel modules") && stays.contains("mounting") && stays.contains("/proc/kcore"));
}

#[test]
fn an_engine_with_the_fix_holds_an_old_profile() {
    let first = docker(Call::Socketpair).version("docker", "29.5.0").apparmor(&UNIX).first();
    assert!(first.summary.starts_with("Unload"), "{}", first.summary);
    assert!(first.commands[0].contains("apparmor_parser -R"));
}

#[test]
fn one_signal_rule_with_that_set() {
    let kill = [
        ("operation", "signal"),
        ("class", "signal"),
        ("profile", "docker-default"),
        ("requested_mask", "receive"),
        ("denied_mask", "receive"),
        ("signal", "hup"),
        ("peer", "monitor"),
    ];
    let first = docker(Call::Kill).apparmor(&kill).first();
    assert!(profile(&first).contains("  signal (receive) set=hup peer=monitor,\n"), "{}", profile(&first));
    let stop = docker(Call::Kill).version("docker", "26.1.0").apparmor(&[
        ("operation", "signal"),
        ("profile", "docker-default"),
        ("requested_mask", "receive"),
        ("denied_mask", "receive"),
        ("signal", "term"),
        ("peer", "runc"),
    ]);
    let remedies =
        stop.known("aa-stop-runc-peer", &["Docker 23.0.12", "Docker 25.0.6", "Docker 26.1.3"]).remedies();
    assert!(remedies[0].summary.contains("26.1.3"), "{}", remedies[0].summary);
    assert!(profile(&remedies[1]).contains("signal (receive) set=(term,kill) peer=runc,"));
}

#[test]
fn mounts_replace_the_deny_by_the_exact_rule() {
    let first = docker(Call::Mount)
        .apparmor(&[
            ("operation", "mount"),
            ("info", "failed flags match"),
            ("profile", "docker-default"),
            ("name", "/mnt/my share/"),
            ("fstype", "fuse.sshfs"),
            ("srcname", "me@host:"),
            ("flags", "rw, nosuid, nodev"),
        ])
        .first();
    let text = profile(&first);
    assert!(
        text.contains("  mount options=(rw,nosuid,nodev) fstype=fuse.sshfs -> \"/mnt/my share/\",\n"),
        "{text}"
    );
    assert!(!text.contains("deny mount"));
    assert!(all(&first).contains("SYS_ADMIN") && all(&first).contains("/dev/fuse"));
}

#[test]
fn peers_follow_the_new_name() {
    let first = docker(Call::Ptrace)
        .version("docker", "19.03.5")
        .apparmor(&[
            ("operation", "ptrace"),
            ("profile", "docker-default"),
            ("requested_mask", "readby"),
            ("denied_mask", "readby"),
            ("peer", "docker-default"),
        ])
        .first();
    assert!(profile(&first).contains("ptrace (readby) peer=docker-mealie,"), "{}", profile(&first));
    let stacked = Draft::new(Layer::Apparmor, Some(Call::Kill), "")
        .engine(Engine::CriO)
        .apparmor(&[
            ("operation", "signal"),
            ("profile", "crio-default"),
            ("requested_mask", "send"),
            ("denied_mask", "send"),
            ("signal", "hup"),
            ("peer", "crio-default//&unconfined"),
        ])
        .first();
    assert!(profile(&stacked).contains("signal (send,receive) peer=\"crio-custom//&*\","));
}

#[test]
fn other_policies_are_mended_where_they_live() {
    let local = Draft::new(Layer::Apparmor, Some(Call::Open), "/srv/x y")
        .engine(Engine::HostProcess)
        .apparmor(&[
            ("operation", "open"),
            ("class", "file"),
            ("profile", "/usr/sbin/cupsd"),
            ("name", "/srv/x y"),
            ("requested_mask", "r"),
            ("denied_mask", "r"),
        ])
        .first();
    assert_eq!(local.edits[0].file, "/etc/apparmor.d/local/usr.sbin.cupsd");
    assert_eq!(local.edits[0].text, "\"/srv/x y\" r,\n");
    let snap = Draft::new(Layer::Apparmor, Some(Call::Open), "/media/u/x")
        .apparmor(&[
            ("operation", "open"),
            ("profile", "snap.vlc.vlc"),
            ("name", "/media/u/x"),
            ("denied_mask", "r"),
        ])
        .first();
    assert!(snap.commands.iter().any(|c| c == "sudo snap connect vlc:removable-media"));
    let outer = Draft::new(Layer::Apparmor, Some(Call::SysctlWrite), "net.ipv4.ip_unprivileged_port_start")
        .engine(Engine::Docker)
        .fact(Predicate::Outer(Engine::Lxc))
        .distro("proxmox", "9")
        .known("aa-nested-runc-reopen-fd", &["LXC 6.0.6"])
        .first();
    assert_eq!(outer.on, Where::OuterHost);
    assert!(outer.summary.contains("lxc-pve"));
    let missing = Draft::new(Layer::Apparmor, Some(Call::LabelChange), "")
        .engine(Engine::Docker)
        .apparmor(&[
            ("operation", "change_onexec"),
            ("info", "label not found"),
            ("error", "-2"),
            ("profile", "unconfined"),
            ("name", "my-profile"),
        ])
        .first();
    assert!(missing.commands[0].contains("apparmor_parser -r -W /etc/apparmor.d/my-profile"));
    let launcher = Draft::new(Layer::Apparmor, Some(Call::LabelChange), "")
        .engine(Engine::Docker)
        .apparmor(&[
            ("operation", "change_onexec"),
            ("profile", "/usr/bin/dockerd"),
            ("target", "unconfined"),
        ])
        .first();
    assert_eq!(launcher.edits[0].text, "change_profile -> docker-default,\n");
}

#[test]
fn hostile_names_never_become_rules() {
    let evil = "/x\" rw,\n  capability,\n  /** ";
    for operation in ["open", "mount", "umount", "signal", "ptrace", "change_profile", "dbus_method_call"] {
        for profile in ["docker-default", "cupsd", "lxc-container-default", "a\nb{"] {
            let remedies = docker(Call::Open)
                .apparmor(&[
                    ("operation", operation),
                    ("profile", profile),
                    ("name", evil),
                    ("peer", evil),
                    ("target", evil),
                    ("fstype", "x) y,"),
                    ("flags", "rw, evil\n"),
                    ("signal", "term) peer=**,"),
                    ("requested_mask", "r"),
                    ("denied_mask", "r"),
                    ("path", evil),
                    ("interface", evil),
                ])
                .remedies();
            for remedy in &remedies {
                sound(remedy);
                for edit in remedy.edits.iter().filter(|e| e.format == "apparmor") {
                    assert!(!edit.text.lines().any(|l| l.trim_start().starts_with("/**")), "{}", edit.text);
                    let wide = edit.text.lines().filter(|l| l.trim() == "capability,").count();
                    assert!(wide <= usize::from(edit.whole), "{}", edit.text);
                }
            }
        }
    }
}
