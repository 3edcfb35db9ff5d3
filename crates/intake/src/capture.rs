//! Captures of traced calls, put beside the attempts that the trace's lines told of.
//!
//! Hostile as any evidence: a saved case may come from anyone. A line that is no capture is named
//! and skipped.

use std::collections::BTreeMap;
use whodenied_access::{Entry, Inode, Kind, NodeId, Tree, World};
use whodenied_case::capture::{Capture, SCHEMA, Thing};
use whodenied_case::{
    Attempt, AttemptId, Case, Engine, Evidence, ObjectKind, Origin, PathState, Predicate, Standing,
};
use whodenied_kernel::{Call, Errno};
use whodenied_text::Span;

/// A trace has so many lines at most.
const MOST: usize = 512;
/// So many components of a path become facts.
const MOST_PARTS: usize = 64;

/// Reads the captures of the case and attaches each to its attempt, which is made where the line
/// alone told of none.
pub(crate) fn attach(case: &mut Case) {
    let mut found: Vec<Capture> = Vec::new();
    for evidence in case.evidence.iter().filter(|e| e.origin == Origin::Captures) {
        for (n, line) in evidence.text.lines().take(MOST).enumerate() {
            match serde_json::from_str::<Capture>(line) {
                Ok(capture) if capture.schema == SCHEMA => found.push(capture),
                Ok(_) => {
                    case.missing.push(format!("Capture {} is of another version and was not read.", n + 1))
                }
                Err(_) if line.trim().is_empty() => {}
                Err(error) => case.missing.push(format!("Capture {} can't be read: {error}.", n + 1)),
            }
        }
    }
    afterwards(case, &found);
    found.retain(|c| c.after.is_none());
    let Some(trace) = case.evidence.iter().find(|e| matches!(e.origin, Origin::Trace { .. })) else { return };
    let spans = line_spans(trace);
    let mut attempts = std::mem::take(&mut case.attempts);
    for capture in &found {
        let Some(span) = (capture.line as usize).checked_sub(1).and_then(|n| spans.get(n)).copied() else {
            continue;
        };
        let at = |a: &Attempt| {
            a.spans.iter().any(|s| s.source == span.source && s.start >= span.start && s.end <= span.end)
        };
        let index = attempts.iter().position(at).unwrap_or_else(|| {
            attempts.push(made(capture, span));
            attempts.len() - 1
        });
        let Some(attempt) = attempts.get_mut(index) else { continue };
        if attempt.live.as_ref().is_none_or(|known| known.blame < capture.blame) {
            state(attempt, capture);
            attempt.live = Some(Box::new(capture.clone()));
        }
    }
    for (i, attempt) in attempts.iter_mut().enumerate() {
        attempt.id = AttemptId(u32::try_from(i).unwrap_or(u32::MAX));
    }
    case.attempts = attempts;
    if let Some(culprit) = found.iter().max_by_key(|c| (c.blame, std::cmp::Reverse(c.line))) {
        let span = (culprit.line as usize).checked_sub(1).and_then(|n| spans.get(n)).copied();
        facts(case, culprit, span);
    }
}

/// Captures that were put together after the call stand beside the attempt that the line told of. They
/// are no facts of their own: what is certain of them stands in the state.
fn afterwards(case: &mut Case, found: &[Capture]) {
    for capture in found {
        let Some(after) = &capture.after else { continue };
        let Some(evidence) = case.evidence.iter().find(|e| {
            matches!(e.origin, Origin::Log { .. } | Origin::Paste { .. }) && e.origin.name() == after.told_by
        }) else {
            continue;
        };
        let Some(span) = (capture.line as usize).checked_sub(1).and_then(|n| {
            // A log has more lines than a trace.
            let start: usize = evidence.text.split_inclusive('\n').take(n).map(str::len).sum();
            let line = evidence.text.get(start..)?.lines().next()?;
            Some(Span::new(evidence.id, start, start + line.len()))
        }) else {
            continue;
        };
        let of_line = |a: &&mut Attempt| {
            a.errno == Some(Errno(capture.errno))
                && a.live.is_none()
                && a.spans
                    .iter()
                    .any(|s| s.source == span.source && s.start >= span.start && s.start < span.end)
        };
        if let Some(attempt) = case.attempts.iter_mut().find(of_line) {
            device(attempt, capture);
            if after.unless.is_empty() && capture.process.same_user_namespace {
                attempt.subject.uid = attempt.subject.uid.or(Some(capture.process.uids[3]));
            }
            attempt.live = Some(Box::new(capture.clone()));
        } else if capture.hidden_by.is_some() {
            // A name that is not there is a refusal only where something hides it.
            let mut attempt = made(capture, span);
            attempt.errno = Some(Errno(capture.errno));
            attempt.dialects = vec!["log"];
            thing(&mut attempt, capture);
            attempt.live = Some(Box::new(capture.clone()));
            attempt.id = AttemptId(u32::try_from(case.attempts.len()).unwrap_or(u32::MAX));
            case.attempts.push(attempt);
        }
    }
}

/// A device node by what lies there, whatever its path.
fn device(attempt: &mut Attempt, capture: &Capture) {
    let Some(question) = &capture.question else { return };
    let Some(path) = question.operation.paths().first().copied() else { return };
    let last = parts(&question.world, path, &capture.names).pop();
    if last.is_some_and(|p| matches!(p.kind, Some('b' | 'c')) && p.path.as_bytes() == path) {
        attempt.object.kind = ObjectKind::Device;
    }
}

fn line_spans(evidence: &Evidence) -> Vec<Span> {
    let mut at = 0;
    evidence
        .text
        .split_inclusive('\n')
        .take(MOST)
        .map(|line| {
            let span = Span::new(evidence.id, at, at + line.trim_end_matches('\n').len());
            at += line.len();
            span
        })
        .collect()
}

/// What the capture knows better than the line.
fn state(attempt: &mut Attempt, capture: &Capture) {
    attempt.errno = (capture.errno != 0).then_some(Errno(capture.errno));
    attempt.errno_inferred = false;
    attempt.syscall = Some(capture.syscall.clone());
    attempt.call = attempt.call.or_else(|| Call::from_syscall(&capture.syscall));
    for (name, value) in &capture.args {
        if attempt.arg(name).is_none() {
            attempt.args.push((name.clone(), value.clone()));
        }
    }
    thing(attempt, capture);
    attempt.subject.program = Some(capture.process.comm.clone());
    attempt.subject.pid = u32::try_from(capture.process.pid).ok();
    attempt.subject.uid = Some(capture.process.uids[3]);
    if !capture.process.label.is_empty() {
        attempt.subject.label = Some(capture.process.label.clone());
    }
}

/// The object, in the process's own terms.
fn thing(attempt: &mut Attempt, capture: &Capture) {
    let Some(object) = &capture.object else { return };
    let (name, kind) = match object {
        Thing::Path(path) | Thing::File(path) => (path.clone(), path_kind(attempt, path)),
        Thing::Unix(path) => (path.clone(), ObjectKind::UnixSocketPath),
        Thing::Abstract(name) => (format!("@{name}"), ObjectKind::UnixSocket),
        Thing::Inet(address, port) => {
            attempt.args.retain(|(key, _)| key != "port");
            attempt.args.push(("port".to_owned(), port.to_string()));
            let host = if address.contains(':') { format!("[{address}]") } else { address.clone() };
            (format!("{host}:{port}"), ObjectKind::Port)
        }
        Thing::Process(pid) => (pid.to_string(), ObjectKind::Process),
        Thing::Other(words) => (words.clone(), attempt.object.kind),
    };
    attempt.object.name = Some(name);
    attempt.object.kind = kind;
}

fn path_kind(attempt: &Attempt, path: &str) -> ObjectKind {
    match attempt.object.kind {
        ObjectKind::Unknown if path.starts_with("/proc/sys/") => ObjectKind::Sysctl,
        ObjectKind::Unknown if path.starts_with("/proc/") || path.starts_with("/sys/") => {
            ObjectKind::KernelFile
        }
        ObjectKind::Unknown if path.starts_with("/dev/") => ObjectKind::Device,
        ObjectKind::Unknown => ObjectKind::Path,
        known => known,
    }
}

fn made(capture: &Capture, span: Span) -> Attempt {
    let mut attempt = Attempt::new(AttemptId(0));
    attempt.printed = true;
    attempt.dialects.push("strace");
    attempt.spans.push(span);
    attempt.deciding.push(span);
    attempt.call = Call::from_syscall(&capture.syscall);
    if let Some(question) = &capture.question
        && let Some(path) = question.operation.paths().first()
    {
        attempt.object.name = Some(String::from_utf8_lossy(path).into_owned());
    }
    attempt
}

/// The state of the call that is told of first, as facts for every judge and every fix.
fn facts(case: &mut Case, capture: &Capture, span: Option<Span>) {
    let process = &capture.process;
    let mut add = |what: Predicate| {
        case.facts.add(what, Standing::Observed, span);
    };
    add(Predicate::Ids {
        uid: Some(process.uids[3]),
        gid: Some(process.gids[3]),
        groups: process.groups.clone(),
    });
    for (set, bits) in [("eff", process.effective), ("prm", process.permitted), ("bnd", process.bounding)] {
        add(Predicate::CapSet { set: set.to_owned(), bits });
    }
    if let Some(engine) = engine(&process.engine) {
        add(Predicate::Engine(engine));
    }
    add(Predicate::NoNewPrivs(process.no_new_privs));
    add(Predicate::SeccompFilter(process.seccomp == 2));
    if !process.label.is_empty() {
        add(Predicate::ProcessLabel(process.label.clone()));
    }
    for (key, value) in &capture.sysctls {
        add(Predicate::Sysctl { key: key.clone(), value: value.clone() });
    }
    for (name, short) in [
        ("Max locked memory", "memlock"),
        ("Max open files", "nofile"),
        ("Max processes", "nproc"),
        ("Max realtime priority", "rtprio"),
        ("Max nice priority", "nice"),
    ] {
        if let Some((soft, _)) = process.limits.get(name) {
            add(Predicate::Limit { name: short.to_owned(), value: soft.clone() });
        }
    }
    if !process.same_user_namespace {
        for (inside, outside, count) in process.uid_map.iter().take(16) {
            add(Predicate::IdMap(*inside, *outside, *count));
        }
    }
    if let Some(question) = &capture.question {
        for path in question.operation.paths() {
            for state in parts(&question.world, path, &capture.names) {
                add(Predicate::Path(state));
            }
        }
    }
}

fn engine(name: &str) -> Option<Engine> {
    Some(match name {
        "docker" => Engine::Docker,
        "podman" => Engine::Podman,
        "kubernetes" => Engine::Kubernetes,
        "lxc" => Engine::Lxc,
        "nspawn" => Engine::Nspawn,
        "systemd" => Engine::SystemdUnit,
        "host" => Engine::HostProcess,
        _ => return None,
    })
}

/// The state of every component of `path` that the world holds, links as they are.
fn parts(world: &Tree, path: &[u8], names: &BTreeMap<String, String>) -> Vec<PathState> {
    let mut at = if path.first() == Some(&b'/') { world.root() } else { world.cwd() };
    let mut out = Vec::new();
    let mut push = |node: NodeId| {
        if let Some(inode) = world.inode(node) {
            out.push(path_state(String::from_utf8_lossy(&world.path(node)).into_owned(), &inode, names));
        }
    };
    for name in path.split(|b| *b == b'/').filter(|c| !c.is_empty()).take(MOST_PARTS) {
        let Entry::Found(node) = world.entry(at, name) else { break };
        at = world.mounted(node).unwrap_or(node);
        push(at);
    }
    out
}

fn path_state(path: String, inode: &Inode, names: &BTreeMap<String, String>) -> PathState {
    let name =
        |kind: char, id: u32| names.get(&format!("{kind}{id}")).cloned().unwrap_or_else(|| id.to_string());
    PathState {
        path,
        kind: Some(match inode.kind {
            Kind::File => '-',
            Kind::Directory => 'd',
            Kind::Symlink => 'l',
            Kind::Fifo => 'p',
            Kind::Socket => 's',
            Kind::Character => 'c',
            Kind::Block => 'b',
        }),
        mode: Some(u32::from(inode.mode)),
        owner: Some(name('u', inode.uid)),
        group: Some(name('g', inode.gid)),
        acl: inode.acl.is_some(),
        flags: match (inode.immutable, inode.append_only) {
            (false, false) => None,
            (i, a) => Some([(i, 'i'), (a, 'a')].iter().filter(|(on, _)| *on).map(|(_, c)| c).collect()),
        },
        ..PathState::default()
    }
}
