//! Records of one audit event, joined by their serial number, become one attempt.

use super::draft::{Draft, id};
use super::{apparmor, records, selinux};
use crate::record::Mark;
use std::collections::HashMap;
use whodenied_case::record::{ApparmorVerdict, SyscallRecord};
use whodenied_case::{Attempt, Claim, ObjectKind, Phase, Record, RecordKind, Says};
use whodenied_kernel::syscall::SeccompAction;
use whodenied_kernel::{Call, Errno};
use whodenied_text::Span;

/// Attempts read from records.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Refusals.
    pub(super) denied: Vec<Attempt>,
    /// What was logged but not refused: complain mode, `permissive=1`, a seccomp log action.
    pub(super) logged: Vec<Attempt>,
}

/// What the SYSCALL, PATH and CWD records of an event say.
#[derive(Debug, Default)]
struct Event<'a> {
    syscall: Option<(&'a Record, &'a SyscallRecord, Span)>,
    paths: Vec<&'a str>,
    cwd: Option<&'a str>,
    /// True when a record of a refusal belongs to the event.
    refused: bool,
}

/// Reads every attempt of `claims`.
pub(super) fn attempts(claims: &[Claim], marks: &[Mark]) -> Found {
    let marks: HashMap<Span, &Mark> = marks.iter().map(|m| (m.claim, m)).collect();
    let mut events = events(claims);
    let mut found = Found::default();
    for claim in claims {
        let Says::Record(record) = &claim.says else { continue };
        let Some((draft, refused)) = draft(&record.kind) else { continue };
        let mut attempt = draft.finish();
        let event = record.serial.and_then(|serial| events.get_mut(&key(record, serial)));
        attempt.phase = phase(&attempt);
        attempt.spans.push(claim.span);
        attempt.records.push((**record).clone());
        if let Some(event) = event {
            event.refused |= refused;
            join(&mut attempt, event);
        }
        mark(&mut attempt, marks.get(&claim.span).copied());
        if refused { found.denied.push(attempt) } else { found.logged.push(attempt) }
    }
    // A failed call that only an audit rule logged.
    for claim in claims {
        let Says::Record(record) = &claim.says else { continue };
        let RecordKind::Syscall(call) = &record.kind else { continue };
        let Some(event) = record.serial.and_then(|serial| events.get(&key(record, serial))) else { continue };
        if event.refused || event.syscall.is_none_or(|(_, _, span)| span != claim.span) {
            continue;
        }
        let Some(errno) = failed(call).filter(|e| is_refusal(*e)) else { continue };
        let mut draft = Draft { errno: Some(errno), ..Draft::default() };
        draft.subject(&call.fields);
        let mut attempt = draft.finish();
        attempt.records.push((**record).clone());
        attempt.spans.push(claim.span);
        join(&mut attempt, event);
        mark(&mut attempt, marks.get(&claim.span).copied());
        found.denied.push(attempt);
    }
    found
}

/// Who acted, by the name the kernel prints: systemd's children carry parentheses until they exec,
/// runc's a stage in brackets.
fn phase(attempt: &Attempt) -> Phase {
    let program = attempt.subject.program.as_deref().unwrap_or("");
    let runtime = matches!(program, "runc" | "crun" | "youki");
    let engine = matches!(program, "dockerd" | "containerd" | "podman" | "conmon" | "crio" | "kubelet")
        || program.starts_with("containerd-shim");
    if attempt.call == Some(Call::Kill) && (runtime || engine) {
        Phase::Stop
    } else if program.len() > 2 && program.starts_with('(') && program.ends_with(')') {
        Phase::ServiceSetup
    } else if runtime || program.starts_with("runc:[") || program.starts_with("crun:[") {
        Phase::RuntimeSetup
    } else if engine {
        Phase::Engine
    } else {
        Phase::Program
    }
}

fn key(record: &Record, serial: u64) -> (u64, u64) {
    (record.time_ms.unwrap_or(0), serial)
}

fn events(claims: &[Claim]) -> HashMap<(u64, u64), Event<'_>> {
    let mut events: HashMap<(u64, u64), Event<'_>> = HashMap::new();
    for claim in claims {
        let Says::Record(record) = &claim.says else { continue };
        let Some(serial) = record.serial else { continue };
        let event = events.entry(key(record, serial)).or_default();
        match &record.kind {
            RecordKind::Syscall(call) => {
                event.syscall.get_or_insert((record, call, claim.span));
            }
            RecordKind::Other { name, fields } => {
                let get = |k: &str| fields.iter().find(|(key, _)| key == k).map(|(_, v)| v.as_str());
                match name.as_str() {
                    "PATH" if get("nametype") != Some("PARENT") && event.paths.len() < 8 => {
                        event.paths.extend(get("name").filter(|n| *n != "(null)"));
                    }
                    "CWD" => event.cwd = get("cwd"),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    events
}

fn mark(attempt: &mut Attempt, mark: Option<&Mark>) {
    if let Some(mark) = mark {
        attempt.deciding.extend(&mark.deciding);
        attempt.count = mark.count.max(1);
    }
}

/// What the record says was tried, and whether it was refused; `None` for records that tell of no
/// attempt.
fn draft(kind: &RecordKind) -> Option<(Draft, bool)> {
    match kind {
        RecordKind::Apparmor(record) => match record.verdict {
            ApparmorVerdict::Denied => Some((apparmor::draft(record), true)),
            ApparmorVerdict::Allowed => Some((apparmor::draft(record), false)),
            // Ubuntu lets the call pass and takes the capabilities away.
            ApparmorVerdict::Audit if record.get("operation") == Some("userns_create") => {
                Some((apparmor::draft(record), false))
            }
            _ => None,
        },
        RecordKind::Selinux(avc) if avc.denied => Some((selinux::draft(avc), avc.permissive != Some(true))),
        RecordKind::Selinux(_) | RecordKind::Syscall(_) => None,
        RecordKind::Seccomp(record) => {
            let logged = record.code.map(SeccompAction::decode).is_some_and(SeccompAction::allows);
            if logged { None } else { records::seccomp(record).map(|d| (d, true)) }
        }
        RecordKind::Landlock(record) => Some((records::landlock(record), true)),
        RecordKind::Lockdown { comm, what } => Some((records::lockdown(comm, what), true)),
        RecordKind::Yama { comm, target } => Some((records::yama(comm, target), true)),
        RecordKind::Other { name, fields } => records::other(name, fields).map(|d| (d, true)),
    }
}

/// Adds what the event's SYSCALL, PATH and CWD records know.
fn join(attempt: &mut Attempt, event: &Event<'_>) {
    if let Some((record, call, span)) = event.syscall {
        let get = |key: &str| call.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        let name = call.syscall.clone();
        let family = name.as_deref().and_then(Call::from_syscall);
        attempt.call = refine(attempt.call, family);
        attempt.syscall = name.or(attempt.syscall.take());
        if let Some(errno) = failed(call) {
            attempt.errno = Some(errno);
        }
        let subject = &mut attempt.subject;
        subject.program = subject.program.take().or_else(|| get("comm").map(str::to_owned));
        subject.pid = subject.pid.or_else(|| get("pid")?.parse().ok());
        subject.uid = subject.uid.or_else(|| get("fsuid").and_then(id));
        subject.label = subject.label.take().or_else(|| get("subj").map(str::to_owned));
        if !attempt.spans.contains(&span) {
            attempt.spans.push(span);
            attempt.records.push(record.clone());
        }
    }
    // SELinux prints the last component only, Landlock the directory; PATH has the whole name.
    let shown = attempt.object.name.as_deref().unwrap_or("");
    let kind = attempt.object.kind;
    let pathlike = matches!(
        kind,
        ObjectKind::Unknown
            | ObjectKind::Path
            | ObjectKind::Directory
            | ObjectKind::Device
            | ObjectKind::UnixSocketPath
            | ObjectKind::Executable
    );
    if pathlike && !shown.starts_with('/') {
        let whole = event.paths.iter().find(|p| shown.is_empty() || p.trim_end_matches('/').ends_with(shown));
        if let Some(path) = whole {
            let full = match event.cwd {
                Some(cwd) if !path.starts_with('/') => format!("{}/{path}", cwd.trim_end_matches('/')),
                _ => (*path).to_owned(),
            };
            attempt.object.name = Some(full);
            if kind == ObjectKind::Unknown {
                attempt.object.kind = ObjectKind::Path;
            }
        }
    }
}

/// The call of the record and the family of the system call together: the record knows what was
/// asked for, the system call what was made.
fn refine(record: Option<Call>, made: Option<Call>) -> Option<Call> {
    let Some(made) = made else { return record };
    match record {
        None => Some(made),
        // A socket pair is two created sockets; a directory is written by mkdir as well as by open;
        // a socket file is made by bind.
        Some(Call::Socket) if made == Call::Socketpair => Some(made),
        Some(Call::Create | Call::Write | Call::Open | Call::Unlink | Call::Mknod)
            if matches!(
                made,
                Call::Mkdir
                    | Call::Mknod
                    | Call::Rename
                    | Call::Link
                    | Call::Symlink
                    | Call::Unlink
                    | Call::Bind
                    | Call::Connect
                    | Call::Exec
                    | Call::Chmod
                    | Call::Chown
                    | Call::Utime
                    | Call::Truncate
                    | Call::Stat
                    | Call::Access
            ) =>
        {
            Some(made)
        }
        Some(Call::Chmod) if matches!(made, Call::Chown | Call::Utime | Call::Xattr) => Some(made),
        call => call,
    }
}

/// The errno a SYSCALL record shows: `exit=-13`, `exit=EACCES(Permission denied)`.
fn failed(call: &SyscallRecord) -> Option<Errno> {
    let exit = call.exit.as_deref()?;
    if let Ok(number) = exit.parse::<i64>() {
        return i32::try_from(number.checked_neg()?).ok().filter(|n| (1..4096).contains(n)).map(Errno);
    }
    Errno::from_name(exit.split('(').next().unwrap_or(exit))
}

fn is_refusal(errno: Errno) -> bool {
    matches!(errno, Errno::EACCES | Errno::EPERM | Errno::EROFS)
}
