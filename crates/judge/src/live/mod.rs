//! What the state captured at the moment of a failure decides, exactly.
//!
//! Files are asked of the model of file access, seccomp of the filters that were captured, the other
//! calls of the rules in [`tasks`]. What these let through, they rule out; where they answer with the
//! error that the kernel gave, they decide. Where they answer with another, nothing is claimed.

pub(crate) mod files;
mod tasks;

use crate::say::{Say, allows, denies};
use whodenied_case::capture::Capture;
use whodenied_case::{Answer, Attempt, Support, Verdict};

use whodenied_kernel::syscall::SeccompAction;
use whodenied_kernel::{Errno, Layer};

/// Puts what is exact in the place of what was reasoned.
pub(crate) fn apply(attempt: &Attempt, verdicts: &mut Vec<Verdict>) {
    let Some(live) = &attempt.live else { return };
    // Without an error the call was answered with a signal.
    let errno = attempt.errno.unwrap_or(Errno(0));
    if let Some(after) = &live.after {
        let mut exact = afterwards(attempt, live, errno, &after.unless);
        if !after.unless.is_empty() {
            let stronger = |v: &Verdict| matches!(&v.answer, Answer::Denies { support, .. } if *support > Support::Configured);
            let of =
                |layer| verdicts.iter().any(|v| v.attempt == attempt.id && v.layer == layer && stronger(v));
            exact.retain(|said| !of(said.layer()));
        }
        replace(attempt, verdicts, exact);
        return;
    }
    let mut exact: Vec<Say> = Vec::new();
    let filtered = filter(attempt, live, errno);
    let by_filter = filtered.as_ref().is_some_and(|(_, refuses)| *refuses);
    exact.extend(filtered.map(|(say, _)| say));
    if !by_filter {
        // A filter that nobody read may have answered before any other layer was asked; it rarely
        // answers EACCES, which is how the modes of files refuse.
        let unseen = live.process.seccomp == 2
            && live.filter.as_ref().is_none_or(|f| !f.complete)
            && errno != Errno::EACCES;
        let support = if unseen { Support::Stated } else { Support::State };
        exact.extend(files::judge(attempt, live, errno, support));
        exact.extend(tasks::judge(attempt, live, errno, support));
    }
    replace(attempt, verdicts, exact);
}

/// State that was put together after the call, from configuration and what is left: as good as state of
/// the moment where nothing can have been another then, as good as configuration else.
fn afterwards(attempt: &Attempt, live: &Capture, errno: Errno, unless: &str) -> Vec<Say> {
    let certain = unless.is_empty();
    let support = if certain { Support::State } else { Support::Configured };
    let mut said = files::judge(attempt, live, errno, support);
    // What was let through is ruled out by certain state only.
    said.retain(|s| certain || s.support().is_some());
    if !certain {
        for one in &mut said {
            one.goes_on(&format!(" That holds unless {unless}."));
        }
    }
    said
}

fn replace(attempt: &Attempt, verdicts: &mut Vec<Verdict>, exact: Vec<Say>) {
    for say in exact {
        let Some(verdict) = Option::<Verdict>::from(say) else { continue };
        verdicts.retain(|v| v.attempt != attempt.id || v.layer != verdict.layer);
        verdicts.push(verdict);
    }
}

/// The captured filters' answer; true when they refuse with this error.
fn filter(attempt: &Attempt, live: &Capture, errno: Errno) -> Option<(Say, bool)> {
    if live.process.seccomp == 0 {
        return Some((allows(attempt, Layer::Seccomp, "The process runs under no filter."), false));
    }
    let answer = live.filter.as_ref()?;
    let action = SeccompAction::decode(answer.code);
    let signal =
        matches!(action, SeccompAction::Trap | SeccompAction::KillThread | SeccompAction::KillProcess);
    if signal && errno == Errno(0) {
        let because = format!(
            "The filter that was installed as number {} answers this call with SIGSYS at its instruction {}: {}.",
            answer.filter, answer.instruction, answer.because
        );
        let say = denies(attempt, Layer::Seccomp, Support::State, 98, because);
        return Some((say.policy("an installed seccomp filter"), true));
    }
    if let SeccompAction::Errno(given) = action
        && given == errno
    {
        let because = format!(
            "The filter that was installed as number {} answers {errno} at its instruction {}: {}.",
            answer.filter, answer.instruction, answer.because
        );
        return Some((
            denies(attempt, Layer::Seccomp, Support::State, 98, because)
                .policy("an installed seccomp filter"),
            true,
        ));
    }
    (answer.complete && action.allows()).then(|| {
        (allows(attempt, Layer::Seccomp, "The installed filters let this very call through."), false)
    })
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test fails by panicking")]
mod tests;
