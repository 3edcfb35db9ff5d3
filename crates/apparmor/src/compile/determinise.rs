//! Subsets of states as states: a deterministic automaton, with a limit on its size.

use super::glob::ByteSet;
use super::nfa::{Kind, Nfa, State};
use super::quick::{Quick, QuickHasher};
use crate::dfa::{Builder, Dfa, StateId, TRAP};
use std::collections::HashMap;
use std::hash::Hasher;

/// The automaton would be larger, or take longer, than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooComplex;

/// How much is made at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// States of one automaton, before it is minimised.
    pub states: usize,
    /// Edges of one automaton, before it is minimised: 8 bytes each.
    pub edges: usize,
    /// Steps from one state of the nondeterministic automaton to another: some hundred million a second.
    pub steps: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states: 300_000, edges: 1 << 24, steps: 1 << 30 }
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
    let mut work = Work::new(nfa);
    work.number(starts);
    let mut at = 0;
    let mut row = Row::default();
    while at < work.subsets.len() {
        if work.subsets.len() > limits.states
            || builder.edges() > limits.edges
            || work.steps > limits.steps
            || work.members.len() > MOST_MEMBERS
        {
            return Err(TooComplex);
        }
        work.sort(at, &mut row);
        at += 1;
        row.ends.sort_unstable();
        row.ends.dedup();
        let value = accept(&row.ends);
        let default = work.row(&mut row);
        let separated = std::mem::take(&mut row.separated);
        let out_of_band = if separated.is_empty() { TRAP } else { work.number(&separated) };
        builder.state(value, default, row.edges.iter().copied(), out_of_band);
    }
    builder.build().map_err(|_| TooComplex)
}

/// A set of classes of bytes.
type Classes = [u64; 4];

/// Bytes that no set of the automaton tells apart.
struct Alphabet {
    class: [u8; 256],
    /// The bytes of each class.
    bytes: Vec<Vec<u8>>,
    /// The classes of each set, by the set's number, and the only one where it is one.
    sets: Vec<(Classes, Option<u8>)>,
}

impl Alphabet {
    fn of(sets: &[ByteSet]) -> Self {
        let mut class = [0u8; 256];
        let mut count = 1usize;
        for set in sets {
            // Every class of which a part is in the set becomes two; there are never more than 256.
            let mut inside: HashMap<u8, u8, Quick> = HashMap::default();
            let mut size = [0u16; 256];
            let mut within = [0u16; 256];
            for byte in 0..=255u8 {
                size[usize::from(class[usize::from(byte)])] += 1;
                within[usize::from(class[usize::from(byte)])] += u16::from(set.contains(byte));
            }
            for byte in 0..=255u8 {
                let old = class[usize::from(byte)];
                if set.contains(byte) && within[usize::from(old)] < size[usize::from(old)] {
                    class[usize::from(byte)] = *inside.entry(old).or_insert_with(|| {
                        count += 1;
                        (count - 1) as u8
                    });
                }
            }
        }
        let mut bytes = vec![Vec::new(); count];
        for byte in 0..=255u8 {
            bytes[usize::from(class[usize::from(byte)])].push(byte);
        }
        let sets = sets.iter().map(|set| {
            let mut classes = Classes::default();
            let mut first = None;
            let mut ones = 0;
            for (number, bytes) in bytes.iter().enumerate() {
                if bytes.first().is_some_and(|byte| set.contains(*byte)) {
                    classes[number >> 6] |= 1 << (number & 63);
                    first = first.or(u8::try_from(number).ok());
                    ones += 1;
                }
            }
            (classes, first.filter(|_| ones == 1))
        });
        let sets = sets.collect();
        Self { class, bytes, sets }
    }

    /// All classes.
    fn all(&self) -> Classes {
        std::array::from_fn(|word| {
            let left = self.bytes.len().saturating_sub(word * 64);
            if left >= 64 { u64::MAX } else { (1 << left) - 1 }
        })
    }
}

/// What the members of one subset read; kept from one to the next for its memory.
#[derive(Default)]
struct Row {
    /// Numbers that end here.
    ends: Vec<u32>,
    /// Where the out-of-band symbol leads.
    separated: Vec<State>,
    /// Reading one class.
    singles: Vec<(u8, State)>,
    /// Reading several: the set's number.
    wides: Vec<(u32, State)>,
    edges: Vec<(u8, StateId)>,
    groups: Vec<Group>,
    targets: Vec<State>,
}

/// Classes that the same wide sets hold.
#[derive(Clone, Default)]
struct Group {
    classes: Classes,
    /// Places of states they lead to, in `Row::wides`.
    members: Vec<std::ops::Range<usize>>,
}

struct Work<'n> {
    nfa: &'n Nfa,
    alphabet: Alphabet,
    /// What is reached without reading, for each state once it was asked: a range of `closed`.
    closures: Vec<(u32, u32)>,
    closed: Vec<State>,
    /// The subsets: ranges of `members`.
    subsets: Vec<(u32, u32)>,
    members: Vec<State>,
    /// Subsets by hash; of those with equal hashes the next one.
    by_hash: HashMap<u64, u32, Quick>,
    chain: Vec<u32>,
    /// Subsets by the states they were made from, before those are followed.
    by_targets: HashMap<Box<[State]>, StateId, Quick>,
    /// Which states the subset being made holds already, by round.
    mark: Vec<u32>,
    round: u32,
    scratch: Vec<State>,
    steps: usize,
}

const NONE: u32 = u32::MAX;
/// Lists of targets that are remembered; without them it only takes longer.
const MOST_REMEMBERED: usize = 1 << 20;
/// Members of all subsets together, 4 bytes each.
const MOST_MEMBERS: usize = 1 << 27;

impl<'n> Work<'n> {
    fn new(nfa: &'n Nfa) -> Self {
        Self {
            nfa,
            alphabet: Alphabet::of(nfa.sets()),
            closures: vec![(NONE, 0); nfa.len()],
            closed: Vec::new(),
            subsets: Vec::new(),
            members: Vec::new(),
            by_hash: HashMap::default(),
            chain: Vec::new(),
            by_targets: HashMap::default(),
            mark: vec![0; nfa.len()],
            round: 0,
            scratch: Vec::new(),
            steps: 0,
        }
    }

    fn closure(&mut self, state: State) -> std::ops::Range<usize> {
        let known = self.closures[state as usize];
        if known.0 != NONE {
            return known.0 as usize..known.1 as usize;
        }
        let from = self.closed.len();
        match self.nfa.kind(state) {
            Some(Kind::Read(..) | Kind::Accept(_) | Kind::OutOfBand(_)) => self.closed.push(state),
            _ => self.closed.extend(self.nfa.closure(&[state])),
        }
        self.closures[state as usize] = (from as u32, self.closed.len() as u32);
        from..self.closed.len()
    }

    /// The number of the subset that these lead to without reading.
    fn number(&mut self, targets: &[State]) -> StateId {
        if targets.is_empty() {
            return TRAP;
        }
        self.steps += targets.len();
        if let Some(number) = self.by_targets.get(targets) {
            return *number;
        }
        self.round += 1;
        let mut set = std::mem::take(&mut self.scratch);
        set.clear();
        for target in targets {
            for at in self.closure(*target) {
                let state = self.closed[at];
                let mark = &mut self.mark[state as usize];
                if *mark != self.round {
                    *mark = self.round;
                    set.push(state);
                }
            }
        }
        self.steps += set.len();
        set.sort_unstable();
        let number = self.subset(&set);
        self.scratch = set;
        if self.by_targets.len() < MOST_REMEMBERED {
            self.by_targets.insert(targets.into(), number);
        }
        number
    }

    /// The number of a sorted subset; a new one where it is not known yet.
    fn subset(&mut self, set: &[State]) -> StateId {
        let mut hasher = QuickHasher::default();
        set.iter().for_each(|state| hasher.write_u32(*state));
        let hash = hasher.finish();
        let first = self.by_hash.get(&hash).copied().unwrap_or(NONE);
        let mut at = first;
        while at != NONE {
            let (from, to) = self.subsets[at as usize];
            if self.members[from as usize..to as usize] == *set {
                return StateId(at + 1);
            }
            at = self.chain[at as usize];
        }
        let number = self.subsets.len() as u32;
        let from = self.members.len() as u32;
        self.members.extend_from_slice(set);
        self.subsets.push((from, self.members.len() as u32));
        self.chain.push(first);
        self.by_hash.insert(hash, number);
        StateId(number + 1)
    }

    /// Sorts what the members of a subset read into a row.
    fn sort(&mut self, subset: usize, row: &mut Row) {
        row.ends.clear();
        row.singles.clear();
        row.wides.clear();
        let (from, to) = self.subsets[subset];
        self.steps += (to - from) as usize;
        for state in &self.members[from as usize..to as usize] {
            match self.nfa.kind(*state) {
                Some(Kind::Read(set, next)) => match self.alphabet.sets[*set as usize].1 {
                    Some(class) => row.singles.push((class, *next)),
                    None => row.wides.push((*set, *next)),
                },
                Some(Kind::Accept(number)) => row.ends.push(*number),
                Some(Kind::OutOfBand(next)) => row.separated.push(*next),
                _ => {}
            }
        }
        row.singles.sort_unstable();
        row.wides.sort_unstable();
    }

    /// The edges of a row, in the order of bytes, and its default.
    fn row(&mut self, row: &mut Row) -> StateId {
        row.edges.clear();
        let mut rows = [TRAP; 256];
        let mut default = TRAP;
        let mut most = 0;
        let mut targets = std::mem::take(&mut row.targets);
        let mut groups = std::mem::take(&mut row.groups);
        self.group(row, &mut groups);
        let mut taken = Classes::default();
        for (class, _) in &row.singles {
            taken[usize::from(*class >> 6)] |= 1 << (class & 63);
        }
        for group in &groups {
            targets.clear();
            for range in &group.members {
                targets.extend(row.wides[range.clone()].iter().map(|(_, next)| *next));
            }
            targets.sort_unstable();
            targets.dedup();
            let plain: Classes = std::array::from_fn(|word| group.classes[word] & !taken[word]);
            if plain != Classes::default() && !targets.is_empty() {
                let number = self.number(&targets);
                let mut bytes = 0;
                for class in ones(&plain) {
                    rows[class] = number;
                    bytes += self.alphabet.bytes[class].len();
                }
                if bytes > most {
                    most = bytes;
                    default = number;
                }
            }
            let wide = targets.len();
            for single in row.singles.chunk_by(|a, b| a.0 == b.0) {
                let Some(&(class, _)) = single.first() else { continue };
                if group.classes[usize::from(class >> 6)] >> (class & 63) & 1 == 0 {
                    continue;
                }
                targets.truncate(wide);
                targets.extend(single.iter().map(|(_, next)| *next));
                if wide > 0 || single.len() > 1 {
                    targets[..].sort_unstable();
                    targets.dedup();
                    let number = self.number(&targets);
                    rows[usize::from(class)] = number;
                    // Put back what was there before this class.
                    targets.clear();
                    for range in &group.members {
                        targets.extend(row.wides[range.clone()].iter().map(|(_, next)| *next));
                    }
                    targets.sort_unstable();
                    targets.dedup();
                } else {
                    rows[usize::from(class)] = self.number(&targets);
                }
            }
        }
        row.targets = targets;
        row.groups = groups;
        if row.wides.is_empty() {
            for single in row.singles.chunk_by(|a, b| a.0 == b.0) {
                let Some(&(class, _)) = single.first() else { continue };
                let number = rows[usize::from(class)];
                row.edges.extend(self.alphabet.bytes[usize::from(class)].iter().map(|byte| (*byte, number)));
            }
            row.edges.sort_unstable_by_key(|edge| edge.0);
            return TRAP;
        }
        for byte in 0..=255u8 {
            let number = rows[usize::from(self.alphabet.class[usize::from(byte)])];
            if number != default {
                row.edges.push((byte, number));
            }
        }
        default
    }

    /// Parts all classes by which wide sets hold them.
    fn group(&self, row: &Row, groups: &mut Vec<Group>) {
        groups.clear();
        groups.push(Group { classes: self.alphabet.all(), members: Vec::new() });
        let mut at = 0;
        while let Some(&(set, _)) = row.wides.get(at) {
            let end = at + row.wides[at..].iter().take_while(|(other, _)| *other == set).count();
            let (classes, _) = &self.alphabet.sets[set as usize];
            for place in 0..groups.len() {
                let group = &mut groups[place];
                let inside: Classes = std::array::from_fn(|word| group.classes[word] & classes[word]);
                if inside == Classes::default() {
                    continue;
                }
                let outside: Classes = std::array::from_fn(|word| group.classes[word] & !classes[word]);
                if outside != Classes::default() {
                    let left = Group { classes: outside, members: group.members.clone() };
                    groups.push(left);
                }
                let group = &mut groups[place];
                group.classes = inside;
                group.members.push(at..end);
            }
            at = end;
        }
    }
}

/// The numbers in a set of classes.
fn ones(classes: &Classes) -> impl Iterator<Item = usize> + '_ {
    classes.iter().enumerate().flat_map(|(word, bits)| {
        let mut bits = *bits;
        std::iter::from_fn(move || {
            let at = bits.trailing_zeros() as usize;
            (bits != 0).then(|| {
                bits &= bits - 1;
                word * 64 + at
            })
        })
    })
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
