//! Do two profiles decide all calls alike, but for those asked for?
//!
//! Where the rules of a number are the same before and after, so are all decisions. Where they
//! differ, and over all numbers with no arguments, calls are decided by both.

use super::Grant;
use crate::bpf::SeccompData;
use crate::profile::resolve::Rule;
use crate::profile::{Abi, Answer, By, Compare, Condition, Resolved, multiplex};
use std::collections::BTreeSet;
use whodenied_kernel::syscall::X32_BIT;

/// Numbers looked at in each ABI: above all that exist.
const NUMBERS: u32 = 700;

pub(super) struct Found {
    pub compared: usize,
    pub shifted: Vec<(&'static str, u32)>,
}

/// True when the calls of a grant go through already, for all arguments probed.
pub(super) fn granted(resolved: &Resolved, grant: &Grant) -> bool {
    let all = resolved.abis().iter().flat_map(|abi| {
        multiplex::numbers(*abi, &grant.syscall).into_iter().map(move |(number, _)| (*abi, number))
    });
    all.into_iter().all(|(abi, number)| {
        probes(&[resolved], &[grant], abi, number)
            .into_iter()
            .filter(|args| asked(grant, abi, number, args))
            .all(|args| passes(resolved, abi, number, args))
    })
}

fn passes(resolved: &Resolved, abi: Abi, number: u32, args: [u64; 6]) -> bool {
    let decision = resolved.decide(&data(abi, number, args));
    // Where entries contradict each other, only libseccomp knows.
    decision.answer.lets_through() && decision.contradicted_by.is_empty()
}

fn data(abi: Abi, nr: u32, args: [u64; 6]) -> SeccompData {
    SeccompData { nr, arch: abi.arch.audit(), instruction_pointer: 0, args }
}

/// True when a grant asks for this call. On a multiplexer it can't look into, that is every call of
/// the kind, as the conditions are compared there (see `profile::multiplex`).
fn asked(grant: &Grant, abi: Abi, number: u32, args: &[u64; 6]) -> bool {
    let wide = abi.is_wide();
    let holds = |c: &Condition| args.get(usize::from(c.index)).is_some_and(|a| c.holds(*a, wide));
    multiplex::numbers(abi, &grant.syscall).iter().any(|(n, sub)| {
        *n == number
            && match sub {
                None => grant.args.iter().all(holds),
                Some(sub) => {
                    args.first().is_some_and(|a| a & 0xffff_ffff == *sub)
                        && grant.args.iter().filter(|c| c.index != 0).all(holds)
                }
            }
    })
}

/// Compares; `None` when a call asked for is refused, or another one changes.
pub(super) fn only(before: &Resolved, after: &Resolved, grants: &[Grant]) -> Option<Found> {
    if before.default != after.default || before.abis != after.abis {
        return None;
    }
    let all: Vec<&Grant> = grants.iter().collect();
    let mut found = Found { compared: 0, shifted: Vec::new() };
    for abi in before.abis() {
        let base = if abi.x32 { u32::try_from(X32_BIT).unwrap_or_default() } else { 0 };
        let mut numbers: BTreeSet<u32> = (base..base + NUMBERS).collect();
        let of_abi = before.rules.keys().chain(after.rules.keys()).filter(|(a, _)| a == abi);
        numbers.extend(of_abi.map(|(_, n)| *n));
        for number in numbers {
            let same =
                rules(before, *abi, number).iter().map(bare).eq(rules(after, *abi, number).iter().map(bare));
            let probes = if same { vec![[0; 6]] } else { probes(&[before, after], &all, *abi, number) };
            for args in probes {
                found.compared += 1;
                if grants.iter().any(|g| asked(g, *abi, number, &args)) {
                    if !passes(after, *abi, number, args) {
                        return None;
                    }
                    continue;
                }
                let call = data(*abi, number, args);
                let (old, new) = (before.decide(&call), after.decide(&call));
                if old.answer == new.answer {
                    continue;
                }
                let stub = matches!(old.by, By::Stub { .. }) || matches!(new.by, By::Stub { .. });
                if !stub || old.answer.lets_through() || new.answer.lets_through() {
                    return None;
                }
                if found.shifted.last() != Some(&(abi.arch.name(), number)) {
                    found.shifted.push((abi.arch.name(), number));
                }
            }
        }
    }
    Some(found)
}

fn rules(resolved: &Resolved, abi: Abi, number: u32) -> &[Rule] {
    resolved.rules.get(&(abi, number)).map_or(&[], Vec::as_slice)
}

fn bare(rule: &Rule) -> (Answer, &[Condition]) {
    (rule.answer, &rule.conditions)
}

/// Argument vectors on both sides of every comparison on this call: for each rule and grant one
/// that fulfils it, and from there every argument, and every two, moved to the edges.
fn probes(profiles: &[&Resolved], grants: &[&Grant], abi: Abi, number: u32) -> Vec<[u64; 6]> {
    let mut sets: Vec<Vec<Condition>> = vec![Vec::new()];
    for profile in profiles {
        sets.extend(rules(profile, abi, number).iter().map(|r| r.conditions.clone()));
    }
    for grant in grants {
        for (_, sub) in multiplex::numbers(abi, &grant.syscall).iter().filter(|(n, _)| *n == number) {
            let mut set = grant.args.clone();
            if let Some(value) = sub {
                set.retain(|c| c.index != 0);
                set.push(Condition { index: 0, value: *value, value_two: 0, op: Compare::Equal });
            }
            sets.push(set);
        }
    }
    let mut edges: [BTreeSet<u64>; 6] = Default::default();
    for c in sets.iter().flatten() {
        if let Some(edge) = edges.get_mut(usize::from(c.index)) {
            for value in [c.value, c.value_two, 0] {
                edge.extend([value, value.wrapping_add(1), value.wrapping_sub(1), value ^ (1 << 32), !value]);
            }
            edge.extend([c.value_two | !c.value, c.value_two ^ (c.value & c.value.wrapping_neg())]);
        }
    }
    let mut out: BTreeSet<[u64; 6]> = BTreeSet::new();
    for set in &sets {
        let mut base = [0u64; 6];
        for c in set {
            if let Some(slot) = base.get_mut(usize::from(c.index)) {
                *slot = fulfilling(c);
            }
        }
        out.insert(base);
        for (i, first) in edges.iter().enumerate() {
            for a in first {
                let mut one = base;
                if let Some(slot) = one.get_mut(i) {
                    *slot = *a;
                }
                out.insert(one);
                for (j, second) in edges.iter().enumerate().skip(i + 1) {
                    for b in second {
                        let mut two = one;
                        if let Some(slot) = two.get_mut(j) {
                            *slot = *b;
                        }
                        if out.len() < 50_000 {
                            out.insert(two);
                        }
                    }
                }
            }
        }
    }
    out.into_iter().collect()
}

const fn fulfilling(c: &Condition) -> u64 {
    match c.op {
        Compare::NotEqual | Compare::Greater => c.value.wrapping_add(1),
        Compare::Less => c.value.wrapping_sub(1),
        Compare::LessEqual | Compare::Equal | Compare::GreaterEqual => c.value,
        Compare::MaskedEqual => c.value_two,
    }
}
