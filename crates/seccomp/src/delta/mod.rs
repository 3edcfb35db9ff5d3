//! The smallest change of a profile that lets given calls through, and nothing else.
//!
//! The text is edited where it stands. Every change is tried: the new text is read again and
//! decides all calls as the old one did, except those asked for.

mod verify;
mod write;

use crate::json::Error;
use crate::profile::{Answer, Condition, Entry, Host, Profile, Resolved, read};
use crate::rule::is_name;
use whodenied_text::{Edit, SourceId, apply};

/// A call to let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub syscall: String,
    /// Only with arguments that fulfil all of these; at most one on each argument.
    pub args: Vec<Condition>,
}

/// A change of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// What to change, in order; empty when the calls go through as it is.
    pub edits: Vec<Edit>,
    /// The profile after it.
    pub text: String,
    /// The calls compared to find that nothing else changes.
    pub compared: usize,
    /// Calls that are refused before and after, but with another errno: naming a call with a higher
    /// number moves runc's ENOSYS above it. ABI by `uname -m`'s name, and number.
    pub shifted: Vec<(&'static str, u32)>,
}

/// Why there is no such change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The profile can't be read.
    Profile(Error),
    /// No call has such a name in the ABIs that the profile covers on this machine.
    NoSuchCall(String),
    /// Two conditions on one argument: engines would take either for enough.
    TwoOnOneArgument(String),
    /// An entry decides the call whatever its arguments; its index. Letting some arguments through
    /// would take rewriting that entry.
    Overridden {
        /// Index in `syscalls`.
        entry: usize,
    },
    /// Every change tried also changes what another call gets.
    NothingExact(String),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Profile(error) => write!(f, "the profile can't be read: {error}"),
            Self::NoSuchCall(name) => write!(f, "no system call {name} in the ABIs the profile covers"),
            Self::TwoOnOneArgument(name) => write!(f, "two conditions on one argument of {name}"),
            Self::Overridden { entry } => {
                write!(f, "entry {entry} of the profile decides the call whatever its arguments")
            }
            Self::NothingExact(name) => write!(f, "no change lets {name} through and nothing else"),
        }
    }
}

impl std::error::Error for Refused {}

/// Finds the smallest change of the profile `text` that lets `grants` through on `host`.
///
/// # Errors
/// When there is none that changes nothing else.
pub fn allow(text: &str, grants: &[Grant], host: &Host) -> Result<Delta, Refused> {
    let profile = read(text, SourceId(0)).map_err(Refused::Profile)?;
    let before = Resolved::new(&profile, host);
    let mut edits: Vec<Edit> = Vec::new();
    for grant in grants {
        check(grant, &before)?;
        if verify::granted(&before, grant) {
            continue;
        }
        overridden(&profile, host, grant)?;
        let best = candidates(text, &profile, host, grant)
            .into_iter()
            .filter(|edits| verified(text, edits, &before, std::slice::from_ref(grant), host).is_some())
            .min_by_key(|edits| edits.iter().map(|e| e.end - e.start + e.text.len()).sum::<usize>());
        edits.extend(best.ok_or_else(|| Refused::NothingExact(grant.syscall.clone()))?);
    }
    edits.sort_by_key(|e| e.start);
    edits.dedup();
    let all =
        || Refused::NothingExact(grants.iter().map(|g| g.syscall.as_str()).collect::<Vec<_>>().join(", "));
    verified(text, &edits, &before, grants, host).ok_or_else(all)
}

fn check(grant: &Grant, before: &Resolved) -> Result<(), Refused> {
    let known = is_name(&grant.syscall)
        && before
            .abis()
            .iter()
            .any(|abi| !crate::profile::multiplex::numbers(*abi, &grant.syscall).is_empty());
    if !known {
        return Err(Refused::NoSuchCall(grant.syscall.clone()));
    }
    let mut indexes: Vec<u8> = grant.args.iter().map(|c| c.index).collect();
    indexes.sort_unstable();
    if indexes.windows(2).any(|w| w.first() == w.get(1)) || indexes.iter().any(|i| *i > 5) {
        return Err(Refused::TwoOnOneArgument(grant.syscall.clone()));
    }
    Ok(())
}

/// True when an entry is about the call on this host and is not dropped as redundant.
fn counts(profile: &Profile, entry: &Entry, host: &Host, grant: &Grant) -> bool {
    host.takes(entry)
        && entry.answer != profile.default
        && entry.names.iter().any(|n| n.text == grant.syscall)
}

fn overridden(profile: &Profile, host: &Host, grant: &Grant) -> Result<(), Refused> {
    if grant.args.is_empty() {
        return Ok(());
    }
    let over = profile
        .entries
        .iter()
        .position(|e| counts(profile, e, host, grant) && e.args.is_empty() && !e.answer.lets_through());
    // A default that lets through means that what refuses is an entry, with or without conditions.
    let over = over.or_else(|| {
        let refuses = |e: &Entry| counts(profile, e, host, grant) && !e.answer.lets_through();
        profile.entries.iter().position(refuses).filter(|_| profile.default.lets_through())
    });
    over.map_or(Ok(()), |entry| Err(Refused::Overridden { entry }))
}

/// Ways to let one call through: every one takes the name out of what refuses it; then it names the
/// call in an entry that allows, or adds one.
fn candidates(text: &str, profile: &Profile, host: &Host, grant: &Grant) -> Vec<Vec<Edit>> {
    let mut removals = Vec::new();
    for (index, entry) in profile.entries.iter().enumerate() {
        if grant.args.is_empty() && counts(profile, entry, host, grant) && !entry.answer.lets_through() {
            removals.extend(write::remove_name(profile, index, &grant.syscall));
        }
    }
    let mut ways = Vec::new();
    if profile.default.lets_through() && !removals.is_empty() {
        ways.push(removals.clone());
    }
    let with = |edit: Edit| removals.iter().cloned().chain([edit]).collect::<Vec<_>>();
    if grant.args.is_empty() {
        let open = profile.entries.iter().filter(|e| is_open(e));
        ways.extend(open.filter_map(|e| write::add_name(text, e, &grant.syscall)).map(with));
    }
    ways.extend(write::add_entry(text, profile, grant).map(with));
    for way in &mut ways {
        way.sort_by_key(|e| e.start);
    }
    ways
}

/// An entry that allows whatever the arguments, machine and container.
fn is_open(entry: &Entry) -> bool {
    let empty =
        |terms: &Option<crate::profile::Terms>| terms.as_ref().is_none_or(|t| *t == Default::default());
    entry.answer == Answer::Allow && entry.args.is_empty() && empty(&entry.includes) && empty(&entry.excludes)
}

fn verified(text: &str, edits: &[Edit], before: &Resolved, grants: &[Grant], host: &Host) -> Option<Delta> {
    let text = apply(text, edits).ok()?;
    let profile = read(&text, SourceId(0)).ok()?;
    let after = Resolved::new(&profile, host);
    let found = verify::only(before, &after, grants)?;
    Some(Delta { edits: edits.to_vec(), text, compared: found.compared, shifted: found.shifted })
}

#[cfg(test)]
mod tests;
