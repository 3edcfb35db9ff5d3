//! What the surroundings are: versions, distributions, engines, manifests, listings.

use crate::segment::Document;
use whodenied_case::Claim;

/// Reads everything the document says about the surroundings.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let _ = (doc, claims);
}
