//! What whodenied can see as this user, and the least change that would let it see more.

use super::{Sight, containers};
use whodenied_kernel::Capability;
use whodenied_sources::{Host, ReadError};

/// Who looks, from /proc/self/status.
struct Us {
    root: bool,
    effective: u64,
}

pub(super) fn sights(host: &dyn Host) -> Vec<Sight> {
    let status = host.read("/proc/self/status").unwrap_or_default();
    let field = |key: &str| status.lines().find_map(|l| Some(l.strip_prefix(key)?.strip_prefix(':')?.trim()));
    let uid = field("Uid").and_then(|t| t.split_whitespace().nth(1)?.parse::<u32>().ok());
    let effective = field("CapEff").and_then(|t| u64::from_str_radix(t, 16).ok()).unwrap_or(0);
    let us = Us { root: uid == Some(0), effective };
    let mut all = vec![kernel_log(host), audit(host), journal(host, &us), own_programs(host, &us)];
    all.push(others(host, &us));
    all.push(filters(&us));
    all.extend(profiles(host));
    if let Some(visible) = containers::docker(host) {
        all.push(Sight {
            what: "Docker's own account of its containers".to_owned(),
            visible: Some(visible),
            because: match visible {
                true => "its socket may be written to".to_owned(),
                false => "its socket is not ours to write to".to_owned(),
            },
            // Membership in the group is root by another name: it is not what we propose.
            change: if visible { String::new() } else { "sudo whodenied …".to_owned() },
        });
    }
    all
}

impl Us {
    fn has(&self, capability: Capability) -> bool {
        self.effective >> capability.0 & 1 == 1
    }
}

fn from(result: Result<(), ReadError>) -> (Option<bool>, String) {
    match result {
        Ok(()) => (Some(true), "it can be read".to_owned()),
        Err(ReadError::Denied) => (Some(false), "reading it is not permitted".to_owned()),
        Err(ReadError::Absent) => (Some(false), "it is not there".to_owned()),
        Err(why) => (None, why.to_string()),
    }
}

fn kernel_log(host: &dyn Host) -> Sight {
    let (visible, because) = from(host.readable("/dev/kmsg"));
    let restricted = host.read("/proc/sys/kernel/dmesg_restrict").is_ok_and(|t| t.trim() == "1");
    let change = match (visible, restricted) {
        (Some(true), _) => String::new(),
        (_, true) => "sudo dmesg | whodenied explain - …".to_owned(),
        _ => "sudo whodenied …".to_owned(),
    };
    Sight {
        what: "the kernel's log: AppArmor, seccomp and lockdown records without auditd".to_owned(),
        visible,
        because,
        change,
    }
}

fn audit(host: &dyn Host) -> Sight {
    let log = host.readable("/var/log/audit/audit.log");
    let absent = log == Err(ReadError::Absent);
    let (visible, because) = from(log);
    let because = if absent {
        "there is no /var/log/audit/audit.log: auditd does not run, records go to the kernel's log".to_owned()
    } else {
        because
    };
    let change = match visible {
        Some(false) if !absent => {
            "sudo ausearch -m AVC,SECCOMP,USER_AVC -ts recent | whodenied explain - …".to_owned()
        }
        _ => String::new(),
    };
    Sight { what: "audit records".to_owned(), visible, because, change }
}

fn journal(host: &dyn Host, us: &Us) -> Sight {
    let mut found = Err(ReadError::Absent);
    for folder in ["/var/log/journal", "/run/log/journal"] {
        // One directory a machine id, in it the system's own journal.
        for machine in host.list(folder).unwrap_or_default() {
            found = host.readable(&format!("{folder}/{machine}/system.journal"));
            if found.is_ok() {
                break;
            }
        }
        if found.is_ok() {
            break;
        }
    }
    let absent = found == Err(ReadError::Absent);
    let (visible, because) = from(found);
    let because = if absent { "there is no journal of the system that we see".to_owned() } else { because };
    let change = match visible {
        Some(false) if !us.root && !absent => {
            "sudo usermod -aG systemd-journal $USER (then log in again)".to_owned()
        }
        _ => String::new(),
    };
    Sight { what: "the system's journal".to_owned(), visible, because, change }
}

fn own_programs(host: &dyn Host, us: &Us) -> Sight {
    let scope = host.read("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    let able = us.has(Capability::SYS_PTRACE);
    let (visible, because, change) = match scope.trim() {
        "3" => (false, "kernel.yama.ptrace_scope is 3: nobody may trace until the next boot", ""),
        "2" if !able => {
            (false, "kernel.yama.ptrace_scope is 2: tracing needs CAP_SYS_PTRACE", "sudo whodenied run -- …")
        }
        _ => (true, "whodenied run follows what it starts", ""),
    };
    Sight {
        what: "what a command of ours is refused, live".to_owned(),
        visible: Some(visible),
        because: because.to_owned(),
        change: change.to_owned(),
    }
}

fn others(host: &dyn Host, us: &Us) -> Sight {
    let hidden = host.read("/proc/self/mountinfo").unwrap_or_default().lines().any(|line| {
        line.split_once(" - ").is_some_and(|(_, tail)| {
            tail.starts_with("proc ")
                && tail
                    .split([',', ' '])
                    .any(|o| o.starts_with("hidepid=") && !o.ends_with("=0") && !o.ends_with("=off"))
        })
    });
    let able = us.has(Capability::SYS_PTRACE);
    let (visible, because) = match (able, hidden) {
        (true, _) => (true, "CAP_SYS_PTRACE lets every process be looked into"),
        (false, true) => (false, "/proc hides other users' processes (hidepid)"),
        (false, false) => {
            (false, "their root, namespaces and limits need CAP_SYS_PTRACE; their credentials can be read")
        }
    };
    Sight {
        what: "other users' processes (can pid:N, run --pid)".to_owned(),
        visible: Some(visible),
        because: because.to_owned(),
        change: if visible { String::new() } else { "sudo whodenied …".to_owned() },
    }
}

fn filters(us: &Us) -> Sight {
    let able = us.has(Capability::SYS_ADMIN);
    Sight {
        what: "seccomp filters that a running process has installed".to_owned(),
        visible: Some(able),
        because: match able {
            true => "CAP_SYS_ADMIN lets them be read back (PTRACE_SECCOMP_GET_FILTER)",
            false => "reading them back needs CAP_SYS_ADMIN; those of a command we start are seen as it installs them",
        }
        .to_owned(),
        change: if able { String::new() } else { "sudo whodenied run --pid …".to_owned() },
    }
}

fn profiles(host: &dyn Host) -> Option<Sight> {
    let on = host.read("/sys/module/apparmor/parameters/enabled").is_ok_and(|t| t.trim() == "Y");
    if !on {
        return None;
    }
    let (visible, because) = from(host.readable("/sys/kernel/security/apparmor/profiles"));
    let change = if visible == Some(true) { String::new() } else { "sudo whodenied …".to_owned() };
    Some(Sight { what: "the AppArmor profiles that are loaded".to_owned(), visible, because, change })
}
