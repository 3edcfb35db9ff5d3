//! Which profile a program gets. Kernel `domain.c`: `profile_transition`, `x_to_label`, `find_attach`;
//! `match.c`, `aa_dfa_leftmatch`.

use super::{Answer, Kernel, Outcome, check, confined, file};
use crate::dfa::{START, StateId, TRAP};
use crate::policy::{Attachment, Bytes, Class, Perms, Profile, Transition, TransitionKind, bit};
use whodenied_kernel::Errno;

/// The profile after an exec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The same.
    Same,
    /// None.
    Unconfined,
    /// This one.
    Profile(Bytes),
    /// The attachments of several profiles fit equally well, or extended attributes decide.
    Unclear,
}

/// The answer to an exec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// Whether it is allowed.
    pub answer: Answer,
    /// The profile afterwards, when it is allowed.
    pub target: Option<Target>,
    /// Stacked on top of that.
    pub stacked: Option<Bytes>,
    /// The environment is scrubbed (`AT_SECURE`).
    pub secure: bool,
}

/// May a task execute this program, and under which profile does it then run? `loaded` are the profiles of
/// the namespace; without them transitions that look for a profile are unclear.
#[must_use]
pub fn exec(
    profile: &Profile,
    kernel: &Kernel,
    path: &[u8],
    owner: bool,
    loaded: Option<&[&Profile]>,
) -> Exec {
    let done = |answer, target| Exec { answer, target, stacked: None, secure: false };
    let Some(profile) = confined(profile) else {
        let target = match loaded {
            Some(loaded) => match attach(loaded, None, path) {
                Found::One(name) => Target::Profile(name),
                Found::None => Target::Unconfined,
                Found::Several => Target::Unclear,
            },
            None => Target::Unclear,
        };
        return done(Answer::unmediated(Class::File), Some(target));
    };
    let mut perms = file::permissions(profile, path, owner);
    let ask =
        |perms: &Perms, info| check(profile, perms, bit::EXEC, Class::File, Errno::EACCES).with_info(info);
    if perms.allow & bit::EXEC == 0 {
        return done(ask(&perms, None), None);
    }
    let (target, stacked) = resolve(profile, perms.xindex, path, loaded);
    let secure = !perms.xindex.has(Transition::UNSAFE);
    match target {
        Some(target) => Exec { answer: ask(&perms, None), target: Some(target), stacked, secure },
        None => {
            perms.allow &= !bit::EXEC;
            let mut answer = ask(&perms, Some("profile transition not found"));
            if answer.outcome == Outcome::Complained && !kernel.learns {
                (answer.outcome, answer.errno) = (Outcome::Denied, Some(Errno::EACCES));
            }
            done(answer, None)
        }
    }
}

fn resolve(
    profile: &Profile,
    x: Transition,
    path: &[u8],
    loaded: Option<&[&Profile]>,
) -> (Option<Target>, Option<Bytes>) {
    let by_name = || {
        let parent = x.has(Transition::CHILD).then_some(profile.name.as_slice());
        match loaded {
            Some(loaded) => match attach(loaded, parent, path) {
                Found::One(name) => Some(Target::Profile(name)),
                Found::None => None,
                Found::Several => Some(Target::Unclear),
            },
            None => Some(Target::Unclear),
        }
    };
    let (found, stacked) = match x.kind() {
        TransitionKind::None => (None, None),
        TransitionKind::Name => (by_name(), None),
        TransitionKind::Table(index) => {
            let (name, child) =
                match file::database(profile).and_then(|(db, _)| db.transitions.get(index as usize)) {
                    Some(name) => (name.clone(), x.has(Transition::CHILD)),
                    None => return (None, None),
                };
            match name.strip_prefix(b"&") {
                Some(stacked) => (by_name(), Some(stacked.to_vec())),
                None if child => {
                    let name = [profile.name.as_slice(), b"//", &name].concat();
                    (named(name, loaded), None)
                }
                None => (named(name, loaded), None),
            }
        }
    };
    let fallback = if x.has(Transition::INHERIT) {
        Some(Target::Same)
    } else if x.has(Transition::UNCONFINED) {
        Some(Target::Unconfined)
    } else {
        None
    };
    (found.or(fallback), stacked)
}

fn named(name: Bytes, loaded: Option<&[&Profile]>) -> Option<Target> {
    if name == b"unconfined" {
        return Some(Target::Unconfined);
    }
    match loaded {
        Some(loaded) => loaded.iter().any(|p| p.name == name).then_some(Target::Profile(name)),
        None => Some(Target::Profile(name)),
    }
}

enum Found {
    None,
    One(Bytes),
    Several,
}

/// The profile that attaches to a path, among the top ones or the children of `parent`.
fn attach(loaded: &[&Profile], parent: Option<&[u8]>, path: &[u8]) -> Found {
    let belongs = |p: &&&Profile| match parent {
        Some(parent) => {
            let child = p.name.strip_prefix(parent).and_then(|n| n.strip_prefix(b"//"));
            child.is_some_and(|n| !n.windows(2).any(|w| w == b"//"))
        }
        None => !p.name.windows(2).any(|w| w == b"//"),
    };
    let mut best: Option<(u32, &Profile)> = None;
    let mut several = false;
    for profile in loaded.iter().filter(belongs) {
        let own = match parent {
            Some(parent) => profile.name.get(parent.len() + 2..).unwrap_or(b""),
            None => &profile.name,
        };
        match &profile.attachment {
            Some(pattern) => {
                let Some(length) = attachment(pattern, path) else { continue };
                if !profile.xattrs.is_empty() {
                    several = true;
                }
                match best {
                    Some((longest, _)) if length < longest => {}
                    Some((longest, _)) if length == longest => several = true,
                    _ => {
                        several = !profile.xattrs.is_empty();
                        best = Some((length.max(pattern.length), profile));
                    }
                }
            }
            // An exact name ends the search.
            None if own == path => return Found::One(profile.name.clone()),
            None => {}
        }
    }
    match best {
        Some(_) if several => Found::Several,
        Some((_, profile)) => Found::One(profile.name.clone()),
        None => Found::None,
    }
}

/// How much of a path an attachment matches literally; `None` when it does not match.
#[must_use]
pub fn attachment(pattern: &Attachment, path: &[u8]) -> Option<u32> {
    const HISTORY: usize = 32;
    let dfa = &pattern.database.dfa;
    let mut history: Vec<StateId> = Vec::new();
    let mut state = START;
    let mut count = 0u32;
    for (at, &byte) in path.iter().enumerate() {
        history.push(state);
        state = dfa.next(state, byte);
        // A state met again is a loop of the pattern: what led round it is not literal.
        let loops = history.last().is_some_and(|last| *last >= state);
        let met = history.iter().rev().take(HISTORY.min(history.len())).position(|s| *s == state);
        if loops && let Some(back) = met {
            state = dfa.walk(state, path.get(at + 1..).unwrap_or(b""));
            count = count.saturating_sub(back as u32);
            break;
        }
        count += 1;
    }
    if state == TRAP || pattern.database.entry(state).owner.allow & bit::EXEC == 0 {
        return None;
    }
    Some(count)
}
