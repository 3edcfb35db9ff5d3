//! Calls that entered the defaults with a release: refused before it.

use super::{Query, Refusal, default_errno};
use crate::Runtime;
use crate::version::{Numbers, Ranges, compare};
use whodenied_kernel::Errno;

/// Calls, the number of the lowest of them on x86-64, and the releases of Docker and of
/// containerd from which the default lists them.
struct Added {
    calls: &'static [&'static str],
    number: u32,
    docker: Ranges,
    docker_first: &'static [u32],
    containerd: Ranges,
}

const A: Ranges = Ranges::ALWAYS;

/// Numbers of the time64 family exist on 32-bit only; they count as above the highest.
const TABLE: &[Added] = &[
    Added {
        calls: &["statx"],
        number: 332,
        docker: Ranges(&[(&[18, 6], &[])]),
        docker_first: &[18, 6],
        containerd: A,
    },
    Added {
        calls: &["io_pgetevents"],
        number: 333,
        docker: Ranges(&[(&[19, 3], &[])]),
        docker_first: &[19, 3],
        containerd: A,
    },
    Added {
        calls: &[
            "clock_gettime64",
            "clock_settime64",
            "clock_adjtime64",
            "clock_getres_time64",
            "clock_nanosleep_time64",
            "timer_gettime64",
            "timer_settime64",
            "timerfd_gettime64",
            "timerfd_settime64",
            "utimensat_time64",
            "pselect6_time64",
            "ppoll_time64",
            "recvmmsg_time64",
            "mq_timedsend_time64",
            "mq_timedreceive_time64",
            "semtimedop_time64",
            "rt_sigtimedwait_time64",
            "futex_time64",
            "sched_rr_get_interval_time64",
        ],
        number: 403,
        docker: Ranges(&[(&[19, 3, 9], &[])]),
        docker_first: &[19, 3, 9],
        containerd: Ranges(&[(&[1, 4], &[])]),
    },
    Added {
        calls: &["faccessat2", "openat2", "close_range", "pidfd_open", "pidfd_send_signal"],
        number: 424,
        docker: Ranges(&[(&[20, 10], &[])]),
        docker_first: &[20, 10],
        containerd: Ranges(&[(&[1, 4], &[])]),
    },
    Added {
        calls: &[
            "landlock_create_ruleset",
            "landlock_add_rule",
            "landlock_restrict_self",
            "memfd_secret",
            "futex_waitv",
            "process_mrelease",
        ],
        number: 444,
        docker: Ranges(&[(&[20, 10, 18], &[])]),
        docker_first: &[20, 10, 18],
        containerd: Ranges(&[(&[1, 6, 9], &[])]),
    },
    Added {
        calls: &["pkey_alloc", "pkey_free", "pkey_mprotect"],
        number: 329,
        docker: Ranges(&[(&[23], &[])]),
        docker_first: &[23],
        // Seen in Debian's 1.6.20; the first release is not known.
        containerd: Ranges(&[(&[1, 6, 20], &[])]),
    },
    Added {
        calls: &["cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue"],
        number: 451,
        docker: Ranges(&[(&[23, 0, 10], &[24]), (&[25, 0, 3], &[])]),
        docker_first: &[25, 0, 3],
        // Seen in Debian's 1.7.24; the first release is not known.
        containerd: Ranges(&[(&[1, 7, 24], &[])]),
    },
    Added {
        calls: &["uretprobe"],
        number: 335,
        docker: Ranges(&[(&[28, 2], &[])]),
        docker_first: &[28, 2],
        containerd: Ranges(&[(&[2, 2], &[])]),
    },
    Added {
        calls: &[
            "statmount",
            "listmount",
            "mseal",
            "setxattrat",
            "getxattrat",
            "listxattrat",
            "removexattrat",
        ],
        number: 457,
        docker: Ranges(&[(&[28, 2], &[])]),
        docker_first: &[28, 2],
        containerd: Ranges(&[(&[2, 2], &[])]),
    },
];

/// The highest number that the default of a release lists: runc answers ENOSYS above it.
const DOCKER_HIGHEST: &[(&[u32], u32)] = &[
    (&[19, 3], 333),
    (&[20, 10], 439),
    (&[20, 10, 10], 441),
    (&[20, 10, 18], 449),
    (&[23, 0, 10], 456),
    (&[24], 450),
    (&[25, 0, 3], 456),
    (&[28, 2], 466),
];
/// Of containerd; before it the data holds nothing.
const CONTAINERD_HIGHEST: &[(&[u32], u32)] =
    &[(&[1, 6, 9], 449), (&[1, 7], 450), (&[1, 7, 24], 456), (&[2, 2], 466)];

/// Engines since this one came with a runc that answers ENOSYS above the highest number.
const STUB: Ranges = Ranges(&[(&[20, 10, 3], &[])]);

const CLONE3_ENOSYS_DOCKER: Ranges = Ranges(&[(&[20, 10, 10], &[])]);
const CLONE3_ENOSYS_CONTAINERD: Ranges = Ranges(&[(&[1, 4, 10], &[])]);

/// The highest number that the profile of this version lists, where runc answers ENOSYS above it.
fn highest(runtime: Runtime, version: Option<&Numbers>) -> Option<u32> {
    let rows = match runtime {
        Runtime::Docker if STUB.holds(version) => DOCKER_HIGHEST,
        Runtime::Containerd => CONTAINERD_HIGHEST,
        _ => return None,
    };
    let row = match version {
        Some(version) => rows.iter().rev().find(|(since, _)| compare(version, since).is_ge()),
        None => rows.last(),
    };
    row.map(|row| row.1)
}

/// A call above that number, whatever else would be said of it; by the numbers of x86-64.
pub(super) fn stub(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    let highest = highest(runtime, version)?;
    let number = whodenied_kernel::syscall::Arch::X86_64.syscall_number(query.syscall)?;
    (number > u64::from(highest)).then(|| Refusal {
        errno: Errno::ENOSYS,
        why: format!("this {}'s default does not list the call yet", runtime.name()),
        unlocked_by: None,
        fixed_in: None,
    })
}

pub(super) fn answer(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    if query.syscall == "clone3" {
        return clone3(runtime, version, query);
    }
    if query.syscall == "socketcall" {
        return (runtime == Runtime::Docker && version.is_some_and(|v| compare(v, &[29, 4, 2]).is_eq()))
            .then(|| Refusal {
                errno: Errno::ENOSYS,
                why: "Docker 29.4.2 refused all of socketcall, which 32-bit programs use for every socket"
                    .into(),
                unlocked_by: None,
                fixed_in: Some(&[29, 4, 3]),
            });
    }
    let row = TABLE.iter().find(|row| row.calls.contains(&query.syscall))?;
    // An unknown version is the newest, which lists them all.
    let version = version?;
    let (listed, fixed_in) = match runtime {
        Runtime::Docker => (row.docker.holds(Some(version)), Some(row.docker_first)),
        Runtime::Containerd => (row.containerd.holds(Some(version)), None),
        Runtime::Podman | Runtime::CriO => (true, None),
    };
    if listed {
        return None;
    }
    // Of containerd before the table, runc's stub is taken to answer.
    let above = highest(runtime, Some(version)).map_or(runtime == Runtime::Containerd, |h| row.number > h);
    let errno = if above { Errno::ENOSYS } else { default_errno(runtime, Some(version)) };
    Some(Refusal {
        errno,
        why: format!("this {}'s default does not list the call yet", runtime.name()),
        unlocked_by: None,
        fixed_in,
    })
}

fn clone3(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    let (falls_back, fixed_in): (bool, &'static [u32]) = match runtime {
        Runtime::Docker => (CLONE3_ENOSYS_DOCKER.holds(version), &[20, 10, 10]),
        Runtime::Containerd => (CLONE3_ENOSYS_CONTAINERD.holds(version), &[1, 4, 10]),
        Runtime::Podman | Runtime::CriO => return None,
    };
    if query.granted(&[whodenied_kernel::Capability::SYS_ADMIN]) {
        return None;
    }
    Some(if falls_back {
        Refusal {
            errno: Errno::ENOSYS,
            why: "clone3 is answered as if the kernel had none, so that libc falls back to clone".into(),
            unlocked_by: None,
            fixed_in: None,
        }
    } else {
        Refusal {
            errno: Errno::EPERM,
            why: "clone3 is not listed and answered with EPERM, on which libc does not fall back to clone"
                .into(),
            unlocked_by: None,
            fixed_in: Some(fixed_in),
        }
    })
}
