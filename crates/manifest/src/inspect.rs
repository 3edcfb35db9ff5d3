//! `docker inspect`, `podman inspect` and OCI `config.json`, whole or a few lines of it.
//!
//! Sources: Docker Engine API (ContainerInspect), OCI runtime specification (`config.md`,
//! `config-linux.md`).

use crate::knob::{Found, Knob, Surface};
use crate::value;
use crate::yaml::Leaf;

/// Adds the settings of inspect output among `leaves`.
pub fn read(leaves: &[Leaf], found: &mut Vec<Found>) {
    for (at, leaf) in leaves.iter().enumerate() {
        for knob in knobs(leaves, at, leaf) {
            found.push(Found {
                line: leaf.line,
                range: leaf.range.clone(),
                surface: Surface::Inspect,
                service: None,
                knob,
            });
        }
    }
}

fn knobs(leaves: &[Leaf], at: usize, leaf: &Leaf) -> Vec<Knob> {
    let v = leaf.value.as_str();
    let text = || v.to_owned();
    let opt = |k: Option<Knob>| k.into_iter().collect::<Vec<_>>();
    // A tmpfs without options is one all the same.
    let set = !matches!(v, "" | "null" | "[]" | "{}") || (v.is_empty() && leaf.parent() == "Tmpfs");
    if !set {
        return Vec::new();
    }
    match leaf.key() {
        "CapAdd" => opt(value::cap(v).map(Knob::CapAdd)),
        "CapDrop" => opt(value::cap(v).map(Knob::CapDrop)),
        "Privileged" => opt(value::boolean(v).map(Knob::Privileged)),
        "ReadonlyRootfs" => opt(value::boolean(v).map(Knob::ReadOnlyRoot)),
        "SecurityOpt" => value::security_opt(v),
        "AppArmorProfile" | "apparmorProfile" => vec![Knob::Apparmor(text())],
        "ProcessLabel" | "MountLabel" | "selinuxLabel" | "mountLabel" => {
            vec![Knob::Other { key: leaf.key().to_owned(), value: text() }]
        }
        "noNewPrivileges" => opt(value::boolean(v).map(Knob::NoNewPrivs)),
        "UsernsMode" => vec![Knob::UsernsMode(text())],
        "NetworkMode" => vec![Knob::Network(text())],
        "IpcMode" => vec![Knob::Ipc(text())],
        "PidMode" => vec![Knob::Pid(text())],
        "Binds" => opt(value::volume(v)),
        "Runtime" if value::is_oci_runtime(v) => vec![Knob::OciRuntime(text())],
        "GroupAdd" => vec![Knob::GroupAdd(text())],
        "User" if leaf.json && crate::compose::view::is_user(v) => vec![Knob::User(text())],
        "uid" if leaf.parent() == "user" && leaf.under("process") => {
            let gid = field(leaves, at, "gid");
            vec![Knob::User(gid.map_or_else(text, |g| format!("{v}:{g}")))]
        }
        "Image" if leaf.json && leaf.parent() == "Config" => vec![Knob::Image(text())],
        "PathOnHost" => vec![Knob::Device(text())],
        "readonly" if leaf.parent() == "root" => opt(value::boolean(v).map(Knob::ReadOnlyRoot)),
        "Destination" | "destination" if leaf.json => mount(leaves, at, leaf),
        key if leaf.parent() == "Sysctls" || leaf.ends(&["linux", "sysctl", key]) => {
            opt(value::sysctl_pair(key, v))
        }
        key if leaf.parent() == "Tmpfs" => {
            vec![Knob::Tmpfs { target: key.to_owned(), options: value::options(v) }]
        }
        _ => Vec::new(),
    }
}

fn mount(leaves: &[Leaf], at: usize, leaf: &Leaf) -> Vec<Knob> {
    let source = field(leaves, at, "Source").or_else(|| field(leaves, at, "source")).unwrap_or("");
    let mut options: Vec<String> = field(leaves, at, "Mode").map(value::options).unwrap_or_default();
    if field(leaves, at, "RW") == Some("false") && !options.iter().any(|o| o == "ro") {
        options.push("ro".to_owned());
    }
    let target = leaf.value.clone();
    if field(leaves, at, "Type") == Some("tmpfs") {
        return vec![Knob::Tmpfs { target, options }];
    }
    vec![Knob::Volume { source: source.to_owned(), target, options }]
}

fn field<'a>(leaves: &'a [Leaf], at: usize, key: &str) -> Option<&'a str> {
    let leaf = leaves.get(at)?;
    leaves
        .get(at.saturating_sub(10)..leaves.len().min(at + 11))?
        .iter()
        .find(|l| l.item == leaf.item && l.key() == key && l.path.len() == leaf.path.len())
        .map(|l| l.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knob::CapSpec;

    fn view(text: &str) -> Vec<Knob> {
        let mut found = Vec::new();
        read(&crate::yaml::leaves(&crate::line::lines(text)), &mut found);
        found.into_iter().map(|f| f.knob).collect()
    }

    #[test]
    fn pretty_and_compact() {
        let pretty = "[\n    {\n        \"AppArmorProfile\": \"docker-default\",\n        \"HostConfig\": {\n            \"CapAdd\": [\n                \"ALL\"\n            ],\n            \"CapDrop\": null,\n            \"Privileged\": false,\n            \"SecurityOpt\": [\n                \"label=disable\"\n            ]\n        },\n        \"Mounts\": [\n            {\n                \"Type\": \"bind\",\n                \"Source\": \"/a\",\n                \"Destination\": \"/b\",\n                \"RW\": false\n            }\n        ]\n    }\n]";
        let want = [
            Knob::Apparmor("docker-default".into()),
            Knob::CapAdd(CapSpec::All),
            Knob::Privileged(false),
            Knob::SelinuxLabel("disable".into()),
            Knob::Volume { source: "/a".into(), target: "/b".into(), options: vec!["ro".into()] },
        ];
        assert_eq!(view(pretty), want);
        let compact: String = pretty.lines().map(str::trim).collect();
        assert_eq!(view(&compact), want);
    }

    #[test]
    fn a_tmpfs_without_options() {
        let want = Knob::Tmpfs { target: "/run".into(), options: Vec::new() };
        let read = view("{\n  \"HostConfig\": {\n    \"Tmpfs\": {\n      \"/run\": \"\"\n    }\n  }\n}");
        assert_eq!(read, [want]);
        assert_eq!(view("{\n  \"HostConfig\": {\n    \"Tmpfs\": {}\n  }\n}"), []);
    }

    #[test]
    fn oci_config() {
        assert_eq!(
            view(
                "{\"process\":{\"user\":{\"uid\":5,\"gid\":6},\"noNewPrivileges\":true},\"root\":{\"path\":\"r\",\"readonly\":true}}"
            ),
            [Knob::User("5:6".into()), Knob::NoNewPrivs(true), Knob::ReadOnlyRoot(true)]
        );
    }
}
