//! Which attempts are one story, and which story broke the program.

use super::rank::{Suspect, only_logged, ranked, refusing};
use whodenied_case::{Attempt, AttemptId, Case, Phase, Support, Verdict, YesNo};
use whodenied_kernel::{Call, Errno, Layer, order};

/// One denial to tell: the attempt that leads it and those that belong to it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The attempt whose verdicts decide.
    pub(super) lead: AttemptId,
    /// Further attempts of the same story.
    pub(super) others: Vec<AttemptId>,
    /// Is it what broke the program?
    pub(super) broke: YesNo,
    /// For ordering: the higher the earlier.
    importance: u32,
}

/// The denials of the case, the culprit first.
pub(super) fn tell(case: &Case, verdicts: &[Verdict]) -> Vec<Part> {
    let mut parts: Vec<(Part, Layer)> = Vec::new();
    let mut told: Vec<(&Attempt, Suspect<'_>)> = Vec::new();
    for attempt in super::considered(&case.attempts) {
        let Some(top) = ranked(case, attempt, verdicts).into_iter().next() else { continue };
        // Without an error, and with nothing but a guess, nothing was denied that could be told.
        let unsaid =
            attempt.errno.is_none() && attempt.printed && attempt.records.is_empty() && !attempt.own_refusal;
        if unsaid && top.score < (Support::Usual, 50) {
            continue;
        }
        told.push((attempt, top));
    }
    // Records of what was let through, and no error anywhere: nothing was denied.
    if told.iter().all(|(a, _)| passed(a)) && case.trials.is_empty() {
        return Vec::new();
    }
    let printed: Vec<usize> = (0..told.len())
        .filter(|i| told.get(*i).is_some_and(|(a, _)| a.printed && a.records.is_empty()))
        .collect();
    let mut explained = vec![None; told.len()];
    for &p in &printed {
        explained[p] = explaining(&told, p);
    }
    for (i, (attempt, top)) in told.iter().enumerate() {
        if explained.get(i).is_some_and(Option::is_some) {
            continue;
        }
        let mut others: Vec<AttemptId> = Vec::new();
        for &p in &printed {
            if explained.get(p).copied().flatten() == Some(i)
                && let Some((a, _)) = told.get(p)
            {
                others.push(a.id);
            }
        }
        let broke = broke(attempt, !others.is_empty());
        let importance = importance(attempt, top, !others.is_empty(), told.len() - printed.len(), &told);
        let part = Part { lead: attempt.id, others, broke, importance };
        merge(&mut parts, part, top.layer, attempt, case);
    }
    cures_last(case, verdicts, &mut parts);
    parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.importance));
    parts.into_iter().map(|(part, _)| part).collect()
}

/// Setting the very sysctl that another error comes from was the cure somebody tried, and no cause.
fn cures_last(case: &Case, verdicts: &[Verdict], parts: &mut [(Part, Layer)]) {
    let policies: Vec<(AttemptId, String)> = parts
        .iter()
        .filter_map(|(part, _)| {
            let attempt = case.attempt(part.lead).filter(|a| a.call != Some(Call::SysctlWrite))?;
            let top = ranked(case, attempt, verdicts).into_iter().next()?;
            Some((part.lead, top.policy?.to_owned()))
        })
        .collect();
    for (part, _) in parts.iter_mut() {
        let Some(write) = case.attempt(part.lead).filter(|a| a.call == Some(Call::SysctlWrite)) else {
            continue;
        };
        let name = write.object_name().trim_start_matches("/proc/sys/").replace('/', ".");
        if policies.iter().any(|(lead, policy)| *lead != part.lead && *policy == name) {
            part.importance = part.importance.min(30);
        }
    }
}

/// A record in complain mode, whose refusal is an announcement.
pub(super) fn passed(attempt: &Attempt) -> bool {
    use whodenied_case::{RecordKind, record::ApparmorVerdict};
    let complain = attempt
        .records
        .iter()
        .any(|r| matches!(&r.kind, RecordKind::Apparmor(a) if a.verdict == ApparmorVerdict::Allowed));
    complain && !attempt.printed && only_logged(attempt)
}

/// The index of the record that explains a printed error, if one does.
fn explaining(told: &[(&Attempt, Suspect<'_>)], printed: usize) -> Option<usize> {
    let (error, own) = told.get(printed)?;
    if error.own_refusal && own.layer == Layer::Application {
        return None;
    }
    let score = |index: usize| -> Option<u32> {
        let (record, top) = told.get(index)?;
        if !refusing(record) {
            return None;
        }
        let fits = match (error.call, error.errno) {
            (Some(call), Some(errno)) => {
                order::can_give(call, top.layer, errno) || error.errno_inferred || same_call(error, record)
            }
            (None, Some(errno)) => matches!(errno, Errno::EACCES | Errno::EPERM),
            _ => true,
        };
        let mut score = 0;
        if same_object(error, record) {
            score += 4;
        }
        if same_call(error, record) {
            score += 3;
        }
        if same_program(error, record) {
            score += 2;
        }
        if fits {
            score += 1;
        }
        if contradicts(error, record) {
            return None;
        }
        (score > 0 && (fits || score > 1)).then_some(score)
    };
    // A record of another layer must be told apart from an error that names its own mechanism.
    if own.score.0 >= Support::Stated {
        return (0..told.len())
            .filter(|i| told.get(*i).is_some_and(|(_, t)| t.layer == own.layer))
            .filter_map(|i| Some((score(i)?, std::cmp::Reverse(i))))
            .max()
            .map(|(_, i)| i.0);
    }
    (0..told.len()).filter_map(|i| Some((score(i)?, std::cmp::Reverse(i)))).max().map(|(_, i)| i.0)
}

/// A record that is plainly of something else: another path, or another kind of call, by a program
/// that is not the one that printed the error.
fn contradicts(error: &Attempt, record: &Attempt) -> bool {
    if same_object(error, record) || same_program(error, record) {
        return false;
    }
    let paths = error.object_name().starts_with('/') && record.object_name().starts_with('/');
    let calls = error.call.zip(record.call).is_some() && !same_call(error, record);
    let capability = record.object.kind == whodenied_case::ObjectKind::Capability;
    (paths || calls) && !capability && error.subject.program.is_some() && record.subject.program.is_some()
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn same_object(a: &Attempt, b: &Attempt) -> bool {
    let (a, b) = (a.object_name(), b.object_name());
    !a.is_empty() && !b.is_empty() && (a == b || (base(a) == base(b) && base(a).len() > 2))
}

fn same_call(a: &Attempt, b: &Attempt) -> bool {
    let Some((x, y)) = a.call.zip(b.call) else { return false };
    let file = |c: Call| {
        matches!(
            c,
            Call::Open
                | Call::Create
                | Call::Read
                | Call::Write
                | Call::Stat
                | Call::Access
                | Call::Readdir
                | Call::Mkdir
                | Call::Mknod
        )
    };
    let socket =
        |c: Call| matches!(c, Call::Socket | Call::Socketpair | Call::Connect | Call::Bind | Call::Listen);
    let kill = |c: Call| c == Call::Kill;
    x == y
        || (file(x) && file(y))
        || (socket(x) && socket(y))
        || (kill(x) && b.phase == Phase::Stop)
        || (matches!(x, Call::UsernsCreate | Call::IdMap | Call::Netlink)
            && matches!(y, Call::UsernsCreate | Call::IdMap | Call::Capset))
}

fn same_program(a: &Attempt, b: &Attempt) -> bool {
    match (&a.subject.program, &b.subject.program) {
        (Some(x), Some(y)) => {
            let (x, y) = (base(x).trim_matches(['(', ')']), base(y).trim_matches(['(', ')']));
            // comm holds 15 bytes, and systemd shows the last eight before exec.
            !x.is_empty()
                && !y.is_empty()
                && (x == y || x.starts_with(y) || y.starts_with(x) || x.ends_with(y))
        }
        _ => false,
    }
}

fn broke(attempt: &Attempt, explains: bool) -> YesNo {
    if only_logged(attempt) {
        YesNo::No
    } else if explains || attempt.printed {
        YesNo::Yes
    } else {
        YesNo::Unknown
    }
}

fn importance(
    attempt: &Attempt,
    top: &Suspect<'_>,
    explains: bool,
    records: usize,
    told: &[(&Attempt, Suspect<'_>)],
) -> u32 {
    // Among printed errors the first is rarely the consequence; how well its layer is known decides
    // only between a guess and an explanation.
    let known = match top.score.0 {
        Support::Prior | Support::Fits => 0,
        Support::Usual => 10,
        Support::Default | Support::Configured => 20,
        _ => 28,
    } + if attempt.dialects.contains(&"strace") { 20 } else { 0 };
    let first = 15_u32.saturating_sub(attempt.id.0.min(15));
    let support = known + first + if attempt.errno.is_some() || attempt.own_refusal { 60 } else { 0 };
    if let Some(live) = &attempt.live {
        // The tracer saw what followed.
        return 2000 + live.blame;
    }
    if only_logged(attempt) {
        return 5 + support / 10;
    }
    if refusing(attempt) {
        let errors: Vec<_> = told.iter().filter(|(a, _)| a.printed && a.records.is_empty()).collect();
        let foreign = !errors.is_empty()
            && errors.iter().all(|(e, t)| contradicts(e, attempt) && t.score.0 >= Support::Default);
        let base = match (explains, foreign) {
            (true, _) => 1000,
            (false, true) => 250,
            (false, false) => 420,
        };
        return base + support;
    }
    if !attempt.printed && attempt.records.is_empty() {
        return 100 + support;
    }
    if !attempt.records.is_empty() {
        // AUDIT and the like: the refusal that follows is the one the program saw.
        let refused = told.iter().any(|(a, _)| refusing(a));
        return if refused { 60 } else { 300 } + support;
    }
    let unknown = top.layer == Layer::Unknown || top.score.0 == Support::Prior;
    let base = if records == 0 { 500 } else { 360 };
    if unknown { 20 } else { base + support }
}

/// Adds a part, or joins it to one of the same layer that tells the same.
fn merge(parts: &mut Vec<(Part, Layer)>, part: Part, layer: Layer, attempt: &Attempt, case: &Case) {
    let alike = parts
        .iter_mut()
        .find(|(known, l)| *l == layer && case.attempt(known.lead).is_some_and(|lead| alike(lead, attempt)));
    let Some((known, _)) = alike else {
        parts.push((part, layer));
        return;
    };
    if part.importance > known.importance {
        let before = std::mem::replace(known, part);
        known.others.push(before.lead);
        known.others.extend(before.others);
    } else {
        known.others.push(part.lead);
        known.others.extend(part.others);
    }
}

/// A record of a seccomp filter: without a label, the program and its system call tell two apart.
fn filtered(attempt: &Attempt) -> bool {
    attempt.records.iter().any(|r| matches!(r.kind, whodenied_case::RecordKind::Seccomp(_)))
}

/// Two failures of one story: printed by the same cause, or the same record again.
fn alike(a: &Attempt, b: &Attempt) -> bool {
    let recorded = (!a.records.is_empty(), !b.records.is_empty());
    let object = a.object_name() == b.object_name();
    match recorded {
        (true, true) => {
            object
                && a.call == b.call
                && a.subject.label == b.subject.label
                && only_logged(a) == only_logged(b)
                && a.arg("signal") == b.arg("signal")
                && (!filtered(a) || (a.syscall == b.syscall && a.subject.program == b.subject.program))
        }
        (false, false) => {
            object
                || a.object.name.is_none()
                || b.object.name.is_none()
                || a.call == b.call
                || a.errno == b.errno
        }
        _ => false,
    }
}
