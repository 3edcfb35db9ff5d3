//! The tracer: one loop over the stops of all threads.

use super::event::{Ending, Event, Exec, Flow, Observer, Status};
use super::fork::Child;
use super::options::{Options, Until, Wanted};
use super::outcome::{Outcome, TraceError};
use super::queue::Later;
use super::sys::{self, Tid};
use super::threads::{Thread, Threads};
use super::tracee::Tracee;
use super::{accelerate, filter, privilege, signals};
use std::collections::HashSet;
use std::ffi::OsString;
use std::marker::PhantomData;
use std::time::{Duration, Instant};
use whodenied_kernel::Errno;

/// Traces a command or a process with all that comes of it. Belongs to the thread that made it:
/// the kernel takes requests from no other.
#[derive(Debug)]
pub struct Tracer {
    pub(super) options: Options,
    pub(super) wanted: Wanted,
    pub(super) main: Tid,
    pub(super) launched: bool,
    /// The command has executed.
    pub(super) started: bool,
    /// The command runs under our accelerating filter.
    pub(super) fast: bool,
    pub(super) launch_errno: Option<Errno>,
    pub(super) ending: Option<Ending>,
    pub(super) threads: Threads,
    /// Threads attached to whose filters were not read yet.
    pub(super) unread: HashSet<Tid>,
    pub(super) stop: Option<Flow>,
    pub(super) deadline: Option<Instant>,
    pub(super) timed_out: bool,
    pub(super) calls: u64,
    pub(super) most: usize,
    /// Stops that are served after others.
    pub(super) later: Later,
    pub(super) timer: Option<signals::Timer>,
    pub(super) guard: Option<signals::Guard>,
    /// Whether a privileged file keeps its privilege under us.
    pub(super) may_ptrace: bool,
    pub(super) bound: PhantomData<*const ()>,
}

/// The time between asking a command to end and killing it.
const GRACE: Duration = Duration::from_secs(2);

impl Tracer {
    /// Starts `argv`, looked for as execvp(3) does, and stops it before its first instruction.
    ///
    /// # Errors
    /// When no process can be made or traced. A command that can't be executed is no error here:
    /// its calls are told, and the trace ends with [`Ending::NotStarted`].
    pub fn launch(argv: &[OsString], options: Options) -> Result<Self, TraceError> {
        let guard = options.forward_signals.then(signals::Guard::install);
        let filter = if options.accelerate && accelerate::possible() && options.until == Until::All {
            accelerate::program(&options.let_by)
        } else {
            Vec::new()
        };
        let child = Child::start(argv, &filter).map_err(TraceError::Fork)?;
        let pid = child.pid;
        let seized = sys::seize(pid, sys::OPTIONS | sys::EXIT_KILL | sys::TRACE_SECCOMP).and_then(|()| {
            sys::interrupt(pid)?;
            sys::wait(pid, false)?;
            sys::resume(pid, 0)
        });
        if let Err(error) = seized {
            child.abandon();
            return Err(TraceError::Seize(pid, error));
        }
        if guard.is_some() {
            signals::set_command(pid);
        }
        let mut tracer = Self::new(pid, true, options, guard);
        tracer.add(pid, pid);
        child.go().map_err(TraceError::Fork)?;
        Ok(tracer)
    }

    /// Begins to trace a process that runs, with all its threads.
    ///
    /// # Errors
    /// When it is not there or may not be traced.
    pub fn attach(pid: Tid, options: Options) -> Result<Self, TraceError> {
        let mut tracer = Self::new(pid, false, options, None);
        loop {
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
            let Ok(tasks) = tasks else { return Err(TraceError::NoProcess(pid)) };
            let fresh: Vec<Tid> = tasks
                .filter_map(|t| t.ok()?.file_name().to_str()?.parse().ok())
                .filter(|tid| !tracer.threads.contains_key(tid))
                .collect();
            let mut added = false;
            for tid in fresh {
                match sys::seize(tid, sys::OPTIONS) {
                    Ok(()) => {
                        tracer.add(tid, pid);
                        added = true;
                    }
                    // It ended, or a thread that we trace already has made it.
                    Err(e) if e.raw_os_error() == Some(libc::ESRCH) => {}
                    Err(_) if Tracee { tid }.status("TracerPid") == Some(std::process::id().to_string()) => {}
                    Err(error) => return Err(TraceError::Seize(tid, error)),
                }
            }
            if !added {
                break;
            }
        }
        if tracer.threads.is_empty() {
            return Err(TraceError::NoProcess(pid));
        }
        for tid in tracer.threads.keys() {
            let _ = sys::interrupt(*tid);
        }
        tracer.unread = tracer.threads.keys().copied().collect();
        Ok(tracer)
    }

    fn new(main: Tid, launched: bool, mut options: Options, guard: Option<signals::Guard>) -> Self {
        options.portable |= cfg!(not(target_arch = "x86_64"));
        let wanted = Wanted::new(&options);
        Self {
            wanted,
            main,
            launched,
            started: !launched,
            fast: false,
            launch_errno: None,
            ending: None,
            threads: Threads::default(),
            unread: HashSet::new(),
            stop: None,
            deadline: None,
            timed_out: false,
            calls: 0,
            most: 0,
            later: Later::default(),
            timer: None,
            guard,
            may_ptrace: privilege::may_ptrace(),
            options,
            bound: PhantomData,
        }
    }

    /// The process of the command, or the one attached to.
    #[must_use]
    pub const fn pid(&self) -> Tid {
        self.main
    }

    /// Traces until the end.
    ///
    /// # Errors
    /// When waiting fails, which it has no reason to.
    pub fn run(mut self, observer: &mut impl Observer) -> Result<Outcome, TraceError> {
        self.start_timer();
        loop {
            if signals::woken() && self.timer.is_some() {
                self.interrupted();
            }
            match self.stop {
                Some(Flow::Kill) => {
                    self.kill_all();
                    break;
                }
                // Without us the filter's answer would make calls fail.
                Some(_) if self.fast => {
                    self.kill_all();
                    break;
                }
                Some(_) => {
                    self.detach_all();
                    break;
                }
                None => {}
            }
            // What came of a command that took too long is ended with it, not let go of.
            let enough = self.ending.is_some() && self.options.until == Until::Command && !self.timed_out;
            if self.threads.is_empty() || enough {
                self.stop = Some(Flow::Detach);
                continue;
            }
            match self.next_stop() {
                Ok(Some((tid, status))) => self.dispatch(tid, status, observer),
                Ok(None) => {}
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => self.interrupted(),
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => break,
                Err(error) => return Err(TraceError::Wait(error)),
            }
        }
        self.threads.clear();
        Ok(Outcome {
            ending: self.ending.unwrap_or(Ending::Detached),
            timed_out: self.timed_out,
            calls: self.calls,
            threads: self.most,
        })
    }

    fn start_timer(&mut self) {
        if self.options.timeout.is_none() && self.guard.is_none() {
            return;
        }
        self.timer = signals::Timer::new().ok();
        if let Some(timer) = &self.timer {
            if self.guard.is_some() {
                timer.share();
            }
            if let Some(timeout) = self.options.timeout {
                self.deadline = Instant::now().checked_add(timeout);
                timer.arm(timeout);
            }
        }
    }

    /// The wait was interrupted by a signal to us.
    fn interrupted(&mut self) {
        if signals::ended() {
            self.stop = Some(Flow::Detach);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let last = self.timed_out || self.ending.is_some();
            self.timed_out = true;
            if !self.launched {
                self.stop = Some(Flow::Detach);
            } else if last {
                self.stop = Some(Flow::Kill);
            } else {
                self.deadline = Instant::now().checked_add(GRACE);
                self.ask_to_end();
            }
        }
    }

    pub(super) fn add(&mut self, tid: Tid, pid: Tid) {
        self.threads.insert(tid, Thread { pid, in_call: false, whole: false, entry: None });
        self.most = self.most.max(self.threads.len());
    }

    pub(super) fn tell(&mut self, observer: &mut impl Observer, event: Event) {
        match observer.event(event) {
            Flow::Continue => {}
            flow => self.stop = Some(flow),
        }
    }

    fn dispatch(&mut self, tid: Tid, status: i32, observer: &mut impl Observer) {
        if status & 0xff != 0x7f {
            self.gone(tid, status, observer);
            return;
        }
        let signal = (status >> 8) & 0xff;
        let event = status >> 16;
        // By far the most frequent stop comes first.
        if signal == libc::SIGTRAP | 0x80 {
            self.in_call(tid, observer);
            self.go(tid, 0);
            return;
        }
        if !self.threads.contains_key(&tid) {
            // A child that reports before its parent's event has.
            let pid = Tracee { tid }.process().unwrap_or(tid);
            self.add(tid, pid);
            let any = self.threads.values().any(|t| t.whole);
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.whole = any;
            }
        }
        let mut deliver = 0;
        match event {
            0 => {
                self.signalled(tid, signal, observer);
                deliver = signal;
            }
            sys::EVENT_FORK | sys::EVENT_VFORK | sys::EVENT_CLONE => self.forked(tid, observer),
            sys::EVENT_EXEC => self.executed(tid, observer),
            sys::EVENT_EXIT => self.exiting(tid, observer),
            sys::EVENT_SECCOMP => self.about_to_call(tid),
            sys::EVENT_STOP if self.unread.remove(&tid) => {
                let pid = self.threads.get(&tid).map_or(tid, |t| t.pid);
                for installed in filter::in_force(tid, pid) {
                    self.tell(observer, Event::FilterInstalled(installed));
                }
                if signal != libc::SIGTRAP {
                    let _ = sys::listen(tid);
                    return;
                }
            }
            sys::EVENT_STOP if signal != libc::SIGTRAP => {
                let _ = sys::listen(tid);
                if tid == self.main && self.guard.is_some() {
                    signals::stop_with(signal);
                }
                return;
            }
            sys::EVENT_STOP if tid == self.main && self.guard.is_some() => signals::command_runs(),
            _ => {}
        }
        self.go(tid, deliver);
    }

    /// Lets a thread run to its next stop.
    fn go(&self, tid: Tid, signal: i32) {
        // Under the accelerator a call that stops does so before it is made, and once more after it.
        let free = self.fast && self.threads.get(&tid).is_some_and(|t| !t.in_call && !t.whole);
        let _ = if free { sys::run_on(tid, signal) } else { sys::resume(tid, signal) };
    }

    fn forked(&mut self, parent: Tid, observer: &mut impl Observer) {
        let Ok(child) = sys::event_message(parent) else { return };
        let Ok(child) = Tid::try_from(child) else { return };
        let thread = !sys::leads(child);
        let pid = if thread { self.threads.get(&parent).map_or(child, |t| t.pid) } else { child };
        if !self.threads.contains_key(&child) {
            self.add(child, pid);
        }
        let whole = self.threads.get(&parent).is_some_and(|t| t.whole);
        if let Some(thread) = self.threads.get_mut(&child) {
            thread.whole |= whole;
        }
        self.tell(observer, Event::Fork { parent, child, thread });
    }

    fn executed(&mut self, tid: Tid, observer: &mut impl Observer) {
        let former = sys::event_message(tid).ok().and_then(|t| Tid::try_from(t).ok()).unwrap_or(tid);
        // The thread takes over the id of the first of its process, whose end is not reported.
        let became = if former == tid { None } else { self.threads.remove(&former) };
        if let Some(thread) = self.threads.get_mut(&tid) {
            self.later.forget(tid);
            let whole = became.map_or(thread.whole, |t| t.whole);
            *thread = Thread { pid: tid, in_call: true, whole, entry: None };
        }
        if tid == self.main {
            self.started = true;
        }
        let tracee = Tracee { tid };
        let exec = Exec { tid, former, asked: tracee.exec_path(), exe: tracee.link("exe") };
        self.tell(observer, Event::Exec(exec));
        if let Some(lost) = privilege::lost(tracee, !self.may_ptrace) {
            self.tell(observer, Event::PrivilegeLost(lost));
        }
    }

    /// About to end, everything still there to be read.
    fn exiting(&mut self, tid: Tid, observer: &mut impl Observer) {
        let Ok(status) = sys::event_message(tid) else { return };
        if status & 0x7f == libc::SIGSYS as u64 {
            self.trapped(tid, None, observer);
        }
    }

    fn signalled(&mut self, tid: Tid, signal: i32, observer: &mut impl Observer) {
        /// `si_code` of a SIGSYS that a seccomp filter sent.
        const SYS_SECCOMP: i32 = 1;
        if signal != libc::SIGSYS && !observer.wants_signal(signal) {
            return;
        }
        let Ok(info) = sys::signal_info(tid) else { return };
        if signal == libc::SIGSYS && info.code == SYS_SECCOMP {
            self.trapped(tid, Some(info), observer);
        } else if observer.wants_signal(signal) {
            self.tell(observer, Event::Signal { tid, info });
        }
    }

    /// A thread's end has been reported, and nothing of it is left.
    fn gone(&mut self, tid: Tid, status: i32, observer: &mut impl Observer) {
        let signal = status & 0x7f;
        let status = if signal == 0 {
            Status::Code((status >> 8) & 0xff)
        } else {
            Status::Signal { signal, core: status & 0x80 != 0 }
        };
        let Some(thread) = self.threads.remove(&tid) else { return };
        self.later.forget(tid);
        if tid == self.main {
            if self.guard.is_some() {
                signals::forget_command();
            }
            self.ending = Some(match self.launch_errno {
                Some(errno) if !self.started => Ending::NotStarted(errno),
                _ => Ending::Ended(status),
            });
        }
        self.tell(observer, Event::Exit { tid, pid: thread.pid, status });
    }
}
