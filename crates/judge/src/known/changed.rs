//! "It worked before the update": which release brought a denial about, by the histories of known
//! issues, the updates that the evidence tells of and the versions it states.

use whodenied_case::{Case, Facts, Predicate, Version, WhatChanged};
use whodenied_kernel::Layer;
use whodenied_runtimes::known::{KnownIssue, Turn, find as by_id};
use whodenied_text::Span;

/// What speaks for a turn.
struct Sign {
    /// An update across it is told, rather than only a version that has it.
    told: String,
    spans: Vec<Span>,
}

/// The change behind the diagnosis at `index`; `None` where the evidence names no version and no update
/// that any history explains.
pub(crate) fn find(case: &Case, index: usize) -> Option<WhatChanged> {
    let diagnosis = case.diagnoses.get(index)?;
    let issue = diagnosis.known_issue.as_ref().and_then(|k| by_id(&k.id));
    if let Some(issue) = issue
        && let Some((turn, sign)) = best(issue, &case.facts)
    {
        let fixed_in: Vec<String> = issue.fixed_in.iter().map(|v| (*v).to_owned()).collect();
        let until_then = if fixed_in.is_empty() { "" } else { issue.fix.prefer };
        return Some(WhatChanged {
            what: format!(
                "{} {} ({}) {}",
                named(turn.component),
                release(turn.component, turn.since),
                turn.date,
                turn.what
            ),
            told: sign.told,
            fixed_in,
            until_then: until_then.to_owned(),
            spans: sign.spans,
        });
    }
    unexplained(&case.facts, diagnosis.layer)
}

/// The turn with the best sign: an update across it before a version that has it.
fn best<'i>(issue: &'i KnownIssue, facts: &Facts) -> Option<(&'i Turn, Sign)> {
    let crossed = issue.turns.iter().find_map(|t| Some((t, crossing(t, facts)?)));
    crossed.or_else(|| issue.turns.iter().find_map(|t| Some((t, stated(t, issue, facts)?))))
}

/// An update of the component that goes past the turn.
fn crossing(turn: &Turn, facts: &Facts) -> Option<Sign> {
    facts.all.iter().find_map(|f| {
        let Predicate::Updated { component, from, to, when } = &f.what else { return None };
        if component != turn.component || from.as_ref().is_some_and(|v| v.at_least(turn.since)) {
            return None;
        }
        let after = match to {
            Some(to) => to.at_least(turn.since),
            None => versions(facts, component).any(|(v, _)| v.at_least(turn.since)),
        };
        after.then(|| Sign {
            told: told(component, from.as_ref(), to.as_ref(), when.as_deref()),
            spans: f.spans.clone(),
        })
    })
}

/// A stated version that has the turn and none that lacks it.
fn stated(turn: &Turn, issue: &KnownIssue, facts: &Facts) -> Option<Sign> {
    let (mut spans, mut found) = (Vec::new(), false);
    let ranges = || issue.affected.iter().filter(|r| r.component == turn.component);
    for (version, at) in versions(facts, turn.component) {
        let inside = ranges().next().is_none()
            || ranges()
                .any(|r| version.at_least(r.since) && (r.before.is_empty() || version.before(r.before)));
        if version.before(turn.since) || !inside {
            return None;
        }
        spans.extend_from_slice(at);
        found = true;
    }
    found.then_some(Sign { told: String::new(), spans })
}

/// The versions stated for a component, or for the host's distribution.
fn versions<'a>(
    facts: &'a Facts,
    component: &'a str,
) -> impl Iterator<Item = (&'a Version, &'a [Span])> + 'a {
    facts.all.iter().filter_map(move |f| match &f.what {
        Predicate::Component { name, version: Some(v) } if name == component => Some((v, f.spans.as_slice())),
        Predicate::Distro { id, version: Some(v), container: false } if id == component => {
            Some((v, f.spans.as_slice()))
        }
        _ => None,
    })
}

/// An update is told of something that can refuse at this layer, and no history explains it.
fn unexplained(facts: &Facts, layer: Layer) -> Option<WhatChanged> {
    facts.all.iter().find_map(|f| {
        let Predicate::Updated { component, from, to, when } = &f.what else { return None };
        let engine = matches!(
            component.as_str(),
            "docker" | "containerd" | "runc" | "crun" | "podman" | "buildah" | "cri-o" | "kubernetes" | "lxc" | "incus"
        );
        let confines = match layer {
            Layer::Apparmor => engine || matches!(component.as_str(), "kernel" | "apparmor" | "snapd" | "ubuntu" | "debian"),
            Layer::Seccomp => engine || matches!(component.as_str(), "libseccomp" | "glibc" | "musl" | "systemd"),
            Layer::Selinux => {
                matches!(component.as_str(), "selinux-policy" | "container-selinux" | "fedora" | "rhel" | "podman")
            }
            Layer::Capability | Layer::DeviceCgroup | Layer::Cgroup | Layer::Readonly => engine || component == "systemd",
            Layer::Lockdown | Layer::Landlock | Layer::Sysctl | Layer::Userns => {
                matches!(component.as_str(), "kernel" | "systemd" | "ubuntu" | "debian")
            }
            _ => false,
        };
        confines.then(|| WhatChanged {
            what: told(component, from.as_ref(), to.as_ref(), when.as_deref()),
            told: "No change of that release that refuses this is on record here; one run with the version before \
                   it would decide."
                .to_owned(),
            fixed_in: Vec::new(),
            until_then: String::new(),
            spans: f.spans.clone(),
        })
    })
}

fn told(component: &str, from: Option<&Version>, to: Option<&Version>, when: Option<&str>) -> String {
    let from = from.map_or(String::new(), |v| format!(" from {v}"));
    let to = to.map_or(String::new(), |v| format!(" to {v}"));
    let when = when.map_or(String::new(), |w| format!(" at {w}"));
    format!("The evidence tells of an update of {}{from}{to}{when}", named(component))
}

/// A component as a person writes it.
fn named(component: &str) -> &str {
    match component {
        "docker" => "Docker",
        "podman" => "Podman",
        "kernel" => "Linux",
        "apparmor" => "AppArmor",
        "ubuntu" => "Ubuntu",
        "debian" => "Debian",
        "fedora" => "Fedora",
        "rhel" => "RHEL",
        "proxmox" => "Proxmox",
        "cri-o" => "CRI-O",
        "kubernetes" => "Kubernetes",
        "lxc" => "LXC",
        "incus" => "Incus",
        other => other,
    }
}

/// A release as its makers write it: the month of Ubuntu's has two digits.
fn release(component: &str, numbers: &[u32]) -> String {
    match numbers {
        [year, month] if component == "ubuntu" => format!("{year}.{month:02}"),
        _ => numbers.iter().map(u32::to_string).collect::<Vec<_>>().join("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{component, facts};

    fn updated(name: &str, from: &str, to: &str) -> Predicate {
        Predicate::Updated {
            component: name.to_owned(),
            from: Version::parse(from),
            to: Version::parse(to),
            when: None,
        }
    }

    fn turn(id: &str, all: &[Predicate]) -> Option<(&'static str, bool)> {
        let issue = by_id(id).unwrap();
        best(issue, &facts(all)).map(|(t, s)| (t.component, !s.told.is_empty()))
    }

    #[test]
    fn an_update_across_the_turn_explains_it() {
        let id = "seccomp-io-uring";
        assert_eq!(turn(id, &[updated("docker", "24.0.7", "26.1.3")]), Some(("docker", true)));
        assert_eq!(turn(id, &[updated("docker", "25.0.1", "26.1.3")]), None);
        assert_eq!(turn(id, &[updated("docker", "23.0", "24.0.7")]), None);
        assert_eq!(
            turn(id, &[updated("docker", "", ""), component("docker", "26.1")]),
            Some(("docker", true))
        );
        assert_eq!(turn(id, &[component("containerd", "2.0.1")]), Some(("containerd", false)));
        assert_eq!(turn(id, &[component("containerd", "1.7.1")]), None);
        assert_eq!(turn(id, &[]), None);
    }

    #[test]
    fn a_version_past_the_fix_is_no_sign() {
        let id = "seccomp-socketcall-29-4-2";
        assert_eq!(turn(id, &[component("docker", "29.4.2")]), Some(("docker", false)));
        assert_eq!(turn(id, &[component("docker", "29.5.0")]), None);
    }

    #[test]
    fn an_update_that_nothing_explains_is_told_where_it_can_matter() {
        let told = facts(&[updated("docker", "28.0", "28.1")]);
        assert!(
            unexplained(&told, Layer::Seccomp).is_some_and(|c| c.what.ends_with("Docker from 28.0 to 28.1"))
        );
        assert!(unexplained(&told, Layer::Dac).is_none());
    }
}
