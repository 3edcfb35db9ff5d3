//! From raw evidence to claims, facts, attempts and trials.
//!
//! `segment` reads and undresses, `record`, `message` and `context` recognise (one dialect a file,
//! claims with spans, never a layer), `fuse` puts the claims in the kernel's terms.

mod capture;
mod context;
mod fuse;
mod message;
mod record;
mod segment;

use std::io::Read;
use whodenied_case::{Case, Origin};

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

/// Fills claims, facts, attempts and trials from the evidence.
fn understand(case: &mut Case) {
    let mut claims = Vec::new();
    let mut marks = Vec::new();
    for evidence in case.evidence.iter().filter(|e| e.origin != Origin::Captures) {
        let doc = segment::document(evidence);
        record::recognise(&doc, &mut claims, &mut marks);
        message::recognise(&doc, &mut claims);
        message::note_other_failures(&doc, &mut claims);
        context::recognise(&doc, &mut claims);
    }
    case.claims = claims;
    fuse::fuse(case, &marks);
    capture::attach(case);
    context::assumed(&mut case.facts);
}

/// The claims of `text` by all recognisers, for tests.
#[cfg(test)]
pub(crate) fn read_text(text: &str) -> Case {
    let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    read(vec![Input { origin: Origin::Paste { name: "-".to_owned() }, reader }])
}
