//! Policy files of programs that build a sandbox themselves: keys that allow or deny, as written.

use crate::knob::{Found, Knob, Surface};
use crate::yaml::Leaf;

/// Adds keys such as `allow_file`, `"denyRead"` or `sandbox_mode` among `leaves`, as [`Knob::Other`].
pub fn read(leaves: &[Leaf], found: &mut Vec<Found>) {
    for leaf in leaves {
        let key = leaf.key();
        if !is_policy(key) || leaf.value.is_empty() {
            continue;
        }
        let knob = Knob::Other { key: key.to_owned(), value: leaf.value.clone() };
        found.push(Found {
            line: leaf.line,
            range: leaf.range.clone(),
            surface: Surface::Other,
            service: None,
            knob,
        });
    }
}

fn is_policy(key: &str) -> bool {
    const KUBERNETES: &[&str] = &[
        "allowedCapabilities",
        "allowPrivilegeEscalation",
        "allowedHostPaths",
        "allowHostNetwork",
        "allowVolumeExpansion",
        "allowedTopologies",
    ];
    let lower = key.to_ascii_lowercase();
    let starts =
        ["allow", "deny", "unix_socket", "writable", "readable"].iter().any(|p| lower.starts_with(p));
    let names = ["sandbox", "landlock"].iter().any(|p| lower.contains(p)) || lower == "runtime_type";
    (starts || names) && !KUBERNETES.contains(&key) && !lower.starts_with("allowed_host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_scalars() {
        let text = "\"allow_file\": [\n  \"/run/docker.sock\",\n  \"/var/run/docker.sock\"\n]\nruntime_type: \"landlock\"\nallowPrivilegeEscalation: false\n";
        let mut found = Vec::new();
        read(&crate::yaml::leaves(&crate::line::lines(text)), &mut found);
        let shown: Vec<_> = found
            .iter()
            .map(|f| match &f.knob {
                Knob::Other { key, value } => format!("{key}={value}"),
                _ => String::new(),
            })
            .collect();
        assert_eq!(
            shown,
            ["allow_file=/run/docker.sock", "allow_file=/var/run/docker.sock", "runtime_type=landlock"]
        );
    }
}
