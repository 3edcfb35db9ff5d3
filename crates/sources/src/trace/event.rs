//! What the tracer tells.

use super::sys::{SignalInfo, Tid};
use std::ffi::OsString;
use std::path::PathBuf;
use whodenied_kernel::Errno;
use whodenied_kernel::syscall::Arch;

/// A system call that has returned; its thread is still stopped in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The thread.
    pub tid: Tid,
    /// Its process.
    pub pid: Tid,
    /// The AUDIT_ARCH value, as a seccomp filter sees it.
    pub audit_arch: u32,
    /// The architecture, where it is one we know.
    pub arch: Option<Arch>,
    /// The number, as a seccomp filter sees it (with the x32 bit).
    pub nr: u64,
    /// The kernel's name of it.
    pub name: &'static str,
    /// The raw arguments.
    pub args: [u64; 6],
    /// The instruction pointer after the call instruction, as a seccomp filter sees it.
    pub ip: u64,
    /// The value returned; a negative errno when it failed.
    pub value: i64,
    /// True until the command that we started has become its own program: the calls are those by
    /// which we look for it.
    pub launching: bool,
}

impl Call {
    /// The error; `None` for a call that succeeded.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        (-4095..0).contains(&self.value).then(|| Errno(i32::try_from(-self.value).unwrap_or(0)))
    }

    /// True when pointers and long integers of this call have 32 bits.
    #[must_use]
    pub fn is_32_bit(&self) -> bool {
        // AUDIT_ARCH values of 64-bit machines have this bit (__AUDIT_ARCH_64BIT); x32 is a
        // 64-bit machine with pointers of 32.
        self.audit_arch & 0x8000_0000 == 0 || self.is_x32()
    }

    /// True for a call of the x32 ABI.
    #[must_use]
    pub fn is_x32(&self) -> bool {
        self.arch == Some(Arch::X86_64) && self.nr & whodenied_kernel::syscall::X32_BIT != 0
    }
}

/// One instruction of a classic BPF program (`struct sock_filter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Distance to jump when true.
    pub jt: u8,
    /// Distance to jump when false.
    pub jf: u8,
    /// Constant.
    pub k: u32,
}

/// A seccomp filter that a thread has just installed on itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterInstalled {
    /// The call that did it.
    pub call: Call,
    /// True for SECCOMP_SET_MODE_STRICT, which has no program.
    pub strict: bool,
    /// `SECCOMP_FILTER_FLAG_*`: TSYNC 1, LOG 2, SPEC_ALLOW 4, NEW_LISTENER 8, TSYNC_ESRCH 16,
    /// WAIT_KILLABLE_RECV 32.
    pub flags: u64,
    /// The program; empty when it could not be read.
    pub program: Vec<Instruction>,
    /// True when it was in force before we came: who installed it is not known, and `call` tells only of
    /// the thread.
    pub before_us: bool,
}

/// A program that runs with less than its file would give it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "four independent facts of the kernel's rule")]
pub struct PrivilegeLost {
    /// The thread, which now runs the file.
    pub tid: Tid,
    /// The file.
    pub file: PathBuf,
    /// The owner that a set-user-ID bit should have given.
    pub uid: Option<u32>,
    /// The group that a set-group-ID bit should have given.
    pub gid: Option<u32>,
    /// The permitted capabilities of the file that the process has not got.
    pub capabilities: u64,
    /// The process has no_new_privs.
    pub no_new_privs: bool,
    /// The file is on a mount with nosuid.
    pub nosuid: bool,
    /// We trace it without CAP_SYS_PTRACE: it is (also) our doing.
    pub traced: bool,
}

/// How a thread or process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It exited.
    Code(i32),
    /// It was killed by a signal.
    Signal {
        /// Which.
        signal: i32,
        /// And left a core dump.
        core: bool,
    },
}

/// A program has been executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// The thread, from now on the only one of its process.
    pub tid: Tid,
    /// The id the thread had before; another than `tid` when it was not the first of its process.
    pub former: Tid,
    /// The path as it was asked for (`AT_EXECFN`): of a script, the script's.
    pub asked: Option<OsString>,
    /// The program that runs: of a script, its interpreter.
    pub exe: Option<PathBuf>,
}

/// Something that happened. The thread it happened to is stopped while the observer is told, but
/// for `Exit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A call failed with an error that the observer wants.
    Failed(Call),
    /// A ptrace request was refused because we trace the process already: without us it could have
    /// succeeded.
    TracedByUs(Call),
    /// A call succeeded that the observer wants to see succeed.
    Succeeded(Call),
    /// A program was executed.
    Exec(Exec),
    /// A program was executed without the privilege its file would give.
    PrivilegeLost(PrivilegeLost),
    /// A process or thread was made.
    Fork {
        /// By whom.
        parent: Tid,
        /// The new one.
        child: Tid,
        /// It is a thread of the same process.
        thread: bool,
    },
    /// The command runs under our own accelerating filter from here on.
    Accelerated,
    /// A seccomp filter was installed.
    FilterInstalled(FilterInstalled),
    /// A seccomp filter answered a call with SIGSYS. `killed`: it can't be caught.
    Trapped {
        /// The call, which was not made.
        call: Call,
        /// What came with the signal; nothing when the thread was killed outright.
        signal: Option<SignalInfo>,
        /// The thread or process was killed without a chance to handle it.
        killed: bool,
    },
    /// A signal is about to be delivered, unchanged.
    Signal {
        /// To whom.
        tid: Tid,
        /// Its origin.
        info: SignalInfo,
    },
    /// A thread is gone.
    Exit {
        /// Which.
        tid: Tid,
        /// Its process; equal to `tid` when the process is gone.
        pid: Tid,
        /// How.
        status: Status,
    },
}

/// What to do after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Let everything run on untraced.
    Detach,
    /// Kill everything traced.
    Kill,
}

/// How the trace ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The command, or the process attached to, ended so.
    Ended(Status),
    /// The command could not be executed at all, for this error; it never ran.
    NotStarted(Errno),
    /// We let go of it while it ran on.
    Detached,
}

/// Who is told.
pub trait Observer {
    /// Whether to be told of this failed call: asked with the thread stopped, before anything is
    /// read. Must be quick.
    fn wants(&mut self, call: &Call) -> bool {
        let _ = call;
        true
    }

    /// Whether to be told of every file that is opened, as [`Event::Succeeded`]. Asked at every call.
    fn wants_opens(&self) -> bool {
        false
    }

    /// Whether to be told of a signal by its number; SIGSYS of a filter is always told.
    fn wants_signal(&mut self, signal: i32) -> bool {
        let _ = signal;
        false
    }

    /// Told of an event, the thread stopped. Its own child processes must be waited for before
    /// this returns.
    fn event(&mut self, event: Event) -> Flow;
}
