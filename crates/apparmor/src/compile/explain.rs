//! Which rules decide an answer, and for a refusal which came nearest.

use super::claim::Claim;
use super::classes::Expression;
use super::nfa::{self, Nfa};
use crate::rules::Decision;

/// The expressions that a profile was compiled from.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// Of the file database.
    pub file: Vec<Expression>,
    /// Of the policy database.
    pub policy: Vec<Expression>,
}

/// The rules that decide one permission on one string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deciding {
    /// What they say together.
    pub decision: Decision,
    /// The rules, by their index in the profile; those of equal rank that say the same. Empty for what no rule
    /// says by itself.
    pub rules: Vec<usize>,
}

/// A rule that does not allow what was asked, with how much of the string it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Its index in the profile.
    pub rule: usize,
    /// Bytes of the string that it follows.
    pub follows: usize,
    /// It matches the whole string, and does not say the permission.
    pub matches: bool,
}

impl Provenance {
    /// The rules that decide a permission (a bit as [`Claim::mask`] has it) on a string; `None` when none says
    /// anything of it.
    #[must_use]
    pub fn deciding(expressions: &[Expression], string: &[u8], permission: u64) -> Option<Deciding> {
        let about: Vec<(&Claim, Option<usize>)> = expressions
            .iter()
            .filter(|e| e.claim.mask & permission != 0 && nfa::matches(&e.re, string))
            .map(|e| (&e.claim, e.rule))
            .collect();
        let top = about.iter().map(|(claim, _)| claim.rank(permission)).max()?;
        let mut found = Deciding { decision: Decision::Allow, rules: Vec::new() };
        for (claim, rule) in about.iter().filter(|(claim, _)| claim.rank(permission) == top) {
            found.decision = claim.decision;
            if let Some(rule) = rule
                && !found.rules.contains(rule)
            {
                found.rules.push(*rule);
            }
        }
        Some(found)
    }

    /// The rules that come nearest to allowing a permission on a string: those that match it and do not say the
    /// permission, then those that say it and follow the string furthest. At most `most`.
    #[must_use]
    pub fn nearest(expressions: &[Expression], string: &[u8], permission: u64, most: usize) -> Vec<Near> {
        let mut found: Vec<Near> = Vec::new();
        for expression in expressions {
            let Some(rule) = expression.rule.filter(|_| expression.claim.decision != Decision::Deny) else {
                continue;
            };
            let (follows, matches) = follows(expression, string);
            if follows == 0 || (!matches && expression.claim.mask & permission == 0) {
                continue;
            }
            match found.iter_mut().find(|n| n.rule == rule) {
                Some(near) => {
                    near.follows = near.follows.max(follows);
                    near.matches |= matches;
                }
                None => found.push(Near { rule, follows, matches }),
            }
        }
        found.sort_by_key(|n| (!n.matches, std::cmp::Reverse(n.follows), n.rule));
        found.truncate(most);
        found
    }
}

/// How many bytes of a string an expression follows, and whether it matches all of it.
fn follows(expression: &Expression, string: &[u8]) -> (usize, bool) {
    let mut nfa = Nfa::default();
    let Some(start) = nfa.add(&expression.re, 0) else { return (0, false) };
    let mut states = nfa.closure(&[start]);
    for (at, byte) in string.iter().enumerate() {
        let next: Vec<nfa::State> = states
            .iter()
            .filter_map(|s| nfa.reads(*s).filter(|(set, _)| set.contains(*byte)).map(|(_, next)| next))
            .collect();
        states = nfa.closure(&next);
        if states.is_empty() {
            return (at, false);
        }
    }
    (string.len(), states.iter().any(|s| nfa.accepts(*s).is_some()))
}
