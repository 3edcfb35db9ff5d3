//! The settings of a compose file or of a fragment of one.
//!
//! Source: the Compose specification, services and volumes elements.

use crate::knob::{Found, Knob, Surface};
use crate::value;
use crate::yaml::Leaf;

/// Keys of a service that only compose spells so: one of them makes its mapping a service.
const SERVICE_KEYS: &[&str] = &[
    "image",
    "build",
    "security_opt",
    "cap_add",
    "cap_drop",
    "privileged",
    "user",
    "group_add",
    "userns_mode",
    "read_only",
    "tmpfs",
    "volumes",
    "devices",
    "device_cgroup_rules",
    "sysctls",
    "ulimits",
    "network_mode",
    "ports",
    "runtime",
    "ipc",
    "pid",
    "container_name",
    "restart",
    "environment",
    "depends_on",
    "cgroup",
];

/// Service keys that are words of forms and reports too.
const WORDS: &[&str] = &[
    "user",
    "image",
    "runtime",
    "ports",
    "devices",
    "environment",
    "build",
    "pid",
    "ipc",
    "cgroup",
    "restart",
];

/// Adds the compose settings among `leaves`.
pub fn read(leaves: &[Leaf], found: &mut Vec<Found>) {
    let mut long = LongVolumes::default();
    // `user: bob` alone is a line of any form.
    let sure = leaves.iter().any(|l| {
        l.under("services")
            || l.path.iter().any(|k| SERVICE_KEYS.contains(&k.as_str()) && !WORDS.contains(&k.as_str()))
    });
    let kubernetes = crate::kubernetes::is_there(leaves);
    for leaf in leaves {
        if kubernetes && !leaf.under("services") {
            continue;
        }
        let v = leaf.value.as_str();
        let clear = match leaf.key() {
            "devices" => v.starts_with("/dev/"),
            "user" => v.contains(':') && v.bytes().all(|b| b.is_ascii_digit() || b == b':'),
            "pid" | "ipc" => v == "host",
            _ => false,
        };
        if !sure && !clear && leaf.path.len() == 1 && WORDS.contains(&leaf.key()) {
            continue;
        }
        let (service, at) = place(leaf);
        let Some(at) = at else { continue };
        let keys: Vec<&str> = leaf.path.iter().skip(at).map(String::as_str).collect();
        for knob in knobs(leaf, &keys, &mut long) {
            found.push(Found {
                line: leaf.line,
                range: leaf.range.clone(),
                surface: Surface::Compose,
                service: service.clone(),
                knob,
            });
        }
    }
    found.extend(long.done);
}

/// The service of a leaf, and the index in its path of the service's key.
fn place(leaf: &Leaf) -> (Option<String>, Option<usize>) {
    if leaf.path.first().is_some_and(|k| k == "networks" || k == "secrets" || k == "configs") {
        return (None, None);
    }
    if let Some(at) = leaf.path.iter().position(|k| k == "services") {
        return (leaf.path.get(at + 1).cloned(), (leaf.path.len() > at + 2).then_some(at + 2));
    }
    let at = leaf.path.iter().position(|k| SERVICE_KEYS.contains(&k.as_str()));
    let service = at.and_then(|i| i.checked_sub(1)).and_then(|i| leaf.path.get(i)).cloned();
    (service, at)
}

fn knobs(leaf: &Leaf, keys: &[&str], long: &mut LongVolumes) -> Vec<Knob> {
    let v = leaf.value.as_str();
    let text = || v.to_owned();
    match *keys {
        ["security_opt"] if leaf.listed => value::security_opt(v),
        ["cap_add"] if leaf.listed => value::cap(v).map(Knob::CapAdd).into_iter().collect(),
        ["cap_drop"] if leaf.listed => value::cap(v).map(Knob::CapDrop).into_iter().collect(),
        ["privileged"] => value::boolean(v).map(Knob::Privileged).into_iter().collect(),
        ["user"] if is_user(v) => vec![Knob::User(text())],
        ["group_add"] if leaf.listed => vec![Knob::GroupAdd(text())],
        ["userns_mode"] => vec![Knob::UsernsMode(text())],
        ["read_only"] => value::boolean(v).map(Knob::ReadOnlyRoot).into_iter().collect(),
        ["tmpfs"] => value::tmpfs(v).into_iter().collect(),
        ["volumes"] if leaf.listed => value::volume(v).into_iter().collect(),
        ["volumes", key] if leaf.item != 0 => {
            long.field(leaf, key);
            Vec::new()
        }
        ["volumes", "bind", "selinux"] if leaf.item != 0 => {
            long.field(leaf, "selinux");
            Vec::new()
        }
        ["volumes", .., "driver"] | ["volumes", .., "type"] if !leaf.listed => {
            vec![Knob::Other { key: "volume-driver".to_owned(), value: text() }]
        }
        ["volumes", .., "driver_opts", key] => {
            vec![Knob::Other { key: format!("volume-driver-opt-{key}"), value: text() }]
        }
        ["devices"] if leaf.listed && v.starts_with('/') => vec![Knob::Device(text())],
        ["device_cgroup_rules"] if leaf.listed => vec![Knob::DeviceRule(text())],
        ["sysctls"] if leaf.listed => value::sysctl(v).into_iter().collect(),
        ["sysctls", key] => value::sysctl_pair(key, v).into_iter().collect(),
        ["ulimits", name] => vec![Knob::Ulimit { name: name.to_owned(), value: text() }],
        ["ulimits", name, "soft"] => vec![Knob::Ulimit { name: name.to_owned(), value: text() }],
        ["network_mode"] => vec![Knob::Network(text())],
        ["ports"] if leaf.listed => value::publish(v).into_iter().collect(),
        ["runtime"] if value::is_oci_runtime(v) => vec![Knob::OciRuntime(text())],
        ["ipc"] => vec![Knob::Ipc(text())],
        ["pid"] if v == "host" || v.contains(':') => vec![Knob::Pid(text())],
        ["image"] if is_image(v) => vec![Knob::Image(text())],
        ["environment"] if leaf.listed => {
            v.split_once('=').and_then(|(k, v)| environment(k, v)).into_iter().collect()
        }
        ["environment", key] => environment(key, v).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The variables by which images choose the user they drop to.
pub(crate) fn environment(key: &str, value: &str) -> Option<Knob> {
    let known = matches!(key, "PUID" | "PGID" | "UID" | "GID" | "USER_ID" | "GROUP_ID" | "UMASK");
    (known && !value.is_empty())
        .then(|| Knob::Other { key: key.to_owned(), value: value.trim_matches('"').to_owned() })
}

/// True for a value that can be `user:`: one word.
pub(crate) fn is_user(value: &str) -> bool {
    let substituted = value.starts_with("$(") && value.ends_with(')');
    !value.is_empty() && value.len() < 80 && (substituted || !value.contains(char::is_whitespace))
}

/// True for a value that can be an image reference.
pub(crate) fn is_image(value: &str) -> bool {
    !value.is_empty()
        && value.len() < 300
        && value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$' || c == '{')
        && !value.contains(char::is_whitespace)
}

/// Volumes in the long form, whose fields stand on several lines.
#[derive(Default)]
struct LongVolumes {
    item: u32,
    done: Vec<Found>,
}

impl LongVolumes {
    fn field(&mut self, leaf: &Leaf, key: &str) {
        let here = self.item == leaf.item && !self.done.is_empty();
        if !here
            && matches!(key, "type" | "source" | "src" | "target" | "destination" | "read_only" | "selinux")
        {
            self.item = leaf.item;
            self.done.push(Found {
                line: leaf.line,
                range: leaf.range.clone(),
                surface: Surface::Compose,
                service: place(leaf).0,
                knob: Knob::Volume { source: String::new(), target: String::new(), options: Vec::new() },
            });
        }
        let Some(Knob::Volume { source, target, options }) = self.done.last_mut().map(|f| &mut f.knob) else {
            return;
        };
        match key {
            "source" | "src" => source.clone_from(&leaf.value),
            "target" | "destination" => target.clone_from(&leaf.value),
            "read_only" if value::boolean(&leaf.value) == Some(true) => options.push("ro".to_owned()),
            "selinux" => options.push(leaf.value.clone()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knob::CapSpec;
    use whodenied_kernel::Capability;

    fn view(text: &str) -> Vec<(Option<String>, Knob)> {
        let mut found = Vec::new();
        read(&crate::yaml::leaves(&crate::line::lines(text)), &mut found);
        found.into_iter().map(|f| (f.service, f.knob)).collect()
    }

    #[test]
    fn a_whole_file() {
        let all = view(
            "services:\n  web:\n    image: nginx:1\n    user: \"1000:1000\"\n    security_opt:\n      - apparmor:x\n    cap_add: [SYS_NICE]\n    volumes:\n      - ./a:/a:Z\n      - type: bind\n        source: /b\n        target: /c\n        read_only: true\n    sysctls:\n      net.core.somaxconn: 1024\n    environment:\n      - PUID=99\nvolumes:\n  data:\n    driver: azurefile\n",
        );
        let knobs: Vec<_> = all.iter().map(|(_, k)| k.clone()).collect();
        assert!(all.iter().filter(|(s, _)| s.as_deref() == Some("web")).count() >= 8);
        for want in [
            Knob::Image("nginx:1".into()),
            Knob::User("1000:1000".into()),
            Knob::Apparmor("x".into()),
            Knob::CapAdd(CapSpec::One(Capability::SYS_NICE)),
            Knob::Volume { source: "./a".into(), target: "/a".into(), options: vec!["Z".into()] },
            Knob::Volume { source: "/b".into(), target: "/c".into(), options: vec!["ro".into()] },
            Knob::Sysctl { key: "net.core.somaxconn".into(), value: "1024".into() },
            Knob::Other { key: "PUID".into(), value: "99".into() },
            Knob::Other { key: "volume-driver".into(), value: "azurefile".into() },
        ] {
            assert!(knobs.contains(&want), "{want:?} in {knobs:?}");
        }
    }

    #[test]
    fn a_fragment_without_its_service() {
        assert_eq!(
            view("cap_add:\n- CAP_SYS_PTRACE\nprivileged: true"),
            [(None, Knob::CapAdd(CapSpec::One(Capability::SYS_PTRACE))), (None, Knob::Privileged(true))]
        );
        assert_eq!(view("runtime: Docker CE on a VPS"), []);
        assert_eq!(view("user: I am not root"), []);
        assert_eq!(view("#    privileged: true"), []);
    }
}
