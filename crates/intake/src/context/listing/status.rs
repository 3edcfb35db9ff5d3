//! /proc/PID/status and `capsh --print`: ids, capabilities, no_new_privs, seccomp.
//!
//! Source: proc_pid_status(5), capsh(1).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Predicate};
use whodenied_kernel::Capability;

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let Some((key, value)) = here.text.split_once(':') else { return false };
    let value = value.trim();
    let first = value.split_whitespace().next().unwrap_or("");
    let what = match key {
        "CapInh" | "CapPrm" | "CapEff" | "CapBnd" | "CapAmb" => {
            let Ok(bits) = u64::from_str_radix(first, 16) else { return false };
            Predicate::CapSet { set: key.get(3..).unwrap_or("").to_lowercase(), bits }
        }
        "Current" | "Bounding set" if value.contains("cap_") || value == "=" => {
            let set = if key == "Current" { "eff" } else { "bnd" };
            Predicate::CapSet { set: set.to_owned(), bits: names(value) }
        }
        "NoNewPrivs" if matches!(first, "0" | "1") => Predicate::NoNewPrivs(first == "1"),
        "Seccomp" if matches!(first, "0" | "1" | "2") => Predicate::SeccompFilter(first != "0"),
        "Uid" if value.split_whitespace().count() == 4 => {
            let ids: Vec<u32> = value.split_whitespace().filter_map(|w| w.parse().ok()).collect();
            let Some(uid) = ids.get(1).copied() else { return false };
            let who = if uid == 0 { Environment::RunsAsRoot } else { Environment::RunsAsNonRoot };
            here.say(sink, "proc-status", Predicate::Environment(who));
            Predicate::Ids { uid: Some(uid), gid: None, groups: Vec::new() }
        }
        "Gid" if value.split_whitespace().count() == 4 => {
            let gid = value.split_whitespace().nth(1).and_then(|w| w.parse().ok());
            Predicate::Ids { uid: None, gid, groups: Vec::new() }
        }
        "Groups" if !value.is_empty() && value.split_whitespace().all(|w| w.parse::<u32>().is_ok()) => {
            let groups = value.split_whitespace().filter_map(|w| w.parse().ok()).take(64).collect();
            Predicate::Ids { uid: None, gid: None, groups }
        }
        _ => return false,
    };
    here.say(sink, "proc-status", what);
    true
}

/// The capabilities listed in `value`, `=ep` for all.
fn names(value: &str) -> u64 {
    if value.starts_with("=ep") || value.starts_with("=eip") {
        return Capability::all().fold(0, |bits, cap| bits | 1 << cap.0);
    }
    value
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| w.starts_with("cap_"))
        .filter_map(Capability::from_name)
        .fold(0, |bits, cap| bits | 1 << cap.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, shown};
    use whodenied_case::{Environment, Predicate};

    #[test]
    fn lines_of_status() {
        let f =
            facts("Uid:\t1000\t1000\t1000\t1000\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n");
        assert!(f.has(Environment::RunsAsNonRoot));
        assert!(f.find(|p| *p == Predicate::CapSet { set: "eff".into(), bits: 0xa804_25fb }).is_some());
        assert!(f.find(|p| *p == Predicate::NoNewPrivs(true)).is_some());
        assert!(f.find(|p| *p == Predicate::SeccompFilter(true)).is_some());
        assert_eq!(shown("Current: cap_chown,cap_net_raw+eip", "bits: 8193").len(), 1);
        assert!(shown("Seccomp: unconfined works", "Seccomp").is_empty());
    }
}
