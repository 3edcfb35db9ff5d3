//! Where it happens: the tree of names as the subject sees it.

use crate::object::{FileSystem, Inode, Mount};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A name in a mount: what the kernel calls a path (mount and dentry). The numbers are the world's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u64);

/// What looking for a name in a directory gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It is there.
    Found(NodeId),
    /// It is not there.
    Absent,
    /// It could not be looked up.
    Unknown,
}

/// What the machine itself decides: the sysctls `fs.protected_*`, and which kernel it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// `fs.protected_symlinks`.
    pub symlinks: u8,
    /// `fs.protected_hardlinks`.
    pub hardlinks: u8,
    /// `fs.protected_fifos`.
    pub fifos: u8,
    /// `fs.protected_regular`.
    pub regular: u8,
    /// Major and minor number of the kernel's release.
    pub release: (u16, u16),
}

impl Default for Settings {
    /// Linux 6.18 with every sysctl at 0, as the kernel itself starts.
    fn default() -> Self {
        Self { symlinks: 0, hardlinks: 0, fifos: 0, regular: 0, release: (6, 18) }
    }
}

/// The files and mounts a decision may ask for. A live machine answers by reading lazily; what it
/// can't read it answers with `None` or [`Entry::Unknown`], and the decision says so.
pub trait World {
    /// The subject's root directory.
    fn root(&self) -> NodeId;

    /// The directory relative paths start at.
    fn cwd(&self) -> NodeId;

    /// The entry of this name in a directory of one mount, without crossing into what is mounted on it.
    /// Never asked for `.` or `..`.
    fn entry(&self, directory: NodeId, name: &[u8]) -> Entry;

    /// The root of what is mounted on this node, the topmost if several are.
    fn mounted(&self, node: NodeId) -> Option<NodeId>;

    /// True when something is mounted on this entry, whichever mount of its file system it is seen through
    /// (`is_local_mountpoint`): then it can't be removed or renamed.
    fn is_mount_point(&self, node: NodeId) -> bool {
        self.mounted(node).is_some()
    }

    /// The directory above within the same mount; `None` at the mount's root.
    fn parent(&self, node: NodeId) -> Option<NodeId>;

    /// For the root of a mount, the node it is mounted on; `None` for the mount at the top.
    fn mount_point(&self, root: NodeId) -> Option<NodeId>;

    /// The inode, `None` when it can't be read.
    fn inode(&self, node: NodeId) -> Option<Cow<'_, Inode>>;

    /// The mount the node is seen through.
    fn mount(&self, node: NodeId) -> Option<Cow<'_, Mount>>;

    /// The file system it lies on.
    fn file_system(&self, node: NodeId) -> Option<Cow<'_, FileSystem>>;

    /// The sysctls and the kernel's release.
    fn settings(&self) -> Settings;

    /// The node's path, for people.
    fn path(&self, node: NodeId) -> Vec<u8>;
}
