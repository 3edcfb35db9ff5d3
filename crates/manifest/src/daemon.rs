//! The Docker daemon's own configuration: `daemon.json` and `dockerd` options that change every container.
//!
//! Source: dockerd(8).

use crate::knob::{Found, Knob, Surface};
use crate::value;
use crate::yaml::Leaf;

/// Adds the daemon's settings among `leaves`.
pub fn read(leaves: &[Leaf], found: &mut Vec<Found>) {
    for leaf in leaves.iter().filter(|l| l.json) {
        let v = leaf.value.as_str();
        let other = |key: &str| Some(Knob::Other { key: key.to_owned(), value: v.to_owned() });
        let knob = match leaf.key() {
            "no-new-privileges" => value::boolean(v).map(Knob::NoNewPrivs),
            "userns-remap" if !v.is_empty() => Some(Knob::UsernsMode("remap".to_owned())),
            "seccomp-profile" if !v.is_empty() => Some(Knob::Seccomp(v.to_owned())),
            "default-runtime" if value::is_oci_runtime(v) => Some(Knob::OciRuntime(v.to_owned())),
            "selinux-enabled"
            | "default-cgroupns-mode"
            | "cgroup-parent"
            | "storage-driver"
            | "data-root" => other(leaf.key()),
            _ => None,
        };
        if let Some(knob) = knob {
            found.push(Found {
                line: leaf.line,
                range: leaf.range.clone(),
                surface: Surface::Other,
                service: None,
                knob,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_file() {
        let text = "{ \"userns-remap\": \"default\",\n  \"no-new-privileges\": true,\n  \"default-runtime\": \"nvidia\" }";
        let mut found = Vec::new();
        read(&crate::yaml::leaves(&crate::line::lines(text)), &mut found);
        let knobs: Vec<_> = found.into_iter().map(|f| f.knob).collect();
        assert_eq!(
            knobs,
            [Knob::UsernsMode("remap".into()), Knob::NoNewPrivs(true), Knob::OciRuntime("nvidia".into())]
        );
    }
}
