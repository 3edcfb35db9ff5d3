//! Subsets of states as states: a deterministic automaton, with a limit on its size.

use super::glob::ByteSet;
use super::nfa::{Nfa, State};
use crate::dfa::{Builder, Dfa, StateId, TRAP};
use std::collections::HashMap;
use std::rc::Rc;

/// The automaton would have more states than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooComplex;

/// How much is made at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// States of one automaton, before it is minimised.
    pub states: usize,
    /// Edges of one automaton, before it is minimised: 8 bytes each.
    pub edges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states: 1 << 20, edges: 1 << 24 }
    }
}

/// A deterministic automaton from these starting states. `accept` is told, for each state, the numbers
/// that end there (sorted, none for most), and gives the state's accept; 0 is what the trap has.
///
/// # Errors
/// When a limit is met.
pub fn determinise(
    nfa: &Nfa,
    starts: &[State],
    limits: &Limits,
    mut accept: impl FnMut(&[u32]) -> u32,
) -> Result<Dfa, TooComplex> {
    let mut builder = Builder::new(0);
    let mut work = Work {
        nfa,
        closures: vec![None; nfa.len()],
        numbers: HashMap::new(),
        sets: Vec::new(),
        mark: vec![0; nfa.len()],
        round: 0,
    };
    let start: Rc<[State]> = nfa.closure(starts).into();
    work.numbers.insert(Rc::clone(&start), StateId(1));
    work.sets.push(start);
    let mut at = 0;
    let mut ends = Vec::new();
    while let Some(set) = work.sets.get(at).cloned() {
        at += 1;
        if work.sets.len() > limits.states || builder.edges() > limits.edges {
            return Err(TooComplex);
        }
        ends.clear();
        ends.extend(set.iter().filter_map(|s| nfa.accepts(*s)));
        ends.sort_unstable();
        ends.dedup();
        let value = accept(&ends);
        let (default, edges) = work.row(&set);
        let separated: Vec<State> = set.iter().filter_map(|s| nfa.out_of_band(*s)).collect();
        let out_of_band = work.number(&separated);
        builder.state(value, default, edges, out_of_band);
    }
    builder.build().map_err(|_| TooComplex)
}

struct Work<'n> {
    nfa: &'n Nfa,
    closures: Vec<Option<Rc<[State]>>>,
    numbers: HashMap<Rc<[State]>, StateId>,
    sets: Vec<Rc<[State]>>,
    /// Which states the set being made holds already, by round.
    mark: Vec<u32>,
    round: u32,
}

impl Work<'_> {
    fn closure(&mut self, state: State) -> Rc<[State]> {
        let slot = &mut self.closures[state as usize];
        Rc::clone(slot.get_or_insert_with(|| self.nfa.closure(&[state]).into()))
    }

    /// The number of the set of states that these lead to without reading.
    fn number(&mut self, targets: &[State]) -> StateId {
        if targets.is_empty() {
            return TRAP;
        }
        let set: Rc<[State]> = if let [one] = targets {
            self.closure(*one)
        } else {
            self.round += 1;
            let mut set = Vec::with_capacity(targets.len());
            for target in targets {
                for state in self.closure(*target).iter() {
                    let mark = &mut self.mark[*state as usize];
                    if *mark != self.round {
                        *mark = self.round;
                        set.push(*state);
                    }
                }
            }
            set.sort_unstable();
            set.into()
        };
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        let number = StateId(self.sets.len() as u32 + 1);
        self.numbers.insert(Rc::clone(&set), number);
        self.sets.push(set);
        number
    }

    /// Where a set's bytes lead: most of them to the default.
    fn row(&mut self, set: &[State]) -> (StateId, Vec<(u8, StateId)>) {
        // Literal bytes are most of what is read; wide sets are few and repeat.
        let mut singles: Vec<(u8, State)> = Vec::new();
        let mut wide: Vec<(ByteSet, Vec<State>)> = Vec::new();
        for state in set {
            let Some((bytes, next)) = self.nfa.reads(*state) else { continue };
            if let Some(byte) = bytes.single() {
                singles.push((byte, next));
            } else if let Some((_, targets)) = wide.iter_mut().find(|(b, _)| *b == bytes) {
                targets.push(next);
            } else {
                wide.push((bytes, vec![next]));
            }
        }
        singles.sort_unstable();
        let mut targets = Vec::new();
        if wide.is_empty() {
            let mut edges = Vec::new();
            for group in singles.chunk_by(|a, b| a.0 == b.0) {
                targets.clear();
                targets.extend(group.iter().map(|(_, t)| *t));
                if let Some((byte, _)) = group.first() {
                    edges.push((*byte, self.number(&targets)));
                }
            }
            return (TRAP, edges);
        }
        // Bytes that the same wide sets hold, and no literal names, lead to the same state.
        let mut by_membership: Vec<(u64, StateId)> = Vec::new();
        let mut rows = [TRAP; 256];
        let mut single = singles.chunk_by(|a, b| a.0 == b.0).peekable();
        for byte in 0..=255_u8 {
            let mut membership = 0_u64;
            for (i, (bytes, _)) in wide.iter().enumerate() {
                if bytes.contains(byte) {
                    membership |= 1 << (i % 64);
                }
            }
            let group = single.next_if(|g| g.first().is_some_and(|(b, _)| *b == byte));
            let plain = wide.len() <= 64 && group.is_none();
            let known = by_membership.iter().find(|(m, _)| *m == membership).filter(|_| plain);
            rows[usize::from(byte)] = if let Some((_, number)) = known {
                *number
            } else {
                targets.clear();
                targets.extend(group.into_iter().flatten().map(|(_, t)| *t));
                for (bytes, next) in &wide {
                    if bytes.contains(byte) {
                        targets.extend(next);
                    }
                }
                let number = self.number(&targets);
                if plain {
                    by_membership.push((membership, number));
                }
                number
            };
        }
        // The commonest of what wide sets lead to is the default.
        let default = by_membership
            .iter()
            .max_by_key(|(_, n)| rows.iter().filter(|r| *r == n).count())
            .map_or(TRAP, |(_, n)| *n);
        let edges = (0..=255_u8).zip(rows).filter(|(_, n)| *n != default).collect();
        (default, edges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::glob::{self, Kind};
    use crate::dfa::START;
    use proptest::prelude::*;

    #[test]
    fn too_large_automata_are_refused() {
        let mut nfa = Nfa::default();
        let starts: Vec<State> = (0..12)
            .map(|i| {
                let text = format!("/{}a{}", "*".repeat(2), "?".repeat(i + 8));
                nfa.add(&glob::parse(&text, Kind::Path).unwrap().re, i as u32).unwrap()
            })
            .collect();
        assert_eq!(
            determinise(&nfa, &starts, &Limits { states: 2_000, ..Limits::default() }, |_| 1),
            Err(TooComplex)
        );
    }

    proptest! {
        #[test]
        fn every_pattern_is_matched_as_by_itself(
            patterns in proptest::collection::vec("/[ab/*?]{0,4}(\\{a,b/\\*\\}|\\[ab\\]|\\[\\^a\\]|)[ab*]{0,3}", 1..4),
            paths in proptest::collection::vec("/[abc/]{0,6}", 8),
        ) {
            let parsed: Vec<_> = patterns.iter().map(|p| glob::parse(p, Kind::Path).unwrap().re).collect();
            let mut nfa = Nfa::default();
            let starts: Vec<State> = parsed.iter().enumerate().map(|(i, re)| nfa.add(re, i as u32).unwrap()).collect();
            let dfa = determinise(&nfa, &starts, &Limits::default(), |ends| ends.iter().map(|e| 1 << e).sum()).unwrap();
            for path in &paths {
                let got = dfa.accept(dfa.walk(START, path.as_bytes()));
                let want: u32 = parsed.iter().enumerate()
                    .filter(|(_, re)| crate::compile::nfa::matches(re, path.as_bytes())).map(|(i, _)| 1 << i).sum();
                prop_assert_eq!(got, want, "{} {:?}", path, patterns);
            }
        }
    }
}
