//! What Linux answers to a call on files, and which check decided.
//!
//! [`decide`] asks the checks of file access in the kernel's own order: the walk of each path, mode,
//! access control list, capabilities over the owner's namespace, sticky directories, the
//! `fs.protected_*` sysctls, inode flags, mount options, read-only and idmapped mounts, file systems of
//! a user namespace, capabilities of programs. [`ways`] names the smallest changes that would let a
//! refused operation through, each tried by deciding again.
//!
//! Errno and order are those of Linux 6.18, compared with the running kernel by
//! `crates/testkit/tests/access_model.rs` on tmpfs, ext4 and overlay. Older kernels differ where a
//! comment says so.
//!
//! Deliberately absent: security modules, the device cgroup, seccomp, quotas, rlimits, leases, ETXTBSY,
//! and whatever a driver, a server or a FUSE program decides for itself.

mod attribute;
mod change;
mod decision;
mod entry;
mod id;
mod object;
mod open;
mod operation;
mod permission;
mod place;
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
pub use place::{Place, places};
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    /// A world of which one directory can't be read.
    struct Veiled(Tree, NodeId);

    impl World for Veiled {
        fn root(&self) -> NodeId {
            self.0.root()
        }
        fn cwd(&self) -> NodeId {
            self.0.cwd()
        }
        fn entry(&self, directory: NodeId, name: &[u8]) -> Entry {
            if directory == self.1 { Entry::Unknown } else { self.0.entry(directory, name) }
        }
        fn mounted(&self, node: NodeId) -> Option<NodeId> {
            self.0.mounted(node)
        }
        fn parent(&self, node: NodeId) -> Option<NodeId> {
            self.0.parent(node)
        }
        fn mount_point(&self, root: NodeId) -> Option<NodeId> {
            self.0.mount_point(root)
        }
        fn inode(&self, node: NodeId) -> Option<Cow<'_, Inode>> {
            self.0.inode(node)
        }
        fn mount(&self, node: NodeId) -> Option<Cow<'_, Mount>> {
            self.0.mount(node)
        }
        fn file_system(&self, node: NodeId) -> Option<Cow<'_, FileSystem>> {
            self.0.file_system(node)
        }
        fn settings(&self) -> Settings {
            self.0.settings()
        }
        fn path(&self, node: NodeId) -> Vec<u8> {
            self.0.path(node)
        }
    }

    // What is refused before the unreadable place is still told; what comes after it is not guessed.
    #[test]
    fn what_cannot_be_read_is_said() {
        let tree = testing::tree();
        let home = testing::node(&tree, "/home");
        let world = Veiled(tree, home);
        let read = testing::read("/home/note");
        assert_eq!(decide(&Subject::user(1000, 1000), &world, &read), Decision::Unknown(home));
        let refused = decide(&Subject::user(1001, 1001), &world, &read);
        assert_eq!(refused.errno(), Some(whodenied_kernel::Errno::EACCES));
        let stranger = Subject::user(1001, 1001);
        assert!(ways(&stranger, &world, &read).is_empty());
    }
}
