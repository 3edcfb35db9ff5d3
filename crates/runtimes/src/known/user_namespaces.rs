//! User namespaces that can't be made, are useless once made, or lack ids.

use super::sign::{hinted, needs, unless};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, Witness, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

/// Distributions without Ubuntu's restriction.
const OTHERS: &[&str] = &[
    "debian", "raspbian", "rhel", "centos", "fedora", "alma", "rocky", "arch", "suse", "opensuse", "gentoo",
    "void", "nixos", "alpine", "proxmox",
];
const SWITCH: &str = "kernel.apparmor_restrict_unprivileged_userns";

pub(super) static UBUNTU_RESTRICTION: KnownIssue = KnownIssue {
    id: "ubuntu-userns-restriction",
    title: "Ubuntu restricts unprivileged user namespaces through AppArmor",
    layer: Layer::Sysctl,
    also: &[Layer::Apparmor],
    cause: "With kernel.apparmor_restrict_unprivileged_userns=1 (the default since 24.04) an unconfined program may \
            make a user namespace but is moved into the profile unprivileged_userns, which refuses every capability \
            in it. Ubuntu 23.10 with the switch on refuses the namespace itself.",
    fix: Fix {
        prefer: "A small profile for that one program: `abi <abi/4.0>, profile NAME /PATH/TO/PROGRAM \
                 flags=(unconfined) { userns, }`, loaded with `apparmor_parser -r`",
        alternatives: &["The distribution's package of the program, where it ships such a profile"],
        avoid: &[
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0, which lifts it for every program",
            "chmod u+s on the program or its sandbox helper",
            "--no-sandbox",
        ],
    },
    sources: &[
        "https://discourse.ubuntu.com/t/ubuntu-24-04-lts-noble-numbat-release-notes/39890",
        "https://github.com/podman-desktop/podman-desktop/issues/7256",
        "https://github.com/opencontainers/runc/commit/bde597a55",
    ],
    turns: &[
        turn(
            "ubuntu",
            &[24, 4],
            "2024-04",
            "restricts unprivileged user namespaces through AppArmor by default",
        ),
        turn(
            "ubuntu",
            &[23, 10],
            "2023-10",
            "brought the restriction of unprivileged user namespaces, off by default",
        ),
    ],
    signatures: &[
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[("operation", Match::Is("userns_create")), ("info", Match::Starts("Userns create"))],
        )]),
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[("operation", Match::Is("capable")), ("profile", Match::Is("unprivileged_userns"))],
        )]),
        needs(&[Sign::Record(Witness::Apparmor, &[("profile", Match::Is("unprivileged_userns"))])]),
        unless(
            &[
                Sign::Call(&[
                    Call::UsernsCreate,
                    Call::IdMap,
                    Call::Unshare,
                    Call::Clone,
                    Call::Netlink,
                    Call::Mount,
                    Call::Sethostname,
                    Call::Setgroups,
                    Call::Capset,
                    Call::Exec,
                ]),
                Sign::Errno(&[Errno::EPERM, Errno::EACCES]),
                Sign::NoRecord,
                Sign::OneOf(&[
                    Sign::Sysctl(SWITCH, Match::OneOf(&["1", "2"])),
                    Sign::Environment(&["userns-restriction"]),
                    Sign::Distro(&["ubuntu"]),
                    Sign::Statement(&["suid-helper-misconfigured", "no-usable-sandbox", "netns-no-right"]),
                ]),
            ],
            &[Sign::Sysctl(SWITCH, Match::Is("1")), Sign::Environment(&["userns-restriction"])],
            &[Sign::Sysctl(SWITCH, Match::Is("0"))],
        ),
        unless(
            &[
                Sign::OneOf(&[
                    Sign::Call(&[Call::UsernsCreate, Call::IdMap, Call::Netlink]),
                    Sign::Statement(&[
                        "suid-sandbox-helper",
                        "sandbox-namespace-refused",
                        "userns-restriction",
                    ]),
                ]),
                Sign::NoRecord,
            ],
            &[Sign::Distro(&["ubuntu"]), Sign::Environment(&["userns-restriction"])],
            &[
                Sign::Sysctl(SWITCH, Match::Is("0")),
                Sign::Statement(&["userns-disabled"]),
                Sign::Distro(OTHERS),
                Sign::Errno(&[Errno::ENOSPC, Errno::EAGAIN, Errno::ENOSYS]),
            ],
        ),
    ],
    ..BASE
};

pub(super) static ABI4_WITHOUT_RULE: KnownIssue = KnownIssue {
    id: "userns-abi4-without-rule",
    title: "A profile pinned to abi/4.0 begins to refuse user namespaces",
    layer: Layer::Apparmor,
    cause: "User namespaces become mediated as soon as a profile declares a feature set that knows them, abi/4.0 or \
            newer. A profile that has no `userns,` rule then refuses them.",
    fix: Fix {
        prefer: "Add `userns,` to that profile if the program needs it, or pin the older profile to abi/3.0",
        alternatives: &[],
        avoid: &["unconfined"],
    },
    sources: &[
        "https://github.com/lxc/incus/commit/d65e6e6f8d",
        "https://gitlab.com/apparmor/apparmor/-/wikis/unprivileged_userns_restriction",
    ],
    requires: &[since("kernel", &[5, 15])],
    turns: &[turn("kernel", &[6, 7], "2024-01", "brought AppArmor mediation of user namespaces to mainline")],
    signatures: &[unless(
        &[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", Match::Is("userns_create")),
                ("apparmor", Match::Is("DENIED")),
                ("profile", Match::NoneOf(&["unconfined", "unprivileged_userns"])),
            ],
        )],
        &[Sign::Errno(&[Errno::EACCES])],
        &[Sign::Record(Witness::Apparmor, &[("info", Match::Starts("Userns create"))])],
    )],
    ..BASE
};

pub(super) static CLONE_SYSCTL: KnownIssue = KnownIssue {
    id: "debian-userns-clone-sysctl",
    title: "A sysctl forbids or limits user namespaces on this host",
    layer: Layer::Sysctl,
    also: &[Layer::Rlimit],
    cause: "kernel.unprivileged_userns_clone=0 (Debian 10 and older, hardened kernels) refuses user namespaces to \
            ordinary users with EPERM; user.max_user_namespaces=0 (RHEL 7) refuses them to everybody with ENOSPC.",
    fix: Fix {
        prefer: "Set the sysctl on the hosts that run rootless containers or sandboxes, knowingly: \
                 kernel.unprivileged_userns_clone=1, or user.max_user_namespaces to a number that suffices",
        alternatives: &["Run the program where it needs no user namespace"],
        avoid: &["--privileged"],
    },
    sources: &["https://man7.org/linux/man-pages/man7/namespaces.7.html", "https://wiki.debian.org/Rootless"],
    confidence: Confidence::Low,
    signatures: &[
        needs(&[
            Sign::OneOf(&[
                Sign::Sysctl("kernel.unprivileged_userns_clone", Match::Is("0")),
                Sign::Sysctl("user.max_user_namespaces", Match::Is("0")),
            ]),
            Sign::Call(&[Call::UsernsCreate, Call::Unshare, Call::Clone, Call::Exec, Call::IdMap]),
        ]),
        needs(&[
            Sign::Statement(&["userns-disabled"]),
            Sign::Call(&[Call::UsernsCreate, Call::Unshare, Call::IdMap]),
        ]),
        hinted(
            &[
                Sign::Call(&[Call::UsernsCreate, Call::Unshare]),
                Sign::Errno(&[Errno::ENOSPC]),
                Sign::NoRecord,
            ],
            &[Sign::Distro(&["rhel", "centos"])],
        ),
        hinted(
            &[
                Sign::Call(&[Call::UsernsCreate, Call::Unshare]),
                Sign::Errno(&[Errno::EPERM]),
                Sign::NoRecord,
                Sign::OneOf(&[
                    Sign::Distro(&["debian", "raspbian", "arch"]),
                    Sign::Statement(&["userns-disabled"]),
                ]),
            ],
            &[],
        ),
    ],
    ..BASE
};

pub(super) static ID_MAPPING: KnownIssue = KnownIssue {
    id: "userns-id-mapping",
    title: "An id is not mapped into the container's user namespace",
    layer: Layer::Userns,
    also: &[Layer::Dac],
    cause: "The user or group id in question has no place in the container's id map, so its files belong to nobody \
            there, root inside is a stranger to them, and changing the owner to it fails with EINVAL.",
    fix: Fix {
        prefer: "Map the owner into the container: --userns=keep-id (with uid= and gid=), the volume option `:U` or \
                 an idmapped mount; or give the directory the right owner with `podman unshare chown`",
        alternatives: &[
            "A larger range in /etc/subuid and /etc/subgid, then `podman system migrate`, where ids are missing",
        ],
        avoid: &["chmod -R 777"],
    },
    sources: &[
        "https://github.com/containers/podman/issues/22092",
        "https://github.com/containers/podman/issues/2542",
        "https://github.com/containers/podman/blob/main/troubleshooting.md",
    ],
    signatures: &[
        needs(&[Sign::Statement(&["ids-insufficient", "single-id-mapping", "no-subids"])]),
        hinted(
            &[Sign::Call(&[Call::Chown]), Sign::Errno(&[Errno::EINVAL]), Sign::NoRecord],
            &[Sign::Environment(&["rootless", "userns-remap"])],
        ),
        needs(&[
            Sign::Errno(&[Errno::EOVERFLOW]),
            Sign::NoRecord,
            Sign::Call(&[Call::Open, Call::Create, Call::Mkdir, Call::Stat]),
        ]),
        hinted(
            &[
                Sign::Errno(&[Errno::EACCES, Errno::EPERM]),
                Sign::NoRecord,
                Sign::OneOf(&[
                    Sign::Environment(&["rootless", "userns-remap"]),
                    Sign::Knob("userns", Match::NoneOf(&["host"])),
                    Sign::Engine(&["lxc", "incus"]),
                    Sign::Statement(&["uid-unmapped"]),
                ]),
                Sign::OneOf(&[
                    Sign::Knob("volume", Match::Any),
                    Sign::Knob("lxc", Match::Has("mp")),
                    Sign::Statement(&["uid-unmapped"]),
                ]),
                Sign::Call(&[
                    Call::Open,
                    Call::Create,
                    Call::Write,
                    Call::Mkdir,
                    Call::Unlink,
                    Call::Rename,
                    Call::Chown,
                    Call::Chmod,
                    Call::Readdir,
                    Call::Stat,
                    Call::Chdir,
                    Call::Utime,
                    Call::Exec,
                ]),
            ],
            &[],
        ),
    ],
    ..BASE
};
