//! What is told of files is read back and compared with the automaton: of lines that match, the last counts.

use super::*;
use crate::binary::{Limits, decode};
use crate::evaluate::file;

fn compiled(name: &str) -> Profile {
    let path = format!("{}/data/compiled/{name}", env!("CARGO_MANIFEST_DIR"));
    decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap().units.remove(0).profile
}

/// Matches a pattern as apparmor.d(5) has them: `*` and `**` that are a whole name or all of a rest stand for
/// one byte at least.
fn matches(pattern: &[u8], text: &[u8], before: u8) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return text.is_empty() };
    let some = |stars: &[u8]| before == b'/' && matches!(stars.first(), None | Some(b'/'));
    if pattern.starts_with(b"**") {
        let rest = &pattern[2..];
        let from = usize::from(some(rest));
        return (from..=text.len()).any(|n| matches(rest, &text[n..], b'*'));
    }
    match first {
        b'*' => {
            let from = usize::from(some(rest));
            let most = text.iter().position(|b| *b == b'/').unwrap_or(text.len());
            (from..=most).any(|n| matches(rest, &text[n..], b'*'))
        }
        b'?' => text.split_first().is_some_and(|(b, t)| *b != b'/' && matches(rest, t, *b)),
        b'[' => {
            let end = rest.iter().position(|b| *b == b']').unwrap();
            let (set, rest) = (&rest[..end], &rest[end + 1..]);
            let (not, set) = match set.split_first() {
                Some((b'^', set)) => (true, set),
                _ => (false, set),
            };
            let within = |b: u8| {
                let mut set = set;
                loop {
                    match set {
                        [a, b'-', z, more @ ..] => {
                            if (*a..=*z).contains(&b) {
                                return true;
                            }
                            set = more;
                        }
                        [a, more @ ..] => {
                            if *a == b {
                                return true;
                            }
                            set = more;
                        }
                        [] => return false,
                    }
                }
            };
            text.split_first().is_some_and(|(b, t)| within(*b) != not && matches(rest, t, *b))
        }
        b'\\' => text.first() == rest.first() && matches(&rest[1..], &text[1..], rest[0]),
        _ => text.first() == Some(&first) && matches(rest, &text[1..], first),
    }
}

/// What the lines say of a path: the letters that are allowed.
fn told(rules: &[String], path: &str) -> String {
    let mut allowed = String::new();
    for rule in rules {
        let words: Vec<&str> = rule.trim_end_matches(',').split(' ').collect();
        match words.as_slice() {
            ["deny", pattern, letters] if matches(pattern.as_bytes(), path.as_bytes(), b' ') => {
                allowed.retain(|c| !(letters.contains(c) || c == 'i' && letters.contains('x')));
            }
            ["nothing", "on", pattern] if matches(pattern.as_bytes(), path.as_bytes(), b' ') => {
                allowed.clear();
            }
            [pattern, letters, ..]
                if pattern.starts_with('/') && matches(pattern.as_bytes(), path.as_bytes(), b' ') =>
            {
                allowed = (*letters).to_owned();
            }
            _ => {}
        }
    }
    allowed
}

/// Paths made of names that rules tell apart.
fn paths() -> Vec<String> {
    let names = [
        "proc",
        "sys",
        "k",
        "kc",
        "kcore",
        "kernel",
        "s",
        "sh",
        "shm",
        "shmmax",
        "sysrq-trigger",
        "1",
        "12",
        "f",
        "fs",
        "c",
        "cg",
        "cgr",
        "cgroup",
        "firmware",
        "devices",
        "virtual",
        "powercap",
        "security",
        "m",
        "x",
        "xx",
        "xxx",
        "hostname",
        "self",
    ];
    let mut out = vec!["/".to_owned()];
    let mut level = vec![String::new()];
    for depth in 0..4 {
        let mut next = Vec::new();
        for base in &level {
            for name in names {
                // Deeper down only below the places that rules speak of.
                if depth == 0 || base.starts_with("/proc") || base.starts_with("/sys") {
                    next.push(format!("{base}/{name}"));
                }
            }
        }
        out.extend(next.iter().cloned());
        out.extend(next.iter().map(|p| format!("{p}/")));
        level = next;
        if depth == 2 {
            level.retain(|p| {
                ["/sys/fs/", "/sys/f/", "/proc/sys/", "/sys/dev"].iter().any(|b| p.starts_with(b))
            });
        }
    }
    out
}

#[test]
fn what_is_told_of_files_is_what_the_automaton_says() {
    for name in [
        "docker-default-linux-6.1-parser-3.0.8",
        "docker-default-linux-6.12-parser-4.1.0",
        "docker-default-linux-7.3-parser-5.0.2",
    ] {
        let profile = compiled(name);
        let section = files_of(profile.file.as_ref().unwrap());
        assert!(!section.more && section.rules.len() < 50, "{:#?}", section.rules);
        for path in paths() {
            let said = told(&section.rules, &path);
            for (letter, bit) in [('r', bit::READ), ('w', bit::WRITE), ('x', bit::EXEC), ('k', bit::LOCK)] {
                let allowed = file(&profile, path.as_bytes(), true, bit).outcome.passes();
                assert_eq!(
                    said.contains(letter),
                    allowed,
                    "{name}: {path} {letter}: {said}\n{:#?}",
                    section.rules
                );
            }
        }
    }
}

#[test]
fn other_classes_are_told_in_a_line_each() {
    let old = describe(&compiled("docker-default-linux-6.1-parser-3.0.8"), &Kernel::mainline(6, 1));
    let of = |class: Class| old.sections.iter().find(|s| s.class == class).unwrap().rules.clone();
    assert_eq!(of(Class::Mount), ["deny mount,", "umount,", "no pivot_root at all"]);
    assert_eq!(of(Class::Cap), ["capability,"]);
    assert_eq!(of(Class::NetV8), ["network every family: everything"]);
    assert_eq!(of(Class::Signal).len(), 5);
    assert!(of(Class::Signal).contains(&"signal (receive) peer=unconfined,".to_owned()));
    assert!(of(Class::Ptrace).contains(&"ptrace (be read by, be traced by),".to_owned()));
    assert!(!old.unmediated.contains(&Class::Namespace), "6.1 knows nothing of them");
}
