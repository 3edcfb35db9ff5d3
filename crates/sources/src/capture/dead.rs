//! The tree of names of a container that need not run: the layers of its image and its own, joined as
//! overlayfs joins them, and the mounts that its configuration puts over them.
//!
//! Every step is an O_PATH descriptor below a known directory, so that no link of the container leads
//! out of it and nothing is opened.
//!
//! Source: the kernel's Documentation/filesystems/overlayfs.rst (whiteouts, opaque directories).

use super::mounts::Mounts;
use super::sys::{self, Stat};
use super::walk::{MOST_LINKS, MOST_STEPS, capabilities, components, inode, interpreter};
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use whodenied_access::{FileSystem, Inode, Kind, Mount, NodeId, Settings, Tree, UserNamespace, World};

/// What lies at a path of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A directory or file of the host.
    Host(PathBuf),
    /// A file system made for the container, empty at first: mode, user and group of its root as the
    /// host counts them.
    Fresh(u16, u32, u32),
    /// Something that is decided by rules of its own, or that can't be seen.
    Hidden,
}

/// A mount of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountedAt {
    /// Its path in the container, absolute, without `.` and `..`.
    pub target: Vec<u8>,
    /// What is mounted.
    pub source: Source,
    /// `ro`.
    pub read_only: bool,
    /// `noexec`.
    pub no_exec: bool,
    /// `nodev`.
    pub no_dev: bool,
    /// `nosuid`.
    pub no_suid: bool,
}

/// A container's tree as its configuration describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The layers, the uppermost first; directories of the host.
    pub layers: Vec<PathBuf>,
    /// The root is mounted read-only.
    pub read_only: bool,
    /// Mounts, those that lie over others later.
    pub mounts: Vec<MountedAt>,
    /// The container's user namespace.
    pub namespace: UserNamespace,
    /// The working directory.
    pub directory: Vec<u8>,
}

/// What a walk found.
#[derive(Debug)]
pub struct Walked {
    /// The part of the tree that was walked.
    pub tree: Tree,
    /// When the newest change of mode, owner or content of anything on the way happened, in nanoseconds
    /// since 1970.
    pub changed: i128,
    /// True when a file system on the way checks more than the model does.
    pub partial: bool,
}

/// Walks `paths` of the container; each with whether a last link is followed. With `executes`, first
/// lines and capabilities of files count too.
///
/// # Errors
/// One sentence on why the tree can't be told.
pub fn walk(layout: &Layout, paths: &[(Vec<u8>, bool)], executes: bool) -> Result<Walked, String> {
    let mut walk = Walk::new(layout, executes)?;
    let mut stack = vec![walk.root()?];
    walk.steps(&mut stack, &layout.directory, true)?;
    walk.tree.set_cwd(stack.last().map_or(walk.tree.root(), |p| p.node));
    let base = stack;
    for (path, follow) in paths {
        let keep = if path.first() == Some(&b'/') { 1 } else { base.len() };
        let mut stack: Vec<Place> =
            base.iter().take(keep).map(Place::again).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        walk.steps(&mut stack, path, *follow)?;
        for _ in 0..5 {
            let Some(next) = stack.last().and_then(|p| walk.tree.inode(p.node)?.interpreter.clone()) else {
                break;
            };
            stack.truncate(1);
            walk.steps(&mut stack, &next, true)?;
        }
    }
    walk.tree.settings = settings();
    Ok(Walked { tree: walk.tree, changed: walk.changed, partial: walk.partial })
}

/// The beginning of a regular file of the container, at most `most` bytes; `None` where there is none or
/// it can't be read.
#[must_use]
pub fn read(layout: &Layout, path: &str, most: u64) -> Option<Vec<u8>> {
    use std::io::Read as _;
    use std::os::fd::AsRawFd as _;
    let mut walk = Walk::new(layout, false).ok()?;
    let mut stack = vec![walk.root().ok()?];
    walk.steps(&mut stack, path.as_bytes(), true).ok()?;
    let place = stack.last()?;
    // The walk ends where a component is missing.
    if place.path.rsplit(|b| *b == b'/').next() != path.as_bytes().rsplit(|b| *b == b'/').next() {
        return None;
    }
    let fd = match &place.backing {
        Backing::Host(fd) => fd,
        Backing::Layers(fds) => fds.first()?,
        Backing::Empty => return None,
    };
    if stat(fd).ok()?.mode & 0o170_000 != 0o100_000 {
        return None;
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(format!("/proc/self/fd/{}", fd.as_raw_fd())).ok()?;
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The sysctls of this machine that guard shared directories, and its release.
fn settings() -> Settings {
    let level = |key: &str| {
        std::fs::read_to_string(format!("/proc/sys/fs/{key}"))
            .ok()
            .and_then(|v| v.trim().parse().ok())
            .unwrap_or(0)
    };
    Settings {
        symlinks: level("protected_symlinks"),
        hardlinks: level("protected_hardlinks"),
        fifos: level("protected_fifos"),
        regular: level("protected_regular"),
        release: super::release().unwrap_or(Settings::default().release),
    }
}

/// What backs a directory of the container.
enum Backing {
    /// The same directory in several layers, the uppermost first.
    Layers(Vec<OwnedFd>),
    /// A directory or file of the host.
    Host(OwnedFd),
    /// Nothing can be looked up in it.
    Empty,
}

struct Place {
    node: NodeId,
    path: Vec<u8>,
    backing: Backing,
}

impl Place {
    fn again(&self) -> std::io::Result<Self> {
        let backing = match &self.backing {
            Backing::Layers(fds) => {
                Backing::Layers(fds.iter().map(OwnedFd::try_clone).collect::<Result<_, _>>()?)
            }
            Backing::Host(fd) => Backing::Host(fd.try_clone()?),
            Backing::Empty => Backing::Empty,
        };
        Ok(Self { node: self.node, path: self.path.clone(), backing })
    }
}

struct Walk<'a> {
    layout: &'a Layout,
    tree: Tree,
    ours: Mounts,
    executes: bool,
    changed: i128,
    partial: bool,
    mounts: u64,
    /// Mounts that stand in the tree already, by the container's path.
    known: Vec<(Vec<u8>, NodeId)>,
}

enum Step {
    Into(Place),
    Link(Vec<u8>),
    End,
}

impl<'a> Walk<'a> {
    fn new(layout: &'a Layout, executes: bool) -> Result<Self, String> {
        let ours = std::fs::read_to_string("/proc/self/mountinfo")
            .map_err(|e| format!("The mounts of this machine could not be read: {e}."))?;
        Ok(Self {
            layout,
            tree: Tree::default(),
            ours: Mounts::parse(&ours),
            executes,
            changed: i128::MIN,
            partial: false,
            mounts: 0,
            known: Vec::new(),
        })
    }

    fn root(&mut self) -> Result<Place, String> {
        let mut fds = Vec::new();
        let mut newest = None;
        for layer in self.layout.layers.iter().take(500) {
            let fd = sys::place(layer)
                .map_err(|e| format!("A layer of the container's root could not be reached: {e}."))?;
            let stat = stat(&fd)?;
            newest = newest.or(Some(stat));
            fds.push(fd);
        }
        let (Some(stat), Some(fd)) = (newest, fds.first()) else {
            return Err("The engine does not tell where the container's root lies.".to_owned());
        };
        self.saw(&stat);
        let root = inode(fd, &stat, None);
        let mount = Mount { id: self.next(), read_only: self.layout.read_only, ..Mount::default() };
        self.tree = Tree::new(overlay(), mount, root);
        Ok(Place { node: self.tree.root(), path: Vec::new(), backing: Backing::Layers(fds) })
    }

    fn next(&mut self) -> u64 {
        self.mounts += 1;
        self.mounts
    }

    fn saw(&mut self, stat: &Stat) {
        self.changed = self.changed.max(stat.changed);
    }

    fn steps(&mut self, stack: &mut Vec<Place>, path: &[u8], follow: bool) -> Result<(), String> {
        let mut left = components(path);
        if path.first() == Some(&b'/') {
            stack.truncate(1);
        }
        let (mut links, mut steps) = (0, 0);
        while let Some(name) = left.pop() {
            steps += 1;
            if steps > MOST_STEPS {
                return Err("The path has too many components.".to_owned());
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
                Step::Link(_) | Step::End => return Ok(()),
            }
        }
        Ok(())
    }

    fn step(&mut self, stack: &[Place], name: &[u8]) -> Result<Step, String> {
        let Some(here) = stack.last() else { return Ok(Step::End) };
        let mut path = here.path.clone();
        path.push(b'/');
        path.extend_from_slice(name);
        if let Some(mount) = self.layout.mounts.iter().rfind(|m| m.target == path) {
            return self.enter_mount(here, name, path, mount);
        }
        let found = match &here.backing {
            Backing::Empty => return Ok(Step::End),
            Backing::Host(fd) => lookup(fd, name)?.map(|(fd, stat)| (stat, Backing::Host(fd))),
            Backing::Layers(fds) => layered(fds, name)?,
        };
        let Some((stat, backing)) = found else { return Ok(Step::End) };
        self.saw(&stat);
        if let Backing::Host(_) = backing {
            self.checks(stat.mount)?;
        }
        let (inode, link) = self.inode(&stat, &backing)?;
        let node = match self.tree.entry(here.node, name) {
            whodenied_access::Entry::Found(known) => self.tree.mounted(known).unwrap_or(known),
            _ => self.tree.add(here.node, name, inode),
        };
        Ok(link.map_or(Step::Into(Place { node, path, backing }), Step::Link))
    }

    fn inode(&self, stat: &Stat, backing: &Backing) -> Result<(Inode, Option<Vec<u8>>), String> {
        let fd = match backing {
            Backing::Host(fd) => Some(fd),
            Backing::Layers(fds) => fds.first(),
            Backing::Empty => None,
        };
        let Some(fd) = fd else { return Err("Nothing is there.".to_owned()) };
        let link = (stat.mode & 0o170_000 == 0o120_000)
            .then(|| sys::target(fd.as_fd()).map_err(|e| format!("readlink: {e}.")))
            .transpose()?;
        let mut inode = inode(fd, stat, link.clone());
        if self.executes && inode.kind == Kind::File {
            inode.interpreter = interpreter(fd);
            inode.capabilities =
                sys::attribute(fd.as_fd(), c"security.capability").and_then(|raw| capabilities(&raw));
        }
        Ok((inode, link))
    }

    /// Refuses what the model does not know.
    fn checks(&mut self, mount: u64) -> Result<(), String> {
        let Some(line) = self.ours.get(mount) else {
            return Err("A mount on the way is not in this process's list of mounts.".to_owned());
        };
        if line.is_idmapped() {
            return Err("The id map of an idmapped mount on the way can't be read.".to_owned());
        }
        if line.decides_itself() {
            return Err(
                "A file system on the way decides by rules of its own, not by mode and owner.".to_owned()
            );
        }
        self.partial |= line.checks_more();
        Ok(())
    }

    fn enter_mount(
        &mut self,
        here: &Place,
        name: &[u8],
        path: Vec<u8>,
        mount: &MountedAt,
    ) -> Result<Step, String> {
        let id = self.next();
        let flags = Mount {
            id,
            read_only: mount.read_only,
            no_exec: mount.no_exec,
            no_dev: mount.no_dev,
            no_suid: mount.no_suid,
            ..Mount::default()
        };
        let (fs, flags, inode, backing) = match &mount.source {
            Source::Hidden => {
                return Err(
                    "A file system on the way decides by rules of its own, or can't be seen.".to_owned()
                );
            }
            Source::Fresh(mode, uid, gid) => {
                // What was written to it went with the container.
                let fs = FileSystem {
                    // SB_I_NODEV of what is mounted in another user namespace (fs/super.c, alloc_super).
                    no_dev: !self.layout.namespace.is_first(),
                    namespace: self.layout.namespace.clone(),
                    ..FileSystem::new(id << 32)
                };
                (fs, flags, Inode::new(Kind::Directory, *mode, *uid, *gid), Backing::Empty)
            }
            Source::Host(source) => {
                let fd = sys::place(source).map_err(|e| {
                    format!("What is mounted at a place on the way could not be reached: {e}.")
                })?;
                let stat = stat(&fd)?;
                self.saw(&stat);
                self.checks(stat.mount)?;
                let Some(line) = self.ours.get(stat.mount) else { return Ok(Step::End) };
                // A bind mount keeps the flags of what it binds (fs/namespace.c, clone_mnt).
                let under = line.mount(id);
                let flags = Mount {
                    read_only: flags.read_only || under.read_only,
                    no_exec: flags.no_exec || under.no_exec,
                    no_dev: flags.no_dev || under.no_dev,
                    no_suid: flags.no_suid || under.no_suid,
                    no_symfollow: under.no_symfollow,
                    ..flags
                };
                let backing = Backing::Host(fd);
                let (inode, _) = self.inode(&stat, &backing)?;
                (line.file_system(UserNamespace::first()), flags, inode, backing)
            }
        };
        if let Some((_, node)) = self.known.iter().find(|(p, _)| *p == path) {
            return Ok(Step::Into(Place { node: *node, path, backing }));
        }
        let on = match self.tree.entry(here.node, name) {
            whodenied_access::Entry::Found(known) => known,
            _ => self.tree.add(here.node, name, Inode::new(inode.kind, 0o755, 0, 0)),
        };
        let node = self.tree.mount_new(on, fs, flags, inode);
        self.known.push((path.clone(), node));
        Ok(Step::Into(Place { node, path, backing }))
    }
}

fn overlay() -> FileSystem {
    FileSystem { no_whiteouts: true, ..FileSystem::new(1) }
}

fn stat(fd: &OwnedFd) -> Result<Stat, String> {
    sys::stat(fd.as_fd()).map_err(|e| format!("statx: {e}."))
}

/// An entry of a directory; `None` where there is none.
fn lookup(directory: &OwnedFd, name: &[u8]) -> Result<Option<(OwnedFd, Stat)>, String> {
    match sys::entry(directory.as_fd(), name) {
        Ok(fd) => {
            let stat = stat(&fd)?;
            Ok(Some((fd, stat)))
        }
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(format!("A component of the path could not be read: {e}.")),
    }
}

/// An entry of a directory that lies in several layers.
fn layered(fds: &[OwnedFd], name: &[u8]) -> Result<Option<(Stat, Backing)>, String> {
    let mut found: Option<(Stat, Vec<OwnedFd>)> = None;
    for fd in fds {
        let Some((entry, stat)) = lookup(fd, name)? else { continue };
        let directory = stat.mode & 0o170_000 == 0o040_000;
        if stat.whiteout {
            break;
        }
        if directory && attribute(&entry, "redirect").is_some() {
            return Err("A directory of the container was moved between its layers.".to_owned());
        }
        let opaque = !directory || attribute(&entry, "opaque").is_some_and(|v| v == b"y");
        match &mut found {
            Some(_) if !directory => break,
            Some((_, entries)) => entries.push(entry),
            None => found = Some((stat, vec![entry])),
        }
        if opaque {
            break;
        }
    }
    Ok(found.map(|(stat, entries)| (stat, Backing::Layers(entries))))
}

/// `trusted.overlay.NAME`, or `user.overlay.NAME` of an overlay that a user mounted.
fn attribute(fd: &OwnedFd, name: &str) -> Option<Vec<u8>> {
    ["trusted", "user"].iter().find_map(|space| {
        let name = std::ffi::CString::new(format!("{space}.overlay.{name}")).ok()?;
        sys::attribute(fd.as_fd(), &name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use whodenied_access::{Decision, OpenFlags, Operation, Subject, decide};

    #[test]
    fn layers_and_mounts_are_joined() {
        let top = std::env::temp_dir().join(format!("whodenied-dead-{}", std::process::id()));
        let (upper, lower, volume) = (top.join("upper"), top.join("lower"), top.join("volume"));
        for dir in [&upper.join("etc"), &lower.join("etc"), &lower.join("data"), &volume] {
            std::fs::create_dir_all(dir).unwrap();
        }
        for dir in [&top, &upper, &lower, &upper.join("etc"), &lower.join("data")] {
            std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::fs::write(lower.join("etc/below"), "x").unwrap();
        std::fs::set_permissions(lower.join("etc/below"), std::fs::Permissions::from_mode(0o600)).unwrap();
        // A link that would lead out of the container leads to its own root.
        symlink("/etc/below", upper.join("link")).unwrap();
        std::fs::write(volume.join("f"), "x").unwrap();
        std::fs::set_permissions(volume.join("f"), std::fs::Permissions::from_mode(0o666)).unwrap();
        let layout = Layout {
            layers: vec![upper.clone(), lower.clone()],
            read_only: false,
            mounts: vec![
                MountedAt {
                    target: b"/data".to_vec(),
                    source: Source::Host(volume.clone()),
                    read_only: true,
                    no_exec: false,
                    no_dev: false,
                    no_suid: false,
                },
                MountedAt {
                    target: b"/run".to_vec(),
                    source: Source::Fresh(0o755, 0, 0),
                    read_only: false,
                    no_exec: true,
                    no_dev: false,
                    no_suid: false,
                },
            ],
            namespace: UserNamespace::first(),
            directory: b"/".to_vec(),
        };
        let paths: Vec<(Vec<u8>, bool)> = ["/link", "/data/f", "/run/x", "/nothing"]
            .iter()
            .map(|p| (p.as_bytes().to_vec(), true))
            .collect();
        let walked = walk(&layout, &paths, false).unwrap();
        let stranger = Subject::user(65_533, 65_533);
        let ask = |path: &str, flags| match decide(
            &stranger,
            &walked.tree,
            &Operation::Open { path: path.as_bytes().to_vec(), flags },
        ) {
            Decision::Refused(r) => r.errno.0,
            Decision::Allowed => 0,
            Decision::Unknown(_) => -1,
        };
        let read = OpenFlags { read: true, ..OpenFlags::default() };
        let write = OpenFlags { write: true, ..OpenFlags::default() };
        let create = OpenFlags { write: true, create: true, ..OpenFlags::default() };
        assert_eq!(ask("/link", read), 13);
        assert_eq!((ask("/data/f", read), ask("/data/f", write)), (0, 30));
        assert_eq!((ask("/nothing", read), ask("/run/x", create)), (2, 13));
        assert_eq!(super::read(&layout, "/data/f", 10), Some(b"x".to_vec()));
        assert_eq!((super::read(&layout, "/data", 10), super::read(&layout, "/data/none", 10)), (None, None));
        assert!(walked.changed > 1_500_000_000_000_000_000);
        assert!(walk(&Layout { layers: vec![top.join("none")], ..layout }, &paths, false).is_err());
        std::fs::remove_dir_all(top).unwrap();
    }
}
