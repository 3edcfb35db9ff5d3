//! Values of sysctls: `sysctl -a` lines, `cat /proc/sys/…` with the value below, sysctl.conf.
//!
//! Source: sysctl(8), sysctl.conf(5).

use super::Here;
use crate::context::clause;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Predicate};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let Some((key, value)) = pair(here.text).or_else(|| below(here)) else { return false };
    if clause::is_trial(&here.text.to_lowercase()) || is_act(here.text) {
        return false;
    }
    if key == "kernel.apparmor_restrict_unprivileged_userns" && value == "1" {
        here.say(sink, "sysctl", Predicate::Environment(Environment::UsernsRestriction));
    }
    here.say(sink, "sysctl", Predicate::Sysctl { key, value });
    true
}

fn is_act(text: &str) -> bool {
    text.contains("sysctl -w") || text.contains("tee ") || text.contains('>') || text.contains("--sysctl")
}

/// `/proc/sys/net/ipv4/x` as `net.ipv4.x`.
pub(super) fn dotted(path: &str) -> Option<String> {
    let rest = path.strip_prefix("/proc/sys/")?;
    let rest = rest.trim_end_matches(|c: char| ":,.;)`'\"".contains(c));
    (!rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.-".contains(&b)))
        .then(|| rest.replace('/', "."))
}

/// True for a name under one of the kernel's roots.
pub(super) fn is_name(key: &str) -> bool {
    let root = ["kernel.", "net.", "fs.", "vm.", "user.", "dev.", "debug.", "abi."]
        .iter()
        .any(|r| key.starts_with(r));
    root && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/*".contains(&b))
        && key.matches('.').count() < 8
}

/// `kernel.x = v`, `net.ipv4.x=v`, `/proc/sys/kernel/x: v`, `kernel.x is v`.
fn pair(text: &str) -> Option<(String, String)> {
    if let Some(path) = text.split([':', '=', ' ']).next().filter(|p| p.starts_with("/proc/sys/")) {
        let rest = text.get(path.len()..)?.trim_start_matches([':', '=', ' ']).trim();
        let value = rest.strip_prefix("is ").unwrap_or(rest);
        return Some((dotted(path)?, number(value)?));
    }
    let bare = text.trim_start_matches("sysctl ").trim_start_matches("$ ");
    let cut = bare.find(['=', ':']).or_else(|| bare.find(" is "));
    let cut = cut?;
    let key = bare.get(..cut)?.trim();
    let rest = bare.get(cut..)?.trim_start_matches(['=', ':']).trim();
    let rest = rest.strip_prefix("is ").unwrap_or(rest);
    if !is_name(key) {
        return None;
    }
    let value = number(rest)?;
    let numeric = value.bytes().all(|b| b.is_ascii_digit() || b" -".contains(&b));
    // A word is a value only where it is assigned.
    (numeric || bare.contains('=')).then(|| (key.replace('/', "."), value))
}

/// A value of a sysctl: numbers, or one word such as `|/usr/lib/…` of core_pattern; the comment is cut.
fn number(text: &str) -> Option<String> {
    let bare = text.split('#').next().unwrap_or(text);
    let bare = bare.split('(').next().unwrap_or(bare).trim().trim_end_matches(['.', ',', ';']);
    let numbers =
        bare.split_whitespace().all(|w| w.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()));
    let word = !bare.contains(char::is_whitespace);
    (!bare.is_empty() && (numbers || word) && bare.len() < 120)
        .then(|| bare.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The value under `cat /proc/sys/…` or `sysctl -n NAME`.
fn below(here: Here<'_>) -> Option<(String, String)> {
    let above = here.above(1);
    let value = number(here.text)
        .filter(|v| v.split(' ').all(|w| w.bytes().all(|b| b.is_ascii_digit() || b == b'-')))?;
    let command = above.trim_start_matches(['$', '#', ' ']);
    let word = command.split_whitespace().last()?;
    if command.starts_with("cat ") || command.starts_with("sudo cat ") || command.contains(" cat ") {
        return Some((dotted(word)?, value));
    }
    (command.contains("sysctl -n ") && is_name(word)).then(|| (word.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, shown};
    use whodenied_case::Environment;

    #[test]
    fn values() {
        for (text, key, value) in [
            ("kernel.yama.ptrace_scope = 1", "kernel.yama.ptrace_scope", "1"),
            ("net.ipv4.ping_group_range = 1\t0", "net.ipv4.ping_group_range", "1 0"),
            ("fs.inotify.max_user_watches = 2097152", "fs.inotify.max_user_watches", "2097152"),
            ("/proc/sys/kernel/perf_event_paranoid: 4", "kernel.perf_event_paranoid", "4"),
            ("$ cat /proc/sys/user/max_user_namespaces\n0", "user.max_user_namespaces", "0"),
            ("kernel.unprivileged_userns_clone is 0", "kernel.unprivileged_userns_clone", "0"),
        ] {
            let f = facts(text);
            assert_eq!(f.sysctl(key).map(|s| s.1), Some(value), "{text}");
        }
        assert!(
            facts("kernel.apparmor_restrict_unprivileged_userns = 1").has(Environment::UsernsRestriction)
        );
    }

    #[test]
    fn acts_and_experiments_are_no_values() {
        for text in [
            "sudo sysctl -w kernel.yama.ptrace_scope=0",
            "echo 0 | sudo tee /proc/sys/kernel/yama/ptrace_scope",
            "it works with kernel.yama.ptrace_scope=0",
            "net.core: x",
            "kernel: 5 things happened",
        ] {
            assert!(shown(text, "Sysctl { key").is_empty(), "{text}");
        }
    }
}
