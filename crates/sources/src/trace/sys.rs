//! The system calls of the tracer, each wrapped once.

#![allow(unsafe_code, reason = "ptrace, wait and process_vm_readv have no safe form")]

use std::io;
use std::mem::size_of;

/// A thread id, or the id of a process, which is that of its first thread.
pub type Tid = i32;

const PTRACE_PEEKDATA: i32 = 2;
const PTRACE_CONT: i32 = 7;
#[cfg(target_arch = "x86_64")]
const PTRACE_GETREGS: i32 = 12;
const PTRACE_SYSCALL: i32 = 24;
const PTRACE_DETACH: i32 = 17;
const PTRACE_GETEVENTMSG: i32 = 0x4201;
const PTRACE_GETSIGINFO: i32 = 0x4202;
const PTRACE_SEIZE: i32 = 0x4206;
const PTRACE_INTERRUPT: i32 = 0x4207;
const PTRACE_LISTEN: i32 = 0x4208;
const PTRACE_GET_SYSCALL_INFO: i32 = 0x420e;

/// What is asked of the kernel for every tracee: syscall stops that can't be taken for signals,
/// its children traced from their first instruction, and stops at exec and at exit.
/// Source: ptrace(2), `include/uapi/linux/ptrace.h`.
pub(super) const OPTIONS: usize = 1 | 2 | 4 | 8 | 0x10 | 0x40;
/// PTRACE_O_EXITKILL: the tracees die with the tracer.
pub(super) const EXIT_KILL: usize = 1 << 20;

pub(super) const EVENT_FORK: i32 = 1;
pub(super) const EVENT_VFORK: i32 = 2;
pub(super) const EVENT_CLONE: i32 = 3;
pub(super) const EVENT_EXEC: i32 = 4;
pub(super) const EVENT_EXIT: i32 = 6;
pub(super) const EVENT_SECCOMP: i32 = 7;
pub(super) const EVENT_STOP: i32 = 128;
/// PTRACE_O_TRACESECCOMP: a filter's SECCOMP_RET_TRACE stops the thread.
pub(super) const TRACE_SECCOMP: usize = 0x80;

fn ptrace(request: i32, tid: Tid, addr: usize, data: usize) -> io::Result<()> {
    // SAFETY: the requests passed here either write nothing to our memory, or write at `data`,
    // which the callers below point at a local of the size that the request fills.
    let result = unsafe { libc::ptrace(request as _, tid, addr, data) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Begins to trace without stopping the thread.
pub(super) fn seize(tid: Tid, options: usize) -> io::Result<()> {
    ptrace(PTRACE_SEIZE, tid, 0, options)
}

/// PTRACE_SECCOMP_GET_FILTER (linux/ptrace.h).
const SECCOMP_GET_FILTER: i32 = 0x420c;

/// The filter of this number, counted from the oldest, of at most `most` instructions.
pub(super) fn seccomp_filter(
    tid: Tid,
    index: usize,
    most: usize,
) -> io::Result<Vec<super::event::Instruction>> {
    let mut bytes = vec![[0_u8; 8]; most];
    // SAFETY: the request fills at most BPF_MAXINSNS instructions of eight bytes, and `most` is that number.
    let count = unsafe { libc::ptrace(SECCOMP_GET_FILTER as _, tid, index, bytes.as_mut_ptr()) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    bytes.truncate(count);
    let instruction = |[c0, c1, jt, jf, k @ ..]: [u8; 8]| super::event::Instruction {
        code: u16::from_ne_bytes([c0, c1]),
        jt,
        jf,
        k: u32::from_ne_bytes(k),
    };
    Ok(bytes.into_iter().map(instruction).collect())
}

/// Asks a running tracee to stop.
pub(super) fn interrupt(tid: Tid) -> io::Result<()> {
    ptrace(PTRACE_INTERRUPT, tid, 0, 0)
}

/// Lets a stopped tracee run to its next stop, delivering `signal` unless it is 0.
pub(super) fn resume(tid: Tid, signal: i32) -> io::Result<()> {
    ptrace(PTRACE_SYSCALL, tid, 0, signal as usize)
}

/// Lets a stopped tracee run without stops before and after its calls.
pub(super) fn run_on(tid: Tid, signal: i32) -> io::Result<()> {
    ptrace(PTRACE_CONT, tid, 0, signal as usize)
}

/// Leaves a tracee in its group stop, where SIGCONT finds it.
pub(super) fn listen(tid: Tid) -> io::Result<()> {
    ptrace(PTRACE_LISTEN, tid, 0, 0)
}

/// Ends the tracing of a stopped tracee, delivering `signal` unless it is 0.
pub(super) fn detach(tid: Tid, signal: i32) -> io::Result<()> {
    ptrace(PTRACE_DETACH, tid, 0, signal as usize)
}

/// The number that came with a ptrace event.
pub(super) fn event_message(tid: Tid) -> io::Result<u64> {
    let mut message: libc::c_ulong = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, 0, (&raw mut message) as usize)?;
    Ok(message as u64)
}

/// A signal's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalInfo {
    /// The signal.
    pub signo: i32,
    /// `si_code`: at most 0 from a process, above from the kernel.
    pub code: i32,
    /// `si_errno`; of a SIGSYS the data of the seccomp filter's verdict.
    pub errno: i32,
    /// The sender, for signals that a process sent.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Of a SIGSYS: where it was called from.
    pub call_addr: u64,
    /// Of a SIGSYS: the number of the system call.
    pub syscall: i32,
    /// Of a SIGSYS: the AUDIT_ARCH value.
    pub arch: u32,
}

/// The origin of the signal that a tracee is stopped for.
pub(super) fn signal_info(tid: Tid) -> io::Result<SignalInfo> {
    // The layout of 64-bit siginfo_t: si_signo, si_errno, si_code, padding, then the union at 16.
    // Source: include/uapi/asm-generic/siginfo.h.
    let mut raw = [0u32; 32];
    ptrace(PTRACE_GETSIGINFO, tid, 0, raw.as_mut_ptr() as usize)?;
    Ok(SignalInfo {
        signo: raw[0].cast_signed(),
        errno: raw[1].cast_signed(),
        code: raw[2].cast_signed(),
        pid: raw[4].cast_signed(),
        uid: raw[5],
        call_addr: u64::from(raw[4]) | (u64::from(raw[5]) << 32),
        syscall: raw[6].cast_signed(),
        arch: raw[7],
    })
}

/// What PTRACE_GET_SYSCALL_INFO tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Before the call: number and arguments.
    Entry { nr: u64, args: [u64; 6] },
    /// After it: the value and whether it is an error.
    Exit { value: i64, error: bool },
    /// Neither.
    Other,
}

/// Where a tracee stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) arch: u32,
    pub(super) ip: u64,
    pub(super) stop: Stop,
}

/// What the tracee is stopped in. Source: `struct ptrace_syscall_info`; Linux 5.3 and later.
pub(super) fn syscall_info(tid: Tid) -> io::Result<Info> {
    let mut raw = [0u64; 12];
    ptrace(PTRACE_GET_SYSCALL_INFO, tid, size_of::<[u64; 12]>(), raw.as_mut_ptr() as usize)?;
    let stop = match raw[0].to_ne_bytes()[0] {
        1 | 3 => Stop::Entry { nr: raw[3], args: [raw[4], raw[5], raw[6], raw[7], raw[8], raw[9]] },
        2 => Stop::Exit { value: raw[3].cast_signed(), error: raw[4].to_ne_bytes()[0] != 0 },
        _ => Stop::Other,
    };
    let arch = raw[0].to_ne_bytes();
    let arch = u32::from_ne_bytes([arch[4], arch[5], arch[6], arch[7]]);
    Ok(Info { arch, ip: raw[1], stop })
}

/// The registers at a stop after a call: they still hold its number and arguments on x86.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Registers(libc::user_regs_struct);

#[cfg(target_arch = "x86_64")]
impl Registers {
    /// Reads them.
    pub(super) fn read(tid: Tid) -> io::Result<Self> {
        // SAFETY: the structure holds integers only, for which all zeroes are values.
        let mut regs: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        ptrace(PTRACE_GETREGS, tid, 0, (&raw mut regs) as usize)?;
        Ok(Self(regs))
    }

    /// The number as the kernel keeps it; all ones when the thread is in no call.
    pub(super) const fn number(&self) -> u64 {
        self.0.orig_rax
    }

    /// The value returned.
    pub(super) const fn value(&self) -> i64 {
        // Code of 32 bits, whose calls return 32 bits.
        if self.0.cs == 0x23 { self.0.rax as u32 as i32 as i64 } else { self.0.rax.cast_signed() }
    }

    /// The arguments by the convention of `compat` (i386) or of x86_64.
    pub(super) const fn args(&self, compat: bool) -> [u64; 6] {
        let r = &self.0;
        if compat {
            let mask = 0xffff_ffff;
            [r.rbx & mask, r.rcx & mask, r.rdx & mask, r.rsi & mask, r.rdi & mask, r.rbp & mask]
        } else {
            [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9]
        }
    }
}

/// Waits for any tracee or child of this thread. `Ok(None)` when nothing is due with `nohang`.
pub(super) fn wait(tid: Tid, nohang: bool) -> io::Result<Option<(Tid, i32)>> {
    // __WNOTHREAD keeps to the tracees of this thread: another may run a tracer of its own.
    let mut flags = libc::__WALL | libc::__WNOTHREAD;
    if nohang {
        flags |= libc::WNOHANG;
    }
    let mut status = 0;
    // SAFETY: `status` is a local that outlives the call.
    let got = unsafe { libc::waitpid(tid, &raw mut status, flags) };
    match got {
        0 => Ok(None),
        tid if tid > 0 => Ok(Some((tid, status))),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads memory of a tracee; returns how many bytes were read, which ends at the first that can't be.
pub(super) fn read_memory(tid: Tid, addr: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let remote = libc::iovec { iov_base: addr as *mut libc::c_void, iov_len: buffer.len() };
    // SAFETY: the local vector describes `buffer`, borrowed mutably for the call; the remote one
    // is an address in the other process, which the kernel checks.
    let got = unsafe { libc::process_vm_readv(tid, &raw const local, 1, &raw const remote, 1, 0) };
    usize::try_from(got).map_err(|_| io::Error::last_os_error())
}

/// Reads one word of a stopped tracee, for where neither process_vm_readv nor /proc/PID/mem works.
pub(super) fn peek(tid: Tid, addr: u64) -> io::Result<u64> {
    let mut word: libc::c_ulong = 0;
    // SAFETY: the raw system call stores the word at its fourth argument, a local.
    let result = unsafe {
        libc::syscall(libc::SYS_ptrace, libc::c_long::from(PTRACE_PEEKDATA), tid, addr, &raw mut word)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(word as u64) }
}

/// Sends a signal.
pub(super) fn kill(pid: Tid, signal: i32) -> io::Result<()> {
    // SAFETY: takes integers only.
    if unsafe { libc::kill(pid, signal) } < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// True when `tid` is the first thread of its process.
pub(super) fn leads(tid: Tid) -> bool {
    // SAFETY: takes integers only; signal 0 is none.
    unsafe { libc::syscall(libc::SYS_tgkill, tid, tid, 0) == 0 }
}

/// The flags of the file system that `path` is on (`ST_NOSUID` = 2, `ST_NOEXEC` = 8, …).
pub(super) fn mount_flags(path: &std::ffi::CStr) -> io::Result<u64> {
    // SAFETY: the structure holds integers only; `path` is terminated and outlives the call.
    unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path.as_ptr(), &raw mut stat) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(stat.f_flag as u64)
    }
}

/// An extended attribute, at most 256 bytes of it.
pub(super) fn xattr(path: &std::ffi::CStr, name: &std::ffi::CStr) -> io::Result<Vec<u8>> {
    let mut value = vec![0u8; 256];
    // SAFETY: both names are terminated, the buffer is as long as told, all outlive the call.
    let got = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    value.truncate(got);
    Ok(value)
}
