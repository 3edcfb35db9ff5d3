//! Yama's ptrace_scope.
//!
//! `yama_ptrace_access_check` and `yama_ptrace_traceme` (security/yama/yama_lsm.c, since 3.4) ask
//! on attaching: with scope 1 the tracer must be an ancestor, be named by PR_SET_PTRACER, or hold
//! CAP_SYS_PTRACE in the target's user namespace; with 2 it needs the capability; with 3 nobody
//! attaches. Reading /proc files in read mode is not covered. The errno is EPERM, and a rate-limited
//! line in the kernel log names both processes.

use crate::context::Context;
use crate::say::{Best, Say, allows, denies, undecidable};
use whodenied_case::{Attempt, Outcome, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Capability, Errno, Layer};

const LAYER: Layer = Layer::Yama;
const SCOPE: &str = "kernel.yama.ptrace_scope";
const LOOK: &str = "cat /proc/sys/kernel/yama/ptrace_scope";

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if let Some(target) = attempt.records.iter().find_map(|r| match &r.kind {
        RecordKind::Yama { target, .. } => Some(target),
        _ => None,
    }) {
        let because =
            format!("Yama logged that it refused tracing of \"{target}\": the tracer is not its ancestor.");
        return denies(attempt, LAYER, Support::Record, 90, because).policy(SCOPE).into();
    }
    if attempt.call != Some(Call::Ptrace) {
        return unnamed(attempt, cx).and_then(Into::into);
    }
    if let Some(passed) = passes(attempt, cx) {
        return passed.into();
    }
    let mut best = Best::new();
    for said in refuses(attempt, cx) {
        best.offer(said.policy(SCOPE).step(LOOK));
    }
    best.or(undecidable(attempt, LAYER, "the value of kernel.yama.ptrace_scope").step(LOOK).into())
}

/// An error without call or object beside the level that somebody looked up.
fn unnamed(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let bare = attempt.call.is_none() && attempt.object_name().is_empty() && attempt.records.is_empty();
    let denied = attempt.errno == Some(Errno::EPERM) || attempt.errno_inferred;
    let (id, _) =
        cx.sysctl_number(SCOPE).filter(|(_, n)| *n >= 1 && bare && denied && !cx.is_root(attempt))?;
    let because = "The level of kernel.yama.ptrace_scope was looked up beside the error: from 1 on a process may trace only its own children.";
    Some(denies(attempt, LAYER, Support::Usual, 58, because).fact(id).policy(SCOPE).step(LOOK))
}

fn passes(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if let Some(trial) = cx.sysctl_trial(Outcome::Same, SCOPE) {
        return Some(allows(attempt, LAYER, "It fails with ptrace_scope lifted too.").trial(trial));
    }
    if attempt.errno.is_some_and(|e| e != Errno::EPERM) && !attempt.errno_inferred {
        return Some(allows(attempt, LAYER, "Yama refuses with EPERM only."));
    }
    if let Some(fact) = cx.stated_here(attempt, &["ptrace-any-set"]) {
        let because = "The target has allowed any process to trace it, so Yama does not ask further.";
        return Some(allows(attempt, LAYER, because).fact(fact.id));
    }
    if let Some(fact) = cx.stated_here(attempt, &["already-traced"]) {
        return Some(allows(attempt, LAYER, "The target already has a tracer.").fact(fact.id));
    }
    if traceme(attempt) && cx.sysctl_number(SCOPE).is_none_or(|(_, n)| n < 2) {
        return Some(allows(
            attempt,
            LAYER,
            "A program may always be traced by the debugger that starts it.",
        ));
    }
    None
}

/// The tracee asked for it, or the debugger started it.
fn traceme(attempt: &Attempt) -> bool {
    attempt.arg("request").is_some_and(|r| r.contains("TRACEME"))
}

fn refuses(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let mut said = Vec::new();
    if let Some(trial) = cx.sysctl_trial(Outcome::Works, SCOPE) {
        said.push(
            denies(attempt, LAYER, Support::Trial, 95, "It works once kernel.yama.ptrace_scope is lifted.")
                .trial(trial),
        );
    }
    let stated = cx.stated(&["yama-hint"]);
    let scope = cx.sysctl_number(SCOPE);
    let contained = cx.contained();
    match scope {
        Some((id, n)) if n >= 1 => {
            let because = format!(
                "kernel.yama.ptrace_scope is {n}: {}",
                match n {
                    1 =>
                        "a process may trace its own descendants only, unless the target names it or it has CAP_SYS_PTRACE.",
                    2 => "tracing needs CAP_SYS_PTRACE.",
                    _ => "nobody may attach to another process.",
                }
            );
            let weight = if contained { 50 } else { 85 };
            said.push(denies(attempt, LAYER, Support::Configured, weight, because).fact(id));
        }
        // A sentence that sets it to 0 tells the way out, not the state in which it failed.
        Some((id, _)) if !contained => {
            let because = "The evidence lifts kernel.yama.ptrace_scope, which is what refuses attaching to a process that is no descendant.";
            said.push(denies(attempt, LAYER, Support::Stated, 60, because).fact(id));
        }
        _ => {}
    }
    if let Some(fact) = stated {
        let because =
            "The message points at ptrace_scope, with which a process may trace its own descendants only.";
        let (support, weight) = if contained { (Support::Usual, 45) } else { (Support::Stated, 60) };
        said.push(denies(attempt, LAYER, support, weight, because).fact(fact.id));
    }
    let privileged = cx.is_root(attempt)
        && (!contained || cx.container_has(Capability::SYS_PTRACE).is_some_and(|(h, _)| h));
    if !privileged && !contained {
        let because =
            "Most distributions set ptrace_scope to 1: a process may trace its own descendants only.";
        let weight = if cx.is_user(attempt) { 75 } else { 60 };
        said.push(denies(attempt, LAYER, Support::Usual, weight, because).facts(cx.distro_fact()));
    } else if !privileged {
        let because =
            "With ptrace_scope at 1 a process without CAP_SYS_PTRACE may trace its own descendants only.";
        said.push(denies(attempt, LAYER, Support::Fits, 40, because));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, denied, knob, sysctl};
    use whodenied_case::{Engine, Environment, Knob, Predicate, Record, record::Channel};

    #[test]
    fn attaching_on_a_host() {
        let attach = attempt(Call::Ptrace, Errno::EPERM, "");
        assert_eq!(denied(judge, &attach, &[sysctl(SCOPE, "1")]), Some(Support::Configured));
        assert_eq!(denied(judge, &attach, &[]), Some(Support::Usual));
        assert_eq!(denied(judge, &attach, &[Predicate::Statement("yama-hint")]), Some(Support::Stated));
        assert!(allowed(judge, &attach, &[Predicate::Statement("ptrace-any-set")]));
        assert!(allowed(judge, &attempt(Call::Ptrace, Errno::EACCES, ""), &[]));
        assert!(denied(judge, &attempt(Call::Kill, Errno::EPERM, ""), &[]).is_none());
    }

    #[test]
    fn containers_and_own_children() {
        let docker = Predicate::Engine(Engine::Docker);
        let attach = attempt(Call::Ptrace, Errno::EPERM, "");
        assert_eq!(denied(judge, &attach, std::slice::from_ref(&docker)), Some(Support::Fits));
        let hint = Predicate::Statement("yama-hint");
        assert_eq!(denied(judge, &attach, &[docker.clone(), hint]), Some(Support::Usual));
        let root = Predicate::Environment(Environment::RunsAsRoot);
        assert_eq!(denied(judge, &attach, &[docker, root.clone(), knob(Knob::Privileged(true))]), None);
        assert_eq!(denied(judge, &attach, &[root]), None);
        let mut child = attach;
        child.args.push(("request".to_owned(), "PTRACE_TRACEME".to_owned()));
        assert!(allowed(judge, &child, &[]));
    }

    #[test]
    fn its_own_record() {
        let mut attach = attempt(Call::Ptrace, Errno::EPERM, "");
        attach.records.push(Record {
            channel: Channel::Kernel,
            time_ms: None,
            serial: None,
            truncated: false,
            kind: RecordKind::Yama { comm: "gdb".to_owned(), target: "python3".to_owned() },
        });
        assert_eq!(denied(judge, &attach, &[]), Some(Support::Record));
    }
}
