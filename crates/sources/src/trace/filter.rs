//! Seccomp filters, read as a thread installs them: later only CAP_SYS_ADMIN could.

use super::event::{Call, FilterInstalled, Instruction};
use super::sys::{self, Tid};
use super::tracee::Tracee;

/// BPF_MAXINSNS: the kernel takes no longer program.
const MOST: usize = 4096;

/// The filter that `call`, which succeeded, has installed. Sources: seccomp(2), prctl(2).
pub(super) fn installed(call: &Call) -> Option<FilterInstalled> {
    const PR_SET_SECCOMP: u64 = 22;
    const MODE_STRICT: u64 = 1;
    const MODE_FILTER: u64 = 2;
    const SET_MODE_STRICT: u64 = 0;
    const SET_MODE_FILTER: u64 = 1;
    let [first, second, third, ..] = call.args;
    let (strict, flags, at) = match (call.name, first as u32 as u64) {
        ("prctl", PR_SET_SECCOMP) => match second {
            MODE_STRICT => (true, 0, 0),
            MODE_FILTER => (false, 0, third),
            _ => return None,
        },
        ("seccomp", SET_MODE_STRICT) => (true, 0, 0),
        ("seccomp", SET_MODE_FILTER) => (false, second, third),
        _ => return None,
    };
    let program = if strict { Vec::new() } else { program(call, at).unwrap_or_default() };
    Some(FilterInstalled { call: *call, strict, flags, program, before_us: false })
}

/// The filters that a stopped thread has had since before we came, the oldest first; empty where the kernel
/// does not give them (CAP_SYS_ADMIN, CONFIG_CHECKPOINT_RESTORE, and no filter around ourselves). Source:
/// `seccomp_get_filter` in the kernel's kernel/seccomp.c, ptrace(2).
pub(super) fn in_force(tid: Tid, pid: Tid) -> Vec<FilterInstalled> {
    /// So many filters no real program has.
    const MOST_FILTERS: usize = 128;
    let call = Call {
        tid,
        pid,
        audit_arch: 0,
        arch: None,
        nr: 0,
        name: "unknown",
        args: [0; 6],
        ip: 0,
        value: 0,
        launching: false,
    };
    let mut found = Vec::new();
    for index in 0..MOST_FILTERS {
        let Ok(program) = sys::seccomp_filter(tid, index, MOST) else { break };
        found.push(FilterInstalled { call, strict: false, flags: 0, program, before_us: true });
    }
    found
}

/// `struct sock_fprog`: a length of 16 bits, then, aligned, a pointer to the instructions.
fn program(call: &Call, at: u64) -> Option<Vec<Instruction>> {
    let tracee = Tracee { tid: call.tid };
    let len = usize::try_from(tracee.u32(at)? & 0xffff).ok()?;
    let short = call.is_32_bit();
    let from = tracee.word(at + if short { 4 } else { 8 }, short)?;
    if len > MOST {
        return None;
    }
    let bytes = tracee.bytes(from, len * 8)?;
    let (instructions, _) = bytes.as_chunks::<8>();
    Some(
        instructions
            .iter()
            .map(|[c0, c1, jt, jf, k @ ..]| Instruction {
                code: u16::from_ne_bytes([*c0, *c1]),
                jt: *jt,
                jf: *jf,
                k: u32::from_ne_bytes(*k),
            })
            .collect(),
    )
}
