//! What was put together about the container or unit that is explained, read as facts.
//!
//! The keys are written down in `whodenied_case::workload`. Hostile as any evidence: a saved case may come
//! from anyone, so nothing here is more than one line's word.

use whodenied_case::{
    Case, Claim, Engine, Environment, Evidence, Origin, Predicate, Says, Standing, Surface, Version, Workload,
};
use whodenied_text::Span;

/// More lines are none of ours.
const MOST: usize = 64;

/// The container or unit that the evidence is about.
pub(crate) fn workload(evidence: &[Evidence]) -> Option<Workload> {
    let mut found: Option<Workload> = None;
    for (_, key, value) in lines(evidence) {
        let mut set = |slot: fn(&mut Workload) -> &mut Option<String>| {
            *slot(found.get_or_insert_with(Workload::default)) = Some(value.to_owned());
        };
        match key {
            "service" => set(|w| &mut w.service),
            "container" => set(|w| &mut w.container),
            "image" => set(|w| &mut w.image),
            "unit" => set(|w| &mut w.unit),
            _ => {}
        }
    }
    found
}

/// Takes away what the configuration says of other services, and engines that a file's form alone
/// suggests where the engine is known.
pub(crate) fn sift(evidence: &[Evidence], workload: Option<&Workload>, claims: &mut Vec<Claim>) {
    let service = workload.and_then(|w| w.service.as_deref());
    let engine = lines(evidence).find(|(_, key, _)| *key == "engine").and_then(|(_, _, v)| engine(v));
    claims.retain(|claim| match &claim.says {
        Says::Fact(Predicate::Setting(s)) if s.surface == Surface::Compose => {
            !matches!((s.service.as_deref(), service), (Some(its), Some(ours)) if its != ours)
        }
        Says::Fact(Predicate::Engine(e)) => engine.is_none_or(|known| *e == known || !e.is_oci()),
        _ => true,
    });
}

/// Adds the facts.
pub(crate) fn attach(case: &mut Case) {
    let found: Vec<(Span, Vec<Predicate>)> =
        lines(&case.evidence).map(|(span, key, value)| (span, facts(key, value))).collect();
    for (span, facts) in found {
        for what in facts {
            case.facts.add(what, Standing::Observed, Some(span));
        }
    }
}

/// The lines of the state: their place, key and value.
fn lines(evidence: &[Evidence]) -> impl Iterator<Item = (Span, &str, &str)> {
    evidence.iter().filter(|e| matches!(e.origin, Origin::State { .. })).flat_map(|e| {
        let mut at = 0;
        e.text.split_inclusive('\n').take(MOST).filter_map(move |line| {
            let span = Span::new(e.id, at, at + line.trim_end().len());
            at += line.len();
            let (key, value) = line.trim_end().split_once(": ")?;
            Some((span, key, value))
        })
    })
}

fn engine(value: &str) -> Option<Engine> {
    Some(match value.split_whitespace().next()? {
        "docker" => Engine::Docker,
        "podman" => Engine::Podman,
        "containerd" => Engine::Containerd,
        "systemd" => Engine::SystemdUnit,
        _ => return None,
    })
}

fn facts(key: &str, value: &str) -> Vec<Predicate> {
    let hex = |set: &str| {
        u64::from_str_radix(value, 16)
            .map(|bits| vec![Predicate::CapSet { set: set.to_owned(), bits }])
            .unwrap_or_default()
    };
    let ids = |uid, gid, groups| vec![Predicate::Ids { uid, gid, groups }];
    match key {
        "engine" => {
            let Some(engine) = engine(value) else { return Vec::new() };
            let mut found = vec![Predicate::Engine(engine)];
            let name = value.split_whitespace().next().unwrap_or("").to_owned();
            if let Some(version) = value.split_whitespace().nth(1).and_then(Version::parse) {
                found.push(Predicate::Component { name, version: Some(version) });
            }
            found
        }
        "rootless" if value == "yes" => vec![Predicate::Environment(Environment::Rootless)],
        "uid" => {
            let Ok(uid) = value.parse() else { return Vec::new() };
            let who = if uid == 0 { Environment::RunsAsRoot } else { Environment::RunsAsNonRoot };
            let mut found = vec![Predicate::Environment(who)];
            found.extend(ids(Some(uid), None, Vec::new()));
            found
        }
        "gid" => value.parse().map(|gid| ids(None, Some(gid), Vec::new())).unwrap_or_default(),
        "groups" => {
            ids(None, None, value.split_whitespace().take(64).filter_map(|g| g.parse().ok()).collect())
        }
        "starts as" if value == "root" => vec![Predicate::Statement("starts-as-root")],
        "bounding" => hex("bnd"),
        "effective" => hex("eff"),
        "uid map" => {
            let numbers: Vec<u32> = value.split_whitespace().filter_map(|n| n.parse().ok()).collect();
            let [inside, outside, count] = numbers.as_slice() else { return Vec::new() };
            vec![
                Predicate::IdMap(*inside, *outside, *count),
                Predicate::Environment(Environment::UsernsRemap),
            ]
        }
        "no new privileges" => vec![Predicate::NoNewPrivs(value == "yes")],
        "seccomp" => {
            let mut found = vec![Predicate::SeccompFilter(value != "none")];
            if value == "default" {
                found.push(Predicate::Statement("default-filter"));
            }
            found
        }
        "label" => vec![Predicate::ProcessLabel(value.to_owned())],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Input, read};
    use whodenied_case::{Case, Engine, Environment, Knob, Origin};

    fn case(state: &str, compose: &str) -> Case {
        let input = |origin, text: &str| Input {
            origin,
            reader: Box::new(std::io::Cursor::new(text.as_bytes().to_vec())),
        };
        read(vec![
            input(Origin::Host { path: "/srv/compose.yaml".into() }, compose),
            input(Origin::State { of: "the state of web-1".into() }, state),
        ])
    }

    #[test]
    fn the_state_names_the_container_and_its_settings() {
        let compose = "services:\n  web:\n    image: x\n    user: \"1000\"\n  db:\n    image: y\n    privileged: true\n";
        let case =
            case("service: web\ncontainer: web-1\nengine: podman 4.3.1\nuid: 1000\nbounding: 1\n", compose);
        assert_eq!(
            case.workload.as_ref().map(|w| w.words()).as_deref(),
            Some("service web (container web-1)")
        );
        assert!(!case.facts.privileged(), "{:?}", case.facts);
        assert!(case.facts.knob(|k| *k == Knob::User("1000".into())).is_some());
        assert!(case.facts.has_engine(Engine::Podman) && !case.facts.has_engine(Engine::Docker));
        assert!(case.facts.has(Environment::RunsAsNonRoot));
        assert!(case.facts.version("podman").is_some_and(|v| v.numbers == [4, 3, 1]));
    }

    #[test]
    fn hostile_lines_are_survived() {
        let case = case("uid: x\nuid map: 1\nbounding: zz\nengine:\nengine: \n: \nservice\n", "");
        assert!(case.workload.is_none());
    }
}
