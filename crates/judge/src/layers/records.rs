//! What a kernel record says, in a sentence: AppArmor's part.

use crate::say::{Say, denies};
use whodenied_case::record::{ApparmorRecord, ApparmorVerdict, capability_of};
use whodenied_case::{Attempt, RecordKind, Support};
use whodenied_kernel::Layer;

/// AppArmor's answer where the attempt has one of its records.
pub(super) fn apparmor(attempt: &Attempt) -> Option<Say> {
    let mut logged = None;
    for record in &attempt.records {
        let RecordKind::Apparmor(record) = &record.kind else { continue };
        let profile = record.profile().unwrap_or("?").to_owned();
        match record.verdict {
            ApparmorVerdict::Denied => {
                let said =
                    denies(attempt, Layer::Apparmor, Support::Record, 100, sentence(record)).policy(profile);
                return Some(said);
            }
            ApparmorVerdict::Allowed => {
                let because = "The profile is in complain mode: it logged what it would refuse and let it pass, so nothing was blocked.";
                logged = Some(denies(attempt, Layer::Apparmor, Support::Usual, 50, because).policy(profile));
            }
            ApparmorVerdict::Audit if record.get("operation") == Some("userns_create") => {
                let because = "The program was let into a user namespace but moved into a profile that takes every capability away there.";
                let policy = record.get("target").unwrap_or("unprivileged_userns").to_owned();
                logged = Some(denies(attempt, Layer::Apparmor, Support::Default, 60, because).policy(policy));
            }
            _ => {}
        }
    }
    logged
}

/// What the record means, by its class and operation.
fn sentence(record: &ApparmorRecord) -> String {
    let operation = record.get("operation").unwrap_or("");
    let class = record.get("class").unwrap_or("");
    let mut text = if record.dbus {
        "dbus-daemon asked AppArmor, and the sender's profile has no dbus rule for this message.".to_owned()
    } else {
        match (class, operation) {
            (_, "signal") => signal(record),
            (_, "ptrace") => ptrace(record),
            (_, "capable") => {
                let cap = capability_of(record).map_or("the capability".to_owned(), |c| c.to_string());
                format!("The task holds {cap}, but its profile does not grant it.")
            }
            (_, "mount" | "umount" | "pivotroot" | "remount") => mount(record),
            (
                _,
                "change_onexec" | "change_profile" | "stack" | "stack_onexec" | "change_hat" | "setprocattr",
            ) => transition(record),
            (_, "userns_create") => "The profile does not allow creating a user namespace.".to_owned(),
            ("posix_mqueue", _) => {
                "The profile mediates message queues and has no rule for this one.".to_owned()
            }
            ("io_uring", _) | (_, "uring_override" | "uring_sqpoll") => {
                "The profile mediates io_uring and has no rule for it.".to_owned()
            }
            ("rlimits", _) | (_, "setrlimit") => "The profile does not allow setting this limit.".to_owned(),
            _ if record.get("family").is_some() => socket(record),
            (_, "exec") => "The profile has no execute rule for this program.".to_owned(),
            (_, "file_mmap" | "file_mprotect") => {
                "The profile has no m (map executable) for this file.".to_owned()
            }
            _ => file(record),
        }
    };
    if let Some(extra) = info(record) {
        text.push(' ');
        text.push_str(extra);
    }
    text
}

fn signal(record: &ApparmorRecord) -> String {
    let which = record.get("signal").unwrap_or("the signal").to_owned();
    let peer = record.get("peer").unwrap_or("the other side");
    let stacked = if peer.contains("//&") {
        " The peer's label is a stack of several profiles, which a rule for one of them does not match."
    } else {
        ""
    };
    if record.requested().is_some_and(|r| r.contains("send")) {
        format!("The sender's profile does not allow sending signal {which} to {peer}.{stacked}")
    } else {
        format!("The receiver's profile has no rule that accepts signal {which} from {peer}.{stacked}")
    }
}

fn ptrace(record: &ApparmorRecord) -> String {
    let peer = record.get("peer").unwrap_or("the other process");
    let asked = record.requested().unwrap_or("trace");
    let stacked = if peer.contains("//&") {
        " The peer's label is a stack, which a rule for one part does not match."
    } else {
        ""
    };
    format!(
        "The profile has no ptrace rule for {asked} with {peer} (reading another process's /proc files asks for it too).{stacked}"
    )
}

fn mount(record: &ApparmorRecord) -> String {
    let part = match record.get("info").unwrap_or("") {
        info if info.contains("flags") => "no mount rule has this combination of flags",
        info if info.contains("type") => "no mount rule has this file system type",
        info if info.contains("srcname") => "no mount rule has this source",
        info if info.contains("mntpnt") => "no mount rule has this mount point",
        info if info.contains("data") => "no mount rule has these options",
        _ => "the profile has no rule for it, or denies every mount",
    };
    let what = record.get("fstype").map_or_else(String::new, |t| format!(" of type {t}"));
    format!("The profile refuses the mount{what}: {part}.")
}

fn transition(record: &ApparmorRecord) -> String {
    let target = record.get("target").or_else(|| record.get("name")).unwrap_or("the new profile");
    match record.get("info").unwrap_or("") {
        info if info.contains("label not found") => {
            format!("The process was to run under the profile {target}, which is not loaded in the kernel.")
        }
        info if info.contains("no new privs") => {
            format!("no_new_privs is set, and {target} is not a subset of the present profile.")
        }
        _ => format!("The present profile has no change_profile rule for {target}."),
    }
}

fn socket(record: &ApparmorRecord) -> String {
    let family = record.get("family").unwrap_or("?");
    if family == "unix" && record.get("info").is_some_and(|i| i.contains("protocol match")) {
        return "The kernel mediates Unix sockets finely, but the profile was compiled for a feature set that does not know them: its network rule ends after family and type, so every Unix socket is refused.".to_owned();
    }
    let kind = record.get("sock_type").map_or_else(String::new, |t| format!(" {t}"));
    format!("The profile has no rule for this use of {family}{kind} sockets.")
}

fn file(record: &ApparmorRecord) -> String {
    let asked = record.denied().or_else(|| record.requested()).unwrap_or("");
    if asked.is_empty() {
        "The profile does not allow it.".to_owned()
    } else {
        format!("The profile has no rule that grants {asked} on this path.")
    }
}

/// What `info=` adds.
fn info(record: &ApparmorRecord) -> Option<&'static str> {
    let info = record.get("info")?;
    Some(if info.contains("disconnected") {
        "The object is not reachable from the task's root, so its path has no leading slash and no rule matches."
    } else if info.contains("deleted entry") {
        "The file was removed while it was open, and the profile lacks mediate_deleted."
    } else if info.contains("name too long") {
        "The path is longer than the module's path_max."
    } else if info.contains("find unprivileged_userns") {
        "The host restricts user namespaces to programs whose profile allows them."
    } else if info.contains("profile transition not found") {
        "The profile to change to on execution is not loaded."
    } else {
        return None;
    })
}
