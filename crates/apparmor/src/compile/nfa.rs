//! Many expressions as one nondeterministic automaton.
//!
//! States are made from the end of an expression to its beginning and never twice: what follows a state
//! is all that tells it apart, so rules that end alike and allow the same share their tails.

use super::glob::{ByteSet, Re};
use super::quick::Quick;
use std::collections::HashMap;

/// A state's number.
pub type State = u32;

/// What a state is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Reads a byte of a set, by the set's number.
    Read(u32, State),
    /// Reads the out-of-band symbol.
    OutOfBand(State),
    /// Goes on in any of these without reading.
    Split(Vec<State>),
    /// Ends with a number.
    Accept(u32),
    /// A loop's head: set once its body is made.
    Loop(u32),
}

/// The automaton.
#[derive(Debug, Default)]
pub struct Nfa {
    kinds: Vec<Kind>,
    known: HashMap<Kind, State, Quick>,
    /// Sets of bytes, each once.
    sets: Vec<ByteSet>,
    set_numbers: HashMap<ByteSet, u32, Quick>,
    loops: Vec<(State, State)>,
    /// Loops by body and continuation, so that equal ones are made once.
    stars: HashMap<(Re, State), State, Quick>,
}

/// More states than this are refused.
pub const MAX_STATES: usize = 4_000_000;

impl Nfa {
    /// How many states there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    fn set(&mut self, set: &ByteSet) -> u32 {
        if let Some(number) = self.set_numbers.get(set) {
            return *number;
        }
        let number = self.sets.len() as u32;
        self.sets.push(*set);
        self.set_numbers.insert(*set, number);
        number
    }

    /// The sets of bytes that states read.
    pub(super) fn sets(&self) -> &[ByteSet] {
        &self.sets
    }

    pub(super) fn kind(&self, state: State) -> Option<&Kind> {
        self.kinds.get(state as usize)
    }

    fn state(&mut self, kind: Kind) -> State {
        if let Some(state) = self.known.get(&kind) {
            return *state;
        }
        let state = self.kinds.len() as State;
        self.kinds.push(kind.clone());
        self.known.insert(kind, state);
        state
    }

    /// Adds an expression whose matches end in `accept`; the state it begins in. `None` when there would be
    /// too many states.
    pub fn add(&mut self, re: &Re, accept: u32) -> Option<State> {
        let end = self.state(Kind::Accept(accept));
        let start = self.before(re, end);
        (self.kinds.len() <= MAX_STATES).then_some(start)
    }

    /// The state that reads `re` and goes on with `next`.
    fn before(&mut self, re: &Re, next: State) -> State {
        if self.kinds.len() > MAX_STATES {
            return next;
        }
        match re {
            Re::Set(set) => {
                let number = self.set(set);
                self.state(Kind::Read(number, next))
            }
            Re::OutOfBand => self.state(Kind::OutOfBand(next)),
            Re::Cat(parts) => parts.iter().rev().fold(next, |next, part| self.before(part, next)),
            Re::Alt(all) => {
                let mut starts: Vec<State> = all.iter().map(|re| self.before(re, next)).collect();
                starts.sort_unstable();
                starts.dedup();
                match starts.as_slice() {
                    [one] => *one,
                    _ => self.state(Kind::Split(starts)),
                }
            }
            Re::Star(inner) => {
                let key = ((**inner).clone(), next);
                if let Some(state) = self.stars.get(&key) {
                    return *state;
                }
                let number = self.loops.len() as u32;
                let head = self.kinds.len() as State;
                self.kinds.push(Kind::Loop(number));
                self.loops.push((next, next));
                let body = self.before(inner, head);
                if let Some(slot) = self.loops.get_mut(number as usize) {
                    *slot = (body, next);
                }
                self.stars.insert(key, head);
                head
            }
        }
    }

    /// The states that read or accept which are reached from these without reading, sorted.
    #[must_use]
    pub fn closure(&self, from: &[State]) -> Vec<State> {
        let mut out = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut open = from.to_vec();
        while let Some(state) = open.pop() {
            if !seen.insert(state) {
                continue;
            }
            match self.kinds.get(state as usize) {
                Some(Kind::Read(..) | Kind::OutOfBand(_) | Kind::Accept(_)) => out.push(state),
                Some(Kind::Split(all)) => open.extend(all),
                Some(Kind::Loop(number)) => {
                    if let Some((body, next)) = self.loops.get(*number as usize) {
                        open.extend([*body, *next]);
                    }
                }
                None => {}
            }
        }
        out.sort_unstable();
        out
    }

    /// What a state reads and where it goes.
    #[must_use]
    pub fn reads(&self, state: State) -> Option<(ByteSet, State)> {
        match self.kinds.get(state as usize) {
            Some(Kind::Read(set, next)) => self.sets.get(*set as usize).map(|set| (*set, *next)),
            _ => None,
        }
    }

    /// What a state accepts.
    #[must_use]
    pub fn accepts(&self, state: State) -> Option<u32> {
        match self.kinds.get(state as usize) {
            Some(Kind::Accept(number)) => Some(*number),
            _ => None,
        }
    }
}

/// Whether an expression matches all of a string.
#[must_use]
pub fn matches(re: &Re, text: &[u8]) -> bool {
    let mut nfa = Nfa::default();
    let Some(start) = nfa.add(re, 0) else { return false };
    let mut states = nfa.closure(&[start]);
    for byte in text {
        let next: Vec<State> = states
            .iter()
            .filter_map(|s| nfa.reads(*s).filter(|(set, _)| set.contains(*byte)).map(|(_, next)| next))
            .collect();
        states = nfa.closure(&next);
        if states.is_empty() {
            return false;
        }
    }
    states.iter().any(|s| nfa.accepts(*s).is_some())
}
