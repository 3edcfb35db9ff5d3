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
        let mut values: HashMap<V, u32> = HashMap::new();
        let mut by_accept: HashMap<u32, u32> = HashMap::new();
        let mut worth = |accept: u32| {
            *by_accept.entry(accept).or_insert_with(|| {
                let next = values.len() as u32;
                *values.entry(value(accept)).or_insert(next)
            })
        };
        let nothing = worth(self.accept(TRAP));
        let worths: Vec<u32> = self.states().map(|state| worth(self.accept(state))).collect();
        let leads = self.leading_to(|state| worths[state.index()] != nothing);
        // What leads nowhere is the trap, and has no place among the states that are told apart.
        let live: Vec<StateId> =
            self.states().filter(|s| *s != TRAP && reached[s.index()] && leads[s.index()]).collect();
        let mut dense = vec![DEAD; self.len()];
        for (at, state) in live.iter().enumerate() {
            dense[state.index()] = at as u32;
        }
        let mut names: HashMap<u32, u32> = HashMap::new();
        let initial: Vec<u32> = live
            .iter()
            .map(|state| {
                let next = names.len() as u32;
                *names.entry(worths[state.index()]).or_insert(next)
            })
            .collect();
        let block = refine(&initial, names.len(), &self.sources(&live, &dense));
        self.quotient(&live, &dense, &reached, &block)
    }

    /// Who leads to each live state, and on which class of bytes; the out-of-band symbol is a class of its own.
    fn sources(&self, live: &[StateId], dense: &[u32]) -> Sources {
        let classes = ByteClasses::of(self);
        let count = classes.count();
        let mut out = Sources { classes: count + 1, first: vec![0; live.len() + 1], edges: Vec::new() };
        // Each of two passes tells every edge between live states: the first counts, the second fills.
        let mut row = vec![DEAD; count];
        let mut each = |out: &mut Sources, tell: &mut dyn FnMut(&mut Sources, u32, u16, u32)| {
            for (source, &state) in live.iter().enumerate() {
                let source = source as u32;
                let default = dense[self.default(state).index()];
                if default == DEAD {
                    for edge in self.edges(state) {
                        let class = classes.class(edge.byte);
                        // Bytes of one class lead to one state; told once.
                        if classes.representatives().get(usize::from(class)) == Some(&edge.byte) {
                            let target = dense[edge.next.index()];
                            if target != DEAD {
                                tell(out, target, class.into(), source);
                            }
                        }
                    }
                } else {
                    row.fill(default);
                    for edge in self.edges(state) {
                        row[usize::from(classes.class(edge.byte))] = dense[edge.next.index()];
                    }
                    for (class, target) in row.iter().enumerate() {
                        if *target != DEAD {
                            tell(out, *target, class as u16, source);
                        }
                    }
                }
                let separated = dense[self.out_of_band(state).index()];
                if separated != DEAD {
                    tell(out, separated, count as u16, source);
                }
            }
        };
        each(&mut out, &mut |out, target, _, _| out.first[target as usize + 1] += 1);
        for at in 1..out.first.len() {
            out.first[at] += out.first[at - 1];
        }
        out.edges = vec![(0, 0); out.first.last().copied().unwrap_or(0) as usize];
        let mut fill = out.first.clone();
        each(&mut out, &mut |out, target, class, source| {
            let slot = &mut fill[target as usize];
            out.edges[*slot as usize] = (class, source);
            *slot += 1;
        });
        out
    }

    fn quotient(&self, live: &[StateId], dense: &[u32], reached: &[bool], block: &[u32]) -> Minimised {
        // New numbers in the order of the old states: the start, where it is live, is the first of them.
        let mut number: Vec<Option<StateId>> = vec![None; live.len()];
        let mut members: Vec<StateId> = Vec::new();
        let start_is_live = dense.get(START.index()).is_some_and(|d| *d != DEAD);
        if !start_is_live {
            members.push(START);
        }
        for (at, &state) in live.iter().enumerate() {
            let slot = &mut number[block[at] as usize];
            if slot.is_none() {
                members.push(state);
                *slot = Some(StateId(members.len() as u32));
            }
        }
        let to = |state: StateId| match dense.get(state.index()) {
            Some(&at) if at != DEAD => number[block[at as usize] as usize].unwrap_or(TRAP),
            _ => TRAP,
        };
        let mut map: Vec<Option<StateId>> =
            self.states().map(|state| reached[state.index()].then(|| to(state))).collect();
        if !start_is_live && let Some(slot) = map.get_mut(START.index()) {
            *slot = Some(START);
        }
        let mut builder = Builder::new(self.accept(TRAP));
        for &state in &members {
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

/// The number of a state that is not live.
const DEAD: u32 = u32::MAX;

/// Edges between live states by their targets.
struct Sources {
    classes: usize,
    /// `first[t]..first[t + 1]` are the edges to `t`: class and source.
    first: Vec<u32>,
    edges: Vec<(u16, u32)>,
}

/// The coarsest partition finer than `initial` that every class respects. Returns the block of each state.
///
/// Edges to what is not live are left out, so every initial block has to be a splitter once; when a block that
/// was one is parted, the smaller part suffices, for its states agree on the whole already.
fn refine(initial: &[u32], blocks: usize, sources: &Sources) -> Vec<u32> {
    let mut partition = Partition::new(initial, blocks);
    let mut waiting = vec![true; partition.len()];
    let mut queue: Vec<usize> = (0..partition.len()).collect();
    let mut by_class: Vec<Vec<u32>> = vec![Vec::new(); sources.classes];
    let mut touched: Vec<u16> = Vec::new();
    while let Some(block) = queue.pop() {
        waiting[block] = false;
        for &state in partition.members(block) {
            let (from, to) = (sources.first[state as usize], sources.first[state as usize + 1]);
            for &(class, source) in &sources.edges[from as usize..to as usize] {
                let list = &mut by_class[usize::from(class)];
                if list.is_empty() {
                    touched.push(class);
                }
                list.push(source);
            }
        }
        for class in touched.drain(..) {
            for source in by_class[usize::from(class)].drain(..) {
                partition.mark(source);
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
    (0..initial.len()).map(|s| partition.block[s]).collect()
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
