//! One clone followed from its first instruction to its end, as a case.

use super::{hold, ourselves};
use crate::command::run::record::{Recorded, Recorder};
use crate::pipeline;
use anyhow::Context as _;
use std::io::Cursor;
use std::rc::Rc;
use std::time::{Duration, Instant};
use whodenied_case::capture::Thing;
use whodenied_case::{Attempt, Case, Origin};
use whodenied_intake::Input;
use whodenied_kernel::syscall::Arch;
use whodenied_sources::capture::{Domains, thing};
use whodenied_sources::trace::{Call, Ending, Event, Exec, Flow, Observer, Options, Tracer, Until, decode};
use whodenied_trial::clone::{Change, CloneError, Container, Ended, Instead, Spec, Wanted, Workshop};

/// A call that is watched for: that it succeeds shows that a remedy works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    /// The kernel's name of it.
    call: String,
    /// What it is on; `None` for a call on nothing that has a name.
    object: Option<Thing>,
    /// Those of its arguments that say what is asked for, not by which descriptor.
    asks: Vec<(String, String)>,
    /// The file whose privilege was lost: its execution succeeded all the same.
    lost: Option<String>,
}

/// Arguments that say what is asked for.
const ASKS: &[&str] = &[
    "flags", "domain", "type", "protocol", "prot", "request", "cmd", "op", "mode", "policy", "option", "how",
];

fn asks<'a>(args: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    args.filter(|(name, _)| ASKS.contains(name)).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

impl Watched {
    /// The call that `attempt` was, where it was seen live.
    pub(crate) fn of(attempt: &Attempt) -> Option<Self> {
        let live = attempt.live.as_deref()?;
        Some(Self {
            call: live.syscall.clone(),
            object: live.object.clone(),
            asks: asks(live.args.iter().map(|(n, v)| (n.as_str(), v.as_str()))),
            lost: live.lost.as_ref().filter(|_| live.errno == 0).map(|l| l.file.clone()),
        })
    }

    fn is(&self, call: &Call) -> bool {
        if self.call != call.name || self.lost.is_some() {
            return false;
        }
        let decoded = decode(call);
        let object = decoded.object.as_ref().map(thing);
        let same = match (&self.object, &object) {
            // Numbers of processes are another every time.
            (Some(Thing::Process(_)), Some(Thing::Process(_))) => true,
            (a, b) => a == b,
        };
        same && self.asks == asks(decoded.args.iter().map(|(n, v)| (*n, v.as_str())))
    }
}

/// What became of the watched call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It was not made.
    Not,
    /// It failed as before.
    Refused,
    /// It succeeded, and was not refused.
    Passed,
}

/// A clone that was run.
pub(crate) struct Followed {
    /// What was seen, judged.
    pub(crate) case: Case,
    pub(crate) ended: Ended,
    pub(crate) seen: Seen,
    /// How long its program ran.
    pub(crate) took: Duration,
    pub(crate) remarks: Vec<String>,
}

/// Runs a clone, following it, `most` at the longest. `around` is what is known of the original.
pub(crate) fn follow(
    shop: &Rc<Workshop>,
    spec: &Spec,
    changes: &[Change],
    program: &Instead,
    around: &[(Origin, String)],
    watched: Option<&Watched>,
    most: Duration,
) -> anyhow::Result<Followed> {
    let wanted = Wanted { instead: Some(ourselves::with(program, hold::NAME)), held: true };
    let clone = shop.make(spec, changes, &wanted)?;
    let pid = match clone.start() {
        Ok(pid) if pid > 0 => pid,
        Ok(_) => return not_followed(&clone, around, "it ended before it could be followed"),
        Err(error @ CloneError::Engine { .. }) => {
            let ended = Ended { not_started: Some(error.to_string()), ..Ended::default() };
            return Ok(untraced(ended, around, Duration::ZERO, Vec::new()));
        }
        Err(error) => return Err(error.into()),
    };
    let options = Options {
        timeout: Some(most),
        until: Until::Command,
        successes: ["write", "writev"]
            .into_iter()
            .chain(Domains::CALLS)
            .chain(watched.and_then(|w| named(&w.call)))
            .collect(),
        ..Options::default()
    };
    let tracer = Tracer::attach(pid, options).context("can't follow the clone: run whodenied as root")?;
    clone.open()?;
    let began = Instant::now();
    let mut recorder = Recorder::within(spec.places());
    recorder.followed(pid);
    let mut watcher = Watcher { inner: recorder, watched, seen: Seen::Not, ours: true };
    let outcome = tracer.run(&mut watcher)?;
    let took = began.elapsed();
    let status = match outcome.ending {
        Ending::Ended(status) => Some(status),
        _ => None,
    };
    let ended = clone.end(if status.is_some() { Duration::from_secs(10) } else { Duration::ZERO })?;
    let seen = watcher.seen;
    // What ran on to the end of its time was not broken.
    let recorded = watcher.inner.finish(status, outcome.timed_out && status.is_none(), false);
    Ok(judged(recorded, ended, around, seen, took, &spec.program))
}

/// Without a trace the log alone tells.
fn not_followed(clone: &Container, around: &[(Origin, String)], why: &str) -> anyhow::Result<Followed> {
    let ended = clone.end(Duration::from_secs(5))?;
    Ok(untraced(ended, around, Duration::ZERO, vec![why.to_owned()]))
}

fn untraced(ended: Ended, around: &[(Origin, String)], took: Duration, remarks: Vec<String>) -> Followed {
    let mut inputs: Vec<Input> = around.iter().map(|(o, t)| input(o.clone(), t.clone())).collect();
    let log = [ended.not_started.as_deref().unwrap_or(""), &ended.log].join("\n");
    inputs.push(input(Origin::Log { name: "the clone's log".to_owned() }, log));
    Followed { case: pipeline::explain(inputs), ended, seen: Seen::Not, took, remarks }
}

fn judged(
    recorded: Recorded,
    ended: Ended,
    around: &[(Origin, String)],
    seen: Seen,
    took: Duration,
    program: &[String],
) -> Followed {
    let command = program.join(" ");
    let mut inputs: Vec<Input> = around.iter().map(|(o, t)| input(o.clone(), t.clone())).collect();
    let mut case = Case::default();
    if !recorded.lines.is_empty() {
        inputs.push(input(Origin::Trace { command: command.clone() }, recorded.lines));
        inputs.push(input(Origin::Captures, recorded.captures));
        if !recorded.printed.trim().is_empty() {
            inputs.push(input(Origin::Printed { command }, recorded.printed));
        }
        case = pipeline::explain(inputs);
    }
    Followed { case, ended, seen, took, remarks: recorded.remarks }
}

fn input(origin: Origin, text: String) -> Input {
    Input { origin, reader: Box::new(Cursor::new(text.into_bytes())) }
}

/// A recorder that also looks for one call, and leaves out what our own program does before it becomes
/// the clone's.
struct Watcher<'a> {
    inner: Recorder,
    watched: Option<&'a Watched>,
    seen: Seen,
    /// Our own program still runs.
    ours: bool,
}

impl Watcher<'_> {
    /// An execution is told as such, not as a call that succeeded.
    fn executes(&self, exec: &Exec) -> bool {
        self.watched.filter(|w| w.lost.is_none() && w.call.starts_with("execve")).is_some_and(|w| {
            let is = |path: &str| w.object == Some(Thing::Path(path.to_owned()));
            exec.asked.as_ref().is_some_and(|p| is(&p.to_string_lossy()))
                || exec.exe.as_ref().is_some_and(|p| is(&p.to_string_lossy()))
        })
    }

    fn is_watched(&self, call: &Call) -> bool {
        self.watched.is_some_and(|w| w.is(call))
    }
}

impl Observer for Watcher<'_> {
    fn wants(&mut self, call: &Call) -> bool {
        let started = !self.ours || call.name.starts_with("exec");
        let watched = self.watched.is_some_and(|w| w.call == call.name);
        started && (watched || self.inner.wants(call))
    }

    fn event(&mut self, event: Event) -> Flow {
        let lost = self.watched.and_then(|w| w.lost.as_deref());
        match &event {
            Event::Exec(exec) => {
                self.ours = false;
                let file = exec.exe.as_ref().map(|f| f.to_string_lossy());
                let privileged = lost.is_some() && file.as_deref() == lost;
                if (privileged || self.executes(exec)) && self.seen == Seen::Not {
                    self.seen = Seen::Passed;
                }
            }
            // Told after the execution itself.
            Event::PrivilegeLost(gone) if lost == Some(&*gone.file.to_string_lossy()) => {
                self.seen = Seen::Refused
            }
            Event::Failed(call) | Event::Trapped { call, .. } if self.is_watched(call) => {
                self.seen = Seen::Refused
            }
            Event::Succeeded(call) if self.is_watched(call) => {
                if self.seen == Seen::Not {
                    self.seen = Seen::Passed;
                }
                if !matches!(call.name, "write" | "writev") && !Domains::CALLS.contains(&call.name) {
                    return Flow::Continue;
                }
            }
            _ => {}
        }
        // A watched call that fails for another reason is no refusal.
        if let Event::Failed(call) = &event
            && !self.inner.wants(call)
        {
            return Flow::Continue;
        }
        if let Event::Succeeded(call) = &event
            && !self.inner.wants(call)
            && !Domains::CALLS.contains(&call.name)
        {
            return Flow::Continue;
        }
        self.inner.event(event)
    }
}

/// The kernel's own name of a call.
fn named(call: &str) -> Option<&'static str> {
    let native = if cfg!(target_arch = "x86_64") { Arch::X86_64 } else { Arch::Aarch64 };
    native.syscall_name(native.syscall_number(call)?)
}
