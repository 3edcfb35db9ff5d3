//! What a report speaks of at all: the words of a mechanism's own tools, files and settings.
//!
//! Claimed as statements, each once. They tell nothing of a failure, and count only where a report
//! holds none and no setting that explains itself.

use super::sink::Sink;
use crate::message::index::Index;
use crate::message::statements as s;
use crate::segment::Document;
use std::sync::LazyLock;
use whodenied_case::{Channel, Predicate};

const DIALECT: &str = "vocabulary";
/// Reports without a failure are short.
const MOST_LINES: usize = 200;

/// Statement and words, in lower case.
const WORDS: &[(&str, &[&str])] = &[
    (
        s::SPEAKS_OF_LABELS,
        &[
            "selinux",
            "semanage",
            "setsebool",
            "chcon ",
            "restorecon",
            "audit2allow",
            "audit2why",
            "ausearch",
            "semodule",
            "sealert",
            "checkmodule",
            "spc_t",
            "container_file_t",
            "container_t",
            "unconfined_t",
            "bin_t",
            "object_r:",
            "label=disable",
            "label:disable",
            "label = false",
            "securitylabel",
        ],
    ),
    (s::SPEAKS_OF_PROFILES, &["apparmor", "aa-", "abstractions/", "flags=(complain)", "flags=(unconfined)"]),
    (
        s::SPEAKS_OF_FILTERS,
        &["seccomp", "scmp_act", "syscallfilter", "system call filter", "allow-debuggers", "run --devel"],
    ),
    (
        s::SPEAKS_OF_CAPABILITIES,
        &["setcap", "cap_", "capabilities", "cap-add", "cap-drop", "capsh", "boundingset", "dropcapability"],
    ),
    (
        s::SPEAKS_OF_DEVICES,
        &[
            "/dev/tty",
            "/dev/bus",
            "/dev/dri",
            "/dev/net",
            "/dev/kvm",
            "/dev/video",
            "/dev/snd",
            "/dev/fuse",
            "unix-char",
            "unix-block",
            "usb",
            "device=all",
            "devices:",
            "fuse=1",
            "serial port",
        ],
    ),
    (
        s::SPEAKS_OF_ID_MAPS,
        &[
            "subuid",
            "subgid",
            "idmap",
            "uid_map",
            "userns",
            "security.privileged",
            "newuidmap",
            "unprivileged:",
        ],
    ),
    (
        s::SPEAKS_OF_LIMITS,
        &["memlock", "rtprio", "nofile", "nproc", "ulimit", "rlimit", "limits.conf", "prlimit"],
    ),
    (
        s::SPEAKS_OF_SECURE_BOOT,
        &["mokutil", "secure boot", "secureboot", "lockdown=", "kernel_lockdown", "kmodsign", "sign-file"],
    ),
    (
        s::SPEAKS_OF_POLICIES,
        &[
            "polkit",
            "policykit",
            "resultany",
            "resultactive",
            "pam_",
            "requiretty",
            "sudoers",
            "scc-to-user",
            "podsecurity",
            "pod-security.kubernetes.io",
            "xhost",
            "busconfig",
        ],
    ),
    (
        s::SPEAKS_OF_OWN_CHECKS,
        &["strictmodes", "safe.directory", "allowed_users", "xwrapper", "authorized_keys", "erlang.cookie"],
    ),
    (
        s::SPEAKS_OF_SERVERS,
        &[
            "squash",
            "/etc/exports",
            "map all users",
            "no_subtree_check",
            "noperm",
            "allow_other",
            "--allow-other",
        ],
    ),
    (
        s::SPEAKS_OF_TRUST,
        &["appraise", "ima_policy", "imasig", "fapolicyd", "smack", "tomoyo", "kubearmor", "evmctl"],
    ),
    (s::SPEAKS_OF_MOUNT_OPTIONS, &["noexec", "nosuid", "nodev", "remount,exec"]),
    (
        s::SPEAKS_OF_READ_ONLY,
        &["read-only", "readonly", "mount.auto", "readwritepaths", "protectsystem", "protecthome", "proc:rw"],
    ),
    (s::SPEAKS_OF_PORTS, &["unprivileged_port_start", "net_bind_service", "authbind"]),
    (
        s::SPEAKS_OF_NO_NEW_PRIVS,
        &["no-new-privileges", "nonewprivileges", "no_new_privs", "allowprivilegeescalation"],
    ),
    (s::SPEAKS_OF_CONTROL_GROUPS, &["cpu-rt", "rt_runtime", "cgroup", "pids.max", "delegate=", "tasksmax"]),
];

static TABLE: LazyLock<(Index, Vec<&'static str>)> = LazyLock::new(|| {
    let rows = || WORDS.iter().flat_map(|(id, words)| words.iter().map(move |w| (*w, *id)));
    (Index::new(rows().map(|r| r.0), true), rows().map(|r| r.1).collect())
});

/// Claims what the report speaks of.
pub(super) fn read(doc: &Document, sink: &mut Sink) {
    let mut known: Vec<&str> = Vec::new();
    for line in doc.lines.iter().filter(|l| !l.text.is_empty()).take(MOST_LINES) {
        if line.dress.channel != Channel::Bare || line.text.len() > 2048 {
            continue;
        }
        TABLE.0.find(&line.text.to_ascii_lowercase(), 16, |number, _| {
            let Some(id) = TABLE.1.get(number).copied() else { return };
            if !known.contains(&id) {
                known.push(id);
                sink.fact(line.span(), DIALECT, Predicate::Statement(id));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::shown;

    #[test]
    fn words_of_mechanisms() {
        for (text, id) in [
            ("ausearch -c x --raw | audit2allow -M x", "speaks-of-labels"),
            ("GRUB_CMDLINE_LINUX=\"apparmor=0\"", "speaks-of-profiles"),
            ("\"action\": \"SCMP_ACT_ALLOW\"", "speaks-of-filters"),
            ("mokutil --disable-validation", "speaks-of-secure-boot"),
            ("StrictModes no", "speaks-of-own-checks"),
            ("appraise func=BPRM_CHECK appraise_type=imasig", "speaks-of-trust"),
        ] {
            assert_eq!(shown(text, id).len(), 1, "{text}");
        }
        assert!(shown("a plain sentence about files", "speaks-of").is_empty());
    }
}
