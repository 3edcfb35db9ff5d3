//! A world in memory: for tests, for what-if questions and for cases that were recorded.

use crate::object::{FileSystem, Inode, Mount};
use crate::world::{Entry, NodeId, Settings, World};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A name on a file system, whichever mount it is seen through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Dentry {
    parent: Option<usize>,
    name: Vec<u8>,
    inode: usize,
    #[serde(with = "pairs")]
    children: BTreeMap<Vec<u8>, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mounted {
    mount: Mount,
    fs: usize,
    /// Dentry at its root.
    root: usize,
    /// Mount and dentry it covers.
    on: Option<(usize, usize)>,
}

/// Files, mounts and sysctls held in memory. Nodes are pairs of a mount and a dentry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tree {
    dentries: Vec<Dentry>,
    inodes: Vec<Inode>,
    systems: Vec<FileSystem>,
    mounts: Vec<Mounted>,
    cwd: Option<NodeId>,
    /// The sysctls.
    pub settings: Settings,
}

const fn node(mount: usize, dentry: usize) -> NodeId {
    NodeId(((mount as u64) << 32) | dentry as u64)
}

#[allow(clippy::cast_possible_truncation, reason = "both halves are 32 bits wide")]
const fn parts(id: NodeId) -> (usize, usize) {
    ((id.0 >> 32) as usize, (id.0 & 0xffff_ffff) as usize)
}

impl Tree {
    /// A world that is one file system, whose root directory is `root`.
    #[must_use]
    pub fn new(fs: FileSystem, mount: Mount, root: Inode) -> Self {
        let mut tree = Self::default();
        let root = tree.dentry(None, Vec::new(), root);
        tree.systems.push(fs);
        tree.mounts.push(Mounted { mount, fs: 0, root, on: None });
        tree
    }

    fn dentry(&mut self, parent: Option<usize>, name: Vec<u8>, mut inode: Inode) -> usize {
        if inode.number == 0 {
            inode.number = self.inodes.len() as u64 + 1;
        }
        self.inodes.push(inode);
        self.dentries.push(Dentry { parent, name, inode: self.inodes.len() - 1, children: BTreeMap::new() });
        self.dentries.len() - 1
    }

    /// Adds an entry to a directory and gives its node, in the directory's mount. A number is given to
    /// the inode where it has none.
    pub fn add(&mut self, directory: NodeId, name: &[u8], inode: Inode) -> NodeId {
        let (mount, parent) = parts(directory);
        let dentry = self.dentry(Some(parent), name.to_vec(), inode);
        self.enter(parent, name, dentry);
        node(mount, dentry)
    }

    /// Adds a hard link to what `to` names.
    pub fn add_link(&mut self, directory: NodeId, name: &[u8], to: NodeId) -> NodeId {
        let (mount, parent) = parts(directory);
        let inode = self.dentries.get(parts(to).1).map_or(0, |d| d.inode);
        self.dentries.push(Dentry {
            parent: Some(parent),
            name: name.to_vec(),
            inode,
            children: BTreeMap::new(),
        });
        let dentry = self.dentries.len() - 1;
        self.enter(parent, name, dentry);
        node(mount, dentry)
    }

    fn enter(&mut self, parent: usize, name: &[u8], dentry: usize) {
        if let Some(parent) = self.dentries.get_mut(parent) {
            parent.children.insert(name.to_vec(), dentry);
            let inode = parent.inode;
            if let Some(inode) = self.inodes.get_mut(inode) {
                inode.empty = false;
            }
        }
    }

    /// Mounts a new file system with this root directory on a node; gives the root's node.
    pub fn mount_new(&mut self, on: NodeId, fs: FileSystem, mount: Mount, root: Inode) -> NodeId {
        let root = self.dentry(None, Vec::new(), root);
        self.systems.push(fs);
        let fs = self.systems.len() - 1;
        self.mounts.push(Mounted { mount, fs, root, on: Some(parts(on)) });
        node(self.mounts.len() - 1, root)
    }

    /// Mounts what `from` names a second time, on another node (`mount --bind`); gives the root's node.
    pub fn mount_bind(&mut self, on: NodeId, from: NodeId, mount: Mount) -> NodeId {
        let (seen, root) = parts(from);
        let fs = self.mounts.get(seen).map_or(0, |m| m.fs);
        self.mounts.push(Mounted { mount, fs, root, on: Some(parts(on)) });
        node(self.mounts.len() - 1, root)
    }

    /// Sets the directory relative paths start at.
    pub fn set_cwd(&mut self, node: NodeId) {
        self.cwd = Some(node);
    }

    /// The inode of a node, to change it.
    pub fn inode_mut(&mut self, node: NodeId) -> Option<&mut Inode> {
        let dentry = self.dentries.get(parts(node).1)?;
        self.inodes.get_mut(dentry.inode)
    }

    /// The mount of a node, to change it.
    pub fn mount_mut(&mut self, node: NodeId) -> Option<&mut Mount> {
        self.mounts.get_mut(parts(node).0).map(|m| &mut m.mount)
    }

    /// The file system of a node, to change it.
    pub fn file_system_mut(&mut self, node: NodeId) -> Option<&mut FileSystem> {
        let fs = self.mounts.get(parts(node).0)?.fs;
        self.systems.get_mut(fs)
    }

    /// Owner and group of every inode in it.
    pub fn owners(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.inodes.iter().map(|inode| (inode.uid, inode.gid))
    }

    /// What the symbolic links in it point to.
    pub fn targets(&self) -> impl Iterator<Item = &[u8]> {
        self.inodes.iter().map(|inode| inode.target.as_slice()).filter(|target| !target.is_empty())
    }

    fn dentry_of(&self, id: NodeId) -> Option<&Dentry> {
        self.dentries.get(parts(id).1)
    }
}

impl World for Tree {
    fn root(&self) -> NodeId {
        node(0, self.mounts.first().map_or(0, |m| m.root))
    }

    fn cwd(&self) -> NodeId {
        self.cwd.unwrap_or_else(|| self.root())
    }

    fn entry(&self, directory: NodeId, name: &[u8]) -> Entry {
        match self.dentry_of(directory).and_then(|d| d.children.get(name)) {
            Some(child) => Entry::Found(node(parts(directory).0, *child)),
            None => Entry::Absent,
        }
    }

    fn mounted(&self, at: NodeId) -> Option<NodeId> {
        let index = self.mounts.iter().rposition(|m| m.on == Some(parts(at)))?;
        self.mounts.get(index).map(|m| node(index, m.root))
    }

    fn is_mount_point(&self, at: NodeId) -> bool {
        self.mounts.iter().any(|m| m.on.is_some_and(|(_, dentry)| dentry == parts(at).1))
    }

    fn parent(&self, at: NodeId) -> Option<NodeId> {
        let (mount, dentry) = parts(at);
        if self.mounts.get(mount)?.root == dentry {
            return None;
        }
        self.dentry_of(at)?.parent.map(|parent| node(mount, parent))
    }

    fn mount_point(&self, root: NodeId) -> Option<NodeId> {
        self.mounts.get(parts(root).0)?.on.map(|(mount, dentry)| node(mount, dentry))
    }

    fn inode(&self, at: NodeId) -> Option<Cow<'_, Inode>> {
        self.inodes.get(self.dentry_of(at)?.inode).map(Cow::Borrowed)
    }

    fn mount(&self, at: NodeId) -> Option<Cow<'_, Mount>> {
        self.mounts.get(parts(at).0).map(|m| Cow::Borrowed(&m.mount))
    }

    fn file_system(&self, at: NodeId) -> Option<Cow<'_, FileSystem>> {
        self.systems.get(self.mounts.get(parts(at).0)?.fs).map(Cow::Borrowed)
    }

    fn settings(&self) -> Settings {
        self.settings
    }

    fn path(&self, at: NodeId) -> Vec<u8> {
        let mut names: Vec<&[u8]> = Vec::new();
        let mut at = at;
        // A tree that was read from a file may lead in a circle.
        for _ in 0..8192 {
            if let Some(parent) = self.parent(at) {
                names.push(self.dentry_of(at).map_or(b"?", |d| &d.name));
                at = parent;
            } else if let Some(below) = self.mount_point(at) {
                at = below;
            } else {
                break;
            }
        }
        names.reverse();
        let mut path = vec![b'/'];
        path.extend(names.join(&b'/'));
        path
    }
}

/// A map whose keys are bytes, as a list of pairs: the keys of a JSON object are text.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<Vec<u8>, usize>, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Vec<u8>, usize>, D::Error> {
        Ok(Vec::<(Vec<u8>, usize)>::deserialize(from)?.into_iter().collect())
    }
}
