//! From raw evidence to claims, facts, attempts and trials.
//!
//! `segment` reads and undresses, `record`, `message` and `context` recognise (one dialect a file,
//! claims with spans, never a layer), `fuse` puts the claims in the kernel's terms.

mod capture;
mod context;
mod fuse;
mod message;
mod name;
mod policy;
mod record;
mod segment;
mod state;

use std::io::Read;
use whodenied_case::{Case, Evidence, Origin};
use whodenied_text::SourceId;

/// One input: where it came from and its bytes, read as a stream.
pub struct Input {
    /// Where it came from.
    pub origin: Origin,
    /// Its bytes; need not be UTF-8.
    pub reader: Box<dyn Read>,
}

/// Reads every input and fills the case up to its attempts and trials. Never fails: what could
/// not be read is named in `Case::missing`.
#[must_use]
pub fn read(inputs: Vec<Input>) -> Case {
    let mut case = Case::default();
    for input in inputs {
        segment::read(input, &mut case);
    }
    understand(&mut case);
    case
}

/// Understands evidence that has been read before, as it stands, with what was added to it.
#[must_use]
pub fn understood(evidence: Vec<Evidence>, missing: Vec<String>) -> Case {
    let mut case = Case { evidence, missing, ..Case::default() };
    for (n, one) in case.evidence.iter_mut().enumerate() {
        one.id = SourceId(u32::try_from(n).unwrap_or(u32::MAX));
    }
    understand(&mut case);
    case
}

/// Fills claims, facts, attempts and trials from the evidence.
fn understand(case: &mut Case) {
    let mut claims = Vec::new();
    let mut marks = Vec::new();
    let mut prefixes = Vec::new();
    let text = |e: &&Evidence| !matches!(e.origin, Origin::Captures | Origin::Policy | Origin::State { .. });
    for evidence in case.evidence.iter().filter(text) {
        let doc = segment::document(evidence);
        let named = doc.lines.iter().filter_map(|l| Some((l.raw, l.dress.container.clone()?)));
        prefixes.extend(named.take(name::MOST - prefixes.len().min(name::MOST)));
        record::recognise(&doc, &mut claims, &mut marks);
        message::recognise(&doc, &mut claims);
        message::note_other_failures(&doc, &mut claims);
        context::recognise(&doc, &mut claims);
    }
    case.workload = state::workload(&case.evidence);
    state::sift(&case.evidence, case.workload.as_ref(), &mut claims);
    case.claims = claims;
    fuse::fuse(case, &marks);
    state::attach(case);
    capture::attach(case);
    policy::attach(case);
    context::assumed(&mut case.facts);
    if case.workload.is_none() {
        case.workload = name::of_paste(&case.evidence, &case.facts, &case.attempts, &prefixes);
    }
}

/// The claims of `text` by all recognisers, for tests.
#[cfg(test)]
pub(crate) fn read_text(text: &str) -> Case {
    let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    read(vec![Input { origin: Origin::Paste { name: "-".to_owned() }, reader }])
}
