//! Version ranges as data: releases with their backports.

use std::cmp::Ordering;

/// A version as numbers; missing ones count as 0.
pub type Numbers = [u32];

/// A half-open range: from the first version up to, and without, the second; an empty second is open.
pub type Since = (&'static [u32], &'static [u32]);

/// Ranges of versions in which something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranges(pub &'static [Since]);

impl Ranges {
    /// In every version.
    pub const ALWAYS: Self = Self(&[(&[], &[])]);
    /// In none.
    pub const NEVER: Self = Self(&[]);

    /// True when it holds in `version`; an unknown version is the newest.
    #[must_use]
    pub fn holds(&self, version: Option<&Numbers>) -> bool {
        self.0.iter().any(|(since, before)| match version {
            Some(v) => compare(v, since).is_ge() && (before.is_empty() || compare(v, before).is_lt()),
            None => before.is_empty(),
        })
    }
}

/// Compares versions by number.
#[must_use]
pub fn compare(a: &Numbers, b: &Numbers) -> Ordering {
    let n = a.len().max(b.len());
    (0..n)
        .map(|i| a.get(i).copied().unwrap_or(0).cmp(&b.get(i).copied().unwrap_or(0)))
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backports_are_ranges() {
        let runc_peer = Ranges(&[(&[23, 0, 12], &[24]), (&[25, 0, 6], &[26]), (&[26, 1, 3], &[])]);
        assert!(!runc_peer.holds(Some(&[26, 1, 2])));
        assert!(runc_peer.holds(Some(&[26, 1, 3])));
        assert!(runc_peer.holds(Some(&[23, 0, 12])));
        assert!(!runc_peer.holds(Some(&[24, 0, 9])));
        assert!(runc_peer.holds(None));
        assert!(!Ranges::NEVER.holds(None) && Ranges::ALWAYS.holds(Some(&[1])));
    }
}
