//! Least-privilege fixes per layer, spelled per runtime, with what they widen.
//!
//! Deliberately absent: any reading of text, any judgement of which layer refused, and any change
//! of a machine.

mod fix;
mod guard;
mod layers;
mod live;
mod path;
mod place;
mod shortcut;
mod spell;
mod text;
mod upgrade;

#[cfg(test)]
mod tests;

pub use live::remedies;

use place::Ctx;
use whodenied_case::{Attempt, Case};

/// Offers fixes for every diagnosis, the least first: fills `remedies`, `stays_blocked` and
/// `shortcut` of each.
pub fn offer(case: &mut Case) {
    let mut offers = Vec::with_capacity(case.diagnoses.len());
    for diagnosis in &case.diagnoses {
        let unknown = Attempt::new(diagnosis.attempt);
        let attempt = case.attempt(diagnosis.attempt).unwrap_or(&unknown);
        let ctx = Ctx::new(case, diagnosis, attempt);
        let offer = layers::offer(&ctx);
        offers.push((guard::tidy(offer.remedies), offer.stays_blocked, shortcut::sentence(&ctx)));
    }
    for (diagnosis, (remedies, stays_blocked, shortcut)) in case.diagnoses.iter_mut().zip(offers) {
        diagnosis.remedies = remedies;
        diagnosis.stays_blocked = stays_blocked;
        diagnosis.shortcut = shortcut;
    }
}
