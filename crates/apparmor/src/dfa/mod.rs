//! A deterministic automaton over bytes, independent of how the kernel packs its tables.
//!
//! # Contract
//!
//! - State 0 ([`TRAP`]) is the state of "nothing matched": every symbol leads from it to itself. The
//!   kernel asks for it by number (`DFA_NOMATCH`), so reaching it means something of its own: a class of
//!   mediation whose first byte leads there is not mediated.
//! - State 1 ([`START`]) is where a walk begins unless the policy names another state.
//! - Every state is total: a byte without an edge of its own takes the state's default. Rows are kept in
//!   one canonical form (the default is the most frequent target, edges are sorted and never repeat the
//!   default), so two automata with the same states compare equal however they were made.
//! - Besides the 256 bytes there is one out-of-band symbol, which no string holds. The kernel takes it
//!   between a path and the values of its extended attributes. Without an edge it leads to the trap.
//! - Every state carries a number, its *accept*: an index into a table of permissions that the automaton
//!   knows nothing about (`policy::Database::entries`).
//!
//! Sources: the kernel's `security/apparmor/match.c` and `include/match.h`.

mod build;
mod classes;
mod minimise;
mod product;

pub use build::{BuildError, Builder};
pub use classes::ByteClasses;
pub use minimise::Minimised;
pub(crate) use product::preference;
pub use product::{Pair, Product, TooLarge, equivalent};

/// A state of one automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(pub u32);

impl StateId {
    /// As an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The state of "nothing matched".
pub const TRAP: StateId = StateId(0);
/// Where walks begin unless something else is said.
pub const START: StateId = StateId(1);
/// The kernel numbers states with 24 bits at most (`match.h`, `MAX_DFA_STATE`).
pub const MAX_STATES: usize = 1 << 24;

/// What an automaton reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A byte of the string.
    Byte(u8),
    /// The separator that is in no string.
    OutOfBand,
}

/// A byte that does not take its state's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The byte.
    pub byte: u8,
    /// Where it leads.
    pub next: StateId,
}

/// The automaton. Made by a [`Builder`]; never changed afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dfa {
    /// `first[s]..first[s + 1]` are the edges of state `s`.
    first: Vec<u32>,
    edges: Vec<Edge>,
    default: Vec<StateId>,
    out_of_band: Vec<StateId>,
    accept: Vec<u32>,
}

impl Dfa {
    /// The automaton that matches nothing: a trap and a start that leads there.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            first: vec![0; 3],
            edges: Vec::new(),
            default: vec![TRAP; 2],
            out_of_band: vec![TRAP; 2],
            accept: vec![0; 2],
        }
    }

    /// How many states there are, the trap among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accept.len()
    }

    /// Whether nothing can match: only the trap and a start.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() <= 2 && self.edges.is_empty()
    }

    /// How many edges there are, defaults not counted.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// The states in order.
    pub fn states(&self) -> impl ExactSizeIterator<Item = StateId> + use<> {
        (0..self.accept.len() as u32).map(StateId)
    }

    /// The bytes of a state that do not take its default, in order. Empty for a state that is not there.
    #[must_use]
    pub fn edges(&self, state: StateId) -> &[Edge] {
        let at = state.index();
        match (self.first.get(at), self.first.get(at + 1)) {
            (Some(&from), Some(&to)) => self.edges.get(from as usize..to as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Where every other byte leads.
    #[must_use]
    pub fn default(&self, state: StateId) -> StateId {
        self.default.get(state.index()).copied().unwrap_or(TRAP)
    }

    /// Where the out-of-band symbol leads.
    #[must_use]
    pub fn out_of_band(&self, state: StateId) -> StateId {
        self.out_of_band.get(state.index()).copied().unwrap_or(TRAP)
    }

    /// Whether any state has an out-of-band edge.
    #[must_use]
    pub fn has_out_of_band(&self) -> bool {
        self.out_of_band.iter().any(|s| *s != TRAP)
    }

    /// The state's index into the table of permissions.
    #[must_use]
    pub fn accept(&self, state: StateId) -> u32 {
        self.accept.get(state.index()).copied().unwrap_or(0)
    }

    /// One byte.
    #[must_use]
    pub fn next(&self, state: StateId, byte: u8) -> StateId {
        let edges = self.edges(state);
        match edges.binary_search_by_key(&byte, |e| e.byte) {
            Ok(at) => edges.get(at).map_or(TRAP, |e| e.next),
            Err(_) => self.default(state),
        }
    }

    /// One symbol.
    #[must_use]
    pub fn step(&self, state: StateId, symbol: Symbol) -> StateId {
        match symbol {
            Symbol::Byte(byte) => self.next(state, byte),
            Symbol::OutOfBand => self.out_of_band(state),
        }
    }

    /// A string. Ends early in the trap, which nothing leaves.
    #[must_use]
    pub fn walk(&self, from: StateId, bytes: &[u8]) -> StateId {
        let mut state = from;
        for &byte in bytes {
            if state == TRAP {
                break;
            }
            state = self.next(state, byte);
        }
        state
    }

    /// All 256 targets of a state.
    #[must_use]
    pub fn row(&self, state: StateId) -> [StateId; 256] {
        let mut row = [self.default(state); 256];
        for edge in self.edges(state) {
            row[usize::from(edge.byte)] = edge.next;
        }
        row
    }

    /// The states that any walk from these can reach, these among them, as a set indexed by state.
    #[must_use]
    pub fn reachable(&self, from: &[StateId]) -> Vec<bool> {
        let mut seen = vec![false; self.len()];
        let mut open = Vec::new();
        let mark = |state: StateId, seen: &mut Vec<bool>, open: &mut Vec<StateId>| {
            if let Some(flag) = seen.get_mut(state.index())
                && !*flag
            {
                *flag = true;
                open.push(state);
            }
        };
        for &state in from {
            mark(state, &mut seen, &mut open);
        }
        while let Some(state) = open.pop() {
            for edge in self.edges(state) {
                mark(edge.next, &mut seen, &mut open);
            }
            if self.edges(state).len() < 256 {
                mark(self.default(state), &mut seen, &mut open);
            }
            mark(self.out_of_band(state), &mut seen, &mut open);
        }
        seen
    }

    /// The states from which some state with `wanted` can be reached, as a set indexed by state.
    #[must_use]
    pub fn leading_to(&self, mut wanted: impl FnMut(StateId) -> bool) -> Vec<bool> {
        let mut back: Vec<Vec<u32>> = vec![Vec::new(); self.len()];
        for state in self.states() {
            let mut targets: Vec<StateId> = self.edges(state).iter().map(|e| e.next).collect();
            targets.extend([self.default(state), self.out_of_band(state)]);
            targets.sort_unstable();
            targets.dedup();
            for target in targets {
                if let Some(list) = back.get_mut(target.index()) {
                    list.push(state.0);
                }
            }
        }
        let mut seen: Vec<bool> = self.states().map(&mut wanted).collect();
        let mut open: Vec<usize> = (0..seen.len()).filter(|&s| seen[s]).collect();
        while let Some(state) = open.pop() {
            for &before in back.get(state).into_iter().flatten() {
                let before = before as usize;
                if let Some(flag) = seen.get_mut(before)
                    && !*flag
                {
                    *flag = true;
                    open.push(before);
                }
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests;
