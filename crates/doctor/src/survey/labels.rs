//! The AppArmor labels that tasks run under, and what the kernel holds of their profiles: what they mediate, and
//! what this kernel could mediate and they do not.
//!
//! Sources: proc_pid_attr(5); kernel `apparmorfs.c`.

use super::{Group, Look, row};
use std::collections::BTreeMap;
use whodenied_apparmor::binary::{Limits, armour, decode};
use whodenied_apparmor::evaluate::{Kernel, Label};
use whodenied_apparmor::features::Features;
use whodenied_apparmor::policy::{Class, Mode, Profile};
use whodenied_case::policy::{MOST_BYTES, Policy};

/// So many labels are told.
const MOST: usize = 16;

pub(super) fn labels(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    let (found, unseen) = tasks(look);
    for (label, (count, engine)) in found.iter().take(MOST) {
        let tasks = if *count == 1 { "1 task".to_owned() } else { format!("{count} tasks") };
        let value = if engine.is_empty() { tasks } else { format!("{tasks}, {engine}") };
        let means = match look.host.policy(label) {
            Some(policy) => told(&policy, label),
            None => "what the kernel holds of it could not be read".to_owned(),
        };
        rows.push(row(label, value, means));
    }
    if found.len() > MOST {
        rows.push(row("other labels", (found.len() - MOST).to_string(), ""));
    }
    if unseen > 0 {
        rows.push(row("tasks", unseen.to_string(), "their label could not be read as this user"));
    }
    Group { id: "labels", title: "AppArmor labels in force", rows }
}

/// The labels of tasks with how many there are and what engine runs the first; and how many can't be seen.
fn tasks(look: &Look<'_>) -> (BTreeMap<String, (usize, &'static str)>, usize) {
    let mut found: BTreeMap<String, (usize, &'static str)> = BTreeMap::new();
    let mut unseen = 0;
    if look.host.read("/sys/module/apparmor/parameters/enabled").map_or(true, |t| t.trim() != "Y") {
        return (found, 0);
    }
    for pid in look.host.list("/proc").unwrap_or_default() {
        if !pid.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        match look.host.read(&format!("/proc/{pid}/attr/apparmor/current")) {
            Ok(text) => {
                let label = text.trim_end_matches(['\n', '\0']);
                if label.is_empty() || Label::parse(label.as_bytes()).is_unconfined() {
                    continue;
                }
                let entry = found.entry(label.to_owned()).or_insert_with(|| {
                    let cgroup = look.host.read(&format!("/proc/{pid}/cgroup")).unwrap_or_default();
                    (0, engine(&cgroup))
                });
                entry.0 += 1;
            }
            Err(whodenied_sources::ReadError::Denied) => unseen += 1,
            Err(_) => {}
        }
    }
    (found, unseen)
}

fn engine(cgroup: &str) -> &'static str {
    let named = |parts: &[&str]| parts.iter().any(|p| cgroup.contains(p));
    match () {
        () if named(&["kubepods"]) => "a pod",
        () if named(&["/docker/", "docker-"]) => "a container of Docker",
        () if named(&["libpod-", "libpod_"]) => "a container of Podman",
        () if named(&["lxc.payload", "/lxc/"]) => "a container of LXC or Incus",
        () => "",
    }
}

/// Mode, what is mediated, and what this kernel could mediate besides; of every profile of the label.
fn told(policy: &Policy, label: &str) -> String {
    let Some(kernel) =
        Features::parse(&policy.features).ok().and_then(|f| Kernel::from_features(&f, &policy.release))
    else {
        return "this kernel's features could not be read".to_owned();
    };
    let mut said = Vec::new();
    let several = Label::parse(label.as_bytes()).components.len() > 1;
    for held in &policy.profiles {
        let limits = Limits { bytes: MOST_BYTES, profiles: 4096, edges: 2 << 20 };
        let profile = held
            .load
            .and_then(|at| policy.loads.get(at))
            .and_then(|text| decode(&armour::from_text(text, MOST_BYTES)?, &limits).ok())
            .and_then(|load| {
                load.units.into_iter().map(|u| u.profile).find(|p| p.name == held.name.as_bytes())
            });
        let words = profile.map_or_else(
            || "what was loaded of it could not be read".to_owned(),
            |profile| classes(&profile, &kernel),
        );
        said.push(if several { format!("{}: {words}", held.name) } else { words });
    }
    said.extend(policy.missing.iter().cloned());
    said.join("; ")
}

fn classes(profile: &Profile, kernel: &Kernel) -> String {
    if profile.mode == Mode::Unconfined {
        return "it refuses nothing".to_owned();
    }
    let net = if kernel.network_v9 && profile.mediates(Class::NetV9) { Class::NetV9 } else { Class::NetV8 };
    let mut could = vec![net, Class::Mount, Class::Ptrace, Class::Signal];
    could.extend(kernel.userns.then_some(Class::Namespace));
    could.extend(kernel.io_uring.then_some(Class::IoUring));
    let (does, not): (Vec<Class>, Vec<Class>) = could.into_iter().partition(|c| profile.mediates(*c));
    let words = |list: &[Class]| list.iter().map(|c| c.words()).collect::<Vec<_>>().join(", ");
    let mut said = format!("mediates files, capabilities, {}", words(&does));
    if net == Class::NetV8 && kernel.network_v9 {
        said.push_str("; compiled without this kernel's fine mediation of Unix sockets");
    }
    if !not.is_empty() {
        said.push_str(&format!("; this kernel could mediate {} too, and does not for it", words(&not)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::policy::Held;

    fn policy(load: &[u8], release: &str, features: &str) -> Policy {
        Policy {
            release: release.to_owned(),
            features: features.to_owned(),
            profiles: vec![Held { name: "docker-default".to_owned(), load: Some(0), ..Held::default() }],
            loads: vec![armour::to_text(load)],
            ..Policy::default()
        }
    }

    #[test]
    fn what_a_profile_does_not_mediate_is_told() {
        const OLD: &[u8] =
            include_bytes!("../../../apparmor/data/compiled/docker-default-linux-6.1-parser-3.0.8");
        let features = include_str!("../../../apparmor/data/features/linux-7.3");
        // The old compiler's profile on a new kernel.
        let said = told(&policy(OLD, "7.3.4", features), "docker-default (enforce)");
        assert!(said.starts_with("mediates files, capabilities, sockets (network v8), mounts"), "{said}");
        assert!(said.contains("could mediate user namespaces, io_uring too"), "{said}");
        assert!(said.contains("fine mediation of Unix sockets"), "{said}");
        let features = include_str!("../../../apparmor/data/features/linux-6.1");
        let said = told(&policy(OLD, "6.1.0", features), "docker-default (enforce)");
        assert!(!said.contains("could mediate"), "{said}");
        assert!(told(&policy(b"x", "6.1.0", features), "docker-default").contains("could not be read"));
        assert!(told(&policy(OLD, "", ""), "docker-default").contains("features could not be read"));
    }
}
