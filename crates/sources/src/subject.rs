//! Who asks: an account, bare ids, or a running process.

use crate::accounts::Accounts;
use crate::capture::{self, process};
use crate::trace::Tracee;
use crate::world::Viewpoint;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use whodenied_access::{CapabilitySet, Subject, UserNamespace};
use whodenied_case::capture::ProcessState;

/// How the command line names a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A login name.
    Name(String),
    /// A user id, with a group id or the account's own.
    Ids(u32, Option<u32>),
    /// A process: its credentials, root and namespaces.
    Process(i32),
}

impl Who {
    /// `alice`, `1000`, `1000:100`, `pid:4711`; a name of digits is an id.
    ///
    /// # Errors
    /// In words, for what is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(pid) = text.strip_prefix("pid:") {
            let pid = pid.parse().ok().filter(|pid| *pid > 0);
            return pid.map(Self::Process).ok_or_else(|| "pid: needs a process id".to_owned());
        }
        let id = |text: &str| -> Result<u32, String> {
            let id = text.parse::<u32>().ok().filter(|id| *id != u32::MAX);
            id.ok_or_else(|| "an id is a number below 4294967295".to_owned())
        };
        if let Some((uid, gid)) = text.split_once(':') {
            return Ok(Self::Ids(id(uid)?, Some(id(gid)?)));
        }
        match text.bytes().all(|b| b.is_ascii_digit()) {
            true if !text.is_empty() => Ok(Self::Ids(id(text)?, None)),
            true => Err("the user is empty".to_owned()),
            false => Ok(Self::Name(text.to_owned())),
        }
    }
}

/// A subject with where it stands.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Its credentials.
    pub subject: Subject,
    /// Its root, mounts and working directory.
    pub view: Viewpoint,
    /// The process that gives the credentials, or in whose place the account is asked for.
    pub process: Option<ProcessState>,
    /// True when the credentials are the process's own.
    pub is_process: bool,
    /// True when its paths are ours: the same mount namespace.
    pub same_mounts: bool,
    /// Names of ids by `u` or `g` and the number.
    pub names: BTreeMap<String, String>,
    /// Users or groups may come from these services, which were not asked.
    pub unasked: Vec<String>,
    /// Sentences of what could not be read.
    pub missing: Vec<String>,
}

/// Resolves `who`, in the root and the namespaces of the process `inside` where one is given.
///
/// # Errors
/// In words, for an unknown name or a process that is not there.
pub fn resolve(who: &Who, inside: Option<i32>) -> Result<Asking, String> {
    let pid = match who {
        Who::Process(pid) => Some(*pid),
        _ => inside,
    };
    let root = pid.map_or_else(|| PathBuf::from("/"), |pid| PathBuf::from(format!("/proc/{pid}/root")));
    let accounts = Accounts::read(&root);
    let mut missing = accounts.missing.clone();
    let process = pid.map(|pid| state(pid, &mut missing)).transpose()?;
    let namespace = process.as_ref().map_or_else(UserNamespace::first, |state| {
        capture::walk::namespace(Tracee { tid: state.pid }, state)
    });
    let view = Viewpoint {
        pid,
        cwd: (pid.is_none()).then(|| std::env::current_dir().unwrap_or_else(|_| "/".into())),
        namespace: namespace.clone(),
    };
    let same_mounts = pid.is_none_or(|pid| {
        let link = |who: &str| std::fs::read_link(format!("/proc/{who}/ns/mnt")).ok();
        let its = link(&pid.to_string());
        its.is_some() && its == link("self")
    });
    // The names are those that commands take where the files are: in another user namespace on our own
    // mounts, ours.
    let names = match (same_mounts, namespace.is_first()) {
        (true, false) => Accounts::read(Path::new("/")).names(),
        (false, false) => outside(&accounts.names(), &namespace),
        (_, true) => accounts.names(),
    };
    let is_process = matches!(who, Who::Process(_));
    let subject = match (who, &process) {
        (Who::Process(_), Some(state)) => capture::subject(state, namespace),
        _ => account(who, &accounts, process.as_ref(), namespace)?,
    };
    Ok(Asking { subject, view, process, is_process, same_mounts, names, unasked: accounts.unasked, missing })
}

fn state(pid: i32, missing: &mut Vec<String>) -> Result<ProcessState, String> {
    if !Path::new(&format!("/proc/{pid}/status")).exists() {
        return Err(format!("there is no process {pid}"));
    }
    let state = process::state(Tracee { tid: pid }, pid, missing);
    if state.uids[0] == u32::MAX {
        return Err(format!("the credentials of process {pid} could not be read"));
    }
    Ok(state)
}

/// The names of ids as the first namespace numbers them, from those of an inner one.
fn outside(names: &BTreeMap<String, String>, namespace: &UserNamespace) -> BTreeMap<String, String> {
    names
        .iter()
        .filter_map(|(key, name)| {
            let (kind, id) = key.split_at_checked(1)?;
            let map = if kind == "u" { &namespace.maps.users } else { &namespace.maps.groups };
            Some((format!("{kind}{}", map.down(id.parse().ok()?)?), name.clone()))
        })
        .collect()
}

/// An account as a login has it: root with every capability that is left in its bounding set, others
/// with none.
fn account(
    who: &Who,
    accounts: &Accounts,
    process: Option<&ProcessState>,
    namespace: UserNamespace,
) -> Result<Subject, String> {
    let (uid, gid, groups) = match who {
        Who::Name(name) => {
            let account = accounts.named(name).ok_or_else(|| {
                let more = match accounts.unasked.as_slice() {
                    [] => String::new(),
                    services => {
                        format!("; nsswitch.conf also names {}: give uid:gid instead", services.join(", "))
                    }
                };
                format!("no user {name} in /etc/passwd{more}")
            })?;
            (account.uid, account.gid, accounts.groups_of(account))
        }
        Who::Ids(uid, None) => match accounts.numbered(*uid) {
            Some(account) => (account.uid, account.gid, accounts.groups_of(account)),
            None => (*uid, *uid, Vec::new()),
        },
        Who::Ids(uid, Some(gid)) => (*uid, *gid, Vec::new()),
        Who::Process(pid) => return Err(format!("there is no process {pid}")),
    };
    let unmapped = |kind: &str, id: u32| format!("{kind} {id} has no mapping in that user namespace");
    let user = |id| namespace.maps.users.down(id).ok_or_else(|| unmapped("uid", id));
    let group = |id| namespace.maps.groups.down(id).ok_or_else(|| unmapped("gid", id));
    let bounding = process.map_or_else(CapabilitySet::all, |p| CapabilitySet(p.bounding));
    let held = if uid == 0 { bounding } else { CapabilitySet::default() };
    let groups = groups.into_iter().map(group).collect::<Result<_, _>>()?;
    Ok(Subject {
        groups,
        effective: held,
        permitted: held,
        bounding,
        namespace: namespace.clone(),
        ..Subject::user(user(uid)?, group(gid)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_access::{Extent, IdMap, IdMaps};

    #[test]
    fn spellings_of_a_subject() {
        assert_eq!(Who::parse("alice"), Ok(Who::Name("alice".to_owned())));
        assert_eq!(Who::parse("1000"), Ok(Who::Ids(1000, None)));
        assert_eq!(Who::parse("1000:100"), Ok(Who::Ids(1000, Some(100))));
        assert_eq!(Who::parse("pid:7"), Ok(Who::Process(7)));
        for wrong in ["", "pid:x", "pid:-1", "pid:0", "4294967295", "1000:", "x:1"] {
            assert!(Who::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn accounts_of_a_namespace_have_its_ids() {
        let accounts = Accounts::parse("root:x:0:0::/:/bin/sh\n", "root:x:0:\nadm:x:4:root\n", "");
        let map = || IdMap(vec![Extent { inside: 0, outside: 100_000, count: 65_536 }]);
        let namespace = UserNamespace {
            id: 7,
            owner: 1000,
            parent: Some(Box::new(UserNamespace::first())),
            maps: IdMaps { users: map(), groups: map() },
        };
        let state = ProcessState { bounding: 0xff, ..ProcessState::default() };
        let who = Who::Name("root".to_owned());
        let root = account(&who, &accounts, Some(&state), namespace.clone()).unwrap();
        assert_eq!((root.fsuid, root.groups, root.effective.0), (100_000, vec![100_000, 100_004], 0xff));
        assert!(account(&Who::Ids(70_000, None), &accounts, Some(&state), namespace.clone()).is_err());
        assert_eq!(outside(&accounts.names(), &namespace).get("g100004").map(String::as_str), Some("adm"));
    }

    #[test]
    fn we_are_a_process_of_our_own_credentials() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let asking = resolve(&Who::Process(pid), None).unwrap();
        assert!(asking.is_process && asking.subject.namespace.is_first(), "{asking:?}");
        assert!(resolve(&Who::Name("no such user".to_owned()), None).is_err());
    }
}
