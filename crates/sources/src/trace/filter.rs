//! Seccomp filters, read as a thread installs them: later only CAP_SYS_ADMIN could.

use super::event::{Call, FilterInstalled, Instruction};
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
    Some(FilterInstalled { call: *call, strict, flags, program })
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
