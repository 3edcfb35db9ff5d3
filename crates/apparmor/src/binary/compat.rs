//! Permissions as words in the automaton itself, and back.
//!
//! A file's word has 14 bits for owners and 14 for others: execute, write, read, append, link, lock, map,
//! then the exec transition. In the policy database the second half holds further permissions instead.
//! Source: kernel `policy_compat.c` (`map_old_perms`, `compute_fperms_*`, `compute_perms_entry`,
//! `compute_xmatch_perms`, `dfa_map_xindex`).

use crate::policy::{Entry, Perms, Transition, TransitionKind, bit};

/// What a database is for, which decides what its words mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Attachment,
    Policy,
    File,
}

fn file_mask(old: u32) -> u32 {
    let mut new = old & 0xf;
    if old & bit::READ != 0 {
        new |= bit::GETATTR | bit::OPEN;
    }
    if old & bit::WRITE != 0 {
        new |= bit::SETATTR | bit::CREATE | bit::DELETE | bit::CHMOD | bit::CHOWN | bit::OPEN;
    }
    if old & 0x10 != 0 {
        new |= bit::LINK;
    }
    if old & 0x20 != 0 {
        new |= bit::LOCK;
    }
    if old & 0x40 != 0 {
        new |= bit::MMAP;
    }
    new
}

fn file_half(accept: u32, accept2: u32, shift: u32) -> Perms {
    let mut allow = file_mask(accept >> shift & 0x7f) | bit::GETATTR;
    if accept & 1 << 31 != 0 {
        allow |= bit::CHANGE_PROFILE;
    }
    if accept & 1 << 30 != 0 {
        allow |= bit::ONEXEC;
    }
    Perms {
        allow,
        audit: file_mask(accept2 >> shift & 0x7f),
        quiet: file_mask(accept2 >> (shift + 7) & 0x7f),
        xindex: Transition::from_compat(accept >> shift & 0x3fff),
        ..Perms::default()
    }
}

fn further(x: u32) -> u32 {
    (x & 0x3) << 8 | (x & 0x1c) << 18 | (x & 0x60) << 19
}

fn high(x: u32) -> u32 {
    (x & 1) << 7 | (x & 0x7e) << 9
}

/// What a state with these words is worth. `trap`: it is state 0, which the kernel skips but for files.
pub(super) fn entry(purpose: Purpose, interface: u32, trap: bool, accept: u32, accept2: u32) -> Entry {
    match purpose {
        Purpose::File => {
            Entry { owner: file_half(accept, accept2, 0), other: file_half(accept, accept2, 14) }
        }
        _ if trap => Entry::default(),
        Purpose::Attachment => Entry::both(Perms { allow: accept & (0x7f | 1 << 31), ..Perms::default() }),
        Purpose::Policy => {
            let mut perms = Perms {
                allow: accept & (0x7f | 1 << 31) | further(accept >> 14 & 0x7f),
                audit: accept2 & 0x7f | further(accept2 >> 14 & 0x7f),
                quiet: accept2 >> 7 & 0x7f | further(accept2 >> 21 & 0x7f),
                ..Perms::default()
            };
            if interface <= 8 {
                perms.allow |= bit::LOCK;
            } else {
                perms.allow |= high(accept >> 7 & 0x7f);
                perms.quiet |= high(accept >> 21 & 0x7f);
            }
            Entry::both(perms)
        }
    }
}

/// What words always say, whatever the rules: attributes of files can be read, and in the policy database
/// up to interface 8 locking is allowed, which no class of it asks for.
fn implied(purpose: Purpose, interface: u32, trap: bool) -> u32 {
    match purpose {
        Purpose::File => bit::GETATTR,
        Purpose::Policy if !trap && interface <= 8 => bit::LOCK,
        _ => 0,
    }
}

/// The words of an entry; `None` when it holds what words cannot say.
pub(super) fn words(purpose: Purpose, interface: u32, trap: bool, wanted: &Entry) -> Option<(u32, u32)> {
    let mut wanted = *wanted;
    wanted.owner.allow |= implied(purpose, interface, trap);
    wanted.other.allow |= implied(purpose, interface, trap);
    let (accept, accept2) = match purpose {
        Purpose::File => {
            let (a, a2) = file_words(&wanted.owner)?;
            let (b, b2) = file_words(&wanted.other)?;
            let mut accept = a | b << 14;
            if wanted.owner.allow & bit::CHANGE_PROFILE != 0 {
                accept |= 1 << 31;
            }
            if wanted.owner.allow & bit::ONEXEC != 0 {
                accept |= 1 << 30;
            }
            (accept, a2 | b2 << 14)
        }
        Purpose::Attachment => (wanted.owner.allow & (0x7f | 1 << 31), 0),
        Purpose::Policy => {
            let back =
                |mask: u32| mask & 0x7f | (mask >> 8 & 3 | mask >> 18 & 0x1c | mask >> 19 & 0x60) << 14;
            let p = &wanted.owner;
            let mut accept = back(p.allow) | p.allow & 1 << 31;
            if interface > 8 {
                accept |= (p.allow >> 7 & 1 | p.allow >> 9 & 0x7e) << 7;
                accept |= (p.quiet >> 7 & 1 | p.quiet >> 9 & 0x7e) << 21;
            }
            (accept, back(p.audit) | back(p.quiet) << 7)
        }
    };
    // The words are right exactly when reading them gives what was wanted.
    (entry(purpose, interface, trap, accept, accept2) == wanted).then_some((accept, accept2))
}

fn file_words(perms: &Perms) -> Option<(u32, u32)> {
    let back = |mask: u32| {
        mask & 0xf
            | if mask & bit::LINK != 0 { 0x10 } else { 0 }
            | if mask & bit::LOCK != 0 { 0x20 } else { 0 }
            | if mask & bit::MMAP != 0 { 0x40 } else { 0 }
    };
    let x = perms.xindex;
    let mut word = match x.kind() {
        TransitionKind::None => 0,
        TransitionKind::Name if x.has(Transition::CHILD) => 3 << 10,
        TransitionKind::Name => 2 << 10,
        TransitionKind::Table(index) => (index.checked_add(4).filter(|i| *i <= 15)?) << 10,
    };
    if x.has(Transition::UNSAFE) {
        word |= 0x100;
    }
    if x.has(Transition::INHERIT) {
        word |= 0x200;
    }
    if x.has(Transition::UNCONFINED) {
        // Without a profile to look for, the index says it; else the flag of a fallback does.
        word |= if x.kind() == TransitionKind::None { 1 << 10 } else { 0x80 };
    }
    Some((back(perms.allow) | word, back(perms.audit) | back(perms.quiet) << 7))
}
