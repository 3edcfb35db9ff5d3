//! Failures as programs, runtimes and tracers print them, and what people say they tried.

use crate::segment::Document;
use whodenied_case::Claim;

/// Reads every failure and trial of the document.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let _ = (doc, claims);
}
