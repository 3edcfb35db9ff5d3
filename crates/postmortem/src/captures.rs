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
use whodenied_case::{Attempt, Case, ObjectKind, Origin, Phase};
use whodenied_kernel::{Call, Capability, Errno};
use whodenied_sources::capture::dead::{Layout, Source, Walked, walk};
use whodenied_text::SourceId;

/// So many failures of a log are looked into.
const MOST: usize = 64;

/// One line of JSON a failure.
pub(crate) fn of(dead: &Dead, case: &Case) -> String {
    let mut out = String::new();
    let names = names(dead);
    let printed = case.attempts.iter().filter(|a| a.phase == Phase::Program && a.printed).take(MOST);
    let told = printed.filter_map(|attempt| told(dead, case, attempt, &names));
    for capture in told.chain(masked(dead, case)) {
        if let Ok(line) = serde_json::to_string(&capture) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// Files that a program did not find below a directory of /proc or /sys which the engine covers with an empty
/// file system, though the machine has them.
fn masked(dead: &Dead, case: &Case) -> Vec<Capture> {
    let mut found = Vec::new();
    for evidence in case.evidence.iter().filter(|e| matches!(e.origin, Origin::Log { .. })) {
        for (n, line) in evidence.text.lines().enumerate() {
            if found.len() >= MOST {
                return found;
            }
            if !line.contains("No such file or directory") && !line.contains("ENOENT") {
                continue;
            }
            let Some((mask, path)) = dead.masked_paths.iter().find_map(|m| Some((m, below(line, m)?))) else {
                continue;
            };
            // Of the machine's own: what the mask covers is the same for every process.
            let there = plain(path).is_some_and(|p| p == path) && std::fs::symlink_metadata(path).is_ok();
            let (Some(capture), Ok(line)) = (hidden(dead, mask, path), u32::try_from(n + 1)) else {
                continue;
            };
            if there {
                let after =
                    Afterwards { told_by: evidence.origin.name().to_owned(), ..Afterwards::default() };
                found.push(Capture { line, after: Some(after), ..capture });
            }
        }
    }
    found
}

/// The path below `mask` that a line names.
fn below<'a>(line: &'a str, mask: &str) -> Option<&'a str> {
    let rest = line.get(line.find(&format!("{mask}/"))?..)?;
    let end = rest.find(|c: char| c.is_whitespace() || "'\"`:,;)]}".contains(c)).unwrap_or(rest.len());
    rest.get(..end).map(|p| p.trim_end_matches('/')).filter(|p| p.len() > mask.len())
}

fn hidden(dead: &Dead, mask: &str, path: &str) -> Option<Capture> {
    let attempt = Attempt { errno: Some(Errno::ENOENT), ..Attempt::new(whodenied_case::AttemptId(0)) };
    let mut capture = state(dead, &attempt, None, &BTreeMap::new())?;
    capture.object = Some(Thing::Path(path.to_owned()));
    capture.syscall = "openat".to_owned();
    capture.hidden_by = Some((mask.to_owned(), "tmpfs".to_owned()));
    Some(capture)
}

/// Where a failure stands: the evidence, and the line counted from 1.
pub(crate) fn place(case: &Case, attempt: &Attempt) -> Option<(SourceId, u32)> {
    // Where the engine kept no log, what a person gave beside the container's name is what it printed.
    let kept = case.evidence.iter().any(|e| matches!(e.origin, Origin::Log { .. }));
    attempt.spans.iter().find_map(|span| {
        let evidence = case.evidence.get(span.source.0 as usize)?;
        match evidence.origin {
            Origin::Log { .. } => {}
            Origin::Paste { .. } if !kept => {}
            _ => return None,
        }
        let before = evidence.text.get(..span.start as usize)?;
        u32::try_from(before.bytes().filter(|b| *b == b'\n').count() + 1).ok().map(|n| (span.source, n))
    })
}

fn told(dead: &Dead, case: &Case, attempt: &Attempt, names: &BTreeMap<String, String>) -> Option<Capture> {
    let (source, line) = place(case, attempt)?;
    let evidence = case.evidence.get(source.0 as usize)?;
    let filter = crate::filter::answer(dead, attempt);
    let refuses = filter.as_ref().is_some_and(|f| f.code != LETS_THROUGH);
    // Log lines that were sieved away shift the others.
    let timed = evidence.omitted == 0 && matches!(evidence.origin, Origin::Log { .. });
    let time = dead.times.get(line as usize - 1).copied().flatten().filter(|_| timed);
    let files = if refuses { None } else { on_files(dead, attempt, time) };
    if files.is_none() && filter.is_none() {
        return None;
    }
    let mut capture = state(dead, attempt, files, names)?;
    capture.line = line;
    capture.filter = filter;
    if let Some(after) = &mut capture.after {
        after.told_by = evidence.origin.name().to_owned();
    }
    Some(capture)
}

/// SECCOMP_RET_ALLOW.
const LETS_THROUGH: u32 = 0x7fff_0000;

/// The question about files that a failure asks, its answer, and why that may have been another.
fn on_files(dead: &Dead, attempt: &Attempt, time: Option<i128>) -> Option<(Subject, Answered, String)> {
    let errno = attempt.errno?;
    let path = attempt.object.name.as_deref().filter(|_| is_path(attempt))?;
    let layout = dead.layout.as_ref()?;
    let asked = Asked { attempt, path, errno, layout };
    let (subject, answered, ids) = as_configured(dead, &asked).or_else(|| as_another(dead, &asked))?;
    let unless = if ids.is_empty() { unless(dead, &asked, &answered, time) } else { ids };
    Some((subject, answered, unless))
}

/// True where the object is a path: an address or a process has a name that could be read as one.
fn is_path(attempt: &Attempt) -> bool {
    use ObjectKind::{
        Device, Directory, Executable, KernelFile, MountPoint, Path, Sysctl, UnixSocketPath, Unknown,
    };
    match attempt.call {
        Some(Call::Bind | Call::Connect) => attempt.object.kind == UnixSocketPath,
        _ => matches!(
            attempt.object.kind,
            Unknown
                | Path
                | Directory
                | Device
                | KernelFile
                | MountPoint
                | Sysctl
                | UnixSocketPath
                | Executable
        ),
    }
}

/// What is known of the process, and the question where there is one.
fn state(
    dead: &Dead,
    attempt: &Attempt,
    files: Option<(Subject, Answered, String)>,
    names: &BTreeMap<String, String>,
) -> Option<Capture> {
    let (subject, answered, unless) = match files {
        Some((subject, answered, unless)) => (subject, Some(answered), unless),
        None => (Subject::user(0, 0), None, "its ids are not known".to_owned()),
    };
    let process = ProcessState {
        comm: attempt.subject.program.clone().unwrap_or_default(),
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
    Some(Capture {
        places: None,
        schema: SCHEMA.to_owned(),
        line: 0,
        syscall: attempt.syscall.clone().unwrap_or_default(),
        args: Vec::new(),
        object: answered.as_ref().and(attempt.object.name.clone()).map(Thing::Path),
        second: None,
        errno: attempt.errno?.0,
        process,
        partial: answered.as_ref().is_some_and(|a| a.partial),
        question: answered.map(|a| Question { subject, operation: a.operation, world: a.world }),
        names: names.clone(),
        target_uids: None,
        target_label: String::new(),
        resolved: Vec::new(),
        start: None,
        lost: None,
        landlock: None,
        hidden_by: None,
        limit: None,
        filter: None,
        sysctls: BTreeMap::new(),
        after: Some(Afterwards { told_by: String::new(), unless, places: dead.places.clone() }),
        missing: Vec::new(),
        blame: 0,
    })
}

/// What a failure asks of the model.
struct Asked<'a> {
    attempt: &'a Attempt,
    path: &'a str,
    errno: Errno,
    layout: &'a Layout,
}

/// The answer for the ids that the configuration gives, and why they may have been others, "" when that
/// does not matter.
fn as_configured(dead: &Dead, asked: &Asked<'_>) -> Option<(Subject, Answered, String)> {
    let subject = subject(dead, asked.layout)?;
    if let Some(lost) = lost(asked, &subject) {
        return Some(lost);
    }
    let answered = read_only(dead, asked, &subject).or_else(|| modelled(asked, &subject))?;
    if dead.ids_are_fixed() {
        return Some((subject, answered, String::new()));
    }
    // What refuses a root that passes modes refuses everyone.
    let passes =
        subject.bounding.has(Capability::DAC_OVERRIDE) && dead.ids.as_ref().is_some_and(|i| i.uid == 0);
    if passes && answered.refused {
        return Some((subject, answered, String::new()));
    }
    if passes && dead.becomes.is_some() && asked.errno == Errno::EACCES {
        return None;
    }
    let unless = "the program has become another user, which it had the right to".to_owned();
    Some((subject, answered, unless))
}

/// The answer for the user that a program which starts as root is told to become by its environment.
fn as_another(dead: &Dead, asked: &Asked<'_>) -> Option<(Subject, Answered, String)> {
    let (uid, gid) = dead.becomes?;
    let maps = &asked.layout.namespace.maps;
    let subject = Subject {
        bounding: CapabilitySet(dead.bounding?),
        namespace: asked.layout.namespace.clone(),
        ..Subject::user(maps.users.down(uid)?, maps.groups.down(gid)?)
    };
    let answered = modelled(asked, &subject).filter(|a| a.refused)?;
    Some((
        subject,
        answered,
        format!("the program did not become user {uid}, as its environment tells it to"),
    ))
}

/// The question that was answered, and how sure it is the one that was asked.
struct Answered {
    operation: Operation,
    world: Tree,
    partial: bool,
    /// It was refused with the error that was printed.
    refused: bool,
    /// Every way that the message leaves open is answered alike.
    alike: bool,
    /// When what decides last changed.
    changed: i128,
}

/// Why the state may have been another.
fn unless(dead: &Dead, asked: &Asked<'_>, answered: &Answered, time: Option<i128>) -> String {
    if asked.errno == Errno::EPERM && !matches!(dead.filter, Filter::None | Filter::Default) {
        return "a seccomp profile of the container's own answers with this error".to_owned();
    }
    // The path hooks of making, removing and changing come before the mode of the directory is asked.
    let early = !matches!(
        answered.operation,
        Operation::Open { .. } | Operation::Execute { .. } | Operation::Stat { .. }
    );
    let creates = matches!(&answered.operation, Operation::Open { flags, .. } if flags.create);
    if (early || creates) && asked.errno == Errno::EACCES && !open_profile(&dead.label) {
        return format!("the profile {} refuses it before", dead.label);
    }
    if !answered.alike {
        return "the file was to be used in another way, which the message does not tell".to_owned();
    }
    match time.or(dead.finished.filter(|_| !dead.running)) {
        _ if answered.changed == i128::MIN => String::new(),
        Some(time) if answered.changed < time => String::new(),
        Some(_) => "something on the way was changed after the failure".to_owned(),
        None => {
            "something on the way was changed after the failure, of which the log tells no time".to_owned()
        }
    }
}

/// No AppArmor profile, one of the engines' own, which let every file by but those of /proc and /sys, or
/// the context of another module, which is asked after the mode.
fn open_profile(label: &str) -> bool {
    const OWN: &[&str] = &[
        "docker-default",
        "containers-default",
        "cri-containerd.apparmor.d",
        "nerdctl-default",
        "unconfined",
    ];
    label.is_empty() || label.contains(':') || OWN.iter().any(|own| label.starts_with(own))
}

/// A write below a path that the engine mounts read-only over /proc or /sys. EROFS comes from nothing but
/// a read-only mount or file system, and what else the kernel asks it has let through by then.
fn read_only(dead: &Dead, asked: &Asked<'_>, subject: &Subject) -> Option<Answered> {
    use whodenied_access::World as _;
    let path = plain(asked.path)?;
    let below =
        |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if asked.errno != Errno::EROFS || !(below("/proc") || below("/sys")) {
        return None;
    }
    let top =
        dead.read_only_paths.iter().chain(&dead.masked_paths).filter(|p| below(p)).max_by_key(|p| p.len())?;
    // A mount of the container's own may lie over it.
    let mut mounts = asked.layout.mounts.iter().filter_map(|m| std::str::from_utf8(&m.target).ok());
    if mounts.any(|t| t.len() > top.len() && below(t)) {
        return None;
    }
    let directory = || Inode::new(Kind::Directory, 0o777, subject.fsuid, subject.fsgid);
    let mut tree = Tree::new(FileSystem::new(1), Mount { id: 1, ..Mount::default() }, directory());
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
    let operation = match asked.attempt.call {
        Some(Call::Mkdir) => Operation::MakeDirectory { path: format!("{path}/x").into_bytes() },
        _ => Operation::Open { path: path.into_bytes(), flags },
    };
    let refused =
        matches!(decide(subject, &tree, &operation), Decision::Refused(r) if r.errno == asked.errno);
    let changed = i128::MIN;
    refused.then_some(Answered { operation, world: tree, partial: true, refused, alike: true, changed })
}

/// A program that was to be executed from a tmpfs without the right to: the file went with the container,
/// so that it could be executed by its mode is assumed.
fn lost(asked: &Asked<'_>, subject: &Subject) -> Option<(Subject, Answered, String)> {
    use whodenied_access::World as _;
    let path = plain(asked.path)?;
    let executes = matches!(asked.attempt.call, None | Some(Call::Exec | Call::Open));
    if asked.errno != Errno::EACCES || !executes {
        return None;
    }
    let (mount, rest) = asked.layout.mounts.iter().rev().find_map(|m| {
        let target = std::str::from_utf8(&m.target).ok()?;
        let fresh = m.no_exec && matches!(m.source, Source::Fresh(..));
        Some((m, path.strip_prefix(target)?.strip_prefix('/')?)).filter(|_| fresh)
    })?;
    let open = |kind| Inode::new(kind, 0o777, subject.fsuid, subject.fsgid);
    let mut tree = Tree::new(FileSystem::new(1), Mount { id: 1, ..Mount::default() }, open(Kind::Directory));
    let mut at = tree.root();
    let target = std::str::from_utf8(&mount.target).ok()?;
    for part in target.split('/').filter(|p| !p.is_empty()) {
        at = tree.add(at, part.as_bytes(), open(Kind::Directory));
    }
    let flags = Mount { id: 2, no_exec: true, ..Mount::default() };
    at = tree.mount_new(at, FileSystem::new(2), flags, open(Kind::Directory));
    let parts: Vec<&str> = rest.split('/').collect();
    for (n, part) in parts.iter().enumerate() {
        let kind = if n + 1 == parts.len() { Kind::File } else { Kind::Directory };
        at = tree.add(at, part.as_bytes(), open(kind));
    }
    let operation = Operation::Execute { path: path.into_bytes() };
    let refused =
        matches!(decide(subject, &tree, &operation), Decision::Refused(r) if r.errno == asked.errno);
    let answered =
        Answered { operation, world: tree, partial: true, refused, alike: true, changed: i128::MIN };
    let unless = "the file, which went with the container, had no x in its mode".to_owned();
    refused.then_some((subject.clone(), answered, unless))
}

fn modelled(asked: &Asked<'_>, subject: &Subject) -> Option<Answered> {
    let Asked { attempt, path, errno, layout } = asked;
    let executes = attempt.call == Some(Call::Exec);
    let follow = !matches!(attempt.call, Some(Call::Unlink | Call::Mkdir | Call::Mknod | Call::Symlink));
    let Walked { tree, changed, partial } =
        walk(layout, &[(path.as_bytes().to_vec(), follow)], executes).ok()?;
    let mut refused = Vec::new();
    let mut others = false;
    let mut passed = None;
    for way in ways(attempt.call, path.as_bytes()) {
        match decide(subject, &tree, &way) {
            Decision::Refused(r) if r.errno == *errno => refused.push(way),
            // Answered with another error, it is not what was tried.
            Decision::Refused(_) => {}
            Decision::Allowed => passed = Some(way),
            Decision::Unknown(_) => others = true,
        }
    }
    let alike = !others && (refused.is_empty() || passed.is_none());
    let is_refused = !refused.is_empty();
    let operation = refused.into_iter().next().or(passed)?;
    Some(Answered { operation, world: tree, partial, refused: is_refused, alike, changed })
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
