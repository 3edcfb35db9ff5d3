//! Signals to ourselves while a command runs under us.
//!
//! The terminal signals the whole foreground process group, so the command gets ^C, ^\ and ^Z
//! itself: we only must not die of them. What another process sends to us alone was meant for the
//! command, and is passed on. When the command stops for the terminal (^Z, or reading from it in
//! the background) we stop likewise, so that the shell sees its job stopped.

#![allow(unsafe_code, reason = "signal handlers and timers have no safe form")]

use super::sys::Tid;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Passed on to the command when a process sends them to us.
const FORWARDED: [i32; 7] =
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2, libc::SIGCONT];

/// Would stop us; we stop when the command does.
const STOPPING: [i32; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// A descriptor of the command's process; -1 when it is gone.
static COMMAND: AtomicI32 = AtomicI32::new(-1);
/// The command is stopped, as far as we know.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// A signal has asked us to end and there is no command to pass it on to.
static ENDED: AtomicBool = AtomicBool::new(false);
/// A timer has run out.
static WOKEN: AtomicBool = AtomicBool::new(false);
/// The signals whose disposition we changed, as bits.
static CHANGED: AtomicU64 = AtomicU64::new(0);
/// SIGCHLD was ignored.
static CHILD_IGNORED: AtomicBool = AtomicBool::new(false);
/// The timer that wakes the tracer from its wait. The first of a process is timer 0.
static TIMER: AtomicUsize = AtomicUsize::new(NO_TIMER);
const NO_TIMER: usize = usize::MAX;

/// The signal of the timer: not one that a program uses by name.
fn wake_signal() -> i32 {
    libc::SIGRTMAX() - 5
}

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: makes system calls that are safe in a handler, on atomics and on the siginfo that
    // the kernel passes to a handler installed with SA_SIGINFO; errno is put back.
    unsafe {
        let errno = *libc::__errno_location();
        let by_process = (*info).si_code <= 0;
        let command = COMMAND.load(Ordering::Relaxed);
        if command < 0 {
            if !STOPPING.contains(&signal) && signal != libc::SIGCONT {
                ENDED.store(true, Ordering::Relaxed);
                arm(TIMER.load(Ordering::Relaxed), 1);
            }
        } else if by_process && (signal != libc::SIGCONT || STOPPED.load(Ordering::Relaxed)) {
            libc::syscall(libc::SYS_pidfd_send_signal, command, signal, std::ptr::null::<u8>(), 0);
        }
        *libc::__errno_location() = errno;
    }
}

extern "C" fn wake(_signal: i32) {
    WOKEN.store(true, Ordering::Relaxed);
}

/// Whether a timer has ever run out in this process: then there may be something to do although
/// no wait was interrupted, because none was waiting.
pub(super) fn woken() -> bool {
    WOKEN.load(Ordering::Relaxed)
}

/// Starts a timer: first after `first` nanoseconds, then every 20 ms.
///
/// # Safety
/// `timer` must be `NO_TIMER` or a timer that exists.
unsafe fn arm(timer: usize, first: i64) {
    if timer == NO_TIMER {
        return;
    }
    let time = |n: i64| libc::timespec { tv_sec: n / 1_000_000_000, tv_nsec: n % 1_000_000_000 };
    let spec = libc::itimerspec { it_value: time(first), it_interval: time(20_000_000) };
    // SAFETY: the timer exists, the specification is a local.
    unsafe {
        libc::timer_settime(timer as libc::timer_t, 0, &raw const spec, std::ptr::null_mut());
    }
}

/// The dispositions of this process while a command runs; put back when dropped.
#[derive(Debug)]
pub(super) struct Guard {
    old: Vec<(i32, Box<Saved>)>,
}

struct Saved(libc::sigaction);

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("disposition")
    }
}

impl Guard {
    /// Takes the signals over. At most one guard at a time makes sense in a process.
    pub(super) fn install() -> Self {
        let mut guard = Self { old: Vec::new() };
        ENDED.store(false, Ordering::Relaxed);
        STOPPED.store(false, Ordering::Relaxed);
        let handler = handle as extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
        for signal in FORWARDED.into_iter().chain(STOPPING) {
            // SAFETY: a handler of the right form, see `handle`.
            unsafe { guard.set(signal, handler as libc::sighandler_t, libc::SA_SIGINFO, false) };
        }
        // With SIGCHLD ignored the kernel would reap the command before we could ask how it ended.
        // SAFETY: the default disposition.
        unsafe { guard.set(libc::SIGCHLD, libc::SIG_DFL, 0, true) };
        guard
    }

    /// # Safety
    /// `handler` must be a disposition or a handler of the form that `flags` says.
    unsafe fn set(&mut self, signal: i32, handler: libc::sighandler_t, flags: i32, even_ignored: bool) {
        // SAFETY: the structures are locals; zero is a value of each field.
        unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, std::ptr::null(), &raw mut old) < 0 {
                return;
            }
            // What was ignored when we came stays so, for us and for the command (nohup).
            let ignored = old.sa_sigaction == libc::SIG_IGN;
            if ignored != even_ignored {
                return;
            }
            let mut new: libc::sigaction = std::mem::zeroed();
            new.sa_sigaction = handler;
            new.sa_flags = flags;
            libc::sigemptyset(&raw mut new.sa_mask);
            if libc::sigaction(signal, &raw const new, std::ptr::null_mut()) == 0 {
                self.old.push((signal, Box::new(Saved(old))));
                CHANGED.fetch_or(1 << signal, Ordering::Relaxed);
                if even_ignored {
                    CHILD_IGNORED.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        for (signal, saved) in &self.old {
            // SAFETY: puts back what sigaction gave.
            unsafe {
                libc::sigaction(*signal, &raw const saved.0, std::ptr::null_mut());
            }
        }
        CHANGED.store(0, Ordering::Relaxed);
        CHILD_IGNORED.store(false, Ordering::Relaxed);
        forget_command();
    }
}

/// Turns the signals by which a person ends us into a question, for work that has to be put away first: a
/// trace lets go, and [`asked`](Self::asked) tells.
#[derive(Debug)]
pub struct Interrupt {
    _guard: Guard,
}

impl Interrupt {
    /// From now on until it is dropped. Not beside a tracer that forwards signals.
    #[must_use]
    pub fn watch() -> Self {
        Self { _guard: Guard::install() }
    }

    /// Whether such a signal has come.
    #[must_use]
    pub fn asked(&self) -> bool {
        ended()
    }
}

/// In a forked child: the dispositions that the command is to have. Makes system calls only.
pub(super) fn reset_in_child() {
    let changed = CHANGED.load(Ordering::Relaxed);
    for signal in 1..64 {
        if changed & (1 << signal) != 0 {
            let ignored = signal == libc::SIGCHLD && CHILD_IGNORED.load(Ordering::Relaxed);
            // SAFETY: a disposition that needs no handler.
            unsafe {
                libc::signal(signal, if ignored { libc::SIG_IGN } else { libc::SIG_DFL });
            }
        }
    }
}

/// Signals sent to us go to this process from now on.
pub(super) fn set_command(pid: Tid) {
    // SAFETY: takes integers only.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    COMMAND.store(i32::try_from(fd).unwrap_or(-1), Ordering::Relaxed);
}

/// The command is gone.
pub(super) fn forget_command() {
    let fd = COMMAND.swap(-1, Ordering::Relaxed);
    if fd >= 0 {
        // SAFETY: the descriptor is ours, and nobody else has it after the swap.
        unsafe {
            libc::close(fd);
        }
    }
}

/// The command goes on; a SIGCONT to us is no longer for it.
pub(super) fn command_runs() {
    STOPPED.store(false, Ordering::Relaxed);
}

/// Whether a signal has asked us to end with no command left to pass it on to.
pub(super) fn ended() -> bool {
    ENDED.load(Ordering::Relaxed)
}

/// Stops this process as the command was stopped, for signals of the terminal. Returns when it is
/// continued.
pub(super) fn stop_with(signal: i32) {
    STOPPED.store(true, Ordering::Relaxed);
    if !STOPPING.contains(&signal) || CHANGED.load(Ordering::Relaxed) & (1 << signal) == 0 {
        return;
    }
    // SAFETY: the structures are locals; the disposition that was there is put back.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, &raw const default, &raw mut old);
        libc::raise(signal);
        libc::sigaction(signal, &raw const old, std::ptr::null_mut());
    }
}

/// Ends this process by the signal that ended the command, so that a shell sees what it would have
/// seen: a script stops at a command killed by ^C. Leaves no core dump. Returns when the signal
/// does not end a process.
pub fn die_of(signal: i32) {
    // SAFETY: the structures are locals; a default disposition needs no handler.
    unsafe {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(signal, libc::SIG_DFL);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
        libc::raise(signal);
    }
}

/// A timer that interrupts this thread's wait: first after `after`, then every 20 ms.
#[derive(Debug)]
pub(super) struct Timer(usize);

impl Timer {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the handler does nothing; the structures are locals; the timer signals this
        // very thread, which owns it.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            let handler = wake as extern "C" fn(i32);
            action.sa_sigaction = handler as libc::sighandler_t;
            libc::sigaction(wake_signal(), &raw const action, std::ptr::null_mut());
            let mut event: libc::sigevent = std::mem::zeroed();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = wake_signal();
            event.sigev_notify_thread_id = libc::gettid();
            let mut timer: libc::timer_t = std::ptr::null_mut();
            if libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(timer as usize))
        }
    }

    /// Starts it.
    pub(super) fn arm(&self, after: Duration) {
        let first = i64::try_from(after.as_nanos()).unwrap_or(i64::MAX).max(1);
        // SAFETY: the timer exists while `self` does.
        unsafe { arm(self.0, first) };
    }

    /// Lets the handlers start it.
    pub(super) fn share(&self) {
        TIMER.store(self.0, Ordering::Relaxed);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let _ = TIMER.compare_exchange(self.0, NO_TIMER, Ordering::Relaxed, Ordering::Relaxed);
        // SAFETY: the timer exists, and nothing uses it after this.
        unsafe {
            libc::timer_delete(self.0 as libc::timer_t);
        }
    }
}
