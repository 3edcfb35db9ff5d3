//! What a person calls the container that a paste is about, where the paste itself tells: the prefix of a
//! compose log, an inspect answer, a compose file with one service.
//!
//! Only where nothing contradicts: of two containers with failures none is named.

use serde_json::Value;
use whodenied_case::{Attempt, Evidence, Facts, Origin, Predicate, Surface, Workload};
use whodenied_text::Span;

/// So many lines with a container's prefix are remembered.
pub(crate) const MOST: usize = 20_000;

/// The container or service that every printed failure is of.
pub(crate) fn of_paste(
    evidence: &[Evidence],
    facts: &Facts,
    attempts: &[Attempt],
    prefixes: &[(Span, String)],
) -> Option<Workload> {
    let mut found = inspected(evidence).unwrap_or_default();
    let services = services(facts);
    let prefix_of = |span: &Span| {
        let holds = |s: &Span| s.source == span.source && s.start <= span.start && span.start < s.end;
        prefixes.iter().find(|(s, _)| holds(s)).map(|(_, name)| name.as_str())
    };
    let mut printed = attempts.iter().filter(|a| a.printed).peekable();
    let prefix = prefix_of(printed.peek()?.spans.first()?);
    // The same failure may stand there several times, of several containers.
    let same = |a: &Attempt| {
        a.spans.first().map(prefix_of) == Some(prefix)
            && a.spans.iter().filter_map(prefix_of).all(|name| Some(name) == prefix)
    };
    if !printed.all(same) {
        return None;
    }
    if let Some(name) = prefix {
        if found.container.as_ref().is_some_and(|known| known != name) {
            return None;
        }
        let named = |service: &&&str| is_of(name, service);
        found.service = found.service.or_else(|| services.iter().find(named).map(|s| (*s).to_owned()));
        // The prefix is the service's name alone where it has one container.
        if found.service.as_deref() != Some(name) {
            found.container = Some(name.to_owned());
        }
    } else if let ([service], None) = (services.as_slice(), &found.service) {
        found.service = Some((*service).to_owned());
    }
    (found != Workload::default()).then_some(found)
}

/// `mealie-1`, `project-mealie-1`, `project_mealie_1` and `mealie` are of the service `mealie`.
fn is_of(container: &str, service: &str) -> bool {
    let stem = container
        .rsplit_once(['-', '_'])
        .filter(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        .map_or(container, |(stem, _)| stem);
    stem == service || stem.strip_suffix(service).is_some_and(|project| project.ends_with(['-', '_']))
}

fn services(facts: &Facts) -> Vec<&str> {
    let mut services: Vec<&str> = Vec::new();
    for fact in &facts.all {
        let Predicate::Setting(setting) = &fact.what else { continue };
        if let (Surface::Compose, Some(service)) = (setting.surface, setting.service.as_deref())
            && !services.contains(&service)
            && services.len() < 1000
        {
            services.push(service);
        }
    }
    services
}

/// The one container of a pasted `docker inspect` or `podman inspect`.
fn inspected(evidence: &[Evidence]) -> Option<Workload> {
    let mut found = None;
    for one in evidence.iter().filter(|e| matches!(e.origin, Origin::Paste { .. })) {
        let text = one.text.trim_start();
        if !text.starts_with(['[', '{']) || !text.contains("\"Config\"") {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        let value = match &value {
            Value::Array(all) if all.len() == 1 => all.first()?,
            Value::Object(_) => &value,
            _ => return None,
        };
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).filter(|t| !t.is_empty());
        let label = |name: &str| {
            value.pointer("/Config/Labels")?.get(name)?.as_str().filter(|t| !t.is_empty()).map(str::to_owned)
        };
        let Some(name) = text("/Name") else { continue };
        if found.is_some() {
            return None;
        }
        found = Some(Workload {
            service: label("com.docker.compose.service").or_else(|| label("io.podman.compose.service")),
            container: Some(name.trim_start_matches('/').to_owned()),
            image: text("/Config/Image").or_else(|| text("/ImageName")).map(str::to_owned),
            unit: label("PODMAN_SYSTEMD_UNIT"),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::{Input, read};
    use whodenied_case::Origin;

    fn called(texts: &[&str]) -> String {
        let inputs = texts.iter().map(|text| Input {
            origin: Origin::Paste { name: "x".to_owned() },
            reader: Box::new(std::io::Cursor::new(text.as_bytes().to_vec())),
        });
        read(inputs.collect()).workload.map(|w| w.words()).unwrap_or_default()
    }

    const FAILURE: &str = "touch: cannot touch '/data/new': Permission denied\n";
    const TWO: &str =
        "services:\n  mealie:\n    image: m\n    user: \"1000\"\n  db:\n    image: y\n    user: \"5\"\n";

    #[test]
    fn prefixes_of_compose_logs() {
        let line = format!("mealie-1  | {FAILURE}");
        assert_eq!(called(&[&line]), "container mealie-1");
        assert_eq!(called(&[&line, TWO]), "service mealie (container mealie-1)");
        let other = format!("db-1      | {FAILURE}");
        assert_eq!(called(&[&(line + &other), TWO]), "");
    }

    #[test]
    fn one_service_is_meant() {
        let one = "services:\n  mealie:\n    image: m\n    user: \"1000\"\n";
        assert_eq!(called(&[FAILURE, one]), "service mealie");
        assert_eq!(called(&[FAILURE, TWO]), "");
        assert_eq!(called(&[one]), "");
        assert_eq!(called(&[FAILURE]), "");
    }

    #[test]
    fn an_inspect_answer_names_it() {
        let inspect = r#"[{"Id": "abc", "Name": "/mealie-1", "Config": {"Image": "mealie:v1",
            "Labels": {"com.docker.compose.service": "mealie"}}}]"#;
        assert_eq!(called(&[FAILURE, inspect]), "service mealie (container mealie-1, image mealie:v1)");
        assert_eq!(called(&[FAILURE, inspect, &inspect.replace("mealie", "other")]), "");
        assert_eq!(called(&[FAILURE, "[{\"Config\": 3}]"]), "");
    }
}
