//! A gate that somebody looked up beside an error of which nothing else is known.

use super::LAYER;
use crate::context::Context;
use crate::say::{Say, denies};
use whodenied_case::{Attempt, Support};
use whodenied_kernel::Errno;

/// Gates, the least value that refuses, and their errno.
const GATES: &[(&str, i64, Errno)] = &[
    ("vm.unprivileged_userfaultfd", 0, Errno::EPERM),
    ("kernel.unprivileged_userns_clone", 0, Errno::EPERM),
    ("user.max_user_namespaces", 0, Errno::ENOSPC),
    ("kernel.unprivileged_bpf_disabled", 1, Errno::EPERM),
    ("kernel.io_uring_disabled", 1, Errno::EPERM),
    ("kernel.dmesg_restrict", 1, Errno::EPERM),
    ("kernel.perf_event_paranoid", 2, Errno::EACCES),
    ("kernel.modules_disabled", 1, Errno::EPERM),
    ("kernel.kexec_load_disabled", 1, Errno::EPERM),
    ("fs.protected_hardlinks", 1, Errno::EPERM),
    ("fs.protected_regular", 1, Errno::EACCES),
    ("fs.protected_fifos", 1, Errno::EACCES),
];

/// An error without call or object beside a closed gate that somebody looked up.
pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let bare = attempt.call.is_none() && attempt.object_name().is_empty() && attempt.records.is_empty();
    if !bare || attempt.own_refusal {
        return None;
    }
    let (key, id) = GATES.iter().find_map(|(key, least, gives)| {
        let (id, n) = cx.sysctl_number(key)?;
        let closed = if *least == 0 { n == 0 } else { n >= *least };
        (closed && *gives == errno).then_some((*key, id))
    })?;
    let because = format!(
        "{key} was looked up beside the error, and its value refuses what it guards with this errno."
    );
    Some(
        denies(attempt, LAYER, Support::Usual, 58, because)
            .fact(id)
            .policy(key)
            .step(format!("sysctl {key}")),
    )
}
