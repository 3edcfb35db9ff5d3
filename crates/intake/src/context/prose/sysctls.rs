//! Sysctls told in words: `Debian 9, kernel.unprivileged_userns_clone=0`, `ptrace_scope is 1`.

use super::Saying;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Predicate};

/// Names that people write without their path.
const SHORT: &[(&str, &str)] = &[
    ("ptrace_scope", "kernel.yama.ptrace_scope"),
    ("perf_event_paranoid", "kernel.perf_event_paranoid"),
    ("kptr_restrict", "kernel.kptr_restrict"),
    ("dmesg_restrict", "kernel.dmesg_restrict"),
    ("unprivileged_bpf_disabled", "kernel.unprivileged_bpf_disabled"),
    ("unprivileged_userns_clone", "kernel.unprivileged_userns_clone"),
    ("apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns"),
    ("apparmor_restrict_unprivileged_unconfined", "kernel.apparmor_restrict_unprivileged_unconfined"),
    ("max_user_namespaces", "user.max_user_namespaces"),
    ("io_uring_disabled", "kernel.io_uring_disabled"),
    ("ip_unprivileged_port_start", "net.ipv4.ip_unprivileged_port_start"),
    ("protected_regular", "fs.protected_regular"),
    ("protected_fifos", "fs.protected_fifos"),
    ("protected_symlinks", "fs.protected_symlinks"),
    ("protected_hardlinks", "fs.protected_hardlinks"),
    ("max_user_instances", "fs.inotify.max_user_instances"),
    ("max_user_watches", "fs.inotify.max_user_watches"),
    ("max_map_count", "vm.max_map_count"),
    ("modules_disabled", "kernel.modules_disabled"),
    ("sched_rt_runtime_us", "kernel.sched_rt_runtime_us"),
];

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    // Settings of a container, commands and messages that advise are no values of the host.
    let other = ["--sysctl", "sysctl -w", "tee ", "echo ", "you can", "set it", "to allow"]
        .iter()
        .any(|m| s.lower.contains(m));
    if s.message || s.trial || other || s.line.dress.command {
        return;
    }
    for at in 0..s.words.len() {
        let word = s.word(at);
        let (name, inline) = word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
        let Some(key) = full(name) else { continue };
        let (value, to) = match inline {
            Some(value) => (value, at),
            None => match (s.word(at + 1), s.word(at + 2), s.word(at + 3)) {
                ("is" | "=" | "at" | "of", "set", _) => (s.word(at + 4), at + 4),
                ("is" | "=" | "at" | "of", value, _) => (value, at + 2),
                ("set", "to", value) => (value, at + 3),
                (value, ..) => (value, at + 1),
            },
        };
        if value.is_empty() || !value.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        if key == "kernel.apparmor_restrict_unprivileged_userns" && value == "1" {
            s.say(at, to, sink, Predicate::Environment(Environment::UsernsRestriction));
        }
        // `ping_group_range 0 2147483647`: more than one number.
        let more = (to + 1..to + 4)
            .take_while(|&n| !s.word(n).is_empty() && s.word(n).bytes().all(|b| b.is_ascii_digit()));
        let value = more.fold(value.to_owned(), |all, n| format!("{all} {}", s.word(n)));
        s.say(at, to, sink, Predicate::Sysctl { key, value });
    }
}

fn full(name: &str) -> Option<String> {
    let roots = ["kernel.", "net.", "fs.", "vm.", "user.", "dev."];
    let dotted = name.matches('.').count() >= 1 && roots.iter().any(|r| name.starts_with(r));
    if dotted && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Some(name.to_owned());
    }
    SHORT.iter().find(|(short, _)| *short == name).map(|(_, full)| (*full).to_owned())
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::{facts, shown};

    #[test]
    fn values_in_sentences() {
        for (text, key, value) in [
            ("host: Debian 9, kernel.unprivileged_userns_clone=0", "kernel.unprivileged_userns_clone", "0"),
            ("config: ptrace_scope is 1", "kernel.yama.ptrace_scope", "1"),
            ("host: Ubuntu, perf_event_paranoid 4", "kernel.perf_event_paranoid", "4"),
            ("user.max_user_namespaces is set to 0", "user.max_user_namespaces", "0"),
        ] {
            assert_eq!(facts(text).sysctl(key).map(|s| s.1), Some(value), "{text}");
        }
    }

    #[test]
    fn advice_is_no_value() {
        for text in [
            "you can set kernel.yama.ptrace_scope=0",
            "docker run --sysctl net.core.somaxconn=1 x",
            "it works with perf_event_paranoid=1",
        ] {
            assert!(shown(text, "Sysctl { key: \"kernel").is_empty(), "{text}");
        }
    }
}
