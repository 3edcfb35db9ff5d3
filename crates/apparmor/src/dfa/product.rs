//! Two automata walked together: every pair of states that one string leads to, shortest strings first.

use super::{Dfa, StateId, Symbol};
use std::collections::HashMap;

/// The pair of states one string leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// In the first automaton.
    pub left: StateId,
    /// In the second.
    pub right: StateId,
}

/// The pairs that strings lead to, in the order of the shortest string of each. Of the strings of one
/// length, those with readable bytes come first.
#[derive(Debug, Clone)]
pub struct Product {
    pairs: Vec<Pair>,
    /// The pair before, and the symbol from there; the first pair refers to itself.
    before: Vec<(u32, Symbol)>,
}

/// More pairs than were allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the two policies together have too many states to compare")
    }
}

impl Product {
    /// Walks both from these states. At most `limit` pairs are held.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when there are more.
    pub fn new(left: (&Dfa, StateId), right: (&Dfa, StateId), limit: usize) -> Result<Self, TooLarge> {
        let first = Pair { left: left.1, right: right.1 };
        let mut product = Self { pairs: vec![first], before: vec![(0, Symbol::OutOfBand)] };
        let mut seen = HashMap::from([(first, 0u32)]);
        let order = preference();
        let mut rank = [0u8; 256];
        for (at, &byte) in order.iter().enumerate() {
            rank[usize::from(byte)] = at as u8;
        }
        let mut bytes: Vec<u8> = Vec::with_capacity(256);
        let mut at = 0;
        while let Some(&pair) = product.pairs.get(at) {
            bytes.clear();
            bytes.extend(left.0.edges(pair.left).iter().map(|e| e.byte));
            bytes.extend(right.0.edges(pair.right).iter().map(|e| e.byte));
            bytes.sort_unstable_by_key(|b| rank[usize::from(*b)]);
            bytes.dedup();
            // The first byte in order without an edge stands for all that take both defaults.
            if let Some(place) = (0..256).find(|&at| bytes.get(at) != order.get(at)) {
                bytes.insert(place, order[place]);
            }
            let symbols = bytes.iter().map(|b| Symbol::Byte(*b)).chain([Symbol::OutOfBand]);
            for symbol in symbols {
                let next =
                    Pair { left: left.0.step(pair.left, symbol), right: right.0.step(pair.right, symbol) };
                if let std::collections::hash_map::Entry::Vacant(slot) = seen.entry(next) {
                    if product.pairs.len() >= limit {
                        return Err(TooLarge);
                    }
                    slot.insert(product.pairs.len() as u32);
                    product.pairs.push(next);
                    product.before.push((at as u32, symbol));
                }
            }
            at += 1;
        }
        Ok(product)
    }

    /// The pairs, those with the shortest strings first. Their places are what [`Product::string`] takes.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The shortest string that leads to the pair at this place; empty for a place that is not there.
    #[must_use]
    pub fn string(&self, place: usize) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        let mut at = place;
        while at != 0
            && let Some(&(before, symbol)) = self.before.get(at)
        {
            symbols.push(symbol);
            // Pairs are found after the one they come from, so this ends.
            at = before as usize;
        }
        symbols.reverse();
        symbols
    }
}

/// Whether two automata give every string the same value; if not, the shortest string they differ on.
/// `left` and `right` say what an accept is worth.
///
/// # Errors
///
/// [`TooLarge`] when the product has more than `limit` pairs.
pub fn equivalent<V: PartialEq>(
    a: (&Dfa, StateId),
    b: (&Dfa, StateId),
    mut left: impl FnMut(u32) -> V,
    mut right: impl FnMut(u32) -> V,
    limit: usize,
) -> Result<Option<Vec<Symbol>>, TooLarge> {
    let product = Product::new(a, b, limit)?;
    let differs = product.pairs.iter().position(|p| left(a.0.accept(p.left)) != right(b.0.accept(p.right)));
    Ok(differs.map(|place| product.string(place)))
}

/// Bytes in the order a reader likes them: letters, digits, then what stands in paths, then the rest.
pub(crate) fn preference() -> [u8; 256] {
    let class = |b: u8| match b {
        b'a'..=b'z' => 0,
        b'0'..=b'9' => 1,
        b'/' | b'.' | b'_' | b'-' => 2,
        b'A'..=b'Z' => 3,
        0x21..=0x7e => 4,
        b' ' => 5,
        _ => 6,
    };
    let mut order: [u8; 256] = std::array::from_fn(|at| at as u8);
    order.sort_by_key(|b| (class(*b), *b));
    order
}
