//! Signals and tracing. Kernel `ipc.c`, `profile_signal_perm`; `task.c`, `profile_tracer_perm` and
//! `profile_tracee_perm`. Both sides are asked, each by its own profile about the other's label.

use super::{Answer, Label, check, confined, label};
use crate::policy::{Class, Profile, bit};
use whodenied_kernel::Errno;

/// How a task looks into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PtraceAccess {
    /// It reads (`PTRACE_MODE_READ`: most of `/proc/PID`).
    Read,
    /// It attaches.
    Trace,
    /// It is read.
    ReadBy,
    /// It is attached to.
    TracedBy,
}

impl PtraceAccess {
    const fn bit(self) -> u32 {
        match self {
            Self::Read => bit::READ,
            Self::Trace => bit::WRITE,
            Self::ReadBy => bit::CREATE,
            Self::TracedBy => bit::APPEND,
        }
    }
}

/// The number a signal has in rules: its own on x86 and most others, 35 for 0 (asking whether a task is
/// there), 128 and up for those in real time. Kernel `map_signal_num`.
#[must_use]
pub const fn signal_number(signal: u32) -> Option<u8> {
    match signal {
        0 => Some(35),
        1..=31 => Some(signal as u8),
        // SIGRTMIN of the kernel, whatever a library counts from.
        32..=64 => Some((128 + signal - 32) as u8),
        _ => None,
    }
}

/// May a task send (`send`) or get this signal to or from a task with this label?
#[must_use]
pub fn signal(profile: &Profile, signal: u32, send: bool, peer: &Label) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::Signal) };
    let Some((db, state)) = profile.policy.as_ref().and_then(|db| Some((db, db.class(Class::Signal)?)))
    else {
        return Answer::unmediated(Class::Signal);
    };
    // Unknown signals are matched by a number that no rule names.
    let state = db.dfa.next(state, signal_number(signal).unwrap_or(0));
    let request = if send { bit::WRITE } else { bit::READ };
    let perms = label::permissions(db, peer, state, false, false, request);
    check(profile, &perms, request, Class::Signal, Errno::EACCES)
}

/// May a task look into, or be looked into by, a task with this label? Tracing oneself is never asked.
#[must_use]
pub fn ptrace(profile: &Profile, access: PtraceAccess, peer: &Label) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::Ptrace) };
    let Some(db) = profile.policy.as_ref().filter(|db| db.class(Class::Ptrace).is_some()) else {
        return Answer::unmediated(Class::Ptrace);
    };
    let passive = matches!(access, PtraceAccess::ReadBy | PtraceAccess::TracedBy);
    if passive && peer.is_unconfined() {
        return Answer::unmediated(Class::Ptrace);
    }
    let state = db.dfa.next(db.dfa.next(db.start, Class::Label as u8), Class::Ptrace as u8);
    let perms = label::permissions(db, peer, state, false, false, access.bit());
    check(profile, &perms, access.bit(), Class::Ptrace, Errno::EACCES)
}
