//! Capabilities that were added without effect or are no longer given, and what hangs on them.

use super::sign::{needs, unless};
use super::{BASE, Fix, KnownIssue, Match, Sign, before, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

/// A user setting that is not root.
const NOT_ROOT: Sign = Sign::OneOf(&[
    Sign::Knob("user", Match::NoneOf(&["0", "root", "0:0", "root:root"])),
    Sign::Environment(&["runs-as-non-root"]),
]);
const DENIED: Sign = Sign::Errno(&[Errno::EPERM, Errno::EACCES]);

pub(super) static NONROOT_INEFFECTIVE: KnownIssue = KnownIssue {
    id: "cap-add-nonroot-ineffective",
    title: "A capability that was added has no effect for a user other than root",
    layer: Layer::Capability,
    also: &[Layer::Port],
    cause: "Docker, containerd and CRI-O put an added capability into the bounding set only. A process that is not \
            root gets it into force neither by execve nor through the ambient set.",
    fix: Fix {
        prefer: "Give the program the capability in the image (`setcap`, and no no_new_privs), or use the sysctl that \
                 makes it unnecessary (ports, ping)",
        alternatives: &[
            "Run as root with every other capability dropped",
            "Podman puts added capabilities into the ambient set",
        ],
        avoid: &["--privileged"],
    },
    sources: &[
        "https://github.com/kubernetes/kubernetes/issues/56374",
        "https://github.com/containerd/containerd/issues/2516",
    ],
    affected: &[since("docker", &[]), since("containerd", &[]), since("cri-o", &[])],
    signatures: &[unless(
        &[
            DENIED,
            Sign::NoRecord,
            NOT_ROOT,
            Sign::Knob("cap-add", Match::Any),
            Sign::Call(&[
                Call::Bind,
                Call::Socket,
                Call::Setuid,
                Call::Setgid,
                Call::Setgroups,
                Call::Chown,
                Call::Mknod,
                Call::Mount,
                Call::Chroot,
                Call::Settime,
                Call::Sched,
                Call::Mlock,
                Call::Kill,
                Call::Ptrace,
                Call::Netlink,
                Call::Ioctl,
                Call::Bpf,
                Call::PerfEventOpen,
                Call::Unshare,
                Call::Setpriority,
            ]),
        ],
        &[Sign::Engine(&["docker", "kubernetes", "containerd", "cri-o"])],
        &[Sign::Engine(&["podman"])],
    )],
    ..BASE
};

pub(super) static LOW_PORT: KnownIssue = KnownIssue {
    id: "low-port-containerd-1x",
    title: "A process that is not root can't listen below port 1024 where the engine leaves the limit alone",
    layer: Layer::Port,
    also: &[Layer::Capability, Layer::Sysctl],
    cause: "net.ipv4.ip_unprivileged_port_start stays at 1024: containerd 1.x under Kubernetes, CRI-O and Podman do \
            not lower it, and with the host's network the host's value rules. CAP_NET_BIND_SERVICE is not in force \
            for a user other than root.",
    fix: Fix {
        prefer: "Listen on a port above 1023 and map it outside, or set net.ipv4.ip_unprivileged_port_start for the \
                 pod or container (a safe sysctl in Kubernetes)",
        alternatives: &["enable_unprivileged_ports=true in containerd's CRI configuration"],
        avoid: &["running as root for this alone"],
    },
    fixed_in: &["containerd 2.0", "Docker 20.10 (private network namespace)"],
    sources: &[
        "https://github.com/containerd/containerd/issues/2516",
        "https://github.com/containerd/containerd/commit/2a81c9f67",
        "https://github.com/k3s-io/k3s/issues/4545",
        "https://github.com/k3s-io/k3s/issues/5538",
    ],
    affected: &[
        before("containerd", &[2]),
        before("docker", &[20, 10]),
        since("podman", &[]),
        since("cri-o", &[]),
        since("kubernetes", &[]),
    ],
    signatures: &[unless(
        &[Sign::Call(&[Call::Bind]), Sign::Errno(&[Errno::EACCES, Errno::EADDRINUSE]), Sign::NoRecord],
        &[
            Sign::Engine(&["kubernetes", "containerd", "cri-o", "podman"]),
            Sign::Environment(&["host-network"]),
            NOT_ROOT,
            Sign::Sysctl("net.ipv4.ip_unprivileged_port_start", Match::Any),
        ],
        &[Sign::Engine(&["host", "systemd", "snap"])],
    )],
    ..BASE
};

pub(super) static PING: KnownIssue = KnownIssue {
    id: "ping-without-net-raw",
    title: "ping is refused without CAP_NET_RAW",
    layer: Layer::Capability,
    also: &[Layer::Sysctl],
    cause: "A raw socket needs CAP_NET_RAW (EPERM), which CRI-O and Podman no longer give; an ICMP datagram socket \
            needs a group inside net.ipv4.ping_group_range (EACCES).",
    fix: Fix {
        prefer: "Set net.ipv4.ping_group_range for the container's network namespace",
        alternatives: &["CAP_NET_RAW for this container"],
        avoid: &["a setuid ping under no_new_privs: the bit is ignored"],
    },
    sources: &[
        "https://man7.org/linux/man-pages/man7/icmp.7.html",
        "https://github.com/justmeandopensource/kubernetes/issues/67",
    ],
    turns: &[
        turn("podman", &[4, 4], "2023-02", "took NET_RAW out of the default capabilities"),
        turn("cri-o", &[1, 18], "2020-04", "took NET_RAW out of the default capabilities"),
    ],
    signatures: &[needs(&[
        Sign::Call(&[Call::Socket]),
        DENIED,
        Sign::NoRecord,
        Sign::OneOf(&[
            Sign::Arg(
                "protocol",
                Match::OneOf(&["IPPROTO_ICMP", "IPPROTO_ICMPV6", "icmp", "icmpv6", "1", "58"]),
            ),
            Sign::Arg(
                "type",
                Match::AnyOf(&[
                    Match::Starts("SOCK_RAW"),
                    Match::Has("icmp"),
                    Match::Is("raw"),
                    Match::Is("ping"),
                ]),
            ),
        ]),
    ])],
    ..BASE
};

pub(super) static REDUCED_DEFAULTS: KnownIssue = KnownIssue {
    id: "podman44-caps-reduced",
    title: "The engine gives fewer capabilities than Docker does",
    layer: Layer::Capability,
    cause: "Podman 4.4 dropped MKNOD, NET_RAW and AUDIT_WRITE from its default set; CRI-O's lacks SYS_CHROOT and \
            SETFCAP as well.",
    fix: Fix {
        prefer: "Add the one capability that is missing",
        alternatives: &[
            "default_capabilities in containers.conf or CRI-O's configuration, which changes every container",
        ],
        avoid: &["--privileged"],
    },
    sources: &[
        "https://github.com/containers/common/commit/a3328f26",
        "https://github.com/cri-o/cri-o/blob/main/internal/config/capabilities/capabilities_linux.go",
    ],
    affected: &[since("podman", &[4, 4]), since("cri-o", &[1, 18])],
    turns: &[turn(
        "podman",
        &[4, 4],
        "2023-02",
        "took MKNOD, NET_RAW and AUDIT_WRITE out of the default capabilities",
    )],
    signatures: &[needs(&[
        Sign::Engine(&["podman", "cri-o"]),
        Sign::Errno(&[Errno::EPERM]),
        Sign::NoRecord,
        Sign::OneOf(&[
            Sign::Call(&[Call::Mknod, Call::Chroot]),
            Sign::Arg(
                "capability",
                Match::OneOf(&[
                    "MKNOD",
                    "CAP_MKNOD",
                    "NET_RAW",
                    "CAP_NET_RAW",
                    "AUDIT_WRITE",
                    "CAP_AUDIT_WRITE",
                    "SYS_CHROOT",
                    "CAP_SYS_CHROOT",
                ]),
            ),
            Sign::Arg("type", Match::Starts("SOCK_RAW")),
            Sign::Arg("protocol", Match::OneOf(&["NETLINK_AUDIT", "audit"])),
        ]),
    ])],
    ..BASE
};

pub(super) static NNP_SETUID: KnownIssue = KnownIssue {
    id: "nnp-setuid",
    title: "setuid programs and file capabilities have no effect under no_new_privs",
    layer: Layer::NoNewPrivs,
    cause: "With no_new_privs set the kernel ignores setuid bits and file capabilities without an error, so sudo, su \
            or ping run as the calling user and complain themselves.",
    fix: Fix {
        prefer: "Give the program directly what it needs (the user, a capability, a sysctl), so that it needs no \
                 setuid helper",
        alternatives: &["Take no_new_privs off this one container or unit"],
        avoid: &["--privileged"],
    },
    sources: &["https://docs.kernel.org/userspace-api/no_new_privs.html"],
    signatures: &[
        needs(&[Sign::NoNewPrivs, Sign::Statement(&["suid-no-effect", "suid-missing"])]),
        needs(&[
            Sign::OneOf(&[
                Sign::Statement(&["suid-no-effect", "suid-missing"]),
                Sign::Call(&[Call::Setuid, Call::Setgid, Call::Setgroups, Call::Exec]),
            ]),
            Sign::OneOf(&[
                Sign::Knob("no-new-privs", Match::Is("true")),
                Sign::Knob("unit", Match::Starts("NoNewPrivileges=")),
            ]),
        ]),
    ],
    ..BASE
};
