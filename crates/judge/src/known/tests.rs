//! Each issue's own example finds it; what is no issue finds none.

use super::match_known;
use crate::testing::{attempt, component, distro, facts, knob, sysctl};
use whodenied_case::record::{ApparmorRecord, ApparmorVerdict, AvcRecord, Channel, LandlockRecord};
use whodenied_case::{Attempt, CapSpec, Engine, Environment, Knob, Phase, Predicate, Record, RecordKind};
use whodenied_kernel::{Call, Capability, Errno, Layer};
use whodenied_runtimes::known::ALL;

const EACCES: Errno = Errno::EACCES;
const EPERM: Errno = Errno::EPERM;

fn with(mut attempt: Attempt, kind: RecordKind) -> Attempt {
    attempt.records.push(Record {
        channel: Channel::Kernel,
        time_ms: None,
        serial: None,
        truncated: false,
        kind,
    });
    attempt
}

fn apparmor(call: Call, fields: &[(&str, &str)]) -> Attempt {
    let verdict = match fields.iter().find(|(k, _)| *k == "apparmor").map(|(_, v)| *v) {
        Some("AUDIT") => ApparmorVerdict::Audit,
        _ => ApparmorVerdict::Denied,
    };
    let fields = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    with(
        attempt(call, EACCES, ""),
        RecordKind::Apparmor(Box::new(ApparmorRecord { verdict, dbus: false, fields })),
    )
}

fn avc(permission: &str, scontext: &str, tcontext: &str, tclass: &str) -> Attempt {
    let record = AvcRecord {
        denied: true,
        permissions: vec![permission.to_owned()],
        scontext: Some(scontext.to_owned()),
        tcontext: Some(tcontext.to_owned()),
        tclass: Some(tclass.to_owned()),
        ..AvcRecord::default()
    };
    with(attempt(Call::Open, EACCES, "/data/x"), RecordKind::Selinux(Box::new(record)))
}

fn args(mut attempt: Attempt, args: &[(&str, &str)]) -> Attempt {
    attempt.args = args.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    attempt
}

fn syscall(mut attempt: Attempt, name: &str) -> Attempt {
    attempt.syscall = Some(name.to_owned());
    attempt
}

fn phase(mut attempt: Attempt, phase: Phase) -> Attempt {
    attempt.phase = phase;
    attempt
}

fn on(engine: Engine) -> Predicate {
    Predicate::Engine(engine)
}

fn env(environment: Environment) -> Predicate {
    Predicate::Environment(environment)
}

fn says(id: &'static str) -> Predicate {
    Predicate::Statement(id)
}

fn volume() -> Predicate {
    knob(Knob::Volume { source: "/srv".to_owned(), target: "/data".to_owned(), options: vec![] })
}

fn user(user: &str) -> Predicate {
    knob(Knob::User(user.to_owned()))
}

type Example = (&'static str, Layer, Attempt, Vec<Predicate>);

fn signal(profile: &str, peer: &str) -> Attempt {
    apparmor(
        Call::Kill,
        &[("operation", "signal"), ("profile", profile), ("denied_mask", "receive"), ("peer", peer)],
    )
}

fn policy_examples() -> Vec<Example> {
    let docker = || on(Engine::Docker);
    let unix = |info: &str| {
        apparmor(
            Call::Socketpair,
            &[("operation", "create"), ("info", info), ("family", "unix"), ("profile", "docker-default")],
        )
    };
    vec![
        ("aa-unix-failed-protocol-match", Layer::Apparmor, unix("failed protocol match"), vec![docker()]),
        (
            "aa-unix-failed-protocol-match",
            Layer::Apparmor,
            attempt(Call::Socketpair, EACCES, ""),
            vec![docker()],
        ),
        ("aa-unix-failed-type-and-protocol", Layer::Apparmor, unix("failed type and protocol match"), vec![]),
        (
            "aa-stop-runc-peer",
            Layer::Apparmor,
            signal("docker-default", "runc"),
            vec![docker(), component("docker", "24.0.7")],
        ),
        (
            "aa-stop-runc-peer",
            Layer::Apparmor,
            phase(attempt(Call::Kill, EACCES, ""), Phase::Stop),
            vec![on(Engine::Kubernetes)],
        ),
        (
            "aa-podman-stop-crun-peer",
            Layer::Apparmor,
            signal("containers-default-0.57.4-apparmor1", "podman"),
            vec![on(Engine::Podman)],
        ),
        (
            "aa-podman-stop-crun-peer",
            Layer::Apparmor,
            phase(attempt(Call::Kill, EACCES, ""), Phase::Stop),
            vec![on(Engine::Podman)],
        ),
        (
            "aa-snap-docker-stop",
            Layer::Apparmor,
            signal("docker-default", "snap.docker.dockerd"),
            vec![on(Engine::DockerSnap)],
        ),
        (
            "aa-docker-kill-unconfined-peer",
            Layer::Apparmor,
            signal("docker-default", "unconfined"),
            vec![docker(), component("docker", "18.06.1")],
        ),
        (
            "aa-profile-stale-after-upgrade",
            Layer::Apparmor,
            signal("docker-default", "runc"),
            vec![docker(), component("docker", "26.1.4")],
        ),
        (
            "aa-profile-missing",
            Layer::Apparmor,
            apparmor(
                Call::LabelChange,
                &[("operation", "change_onexec"), ("info", "label not found"), ("name", "docker-default")],
            ),
            vec![docker()],
        ),
        (
            "aa-profile-missing",
            Layer::Apparmor,
            phase(attempt(Call::LabelChange, Errno::ENOENT, ""), Phase::RuntimeSetup),
            vec![docker()],
        ),
        (
            "aa-runtime-confined-change-onexec",
            Layer::Apparmor,
            apparmor(
                Call::LabelChange,
                &[
                    ("operation", "change_onexec"),
                    ("profile", "/usr/bin/dockerd"),
                    ("target", "docker-default"),
                ],
            ),
            vec![docker()],
        ),
        (
            "aa-attr-exec-invalid-argument",
            Layer::Apparmor,
            phase(attempt(Call::LabelChange, Errno::EINVAL, ""), Phase::RuntimeSetup),
            vec![docker()],
        ),
        (
            "aa-parser-missing",
            Layer::Apparmor,
            phase(attempt(Call::Exec, Errno::ENOENT, "apparmor_parser"), Phase::Engine),
            vec![docker()],
        ),
        (
            "aa-parser-policy-admin",
            Layer::Apparmor,
            phase(attempt(Call::PolicyLoad, EACCES, ""), Phase::Engine),
            vec![docker(), says("apparmor-policy-admin")],
        ),
        (
            "aa-parser-too-old",
            Layer::Apparmor,
            phase(attempt(Call::PolicyLoad, Errno::EINVAL, ""), Phase::Engine),
            vec![docker(), says("apparmor-parser-syntax")],
        ),
        (
            "aa-version-parse",
            Layer::Apparmor,
            phase(attempt(Call::PolicyLoad, Errno::EINVAL, ""), Phase::Engine),
            vec![on(Engine::CriO), says("apparmor-version-unparsed")],
        ),
        (
            "k8s-apparmor-localhost-missing",
            Layer::Apparmor,
            phase(attempt(Call::LabelChange, Errno::ENOENT, "custom"), Phase::Engine),
            vec![on(Engine::Kubernetes), knob(Knob::Apparmor("localhost/custom".to_owned()))],
        ),
        (
            "rootless-no-apparmor",
            Layer::Apparmor,
            attempt(Call::Open, EACCES, "/sys/kernel/security/apparmor/profiles"),
            vec![docker(), env(Environment::Rootless)],
        ),
        (
            "aa-nested-runc-reopen-fd",
            Layer::Apparmor,
            phase(
                attempt(Call::SysctlWrite, EACCES, "net.ipv4.ip_unprivileged_port_start"),
                Phase::RuntimeSetup,
            ),
            vec![docker(), Predicate::Outer(Engine::Lxc)],
        ),
        (
            "lxc-systemd-mount-flags",
            Layer::Apparmor,
            apparmor(
                Call::Mount,
                &[
                    ("operation", "mount"),
                    ("info", "failed flags match"),
                    ("profile", "lxc-container-default-cgns"),
                    ("name", "/run/systemd/unit-root/"),
                ],
            ),
            vec![on(Engine::Lxc)],
        ),
        (
            "userns-abi4-without-rule",
            Layer::Apparmor,
            apparmor(
                Call::UsernsCreate,
                &[("operation", "userns_create"), ("apparmor", "DENIED"), ("profile", "myapp")],
            ),
            vec![],
        ),
        ("mount-denied-apparmor", Layer::Apparmor, attempt(Call::Mount, EACCES, "/mnt"), vec![docker()]),
        (
            "ptrace-denied-docker-default",
            Layer::Apparmor,
            apparmor(
                Call::Ptrace,
                &[
                    ("operation", "ptrace"),
                    ("profile", "docker-default"),
                    ("peer", "unconfined"),
                    ("denied_mask", "read"),
                ],
            ),
            vec![docker()],
        ),
        (
            "disconnected-path",
            Layer::Apparmor,
            apparmor(
                Call::Open,
                &[
                    ("operation", "open"),
                    ("info", "Failed name lookup - disconnected path"),
                    ("name", "run/x"),
                ],
            ),
            vec![],
        ),
        (
            "host-agent-signal-unconfined",
            Layer::Apparmor,
            signal("cri-containerd.apparmor.d", "/usr/sbin/agent"),
            vec![on(Engine::Kubernetes)],
        ),
        (
            "landlock-denial",
            Layer::Landlock,
            with(
                attempt(Call::Open, EACCES, "/etc/passwd"),
                RecordKind::Landlock(Box::new(LandlockRecord {
                    blockers: vec!["fs.read_file".to_owned()],
                    fields: vec![],
                })),
            ),
            vec![],
        ),
        (
            "selinux-volume-label",
            Layer::Selinux,
            avc(
                "write",
                "system_u:system_r:container_t:s0:c1,c2",
                "unconfined_u:object_r:user_home_t:s0",
                "dir",
            ),
            vec![on(Engine::Podman)],
        ),
        (
            "selinux-docker-sock",
            Layer::Selinux,
            avc(
                "connectto",
                "system_u:system_r:container_t:s0:c1,c2",
                "system_u:system_r:container_runtime_t:s0",
                "unix_stream_socket",
            ),
            vec![docker()],
        ),
    ]
}

fn other_examples() -> Vec<Example> {
    let docker = || on(Engine::Docker);
    vec![
        (
            "ubuntu-userns-restriction",
            Layer::Sysctl,
            apparmor(
                Call::UsernsCreate,
                &[
                    ("apparmor", "AUDIT"),
                    ("operation", "userns_create"),
                    ("info", "Userns create - transitioning profile"),
                    ("profile", "unconfined"),
                ],
            ),
            vec![],
        ),
        (
            "ubuntu-userns-restriction",
            Layer::Sysctl,
            attempt(Call::Netlink, EPERM, "lo"),
            vec![distro("ubuntu", "24.04")],
        ),
        ("debian-userns-clone-sysctl", Layer::Sysctl, attempt(Call::UsernsCreate, Errno::ENOSPC, ""), vec![]),
        (
            "debian-userns-clone-sysctl",
            Layer::Sysctl,
            attempt(Call::UsernsCreate, EPERM, ""),
            vec![sysctl("kernel.unprivileged_userns_clone", "0")],
        ),
        (
            "userns-id-mapping",
            Layer::Userns,
            attempt(Call::Chown, Errno::EINVAL, "/opt/app"),
            vec![on(Engine::Podman), says("ids-insufficient")],
        ),
        (
            "userns-id-mapping",
            Layer::Userns,
            attempt(Call::Create, EACCES, "/data/x"),
            vec![on(Engine::Podman), env(Environment::Rootless), volume()],
        ),
        (
            "systemd-in-container",
            Layer::Readonly,
            attempt(Call::Mkdir, Errno::EROFS, "/init.scope"),
            vec![docker(), component("systemd", "249")],
        ),
        (
            "nested-proc-too-revealing",
            Layer::Userns,
            args(attempt(Call::Mount, EPERM, "/proc"), &[("fstype", "proc")]),
            vec![on(Engine::Podman)],
        ),
        (
            "nested-overlay",
            Layer::Filesystem,
            args(attempt(Call::Mount, Errno::EINVAL, "/var/lib/docker"), &[("fstype", "overlay")]),
            vec![docker()],
        ),
        (
            "seccomp-clone3-eperm",
            Layer::Seccomp,
            syscall(attempt(Call::Clone, EPERM, ""), "clone3"),
            vec![docker()],
        ),
        (
            "seccomp-clone3-eperm",
            Layer::Seccomp,
            attempt(Call::Clone, EPERM, ""),
            vec![says("thread-create")],
        ),
        (
            "seccomp-faccessat2-time64-enosys",
            Layer::Seccomp,
            syscall(attempt(Call::Access, EPERM, "/bin/sh"), "faccessat2"),
            vec![docker()],
        ),
        (
            "seccomp-statx-old-docker",
            Layer::Seccomp,
            syscall(attempt(Call::Stat, EPERM, "/x"), "statx"),
            vec![docker(), component("docker", "18.03.1")],
        ),
        (
            "seccomp-io-uring",
            Layer::Seccomp,
            attempt(Call::IoUring, EPERM, ""),
            vec![docker(), component("docker", "25.0.3")],
        ),
        (
            "sysctl-io-uring-disabled",
            Layer::Sysctl,
            attempt(Call::IoUring, EPERM, ""),
            vec![sysctl("kernel.io_uring_disabled", "2")],
        ),
        (
            "seccomp-socketcall-29-4-2",
            Layer::Seccomp,
            syscall(attempt(Call::Socket, Errno::ENOSYS, ""), "socketcall"),
            vec![docker(), component("docker", "29.4.2")],
        ),
        (
            "af-alg-blocked",
            Layer::Seccomp,
            args(attempt(Call::Socket, EPERM, ""), &[("domain", "AF_ALG")]),
            vec![docker(), component("docker", "29.4.3")],
        ),
        (
            "af-vsock-blocked",
            Layer::Seccomp,
            args(attempt(Call::Socket, EPERM, ""), &[("domain", "40")]),
            vec![docker()],
        ),
        ("seccomp-personality-aslr", Layer::Seccomp, attempt(Call::Personality, EPERM, ""), vec![docker()]),
        ("seccomp-keyring", Layer::Seccomp, attempt(Call::Keyctl, EPERM, ""), vec![docker()]),
        ("seccomp-mempolicy", Layer::Seccomp, attempt(Call::Mempolicy, EPERM, ""), vec![docker()]),
        ("perf-event", Layer::Sysctl, attempt(Call::PerfEventOpen, EACCES, ""), vec![]),
        (
            "k8s-seccomp-default",
            Layer::Seccomp,
            attempt(Call::Unshare, EPERM, ""),
            vec![on(Engine::Kubernetes), says("seccomp-default-enabled")],
        ),
        (
            "cap-add-nonroot-ineffective",
            Layer::Capability,
            attempt(Call::Setgroups, EPERM, ""),
            vec![docker(), user("1000"), knob(Knob::CapAdd(CapSpec::One(Capability::SETGID)))],
        ),
        (
            "low-port-containerd-1x",
            Layer::Port,
            attempt(Call::Bind, EACCES, "80"),
            vec![on(Engine::Kubernetes), component("containerd", "1.7.2"), user("1000")],
        ),
        (
            "ping-without-net-raw",
            Layer::Capability,
            args(
                attempt(Call::Socket, EPERM, ""),
                &[("type", "SOCK_RAW|SOCK_CLOEXEC"), ("protocol", "IPPROTO_ICMP")],
            ),
            vec![on(Engine::CriO)],
        ),
        (
            "podman44-caps-reduced",
            Layer::Capability,
            attempt(Call::Mknod, EPERM, "/dev/x"),
            vec![on(Engine::Podman)],
        ),
        (
            "nnp-setuid",
            Layer::NoNewPrivs,
            attempt(Call::Exec, EPERM, "/usr/bin/sudo"),
            vec![docker(), knob(Knob::NoNewPrivs(true)), says("suid-no-effect")],
        ),
        (
            "dac-docker-sock-group",
            Layer::Dac,
            attempt(Call::Connect, EACCES, "/var/run/docker.sock"),
            vec![docker()],
        ),
        (
            "selinux-docker-sock",
            Layer::Selinux,
            attempt(Call::Connect, EACCES, "/var/run/docker.sock"),
            vec![docker()],
        ),
        (
            "selinux-volume-label",
            Layer::Selinux,
            attempt(Call::Readdir, EACCES, "/data"),
            vec![on(Engine::Podman), volume()],
        ),
        (
            "nfs-root-squash",
            Layer::Filesystem,
            attempt(Call::Chown, EPERM, "/data"),
            vec![docker(), env(Environment::Nfs)],
        ),
        (
            "readonly-rootfs",
            Layer::Readonly,
            attempt(Call::Create, Errno::EROFS, "/app/x"),
            vec![docker(), knob(Knob::ReadOnlyRoot(true))],
        ),
        ("noexec-mount", Layer::MountFlags, attempt(Call::Mmap, EPERM, "/tmp/x.so"), vec![]),
        (
            "protected-regular",
            Layer::Sysctl,
            attempt(Call::Open, EACCES, "/tmp/x"),
            vec![env(Environment::RunsAsRoot)],
        ),
        (
            "masked-path-silent",
            Layer::Readonly,
            attempt(Call::Read, Errno::ENODATA, "/proc/interrupts"),
            vec![docker()],
        ),
        (
            "device-cgroup-eperm",
            Layer::DeviceCgroup,
            attempt(Call::Open, EPERM, "/dev/net/tun"),
            vec![docker()],
        ),
        (
            "daemon-reload-device-loss",
            Layer::DeviceCgroup,
            attempt(Call::Open, EPERM, ""),
            vec![docker(), says("device-rules-rewritten")],
        ),
    ]
}

#[test]
fn each_example_finds_its_issue() {
    let examples: Vec<Example> = policy_examples().into_iter().chain(other_examples()).collect();
    let mut wrong = Vec::new();
    for (id, layer, attempt, all) in &examples {
        let found = match_known(attempt, &facts(all), *layer).map(|i| i.id);
        if found != Some(*id) {
            wrong.push(format!("{id}: found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for issue in ALL {
        assert!(examples.iter().any(|(id, ..)| *id == issue.id), "no example of {}", issue.id);
    }
}

#[test]
fn what_is_no_issue_finds_none() {
    let docker = on(Engine::Docker);
    let none: &[(Layer, Attempt, Vec<Predicate>)] = &[
        (Layer::Dac, attempt(Call::Open, EACCES, "/etc/shadow"), vec![]),
        (Layer::Dac, attempt(Call::Mkdir, EACCES, "/data/x"), vec![docker.clone(), volume()]),
        (
            Layer::Apparmor,
            apparmor(
                Call::Open,
                &[("operation", "open"), ("profile", "/usr/sbin/mysqld"), ("name", "/data/x")],
            ),
            vec![],
        ),
        (Layer::Apparmor, signal("firefox", "firefox//sub"), vec![]),
        (Layer::Seccomp, attempt(Call::Reboot, EPERM, ""), vec![docker.clone()]),
        // Fixed at the stated version, and the profile is loaded anew at every start since.
        (
            Layer::Apparmor,
            signal("docker-default", "runc"),
            vec![docker.clone(), component("docker", "29.5.1")],
        ),
        (
            Layer::Seccomp,
            syscall(attempt(Call::Stat, EPERM, "/x"), "statx"),
            vec![docker.clone(), component("docker", "24.0")],
        ),
        (Layer::Port, attempt(Call::Bind, EACCES, "80"), vec![on(Engine::HostProcess)]),
        (Layer::Yama, attempt(Call::Ptrace, EPERM, ""), vec![]),
        // The layer must agree.
        (Layer::Dac, attempt(Call::Socketpair, EACCES, ""), vec![docker]),
    ];
    for (layer, attempt, all) in none {
        let found = match_known(attempt, &facts(all), *layer).map(|i| i.id);
        assert_eq!(found, None, "{layer:?} {attempt:?}");
    }
}
