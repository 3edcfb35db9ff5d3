//! Failures that a log told of, each with the state that decides it, as far as configuration and what is
//! left tell.
//!
//! A log seldom tells how a file was opened. So every way that the message leaves open is asked of the
//! model of file access, and the state counts as certain only where all of them are answered alike.

use crate::dead::{Dead, Filter};
use crate::layout::plain;
use std::collections::BTreeMap;
use whodenied_access::{
    CapabilitySet, Decision, FileSystem, Inode, Kind, Mount, OpenFlags, Operation, Subject, Times, Tree,
    decide,
};
use whodenied_case::capture::{Afterwards, Capture, ProcessState, Question, SCHEMA, Thing};
use whodenied_case::{Attempt, Case, Origin, Phase};
use whodenied_kernel::{Call, Errno};
use whodenied_sources::capture::dead::{Layout, Walked, walk};
use whodenied_text::SourceId;

/// So many failures of a log are looked into.
const MOST: usize = 64;

/// One line of JSON a failure.
pub(crate) fn of(dead: &Dead, case: &Case) -> String {
    let mut out = String::new();
    let names = names(dead);
    for attempt in case.attempts.iter().filter(|a| a.phase == Phase::Program && a.printed).take(MOST) {
        let Some(capture) = told(dead, case, attempt, &names) else { continue };
        if let Ok(line) = serde_json::to_string(&capture) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// Where a failure stands: the evidence, and the line counted from 1.
fn place(case: &Case, attempt: &Attempt) -> Option<(SourceId, u32)> {
    attempt.spans.iter().find_map(|span| {
        let evidence = case.evidence.get(span.source.0 as usize)?;
        if !matches!(evidence.origin, Origin::Log { .. }) {
            return None;
        }
        let before = evidence.text.get(..span.start as usize)?;
        u32::try_from(before.bytes().filter(|b| *b == b'\n').count() + 1).ok().map(|n| (span.source, n))
    })
}

fn told(dead: &Dead, case: &Case, attempt: &Attempt, names: &BTreeMap<String, String>) -> Option<Capture> {
    let (source, line) = place(case, attempt)?;
    let errno = attempt.errno?;
    let evidence = case.evidence.get(source.0 as usize)?;
    let path = attempt.object.name.as_deref()?;
    let ids = dead.ids.as_ref()?;
    let layout = dead.layout.as_ref()?;
    let subject = subject(dead, layout)?;
    let answered = read_only(dead, attempt, path, errno, &subject)
        .or_else(|| modelled(attempt, path, errno, &subject, layout))?;
    let time = dead.times.get(line as usize - 1).copied().flatten();
    // Log lines that were sieved away shift the others.
    let time = if evidence.omitted > 0 { None } else { time };
    let mut process = ProcessState {
        uids: [subject.fsuid; 4],
        gids: [subject.fsgid; 4],
        groups: subject.groups.clone(),
        effective: subject.effective.0,
        permitted: subject.permitted.0,
        bounding: subject.bounding.0,
        no_new_privs: dead.no_new_privs,
        seccomp: if dead.filter == Filter::None { 0 } else { 2 },
        label: dead.label.clone(),
        same_user_namespace: dead.maps.uids.is_empty(),
        uid_map: dead.maps.uids.clone(),
        gid_map: dead.maps.gids.clone(),
        engine: dead.engine.to_owned(),
        ..ProcessState::default()
    };
    process.comm = attempt.subject.program.clone().unwrap_or_default();
    let unless = unless(dead, errno, &answered, time);
    let _ = ids;
    Some(Capture {
        schema: SCHEMA.to_owned(),
        line,
        syscall: attempt.syscall.clone().unwrap_or_default(),
        args: Vec::new(),
        object: Some(Thing::Path(path.to_owned())),
        second: None,
        errno: errno.0,
        process,
        question: Some(Question { subject, operation: answered.operation, world: answered.world }),
        partial: answered.partial,
        names: names.clone(),
        target_uids: None,
        filter: None,
        sysctls: BTreeMap::new(),
        after: Some(Afterwards {
            told_by: evidence.origin.name().to_owned(),
            unless,
            places: dead.places.clone(),
        }),
        missing: Vec::new(),
        blame: 0,
    })
}

/// The question that was answered, and how sure it is the one that was asked.
struct Answered {
    operation: Operation,
    world: Tree,
    partial: bool,
    /// Every way that the message leaves open is answered alike.
    alike: bool,
    /// When what decides last changed.
    changed: i128,
}

/// Why the state may have been another.
fn unless(dead: &Dead, errno: Errno, answered: &Answered, time: Option<i128>) -> String {
    if !dead.ids_are_fixed() {
        return "the program may have become another user: it had the right to".to_owned();
    }
    if errno == Errno::EPERM && !matches!(dead.filter, Filter::None | Filter::Default) {
        return "a seccomp profile of the container's own may answer with this error".to_owned();
    }
    if !answered.alike {
        return "the message does not tell how the file was to be used".to_owned();
    }
    match time.or(dead.finished.filter(|_| !dead.running)) {
        _ if answered.changed == i128::MIN => String::new(),
        Some(time) if answered.changed < time => String::new(),
        Some(_) => "something on the way was changed after the failure".to_owned(),
        None => "the log does not tell when it failed".to_owned(),
    }
}

/// A write below a path that the engine mounts read-only over /proc or /sys. EROFS comes from nothing but
/// a read-only mount or file system, and what else the kernel asks it has let through by then.
fn read_only(
    dead: &Dead,
    attempt: &Attempt,
    path: &str,
    errno: Errno,
    subject: &Subject,
) -> Option<Answered> {
    let path = plain(path)?;
    let below =
        |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if errno != Errno::EROFS || !(below("/proc") || below("/sys")) {
        return None;
    }
    let top = dead.read_only_paths.iter().filter(|p| below(p)).max_by_key(|p| p.len())?;
    // A mount of the container's own may lie over it.
    let over = dead
        .layout
        .as_ref()?
        .mounts
        .iter()
        .any(|m| std::str::from_utf8(&m.target).is_ok_and(|t| t.len() > top.len() && below(t)));
    if over {
        return None;
    }
    let directory = || Inode::new(Kind::Directory, 0o777, subject.fsuid, subject.fsgid);
    let mut tree = Tree::new(FileSystem::new(1), Mount { id: 1, ..Mount::default() }, directory());
    use whodenied_access::World as _;
    let mut at = tree.root();
    let mut walked = String::new();
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    for (n, part) in parts.iter().enumerate() {
        walked.push('/');
        walked.push_str(part);
        let last = n + 1 == parts.len();
        let inode =
            if last { Inode::new(Kind::File, 0o666, subject.fsuid, subject.fsgid) } else { directory() };
        if walked == *top {
            let on = tree.add(at, part.as_bytes(), inode.clone());
            let mount = Mount { id: 2, read_only: true, ..Mount::default() };
            at = tree.mount_new(on, FileSystem::new(2), mount, inode);
        } else {
            at = tree.add(at, part.as_bytes(), inode);
        }
    }
    let flags = OpenFlags { write: true, ..OpenFlags::default() };
    let operation = match attempt.call {
        Some(Call::Mkdir) => Operation::MakeDirectory { path: format!("{path}/x").into_bytes() },
        _ => Operation::Open { path: path.into_bytes(), flags },
    };
    let refused = matches!(decide(subject, &tree, &operation), Decision::Refused(r) if r.errno == errno);
    refused.then_some(Answered { operation, world: tree, partial: true, alike: true, changed: i128::MIN })
}

fn modelled(
    attempt: &Attempt,
    path: &str,
    errno: Errno,
    subject: &Subject,
    layout: &Layout,
) -> Option<Answered> {
    let ways = ways(attempt.call, path.as_bytes());
    let executes = attempt.call == Some(Call::Exec);
    let follow = !matches!(attempt.call, Some(Call::Unlink | Call::Mkdir | Call::Mknod | Call::Symlink));
    let Walked { tree, changed, partial } =
        walk(layout, &[(path.as_bytes().to_vec(), follow)], executes).ok()?;
    let mut refused = Vec::new();
    let mut others = false;
    let mut passed = None;
    for way in ways {
        match decide(subject, &tree, &way) {
            Decision::Refused(r) if r.errno == errno => refused.push(way),
            // Answered with another error, it is not what was tried.
            Decision::Refused(_) => {}
            Decision::Allowed => passed = Some(way),
            Decision::Unknown(_) => others = true,
        }
    }
    let alike = !others && (refused.is_empty() || passed.is_none());
    let operation = refused.into_iter().next().or(passed)?;
    Some(Answered { operation, world: tree, partial, alike, changed })
}

/// The operations that a failure may tell of.
fn ways(call: Option<Call>, path: &[u8]) -> Vec<Operation> {
    let path = || path.to_vec();
    let open = |read, write, create| Operation::Open {
        path: path(),
        flags: OpenFlags { read, write, create, ..OpenFlags::default() },
    };
    match call {
        Some(Call::Read | Call::Readdir) => vec![open(true, false, false)],
        Some(Call::Create | Call::Write) => vec![open(false, true, true), open(true, true, true)],
        Some(Call::Mkdir) => vec![Operation::MakeDirectory { path: path() }],
        Some(Call::Mknod) => vec![Operation::MakeNode { path: path(), kind: Kind::Fifo, device: (0, 0) }],
        Some(Call::Unlink) => {
            vec![Operation::Unlink { path: path() }, Operation::RemoveDirectory { path: path() }]
        }
        Some(Call::Chmod) => vec![Operation::ChangeMode { path: path(), mode: 0o755 }],
        Some(Call::Chown) => vec![
            Operation::ChangeOwner { path: path(), uid: Some(1), gid: None, follow: true },
            Operation::ChangeOwner { path: path(), uid: None, gid: Some(1), follow: true },
        ],
        Some(Call::Chdir) => vec![Operation::ChangeDirectory { path: path() }],
        Some(Call::Exec) => vec![Operation::Execute { path: path() }],
        Some(Call::Connect) => vec![Operation::Connect { path: path() }],
        Some(Call::Bind) => vec![Operation::Bind { path: path() }],
        Some(Call::Truncate) => vec![Operation::Truncate { path: path() }],
        Some(Call::Stat) => vec![Operation::Stat { path: path(), follow: true }],
        Some(Call::Utime) => vec![
            Operation::SetTimes { path: path(), times: Times::Now, follow: true },
            Operation::SetTimes { path: path(), times: Times::Given, follow: true },
        ],
        Some(Call::Open) => vec![open(true, false, false), open(false, true, false), open(false, true, true)],
        None => vec![
            open(true, false, false),
            open(false, true, false),
            open(false, true, true),
            Operation::MakeDirectory { path: path() },
        ],
        _ => Vec::new(),
    }
}

/// The process, in ids of the host.
fn subject(dead: &Dead, layout: &Layout) -> Option<Subject> {
    let ids = dead.ids.as_ref()?;
    let maps = &layout.namespace.maps;
    let (effective, bounding) = (CapabilitySet(dead.effective?), CapabilitySet(dead.bounding?));
    let groups = ids.groups.iter().filter_map(|g| maps.groups.down(*g)).collect();
    let (uid, gid) = (maps.users.down(ids.uid)?, maps.groups.down(ids.gid)?);
    Some(Subject {
        groups,
        effective,
        permitted: effective,
        bounding,
        namespace: layout.namespace.clone(),
        ..Subject::user(uid, gid)
    })
}

/// Names of ids as the container's own files give them; only where its ids are the host's.
fn names(dead: &Dead) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let Some(layout) = dead.layout.as_ref().filter(|l| l.namespace.is_first()) else { return names };
    for (kind, file) in [('u', "/etc/passwd"), ('g', "/etc/group")] {
        let Some(bytes) = whodenied_sources::capture::dead::read(layout, file, 1 << 20) else { continue };
        for line in String::from_utf8_lossy(&bytes).lines().take(2000) {
            let mut fields = line.split(':');
            if let (Some(name), Some(id)) = (fields.next(), fields.nth(1).and_then(|i| i.parse::<u32>().ok()))
            {
                names.entry(format!("{kind}{id}")).or_insert_with(|| name.to_owned());
            }
        }
    }
    names
}
