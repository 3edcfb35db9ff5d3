//! Constructors for the rows of the table.

use super::Confined;

pub(super) const fn daemon(
    names: &'static [&'static str],
    users: &'static [&'static str],
    profile: (&'static str, &'static [&'static str]),
    domain: &'static str,
    own: &'static [&'static str],
) -> Confined {
    Confined {
        names,
        plain: true,
        users,
        profile: profile.0,
        enforced_on: profile.1,
        domain,
        own,
        read_only: &[],
        temporary: true,
        since: &[],
        endings: &[],
        runs: None,
    }
}

/// A daemon whose profile grants these directories for reading only.
pub(super) const fn reading(mut one: Confined, only: &'static [&'static str]) -> Confined {
    one.read_only = only;
    one
}

/// A daemon whose profile grants no temporary directory.
pub(super) const fn no_temporary(mut one: Confined) -> Confined {
    one.temporary = false;
    one
}

/// A daemon whose profile Ubuntu enforces from this release on.
pub(super) const fn since(mut one: Confined, release: &'static [u32]) -> Confined {
    one.since = release;
    one
}

/// A program whose profile names the programs that it may run.
pub(super) const fn running(mut one: Confined, only: &'static [&'static str]) -> Confined {
    one.runs = Some(only);
    one
}

/// A program whose profile grants files by their ending.
pub(super) const fn by_ending(mut one: Confined, endings: &'static [&'static str]) -> Confined {
    one.endings = endings;
    one
}

/// A daemon whose name is an ordinary word too.
pub(super) const fn worded(mut one: Confined) -> Confined {
    one.plain = false;
    one
}
