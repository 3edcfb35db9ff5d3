//! The smallest automaton that tells the same strings apart (Hopcroft's partition refinement).

use super::{Builder, ByteClasses, Dfa, START, StateId, TRAP};
use std::collections::HashMap;
use std::hash::Hash;

/// An automaton made smaller.
#[derive(Debug, Clone)]
pub struct Minimised {
    /// The automaton. Every state's accept is that of one of the states it stands for.
    pub dfa: Dfa,
    /// Old state → new state; `None` for states that nothing asked for can reach.
    pub map: Vec<Option<StateId>>,
}

impl Dfa {
    /// Joins states that no string tells apart, and drops those that cannot be reached from the start or
    /// from `starts` (further states where walks begin).
    ///
    /// `value` says what tells accepts apart: states whose values are equal may become one. States that
    /// are worth the same as the trap and lead nowhere else become the trap. The start stays state 1.
    #[must_use]
    pub fn minimise<V: Eq + Hash>(&self, starts: &[StateId], mut value: impl FnMut(u32) -> V) -> Minimised {
        let mut roots = vec![TRAP, START];
        roots.extend_from_slice(starts);
        let reached = self.reachable(&roots);
        let old: Vec<StateId> = self.states().filter(|s| reached[s.index()]).collect();
        let mut dense = vec![u32::MAX; self.len()];
        for (at, state) in old.iter().enumerate() {
            dense[state.index()] = at as u32;
        }
        let mut values: HashMap<V, u32> = HashMap::new();
        let mut by_accept: HashMap<u32, u32> = HashMap::new();
        let initial: Vec<u32> = old
            .iter()
            .map(|&state| {
                *by_accept.entry(self.accept(state)).or_insert_with_key(|&accept| {
                    let next = values.len() as u32;
                    *values.entry(value(accept)).or_insert(next)
                })
            })
            .collect();
        let columns = self.columns(&old, &dense);
        let block = refine(&initial, values.len(), &columns);
        self.quotient(&old, &block)
    }

    /// For every class of bytes, and for the out-of-band symbol when it is used, where each state leads.
    fn columns(&self, old: &[StateId], dense: &[u32]) -> Vec<Vec<u32>> {
        let classes = ByteClasses::of(self);
        let mut columns = vec![vec![0; old.len()]; classes.count()];
        for (at, &state) in old.iter().enumerate() {
            let default = dense[self.default(state).index()];
            for column in &mut columns {
                column[at] = default;
            }
            for edge in self.edges(state) {
                columns[usize::from(classes.class(edge.byte))][at] = dense[edge.next.index()];
            }
            // A row whose edges cover every byte has no use for its default, which need not be reachable.
        }
        if self.has_out_of_band() {
            columns.push(old.iter().map(|&s| dense[self.out_of_band(s).index()]).collect());
        }
        columns
    }

    fn quotient(&self, old: &[StateId], block: &[u32]) -> Minimised {
        // New numbers in the order of the old states, so that the trap is 0 and the start is 1.
        let mut number: HashMap<u32, StateId> = HashMap::new();
        let mut members: Vec<StateId> = Vec::new();
        let start_is_trap = block.first() == block.get(1);
        for (at, &state) in old.iter().enumerate() {
            number.entry(block[at]).or_insert_with(|| {
                members.push(state);
                StateId(members.len() as u32 - 1)
            });
            if at == 1 && start_is_trap {
                members.push(state);
            }
        }
        let mut map = vec![None; self.len()];
        for (at, &state) in old.iter().enumerate() {
            map[state.index()] = number.get(&block[at]).copied();
        }
        if start_is_trap && let Some(slot) = map.get_mut(START.index()) {
            *slot = Some(START);
        }
        let to = |state: StateId| match map.get(state.index()).copied().flatten() {
            Some(START) if start_is_trap => TRAP,
            Some(new) => new,
            None => TRAP,
        };
        let mut builder = Builder::new(self.accept(TRAP));
        for &state in members.iter().skip(1) {
            builder.state(
                self.accept(state),
                to(self.default(state)),
                self.edges(state).iter().map(|e| (e.byte, to(e.next))),
                to(self.out_of_band(state)),
            );
        }
        // Targets are blocks, all of which were numbered.
        Minimised { dfa: builder.build().unwrap_or_else(|_| self.clone()), map }
    }
}

/// The coarsest partition finer than `initial` that every column respects. Returns the block of each state.
fn refine(initial: &[u32], blocks: usize, columns: &[Vec<u32>]) -> Vec<u32> {
    let states = initial.len();
    let inverse: Vec<Inverse> = columns.iter().map(|c| Inverse::of(c)).collect();
    let mut partition = Partition::new(initial, blocks);
    // All blocks but the largest suffice as first splitters.
    let largest = (0..partition.len()).max_by_key(|&b| partition.size(b)).unwrap_or(0);
    let mut waiting: Vec<bool> = (0..partition.len()).map(|b| b != largest).collect();
    let mut queue: Vec<usize> = (0..partition.len()).filter(|&b| b != largest).collect();
    let mut splitter = Vec::with_capacity(states);
    while let Some(block) = queue.pop() {
        waiting[block] = false;
        splitter.clear();
        splitter.extend_from_slice(partition.members(block));
        for inverse in &inverse {
            for &state in &splitter {
                for &before in inverse.sources(state) {
                    partition.mark(before);
                }
            }
            partition.split(|old, new, new_is_smaller| {
                waiting.push(false);
                let put = if waiting[old] || new_is_smaller { new } else { old };
                if !waiting[put] {
                    waiting[put] = true;
                    queue.push(put);
                }
            });
        }
    }
    (0..states).map(|s| partition.block[s]).collect()
}

/// Who leads to a state on one symbol.
struct Inverse {
    first: Vec<u32>,
    sources: Vec<u32>,
}

impl Inverse {
    fn of(column: &[u32]) -> Self {
        let mut first = vec![0u32; column.len() + 1];
        for &target in column {
            first[target as usize + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut fill = first.clone();
        let mut sources = vec![0; column.len()];
        for (source, &target) in column.iter().enumerate() {
            let slot = &mut fill[target as usize];
            sources[*slot as usize] = source as u32;
            *slot += 1;
        }
        Self { first, sources }
    }

    fn sources(&self, state: u32) -> &[u32] {
        &self.sources[self.first[state as usize] as usize..self.first[state as usize + 1] as usize]
    }
}

/// Blocks as ranges of one permutation of the states; marked members stand first in their block.
struct Partition {
    order: Vec<u32>,
    place: Vec<u32>,
    block: Vec<u32>,
    range: Vec<(u32, u32)>,
    marked: Vec<u32>,
    touched: Vec<u32>,
}

impl Partition {
    fn new(initial: &[u32], blocks: usize) -> Self {
        let mut order: Vec<u32> = (0..initial.len() as u32).collect();
        order.sort_by_key(|&s| initial[s as usize]);
        let mut place = vec![0; order.len()];
        let mut range = vec![(0, 0); blocks];
        for (at, &state) in order.iter().enumerate() {
            place[state as usize] = at as u32;
            let range = &mut range[initial[state as usize] as usize];
            if range.0 == range.1 {
                range.0 = at as u32;
            }
            range.1 = at as u32 + 1;
        }
        Self { order, place, block: initial.to_vec(), range, marked: vec![0; blocks], touched: Vec::new() }
    }

    fn len(&self) -> usize {
        self.range.len()
    }

    fn size(&self, block: usize) -> u32 {
        self.range[block].1 - self.range[block].0
    }

    fn members(&self, block: usize) -> &[u32] {
        &self.order[self.range[block].0 as usize..self.range[block].1 as usize]
    }

    fn mark(&mut self, state: u32) {
        let block = self.block[state as usize];
        let marked = &mut self.marked[block as usize];
        let border = self.range[block as usize].0 + *marked;
        let at = self.place[state as usize];
        if at < border {
            return;
        }
        if *marked == 0 {
            self.touched.push(block);
        }
        *marked += 1;
        let other = self.order[border as usize];
        self.order.swap(border as usize, at as usize);
        self.place[other as usize] = at;
        self.place[state as usize] = border;
    }

    /// Parts the marked from the unmarked in every block that was touched. `parted` hears the old block,
    /// the new one, and whether the new one is the smaller.
    fn split(&mut self, mut parted: impl FnMut(usize, usize, bool)) {
        for block in std::mem::take(&mut self.touched) {
            let old = block as usize;
            let marked = std::mem::take(&mut self.marked[old]);
            let (from, to) = self.range[old];
            if from + marked == to {
                continue;
            }
            let new = self.range.len();
            self.range.push((from, from + marked));
            self.range[old].0 = from + marked;
            self.marked.push(0);
            for &state in &self.order[from as usize..(from + marked) as usize] {
                self.block[state as usize] = new as u32;
            }
            parted(old, new, marked <= to - from - marked);
        }
    }
}
