//! Sysctls that runtimes set in a container's own network namespace.
//!
//! With the host's network none is set: the host's value rules.
//!
//! Sources: moby `daemon/oci_linux.go` (20.10); containerd CRI `enable_unprivileged_ports` and
//! `enable_unprivileged_icmp` (on by default since 2.0); containers/common `default_sysctls`.

use crate::Runtime;
use crate::version::{Numbers, Ranges};

const DOCKER: Ranges = Ranges(&[(&[20, 10], &[])]);
const CONTAINERD: Ranges = Ranges(&[(&[2], &[])]);

/// The value of `net.ipv4.ip_unprivileged_port_start` in a default container: the first port that
/// needs no capability. 1024 is the kernel's own default.
#[must_use]
pub fn unprivileged_port_start(runtime: Runtime, version: Option<&Numbers>) -> u16 {
    let open = match runtime {
        Runtime::Docker => DOCKER.holds(version),
        Runtime::Containerd => CONTAINERD.holds(version),
        Runtime::Podman | Runtime::CriO => false,
    };
    if open { 0 } else { 1024 }
}

/// The value of `net.ipv4.ping_group_range` in a default container with ids `rootful`, `None`
/// when the runtime leaves the kernel's `1 0` (nobody).
#[must_use]
pub fn ping_group_range(runtime: Runtime, version: Option<&Numbers>, rootful: bool) -> Option<&'static str> {
    match runtime {
        Runtime::Docker if DOCKER.holds(version) && rootful => Some("0 2147483647"),
        Runtime::Containerd if CONTAINERD.holds(version) && rootful => Some("0 2147483647"),
        Runtime::Podman => Some("0 0"),
        _ => None,
    }
}

/// The sysctls that the engine sets in a default container with ids mapped as on the host.
#[must_use]
pub fn set(runtime: Runtime, version: Option<&Numbers>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let start = unprivileged_port_start(runtime, version);
    if start != 1024 {
        all.push(("net.ipv4.ip_unprivileged_port_start", start.to_string()));
    }
    if let Some(range) = ping_group_range(runtime, version, true) {
        all.push(("net.ipv4.ping_group_range", range.to_owned()));
    }
    all
}

/// Sysctls that a container may set for itself because they belong to its namespaces.
#[must_use]
pub fn namespaced(key: &str) -> bool {
    key.starts_with("net.")
        || key.starts_with("fs.mqueue.")
        || matches!(
            key,
            "kernel.msgmax"
                | "kernel.msgmnb"
                | "kernel.msgmni"
                | "kernel.sem"
                | "kernel.shmall"
                | "kernel.shmmax"
                | "kernel.shmmni"
                | "kernel.shm_rmid_forced"
                | "kernel.domainname"
                | "kernel.hostname"
        )
}

/// The sysctls of Kubernetes' safe list.
#[must_use]
pub fn kubernetes_safe(key: &str) -> bool {
    matches!(
        key,
        "kernel.shm_rmid_forced"
            | "net.ipv4.ip_local_port_range"
            | "net.ipv4.tcp_syncookies"
            | "net.ipv4.ping_group_range"
            | "net.ipv4.ip_unprivileged_port_start"
            | "net.ipv4.ip_local_reserved_ports"
            | "net.ipv4.tcp_keepalive_time"
            | "net.ipv4.tcp_fin_timeout"
            | "net.ipv4.tcp_keepalive_intvl"
            | "net.ipv4.tcp_keepalive_probes"
            | "net.ipv4.tcp_rmem"
            | "net.ipv4.tcp_wmem"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_start_by_runtime() {
        assert_eq!(unprivileged_port_start(Runtime::Docker, Some(&[19, 3])), 1024);
        assert_eq!(unprivileged_port_start(Runtime::Docker, None), 0);
        assert_eq!(unprivileged_port_start(Runtime::Containerd, Some(&[1, 7])), 1024);
        assert_eq!(unprivileged_port_start(Runtime::Containerd, Some(&[2, 1])), 0);
        assert_eq!(unprivileged_port_start(Runtime::CriO, None), 1024);
        assert!(namespaced("net.ipv4.ip_forward") && !namespaced("vm.max_map_count"));
    }
}
