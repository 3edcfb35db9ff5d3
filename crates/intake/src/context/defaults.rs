//! What the distributions that the evidence names do by default, as assumed facts.

use whodenied_case::{Engine, Environment, Facts, LsmState, Predicate, Standing};
use whodenied_kernel::Layer;

/// Distributions whose kernels run with SELinux enforcing after installation.
const SELINUX: &[&str] = &["fedora", "rhel", "centos", "alma", "rocky", "oracle", "microos"];
/// Distributions whose kernels run with AppArmor after installation. Debian: since 10.
const APPARMOR: &[&str] =
    &["ubuntu", "debian", "suse", "proxmox", "mint", "pop", "elementary", "zorin", "neon", "truenas"];

/// Adds what follows from the host's distribution, each with the place that names it. What the evidence
/// states about an LSM is never overruled.
pub(crate) fn assumed(facts: &mut Facts) {
    let wsl = facts.has(Environment::Wsl) || facts.has_engine(Engine::DockerDesktop);
    let Some((id, before, span)) = facts.all.iter().find_map(|f| match &f.what {
        Predicate::Distro { id, version, container: false } => {
            let before = |n: &[u32]| version.as_ref().is_some_and(|v| v.before(n));
            Some((id.clone(), before(&[10]), f.spans.first().copied()))
        }
        _ => None,
    }) else {
        return;
    };
    if wsl {
        // Microsoft's kernel has neither module active.
        return;
    }
    let mut assume = |layer, state| {
        if facts.lsm(layer).is_none() {
            facts.add(Predicate::Lsm(layer, state), Standing::Assumed, span);
        }
    };
    if SELINUX.contains(&id.as_str()) {
        assume(Layer::Selinux, LsmState::Enforcing);
        assume(Layer::Apparmor, LsmState::Off);
    } else if APPARMOR.contains(&id.as_str()) && !(id == "debian" && before) {
        assume(Layer::Apparmor, LsmState::Enforcing);
        assume(Layer::Selinux, LsmState::Off);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::Version;

    fn host(id: &str, version: &str) -> Facts {
        let mut facts = Facts::default();
        let what =
            Predicate::Distro { id: id.to_owned(), version: Version::parse(version), container: false };
        facts.add(what, Standing::Reported, None);
        facts
    }

    #[test]
    fn follow_the_distribution_and_yield_to_what_is_stated() {
        let mut fedora = host("fedora", "39");
        assumed(&mut fedora);
        assert_eq!(fedora.lsm(Layer::Selinux), Some((LsmState::Enforcing, Standing::Assumed)));
        let mut debian = host("debian", "9.1");
        assumed(&mut debian);
        assert_eq!(debian.lsm(Layer::Apparmor), None);
        let mut stated = host("fedora", "39");
        stated.add(Predicate::Lsm(Layer::Selinux, LsmState::Permissive), Standing::Reported, None);
        assumed(&mut stated);
        assert_eq!(stated.lsm(Layer::Selinux), Some((LsmState::Permissive, Standing::Reported)));
        let mut arch = host("arch", "");
        assumed(&mut arch);
        assert_eq!(arch.all.len(), 1);
    }
}
