//! What the kernel decided a failed call by, read while its thread still stands in it.

pub mod dead;
mod filters;
mod hidden;
mod landlock;
mod limits;
mod line;
mod masked;
pub(crate) mod mounts;
mod operation;
pub(crate) mod process;
pub(crate) mod sys;
mod sysctl;
pub(crate) mod walk;

use crate::trace::{Call, DecodedCall, Object, Tracee};
pub use filters::Filters;
pub use hidden::{apart, hidden, mount_of};
pub use landlock::Domains;
pub use line::{killed, line, opened};
pub use masked::{Mask, Masks};
pub use process::start;
use std::collections::BTreeMap;
use walk::{Untold, Walk};
use whodenied_access::{CapabilitySet, Operation, Settings, Subject, UserNamespace, places};
use whodenied_case::capture::{Capture, ProcessState, Question, SCHEMA, Thing};

/// Reads everything that can decide `call`. The thread must be stopped in it.
///
/// `line` is the line of the trace that tells of it. What can't be read is said in
/// [`Capture::missing`].
#[must_use]
pub fn capture(call: &Call, decoded: &DecodedCall, line: u32) -> Capture {
    let tracee = Tracee { tid: call.tid };
    let mut missing = Vec::new();
    let process = process::state(tracee, call.pid, &mut missing);
    let sysctls = sysctl::sysctls(tracee, &process, decoded.name, &mut missing);
    let (question, partial) = match question(tracee, &process, decoded, &sysctls, &mut missing) {
        Ok(found) => found,
        Err(Untold(why)) => {
            missing.push(why);
            (None, false)
        }
    };
    let resolved = resolved(tracee, &process, decoded).unwrap_or_default();
    Capture {
        schema: SCHEMA.to_owned(),
        line,
        syscall: decoded.name.to_owned(),
        args: decoded.args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        object: decoded.object.as_ref().map(thing),
        second: decoded.second.as_ref().map(thing),
        errno: call.errno().map_or(0, |e| e.0),
        limit: limits::limit(tracee, call, decoded, &process),
        names: names(tracee, &process, question.as_ref()),
        target_uids: target(tracee, decoded).and_then(uids),
        target_label: target(tracee, decoded).map(process::label_of).unwrap_or_default(),
        resolved,
        process,
        partial,
        question,
        filter: None,
        start: None,
        lost: None,
        hidden_by: None,
        landlock: None,
        sysctls,
        after: None,
        places: None,
        missing,
        blame: 0,
    }
}

/// The state of a process that has just executed `file` and runs without the privilege of it: a
/// call that succeeded, so without an errno.
#[must_use]
pub fn executed(tid: crate::trace::Tid, file: &str) -> Capture {
    let tracee = Tracee { tid };
    let mut missing = Vec::new();
    let process = process::state(tracee, tid, &mut missing);
    let sysctls = sysctl::sysctls(tracee, &process, "execve", &mut missing);
    Capture {
        schema: SCHEMA.to_owned(),
        line: 0,
        syscall: "execve".to_owned(),
        args: Vec::new(),
        object: Some(Thing::Path(file.to_owned())),
        second: None,
        errno: 0,
        limit: None,
        names: names(tracee, &process, None),
        target_uids: None,
        target_label: String::new(),
        resolved: Vec::new(),
        process,
        partial: false,
        question: None,
        filter: None,
        start: None,
        lost: None,
        hidden_by: None,
        landlock: None,
        after: None,
        places: None,
        sysctls,
        missing,
        blame: 0,
    }
}

/// The paths of a call on mounts, without links; `None` where one leads nowhere or can't be walked.
fn resolved(tracee: Tracee, process: &ProcessState, decoded: &DecodedCall) -> Option<Vec<String>> {
    if !matches!(decoded.name, "mount" | "umount" | "umount2" | "pivot_root") {
        return None;
    }
    let mut found = Vec::new();
    for object in [decoded.object.as_ref(), decoded.second.as_ref()].into_iter().flatten() {
        let Object::Path(path) = object else { return None };
        let mut walk = Walk::new(tracee, process).ok()?;
        if let Some(base) = operation::base(path) {
            walk.set_base(&base).ok()?;
        }
        walk.path(&path.given, true).ok()?;
        let asked = Operation::ChangeDirectory { path: path.given.clone() };
        let place = places(&walk.into_tree(), &asked)?.into_iter().next()?;
        let mut name = String::from_utf8(place.path).ok()?;
        if place.directory && !name.ends_with('/') {
            name.push('/');
        }
        found.push(name);
    }
    Some(found)
}

fn question(
    tracee: Tracee,
    process: &ProcessState,
    decoded: &DecodedCall,
    sysctls: &BTreeMap<String, String>,
    missing: &mut Vec<String>,
) -> Result<(Option<Question>, bool), Untold> {
    let Some(asked) = operation::of(decoded) else { return Ok((None, false)) };
    let mut walk = Walk::new(tracee, process)?;
    walk.executes = matches!(asked.operation, whodenied_access::Operation::Execute { .. });
    let mut bases: Vec<_> = asked.paths.iter().filter_map(|(path, _)| operation::base(path)).collect();
    bases.dedup();
    match bases.as_slice() {
        [] => {}
        [base] => walk.set_base(base)?,
        _ => return Err(Untold("The two paths are relative to different directories.".to_owned())),
    }
    for (path, follow) in &asked.paths {
        walk.path(&path.given, *follow)?;
    }
    if let whodenied_access::Operation::Execute { .. } = &asked.operation {
        interpreters(&mut walk)?;
    }
    if walk.foreign {
        return Err(Untold(
            "A file system on the way decides by rules of its own, not by mode and owner.".to_owned(),
        ));
    }
    let partial = walk.partial;
    if walk.hidden {
        missing.push(
            "What lies behind the directory that refused could not be seen: more may be refused there."
                .to_owned(),
        );
    }
    let subject = subject(process, walk.namespace().clone());
    let mut world = walk.into_tree();
    let level = |key: &str| sysctls.get(key).and_then(|v| v.parse().ok()).unwrap_or(0);
    world.settings = Settings {
        symlinks: level("fs.protected_symlinks"),
        hardlinks: level("fs.protected_hardlinks"),
        fifos: level("fs.protected_fifos"),
        regular: level("fs.protected_regular"),
        release: release().unwrap_or(Settings::default().release),
    };
    Ok((Some(Question { subject, operation: asked.operation, world }), partial))
}

/// What a call is on, as a capture holds it.
#[must_use]
pub fn thing(object: &Object) -> Thing {
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    match object {
        Object::Path(path) => Thing::Path(text(&path.full)),
        Object::File { target, .. } => Thing::File(text(target)),
        Object::Unix(path) => Thing::Unix(text(&path.full)),
        Object::UnixAbstract(name) => Thing::Abstract(String::from_utf8_lossy(name).into_owned()),
        Object::Inet { address, port } => Thing::Inet(address.to_string(), *port),
        Object::Process { pid } => Thing::Process(*pid),
        other => Thing::Other(other.to_string()),
    }
}

/// The process that a call was on. Process ids of another namespace are not followed.
fn target(tracee: Tracee, decoded: &DecodedCall) -> Option<i32> {
    if tracee.link("ns/pid") != std::fs::read_link("/proc/self/ns/pid").ok() {
        return None;
    }
    let pid = match &decoded.object {
        Some(Object::Process { pid }) => *pid,
        // A file of another process.
        Some(Object::Path(path)) => {
            let rest = path.full.strip_prefix("/proc").ok()?;
            rest.components().next()?.as_os_str().to_str()?.parse().ok()?
        }
        _ => return None,
    };
    (pid > 0).then_some(pid)
}

/// Real and saved user of a process.
fn uids(pid: i32) -> Option<[u32; 2]> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut ids = status.lines().find_map(|l| l.strip_prefix("Uid:"))?.split_whitespace();
    let real = ids.next()?.parse().ok()?;
    Some([real, ids.nth(1)?.parse().ok()?])
}

/// The names of the ids that occur, from the files in the tracee's own root.
fn names(tracee: Tracee, process: &ProcessState, question: Option<&Question>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    // Ids of another namespace have other names there.
    if !process.same_user_namespace {
        return names;
    }
    let mut ids: Vec<(char, u32)> = process.groups.iter().map(|g| ('g', *g)).collect();
    ids.extend([('u', process.uids[3]), ('g', process.gids[3])]);
    if let Some(question) = question {
        for (uid, gid) in question.world.owners() {
            ids.extend([('u', uid), ('g', gid)]);
        }
    }
    for (kind, file) in [('u', "root/etc/passwd"), ('g', "root/etc/group")] {
        let text = std::fs::read_to_string(tracee.proc(file)).unwrap_or_default();
        for line in text.lines().take(100_000) {
            let mut fields = line.split(':');
            let (Some(name), Some(id)) = (fields.next(), fields.nth(1)) else { continue };
            if let Ok(id) = id.parse()
                && ids.contains(&(kind, id))
            {
                names.entry(format!("{kind}{id}")).or_insert_with(|| name.to_owned());
            }
        }
    }
    names
}

/// Major and minor number of the running kernel.
pub(crate) fn release() -> Option<(u16, u16)> {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Walks to the interpreters that a script names, as deep as the kernel follows them
/// (fs/exec.c, exec_binprm: five).
fn interpreters(walk: &mut Walk) -> Result<(), Untold> {
    for _ in 0..5 {
        let Some(next) = walk.interpreter() else { return Ok(()) };
        walk.path(&next, true)?;
    }
    Ok(())
}

pub(crate) fn subject(process: &ProcessState, namespace: UserNamespace) -> Subject {
    Subject {
        uid: process.uids[0],
        gid: process.gids[0],
        euid: process.uids[1],
        fsuid: process.uids[3],
        fsgid: process.gids[3],
        groups: process.groups.clone(),
        effective: CapabilitySet(process.effective),
        permitted: CapabilitySet(process.permitted),
        bounding: CapabilitySet(process.bounding),
        inheritable: CapabilitySet(process.inheritable),
        no_setuid_fixup: false,
        namespace,
    }
}
