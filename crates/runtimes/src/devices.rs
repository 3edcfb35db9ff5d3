//! Devices that a default container may open. A refusal of the device cgroup is EPERM from
//! open(2), with no record, whatever the mode bits say. `mknod` of anything is allowed by it.
//!
//! Sources: moby `oci/devices_linux.go`; runc `libcontainer/specconv/spec_linux.go` AllowedDevices.

use crate::version::{Numbers, Ranges};

/// runc releases whose built-in list lacks tun (10:200).
const RUNC_WITHOUT_TUN: Ranges = Ranges(&[(&[1, 2], &[1, 2, 4])]);

/// True when a default container's device cgroup lets it open character device `major:minor`.
#[must_use]
pub fn allowed(major: u32, minor: u32, runc: Option<&Numbers>) -> bool {
    match (major, minor) {
        // null, zero, full, random, urandom
        (1, 3 | 5 | 7 | 8 | 9) => true,
        // tty, console, ptmx
        (5, 0..=2) => true,
        // pts
        (136, _) => true,
        // tun
        (10, 200) => !RUNC_WITHOUT_TUN.holds(runc),
        _ => false,
    }
}

/// The usual numbers of devices that people pass in, by path.
#[must_use]
pub fn numbers(path: &str) -> Option<(char, u32, u32)> {
    Some(match path {
        "/dev/null" => ('c', 1, 3),
        "/dev/zero" => ('c', 1, 5),
        "/dev/full" => ('c', 1, 7),
        "/dev/random" => ('c', 1, 8),
        "/dev/urandom" => ('c', 1, 9),
        "/dev/tty" => ('c', 5, 0),
        "/dev/console" => ('c', 5, 1),
        "/dev/ptmx" => ('c', 5, 2),
        "/dev/net/tun" => ('c', 10, 200),
        "/dev/fuse" => ('c', 10, 229),
        "/dev/kvm" => ('c', 10, 232),
        "/dev/vhost-net" => ('c', 10, 238),
        "/dev/loop-control" => ('c', 10, 237),
        "/dev/mem" => ('c', 1, 1),
        "/dev/kmsg" => ('c', 1, 11),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_devices() {
        assert!(allowed(1, 3, None) && allowed(136, 7, None));
        assert!(!allowed(10, 232, None) && !allowed(10, 229, None));
        assert!(!allowed(10, 200, Some(&[1, 2, 3])));
        assert!(allowed(10, 200, Some(&[1, 1, 12])));
        assert_eq!(numbers("/dev/net/tun"), Some(('c', 10, 200)));
    }
}
