//! User namespaces: Ubuntu's restriction, Debian's switch, and the limits per user.
//!
//! Ubuntu's `apparmor_userns_create` with kernel.apparmor_restrict_unprivileged_userns=1 (23.10: off
//! by default, refuses with EACCES; 24.04: on) moves an unconfined caller without CAP_SYS_ADMIN into
//! the profile unprivileged_userns, which denies every capability: the namespace is there and what
//! is done in it fails with EPERM, first its id map, its network, its mounts. Debian's
//! kernel.unprivileged_userns_clone=0 answers EPERM, a used-up user.max_user_namespaces ENOSPC
//! (`inc_ucount`, kernel/user_namespace.c). A program with a profile of its own is not moved.

use super::LAYER;
use crate::context::Context;
use crate::say::{Say, allows, denies};
use whodenied_case::{Attempt, Engine, Outcome, Phase, RecordKind, Support};
use whodenied_kernel::{Call, Errno};

const SWITCH: &str = "kernel.apparmor_restrict_unprivileged_userns";
const CLONE: &str = "kernel.unprivileged_userns_clone";
const MAX: &str = "user.max_user_namespaces";
const PROFILE: &str = "unprivileged_userns";
const MOVED: &str = "The kernel restricts unprivileged user namespaces: the program got one, but was moved into a profile that takes every capability in it away.";

pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    if let Some(said) = record(attempt) {
        return vec![said];
    }
    let Some(about) = about(attempt, cx) else { return Vec::new() };
    let mut said = limits(attempt, cx);
    said.extend(trials(attempt, cx));
    said.extend(restriction(attempt, cx, about));
    said
}

/// How surely the attempt is about a user namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// Something that a fresh namespace should have allowed.
    Inside,
    /// A browser or sandbox says that it found no namespace it could use.
    Sandbox,
    /// Creating it or writing its id map.
    Creation,
}

fn record(attempt: &Attempt) -> Option<Say> {
    attempt.records.iter().find_map(|r| {
        let RecordKind::Apparmor(record) = &r.kind else { return None };
        let operation = record.get("operation").unwrap_or("");
        let moved = record.profile() == Some(PROFILE)
            || (operation == "userns_create"
                && (record.get("target") == Some(PROFILE)
                    || record.get("info").is_some_and(|i| i.starts_with("Userns create"))));
        moved.then(|| denies(attempt, LAYER, Support::Record, 100, MOVED).policy(PROFILE))
    })
}

fn about(attempt: &Attempt, cx: &Context<'_>) -> Option<About> {
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
            && cx.sysctl_number(SWITCH).is_some_and(|(_, n)| n == 1) =>
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

fn limits(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let mut said = Vec::new();
    if attempt.errno == Some(Errno::ENOSPC) {
        let because = "ENOSPC from making a namespace means that user.max_user_namespaces (or its sister for this kind) is used up or 0.";
        let fact = cx.sysctl(MAX).map(|(id, _)| id);
        said.push(
            denies(attempt, LAYER, Support::Exclusive, 92, because)
                .facts(fact)
                .policy(MAX)
                .step("sysctl user.max_user_namespaces"),
        );
        return said;
    }
    if let Some((id, 0)) = cx.sysctl_number(MAX) {
        let because = "user.max_user_namespaces is 0: nobody may make a user namespace.";
        said.push(denies(attempt, LAYER, Support::Configured, 92, because).fact(id).policy(MAX));
    }
    if let Some((id, 0)) = cx.sysctl_number(CLONE) {
        let because = "kernel.unprivileged_userns_clone is 0: ordinary users may not make user namespaces.";
        said.push(denies(attempt, LAYER, Support::Configured, 92, because).fact(id).policy(CLONE));
    }
    if let Some(fact) = cx.stated_here(attempt, &["userns-disabled"]) {
        let because = "The text says that user namespaces are disabled or limited on this host.";
        said.push(
            denies(attempt, LAYER, Support::Stated, 85, because)
                .fact(fact.id)
                .step(format!("sysctl {CLONE} {MAX} {SWITCH}")),
        );
    }
    said
}

fn trials(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    [SWITCH, CLONE, MAX].into_iter().find_map(|key| {
        let trial = cx.sysctl_trial(Outcome::Works, key)?;
        Some(
            denies(attempt, LAYER, Support::Trial, 95, format!("It works once {key} is lifted."))
                .trial(trial)
                .policy(key),
        )
    })
}

fn restriction(attempt: &Attempt, cx: &Context<'_>, about: About) -> Option<Say> {
    if !matches!(attempt.errno, None | Some(Errno::EPERM | Errno::EACCES)) {
        return None;
    }
    if let Some(trial) = cx.sysctl_trial(Outcome::Same, SWITCH) {
        return Some(allows(attempt, LAYER, "It fails with the restriction lifted too.").trial(trial));
    }
    // An engine of root sets namespaces up with every capability; inside its containers the filter asks first.
    let contained = cx.facts.in_oci_container() && !cx.rootless() && attempt.phase == Phase::Program;
    let look = format!("sysctl {SWITCH}");
    match cx.sysctl_number(SWITCH) {
        Some((id, n)) if n >= 1 => {
            let because = format!("{SWITCH} is {n}: {MOVED}");
            let weight = if contained { 60 } else { 92 };
            return Some(
                denies(attempt, LAYER, Support::Configured, weight, because).fact(id).policy(PROFILE),
            );
        }
        // Whoever sets it to 0 tells the way out of it, unless it was tried in vain.
        Some((id, _)) => {
            let because = "The evidence lifts Ubuntu's restriction of unprivileged user namespaces, which takes every capability in a new one away.";
            return Some(denies(attempt, LAYER, Support::Usual, 60, because).fact(id).policy(PROFILE));
        }
        None => {}
    }
    let distro = cx.facts.distro();
    let restricted = cx.restricts_userns();
    if contained {
        let (support, weight) = if restricted { (Support::Usual, 55) } else { (Support::Fits, 20) };
        return Some(
            denies(attempt, LAYER, support, weight, MOVED).facts(cx.distro_fact()).policy(PROFILE).step(look),
        );
    }
    if restricted {
        let weight = match about {
            About::Creation | About::Sandbox => 92,
            About::Inside => 85,
        };
        return Some(
            denies(attempt, LAYER, Support::Default, weight, MOVED)
                .facts(cx.distro_fact())
                .policy(PROFILE)
                .step(look),
        );
    }
    match distro {
        Some(("ubuntu" | "kubuntu" | "xubuntu" | "lubuntu", None)) => Some(
            denies(attempt, LAYER, Support::Usual, 80, MOVED)
                .facts(cx.distro_fact())
                .policy(PROFILE)
                .step(look),
        ),
        Some(("debian" | "raspbian", version)) if version.is_none_or(|v| v.before(&[11])) => {
            let because = "Debian up to release 10 lets ordinary users make no user namespaces (kernel.unprivileged_userns_clone=0).";
            let support = if version.is_some() { Support::Default } else { Support::Usual };
            Some(
                denies(attempt, LAYER, support, 70, because)
                    .facts(cx.distro_fact())
                    .policy(CLONE)
                    .step(format!("sysctl {CLONE}")),
            )
        }
        Some(("ubuntu" | "kubuntu" | "xubuntu" | "lubuntu", Some(_))) => Some(
            denies(attempt, LAYER, Support::Fits, 35, "A sysctl may limit user namespaces on this host.")
                .step(format!("sysctl {CLONE} {MAX}")),
        ),
        Some((_, _)) => {
            let because = "A sysctl forbids ordinary users to make user namespaces on some hosts.";
            let weight = if about == About::Inside { 30 } else { 45 };
            Some(
                denies(attempt, LAYER, Support::Usual, weight, because)
                    .facts(cx.distro_fact())
                    .step(format!("sysctl {CLONE} {MAX}")),
            )
        }
        None => {
            let because = "Hosts that restrict unprivileged user namespaces (Ubuntu since 24.04, hardened kernels) refuse this to an ordinary program.";
            let weight = match about {
                About::Sandbox => 75,
                About::Creation => 68,
                About::Inside => 60,
            };
            Some(
                denies(attempt, LAYER, Support::Usual, weight, because)
                    .policy(PROFILE)
                    .step(look)
                    .step(format!("sysctl {CLONE} {MAX}")),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge as layer;
    use super::*;
    use crate::testing::{attempt, denied, distro, sysctl};
    use whodenied_case::{Environment, Predicate};

    #[test]
    fn ubuntu_takes_the_capabilities() {
        let map = attempt(Call::IdMap, Errno::EACCES, "");
        assert_eq!(denied(layer, &map, &[distro("ubuntu", "24.04")]), Some(Support::Default));
        assert_eq!(denied(layer, &map, &[sysctl(SWITCH, "1")]), Some(Support::Configured));
        let lo = attempt(Call::Netlink, Errno::EPERM, "lo");
        let said = Predicate::Statement("netns-no-right");
        assert_eq!(denied(layer, &lo, &[distro("ubuntu", "24.04"), said.clone()]), Some(Support::Default));
        assert_eq!(denied(layer, &lo, &[distro("ubuntu", "20.04"), said]), Some(Support::Fits));
        assert_eq!(denied(layer, &lo, &[distro("ubuntu", "24.04")]), None);
        assert_eq!(
            denied(layer, &lo, &[distro("ubuntu", "24.04"), Predicate::Engine(Engine::Bubblewrap)]),
            Some(Support::Default)
        );
        let mut sandbox = attempt(Call::Exec, Errno::EPERM, "");
        sandbox.errno = None;
        assert_eq!(
            denied(
                layer,
                &sandbox,
                &[distro("ubuntu", "24.04.3"), Predicate::Statement("suid-helper-misconfigured")]
            ),
            Some(Support::Default)
        );
    }

    #[test]
    fn in_a_container_the_filter_asks_first() {
        let unshare = attempt(Call::UsernsCreate, Errno::EPERM, "");
        let docker = Predicate::Engine(Engine::Docker);
        assert_eq!(denied(layer, &unshare, std::slice::from_ref(&docker)), Some(Support::Fits));
        assert_eq!(
            denied(
                layer,
                &unshare,
                &[docker, Predicate::Environment(Environment::Rootless), distro("ubuntu", "24.04")]
            ),
            Some(Support::Default)
        );
    }

    #[test]
    fn limits_and_switches() {
        let unshare = attempt(Call::UsernsCreate, Errno::ENOSPC, "");
        assert_eq!(denied(layer, &unshare, &[]), Some(Support::Exclusive));
        let eperm = attempt(Call::UsernsCreate, Errno::EPERM, "");
        assert_eq!(denied(layer, &eperm, &[sysctl(CLONE, "0")]), Some(Support::Configured));
        assert_eq!(denied(layer, &eperm, &[distro("debian", "10")]), Some(Support::Default));
        assert_eq!(denied(layer, &attempt(Call::UsernsCreate, Errno::ENOSYS, ""), &[]), None);
    }
}
