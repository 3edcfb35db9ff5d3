//! Making an automaton, state by state.

use super::{Dfa, Edge, MAX_STATES, StateId, TRAP};

/// Why what was described is no automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildError {
    /// More than [`MAX_STATES`].
    TooManyStates,
    /// An edge leads to a state that was never added.
    NoSuchState {
        /// From where.
        from: StateId,
        /// To where.
        to: StateId,
    },
    /// The trap has an edge out of it.
    TrapLeads,
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooManyStates => f.write_str("more states than the kernel can number"),
            Self::NoSuchState { from, to } => {
                write!(f, "state {} leads to state {}, which is not there", from.0, to.0)
            }
            Self::TrapLeads => f.write_str("the state of no match has a transition"),
        }
    }
}

/// Describes states in order. The trap (0) is there from the beginning and the first state added is the
/// start (1); [`Builder::build`] adds an empty start when none was.
#[derive(Debug, Clone)]
pub struct Builder {
    first: Vec<u32>,
    edges: Vec<Edge>,
    default: Vec<StateId>,
    out_of_band: Vec<StateId>,
    accept: Vec<u32>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Builder {
    /// With the trap only, whose accept is given.
    #[must_use]
    pub fn new(trap_accept: u32) -> Self {
        Self {
            first: vec![0],
            edges: Vec::new(),
            default: vec![TRAP],
            out_of_band: vec![TRAP],
            accept: vec![trap_accept],
        }
    }

    /// The number the next state will get.
    #[must_use]
    pub fn upcoming(&self) -> StateId {
        StateId(self.accept.len() as u32)
    }

    /// How many edges were added.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// Adds a state: what it accepts, where bytes without an edge lead, its edges in any order (the last
    /// one of a byte counts), and where the out-of-band symbol leads. Targets may be added later.
    pub fn state(
        &mut self,
        accept: u32,
        default: StateId,
        edges: impl IntoIterator<Item = (u8, StateId)>,
        out_of_band: StateId,
    ) -> StateId {
        let id = self.upcoming();
        let mut row: Vec<Edge> = edges.into_iter().map(|(byte, next)| Edge { byte, next }).collect();
        if !row.is_sorted_by(|a, b| a.byte < b.byte) {
            // A stable sort keeps the order given within a byte, so the last of each is the one that counts.
            row.sort_by_key(|e| e.byte);
            row = last_of_each(&row);
        }
        self.push(accept, default, &row, out_of_band);
        id
    }

    /// Adds a state by all of its 256 targets.
    pub fn row(&mut self, accept: u32, row: &[StateId; 256], out_of_band: StateId) -> StateId {
        let id = self.upcoming();
        let default = commonest(row);
        let edges: Vec<Edge> = (0..=255u8)
            .zip(row)
            .filter(|(_, n)| **n != default)
            .map(|(byte, &next)| Edge { byte, next })
            .collect();
        self.append(accept, default, &edges, out_of_band);
        id
    }

    fn push(&mut self, accept: u32, default: StateId, row: &[Edge], out_of_band: StateId) {
        // With fewer edges than half of all bytes the default is the commonest target for certain.
        if row.len() < 128 {
            let edges: Vec<Edge> = row.iter().copied().filter(|e| e.next != default).collect();
            self.append(accept, default, &edges, out_of_band);
        } else {
            let mut full = [default; 256];
            for edge in row {
                full[usize::from(edge.byte)] = edge.next;
            }
            self.row(accept, &full, out_of_band);
        }
    }

    fn append(&mut self, accept: u32, default: StateId, edges: &[Edge], out_of_band: StateId) {
        self.first.push(self.edges.len() as u32);
        self.edges.extend_from_slice(edges);
        self.default.push(default);
        self.out_of_band.push(out_of_band);
        self.accept.push(accept);
    }

    /// The automaton.
    ///
    /// # Errors
    ///
    /// When there are too many states, or an edge leads nowhere.
    pub fn build(mut self) -> Result<Dfa, BuildError> {
        if self.accept.len() < 2 {
            self.append(0, TRAP, &[], TRAP);
        }
        let states = self.accept.len();
        if states > MAX_STATES || u32::try_from(self.edges.len()).is_err() {
            return Err(BuildError::TooManyStates);
        }
        self.first.push(self.edges.len() as u32);
        let dfa = Dfa {
            first: self.first,
            edges: self.edges,
            default: self.default,
            out_of_band: self.out_of_band,
            accept: self.accept,
        };
        for from in dfa.states() {
            let targets = dfa.edges(from).iter().map(|e| e.next);
            for to in targets.chain([dfa.default(from), dfa.out_of_band(from)]) {
                if to.index() >= states {
                    return Err(BuildError::NoSuchState { from, to });
                }
            }
        }
        Ok(dfa)
    }
}

fn last_of_each(sorted: &[Edge]) -> Vec<Edge> {
    let mut row: Vec<Edge> = Vec::with_capacity(sorted.len());
    for &edge in sorted {
        match row.last_mut() {
            Some(last) if last.byte == edge.byte => *last = edge,
            _ => row.push(edge),
        }
    }
    row
}

/// The target that most bytes lead to; of several, the smallest.
fn commonest(row: &[StateId; 256]) -> StateId {
    let mut sorted = *row;
    sorted.sort_unstable();
    let mut best = (0, TRAP);
    for run in sorted.chunk_by(|a, b| a == b) {
        if let Some(&state) = run.first()
            && run.len() > best.0
        {
            best = (run.len(), state);
        }
    }
    best.1
}
