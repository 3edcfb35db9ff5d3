//! The layers that a question does not ask: what they are set to decides whether they could still refuse.

use super::answer::{Answer, Asked, Verdict};
use super::question::Question;
use whodenied_case::Certainty;
use whodenied_kernel::Layer;
use whodenied_sources::Host;
use whodenied_sources::subject::Asking;
use whodenied_text::escape;

/// Fills [`Answer::not_asked`] of an answer that lets something through, and its certainty: it is proven
/// only where no module that is loaded could still refuse.
pub(super) fn complete(asking: &Asking, host: &dyn Host, question: &Question, answer: &mut Answer) {
    if answer.verdict != Verdict::Allowed {
        return;
    }
    let mut open = Vec::new();
    modules(asking, host, &mut open);
    process(asking, &mut open);
    if let Question::File(operation) = question
        && let Some((major, minor)) = super::files::device(asking, operation)
    {
        let why = format!(
            "{major}:{minor} is a device: the device cgroup of the process that opens it is asked too, and was not read."
        );
        if asking.process.is_some() {
            open.push(Asked { layer: Layer::DeviceCgroup, why });
        }
    }
    if !open.is_empty() {
        answer.certainty = answer.certainty.max(Certainty::Likely);
    }
    answer.not_asked = open;
}

fn modules(asking: &Asking, host: &dyn Host, open: &mut Vec<Asked>) {
    let list = host.read("/sys/kernel/security/lsm");
    let has = |name: &str| match &list {
        Ok(list) => list.trim().split(',').any(|m| m == name),
        // Where securityfs can't be read the modules show themselves elsewhere.
        Err(_) => match name {
            "apparmor" => host.read("/sys/module/apparmor/parameters/enabled").is_ok_and(|t| t.trim() == "Y"),
            "selinux" => host.read("/sys/fs/selinux/enforce").is_ok(),
            _ => false,
        },
    };
    let label = asking.process.as_ref().map(|p| p.label.as_str());
    if has("apparmor") {
        match label {
            Some("unconfined" | "") => {}
            Some(label) => open.push(Asked {
                layer: Layer::Apparmor,
                why: format!("The process runs under {}, which was not asked.", escape::clipped(label, 120)),
            }),
            None => open.push(Asked {
                layer: Layer::Apparmor,
                why: "AppArmor is on: a program with a profile may be refused all the same.".to_owned(),
            }),
        }
    }
    if has("selinux") && host.read("/sys/fs/selinux/enforce").is_ok_and(|t| t.trim() == "1") {
        open.push(Asked {
            layer: Layer::Selinux,
            why: "SELinux enforces: its policy was not asked.".to_owned(),
        });
    }
    for (name, title) in [("smack", "Smack"), ("tomoyo", "TOMOYO"), ("bpf", "The BPF security module")] {
        if has(name) {
            open.push(Asked { layer: Layer::OtherLsm, why: format!("{title} is on and was not asked.") });
        }
    }
    if has("landlock") && asking.is_process {
        open.push(Asked {
            layer: Layer::Landlock,
            why: "Whether the process restricted itself with Landlock can't be seen from outside.".to_owned(),
        });
    }
}

fn process(asking: &Asking, open: &mut Vec<Asked>) {
    let Some(state) = &asking.process else { return };
    if state.seccomp != 0 {
        let count = state.filters.map_or_else(String::new, |n| format!(" ({n} of them)"));
        let why = format!("The process runs under seccomp filters{count}, which were not asked.");
        open.push(Asked { layer: Layer::Seccomp, why });
    }
}
