//! Calls that no capability makes the defaults list.

use super::{Query, Refusal, default_errno};
use crate::Runtime;
use crate::version::{Numbers, Ranges};
use whodenied_kernel::Errno;

const IO_URING: [&str; 3] = ["io_uring_setup", "io_uring_enter", "io_uring_register"];
const IO_URING_DOCKER: Ranges = Ranges(&[(&[], &[20, 10]), (&[25], &[])]);
const IO_URING_CONTAINERD: Ranges = Ranges(&[(&[], &[1, 4]), (&[2], &[])]);

/// Refused with EPERM by all.
const DANGEROUS: [&str; 17] = [
    "kexec_load",
    "kexec_file_load",
    "swapon",
    "swapoff",
    "uselib",
    "ustat",
    "sysfs",
    "nfsservctl",
    "move_pages",
    "migrate_pages",
    "userfaultfd",
    "create_module",
    "get_kernel_syms",
    "query_module",
    "_sysctl",
    "vm86",
    "vm86old",
];

/// In no profile: numbers that the kernel keeps for what it never had or no longer has, and its own probes.
const UNLISTED: [&str; 7] = ["getpmsg", "putpmsg", "afs_syscall", "tuxcall", "security", "vserver", "uprobe"];
/// In none of Podman's either, where the answer is its default.
const UNLISTED_PODMAN: [&str; 3] = ["_sysctl", "create_module", "get_kernel_syms"];

pub(super) fn answer(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    let refuse =
        |errno, why: &str| Some(Refusal { errno, why: why.to_owned(), unlocked_by: None, fixed_in: None });
    let call = query.syscall;
    let podman = matches!(runtime, Runtime::Podman | Runtime::CriO);
    if IO_URING.contains(&call) {
        let blocked = match runtime {
            Runtime::Docker => IO_URING_DOCKER.holds(version),
            Runtime::Containerd => IO_URING_CONTAINERD.holds(version),
            Runtime::Podman | Runtime::CriO => true,
        };
        return blocked.then(|| {
            refuse(default_errno(runtime, version), "io_uring was taken out after escapes through it")
        })?;
    }
    if UNLISTED.contains(&call) || (podman && UNLISTED_PODMAN.contains(&call)) {
        return refuse(default_errno(runtime, version), "the default does not list the call");
    }
    if DANGEROUS.contains(&call) {
        return refuse(Errno::EPERM, "the call is refused to every default container");
    }
    match call {
        "add_key" | "request_key" => refuse(
            default_errno(runtime, version),
            "kernel keyrings are not divided between containers, so the default does not list them",
        ),
        "keyctl" | "pivot_root" if !podman => refuse(Errno::EPERM, "the default does not list the call"),
        _ => None,
    }
}
