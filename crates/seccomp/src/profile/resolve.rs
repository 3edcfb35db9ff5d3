//! A profile as the engine turns it into rules, for one machine and one container.
//!
//! Entries whose `includes` and `excludes` don't fit are left out (moby, containers/common); then
//! runc and crun drop what answers as the default does, and hand the rest to libseccomp, which
//! leaves out names it does not know and numbers an ABI does not have.

use super::{Abi, Answer, Compare, Condition, Entry, Profile, Terms, multiplex};
use std::collections::{BTreeMap, BTreeSet};
use whodenied_kernel::syscall::Arch;
use whodenied_kernel::{Capability, Errno};

/// How the filter is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// runc since 1.0.0-rc93: ENOSYS for calls numbered above the highest that the profile names.
    pub enosys_stub: bool,
    /// Names that the machine's libseccomp does not know yet.
    pub unknown: BTreeSet<String>,
}

/// The machine and the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The machine's architecture.
    pub arch: Arch,
    /// Capabilities the container is given: the bounding set asked for.
    pub caps: Vec<Capability>,
    /// Major and minor of the kernel; `None` is taken as newer than any a profile asks for.
    pub kernel: Option<(u32, u32)>,
    /// How the filter is made.
    pub options: Options,
}

impl Host {
    /// A machine of this architecture, and a container without capabilities.
    #[must_use]
    pub fn new(arch: Arch) -> Self {
        Self { arch, caps: Vec::new(), kernel: None, options: Options::default() }
    }

    fn holds(&self, terms: &Terms) -> [bool; 3] {
        let arch = Abi::engine_name(self.arch);
        let kernel = terms.min_kernel.is_some_and(|min| self.kernel.is_none_or(|k| k >= min));
        let caps = self.caps.iter().any(|c| terms.names(*c));
        [terms.arches.iter().any(|a| a == arch), caps, kernel]
    }

    /// True when an entry counts here.
    #[must_use]
    pub fn takes(&self, entry: &Entry) -> bool {
        if let Some(terms) = &entry.excludes
            && self.holds(terms).contains(&true)
        {
            return false;
        }
        let Some(terms) = &entry.includes else { return true };
        let [arch, _, kernel] = self.holds(terms);
        let given = |name: &String| Capability::from_name(name).is_some_and(|c| self.caps.contains(&c));
        (terms.arches.is_empty() || arch)
            && terms.caps.iter().all(given)
            && (terms.min_kernel.is_none() || kernel)
    }
}

/// A rule as libseccomp gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Index of the entry and of the name in it.
    pub entry: usize,
    pub name: usize,
    pub answer: Answer,
    pub conditions: Vec<Condition>,
}

/// A profile resolved for one machine and one container: rules by ABI and number.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub(crate) default: Answer,
    pub(crate) abis: Vec<Abi>,
    pub(crate) rules: BTreeMap<(Abi, u32), Vec<Rule>>,
    /// The highest number that the profile names, by ABI; above it the stub answers.
    pub(crate) highest: BTreeMap<Abi, u32>,
}

impl Resolved {
    /// Resolves a profile as the engine does when the container is created.
    #[must_use]
    pub fn new(profile: &Profile, host: &Host) -> Self {
        let abis = abis(profile, host.arch);
        let mut rules: BTreeMap<(Abi, u32), Vec<Rule>> = BTreeMap::new();
        let mut highest = BTreeMap::new();
        let mut known: BTreeMap<(Abi, &str), Vec<multiplex::Number>> = BTreeMap::new();
        for (index, entry) in profile.entries.iter().enumerate().filter(|(_, e)| host.takes(e)) {
            for (name_index, name) in entry.names.iter().enumerate() {
                if host.options.unknown.contains(&name.text) {
                    continue;
                }
                for abi in &abis {
                    let numbers = known
                        .entry((*abi, name.text.as_str()))
                        .or_insert_with(|| multiplex::numbers(*abi, &name.text));
                    for (number, sub) in numbers.iter() {
                        if sub.is_none() {
                            let top = highest.entry(*abi).or_insert(0);
                            *top = (*number).max(*top);
                        }
                        if entry.answer == profile.default {
                            continue;
                        }
                        let all = rules.entry((*abi, *number)).or_default();
                        for conditions in split(&entry.args) {
                            let conditions = multiplexed(conditions, *sub);
                            all.push(Rule {
                                entry: index,
                                name: name_index,
                                answer: entry.answer,
                                conditions,
                            });
                        }
                    }
                }
            }
        }
        for ((abi, _), list) in &mut rules {
            list.sort_by_key(|rule| tree_order(&rule.conditions, *abi));
        }
        let stub = host.options.enosys_stub && stubbed(profile);
        highest.retain(|_, top| stub && *top > 0);
        Self { default: profile.default, abis, rules, highest }
    }

    /// The ABIs that the filter covers; calls of all others kill the thread.
    #[must_use]
    pub fn abis(&self) -> &[Abi] {
        &self.abis
    }
}

/// runc adds its stub unless the default lets calls through or is ENOSYS in so many words.
fn stubbed(profile: &Profile) -> bool {
    let enosys = u16::try_from(Errno::ENOSYS.0).ok();
    let says_enosys =
        profile.default_errno_written && matches!(profile.default, Answer::Errno(e) if Some(e) == enosys);
    !says_enosys && !matches!(profile.default, Answer::Allow | Answer::Log | Answer::Trace(_))
}

fn abis(profile: &Profile, machine: Arch) -> Vec<Abi> {
    let mut abis = vec![Abi::from(machine)];
    let mapped = profile.arch_map.iter().find(|row| row.machine == Some(machine.into()));
    let more = mapped.map_or(&profile.architectures, |row| &row.also);
    for abi in more {
        if !abis.contains(abi) {
            abis.push(*abi);
        }
    }
    abis
}

/// All conditions hold together; but where two are on one argument, runc and crun make a rule of
/// each, so that any of them is enough.
fn split(args: &[Condition]) -> Vec<Vec<Condition>> {
    let twice = args.iter().enumerate().any(|(n, a)| args.iter().skip(n + 1).any(|b| a.index == b.index));
    if twice { args.iter().map(|a| vec![*a]).collect() } else { vec![args.to_vec()] }
}

/// On a multiplexer the first argument says which call; what the rule says of it is lost, and the
/// others are compared where they no longer stand.
fn multiplexed(mut conditions: Vec<Condition>, sub: Option<u64>) -> Vec<Condition> {
    if let Some(value) = sub {
        conditions.retain(|c| c.index != 0);
        conditions.push(Condition { index: 0, value, value_two: 0, op: Compare::Equal });
    }
    conditions.sort_by_key(|c| c.index);
    conditions
}

/// The order in which libseccomp's tree asks the rules of a call, as far as it is one: the last
/// argument first, equality before ranges, more bits before fewer. Rules without conditions come
/// first of all. (Seen in the filters that 2.5.4 makes; its manual promises none.)
fn tree_order(conditions: &[Condition], abi: Abi) -> Vec<(u8, u8, u32)> {
    let all = if abi.is_wide() { u64::MAX } else { u32::MAX.into() };
    conditions
        .iter()
        .map(|c| {
            let (rank, mask) = match c.op {
                Compare::Equal | Compare::NotEqual => (0, all),
                Compare::MaskedEqual => (0, c.value & all),
                Compare::GreaterEqual | Compare::Less => (1, all),
                Compare::Greater | Compare::LessEqual => (2, all),
            };
            (5_u8.saturating_sub(c.index), rank, 64 - mask.count_ones())
        })
        .collect()
}
