//! Containers in containers, and systemd in containers.

use super::sign::{hinted, needs, unless};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, Stage, Witness, before, between, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

pub(super) static REOPEN_FD: KnownIssue = KnownIssue {
    id: "aa-nested-runc-reopen-fd",
    title: "Containers don't start inside LXC or Incus since runc writes sysctls through a detached procfs",
    layer: Layer::Apparmor,
    cause: "Since the fix of CVE-2025-52881 runc reaches sysctls through a procfs that is not mounted anywhere. The \
            outer container's AppArmor profile then sees the path without its /proc and takes it for one under \
            /sys, which it denies. It is an explicit deny, so nothing is logged.",
    fix: Fix {
        prefer: "Update LXC, Incus or Proxmox VE (lxc-pve) on the outer host: with nesting its profile no longer \
                 carries these denies",
        alternatives: &[
            "One release back of runc or containerd.io for as long as needed, which brings CVE-2025-52881 back",
        ],
        avoid: &[
            "lxc.apparmor.profile: unconfined on the outer host: it takes all confinement off the guest",
            "another value of the sysctl: the write itself is refused",
        ],
    },
    fixed_in: &["LXC 6.0.6", "LXC 7.0.0", "Incus 6.0.6", "Incus 6.19.0"],
    sources: &[
        "https://github.com/opencontainers/runc/issues/4968",
        "https://github.com/lxc/incus/pull/2623",
        "https://github.com/community-scripts/ProxmoxVE/issues/8890",
        "https://github.com/NginxProxyManager/nginx-proxy-manager/issues/4849",
    ],
    affected: &[before("lxc", &[6, 0, 6]), before("incus", &[6, 0, 6]), between("incus", &[6, 1], &[6, 19])],
    turns: &[
        turn(
            "runc",
            &[1, 2, 8],
            "2025-11-05",
            "opens /proc/sys files anew through /proc/self/fd for the fix of CVE-2025-52881, which the container's profile takes for another path",
        ),
        turn(
            "runc",
            &[1, 3, 3],
            "2025-11-05",
            "opens /proc/sys files anew through /proc/self/fd for the fix of CVE-2025-52881, which the container's profile takes for another path",
        ),
    ],
    signatures: &[
        hinted(
            &[Sign::Arg("via", Match::Is("reopen-fd")), Sign::Errno(&[Errno::EACCES]), Sign::NoRecord],
            &[Sign::Outer(&["lxc", "incus"]), Sign::Engine(&["lxc", "incus"]), Sign::Distro(&["proxmox"])],
        ),
        hinted(
            &[
                Sign::Call(&[Call::SysctlWrite]),
                Sign::Errno(&[Errno::EACCES]),
                Sign::Phase(&[Stage::RuntimeSetup, Stage::Engine]),
                Sign::NoRecord,
            ],
            &[
                Sign::Outer(&["lxc", "incus"]),
                Sign::Engine(&["lxc", "incus"]),
                Sign::Distro(&["proxmox"]),
                Sign::Object(Match::Has("ip_unprivileged_port_start")),
                Sign::Statement(&["reopen-fd"]),
            ],
        ),
        needs(&[
            Sign::OneOf(&[Sign::Engine(&["lxc", "incus"]), Sign::Outer(&["lxc", "incus"])]),
            Sign::OneOf(&[
                Sign::Sysctl("net.ipv4.ip_unprivileged_port_start", Match::Any),
                Sign::Knob("lxc", Match::Has("ip_unprivileged_port_start")),
            ]),
            Sign::NoRecord,
            Sign::Call(&[Call::SysctlWrite]),
        ]),
    ],
    ..BASE
};

pub(super) static SYSTEMD_MOUNT_FLAGS: KnownIssue = KnownIssue {
    id: "lxc-systemd-mount-flags",
    title: "Sandboxed systemd units fail in a container because its profile refuses their mounts",
    layer: Layer::Apparmor,
    cause: "systemd builds the mount namespace of a sandboxed unit under /run/systemd with combinations of mount \
            flags that the container's AppArmor profile has no rule for; a parser before 3.0.10 also compiled \
            propagation rules wrongly.",
    fix: Fix {
        prefer: "On the outer host use the generated profile with nesting, or LXC 7.0 whose rules cover \
                 /run/systemd/unit-root and mount-rootfs",
        alternatives: &[
            "A drop-in that switches off just that sandboxing of that unit (PrivateMounts=, PrivateNetwork=)",
        ],
        avoid: &["lxc.apparmor.profile=unconfined"],
    },
    fixed_in: &["LXC 7.0", "AppArmor parser 3.0.10", "AppArmor parser 3.1.4"],
    sources: &[
        "https://bugs.launchpad.net/bugs/1597017",
        "https://wiki.debian.org/LXC/SystemdMountsAndAppArmor",
        "https://github.com/lxc/lxc/commit/49bb4fad1",
    ],
    affected: &[before("lxc", &[7, 0]), since("lxd", &[]), since("incus", &[])],
    signatures: &[hinted(
        &[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", Match::Is("mount")),
                ("info", Match::Is("failed flags match")),
                (
                    "profile",
                    Match::AnyOf(&[Match::Starts("lxc-"), Match::Starts("lxd-"), Match::Starts("incus-")]),
                ),
            ],
        )],
        &[Sign::Object(Match::Starts("/run/systemd/"))],
    )],
    ..BASE
};

pub(super) static SYSTEMD_AS_INIT: KnownIssue = KnownIssue {
    id: "systemd-in-container",
    title: "systemd as process 1 of a container can't write its cgroup or mount its file systems",
    layer: Layer::Readonly,
    also: &[Layer::Capability, Layer::Cgroup, Layer::Apparmor],
    cause: "systemd wants to make cgroups below its own and to mount tmpfs on /run. In a container /sys/fs/cgroup is \
            read-only and mounting needs CAP_SYS_ADMIN.",
    fix: Fix {
        prefer: "Podman: --systemd=always. Docker 28 or newer: --security-opt writable-cgroups=true with --tmpfs \
                 /run --tmpfs /run/lock --tmpfs /tmp and a private cgroup namespace",
        alternatives: &["userns-remap with --cgroupns=private"],
        avoid: &["-v /sys/fs/cgroup:/sys/fs/cgroup:rw --cgroupns=host", "--privileged"],
    },
    sources: &[
        "https://github.com/moby/moby/issues/42275",
        "https://github.com/systemd/systemd/issues/19245",
        "https://github.com/freeipa/freeipa-container/issues/520",
    ],
    turns: &[turn("systemd", &[248], "2021-03", "needs a cgroup tree that it may write")],
    signatures: &[unless(
        &[
            Sign::Object(Match::AnyOf(&[
                Match::Ends("/init.scope"),
                Match::Starts("/sys/fs/cgroup"),
                Match::Is("manager object"),
                Match::Has("control group"),
            ])),
            Sign::Errno(&[Errno::EROFS, Errno::EACCES, Errno::EPERM]),
            Sign::OneOf(&[
                Sign::Object(Match::Has("init.scope")),
                Sign::Component("systemd"),
                Sign::Statement(&["cgroup-setup"]),
            ]),
        ],
        &[Sign::Environment(&["cgroup-v2"])],
        &[Sign::Phase(&[Stage::RuntimeSetup, Stage::Engine]), Sign::Environment(&["rootless"])],
    )],
    ..BASE
};

pub(super) static PROC_TOO_REVEALING: KnownIssue = KnownIssue {
    id: "nested-proc-too-revealing",
    title: "A new procfs or sysfs can't be mounted in a container whose own is partly masked",
    layer: Layer::Userns,
    also: &[Layer::Readonly, Layer::Capability, Layer::Filesystem],
    cause: "Inside a user namespace the kernel allows a new proc or sysfs only if it shows nothing that the one \
            already there hides. The outer container masks parts of /proc, so the mount is refused with EPERM.",
    fix: Fix {
        prefer: "On the outer container lift the masks: --security-opt systempaths=unconfined (Docker), --security-opt \
                 unmask=/proc/* (Podman), procMount: Unmasked with hostUsers: false (Kubernetes)",
        alternatives: &[
            "On the inner container use --pid=host or bind the outer /proc instead of mounting a new one",
        ],
        avoid: &["--privileged"],
    },
    sources: &[
        "https://github.com/containers/podman/issues/10864",
        "https://github.com/opencontainers/runc/issues/1658",
        "https://github.com/containers/podman/issues/20453",
        "https://github.com/containers/bubblewrap/issues/284",
        "https://github.com/systemd/systemd/issues/34226",
    ],
    signatures: &[
        needs(&[Sign::Record(Witness::Other, &[("message", Match::Has("too revealing"))])]),
        hinted(
            &[
                Sign::Call(&[Call::Mount]),
                Sign::Arg("fstype", Match::OneOf(&["proc", "sysfs"])),
                Sign::Errno(&[Errno::EPERM]),
                Sign::NoRecord,
            ],
            &[Sign::Environment(&["rootless"])],
        ),
    ],
    ..BASE
};

pub(super) static OVERLAY: KnownIssue = KnownIssue {
    id: "nested-overlay",
    title: "overlayfs can't be mounted on overlayfs or in a user namespace",
    layer: Layer::Filesystem,
    also: &[Layer::Userns, Layer::Capability, Layer::Apparmor],
    cause: "An overlay's upper directory can't lie on another overlay (EINVAL), and before kernel 5.11 a user \
            namespace can't mount overlayfs at all (EPERM). EACCES is the outer container's AppArmor profile.",
    fix: Fix {
        prefer: "Put the inner storage on a volume, or use fuse-overlayfs with --device /dev/fuse",
        alternatives: &["The native overlay driver in a user namespace on kernel 5.11 or newer"],
        avoid: &["--privileged"],
    },
    sources: &[
        "https://docs.kernel.org/filesystems/overlayfs.html",
        "https://github.com/lxc/lxc/commit/43ad7816d",
    ],
    confidence: Confidence::Medium,
    signatures: &[unless(
        &[
            Sign::Call(&[Call::Mount]),
            Sign::Arg("fstype", Match::OneOf(&["overlay", "overlayfs"])),
            Sign::Errno(&[Errno::EINVAL, Errno::EPERM, Errno::EACCES]),
        ],
        &[Sign::NoRecord],
        &[],
    )],
    ..BASE
};
