//! For each call: which layers are asked, in which order, and the errno each of them gives.
//!
//! A layer that can't answer a call with the errno seen did not refuse it: that rules out more
//! suspects than any other single fact. The order says which refusal hides which.
//!
//! Read from Linux 6.12 to 7.2; functions are named beside each sequence in the tables.

mod files;
mod tasks;

use crate::{Call, Errno, Layer};

/// One check the kernel makes on the way through a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Which layer it belongs to.
    pub layer: Layer,
    /// The errors it can give; empty means any.
    pub errnos: &'static [Errno],
    /// Under which condition it refuses, in words.
    pub when: &'static str,
}

impl Check {
    /// True when this check can give `errno`.
    #[must_use]
    pub fn gives(&self, errno: Errno) -> bool {
        self.errnos.is_empty() || self.errnos.contains(&errno)
    }
}

const fn check(layer: Layer, errnos: &'static [Errno], when: &'static str) -> Check {
    Check { layer, errnos, when }
}

const ANY: &[Errno] = &[];
const ACCES: &[Errno] = &[Errno::EACCES];
const PERM: &[Errno] = &[Errno::EPERM];
const ROFS: &[Errno] = &[Errno::EROFS];

/// `__seccomp_filter`, from `syscall_trace_enter`: before the kernel looks at any argument.
const SECCOMP: Check =
    check(Layer::Seccomp, ANY, "the filter has no rule for the call, or one that refuses these arguments");

/// The checks of `call` in the order the kernel makes them; a layer may be asked more than once.
pub fn checks(call: Call) -> impl Iterator<Item = &'static Check> {
    let filtered = call != Call::Dbus;
    let parts = files::parts(call).unwrap_or_else(|| tasks::parts(call));
    filtered.then_some(&SECCOMP).into_iter().chain(parts.iter().flat_map(|part| part.iter()))
}

/// The layers of `call`, each once, at the place where it is first asked.
#[must_use]
pub fn layers(call: Call) -> Vec<Layer> {
    let mut seen = Vec::new();
    for check in checks(call) {
        if !seen.contains(&check.layer) {
            seen.push(check.layer);
        }
    }
    seen
}

/// True when the kernel asks this layer for `call` at all.
#[must_use]
pub fn asks(call: Call, layer: Layer) -> bool {
    checks(call).any(|c| c.layer == layer)
}

/// True when this layer can answer `call` with `errno`.
#[must_use]
pub fn can_give(call: Call, layer: Layer, errno: Errno) -> bool {
    checks(call).any(|c| c.layer == layer && c.gives(errno))
}

/// The layers that can answer `call` with `errno`, in order, each once.
#[must_use]
pub fn suspects(call: Call, errno: Errno) -> Vec<Layer> {
    let mut seen = Vec::new();
    for check in checks(call).filter(|c| c.gives(errno)) {
        if !seen.contains(&check.layer) {
            seen.push(check.layer);
        }
    }
    seen
}

/// The place of `layer` among the checks of `call` that can give `errno`; `None` when none can.
#[must_use]
pub fn position(call: Call, layer: Layer, errno: Option<Errno>) -> Option<usize> {
    checks(call).position(|c| c.layer == layer && errno.is_none_or(|e| c.gives(e)))
}

/// The error a person should expect of `layer` for `call`: the first check's first.
#[must_use]
pub fn usual_errno(call: Call, layer: Layer) -> Option<Errno> {
    checks(call).find(|c| c.layer == layer)?.errnos.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_sequence_that_begins_with_seccomp() {
        for call in Call::ALL {
            let first = checks(*call).next().map(|c| c.layer);
            let expected = if *call == Call::Dbus { Layer::UserspacePolicy } else { Layer::Seccomp };
            assert_eq!(first, Some(expected), "{}", call.name());
        }
    }

    #[test]
    fn no_file_mode_is_asked_for_a_socket_pair() {
        assert!(!asks(Call::Socketpair, Layer::Dac));
        let suspects = suspects(Call::Socketpair, Errno::EACCES);
        assert_eq!(suspects, [Layer::Seccomp, Layer::Apparmor, Layer::Selinux]);
    }

    // errno(3) as measured on 6.18 as an ordinary user without LSMs.
    #[test]
    fn errnos_measured_on_a_kernel() {
        let table: &[(Call, Layer, Errno)] = &[
            (Call::Open, Layer::Dac, Errno::EACCES),
            (Call::Mkdir, Layer::Dac, Errno::EACCES),
            (Call::Kill, Layer::Dac, Errno::EPERM),
            (Call::Bind, Layer::Port, Errno::EACCES),
            (Call::Socket, Layer::Capability, Errno::EPERM),
            (Call::Socket, Layer::Sysctl, Errno::EACCES),
            (Call::Chown, Layer::Capability, Errno::EPERM),
            (Call::Mount, Layer::Capability, Errno::EPERM),
            (Call::Mknod, Layer::Capability, Errno::EPERM),
            (Call::Setuid, Layer::Capability, Errno::EPERM),
            (Call::Chroot, Layer::Capability, Errno::EPERM),
            (Call::Sched, Layer::Capability, Errno::EPERM),
            (Call::Setpriority, Layer::Capability, Errno::EACCES),
            (Call::Exec, Layer::Dac, Errno::EACCES),
            (Call::Connect, Layer::Dac, Errno::EACCES),
        ];
        for (call, layer, errno) in table {
            assert!(can_give(*call, *layer, *errno), "{} {} {errno}", call.name(), layer.id());
        }
        assert!(!can_give(Call::Kill, Layer::Dac, Errno::EACCES));
        assert!(!can_give(Call::Kill, Layer::Apparmor, Errno::EPERM));
    }

    #[test]
    fn order_differs_between_existing_and_new_files() {
        let at = |call, layer| position(call, layer, Some(Errno::EACCES));
        let last_dac = |call: Call| {
            checks(call).enumerate().filter(|(_, c)| c.layer == Layer::Dac).map(|(i, _)| i).last()
        };
        assert!(last_dac(Call::Open) < at(Call::Open, Layer::Apparmor));
        assert!(at(Call::Mkdir, Layer::Apparmor) < last_dac(Call::Mkdir));
        assert!(at(Call::Unlink, Layer::Apparmor) < last_dac(Call::Unlink));
    }
}
