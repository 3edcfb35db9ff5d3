//! Calls that the defaults allow with a capability only.

use super::{Query, Refusal};
use crate::Runtime;
use crate::version::{Numbers, Ranges};
use whodenied_kernel::{Capability as C, Errno};

/// Calls and the capabilities that make an engine list them, the narrowest first.
const TABLE: &[(&[&str], &[C])] = &[
    (&["bpf"], &[C::BPF, C::SYS_ADMIN]),
    (&["perf_event_open"], &[C::PERFMON, C::SYS_ADMIN]),
    (&["syslog"], &[C::SYSLOG, C::SYS_ADMIN]),
    (&["open_by_handle_at"], &[C::DAC_READ_SEARCH]),
    (&["kcmp", "process_madvise", "pidfd_getfd"], &[C::SYS_PTRACE]),
    (&["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"], &[C::SYS_NICE]),
    (&["settimeofday", "stime", "clock_settime", "clock_settime64"], &[C::SYS_TIME]),
    (&["init_module", "finit_module", "delete_module"], &[C::SYS_MODULE]),
    (&["iopl", "ioperm"], &[C::SYS_RAWIO]),
    (&["reboot"], &[C::SYS_BOOT]),
    (&["acct"], &[C::SYS_PACCT]),
    (&["vhangup"], &[C::SYS_TTY_CONFIG]),
    (&["chroot"], &[C::SYS_CHROOT]),
    (
        &[
            "mount",
            "umount",
            "umount2",
            "unshare",
            "setns",
            "open_tree",
            "move_mount",
            "mount_setattr",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "fanotify_init",
            "lookup_dcookie",
            "quotactl",
            "quotactl_fd",
            "sethostname",
            "setdomainname",
            "lsm_get_self_attr",
            "lsm_set_self_attr",
            "lsm_list_modules",
        ],
        &[C::SYS_ADMIN],
    ),
];

/// CAP_BPF and CAP_PERFMON are honoured since these.
const SPLIT_DOCKER: Ranges = Ranges(&[(&[23], &[])]);
const SPLIT_CONTAINERD: Ranges = Ranges(&[(&[1, 7], &[])]);
const SPLIT_PODMAN: Ranges = Ranges(&[(&[5, 2], &[])]);

/// Docker lists these without a capability since 19.03, on kernels since 4.8.
const TRACING: &[&str] = &["ptrace", "process_vm_readv", "process_vm_writev"];
const TRACING_GATED: Ranges = Ranges(&[(&[1], &[19, 3])]);

/// ptrace and process_vm_* are listed by all on kernels since 4.8.
pub(super) fn answer(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    if runtime == Runtime::Docker
        && TRACING.contains(&query.syscall)
        && version.is_some()
        && TRACING_GATED.holds(version)
        && !query.granted(&[C::SYS_PTRACE])
    {
        return Some(Refusal {
            errno: Errno::EPERM,
            why: format!(
                "before 19.03 the default lists {} only for containers with {}",
                query.syscall,
                C::SYS_PTRACE
            ),
            unlocked_by: Some(C::SYS_PTRACE),
            fixed_in: Some(&[19, 3]),
        });
    }
    // Opened to every container with 23.0 and 1.7.
    let before = match runtime {
        Runtime::Docker => Ranges(&[(&[1], &[23])]),
        Runtime::Containerd => Ranges(&[(&[1], &[1, 7])]),
        Runtime::Podman | Runtime::CriO => Ranges::NEVER,
    };
    let once = match query.syscall {
        "name_to_handle_at" => Some(C::SYS_ADMIN),
        "process_vm_readv" | "process_vm_writev" => Some(C::SYS_PTRACE),
        _ => None,
    };
    if let Some(capability) = once.filter(|c| before.holds(version) && !query.granted(&[*c])) {
        return Some(Refusal {
            errno: Errno::EPERM,
            why: format!("this default lists {} only for containers with {capability}", query.syscall),
            unlocked_by: Some(capability),
            fixed_in: (runtime == Runtime::Docker).then_some(&[23]),
        });
    }
    let namespaced_clone = query.syscall == "clone" && makes_namespaces(query);
    let (_, caps) = if namespaced_clone {
        TABLE.iter().find(|(calls, _)| calls.contains(&"unshare"))?
    } else {
        TABLE.iter().find(|(calls, _)| calls.contains(&query.syscall))?
    };
    if podman(runtime) && !podman_gates(query.syscall) {
        return None;
    }
    let split = match runtime {
        Runtime::Docker => SPLIT_DOCKER,
        Runtime::Containerd => SPLIT_CONTAINERD,
        Runtime::Podman => SPLIT_PODMAN,
        Runtime::CriO => Ranges::ALWAYS,
    };
    let caps = match query.syscall {
        "bpf" | "perf_event_open" if !split.holds(version) => &[C::SYS_ADMIN],
        _ => *caps,
    };
    if query.granted(caps) || caps.iter().any(|c| crate::caps::has(runtime, version, *c)) {
        return None;
    }
    let narrow = *caps.first()?;
    Some(Refusal {
        errno: Errno::EPERM,
        why: format!("the default lists {} only for containers with {narrow}", query.syscall),
        unlocked_by: Some(narrow),
        fixed_in: None,
    })
}

fn makes_namespaces(query: &Query<'_>) -> bool {
    query.arg("flags").is_some_and(|f| f.contains("CLONE_NEW"))
}

const fn podman(runtime: Runtime) -> bool {
    matches!(runtime, Runtime::Podman | Runtime::CriO)
}

/// Podman's filter leaves most to the kernel's own capability tests; these it gates itself.
fn podman_gates(syscall: &str) -> bool {
    matches!(
        syscall,
        "bpf"
            | "perf_event_open"
            | "open_by_handle_at"
            | "kcmp"
            | "process_madvise"
            | "settimeofday"
            | "stime"
            | "clock_settime"
            | "clock_settime64"
            | "init_module"
            | "finit_module"
            | "delete_module"
            | "iopl"
            | "ioperm"
            | "acct"
            | "vhangup"
            | "sethostname"
            | "setdomainname"
            | "lookup_dcookie"
            | "fanotify_init"
            | "quotactl"
    )
}
