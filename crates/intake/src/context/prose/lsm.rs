//! What a text states about an LSM on the host.

use super::{DIALECT, Saying};
use crate::context::sink::Sink;
use whodenied_case::{LsmState, Predicate};
use whodenied_kernel::Layer;

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    list(s, sink);
    tools(s, sink);
    if s.trial || s.message {
        return;
    }
    for at in 0..s.words.len() {
        let layer = match s.word(at) {
            "selinux" => Layer::Selinux,
            "apparmor" => Layer::Apparmor,
            "landlock" => Layer::Landlock,
            "lockdown" => Layer::Lockdown,
            _ => continue,
        };
        if let Some((state, to)) = state(s, at, layer) {
            s.say(at, to.max(at), sink, Predicate::Lsm(layer, state));
        }
    }
}

/// The state that the words around an LSM's name give.
fn state(s: &Saying<'_>, at: usize, layer: Layer) -> Option<(LsmState, usize)> {
    if matches!(s.before(at, 1), "without" | "no" | "lacking" | "lacks" | "disabled" | "non")
        || s.before(at, 2) == "without"
    {
        return Some((LsmState::Off, at));
    }
    for n in at + 1..at + 6 {
        let word = s.word(n);
        let state = match word {
            "enforcing" | "enforced" | "enforce" => LsmState::Enforcing,
            "enabled" | "active" | "on" | "loaded" | "running" | "yes" | "true" => {
                if s.before(n, 1) == "not" || s.before(n, 2) == "not" {
                    LsmState::Off
                } else if word == "on" && !matches!(s.word(n + 1), "" | "and") {
                    return None;
                } else {
                    LsmState::Enforcing
                }
            }
            "permissive" | "complain" if layer == Layer::Selinux => LsmState::Permissive,
            "disabled" | "off" | "inactive" | "absent" | "unavailable" => LsmState::Off,
            // "AppArmor profile", "SELinux policy": the name of a thing beside the state.
            "is" | "in" | "mode" | "status" | "currently" | "was" | "=" | "set" | "to" | "not" | "module"
            | "still" => continue,
            "host" => LsmState::Enforcing,
            "installed" | "present" | "available" | "there" | "compiled" | "supported"
                if s.before(n, 1) == "not" =>
            {
                LsmState::Off
            }
            _ => break,
        };
        return Some((state, n));
    }
    match s.before(at, 1) {
        // "Docker with SELinux", "host with AppArmor", "enforcing SELinux".
        "with" if matches!(s.word(at + 1), "" | "2016" | "on" | "and") || layer == Layer::Lockdown => {
            Some((LsmState::Enforcing, at))
        }
        "with"
            if s.words
                .get(at + 1)
                .is_none_or(|w| w.breaks || w.lower.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            Some((LsmState::Enforcing, at))
        }
        "enforcing" | "enabled" | "active" => Some((LsmState::Enforcing, at)),
        // An answer: `Fedora 39, SELinux`.
        _ if crate::context::clause::is_host_label(s.label)
            && s.words.get(at).is_some_and(|w| w.breaks)
            && s.words.get(at + 1).is_none_or(|w| w.breaks)
            && matches!(layer, Layer::Selinux | Layer::Apparmor) =>
        {
            Some((LsmState::Enforcing, at))
        }
        "permissive" if layer == Layer::Selinux => Some((LsmState::Permissive, at)),
        _ => None,
    }
}

/// `lsm=landlock,lockdown,yama,apparmor` and the content of /sys/kernel/security/lsm: what is on it is
/// active, what is not is off.
fn list(s: &Saying<'_>, sink: &mut Sink) {
    const KNOWN: &[(&str, Layer)] = &[
        ("apparmor", Layer::Apparmor),
        ("selinux", Layer::Selinux),
        ("landlock", Layer::Landlock),
        ("yama", Layer::Yama),
        ("lockdown", Layer::Lockdown),
    ];
    let text = s.line.text.to_lowercase();
    for word in text.split_whitespace() {
        let names = word.trim_matches(['"', '\'', '`']);
        let names = names.strip_prefix("lsm=").unwrap_or(names);
        let parts: Vec<&str> = names.split(',').collect();
        let modules = [
            "capability",
            "bpf",
            "yama",
            "integrity",
            "lockdown",
            "landlock",
            "apparmor",
            "selinux",
            "tomoyo",
            "smack",
            "ima",
            "evm",
            "ipe",
            "loadpin",
            "safesetid",
        ];
        if parts.len() < 3 || !parts.iter().all(|p| modules.contains(p)) {
            continue;
        }
        let at = text.find(names).unwrap_or(0);
        for (name, layer) in KNOWN {
            let on = parts.contains(name);
            // On the list, lockdown may still be in the state `none`; SELinux permissive.
            if on && matches!(layer, Layer::Lockdown | Layer::Yama) {
                continue;
            }
            let state = if on { LsmState::Enforcing } else { LsmState::Off };
            sink.fact(s.line.span_of(at, at + names.len()), "lsm-list", Predicate::Lsm(*layer, state));
        }
    }
}

/// The output of `getenforce`, `sestatus`, `aa-status`, `aa-enabled`, and parameters of the kernel.
fn tools(s: &Saying<'_>, sink: &mut Sink) {
    let text = s.line.text.trim();
    let lower = text.to_lowercase();
    let (layer, state) = match lower.as_str() {
        "enforcing" => (Layer::Selinux, LsmState::Enforcing),
        "permissive" => (Layer::Selinux, LsmState::Permissive),
        "apparmor module is loaded." | "apparmor module is loaded" => (Layer::Apparmor, LsmState::Enforcing),
        // Under `Security Options:` of `docker info`.
        "apparmor" | "name=apparmor" if s.engine_info => (Layer::Apparmor, LsmState::Enforcing),
        "selinux" | "name=selinux" if s.engine_info => (Layer::Selinux, LsmState::Enforcing),
        "apparmor module is not loaded." => (Layer::Apparmor, LsmState::Off),
        _ => {
            let (key, value) = match lower.split_once([':', '=']) {
                Some((k, v)) => (k.trim().trim_matches('"'), v.trim().trim_matches(['"', ',', ' '])),
                None => return tail(&lower, s, sink),
            };
            match (key, value) {
                ("selinux status" | "selinuxenabled" | "selinux", "disabled" | "false" | "0") => {
                    (Layer::Selinux, LsmState::Off)
                }
                ("selinux", "enforcing") | ("current mode", "enforcing") | ("selinuxenabled", "true") => {
                    (Layer::Selinux, LsmState::Enforcing)
                }
                ("selinux" | "current mode" | "mode from config file", "permissive") => {
                    (Layer::Selinux, LsmState::Permissive)
                }
                ("apparmorenabled", "true") => (Layer::Apparmor, LsmState::Enforcing),
                ("apparmorenabled" | "apparmor", "false" | "0" | "disabled") => {
                    (Layer::Apparmor, LsmState::Off)
                }
                ("getenforce", "enforcing") => (Layer::Selinux, LsmState::Enforcing),
                ("getenforce", "permissive") => (Layer::Selinux, LsmState::Permissive),
                ("getenforce", "disabled") => (Layer::Selinux, LsmState::Off),
                ("aa-enabled", "yes") => (Layer::Apparmor, LsmState::Enforcing),
                ("aa-enabled", v) if v.starts_with("no") => (Layer::Apparmor, LsmState::Off),
                ("/sys/module/apparmor/parameters/enabled", "y") => (Layer::Apparmor, LsmState::Enforcing),
                ("/sys/module/apparmor/parameters/enabled", "n") => (Layer::Apparmor, LsmState::Off),
                _ => return tail(&lower, s, sink),
            }
        }
    };
    if !s.trial {
        sink.fact(s.line.span(), "lsm-state", Predicate::Lsm(layer, state));
    }
}

/// `lockdown=confidentiality`, `none [integrity] confidentiality`, `apparmor=0` on a kernel command line.
fn tail(lower: &str, s: &Saying<'_>, sink: &mut Sink) {
    let mut say = |layer, state| sink.fact(s.line.span(), DIALECT, Predicate::Lsm(layer, state));
    for (mark, layer, state) in [
        ("lockdown=integrity", Layer::Lockdown, LsmState::Enforcing),
        ("lockdown=confidentiality", Layer::Lockdown, LsmState::Enforcing),
        ("none [integrity] confidentiality", Layer::Lockdown, LsmState::Enforcing),
        ("none integrity [confidentiality]", Layer::Lockdown, LsmState::Enforcing),
        ("[none] integrity confidentiality", Layer::Lockdown, LsmState::Off),
        ("apparmor=0", Layer::Apparmor, LsmState::Off),
        ("selinux=0", Layer::Selinux, LsmState::Off),
        ("enforcing=0", Layer::Selinux, LsmState::Permissive),
    ] {
        if lower.contains(mark) && !s.trial {
            say(layer, state);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::{LsmState, LsmState::*};
    use whodenied_kernel::Layer;

    #[test]
    fn states() {
        for (text, layer, want) in [
            ("host: SELinux enforcing", Layer::Selinux, Some(Enforcing)),
            ("SELinux is in permissive mode", Layer::Selinux, Some(Permissive)),
            ("SELinux is not enabled", Layer::Selinux, Some(Off)),
            ("runtime: Docker with SELinux", Layer::Selinux, Some(Enforcing)),
            ("a host without AppArmor", Layer::Apparmor, Some(Off)),
            ("host with AppArmor (2016)", Layer::Apparmor, Some(Enforcing)),
            ("AppArmor host (2020)", Layer::Apparmor, Some(Enforcing)),
            ("Enforcing", Layer::Selinux, Some(Enforcing)),
            ("SELinux status:                 disabled", Layer::Selinux, Some(Off)),
            ("SELINUX=permissive", Layer::Selinux, Some(Permissive)),
            ("apparmor module is loaded.", Layer::Apparmor, Some(Enforcing)),
            ("capability,landlock,yama,apparmor", Layer::Apparmor, Some(Enforcing)),
            ("capability,landlock,yama,apparmor", Layer::Selinux, Some(Off)),
            ("lsm=lockdown,yama,apparmor", Layer::Landlock, Some(Off)),
            ("kernel with lockdown", Layer::Lockdown, Some(Enforcing)),
            ("a kernel lacking Landlock", Layer::Landlock, Some(Off)),
            ("stock compose file, default AppArmor profile", Layer::Apparmor, None),
            ("it works with SELinux disabled", Layer::Selinux, None),
            ("disabling SELinux helps", Layer::Selinux, None),
            ("Permission denied, SELinux disabled?", Layer::Selinux, None),
        ] {
            let state: Option<LsmState> =
                facts(text).lsm(layer).filter(|l| l.1 != whodenied_case::Standing::Assumed).map(|l| l.0);
            assert_eq!(state, want, "{text}");
        }
    }
}
