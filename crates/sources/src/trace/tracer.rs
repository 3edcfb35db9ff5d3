//! The tracer: one loop over the stops of all threads.

use super::event::{Call, Ending, Event, Exec, Flow, Observer, Status};
use super::fork::Child;
use super::options::{Options, Until, Wanted};
use super::sys::{self, Info, Stop, Tid};
use super::tracee::Tracee;
use super::{accelerate, filter, privilege, signals};
use std::collections::HashMap;
use std::ffi::OsString;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::marker::PhantomData;
use std::time::{Duration, Instant};
use whodenied_kernel::Errno;
use whodenied_kernel::syscall::Arch;

/// Why a trace could not begin, or go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum TraceError {
    /// No child process could be made.
    Fork(io::Error),
    /// The process can't be traced: EPERM is another tracer, other credentials, a process that is
    /// not dumpable, or Yama.
    Seize(Tid, io::Error),
    /// There is no such process.
    NoProcess(Tid),
    /// Waiting failed.
    Wait(io::Error),
}

impl std::fmt::Display for TraceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fork(error) => write!(f, "can't start a process: {error}"),
            Self::Seize(pid, error) => write!(f, "can't trace process {pid}: {error}"),
            Self::NoProcess(pid) => write!(f, "there is no process {pid}"),
            Self::Wait(error) => write!(f, "can't wait for the traced processes: {error}"),
        }
    }
}

impl std::error::Error for TraceError {}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The end of the command.
    pub ending: Ending,
    /// It took longer than [`Options::timeout`].
    pub timed_out: bool,
    /// System calls seen.
    pub calls: u64,
    /// The most threads at one time.
    pub threads: usize,
}

/// What is kept of a thread, from its first stop to its end.
#[derive(Debug, Clone, Copy)]
struct Thread {
    pid: Tid,
    in_call: bool,
    /// Followed call by call although there is an accelerator: it has a filter of its own.
    whole: bool,
    /// Number, arguments and AUDIT_ARCH from the entry, where the exit no longer tells them.
    entry: Option<(u64, [u64; 6])>,
}

/// Thread ids are handed out in order: spreading them by a multiplication is enough.
#[derive(Default)]
struct TidHasher(u64);

impl Hasher for TidHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    fn write_i32(&mut self, n: i32) {
        self.0 = u64::from(n.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Traces a command or a process with all that comes of it. Belongs to the thread that made it:
/// the kernel takes requests from no other.
#[derive(Debug)]
pub struct Tracer {
    options: Options,
    wanted: Wanted,
    main: Tid,
    launched: bool,
    /// The command has executed.
    started: bool,
    /// The command runs under our accelerating filter.
    fast: bool,
    launch_errno: Option<Errno>,
    ending: Option<Ending>,
    threads: HashMap<Tid, Thread, BuildHasherDefault<TidHasher>>,
    stop: Option<Flow>,
    deadline: Option<Instant>,
    timed_out: bool,
    calls: u64,
    most: usize,
    timer: Option<signals::Timer>,
    guard: Option<signals::Guard>,
    /// Whether a privileged file keeps its privilege under us.
    may_ptrace: bool,
    bound: PhantomData<*const ()>,
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
            accelerate::program()
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
        Ok(tracer)
    }

    fn new(main: Tid, launched: bool, options: Options, guard: Option<signals::Guard>) -> Self {
        let wanted = Wanted::new(&options);
        Self {
            wanted,
            main,
            launched,
            started: !launched,
            fast: false,
            launch_errno: None,
            ending: None,
            threads: HashMap::default(),
            stop: None,
            deadline: None,
            timed_out: false,
            calls: 0,
            most: 0,
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
            if self.threads.is_empty() || (self.ending.is_some() && self.options.until == Until::Command) {
                self.stop = Some(Flow::Detach);
                continue;
            }
            match sys::wait(-1, false) {
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
        if self.guard.is_some() && signals::ended() {
            self.stop = Some(Flow::Detach);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            if self.timed_out || self.ending.is_some() {
                self.timed_out = true;
                self.stop = Some(if self.launched { Flow::Kill } else { Flow::Detach });
            } else if self.launched {
                self.timed_out = true;
                self.deadline = Instant::now().checked_add(GRACE);
                let _ = sys::kill(self.main, libc::SIGTERM);
                let _ = sys::kill(self.main, libc::SIGCONT);
            } else {
                self.timed_out = true;
                self.stop = Some(Flow::Detach);
            }
        }
    }

    fn add(&mut self, tid: Tid, pid: Tid) {
        self.threads.insert(tid, Thread { pid, in_call: false, whole: false, entry: None });
        self.most = self.most.max(self.threads.len());
    }

    fn tell(&mut self, observer: &mut impl Observer, event: Event) {
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

    /// A thread has installed a filter of its own, whose answers take precedence over ours.
    fn follow_whole(&mut self, tid: Tid, all_threads: bool) {
        let Some(pid) = self.threads.get(&tid).map(|t| t.pid) else { return };
        for (other, thread) in &mut self.threads {
            if *other == tid || (all_threads && thread.pid == pid) {
                thread.whole = true;
                if *other != tid {
                    let _ = sys::interrupt(*other);
                }
            }
        }
    }

    /// The accelerator stopped a call before it is made.
    fn about_to_call(&mut self, tid: Tid) {
        let portable = self.options.portable;
        if let Some(thread) = self.threads.get_mut(&tid)
            && !thread.in_call
        {
            thread.in_call = true;
            if portable && let Ok(Info { stop: Stop::Entry { nr, args }, .. }) = sys::syscall_info(tid) {
                thread.entry = Some((nr, args));
            }
        }
    }

    /// A stop before or after a system call.
    fn in_call(&mut self, tid: Tid, observer: &mut impl Observer) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            let pid = Tracee { tid }.process().unwrap_or(tid);
            self.add(tid, pid);
            return;
        };
        if !thread.in_call {
            thread.in_call = true;
            if self.options.portable {
                thread.entry = match sys::syscall_info(tid) {
                    Ok(Info { stop: Stop::Entry { nr, args }, .. }) => Some((nr, args)),
                    _ => None,
                };
            }
            return;
        }
        thread.in_call = false;
        self.calls += 1;
        if let Some(call) = self.returned(tid) {
            self.judge(call, observer);
        }
    }

    /// The call that has returned, if it is of a kind that somebody may want to know of.
    #[cfg(target_arch = "x86_64")]
    fn returned(&mut self, tid: Tid) -> Option<Call> {
        if self.options.portable {
            return self.returned_portably(tid);
        }
        // The registers still hold number and arguments, so that most calls cost one request
        // in all: nothing at their entry, and this.
        let regs = sys::Registers::read(tid).ok()?;
        if !self.wanted.value(regs.value(), regs.number()) {
            return None;
        }
        let info = sys::syscall_info(tid).ok()?;
        let value = match info.stop {
            Stop::Exit { value, .. } => value,
            Stop::Entry { .. } => {
                // We took the exit for the entry: can be only right after attaching.
                self.threads.get_mut(&tid)?.in_call = true;
                return None;
            }
            Stop::Other => return None,
        };
        let nr = u64::from(regs.number() as u32);
        Some(self.call(tid, &info, nr, regs.args(info.arch == Arch::X86.audit()), value))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn returned(&mut self, tid: Tid) -> Option<Call> {
        self.returned_portably(tid)
    }

    fn returned_portably(&mut self, tid: Tid) -> Option<Call> {
        let info = sys::syscall_info(tid).ok()?;
        let thread = self.threads.get_mut(&tid)?;
        match info.stop {
            Stop::Exit { value, .. } => {
                let (nr, args) = thread.entry.take()?;
                let call = self.call(tid, &info, nr, args, value);
                (self.wanted.value(value, nr) && !call.name.ends_with("sigreturn")).then_some(call)
            }
            Stop::Entry { nr, args } => {
                thread.in_call = true;
                thread.entry = Some((nr, args));
                None
            }
            Stop::Other => None,
        }
    }

    fn call(&self, tid: Tid, info: &Info, nr: u64, args: [u64; 6], value: i64) -> Call {
        let pid = self.threads.get(&tid).map_or(tid, |t| t.pid);
        let arch = Arch::from_audit(info.arch);
        let name = arch.and_then(|a| a.syscall_name(nr)).unwrap_or("unknown");
        let launching = !self.started && tid == self.main;
        Call { tid, pid, audit_arch: info.arch, arch, nr, name, args, ip: info.ip, value, launching }
    }

    fn judge(&mut self, call: Call, observer: &mut impl Observer) {
        let Some(errno) = call.errno() else {
            if let Some(installed) = filter::installed(&call) {
                if call.launching {
                    self.fast = true;
                    return;
                }
                self.follow_whole(call.tid, call.name == "seccomp" && installed.flags & 1 != 0);
                self.tell(observer, Event::FilterInstalled(installed));
            }
            if self.wanted.success(call.name) {
                self.tell(observer, Event::Succeeded(call));
            }
            return;
        };
        if call.launching && call.name == "execve" && self.launch_errno != Some(Errno::EACCES) {
            self.launch_errno = Some(errno);
        }
        if call.name == "ptrace" && errno == Errno::EPERM && self.is_our_doing(&call) {
            self.tell(observer, Event::TracedByUs(call));
        } else if observer.wants(&call) {
            self.tell(observer, Event::Failed(call));
        }
    }

    /// Whether a ptrace request was refused because we trace the process that it is about.
    fn is_our_doing(&self, call: &Call) -> bool {
        const TRACEME: u64 = 0;
        const ATTACH: u64 = 16;
        const SEIZE: u64 = 0x4206;
        match call.args[0] {
            TRACEME => true,
            ATTACH | SEIZE => {
                let target = call.args[1] as u32 as i32;
                let space = |tid: Tid| Tracee { tid }.link("ns/pid");
                if space(call.tid) == std::fs::read_link("/proc/self/ns/pid").ok() {
                    return self.threads.contains_key(&target);
                }
                let wanted = target.to_string();
                self.threads.keys().any(|tid| {
                    let ids = Tracee { tid: *tid }.status("NSpid").unwrap_or_default();
                    ids.split_whitespace().last() == Some(wanted.as_str())
                })
            }
            _ => false,
        }
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

    /// A seccomp filter answered with SIGSYS.
    fn trapped(&mut self, tid: Tid, signal: Option<sys::SignalInfo>, observer: &mut impl Observer) {
        let Some((info, nr, args)) = self.call_not_made(tid, signal.as_ref()) else { return };
        let call = self.call(tid, &info, nr, args, 0);
        self.tell(observer, Event::Trapped { call, signal, killed: signal.is_none() });
    }

    /// The call that a filter refused: the registers were put back to what they were at its entry.
    #[cfg(target_arch = "x86_64")]
    #[allow(clippy::unused_self, reason = "the other architectures use it")]
    fn call_not_made(&self, tid: Tid, signal: Option<&sys::SignalInfo>) -> Option<(Info, u64, [u64; 6])> {
        let regs = sys::Registers::read(tid).ok()?;
        let mut info = sys::syscall_info(tid).ok()?;
        if let Some(signal) = signal {
            info.arch = signal.arch;
        }
        let nr = signal.map_or(regs.number() as u32, |s| s.syscall.cast_unsigned());
        Some((info, u64::from(nr), regs.args(info.arch == Arch::X86.audit())))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn call_not_made(&self, tid: Tid, signal: Option<&sys::SignalInfo>) -> Option<(Info, u64, [u64; 6])> {
        let info = sys::syscall_info(tid).ok()?;
        let entry = self.threads.get(&tid)?.entry;
        let nr = signal.map(|s| u64::from(s.syscall.cast_unsigned())).or(entry.map(|e| e.0))?;
        Some((info, nr, entry.map_or([0; 6], |e| e.1)))
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

    /// Lets go of everything.
    fn detach_all(&mut self) {
        for tid in self.threads.keys() {
            let _ = sys::interrupt(*tid);
        }
        while !self.threads.is_empty() {
            let (tid, status) = match sys::wait(-1, false) {
                Ok(Some(found)) => found,
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => continue,
                _ => break,
            };
            if status & 0xff != 0x7f {
                self.threads.remove(&tid);
                continue;
            }
            let event = status >> 16;
            if matches!(event, sys::EVENT_FORK | sys::EVENT_VFORK | sys::EVENT_CLONE)
                && let Ok(child) = sys::event_message(tid)
                && let Ok(child) = Tid::try_from(child)
                && !self.threads.contains_key(&child)
            {
                self.add(child, child);
            }
            let signal = (status >> 8) & 0xff;
            let plain = event == 0 && signal != libc::SIGTRAP | 0x80;
            let _ = sys::detach(tid, if plain { signal } else { 0 });
            self.threads.remove(&tid);
        }
    }

    /// Kills everything and waits for its end.
    fn kill_all(&mut self) {
        for thread in self.threads.values() {
            let _ = sys::kill(thread.pid, libc::SIGKILL);
        }
        while let Ok(Some((tid, status))) = self.wait_on() {
            if status & 0xff == 0x7f {
                let _ = sys::kill(tid, libc::SIGKILL);
                let _ = sys::resume(tid, 0);
                continue;
            }
            self.threads.remove(&tid);
            if tid == self.main && self.ending.is_none() {
                let signal = status & 0x7f;
                self.ending = Some(Ending::Ended(if signal == 0 {
                    Status::Code((status >> 8) & 0xff)
                } else {
                    Status::Signal { signal, core: status & 0x80 != 0 }
                }));
            }
        }
    }

    fn wait_on(&self) -> io::Result<Option<(Tid, i32)>> {
        loop {
            match sys::wait(-1, false) {
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
                other => return other,
            }
        }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if self.threads.is_empty() {
            return;
        }
        if self.launched {
            self.kill_all();
        } else {
            self.detach_all();
        }
    }
}
