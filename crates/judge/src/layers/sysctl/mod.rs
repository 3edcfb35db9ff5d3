//! Sysctls that gate an operation.
//!
//! Each gate is a few lines in the call it guards and answers before or beside the LSMs: perf
//! (`perf_event_open`, EACCES), bpf (`__sys_bpf`, EPERM), io_uring (`io_uring_allowed`, EPERM, since
//! 6.6), the kernel log (`check_syslog_permissions`, EPERM), ICMP sockets (`ping_init_sock`, EACCES),
//! sticky directories (`may_create_in_sticky`, `may_follow_link` EACCES, `may_linkat` EPERM;
//! fs/namei.c), user namespaces (`user_namespaces`), modules, kexec, userfaultfd. Root with the
//! matching capability passes most of them; those of sticky directories bind root too.

mod gates;
mod looked_up;
mod network;
mod user_namespaces;

use crate::context::Context;
use crate::say::Best;
use whodenied_case::{Attempt, Verdict};
use whodenied_kernel::Layer;

const LAYER: Layer = Layer::Sysctl;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    let answers = user_namespaces::judge(attempt, cx).into_iter().chain(gates::judge(attempt, cx));
    for said in answers {
        best.offer(said);
    }
    best.done()
}
