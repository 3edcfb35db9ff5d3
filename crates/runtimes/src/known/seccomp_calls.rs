//! System calls that a default seccomp profile refuses, and their look-alikes among the sysctls.

use super::sign::{hinted, needs, unless};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, before, between, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

const REFUSED: Sign = Sign::Errno(&[Errno::EPERM, Errno::ENOSYS]);
const EPERM: Sign = Sign::Errno(&[Errno::EPERM]);

pub(super) static CLONE3: KnownIssue = KnownIssue {
    id: "seccomp-clone3-eperm",
    title: "Threads can't be started: clone3 is answered with EPERM by an old seccomp profile",
    layer: Layer::Seccomp,
    cause: "glibc 2.34 and newer start threads with clone3 and fall back to clone only when told ENOSYS. An older \
            profile does not know clone3 and answers EPERM, which glibc takes as final.",
    fix: Fix {
        prefer: "Upgrade the engine, or whatever ships the filter, to a release that answers clone3 with ENOSYS",
        alternatives: &["A copy of the shipped seccomp profile in which clone3 returns errno 38"],
        avoid: &["seccomp=unconfined", "--privileged"],
    },
    fixed_in: &["Docker 20.10.10", "containerd 1.4.10", "containerd 1.5.6"],
    sources: &[
        "https://github.com/moby/moby/issues/42680",
        "https://github.com/moby/moby/pull/42681",
        "https://github.com/containerd/containerd/commit/55923daa9",
    ],
    affected: &[
        before("docker", &[20, 10, 10]),
        before("containerd", &[1, 4, 10]),
        between("containerd", &[1, 5], &[1, 5, 6]),
    ],
    turns: &[turn(
        "glibc",
        &[2, 34],
        "2021-08",
        "calls clone3 for threads and falls back only on ENOSYS, while the old filter answers EPERM",
    )],
    signatures: &[
        needs(&[Sign::Syscall(&["clone3"]), EPERM]),
        unless(
            &[Sign::Call(&[Call::Clone]), Sign::Errno(&[Errno::EPERM])],
            &[Sign::Statement(&["thread-create"])],
            &[Sign::Syscall(&["clone", "fork", "vfork"])],
        ),
    ],
    ..BASE
};

pub(super) static FACCESSAT2_TIME64: KnownIssue = KnownIssue {
    id: "seccomp-faccessat2-time64-enosys",
    title: "A system call newer than the seccomp profile is answered with EPERM instead of ENOSYS",
    layer: Layer::Seccomp,
    cause: "The profile or libseccomp is older than the call and answers EPERM. The C library would fall back to the \
            older call on ENOSYS only, so it reports the file or the clock as refused.",
    fix: Fix {
        prefer: "Upgrade runc (or containerd.io), the engine and libseccomp on the host: runc 1.0.0-rc93 and newer \
                 answer ENOSYS for calls above those of the profile",
        alternatives: &["An image with an older C library until the host is upgraded"],
        avoid: &["seccomp=unconfined", "--privileged"],
    },
    fixed_in: &["runc 1.0.0-rc93", "Docker 20.10.0", "libseccomp 2.4.2 (time64)"],
    sources: &[
        "https://github.com/opencontainers/runc/commit/7a8d7162f",
        "https://github.com/moby/moby/issues/40734",
        "https://github.com/alpinelinux/docker-alpine/issues/135",
        "https://github.com/alpinelinux/docker-alpine/issues/150",
        "https://github.com/seccomp/libseccomp/issues/228",
        "https://github.com/docker/for-win/issues/8326",
    ],
    affected: &[before("docker", &[20, 10]), before("runc", &[1, 0, 1]), before("libseccomp", &[2, 4, 4])],
    turns: &[
        turn("glibc", &[2, 33], "2021-02", "calls faccessat2, which the old filter answers with EPERM"),
        turn("musl", &[1, 2, 0], "2020-02", "calls the time64 family on 32-bit machines"),
    ],
    signatures: &[
        needs(&[
            Sign::Syscall(&[
                "faccessat2",
                "openat2",
                "close_range",
                "clock_gettime64",
                "utimensat_time64",
                "clock_nanosleep_time64",
                "futex_time64",
                "ppoll_time64",
                "pselect6_time64",
                "clock_getres_time64",
                "fchmodat2",
                "statmount",
                "futex_waitv",
            ]),
            EPERM,
        ]),
        hinted(
            &[Sign::Call(&[Call::Gettime]), EPERM],
            &[Sign::Engine(&["docker"]), Sign::Statement(&["clock-wrong"])],
        ),
        hinted(
            &[Sign::Call(&[Call::Access, Call::Exec]), EPERM, Sign::NoRecord],
            &[Sign::Distro(&["raspbian"]), Sign::Engine(&["docker"])],
        ),
    ],
    ..BASE
};

pub(super) static STATX: KnownIssue = KnownIssue {
    id: "seccomp-statx-old-docker",
    title: "statx and io_pgetevents are refused by engines of 2018 and before",
    layer: Layer::Seccomp,
    cause: "The allow list of these engines is older than the calls, so they are answered with EPERM.",
    fix: Fix {
        prefer: "Upgrade the engine and libseccomp on the host",
        alternatives: &["A copy of the profile that adds the one call"],
        avoid: &["seccomp=unconfined"],
    },
    fixed_in: &["Docker 18.06 (statx)", "Docker 19.03 (io_pgetevents)"],
    sources: &["https://github.com/moby/moby/blob/v19.03.0/profiles/seccomp/default.json"],
    affected: &[before("docker", &[19, 3])],
    turns: &[turn("glibc", &[2, 28], "2018-08", "calls statx, which the old filter does not know")],
    signatures: &[needs(&[Sign::Syscall(&["statx", "io_pgetevents"]), EPERM])],
    ..BASE
};

pub(super) static IO_URING: KnownIssue = KnownIssue {
    id: "seccomp-io-uring",
    title: "io_uring is refused by the default seccomp profile",
    layer: Layer::Seccomp,
    cause: "The runtimes took io_uring out of their allow lists after several kernel escapes: EPERM with Docker 25.0 \
            and containerd 2.0 and newer, ENOSYS with Podman and CRI-O.",
    fix: Fix {
        prefer: "Let the program use epoll or AIO: switch io_uring off in its own settings",
        alternatives: &[
            "A copy of the default profile that allows the three io_uring calls, for this container alone",
        ],
        avoid: &["seccomp=unconfined"],
    },
    sources: &[
        "https://github.com/moby/moby/commit/891241e7e7",
        "https://github.com/containerd/containerd/commit/a48ddf4a2",
        "https://github.com/containers/common/commit/399bd59e",
    ],
    affected: &[since("docker", &[25]), since("containerd", &[2]), since("podman", &[]), since("cri-o", &[])],
    turns: &[
        turn("docker", &[25, 0, 0], "2024-01", "took io_uring out of the default seccomp profile"),
        turn("containerd", &[2, 0, 0], "2024-11", "took io_uring out of the default seccomp profile"),
    ],
    signatures: &[unless(
        &[Sign::Call(&[Call::IoUring]), REFUSED],
        &[Sign::Engine(&["docker", "podman", "containerd", "cri-o", "kubernetes"])],
        &[Sign::Sysctl("kernel.io_uring_disabled", Match::OneOf(&["1", "2"]))],
    )],
    ..BASE
};

pub(super) static IO_URING_SYSCTL: KnownIssue = KnownIssue {
    id: "sysctl-io-uring-disabled",
    title: "io_uring is switched off on this host by a sysctl",
    layer: Layer::Sysctl,
    cause: "kernel.io_uring_disabled=2 refuses io_uring to everybody, 1 to processes without CAP_SYS_ADMIN and \
            outside kernel.io_uring_group; the answer is EPERM whatever the container allows.",
    fix: Fix {
        prefer: "Let the program use epoll or AIO; else the host's administrator decides: value 1 with \
                 kernel.io_uring_group set to a group of the program",
        alternatives: &[],
        avoid: &["seccomp=unconfined, which changes nothing here"],
    },
    sources: &["https://docs.kernel.org/admin-guide/sysctl/kernel.html"],
    confidence: Confidence::Low,
    requires: &[since("kernel", &[5, 14])],
    turns: &[turn("kernel", &[6, 6], "2023-10", "brought the sysctl kernel.io_uring_disabled")],
    signatures: &[hinted(
        &[
            Sign::Call(&[Call::IoUring]),
            EPERM,
            Sign::OneOf(&[
                Sign::Sysctl("kernel.io_uring_disabled", Match::OneOf(&["1", "2"])),
                Sign::Engine(&["host"]),
            ]),
        ],
        &[Sign::Sysctl("kernel.io_uring_disabled", Match::OneOf(&["1", "2"]))],
    )],
    ..BASE
};

pub(super) static SOCKETCALL: KnownIssue = KnownIssue {
    id: "seccomp-socketcall-29-4-2",
    title: "32-bit programs lose their sockets with Docker 29.4.2",
    layer: Layer::Seccomp,
    cause: "To close a way around its AF_ALG block, Docker 29.4.2 answered socketcall with ENOSYS as a whole. 32-bit \
            x86 programs open sockets through it.",
    fix: Fix {
        prefer: "Upgrade to Docker 29.4.3 or newer",
        alternatives: &["The seccomp profile of moby/profiles seccomp v0.2.1 for this container"],
        avoid: &["seccomp=unconfined"],
    },
    fixed_in: &["Docker 29.4.3"],
    sources: &[
        "https://github.com/moby/moby/issues/52506",
        "https://github.com/moby/moby/pull/52537",
        "https://github.com/moby/moby/issues/52547",
        "https://github.com/docker/docs/pull/24960",
    ],
    affected: &[between("docker", &[29, 4, 2], &[29, 4, 3])],
    turns: &[turn(
        "docker",
        &[29, 4, 2],
        "2026-05-01",
        "blocked all of socketcall, through which 32-bit programs make every socket",
    )],
    signatures: &[
        needs(&[Sign::Syscall(&["socketcall"]), Sign::Errno(&[Errno::ENOSYS])]),
        needs(&[Sign::Call(&[Call::Socket]), Sign::Errno(&[Errno::ENOSYS])]),
    ],
    ..BASE
};

pub(super) static AF_ALG: KnownIssue = KnownIssue {
    id: "af-alg-blocked",
    title: "The kernel's crypto sockets (AF_ALG) are refused since CVE-2026-31431",
    layer: Layer::Seccomp,
    also: &[Layer::Apparmor],
    cause: "The runtimes refuse AF_ALG on purpose: by seccomp (EPERM) since Docker 29.4.2, by AppArmor as well \
            (EACCES, an explicit deny that logs nothing) since 29.4.3.",
    fix: Fix {
        prefer: "Use the program's own crypto, for example OpenSSL without its afalg engine",
        alternatives: &["On a patched kernel, a profile for this container that allows the family"],
        avoid: &["switching the confinement off on a kernel without the patch"],
    },
    sources: &[
        "https://github.com/moby/moby/pull/52494",
        "https://github.com/moby/profiles/commit/dec315c",
        "https://github.com/containerd/containerd/commit/0c23e946a",
    ],
    affected: &[
        since("docker", &[29, 4, 2]),
        between("containerd", &[1, 7, 32], &[2, 0]),
        between("containerd", &[2, 0, 9], &[2, 1]),
        since("containerd", &[2, 2, 4]),
    ],
    turns: &[
        turn("docker", &[29, 4, 2], "2026-05-01", "blocks AF_ALG in the default seccomp profile"),
        turn("docker", &[29, 4, 3], "2026-05-06", "denies AF_ALG in docker-default too"),
    ],
    signatures: &[needs(&[
        Sign::Call(&[Call::Socket, Call::Bind]),
        Sign::Arg("domain", Match::OneOf(&["AF_ALG", "PF_ALG", "alg", "38"])),
        Sign::Errno(&[Errno::EPERM, Errno::EACCES, Errno::EAFNOSUPPORT]),
    ])],
    ..BASE
};

pub(super) static AF_VSOCK: KnownIssue = KnownIssue {
    id: "af-vsock-blocked",
    title: "Sockets between guest and host (AF_VSOCK) are refused by default",
    layer: Layer::Seccomp,
    cause: "The default profiles refuse this family, since it reaches past the network namespace to the hypervisor.",
    fix: Fix {
        prefer: "A seccomp profile that allows domain 40, for this container alone",
        alternatives: &["A proxy on the host or guest that offers the service over TCP or a Unix socket"],
        avoid: &["--privileged"],
    },
    sources: &[
        "https://github.com/moby/moby/commit/a01576ec4a",
        "https://github.com/containerd/containerd/commit/17a932403",
    ],
    affected: &[
        between("docker", &[20, 10, 22], &[20, 10, 23]),
        since("docker", &[23]),
        since("containerd", &[1, 7]),
        since("podman", &[5, 7]),
    ],
    turns: &[
        turn("docker", &[23, 0], "2023-02", "blocks AF_VSOCK in the default seccomp profile"),
        turn("containerd", &[1, 7], "2023-03", "blocks AF_VSOCK in the default seccomp profile"),
    ],
    signatures: &[needs(&[
        Sign::Call(&[Call::Socket]),
        Sign::Arg("domain", Match::OneOf(&["AF_VSOCK", "PF_VSOCK", "vsock", "40"])),
        EPERM,
    ])],
    ..BASE
};

pub(super) static PERSONALITY: KnownIssue = KnownIssue {
    id: "seccomp-personality-aslr",
    title: "Debuggers can't switch address space randomisation off",
    layer: Layer::Seccomp,
    cause: "The default profiles allow five values of personality only, and ADDR_NO_RANDOMIZE is not among them.",
    fix: Fix {
        prefer: "Ignore it (the debugger goes on), or `set disable-randomization off` in gdb",
        alternatives: &[
            "A copy of the profile that allows personality with 0x40000",
            "CAP_SYS_PTRACE only if attaching fails too",
        ],
        avoid: &["seccomp=unconfined by habit"],
    },
    sources: &[
        "https://github.com/moby/moby/issues/43011",
        "https://github.com/moby/profiles/blob/main/seccomp/default.json",
    ],
    signatures: &[needs(&[Sign::Call(&[Call::Personality]), EPERM])],
    ..BASE
};

pub(super) static KEYRING: KnownIssue = KnownIssue {
    id: "seccomp-keyring",
    title: "Kernel keyrings are refused, often to a runtime inside a container",
    layer: Layer::Seccomp,
    also: &[Layer::Rlimit, Layer::Sysctl],
    cause: "keyctl, add_key and request_key are not in the default allow list (EPERM). EDQUOT instead is the kernel's \
            quota of keys per user.",
    fix: Fix {
        prefer: "Start the inner runtime without a new keyring (--no-new-keyring); for EDQUOT raise \
                 kernel.keys.maxkeys on the host",
        alternatives: &["A copy of the profile that allows keyctl"],
        avoid: &["--privileged"],
    },
    sources: &[
        "https://github.com/moby/profiles/blob/main/seccomp/default.json",
        "https://man7.org/linux/man-pages/man7/keyrings.7.html",
    ],
    confidence: Confidence::Medium,
    signatures: &[needs(&[
        Sign::Call(&[Call::Keyctl]),
        Sign::Errno(&[Errno::EPERM, Errno::ENOSYS, Errno::EDQUOT]),
    ])],
    ..BASE
};

pub(super) static MEMPOLICY: KnownIssue = KnownIssue {
    id: "seccomp-mempolicy",
    title: "NUMA memory policy calls are refused",
    layer: Layer::Seccomp,
    also: &[Layer::Capability],
    cause: "Docker and containerd let mbind, set_mempolicy and get_mempolicy through only with CAP_SYS_NICE, and \
            move_pages never. Podman allows them.",
    fix: Fix {
        prefer: "Ignore it where the program goes on (databases and JVMs do), or switch NUMA handling off in its \
                 settings",
        alternatives: &["CAP_SYS_NICE for this container"],
        avoid: &["seccomp=unconfined"],
    },
    sources: &["https://github.com/moby/profiles/blob/main/seccomp/default.json"],
    affected: &[since("docker", &[]), since("containerd", &[])],
    signatures: &[needs(&[Sign::Call(&[Call::Mempolicy]), EPERM])],
    ..BASE
};

pub(super) static PERF_EVENT: KnownIssue = KnownIssue {
    id: "perf-event",
    title: "perf and profilers are refused",
    layer: Layer::Seccomp,
    also: &[Layer::Sysctl, Layer::Capability],
    cause: "The default seccomp profile lets perf_event_open through only with CAP_PERFMON or CAP_SYS_ADMIN (EPERM); \
            beyond that kernel.perf_event_paranoid decides (EACCES).",
    fix: Fix {
        prefer: "CAP_PERFMON for this container (kernel 5.8, Docker 23.0) and a kernel.perf_event_paranoid level that \
                 the host can accept",
        alternatives: &["With older engines a copy of the seccomp profile that allows perf_event_open"],
        avoid: &["--privileged"],
    },
    fixed_in: &[],
    sources: &[
        "https://docs.kernel.org/admin-guide/perf-security.html",
        "https://github.com/moby/moby/commit/7b7d1132e8",
        "https://github.com/containers/common/commit/daa81f13",
    ],
    signatures: &[needs(&[Sign::Call(&[Call::PerfEventOpen]), Sign::Errno(&[Errno::EPERM, Errno::EACCES])])],
    ..BASE
};

pub(super) static KUBELET_DEFAULT: KnownIssue = KnownIssue {
    id: "k8s-seccomp-default",
    title: "A pod without a seccomp profile gets one since the kubelet's seccompDefault was switched on",
    layer: Layer::Seccomp,
    cause: "An unset seccompProfile means Unconfined, until kubelet --seccomp-default (or containerd's \
            unset_seccomp_profile) turns it into RuntimeDefault.",
    fix: Fix {
        prefer: "A Localhost profile for that workload: the runtime's default plus the calls it needs",
        alternatives: &[],
        avoid: &["Unconfined for the whole namespace"],
    },
    sources: &["https://kubernetes.io/docs/tutorials/security/seccomp/"],
    confidence: Confidence::Medium,
    turns: &[turn(
        "kubernetes",
        &[1, 27],
        "2023-04",
        "made the kubelet option for the runtime default filter generally available",
    )],
    signatures: &[needs(&[
        Sign::Engine(&["kubernetes"]),
        Sign::Statement(&["seccomp-default-enabled"]),
        REFUSED,
    ])],
    ..BASE
};
