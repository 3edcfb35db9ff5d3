//! Matches a diagnosis against the known breakages. Stub.

use whodenied_case::{Case, KnownIssueRef};

/// The known breakage that the diagnosis at `index` is an instance of.
pub(crate) fn find(_case: &Case, _index: usize) -> Option<KnownIssueRef> {
    None
}
