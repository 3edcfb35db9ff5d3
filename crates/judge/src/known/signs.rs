//! Evaluates one condition of a signature: `None` when it does not hold, else how telling it is.

use whodenied_case::record::{ApparmorVerdict, Record};
use whodenied_case::{
    Attempt, CapSpec, Engine, Environment, Facts, Knob, PathState, Phase, Predicate, RecordKind,
};
use whodenied_runtimes::known::{Match, Sign, Stage, Witness};

/// How telling a condition that holds is.
pub(super) fn weigh(sign: &Sign, attempt: &Attempt, facts: &Facts) -> Option<u32> {
    let when = |holds: bool, weight: u32| holds.then_some(weight);
    match sign {
        Sign::Call(calls) => when(attempt.call.is_some_and(|c| calls.contains(&c)), 3),
        Sign::Syscall(names) => when(attempt.syscall.as_deref().is_some_and(|s| names.contains(&s)), 5),
        Sign::Errno(errnos) => when(attempt.errno.is_some_and(|e| errnos.contains(&e)), 2),
        Sign::Arg(name, m) => when(attempt.arg(name).is_some_and(|v| argument(*m, v)), 5),
        Sign::Object(m) => when(attempt.object.name.as_deref().is_some_and(|n| m.test(n)), 4),
        Sign::Phase(stages) => when(stages.iter().any(|s| stage(*s) == attempt.phase), 2),
        Sign::Record(witness, keys) => {
            let fits = |r: &Record| keys.iter().all(|(key, m)| key_matches(r, *witness, key, *m));
            let of = attempt.records.iter().filter(|r| written_by(r, *witness));
            when(of.into_iter().any(fits), 6 + 2 * u32::try_from(keys.len()).unwrap_or(0))
        }
        Sign::NoRecord => when(!attempt.records.iter().any(is_denial), 0),
        Sign::Engine(ids) => when(facts.engines().any(|e| engine_is(e, ids)), 1),
        Sign::Outer(ids) => when(facts.outers().any(|e| engine_is(e, ids)), 3),
        Sign::Environment(ids) => when(ids.iter().any(|id| environment(id).is_some_and(|e| facts.has(e))), 2),
        Sign::Distro(ids) => when(facts.distro_in(ids), 2),
        Sign::Component(name) => when(facts.has_component(name), 2),
        Sign::Statement(ids) => when(ids.iter().any(|id| facts.statement(id).is_some()), 6),
        Sign::Knob(kind, m) => when(facts.knobs().any(|(_, k)| knob_is(k, kind, *m)), 3),
        Sign::NoNewPrivs => {
            let set = |p: &Predicate| *p == Predicate::NoNewPrivs(true);
            when(facts.find(set).is_some() || facts.knob(|k| *k == Knob::NoNewPrivs(true)).is_some(), 4)
        }
        Sign::MountOption(option) => {
            let listed = |p: &Predicate| matches!(p, Predicate::Mount { options, .. } if options.iter().any(|o| o == option));
            when(facts.find(listed).is_some(), 4)
        }
        Sign::Owner(m) => {
            let owned =
                |p: &Predicate| matches!(p, Predicate::Path(PathState { owner: Some(o), .. }) if m.test(o));
            when(facts.find(owned).is_some(), 3)
        }
        Sign::Sysctl(name, m) => {
            let set = facts.sysctl(name).is_some_and(|(_, v)| m.test(v))
                || facts
                    .knobs()
                    .any(|(_, k)| matches!(k, Knob::Sysctl { key, value } if key == name && m.test(value)));
            when(set, 4)
        }
        Sign::OneOf(signs) => signs.iter().filter_map(|s| weigh(s, attempt, facts)).max(),
    }
}

/// An argument may be a set of flags: `SOCK_RAW|SOCK_CLOEXEC`.
fn argument(m: Match, value: &str) -> bool {
    m.test(value) || value.split('|').any(|part| m.test(part))
}

const fn stage(stage: Stage) -> Phase {
    match stage {
        Stage::Program => Phase::Program,
        Stage::RuntimeSetup => Phase::RuntimeSetup,
        Stage::Engine => Phase::Engine,
        Stage::ServiceSetup => Phase::ServiceSetup,
        Stage::Stop => Phase::Stop,
    }
}

/// True for a record of a refusal.
fn is_denial(record: &Record) -> bool {
    match &record.kind {
        RecordKind::Syscall(_) => false,
        RecordKind::Apparmor(r) => r.verdict == ApparmorVerdict::Denied,
        RecordKind::Selinux(r) => r.denied,
        _ => true,
    }
}

const fn written_by(record: &Record, witness: Witness) -> bool {
    matches!(
        (&record.kind, witness),
        (RecordKind::Apparmor(_), Witness::Apparmor)
            | (RecordKind::Selinux(_), Witness::Selinux)
            | (RecordKind::Seccomp(_), Witness::Seccomp)
            | (RecordKind::Landlock(_), Witness::Landlock)
            | (RecordKind::Other { .. }, Witness::Other)
    )
}

/// The key of the record matches. `Match::Any` also takes a key that is not there.
fn key_matches(record: &Record, witness: Witness, key: &str, m: Match) -> bool {
    let test = |value: Option<&str>| value.map_or(m == Match::Any, |v| m.test(v));
    match (&record.kind, witness) {
        (RecordKind::Apparmor(r), _) => match key {
            "apparmor" => test(Some(match r.verdict {
                ApparmorVerdict::Denied => "DENIED",
                ApparmorVerdict::Allowed => "ALLOWED",
                ApparmorVerdict::Audit => "AUDIT",
                ApparmorVerdict::Status => "STATUS",
                ApparmorVerdict::Other => "",
            })),
            "profile" => test(r.profile()),
            "requested_mask" => test(r.requested()),
            "denied_mask" => test(r.denied()),
            _ => test(r.get(key)),
        },
        (RecordKind::Selinux(r), _) => match key {
            "permission" => r.permissions.iter().any(|p| m.test(p)),
            "scontext" => test(r.scontext.as_deref()),
            "tcontext" => test(r.tcontext.as_deref()),
            "tclass" => test(r.tclass.as_deref()),
            _ => test(r.get(key)),
        },
        (RecordKind::Landlock(r), _) if key == "blockers" => {
            m == Match::Any || r.blockers.iter().any(|b| m.test(b))
        }
        (RecordKind::Other { name, .. }, _) if key == "name" => m.test(name),
        (RecordKind::Other { fields, .. }, _) => {
            let value = fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
            test(value)
        }
        _ => false,
    }
}

/// The ids by which issues name engines.
const fn engine_id(engine: Engine) -> &'static str {
    match engine {
        Engine::Docker | Engine::DockerDesktop => "docker",
        Engine::DockerSnap => "docker-snap",
        Engine::Containerd => "containerd",
        Engine::Podman => "podman",
        Engine::Buildah => "buildah",
        Engine::CriO => "cri-o",
        Engine::Kubernetes => "kubernetes",
        Engine::Lxc => "lxc",
        Engine::Incus => "incus",
        Engine::Nspawn => "nspawn",
        Engine::SystemdUnit => "systemd",
        Engine::Snap => "snap",
        Engine::Flatpak => "flatpak",
        Engine::Bubblewrap => "bubblewrap",
        Engine::Firejail => "firejail",
        Engine::Apptainer => "apptainer",
        Engine::Rkt => "rkt",
        Engine::OwnSandbox => "own-sandbox",
        Engine::HostProcess => "host",
    }
}

pub(super) fn engine_is(engine: Engine, ids: &[&str]) -> bool {
    ids.contains(&engine_id(engine))
}

/// The ids by which issues name traits of the surroundings.
pub(super) fn environment(id: &str) -> Option<Environment> {
    Some(match id {
        "nfs" => Environment::Nfs,
        "root-squash" => Environment::RootSquash,
        "cifs" => Environment::Cifs,
        "fuse" => Environment::Fuse,
        "foreign-fs" => Environment::ForeignFs,
        "secure-boot" => Environment::SecureBoot,
        "wsl" => Environment::Wsl,
        "cgroup-v2" => Environment::CgroupV2,
        "rootless" => Environment::Rootless,
        "userns-remap" => Environment::UsernsRemap,
        "host-network" => Environment::HostNetwork,
        "runs-as-root" => Environment::RunsAsRoot,
        "runs-as-non-root" => Environment::RunsAsNonRoot,
        "userns-restriction" => Environment::UsernsRestriction,
        _ => return None,
    })
}

fn knob_is(knob: &Knob, kind: &str, m: Match) -> bool {
    let flag = |set: bool| m.test(if set { "true" } else { "false" });
    match (kind, knob) {
        ("cap-add", Knob::CapAdd(spec)) | ("cap-drop", Knob::CapDrop(spec)) => match spec {
            CapSpec::All => m.test("ALL"),
            CapSpec::One(cap) => m.test(cap.name().unwrap_or("")),
        },
        ("apparmor", Knob::Apparmor(v))
        | ("seccomp", Knob::Seccomp(v))
        | ("user", Knob::User(v))
        | ("image", Knob::Image(v))
        | ("userns", Knob::UsernsMode(v))
        | ("device", Knob::Device(v)) => m.test(v),
        ("no-new-privs", Knob::NoNewPrivs(set)) | ("read-only-root", Knob::ReadOnlyRoot(set)) => flag(*set),
        ("volume", Knob::Volume { source, target, options }) => {
            m.test(source) || m.test(target) || options.iter().any(|o| m.test(o))
        }
        ("lxc", Knob::Lxc { key, value }) | ("unit", Knob::Unit { key, value }) => {
            m.test(&format!("{key}={value}"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_runtimes::known::ALL;

    fn each(sign: &Sign, see: &mut impl FnMut(&Sign)) {
        see(sign);
        if let Sign::OneOf(signs) = sign {
            for s in *signs {
                each(s, see);
            }
        }
    }

    #[test]
    fn every_id_in_the_data_is_known_here() {
        let engines = [
            "docker",
            "docker-snap",
            "containerd",
            "podman",
            "buildah",
            "cri-o",
            "kubernetes",
            "lxc",
            "incus",
            "nspawn",
            "systemd",
            "snap",
            "flatpak",
            "bubblewrap",
            "host",
            "apptainer",
            "own-sandbox",
        ];
        let kinds = [
            "cap-add",
            "cap-drop",
            "apparmor",
            "seccomp",
            "user",
            "image",
            "userns",
            "device",
            "no-new-privs",
            "read-only-root",
            "volume",
            "lxc",
            "unit",
        ];
        for issue in ALL {
            for signature in issue.signatures {
                for sign in signature.needs.iter().chain(signature.hints).chain(signature.excludes) {
                    each(sign, &mut |s| match s {
                        Sign::Engine(ids) | Sign::Outer(ids) => {
                            assert!(ids.iter().all(|id| engines.contains(id)), "{}", issue.id);
                        }
                        Sign::Environment(ids) => {
                            assert!(ids.iter().all(|id| environment(id).is_some()), "{}", issue.id);
                        }
                        Sign::Knob(kind, _) => assert!(kinds.contains(kind), "{}", issue.id),
                        _ => {}
                    });
                }
            }
        }
    }
}
