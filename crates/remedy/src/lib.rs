//! Least-privilege fixes per layer, spelled per runtime, with what they widen.

use whodenied_case::Case;

/// Offers fixes for every diagnosis, the least first: fills `remedies`, `stays_blocked` and
/// `shortcut` of each.
pub fn offer(case: &mut Case) {
    let _ = case;
}
