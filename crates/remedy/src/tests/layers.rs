//! Every layer, on every surface.

use super::{Draft, all, narrow, sound};
use whodenied_case::{CapSpec, Engine, Environment, Knob, PathState, Predicate, Surface, Where};
use whodenied_kernel::{Call, Capability, Errno, Layer};

const ENGINES: [Option<Engine>; 11] = [
    None,
    Some(Engine::Docker),
    Some(Engine::DockerSnap),
    Some(Engine::Podman),
    Some(Engine::Containerd),
    Some(Engine::Kubernetes),
    Some(Engine::CriO),
    Some(Engine::Lxc),
    Some(Engine::Incus),
    Some(Engine::SystemdUnit),
    Some(Engine::HostProcess),
];

const OBJECTS: [&str; 8] = [
    "",
    "/srv/data/file.db",
    "/proc/sys/net/ipv4/ip_forward",
    "/sys/fs/cgroup/init.scope",
    "/dev/net/tun",
    "unix:///var/run/docker.sock",
    "/home/o'neil/a b\"; rm -rf /\n\u{1b}[31m",
    "0.0.0.0:80",
];

#[test]
fn every_layer_has_a_narrow_and_sound_first_fix() {
    for &layer in Layer::ALL {
        for &call in Call::ALL {
            for engine in ENGINES {
                let object = OBJECTS[(call as usize + layer as usize) % OBJECTS.len()];
                let mut draft = Draft::new(layer, Some(call), object);
                if let Some(engine) = engine {
                    draft = draft.engine(engine);
                }
                let diagnosis = draft.diagnosis();
                for remedy in &diagnosis.remedies {
                    sound(remedy);
                }
                match diagnosis.remedies.first() {
                    Some(first) => narrow(first),
                    None => assert!(
                        layer == Layer::Unknown
                            || (layer == Layer::Apparmor && engine == Some(Engine::Podman)),
                        "{layer:?} {call:?} {engine:?} {object:?}: no fix"
                    ),
                }
                if !matches!(layer, Layer::Unknown | Layer::Application) {
                    assert!(diagnosis.shortcut.contains("Defensible"), "{layer:?}");
                }
            }
        }
    }
}

/// Where a program can be configured to run, each with the engine that reads it.
const SURFACES: [(Surface, Engine); 8] = [
    (Surface::Compose, Engine::Docker),
    (Surface::RunLine, Engine::Docker),
    (Surface::RunLine, Engine::Podman),
    (Surface::Quadlet, Engine::Podman),
    (Surface::Kubernetes, Engine::Kubernetes),
    (Surface::SystemdUnit, Engine::SystemdUnit),
    (Surface::Lxc, Engine::Lxc),
    (Surface::Lxc, Engine::Incus),
];

#[test]
fn every_layer_on_every_surface_ranks_by_what_it_opens() {
    for &layer in Layer::ALL {
        for (surface, engine) in SURFACES {
            for (call, object) in [
                (Call::Open, "/srv/data/file.db"),
                (Call::Open, "/dev/net/tun"),
                (Call::Bind, "0.0.0.0:80"),
                (Call::Chown, "/srv/data"),
                (Call::Mount, "/mnt"),
                (Call::Exec, "/srv/data/run.sh"),
            ] {
                let told = format!("{layer:?} {surface:?} {engine:?} {call:?} {object}");
                let remedies = Draft::new(layer, Some(call), object)
                    .engine(engine)
                    .set(surface, "web", Knob::Image("example/web".into()))
                    .remedies();
                if remedies.is_empty() {
                    let none =
                        layer == Layer::Unknown || layer == Layer::Apparmor && engine == Engine::Podman;
                    assert!(none, "{told}: no fix");
                    continue;
                }
                narrow(&remedies[0]);
                for remedy in &remedies {
                    sound(remedy);
                }
                // What switches a whole layer off stands behind everything that does not.
                let broad = remedies.iter().position(|r| crate::guard::broad(r).is_some());
                let last_narrow = remedies.iter().rposition(|r| crate::guard::broad(r).is_none());
                if let (Some(broad), Some(narrow)) = (broad, last_narrow) {
                    assert!(broad > narrow, "{told}: a broad fix before a narrow one");
                }
            }
        }
    }
}

#[test]
fn every_object_on_every_layer_is_harmless() {
    for &layer in Layer::ALL {
        for object in OBJECTS {
            for surface in [
                Surface::Compose,
                Surface::RunLine,
                Surface::Quadlet,
                Surface::Kubernetes,
                Surface::SystemdUnit,
            ] {
                let evil = "x\"; touch /tmp/p\n  privileged: true\u{202e}";
                let volume =
                    Knob::Volume { source: "/srv/$(id)".into(), target: object.into(), options: vec![] };
                let remedies = Draft::new(layer, Some(Call::Open), object)
                    .engine(Engine::Podman)
                    .set(surface, evil, volume)
                    .set(surface, evil, Knob::Image(evil.into()))
                    .remedies();
                for remedy in &remedies {
                    sound(remedy);
                    assert!(!all(remedy).contains("\n  privileged: true"), "{}", all(remedy));
                }
            }
        }
    }
}

#[test]
fn spelled_as_the_evidence_spells() {
    let cap = |surface| {
        Draft::new(Layer::Capability, Some(Call::Settime), "")
            .set(surface, "web", Knob::Image("nginx".into()))
            .engine(Engine::Docker)
            .first()
    };
    let compose = cap(Surface::Compose);
    assert_eq!(compose.edits[0].spelling, "compose");
    assert_eq!(compose.edits[0].text, "services:\n  web:\n    cap_add:\n      - SYS_TIME\n");
    assert_eq!(cap(Surface::RunLine).edits[0].text, "--cap-add SYS_TIME\n");
    let unknown = Draft::new(Layer::Capability, Some(Call::Settime), "").first();
    let spellings: Vec<&str> = unknown.edits.iter().map(|e| e.spelling.as_str()).collect();
    assert_eq!(spellings, ["compose", "docker", "kubernetes"]);
    let pod = Draft::new(Layer::Capability, Some(Call::Settime), "").engine(Engine::Kubernetes).first();
    assert!(pod.edits[0].text.contains("capabilities:\n          add: [\"SYS_TIME\"]"));
    let unit = Draft::new(Layer::Capability, Some(Call::Settime), "").engine(Engine::SystemdUnit).first();
    assert!(unit.edits[0].text.contains("AmbientCapabilities=CAP_SYS_TIME"));
}

#[test]
fn what_is_set_already_is_not_offered() {
    let with = Draft::new(Layer::Capability, Some(Call::Settime), "")
        .engine(Engine::Docker)
        .set(Surface::RunLine, "", Knob::CapAdd(CapSpec::One(Capability::SYS_TIME)))
        .remedies();
    assert!(with.iter().all(|r| !all(r).contains("--cap-add SYS_TIME")));
    let device = Draft::new(Layer::DeviceCgroup, Some(Call::Open), "/dev/kvm")
        .engine(Engine::Docker)
        .set(Surface::RunLine, "", Knob::Device("/dev/kvm:/dev/kvm".into()))
        .remedies();
    assert!(device.is_empty(), "{device:?}");
}

#[test]
fn groups_go_by_number_and_sockets_are_named_for_what_they_are() {
    let socket = PathState {
        path: "/var/run/docker.sock".into(),
        kind: Some('s'),
        mode: Some(0o660),
        owner: Some("0".into()),
        group: Some("998".into()),
        ..PathState::default()
    };
    let first = Draft::new(Layer::Dac, Some(Call::Connect), "/var/run/docker.sock")
        .engine(Engine::Docker)
        .set(Surface::Compose, "agent", Knob::Image("jenkins/agent".into()))
        .fact(Predicate::Path(socket))
        .first();
    assert_eq!(first.edits[0].text, "services:\n  agent:\n    group_add:\n      - \"998\"\n");
    assert!(first.widens.contains("root on the host"));
}

#[test]
fn owners_change_one_directory_and_trees_are_counted_first() {
    for engine in [Engine::Docker, Engine::Podman, Engine::HostProcess] {
        for call in [Call::Open, Call::Create, Call::Chown] {
            for layer in [Layer::Dac, Layer::Userns, Layer::Capability, Layer::Filesystem] {
                let volume =
                    Knob::Volume { source: "/srv/data".into(), target: "/data".into(), options: vec![] };
                let remedies = Draft::new(layer, Some(call), "/data/x")
                    .engine(engine)
                    .set(Surface::RunLine, "", volume)
                    .remedies();
                for command in remedies.iter().flat_map(|r| &r.commands) {
                    assert!(!command.contains("chown -R") && !command.contains("chmod -R"), "{command}");
                }
            }
        }
    }
}

#[test]
fn selinux_relabels_volumes_and_never_system_directories() {
    let mounted = |source: &str| {
        Draft::new(Layer::Selinux, Some(Call::Open), "/data/x")
            .engine(Engine::Podman)
            .set(
                Surface::RunLine,
                "",
                Knob::Volume { source: source.into(), target: "/data".into(), options: vec![] },
            )
            .avc("container_t", "default_t", "file", &["read"])
            .first()
    };
    assert!(all(&mounted("/srv/app")).contains("-v /srv/app:/data:Z"));
    for system in ["/home", "/home/anna", "/usr/share", "/etc", "/", "/var"] {
        let first = mounted(system);
        assert!(first.summary.contains("subdirectory"), "{system}: {}", first.summary);
        assert!(!all(&first).contains(&format!("-v {system}:/data:")), "{system}");
    }
    let cgroup = Draft::new(Layer::Selinux, Some(Call::Write), "release_agent")
        .engine(Engine::Podman)
        .avc("container_t", "cgroup_t", "file", &["write"])
        .first();
    assert!(cgroup.commands[0].contains("setsebool -P container_manage_cgroup on"));
    let module = Draft::new(Layer::Selinux, Some(Call::Connect), "/run/x.sock")
        .engine(Engine::HostProcess)
        .avc("httpd_t", "initrc_t", "unix_stream_socket", &["connectto"])
        .remedies();
    assert!(
        module.iter().any(|r| all(r).contains("(allow httpd_t initrc_t (unix_stream_socket (connectto)))"))
    );
}

#[test]
fn seccomp_prefers_upgrades_and_single_calls() {
    let clone3 =
        Draft::new(Layer::Seccomp, Some(Call::Clone), "").engine(Engine::Docker).version("docker", "20.10.7");
    let mut clone3 = clone3;
    clone3.case.attempts[0].syscall = Some("clone3".into());
    let remedies = clone3.remedies();
    assert!(remedies[0].summary.contains("20.10.10"), "{}", remedies[0].summary);
    let json = remedies[1].edits[0].text.clone();
    let profile: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let entry = |name: &str| {
        let entries = profile["syscalls"].as_array().expect("entries");
        entries.iter().find(|e| e["names"].as_array().is_some_and(|n| n.iter().any(|n| n == name))).cloned()
    };
    assert_eq!(entry("clone3").expect("a rule")["errnoRet"], 38);
    assert_eq!(entry("unshare"), None);
    assert_eq!(entry("openat").expect("a rule")["action"], "SCMP_ACT_ALLOW");

    let uring = Draft::new(Layer::Seccomp, Some(Call::IoUring), "").engine(Engine::Podman).remedies();
    assert_eq!(uring[0].on, Where::Program);
    for call in ["io_uring_setup", "io_uring_enter", "io_uring_register"] {
        assert!(
            all(&uring[1])
                .contains(&format!("{{\"names\": [\"{call}\"],\n      \"action\": \"SCMP_ACT_ALLOW\""))
        );
    }

    let perf = Draft::new(Layer::Seccomp, Some(Call::PerfEventOpen), "")
        .engine(Engine::Docker)
        .version("docker", "27.1")
        .first();
    assert!(all(&perf).contains("PERFMON"), "{}", all(&perf));

    let unit = Draft::new(Layer::Seccomp, Some(Call::Socket), "")
        .engine(Engine::SystemdUnit)
        .arg("domain", "AF_NETLINK")
        .set(
            Surface::SystemdUnit,
            "app.service",
            Knob::Unit { key: "RestrictAddressFamilies".into(), value: "AF_UNIX".into() },
        )
        .first();
    assert_eq!(unit.edits[0].text, "[Service]\nRestrictAddressFamilies=AF_NETLINK\n");
    assert_eq!(unit.edits[0].file, "/etc/systemd/system/app.service.d/override.conf");
}

#[test]
fn ports_ping_and_limits_need_no_capability() {
    let port = Draft::new(Layer::Port, Some(Call::Bind), "0.0.0.0:80")
        .engine(Engine::Kubernetes)
        .set(Surface::Kubernetes, "web", Knob::User("33".into()))
        .first();
    assert!(
        all(&port).contains("net.ipv4.ip_unprivileged_port_start\n        value: \"80\""),
        "{}",
        all(&port)
    );
    let ping = Draft::new(Layer::Capability, Some(Call::Socket), "")
        .engine(Engine::CriO)
        .arg("protocol", "IPPROTO_ICMP")
        .first();
    assert!(all(&ping).contains("net.ipv4.ping_group_range"));
    let lock = Draft::new(Layer::Rlimit, Some(Call::Mlock), "")
        .engine(Engine::Docker)
        .set(Surface::Compose, "es", Knob::Image("elasticsearch".into()))
        .first();
    assert!(all(&lock).contains("ulimits:\n      memlock: -1"));
}

#[test]
fn places_to_write() {
    let readonly = |surface, engine| {
        Draft::new(Layer::Readonly, Some(Call::Create), "/var/cache/app/x.pid")
            .errno(Errno::EROFS)
            .engine(engine)
            .set(surface, "app", Knob::ReadOnlyRoot(true))
            .first()
    };
    assert!(all(&readonly(Surface::Compose, Engine::Docker)).contains("tmpfs:\n      - /var/cache/app"));
    assert!(all(&readonly(Surface::Kubernetes, Engine::Kubernetes)).contains("emptyDir: {}"));
    let unit =
        Draft::new(Layer::Readonly, Some(Call::Create), "/var/lib/app/x").engine(Engine::SystemdUnit).first();
    assert!(all(&unit).contains("StateDirectory=app"));
    let sysctl = Draft::new(Layer::Readonly, Some(Call::SysctlWrite), "/proc/sys/net/ipv4/ip_forward")
        .engine(Engine::Docker)
        .first();
    assert!(all(&sysctl).contains("net.ipv4.ip_forward"));
}

#[test]
fn userns_by_engine() {
    let volume = Knob::Volume { source: "/srv/d".into(), target: "/d".into(), options: vec![] };
    let podman = Draft::new(Layer::Userns, Some(Call::Open), "/d/x")
        .engine(Engine::Podman)
        .set(Surface::RunLine, "", volume)
        .remedies();
    assert!(all(&podman[0]).contains("--userns=keep-id"));
    assert!(all(&podman[1]).contains("/srv/d:/d:U") && podman[1].commands[0].contains("wc -l"));
    let ids = Draft::new(Layer::Userns, Some(Call::Chown), "/x")
        .errno(Errno::EINVAL)
        .engine(Engine::Podman)
        .fact(Predicate::Statement("single-id-mapping"))
        .first();
    assert!(ids.commands.iter().any(|c| c.contains("--add-subuids")));
    let restricted = Draft::new(Layer::Sysctl, Some(Call::UsernsCreate), "")
        .fact(Predicate::Environment(Environment::UsernsRestriction))
        .engine(Engine::Bubblewrap)
        .first();
    let text = all(&restricted);
    assert!(
        text.contains("abi <abi/4.0>,") && text.contains("  userns,\n") && text.contains("/usr/bin/bwrap")
    );
    assert!(!text.contains("sysctl"));
}
