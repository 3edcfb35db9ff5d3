//! More refusals told without the error of a call: a capability that is missing, raw access to the
//! machine, a mount said to be read-only by its options, and the answer of a service that asks
//! polkit.
//!
//! Read only where nothing of the document names a failure.

use super::unit::Unit;
use crate::segment::Document;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::{Call, Capability, Errno};

const COMPLAINTS: [&str; 9] = [
    "unable to ",
    "cannot ",
    "can't ",
    "could not ",
    "couldn't ",
    "failed to ",
    "failed ",
    "error opening ",
    "error writing ",
];

/// What a line of this document tells.
pub(super) fn said(unit: &Unit, doc: &Document) -> Option<Failure> {
    capability(unit).or_else(|| raw_access(unit)).or_else(|| mount_options(unit)).or_else(|| asked(unit, doc))
}

/// `failed to raise CAP_NET_ADMIN capability`, `missing CAP_SYS_NICE`, `requires CAP_BPF`.
fn capability(unit: &Unit) -> Option<Failure> {
    const GAINED: [&str; 10] =
        ["raise", "acquire", "gain", "obtain", "apply", "grant", "keep", "retain", "enable", "set"];
    const LACKED: [&str; 8] = [
        "missing",
        "lacks",
        "lacking",
        "does not have",
        "doesn't have",
        "not have",
        "insufficient",
        "no effective",
    ];
    let low = unit.low.as_str();
    let at = low.find("cap_")?;
    let word = low.get(at..)?.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next()?;
    let capability = Capability::from_name(word)?;
    // Settings and drop lists name capabilities without lacking any.
    let left = low.get(..at)?;
    let tail = left.char_indices().rev().nth(48).map_or(left, |(i, _)| left.get(i..).unwrap_or(left));
    let fails = COMPLAINTS.iter().any(|c| left.contains(c));
    let gains = fails && GAINED.iter().any(|w| tail.contains(w));
    // What a manual or a comment asks for is no failure.
    let errs = ["error", "fatal", "fail", "panic", "warn"].iter().any(|w| left.contains(w));
    let wanted = errs
        && !left.trim_start().starts_with(['#', '/', ';', '*'])
        && ["require", "need", "without"].iter().any(|w| tail.contains(w));
    if !gains && !wanted && !LACKED.iter().any(|w| tail.contains(w)) {
        return None;
    }
    Some(Failure {
        call: gains.then_some(Call::Capset),
        args: vec![("capability".to_owned(), capability.name()?.trim_start_matches("CAP_").to_owned())],
        errno: Some(Errno::EPERM),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// `Unable to open /dev/mem`, `Unable to write to MSR`: what only the kernel's own rules keep from root.
fn raw_access(unit: &Unit) -> Option<Failure> {
    const RAW: [(&[&str], &str); 4] = [
        (&["/dev/mem", "/dev/kmem"], "/dev/mem"),
        (&["/dev/port"], "/dev/port"),
        (&["to msr", "msr register", "/msr", " msrs", "the msr"], "/dev/cpu/0/msr"),
        (&["/proc/kcore"], "/proc/kcore"),
    ];
    let low = unit.low.as_str();
    let missing = low.contains("no such") || low.contains("not found");
    if missing || !COMPLAINTS.iter().any(|c| low.contains(c)) {
        return None;
    }
    let (_, object) = RAW.iter().find(|(words, _)| words.iter().any(|w| low.contains(w)))?;
    Some(Failure {
        call: Some(if low.contains("writ") { Call::Write } else { Call::Open }),
        kind: ObjectKind::Device,
        object: Some((*object).to_owned()),
        errno: Some(Errno::EPERM),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// `sysfs is not writable: {… Opts:[ro nosuid …]}`: the options of the mount tell why.
fn mount_options(unit: &Unit) -> Option<Failure> {
    let low = unit.low.as_str();
    let complains = low.contains("not writable") || COMPLAINTS.iter().any(|c| low.contains(c));
    let read_only = ["opts:[ro", "options:[ro", "options are [ro", "options=ro,", "options: ro", "(ro,"];
    if !complains || !read_only.iter().any(|o| low.contains(o)) {
        return None;
    }
    let names = super::object::names(&unit.text);
    let named = names.iter().filter_map(|n| unit.text.get(n.at.clone())).find(|n| n.starts_with('/'));
    let labelled = unit.text.split_once("Path:").map(|(_, r)| r.split([' ', '}', ',']).next().unwrap_or(r));
    let object = match labelled.filter(|p| p.starts_with('/')).or(named) {
        Some(path) => path,
        None if low.contains("sysfs") => "/sys",
        None if low.contains("proc") => "/proc",
        None => return None,
    };
    Some(Failure {
        call: Some(Call::Write),
        kind: ObjectKind::Path,
        object: Some(object.to_owned()),
        errno: Some(Errno::EROFS),
        errno_inferred: true,
        ..Failure::default()
    })
}

/// `error: access denied` of a client, where rules of polkit stand beside it.
fn asked(unit: &Unit, doc: &Document) -> Option<Failure> {
    const ANSWERS: [&str; 5] =
        ["access denied", "not authorized", "permission denied", "interaction required", "not authorised"];
    const RULES: [&str; 4] = ["polkit.addrule", "polkit-1", "resultactive", "polkit.result"];
    let bare = unit.low.trim().trim_end_matches('.');
    let answer = ANSWERS.iter().any(|a| {
        bare.strip_suffix(a).is_some_and(|l| {
            let l = l.trim_end();
            l.is_empty() || l.ends_with(':')
        })
    });
    let ruled = || {
        doc.lines.iter().take(2000).any(|l| {
            let low = l.text.to_ascii_lowercase();
            RULES.iter().any(|w| low.contains(w))
        })
    };
    (answer && ruled()).then(|| Failure {
        call: Some(Call::Dbus),
        errno: Some(Errno::EACCES),
        errno_inferred: true,
        ..Failure::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::read_text;
    use whodenied_kernel::{Call, Errno};

    fn first(text: &str) -> Option<(Option<Call>, Option<Errno>, String)> {
        let case = read_text(text);
        case.attempts.first().map(|a| (a.call, a.errno, a.object_name().to_owned()))
    }

    #[test]
    fn told_without_an_error() {
        let case = read_text("panic: failed to raise CAP_NET_ADMIN capability");
        assert_eq!(case.attempts.first().and_then(|a| a.arg("capability")), Some("NET_ADMIN"));
        assert!(first("tool failed: it needs CAP_SYS_ADMIN").is_some());
        assert_eq!(first("# needs CAP_SYS_ADMIN, fails otherwise"), None);
        assert_eq!(first("CapabilityBoundingSet=CAP_NET_RAW"), None);
        assert_eq!(
            first("[W] Unable to open /dev/mem. Some features might not work."),
            Some((Some(Call::Open), Some(Errno::EPERM), "/dev/mem".to_owned()))
        );
        assert_eq!(
            first("polkit.addRule(function(a, s) {\n\nerror: access denied").map(|f| f.0),
            Some(Some(Call::Dbus))
        );
    }
}
