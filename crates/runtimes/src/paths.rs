//! Masked and read-only paths of default containers.
//!
//! A masked file is a bind of /dev/null: reads give nothing, writes vanish. A masked directory is
//! an empty read-only tmpfs. Writes below a read-only path give EROFS. None of them gives EACCES.
//!
//! Sources: moby `oci/defaults.go`; containerd `oci/spec_opts.go`; kubelet `ProcMount`;
//! containers/common `pkg/config`.

use crate::Runtime;
use crate::version::{Numbers, Ranges};

const MASKED: [&str; 10] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];

const READONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Mounted read-only as a whole.
const READONLY_MOUNTS: [&str; 2] = ["/sys", "/sys/fs/cgroup"];

const DOCKER_INTERRUPTS: Ranges = Ranges(&[(&[28, 0, 2], &[])]);

/// The read-only path of a default container that `path` lies in.
#[must_use]
pub fn readonly(runtime: Runtime, path: &str) -> Option<&'static str> {
    let podman = (runtime == Runtime::Podman).then_some("/proc/asound");
    podman
        .into_iter()
        .chain(READONLY)
        .chain(READONLY_MOUNTS)
        .filter(|dir| inside(path, dir))
        .max_by_key(|dir| dir.len())
}

/// The masked path of a default container that `path` lies in.
#[must_use]
pub fn masked(runtime: Runtime, version: Option<&Numbers>, path: &str) -> Option<&'static str> {
    let asound = (runtime != Runtime::Podman).then_some("/proc/asound");
    let interrupts = match runtime {
        Runtime::Docker => DOCKER_INTERRUPTS.holds(version),
        Runtime::Podman | Runtime::CriO => true,
        Runtime::Containerd => false,
    };
    let interrupts = interrupts.then_some("/proc/interrupts");
    let selinux = matches!(runtime, Runtime::Podman | Runtime::CriO).then_some("/sys/fs/selinux");
    MASKED.into_iter().chain(asound).chain(interrupts).chain(selinux).find(|dir| inside(path, dir))
}

/// True when `path` is `dir` or lies below it.
fn inside(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_path_answers() {
        assert_eq!(readonly(Runtime::Docker, "/proc/sys/net/ipv4/ip_forward"), Some("/proc/sys"));
        assert_eq!(readonly(Runtime::Docker, "/sys/fs/cgroup/init.scope"), Some("/sys/fs/cgroup"));
        assert_eq!(readonly(Runtime::Docker, "/proc/system"), None);
        assert_eq!(readonly(Runtime::Podman, "/proc/asound/cards"), Some("/proc/asound"));
        assert_eq!(masked(Runtime::Docker, Some(&[27]), "/proc/interrupts"), None);
        assert_eq!(masked(Runtime::Docker, None, "/proc/interrupts"), Some("/proc/interrupts"));
        assert_eq!(masked(Runtime::Containerd, None, "/proc/kcore"), Some("/proc/kcore"));
    }
}
