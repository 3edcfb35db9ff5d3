//! Whether an attempt is about a user namespace.

use super::Context;
use whodenied_case::{Attempt, Engine};
use whodenied_kernel::{Call, Errno};

/// Ubuntu's switch.
pub(crate) const USERNS_SWITCH: &str = "kernel.apparmor_restrict_unprivileged_userns";

/// How surely the attempt is about a user namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// Something that a fresh namespace should have allowed.
    Inside,
    /// A browser or sandbox says that it found no namespace it could use.
    Sandbox,
    /// Creating it or writing its id map.
    Creation,
}

/// How surely the attempt is about a user namespace; `None` when it is about something else.
pub(crate) fn namespaces(attempt: &Attempt, cx: &Context<'_>) -> Option<About> {
    if cx
        .stated_here(attempt, &["no-usable-sandbox", "suid-helper-misconfigured", "userns-disabled"])
        .is_some()
    {
        return Some(About::Sandbox);
    }
    let name = attempt.object_name();
    if name.starts_with("/proc/")
        && ["/uid_map", "/gid_map", "/setgroups"].iter().any(|end| name.ends_with(end))
    {
        return Some(About::Creation);
    }
    match attempt.call {
        Some(Call::UsernsCreate | Call::IdMap) => Some(About::Creation),
        Some(Call::Netlink) if cx.stated_here(attempt, &["netns-no-right"]).is_some() => Some(About::Inside),
        _ if cx.stated_here(attempt, &["netns-no-right"]).is_some() => Some(About::Inside),
        Some(Call::Unshare) => Some(About::Creation),
        Some(Call::Clone) if flags(attempt) => Some(About::Creation),
        // Plain processes are never refused so: this one was to have namespaces of its own.
        Some(Call::Clone)
            if attempt.errno == Some(Errno::EPERM)
                && !cx.contained()
                && !cx.unit()
                && attempt.syscall.as_deref() != Some("clone3")
                && cx.stated_here(attempt, &["thread-create"]).is_none() =>
        {
            Some(About::Creation)
        }
        Some(
            Call::Mount
            | Call::Netlink
            | Call::Sethostname
            | Call::Setgroups
            | Call::Capset
            | Call::PivotRoot
            | Call::Setns
            | Call::Umount,
        ) if builds_sandbox(cx) => Some(About::Inside),
        // An error without call or object beside the switch that somebody looked up.
        None if attempt.errno == Some(Errno::EPERM)
            && attempt.object_name().is_empty()
            && !cx.contained()
            && !cx.is_root(attempt)
            && cx.sysctl_number(USERNS_SWITCH).is_some_and(|(_, n)| n == 1) =>
        {
            Some(About::Inside)
        }
        _ => None,
    }
}

fn flags(attempt: &Attempt) -> bool {
    attempt.arg("flags").is_some_and(|f| f.contains("CLONE_NEWUSER"))
}

/// The program makes its own sandbox without a daemon.
fn builds_sandbox(cx: &Context<'_>) -> bool {
    cx.facts.engines().any(|e| {
        matches!(
            e,
            Engine::Bubblewrap | Engine::Flatpak | Engine::OwnSandbox | Engine::Apptainer | Engine::Firejail
        )
    }) || cx.rootless()
}
