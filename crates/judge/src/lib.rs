//! One file per layer: what the kernel checks and where, judged from facts; and the diagnosis
//! that orders and weighs the verdicts.

use whodenied_case::Case;

/// Asks every layer about every attempt and orders the answers: fills `Case::verdicts` and
/// `Case::diagnoses`, the culprit first.
pub fn judge(case: &mut Case) {
    let _ = case;
}
