//! Expressions with claims as an automaton with a table of permissions, minimised.

use super::claim::Claim;
use super::classes::Expression;
use super::determinise::determinise;
pub(super) use super::determinise::{Limits, TooComplex};
use super::nfa::Nfa;
use crate::dfa::{Dfa, START};
use crate::policy::{Database, Entry, Tags};
use std::collections::HashMap;

/// The automaton of these expressions. `combine` is told the distinct claims on a string, each with the place
/// of an expression that makes it, and says what they give.
///
/// # Errors
/// When a limit is met.
pub(super) fn database(
    expressions: &[Expression],
    limits: &Limits,
    mut combine: impl FnMut(&[(usize, &Claim)]) -> Entry,
) -> Result<Database, TooComplex> {
    let mut nfa = Nfa::default();
    let mut claims: Vec<(usize, &Claim)> = Vec::new();
    let mut numbers: HashMap<&Claim, u32> = HashMap::new();
    let mut starts = Vec::with_capacity(expressions.len());
    for (place, expression) in expressions.iter().enumerate() {
        let number = *numbers.entry(&expression.claim).or_insert_with(|| {
            claims.push((place, &expression.claim));
            claims.len() as u32 - 1
        });
        starts.push(nfa.add(&expression.re, number).ok_or(TooComplex)?);
    }
    starts.sort_unstable();
    starts.dedup();
    let mut entries = vec![Entry::default()];
    let mut by_entry: HashMap<Entry, u32> = HashMap::from([(Entry::default(), 0)]);
    let mut by_claims: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut here = Vec::new();
    let dfa = determinise(&nfa, &starts, limits, |ends| {
        if ends.is_empty() {
            return 0;
        }
        if let Some(accept) = by_claims.get(ends) {
            return *accept;
        }
        here.clear();
        here.extend(ends.iter().filter_map(|e| claims.get(*e as usize).copied()));
        let entry = combine(&here);
        let accept = *by_entry.entry(entry).or_insert_with(|| {
            entries.push(entry);
            entries.len() as u32 - 1
        });
        by_claims.insert(ends.to_vec(), accept);
        accept
    })?;
    let dfa: Dfa = dfa.minimise(&[], |accept| accept).dfa;
    Ok(Database {
        dfa,
        start: START,
        file_start: START,
        entries,
        transitions: Vec::new(),
        tags: Tags::default(),
    })
}
