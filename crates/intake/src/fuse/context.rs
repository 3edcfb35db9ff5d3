//! What a record says of the surroundings besides its refusal: which LSM is active, which engine's
//! profile confines the program.

use whodenied_case::record::{ApparmorVerdict, RecordKind};
use whodenied_case::{
    Channel, Claim, Engine, Environment, Facts, LsmState, Predicate, Record, Says, Standing, Version,
};
use whodenied_kernel::Layer;
use whodenied_text::Span;

/// Adds the facts behind every record.
pub(super) fn facts(claims: &[Claim], facts: &mut Facts) {
    for claim in claims {
        let Says::Record(record) = &claim.says else { continue };
        if facts.all.len() >= super::MOST_FACTS {
            break;
        }
        // A record in a program's own log is that program's word.
        let seen =
            if record.channel == Channel::ProgramLog { Standing::Reported } else { Standing::Observed };
        of(record, claim.span, seen, facts);
    }
}

fn of(record: &Record, span: Span, seen: Standing, facts: &mut Facts) {
    let mut add = |what, standing| {
        facts.add(what, standing, Some(span));
    };
    match &record.kind {
        RecordKind::Apparmor(r) => {
            add(Predicate::Lsm(Layer::Apparmor, LsmState::Enforcing), seen);
            let target = r.get("target").unwrap_or("");
            let unprivileged = "unprivileged_userns";
            let userns = r.verdict == ApparmorVerdict::Audit && target == unprivileged
                || r.profile() == Some(unprivileged);
            if userns {
                add(Predicate::Environment(Environment::UsernsRestriction), seen);
            }
            if r.verdict == ApparmorVerdict::Status {
                return;
            }
            let mut labels: Vec<&str> = [r.profile(), r.get("peer")].into_iter().flatten().collect();
            labels.extend(r.get("namespace"));
            for (i, label) in labels.iter().enumerate() {
                for part in label.split("//&") {
                    for what in of_profile(part, i == 0) {
                        add(what, Standing::Assumed);
                    }
                }
            }
            if let Some(profile) = r.profile() {
                add(Predicate::ProcessLabel(profile.to_owned()), seen);
            }
        }
        RecordKind::Selinux(avc) => {
            let state = if avc.permissive == Some(true) { LsmState::Permissive } else { LsmState::Enforcing };
            add(Predicate::Lsm(Layer::Selinux, state), seen);
            if let Some(context) = &avc.scontext {
                if let Some(what) = of_domain(context) {
                    add(what, Standing::Assumed);
                }
                add(Predicate::ProcessLabel(context.clone()), seen);
            }
        }
        RecordKind::Seccomp(_) => add(Predicate::SeccompFilter(true), seen),
        RecordKind::Landlock(_) => add(Predicate::Lsm(Layer::Landlock, LsmState::Enforcing), seen),
        RecordKind::Lockdown { .. } => add(Predicate::Lsm(Layer::Lockdown, LsmState::Enforcing), seen),
        RecordKind::Yama { .. } => add(Predicate::Lsm(Layer::Yama, LsmState::Enforcing), seen),
        RecordKind::Syscall(_) | RecordKind::Other { .. } => {}
    }
}

/// What the name of a profile tells: the engines name theirs in fixed ways.
fn of_profile(name: &str, own: bool) -> Vec<Predicate> {
    let engine = |e| vec![Predicate::Engine(e)];
    if let Some(rest) = name.strip_prefix("containers-default-") {
        let mut found = engine(Engine::Podman);
        // The number is that of the containers/common library.
        if let Some(version) = Version::parse(rest.split("-apparmor").next().unwrap_or(rest)) {
            found.push(Predicate::Component { name: "containers-common".to_owned(), version: Some(version) });
        }
        return found;
    }
    let outer = |e: Engine| vec![if own { Predicate::Engine(e) } else { Predicate::Outer(e) }];
    match name {
        "docker-default" => engine(Engine::Docker),
        "cri-containerd.apparmor.d" => engine(Engine::Kubernetes),
        "nerdctl-default" => engine(Engine::Containerd),
        "buildkit-default" => engine(Engine::Buildah),
        "crio-default" => engine(Engine::CriO),
        "snap.docker.dockerd" => vec![Predicate::Engine(Engine::DockerSnap)],
        _ if name.starts_with("crio-default-") => engine(Engine::CriO),
        _ if name.starts_with("lxc-container-default") || is_instance(name, "lxc-") => outer(Engine::Lxc),
        _ if is_instance(name, "incus-") || is_instance(name, "lxd-") => outer(Engine::Incus),
        _ if name.starts_with("root//lxc-") => vec![Predicate::Outer(Engine::Lxc)],
        _ if name.starts_with("root//incus-") || name.starts_with("root//lxd-") => {
            vec![Predicate::Outer(Engine::Incus)]
        }
        _ if name.starts_with("snap.") && name.matches('.').count() >= 2 && own => engine(Engine::Snap),
        _ => Vec::new(),
    }
}

/// `lxc-NAME_</var/lib/lxc>`: a profile generated for one instance.
fn is_instance(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.contains("_<"))
}

/// What the domain of a context tells.
///
/// Source: container-selinux's policy; `svirt_lxc_net_t` is its name of before 2018.
fn of_domain(context: &str) -> Option<Predicate> {
    let domain = context.split(':').nth(2)?;
    let container = domain == "svirt_lxc_net_t"
        || domain == "spc_t"
        || (domain.starts_with("container_") && domain.ends_with("_t") && !domain.contains("runtime"))
        || domain == "container_t";
    if container {
        return Some(Predicate::Statement("container-domain"));
    }
    matches!(domain, "init_t" | "initrc_t").then_some(Predicate::Engine(Engine::SystemdUnit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_name_engines() {
        for (name, engine) in [
            ("docker-default", Predicate::Engine(Engine::Docker)),
            ("cri-containerd.apparmor.d", Predicate::Engine(Engine::Kubernetes)),
            ("crio-default", Predicate::Engine(Engine::CriO)),
            ("lxc-container-default-cgns", Predicate::Engine(Engine::Lxc)),
            ("lxc-104_</var/lib/lxc>", Predicate::Engine(Engine::Lxc)),
            ("incus-c1_</var/lib/incus>", Predicate::Engine(Engine::Incus)),
            ("root//incus-c1_<var-lib-incus>", Predicate::Outer(Engine::Incus)),
            ("snap.firefox.firefox", Predicate::Engine(Engine::Snap)),
        ] {
            assert_eq!(of_profile(name, true), [engine], "{name}");
        }
        assert_eq!(of_profile("containers-default-0.57.4-apparmor1", true).len(), 2);
        assert!(of_profile("incus_dnsmasq-incusbr0_</var/lib/incus>", true).is_empty());
        assert!(of_profile("/usr/sbin/ntpd", true).is_empty());
    }
}
