//! System calls at their stops: which of them is of interest, and what it was.

use super::event::{Call, Event, Observer};
use super::filter;
use super::options::OPENS;
use super::sys::{self, Info, Stop, Tid};
use super::tracee::Tracee;
use super::tracer::Tracer;
use whodenied_kernel::Errno;
use whodenied_kernel::syscall::Arch;

impl Tracer {
    /// A thread has installed a filter of its own, whose answers take precedence over ours.
    pub(super) fn follow_whole(&mut self, tid: Tid, all_threads: bool) {
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
    pub(super) fn about_to_call(&mut self, tid: Tid) {
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
    pub(super) fn in_call(&mut self, tid: Tid, observer: &mut impl Observer) {
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
        if let Some(call) = self.returned(tid, observer.wants_opens()) {
            self.judge(call, observer);
        }
    }

    /// The call that has returned, if it is of a kind that somebody may want to know of.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn returned(&mut self, tid: Tid, opens: bool) -> Option<Call> {
        if self.options.portable {
            return self.returned_portably(tid, opens);
        }
        // The registers still hold number and arguments, so that most calls cost one request
        // in all: nothing at their entry, and this.
        let regs = sys::Registers::read(tid).ok()?;
        let opened = opens && self.wanted.opened(regs.value(), regs.number());
        if !opened && !self.wanted.value(regs.value(), regs.number()) {
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
    pub(super) fn returned(&mut self, tid: Tid, opens: bool) -> Option<Call> {
        self.returned_portably(tid, opens)
    }

    pub(super) fn returned_portably(&mut self, tid: Tid, opens: bool) -> Option<Call> {
        let info = sys::syscall_info(tid).ok()?;
        let thread = self.threads.get_mut(&tid)?;
        match info.stop {
            Stop::Exit { value, .. } => {
                // Kept: a signal that a filter sent for this call comes after this.
                let (nr, args) = thread.entry?;
                let call = self.call(tid, &info, nr, args, value);
                let wanted = self.wanted.value(value, nr) || opens && self.wanted.opened(value, nr);
                (wanted && !call.name.ends_with("sigreturn")).then_some(call)
            }
            Stop::Entry { nr, args } => {
                thread.in_call = true;
                thread.entry = Some((nr, args));
                None
            }
            Stop::Other => None,
        }
    }

    pub(super) fn call(&self, tid: Tid, info: &Info, nr: u64, args: [u64; 6], value: i64) -> Call {
        let pid = self.threads.get(&tid).map_or(tid, |t| t.pid);
        let arch = Arch::from_audit(info.arch);
        let name = arch.and_then(|a| a.syscall_name(nr)).unwrap_or("unknown");
        let launching = !self.started && tid == self.main;
        Call { tid, pid, audit_arch: info.arch, arch, nr, name, args, ip: info.ip, value, launching }
    }

    pub(super) fn judge(&mut self, call: Call, observer: &mut impl Observer) {
        let Some(errno) = call.errno() else {
            if let Some(installed) = filter::installed(&call) {
                if call.launching {
                    self.fast = true;
                    self.tell(observer, Event::Accelerated);
                    return;
                }
                self.follow_whole(call.tid, call.name == "seccomp" && installed.flags & 1 != 0);
                self.tell(observer, Event::FilterInstalled(installed));
            }
            let opened = observer.wants_opens() && OPENS.contains(&call.name);
            if opened || self.wanted.success(call.name) {
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
    pub(super) fn is_our_doing(&self, call: &Call) -> bool {
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

    /// A seccomp filter answered with SIGSYS.
    pub(super) fn trapped(
        &mut self,
        tid: Tid,
        signal: Option<sys::SignalInfo>,
        observer: &mut impl Observer,
    ) {
        let Some((info, nr, args)) = self.call_not_made(tid, signal.as_ref()) else { return };
        let call = self.call(tid, &info, nr, args, 0);
        self.tell(observer, Event::Trapped { call, signal, killed: signal.is_none() });
    }

    /// The call that a filter refused: the registers were put back to what they were at its entry.
    #[cfg(target_arch = "x86_64")]
    #[allow(clippy::unused_self, reason = "the other architectures use it")]
    pub(super) fn call_not_made(
        &self,
        tid: Tid,
        signal: Option<&sys::SignalInfo>,
    ) -> Option<(Info, u64, [u64; 6])> {
        let regs = sys::Registers::read(tid).ok()?;
        let mut info = sys::syscall_info(tid).ok()?;
        if let Some(signal) = signal {
            info.arch = signal.arch;
        }
        let nr = signal.map_or(regs.number() as u32, |s| s.syscall.cast_unsigned());
        Some((info, u64::from(nr), regs.args(info.arch == Arch::X86.audit())))
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn call_not_made(
        &self,
        tid: Tid,
        signal: Option<&sys::SignalInfo>,
    ) -> Option<(Info, u64, [u64; 6])> {
        let info = sys::syscall_info(tid).ok()?;
        let entry = self.threads.get(&tid)?.entry;
        let nr = signal.map(|s| u64::from(s.syscall.cast_unsigned())).or(entry.map(|e| e.0))?;
        Some((info, nr, entry.map_or([0; 6], |e| e.1)))
    }
}
