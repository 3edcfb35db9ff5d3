//! Files: mode, file systems, mount flags and the sysctls that guard sticky directories.

use super::sign::{hinted, needs, unless};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

const DENIED: Sign = Sign::Errno(&[Errno::EACCES, Errno::EPERM]);

pub(super) static ENGINE_SOCKET_GROUP: KnownIssue = KnownIssue {
    id: "dac-docker-sock-group",
    title: "A user outside the socket's group can't talk to the engine",
    layer: Layer::Dac,
    cause: "The engine's socket belongs to root and a group, mode 0660. The process is neither root nor in a group \
            with that number; names of groups differ inside and outside a container, numbers count.",
    fix: Fix {
        prefer: "Give the container the number of the socket's group (`group_add`), or add the user to the group and \
                 log in anew; both are as good as root on the host",
        alternatives: &[
            "A socket proxy that passes only the calls needed",
            "A rootless engine of the user's own",
        ],
        avoid: &["chmod 666 on the socket"],
    },
    sources: &["https://docs.docker.com/engine/install/linux-postinstall/"],
    confidence: Confidence::Medium,
    signatures: &[needs(&[
        Sign::Call(&[Call::Connect]),
        Sign::Errno(&[Errno::EACCES]),
        Sign::Object(Match::AnyOf(&[
            Match::Ends("docker.sock"),
            Match::Ends("podman.sock"),
            Match::Ends("containerd.sock"),
        ])),
        Sign::NoRecord,
    ])],
    ..BASE
};

pub(super) static NFS_ROOT_SQUASH: KnownIssue = KnownIssue {
    id: "nfs-root-squash",
    title: "An NFS server maps root to nobody",
    layer: Layer::Filesystem,
    also: &[Layer::Dac],
    cause: "The export squashes root: the server treats uid 0 as nobody, so root in the container may neither change \
            owners there nor write where nobody may not. Docker's copy into a new volume meets the same.",
    fix: Fix {
        prefer: "Run as the uid that owns the export, and prepare the directory's owner on the server",
        alternatives: &[
            "Docker: the volume option nocopy where only the first copy fails",
            "Kubernetes: the driver's own uid option, or fsGroupChangePolicy: OnRootMismatch",
        ],
        avoid: &["no_root_squash"],
    },
    sources: &[
        "https://github.com/moby/moby/issues/34543",
        "https://github.com/moby/moby/issues/28001",
        "https://man7.org/linux/man-pages/man5/exports.5.html",
    ],
    signatures: &[
        hinted(
            &[
                DENIED,
                Sign::NoRecord,
                Sign::OneOf(&[
                    Sign::Environment(&["nfs", "root-squash"]),
                    Sign::Owner(Match::OneOf(&["nobody", "4294967294", "65534", "nfsnobody", "99"])),
                    Sign::Statement(&["root-squash"]),
                    Sign::Knob("volume", Match::Has("nfs")),
                ]),
                Sign::Call(&[
                    Call::Chown,
                    Call::Chmod,
                    Call::Open,
                    Call::Create,
                    Call::Mkdir,
                    Call::Write,
                    Call::Unlink,
                    Call::Rename,
                    Call::Stat,
                    Call::Readdir,
                    Call::Chdir,
                    Call::Utime,
                    Call::Mount,
                ]),
            ],
            &[
                Sign::Environment(&["root-squash"]),
                Sign::Environment(&["runs-as-root"]),
                Sign::Call(&[Call::Chown]),
            ],
        ),
        needs(&[
            DENIED,
            Sign::NoRecord,
            Sign::Call(&[Call::Chown]),
            Sign::Engine(&["kubernetes", "cri-o"]),
            Sign::Arg("from-uid", Match::OneOf(&["99", "65534", "4294967294"])),
        ]),
    ],
    ..BASE
};

pub(super) static READONLY_ROOTFS: KnownIssue = KnownIssue {
    id: "readonly-rootfs",
    title: "The container's root or a kernel path is mounted read-only",
    layer: Layer::Readonly,
    cause: "Only a read-only mount answers EROFS: a read-only root, a volume with `ro`, or one of the paths every \
            container gets read-only (/proc/sys, /sys, /sys/fs/cgroup).",
    fix: Fix {
        prefer: "A tmpfs or emptyDir on the path that is written, or `--sysctl` for a sysctl of the container",
        alternatives: &[
            "A writable volume for that one path",
            "The sysctl on the host where it has no namespace",
        ],
        avoid: &["--privileged"],
    },
    sources: &["https://docs.docker.com/reference/cli/docker/container/run/#read-only"],
    signatures: &[hinted(
        &[Sign::Errno(&[Errno::EROFS]), Sign::NoRecord],
        &[Sign::Knob("read-only-root", Match::Is("true"))],
    )],
    ..BASE
};

pub(super) static NOEXEC: KnownIssue = KnownIssue {
    id: "noexec-mount",
    title: "A program or library lies on a file system mounted noexec",
    layer: Layer::MountFlags,
    cause: "The mount forbids execution whatever the mode: execve fails with EACCES, mapping a library executable \
            with EPERM.",
    fix: Fix {
        prefer: "Point the program's temporary directory (TMPDIR or its own setting) at one that may execute",
        alternatives: &["`--tmpfs /tmp:exec` for that path of that container"],
        avoid: &["remounting /tmp exec for the whole host", "--privileged"],
    },
    sources: &["https://man7.org/linux/man-pages/man8/mount.8.html"],
    confidence: Confidence::Medium,
    signatures: &[
        needs(&[Sign::MountOption("noexec"), DENIED, Sign::Call(&[Call::Exec, Call::Mmap, Call::Mprotect])]),
        needs(&[Sign::Statement(&["exec-map"]), Sign::Errno(&[Errno::EPERM])]),
        needs(&[Sign::Call(&[Call::Mmap]), Sign::Errno(&[Errno::EPERM]), Sign::NoRecord]),
        needs(&[Sign::Call(&[Call::Exec]), Sign::Errno(&[Errno::EACCES]), Sign::NoRecord]),
    ],
    ..BASE
};

pub(super) static PROTECTED_REGULAR: KnownIssue = KnownIssue {
    id: "protected-regular",
    title: "Even root can't open another user's file in a sticky directory with O_CREAT",
    layer: Layer::Sysctl,
    cause: "fs.protected_regular (and its sisters for fifos and symbolic links) refuses this in world-writable sticky \
            directories such as /tmp, whatever the capabilities. systemd 241 and newer switch it on.",
    fix: Fix {
        prefer: "Create the file as the user who writes it, or outside /tmp",
        alternatives: &["Remove the stale file of the other user first"],
        avoid: &["fs.protected_regular=0 for the whole host"],
    },
    sources: &[
        "https://docs.kernel.org/admin-guide/sysctl/fs.html",
        "https://github.com/containers/podman/issues/4649",
        "https://github.com/containers/podman/issues/7445",
    ],
    requires: &[since("kernel", &[4, 19])],
    turns: &[turn("systemd", &[241], "2019-02", "switches fs.protected_regular on")],
    signatures: &[hinted(
        &[
            Sign::Call(&[Call::Open, Call::Create, Call::Write, Call::Truncate]),
            Sign::Errno(&[Errno::EACCES]),
            Sign::NoRecord,
            Sign::OneOf(&[
                Sign::Object(Match::AnyOf(&[
                    Match::Starts("/tmp/"),
                    Match::Starts("/var/tmp/"),
                    Match::Starts("/dev/shm/"),
                    Match::Has("/tmp/"),
                ])),
                Sign::Sysctl("fs.protected_regular", Match::OneOf(&["1", "2"])),
            ]),
        ],
        &[
            Sign::Sysctl("fs.protected_regular", Match::OneOf(&["1", "2"])),
            Sign::Sysctl("fs.protected_fifos", Match::OneOf(&["1", "2"])),
            Sign::Environment(&["runs-as-root"]),
        ],
    )],
    ..BASE
};

pub(super) static MASKED_PATH: KnownIssue = KnownIssue {
    id: "masked-path-silent",
    title: "A file under /proc or /sys is empty in the container and writes to it vanish",
    layer: Layer::Readonly,
    cause: "The runtime covers some kernel files with /dev/null and some directories with an empty tmpfs. Reading \
            gives nothing, writing succeeds and is lost; no error is reported.",
    fix: Fix {
        prefer: "Read the value on the host, or mount that one file read-only into the container",
        alternatives: &["Podman: unmask that single path"],
        avoid: &["--privileged"],
    },
    sources: &["https://github.com/moby/moby/security/advisories/GHSA-6fw5-f8r9-fgfm"],
    turns: &[turn("docker", &[28, 0, 2], "2025-03", "masks /proc/interrupts and thermal_throttle too")],
    signatures: &[
        needs(&[Sign::Statement(&["kernel-file-empty", "masked-path"])]),
        unless(
            &[
                Sign::Object(Match::OneOf(&[
                    "/proc/interrupts",
                    "/proc/kcore",
                    "/proc/keys",
                    "/proc/timer_list",
                    "/proc/timer_stats",
                    "/proc/sched_debug",
                    "/proc/latency_stats",
                    "/proc/scsi",
                    "/proc/acpi",
                    "/sys/firmware",
                    "/proc/asound",
                ])),
                Sign::Engine(&["docker", "containerd", "podman", "cri-o", "kubernetes"]),
            ],
            &[],
            &[Sign::Errno(&[Errno::EACCES, Errno::EPERM, Errno::EROFS])],
        ),
    ],
    ..BASE
};
