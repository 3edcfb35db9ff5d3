//! Matches a denial against the known breakages: by record keys, call, errno, arguments, engine and
//! stated mechanism; never by the name of the program that failed.
//!
//! The layer must agree, stated versions must not speak against it, and the most specific
//! signature wins. Where a version is stated that has the fix and the kernel still shows the old
//! behaviour, the issue of a profile that was never loaded anew is named instead.

mod changed;
mod signs;
#[cfg(test)]
mod tests;
mod versions;

use whodenied_case::{Attempt, Case, Facts, KnownIssueRef, RecordKind};
use whodenied_kernel::Layer;
use whodenied_runtimes::known::{ALL, KnownIssue, Signature, find as by_id};

pub(crate) use changed::find as changed;
use versions::Speaks;

/// The known breakage that the diagnosis at `index` is an instance of.
pub(crate) fn find(case: &Case, index: usize) -> Option<KnownIssueRef> {
    let diagnosis = case.diagnoses.get(index)?;
    let attempt = case.attempt(diagnosis.attempt)?;
    let issue = match_known(attempt, &case.facts, diagnosis.layer)?;
    Some(KnownIssueRef {
        id: issue.id.to_owned(),
        title: issue.title.to_owned(),
        url: issue.url().to_owned(),
        fixed_in: issue.fixed_in.iter().map(|v| (*v).to_owned()).collect(),
    })
}

/// The known breakage that this denial by `layer` is an instance of, the most specific one.
#[must_use]
pub fn match_known(attempt: &Attempt, facts: &Facts, layer: Layer) -> Option<&'static KnownIssue> {
    let mut best: Option<(u32, &'static KnownIssue)> = None;
    let mut fixed: Option<u32> = None;
    for issue in ALL.iter().copied().filter(|i| i.concerns(layer)) {
        let Some(base) = looks(issue, attempt, facts) else { continue };
        let mut score = base * 4 + u32::from(issue.layer == layer) * 2 + issue.confidence as u32;
        match versions::speaks(issue, facts) {
            Speaks::For => score += 6,
            Speaks::Nothing => {}
            Speaks::Fixed => {
                fixed = fixed.max(Some(score));
                continue;
            }
            Speaks::Against => continue,
        }
        if best.is_none_or(|(known, _)| score > known) {
            best = Some((score, issue));
        }
    }
    if let Some(score) = fixed
        && best.is_none_or(|(known, _)| score > known)
        && let Some(stale) = stale(attempt, facts, layer)
    {
        return Some(stale);
    }
    best.map(|(_, issue)| issue)
}

/// A default profile answered as it did before the stated fix: it was never loaded anew.
fn stale(attempt: &Attempt, facts: &Facts, layer: Layer) -> Option<&'static KnownIssue> {
    let issue = by_id("aa-profile-stale-after-upgrade").filter(|i| i.concerns(layer))?;
    let recorded = attempt.records.iter().any(|r| {
        matches!(&r.kind, RecordKind::Apparmor(r) if r.profile().is_some_and(|p| {
            p == "docker-default" || p == "nerdctl-default" || p.starts_with("cri-containerd.apparmor")
        }))
    });
    let open = !matches!(versions::speaks(issue, facts), Speaks::Fixed | Speaks::Against);
    (recorded && open).then_some(issue)
}

/// How specifically one of the issue's signatures fits; `None` when none does.
fn looks(issue: &KnownIssue, attempt: &Attempt, facts: &Facts) -> Option<u32> {
    issue.signatures.iter().filter_map(|s| signature(s, attempt, facts)).max()
}

fn signature(signature: &Signature, attempt: &Attempt, facts: &Facts) -> Option<u32> {
    if signature.excludes.iter().any(|s| signs::weigh(s, attempt, facts).is_some()) {
        return None;
    }
    let needed = signature.needs.iter().map(|s| signs::weigh(s, attempt, facts)).sum::<Option<u32>>()?;
    let hinted: u32 = signature.hints.iter().filter_map(|s| signs::weigh(s, attempt, facts)).sum();
    Some(needed + hinted)
}
