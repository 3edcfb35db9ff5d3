//! Claims fused into facts, attempts and trials.

use crate::record::Mark;
use whodenied_case::{Attempt, AttemptId, Case, Failure, Says, Standing, Trial};
use whodenied_text::Span;

/// Fills the case's facts, attempts and trials from its claims.
pub(crate) fn fuse(case: &mut Case, marks: &[Mark]) {
    let _ = marks;
    let claims = std::mem::take(&mut case.claims);
    for claim in &claims {
        match &claim.says {
            Says::Fact(what) => {
                case.facts.add(what.clone(), Standing::Reported, Some(claim.span));
            }
            Says::Trial { change, outcome } => case.trials.push(Trial {
                change: change.clone(),
                outcome: *outcome,
                controlled: false,
                spans: vec![claim.span],
            }),
            Says::Failure(failure) => {
                let id = AttemptId(u32::try_from(case.attempts.len()).unwrap_or(u32::MAX));
                case.attempts.push(printed(id, failure, claim.span, claim.dialect));
            }
            Says::Record(_) => {}
        }
    }
    case.claims = claims;
}

fn printed(id: AttemptId, failure: &Failure, span: Span, dialect: &'static str) -> Attempt {
    let mut attempt = Attempt::new(id);
    attempt.call = failure.call;
    attempt.syscall.clone_from(&failure.syscall);
    attempt.args.clone_from(&failure.args);
    attempt.object.name.clone_from(&failure.object);
    attempt.object.kind = failure.kind;
    attempt.subject.program.clone_from(&failure.program);
    attempt.errno = failure.errno;
    attempt.errno_inferred = failure.errno_inferred;
    attempt.phase = failure.phase;
    attempt.own_refusal = failure.own_refusal;
    attempt.spans.push(span);
    attempt.deciding.extend(failure.deciding);
    attempt.printed = true;
    attempt.dialects.push(dialect);
    attempt
}
