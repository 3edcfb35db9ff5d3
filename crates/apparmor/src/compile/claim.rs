//! What rules claim for the strings they match, and how claims on one string combine.
//!
//! Each permission is decided by itself. Of the claims on it the highest rank wins: priority first, then what
//! the rule says (prompting, allowing, allowing an exec of an exactly named program, denying). Claims of equal
//! rank add up; two ways to execute of equal rank contradict each other.
//!
//! Source: observed behaviour of the reference compiler.

use crate::policy::{Entry, Perms, Transition, bit};
use crate::rules::Decision;

/// Bits of files as words hold them, for one half.
pub mod file {
    #![allow(missing_docs, reason = "the names say it")]
    pub const EXEC: u32 = 1;
    pub const WRITE: u32 = 2;
    pub const READ: u32 = 4;
    pub const APPEND: u32 = 8;
    pub const LINK: u32 = 0x10;
    /// Locking; of a pair of link and target: the link may allow no more than the target.
    pub const LOCK: u32 = 0x20;
    pub const MMAP: u32 = 0x40;
    pub const ONEXEC: u32 = 1 << 30;
    pub const CHANGE_PROFILE: u32 = 1 << 31;
}

/// What one expression claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Of the rule.
    pub priority: i32,
    /// What it does.
    pub decision: Decision,
    /// Permissions: of files [`file`] for the owner's half below and everybody else's 32 bits higher; of all
    /// other classes [`bit`].
    pub mask: u64,
    /// Of these: recorded if allowed; if denied, without a record.
    pub audit: u64,
    /// Where an exec leads.
    pub exec: Option<Transition>,
    /// The program is named exactly, so the exec goes before wildcards.
    pub exact: bool,
}

impl Claim {
    /// The order among claims on one permission; a higher one decides.
    #[must_use]
    pub const fn rank(&self, permission: u64) -> i64 {
        let level = match self.decision {
            Decision::Prompt => 0,
            Decision::Allow if self.exact && permission & EXEC_BITS != 0 => 2,
            Decision::Allow => 1,
            Decision::Deny => 3,
        };
        4 * self.priority as i64 + level
    }
}

const EXEC_BITS: u64 = file::EXEC as u64 | (file::EXEC as u64) << 32;

/// Two claims that contradict each other, by their places in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conflict(pub usize, pub usize);

/// What is decided for one permission after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Decided {
    allow: u64,
    prompt: u64,
    audit: u64,
    quiet: u64,
    exec: [Transition; 2],
}

/// Decides every permission that claims are about. The claims are `(place, claim)`.
fn decide(claims: &[(usize, &Claim)], files: bool, conflicts: &mut Vec<Conflict>) -> Decided {
    let mut out = Decided::default();
    let mut exec_rank = [None; 2];
    let all = claims.iter().fold(0, |mask, (_, c)| mask | c.mask);
    let mut left = all;
    while left != 0 {
        let one = left & left.wrapping_neg();
        left &= !one;
        let Some(top) = claims.iter().filter(|(_, c)| c.mask & one != 0).map(|(_, c)| c.rank(one)).max()
        else {
            continue;
        };
        let mut exec: Option<(usize, Option<Transition>)> = None;
        for (place, claim) in claims {
            if claim.mask & one == 0 || claim.rank(one) != top {
                continue;
            }
            match claim.decision {
                Decision::Allow => {
                    out.allow |= one;
                    out.audit |= claim.audit & one;
                }
                Decision::Prompt => {
                    out.prompt |= one;
                    out.audit |= claim.audit & one;
                }
                Decision::Deny => out.quiet |= claim.audit & one,
            }
            if files && one & EXEC_BITS != 0 && claim.decision != Decision::Deny {
                match exec {
                    None => exec = Some((*place, claim.exec)),
                    Some((other, way)) if way != claim.exec => conflicts.push(Conflict(other, *place)),
                    Some(_) => {}
                }
                let half = usize::from(one >> 32 != 0);
                out.exec[half] = claim.exec.unwrap_or_default();
                exec_rank[half] = Some(top);
            }
        }
    }
    if files {
        inherit_maps(claims, exec_rank, &mut out);
    }
    out
}

/// A program that goes on under the same profile is mapped as executable, unless a rule of higher rank says
/// otherwise.
fn inherit_maps(claims: &[(usize, &Claim)], exec_rank: [Option<i64>; 2], out: &mut Decided) {
    for (half, rank) in exec_rank.into_iter().enumerate() {
        let map = u64::from(file::MMAP) << (32 * half);
        let Some(rank) = rank.filter(|_| out.exec[half].has(Transition::INHERIT)) else { continue };
        let decided = claims.iter().filter(|(_, c)| c.mask & map != 0).map(|(_, c)| c.rank(map)).max();
        // The exec's level of exactness says nothing about mapping.
        if decided.is_none_or(|d| d.div_euclid(4) < rank.div_euclid(4) || d == rank) {
            out.allow |= map;
        }
    }
}

/// What claims on a string of the file database give.
#[must_use]
pub fn file_entry(claims: &[(usize, &Claim)], conflicts: &mut Vec<Conflict>) -> Entry {
    let decided = decide(claims, true, conflicts);
    let half = |shift: u32, exec: Transition| {
        let part = |mask: u64| (mask >> shift) as u32;
        let allow = part(decided.allow);
        Perms {
            allow: files(allow),
            prompt: files(part(decided.prompt)),
            audit: files(part(decided.audit)),
            quiet: files(part(decided.quiet)),
            xindex: if allow & file::EXEC != 0 { exec } else { Transition::default() },
            ..Perms::default()
        }
    };
    Entry { owner: half(0, decided.exec[0]), other: half(32, decided.exec[1]) }
}

/// What claims on a string of the policy database or of an attachment give.
#[must_use]
pub fn entry(claims: &[(usize, &Claim)]) -> Entry {
    let decided = decide(claims, false, &mut Vec::new());
    let part = |mask: u64| mask as u32;
    Entry::both(Perms {
        allow: part(decided.allow),
        prompt: part(decided.prompt),
        audit: part(decided.audit),
        quiet: part(decided.quiet),
        ..Perms::default()
    })
}

/// Bits of files in the kernel's terms (`policy_compat.c`, `map_old_perms`).
fn files(word: u32) -> u32 {
    let mut mask = word & 0xf;
    for (from, to) in [
        (file::READ, bit::GETATTR | bit::OPEN),
        (file::WRITE, bit::SETATTR | bit::CREATE | bit::DELETE | bit::CHMOD | bit::CHOWN | bit::OPEN),
        (file::LINK, bit::LINK),
        (file::LOCK, bit::LOCK),
        (file::MMAP, bit::MMAP),
        (file::ONEXEC, bit::ONEXEC),
        (file::CHANGE_PROFILE, bit::CHANGE_PROFILE),
    ] {
        if word & from != 0 {
            mask |= to;
        }
    }
    mask
}
