//! Podman quadlets: `.container` files.
//!
//! Source: podman-systemd.unit(5).

use crate::knob::{Found, Knob, Surface};
use crate::line::Line;
use crate::{compose, runline, shell, unit, value};

/// Keys that only a quadlet has.
const OWN: &[&str] = &[
    "AddCapability",
    "DropCapability",
    "AddDevice",
    "PublishPort",
    "SecurityLabelDisable",
    "SecurityLabelType",
    "SecurityLabelLevel",
    "SecurityLabelFileType",
    "SecurityLabelNested",
    "SeccompProfile",
    "PodmanArgs",
    "ContainerName",
    "UserNS",
    "UIDMap",
    "GIDMap",
    "GroupAdd",
    "ReadOnlyTmpfs",
    "AutoUpdate",
    "RunInit",
    "Unmask",
    "GlobalArgs",
];

/// True when the lines hold a quadlet or a part of one.
#[must_use]
pub fn is_quadlet(lines: &[Line<'_>]) -> bool {
    lines.iter().any(|l| {
        l.text == "[Container]" || unit::assignment(l.text).is_some_and(|(key, _)| OWN.contains(&key))
    })
}

/// Adds the settings of quadlets among `lines`.
pub fn read(lines: &[Line<'_>], found: &mut Vec<Found>) {
    if !is_quadlet(lines) {
        return;
    }
    let mut other_section = false;
    for (at, line) in lines.iter().enumerate() {
        if line.text.starts_with('[') && line.text.ends_with(']') {
            other_section = line.text != "[Container]";
            continue;
        }
        let Some((key, text)) = unit::assignment(line.text) else { continue };
        if other_section && !OWN.contains(&key) {
            continue;
        }
        for knob in knobs(key, text, at) {
            found.push(Found {
                line: at,
                range: 0..line.text.len(),
                surface: Surface::Quadlet,
                service: None,
                knob,
            });
        }
    }
}

fn knobs(key: &str, text: &str, at: usize) -> Vec<Knob> {
    let owned = || text.to_owned();
    let opt = |k: Option<Knob>| k.into_iter().collect::<Vec<_>>();
    match key {
        "AddCapability" => text.split_whitespace().filter_map(value::cap).map(Knob::CapAdd).collect(),
        "DropCapability" => text.split_whitespace().filter_map(value::cap).map(Knob::CapDrop).collect(),
        "AppArmor" => vec![Knob::Apparmor(owned())],
        "SeccompProfile" => vec![Knob::Seccomp(owned())],
        "SecurityLabelDisable" if value::boolean(text) == Some(true) => {
            vec![Knob::SelinuxLabel("disable".to_owned())]
        }
        "SecurityLabelType" => vec![Knob::SelinuxLabel(format!("type:{text}"))],
        "SecurityLabelLevel" => vec![Knob::SelinuxLabel(format!("level:{text}"))],
        "SecurityLabelFileType" => vec![Knob::SelinuxLabel(format!("filetype:{text}"))],
        "SecurityLabelNested" => vec![Knob::SelinuxLabel("nested".to_owned())],
        "NoNewPrivileges" => opt(value::boolean(text).map(Knob::NoNewPrivs)),
        "Unmask" => vec![Knob::SystemPaths(owned())],
        "User" => vec![Knob::User(owned())],
        "GroupAdd" => vec![Knob::GroupAdd(owned())],
        "UserNS" => vec![Knob::UsernsMode(owned())],
        "UIDMap" | "GIDMap" => vec![Knob::Other { key: key.to_lowercase(), value: owned() }],
        "ReadOnly" => opt(value::boolean(text).map(Knob::ReadOnlyRoot)),
        "Tmpfs" => opt(value::tmpfs(text)),
        "Volume" => opt(value::volume(text)),
        "Mount" => opt(value::mount(text)),
        "AddDevice" => vec![Knob::Device(text.trim_start_matches('-').to_owned())],
        "Sysctl" => text.split_whitespace().filter_map(value::sysctl).collect(),
        "Ulimit" => opt(value::ulimit(text)),
        "Network" => vec![Knob::Network(owned())],
        "PublishPort" => opt(value::publish(text)),
        "Image" if compose::view::is_image(text) => vec![Knob::Image(owned())],
        "PodmanArgs" => {
            let (words, _) = shell::words(text, 0, at);
            runline::options(&words).into_iter().map(|(_, k)| k).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knob::CapSpec;
    use whodenied_kernel::Capability;

    #[test]
    fn a_container_file() {
        let text = "[Unit]\nDescription=x\n[Container]\nImage=docker.io/nginx:1\nAddCapability=NET_RAW SYS_NICE\nVolume=/a:/b:Z\nSecurityLabelDisable=true\nPodmanArgs=--ipc host\nUser=5\n[Service]\nUser=x\n";
        let mut found = Vec::new();
        read(&crate::line::lines(text), &mut found);
        let knobs: Vec<_> = found.into_iter().map(|f| f.knob).collect();
        assert_eq!(
            knobs,
            [
                Knob::Image("docker.io/nginx:1".into()),
                Knob::CapAdd(CapSpec::One(Capability::NET_RAW)),
                Knob::CapAdd(CapSpec::One(Capability::SYS_NICE)),
                Knob::Volume { source: "/a".into(), target: "/b".into(), options: vec!["Z".into()] },
                Knob::SelinuxLabel("disable".into()),
                Knob::Ipc("host".into()),
                Knob::User("5".into()),
            ]
        );
    }
}
