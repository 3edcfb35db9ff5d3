//! Calls on files, by the model of file access.

use crate::say::{Say, allows, denies};
use std::collections::BTreeMap;
use whodenied_access::{Class, Decision, Inode, Refusal, Rule, Subject, decide};
use whodenied_case::capture::{Capture, Seen};
use whodenied_case::{Attempt, Support};
use whodenied_kernel::{Errno, Layer};
use whodenied_text::escape;

/// The layers that the model decides in full.
const DECIDED: [Layer; 5] = [Layer::Dac, Layer::Acl, Layer::Readonly, Layer::MountFlags, Layer::InodeFlags];

pub(super) fn judge(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Vec<Say> {
    let Some(question) = &live.question else { return Vec::new() };
    match decide(&question.subject, &question.world, &question.operation) {
        Decision::Allowed if live.partial => Vec::new(),
        Decision::Allowed => DECIDED
            .iter()
            .map(|layer| {
                allows(
                    attempt,
                    *layer,
                    "Owner, mode, lists, mount options and flags of every component let it through.",
                )
            })
            .collect(),
        Decision::Refused(refusal) if refusal.errno == errno => {
            let Some(told) = live.seen().and_then(|seen| told(&seen, &refusal)) else { return Vec::new() };
            let say = denies(attempt, told.layer, support, 97, told.because);
            vec![match told.policy {
                Some(policy) => say.policy(policy),
                None => say,
            }]
        }
        Decision::Refused(_) | Decision::Unknown(_) => Vec::new(),
    }
}

/// A refusal of the model in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The layer of the check.
    pub layer: Layer,
    /// One sentence with the object and its state; escaped.
    pub because: String,
    /// The setting that decides, as a report names it.
    pub policy: Option<String>,
}

/// The layer of a check of the model, and why it refused; `None` where it is no matter of rights.
#[must_use]
#[allow(clippy::too_many_lines, reason = "one arm for each rule of the model")]
pub fn told(seen: &Seen<'_>, refusal: &Refusal) -> Option<Told> {
    let world = seen.world;
    let names = seen.names;
    let at = refusal.at;
    let path = at.map_or_else(String::new, |node| {
        escape::line(&String::from_utf8_lossy(&world.path(node))).into_owned()
    });
    let inode = at.and_then(|node| world.inode(node));
    let shown = inode.as_deref().map(|i| state(names, i)).unwrap_or_default();
    let who = who(names, seen.subject);
    let right = right(refusal.wanted, inode.as_deref().is_some_and(Inode::is_directory));
    let (layer, because, policy) = match refusal.rule {
        Rule::Permission(class) => {
            let masked = inode.as_deref().is_some_and(|i| masked(i, seen.subject, refusal.wanted));
            let layer = match class {
                Class::Group | Class::Other if masked => Layer::Acl,
                Class::Owner | Class::Group | Class::Other => Layer::Dac,
                Class::ListUser(_) | Class::ListGroup | Class::ListOther => Layer::Acl,
            };
            // Root without the capability that lets it pass modes is a matter of capabilities.
            let root = seen.subject.fsuid == 0 && seen.subject.namespace.is_first();
            if root && layer == Layer::Dac {
                let because = format!(
                    "{path} is {shown}: {who} may not {right} it by mode, and the process lacks CAP_DAC_OVERRIDE, by which root passes modes."
                );
                (Layer::Capability, because, Some("CAP_DAC_OVERRIDE".to_owned()))
            } else {
                let class = match class {
                    _ if masked => {
                        "though an entry of its list would let it, because the list's mask cuts that"
                    }
                    Class::Owner => "as its owner",
                    Class::Group => "as a member of its group",
                    Class::Other => "being neither its owner nor in its group",
                    Class::ListUser(_) => "by the user's entry of its access control list, under the mask",
                    Class::ListGroup => "by the groups' entries of its access control list, under the mask",
                    Class::ListOther => "as other of its access control list",
                };
                let because = format!("{path} is {shown}: {who} may not {right} it {class}.");
                (layer, because, Some(format!("mode {shown}")))
            }
        }
        Rule::ReadOnlyFileSystem => {
            (Layer::Readonly, format!("The file system of {path} is mounted read-only."), None)
        }
        Rule::ReadOnlyMount => (Layer::Readonly, format!("The mount of {path} is read-only."), None),
        Rule::Immutable => (Layer::InodeFlags, format!("{path} is immutable (chattr +i)."), None),
        Rule::AppendOnly => (Layer::InodeFlags, format!("{path} may only be appended to (chattr +a)."), None),
        Rule::UnmappedObject => (
            Layer::Userns,
            format!("The owner of {path} ({shown}) has no id in the process's user namespace."),
            None,
        ),
        Rule::UnmappedSubject => (
            Layer::Userns,
            format!("The process's ids have no counterpart on the file system of {path}."),
            None,
        ),
        Rule::UnmappedNewOwner | Rule::UnknownNewOwner => (
            Layer::Userns,
            format!("The new owner of {path} has no id in the process's user namespace."),
            None,
        ),
        Rule::NoDev => (
            Layer::MountFlags,
            format!("The mount of {path} has nodev: devices on it can't be opened."),
            Some("nodev".to_owned()),
        ),
        Rule::NoExec => {
            (Layer::MountFlags, format!("The mount of {path} has noexec."), Some("noexec".to_owned()))
        }
        Rule::NoSymFollow => (
            Layer::MountFlags,
            format!("The mount of {path} has nosymfollow."),
            Some("nosymfollow".to_owned()),
        ),
        Rule::NotExecutableKind => {
            (Layer::Dac, format!("{path} is no regular file, and only those can be executed."), None)
        }
        Rule::ProtectedSymlink => (
            Layer::Sysctl,
            format!(
                "{path} is a link in a sticky directory that anyone may write to, and neither the process nor the directory's owner owns it ({shown}): fs.protected_symlinks."
            ),
            Some("fs.protected_symlinks".to_owned()),
        ),
        Rule::ProtectedHardlink => (
            Layer::Sysctl,
            format!(
                "{path} is {shown}, and {who} neither owns it nor may read and write it: fs.protected_hardlinks."
            ),
            Some("fs.protected_hardlinks".to_owned()),
        ),
        Rule::ProtectedSticky => (
            Layer::Sysctl,
            format!(
                "{path} is {shown}, in a sticky directory that others may write to, and opened for creation by another than its owner: fs.protected_regular or fs.protected_fifos."
            ),
            Some("fs.protected_regular".to_owned()),
        ),
        Rule::Sticky => (
            Layer::Dac,
            format!(
                "The directory is sticky: only the owner of {path} ({shown}) or of the directory may remove or rename it, and {who} is neither."
            ),
            None,
        ),
        Rule::NotOwner | Rule::NoAtime => {
            (Layer::Dac, format!("Only the owner of {path} ({shown}) may do this, and {who} is not."), None)
        }
        Rule::GiveAway => (
            Layer::Capability,
            format!(
                "Only CAP_CHOWN lets {path} ({shown}) be given to another user, and the process lacks it."
            ),
            Some("CAP_CHOWN".to_owned()),
        ),
        Rule::ForeignGroup => (
            Layer::Dac,
            format!(
                "The owner of {path} ({shown}) may give it only to a group of its own, and {who} is not in that group."
            ),
            None,
        ),
        Rule::FileCapabilities(missing) => (
            Layer::Capability,
            format!(
                "{path} carries {}, which the process's bounding and inheritable sets lack, and its effective bit asks for all it carries: execve then answers EPERM (bprm_caps_from_vfs_caps).",
                missing.names()
            ),
            Some("file capabilities".to_owned()),
        ),
        Rule::Capability(capability) => (
            Layer::Capability,
            format!("This needs {capability}, which the process lacks."),
            Some(capability.to_string()),
        ),
        _ => return None,
    };
    Some(Told { layer, because, policy })
}

/// An entry of the list grants it, and only the mask takes that away. With an empty mask the kernel
/// does not look at the list at all (fs/namei.c, acl_permission_check).
fn masked(inode: &Inode, subject: &Subject, wanted: u8) -> bool {
    let Some(acl) = &inode.acl else { return false };
    let grants = |bits: u8| bits & wanted == wanted;
    acl.users.iter().any(|(id, bits)| *id == subject.fsuid && grants(*bits))
        || acl.groups.iter().any(|(id, bits)| subject.in_group(*id) && grants(*bits))
}

/// `root:shadow 0640`.
fn state(names: &BTreeMap<String, String>, inode: &Inode) -> String {
    let list = if inode.acl.is_some() { " with an access control list" } else { "" };
    format!("{}:{} {:04o}{list}", name(names, 'u', inode.uid), name(names, 'g', inode.gid), inode.mode)
}

/// The name of an id, or its number.
fn name(names: &BTreeMap<String, String>, kind: char, id: u32) -> String {
    names.get(&format!("{kind}{id}")).map_or_else(|| id.to_string(), |n| escape::line(n).into_owned())
}

/// `alice (groups alice, audio)`.
fn who(names: &BTreeMap<String, String>, subject: &Subject) -> String {
    let mut groups = vec![subject.fsgid];
    groups.extend(subject.groups.iter().filter(|g| **g != subject.fsgid));
    let more = if groups.len() > 8 { ", …" } else { "" };
    let shown: Vec<String> = groups.iter().take(8).map(|g| name(names, 'g', *g)).collect();
    let word = if groups.len() == 1 { "group" } else { "groups" };
    let user = name(names, 'u', subject.fsuid);
    let user = if user == subject.fsuid.to_string() { format!("uid {user}") } else { user };
    format!("{user} ({word} {}{more})", shown.join(", "))
}

fn right(wanted: u8, directory: bool) -> &'static str {
    match (wanted & 7, directory) {
        (1, true) => "search",
        (1, false) => "execute",
        (2, _) => "write to",
        (3, _) => "write to and search",
        (4, _) => "read",
        (6, _) => "read and write",
        _ => "use",
    }
}
