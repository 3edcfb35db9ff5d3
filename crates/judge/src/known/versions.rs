//! What the versions in the evidence say about an issue.

use super::signs::engine_is;
use whodenied_case::{Facts, Predicate, Version};
use whodenied_runtimes::known::{KnownIssue, Range};

/// What stated versions say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// A stated version has the issue.
    For,
    /// No version that matters is stated.
    Nothing,
    /// A stated version is newer than the last one that has it.
    Fixed,
    /// The stated versions, or the engine, can't have it.
    Against,
}

/// Components that ship their own confinement: only that of the engine at hand matters.
const ENGINES: &[(&str, &[&str])] = &[
    ("docker", &["docker", "docker-snap"]),
    ("containerd", &["containerd", "kubernetes"]),
    ("kubernetes", &["kubernetes"]),
    ("podman", &["podman", "buildah"]),
    ("buildah", &["buildah", "podman"]),
    ("cri-o", &["cri-o", "kubernetes"]),
    ("nerdctl", &["containerd"]),
];

pub(super) fn speaks(issue: &KnownIssue, facts: &Facts) -> Speaks {
    for range in issue.requires {
        if stated(facts, range.component).next().is_some()
            && !stated(facts, range.component).any(|v| inside(range, v))
        {
            return Speaks::Against;
        }
    }
    if issue.affected.is_empty() {
        return Speaks::Nothing;
    }
    let relevant = || issue.affected.iter().filter(|r| matters(r.component, facts));
    if relevant().next().is_none() {
        return Speaks::Against;
    }
    let mut fixed = false;
    let mut outside = false;
    for range in relevant() {
        for version in stated(facts, range.component) {
            if inside(range, version) {
                return Speaks::For;
            }
            outside = true;
            fixed |= !range.before.is_empty() && version.at_least(range.before);
        }
    }
    match (outside, fixed) {
        (true, true) => Speaks::Fixed,
        (true, false) => Speaks::Against,
        (false, _) => Speaks::Nothing,
    }
}

/// Versions stated for a component; more than one where a change of version is told.
fn stated<'a>(facts: &'a Facts, component: &'a str) -> impl Iterator<Item = &'a Version> {
    facts.all.iter().filter_map(move |f| match &f.what {
        Predicate::Component { name, version: Some(v) } if name == component => Some(v),
        _ => None,
    })
}

fn inside(range: &Range, version: &Version) -> bool {
    version.at_least(range.since) && (range.before.is_empty() || version.before(range.before))
}

/// The component's version matters here: it is no engine, no engine is named, or this one is.
fn matters(component: &str, facts: &Facts) -> bool {
    let Some((_, ids)) = ENGINES.iter().find(|(name, _)| *name == component) else { return true };
    !facts.in_oci_container() || facts.engines().any(|e| engine_is(e, ids))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{component, facts};
    use whodenied_case::Engine;
    use whodenied_runtimes::known::find;

    fn said(id: &str, all: &[Predicate]) -> Speaks {
        speaks(find(id).unwrap(), &facts(all))
    }

    #[test]
    fn versions_speak() {
        let docker = Predicate::Engine(Engine::Docker);
        let id = "aa-stop-runc-peer";
        assert_eq!(said(id, std::slice::from_ref(&docker)), Speaks::Nothing);
        assert_eq!(said(id, &[docker.clone(), component("docker", "24.0.7")]), Speaks::For);
        assert_eq!(said(id, &[docker.clone(), component("docker", "26.1.4")]), Speaks::Fixed);
        // The profile is dockerd's: containerd's version does not matter.
        assert_eq!(said(id, &[docker.clone(), component("containerd", "1.6.8")]), Speaks::Nothing);
        assert_eq!(
            said(id, &[Predicate::Engine(Engine::Kubernetes), component("containerd", "1.6.8")]),
            Speaks::For
        );
        assert_eq!(said(id, &[Predicate::Engine(Engine::Podman)]), Speaks::Against);
        assert_eq!(
            said("seccomp-socketcall-29-4-2", &[docker.clone(), component("docker", "28.0")]),
            Speaks::Against
        );
        assert_eq!(said("sysctl-io-uring-disabled", &[component("kernel", "5.4")]), Speaks::Against);
        assert_eq!(said("seccomp-mempolicy", &[docker]), Speaks::Nothing);
    }
}
