//! Container engines: which are there, whether we may talk to them, what their configuration changes, and the
//! id ranges of rootless ones.

use super::{Group, Look, row};
use whodenied_sources::{Host, ReadError};

/// Programs whose version tells their defaults.
const PROGRAMS: &[&str] = &[
    "docker",
    "dockerd",
    "containerd",
    "podman",
    "crio",
    "nerdctl",
    "runc",
    "crun",
    "lxc-start",
    "incus",
    "lxc",
    "bwrap",
    "systemd-nspawn",
    "k3s",
    "kubelet",
];

/// Sockets, and the group that distributions give them to.
const SOCKETS: &[(&str, &str)] = &[
    ("/run/docker.sock", "Docker"),
    ("/run/containerd/containerd.sock", "containerd"),
    ("/run/crio/crio.sock", "CRI-O"),
    ("/run/podman/podman.sock", "Podman"),
    ("/var/lib/incus/unix.socket", "Incus"),
    ("/var/snap/lxd/common/lxd/unix.socket", "LXD"),
];

/// Keys of daemon.json that change what containers may do.
const DOCKER_KEYS: &[&str] = &[
    "seccomp-profile",
    "userns-remap",
    "no-new-privileges",
    "selinux-enabled",
    "default-ulimits",
    "default-runtime",
    "exec-opts",
    "icc",
    "iptables",
    "rootless",
];

/// Keys of containers.conf(5) that change what containers may do.
const PODMAN_KEYS: &[&str] = &[
    "apparmor_profile",
    "seccomp_profile",
    "default_capabilities",
    "default_sysctls",
    "default_ulimits",
    "no_new_privileges",
    "label",
    "userns",
    "runtime",
    "privileged",
];

pub(super) fn engines(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    for program in PROGRAMS {
        match look.host.version(program) {
            Ok(line) => rows.push(row(*program, line, "")),
            Err(ReadError::Absent) => {}
            Err(error) => {
                rows.push(row(*program, "installed", format!("its version could not be asked: {error}")))
            }
        }
    }
    for (path, engine) in SOCKETS {
        let Ok(meta) = look.host.metadata(path) else { continue };
        let value = format!("mode {:04o}, uid {}, gid {}", meta.mode & 0o7777, meta.uid, meta.gid);
        let means = match look.host.writable(path) {
            Ok(()) => "we may talk to it, which is as good as root".to_owned(),
            Err(ReadError::Denied) => format!("we may not talk to {engine}"),
            Err(error) => format!("whether we may talk to it could not be told: {error}"),
        };
        rows.push(row(*path, value, means));
    }
    if let Some(text) = look.text("/etc/docker/daemon.json") {
        for key in DOCKER_KEYS {
            // A look at lines, not a reading of JSON: what differs from the defaults is to be seen.
            if let Some(line) = text.lines().find(|l| l.contains(&format!("\"{key}\""))) {
                rows.push(row("daemon.json", line.trim().trim_end_matches(','), ""));
            }
        }
    }
    for file in ["/etc/containers/containers.conf", "/usr/share/containers/containers.conf"] {
        let Some(text) = look.text(file) else { continue };
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.starts_with('#')).collect();
        for (at, line) in lines.iter().enumerate() {
            let key = line.split('=').next().unwrap_or("").trim();
            if !PODMAN_KEYS.contains(&key) {
                continue;
            }
            // A list may go on over lines, up to its bracket.
            let mut value = (*line).to_owned();
            for more in lines.iter().skip(at + 1).take(if line.ends_with('[') { 64 } else { 0 }) {
                value.push_str(more);
                if more.starts_with(']') {
                    break;
                }
            }
            rows.push(row(file, value, ""));
        }
    }
    Group { id: "engines", title: "Container engines", rows }
}

pub(super) fn ranges(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    for file in ["/etc/subuid", "/etc/subgid"] {
        let Some(text) = look.text(file) else { continue };
        for line in text.lines().filter(|l| !l.trim().is_empty()).take(20) {
            let mut fields = line.split(':');
            let (Some(who), Some(start), Some(count)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            let few = count.parse::<u64>().is_ok_and(|n| n < 65_536);
            let means = if few { "fewer than 65536: images with higher ids can't be unpacked" } else { "" };
            rows.push(row(format!("{file} {who}"), format!("{start}, {count} ids"), means));
        }
    }
    for program in ["/usr/bin/newuidmap", "/usr/bin/newgidmap"] {
        if let Ok(meta) = look.host.metadata(program) {
            let setuid = meta.mode & 0o4000 != 0 && meta.uid == 0;
            let means = if setuid { "" } else { "works by file capabilities, or not at all" };
            rows.push(row(program, if setuid { "setuid root" } else { "not setuid" }, means));
        } else if !rows.is_empty() {
            rows.push(row(program, "missing", "rootless containers need it (package uidmap)"));
        }
    }
    Group { id: "ranges", title: "Rootless id ranges", rows }
}

/// True when this user may talk to Docker.
pub(super) fn docker(host: &dyn Host) -> Option<bool> {
    host.metadata("/run/docker.sock").ok()?;
    match host.writable("/run/docker.sock") {
        Ok(()) => Some(true),
        Err(ReadError::Denied) => Some(false),
        Err(_) => None,
    }
}
