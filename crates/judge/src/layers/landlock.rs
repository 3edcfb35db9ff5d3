//! Landlock.
//!
//! A process restricts itself (`landlock_restrict_self`, 5.13; network 6.7, scopes 6.12, records
//! 6.15) and its children keep it. Refusals: EACCES for files (`hook_file_open`, `hook_path_*`) and
//! ports, EPERM for mounts, ptrace and what lies outside the scope, EXDEV for moving between
//! directories without REFER. Restricting itself fails with EPERM without no_new_privs and
//! CAP_SYS_ADMIN, with ENOSYS or EOPNOTSUPP where the kernel has no Landlock.

use crate::context::{Context, Presence, file_call, reads_public_file};
use crate::say::{Best, denies};
use whodenied_case::{Attempt, Engine, Environment, FactId, Knob, Predicate, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::Landlock;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    for record in &attempt.records {
        if let RecordKind::Landlock(r) = &record.kind {
            let what = if r.blockers.is_empty() { "it".to_owned() } else { r.blockers.join(", ") };
            return denies(
                attempt,
                LAYER,
                Support::Record,
                100,
                format!("The Landlock rule set of the process does not grant {what}."),
            )
            .policy(
                r.fields
                    .iter()
                    .find(|(k, _)| k == "domain")
                    .map_or("Landlock domain".to_owned(), |(_, v)| format!("Landlock domain {v}")),
            )
            .into();
        }
    }
    let mut best = Best::new();
    if attempt.call == Some(Call::LandlockRestrict) {
        let (weight, because) = match attempt.errno {
            Some(Errno::ENOSYS | Errno::EOPNOTSUPP) => (
                60,
                "The kernel has no Landlock, or it is not switched on; nothing was denied, the program insists on a sandbox it can't have.",
            ),
            _ if cx.has(Environment::Fakeroot) => (
                88,
                "The program believes it is root and does not set no_new_privs, but only pretends to be: restricting itself needs one of the two.",
            ),
            _ => (
                88,
                "The program could not restrict itself: that needs no_new_privs or CAP_SYS_ADMIN, and a seccomp filter that lets the landlock calls through.",
            ),
        };
        let support = if cx.facts.statement("landlock-unsupported").is_some() {
            Support::Usual
        } else {
            Support::Exclusive
        };
        best.offer(
            denies(attempt, LAYER, support, weight, because)
                .step("grep -e nonew -ie seccomp /proc/PID/status; cat /sys/kernel/security/lsm"),
        );
    }
    if cx.facts.statement("landlock-not-applied").is_some() && attempt.call.is_none() {
        best.offer(denies(
            attempt,
            LAYER,
            Support::Stated,
            80,
            "The program could not put its Landlock rule set on.",
        ));
    }
    if cx.has(Environment::Fakeroot)
        && matches!(attempt.errno, Some(Errno::EPERM))
        && matches!(attempt.call, None | Some(Call::Setuid | Call::Setgroups | Call::Prctl))
    {
        best.offer(denies(attempt, LAYER, Support::Usual, 56, "A program under fakeroot believes it is root and tries to set up a sandbox and change its user; the kernel knows better."));
    }
    if let Some((id, whole)) = sandbox(cx) {
        let reach = file_call(attempt)
            || matches!(
                attempt.call,
                Some(Call::Connect | Call::Bind | Call::Kill | Call::Mount | Call::Ptrace)
            );
        let errno = matches!(attempt.errno, Some(Errno::EACCES | Errno::EPERM | Errno::EXDEV) | None);
        if reach && errno {
            let (support, weight) = match attempt.call {
                // Connecting to a socket by path is not among the rights of a rule set.
                Some(Call::Connect) => (Support::Configured, 50),
                _ if whole => (Support::Configured, 82),
                _ => (Support::Configured, 60),
            };
            best.offer(
                denies(
                    attempt,
                    LAYER,
                    support,
                    weight,
                    "The program runs its children under a Landlock rule set, which does not hold this path.",
                )
                .facts(id)
                .policy("Landlock rule set"),
            );
        }
    }
    if let Some(id) = self_restricted(cx)
        && file_call(attempt)
        && matches!(attempt.errno, Some(Errno::EACCES | Errno::EXDEV))
    {
        let because = "The program runs under a Landlock rule set that it or its launcher puts on, and what the set does not name is refused whatever its mode.";
        best.offer(
            denies(attempt, LAYER, Support::Default, 70, because).fact(id).policy("Landlock rule set"),
        );
    }
    let explained = cx.apparmor() >= Presence::Likely || cx.selinux() >= Presence::Likely;
    if reads_public_file(attempt)
        && file_call(attempt)
        && attempt.errno == Some(Errno::EACCES)
        && !cx.contained()
        && !explained
    {
        let because = "Everybody may read this file by its mode; a daemon that restricts itself by a rule set without it is refused all the same.";
        best.offer(denies(attempt, LAYER, Support::Usual, 48, because).policy("Landlock rule set"));
    }
    // Two directories of one file system give EXDEV where a rule set lacks REFER.
    let named = cx.facts.has_engine(Engine::OwnSandbox) || cx.facts.has_component("landlock");
    if attempt.errno == Some(Errno::EXDEV) && named {
        best.offer(denies(
            attempt,
            LAYER,
            Support::Usual,
            60,
            "Moving between directories needs the right REFER on both.",
        ));
    }
    best.done()
}

/// A program that is known to restrict itself, or what it starts.
fn self_restricted(cx: &Context<'_>) -> Option<FactId> {
    let named = |p: &Predicate| matches!(p, Predicate::Component { name, .. } if name == "landlock-sandbox");
    cx.facts.find(named).map(|f| f.id)
}

/// A setting or component that names Landlock; true when a setting chooses it.
fn sandbox(cx: &Context<'_>) -> Option<(Option<FactId>, bool)> {
    let chosen = cx.facts.knobs().find_map(|(id, k)| match k {
        Knob::Other { key, value }
            if value.eq_ignore_ascii_case("landlock") || key.to_ascii_lowercase().contains("landlock") =>
        {
            Some(id)
        }
        _ => None,
    });
    if chosen.is_some() {
        return Some((chosen, true));
    }
    let own = cx.engine_fact(Engine::OwnSandbox)?;
    cx.facts.has_component("landlock").then_some((Some(own), false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;

    #[test]
    fn restricting_itself() {
        let f = Fixture::new(Call::LandlockRestrict, Errno::EPERM);
        assert_eq!(f.support(judge), Some(Support::Exclusive));
    }

    #[test]
    fn put_on_by_a_launcher() {
        let under = Predicate::Component { name: "landlock-sandbox".into(), version: None };
        let f = Fixture::new(Call::Mkdir, Errno::EACCES).object("/home/u/.npm").fact(under.clone());
        assert_eq!(f.support(judge), Some(Support::Default));
        let f = Fixture::new(Call::Mkdir, Errno::EPERM).object("/home/u/.npm").fact(under);
        assert_eq!(f.support(judge), None);
    }

    #[test]
    fn chosen_by_a_setting() {
        let knob = Knob::Other { key: "runtime_type".into(), value: "landlock".into() };
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/w/x").knob(knob);
        assert_eq!(f.support(judge), Some(Support::Configured));
        assert_eq!(Fixture::new(Call::Open, Errno::EACCES).object("/w/x").support(judge), None);
    }
}
