//! Configuration of every kind, read by `manifest` and put in the case's terms, with the facts that a
//! setting states beside itself.

use super::clause;
use super::convert;
use super::sink::Sink;
use crate::segment::{Document, Line};
use whodenied_case::{Channel, Engine, Environment, Knob, Predicate, Setting, Surface};
use whodenied_manifest as manifest;
use whodenied_text::Span;

const DIALECT: &str = "config";
/// Longer lines are no configuration a person wrote.
const LONGEST: usize = 16 << 10;

pub(super) fn read(doc: &Document, sink: &mut Sink) {
    let lines: Vec<manifest::Line<'_>> = doc
        .lines
        .iter()
        .map(|l| manifest::Line { indent: l.dress.indent, text: if is_config(l) { &l.text } else { "" } })
        .collect();
    for found in manifest::read(&lines) {
        let Some(line) = doc.lines.get(found.line) else { continue };
        let told = matches!(found.surface, manifest::Surface::Prose | manifest::Surface::RunLine)
            && clause::is_trial(&line.text.to_lowercase());
        // What a person tried is a trial, not the state that fails.
        if told {
            continue;
        }
        let span = line.span_of(found.range.start, found.range.end);
        let setting = Setting {
            surface: convert::surface(found.surface),
            service: found.service,
            knob: convert::knob(found.knob),
        };
        beside(&setting, span, sink);
        sink.fact(span, DIALECT, Predicate::Setting(setting));
    }
}

/// Lines of a log are no configuration; messages are not read as YAML.
fn is_config(line: &Line) -> bool {
    line.dress.channel == Channel::Bare
        && line.text.len() <= LONGEST
        && (line.dress.command
            || !line.dress.label.as_deref().is_some_and(clause::is_output_label)
            || !clause::is_message(&line.text.to_lowercase()))
}

/// What a setting says beside itself.
fn beside(setting: &Setting, span: Span, sink: &mut Sink) {
    let mut say = |what| sink.fact(span, DIALECT, what);
    match &setting.knob {
        Knob::Network(n) if n == "host" => say(Predicate::Environment(Environment::HostNetwork)),
        Knob::Lxc { key, value } if key == "lxc.idmap" || key == "lxc.id_map" => {
            if let Some(map) = id_map(value) {
                say(map);
            }
        }
        Knob::Lxc { key, value } if key == "unprivileged" && value == "1" => {
            say(Predicate::Environment(Environment::UsernsRemap));
        }
        Knob::Other { key, value } if key == "runs-on" => {
            say(Predicate::Environment(Environment::Ci));
            if let Some(version) = value.strip_prefix("ubuntu-") {
                let version = whodenied_case::Version::parse(version);
                say(Predicate::Distro { id: "ubuntu".to_owned(), version, container: false });
            }
        }
        Knob::Other { key, value } if key == "runAsNonRoot" && value == "true" => {
            say(Predicate::Environment(Environment::RunsAsNonRoot));
        }
        Knob::Other { key, value } if key == "PUID" => {
            if let Ok(uid) = value.parse() {
                say(Predicate::Ids { uid: Some(uid), gid: None, groups: Vec::new() });
            }
        }
        Knob::Unit { key, value } if key == "User" => {
            let root = matches!(value.as_str(), "root" | "0");
            let who = if root { Environment::RunsAsRoot } else { Environment::RunsAsNonRoot };
            say(Predicate::Environment(who));
        }
        Knob::Unit { key, value }
            if key == "DynamicUser" && manifest::value::boolean(value) == Some(true) =>
        {
            say(Predicate::Environment(Environment::RunsAsNonRoot));
        }
        Knob::UsernsMode(mode) if mode == "remap" => say(Predicate::Environment(Environment::UsernsRemap)),
        Knob::Sysctl { key, value }
            if key == "kernel.apparmor_restrict_unprivileged_userns" && value == "1" =>
        {
            say(Predicate::Environment(Environment::UsernsRestriction));
        }
        Knob::UsernsMode(mode) if mode == "auto" && setting.surface == Surface::Kubernetes => {
            say(Predicate::Environment(Environment::UsernsRemap));
        }
        Knob::Other { key, value } if key == "volume-driver" => {
            let file_system = match value.as_str() {
                v if v.contains("azurefile") || v.contains("cifs") || v.contains("smb") => {
                    Some(Environment::Cifs)
                }
                v if v.contains("nfs") => Some(Environment::Nfs),
                v if v.contains("s3fs") || v.contains("rclone") || v.contains("sshfs") => {
                    Some(Environment::Fuse)
                }
                _ => None,
            };
            if let Some(file_system) = file_system {
                say(Predicate::Environment(file_system));
            }
        }
        Knob::Other { key, value } if key == "volume-driver-opt-type" => match value.as_str() {
            "nfs" | "nfs4" => say(Predicate::Environment(Environment::Nfs)),
            "cifs" | "smb3" => say(Predicate::Environment(Environment::Cifs)),
            _ => {}
        },
        Knob::Other { key, .. } if key == "nfs-server" => say(Predicate::Environment(Environment::Nfs)),
        Knob::Other { key, .. } if key == "hostPath" => say(Predicate::Environment(Environment::NoFsGroup)),
        Knob::Other { key, value } if key == "fsGroupPolicy" && value == "None" => {
            say(Predicate::Environment(Environment::NoFsGroup));
        }
        _ => {}
    }
    let engine = match setting.surface {
        Surface::Compose => Some(Engine::Docker),
        Surface::Kubernetes => Some(Engine::Kubernetes),
        Surface::Quadlet => Some(Engine::Podman),
        Surface::SystemdUnit => Some(Engine::SystemdUnit),
        Surface::Lxc => Some(match &setting.knob {
            Knob::Lxc { key, .. }
                if ["security.", "raw.", "linux.sysctl."].iter().any(|p| key.starts_with(p)) =>
            {
                Engine::Incus
            }
            _ => Engine::Lxc,
        }),
        Surface::Dockerfile => Some(Engine::Docker),
        Surface::Inspect => Some(Engine::Docker),
        _ => None,
    };
    if let Some(engine) = engine {
        sink.weak_engine(span, DIALECT, engine);
    }
}

/// `u 0 100000 65536`.
fn id_map(value: &str) -> Option<Predicate> {
    let mut words = value.split_whitespace();
    let kind = words.next()?;
    let mut number = || words.next()?.parse::<u32>().ok();
    let map = Predicate::IdMap(number()?, number()?, number()?);
    matches!(kind, "u" | "b" | "uid" | "both").then_some(map)
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::{CapSpec, Engine, Environment, Knob, Predicate};
    use whodenied_kernel::Capability;

    #[test]
    fn settings_and_what_stands_beside_them() {
        let facts = facts(
            "config: securityContext:\n  capabilities:\n    add:\n      - NET_RAW\n    drop:\n      - ALL\n",
        );
        assert!(
            facts.cap_added(Capability::NET_RAW).is_some() && facts.cap_dropped(Capability::CHOWN).is_some()
        );
        assert!(facts.has_engine(Engine::Kubernetes));
        let facts = super::tests::facts("lxc.id_map = u 0 100000 65536\nlxc.id_map = g 0 100000 65536\n");
        assert!(facts.find(|p| *p == Predicate::IdMap(0, 100_000, 65536)).is_some());
        let facts = super::tests::facts("docker run --net=host -u 0 x\n");
        assert!(facts.has(Environment::HostNetwork));
        assert!(facts.has_engine(Engine::Docker));
    }

    #[test]
    fn an_experiment_is_no_state() {
        let facts = facts("it works with docker run --privileged --cap-add ALL x");
        assert!(!facts.privileged() && facts.knob(|k| *k == Knob::CapAdd(CapSpec::All)).is_none());
    }
}
