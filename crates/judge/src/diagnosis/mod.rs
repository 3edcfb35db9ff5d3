//! Orders the verdicts as the kernel asks the layers, names the layer that refused, and says how
//! sure that is.

use crate::context::Context;
use crate::layers::judge_in;
use whodenied_case::Case;

/// Fills `Case::verdicts` and `Case::diagnoses`.
pub(crate) fn run(case: &mut Case) {
    let cx = Context { facts: &case.facts, trials: &case.trials, attempts: &case.attempts };
    let verdicts = case.attempts.iter().flat_map(|a| judge_in(a, &cx)).collect();
    case.verdicts = verdicts;
    for index in 0..case.diagnoses.len() {
        let known = crate::known::find(case, index);
        if let Some(diagnosis) = case.diagnoses.get_mut(index) {
            diagnosis.known_issue = known;
        }
    }
}
