//! The settings of a Kubernetes manifest, a pod's status or a fragment of one.
//!
//! `allowedCapabilities` of a PodSecurityPolicy or SecurityContextConstraints only permits a pod to
//! ask, it grants nothing; `defaultAddCapabilities` grants, `requiredDropCapabilities` drops.
//!
//! Sources: Kubernetes API reference (PodSpec, SecurityContext), PodSecurityPolicy v1beta1.

use crate::knob::{Found, Knob, Surface};
use crate::value;
use crate::yaml::Leaf;
use std::collections::BTreeMap;

const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/";

/// Adds the Kubernetes settings among `leaves`.
pub fn read(leaves: &[Leaf], found: &mut Vec<Found>) {
    let kubernetes = is_there(leaves);
    let volumes = volumes(leaves);
    for (at, leaf) in leaves.iter().enumerate() {
        for knob in knobs(leaves, at, kubernetes, &volumes) {
            let service =
                leaf.path.iter().find_map(|k| k.strip_prefix(APPARMOR_ANNOTATION)).map(str::to_owned);
            found.push(Found {
                line: leaf.line,
                range: leaf.range.clone(),
                surface: Surface::Kubernetes,
                service,
                knob,
            });
        }
    }
}

/// True when the leaves hold a manifest or a part of one.
pub(crate) fn is_there(leaves: &[Leaf]) -> bool {
    leaves.iter().any(is_kubernetes)
}

/// True for keys that only Kubernetes spells so.
fn is_kubernetes(leaf: &Leaf) -> bool {
    const KEYS: &[&str] = &[
        "securityContext",
        "runAsUser",
        "runAsNonRoot",
        "runAsGroup",
        "fsGroup",
        "apiVersion",
        "containers",
        "initContainers",
        "allowPrivilegeEscalation",
        "readOnlyRootFilesystem",
        "seccompProfile",
        "appArmorProfile",
        "hostPath",
        "persistentVolumeClaim",
        "volumeMounts",
        "hostNetwork",
        "hostPID",
        "allowedCapabilities",
        "requiredDropCapabilities",
        "seLinuxOptions",
        "imagePullPolicy",
    ];
    leaf.path.iter().any(|k| KEYS.contains(&k.as_str()))
}

fn knobs(leaves: &[Leaf], at: usize, kubernetes: bool, volumes: &BTreeMap<&str, String>) -> Vec<Knob> {
    let Some(leaf) = leaves.get(at) else { return Vec::new() };
    let v = leaf.value.as_str();
    let text = || v.to_owned();
    let truth = || value::boolean(v);
    let other = |key: &str| vec![Knob::Other { key: key.to_owned(), value: text() }];
    let opt = |k: Option<Knob>| k.into_iter().collect::<Vec<_>>();
    // A policy that constrains pods is not a pod: its booleans only permit.
    let policy = leaves.iter().any(|l| {
        matches!(l.key(), "allowedCapabilities" | "requiredDropCapabilities" | "defaultAddCapabilities")
    });
    match leaf.key() {
        "add" if leaf.parent() == "capabilities" => opt(value::cap(v).map(Knob::CapAdd)),
        "drop" if leaf.parent() == "capabilities" => opt(value::cap(v).map(Knob::CapDrop)),
        "defaultAddCapabilities" => opt(value::cap(v).map(Knob::CapAdd)),
        "requiredDropCapabilities" => opt(value::cap(v).map(Knob::CapDrop)),
        "allowedCapabilities" => other("allowedCapabilities"),
        "privileged" if kubernetes && !policy => opt(truth().map(Knob::Privileged)),
        "privileged" if policy => other("psp-privileged"),
        "allowPrivilegeEscalation" => opt(truth().map(|allow| Knob::NoNewPrivs(!allow))),
        "runAsUser" if !v.is_empty() => {
            let group = sibling(leaves, at, "runAsGroup");
            vec![Knob::User(group.map_or_else(text, |g| format!("{v}:{g}")))]
        }
        "runAsGroup" if sibling(leaves, at, "runAsUser").is_none() => other("runAsGroup"),
        "runAsNonRoot" => other("runAsNonRoot"),
        "fsGroup" if v.bytes().all(|b| b.is_ascii_digit()) => vec![Knob::FsGroup(text())],
        "fsGroupPolicy" | "fsGroupChangePolicy" | "storageClassName" | "provisioner" | "runtimeClassName" => {
            other(leaf.key())
        }
        "supplementalGroups" if leaf.listed => vec![Knob::GroupAdd(text())],
        "readOnlyRootFilesystem" => opt(truth().map(Knob::ReadOnlyRoot)),
        "procMount" if v == "Unmasked" => vec![Knob::SystemPaths("unconfined".to_owned())],
        "hostNetwork" if truth() == Some(true) && !policy => vec![Knob::Network("host".to_owned())],
        "hostPID" if truth() == Some(true) && !policy => vec![Knob::Pid("host".to_owned())],
        "hostIPC" if truth() == Some(true) && !policy => vec![Knob::Ipc("host".to_owned())],
        "hostUsers" => match truth() {
            Some(true) => vec![Knob::UsernsMode("host".to_owned())],
            Some(false) => vec![Knob::UsernsMode("auto".to_owned())],
            None => Vec::new(),
        },
        "type" if leaf.parent() == "seccompProfile" && v != "Localhost" => {
            vec![Knob::Seccomp(unconfined(v))]
        }
        "localhostProfile" if leaf.parent() == "seccompProfile" => vec![Knob::Seccomp(text())],
        "type" if leaf.parent() == "appArmorProfile" && v != "Localhost" => {
            vec![Knob::Apparmor(unconfined(v))]
        }
        "localhostProfile" if leaf.parent() == "appArmorProfile" => vec![Knob::Apparmor(text())],
        key if key.starts_with(APPARMOR_ANNOTATION) => {
            vec![Knob::Apparmor(v.strip_prefix("localhost/").unwrap_or(v).to_owned())]
        }
        key if key.starts_with(SECCOMP_ANNOTATION) => {
            vec![Knob::Seccomp(v.strip_prefix("localhost/").unwrap_or(v).to_owned())]
        }
        "type" if leaf.parent() == "seLinuxOptions" => vec![Knob::SelinuxLabel(format!("type:{v}"))],
        "level" if leaf.parent() == "seLinuxOptions" => vec![Knob::SelinuxLabel(format!("level:{v}"))],
        "mountPath" => {
            let name = sibling(leaves, at, "name").unwrap_or("");
            let source = volumes.get(name).cloned().unwrap_or_else(|| name.to_owned());
            let read_only = sibling(leaves, at, "readOnly").and_then(value::boolean) == Some(true);
            let options = if read_only { vec!["ro".to_owned()] } else { Vec::new() };
            vec![Knob::Volume { source, target: text(), options }]
        }
        "containerPort" => opt(value::publish(v)),
        "path" if leaf.parent() == "hostPath" => other("hostPath"),
        "server" if leaf.parent() == "nfs" => other("nfs-server"),
        "claimName" => other("persistentVolumeClaim"),
        "image" if kubernetes && crate::compose::view::is_image(v) => vec![Knob::Image(text())],
        "name" if leaf.parent() == "sysctls" => {
            opt(sibling(leaves, at, "value").and_then(|value| value::sysctl_pair(v, value)))
        }
        _ => Vec::new(),
    }
}

fn unconfined(kind: &str) -> String {
    if kind.eq_ignore_ascii_case("unconfined") { "unconfined".to_owned() } else { kind.to_owned() }
}

/// The value of another key of the same mapping.
fn sibling<'a>(leaves: &'a [Leaf], at: usize, key: &str) -> Option<&'a str> {
    let leaf = leaves.get(at)?;
    let near = leaves.get(at.saturating_sub(8)..leaves.len().min(at + 9))?;
    near.iter()
        .find(|l| {
            l.item == leaf.item
                && l.key() == key
                && l.path.len() == leaf.path.len()
                && l.path.iter().rev().skip(1).eq(leaf.path.iter().rev().skip(1))
        })
        .map(|l| l.value.as_str())
}

/// What each volume of a pod is, by name.
fn volumes(leaves: &[Leaf]) -> BTreeMap<&str, String> {
    let mut all = BTreeMap::new();
    for leaf in leaves.iter().filter(|l| l.item != 0 && l.under("volumes")) {
        let source = match (leaf.parent(), leaf.key()) {
            ("hostPath", "path") => leaf.value.clone(),
            ("nfs", "path") => format!("nfs:{}", leaf.value),
            ("persistentVolumeClaim", "claimName") => format!("pvc:{}", leaf.value),
            _ => continue,
        };
        let name = leaves
            .iter()
            .find(|l| l.item == leaf.item && l.key() == "name" && l.parent() == "volumes")
            .map(|l| l.value.as_str());
        if let Some(name) = name {
            all.insert(name, source);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knob::CapSpec;
    use whodenied_kernel::Capability;

    fn view(text: &str) -> Vec<Knob> {
        let mut found = Vec::new();
        read(&crate::yaml::leaves(&crate::line::lines(text)), &mut found);
        found.into_iter().map(|f| f.knob).collect()
    }

    #[test]
    fn a_security_context() {
        assert_eq!(
            view(
                "securityContext:\n  capabilities:\n    add:\n    - NET_RAW\n    drop: [ALL]\n  runAsUser: 33\n  runAsGroup: 34\n  allowPrivilegeEscalation: false\n  seccompProfile: {type: RuntimeDefault}\n  procMount: Unmasked\n"
            ),
            [
                Knob::CapAdd(CapSpec::One(Capability::NET_RAW)),
                Knob::CapDrop(CapSpec::All),
                Knob::User("33:34".into()),
                Knob::NoNewPrivs(true),
                Knob::Seccomp("RuntimeDefault".into()),
                Knob::SystemPaths("unconfined".into()),
            ]
        );
    }

    #[test]
    fn a_policy_permits_but_does_not_grant() {
        let all = view(
            "spec:\n  privileged: false\n  allowedCapabilities:\n    - CHOWN\n  requiredDropCapabilities:\n    - ALL\n  fsGroup:\n    rule: RunAsAny\n",
        );
        assert!(all.contains(&Knob::CapDrop(CapSpec::All)));
        assert!(!all.iter().any(|k| matches!(k, Knob::CapAdd(_) | Knob::Privileged(_) | Knob::FsGroup(_))));
    }

    #[test]
    fn mounts_know_their_volume() {
        let all = view(
            "spec:\n  containers:\n  - image: app:1\n    volumeMounts:\n    - mountPath: /data\n      name: d\n      readOnly: true\n  volumes:\n  - name: d\n    hostPath:\n      path: /srv/d\n",
        );
        assert!(all.contains(&Knob::Image("app:1".into())));
        assert!(all.contains(&Knob::Volume {
            source: "/srv/d".into(),
            target: "/data".into(),
            options: vec!["ro".into()]
        }));
    }

    #[test]
    fn profiles_in_fields_and_annotations() {
        assert_eq!(
            view("annotations:\n  container.apparmor.security.beta.kubernetes.io/web: localhost/p\n"),
            [Knob::Apparmor("p".into())]
        );
        assert_eq!(
            view("appArmorProfile:\n  type: Localhost\n  localhostProfile: q\n"),
            [Knob::Apparmor("q".into())]
        );
        assert_eq!(view("appArmorProfile:\n  type: Unconfined\n"), [Knob::Apparmor("unconfined".into())]);
    }
}
