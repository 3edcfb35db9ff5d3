//! What is kept of a trace while it runs: bounded, whatever the command does.

use super::blame::{self, Failure};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use whodenied_case::capture::{Capture, LimitUse, Lost, ProcessState, Start};
use whodenied_kernel::Errno;
use whodenied_sources::capture::{
    Domains, Filters, Masks, apart, capture, executed, hidden, killed, line, mount_of, opened,
};
use whodenied_sources::trace::{
    Call, Event, Flow, Object, Observer, PrivilegeLost, Status, Tid, Tracee, decode,
};
use whodenied_text::escape;

/// So many different failures are kept, each with how often it happened.
const MOST: usize = 4096;
/// So many are explained in full.
const CAPTURED: usize = 96;
/// So many processes are told from others in the kernel's records.
const FOLLOWED: usize = 1 << 16;
/// So many are kept with the instructions of the filter that refused.
const PROGRAMS: usize = 4;
/// The end of what was printed matters, not its beginning.
const PRINTED: usize = 48 << 10;

/// Keeps what matters of a trace.
pub(in crate::command) struct Recorder {
    failures: Vec<Failure>,
    /// Which failure a line stands for.
    known: HashMap<String, usize>,
    left_out: u64,
    printed: Vec<u8>,
    order: u32,
    ends: HashMap<Tid, (u32, Status)>,
    parents: HashMap<Tid, Tid>,
    remarks: Vec<String>,
    filters: Filters,
    domains: Domains,
    /// The processes that were followed: the latest of many.
    pids: HashSet<Tid>,
    /// The command runs under our own accelerating filter, which is none of its.
    accelerated: bool,
    /// How the command was started.
    start: Option<Start>,
    /// Of a container's clone: paths inside and where they lie on the host.
    places: Option<Vec<(String, String)>>,
    /// The privilege that the program of a process runs without.
    lost: HashMap<Tid, Lost>,
    /// What is masked in the view of a process, where anything is.
    masks: HashMap<Tid, Rc<Masks>>,
    /// That of our own mount namespace.
    own_masks: Option<Rc<Masks>>,
    /// Processes whose mount namespace or root is another than ours.
    apart: HashSet<Tid>,
    /// Processes that run without the privilege of their file because of us alone: what they are
    /// refused tells nothing of how it is without us.
    ours: HashSet<Tid>,
}

/// A trace as evidence.
pub(in crate::command) struct Recorded {
    pub(in crate::command) lines: String,
    pub(in crate::command) captures: String,
    pub(in crate::command) printed: String,
    pub(in crate::command) remarks: Vec<String>,
}

impl Recorder {
    pub(in crate::command) fn new(start: Option<Start>) -> Self {
        Self {
            accelerated: false,
            pids: HashSet::new(),
            start,
            places: None,
            lost: HashMap::new(),
            apart: HashSet::new(),
            masks: HashMap::new(),
            own_masks: None,
            ours: HashSet::new(),
            failures: Vec::new(),
            known: HashMap::new(),
            left_out: 0,
            printed: Vec::new(),
            order: 0,
            ends: HashMap::new(),
            parents: HashMap::new(),
            remarks: Vec::new(),
            filters: Filters::default(),
            domains: Domains::default(),
        }
    }

    /// The same of a container whose files lie at `places` of the host.
    pub(in crate::command) fn within(places: Vec<(String, String)>) -> Self {
        Self { places: Some(places), ..Self::new(None) }
    }

    /// True when any call failed that is kept.
    pub(super) fn failed_any(&self) -> bool {
        !self.failures.is_empty()
    }

    /// The processes that were followed.
    pub(super) fn pids(&self) -> &HashSet<Tid> {
        &self.pids
    }

    /// The labels of the processes that failed and of those that they meant.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.failures.iter().flat_map(|f| [f.capture.process.label.as_str(), f.capture.target_label.as_str()])
    }

    /// True when the command ran under our accelerating filter.
    pub(super) fn accelerated(&self) -> bool {
        self.accelerated
    }

    /// A call failed, or a filter answered it with a signal.
    fn failed(&mut self, call: &Call, signalled: bool) {
        let errno = if signalled { Errno(0) } else { call.errno().unwrap_or(Errno(0)) };
        let decoded = decode(call);
        let text = if signalled { killed(call.pid, &decoded) } else { line(call.pid, &decoded, errno) };
        if let Some(known) = self.known.get(&text).and_then(|i| self.failures.get_mut(*i)) {
            known.count += 1;
            known.order = self.order;
            return;
        }
        if self.failures.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let hidden_by = (errno == Errno::ENOENT).then(|| {
            hidden(call, &decoded).or_else(|| {
                let Some(Object::Path(path)) = &decoded.object else { return None };
                let mask = self.masks.get(&call.pid)?.over(&path.full)?;
                Some((mask.point.clone(), mask.by.to_owned()))
            })
        });
        let hidden_by = hidden_by.flatten();
        if errno == Errno::ENOENT && hidden_by.is_none() && !self.filters.refuse(call, errno) {
            return;
        }
        let mut capture = capture(call, &decoded, 0);
        // Memory, disks and patience run out without a limit too.
        let alone = matches!(errno, Errno::ENOMEM | Errno::EAGAIN | Errno::EFBIG)
            && blame::limited(errno, call.name)
            && !matches!(
                decoded.name,
                "clone" | "clone3" | "fork" | "vfork" | "mlock" | "mlock2" | "mlockall"
            );
        let exceeded = capture.limit.as_ref().is_some_and(LimitUse::exceeded);
        if alone && !exceeded && !self.filters.refuse(call, errno) {
            return;
        }
        if self.accelerated {
            without_ours(&mut capture.process);
        }
        capture.hidden_by = hidden_by;
        capture.start.clone_from(&self.start);
        capture.places.clone_from(&self.places);
        capture.lost = self.lost.get(&call.pid).cloned();
        capture.errno = errno.0;
        capture.filter = self.filters.answer(call);
        capture.landlock = self.domains.answer(call, &decoded);
        self.known.insert(text.clone(), self.failures.len());
        self.failures.push(Failure {
            line: text,
            name: decoded.name,
            object: decoded.object.as_ref().map(ToString::to_string),
            errno,
            pid: call.pid,
            order: self.order,
            count: 1,
            launching: call.launching,
            capture,
        });
    }

    /// A file was opened that a mount makes read as empty: a failure when the program ends badly.
    fn opened(&mut self, call: &Call) {
        let Some(mask) = self.masks.get(&call.pid).and_then(|masks| masks.opened(call)).cloned() else {
            return;
        };
        if self.failures.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let decoded = decode(call);
        let text = opened(call.pid, &decoded, call.value);
        if let Some(known) = self.known.get(&text).and_then(|i| self.failures.get_mut(*i)) {
            known.count += 1;
            known.order = self.order;
            return;
        }
        let mut capture = capture(call, &decoded, 0);
        if self.accelerated {
            without_ours(&mut capture.process);
        }
        // The call was let through: there is nothing to ask the model.
        capture.question = None;
        capture.hidden_by = Some((mask.point, mask.by.to_owned()));
        capture.start.clone_from(&self.start);
        self.known.insert(text.clone(), self.failures.len());
        self.failures.push(Failure {
            line: text,
            name: decoded.name,
            object: decoded.object.as_ref().map(ToString::to_string),
            errno: Errno(0),
            pid: call.pid,
            order: self.order,
            count: 1,
            launching: false,
            capture,
        });
    }

    /// Reads what is masked for a process: of our own mount namespace once.
    fn look_for_masks(&mut self, tid: Tid) {
        let masks = if self.apart.contains(&tid) {
            Rc::new(Masks::of(tid))
        } else {
            Rc::clone(self.own_masks.get_or_insert_with(|| Rc::new(Masks::of(tid))))
        };
        if masks.is_empty() {
            self.masks.remove(&tid);
        } else {
            self.masks.insert(tid, masks);
        }
    }

    /// This process is one of those that are followed.
    pub(in crate::command) fn followed(&mut self, pid: Tid) {
        if self.pids.len() < FOLLOWED {
            self.pids.insert(pid);
        }
    }

    /// A program runs without the privilege of its file: for itself a failure when it ends badly.
    fn without(&mut self, lost: &PrivilegeLost, file: String) {
        let (tid, tracee) = (lost.tid, Tracee { tid: lost.tid });
        let state = Lost {
            file: file.clone(),
            uid: lost.uid,
            gid: lost.gid,
            capabilities: lost.capabilities,
            no_new_privs: lost.no_new_privs,
            nosuid: lost.nosuid,
            mount: mount_of(tracee, &lost.file).map_or_else(String::new, |m| m.0),
        };
        if (lost.no_new_privs || lost.nosuid) && self.failures.len() < MOST {
            let mut capture = executed(tid, &file);
            capture.start.clone_from(&self.start);
            capture.lost = Some(state.clone());
            self.failures.push(Failure {
                line: format!(
                    "[pid {tid}] execve({}) = 0, without the privilege of that file",
                    escape::line(&file)
                ),
                name: "execve",
                object: Some(file),
                errno: Errno(0),
                pid: tid,
                order: self.order,
                count: 1,
                launching: false,
                capture,
            });
        }
        self.lost.insert(tid, state);
    }

    /// What is written to standard error.
    fn written(&mut self, call: &Call) {
        if call.args[0] != 2 || call.value <= 0 {
            return;
        }
        let tracee = Tracee { tid: call.tid };
        let long = usize::try_from(call.value).unwrap_or(0).min(4096);
        let mut buffer = vec![0; long];
        let got = match call.name {
            "write" => tracee.read(call.args[1], &mut buffer),
            // The first part of a vector: base and length.
            _ => {
                let short = call.is_32_bit();
                let step = if short { 4 } else { 8 };
                let mut at = 0;
                for part in 0..call.args[2].min(16) {
                    let place = call.args[1] + part * 2 * step;
                    let (Some(base), Some(len)) =
                        (tracee.word(place, short), tracee.word(place + step, short))
                    else {
                        break;
                    };
                    let room = buffer.len() - at;
                    let want = usize::try_from(len).unwrap_or(0).min(room);
                    let Some(slot) = buffer.get_mut(at..at + want) else { break };
                    at += tracee.read(base, slot);
                }
                at
            }
        };
        buffer.truncate(got);
        self.printed.extend_from_slice(&buffer);
        if self.printed.len() > 2 * PRINTED {
            self.printed.drain(..self.printed.len() - PRINTED);
        }
        // What was printed after a failure may tell of it.
        blame::mentioned(&mut self.failures, &buffer, call.pid, self.order);
    }

    /// Weighs what was seen and puts it in the form of evidence.
    pub(in crate::command) fn finish(
        mut self,
        status: Option<Status>,
        timed_out: bool,
        all: bool,
    ) -> Recorded {
        // The places where a command that was found was looked for first are no matter.
        if status.is_some() {
            self.failures.retain(|f| !f.launching);
        }
        blame::weigh(&mut self.failures, &self.ends, &self.parents, status, timed_out);
        let total: u64 = self.failures.iter().map(|f| u64::from(f.count)).sum::<u64>() + self.left_out;
        let mut order: Vec<usize> = (0..self.failures.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.failures.get(*i).map_or(0, |f| f.capture.blame)));
        order.truncate(CAPTURED);
        // The instructions of a filter are kept where a fix may be made of them.
        for index in order.iter().skip(PROGRAMS) {
            if let Some(filter) = self.failures.get_mut(*index).and_then(|f| f.capture.filter.as_mut()) {
                filter.program.clear();
            }
        }
        if !all {
            order.retain(|i| self.failures.get(*i).is_some_and(|f| f.capture.blame > 0));
        }
        order.sort_unstable();
        let (mut lines, mut captures, mut shown) = (String::new(), String::new(), 0_u64);
        for (n, index) in order.iter().enumerate() {
            let Some(failure) = self.failures.get_mut(*index) else { continue };
            shown += u64::from(failure.count);
            lines.push_str(&failure.line);
            lines.push('\n');
            failure.capture.line = u32::try_from(n + 1).unwrap_or(u32::MAX);
            if let Ok(text) = serde_json::to_string::<Capture>(&failure.capture) {
                captures.push_str(&text);
                captures.push('\n');
            }
        }
        if total > shown {
            let hint = if all { "" } else { " (--all tells of them)" };
            self.remarks
                .push(format!("{} more failed calls did no harm that was seen{hint}.", total - shown));
        }
        if self.printed.len() > PRINTED {
            self.printed.drain(..self.printed.len() - PRINTED);
        }
        Recorded {
            lines,
            captures,
            printed: String::from_utf8_lossy(&self.printed).into_owned(),
            remarks: self.remarks,
        }
    }
}

/// Takes our own filter out of what is told of the process.
fn without_ours(process: &mut ProcessState) {
    process.filters = process.filters.map(|n| n.saturating_sub(1));
    if process.filters == Some(0) {
        process.seccomp = 0;
    }
}

impl Observer for Recorder {
    fn wants(&mut self, call: &Call) -> bool {
        if self.ours.contains(&call.pid) && matches!(call.errno(), Some(Errno::EACCES | Errno::EPERM)) {
            return false;
        }
        if call.launching {
            return matches!(call.errno(), Some(Errno::EACCES | Errno::EPERM));
        }
        match call.errno() {
            None => call.args[0] == 2,
            Some(Errno::EACCES | Errno::EPERM | Errno::EROFS) => true,
            // An id that the user namespace does not map.
            Some(Errno::EINVAL | Errno::EOVERFLOW) if blame::takes_ids(call.name) => true,
            // A resource limit refuses so.
            Some(errno) if blame::limited(errno, call.name) => true,
            Some(Errno::EMFILE) => true,
            // A limit of the user namespace's own (user.max_*_namespaces).
            Some(Errno::ENOSPC | Errno::EUSERS) => matches!(call.name, "clone" | "clone3" | "unshare"),
            // What a mount hides is there outside.
            Some(Errno::ENOENT) if self.apart.contains(&call.pid) || self.masks.contains_key(&call.pid) => {
                true
            }
            Some(Errno::ENOSYS) if blame::seccomp_of_self() => true,
            // Any error may be a filter's.
            Some(errno) => !self.filters.is_empty() && self.filters.refuse(call, errno),
        }
    }

    fn wants_opens(&self) -> bool {
        !self.masks.is_empty()
    }

    fn event(&mut self, event: Event) -> Flow {
        self.order = self.order.saturating_add(1);
        match event {
            Event::Failed(call) => self.failed(&call, false),
            Event::FilterInstalled(installed) => self.filters.installed(&installed),
            Event::Exec(exec) => {
                self.followed(exec.tid);
                self.filters.executed(exec.former, exec.tid);
                self.domains.executed(exec.former, exec.tid);
                // Where it was looked for first is no matter once it was found.
                for failure in self.failures.iter_mut().rev().take(MOST) {
                    if failure.pid == exec.tid && failure.name == "execve" && failure.errno != Errno(0) {
                        failure.launching = true;
                    }
                }
                self.lost.remove(&exec.tid);
                self.ours.remove(&exec.tid);
                if apart(exec.tid) {
                    self.apart.insert(exec.tid);
                } else {
                    self.apart.remove(&exec.tid);
                }
                self.look_for_masks(exec.tid);
            }
            Event::Succeeded(call) if Domains::CALLS.contains(&call.name) => self.domains.succeeded(&call),
            Event::Succeeded(call) if call.name.starts_with("open") => self.opened(&call),
            Event::Succeeded(call) => self.written(&call),
            Event::Fork { parent, child, thread } => {
                self.filters.forked(parent, child);
                self.domains.forked(parent, child);
                if !thread {
                    self.followed(child);
                    self.parents.insert(child, parent);
                    if self.apart.contains(&parent) {
                        self.apart.insert(child);
                    }
                    if let Some(masks) = self.masks.get(&parent).cloned() {
                        self.masks.insert(child, masks);
                    }
                    if self.ours.contains(&parent) {
                        self.ours.insert(child);
                    }
                    if let Some(lost) = self.lost.get(&parent).cloned() {
                        self.lost.insert(child, lost);
                    }
                }
            }
            Event::Exit { tid, pid, status } => {
                self.filters.gone(tid);
                self.domains.gone(tid);
                if tid == pid {
                    self.apart.remove(&pid);
                    self.masks.remove(&pid);
                    self.lost.remove(&pid);
                    self.ours.remove(&pid);
                    self.ends.insert(pid, (self.order, status));
                }
            }
            Event::PrivilegeLost(lost) => {
                let file = lost.file.to_string_lossy().into_owned();
                // Without us it would have been lost all the same where the flag or the mount takes it.
                if lost.traced && !lost.no_new_privs && !lost.nosuid {
                    self.remarks.push(format!(
                        "{} runs here without the privileges of its file, because a tracer without CAP_SYS_PTRACE \
                         takes them away; what it was refused for that is left out. Run whodenied as root to see it \
                         as it is without us.",
                        escape::line(&file)
                    ));
                    self.ours.insert(lost.tid);
                }
                self.without(&lost, file);
            }
            Event::TracedByUs(call) => self.remarks.push(format!(
                "Process {} wanted to trace another ({}) and could not because we do: that refusal is ours.",
                call.pid, call.name
            )),
            Event::Accelerated => {
                self.accelerated = true;
                self.filters.expect_ours();
            }
            Event::Trapped { call, .. } => self.failed(&call, true),
            _ => {}
        }
        Flow::Continue
    }
}
