//! Known breakages as data: what they look like, why they happen, which versions have them and
//! what mends them.
//!
//! An issue is recognised by structure (record keys, call, errno, arguments, engine, stated
//! mechanism), never by the name of the program that failed. `whodenied_judge` does the matching.

mod capabilities;
mod devices;
mod files;
mod mediation;
mod nesting;
mod page;
mod profile_load;
mod seccomp_calls;
mod selinux;
mod sign;
mod signals;
mod unix_sockets;
mod user_namespaces;

pub use page::{index, page};
pub use sign::{Match, Sign, Signature, Stage, Witness};

use whodenied_kernel::Layer;

/// How well an issue is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// General knowledge.
    Low,
    /// A public report that agrees with the code.
    Medium,
    /// Read in the source or in the change that fixed it.
    High,
}

/// A span of versions of one component: `since` ≤ version < `before`; an empty bound is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The component's canonical name: `docker`, `containerd`, `runc`, `podman`, `kernel`, …
    pub component: &'static str,
    /// The first version that has the issue.
    pub since: &'static [u32],
    /// The first version that no longer has it.
    pub before: &'static [u32],
}

/// Every version of `component` older than `before`.
const fn before(component: &'static str, before: &'static [u32]) -> Range {
    Range { component, since: &[], before }
}

/// The versions of `component` from `since` up to but not including `before`.
const fn between(component: &'static str, since: &'static [u32], before: &'static [u32]) -> Range {
    Range { component, since, before }
}

/// Every version of `component` from `since` on.
const fn since(component: &'static str, since: &'static [u32]) -> Range {
    Range { component, since, before: &[] }
}

/// What mends an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fix {
    /// The way that opens least.
    pub prefer: &'static str,
    /// Other ways, the better first.
    pub alternatives: &'static [&'static str],
    /// Advice that is often given and opens too much or does nothing.
    pub avoid: &'static [&'static str],
}

/// A release that brought an issue about: what changed, where and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The component whose release it is, as in [`Range::component`]; a distribution by its id.
    pub component: &'static str,
    /// The first release with the change.
    pub since: &'static [u32],
    /// Its date, `2025-09` or `2025-11-05`.
    pub date: &'static str,
    /// What it changed, as the end of the sentence "Docker 25.0 (2024-01) …".
    pub what: &'static str,
}

/// A turn.
const fn turn(
    component: &'static str,
    since: &'static [u32],
    date: &'static str,
    what: &'static str,
) -> Turn {
    Turn { component, since, date, what }
}

/// One known breakage.
#[derive(Debug, Clone, Copy)]
pub struct KnownIssue {
    /// Its stable id, kebab-case.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// The layer that refuses.
    pub layer: Layer,
    /// Other layers that may be named for the same breakage.
    pub also: &'static [Layer],
    /// Why it happens, one to three plain sentences.
    pub cause: &'static str,
    /// What mends it.
    pub fix: Fix,
    /// Versions that fix it, `Docker 29.4.3`; empty when no version does.
    pub fixed_in: &'static [&'static str],
    /// Public sources, the best first.
    pub sources: &'static [&'static str],
    /// How well it is established.
    pub confidence: Confidence,
    /// The versions that have it; any of them will do. Empty when no version is free of it.
    pub affected: &'static [Range],
    /// Versions without which it can't happen; all of them must hold.
    pub requires: &'static [Range],
    /// The releases that brought it about, the most common first; empty when it has always been so.
    pub turns: &'static [Turn],
    /// What it looks like; any of them will do.
    pub signatures: &'static [Signature],
}

/// The fields most issues leave alone.
const BASE: KnownIssue = KnownIssue {
    id: "",
    title: "",
    layer: Layer::Unknown,
    also: &[],
    cause: "",
    fix: Fix { prefer: "", alternatives: &[], avoid: &[] },
    fixed_in: &[],
    sources: &[],
    confidence: Confidence::High,
    affected: &[],
    requires: &[],
    turns: &[],
    signatures: &[],
};

impl KnownIssue {
    /// The best public source.
    #[must_use]
    pub fn url(&self) -> &'static str {
        self.sources.first().copied().unwrap_or("")
    }

    /// True when the issue may be named for a denial by `layer`.
    #[must_use]
    pub fn concerns(&self, layer: Layer) -> bool {
        self.layer == layer || self.also.contains(&layer)
    }
}

/// Every known issue, grouped by family.
pub static ALL: &[&KnownIssue] = &[
    &unix_sockets::FAILED_PROTOCOL_MATCH,
    &unix_sockets::FAILED_TYPE_AND_PROTOCOL,
    &signals::STOP_RUNC_PEER,
    &signals::PODMAN_STOP_CRUN_PEER,
    &signals::SNAP_DOCKER_STOP,
    &signals::KILL_UNCONFINED_PEER,
    &signals::HOST_AGENT,
    &profile_load::STALE_AFTER_UPGRADE,
    &profile_load::PROFILE_MISSING,
    &profile_load::RUNTIME_CONFINED,
    &profile_load::ATTR_EXEC_INVALID,
    &profile_load::PARSER_MISSING,
    &profile_load::PARSER_POLICY_ADMIN,
    &profile_load::PARSER_TOO_OLD,
    &profile_load::VERSION_PARSE,
    &profile_load::LOCALHOST_MISSING,
    &profile_load::ROOTLESS,
    &nesting::REOPEN_FD,
    &nesting::SYSTEMD_MOUNT_FLAGS,
    &nesting::SYSTEMD_AS_INIT,
    &nesting::PROC_TOO_REVEALING,
    &nesting::OVERLAY,
    &user_namespaces::UBUNTU_RESTRICTION,
    &user_namespaces::ABI4_WITHOUT_RULE,
    &user_namespaces::CLONE_SYSCTL,
    &user_namespaces::ID_MAPPING,
    &seccomp_calls::CLONE3,
    &seccomp_calls::FACCESSAT2_TIME64,
    &seccomp_calls::STATX,
    &seccomp_calls::IO_URING,
    &seccomp_calls::IO_URING_SYSCTL,
    &seccomp_calls::SOCKETCALL,
    &seccomp_calls::AF_ALG,
    &seccomp_calls::AF_VSOCK,
    &seccomp_calls::PERSONALITY,
    &seccomp_calls::KEYRING,
    &seccomp_calls::MEMPOLICY,
    &seccomp_calls::PERF_EVENT,
    &seccomp_calls::KUBELET_DEFAULT,
    &mediation::MOUNT_DENIED,
    &mediation::PTRACE_DENIED,
    &mediation::DISCONNECTED_PATH,
    &mediation::LANDLOCK,
    &capabilities::NONROOT_INEFFECTIVE,
    &capabilities::LOW_PORT,
    &capabilities::PING,
    &capabilities::REDUCED_DEFAULTS,
    &capabilities::NNP_SETUID,
    &selinux::VOLUME_LABEL,
    &selinux::ENGINE_SOCKET,
    &files::ENGINE_SOCKET_GROUP,
    &files::NFS_ROOT_SQUASH,
    &files::READONLY_ROOTFS,
    &files::NOEXEC,
    &files::PROTECTED_REGULAR,
    &files::MASKED_PATH,
    &devices::OPEN_EPERM,
    &devices::DAEMON_RELOAD,
];

/// The issue with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static KnownIssue> {
    ALL.iter().copied().find(|issue| issue.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_issue_is_complete() {
        for (i, issue) in ALL.iter().enumerate() {
            assert!(issue.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            assert!(ALL[..i].iter().all(|other| other.id != issue.id), "{} twice", issue.id);
            assert_ne!(issue.layer, Layer::Unknown, "{}", issue.id);
            assert!(
                issue.title.len() > 10 && issue.cause.len() > 40 && issue.fix.prefer.len() > 20,
                "{}",
                issue.id
            );
            assert!(issue.url().starts_with("https://"), "{}", issue.id);
            assert!(issue.sources.iter().all(|s| s.starts_with("https://")), "{}", issue.id);
            assert!(!issue.signatures.is_empty(), "{}", issue.id);
            assert!(issue.signatures.iter().all(|s| !s.needs.is_empty()), "{}", issue.id);
            assert_eq!(find(issue.id).map(|f| f.id), Some(issue.id));
        }
        assert_eq!(ALL.len(), 58);
        assert!(find("no-such-issue").is_none());
    }

    #[test]
    fn ranges_are_ordered() {
        for issue in ALL {
            for range in issue.affected.iter().chain(issue.requires) {
                assert!(range.before.is_empty() || range.since < range.before, "{}", issue.id);
            }
        }
    }
}
