//! An automaton's strings as patterns a person can read, shortest first.
//!
//! Parts of the automaton that go round in a circle are written `*` (without `/`) or `**`, other choices of
//! bytes as sets. The patterns are a reading aid: they match at least what the automaton does. What decides is
//! always the automaton.

use crate::dfa::{Dfa, StateId, TRAP};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};

/// Patterns, and whether there are more than were looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Patterns {
    /// The pattern and the state it ends in.
    pub(super) found: Vec<(String, StateId)>,
    pub(super) more: bool,
}

/// The patterns of strings that end in a state that is wanted; at most `most`. `stop` ends a string before
/// this byte.
pub(super) fn patterns(
    dfa: &Dfa,
    from: StateId,
    most: usize,
    stop: Option<u8>,
    mut wanted: impl FnMut(StateId) -> bool,
) -> Patterns {
    const STEPS: usize = 20_000;
    let useful = dfa.leading_to(&mut wanted);
    let circles = Circles::of(dfa, from);
    let mut out = Patterns::default();
    let mut told: HashSet<(String, StateId)> = HashSet::new();
    let mut seen: HashSet<(String, u32)> = HashSet::new();
    let mut heap = BinaryHeap::from([(Reverse(0usize), Reverse(String::new()), from.0)]);
    let mut steps = 0;
    while let Some((_, Reverse(text), state)) = heap.pop() {
        steps += 1;
        if out.found.len() >= most || steps > STEPS {
            out.more = true;
            break;
        }
        let here = StateId(state);
        let members = circles.members(here);
        let circle = circles.is_circle(dfa, here);
        let text = if circle {
            let crosses = members.iter().any(|m| {
                let to = dfa.next(*m, b'/');
                to != TRAP && circles.number(to) == circles.number(here)
            });
            let star = if crosses { "**" } else { "*" };
            if text.ends_with(star) { text } else { format!("{text}{star}") }
        } else {
            text
        };
        for &member in members.iter().filter(|m| circle || **m == here) {
            if wanted(member) && told.insert((text.clone(), member)) {
                out.found.push((text.clone(), member));
            }
            for (target, set) in targets(dfa, member, stop) {
                if target == TRAP
                    || (circle && circles.number(target) == circles.number(here))
                    || useful.get(target.index()) != Some(&true)
                {
                    continue;
                }
                let next = format!("{text}{}", token(&set));
                if next.len() < 400 && seen.insert((next.clone(), target.0)) {
                    heap.push((Reverse(next.len()), Reverse(next), target.0));
                }
            }
        }
    }
    out
}

/// Where a state leads and by which bytes.
fn targets(dfa: &Dfa, state: StateId, stop: Option<u8>) -> BTreeMap<StateId, Vec<u8>> {
    let mut by: BTreeMap<StateId, Vec<u8>> = BTreeMap::new();
    for (byte, target) in (0..=255u8).zip(dfa.row(state)) {
        if Some(byte) != stop {
            by.entry(target).or_default().push(byte);
        }
    }
    by
}

/// A set of bytes as a glob writes it.
pub(super) fn token(set: &[u8]) -> String {
    let one = |byte: u8| match byte {
        b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b'\\' | b'^' => format!("\\{}", byte as char),
        0x21..=0x7e => (byte as char).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    let ranges = |set: &[u8]| {
        let mut out = String::new();
        for run in set.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
            match run {
                [a, .., b] if run.len() > 2 => out.push_str(&format!("{}-{}", one(*a), one(*b))),
                _ => run.iter().for_each(|b| out.push_str(&one(*b))),
            }
        }
        out
    };
    match set {
        [byte] => one(*byte),
        _ if set.len() > 128 => {
            let left: Vec<u8> = (1..=255u8).filter(|b| !set.contains(b)).collect();
            match left.as_slice() {
                [] | [b'/'] => "?".to_owned(),
                _ => format!("[^{}]", ranges(&left)),
            }
        }
        _ => format!("[{}]", ranges(set)),
    }
}

/// The strongly connected parts of what can be reached.
struct Circles {
    number: Vec<u32>,
    members: Vec<Vec<StateId>>,
}

impl Circles {
    /// Tarjan's algorithm without recursion.
    fn of(dfa: &Dfa, from: StateId) -> Self {
        let size = dfa.len();
        let (mut index, mut low) = (vec![u32::MAX; size], vec![0u32; size]);
        let mut number = vec![u32::MAX; size];
        let mut members: Vec<Vec<StateId>> = Vec::new();
        let (mut stack, mut on) = (Vec::new(), vec![false; size]);
        let mut next = 0u32;
        let followers = |state: StateId| {
            let mut to: Vec<StateId> = dfa.edges(state).iter().map(|e| e.next).collect();
            to.push(dfa.default(state));
            to.sort_unstable();
            to.dedup();
            to
        };
        let mut work: Vec<(StateId, Vec<StateId>)> = Vec::new();
        let mut enter = |state: StateId,
                         index: &mut Vec<u32>,
                         low: &mut Vec<u32>,
                         stack: &mut Vec<StateId>,
                         on: &mut Vec<bool>| {
            index[state.index()] = next;
            low[state.index()] = next;
            next += 1;
            stack.push(state);
            on[state.index()] = true;
        };
        if from.index() < size {
            enter(from, &mut index, &mut low, &mut stack, &mut on);
            work.push((from, followers(from)));
        }
        while let Some((state, rest)) = work.last_mut() {
            let state = *state;
            if let Some(to) = rest.pop() {
                if index[to.index()] == u32::MAX {
                    enter(to, &mut index, &mut low, &mut stack, &mut on);
                    work.push((to, followers(to)));
                } else if on[to.index()] {
                    low[state.index()] = low[state.index()].min(index[to.index()]);
                }
                continue;
            }
            work.pop();
            if let Some((before, _)) = work.last() {
                low[before.index()] = low[before.index()].min(low[state.index()]);
            }
            if low[state.index()] == index[state.index()] {
                let mut part = Vec::new();
                while let Some(member) = stack.pop() {
                    on[member.index()] = false;
                    number[member.index()] = members.len() as u32;
                    part.push(member);
                    if member == state {
                        break;
                    }
                }
                part.sort_unstable();
                members.push(part);
            }
        }
        Self { number, members }
    }

    fn number(&self, state: StateId) -> u32 {
        self.number.get(state.index()).copied().unwrap_or(u32::MAX)
    }

    fn members(&self, state: StateId) -> &[StateId] {
        self.members.get(self.number(state) as usize).map_or(&[], Vec::as_slice)
    }

    fn is_circle(&self, dfa: &Dfa, state: StateId) -> bool {
        self.members(state).len() > 1
            || dfa.default(state) == state
            || dfa.edges(state).iter().any(|e| e.next == state)
    }
}
