//! Kernel records, one file per family.

use crate::segment::Document;
use whodenied_case::Claim;

/// Reads every kernel record of the document.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let _ = (doc, claims);
}
