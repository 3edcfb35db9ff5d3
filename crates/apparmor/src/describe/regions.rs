//! An automaton's strings as patterns of which the most specific counts: what most strings of a place come to,
//! then those that come to something else, and within them again.
//!
//! The walk goes over pairs of states: where a string leads, and where it was expected to lead by the pattern
//! that holds around it. Where both are the same there is nothing to tell. So a rule of many branches is told by
//! its exceptions, and what is told is exact as long as nothing says that there is more.

use super::patterns::token;
use crate::dfa::{Dfa, StateId, TRAP};

/// A pattern, what strings of it come to, and what was expected of them; both accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) text: String,
    pub(super) is: u32,
    pub(super) was: u32,
}

/// Patterns from the general to the special, and whether there are more.
#[derive(Debug, Default)]
pub(super) struct Regions {
    pub(super) found: Vec<Region>,
    pub(super) more: bool,
}

const STEPS: usize = 20_000;
const LONGEST: usize = 300;
const CHAIN: usize = 24;

struct Walk<'a> {
    dfa: &'a Dfa,
    /// `/` parts names.
    paths: bool,
    most: usize,
    steps: usize,
    out: Regions,
    /// The pairs on the way since the last star.
    way: Vec<(StateId, StateId)>,
}

/// The regions of a minimal automaton below `from`, of which the text so far is `text`. At first nothing is
/// expected.
pub(super) fn regions(dfa: &Dfa, from: StateId, text: &str, paths: bool, most: usize) -> Regions {
    let mut walk = Walk { dfa, paths, most, steps: 0, out: Regions::default(), way: Vec::new() };
    walk.visit(from, TRAP, text.to_owned());
    walk.out
}

impl Walk<'_> {
    fn say(&mut self, text: &str, is: StateId, was: StateId) {
        let (is, was) = (self.dfa.accept(is), self.dfa.accept(was));
        if is == was {
            return;
        }
        if self.out.found.len() >= self.most {
            self.out.more = true;
            return;
        }
        self.out.found.push(Region { text: text.to_owned(), is, was });
    }

    /// Whether a byte is one of a name.
    const fn names(&self, byte: u8) -> bool {
        byte != 0 && !(self.paths && byte == b'/')
    }

    /// Where most bytes of a name lead, and one of these bytes.
    fn usual(&self, state: StateId) -> (StateId, u8, usize) {
        let row = self.dfa.row(state);
        let mut counts: Vec<(StateId, usize, u8)> = Vec::new();
        for (byte, target) in (0..=255u8).zip(row).filter(|(b, _)| self.names(*b)) {
            match counts.iter_mut().find(|(t, ..)| *t == target) {
                Some((_, count, _)) => *count += 1,
                None => counts.push((target, 1, byte)),
            }
        }
        let best = counts.into_iter().max_by_key(|(_, count, _)| *count);
        best.map_or((TRAP, 1, 0), |(target, count, byte)| (target, byte, count))
    }

    /// The bytes of a name whose pair of targets is none that is expected, by pair.
    fn others(&self, state: StateId, expected: &dyn Fn(u8) -> StateId) -> Vec<(StateId, StateId, Vec<u8>)> {
        let mut groups: Vec<(StateId, StateId, Vec<u8>)> = Vec::new();
        for (byte, target) in (0..=255u8).zip(self.dfa.row(state)).filter(|(b, _)| self.names(*b)) {
            let wanted = expected(byte);
            if target == wanted {
                continue;
            }
            match groups.iter_mut().find(|(t, w, _)| *t == target && *w == wanted) {
                Some((.., set)) => set.push(byte),
                None => groups.push((target, wanted, vec![byte])),
            }
        }
        groups
    }

    fn visit(&mut self, state: StateId, expected: StateId, text: String) {
        if state == expected {
            return;
        }
        self.steps += 1;
        if self.steps > STEPS || text.len() > LONGEST || self.out.found.len() >= self.most {
            self.out.more = true;
            return;
        }
        if self.way.contains(&(state, expected)) {
            // Behind a star this was told; else it goes round and has no pattern of ours.
            self.out.more |= !text.contains('*');
            return;
        }
        self.way.push((state, expected));
        let (usual, byte, count) = self.usual(state);
        if count > 128 && self.dfa.next(expected, byte) != usual {
            self.region(state, expected, &text, byte);
        } else {
            self.say(&text, state, expected);
            for (to, wanted, set) in self.others(state, &|b| self.dfa.next(expected, b)) {
                self.visit(to, wanted, format!("{text}{}", token(&set)));
            }
            // No path of the kernel's has two slashes.
            if self.paths && !text.ends_with('/') {
                let (to, wanted) = (self.dfa.next(state, b'/'), self.dfa.next(expected, b'/'));
                self.visit(to, wanted, format!("{text}/"));
            }
        }
        self.way.pop();
    }

    /// What strings of a star were expected to come to: something else than they do, if any of them was.
    fn expected(&self, last: StateId, before: &[StateId], crosses: bool) -> StateId {
        let mut open: Vec<StateId> = before.get(1..).unwrap_or(&[]).to_vec();
        let mut met = open.clone();
        while let Some(state) = open.pop() {
            if self.dfa.accept(state) != self.dfa.accept(last) {
                return state;
            }
            let row = self.dfa.row(state);
            for (byte, next) in (0..=255u8).zip(row) {
                if (self.names(byte) || crosses && byte != 0) && !met.contains(&next) {
                    met.push(next);
                    open.push(next);
                }
            }
        }
        before.last().copied().unwrap_or(TRAP)
    }

    /// Most names lead elsewhere than expected: a place with a rule of its own.
    fn region(&mut self, state: StateId, expected: StateId, text: &str, byte: u8) {
        let mut chain = vec![state];
        let mut before = vec![expected];
        while let (Some(last), Some(shadow)) = (chain.last().copied(), before.last().copied()) {
            let (next, step, _) = self.usual(last);
            if chain.get(1..).unwrap_or(&[]).contains(&next) {
                break;
            }
            let step = if chain.len() == 1 { byte } else { step };
            chain.push(next);
            before.push(self.dfa.next(shadow, step));
            if chain.len() > CHAIN {
                self.out.more = true;
                break;
            }
        }
        let end = chain.len() - 1;
        let last = chain[end];
        let accept = |s: &StateId| self.dfa.accept(*s);
        // From here on all names come to the same.
        let same = (1..=end).rev().take_while(|i| accept(&chain[*i]) == accept(&last)).last().unwrap_or(end);
        let below = self.dfa.next(last, b'/');
        let crosses = !self.paths || chain.get(1..).unwrap_or(&[]).contains(&below);
        let star = if crosses { "**" } else { "*" };
        let prefix = |i: usize| format!("{text}{}", "?".repeat(i));
        // A star behind a name stands for nothing too.
        let whole = same == 1
            && !(self.paths && text.ends_with('/'))
            && accept(&state) == accept(&last)
            && accept(&expected) == accept(&before[end]);
        if !whole {
            self.say(text, state, expected);
        }
        for i in 1..same {
            let (is, was) = (chain[i], before[i]);
            self.say(&prefix(i), is, was);
        }
        // Behind a `/`, and where nothing is expected of an empty string, a star stands for one byte at least.
        let bare = same == 1 && (whole || text.is_empty() || (self.paths && text.ends_with('/')));
        let starred = format!("{}{star}", prefix(if bare { 0 } else { same }));
        self.say(&starred, last, self.expected(last, &before, crosses));
        // The way to here is no way round: behind the star everything is told anew, once.
        let kept = std::mem::take(&mut self.way);
        if self.paths {
            if !crosses {
                self.visit(below, self.dfa.next(before[end], b'/'), format!("{starred}/"));
            }
            for (i, at) in chain.iter().enumerate().take(end) {
                // No path of the kernel's has two slashes.
                if i > 0 || !text.ends_with('/') {
                    // What is shorter than the star asks for is still as it was expected outside.
                    let outside = before.get(i).map_or(TRAP, |b| self.dfa.next(*b, b'/'));
                    let wanted = if bare || i >= same { below } else { outside };
                    self.visit(self.dfa.next(*at, b'/'), wanted, format!("{}/", prefix(i)));
                }
            }
        }
        let mut told: Vec<(StateId, StateId, Vec<u8>)> = Vec::new();
        for i in (0..=end).rev() {
            let next = if i == end { self.usual(last).0 } else { chain[i + 1] };
            for group in self.others(chain[i], &|_| next) {
                if told.contains(&group) {
                    continue;
                }
                let (to, wanted, set) = group.clone();
                told.push(group);
                let behind = if i == end { starred.clone() } else { prefix(i) };
                self.visit(to, wanted, format!("{behind}{}", token(&set)));
            }
        }
        self.way = kept;
    }
}
