//! What Linux answers to a call on files, and which check decided.
//!
//! [`decide`] asks the checks of file access in the kernel's own order: the walk of each path, mode,
//! access control list, capabilities over the owner's namespace, sticky directories, the
//! `fs.protected_*` sysctls, inode flags, mount options, read-only and idmapped mounts. Errno and
//! order are those of Linux 6.12 to 6.18, compared with the running kernel by
//! `crates/testkit/tests/access_model.rs`.
//!
//! Deliberately absent: security modules, the device cgroup, seccomp, quotas, rlimits, leases, ETXTBSY,
//! and whatever a file system, a driver or a server decides for itself.

mod attribute;
mod change;
mod decision;
mod entry;
mod id;
mod object;
mod open;
mod operation;
mod permission;
mod program;
mod subject;
#[cfg(test)]
mod testing;
mod tree;
mod walk;
mod ways;
mod world;

pub use change::{Change, Changed, MountOption, Named, Protection};
pub use decision::{Class, Decision, Refusal, Rule};
pub use id::{CapabilitySet, Extent, IdMap, IdMaps, UserNamespace};
pub use object::{
    Acl, EXECUTE, FileCapabilities, FileSystem, Inode, Kind, Mount, READ, SETGID, SETUID, STICKY, WRITE,
};
pub use operation::{OpenFlags, Operation, RenameHow, Times};
pub use subject::Subject;
pub use tree::Tree;
pub use ways::{Way, ways};
pub use world::{Entry, NodeId, Settings, World};

use attribute::Act;
use permission::{Ask, Halt};

/// What the kernel answers to `operation` of `subject` in `world`.
#[must_use]
pub fn decide(subject: &Subject, world: &dyn World, operation: &Operation) -> Decision {
    let real;
    let subject = match operation {
        Operation::Access { effective: false, .. } => {
            real = subject.as_real();
            &real
        }
        _ => subject,
    };
    let ask = Ask { subject, world, operand: 0 };
    let answer = match operation {
        Operation::Open { path, flags } => ask.open(path, *flags),
        Operation::Access { path, want, follow, .. } => ask.access(path, *want, *follow),
        Operation::Stat { path, follow } => ask.lookup(path, *follow).map(|_| ()),
        Operation::ReadLink { path } => ask.read_link(path),
        Operation::ChangeDirectory { path } => ask.change_directory(path),
        Operation::ChangeRoot { path } => ask.change_root(path),
        Operation::MakeDirectory { path } => ask.make(path, true),
        Operation::MakeNode { path, kind, device } => ask.make_node(path, *kind, *device),
        Operation::MakeSymlink { path } => ask.make(path, false),
        Operation::Link { from, to, follow } => ask.link(from, to, *follow),
        Operation::Rename { from, to, how } => ask.rename(from, to, *how),
        Operation::Unlink { path } => ask.unlink(path),
        Operation::RemoveDirectory { path } => ask.remove_directory(path),
        Operation::ChangeMode { path, .. } => ask.change_mode(path),
        Operation::ChangeOwner { path, uid, gid, follow } => ask.change_owner(path, *uid, *gid, *follow),
        Operation::SetTimes { path, times, follow } => ask.set_times(path, *times, *follow),
        Operation::Truncate { path } => ask.truncate(path),
        Operation::SetAttribute { path, name, follow } => ask.attribute(path, name, *follow, Act::Set),
        Operation::GetAttribute { path, name, follow } => ask.attribute(path, name, *follow, Act::Get),
        Operation::RemoveAttribute { path, name, follow } => ask.attribute(path, name, *follow, Act::Remove),
        Operation::Execute { path } => ask.execute(path),
        Operation::Connect { path } => ask.connect(path),
        Operation::Bind { path } => ask.bind(path),
    };
    match answer {
        Ok(()) => Decision::Allowed,
        Err(Halt::Refused(refusal)) => Decision::Refused(refusal),
        Err(Halt::Unknown(node)) => Decision::Unknown(node),
    }
}
