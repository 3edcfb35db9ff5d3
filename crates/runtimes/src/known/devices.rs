//! Device nodes that are there and can't be opened.

use super::sign::{hinted, needs};
use super::{BASE, Fix, KnownIssue, Match, Sign, between, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

pub(super) static OPEN_EPERM: KnownIssue = KnownIssue {
    id: "device-cgroup-eperm",
    title: "A device node is there, and opening it gives EPERM",
    layer: Layer::DeviceCgroup,
    cause: "The container's device cgroup has no entry for the device. It is checked after the mode bits and refuses \
            with EPERM, also to root; making the node is allowed, opening it is not. runc 1.2.0 to 1.2.3 left \
            /dev/net/tun out of its built-in list.",
    fix: Fix {
        prefer: "Pass the device in: `--device /dev/X`, a device plugin, or for LXC lxc.cgroup2.devices.allow with \
                 its numbers and a bind of the node",
        alternatives: &["For tun, runc 1.2.4 or newer"],
        avoid: &["--privileged"],
    },
    fixed_in: &["runc 1.2.4 (tun)"],
    sources: &[
        "https://github.com/opencontainers/runc/issues/3468",
        "https://github.com/opencontainers/runc/pull/4555",
        "https://github.com/opencontainers/runc/pull/4556",
        "https://github.com/containerd/containerd/issues/11078",
    ],
    affected: &[],
    turns: &[
        turn(
            "runc",
            &[1, 2, 0],
            "2024-10",
            "took /dev/net/tun out of the devices that every container may open (back in 1.2.4)",
        ),
        turn("docker", &[27, 4], "2024-12", "ships that runc"),
        turn("containerd", &[1, 7, 24], "2024-11", "ships that runc"),
    ],
    signatures: &[hinted(
        &[
            Sign::Call(&[Call::Open, Call::Create, Call::Read, Call::Write, Call::Ioctl, Call::Access]),
            Sign::Object(Match::Starts("/dev/")),
            Sign::Errno(&[Errno::EPERM]),
            Sign::NoRecord,
        ],
        &[
            Sign::Object(Match::OneOf(&["/dev/net/tun", "/dev/fuse", "/dev/kvm"])),
            Sign::Knob("lxc", Match::Has("devices")),
        ],
    )],
    ..BASE
};

pub(super) static DAEMON_RELOAD: KnownIssue = KnownIssue {
    id: "daemon-reload-device-loss",
    title: "A running container loses a device after systemctl daemon-reload",
    layer: Layer::DeviceCgroup,
    cause: "With the systemd cgroup driver systemd installs its own device filter again at each reload, and that one \
            lacks what runc added: NVIDIA nodes without links under /dev/char, with runc 1.1.3 also /dev/pts.",
    fix: Fix {
        prefer: "`nvidia-ctk system create-dev-char-symlinks --create-all` at boot, or the devices through CDI; runc \
                 1.1.4 or newer for pts; then recreate the container",
        alternatives: &["Name the nodes with --device for this container", "The cgroupfs driver"],
        avoid: &["--privileged"],
    },
    fixed_in: &["runc 1.1.4 (pts)"],
    sources: &[
        "https://github.com/NVIDIA/nvidia-container-toolkit/issues/48",
        "https://github.com/NVIDIA/nvidia-container-toolkit/issues/251",
        "https://github.com/NVIDIA/nvidia-container-toolkit/issues/1227",
        "https://github.com/opencontainers/runc/blob/main/CHANGELOG.md",
    ],
    affected: &[between("runc", &[1, 1, 3], &[1, 1, 4]), since("runc", &[1, 1, 4])],
    turns: &[turn(
        "runc",
        &[1, 1, 3],
        "2022-06",
        "leaves the device rules to systemd, which writes them anew at every daemon-reload",
    )],
    signatures: &[
        needs(&[Sign::Statement(&["device-rules-rewritten"])]),
        hinted(
            &[
                Sign::Object(Match::AnyOf(&[Match::Starts("/dev/pts/"), Match::Starts("/dev/nvidia")])),
                Sign::Errno(&[Errno::EPERM]),
                Sign::NoRecord,
            ],
            &[],
        ),
    ],
    ..BASE
};
