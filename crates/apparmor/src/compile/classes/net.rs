//! Sockets of every family: `class family type`. Addresses and ports of internet sockets are compiled by the
//! reference for kernels with `af_inet`, which no released one has; here they are left out.

use super::unix::{Asked, family};
use super::{Output, claim};
use crate::compile::claim::Claim;
use crate::compile::mediation::Sockets;
use crate::rules::Qualifiers;
use crate::rules::network::{ALL, FAMILIES, Network, TYPES};

/// Families are numbered below this.
pub(in crate::compile) const FAMILY_COUNT: u16 = 46;
const UNIX: u16 = 1;
const ICMP: u16 = 1;
const INET: u16 = 2;
const INET6: u16 = 10;

/// The pairs of family and type that a rule names; no type is any.
pub(in crate::compile) fn pairs(rule: &Network) -> Vec<(u16, Option<u16>)> {
    match (rule.family, rule.kind) {
        (Some(family), kind) => vec![(family, kind)],
        (None, kind) if rule.protocol == Some(ICMP) => vec![(INET, kind)],
        (None, kind) if rule.protocol.is_some() => vec![(INET, kind), (INET6, kind)],
        // Addresses and ports are said of internet sockets alone.
        (None, kind) if rule.is_internet() => vec![(INET, kind), (INET6, kind)],
        (None, Some(kind)) => FAMILIES.iter().map(|(_, family)| (*family, Some(kind))).collect(),
        (None, None) => (0..FAMILY_COUNT).map(|family| (family, None)).collect(),
    }
}

/// What a rule allows, as bits.
pub(in crate::compile) const fn access(rule: &Network) -> u32 {
    if rule.access_named { rule.access } else { ALL }
}

impl Output<'_> {
    pub(super) fn network(&mut self, rule: &Network, q: &Qualifiers) {
        if rule.family.is_none_or(|family| family == UNIX) && !rule.is_internet() && rule.protocol.is_none() {
            self.unix_of_network(rule, q);
        }
        if let Sockets::Class(class) = self.mediation.sockets {
            for (number, kind) in pairs(rule) {
                self.policy(family(class, number, kind), claim(q, access(rule).into()));
            }
        }
    }

    /// A rule that names Unix sockets, or every family, says everything of Unix sockets, whatever accesses it
    /// names. What it denies is recorded unless it says `audit`: the reverse of every other rule.
    fn unix_of_network(&mut self, rule: &Network, q: &Qualifiers) {
        let Some(class) = self.mediation.unix else { return };
        let claim =
            |mask: u32| Claim { audit: if q.audit { mask.into() } else { 0 }, ..claim(q, mask.into()) };
        let kinds: Vec<Option<u16>> = match (rule.family, rule.kind) {
            (Some(_), None) => TYPES.iter().map(|(_, kind)| Some(*kind)).collect(),
            (_, kind) => vec![kind],
        };
        for kind in kinds {
            self.unix_fine(class, &Asked::all(kind), claim);
        }
    }
}
