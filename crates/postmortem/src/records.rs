//! Which records of the kernel are of the container that is explained.

use crate::dead::Dead;
use crate::time::SECOND;

/// Marks of the records that tell of refusals.
const MARKS: &[&str] = &[
    "apparmor=\"DENIED\"",
    "apparmor=\"AUDIT\"",
    "apparmor=\"KILLED\"",
    "avc:  denied",
    "avc: denied",
    "type=1326",
    "type=SECCOMP",
    "SECCOMP ",
    "type=1423",
    "LANDLOCK_ACCESS",
    "Lockdown: ",
    "ptrace attach of",
    "too revealing",
    "type=1420",
    "IPE_ACCESS",
    "FANOTIFY",
];

/// True for a line that tells of a refusal.
pub(crate) fn tells(line: &str) -> bool {
    MARKS.iter().any(|m| line.contains(m))
}

/// The value of `key=`, without quotes; "" where there is none.
pub(crate) fn value<'a>(line: &'a str, key: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = line.get(from..).and_then(|l| l.find(key)).map(|at| at + from) {
        let end = at + key.len();
        let begins = at == 0 || line.as_bytes().get(at - 1).is_some_and(u8::is_ascii_whitespace);
        if begins && line.as_bytes().get(end) == Some(&b'=') {
            let rest = line.get(end + 1..).unwrap_or("");
            return match rest.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().unwrap_or(""),
                None => rest.split_whitespace().next().unwrap_or(""),
            };
        }
        from = end;
    }
    ""
}

/// The time in `audit(1796085370.123:45)`, and the whole as the record's name.
pub(crate) fn stamp(line: &str) -> Option<(i128, &str)> {
    let at = line.find("audit(")?;
    let inner = line.get(at + 6..)?.split(')').next()?;
    let (seconds, rest) = inner.split_once('.')?;
    let millis = rest.split(':').next()?;
    let time = seconds.parse::<i128>().ok()? * SECOND + millis.parse::<i128>().ok()? * 1_000_000;
    Some((time, inner))
}

/// What a record is to the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Of it and nothing else.
    Its,
    /// Of it or of another program of its time.
    Perhaps,
    /// Of something else.
    Not,
}

/// What a record is to `dead`. `alone` is true when no other container under the same label lived then;
/// `cgroup` gives the cgroup of a process that still lives.
pub(crate) fn whose(
    line: &str,
    dead: &Dead,
    alone: impl FnOnce() -> bool,
    cgroup: impl FnOnce(u32) -> Option<String>,
) -> Whose {
    let profile =
        [value(line, "profile"), value(line, "label"), value(line, "scontext"), value(line, "subj")]
            .into_iter()
            .find(|v| !v.is_empty())
            .unwrap_or("");
    let peer =
        [value(line, "peer"), value(line, "tcontext")].into_iter().find(|v| !v.is_empty()).unwrap_or("");
    if let Some(cgroup) = value(line, "pid").parse().ok().and_then(cgroup) {
        let here = !dead.id.is_empty() && cgroup.contains(&dead.id);
        return if here { Whose::Its } else { Whose::Not };
    }
    let labelled = !dead.label.is_empty() && !dead.label.starts_with("unconfined");
    if !labelled {
        // A record of a confining module names the confined.
        let confined = line.contains("apparmor=") || line.contains("avc:");
        return if confined && !profile.contains("unconfined") { Whose::Not } else { Whose::Perhaps };
    }
    let bears = |label: &str| {
        label.split("//&").any(|part| part == dead.label)
            || label.split_whitespace().next() == Some(&dead.label)
    };
    let named = bears(profile);
    if !named && !bears(peer) && !profile.is_empty() {
        return Whose::Not;
    }
    if named && alone() { Whose::Its } else { Whose::Perhaps }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "audit: type=1400 audit(1796085370.123:45): apparmor=\"DENIED\" operation=\"create\" profile=\"docker-default\" pid=484 comm=\"python3\" family=\"unix\"";

    fn docker() -> Dead {
        Dead { id: "abc123".into(), label: "docker-default".into(), ..Dead::default() }
    }

    #[test]
    fn parts_of_records() {
        assert_eq!(stamp(RECORD).map(|s| s.0), Some(1_796_085_370_123_000_000));
        assert_eq!((value(RECORD, "pid"), value(RECORD, "profile")), ("484", "docker-default"));
        assert_eq!((value(RECORD, "id"), value("a=\"", "a"), value("opid=3", "pid")), ("", "", ""));
        assert!(tells(RECORD) && !tells("apparmor=\"STATUS\" operation=\"profile_load\""));
    }

    #[test]
    fn only_what_can_be_of_no_other_is_its() {
        let dead = docker();
        let none = |_| None;
        assert_eq!(whose(RECORD, &dead, || true, none), Whose::Its);
        assert_eq!(whose(RECORD, &dead, || false, none), Whose::Perhaps);
        assert_eq!(whose(RECORD, &dead, || false, |_| Some("/docker/abc123".into())), Whose::Its);
        assert_eq!(whose(RECORD, &dead, || true, |_| Some("/docker/fff".into())), Whose::Not);
        let other = RECORD.replace("docker-default", "/usr/sbin/ntpd");
        assert_eq!(whose(&other, &dead, || true, none), Whose::Not);
        let stop = "apparmor=\"DENIED\" operation=\"signal\" profile=\"runc\" pid=1 comm=\"runc\" peer=\"docker-default\"";
        assert_eq!(whose(stop, &dead, || true, none), Whose::Perhaps);
        let unlabelled = Dead { id: "abc123".into(), ..Dead::default() };
        assert_eq!(whose(RECORD, &unlabelled, || true, none), Whose::Not);
        let killed = "audit: type=1326 audit(1.2:3): pid=7 comm=\"sh\" sig=31 syscall=165";
        assert_eq!(whose(killed, &unlabelled, || true, none), Whose::Perhaps);
    }
}
