//! Default capability sets.
//!
//! Sources: moby `oci/caps/defaults.go`; containerd `oci/spec.go`; containers/common
//! `pkg/config/default.go` (reduced in v0.51, Podman 4.4); CRI-O `internal/config/capabilities`.

use crate::Runtime;
use crate::version::{Numbers, Ranges};
use whodenied_kernel::Capability as C;

/// Granted by every runtime.
const COMMON: [C; 9] = [
    C::CHOWN,
    C::DAC_OVERRIDE,
    C::FSETID,
    C::FOWNER,
    C::SETGID,
    C::SETUID,
    C::SETPCAP,
    C::NET_BIND_SERVICE,
    C::KILL,
];

const PODMAN_BEFORE_4_4: Ranges = Ranges(&[(&[], &[4, 4])]);

/// True when root in a default container holds `cap`.
#[must_use]
pub fn has(runtime: Runtime, version: Option<&Numbers>, cap: C) -> bool {
    if COMMON.contains(&cap) {
        return true;
    }
    let crio_before_1_18 = runtime == Runtime::CriO && Ranges(&[(&[], &[1, 18])]).holds(version);
    match cap {
        C::SETFCAP => runtime != Runtime::CriO,
        C::SYS_CHROOT => runtime != Runtime::CriO || crio_before_1_18,
        C::MKNOD | C::NET_RAW | C::AUDIT_WRITE => match runtime {
            Runtime::Docker | Runtime::Containerd => true,
            Runtime::Podman => PODMAN_BEFORE_4_4.holds(version),
            Runtime::CriO => crio_before_1_18 && cap == C::NET_RAW,
        },
        _ => false,
    }
}

/// The default set: bounding, and permitted and effective for root. A process that is not root
/// keeps it in the bounding set only.
#[must_use]
pub fn default(runtime: Runtime, version: Option<&Numbers>) -> Vec<C> {
    C::all().filter(|c| has(runtime, version, *c)).collect()
}

/// True when the runtime puts capabilities that were added for a non-root user into its ambient
/// set, so that they take effect without file capabilities.
#[must_use]
pub const fn added_are_ambient(runtime: Runtime) -> bool {
    matches!(runtime, Runtime::Podman)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_the_sets() {
        assert_eq!(default(Runtime::Docker, None).len(), 14);
        assert_eq!(default(Runtime::Containerd, Some(&[1, 7])).len(), 14);
        assert_eq!(default(Runtime::Podman, None).len(), 11);
        assert_eq!(default(Runtime::Podman, Some(&[4, 3])).len(), 14);
        assert_eq!(default(Runtime::CriO, None).len(), 9);
        assert!(!has(Runtime::Docker, None, C::SYS_ADMIN));
    }
}
