//! Masked and read-only paths of default containers.
//!
//! A masked file is a bind of /dev/null: reads give nothing, writes vanish. A masked directory is
//! an empty read-only tmpfs. Writes below a read-only path give EROFS. None of them gives EACCES.
//!
//! Sources: moby `oci/defaults.go`; containerd `oci/spec_opts.go`; kubelet `ProcMount`;
//! containers/common `pkg/config`.

use crate::Runtime;
use crate::version::{Numbers, Ranges};

const MASKED: [&str; 9] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
];

const READONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Mounted read-only as a whole.
const READONLY_MOUNTS: [&str; 2] = ["/sys", "/sys/fs/cgroup"];

/// The AppArmor templates deny it since the same releases.
const DOCKER_POWERCAP: Ranges = Ranges(&[(&[20, 10, 27], &[23]), (&[23, 0, 8], &[24]), (&[24, 0, 7], &[])]);
const CONTAINERD_POWERCAP: Ranges = Ranges(&[(&[1, 6, 26], &[1, 7]), (&[1, 7, 11], &[])]);
const PODMAN_POWERCAP: Ranges = Ranges(&[(&[4, 8], &[])]);
/// Not in Debian's 5.4.2.
const PODMAN_INTERRUPTS: Ranges = Ranges(&[(&[5, 5], &[])]);
/// In Debian's 4.3.1, not in 5.4.2; the release that changed it lies between.
const PODMAN_BLOCK: Ranges = Ranges(&[(&[], &[5])]);
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
    masked_paths(runtime, version).into_iter().find(|dir| inside(path, dir))
}

/// Every masked path of a default container.
#[must_use]
pub fn masked_paths(runtime: Runtime, version: Option<&Numbers>) -> Vec<&'static str> {
    let mut all = MASKED.to_vec();
    let when = |holds: bool, path: &'static str| holds.then_some(path);
    let podman = matches!(runtime, Runtime::Podman | Runtime::CriO);
    all.extend(when(runtime != Runtime::Podman, "/proc/asound"));
    let interrupts = match runtime {
        Runtime::Docker => DOCKER_INTERRUPTS.holds(version),
        Runtime::Podman => PODMAN_INTERRUPTS.holds(version),
        Runtime::CriO => true,
        Runtime::Containerd => false,
    };
    all.extend(when(interrupts, "/proc/interrupts"));
    let powercap = match runtime {
        Runtime::Docker => DOCKER_POWERCAP.holds(version),
        Runtime::Containerd => CONTAINERD_POWERCAP.holds(version),
        Runtime::Podman => PODMAN_POWERCAP.holds(version),
        Runtime::CriO => true,
    };
    all.extend(when(powercap, "/sys/devices/virtual/powercap"));
    all.extend(when(podman, "/sys/fs/selinux"));
    all.extend(when(runtime == Runtime::Podman && PODMAN_BLOCK.holds(version), "/sys/dev/block"));
    all
}

/// Every path that is made read-only in a default container, mounts that are so as a whole left out.
#[must_use]
pub fn readonly_paths(runtime: Runtime) -> Vec<&'static str> {
    let podman = (runtime == Runtime::Podman).then_some("/proc/asound");
    podman.into_iter().chain(READONLY).collect()
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
