//! The default profiles' rules by version, and a profile rendered from them.
//!
//! The rules mean what the engines' own templates mean; the words are ours. Sources: moby
//! `profiles/apparmor/template.go` and moby/profiles `apparmor`; containerd
//! `contrib/apparmor/template.go`; containers/common `pkg/apparmor/apparmor_linux_template.go`.

use crate::Runtime;
use crate::version::{Numbers, Ranges};
use whodenied_apparmor::{Abi, Access, Flag, Pattern, Profile, Rule};

/// What the host has, as far as it changes the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// `/etc/apparmor.d/tunables/global` is there.
    pub tunables: bool,
    /// `/etc/apparmor.d/abstractions/base` is there.
    pub base: bool,
    /// `/etc/apparmor.d/abi/3.0` is there (AppArmor 3.0 and newer).
    pub abi3: bool,
    /// The label of the daemon, `unconfined` as a rule.
    pub daemon: String,
}

impl Default for Host {
    fn default() -> Self {
        Self { tunables: true, base: true, abi3: true, daemon: "unconfined".to_owned() }
    }
}

/// In which versions of each runtime a rule stands.
struct When {
    docker: Ranges,
    containerd: Ranges,
    podman: Ranges,
    crio: Ranges,
}

impl When {
    fn holds(&self, runtime: Runtime, version: Option<&Numbers>) -> bool {
        match runtime {
            Runtime::Docker => self.docker.holds(version),
            Runtime::Containerd => self.containerd.holds(version),
            Runtime::Podman => self.podman.holds(version),
            Runtime::CriO => self.crio.holds(version),
        }
    }
}

const A: Ranges = Ranges::ALWAYS;
const N: Ranges = Ranges::NEVER;

/// The template pins a feature set, if the host has the file.
const ABI: When = When {
    docker: Ranges(&[(&[29, 4, 3], &[])]),
    containerd: Ranges(&[
        (&[1, 7, 31], &[2]),
        (&[2, 0, 9], &[2, 1]),
        (&[2, 1, 7], &[2, 2]),
        (&[2, 2, 2], &[]),
    ]),
    podman: N,
    crio: N,
};

const DENY_ALG: When = When { docker: Ranges(&[(&[29, 4, 3], &[])]), containerd: N, podman: N, crio: N };

const FROM_UNCONFINED: When =
    When { docker: Ranges(&[(&[20, 10], &[])]), containerd: Ranges(&[(&[1, 5], &[])]), podman: A, crio: A };

const FROM_RUNTIME: When = When {
    docker: Ranges(&[(&[23, 0, 12], &[24]), (&[25, 0, 6], &[26]), (&[26, 1, 3], &[])]),
    containerd: Ranges(&[(&[1, 6, 32], &[1, 7]), (&[1, 7, 16], &[])]),
    podman: N,
    crio: N,
};

/// The same for Podman's library, which names paths as well and knows its own label. CRI-O's
/// releases follow it by date.
const FROM_RUNTIME_PATHS: When =
    When { docker: N, containerd: N, podman: Ranges(&[(&[5, 1], &[])]), crio: Ranges(&[(&[1, 31], &[])]) };

const FROM_PODMAN_STOP: When = When {
    docker: N,
    containerd: N,
    podman: Ranges(&[(&[5, 1], &[5, 5])]),
    crio: Ranges(&[(&[1, 31], &[1, 34])]),
};

const FROM_PODMAN_ANY: When =
    When { docker: N, containerd: N, podman: Ranges(&[(&[5, 5], &[])]), crio: Ranges(&[(&[1, 34], &[])]) };

const FROM_DAEMON: When =
    When { docker: Ranges(&[(&[18, 9, 1], &[])]), containerd: Ranges(&[(&[1, 5], &[])]), podman: N, crio: N };

const TRACED_BY_SELF: When =
    When { docker: Ranges(&[(&[20, 10], &[])]), containerd: Ranges(&[(&[1, 7], &[])]), podman: N, crio: N };

const OLD_PROC_GLOB: When = When {
    docker: Ranges(&[(&[], &[20, 10, 26])]),
    containerd: Ranges(&[(&[], &[2, 3])]),
    podman: A,
    crio: A,
};

const DENY_PROC_MEM: When =
    When { docker: Ranges(&[(&[], &[17, 11])]), containerd: Ranges(&[(&[], &[2, 3])]), podman: N, crio: N };

const DENY_POWERCAP: When = When {
    docker: Ranges(&[(&[20, 10, 27], &[23]), (&[23, 0, 8], &[24]), (&[24, 0, 7], &[])]),
    containerd: Ranges(&[(&[1, 6, 26], &[1, 7]), (&[1, 7, 11], &[])]),
    podman: N,
    crio: N,
};

/// The remark above the rules that let a container be stopped.
pub const SIGNALS: &str = "Signals from the host, the runtime and the daemon (stop, kill).";

/// The default profile of `runtime` at `version` under another `name`, which must be a plain
/// word (see `whodenied_text::quote::file_name`). `None` when the daemon's label can't be written
/// in a rule.
#[must_use]
pub fn default_profile(
    runtime: Runtime,
    version: Option<&Numbers>,
    name: &str,
    host: &Host,
) -> Option<Profile> {
    let holds = |when: &When| when.holds(runtime, version);
    let own = Pattern::label(name)?;
    let daemon = Pattern::label(&host.daemon)?;
    let receive = |peer: Pattern, set: &[&str]| Rule::Signal {
        access: vec![Access::Receive],
        set: set.iter().filter_map(|s| Pattern::word(s)).collect(),
        peer: Some(peer),
    };

    let mut rules = Vec::new();
    if host.base {
        rules.extend([Rule::Include { name: "abstractions/base".into(), if_exists: false }, Rule::Blank]);
    }
    rules.extend([Rule::NETWORK, Rule::CAPABILITY, Rule::AllFiles, Rule::Umount(None)]);
    if holds(&DENY_ALG) {
        rules.push(Rule::Network { deny: true, family: Pattern::word("alg"), kind: None });
    }

    rules.extend([Rule::Blank, Rule::comment(SIGNALS)]);
    if holds(&FROM_UNCONFINED) {
        rules.push(receive(Pattern::glob("unconfined"), &[]));
    }
    if holds(&FROM_RUNTIME) {
        rules.push(receive(Pattern::glob("runc"), &[]));
        rules.push(receive(Pattern::glob("crun"), &[]));
    }
    if holds(&FROM_RUNTIME_PATHS) {
        rules.push(receive(Pattern::glob("{/usr/bin/,/usr/sbin/,}runc"), &[]));
        rules.push(receive(Pattern::glob("{/usr/bin/,/usr/sbin/,}crun*"), &[]));
    }
    if holds(&FROM_PODMAN_STOP) {
        rules.push(receive(Pattern::glob("{/usr/bin/,/usr/sbin/,}podman"), &["int", "quit", "kill", "term"]));
    }
    if holds(&FROM_PODMAN_ANY) {
        rules.push(receive(Pattern::glob("{/usr/bin/,/usr/sbin/,}podman"), &[]));
    }
    if holds(&FROM_DAEMON) && host.daemon != "unconfined" {
        rules.push(receive(daemon, &[]));
    }

    let both = |a, b| vec![a, b];
    rules.extend([
        Rule::Blank,
        Rule::comment("The container's processes among themselves."),
        Rule::Signal {
            access: both(Access::Send, Access::Receive),
            set: Vec::new(),
            peer: Some(own.clone()),
        },
    ]);
    let mut traces = both(Access::Trace, Access::Read);
    if holds(&TRACED_BY_SELF) {
        traces.extend([Access::TracedBy, Access::ReadBy]);
    }
    rules.push(Rule::Ptrace { access: traces, peer: Some(own) });

    rules.extend([Rule::Blank, Rule::comment("Kernel interfaces stay read-only or out of reach.")]);
    rules.extend([
        Rule::deny("@{PROC}/*", "w"),
        // Directories that are no process's and not sys, by the length of their names.
        Rule::deny("@{PROC}/[^1-9]/**", "w"),
        Rule::deny("@{PROC}/[^1-9][^0-9]/**", "w"),
        Rule::deny("@{PROC}/[^1-9s][^0-9y][^0-9s]/**", "w"),
        // The last set of the older text holds `/` too, and so all of /proc/sys but what begins with a digit.
        Rule::deny(
            if holds(&OLD_PROC_GLOB) {
                "@{PROC}/[^1-9][^0-9][^0-9][^0-9]*/**"
            } else {
                "@{PROC}/[^1-9][^0-9][^0-9][^0-9/]*/**"
            },
            "w",
        ),
        Rule::deny("@{PROC}/sys/[^k]**", "w"),
        Rule::deny("@{PROC}/sys/kernel/{?,??}", "w"),
        Rule::deny("@{PROC}/sys/kernel/[^s][^h][^m]**", "w"),
    ]);
    rules.push(if holds(&DENY_PROC_MEM) {
        Rule::deny("@{PROC}/{sysrq-trigger,kcore,mem,kmem}", "rwklx")
    } else {
        Rule::deny("@{PROC}/{sysrq-trigger,kcore}", "rwklx")
    });
    rules.push(Rule::deny("/sys/{[^f]*,f[^s]*,fs/[^c]*,fs/c[^g]*,fs/cg[^r]*}/**", "wklx"));
    rules.push(if holds(&DENY_POWERCAP) {
        Rule::deny("/sys/{firmware,kernel/security,devices/virtual/powercap}/**", "rwklx")
    } else {
        Rule::deny("/sys/{firmware,kernel/security}/**", "rwklx")
    });
    rules.extend([Rule::Blank, Rule::DENY_MOUNT]);

    Some(Profile {
        head: Vec::new(),
        abi: (host.abi3 && holds(&ABI)).then_some(Abi::Shipped("3.0")),
        tunables: host.tunables,
        own_proc: !host.tunables,
        name: name.to_owned(),
        attachment: None,
        flags: vec![Flag::AttachDisconnected, Flag::MediateDeleted],
        rules,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(runtime: Runtime, version: Option<&Numbers>) -> String {
        default_profile(runtime, version, "test-profile", &Host::default()).unwrap().to_string()
    }

    #[test]
    fn rules_come_and_go_with_versions() {
        let has = |r, v: &[u32], line: &str| text(r, Some(v)).contains(line);
        let d = Runtime::Docker;
        assert!(!has(d, &[26, 1, 2], "peer=runc") && has(d, &[26, 1, 3], "signal (receive) peer=runc,"));
        assert!(!has(d, &[29, 4, 2], "abi <") && has(d, &[29, 4, 3], "abi <abi/3.0>,"));
        assert!(has(d, &[29, 4, 3], "deny network alg,"));
        assert!(has(
            Runtime::Podman,
            &[5, 2],
            "set=(int,quit,kill,term) peer={/usr/bin/,/usr/sbin/,}podman,"
        ));
        assert!(has(Runtime::Podman, &[5, 5], "signal (receive) peer={/usr/bin/,/usr/sbin/,}podman,"));
        assert!(!has(Runtime::Podman, &[5, 0], "podman"));
        assert!(
            !has(Runtime::Containerd, &[2, 0, 8], "abi <") && has(Runtime::Containerd, &[2, 0, 9], "abi <")
        );
    }

    #[test]
    fn every_version_keeps_the_kernel_closed() {
        let versions: [Option<&Numbers>; 6] =
            [None, Some(&[1, 6]), Some(&[2, 3]), Some(&[5, 4]), Some(&[19, 3]), Some(&[27])];
        for runtime in Runtime::ALL {
            for version in versions {
                let text = text(runtime, version);
                assert!(text.contains("profile test-profile flags=(attach_disconnected,mediate_deleted) {"));
                assert!(text.contains("  deny mount,\n") && text.contains("kcore"));
                assert!(text.contains("signal (send,receive) peer=test-profile,"));
                assert_eq!(text.matches('{').count(), text.matches('}').count());
                assert!(!text.contains("default"), "the runtime's own name has leaked: {text}");
            }
        }
    }

    #[test]
    fn the_host_decides_includes_and_daemon() {
        let bare = Host { tunables: false, base: false, abi3: false, daemon: "snap.docker.dockerd".into() };
        let text = default_profile(Runtime::Docker, None, "x", &bare).unwrap().to_string();
        assert!(text.starts_with("@{PROC}=/proc/\n") && !text.contains("include") && !text.contains("abi <"));
        assert!(text.contains("signal (receive) peer=snap.docker.dockerd,"));
        let hostile = Host { daemon: "x\" capability,".into(), ..Host::default() };
        assert_eq!(default_profile(Runtime::Docker, None, "x", &hostile), None);
    }
}
