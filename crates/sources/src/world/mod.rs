//! The files of this machine as a process sees them, read when the model asks for them.
//!
//! Every node is an O_PATH descriptor reached from the process's own root, so that no link leads out of
//! it and nothing is opened but scripts (for their first line) and directories (for whether they are
//! empty). What can't be read is [`Entry::Unknown`] or `None`, or a sentence of [`LiveWorld::doubts`].

mod node;
mod sys;

use crate::capture::mounts::Mounts;
use crate::capture::sys as place;
use node::{Node, Store};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use whodenied_access::{Entry, FileSystem, IdMaps, Inode, Mount, NodeId, Settings, UserNamespace, World};

/// What of the files has to be read besides the inodes themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// First lines of scripts and capabilities of programs: for execution.
    pub programs: bool,
    /// Whether directories are empty: for removing and renaming.
    pub emptiness: bool,
    /// The names of extended attributes.
    pub attributes: bool,
}

/// The world of one process, for one question: what is read stays as it was read.
pub struct LiveWorld {
    nodes: RefCell<Store>,
    mounts: Mounts,
    ours: Mounts,
    namespace: UserNamespace,
    /// The mount namespace for statmount(2), 0 for our own.
    mount_namespace: u64,
    look: Look,
    settings: Settings,
    root: NodeId,
    cwd: NodeId,
    doubts: RefCell<BTreeSet<String>>,
    /// The maps of idmapped mounts by the mount's number, `None` where they can't be read.
    maps: RefCell<HashMap<u64, Option<IdMaps>>>,
}

/// Whose world it is.
#[derive(Debug, Clone)]
pub struct Viewpoint {
    /// The process whose root and mounts are meant; `None` for our own.
    pub pid: Option<i32>,
    /// The directory that relative paths start at, in that root; `None` for that process's own.
    pub cwd: Option<PathBuf>,
    /// Its user namespace, for file systems that only it has.
    pub namespace: UserNamespace,
}

impl LiveWorld {
    /// Opens the root of `view`.
    ///
    /// # Errors
    /// In words, when its root, its mounts or its working directory can't be read.
    pub fn open(view: &Viewpoint, look: Look) -> Result<Self, String> {
        let proc = view.pid.map_or_else(|| "/proc/self".into(), |pid| format!("/proc/{pid}"));
        let read =
            |file: &str| std::fs::read_to_string(file).map_err(|e| format!("{file} could not be read: {e}."));
        let mounts = Mounts::parse(&read(&format!("{proc}/mountinfo"))?);
        let ours = match view.pid {
            Some(_) => Mounts::parse(&read("/proc/self/mountinfo")?),
            None => Mounts::default(),
        };
        let at = format!("{proc}/root");
        let root = place::place(Path::new(&at)).map_err(|e| format!("{at} is out of reach: {e}."))?;
        let stat = place::stat(root.as_fd()).map_err(|e| format!("{at}: {e}."))?;
        let level = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/fs/protected_{name}")).ok();
            text.and_then(|t| t.trim().parse().ok())
        };
        let mut doubts = BTreeSet::new();
        let mut sysctl = |name: &str| {
            level(name).unwrap_or_else(|| {
                doubts.insert(format!("fs.protected_{name} could not be read and is taken for 0."));
                0
            })
        };
        let settings = Settings {
            symlinks: sysctl("symlinks"),
            hardlinks: sysctl("hardlinks"),
            fifos: sysctl("fifos"),
            regular: sysctl("regular"),
            release: crate::capture::release().unwrap_or(Settings::default().release),
        };
        let mount_namespace = view
            .pid
            .and_then(|_| std::fs::File::open(format!("{proc}/ns/mnt")).ok())
            .and_then(|file| sys::mount_namespace(file.as_fd()))
            .unwrap_or(0);
        let mut store = Store::default();
        let root = store.add(Node::root(root, stat));
        let mut world = Self {
            nodes: RefCell::new(store),
            mounts,
            ours,
            namespace: view.namespace.clone(),
            mount_namespace,
            look,
            settings,
            root,
            cwd: root,
            doubts: RefCell::new(doubts),
            maps: RefCell::default(),
        };
        let cwd = match &view.cwd {
            Some(path) => Some(path.clone()),
            None => std::fs::read_link(format!("{proc}/cwd")).ok(),
        };
        // A directory outside the root, or one that is gone, has no path: `/` stands for it, and only
        // relative paths notice.
        if let Some(node) = cwd.and_then(|path| world.find(&path)) {
            world.cwd = node;
        } else {
            world.doubt("The working directory could not be found: relative paths start at /.".to_owned());
        }
        Ok(world)
    }

    /// What was not certain in what has been read so far: sentences. An answer that something is allowed
    /// holds only as far as they go.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        self.doubts.borrow().iter().cloned().collect()
    }

    fn doubt(&self, what: String) {
        let mut doubts = self.doubts.borrow_mut();
        if doubts.len() < 32 {
            doubts.insert(what);
        }
    }

    /// The node of an absolute path without links, whatever may be walked.
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<NodeId> {
        let mut at = self.root;
        for name in path.as_os_str().as_encoded_bytes().split(|b| *b == b'/').filter(|n| !n.is_empty()) {
            let Entry::Found(next) = self.entry(at, name) else { return None };
            at = self.mounted(next).unwrap_or(next);
        }
        Some(at)
    }

    /// The node that a path leads to, links followed, whatever may be walked.
    #[must_use]
    pub fn resolve(&self, path: &[u8]) -> Option<NodeId> {
        let parts = |path: &[u8]| -> Vec<Vec<u8>> {
            path.split(|b| *b == b'/').filter(|n| !n.is_empty()).rev().map(<[u8]>::to_vec).collect()
        };
        let mut at = if path.first() == Some(&b'/') { self.root } else { self.cwd };
        let mut left = parts(path);
        // PATH_MAX and the links it may pass bound the kernel's walk in the same way.
        for _ in 0..8192 {
            let Some(name) = left.pop() else { return Some(at) };
            match name.as_slice() {
                b"." => continue,
                b".." => {
                    let mut top = at;
                    while top != self.root && self.parent(top).is_none() {
                        let Some(below) = self.mount_point(top) else { break };
                        top = below;
                    }
                    at = if top == self.root { top } else { self.parent(top).unwrap_or(top) };
                    continue;
                }
                _ => {}
            }
            let Entry::Found(entry) = self.entry(at, &name) else { return None };
            let node = self.mounted(entry).unwrap_or(entry);
            let inode = self.inode(node)?;
            if inode.kind != whodenied_access::Kind::Symlink {
                at = node;
                continue;
            }
            if inode.target.first() == Some(&b'/') {
                at = self.root;
            }
            left.extend(parts(&inode.target));
        }
        None
    }

    /// The interpreter that a dynamic ELF program at this node names.
    #[must_use]
    pub fn program_interpreter(&self, node: NodeId) -> Option<Vec<u8>> {
        use std::io::Read as _;
        let nodes = self.nodes.borrow();
        let fd = nodes.get(node)?.fd.as_ref()?;
        let mut head = Vec::new();
        let file = std::fs::File::open(node::through(fd)).ok()?;
        file.take(4096).read_to_end(&mut head).ok()?;
        sys::elf_interpreter(&head)
    }

    /// The type of the file system and its super block's device, for what the model does not decide.
    #[must_use]
    pub fn file_system_type(&self, node: NodeId) -> Option<String> {
        let mount = self.nodes.borrow().get(node)?.stat?.mount;
        Some(self.line(mount)?.fstype.clone())
    }

    /// The device number of a device node, major and minor.
    #[must_use]
    pub fn device(&self, node: NodeId) -> Option<(u32, u32)> {
        let nodes = self.nodes.borrow();
        node::device(nodes.get(node)?.fd.as_ref()?)
    }

    fn line(&self, mount: u64) -> Option<&crate::capture::mounts::Line> {
        self.mounts.get(mount).or_else(|| self.ours.get(mount))
    }

    /// The map of a mount, if it has one; `Err` where it has one that can't be read.
    fn maps(&self, node: &Node, mount: u64) -> Result<Option<IdMaps>, ()> {
        if !self.line(mount).is_some_and(crate::capture::mounts::Line::is_idmapped) {
            return Ok(None);
        }
        let fd = node.fd.as_ref().ok_or(())?;
        let mut known = self.maps.borrow_mut();
        let maps = known.entry(mount).or_insert_with(|| {
            sys::unique_mount(fd.as_fd()).and_then(|id| sys::id_maps(id, self.mount_namespace))
        });
        maps.clone().map(Some).ok_or(())
    }

    fn owner(&self, line: &crate::capture::mounts::Line) -> UserNamespace {
        if self.namespace.is_first() || self.ours.has_device(line.device) {
            UserNamespace::first()
        } else {
            self.namespace.clone()
        }
    }

    /// The path within the file system itself, whichever mount shows it.
    fn within(&self, node: NodeId) -> Option<((u32, u32), Vec<u8>)> {
        let nodes = self.nodes.borrow();
        let (names, top) = nodes.up(node)?;
        let line = self.line(nodes.get(top)?.stat?.mount)?;
        let mut path = line.root.clone();
        for name in names {
            join(&mut path, &name);
        }
        Some((line.device, path))
    }

    /// The same file seen through a mount without a map.
    fn plain_view(&self, node: NodeId, number: u64) -> Option<(OwnedFd, place::Stat)> {
        let (device, path) = self.within(node)?;
        self.mounts.iter().find_map(|(_, line)| {
            if line.device != device || line.is_idmapped() {
                return None;
            }
            let below = path.strip_prefix(line.root.strip_suffix(b"/").unwrap_or(&line.root))?;
            if !(below.is_empty() || below.starts_with(b"/")) {
                return None;
            }
            let mut whole = line.point.clone();
            below.split(|b| *b == b'/').filter(|n| !n.is_empty()).for_each(|name| join(&mut whole, name));
            let mut at = place::place(&PathBuf::from(format!("/proc/self/fd/{}", self.root_fd()?))).ok()?;
            for name in whole.split(|b| *b == b'/').filter(|n| !n.is_empty()) {
                at = place::entry(at.as_fd(), name).ok()?;
            }
            let stat = place::stat(at.as_fd()).ok()?;
            let here = self.line(stat.mount)?;
            let same = stat.inode == number && here.device == device && !here.is_idmapped();
            same.then_some((at, stat))
        })
    }

    fn root_fd(&self) -> Option<i32> {
        use std::os::fd::AsRawFd as _;
        Some(self.nodes.borrow().get(self.root)?.fd.as_ref()?.as_raw_fd())
    }

    /// The ids that the file system stores, from those that an idmapped mount shows.
    fn stored(&self, id: NodeId, maps: &IdMaps, inode: &mut Inode) {
        /// What stat(2) shows for an id without a counterpart (`/proc/sys/fs/overflowuid`).
        const OVERFLOW: u32 = 65_534;
        let ambiguous =
            |shown: u32, map: &whodenied_access::IdMap| shown == OVERFLOW && map.up(shown).is_some();
        if ambiguous(inode.uid, &maps.users) || ambiguous(inode.gid, &maps.groups) {
            if let Some((_, stat)) = self.plain_view(id, inode.number) {
                (inode.uid, inode.gid) = (stat.uid, stat.gid);
            } else {
                self.doubt(format!(
                    "Whether the owner of {} has an id on its idmapped mount can't be told from here.",
                    self.shown(id)
                ));
                inode.uid = maps.users.up(inode.uid).unwrap_or(u32::MAX);
                inode.gid = maps.groups.up(inode.gid).unwrap_or(u32::MAX);
            }
        } else {
            inode.uid = maps.users.up(inode.uid).unwrap_or(u32::MAX);
            inode.gid = maps.groups.up(inode.gid).unwrap_or(u32::MAX);
        }
        if let Some(acl) = &mut inode.acl {
            acl.users.iter_mut().for_each(|(id, _)| *id = maps.users.up(*id).unwrap_or(u32::MAX));
            acl.groups.iter_mut().for_each(|(id, _)| *id = maps.groups.up(*id).unwrap_or(u32::MAX));
        }
    }

    fn shown(&self, node: NodeId) -> String {
        String::from_utf8_lossy(&self.path(node)).into_owned()
    }

    /// A node for what is mounted over, so that what happens to the entry itself can be asked.
    fn covered(&self, directory: NodeId, name: &[u8], over: NodeId) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        let under = nodes
            .get(directory)
            .and_then(|d| d.fd.as_ref())
            .and_then(|fd| sys::bare(fd.as_fd()).ok())
            .and_then(|fd| place::entry(fd.as_fd(), name).ok());
        let mount = nodes.get(directory).and_then(|d| d.stat).map(|s| s.mount);
        let stat = under.as_ref().and_then(|fd| place::stat(fd.as_fd()).ok());
        // It lies on the mount of the directory, not on our copy of that.
        let stat = stat.zip(mount).map(|(stat, mount)| place::Stat { mount, ..stat });
        let id = nodes.add(Node { fd: under, stat, ..Node::child(directory, name) });
        nodes.cover(id, over);
        id
    }

    fn step(&self, directory: NodeId, name: &[u8]) -> Entry {
        let opened = {
            let nodes = self.nodes.borrow();
            let Some(fd) = nodes.get(directory).and_then(|n| n.fd.as_ref()) else { return Entry::Unknown };
            place::entry(fd.as_fd(), name)
        };
        let fd = match opened {
            Ok(fd) => fd,
            Err(e) => {
                return match e.kind() {
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Entry::Absent,
                    _ => Entry::Unknown,
                };
            }
        };
        let Ok(stat) = place::stat(fd.as_fd()) else { return Entry::Unknown };
        let here = self.nodes.borrow().get(directory).and_then(|n| n.stat).map(|s| s.mount);
        let line = self.line(stat.mount);
        if line.is_some_and(crate::capture::mounts::Line::decides_itself) {
            self.doubt(format!(
                "{} lies on a file system ({}) whose server or driver decides for itself.",
                node::joined(&self.path(directory), name),
                line.map_or("", |l| l.fstype.as_str())
            ));
        } else if line.is_some_and(crate::capture::mounts::Line::checks_more) {
            self.doubt(format!(
                "{} lies on a file system ({}) that checks more than mode and owner.",
                node::joined(&self.path(directory), name),
                line.map_or("", |l| l.fstype.as_str())
            ));
        }
        if here == Some(stat.mount) {
            let node = Node { fd: Some(fd), stat: Some(stat), ..Node::child(directory, name) };
            return Entry::Found(self.nodes.borrow_mut().add(node));
        }
        let over = self.nodes.borrow_mut().add(Node::root(fd, stat));
        Entry::Found(self.covered(directory, name, over))
    }

    fn read_inode(&self, id: NodeId) -> Option<Inode> {
        let mount = self.mount(id)?;
        let number = self.nodes.borrow().get(id)?.stat?.inode;
        // On an idmapped mount not even root may open a file whose owner has no id there, and file
        // capabilities are shown translated or not at all: both are read where the ids are the stored ones.
        let deep = mount.maps.is_some() && (self.look.programs || self.look.emptiness);
        let plain = if deep { self.plain_view(id, number) } else { None };
        let mut read = {
            let nodes = self.nodes.borrow();
            let node = nodes.get(id)?;
            let fd = node.fd.as_ref()?;
            node::inode(fd, plain.as_ref().map_or(fd, |(fd, _)| fd), &node.stat?, self.look)?
        };
        if deep && plain.is_none() && read.inode.kind == whodenied_access::Kind::File {
            read.doubts.push("lies on an idmapped mount: what it gains as a program was read through that.");
        }
        for doubt in read.doubts {
            self.doubt(format!("{} {doubt}", self.shown(id)));
        }
        if let Some(maps) = &mount.maps {
            self.stored(id, maps, &mut read.inode);
        }
        Some(read.inode)
    }
}

fn join(path: &mut Vec<u8>, name: &[u8]) {
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend(name);
}

impl World for LiveWorld {
    fn root(&self) -> NodeId {
        self.root
    }

    fn cwd(&self) -> NodeId {
        self.cwd
    }

    fn entry(&self, directory: NodeId, name: &[u8]) -> Entry {
        if let Some(known) = self.nodes.borrow().known(directory, name) {
            return known;
        }
        let found = self.step(directory, name);
        self.nodes.borrow_mut().remember(directory, name, found);
        found
    }

    fn mounted(&self, node: NodeId) -> Option<NodeId> {
        self.nodes.borrow().get(node)?.over
    }

    fn is_mount_point(&self, node: NodeId) -> bool {
        if self.mounted(node).is_some() {
            return true;
        }
        // Through another mount of the same file system it is one too.
        let Some((device, path)) = self.within(node) else { return false };
        self.mounts.iter().any(|(_, line)| {
            let Some(on) = self.mounts.get(line.parent) else { return false };
            let below = line.point.strip_prefix(on.point.strip_suffix(b"/").unwrap_or(&on.point));
            let Some(below) = below.filter(|b| b.starts_with(b"/")) else { return false };
            let mut at = on.root.clone();
            below.split(|b| *b == b'/').filter(|n| !n.is_empty()).for_each(|name| join(&mut at, name));
            on.device == device && at == path
        })
    }

    fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.nodes.borrow().get(node)?.parent
    }

    fn mount_point(&self, root: NodeId) -> Option<NodeId> {
        self.nodes.borrow().get(root)?.on
    }

    fn inode(&self, node: NodeId) -> Option<Cow<'_, Inode>> {
        if let Some(known) = self.nodes.borrow().get(node)?.inode.clone() {
            return known.map(Cow::Owned);
        }
        let inode = self.read_inode(node);
        if let Some(node) = self.nodes.borrow_mut().get_mut(node) {
            node.inode = Some(inode.clone());
        }
        inode.map(Cow::Owned)
    }

    fn mount(&self, node: NodeId) -> Option<Cow<'_, Mount>> {
        let nodes = self.nodes.borrow();
        let (_, top) = nodes.up(node)?;
        let top = nodes.get(top)?;
        let id = top.stat?.mount;
        let maps = self.maps(top, id).ok()?;
        Some(Cow::Owned(Mount { maps, ..self.line(id)?.mount(id) }))
    }

    fn file_system(&self, node: NodeId) -> Option<Cow<'_, FileSystem>> {
        let nodes = self.nodes.borrow();
        let (_, top) = nodes.up(node)?;
        let line = self.line(nodes.get(top)?.stat?.mount)?;
        Some(Cow::Owned(line.file_system(self.owner(line))))
    }

    fn settings(&self) -> Settings {
        self.settings
    }

    fn path(&self, node: NodeId) -> Vec<u8> {
        self.nodes.borrow().path(node)
    }
}

#[cfg(test)]
mod tests;
