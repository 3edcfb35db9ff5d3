//! What the default AppArmor profiles refuse on purpose, and paths they can't name; Landlock.

use super::sign::{hinted, needs, unless};
use super::{BASE, Fix, KnownIssue, Match, Sign, Witness, since};
use whodenied_kernel::{Call, Errno, Layer};

/// The default profiles of the OCI engines.
const DEFAULTS: Match = Match::AnyOf(&[
    Match::Is("docker-default"),
    Match::Is("nerdctl-default"),
    Match::Is("crio-default"),
    Match::Starts("cri-containerd.apparmor"),
    Match::Starts("containers-default-"),
]);

pub(super) static MOUNT_DENIED: KnownIssue = KnownIssue {
    id: "mount-denied-apparmor",
    title: "mount is refused with EACCES although CAP_SYS_ADMIN was added",
    layer: Layer::Apparmor,
    cause: "The default AppArmor profiles deny every mount, explicitly and therefore without a record, whatever the \
            capabilities. A lack of the capability or the seccomp filter would answer EPERM.",
    fix: Fix {
        prefer: "A copy of the default profile without `deny mount,` and with one rule for exactly this mount",
        alternatives: &["A volume, or FUSE, instead of mounting inside"],
        avoid: &["--privileged", "apparmor=unconfined together with CAP_SYS_ADMIN"],
    },
    sources: &[
        "https://github.com/moby/profiles/blob/main/apparmor/template.go",
        "https://github.com/containerd/containerd/blob/main/contrib/apparmor/template.go",
    ],
    signatures: &[
        hinted(
            &[
                Sign::Call(&[Call::Mount]),
                Sign::Errno(&[Errno::EACCES]),
                Sign::NoRecord,
                Sign::Engine(&["docker", "containerd", "podman", "cri-o", "kubernetes", "buildah"]),
            ],
            &[Sign::Knob("cap-add", Match::OneOf(&["SYS_ADMIN", "ALL"]))],
        ),
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[("operation", Match::Is("mount")), ("profile", DEFAULTS)],
        )]),
    ],
    ..BASE
};

pub(super) static PTRACE_DENIED: KnownIssue = KnownIssue {
    id: "ptrace-denied-docker-default",
    title: "A confined tool can't trace or read processes that have another AppArmor label",
    layer: Layer::Apparmor,
    cause: "AppArmor checks tracing and reading of another process's /proc files on both sides. The default profiles \
            allow it between processes of the same profile only.",
    fix: Fix {
        prefer: "A profile for that tool: its default plus one rule, such as `ptrace (read) peer=unconfined,`; \
                 CAP_SYS_PTRACE in addition only where the user ids differ",
        alternatives: &["Run the tool where its targets run"],
        avoid: &["unconfined for the tool and its targets"],
    },
    fixed_in: &["Docker 20.10.0 (being read or traced)", "containerd 1.7.0 (being read or traced)"],
    sources: &[
        "https://github.com/moby/moby/issues/7276",
        "https://github.com/moby/moby/commit/52612d0946",
        "https://github.com/containerd/containerd/commit/8d868dadb",
    ],
    signatures: &[needs(&[Sign::Record(
        Witness::Apparmor,
        &[
            ("operation", Match::Is("ptrace")),
            (
                "profile",
                Match::AnyOf(&[DEFAULTS, Match::Starts("docker-default"), Match::Starts("crio-default")]),
            ),
        ],
    )])],
    ..BASE
};

pub(super) static DISCONNECTED_PATH: KnownIssue = KnownIssue {
    id: "disconnected-path",
    title: "AppArmor can't name the file: its path is disconnected",
    layer: Layer::Apparmor,
    cause: "The file lies outside the mounts the process can reach: it was passed in as a descriptor, or belongs to a \
            detached or overlaid mount. AppArmor prints its path without the leading slash and refuses.",
    fix: Fix {
        prefer: "flags=(attach_disconnected) on that profile and a rule for the printed path with a slash before it",
        alternatives: &[
            "attach_disconnected.path=/SOMEWHERE to keep such paths apart from real ones (parser 4.0)",
        ],
        avoid: &["unconfined"],
    },
    sources: &["https://man7.org/linux/man-pages/man5/apparmor.d.5.html"],
    signatures: &[needs(&[Sign::Record(
        Witness::Apparmor,
        &[("info", Match::Starts("Failed name lookup - disconnected"))],
    )])],
    ..BASE
};

pub(super) static LANDLOCK: KnownIssue = KnownIssue {
    id: "landlock-denial",
    title: "The program, or what started it, restricted itself with Landlock",
    layer: Layer::Landlock,
    cause: "A Landlock rule set covers this process and does not contain the access. Nothing outside the program can \
            relax it, no capability either.",
    fix: Fix {
        prefer: "Name the path or port in the program's own list of allowed ones, or use its option for that access",
        alternatives: &["Switch the program's own sandbox off for this run"],
        avoid: &["--privileged, which has no effect on it"],
    },
    sources: &[
        "https://docs.kernel.org/userspace-api/landlock.html",
        "https://docs.kernel.org/admin-guide/LSM/landlock.html",
    ],
    requires: &[since("kernel", &[5, 13])],
    signatures: &[
        needs(&[Sign::Record(Witness::Landlock, &[("blockers", Match::Any)])]),
        unless(
            &[
                Sign::Statement(&["landlock-sandbox", "landlock-active"]),
                Sign::Errno(&[Errno::EACCES, Errno::EPERM, Errno::EXDEV]),
            ],
            &[],
            &[Sign::Statement(&["landlock-unsupported"])],
        ),
        unless(
            &[Sign::Component("landlock"), Sign::Errno(&[Errno::EACCES, Errno::EPERM, Errno::EXDEV])],
            &[],
            &[Sign::Statement(&["landlock-unsupported"])],
        ),
    ],
    ..BASE
};
