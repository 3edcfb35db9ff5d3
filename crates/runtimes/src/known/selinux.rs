//! SELinux and containers.

use super::sign::{hinted, needs};
use super::{BASE, Fix, KnownIssue, Match, Sign, Witness};
use whodenied_kernel::{Call, Errno, Layer};

/// Domains of containers.
const CONTAINER: Match = Match::AnyOf(&[
    Match::Has(":container_t"),
    Match::Has(":svirt_lxc_net_t"),
    Match::Has(":container_init_t"),
    Match::Has(":spc_t"),
]);

pub(super) static VOLUME_LABEL: KnownIssue = KnownIssue {
    id: "selinux-volume-label",
    title: "A bind mount carries a label that containers may not use",
    layer: Layer::Selinux,
    cause: "container_t may use files labelled container_file_t (and those of its own categories) only. The mounted \
            directory keeps the label it has on the host.",
    fix: Fix {
        prefer: "`:z` (shared) or `:Z` (this container alone) on the mount; for NFS the boolean virt_use_nfs or a \
                 context= mount option",
        alternatives: &["`semanage fcontext -a -t container_file_t` and `restorecon` for a path that stays"],
        avoid: &["label=disable", "setenforce 0", ":Z on /home, /usr or another system directory"],
    },
    sources: &[
        "https://github.com/containers/podman/issues/3683",
        "https://docs.docker.com/engine/storage/bind-mounts/#configure-the-selinux-label",
        "https://github.com/containers/podman/issues/13684",
        "https://github.com/containers/podman/issues/5780",
    ],
    signatures: &[
        needs(&[Sign::Record(
            Witness::Selinux,
            &[
                ("scontext", CONTAINER),
                (
                    "tcontext",
                    Match::AnyOf(&[
                        Match::Has("user_home"),
                        Match::Has(":var_t"),
                        Match::Has(":usr_t"),
                        Match::Has(":nfs_t"),
                        Match::Has(":default_t"),
                        Match::Has(":mnt_t"),
                        Match::Has(":unlabeled_t"),
                        Match::Has(":etc_t"),
                        Match::Has(":var_lib_t"),
                        Match::Has(":var_log_t"),
                        Match::Has(":admin_home_t"),
                        Match::Has(":tmp_t"),
                        Match::Has(":user_tmp_t"),
                        Match::Has(":httpd_sys_content_t"),
                        Match::Has(":root_t"),
                        Match::Has(":container_file_t"),
                        Match::Has(":svirt_sandbox_file_t"),
                        Match::Has(":cifs_t"),
                        Match::Has(":fusefs_t"),
                    ]),
                ),
                ("tclass", Match::OneOf(&["file", "dir", "lnk_file", "sock_file", "fifo_file"])),
            ],
        )]),
        hinted(
            &[
                Sign::Errno(&[Errno::EACCES]),
                Sign::NoRecord,
                Sign::Knob("volume", Match::Any),
                Sign::Call(&[
                    Call::Open,
                    Call::Create,
                    Call::Readdir,
                    Call::Mkdir,
                    Call::Write,
                    Call::Unlink,
                    Call::Rename,
                    Call::Chdir,
                    Call::Stat,
                    Call::Exec,
                    Call::Chmod,
                    Call::Chown,
                    Call::Access,
                ]),
            ],
            &[Sign::Distro(&["fedora", "rhel", "centos", "alma", "rocky"])],
        ),
    ],
    ..BASE
};

pub(super) static ENGINE_SOCKET: KnownIssue = KnownIssue {
    id: "selinux-docker-sock",
    title: "A container may not connect to the engine's socket on an SELinux host",
    layer: Layer::Selinux,
    cause: "Whatever the label and mode of the socket file, SELinux also checks connectto against the daemon's \
            domain, and container_t has no such right.",
    fix: Fix {
        prefer: "Do not mount the socket: a socket proxy that passes only the calls needed",
        alternatives: &[
            "A small policy module that allows connectto to that one domain for a type of its own",
        ],
        avoid: &["label=disable", "--privileged"],
    },
    sources: &[
        "https://github.com/weaveworks-experiments/flux-classic/issues/37",
        "https://github.com/dpw/selinux-dockersock",
    ],
    signatures: &[
        needs(&[Sign::Record(
            Witness::Selinux,
            &[
                ("permission", Match::Is("connectto")),
                ("scontext", CONTAINER),
                ("tclass", Match::Is("unix_stream_socket")),
            ],
        )]),
        needs(&[
            Sign::Call(&[Call::Connect]),
            Sign::Errno(&[Errno::EACCES]),
            Sign::Object(Match::AnyOf(&[Match::Ends("docker.sock"), Match::Ends("podman.sock")])),
            Sign::NoRecord,
        ]),
    ],
    ..BASE
};
