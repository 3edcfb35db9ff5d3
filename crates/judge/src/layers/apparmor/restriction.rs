//! Ubuntu's restriction of unprivileged user namespaces, which AppArmor carries out.
//!
//! `apparmor_userns_create` with kernel.apparmor_restrict_unprivileged_userns=1 (23.10: off by
//! default, refuses with EACCES; 24.04: on) moves an unconfined caller without CAP_SYS_ADMIN into the
//! profile unprivileged_userns, which denies every capability: the namespace is there and what is done
//! in it fails with EPERM, first its id map, its network, its mounts. A program with a profile of its
//! own is not moved. The sysctl switches it on; the refusal and its record are AppArmor's.

use super::LAYER;
use crate::context::{About, Context, Presence, USERNS_SWITCH as SWITCH, namespaces};
use crate::say::{Say, denies};
use whodenied_case::{Attempt, Environment, Outcome, Phase, RecordKind, Support};
use whodenied_kernel::Errno;

const PROFILE: &str = "unprivileged_userns";
const MOVED: &str = "The kernel restricts unprivileged user namespaces: the program got one, but was moved into a profile that takes every capability in it away.";

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

/// The restriction's answer where the host is one that has it.
pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if let Some(said) = record(attempt) {
        return Some(said);
    }
    let about = namespaces(attempt, cx)?;
    if !matches!(attempt.errno, None | Some(Errno::EPERM | Errno::EACCES)) || cx.apparmor() == Presence::Off {
        return None;
    }
    if cx.sysctl_trial(Outcome::Same, SWITCH).is_some() {
        return None;
    }
    let look = format!("sysctl {SWITCH}");
    if let Some(trial) = cx.sysctl_trial(Outcome::Works, SWITCH) {
        let because = format!("It works once {SWITCH} is lifted. {MOVED}");
        return Some(denies(attempt, LAYER, Support::Trial, 95, because).trial(trial).policy(PROFILE));
    }
    // An engine of root sets namespaces up with every capability; inside its containers the filter asks first.
    let contained = cx.facts.in_oci_container() && !cx.rootless() && attempt.phase == Phase::Program;
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
    let unversioned = matches!(cx.facts.distro(), Some(("ubuntu" | "kubuntu" | "xubuntu" | "lubuntu", None)));
    let (support, weight) = match (cx.restricts_userns(), contained, about) {
        (true, true, _) => (Support::Usual, 55),
        (true, false, About::Creation | About::Sandbox) => (Support::Default, 92),
        (true, false, About::Inside) => (Support::Default, 85),
        (false, false, _) if unversioned || cx.has(Environment::UsernsRestriction) => (Support::Usual, 80),
        // Of hosts that nothing is told of, the ones with the restriction bring most of these reports.
        (false, false, _) if cx.facts.distro().is_none() => (Support::Usual, 57),
        _ => return None,
    };
    Some(denies(attempt, LAYER, support, weight, MOVED).facts(cx.distro_fact()).policy(PROFILE).step(look))
}

#[cfg(test)]
mod tests {
    use super::super::judge as layer;
    use super::*;
    use crate::testing::{attempt, denied, distro, sysctl};
    use whodenied_case::{Engine, Predicate};
    use whodenied_kernel::Call;

    #[test]
    fn ubuntu_takes_the_capabilities() {
        let map = attempt(Call::IdMap, Errno::EACCES, "");
        assert_eq!(denied(layer, &map, &[distro("ubuntu", "24.04")]), Some(Support::Default));
        assert_eq!(denied(layer, &map, &[sysctl(SWITCH, "1")]), Some(Support::Configured));
        let lo = attempt(Call::Netlink, Errno::EPERM, "lo");
        let said = Predicate::Statement("netns-no-right");
        assert_eq!(denied(layer, &lo, &[distro("ubuntu", "24.04"), said.clone()]), Some(Support::Default));
        assert_eq!(denied(layer, &lo, &[distro("ubuntu", "20.04"), said]), None);
        assert_eq!(
            denied(layer, &lo, &[distro("ubuntu", "24.04"), Predicate::Engine(Engine::Bubblewrap)]),
            Some(Support::Default)
        );
        let mut sandbox = attempt(Call::Exec, Errno::EPERM, "");
        sandbox.errno = None;
        let helper = Predicate::Statement("suid-helper-misconfigured");
        assert_eq!(denied(layer, &sandbox, &[distro("ubuntu", "24.04.3"), helper]), Some(Support::Default));
    }
}
