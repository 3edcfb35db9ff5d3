//! Changes that could let an operation through, and a world in which they are made.

use crate::id::CapabilitySet;
use crate::object::{Acl, FileSystem, Inode, Mount, STICKY};
use crate::subject::Subject;
use crate::world::{Entry, NodeId, Settings, World};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use whodenied_kernel::Capability;

/// Whom an entry of an access control list names; global, as the file system stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Named {
    /// `user:ID:`
    User(u32),
    /// `group:ID:`
    Group(u32),
}

/// An option of a mount that refuses something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MountOption {
    /// `ro` of the mount.
    ReadOnly,
    /// `noexec`
    NoExec,
    /// `nodev`
    NoDev,
    /// `nosymfollow`
    NoSymFollow,
}

/// A sysctl `fs.protected_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protection {
    /// `fs.protected_symlinks`
    Symlinks,
    /// `fs.protected_hardlinks`
    Hardlinks,
    /// `fs.protected_fifos`
    Fifos,
    /// `fs.protected_regular`
    Regular,
}

/// One change, of the subject or of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Change {
    /// `usermod -aG`: the subject gets this group.
    Join(u32),
    /// `setfacl -m`: an entry of a list, with these `rwx` bits in addition to those it has.
    List {
        /// Whose list.
        node: NodeId,
        /// Which entry.
        named: Named,
        /// `rwx` bits to add.
        bits: u8,
    },
    /// `chmod`: these mode bits are added.
    AddMode {
        /// Whose mode.
        node: NodeId,
        /// Bits of 0o777.
        bits: u16,
    },
    /// `chown`: the node gets this owner, as the file system stores it.
    Own {
        /// Of what.
        node: NodeId,
        /// The new owner.
        uid: u32,
    },
    /// `chmod -t`
    Unstick(NodeId),
    /// `chattr -i`
    NotImmutable(NodeId),
    /// `chattr -a`
    NotAppendOnly(NodeId),
    /// The mount of this node, without the option.
    Remount(NodeId, MountOption),
    /// The file system of this node, writable.
    RemountWritable(NodeId),
    /// A sysctl set to 0.
    Unprotect(Protection),
    /// The subject gets this capability.
    Gain(Capability),
    /// The subject's bounding set gets these, as `--cap-add` of a container does.
    Bound(CapabilitySet),
    /// `setcap -r`: the program gains no capabilities.
    NoFileCapabilities(NodeId),
}

impl Change {
    /// How much it opens, for ordering: lower is narrower.
    #[must_use]
    pub fn breadth(&self) -> u8 {
        match self {
            Self::List { .. } => 0,
            Self::Join(_) => 1,
            Self::NotImmutable(_) | Self::NotAppendOnly(_) => 2,
            Self::Own { .. } => 3,
            Self::AddMode { bits, .. } if bits & 0o007 == 0 => 2,
            Self::AddMode { .. } => 4,
            Self::Unstick(_) => 5,
            Self::Remount(..) | Self::RemountWritable(_) => 6,
            Self::Unprotect(_) => 8,
            Self::Gain(_) | Self::Bound(_) => 7,
            Self::NoFileCapabilities(_) => 2,
        }
    }

    /// The subject after the change.
    #[must_use]
    pub fn of_subject(&self, subject: &Subject) -> Subject {
        let mut subject = subject.clone();
        match self {
            Self::Join(gid) => subject.groups.push(*gid),
            Self::Gain(capability) => {
                subject.effective = subject.effective.with(*capability);
                subject.permitted = subject.permitted.with(*capability);
            }
            Self::Bound(more) => subject.bounding.0 |= more.0,
            _ => {}
        }
        subject
    }
}

/// A world after some changes; everything else is answered by the one below.
#[derive(Clone)]
pub struct Changed<'a> {
    base: &'a dyn World,
    /// By file system and inode number, so that all names of a file change together.
    inodes: BTreeMap<(u64, u64), Inode>,
    mounts: BTreeMap<u64, Mount>,
    systems: BTreeMap<u64, FileSystem>,
    settings: Settings,
}

impl<'a> Changed<'a> {
    /// The world as it is.
    #[must_use]
    pub fn new(base: &'a dyn World) -> Self {
        Self {
            base,
            inodes: BTreeMap::new(),
            mounts: BTreeMap::new(),
            systems: BTreeMap::new(),
            settings: base.settings(),
        }
    }

    /// Makes a change; those of a subject change nothing here.
    pub fn make(&mut self, change: &Change) {
        match *change {
            Change::List { node, named, bits } => self.inode_with(node, |inode| list(inode, named, bits)),
            Change::AddMode { node, bits } => self.inode_with(node, |inode| add_mode(inode, bits)),
            Change::Own { node, uid } => self.inode_with(node, |inode| inode.uid = uid),
            Change::Unstick(node) => self.inode_with(node, |inode| inode.mode &= !STICKY),
            Change::NotImmutable(node) => self.inode_with(node, |inode| inode.immutable = false),
            Change::NotAppendOnly(node) => self.inode_with(node, |inode| inode.append_only = false),
            Change::Remount(node, option) => {
                let Some(mount) = self.mount(node).map(Cow::into_owned) else { return };
                let mount = match option {
                    MountOption::ReadOnly => Mount { read_only: false, ..mount },
                    MountOption::NoExec => Mount { no_exec: false, ..mount },
                    MountOption::NoDev => Mount { no_dev: false, ..mount },
                    MountOption::NoSymFollow => Mount { no_symfollow: false, ..mount },
                };
                self.mounts.insert(mount.id, mount);
            }
            Change::RemountWritable(node) => {
                let Some(system) = self.file_system(node).map(Cow::into_owned) else { return };
                self.systems.insert(system.id, FileSystem { read_only: false, ..system });
            }
            Change::Unprotect(Protection::Symlinks) => self.settings.symlinks = 0,
            Change::Unprotect(Protection::Hardlinks) => self.settings.hardlinks = 0,
            Change::Unprotect(Protection::Fifos) => self.settings.fifos = 0,
            Change::Unprotect(Protection::Regular) => self.settings.regular = 0,
            Change::NoFileCapabilities(node) => self.inode_with(node, |inode| inode.capabilities = None),
            Change::Join(_) | Change::Gain(_) | Change::Bound(_) => {}
        }
    }

    fn inode_with(&mut self, node: NodeId, change: impl FnOnce(&mut Inode)) {
        let (Some(inode), Some(system)) = (self.inode(node), self.base.file_system(node)) else { return };
        let mut inode = inode.into_owned();
        let key = (system.id, inode.number);
        change(&mut inode);
        self.inodes.insert(key, inode);
    }
}

/// `chmod g+…` on a file with a list changes its mask, `posix_acl_chmod`.
fn add_mode(inode: &mut Inode, bits: u16) {
    inode.mode |= bits & 0o777;
    let mode = inode.mode;
    if let Some(acl) = &mut inode.acl {
        (acl.owner, acl.other) = (octal(mode >> 6), octal(mode));
        match &mut acl.mask {
            Some(mask) => *mask = octal(mode >> 3),
            None => acl.group = octal(mode >> 3),
        }
    }
}

/// `setfacl -m`, which sets the mask to the union of what the named entries and the group have. With
/// bits of a mask that was narrower before, other entries are narrowed to what they could use before.
fn list(inode: &mut Inode, named: Named, bits: u8) {
    let mode = inode.mode;
    let mut acl = inode.acl.take().unwrap_or_else(|| Acl {
        owner: octal(mode >> 6),
        group: octal(mode >> 3),
        other: octal(mode),
        ..Acl::default()
    });
    let limit = acl.mask.unwrap_or(7);
    acl.group &= limit;
    for (_, entry) in acl.users.iter_mut().chain(&mut acl.groups) {
        *entry &= limit;
    }
    let (entries, id) = match named {
        Named::User(id) => (&mut acl.users, id),
        Named::Group(id) => (&mut acl.groups, id),
    };
    match entries.iter_mut().find(|(seen, _)| *seen == id) {
        Some((_, entry)) => *entry |= bits,
        None => entries.push((id, bits)),
    }
    let union = acl.users.iter().chain(&acl.groups).fold(acl.group, |all, (_, bits)| all | bits);
    acl.mask = Some(union);
    inode.mode = mode & !0o070 | u16::from(union) << 3;
    inode.acl = Some(acl);
}

fn octal(mode: u16) -> u8 {
    u8::try_from(mode & 7).unwrap_or(0)
}

impl World for Changed<'_> {
    fn root(&self) -> NodeId {
        self.base.root()
    }

    fn cwd(&self) -> NodeId {
        self.base.cwd()
    }

    fn entry(&self, directory: NodeId, name: &[u8]) -> Entry {
        self.base.entry(directory, name)
    }

    fn mounted(&self, node: NodeId) -> Option<NodeId> {
        self.base.mounted(node)
    }

    fn is_mount_point(&self, node: NodeId) -> bool {
        self.base.is_mount_point(node)
    }

    fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.base.parent(node)
    }

    fn mount_point(&self, root: NodeId) -> Option<NodeId> {
        self.base.mount_point(root)
    }

    fn inode(&self, node: NodeId) -> Option<Cow<'_, Inode>> {
        let inode = self.base.inode(node)?;
        let system = self.base.file_system(node)?.id;
        Some(self.inodes.get(&(system, inode.number)).map_or(inode, Cow::Borrowed))
    }

    fn mount(&self, node: NodeId) -> Option<Cow<'_, Mount>> {
        let mount = self.base.mount(node)?;
        Some(self.mounts.get(&mount.id).map_or(mount, Cow::Borrowed))
    }

    fn file_system(&self, node: NodeId) -> Option<Cow<'_, FileSystem>> {
        let system = self.base.file_system(node)?;
        Some(self.systems.get(&system.id).map_or(system, Cow::Borrowed))
    }

    fn settings(&self) -> Settings {
        self.settings
    }

    fn path(&self, node: NodeId) -> Vec<u8> {
        self.base.path(node)
    }
}
