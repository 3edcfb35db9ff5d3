//! Lines of configuration and commands that lift a refusal, in the forms of their own files: what was in
//! the way follows from what opens it. Each is claimed as [`Knob::Other`] with a key that begins with
//! `act-`, its value the line.
//!
//! Sources: apparmor.d(5), snap(1), flatpak-override(1), udev(7), sudoers(5), limits.conf(5), wsl.conf,
//! usermod(8), subuid(5), fapolicyd-cli(8), the Kubernetes API (procMount, podPidsLimit).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{Knob, Predicate, Setting, Surface};

/// Reads one line.
pub(super) fn read(here: Here<'_>, sink: &mut Sink) {
    let text = here.text.trim().trim_start_matches(['$', '#', '`', ' ']).trim_end_matches('`');
    if text.len() > 512 {
        return;
    }
    let words: Vec<&str> = text.split_whitespace().take(24).collect();
    let kind = type_enforcement(text, &words)
        .or_else(|| apparmor(text, &words))
        .or_else(|| packaged(text, &words))
        .or_else(|| ids(text, &words))
        .or_else(|| files(text, &words))
        .or_else(|| limits(&words))
        .or_else(|| clusters(text));
    if let Some(kind) = kind {
        let knob = Knob::Other { key: format!("act-{kind}"), value: text.to_owned() };
        here.say(sink, "acts", Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }));
    }
}

/// `allow logrotate_t usr_t:file { create };`
fn type_enforcement(text: &str, words: &[&str]) -> Option<&'static str> {
    let rule = matches!(*words.first()?, "allow" | "dontaudit" | "type_transition");
    let typed = words.get(1).is_some_and(|w| w.ends_with("_t")) && text.contains("_t:");
    (rule && typed).then_some("te-rule")
}

/// A profile, a rule of one, a command on one.
fn apparmor(text: &str, words: &[&str]) -> Option<&'static str> {
    let first = *words.first()?;
    let rule = text.ends_with(',') && text.len() < 120;
    if text == "userns," || text == "userns create," {
        return Some("apparmor-userns");
    }
    let profile = first == "profile" && text.ends_with('{') || text.starts_with("abi <abi/");
    let edits = text.contains("/etc/apparmor.d/") && words.len() > 1
        || matches!(first, "aa-genprof" | "aa-logprof" | "aa-complain" | "aa-disable");
    let rules = rule
        && ["unix ", "unix,", "dbus ", "signal ", "ptrace ", "mount "].iter().any(|w| text.starts_with(w));
    // `/tank/** rwk,`
    let path = rule
        && first.trim_matches('"').starts_with('/')
        && words.len() == 2
        && words.get(1).is_some_and(|w| {
            let rights = w.trim_end_matches(',');
            !rights.is_empty() && rights.len() < 8 && rights.chars().all(|c| "rwaklmixpPuUcC".contains(c))
        });
    (profile || edits || rules || path).then_some("apparmor-policy")
}

/// What a packager's sandbox is given.
fn packaged(text: &str, words: &[&str]) -> Option<&'static str> {
    let at = |phrase: &[&str]| words.windows(phrase.len()).any(|w| w == phrase);
    if at(&["snap", "connect"]) || words.contains(&"--classic") && words.contains(&"snap") {
        return Some("snap-interface");
    }
    if at(&["flatpak", "override"]) {
        return Some("flatpak-override");
    }
    if text.contains("fapolicyd-cli") || text.contains("/etc/fapolicyd") {
        return Some("fapolicyd");
    }
    (words.contains(&"--no-sandbox") || words.contains(&"--disable-setuid-sandbox")).then_some("no-sandbox")
}

/// Groups, subordinate ids, sudoers.
fn ids(text: &str, words: &[&str]) -> Option<&'static str> {
    let subordinate = ["--add-subuids", "--add-subgids", "/etc/subuid", "/etc/subgid"];
    if subordinate.iter().any(|w| text.contains(w)) {
        return Some("subordinate-ids");
    }
    if text.contains("ALL=") && (text.contains("NOPASSWD") || text.contains("=(")) {
        return Some("sudoers");
    }
    let words = words.strip_prefix(&["sudo"]).unwrap_or(words);
    let joins = match *words.first()? {
        "adduser" => words.len() == 3 && !words.iter().any(|w| w.starts_with('-')),
        "gpasswd" => words.contains(&"-a"),
        "usermod" => words.iter().any(|w| w.starts_with("-a") || *w == "-G"),
        _ => false,
    };
    joins.then_some("join-group")
}

/// Nodes of udev, keys, files given away within another command.
fn files(text: &str, words: &[&str]) -> Option<&'static str> {
    let rule =
        ["SUBSYSTEM==", "KERNEL==", "ATTR{", "ATTRS{", "SUBSYSTEMS=="].iter().any(|w| text.contains(w));
    if rule && ["MODE=", "GROUP=", "OWNER=", "TAG+="].iter().any(|w| text.contains(w)) {
        return Some("udev-rule");
    }
    let chmod = words.iter().position(|w| *w == "chmod");
    if let Some(at) = chmod
        && words.get(at + 1).is_some_and(|m| matches!(m.trim_start_matches('0'), "600" | "400" | "700"))
        && words.get(at + 2).is_some_and(|f| {
            ["id_", ".ssh", ".pem", ".key", "key", "cookie", "acme.json", ".gnupg", ".pgpass"]
                .iter()
                .any(|part| f.contains(part))
        })
    {
        return Some("close-key");
    }
    // `["sh", "-c", "chown -R 1000:1000 /data"]`.
    let given = ["chown -R", "chgrp -R", "chmod -R", "chown ", "chmod g=u"].iter().any(|w| text.contains(w));
    let inner = text.contains("\"sh\"") || text.contains("-c") || text.contains("command:");
    (given && inner).then_some("chown")
}

/// `@audio - rtprio 95`, `* soft nofile 65536`.
fn limits(words: &[&str]) -> Option<&'static str> {
    const ITEMS: [&str; 9] =
        ["rtprio", "memlock", "nofile", "nproc", "nice", "core", "stack", "priority", "msgqueue"];
    let [_, kind, item, _] = words else { return None };
    (matches!(*kind, "-" | "soft" | "hard") && ITEMS.contains(item)).then_some("limits")
}

/// Settings of clusters and engines that `manifest` does not read as a knob, and of WSL.
fn clusters(text: &str) -> Option<&'static str> {
    let low = text.to_ascii_lowercase();
    if low.contains("procmount") && low.contains("unmasked") || low.contains("systempaths=unconfined") {
        return Some("proc-unmasked");
    }
    if low.contains("podpidslimit") || low.contains("pids_limit") || low.contains("--pids-limit") {
        return Some("pids-limit");
    }
    (low == "[automount]" || low.starts_with("options") && low.contains("metadata")).then_some("wsl-metadata")
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    #[test]
    fn what_is_lifted() {
        for (text, kind) in [
            ("allow logrotate_t usr_t:file { create unlink };", "act-te-rule"),
            ("userns,", "act-apparmor-userns"),
            ("/tank/** rwk,", "act-apparmor-policy"),
            ("profile app /opt/app flags=(default_allow) {", "act-apparmor-policy"),
            ("sudo snap connect digikam:removable-media", "act-snap-interface"),
            ("flatpak override --user --filesystem=/opt x.y.Z", "act-flatpak-override"),
            ("usermod --add-subuids 100000-165535 jane", "act-subordinate-ids"),
            ("deploy ALL=(root) NOPASSWD: /bin/systemctl restart x", "act-sudoers"),
            ("sudo adduser ann dialout", "act-join-group"),
            ("SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0483\", MODE=\"0660\"", "act-udev-rule"),
            ("chmod 600 /id_rsa", "act-close-key"),
            ("command: [\"sh\", \"-c\", \"chown -R 1000:1000 /data\"]", "act-chown"),
            ("@audio - rtprio 95", "act-limits"),
            ("procMount: Unmasked", "act-proc-unmasked"),
            ("podPidsLimit: 4096", "act-pids-limit"),
        ] {
            assert_eq!(shown(text, &format!("\"{kind}\"")).len(), 1, "{text}");
        }
        for text in
            ["the users, all of them,", "adduser -h", "open /etc/hosts rw, please", "- one soft landing 1"]
        {
            assert!(shown(text, "act-").is_empty(), "{text}");
        }
    }
}
