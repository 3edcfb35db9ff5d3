//! The part of the tree of names that a call walks, read step by step in the tracee's own root.
//!
//! Every step is an O_PATH descriptor, so that no link leads into the observer's root and nothing
//! is opened.

use super::mounts::Mounts;
use super::sys::{self, Stat};
use crate::trace::Tracee;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use whodenied_access::{
    Acl, CapabilitySet, Entry, Extent, FileCapabilities, IdMap, IdMaps, Inode, Kind, NodeId, Tree,
    UserNamespace, World,
};
use whodenied_case::capture::ProcessState;

/// MAXSYMLINKS of the kernel (include/linux/namei.h).
pub(crate) const MOST_LINKS: usize = 40;
/// More components than PATH_MAX holds can't be asked for; links may add some.
pub(crate) const MOST_STEPS: usize = 8192;

/// Why a world can't be told.
#[derive(Debug)]
pub(super) struct Untold(pub(super) String);

fn untold(what: impl Into<String>) -> Untold {
    Untold(what.into())
}

/// A place: its node in the tree and a descriptor of it.
struct Place {
    node: NodeId,
    fd: OwnedFd,
    mount: u64,
}

/// Builds a [`Tree`].
pub(super) struct Walk {
    tree: Tree,
    mounts: Mounts,
    ours: Mounts,
    namespace: UserNamespace,
    /// From the root to the working directory of the question.
    base: Vec<Place>,
    /// A file system on the way decides by rules that the model does not know.
    pub(super) foreign: bool,
    /// A file system on the way checks more than the model, never less.
    pub(super) partial: bool,
    /// The question is one of execution: first lines of files matter.
    pub(super) executes: bool,
    /// A part of the path could not be seen.
    pub(super) hidden: bool,
    /// Where the last walk ended, if it found something.
    last: Option<NodeId>,
}

impl Walk {
    /// Starts in the root of `tracee`.
    pub(super) fn new(tracee: Tracee, state: &ProcessState) -> Result<Self, Untold> {
        let text = std::fs::read_to_string(tracee.proc("mountinfo"))
            .map_err(|e| untold(format!("The mounts of process {} could not be read: {e}.", state.pid)))?;
        let ours = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let namespace = namespace(tracee, state);
        let fd = sys::place(&tracee.proc("root")).map_err(|e| {
            untold(format!("The root directory of process {} is out of reach: {e}.", state.pid))
        })?;
        let mut walk = Self {
            tree: Tree::default(),
            mounts: Mounts::parse(&text),
            ours: Mounts::parse(&ours),
            namespace,
            base: Vec::new(),
            foreign: false,
            partial: false,
            executes: false,
            hidden: false,
            last: None,
        };
        let stat = sys::stat(fd.as_fd()).map_err(|e| untold(format!("statx of the root: {e}.")))?;
        let (fs, mount) = walk.mount_of(&stat)?;
        let inode = inode(&fd, &stat, None);
        walk.tree = Tree::new(fs, mount, inode);
        walk.base.push(Place { node: walk.tree.root(), fd, mount: stat.mount });
        Ok(walk)
    }

    /// The user namespace of the tracee.
    pub(super) fn namespace(&self) -> &UserNamespace {
        &self.namespace
    }

    /// The interpreter that the file at the end of the last walk names.
    pub(super) fn interpreter(&self) -> Option<Vec<u8>> {
        self.tree.inode(self.last?)?.interpreter.clone()
    }

    /// The finished tree.
    pub(super) fn into_tree(self) -> Tree {
        self.tree
    }

    fn mount_of(
        &mut self,
        stat: &Stat,
    ) -> Result<(whodenied_access::FileSystem, whodenied_access::Mount), Untold> {
        let Some(line) = self.mounts.get(stat.mount) else {
            return Err(untold("A mount on the way is not in the process's list of mounts."));
        };
        if line.is_idmapped() {
            return Err(untold("The id map of an idmapped mount on the way can't be read."));
        }
        self.foreign |= line.decides_itself();
        self.partial |= line.checks_more();
        // A file system that we do not have was mounted in the tracee's own user namespace.
        let owner = if self.namespace.is_first() || self.ours.has_device(line.device) {
            UserNamespace::first()
        } else {
            self.namespace.clone()
        };
        Ok((line.file_system(owner), line.mount(stat.mount)))
    }

    /// Makes `directory`, an absolute path without links, the working directory of the question.
    pub(super) fn set_base(&mut self, directory: &Path) -> Result<(), Untold> {
        let root = self.base.drain(..).next().ok_or_else(|| untold("no root"))?;
        let mut stack = vec![root];
        self.steps(&mut stack, directory.as_os_str().as_encoded_bytes(), true)?;
        let node = stack.last().map(|p| p.node).ok_or_else(|| untold("no directory"))?;
        self.tree.set_cwd(node);
        self.base = stack;
        Ok(())
    }

    /// Walks `path` as a call does, from the root or the working directory; the last link is
    /// followed where asked.
    pub(super) fn path(&mut self, path: &[u8], follow: bool) -> Result<(), Untold> {
        let mut stack = Vec::new();
        let keep = if path.first() == Some(&b'/') { 1 } else { self.base.len() };
        for place in self.base.iter().take(keep) {
            let fd = place.fd.try_clone().map_err(|e| untold(e.to_string()))?;
            stack.push(Place { node: place.node, fd, mount: place.mount });
        }
        self.last = None;
        self.steps(&mut stack, path, follow)?;
        self.last = stack.last().map(|place| place.node);
        Ok(())
    }

    fn steps(&mut self, stack: &mut Vec<Place>, path: &[u8], follow: bool) -> Result<(), Untold> {
        let mut left: Vec<Vec<u8>> = components(path);
        let (mut links, mut steps) = (0, 0);
        while let Some(name) = left.pop() {
            steps += 1;
            if steps > MOST_STEPS {
                return Err(untold("The path has too many components."));
            }
            if name == b"." {
                continue;
            }
            if name == b".." {
                if stack.len() > 1 {
                    stack.pop();
                }
                continue;
            }
            let last = left.is_empty();
            match self.step(stack, &name)? {
                Step::Into(place) => stack.push(place),
                Step::Link(target) if !last || follow => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Ok(());
                    }
                    if target.first() == Some(&b'/') {
                        stack.truncate(1);
                    }
                    left.extend(components(&target));
                }
                Step::Hidden => {
                    self.beyond(stack, &name, &left);
                    return Ok(());
                }
                Step::Link(_) | Step::End => return Ok(()),
            }
        }
        Ok(())
    }

    /// Stands in for what can't be seen, so that a change of the directory before it can be tried: as if
    /// everything beyond were open.
    fn beyond(&mut self, stack: &[Place], name: &[u8], left: &[Vec<u8>]) {
        let Some(here) = stack.last() else { return };
        self.hidden = true;
        let mut at = here.node;
        let names = std::iter::once(name).chain(left.iter().rev().map(Vec::as_slice));
        let last = left.len();
        for (n, name) in names.enumerate() {
            if name == b".." || name == b"." {
                return;
            }
            let kind = if n == last { Kind::File } else { Kind::Directory };
            at = self.tree.add(at, name, Inode::new(kind, 0o777, 0, 0));
        }
    }

    fn step(&mut self, stack: &[Place], name: &[u8]) -> Result<Step, Untold> {
        let Some(here) = stack.last() else { return Ok(Step::End) };
        let fd = match sys::entry(here.fd.as_fd(), name) {
            Ok(fd) => fd,
            Err(e) => {
                return match e.kind() {
                    // Nothing there; or a component that is no directory: the model says the same.
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Step::End),
                    // We may not search here; the model refuses the tracee at the same place, or the
                    // answer can't be told: it must not take the entry for absent.
                    io::ErrorKind::PermissionDenied if self.searchable(here.node) => {
                        Err(untold("A directory on the way could not be searched by the observer."))
                    }
                    io::ErrorKind::PermissionDenied => Ok(Step::Hidden),
                    _ => Err(untold(format!("A component of the path could not be read: {e}."))),
                };
            }
        };
        let stat = sys::stat(fd.as_fd()).map_err(|e| untold(format!("statx: {e}.")))?;
        // Sysctls are asked by rules of their own (fs/proc/proc_sysctl.c).
        let proc = self.mounts.get(stat.mount).is_some_and(|l| l.fstype == "proc");
        self.foreign |= proc && name == b"sys";
        let link = if stat.mode & 0o170_000 == 0o120_000 {
            let target = sys::target(fd.as_fd()).map_err(|e| untold(format!("readlink: {e}.")))?;
            // The links of /proc/PID/fd and their like jump; their text is for people only.
            if proc && name != b"self" && name != b"thread-self" && name != b"mounts" && name != b"net" {
                return Err(untold("A link of /proc on the way leads where no path does."));
            }
            Some(target)
        } else {
            None
        };
        let node = self.enter(here, name, &fd, &stat, link.clone())?;
        Ok(match link {
            Some(target) => Step::Link(target),
            None => Step::Into(Place { node, fd, mount: stat.mount }),
        })
    }

    /// The node of an entry: the one already in the tree, or a new one, below a new mount where the
    /// mount changes.
    fn enter(
        &mut self,
        here: &Place,
        name: &[u8],
        fd: &OwnedFd,
        stat: &Stat,
        link: Option<Vec<u8>>,
    ) -> Result<NodeId, Untold> {
        if let Entry::Found(known) = self.tree.entry(here.node, name) {
            return Ok(self.tree.mounted(known).unwrap_or(known));
        }
        let mut inode = inode(fd, stat, link);
        if self.executes && inode.kind == Kind::File {
            inode.interpreter = interpreter(fd);
            inode.capabilities =
                sys::attribute(fd.as_fd(), c"security.capability").and_then(|raw| capabilities(&raw));
        }
        if stat.mount == here.mount {
            return Ok(self.tree.add(here.node, name, inode));
        }
        // What lies under a mount is never asked for.
        let covered = Inode::new(inode.kind, 0o755, 0, 0);
        let on = self.tree.add(here.node, name, covered);
        let (fs, mount) = self.mount_of(stat)?;
        Ok(self.tree.mount_new(on, fs, mount, inode))
    }

    /// Whether the mode alone lets everyone search a directory.
    fn searchable(&self, node: NodeId) -> bool {
        self.tree.inode(node).is_some_and(|i| i.mode & 0o111 == 0o111 && i.acl.is_none())
    }
}

enum Step {
    Into(Place),
    Link(Vec<u8>),
    /// Behind a directory that neither the tracee nor we may search.
    Hidden,
    End,
}

/// The components of a path, the last first.
pub(crate) fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|b| *b == b'/').filter(|c| !c.is_empty()).rev().map(<[u8]>::to_vec).collect()
}

pub(crate) fn inode(fd: &OwnedFd, stat: &Stat, link: Option<Vec<u8>>) -> Inode {
    let kind = match stat.mode & 0o170_000 {
        0o040_000 => Kind::Directory,
        0o120_000 => Kind::Symlink,
        0o010_000 => Kind::Fifo,
        0o140_000 => Kind::Socket,
        0o020_000 => Kind::Character,
        0o060_000 => Kind::Block,
        _ => Kind::File,
    };
    let mut inode = Inode::new(kind, stat.mode & 0o7777, stat.uid, stat.gid);
    inode.number = stat.inode;
    inode.immutable = stat.immutable;
    inode.append_only = stat.append;
    inode.target = link.unwrap_or_default();
    if kind != Kind::Symlink {
        inode.acl = sys::attribute(fd.as_fd(), c"system.posix_acl_access").and_then(|raw| acl(&raw));
    }
    inode
}

/// The interpreter that the first line names, binfmt_script(5); `None` where it can't be read.
pub(crate) fn interpreter(fd: &OwnedFd) -> Option<Vec<u8>> {
    use std::os::fd::AsRawFd as _;
    let mut buffer = [0_u8; 256];
    let mut file = std::fs::File::open(format!("/proc/self/fd/{}", fd.as_raw_fd())).ok()?;
    let got = io::Read::read(&mut file, &mut buffer).ok()?;
    let line = buffer.get(..got)?.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    let mut words = line.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty());
    words.next().map(<[u8]>::to_vec)
}

/// The value of `system.posix_acl_access`, include/uapi/linux/posix_acl_xattr.h: a version, then
/// entries of tag, permissions and id.
pub(crate) fn acl(raw: &[u8]) -> Option<Acl> {
    let (version, entries) = raw.split_at_checked(4)?;
    if version != 2_u32.to_le_bytes() {
        return None;
    }
    let mut acl = Acl::default();
    for entry in entries.chunks_exact(8) {
        let [t0, t1, p0, _, i0, i1, i2, i3] = <[u8; 8]>::try_from(entry).ok()?;
        let (bits, id) = (p0 & 7, u32::from_le_bytes([i0, i1, i2, i3]));
        match u16::from_le_bytes([t0, t1]) {
            0x01 => acl.owner = bits,
            0x02 => acl.users.push((id, bits)),
            0x04 => acl.group = bits,
            0x08 => acl.groups.push((id, bits)),
            0x10 => acl.mask = Some(bits),
            0x20 => acl.other = bits,
            _ => return None,
        }
    }
    // An ACL of the three basic entries is the mode.
    (acl.mask.is_some() || !acl.users.is_empty() || !acl.groups.is_empty()).then_some(acl)
}

/// The value of `security.capability`, include/uapi/linux/capability.h: `struct vfs_ns_cap_data` of
/// revision 2 (without the last number) or 3.
pub(crate) fn capabilities(raw: &[u8]) -> Option<FileCapabilities> {
    let mut words = raw.chunks_exact(4).map(|w| u32::from_le_bytes(w.try_into().unwrap_or_default()));
    let magic = words.next()?;
    let (permitted_low, inheritable_low) = (words.next()?, words.next()?);
    let (permitted_high, inheritable_high) = (words.next()?, words.next()?);
    let root = match magic & 0xff00_0000 {
        0x0200_0000 => 0,
        0x0300_0000 => words.next()?,
        _ => return None,
    };
    let set = |low: u32, high: u32| CapabilitySet(u64::from(high) << 32 | u64::from(low));
    Some(FileCapabilities {
        permitted: set(permitted_low, permitted_high),
        inheritable: set(inheritable_low, inheritable_high),
        effective: magic & 1 == 1,
        root,
    })
}

/// The tracee's user namespace as the model wants it: ours is the first.
pub(crate) fn namespace(tracee: Tracee, state: &ProcessState) -> UserNamespace {
    if state.same_user_namespace {
        return UserNamespace::first();
    }
    let extents = |map: &[(u32, u32, u32)]| {
        IdMap(map.iter().map(|&(inside, outside, count)| Extent { inside, outside, count }).collect())
    };
    let place = sys::place(&tracee.proc("ns/user")).ok();
    let id = place.as_ref().and_then(|p| sys::stat(p.as_fd()).ok()).map_or(1, |s| s.inode);
    // The owner is asked of an open descriptor, not of a mere place.
    let owner =
        std::fs::File::open(tracee.proc("ns/user")).ok().and_then(|f| sys::namespace_owner(f.as_fd()));
    UserNamespace {
        id,
        owner: owner.unwrap_or(u32::MAX),
        parent: Some(Box::new(UserNamespace::first())),
        maps: IdMaps { users: extents(&state.uid_map), groups: extents(&state.gid_map) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use whodenied_access::{Decision, OpenFlags, Operation, Subject, decide};

    fn ourselves() -> (Tracee, ProcessState) {
        let pid = i32::try_from(std::process::id()).unwrap();
        let tracee = Tracee { tid: pid };
        let state = super::super::process::state(tracee, pid, &mut Vec::new());
        (tracee, state)
    }

    #[test]
    fn a_walk_is_what_the_model_asks() {
        let folder = std::env::temp_dir().join(format!("whodenied-walk-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        std::fs::write(folder.join("inner/file"), "x").unwrap();
        std::fs::set_permissions(folder.join("inner/file"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let _ = std::os::unix::fs::symlink("inner/../inner/file", folder.join("link"));
        let (tracee, state) = ourselves();
        let mut walk = Walk::new(tracee, &state).unwrap();
        let path = folder.join("link").into_os_string().into_encoded_bytes();
        walk.path(&path, true).unwrap();
        walk.path(b"/nowhere/at/all", true).unwrap();
        let tree = walk.into_tree();
        let flags = OpenFlags { read: true, ..OpenFlags::default() };
        let mut stranger = Subject::user(65_533, 65_533);
        let ask = |subject: &Subject, path: &[u8]| {
            decide(subject, &tree, &Operation::Open { path: path.to_vec(), flags })
        };
        assert!(matches!(ask(&stranger, &path), Decision::Refused(r) if r.errno.0 == 13));
        assert!(matches!(ask(&stranger, b"/nowhere/at/all"), Decision::Refused(r) if r.errno.0 == 2));
        stranger.fsuid = state.uids[3];
        assert!(ask(&stranger, &path).is_allowed());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn capabilities_of_the_attribute() {
        // setcap cap_net_raw+ep, as revision 2 stores it.
        let mut raw = vec![1, 0, 0, 2, 0, 0x20, 0, 0];
        raw.extend([0; 12]);
        let found = capabilities(&raw).unwrap();
        assert!(found.effective && found.permitted.has(whodenied_kernel::Capability::NET_RAW));
        assert_eq!((found.inheritable, found.root), (CapabilitySet::default(), 0));
        assert!(capabilities(&raw[..12]).is_none());
    }

    #[test]
    fn lists_of_the_attribute() {
        let mut raw = vec![2, 0, 0, 0];
        for (tag, bits, id) in
            [(1_u16, 6_u16, u32::MAX), (2, 4, 1000), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)]
        {
            raw.extend(tag.to_le_bytes());
            raw.extend(bits.to_le_bytes());
            raw.extend(id.to_le_bytes());
        }
        let list = acl(&raw).unwrap();
        assert_eq!((list.owner, list.users, list.mask, list.other), (6, vec![(1000, 4)], Some(4), 0));
        assert!(acl(&raw[..3]).is_none() && acl(b"\x03\0\0\0").is_none());
    }
}
