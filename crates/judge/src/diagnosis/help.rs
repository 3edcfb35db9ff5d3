//! What can't help, and what would decide.

use super::rank::Suspect;
use crate::context::{apparmor_off, seccomp_off, selinux_off};
use whodenied_case::{Attempt, CapSpec, Case, Certainty, Change, Knob, Outcome};
use whodenied_kernel::{Call, Layer};

/// Things that were tried, stand in the configuration or are commonly tried, and why they don't help.
pub(super) fn cannot_help(case: &Case, attempt: &Attempt, layer: Layer) -> Vec<String> {
    const MOST: usize = 6;
    let mut out: Vec<String> = Vec::new();
    for trial in case.trials.iter().filter(|t| t.outcome == Outcome::Same) {
        if let Some(text) = tried(&trial.change, layer) {
            push(&mut out, text);
        }
    }
    for (_, knob) in case.facts.knobs() {
        if let Some(text) = set(knob, layer) {
            push(&mut out, text);
        }
    }
    let capabilities = added(case);
    if !capabilities.is_empty() && !matches!(layer, Layer::Capability | Layer::Seccomp | Layer::Port) {
        let (verb, was) = match capabilities.len() {
            1 => ("does", "it is not what was missing"),
            _ => ("do", "none of them was missing"),
        };
        push(&mut out, format!("{} {verb} not help: {was}.", capabilities.join(", ")));
    }
    for text in common(layer, attempt) {
        push(&mut out, (*text).to_owned());
    }
    out.truncate(MOST);
    out
}

/// The capabilities that were added, in a trial that failed or in the configuration.
fn added(case: &Case) -> Vec<String> {
    let tried = case.trials.iter().filter(|t| t.outcome == Outcome::Same).filter_map(|t| match &t.change {
        Change::Knob(knob) => Some(knob),
        _ => None,
    });
    let mut out: Vec<String> = Vec::new();
    for knob in tried.chain(case.facts.knobs().map(|(_, knob)| knob)) {
        if let Knob::CapAdd(CapSpec::One(cap)) = knob {
            push(&mut out, cap.to_string());
        }
    }
    out.truncate(8);
    out
}

fn push(out: &mut Vec<String>, text: String) {
    if !out.contains(&text) {
        out.push(text);
    }
}

/// Layers that decide without looking at ids.
fn mandatory(layer: Layer) -> bool {
    matches!(
        layer,
        Layer::Apparmor
            | Layer::Selinux
            | Layer::Landlock
            | Layer::Seccomp
            | Layer::Lockdown
            | Layer::Readonly
            | Layer::MountFlags
    )
}

fn tried(change: &Change, layer: Layer) -> Option<String> {
    match change {
        Change::AsRoot if mandatory(layer) => {
            Some(format!("Running as root was tried: {} binds root too.", layer.title()))
        }
        Change::Chmod(mode) if mandatory(layer) => {
            Some(format!("chmod {mode} was tried: {} does not look at file modes.", layer.title()))
        }
        Change::Knob(knob) => set(knob, layer),
        c if apparmor_off(c) && layer != Layer::Apparmor => {
            Some("AppArmor was switched off and it stayed the same.".to_owned())
        }
        c if selinux_off(c) && layer != Layer::Selinux => {
            Some("SELinux was taken out of the way and it stayed the same.".to_owned())
        }
        c if seccomp_off(c) && layer != Layer::Seccomp => {
            Some("The seccomp filter was switched off and it stayed the same.".to_owned())
        }
        _ => None,
    }
}

/// A setting that stands there and has no bearing on `layer`.
fn set(knob: &Knob, layer: Layer) -> Option<String> {
    match knob {
        Knob::Ipc(mode) if mode == "host" => {
            Some("ipc: host shares IPC objects with the host; no check of this call changes.".to_owned())
        }
        Knob::Pid(mode) if mode == "host" && layer != Layer::Userns => {
            Some("pid: host shows the host's processes; it adds no right over them.".to_owned())
        }
        Knob::CapAdd(CapSpec::All) if mandatory(layer) => Some(format!(
            "Adding every capability does not help: {} is asked whatever the process holds.",
            layer.title()
        )),
        Knob::Seccomp(p) if p == "unconfined" && layer != Layer::Seccomp => {
            Some("seccomp=unconfined does not help: no filter refused it.".to_owned())
        }
        Knob::Apparmor(p) if p == "unconfined" && !matches!(layer, Layer::Apparmor) => {
            Some("apparmor=unconfined does not help: AppArmor did not refuse it.".to_owned())
        }
        Knob::User(u) if (u == "0" || u == "root" || u.starts_with("0:")) && mandatory(layer) => {
            Some(format!("Running as root does not help: {} binds root too.", layer.title()))
        }
        _ => None,
    }
}

/// The usual wrong advice.
fn common(layer: Layer, attempt: &Attempt) -> &'static [&'static str] {
    match layer {
        Layer::Apparmor if attempt.object_name().starts_with('/') => {
            &["chmod and chown can't help: AppArmor looks at the path and the profile, not at modes."]
        }
        Layer::Apparmor if matches!(attempt.call, Some(Call::Socket | Call::Socketpair)) => &[
            "Another library or other flags of the call can't help: the check sees family, type and protocol only.",
            "Root or a matching user on the host can't help: the profile binds every id.",
        ],
        Layer::Apparmor => &[
            "Root or a matching user on the host can't help: the profile binds every id.",
            "No capability helps: none lifts an AppArmor rule.",
        ],
        Layer::Selinux => &["chmod 777 can't help: the modes were passed, the label was refused."],
        Layer::Seccomp => &["Running as root can't help: the filter does not look at ids."],
        Layer::Readonly => &["chmod, chown and root can't help: the mount itself is read-only."],
        Layer::MountFlags => &["chmod can't help: the flag of the mount decides."],
        Layer::DeviceCgroup => {
            &["chmod 666 on the node can't help: a mode gives EACCES, the device list EPERM."]
        }
        Layer::Userns => &["chmod 777 opens the file to everyone and leaves the mapping as it is."],
        Layer::NoNewPrivs => {
            &["Adding the user to sudoers or setting the setuid bit again can't help: the bit is ignored."]
        }
        Layer::Lockdown => &["Root and capabilities can't help: lockdown binds both."],
        Layer::Capability => {
            &["sudo inside the container can't help: it gives no capability that the container lacks."]
        }
        Layer::Filesystem => {
            &["Capabilities and root in the container can't help: the file system or its server decides."]
        }
        Layer::InodeFlags => &["chmod and root can't help: the flag binds root too until it is cleared."],
        _ => &[],
    }
}

/// The commands that would decide between the suspects, the cheapest first.
pub(super) fn next_steps(attempt: &Attempt, suspects: &[Suspect<'_>], certainty: Certainty) -> Vec<String> {
    const MOST: usize = 3;
    if certainty == Certainty::Proven {
        return Vec::new();
    }
    let mut out: Vec<String> = Vec::new();
    for suspect in suspects.iter().take(3) {
        if suspect.layer == Layer::Unknown && !out.is_empty() {
            continue;
        }
        let step = suspect.verdict.next_steps.iter().find(|s| !out.contains(s));
        match step {
            Some(step) => push(&mut out, step.clone()),
            None => push(&mut out, fallback(suspect.layer, attempt)),
        }
    }
    out.truncate(MOST);
    out
}

fn fallback(layer: Layer, attempt: &Attempt) -> String {
    let path = attempt.object_name();
    let path = if path.starts_with('/') { whodenied_text::quote::shell(path) } else { "PATH".to_owned() };
    match layer {
        Layer::Apparmor => "dmesg | grep -i apparmor".to_owned(),
        Layer::Selinux => "ausearch -m avc -ts recent".to_owned(),
        Layer::Dac => format!("namei -l {path}"),
        Layer::Acl => format!("getfacl {path}"),
        Layer::Userns => "cat /proc/PID/uid_map".to_owned(),
        Layer::Capability | Layer::NoNewPrivs | Layer::Seccomp => {
            "grep -i -e cap -e seccomp -e nonew /proc/PID/status".to_owned()
        }
        Layer::Landlock => "dmesg | grep -i landlock".to_owned(),
        Layer::Yama => "cat /proc/sys/kernel/yama/ptrace_scope".to_owned(),
        Layer::Lockdown => "cat /sys/kernel/security/lockdown".to_owned(),
        Layer::Readonly | Layer::MountFlags | Layer::Filesystem => format!("findmnt -T {path}"),
        Layer::DeviceCgroup => format!("ls -l {path}"),
        Layer::Cgroup => "cat /proc/PID/cgroup".to_owned(),
        Layer::Sysctl => {
            "sysctl -a 2>/dev/null | grep -e userns -e perf_event_paranoid -e ptrace_scope".to_owned()
        }
        Layer::Port => "sysctl net.ipv4.ip_unprivileged_port_start".to_owned(),
        Layer::Rlimit => "cat /proc/PID/limits".to_owned(),
        Layer::InodeFlags => format!("lsattr -d {path}"),
        Layer::OtherLsm => "cat /sys/kernel/security/lsm".to_owned(),
        Layer::UserspacePolicy | Layer::Application | Layer::Unknown => "strace -f PROGRAM".to_owned(),
    }
}
