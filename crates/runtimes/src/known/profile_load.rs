//! Profiles that are stale, missing, or can't be loaded or applied.

use super::sign::{hinted, needs};
use super::{BASE, Confidence, Fix, KnownIssue, Match, Sign, Stage, Witness, before, between, since, turn};
use whodenied_kernel::{Call, Errno, Layer};

const SETUP: Sign = Sign::Phase(&[Stage::RuntimeSetup, Stage::Engine]);

pub(super) static STALE_AFTER_UPGRADE: KnownIssue = KnownIssue {
    id: "aa-profile-stale-after-upgrade",
    title: "The engine has the fix, the kernel still has the old profile",
    layer: Layer::Apparmor,
    cause: "The runtime loads its default profile only when none of that name is loaded. After an upgrade the kernel \
            keeps the old text until the profile is unloaded or the host reboots.",
    fix: Fix {
        prefer: "With no container using it, unload the profile (`apparmor_parser -R`) and restart the engine, or \
                 reboot",
        alternatives: &["Docker 29.4.3 and newer load the profile again at every daemon start"],
        avoid: &["apparmor=unconfined"],
    },
    fixed_in: &["Docker 29.4.3"],
    sources: &["https://github.com/moby/moby/pull/52537", "https://github.com/moby/moby/commit/528a806141"],
    affected: &[before("docker", &[29, 4, 3]), since("containerd", &[])],
    signatures: &[needs(&[Sign::Statement(&["profile-stale"])])],
    ..BASE
};

pub(super) static PROFILE_MISSING: KnownIssue = KnownIssue {
    id: "aa-profile-missing",
    title: "The AppArmor profile that the container asks for is not loaded",
    layer: Layer::Apparmor,
    cause: "The runtime asks the kernel for a profile that is not in it: it was never loaded, or aa-teardown, \
            aa-remove-unknown or a stop of the AppArmor service removed it. The write fails with ENOENT.",
    fix: Fix {
        prefer: "Load the profile (restart the engine for its default one, `apparmor_parser -r FILE` for your own) \
                 and have it loaded at boot from /etc/apparmor.d",
        alternatives: &["Correct the name in the container's configuration if it is misspelled"],
        avoid: &["apparmor=unconfined"],
    },
    sources: &[
        "https://github.com/moby/moby/issues/48113",
        "https://github.com/moby/moby/issues/25488",
        "https://github.com/opencontainers/runc/issues/3831",
        "https://github.com/kubernetes/minikube/issues/15919",
    ],
    signatures: &[
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", Match::OneOf(&["change_onexec", "change_profile", "stack_onexec"])),
                ("info", Match::Is("label not found")),
            ],
        )]),
        hinted(&[Sign::Call(&[Call::LabelChange]), Sign::Errno(&[Errno::ENOENT])], &[SETUP]),
    ],
    ..BASE
};

pub(super) static RUNTIME_CONFINED: KnownIssue = KnownIssue {
    id: "aa-runtime-confined-change-onexec",
    title: "A confined engine or runtime may not switch to the container's profile",
    layer: Layer::Apparmor,
    cause: "The engine or the runtime itself runs under an AppArmor profile, and that profile has no change_profile \
            rule for the profile the container shall get.",
    fix: Fix {
        prefer: "Add `change_profile -> TARGET,` for that one target to the profile of the engine or runtime",
        alternatives: &["Remove the extra profile from the engine if nobody needs it"],
        avoid: &["switching AppArmor off"],
    },
    sources: &[
        "https://github.com/docker/for-linux/issues/1129",
        "https://github.com/roddhjav/apparmor.d/issues/187",
    ],
    confidence: Confidence::Medium,
    signatures: &[
        needs(&[Sign::Record(
            Witness::Apparmor,
            &[
                ("operation", Match::OneOf(&["change_onexec", "change_profile", "stack_onexec"])),
                ("apparmor", Match::Is("DENIED")),
                ("target", Match::NoneOf(&[])),
            ],
        )]),
        hinted(&[Sign::Call(&[Call::LabelChange]), Sign::Errno(&[Errno::EACCES])], &[SETUP]),
    ],
    ..BASE
};

pub(super) static ATTR_EXEC_INVALID: KnownIssue = KnownIssue {
    id: "aa-attr-exec-invalid-argument",
    title: "Old runc writes the profile where another LSM answers",
    layer: Layer::Apparmor,
    cause: "runc before 1.0.0-rc94 writes to /proc/self/attr/exec. Where another LSM owns that file the write is \
            answered with EINVAL; newer releases use attr/apparmor/exec.",
    fix: Fix {
        prefer: "Upgrade runc to 1.0.0 or newer",
        alternatives: &["Put apparmor before the other LSM in the lsm= kernel parameter"],
        avoid: &["apparmor=0 on the kernel command line"],
    },
    fixed_in: &["runc 1.0.0-rc94"],
    sources: &[
        "https://github.com/docker/for-linux/issues/1199",
        "https://github.com/opencontainers/runc/commit/f3f563bc0",
    ],
    confidence: Confidence::Medium,
    affected: &[before("runc", &[1, 0, 1])],
    signatures: &[hinted(&[Sign::Call(&[Call::LabelChange]), Sign::Errno(&[Errno::EINVAL])], &[SETUP])],
    ..BASE
};

pub(super) static PARSER_MISSING: KnownIssue = KnownIssue {
    id: "aa-parser-missing",
    title: "AppArmor is on and apparmor_parser is not installed or not in the engine's PATH",
    layer: Layer::Apparmor,
    cause: "The kernel has AppArmor enabled, so the runtime wants to load its default profile, and the program that \
            loads profiles is not there.",
    fix: Fix {
        prefer: "Install the distribution's apparmor package (it has apparmor_parser) on the host",
        alternatives: &["Upgrade to containerd 1.6.18 or Docker 23.0.2: they look for the parser first"],
        avoid: &["switching AppArmor off on the kernel command line"],
    },
    fixed_in: &["containerd 1.6.18", "Docker 23.0.2"],
    sources: &[
        "https://github.com/containerd/containerd/issues/7547",
        "https://github.com/k3s-io/k3s/issues/3406",
        "https://github.com/k3s-io/k3s/issues/3884",
        "https://github.com/rancher/k3os/issues/702",
        "https://github.com/k0sproject/k0s/issues/1039",
        "https://github.com/moby/moby/commit/b8c448ef24",
    ],
    turns: &[
        turn(
            "docker",
            &[23, 0, 0],
            "2023-02",
            "no longer asked whether the parser is there (asked again since 23.0.2)",
        ),
        turn(
            "containerd",
            &[1, 6, 0],
            "2022-02",
            "no longer asked whether the parser is there (asked again since 1.6.18)",
        ),
    ],
    signatures: &[
        needs(&[Sign::Statement(&["apparmor-parser-missing"])]),
        needs(&[
            Sign::Call(&[Call::Exec, Call::PolicyLoad]),
            Sign::Object(Match::Has("apparmor_parser")),
            Sign::Errno(&[Errno::ENOENT]),
        ]),
    ],
    ..BASE
};

pub(super) static PARSER_POLICY_ADMIN: KnownIssue = KnownIssue {
    id: "aa-parser-policy-admin",
    title: "The engine inside a container may not load AppArmor profiles",
    layer: Layer::Apparmor,
    also: &[Layer::Capability, Layer::Userns],
    cause: "Loading policy needs CAP_MAC_ADMIN in a user namespace that owns an AppArmor policy namespace. Without \
            profile stacking the outer container has none.",
    fix: Fix {
        prefer: "On the outer host let the container have a policy namespace: generated profile with nesting \
                 (lxc.apparmor.profile=generated with lxc.apparmor.allow_nesting=1, or security.nesting=true)",
        alternatives: &[
            "Inside, `--security-opt apparmor=unconfined` for that container: the outer profile still confines it",
        ],
        avoid: &["lxc.apparmor.profile=unconfined on the outer host"],
    },
    sources: &[
        "https://github.com/moby/moby/issues/32968",
        "https://github.com/jsuto/piler/issues/405",
        "https://github.com/canonical/lxd/issues/2255",
        "https://github.com/canonical/lxd/issues/3299",
    ],
    signatures: &[
        needs(&[Sign::Statement(&["apparmor-policy-admin"])]),
        hinted(
            &[Sign::Call(&[Call::PolicyLoad]), Sign::Errno(&[Errno::EACCES, Errno::EPERM])],
            &[Sign::Outer(&["lxc", "incus"]), Sign::Engine(&["lxc", "incus"]), SETUP],
        ),
        hinted(
            &[
                Sign::Object(Match::Starts("/sys/kernel/security/apparmor/")),
                Sign::Errno(&[Errno::EACCES, Errno::EPERM]),
                Sign::OneOf(&[Sign::Outer(&["lxc", "incus"]), Sign::Engine(&["lxc", "incus"])]),
            ],
            &[SETUP],
        ),
    ],
    ..BASE
};

pub(super) static PARSER_TOO_OLD: KnownIssue = KnownIssue {
    id: "aa-parser-too-old",
    title: "The host's apparmor_parser is too old for the runtime's profile",
    layer: Layer::Apparmor,
    cause: "The runtime's profile uses syntax that this parser does not know: rules without a version test since \
            containerd 1.7 and Docker 24, and in a few containerd releases an unconditional abi line.",
    fix: Fix {
        prefer: "Upgrade containerd to 1.7.32, 2.0.9, 2.1.8, 2.2.4, 2.3.0 or newer; in profiles of your own name an \
                 abi that the host's /etc/apparmor.d/abi has",
        alternatives: &["Upgrade the apparmor package of the host"],
        avoid: &["removing apparmor_parser"],
    },
    fixed_in: &[
        "containerd 1.7.32",
        "containerd 2.0.9",
        "containerd 2.1.8",
        "containerd 2.2.4",
        "containerd 2.3.0",
    ],
    sources: &[
        "https://github.com/containerd/containerd/issues/8737",
        "https://github.com/containerd/containerd/commit/d88e83aab",
        "https://github.com/NVIDIA/enroot/issues/201",
    ],
    turns: &[
        turn(
            "containerd",
            &[1, 7, 31],
            "2026-02",
            "put `abi <abi/3.0>` into its profile without asking whether the parser knows it",
        ),
        turn(
            "containerd",
            &[2, 2, 2],
            "2026-02",
            "put `abi <abi/3.0>` into its profile without asking whether the parser knows it",
        ),
        turn(
            "containerd",
            &[2, 1, 7],
            "2026-02",
            "put `abi <abi/3.0>` into its profile without asking whether the parser knows it",
        ),
        turn("docker", &[24, 0], "2023-05", "dropped the template for parsers before 2.8.96"),
        turn("containerd", &[1, 7, 0], "2023-03", "dropped the template for parsers before 2.8.96"),
    ],
    signatures: &[
        needs(&[Sign::Statement(&["apparmor-parser-syntax", "apparmor-parser-too-old"])]),
        needs(&[Sign::Call(&[Call::PolicyLoad]), Sign::Object(Match::Has("abi/"))]),
    ],
    ..BASE
};

pub(super) static VERSION_PARSE: KnownIssue = KnownIssue {
    id: "aa-version-parse",
    title: "The runtime can't read the version of a pre-release apparmor_parser",
    layer: Layer::Apparmor,
    cause: "The parser's version has a tail such as ~alpha2 or -beta1, and the runtime expects numbers only, so it \
            gives up on its default profile.",
    fix: Fix {
        prefer: "Upgrade the runtime to a release that reads such versions",
        alternatives: &["Install a released version of the apparmor package"],
        avoid: &["switching AppArmor off"],
    },
    fixed_in: &["containerd 1.4.3", "containers/common 0.57"],
    sources: &[
        "https://github.com/cri-o/cri-o/issues/7490",
        "https://github.com/containerd/containerd/issues/4633",
        "https://github.com/containerd/containerd/issues/9464",
    ],
    turns: &[turn(
        "apparmor",
        &[4, 0],
        "2023-06",
        "has versions such as 4.0.0~alpha2, which older engines cannot read",
    )],
    signatures: &[needs(&[Sign::Statement(&["apparmor-version-unparsed"])])],
    ..BASE
};

pub(super) static LOCALHOST_MISSING: KnownIssue = KnownIssue {
    id: "k8s-apparmor-localhost-missing",
    title: "A pod asks for an AppArmor profile that its node has not loaded",
    layer: Layer::Apparmor,
    cause: "The kubelet or containerd looks for the exact name in the node's list of loaded profiles. The node lacks \
            the profile, or its parser, or the name is spelled otherwise.",
    fix: Fix {
        prefer: "Load the profile on every node (security-profiles-operator or a DaemonSet) and name it in \
                 appArmorProfile.localhostProfile; the old annotation wants the prefix localhost/",
        alternatives: &["Restrict the pod to the nodes that have the profile"],
        avoid: &["type: Unconfined"],
    },
    sources: &[
        "https://kubernetes.io/docs/tutorials/security/apparmor/",
        "https://github.com/kubernetes-sigs/security-profiles-operator/issues/2310",
        "https://github.com/siderolabs/talos/issues/8641",
    ],
    signatures: &[
        needs(&[Sign::Statement(&["apparmor-profile-missing", "apparmor-unsupported"])]),
        needs(&[
            Sign::Call(&[Call::LabelChange]),
            Sign::Errno(&[Errno::ENOENT]),
            Sign::Engine(&["kubernetes", "cri-o"]),
            Sign::Knob("apparmor", Match::NoneOf(&["unconfined", "runtime/default", "RuntimeDefault"])),
        ]),
    ],
    ..BASE
};

pub(super) static ROOTLESS: KnownIssue = KnownIssue {
    id: "rootless-no-apparmor",
    title: "A rootless engine can't load or use an AppArmor profile",
    layer: Layer::Apparmor,
    also: &[Layer::Application],
    cause: "Loading policy and reading the list of profiles need root on the host, and securityfs is not visible \
            from the engine's network namespace.",
    fix: Fix {
        prefer: "Have root load the profile once (`sudo nerdctl apparmor load`), or leave the profile unset for \
                 Podman; Docker 29.5 treats AppArmor as off there",
        alternatives: &[],
        avoid: &["running the engine as root for this alone"],
    },
    fixed_in: &["Docker 29.5.0"],
    sources: &[
        "https://github.com/moby/moby/pull/52626",
        "https://github.com/containerd/nerdctl/blob/main/docs/rootless.md",
    ],
    affected: &[between("docker", &[20, 10], &[29, 5]), since("podman", &[]), since("nerdctl", &[])],
    turns: &[turn(
        "docker",
        &[29, 5, 0],
        "2026-05-14",
        "treats AppArmor as unsupported when rootless with a network namespace of its own",
    )],
    signatures: &[
        needs(&[Sign::Statement(&["apparmor-rootless"])]),
        needs(&[
            Sign::Object(Match::Starts("/sys/kernel/security/apparmor/")),
            Sign::Errno(&[Errno::EACCES]),
            Sign::Environment(&["rootless"]),
        ]),
    ],
    ..BASE
};
