//! no_new_privs.
//!
//! `prctl(PR_SET_NO_NEW_PRIVS)` can't be undone and is inherited. `bprm_fill_uid` then ignores
//! setuid and setgid bits and `cap_bprm_creds_from_file` file capabilities, without an error: the
//! helper runs as the caller and fails later, with whatever it tried. AppArmor gives EPERM for a
//! change to a profile that is no subset.

use crate::context::{Context, needed};
use crate::say::{Best, denies};
use whodenied_case::{Attempt, FactId, Knob, Predicate, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::NoNewPrivs;
/// Programs that can do their work only by their setuid bit.
const SETUID_HELPERS: &[&str] = &[
    "fusermount",
    "fusermount3",
    "newuidmap",
    "newgidmap",
    "mount",
    "umount",
    "pkexec",
    "ping",
    "su",
    "passwd",
];
const STEP: &str = "grep -i nonewprivs /proc/PID/status";

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    // Who is root already gains nothing by a setuid bit.
    if cx.facts.statement("starts-as-root").is_some() && !suid_symptom(attempt, cx) && !attempt.own_refusal {
        return None;
    }
    let mut best = Best::new();
    let printed = cx.facts.find(|p| *p == Predicate::NoNewPrivs(true)).map(|f| f.id);
    let set = configured(cx);
    let suid = suid_symptom(attempt, cx);
    if let Some(id) = printed {
        let named = suid
            || attempt.own_refusal
            || matches!(
                attempt.call,
                None | Some(Call::Exec | Call::Setuid | Call::Setgid | Call::Setgroups)
            );
        let named = named || attempt.call == Some(Call::IdMap);
        let (support, weight) = if named { (Support::Stated, 95) } else { (Support::Usual, 40) };
        let because = "The process has no_new_privs set, which every child inherits: setuid and setgid bits and file capabilities are ignored.";
        best.offer(
            denies(attempt, LAYER, support, weight, because).fact(id).policy("no_new_privs").step(STEP),
        );
    }
    if let Some((id, policy)) = set {
        let helper = setgid_helper(attempt);
        let (support, weight) = match () {
            () if suid => (Support::Configured, 88),
            () if attempt.call == Some(Call::IdMap) => (Support::Stated, 92),
            () if helper => (Support::Configured, 80),
            () if printed.is_some() => (Support::Configured, 60),
            () => (Support::Fits, 30),
        };
        let because = "The configuration sets no_new_privs, so a setuid or setgid helper runs with its caller's rights and is refused what it was to do.";
        best.offer(denies(attempt, LAYER, support, weight, because).fact(id).policy(policy).step(STEP));
    } else if suid && printed.is_none() {
        best.offer(denies(attempt, LAYER, Support::Usual, 52, "A setuid program that runs without its owner's id was started under no_new_privs, or lies on a nosuid mount.").step(STEP));
    }
    // bubblewrap sets the flag for everything that it starts.
    if printed.is_none()
        && set.is_none()
        && cx.facts.has_engine(whodenied_case::Engine::Bubblewrap)
        && attempt.subject.program.as_deref().is_some_and(|p| SETUID_HELPERS.contains(&p))
        && matches!(attempt.errno, Some(Errno::EPERM))
    {
        let because = "The helper is setuid and works only with its owner's rights, and bubblewrap starts everything under no_new_privs, which takes them away.";
        best.offer(denies(attempt, LAYER, Support::Default, 76, because).policy("no_new_privs").step(STEP));
    }
    // postdrop and its like are setgid, and only so may they write into their own spool.
    if printed.is_none()
        && set.is_none()
        && cx.unit()
        && !cx.contained()
        && setgid_helper(attempt)
        && attempt.object_name().contains("maildrop")
    {
        let because = "Mail is handed in by a setgid helper, which alone may write into this spool; it ran without its group, as it does in a unit with NoNewPrivileges=, which DynamicUser= and many other settings imply.";
        best.offer(
            denies(attempt, LAYER, Support::Usual, 62, because)
                .policy("NoNewPrivileges=")
                .step("systemctl show -p NoNewPrivileges -p DynamicUser UNIT")
                .step(STEP),
        );
    }
    // Given to the file and not in force: ignored at the start of the program.
    if printed.is_none()
        && set.is_none()
        && let Some(id) =
            cx.setcap_done().filter(|_| cx.unit() && cx.facts.unit("AmbientCapabilities").is_none())
        && (needed(attempt).is_some() || attempt.call == Some(Call::Bind))
        && matches!(attempt.errno, Some(Errno::EPERM | Errno::EACCES))
    {
        let because = "The program file was given the capability, and the process does not have it: under NoNewPrivileges=, which many shipped units set, and on a nosuid mount file capabilities are ignored.";
        best.offer(
            denies(attempt, LAYER, Support::Usual, 66, because)
                .fact(id)
                .policy("NoNewPrivileges=")
                .step("systemctl show -p NoNewPrivileges -p AmbientCapabilities UNIT")
                .step(STEP),
        );
    }
    if matches!(attempt.call, Some(Call::LandlockRestrict | Call::SeccompInstall))
        && matches!(attempt.errno, Some(Errno::EPERM | Errno::EACCES))
    {
        best.offer(
            denies(
                attempt,
                LAYER,
                Support::Usual,
                50,
                "A process without CAP_SYS_ADMIN must set no_new_privs before it may restrict itself.",
            )
            .step(STEP),
        );
    }
    best.done()
}

/// A setting that sets the flag.
fn configured(cx: &Context<'_>) -> Option<(FactId, &'static str)> {
    cx.facts.knobs().find_map(|(id, k)| match k {
        Knob::NoNewPrivs(true) => Some((id, "no-new-privileges")),
        Knob::Unit { key, value }
            if key == "NoNewPrivileges" && matches!(value.trim(), "yes" | "true" | "1" | "on") =>
        {
            Some((id, "NoNewPrivileges=yes"))
        }
        _ => None,
    })
}

/// The text shows a setuid program that did not get its rights.
fn suid_symptom(attempt: &Attempt, cx: &Context<'_>) -> bool {
    let stated = ["suid-no-effect", "suid-missing"].iter().any(|id| cx.facts.statement(id).is_some());
    stated && matches!(attempt.call, None | Some(Call::Exec | Call::Setuid | Call::Setgid | Call::Setgroups))
}

/// A failure that a helper with more rights than its caller would not have had.
fn setgid_helper(attempt: &Attempt) -> bool {
    let spool = ["/var/spool", "maildrop", "/etc/shadow", "/etc/sudoers", "/run/sudo", "utmp"]
        .iter()
        .any(|p| attempt.object_name().contains(p));
    let ids = matches!(
        attempt.call,
        Some(Call::Setuid | Call::Setgid | Call::Setgroups | Call::Mount | Call::IdMap | Call::Socket)
    );
    (spool && attempt.errno == Some(Errno::EACCES)) || (ids && attempt.errno == Some(Errno::EPERM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;

    #[test]
    fn stated_by_the_program() {
        let mut f = Fixture::new(Call::Exec, Errno::EPERM).fact(Predicate::NoNewPrivs(true));
        f.attempt.errno = None;
        assert_eq!(f.support(judge), Some(Support::Stated));
    }

    #[test]
    fn a_helper_that_writes_the_map() {
        let f = Fixture::new(Call::IdMap, Errno::EPERM).knob(Knob::NoNewPrivs(true));
        assert_eq!(f.support(judge), Some(Support::Stated));
    }

    #[test]
    fn a_setgid_helper_of_a_unit() {
        let f =
            Fixture::new(Call::Create, Errno::EACCES).object("maildrop/1.2").unit("NoNewPrivileges", "yes");
        assert_eq!(f.support(judge), Some(Support::Configured));
        let f = Fixture::new(Call::Create, Errno::EACCES).object("maildrop/1.2");
        assert_eq!(f.support(judge), None);
    }
}
