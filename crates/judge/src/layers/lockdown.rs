//! Kernel lockdown.
//!
//! `security_locked_down` (security/lockdown/lockdown.c, since 5.4; distributions carried it
//! before) refuses with EPERM what would let root change or read the running kernel: `integrity`
//! covers unsigned modules, /dev/mem, kexec of unsigned images, hibernation, port I/O, MSRs, ACPI
//! tables, debugfs; `confidentiality` adds kprobes, perf and bpf that read kernel memory, tracefs and
//! /proc/kcore. It logs `Lockdown: COMM: WHAT is restricted`. Many distributions switch integrity on
//! with Secure Boot. No capability overrides it. An unsigned module may also get ENOKEY from the
//! signature check.

use crate::context::{Context, under};
use crate::say::{Best, allows, denies};
use whodenied_case::{Attempt, Change, Environment, LsmState, Predicate, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::Lockdown;
const LOOK: &str = "cat /sys/kernel/security/lockdown";

/// From which level on lockdown covers something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Covers {
    Integrity,
    Confidentiality,
}

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if let Some(what) = attempt.records.iter().find_map(|r| match &r.kind {
        RecordKind::Lockdown { what, .. } => Some(what),
        _ => None,
    }) {
        let because = format!("The kernel logged that lockdown restricts {what}; root is no exception.");
        return denies(attempt, LAYER, Support::Record, 95, because).policy("lockdown").into();
    }
    if attempt.records.iter().any(|r| matches!(&r.kind, RecordKind::Other { name, .. } if name == "module")) {
        let because = "The kernel logged that it takes signed modules only, as it does with Secure Boot or when locked down.";
        return denies(attempt, LAYER, Support::Record, 85, because).policy("lockdown").step(LOOK).into();
    }
    if attempt.errno.is_some_and(|e| !matches!(e, Errno::EPERM | Errno::ENOKEY | Errno::EACCES)) {
        return None;
    }
    let mut best = Best::new();
    if let Some(fact) = cx.stated_here(attempt, &["lockdown"]) {
        let because = "The text says that kernel lockdown restricts it; no capability overrides that.";
        best.offer(
            denies(attempt, LAYER, Support::Stated, 85, because).fact(fact.id).policy("lockdown").step(LOOK),
        );
    }
    let Some(covers) = covered(attempt) else {
        if let Some(id) = cx.environment(Environment::SecureBoot)
            && attempt.errno == Some(Errno::EPERM)
            && !attempt.object_name().starts_with('/')
            && matches!(attempt.call, None | Some(Call::Write | Call::Open | Call::Ioctl | Call::Access))
        {
            let because = "With Secure Boot this kernel is locked down, which refuses raw access to the machine even to root.";
            best.offer(
                denies(attempt, LAYER, Support::Usual, 55, because).fact(id).policy("lockdown").step(LOOK),
            );
        } else if root_without_object(attempt, cx) {
            let because = "Hardly anything but kernel lockdown (on with Secure Boot) refuses root of the host with this error where no file is involved.";
            best.offer(denies(attempt, LAYER, Support::Fits, 35, because).policy("lockdown").step(LOOK));
        }
        return best.done();
    };
    if attempt.errno == Some(Errno::EACCES) && !attempt.errno_inferred {
        // IMA's part of Secure Boot answers so.
        if matches!(attempt.call, Some(Call::Kexec | Call::Module)) && !cx.contained() {
            let because =
                "With Secure Boot a kernel or module that can't be verified is refused, root or not.";
            let (support, weight) = match cx.environment(Environment::SecureBoot) {
                Some(_) => (Support::Default, 70),
                None => (Support::Usual, 60),
            };
            best.offer(denies(attempt, LAYER, support, weight, because).policy("lockdown").step(LOOK));
            return best.done();
        }
        return best.or(allows(attempt, LAYER, "Lockdown refuses with EPERM only.").into());
    }
    let state = cx.facts.find(|p| matches!(p, Predicate::Lsm(Layer::Lockdown, _)));
    if let Some(fact) = state {
        if matches!(fact.what, Predicate::Lsm(_, LsmState::Off)) {
            return allows(attempt, LAYER, "Lockdown is off on this host.").fact(fact.id).into();
        }
        let because = "Kernel lockdown is on, and it covers this.";
        best.offer(
            denies(attempt, LAYER, Support::Configured, 85, because)
                .fact(fact.id)
                .policy("lockdown")
                .step(LOOK),
        );
    }
    if attempt.call == Some(Call::Module) && attempt.errno == Some(Errno::ENOKEY) {
        let because = "The module's signature is by no key this kernel trusts, and with Secure Boot or lockdown it takes signed modules only.";
        best.offer(denies(attempt, LAYER, Support::Exclusive, 85, because).policy("lockdown").step(LOOK));
    }
    let boot = cx
        .environment(Environment::SecureBoot)
        .or_else(|| cx.stated(&["speaks-of-secure-boot"]).map(|f| f.id));
    if let Some(id) = boot {
        let because = "With Secure Boot this kernel is locked down, and lockdown covers this even for root.";
        let (support, weight) = match covers {
            Covers::Integrity => (Support::Default, 80),
            // Neither a capability nor a filter is missing there.
            Covers::Confidentiality if cx.contained() && cx.facts.privileged() => (Support::Default, 70),
            Covers::Confidentiality if cx.contained() => (Support::Usual, 45),
            Covers::Confidentiality => (Support::Default, 68),
        };
        best.offer(denies(attempt, LAYER, support, weight, because).fact(id).policy("lockdown").step(LOOK));
    } else if !cx.contained() && !cx.is_user(attempt) && attempt.errno == Some(Errno::EPERM) {
        let because =
            "Root on the host gets EPERM for this where the kernel is locked down, as with Secure Boot.";
        let known = cx.is_root(attempt);
        let elsewhere = cx.works(|c| matches!(c, Change::ElsewhereOn(_))).is_some();
        // Programs for the ports and the memory of the machine are run by root or installed setuid.
        let weight = match covers {
            Covers::Integrity if known => 74,
            Covers::Integrity if elsewhere => 70,
            Covers::Integrity => 60,
            Covers::Confidentiality if known => 58,
            Covers::Confidentiality => 30,
        };
        best.offer(denies(attempt, LAYER, Support::Usual, weight, because).policy("lockdown").step(LOOK));
    }
    best.done()
}

/// Root of the host, an error of which only the name is known, and nothing that it was about.
fn root_without_object(attempt: &Attempt, cx: &Context<'_>) -> bool {
    attempt.errno == Some(Errno::EPERM)
        && !attempt.errno_inferred
        && attempt.object.name.is_none()
        && matches!(
            attempt.call,
            None | Some(Call::Write | Call::Read | Call::Open | Call::Ioctl | Call::Mmap)
        )
        && cx.is_root(attempt)
        && !cx.contained()
        && !cx.has(Environment::Fakeroot)
}

fn covered(attempt: &Attempt) -> Option<Covers> {
    let name = attempt.object_name();
    if [
        "/dev/mem",
        "/dev/kmem",
        "/dev/port",
        "/dev/snapshot",
        "/sys/power/state",
        "/sys/kernel/debug",
        "/sys/firmware/acpi",
    ]
    .iter()
    .any(|root| under(name, root))
        || (name.starts_with("/dev/cpu/") && name.ends_with("/msr"))
        || under(name, "/sys/bus/pci/devices")
        || under(name, "/proc/bus/pci")
    {
        return Some(Covers::Integrity);
    }
    if name == "/proc/kcore" || under(name, "/sys/kernel/tracing") {
        return Some(Covers::Confidentiality);
    }
    match attempt.call? {
        Call::Module | Call::Kexec | Call::Ioperm => Some(Covers::Integrity),
        Call::Bpf | Call::PerfEventOpen => Some(Covers::Confidentiality),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, denied};

    #[test]
    fn what_lockdown_covers() {
        let secure = Predicate::Environment(Environment::SecureBoot);
        let module = attempt(Call::Module, Errno::EPERM, "");
        assert_eq!(denied(judge, &module, std::slice::from_ref(&secure)), Some(Support::Default));
        assert_eq!(denied(judge, &module, &[]), Some(Support::Usual));
        let docker = Predicate::Engine(whodenied_case::Engine::Docker);
        assert_eq!(denied(judge, &module, &[docker]), None);
        let ports = attempt(Call::Ioperm, Errno::EPERM, "");
        assert_eq!(denied(judge, &ports, &[]), Some(Support::Usual));
        assert_eq!(denied(judge, &ports, &[Predicate::Environment(Environment::RunsAsNonRoot)]), None);
        let kexec = attempt(Call::Kexec, Errno::EACCES, "");
        assert_eq!(denied(judge, &kexec, std::slice::from_ref(&secure)), Some(Support::Default));
        assert_eq!(
            denied(judge, &attempt(Call::Open, Errno::EPERM, "/dev/mem"), std::slice::from_ref(&secure)),
            Some(Support::Default)
        );
        assert_eq!(
            denied(judge, &attempt(Call::Open, Errno::EPERM, "/dev/null"), std::slice::from_ref(&secure)),
            None
        );
        assert_eq!(denied(judge, &attempt(Call::Bpf, Errno::EPERM, ""), &[secure]), Some(Support::Default));
        assert_eq!(denied(judge, &attempt(Call::Module, Errno::ENOKEY, ""), &[]), Some(Support::Exclusive));
        let off = Predicate::Lsm(Layer::Lockdown, LsmState::Off);
        assert!(allowed(judge, &module, &[off]));
        assert!(allowed(judge, &attempt(Call::Open, Errno::EACCES, "/dev/mem"), &[]));
    }

    #[test]
    fn said_in_words() {
        let said = Predicate::Statement("lockdown");
        assert_eq!(denied(judge, &attempt(Call::Write, Errno::EPERM, "/x"), &[said]), Some(Support::Stated));
    }
}
