//! What Podman's own list leaves out or refuses, beside what all engines do.
//!
//! Source: the filters that Debian's Podman 4.3.1 and 5.4.2 handed to the runtime; where they differ, the
//! release that changed it lies between and 5.0 stands for it.

use super::{Query, Refusal, default_errno};
use crate::Runtime;
use crate::version::{Numbers, Ranges};
use whodenied_kernel::Errno;

/// Listed with EPERM in both.
const REFUSED: &[&str] = &["vmsplice", "io_pgetevents"];
/// Not listed in the first, listed with EPERM in the second.
const LATER_REFUSED: &[&str] = &[
    "quotactl_fd",
    "futex_waitv",
    "cachestat",
    "map_shadow_stack",
    "futex_wake",
    "futex_wait",
    "futex_requeue",
];
/// Not listed in the first, allowed in the second.
const LATER_ALLOWED: &[&str] = &["fchmodat2"];
/// Listed in neither.
const UNLISTED: &[&str] = &[
    "set_mempolicy_home_node",
    "statmount",
    "listmount",
    "lsm_get_self_attr",
    "lsm_set_self_attr",
    "lsm_list_modules",
    "mseal",
    "uretprobe",
    "setxattrat",
    "getxattrat",
    "listxattrat",
    "removexattrat",
    "open_tree_attr",
    "file_getattr",
    "file_setattr",
];

const FIRST: Ranges = Ranges(&[(&[], &[5])]);
const SEEN: Ranges = Ranges(&[(&[], &[5, 5])]);

pub(super) fn answer(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    if runtime != Runtime::Podman {
        return None;
    }
    let call = &query.syscall;
    let refuse =
        |errno, why: &str| Some(Refusal { errno, why: why.to_owned(), unlocked_by: None, fixed_in: None });
    let unlisted = FIRST.holds(version) && (LATER_REFUSED.contains(call) || LATER_ALLOWED.contains(call))
        || SEEN.holds(version) && UNLISTED.contains(call);
    if unlisted {
        return refuse(default_errno(runtime, version), "this Podman's default does not list the call yet");
    }
    if REFUSED.contains(call) || LATER_REFUSED.contains(call) {
        return refuse(Errno::EPERM, "the default lists the call as refused");
    }
    None
}
