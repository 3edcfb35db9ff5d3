//! One file per layer: what the kernel checks and where, judged from facts; and the diagnosis
//! that orders and weighs the verdicts.
//!
//! Deliberately absent: any reading of text (`intake` does that) and any fix (`remedy` does that).

mod context;
mod diagnosis;
mod known;
mod layers;
mod live;
mod policy;
mod prior;
mod say;
#[cfg(test)]
mod testing;

pub use known::match_known;
pub use layers::judge_all;
pub use live::files::{Told, told};

use whodenied_case::Case;

/// Asks every layer about every attempt and orders the answers: fills `Case::verdicts` and
/// `Case::diagnoses`, the culprit first.
pub fn judge(case: &mut Case) {
    diagnosis::run(case);
    let mut odd: Vec<String> = case.attempts.iter().filter_map(live::disagreement).collect();
    odd.extend(policy::disagreements(case));
    odd.sort();
    odd.dedup();
    case.missing.extend(odd);
}
