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

/// True for a line that is kept.
pub(crate) fn matters(line: &str) -> bool {
    tells(line) || reloads(line)
}

/// True for a line that tells that a policy was loaded, replaced or removed: what a record before it says
/// of the policy may no longer hold after it.
pub(crate) fn reloads(line: &str) -> bool {
    line.contains("apparmor=\"STATUS\"") && value(line, "operation").starts_with("profile_")
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

/// The names that the kernel gives to what a command line starts, or its shell may start: the last part of
/// each word, cut at 15 bytes (TASK_COMM_LEN).
pub(crate) fn programs<'a>(command: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words = command.flat_map(|part| part.split(|c: char| c.is_whitespace() || ";|&()'\"".contains(c)));
    let names = words.map(|word| {
        let name = word.rsplit('/').next().unwrap_or("");
        let end = (0..=name.len().min(15)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
        name.get(..end).unwrap_or("").to_owned()
    });
    names.filter(|n| !n.is_empty()).take(64).collect()
}

/// Who else may have borne the container's label at the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// Nobody: no container that is left had it, and the engine's history of the whole time names no
    /// other that ran.
    None,
    /// Nobody among the containers that are left; of removed ones nothing is known.
    Unknown,
    /// Another container.
    Others,
}

/// A label that every container is given which asks for no other: one that was removed, an image that
/// was being built and another engine's container bear it too, and no list of containers shows them.
pub(crate) fn is_default(label: &str) -> bool {
    const DEFAULTS: &[&str] = &[
        "docker-default",
        "containers-default",
        "cri-containerd.apparmor.d",
        "crio-default",
        "nerdctl-default",
        "buildkit-default",
        "unconfined",
    ];
    DEFAULTS.iter().any(|d| label.starts_with(d))
}

/// An SELinux context with a pair of categories, which an engine gives to no two containers that exist at
/// the same time (opencontainers/selinux, go-selinux, uniqMcs and reserveLabel).
pub(crate) fn has_categories(label: &str) -> bool {
    let mut parts = label.splitn(4, ':');
    let (user, role, kind) = (parts.next(), parts.next(), parts.next());
    let level = parts.next().unwrap_or("");
    let (sensitivity, categories) = level.split_once(':').unwrap_or((level, ""));
    let one = |c: &str| c.strip_prefix('c').is_some_and(|n| n.parse::<u16>().is_ok());
    [user, role, kind].iter().all(|p| p.is_some_and(|p| !p.is_empty()))
        && sensitivity.strip_prefix('s').is_some_and(|n| n.parse::<u16>().is_ok())
        && categories.split_once(',').is_some_and(|(a, b)| one(a) && one(b) && a != b)
}

/// What a record is to `dead`. `company` tells who else may have borne its label then; `cgroup` gives the
/// cgroup of a process that still lives.
///
/// A label alone never makes a record its own, but for a pair of categories that nobody else has: a
/// process of a removed container leaves nothing that would tell it from one of ours.
pub(crate) fn whose(
    line: &str,
    dead: &Dead,
    company: impl FnOnce() -> Company,
    cgroup: impl FnOnce(u32) -> Option<String>,
) -> Whose {
    let profile =
        [value(line, "profile"), value(line, "label"), value(line, "scontext"), value(line, "subj")]
            .into_iter()
            .find(|v| !v.is_empty())
            .unwrap_or("");
    let peer =
        [value(line, "peer"), value(line, "tcontext")].into_iter().find(|v| !v.is_empty()).unwrap_or("");
    let pid = value(line, "pid").parse::<u32>().ok();
    if let Some(cgroup) = pid.and_then(cgroup) {
        let here = !dead.id.is_empty() && cgroup.contains(&dead.id);
        return if here { Whose::Its } else { Whose::Not };
    }
    // While the main process lived nobody else had its number.
    if let (Some(main), Some(pid), Some((when, _))) = (&dead.main, pid, stamp(line))
        && main.pid == pid
        && main.from <= when
        && when <= main.to
    {
        return Whose::Its;
    }
    let labelled = !dead.label.is_empty() && !dead.label.starts_with("unconfined");
    if !labelled {
        // A profile may be attached by the path of a program that is started, also of a container's program
        // that runs unconfined; which, is not known, but the record names the program.
        let confined = line.contains("apparmor=") || line.contains("avc:");
        let started = || dead.programs.iter().any(|p| p == value(line, "comm"));
        return if !confined || started() { Whose::Perhaps } else { Whose::Not };
    }
    let bears = |label: &str| {
        label.split("//&").any(|part| part == dead.label)
            || label.split_whitespace().next() == Some(&dead.label)
    };
    let named = bears(profile);
    if !named && !bears(peer) && !profile.is_empty() {
        return Whose::Not;
    }
    if !named || is_default(&dead.label) {
        return Whose::Perhaps;
    }
    match company() {
        Company::None => Whose::Its,
        Company::Unknown if dead.own_categories && has_categories(&dead.label) => Whose::Its,
        Company::Unknown | Company::Others => Whose::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead::Main;

    const RECORD: &str = "audit: type=1400 audit(1796085370.123:45): apparmor=\"DENIED\" operation=\"create\" profile=\"docker-default\" pid=484 comm=\"python3\" family=\"unix\"";

    fn docker() -> Dead {
        Dead { id: "abc123".into(), engine: "docker", label: "docker-default".into(), ..Dead::default() }
    }

    #[test]
    fn parts_of_records() {
        assert_eq!(stamp(RECORD).map(|s| s.0), Some(1_796_085_370_123_000_000));
        assert_eq!((value(RECORD, "pid"), value(RECORD, "profile")), ("484", "docker-default"));
        assert_eq!((value(RECORD, "id"), value("a=\"", "a"), value("opid=3", "pid")), ("", "", ""));
        assert!(tells(RECORD) && !tells("apparmor=\"STATUS\" operation=\"profile_load\""));
    }

    #[test]
    fn a_shared_label_never_makes_a_record_its_own() {
        let none = |_| None;
        for company in [Company::None, Company::Unknown, Company::Others] {
            for label in [
                "docker-default",
                "containers-default-0.57.4",
                "cri-containerd.apparmor.d",
                "nerdctl-default",
            ] {
                let dead = Dead { label: label.into(), ..docker() };
                let record = RECORD.replace("docker-default", label);
                assert_eq!(whose(&record, &dead, || company, none), Whose::Perhaps, "{label}");
            }
        }
        // A process that still lives tells by its cgroup.
        let dead = docker();
        let company = || Company::Others;
        assert_eq!(whose(RECORD, &dead, company, |_| Some("/docker/abc123".into())), Whose::Its);
        assert_eq!(whose(RECORD, &dead, company, |_| Some("/docker/fff".into())), Whose::Not);
        let other = RECORD.replace("docker-default", "/usr/sbin/ntpd");
        assert_eq!(whose(&other, &dead, company, none), Whose::Not);
    }

    #[test]
    fn a_profile_of_its_own_takes_a_history_without_others() {
        let dead = Dead { label: "docker-mealie".into(), ..docker() };
        let record = RECORD.replace("docker-default", "docker-mealie");
        let none = |_| None;
        assert_eq!(whose(&record, &dead, || Company::None, none), Whose::Its);
        assert_eq!(whose(&record, &dead, || Company::Unknown, none), Whose::Perhaps);
        assert_eq!(whose(&record, &dead, || Company::Others, none), Whose::Perhaps);
        let stop = "apparmor=\"DENIED\" operation=\"signal\" profile=\"runc\" pid=1 comm=\"runc\" peer=\"docker-mealie\"";
        assert_eq!(whose(stop, &dead, || Company::None, none), Whose::Perhaps);
        // Only a part of a name.
        let longer = RECORD.replace("docker-default", "docker-mealie2");
        assert_eq!(whose(&longer, &dead, || Company::None, none), Whose::Not);
    }

    #[test]
    fn categories_that_nobody_else_has_are_a_name() {
        let label = "system_u:system_r:container_t:s0:c554,c595";
        let record =
            format!("avc:  denied  {{ read }} for  pid=9 comm=\"cat\" scontext={label} tcontext=x:y:z:s0");
        let dead = Dead { label: label.into(), own_categories: true, ..docker() };
        let none = |_| None;
        assert_eq!(whose(&record, &dead, || Company::Unknown, none), Whose::Its);
        assert_eq!(whose(&record, &dead, || Company::Others, none), Whose::Perhaps);
        // A level that a person chose may be another container's as well.
        let chosen = Dead { own_categories: false, ..dead.clone() };
        assert_eq!(whose(&record, &chosen, || Company::Unknown, none), Whose::Perhaps);
        let shared = "system_u:system_r:container_t:s0";
        let dead = Dead { label: shared.into(), own_categories: true, ..docker() };
        let record = record.replace(label, shared);
        assert_eq!(whose(&record, &dead, || Company::Unknown, none), Whose::Perhaps);
        for (label, has) in
            [(label, true), ("a:b:c:s0:c1", false), ("a:b:c:s0:c1,c1", false), ("docker-default", false)]
        {
            assert_eq!(has_categories(label), has, "{label}");
        }
    }

    #[test]
    fn a_main_process_is_known_by_its_number() {
        let at = |s: i128| s * SECOND;
        let main = |from, to| Some(Main { pid: 484, from: at(from), to: at(to) });
        let unit = Dead { main: main(1_796_085_360, 1_796_085_380), ..Dead::default() };
        let none = |_| None;
        let company = || Company::Unknown;
        assert_eq!(whose(RECORD, &unit, company, none), Whose::Its);
        let before = Dead { main: main(1_796_085_371, 1_796_085_380), ..Dead::default() };
        assert_eq!(whose(RECORD, &before, company, none), Whose::Not);
        let named = Dead { programs: vec!["python3".into()], ..before };
        assert_eq!(whose(RECORD, &named, company, none), Whose::Perhaps);
        let after = Dead { main: main(1_796_085_360, 1_796_085_369), ..Dead::default() };
        assert_eq!(whose(RECORD, &after, company, none), Whose::Not);
    }

    #[test]
    fn containers_without_a_label() {
        let (none, company) = (|_| None, || Company::None);
        let unlabelled = Dead { id: "abc123".into(), engine: "docker", ..Dead::default() };
        assert_eq!(whose(RECORD, &unlabelled, company, none), Whose::Not);
        // A host's profile that attaches to the path of what a container without a profile starts.
        let label = "unconfined".to_owned();
        let program = Dead {
            label,
            programs: programs(["/usr/bin/python3 /app.py"].into_iter()),
            ..unlabelled.clone()
        };
        assert_eq!(whose(RECORD, &program, company, none), Whose::Perhaps);
        let killed = "audit: type=1326 audit(1.2:3): pid=7 comm=\"sh\" sig=31 syscall=165";
        assert_eq!(whose(killed, &unlabelled, company, none), Whose::Perhaps);
    }
}
