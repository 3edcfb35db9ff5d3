//! What one profile allows that another does not, exactly: both automata are walked together over every
//! string the kernel can ask about, and for each kind of difference the shortest string is kept.

mod grammar;
mod same;
mod words;

pub use same::{Unlike, unlike};
pub use words::{family_name, permission_words, signal_name, witness_words};

use crate::dfa::{Dfa, StateId, TRAP, TooLarge};
use crate::evaluate::Kernel;
use crate::policy::{Class, Database, Mode, Profile};
use grammar::{Grammar, Place};
use std::collections::{HashMap, HashSet};
use whodenied_kernel::Capability;

/// How many places of both automata together are looked at, at most.
const MOST_PLACES: usize = 4 << 20;

/// Something that one profile allows and the other refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub class: Class,
    /// The second allows it and the first does not; else the other way round.
    pub second_allows: bool,
    /// Only for files that are (`Some(true)`) or are not (`Some(false)`) the task's own.
    pub owner: Option<bool>,
    /// The permissions, as bits of `policy::bit`; for capabilities those of their numbers.
    pub mask: u64,
    /// A shortest string the two differ on, without the byte of the class; empty for capabilities and where a
    /// whole class is mediated by one only.
    pub witness: Vec<u8>,
    /// The other profile does not mediate the class at all.
    pub unmediated: bool,
}

/// Everything one profile allows and the other refuses, for this kernel.
///
/// # Errors
///
/// When both together are too large.
pub fn compare(first: &Profile, second: &Profile, kernel: &Kernel) -> Result<Vec<Difference>, TooLarge> {
    let mut found = Vec::new();
    let free = |p: &Profile| p.mode == Mode::Unconfined;
    capabilities(first, second, &mut found);
    if free(first) && free(second) {
        return Ok(found);
    }
    for class in Class::ALL {
        if !known(class, kernel) {
            continue;
        }
        let sides = [side(first, class, kernel), side(second, class, kernel)];
        // Where one knows more of Unix sockets than the other, questions are as long as that one's.
        let classes = [sides[0].class(), sides[1].class()];
        let grammar = Grammar::of(classes.into_iter().flatten().max().unwrap_or(class));
        let Some(grammar) = grammar else { continue };
        let halves: &[Option<bool>] = if class == Class::File { &[Some(true), Some(false)] } else { &[None] };
        for &owner in halves {
            let walk = Walk { sides, grammar, class, owner };
            walk.run(&mut found)?;
        }
    }
    merge_halves(&mut found);
    Ok(found)
}

/// Whether this kernel asks about the class. The newest class of sockets stands for all of them.
fn known(class: Class, kernel: &Kernel) -> bool {
    match class {
        Class::NetV9 | Class::NetV7 => false,
        Class::Namespace => kernel.userns,
        Class::IoUring => kernel.io_uring,
        Class::PosixMqueue | Class::SysvMqueue => kernel.patched,
        _ => true,
    }
}

/// One profile in one class.
#[derive(Clone, Copy)]
enum Side<'a> {
    /// Everything is allowed.
    Free,
    /// Nothing is.
    Nothing,
    Rules {
        db: &'a Database,
        start: StateId,
        class: Class,
    },
}

impl Side<'_> {
    fn class(&self) -> Option<Class> {
        match self {
            Self::Rules { class, .. } => Some(*class),
            _ => None,
        }
    }
}

fn side<'a>(profile: &'a Profile, class: Class, kernel: &Kernel) -> Side<'a> {
    if profile.mode == Mode::Unconfined {
        return Side::Free;
    }
    if class == Class::File {
        let in_policy = || profile.policy.as_ref().filter(|db| db.class(class).is_some());
        return match profile.file.as_ref().or_else(in_policy) {
            Some(db) => Side::Rules { db, start: db.file_start, class },
            None => Side::Nothing,
        };
    }
    let Some(db) = &profile.policy else { return Side::Free };
    let classes: &[Class] = match class {
        Class::NetV8 if kernel.network_v9 => &[Class::NetV9, Class::NetV8],
        _ => &[class],
    };
    for &class in classes {
        if let Some(start) = db.class(class) {
            let start = match class {
                Class::Ptrace => db.dfa.next(db.dfa.next(db.start, Class::Label as u8), Class::Ptrace as u8),
                _ => start,
            };
            return Side::Rules { db, start, class };
        }
    }
    Side::Free
}

fn capabilities(first: &Profile, second: &Profile, found: &mut Vec<Difference>) {
    let allowed = |p: &Profile| {
        Capability::all()
            .filter(|c| crate::evaluate::capability(p, *c).outcome.passes() || p.mode == Mode::Complain)
            .fold(0u64, |mask, c| mask | 1 << c.0)
    };
    let (a, b) = (allowed(first), allowed(second));
    for (mask, second_allows, other) in [(b & !a, true, first), (a & !b, false, second)] {
        if mask != 0 {
            let unmediated = other.mode == Mode::Unconfined;
            found.push(Difference {
                class: Class::Cap,
                second_allows,
                owner: None,
                mask,
                witness: Vec::new(),
                unmediated,
            });
        }
    }
}

struct Walk<'a> {
    sides: [Side<'a>; 2],
    grammar: Grammar,
    class: Class,
    owner: Option<bool>,
}

/// Where both are, and where the string is.
type At = (StateId, StateId, Place);

impl Walk<'_> {
    fn run(&self, found: &mut Vec<Difference>) -> Result<(), TooLarge> {
        let start = |side: &Side<'_>| match side {
            Side::Rules { start, .. } => *start,
            _ => TRAP,
        };
        if let [Side::Free | Side::Nothing, Side::Free | Side::Nothing] = self.sides {
            return Ok(());
        }
        let unmediated = self.sides.iter().any(|s| matches!(s, Side::Free));
        let first: At = (start(&self.sides[0]), start(&self.sides[1]), Grammar::start());
        let mut places = vec![first];
        let mut before: Vec<(u32, u8)> = vec![(0, 0)];
        let mut seen: HashSet<At> = HashSet::from([first]);
        // One witness for every kind: direction and permissions; of sockets also the family and the type.
        let mut told: HashMap<(bool, Vec<u8>), u32> = HashMap::new();
        let mut at = 0;
        while let Some(&(left, right, place)) = places.get(at) {
            let asked = self.grammar.asked(place);
            if asked != 0 {
                let [a, b] = [self.allow(0, left), self.allow(1, right)];
                for (mask, second_allows) in [(b & !a & asked, true), (a & !b & asked, false)] {
                    if mask == 0 {
                        continue;
                    }
                    let witness = string(&before, at);
                    let kind = match self.grammar {
                        Grammar::Net { .. } => witness.get(..4).unwrap_or(&witness).to_vec(),
                        Grammar::Signal => witness.get(..1).unwrap_or(&witness).to_vec(),
                        _ => Vec::new(),
                    };
                    let known = told.entry((second_allows, kind)).or_insert(0);
                    let mask = mask & !*known;
                    if mask != 0 {
                        *known |= mask;
                        let (class, owner) = (self.class, self.owner);
                        let mask = u64::from(mask);
                        found.push(Difference { class, second_allows, owner, mask, witness, unmediated });
                    }
                }
            }
            for byte in self.bytes(left, right, place) {
                let Some(next) = self.grammar.step(place, byte) else { continue };
                let to = (self.step(0, left, byte, place), self.step(1, right, byte, place), next);
                if seen.insert(to) {
                    if places.len() >= MOST_PLACES {
                        return Err(TooLarge);
                    }
                    places.push(to);
                    before.push((at as u32, byte));
                }
            }
            at += 1;
        }
        Ok(())
    }

    fn dfa(&self, side: usize) -> Option<&Dfa> {
        match self.sides.get(side) {
            Some(Side::Rules { db, .. }) => Some(&db.dfa),
            _ => None,
        }
    }

    fn step(&self, side: usize, state: StateId, byte: u8, place: Place) -> StateId {
        match self.sides.get(side) {
            Some(Side::Rules { db, class, .. }) => {
                // Class 14 decides Unix sockets by their type: what follows changes nothing.
                let coarse = *class == Class::NetV8 && matches!(self.grammar, Grammar::Net { unix: true });
                if coarse && Grammar::is_past_type(place) { state } else { db.dfa.next(state, byte) }
            }
            _ => TRAP,
        }
    }

    /// Bytes that may lead somewhere different: every edge of both, and one of those that take the defaults.
    fn bytes(&self, left: StateId, right: StateId, place: Place) -> Vec<u8> {
        let edges = |side: usize, state: StateId| self.dfa(side).map_or(&[][..], |d| d.edges(state));
        let mut special = [false; 256];
        for edge in edges(0, left).iter().chain(edges(1, right)) {
            special[usize::from(edge.byte)] = true;
        }
        let mut order = crate::dfa::preference();
        if matches!(self.grammar, Grammar::Net { .. }) && !Grammar::is_past_type(place) {
            // Of families and types that are alike, those that every program knows stand for the others.
            order.sort_by_key(|b| (!matches!(b, 1 | 2 | 10), *b));
        }
        // Of the others the first that the grammar takes, for every place it can lead to.
        let mut covered: Vec<Place> = Vec::new();
        let mut bytes = Vec::new();
        for byte in order {
            if special[usize::from(byte)] {
                bytes.push(byte);
            } else if let Some(next) = self.grammar.step(place, byte)
                && !covered.contains(&next)
            {
                covered.push(next);
                bytes.push(byte);
            }
        }
        bytes
    }

    fn allow(&self, side: usize, state: StateId) -> u32 {
        match self.sides.get(side) {
            Some(Side::Free) => u32::MAX,
            Some(Side::Rules { db, .. }) => {
                let perms = db.entry(state);
                let perms = perms.of(self.owner.unwrap_or(true));
                perms.allow & !perms.deny
            }
            _ => 0,
        }
    }
}

fn string(before: &[(u32, u8)], at: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = at;
    while at != 0
        && let Some(&(from, byte)) = before.get(at)
    {
        bytes.push(byte);
        at = from as usize;
    }
    bytes.reverse();
    bytes
}

/// What differs alike for owners and others is told once.
fn merge_halves(found: &mut Vec<Difference>) {
    let halves: Vec<Difference> = found.iter().filter(|d| d.owner == Some(false)).cloned().collect();
    for difference in found.iter_mut().filter(|d| d.owner == Some(true)) {
        let both = Difference { owner: Some(false), ..difference.clone() };
        if halves.contains(&both) {
            difference.owner = None;
        }
    }
    let told: Vec<Difference> = found.iter().filter(|d| d.owner.is_none()).cloned().collect();
    found.retain(|d| d.owner != Some(false) || !told.contains(&Difference { owner: None, ..d.clone() }));
}

#[cfg(test)]
mod tests;
