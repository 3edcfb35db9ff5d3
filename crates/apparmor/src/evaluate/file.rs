//! Files. Kernel `file.c`: `__aa_path_perm`, `profile_path_link`, `aa_str_perms`.

use super::{Answer, check, confined};
use crate::dfa::StateId;
use crate::policy::{Class, Database, Perms, Profile, Transition, bit};
use whodenied_kernel::Errno;

/// The database that holds a profile's files and where walks of paths begin; `None` when it has none, which
/// allows nothing.
pub(super) fn database(profile: &Profile) -> Option<(&Database, StateId)> {
    if let Some(db) = &profile.file {
        return Some((db, db.file_start));
    }
    profile.policy.as_ref().filter(|db| db.class(Class::File).is_some()).map(|db| (db, db.file_start))
}

/// The permissions on a path.
pub(super) fn permissions(profile: &Profile, path: &[u8], owner: bool) -> Perms {
    database(profile).map_or_else(Perms::default, |(db, start)| *db.entry(db.dfa.walk(start, path)).of(owner))
}

/// May a task do this to a file? `request` in bits of `policy::bit`: reading is `READ`, creating `CREATE`,
/// appending only `APPEND`. `owner`: the task's fsuid is the file's owner.
#[must_use]
pub fn file(profile: &Profile, path: &[u8], owner: bool, request: u32) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::File) };
    check(profile, &permissions(profile, path, owner), request, Class::File, Errno::EACCES)
}

/// May a task make `link` a hard link to `target`? `owner`: it owns the target.
#[must_use]
pub fn link(profile: &Profile, link: &[u8], target: &[u8], owner: bool) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::File) };
    let ask = |perms: &Perms, request, info| {
        check(profile, perms, request, Class::File, Errno::EACCES).with_info(info)
    };
    let Some((db, start)) = database(profile) else { return ask(&Perms::default(), bit::LINK, None) };
    let state = db.dfa.walk(start, link);
    let mut perms = *db.entry(state).of(owner);
    if perms.allow & bit::LINK == 0 {
        return ask(&perms, bit::LINK, None);
    }
    // What is silent stands with the pair of both.
    let pair = *db.entry(db.dfa.walk(db.dfa.next(state, 0), target)).of(owner);
    (perms.audit, perms.quiet, perms.kill) = (pair.audit, pair.quiet, pair.kill);
    if pair.allow & bit::LINK == 0 {
        return ask(&pair, bit::LINK, Some("target restricted"));
    }
    if pair.allow & bit::LINK_SUBSET == 0 {
        return ask(&perms, bit::LINK, None);
    }
    // Through the link nothing may be allowed that is not allowed at the target.
    let there = *db.entry(db.dfa.walk(start, target)).of(owner);
    let mut request = perms.allow & !bit::LINK;
    perms.allow &= there.allow | bit::LINK;
    let mut info = None;
    if request & !perms.allow == 0 && perms.allow & bit::EXEC != 0 && !is_subset(perms.xindex, there.xindex) {
        perms.allow &= !bit::EXEC;
        request |= bit::EXEC;
        info = Some("link not subset of target");
    }
    ask(&perms, request, info)
}

/// Kernel `xindex_is_subset`: the same transition, but for one that scrubs where the other does not.
fn is_subset(link: Transition, target: Transition) -> bool {
    let safe = |x: Transition| x.0 & !Transition::UNSAFE;
    safe(link) == safe(target) && (!link.has(Transition::UNSAFE) || target.has(Transition::UNSAFE))
}
