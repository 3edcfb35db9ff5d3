//! The device cgroup.
//!
//! `devcgroup_check_permission` (security/device_cgroup.c, v1) and the BPF_CGROUP_DEVICE programs of
//! cgroup v2 (kernel/bpf/cgroup.c, since 4.15) are asked by `inode_permission` on opening a device node
//! and by mknod, with the type and numbers of the node. The errno is EPERM, to root too and whatever
//! the mode bits; nothing is logged. Container engines allow a dozen harmless devices; systemd
//! installs a filter for DeviceAllow= and DevicePolicy=, and its own again at each daemon-reload.

use crate::context::Context;
use crate::say::{Best, Say, allows, denies, undecidable};
use whodenied_case::{Attempt, Engine, FactId, Knob, ObjectKind, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};
use whodenied_runtimes::devices;

const LAYER: Layer = Layer::DeviceCgroup;
/// Directories under /dev that hold no device nodes.
const NO_DEVICES: &[&str] = &["/dev/shm/", "/dev/mqueue/", "/dev/hugepages/", "/dev/fd/", "/dev/log"];

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if let Some(fact) = cx.stated_here(attempt, &["device-rules-rewritten"]) {
        let because = "The device could be used and then no more: the service manager has installed its own device filter again, which lacks the entries that the runtime added.";
        return denies(attempt, LAYER, Support::Stated, 85, because).fact(fact.id).step(look(attempt)).into();
    }
    if let Some(fact) = cx.stated_here(attempt, &["device-absent"]).filter(|_| cx.contained()) {
        let because = "Nothing handed the device to the container, so its node is not there, and the container's device filter has no entry for it.";
        return denies(attempt, LAYER, Support::Stated, 74, because).fact(fact.id).step(look(attempt)).into();
    }
    if !on_device(attempt) {
        return None;
    }
    match attempt.errno {
        Some(Errno::EPERM) => {}
        Some(_) if !attempt.errno_inferred => {
            return allows(attempt, LAYER, "The device cgroup refuses with EPERM only.").into();
        }
        _ => return None,
    }
    if attempt.call == Some(Call::Mknod) {
        // Engines let any node be made; only the opening is filtered.
        return denies(attempt, LAYER, Support::Fits, 15, "The device cgroup may refuse making the node.")
            .into();
    }
    let mut best = Best::new();
    for said in by_config(attempt, cx) {
        best.offer(said.step(look(attempt)));
    }
    best.or(undecidable(attempt, LAYER, "the device entries of the process's cgroup")
        .step(look(attempt))
        .into())
}

fn on_device(attempt: &Attempt) -> bool {
    let name = attempt.object_name();
    if NO_DEVICES.iter().any(|d| name.starts_with(d)) {
        return false;
    }
    let path = name.starts_with("/dev/");
    let call = matches!(
        attempt.call,
        None | Some(
            Call::Open | Call::Create | Call::Read | Call::Write | Call::Access | Call::Mknod | Call::Mount
        )
    );
    call && (path || attempt.object.kind == ObjectKind::Device)
}

fn look(attempt: &Attempt) -> String {
    let name = attempt.object_name();
    if name.starts_with("/dev/") {
        format!("ls -l {}", whodenied_text::quote::shell(name))
    } else {
        "ls -l /dev".to_owned()
    }
}

fn by_config(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let mut said = Vec::new();
    let name = attempt.object_name();
    if let Some((id, key)) = cx.facts.knobs().find_map(|(id, k)| match k {
        Knob::Lxc { key, value } if key.starts_with("lxc.cgroup.devices") && covers(value, name) => {
            Some((id, key))
        }
        _ => None,
    }) {
        let because = format!(
            "{key} is the key of cgroup v1; a host with cgroup v2 ignores it, so the container's device filter has no entry for this device."
        );
        said.push(denies(attempt, LAYER, Support::Configured, 92, because).fact(id).policy(key.clone()));
    }
    if let Some(id) = passed(cx, name) {
        let because = "The device is passed in, so the filter should have an entry for it; after a reload of the service manager it may be gone.";
        said.push(denies(attempt, LAYER, Support::Fits, 35, because).fact(id));
        return said;
    }
    if let Some((id, _)) = cx.facts.knob(|k| *k == Knob::Privileged(true)) {
        said.push(allows(attempt, LAYER, "A privileged container may open every device.").fact(id));
        return said;
    }
    for key in ["DeviceAllow", "DevicePolicy", "PrivateDevices"] {
        if let Some((id, value)) = cx.facts.unit(key) {
            let open = key == "DevicePolicy" && value == "auto" || value == "no" || value == "false";
            if !open && !covers(value, name) {
                let because = format!(
                    "The unit's {key}= leaves this device out of the filter systemd installs for it."
                );
                said.push(denies(attempt, LAYER, Support::Configured, 88, because).fact(id).policy(key));
            }
        }
    }
    if let Some((id, _, _)) = cx.bind_over(name).filter(|_| name.starts_with("/dev/")) {
        let because = "The node is bound in as a volume, which gives it a name but no entry in the container's device filter.";
        said.push(denies(attempt, LAYER, Support::Configured, 88, because).fact(id));
    }
    let rootless_podman = cx.rootless() && cx.facts.has_engine(Engine::Podman);
    let usual = devices::numbers(name).is_some_and(|(_, major, minor)| {
        devices::allowed(major, minor, cx.facts.version("runc").map(|v| v.numbers.as_slice()))
    });
    if cx.facts.in_oci_container() && !rootless_podman {
        let because = if usual {
            "Opening a device that is there gives EPERM only where the device filter has no entry for it: that of the container, or of one around it."
        } else {
            "A container may open a dozen harmless devices by default, and this one is not among them and was not passed in."
        };
        let (support, weight) = match (attempt.errno_inferred && !name.is_empty(), usual) {
            // A program's own words don't tell EPERM from EACCES.
            (true, _) => (Support::Usual, 66),
            (_, true) => (Support::Default, 70),
            _ => (Support::Default, 88),
        };
        said.push(denies(attempt, LAYER, support, weight, because).facts(engines(cx)));
    }
    if cx.system_container() {
        let because = "The container's device filter has no entry for this device; EPERM on opening a node that is there is its sign.";
        said.push(denies(attempt, LAYER, Support::Default, 82, because).facts(engines(cx)));
    }
    if said.is_empty() && (cx.contained() || cx.unit()) && !rootless_podman {
        let because = "EPERM on opening a device node that is there is the sign of the device filter.";
        said.push(denies(attempt, LAYER, Support::Usual, 70, because).facts(engines(cx)));
    }
    if said.is_empty() {
        let because =
            "EPERM on opening a device node is what a device filter gives; file modes would say EACCES.";
        said.push(denies(attempt, LAYER, Support::Fits, 45, because));
    }
    said
}

fn engines(cx: &Context<'_>) -> Vec<FactId> {
    cx.facts.engines().filter_map(|e| cx.engine_fact(e)).take(2).collect()
}

/// The fact that passes this device in.
fn passed(cx: &Context<'_>, name: &str) -> Option<FactId> {
    cx.facts.knobs().find_map(|(id, k)| match k {
        Knob::Device(d) => {
            let source = d.split(':').next().unwrap_or(d);
            let target = d.split(':').nth(1).unwrap_or(source);
            (source == name
                || target == name
                || name.strip_prefix(source).is_some_and(|r| r.starts_with('/')))
            .then_some(id)
        }
        Knob::DeviceRule(rule) => covers(rule, name).then_some(id),
        Knob::Lxc { key, value } if key.starts_with("lxc.cgroup2.devices.allow") => {
            covers(value, name).then_some(id)
        }
        _ => None,
    })
}

/// True when a rule (`c 10:200 rwm`, `a`, a path) may mean the device; rules by numbers that are not
/// known to be another device's count.
fn covers(rule: &str, name: &str) -> bool {
    let rule = rule.trim();
    if rule == "a" || rule.starts_with("a ") || rule.contains(name) && !name.is_empty() {
        return true;
    }
    let mut words = rule.split_whitespace();
    let (Some(kind), Some(numbers)) = (words.next(), words.next()) else { return false };
    if kind.len() != 1 {
        return false;
    }
    match devices::numbers(name) {
        Some((want, major, minor)) => {
            let (a, b) = numbers.split_once(':').unwrap_or((numbers, "*"));
            kind.starts_with(want)
                && (a == "*" || a.parse() == Ok(major))
                && (b == "*" || b.parse() == Ok(minor))
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, denied, knob};
    use whodenied_case::Predicate;

    fn lxc(key: &str, value: &str) -> Predicate {
        knob(Knob::Lxc { key: key.to_owned(), value: value.to_owned() })
    }

    #[test]
    fn eperm_on_a_node_that_is_there() {
        let open = attempt(Call::Open, Errno::EPERM, "/dev/kvm");
        let docker = Predicate::Engine(Engine::Docker);
        assert_eq!(denied(judge, &open, std::slice::from_ref(&docker)), Some(Support::Default));
        assert_eq!(
            denied(judge, &open, &[docker.clone(), knob(Knob::Device("/dev/kvm".to_owned()))]),
            Some(Support::Fits)
        );
        assert!(allowed(judge, &open, &[docker, knob(Knob::Privileged(true))]));
        assert!(allowed(judge, &attempt(Call::Open, Errno::EACCES, "/dev/kvm"), &[]));
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::EPERM, "/dev/shm/x"), &[]), None);
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::EPERM, "/etc/x"), &[]), None);
    }

    #[test]
    fn the_key_of_the_other_cgroup_version() {
        let open = attempt(Call::Open, Errno::EPERM, "/dev/net/tun");
        assert_eq!(
            denied(judge, &open, &[lxc("lxc.cgroup.devices.allow", "c 10:200 rwm")]),
            Some(Support::Configured)
        );
        assert_eq!(
            denied(judge, &open, &[lxc("lxc.cgroup2.devices.allow", "c 10:200 rwm")]),
            Some(Support::Fits)
        );
        assert!(covers("c 10:* rwm", "/dev/net/tun") && !covers("b 10:200 rwm", "/dev/net/tun"));
        assert!(!covers("c 195:* rw", "/dev/fuse") && covers("c 226:128 rwm", "/dev/dri/renderD128"));
    }

    #[test]
    fn lost_while_running() {
        let lost = Predicate::Statement("device-rules-rewritten");
        let mut nvml = attempt(Call::Open, Errno::EPERM, "");
        nvml.errno = None;
        assert_eq!(denied(judge, &nvml, &[lost]), Some(Support::Stated));
    }
}
