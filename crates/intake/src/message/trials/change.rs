//! What a sentence says was changed.

use whodenied_case::{CapSpec, Change, Knob, Outcome, Version};
use whodenied_kernel::Capability;

/// Words and the change they name.
type Wording = (&'static [&'static str], fn() -> Change);

/// Words that name one change.
const WORDS: &[Wording] = &[
    (
        &[
            "apparmor=unconfined",
            "apparmor:unconfined",
            "apparmor: unconfined",
            "apparmor unconfined",
            "apparmor_profile: unconfined",
            "unconfined apparmor",
            "apparmor.profile: unconfined",
            "apparmor.profile = unconfined",
        ],
        || knob(Knob::Apparmor("unconfined".into())),
    ),
    (
        &[
            "aa-teardown",
            "aa-disable",
            "aa-remove-unknown",
            "disabling apparmor",
            "disable apparmor",
            "disabled apparmor",
            "without apparmor",
            "apparmor disabled",
            "apparmor off",
            "apparmor=0",
            "stopping apparmor",
            "apparmor stopped",
            "systemctl stop apparmor",
            "unloading the profile",
            "removing apparmor",
        ],
        || Change::ApparmorUnloaded,
    ),
    (
        &[
            "seccomp=unconfined",
            "seccomp:unconfined",
            "seccomp: unconfined",
            "seccomp unconfined",
            "unconfined seccomp",
            "without seccomp",
            "disabling seccomp",
            "seccomp disabled",
            "seccompprofile: unconfined",
        ],
        || knob(Knob::Seccomp("unconfined".into())),
    ),
    (
        &[
            "setenforce 0",
            "setenforce permissive",
            "selinux permissive",
            "selinux to permissive",
            "selinux in permissive",
            "selinux disabled",
            "disabling selinux",
            "disable selinux",
            "disabled selinux",
            "without selinux",
            "selinux off",
            "turning off selinux",
            "turned off selinux",
            "permissive mode",
            "selinux=0",
        ],
        || Change::SelinuxPermissive,
    ),
    (&["label=disable", "label:disable", "label: disable"], || knob(Knob::SelinuxLabel("disable".into()))),
    (&["systempaths=unconfined", "systempaths:unconfined"], || knob(Knob::SystemPaths("unconfined".into()))),
    (
        &[
            "as root",
            "with sudo",
            "using sudo",
            "under sudo",
            "sudo works",
            "via sudo",
            "user: root",
            "user: 0",
            "--user root",
            "--user=root",
            "--user 0",
            "--user=0",
            "-u root",
            "-u 0",
            "runasuser: 0",
            "root user",
            "user root",
            "user=root",
        ],
        || Change::AsRoot,
    ),
    (
        &[
            "on the host",
            "outside docker",
            "outside of docker",
            "outside the container",
            "outside of the container",
            "without docker",
            "natively",
            "on bare metal",
            "outside podman",
            "outside a container",
        ],
        || Change::OnHost,
    ),
    (
        &[
            "network_mode: host",
            "--network host",
            "--network=host",
            "--net=host",
            "--net host",
            "host network",
            "hostnetwork: true",
        ],
        || knob(Knob::Network("host".into())),
    ),
    (&["ipc: host", "--ipc=host", "--ipc host", "ipc host"], || knob(Knob::Ipc("host".into()))),
    (&["pid: host", "--pid=host", "--pid host"], || knob(Knob::Pid("host".into()))),
    (&["userns_mode: host", "--userns=host", "--userns host"], || knob(Knob::UsernsMode("host".into()))),
    (&["userns=keep-id", "userns keep-id"], || knob(Knob::UsernsMode("keep-id".into()))),
    (
        &[
            "no-new-privileges:false",
            "no-new-privileges=false",
            "without no-new-privileges",
            "removing no-new-privileges",
            "nonewprivileges=no",
            "nonewprivileges=false",
        ],
        || knob(Knob::NoNewPrivs(false)),
    ),
    (&["ulimit -l unlimited", "memlock=-1", "memlock unlimited", "memlock=unlimited"], || {
        knob(Knob::Ulimit { name: "memlock".into(), value: "unlimited".into() })
    }),
    (&["ptrace_scope=0", "ptrace_scope to 0", "ptrace_scope = 0"], || {
        sysctl("kernel.yama.ptrace_scope", "0")
    }),
    (
        &[
            "echo 0 | sudo tee /proc/sys/kernel/yama/ptrace_scope",
            "echo 0 > /proc/sys/kernel/yama/ptrace_scope",
        ],
        || sysctl("kernel.yama.ptrace_scope", "0"),
    ),
    (
        &[
            "restrict_unprivileged_userns=0",
            "restrict_unprivileged_userns to 0",
            "restrict_unprivileged_userns = 0",
        ],
        || sysctl("kernel.apparmor_restrict_unprivileged_userns", "0"),
    ),
    (
        &["unprivileged_userns_clone=1", "unprivileged_userns_clone to 1", "unprivileged_userns_clone = 1"],
        || sysctl("kernel.unprivileged_userns_clone", "1"),
    ),
    (
        &["ip_unprivileged_port_start=0", "ip_unprivileged_port_start=80", "ip_unprivileged_port_start to 0"],
        || sysctl("net.ipv4.ip_unprivileged_port_start", "0"),
    ),
    (&["perf_event_paranoid=-1", "perf_event_paranoid=1", "perf_event_paranoid to"], || {
        sysctl("kernel.perf_event_paranoid", "-1")
    }),
    (&["--no-sandbox", "no-sandbox"], || Change::Other("--no-sandbox".into())),
    (&["chcon ", "restorecon"], || Change::Other("relabelled".into())),
    (
        &[
            "usermod -ag",
            "newgrp ",
            "relogin",
            "logging out and",
            "log out and",
            "logging in again",
            "to the docker group",
            "in the docker group",
            "to the group",
            "logged out",
        ],
        || Change::Other("group membership".into()),
    ),
];

/// Directives of units whose removal is a change by itself.
const DIRECTIVES: [&str; 18] = [
    "ProtectSystem",
    "ProtectHome",
    "PrivateTmp",
    "PrivateDevices",
    "PrivateUsers",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "SystemCallFilter",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "DynamicUser",
    "RestrictRealtime",
    "CapabilityBoundingSet",
    "RestrictSUIDSGID",
];

/// Components whose version people change.
const COMPONENTS: &[(&str, &str)] = &[
    ("containerd.io", "containerd"),
    ("containerd", "containerd"),
    ("docker", "docker"),
    ("moby", "docker"),
    ("runc", "runc"),
    ("crun", "crun"),
    ("podman", "podman"),
    ("kernel", "kernel"),
    ("linux", "kernel"),
    ("apparmor", "apparmor"),
    ("systemd", "systemd"),
    ("glibc", "glibc"),
    ("libseccomp", "libseccomp"),
    ("incus", "incus"),
    ("lxd", "lxd"),
    ("lxc", "lxc"),
    ("kubernetes", "kubernetes"),
    ("k3s", "k3s"),
    ("snapd", "snapd"),
    ("proxmox", "proxmox"),
    ("selinux-policy", "selinux-policy"),
    ("container-selinux", "container-selinux"),
];

fn knob(knob: Knob) -> Change {
    Change::Knob(knob)
}

fn sysctl(key: &str, value: &str) -> Change {
    Change::Knob(Knob::Sysctl { key: key.to_owned(), value: value.to_owned() })
}

/// Every change the sentence names, each once.
///
/// `filter`: the report speaks of a seccomp profile and of no AppArmor, which is what a bare
/// "unconfined" then means.
pub(super) fn changes(text: &str, low: &str, outcome: Outcome, filter: bool) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    let mut add = |c: Change| {
        if !out.contains(&c) {
            out.push(c);
        }
    };
    if privileged(low) {
        add(knob(Knob::Privileged(true)));
    }
    for (words, change) in WORDS {
        if words
            .iter()
            .any(|w| standing(low, w) || (outcome == Outcome::Same && low.contains(&format!("not {w}"))))
        {
            add(change());
        }
    }
    if low.contains("unconfined")
        && !low.contains("seccomp")
        && !low.contains("apparmor")
        && !low.contains("systempaths")
        && !low.contains("_t")
    {
        add(knob(if filter {
            Knob::Seccomp("unconfined".into())
        } else {
            Knob::Apparmor("unconfined".into())
        }));
    }
    if let Some(at) = low.find(":z")
        && !low.get(at + 2..).is_some_and(|t| t.starts_with(|c: char| c.is_alphanumeric()))
    {
        let option = text.get(at + 1..at + 2).unwrap_or("z").to_owned();
        add(knob(Knob::Volume { source: String::new(), target: String::new(), options: vec![option] }));
    }
    if low.contains("aa-complain") {
        add(Change::Other("AppArmor profile in complain mode".into()));
    }
    if let Some(mode) = chmod(low) {
        add(Change::Chmod(mode));
    }
    for cap in capabilities(text, low) {
        add(cap);
    }
    for directive in DIRECTIVES {
        if let Some(at) = text.find(directive) {
            let rest = text.get(at + directive.len()..).unwrap_or("");
            let removed =
                ["without", "remov", "disabl", "comment", "dropp", "delet"].iter().any(|w| low.contains(w));
            let value = rest.strip_prefix('=').map(|v| {
                v.split_whitespace().next().unwrap_or("").trim_end_matches([',', '.', ')', '`', '"'])
            });
            if removed || value.is_some() {
                let value = value.filter(|_| !removed).unwrap_or("no").to_owned();
                add(knob(Knob::Unit { key: directive.to_owned(), value }));
            }
        }
    }
    if out.is_empty()
        && let Some(change) = version(text, low)
    {
        out.push(change);
    }
    if out.is_empty()
        && let Some(change) = elsewhere(text, low)
    {
        out.push(change);
    }
    out
}

/// True when `words` stand with no letter running on before them.
fn standing(low: &str, words: &str) -> bool {
    let mut from = 0;
    while let Some(at) = low.get(from..).and_then(|t| t.find(words)).map(|i| i + from) {
        let before = low.get(..at).unwrap_or("");
        if !before.ends_with(|c: char| c.is_ascii_alphanumeric())
            && !before.ends_with("not ")
            && !before.ends_with("non-")
        {
            return true;
        }
        from = at + words.len();
    }
    false
}

fn privileged(low: &str) -> bool {
    low.contains("--privileged")
        || low.contains("privileged: true")
        || low.contains("privileged=true")
        || standing(low, "privileged mode")
        || standing(low, "privileged container")
        || standing(low, "privileged flag")
        || standing(low, "privileged works")
        || low.contains("with privileged")
        || low.contains("as privileged")
        || low.starts_with("privileged")
}

fn chmod(low: &str) -> Option<String> {
    let rest = low.get(low.find("chmod")? + 5..)?;
    let word = rest
        .split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '-' && c != '='))
        .find(|w| !w.starts_with('-') && !w.is_empty());
    let mode = word.filter(|w| w.bytes().all(|b| b.is_ascii_digit()) || w.contains('+') || w.contains('='));
    Some(mode.unwrap_or("777").to_owned())
}

fn capabilities(text: &str, low: &str) -> Vec<Change> {
    let mut out = Vec::new();
    let about = ["cap_add", "cap-add", "capabilit", "adding ", "with ", "cap ", "caps"]
        .iter()
        .any(|w| low.contains(w));
    if !about || low.contains("drop") {
        return out;
    }
    if low.contains("cap-add=all")
        || low.contains("cap-add all")
        || low.contains("cap_add: all")
        || low.contains("cap_add: [all]")
        || low.contains("all capabilities")
    {
        out.push(knob(Knob::CapAdd(CapSpec::All)));
    }
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').take(200) {
        let caps = word.len() > 3 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let prefixed = word.starts_with("cap_") || word.starts_with("CAP_");
        if (caps && word.contains('_')
            || prefixed
            || (caps
                && matches!(
                    word,
                    "CHOWN"
                        | "KILL"
                        | "MKNOD"
                        | "SETUID"
                        | "SETGID"
                        | "BPF"
                        | "PERFMON"
                        | "SYSLOG"
                        | "FOWNER"
                )))
            && let Some(cap) = Capability::from_name(word)
        {
            out.push(knob(Knob::CapAdd(CapSpec::One(cap))));
        }
    }
    out
}

/// `downgrading to runc 1.3.2`, `with kernel 6.8`, `before the update to Docker 29.1`.
fn version(text: &str, low: &str) -> Option<Change> {
    let moved = [
        "downgrad",
        "upgrad",
        "updat",
        "roll",
        "revert",
        "going back",
        "went back",
        "older",
        "previous",
        "before",
        "with ",
        "using ",
        "on ",
        "until ",
        "switching to",
    ]
    .iter()
    .any(|w| low.contains(w));
    let (component, name, at) = COMPONENTS.iter().find_map(|(word, name)| {
        let at = low.find(word)?;
        let before = low.get(..at)?;
        (!before.ends_with(|c: char| c.is_ascii_alphanumeric())).then_some((*word, *name, at))
    })?;
    let rest = text.get(at + component.len()..).unwrap_or("");
    let number = rest.split_whitespace().take(3).find_map(|w| {
        let w = w.trim_matches(|c: char| matches!(c, '(' | ')' | ',' | '"' | '`' | '=' | ':' | '.'));
        w.trim_start_matches('v')
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| Version::parse(w))
            .flatten()
    });
    // What worked before an update is the version before, which is not named.
    let earlier = [
        "before the up",
        "before up",
        "until the up",
        "until up",
        "before i up",
        "prior to",
        "older",
        "previous",
    ]
    .iter()
    .any(|w| low.contains(w));
    let updating = ["downgrad", "upgrad", "updat", "roll", "revert", "back to", "older", "previous"]
        .iter()
        .any(|w| low.contains(w));
    // `kernel 6.14 works`: the number stands right behind the name.
    let adjacent = rest
        .trim_start_matches(['=', ':', ' '])
        .trim_start_matches('v')
        .starts_with(|c: char| c.is_ascii_digit());
    if (number.is_none() && !updating) || !(moved || adjacent) {
        return None;
    }
    Some(Change::Version { component: name.to_owned(), version: number.filter(|_| !earlier) })
}

/// Another machine, distribution or runtime.
fn elsewhere(text: &str, low: &str) -> Option<Change> {
    for words in [
        "on another machine",
        "on another host",
        "on a different machine",
        "on other machines",
        "on my other",
        "on my laptop",
        "in a vm",
        "on docker desktop",
        "on macos",
        "on a mac",
    ] {
        if low.contains(words) {
            return Some(Change::ElsewhereOn(
                words.trim_start_matches("on ").trim_start_matches("in ").to_owned(),
            ));
        }
    }
    for name in [
        "debian", "ubuntu", "fedora", "centos", "rhel", "alpine", "arch", "rocky", "alma", "opensuse",
        "podman", "docker", "lxc",
    ] {
        for lead in ["on ", "with ", "under ", "in ", "using "] {
            let words = format!("{lead}{name}");
            if let Some(at) = low.find(&words)
                && !low
                    .get(..at)
                    .is_some_and(|b| b.ends_with(|c: char| c.is_ascii_alphanumeric()) || b.ends_with("not "))
                && !low
                    .get(at + words.len()..)
                    .is_some_and(|a| a.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
            {
                let rest = text.get(at + lead.len()..).unwrap_or("");
                let shown: Vec<&str> = rest.split_whitespace().take(2).collect();
                let shown = match shown[..] {
                    [name, version] if version.starts_with(|c: char| c.is_ascii_digit()) => {
                        format!("{name} {version}")
                    }
                    [name, ..] => name.to_owned(),
                    [] => continue,
                };
                return Some(Change::ElsewhereOn(shown.trim_end_matches([',', '.', ':', ';']).to_owned()));
            }
        }
    }
    None
}
