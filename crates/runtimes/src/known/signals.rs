//! Signals that a container's profile does not accept from the runtime that stops it.

use super::sign::{hinted, needs, unless};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, Stage, Witness, before, between, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

const DOCKER_FAMILY: Match = Match::AnyOf(&[
    Match::Is("docker-default"),
    Match::Is("nerdctl-default"),
    Match::Starts("cri-containerd.apparmor"),
]);
const SIGNAL: Match = Match::Is("signal");

pub(super) static STOP_RUNC_PEER: KnownIssue = KnownIssue {
    id: "aa-stop-runc-peer",
    title: "Containers can't be stopped since AppArmor 4.0 gave runc and crun a profile of their own",
    layer: Layer::Apparmor,
    cause: "AppArmor 4.0 attaches a named profile to runc and crun, so a stop signal comes from the label `runc` and \
            no longer from `unconfined`. The container's older default profile accepts signals from unconfined \
            processes and its daemon only.",
    fix: Fix {
        prefer: "Upgrade the engine and load its new profile: unload the old one or reboot, since the engine keeps a \
                 profile that is already loaded",
        alternatives: &[
            "A copy of the default profile with `signal (receive) peer=runc,` for this container",
            "Disable only /etc/apparmor.d/runc on the host",
        ],
        avoid: &["aa-teardown", "running containers unconfined"],
    },
    fixed_in: &[
        "Docker 23.0.12",
        "Docker 25.0.6",
        "Docker 26.1.3",
        "Docker 27.0",
        "containerd 1.6.32",
        "containerd 1.7.16",
        "containerd 2.0",
    ],
    sources: &[
        "https://github.com/moby/moby/pull/47749",
        "https://github.com/moby/moby/issues/47720",
        "https://github.com/containerd/containerd/commit/094bafe2a",
        "https://bugs.launchpad.net/bugs/2039294",
        "https://github.com/containrrr/watchtower/issues/1891",
    ],
    affected: &[
        before("docker", &[23, 0, 12]),
        between("docker", &[24], &[25, 0, 6]),
        between("docker", &[26], &[26, 1, 3]),
        before("containerd", &[1, 6, 32]),
        between("containerd", &[1, 7], &[1, 7, 16]),
    ],
    turns: &[
        turn(
            "apparmor",
            &[4, 0],
            "2023-11",
            "gave runc and crun profiles of their own name, so a stop signal no longer comes from `unconfined`",
        ),
        turn("ubuntu", &[24, 4], "2024-04", "ships those profiles"),
    ],
    signatures: &[
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", SIGNAL),
                ("profile", DOCKER_FAMILY),
                ("peer", Match::OneOf(&["runc", "crun", "/usr/bin/runc", "/usr/sbin/runc", "/usr/bin/crun"])),
            ],
        )]),
        unless(
            &[
                Sign::Call(&[Call::Kill]),
                Sign::Errno(&[Errno::EACCES]),
                Sign::Phase(&[Stage::Stop, Stage::Engine, Stage::RuntimeSetup]),
                Sign::NoRecord,
            ],
            &[Sign::Engine(&["docker", "containerd", "kubernetes"]), Sign::Distro(&["ubuntu", "debian"])],
            &[Sign::Engine(&["podman", "docker-snap"])],
        ),
    ],
    ..BASE
};

pub(super) static PODMAN_STOP_CRUN_PEER: KnownIssue = KnownIssue {
    id: "aa-podman-stop-crun-peer",
    title: "podman stop and podman kill are refused on hosts with AppArmor 4.0",
    layer: Layer::Apparmor,
    cause: "podman, crun and runc have labels of their own since AppArmor 4.0, which the containers-default profile \
            of older Podman releases does not accept signals from. Up to Podman 5.4 the podman label may send only \
            int, quit, kill and term.",
    fix: Fix {
        prefer: "Upgrade Podman (5.1 to stop containers, 5.5 for any signal) and recreate or restart the containers, \
                 so that they use the new containers-default profile",
        alternatives: &[
            "A copy of the profile with `signal (receive) peer={podman,runc,crun},` for this container",
        ],
        avoid: &["aa-teardown", "running containers unconfined"],
    },
    fixed_in: &["Podman 5.1 (containers/common 0.59)", "Podman 5.5 (containers/common 0.63), any signal"],
    sources: &[
        "https://github.com/containers/common/pull/2321",
        "https://github.com/containers/common/pull/1898",
        "https://github.com/containers/common/pull/2004",
    ],
    affected: &[before("podman", &[5, 5])],
    turns: &[
        turn(
            "apparmor",
            &[4, 0],
            "2023-11",
            "gave crun and podman profiles of their own name, so a stop signal no longer comes from `unconfined`",
        ),
        turn("ubuntu", &[24, 4], "2024-04", "ships those profiles"),
    ],
    signatures: &[
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", SIGNAL),
                ("profile", Match::Starts("containers-default-")),
                (
                    "peer",
                    Match::OneOf(&[
                        "podman",
                        "crun",
                        "runc",
                        "/usr/bin/podman",
                        "/usr/bin/crun",
                        "/usr/bin/runc",
                        "/usr/sbin/runc",
                    ]),
                ),
            ],
        )]),
        hinted(
            &[
                Sign::Call(&[Call::Kill]),
                Sign::Errno(&[Errno::EACCES]),
                Sign::Phase(&[Stage::Stop, Stage::Engine]),
                Sign::Engine(&["podman"]),
                Sign::NoRecord,
            ],
            &[Sign::Distro(&["ubuntu", "debian"])],
        ),
    ],
    ..BASE
};

pub(super) static SNAP_DOCKER_STOP: KnownIssue = KnownIssue {
    id: "aa-snap-docker-stop",
    title: "Docker from the snap can't stop containers whose profile another daemon loaded",
    layer: Layer::Apparmor,
    cause: "docker-default was rendered by a daemon with another label, so it lacks the rule that accepts signals \
            from snap.docker.dockerd, and a loaded profile is not replaced.",
    fix: Fix {
        prefer: "Unload docker-default (`apparmor_parser -R`) with no container using it and restart the snap, so \
                 that it renders its own; keep only one of the two Docker installations",
        alternatives: &["A copy of the profile with `signal (receive) peer=snap.docker.dockerd,`"],
        avoid: &["aa-remove-unknown as a habit: it also removes the profiles of other runtimes"],
    },
    sources: &[
        "https://github.com/canonical/docker-snap/issues/272",
        "https://github.com/canonical/docker-snap/issues/36",
        "https://github.com/canonical/docker-snap/issues/190",
    ],
    confidence: Confidence::Medium,
    signatures: &[
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", SIGNAL),
                ("profile", Match::Is("docker-default")),
                ("peer", Match::Starts("snap.")),
            ],
        )]),
        needs(&[
            Sign::Call(&[Call::Kill]),
            Sign::Errno(&[Errno::EACCES]),
            Sign::Phase(&[Stage::Stop, Stage::Engine]),
            Sign::Engine(&["docker-snap"]),
            Sign::NoRecord,
        ]),
    ],
    ..BASE
};

pub(super) static KILL_UNCONFINED_PEER: KnownIssue = KnownIssue {
    id: "aa-docker-kill-unconfined-peer",
    title: "Very old docker-default profiles accept no signal from the daemon or from unconfined processes",
    layer: Layer::Apparmor,
    cause: "The profile template had no signal rule before Docker 18.09.1 and none for unconfined senders before \
            20.10.0, so every mediated signal was refused.",
    fix: Fix {
        prefer: "Upgrade Docker and load its new profile (unload the old one or reboot)",
        alternatives: &["A copy of the profile with `signal (receive) peer=unconfined,`"],
        avoid: &["apparmor=unconfined"],
    },
    fixed_in: &["Docker 18.09.1 (daemon)", "Docker 20.10.0 (unconfined senders)"],
    sources: &[
        "https://github.com/moby/moby/issues/36809",
        "https://github.com/moby/moby/issues/20768",
        "https://github.com/moby/moby/issues/15101",
        "https://github.com/moby/moby/commit/2ada0c5544",
    ],
    affected: &[before("docker", &[20, 10])],
    signatures: &[needs(&[Sign::Record(
        Witness::Apparmor,
        &[
            ("operation", SIGNAL),
            ("profile", Match::Is("docker-default")),
            (
                "peer",
                Match::AnyOf(&[Match::Is("unconfined"), Match::Ends("/docker"), Match::Ends("/dockerd")]),
            ),
        ],
    )])],
    ..BASE
};

pub(super) static HOST_AGENT: KnownIssue = KnownIssue {
    id: "host-agent-signal-unconfined",
    title: "A host tool with a profile of its own may not signal a container",
    layer: Layer::Apparmor,
    cause: "The container's profile accepts signals from unconfined processes and the runtime; the sender has \
            another label. AppArmor asks both sides and logs one record for each that refuses.",
    fix: Fix {
        prefer: "In a copy of the container's profile, `signal (receive) peer=LABEL,` for the label the record names; \
                 a `signal (send)` rule in the sender's profile where the record names that side",
        alternatives: &[],
        avoid: &["unconfined"],
    },
    sources: &["https://gitlab.com/apparmor/apparmor/-/wikis/AppArmor_Core_Policy_Reference"],
    affected: &[since("docker", &[]), since("containerd", &[]), since("podman", &[]), since("cri-o", &[])],
    signatures: &[unless(
        &[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", SIGNAL),
                (
                    "profile",
                    Match::AnyOf(&[
                        DOCKER_FAMILY,
                        Match::Starts("containers-default-"),
                        Match::Is("crio-default"),
                    ]),
                ),
                ("denied_mask", Match::Is("receive")),
                (
                    "peer",
                    Match::NoneOf(&[
                        "unconfined",
                        "runc",
                        "crun",
                        "docker-default",
                        "crio-default",
                        "cri-containerd.apparmor.d",
                    ]),
                ),
            ],
        )],
        &[],
        &[Sign::Record(
            Witness::Apparmor,
            &[(
                "peer",
                Match::AnyOf(&[
                    Match::Starts("snap."),
                    Match::Is("podman"),
                    Match::Ends("/podman"),
                    Match::Ends("/runc"),
                    Match::Ends("/crun"),
                    Match::Ends("/docker"),
                    Match::Ends("/dockerd"),
                ]),
            )],
        )],
    )],
    ..BASE
};
