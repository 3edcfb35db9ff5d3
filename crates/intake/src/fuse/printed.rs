//! Printed failures become attempts; several layers of software repeat one failure in their own words.

use super::{draft, merge};
use whodenied_case::{Attempt, Claim, Failure, Says};
use whodenied_text::Span;

/// Attempts of every printed failure, the repeated ones merged.
pub(super) fn attempts(claims: &[Claim]) -> Vec<Attempt> {
    let mut records: Vec<Span> =
        claims.iter().filter(|c| matches!(c.says, Says::Record(_))).map(|c| c.span).collect();
    records.sort_unstable();
    // What stands in a record is no message of its own, whatever a name in it says.
    let in_record = |span: Span| {
        let at = records.partition_point(|r| (r.source, r.start) <= (span.source, span.start));
        at.checked_sub(1)
            .and_then(|i| records.get(i))
            .is_some_and(|r| r.source == span.source && span.start < r.end)
    };
    let mut kept: Vec<Attempt> = Vec::new();
    for claim in claims {
        let Says::Failure(failure) = &claim.says else { continue };
        if in_record(claim.span) {
            continue;
        }
        let attempt = one(failure, claim.span, claim.dialect);
        // Long logs repeat themselves at a distance; comparing with all would be quadratic.
        let known = kept.iter_mut().rev().take(200).find(|k| repeats(k, &attempt));
        match known {
            Some(known) if knows_more(&attempt, known) => {
                let old = std::mem::replace(known, attempt);
                let (count, spans) = (old.count, old.spans.clone());
                merge::absorb(known, old);
                known.count = count.max(known.count);
                // In the order of reading.
                known.spans.sort_by_key(|s| (!spans.contains(s), s.source, s.start));
            }
            Some(known) => merge::absorb(known, attempt),
            None => kept.push(attempt),
        }
    }
    kept
}

fn one(failure: &Failure, span: Span, dialect: &'static str) -> Attempt {
    let mut attempt = draft::attempt();
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

/// True when `b` tells of the failure `a` again.
fn repeats(a: &Attempt, b: &Attempt) -> bool {
    if a.errno.is_some() && b.errno.is_some() && a.errno != b.errno && !(a.errno_inferred || b.errno_inferred)
    {
        return false;
    }
    // Two recognisers on one line.
    let overlap = a
        .spans
        .iter()
        .any(|s| b.spans.iter().any(|t| s.source == t.source && s.start < t.end && t.start < s.end));
    let contradict = |x: &Option<String>, y: &Option<String>| matches!((x, y), (Some(x), Some(y)) if x != y && !x.ends_with(y.as_str()) && !y.ends_with(x.as_str()));
    let objects = contradict(&a.object.name, &b.object.name);
    let calls = a.call.is_some() && b.call.is_some() && a.call != b.call;
    if overlap {
        return !objects && !calls;
    }
    let same_object = a.object.name.is_some() && a.object.name == b.object.name;
    let same_call = a.call.is_some() && a.call == b.call;
    if a.own_refusal != b.own_refusal || a.phase != b.phase && !same_object {
        return false;
    }
    let equal = a.object.name == b.object.name && a.call == b.call && a.subject.program == b.subject.program;
    equal || (same_object && !calls) || (same_call && !objects && merge::same(a, b))
}

fn knows_more(new: &Attempt, old: &Attempt) -> bool {
    let score = |a: &Attempt| {
        i32::from(a.call.is_some()) * 2
            + i32::from(a.object.name.is_some()) * 2
            + i32::from(a.errno.is_some() && !a.errno_inferred) * 2
            + i32::from(a.syscall.is_some())
            + i32::from(!a.args.is_empty())
    };
    score(new) > score(old)
}
