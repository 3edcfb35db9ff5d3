//! Stub.

use crate::context::Context;
use whodenied_case::{Attempt, Verdict};

/// Judges one attempt.
pub(crate) fn judge(_attempt: &Attempt, _cx: &Context<'_>) -> Option<Verdict> {
    None
}
