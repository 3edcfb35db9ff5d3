//! What a profile could allow at all.

use super::confined;
use crate::dfa::TRAP;
use crate::policy::{Class, Profile};

/// Whether no string of a class, nor of a class that begins with `prefix` behind its byte, is allowed any of
/// `bits`: whatever was asked, it was refused. `false` for a class that is not mediated.
#[must_use]
pub fn never(profile: &Profile, class: Class, prefix: &[u8], bits: u32) -> bool {
    let Some(profile) = confined(profile) else { return false };
    let Some(db) = &profile.policy else { return false };
    let Some(start) = db.class(class) else { return false };
    let from = db.dfa.walk(start, prefix);
    if from == TRAP {
        return true;
    }
    let reached = db.dfa.reachable(&[from]);
    !db.dfa.states().zip(reached).any(|(state, met)| met && db.entry(state).owner.allow & bits != 0)
}
