//! AF_UNIX sockets that a profile allows in its text and refuses as compiled.

use super::sign::{hinted, needs, unless};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, Witness, before, between, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

/// The spellings of AF_UNIX in arguments.
const UNIX: Match = Match::OneOf(&["AF_UNIX", "AF_LOCAL", "PF_UNIX", "PF_LOCAL", "unix", "local", "1"]);

/// The other families.
const OTHER: Match = Match::NoneOf(&["AF_UNIX", "AF_LOCAL", "PF_UNIX", "PF_LOCAL", "unix", "local", "1"]);

pub(super) static FAILED_PROTOCOL_MATCH: KnownIssue = KnownIssue {
    id: "aa-unix-failed-protocol-match",
    title: "AF_UNIX sockets are refused under a profile without an abi line on kernels that mediate them",
    layer: Layer::Apparmor,
    cause: "The kernel checks AF_UNIX sockets in detail, but the profile was compiled against a pinned feature set \
            that does not know this, so its `network` rule ends after family and type. The kernel asks for the \
            protocol next, finds nothing and refuses.",
    fix: Fix {
        prefer: "Give the profile an abi that lists af_unix and load it again: an abi file made of the pinned \
                 features plus `network {af_unix {yes}}` widens least, `abi <abi/4.0>,` keeps user namespaces \
                 mediated, `abi <abi/3.0>,` is what the runtimes ship. A `unix,` rule alone changes nothing.",
        alternatives: &[
            "Upgrade the engine, then unload the old profile or reboot so that the new one is loaded",
            "Remove the feature pin in /etc/apparmor/parser.conf, which changes every profile of the host",
        ],
        avoid: &["apparmor=unconfined", "apparmor=0 on the kernel command line"],
    },
    fixed_in: &[
        "Docker 29.4.3",
        "containerd 1.7.31",
        "containerd 2.0.9",
        "containerd 2.1.7",
        "containerd 2.2.2",
        "containerd 2.3.0",
    ],
    sources: &[
        "https://github.com/containerd/containerd/issues/12726",
        "https://github.com/containerd/containerd/pull/12864",
        "https://github.com/containerd/containerd/pull/12897",
        "https://github.com/containerd/containerd/pull/12899",
        "https://github.com/moby/profiles/commit/0447c3e",
    ],
    affected: &[
        before("docker", &[29, 4, 3]),
        before("containerd", &[1, 7, 31]),
        between("containerd", &[2, 0], &[2, 0, 9]),
        between("containerd", &[2, 1], &[2, 1, 7]),
        between("containerd", &[2, 2], &[2, 2, 2]),
        since("podman", &[]),
        since("buildah", &[]),
        since("cri-o", &[]),
    ],
    turns: &[turn(
        "kernel",
        &[6, 17],
        "2025-09",
        "brought AppArmor's fine mediation of AF_UNIX sockets to mainline, which a profile compiled without it cannot answer",
    )],
    signatures: &[
        hinted(
            &[Sign::Record(
                Witness::Apparmor,
                &[
                    (
                        "operation",
                        Match::OneOf(&[
                            "create",
                            "post_create",
                            "bind",
                            "connect",
                            "listen",
                            "accept",
                            "sendmsg",
                            "file_perm",
                        ]),
                    ),
                    (
                        "info",
                        Match::OneOf(&["failed protocol match", "failed type match", "failed af match"]),
                    ),
                    ("family", Match::Is("unix")),
                ],
            )],
            &[Sign::Engine(&["docker", "containerd", "podman", "cri-o", "kubernetes"])],
        ),
        hinted(
            &[Sign::Call(&[Call::Socketpair]), Sign::Errno(&[Errno::EACCES]), Sign::NoRecord],
            &[
                Sign::Arg("domain", UNIX),
                Sign::Distro(&["proxmox", "ubuntu", "debian"]),
                Sign::Engine(&["docker", "containerd", "podman", "cri-o", "kubernetes"]),
            ],
        ),
        unless(
            &[
                Sign::Call(&[Call::Socket]),
                Sign::Errno(&[Errno::EACCES]),
                Sign::Engine(&["docker", "containerd", "podman", "cri-o", "kubernetes"]),
                Sign::NoRecord,
            ],
            &[Sign::Arg("domain", UNIX), Sign::Distro(&["proxmox", "ubuntu", "debian"])],
            &[Sign::Arg("domain", OTHER)],
        ),
    ],
    ..BASE
};

pub(super) static FAILED_TYPE_AND_PROTOCOL: KnownIssue = KnownIssue {
    id: "aa-unix-failed-type-and-protocol",
    title: "AF_UNIX sockets are refused under a profile that a nested parser compiled without unix support",
    layer: Layer::Apparmor,
    cause: "Inside the container the parser did not see that the kernel mediates AF_UNIX sockets, so the profile it \
            loaded has no unix rule and every socket is refused.",
    fix: Fix {
        prefer: "Upgrade Incus or LXD inside the instance, or give that one profile unix rules through raw.apparmor",
        alternatives: &["Add `unix,` with a matching abi to the profile that the record names"],
        avoid: &["security.privileged=true", "unconfined"],
    },
    sources: &["https://github.com/zabbly/incus/issues/52"],
    confidence: Confidence::Medium,
    signatures: &[needs(&[Sign::Record(
        Witness::Apparmor,
        &[
            ("operation", Match::Is("create")),
            ("info", Match::Is("failed type and protocol match")),
            ("family", Match::Is("unix")),
        ],
    )])],
    ..BASE
};
