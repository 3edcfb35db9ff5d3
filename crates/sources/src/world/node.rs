//! The nodes that were read so far, and how an inode is read.

use super::{Look, sys};
use crate::capture::sys::{self as place, Stat};
use crate::capture::walk;
use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use whodenied_access::{Entry, Inode, Kind, NodeId};

/// A name in a mount.
pub(super) struct Node {
    /// `None` for what is mounted over and can't be reached.
    pub(super) fd: Option<OwnedFd>,
    pub(super) stat: Option<Stat>,
    /// Within the same mount.
    pub(super) parent: Option<NodeId>,
    pub(super) name: Vec<u8>,
    /// What is mounted here.
    pub(super) over: Option<NodeId>,
    /// For the root of a mount, where that is mounted.
    pub(super) on: Option<NodeId>,
    /// Once asked for; `Some(None)` when it can't be read.
    pub(super) inode: Option<Option<Inode>>,
}

impl Node {
    pub(super) fn root(fd: OwnedFd, stat: Stat) -> Self {
        Self {
            fd: Some(fd),
            stat: Some(stat),
            parent: None,
            name: Vec::new(),
            over: None,
            on: None,
            inode: None,
        }
    }

    pub(super) fn child(parent: NodeId, name: &[u8]) -> Self {
        Self {
            fd: None,
            stat: None,
            parent: Some(parent),
            name: name.to_vec(),
            over: None,
            on: None,
            inode: None,
        }
    }
}

/// Nodes by their number, and the entries that were looked up.
#[derive(Default)]
pub(super) struct Store {
    nodes: Vec<Node>,
    entries: HashMap<(NodeId, Vec<u8>), Entry>,
}

impl Store {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() as u64 - 1)
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::try_from(id.0).ok()?)
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(id.0).ok()?)
    }

    pub(super) fn cover(&mut self, under: NodeId, over: NodeId) {
        if let Some(node) = self.get_mut(under) {
            node.over = Some(over);
        }
        if let Some(node) = self.get_mut(over) {
            node.on = Some(under);
        }
    }

    pub(super) fn known(&self, directory: NodeId, name: &[u8]) -> Option<Entry> {
        self.entries.get(&(directory, name.to_vec())).copied()
    }

    pub(super) fn remember(&mut self, directory: NodeId, name: &[u8], entry: Entry) {
        self.entries.insert((directory, name.to_vec()), entry);
    }

    /// The names down from the root of the node's mount, and that root.
    pub(super) fn up(&self, node: NodeId) -> Option<(Vec<Vec<u8>>, NodeId)> {
        let mut names = Vec::new();
        let mut at = node;
        while let Some(parent) = self.get(at)?.parent {
            names.push(self.get(at)?.name.clone());
            at = parent;
        }
        names.reverse();
        Some((names, at))
    }

    pub(super) fn path(&self, node: NodeId) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = Some(node);
        while let Some(here) = at.and_then(|id| self.get(id)) {
            if here.parent.is_some() {
                names.push(here.name.as_slice());
            }
            at = here.parent.or(here.on);
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend(*name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        path
    }
}

/// The path by which an O_PATH descriptor is opened in earnest.
pub(super) fn through(fd: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// A path for people.
pub(super) fn joined(directory: &[u8], name: &[u8]) -> String {
    let directory = String::from_utf8_lossy(directory);
    format!("{}/{}", directory.trim_end_matches('/'), String::from_utf8_lossy(name))
}

/// The device number of a device node.
pub(super) fn device(fd: &OwnedFd) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let number = std::fs::metadata(through(fd)).ok()?.rdev();
    Some((libc::major(number), libc::minor(number)))
}

/// An inode, and what was not certain about it, as the end of a sentence that starts with its path.
pub(super) struct Read {
    pub(super) inode: Inode,
    pub(super) doubts: Vec<&'static str>,
}

/// Reads an inode; `None` where a link's target can't be read. What has to be opened is opened by `inside`,
/// the same file, perhaps through another mount.
pub(super) fn inode(fd: &OwnedFd, inside: &OwnedFd, stat: &Stat, look: Look) -> Option<Read> {
    let target = match stat.mode & 0o170_000 {
        0o120_000 => Some(place::target(fd.as_fd()).ok()?),
        _ => None,
    };
    let mut inode = walk::inode(fd, stat, target);
    let mut doubts = Vec::new();
    if look.programs && inode.kind == Kind::File {
        inode.interpreter = walk::interpreter(inside);
        if inode.interpreter.is_none() && std::fs::File::open(through(inside)).is_err() {
            doubts.push("could not be opened: whether it is a script, and of what, is not known.");
        }
        let raw = place::attribute(inside.as_fd(), c"security.capability");
        inode.capabilities = raw.and_then(|raw| walk::capabilities(&raw));
    }
    if look.emptiness && inode.is_directory() {
        match std::fs::read_dir(through(inside)) {
            Ok(mut entries) => inode.empty = entries.next().is_none(),
            Err(_) => doubts.push("could not be listed: it is taken for empty."),
        }
    }
    if look.attributes {
        match sys::attribute_names(fd.as_fd()) {
            Some(names) => inode.attributes = names,
            None => doubts.push("did not tell its extended attributes."),
        }
    }
    Some(Read { inode, doubts })
}
