//! Reports that hold nothing but settings: a setting that lifts a layer tells which layer was in
//! the way.
//!
//! Only a guess, and only where no failure of any kind stands beside it.

use crate::say::denies;
use whodenied_case::{
    Attempt, AttemptId, CapSpec, Case, Engine, Environment, Fact, Knob, Predicate, Support, Verdict,
};
use whodenied_kernel::{Capability, Layer};

/// An attempt of which nothing is known, and what the settings say about it.
pub(super) fn guess(case: &Case) -> Option<(Attempt, Vec<Verdict>)> {
    let failing = case.facts.statement("other-failure").is_some();
    if failing && case.facts.statement("plain-failure").is_some() {
        return None;
    }
    let mut attempt = Attempt::new(AttemptId(u32::try_from(case.attempts.len()).unwrap_or(u32::MAX)));
    let mut best: Vec<(Layer, u8, &'static str, &Fact)> = Vec::new();
    for fact in &case.facts.all {
        if super::imagine::of_host(case, &fact.spans) {
            continue;
        }
        // Beside a failure in words that nobody knows, only what is said of a mechanism by its own name, or
        // done to lift it, counts.
        if failing && !telling(&fact.what) {
            continue;
        }
        let Some((layer, weight, because)) = hint(case, &fact.what) else { continue };
        match best.iter_mut().find(|(l, ..)| *l == layer) {
            Some(known) if known.1 >= weight => {}
            Some(known) => *known = (layer, weight, because, fact),
            None => best.push((layer, weight, because, fact)),
        }
    }
    best.sort_by_key(|(_, weight, ..)| std::cmp::Reverse(*weight));
    best.truncate(3);
    let (.., first) = best.first()?;
    attempt.spans.clone_from(&first.spans);
    attempt.deciding.clone_from(&first.spans);
    let verdicts = best
        .iter()
        .filter_map(|(layer, weight, because, fact)| {
            denies(&attempt, *layer, Support::Usual, *weight, *because).fact(fact.id).into()
        })
        .collect();
    Some((attempt, verdicts))
}

/// A mechanism named, or a command that lifts it: words that stand in no ordinary configuration.
fn telling(what: &Predicate) -> bool {
    const NAMED: &[&str] = &[
        "speaks-of-labels",
        "speaks-of-profiles",
        "speaks-of-filters",
        "speaks-of-id-maps",
        "speaks-of-secure-boot",
        "speaks-of-policies",
        "speaks-of-own-checks",
        "speaks-of-trust",
        "speaks-of-mount-options",
        "speaks-of-no-new-privs",
        "speaks-of-servers",
    ];
    match what {
        Predicate::Statement(id) => NAMED.contains(id),
        Predicate::Setting(setting) => match &setting.knob {
            Knob::Other { key, .. } => key.starts_with("act-"),
            Knob::Apparmor(_) | Knob::Seccomp(_) | Knob::SelinuxLabel(_) | Knob::Lxc { .. } => true,
            Knob::Volume { options, .. } => options.iter().any(|o| matches!(o.as_str(), "z" | "Z" | "U")),
            Knob::Unit { .. } | Knob::DeviceRule(_) | Knob::GroupAdd(_) | Knob::CapAdd(_) => true,
            _ => false,
        },
        _ => false,
    }
}

/// What a report without a failure speaks of, and the layer that carries that out: the weakest hint.
const SPOKEN: &[(&str, Layer, u8)] = &[
    ("speaks-of-labels", Layer::Selinux, 44),
    ("speaks-of-profiles", Layer::Apparmor, 44),
    ("speaks-of-filters", Layer::Seccomp, 42),
    ("speaks-of-capabilities", Layer::Capability, 38),
    ("speaks-of-devices", Layer::DeviceCgroup, 30),
    ("speaks-of-id-maps", Layer::Userns, 40),
    ("speaks-of-limits", Layer::Rlimit, 42),
    ("speaks-of-secure-boot", Layer::Lockdown, 46),
    ("speaks-of-policies", Layer::UserspacePolicy, 42),
    ("speaks-of-own-checks", Layer::Application, 42),
    ("speaks-of-servers", Layer::Filesystem, 40),
    ("speaks-of-trust", Layer::OtherLsm, 46),
    ("speaks-of-mount-options", Layer::MountFlags, 40),
    ("speaks-of-read-only", Layer::Readonly, 36),
    ("speaks-of-ports", Layer::Port, 42),
    ("speaks-of-no-new-privs", Layer::NoNewPrivs, 40),
    ("speaks-of-control-groups", Layer::Cgroup, 34),
];

fn hint(case: &Case, what: &Predicate) -> Option<(Layer, u8, &'static str)> {
    const APPARMOR: &str = "The settings switch the AppArmor profile off or name another, which is done where the default one refused something.";
    const SELINUX: &str =
        "The settings change the SELinux label, which is done where the label refused something.";
    const SECCOMP: &str =
        "The settings change the seccomp filter, which is done where the filter refused a system call.";
    const CAPS: &str = "The settings change the capabilities, which is done where one was missing.";
    const DEVICES: &str =
        "The settings pass a device or a rule for one, which is done where the device filter refused it.";
    const IDS: &str =
        "The settings give the program a user or group, which is done where file modes refused it.";
    const MAP: &str =
        "The settings choose an id map, which is done where files belong to ids that are not mapped.";
    const LIMIT: &str = "The settings raise a limit, which is done where the limit refused something.";
    Some(match what {
        Predicate::Setting(setting) => match &setting.knob {
            Knob::Apparmor(p) => (Layer::Apparmor, if p == "unconfined" { 62 } else { 55 }, APPARMOR),
            Knob::Lxc { key, .. } if key.contains("apparmor") => (Layer::Apparmor, 60, APPARMOR),
            Knob::Lxc { key, .. } if key.contains("devices") => (Layer::DeviceCgroup, 60, DEVICES),
            Knob::Lxc { key, .. } if key.contains("idmap") || key.contains("id_map") => {
                (Layer::Userns, 50, MAP)
            }
            Knob::Lxc { key, .. } if key.contains("cap.") => (Layer::Capability, 50, CAPS),
            Knob::Lxc { key, .. } if key.contains("seccomp") || key.contains("syscalls") => {
                (Layer::Seccomp, 55, SECCOMP)
            }
            Knob::Lxc { key, .. } if key.contains("nesting") => (Layer::Apparmor, 48, APPARMOR),
            Knob::SelinuxLabel(_) => (Layer::Selinux, 62, SELINUX),
            Knob::Volume { options, .. } if options.iter().any(|o| o == "z" || o == "Z") => {
                (Layer::Selinux, 40, SELINUX)
            }
            Knob::Seccomp(_) => (Layer::Seccomp, 58, SECCOMP),
            Knob::NoNewPrivs(false) => (
                Layer::NoNewPrivs,
                52,
                "The settings let programs gain rights on execution, which is done where no_new_privs kept setuid programs from working.",
            ),
            Knob::NoNewPrivs(true) => (
                Layer::NoNewPrivs,
                50,
                "The settings set no_new_privs, under which setuid programs get no rights.",
            ),
            Knob::CapAdd(CapSpec::One(Capability::NET_BIND_SERVICE)) => (
                Layer::Port,
                52,
                "The settings add CAP_NET_BIND_SERVICE, which is done where a port below 1024 was refused.",
            ),
            Knob::CapAdd(_) => (Layer::Capability, 54, CAPS),
            Knob::CapDrop(_) => (
                Layer::Capability,
                50,
                "The settings drop capabilities, and what needs one of them is refused.",
            ),
            Knob::DeviceRule(_) => (Layer::DeviceCgroup, 58, DEVICES),
            Knob::Device(_) => (Layer::DeviceCgroup, 42, DEVICES),
            Knob::GroupAdd(_) => (Layer::Dac, 56, IDS),
            Knob::FsGroup(_) => (Layer::Dac, 54, IDS),
            Knob::UsernsMode(_) => (Layer::Userns, 52, MAP),
            Knob::Volume { options, .. } if options.iter().any(|o| o == "U") => (Layer::Userns, 54, MAP),
            Knob::Volume { options, .. } if options.iter().any(|o| o == "ro") => (
                Layer::Readonly,
                46,
                "The volume is mounted read-only, and nothing there may be written whatever its mode.",
            ),
            Knob::Ulimit { .. } => (Layer::Rlimit, 50, LIMIT),
            Knob::Tmpfs { options, .. } if options.iter().any(|o| o == "exec" || o == "noexec") => {
                (Layer::MountFlags, 52, "The settings choose whether programs on this mount may be executed.")
            }
            Knob::Unit { key, value } => unit(key, value)?,
            Knob::Sysctl { key, .. } => sysctl(key)?,
            Knob::Privileged(true) => (
                Layer::Capability,
                34,
                "The container is given all rights, which is done where one of several layers refused something.",
            ),
            Knob::Other { key, .. } if key.contains("rt-runtime") || key.contains("rt_runtime") => (
                Layer::Cgroup,
                58,
                "The settings give the control group real-time run time, without which real-time scheduling is refused.",
            ),
            Knob::Other { key, value } => act(key, value)?,
            _ => return None,
        },
        Predicate::Mount { options, .. } if options.iter().any(|o| o == "exec" || o == "noexec") => {
            (Layer::MountFlags, 50, "The settings choose whether programs on this mount may be executed.")
        }
        Predicate::Path(p) if p.label.is_some() => (Layer::Selinux, 50, "The listing shows SELinux labels."),
        Predicate::Path(p) if p.capabilities.is_some() => {
            (Layer::Capability, 45, "The listing shows file capabilities.")
        }
        Predicate::Environment(Environment::RootSquash) => {
            (Layer::Filesystem, 56, "The server maps root to nobody.")
        }
        Predicate::Environment(Environment::NoFsGroup) => (Layer::Dac, 55, IDS),
        Predicate::Environment(Environment::UsernsRestriction) => {
            (Layer::Sysctl, 56, "The host restricts unprivileged user namespaces.")
        }
        Predicate::NoNewPrivs(true) => (Layer::NoNewPrivs, 55, "The process has no_new_privs set."),
        Predicate::Lsm(Layer::Selinux, whodenied_case::LsmState::Permissive) => (Layer::Selinux, 52, SELINUX),
        Predicate::IdMap(..)
            if case.facts.has_engine(Engine::Lxc) || case.facts.has_engine(Engine::Incus) =>
        {
            (Layer::Userns, 46, MAP)
        }
        // What a snap does not hold is refused to it, and files beyond the home are among it.
        Predicate::Engine(Engine::Snap | Engine::DockerSnap) => (
            Layer::Apparmor,
            42,
            "A snap runs under an AppArmor profile that holds its own directories and those of its connected interfaces.",
        ),
        Predicate::Component { name, .. } if name == "landlock-sandbox" => (
            Layer::Landlock,
            54,
            "The program runs under a Landlock rule set, which refuses what it does not name.",
        ),
        Predicate::Statement(id) => {
            let (_, layer, weight) = SPOKEN.iter().find(|(spoken, ..)| spoken == id)?;
            (*layer, *weight, "The report speaks of this mechanism and of no failure in words.")
        }
        Predicate::Sysctl { key, .. } => sysctl(key)?,
        _ => return None,
    })
}

/// Kernel settings that open or close something.
fn sysctl(key: &str) -> Option<(Layer, u8, &'static str)> {
    const OPENED: &str = "A kernel setting is changed here, which is done where it refused something.";
    const GATES: [&str; 7] =
        ["fs.protected_", "fs.inotify", "user.max_", "kernel.", "vm.", "net.ipv4.ping_group", "net.core.bpf"];
    let layer = match key {
        "kernel.yama.ptrace_scope" => Layer::Yama,
        "net.ipv4.ip_unprivileged_port_start" => Layer::Port,
        _ if GATES.iter().any(|g| key.starts_with(g)) => Layer::Sysctl,
        _ => return None,
    };
    Some((layer, 50, OPENED))
}

/// Directives of a unit by the layer that carries them out (systemd.exec(5)).
fn unit(key: &str, value: &str) -> Option<(Layer, u8, &'static str)> {
    // A protection that is switched off was in the way, or is feared to be.
    if matches!(value.trim(), "no" | "false" | "0" | "off") {
        const LIFTED: &str =
            "The unit switches this protection off, which is done where it refused something.";
        return Some(match key {
            "ProtectSystem" | "ProtectHome" | "ProtectKernelTunables" | "ProtectControlGroups" => {
                (Layer::Readonly, 52, LIFTED)
            }
            "NoNewPrivileges" | "RestrictSUIDSGID" => (Layer::NoNewPrivs, 52, LIFTED),
            "MemoryDenyWriteExecute" | "RestrictNamespaces" | "RestrictRealtime" | "LockPersonality" => {
                (Layer::Seccomp, 52, LIFTED)
            }
            "PrivateDevices" => (Layer::DeviceCgroup, 52, LIFTED),
            "PrivateUsers" => (Layer::Userns, 52, LIFTED),
            _ => return None,
        });
    }
    const FILTER: &str = "systemd carries this directive out as a seccomp filter.";
    Some(match key {
        "SystemCallFilter"
        | "SystemCallErrorNumber"
        | "SystemCallArchitectures"
        | "RestrictAddressFamilies"
        | "MemoryDenyWriteExecute"
        | "RestrictRealtime"
        | "RestrictNamespaces"
        | "LockPersonality"
        | "RestrictSUIDSGID" => (Layer::Seccomp, 56, FILTER),
        "NoNewPrivileges" => {
            (Layer::NoNewPrivs, 54, "The unit sets no_new_privs, under which setuid programs get no rights.")
        }
        "DeviceAllow" | "DevicePolicy" | "PrivateDevices" => {
            (Layer::DeviceCgroup, 54, "systemd installs a device filter for the unit.")
        }
        "CapabilityBoundingSet" | "AmbientCapabilities" => {
            (Layer::Capability, 54, "The unit chooses the capabilities of the program.")
        }
        "AppArmorProfile" => (Layer::Apparmor, 55, "The unit names an AppArmor profile."),
        "SELinuxContext" => (Layer::Selinux, 55, "The unit names an SELinux context."),
        "SupplementaryGroups" => {
            (Layer::Dac, 50, "The unit gives the program groups, which is done where file modes refused it.")
        }
        "PrivateUsers" => (Layer::Userns, 50, "The unit runs in a user namespace of its own."),
        "LimitMEMLOCK" | "LimitNOFILE" | "LimitRTPRIO" | "LimitNICE" | "LimitNPROC" => {
            (Layer::Rlimit, 50, "The unit sets a limit.")
        }
        "ReadWritePaths" | "ReadWriteDirectories" | "StateDirectory" | "BindPaths" => (
            Layer::Readonly,
            52,
            "The unit gives back a path for writing, which is done where its other directives made it read-only.",
        ),
        "Delegate" | "TasksMax" => {
            (Layer::Cgroup, 52, "The unit chooses what of its control group the program may use.")
        }
        "NoExecPaths" | "ExecPaths" => (Layer::MountFlags, 54, "The unit mounts paths noexec."),
        "IPAddressDeny" | "IPAddressAllow" => {
            (Layer::Cgroup, 50, "The unit filters addresses by a BPF program of its cgroup.")
        }
        _ => return None,
    })
}

/// Commands by what they lift.
fn act(key: &str, value: &str) -> Option<(Layer, u8, &'static str)> {
    if let Some(name) = key.strip_prefix("act-sysctl:") {
        return sysctl(name);
    }
    Some(match key {
        "act-apparmor-userns" => (
            Layer::Sysctl,
            58,
            "The profile grants user namespaces, which is done where the host restricts those of unprivileged programs.",
        ),
        "act-snap-interface" => (
            Layer::Apparmor,
            60,
            "The snap is given an interface, which is done where its profile refused something.",
        ),
        "act-flatpak-override" => (
            Layer::MountFlags,
            44,
            "The Flatpak is given a part of the host's files, without which they are not mounted into its sandbox.",
        ),
        "act-te-rule" => (
            Layer::Selinux,
            60,
            "The SELinux policy is given a rule, which is done where the domain lacked it.",
        ),
        "act-fapolicyd" => {
            (Layer::OtherLsm, 58, "A file is made trusted for fapolicyd, which refuses to execute others.")
        }
        "act-no-sandbox" => (
            Layer::Seccomp,
            48,
            "The program is started without its own sandbox, which is done where it may not make the namespaces for it.",
        ),
        "act-subordinate-ids" => (
            Layer::Userns,
            60,
            "A user is given subordinate ids, without which only one id can be mapped into a user namespace.",
        ),
        "act-sudoers" => (
            Layer::UserspacePolicy,
            56,
            "sudoers is given a rule, which is done where sudo refused a command.",
        ),
        "act-udev-rule" => (
            Layer::Dac,
            56,
            "A udev rule sets owner or mode of a device node, which is done where they refused it.",
        ),
        "act-close-key" => (
            Layer::Application,
            58,
            "A key file is closed to others, which is done where a program refused it for being open.",
        ),
        "act-limits" => (Layer::Rlimit, 56, "A limit of users is raised here."),
        "act-proc-unmasked" => (
            Layer::Userns,
            56,
            "The masks over /proc are taken away, which is done where a new proc could not be mounted beside them.",
        ),
        "act-pids-limit" => (Layer::Cgroup, 56, "The limit of processes of the control group is set here."),
        "act-wsl-metadata" => (
            Layer::Filesystem,
            58,
            "The drives of Windows are mounted with metadata, without which they keep no owners and modes.",
        ),
        "act-usermod" if value.contains("subuids") => return None,
        "act-join-group" | "act-gpasswd" | "act-newgrp" => (
            Layer::Dac,
            52,
            "A user is added to a group, which is done where the group's rights were wanted.",
        ),
        "act-chmod" | "act-chown" | "act-usermod" => {
            (Layer::Dac, 48, "Owner or mode are changed here, which is done where they refused something.")
        }
        "act-setcap" => (Layer::Capability, 54, "A program file is given capabilities here."),
        "act-mount" => (Layer::MountFlags, 40, "A mount is made or changed here."),
        k if k.starts_with("act-setfacl") => (Layer::Acl, 58, "Access control lists are changed here."),
        k if k.starts_with("act-chattr") => (Layer::InodeFlags, 58, "Inode flags are changed here."),
        k if k.starts_with("act-aa") || k.contains("apparmor") => {
            (Layer::Apparmor, 56, "AppArmor policy is changed here.")
        }
        k if ["act-chcon", "act-semanage", "act-setsebool", "act-restorecon", "act-setenforce"]
            .iter()
            .any(|a| k.starts_with(a)) =>
        {
            (Layer::Selinux, 58, "SELinux labels, booleans or its mode are changed here.")
        }
        _ => return None,
    })
}
