//! What is kept of a trace while it runs: bounded, whatever the command does.

use super::blame::{self, Failure};
use std::collections::HashMap;
use whodenied_case::capture::Capture;
use whodenied_kernel::Errno;
use whodenied_sources::capture::{Filters, capture, killed, line};
use whodenied_sources::trace::{Call, Event, Flow, Observer, Status, Tid, Tracee, decode};
use whodenied_text::escape;

/// So many different failures are kept, each with how often it happened.
const MOST: usize = 4096;
/// So many are explained in full.
const CAPTURED: usize = 96;
/// The end of what was printed matters, not its beginning.
const PRINTED: usize = 48 << 10;

/// Keeps what matters of a trace.
pub(super) struct Recorder {
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
}

/// A trace as evidence.
pub(super) struct Recorded {
    pub(super) lines: String,
    pub(super) captures: String,
    pub(super) printed: String,
    pub(super) remarks: Vec<String>,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self {
            failures: Vec::new(),
            known: HashMap::new(),
            left_out: 0,
            printed: Vec::new(),
            order: 0,
            ends: HashMap::new(),
            parents: HashMap::new(),
            remarks: Vec::new(),
            filters: Filters::default(),
        }
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
        let mut capture = capture(call, &decoded, 0);
        capture.errno = errno.0;
        capture.filter = self.filters.answer(call);
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
    pub(super) fn finish(mut self, status: Option<Status>, timed_out: bool, all: bool) -> Recorded {
        // The places where a command that was found was looked for first are no matter.
        if status.is_some() {
            self.failures.retain(|f| !f.launching);
        }
        blame::weigh(&mut self.failures, &self.ends, &self.parents, status, timed_out);
        let total: u64 = self.failures.iter().map(|f| u64::from(f.count)).sum::<u64>() + self.left_out;
        let mut order: Vec<usize> = (0..self.failures.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.failures.get(*i).map_or(0, |f| f.capture.blame)));
        order.truncate(CAPTURED);
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

impl Observer for Recorder {
    fn wants(&mut self, call: &Call) -> bool {
        if call.launching {
            return matches!(call.errno(), Some(Errno::EACCES | Errno::EPERM));
        }
        match call.errno() {
            None => call.args[0] == 2,
            Some(Errno::EACCES | Errno::EPERM | Errno::EROFS) => true,
            // An id that the user namespace does not map.
            Some(Errno::EINVAL | Errno::EOVERFLOW) if blame::takes_ids(call.name) => true,
            // A resource limit refuses so.
            Some(Errno::ENOMEM) => matches!(call.name, "mlock" | "mlock2" | "mlockall"),
            Some(Errno::EAGAIN) => matches!(call.name, "clone" | "clone3" | "fork" | "vfork"),
            Some(Errno::EMFILE) => true,
            Some(Errno::ENOSYS) if blame::seccomp_of_self() => true,
            // Any error may be a filter's.
            Some(errno) => !self.filters.is_empty() && self.filters.refuse(call, errno),
        }
    }

    fn event(&mut self, event: Event) -> Flow {
        self.order = self.order.saturating_add(1);
        match event {
            Event::Failed(call) => self.failed(&call, false),
            Event::FilterInstalled(installed) => self.filters.installed(&installed),
            Event::Exec(exec) => self.filters.executed(exec.former, exec.tid),
            Event::Succeeded(call) => self.written(&call),
            Event::Fork { parent, child, thread } => {
                self.filters.forked(parent, child);
                if !thread {
                    self.parents.insert(child, parent);
                }
            }
            Event::Exit { tid, pid, status } => {
                self.filters.gone(tid);
                if tid == pid {
                    self.ends.insert(pid, (self.order, status));
                }
            }
            Event::PrivilegeLost(lost) if lost.traced => {
                let file = escape::line(&lost.file.to_string_lossy()).into_owned();
                self.remarks.push(format!(
                    "{file} runs here without the privileges of its file, because a tracer without CAP_SYS_PTRACE \
                     takes them away: run whodenied as root to see it as it is without us."
                ));
            }
            Event::TracedByUs(call) => self.remarks.push(format!(
                "Process {} wanted to trace another ({}) and could not because we do: that refusal is ours.",
                call.pid, call.name
            )),
            Event::Trapped { call, .. } => self.failed(&call, true),
            _ => {}
        }
        Flow::Continue
    }
}
