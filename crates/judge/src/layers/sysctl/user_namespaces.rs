//! User namespaces: Debian's switch, and the limits per user.
//!
//! Debian's kernel.unprivileged_userns_clone=0 answers EPERM, a used-up user.max_user_namespaces
//! ENOSPC (`inc_ucount`, kernel/user_namespace.c). Ubuntu's restriction is switched on by a sysctl and
//! carried out by AppArmor, whose refusal it is.

use super::LAYER;
use crate::context::{About, Context, USERNS_SWITCH as SWITCH, namespaces};
use crate::say::{Say, allows, denies};
use whodenied_case::{Attempt, Outcome, Phase, Support};
use whodenied_kernel::Errno;

const CLONE: &str = "kernel.unprivileged_userns_clone";
const MAX: &str = "user.max_user_namespaces";
const SWITCHED: &str = "A sysctl of this host switches on the restriction of unprivileged user namespaces that AppArmor carries out.";

pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let Some(about) = namespaces(attempt, cx) else { return Vec::new() };
    let mut said = limits(attempt, cx);
    said.extend(trials(attempt, cx));
    said.extend(switches(attempt, cx, about));
    said
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
    // What bubblewrap guesses in a container is the filter's doing, in a chroot the kernel's.
    let filtered = cx.facts.in_oci_container() && !cx.rootless() && attempt.phase == Phase::Program
        // `create_user_ns` refuses a process with a changed root whatever the switch.
        || cx.facts.has_component("chroot");
    // The switch that the message suspects is known to be on.
    let open = matches!(cx.sysctl_number(CLONE), Some((_, n)) if n != 0)
        || matches!(cx.sysctl_number(MAX), Some((_, n)) if n != 0);
    if let Some(fact) = cx.stated_here(attempt, &["userns-disabled"]).filter(|_| !open) {
        let because = "The text says that user namespaces are disabled or limited on this host.";
        said.push(
            denies(
                attempt,
                LAYER,
                if filtered { Support::Usual } else { Support::Stated },
                if filtered { 55 } else { 85 },
                because,
            )
            .fact(fact.id)
            .step(format!("sysctl {CLONE} {MAX} {SWITCH}")),
        );
    }
    said
}

fn trials(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    [CLONE, MAX].into_iter().find_map(|key| {
        let trial = cx.sysctl_trial(Outcome::Works, key)?;
        Some(
            denies(attempt, LAYER, Support::Trial, 95, format!("It works once {key} is lifted."))
                .trial(trial)
                .policy(key),
        )
    })
}

fn switches(attempt: &Attempt, cx: &Context<'_>, about: About) -> Option<Say> {
    if !matches!(attempt.errno, None | Some(Errno::EPERM | Errno::EACCES)) {
        return None;
    }
    if let Some(trial) = cx.sysctl_trial(Outcome::Same, SWITCH) {
        return Some(allows(attempt, LAYER, "It fails with the restriction lifted too.").trial(trial));
    }
    let contained = cx.facts.in_oci_container() && !cx.rootless() && attempt.phase == Phase::Program;
    let look = format!("sysctl {SWITCH}");
    if cx.restricts_userns() || cx.sysctl_number(SWITCH).is_some() {
        let weight = if contained { 45 } else { 60 };
        return Some(
            denies(attempt, LAYER, Support::Usual, weight, SWITCHED)
                .facts(cx.distro_fact())
                .policy(SWITCH)
                .step(look),
        );
    }
    if contained {
        let because = "A sysctl of the host may limit user namespaces.";
        return Some(denies(attempt, LAYER, Support::Fits, 20, because).step(look));
    }
    match cx.facts.distro() {
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
        Some(("ubuntu" | "kubuntu" | "xubuntu" | "lubuntu", _)) => Some(
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
    use whodenied_case::{Engine, Environment, Predicate};
    use whodenied_kernel::Call;

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
            Some(Support::Usual)
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
