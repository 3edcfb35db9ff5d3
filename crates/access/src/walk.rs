//! Walking a path: `link_path_walk`, `path_lookupat` and `path_parentat` (fs/namei.c).

use crate::decision::Rule;
use crate::object::{EXECUTE, Kind};
use crate::permission::{Ask, Step};
use crate::world::NodeId;
use whodenied_kernel::Errno;

/// `MAXSYMLINKS`.
const MAX_LINKS: u32 = 40;
/// `PATH_MAX`.
const MAX_PATH: usize = 4096;

/// The last component of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Last {
    /// A name; with a slash behind it.
    Name(Vec<u8>, bool),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// The path was only slashes.
    Root,
}

/// `struct nameidata`: where a walk is.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    pub(crate) ask: Ask<'a>,
    pub(crate) at: NodeId,
    /// The directory that holds the last component (`dir_mode`, `dir_vfsuid`).
    pub(crate) directory: NodeId,
    links: u32,
}

impl<'a> Walk<'a> {
    /// `getname_flags` and `path_init`.
    pub(crate) fn new(ask: Ask<'a>, path: &[u8]) -> Step<Self> {
        if path.is_empty() {
            return Err(ask.no_arguments(Errno::ENOENT, Rule::EmptyPath));
        }
        if path.len() >= MAX_PATH {
            return Err(ask.no_arguments(Errno::ENAMETOOLONG, Rule::LongName));
        }
        let start = if path.first() == Some(&b'/') { ask.world.root() } else { ask.world.cwd() };
        Ok(Self { ask, at: start, directory: start, links: 0 })
    }

    /// `link_path_walk`: everything but the last component.
    pub(crate) fn walk_parents(&mut self, path: &[u8]) -> Step<Last> {
        let mut rest = skip_slashes(path).to_vec();
        if rest.is_empty() {
            return Ok(Last::Root);
        }
        let mut waiting: Vec<Vec<u8>> = Vec::new();
        loop {
            let object = self.ask.object(self.at)?;
            self.ask.permission(&object, EXECUTE)?;
            let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end).unwrap_or((&rest, &[]));
            let (slash, behind) = (!behind.is_empty(), skip_slashes(behind).to_vec());
            let last = match name {
                b"." => Last::Dot,
                b".." => Last::DotDot,
                name => Last::Name(name.to_vec(), slash),
            };
            if behind.is_empty() {
                match waiting.pop() {
                    None => {
                        self.directory = self.at;
                        return Ok(last);
                    }
                    Some(outer) => rest = outer,
                }
            } else {
                rest = behind;
            }
            if let Some(target) = self.component(&last, true, false)? {
                waiting.push(std::mem::replace(&mut rest, target));
                continue;
            }
            if !self.ask.object(self.at)?.inode.is_directory() {
                return Err(self.ask.no(Errno::ENOTDIR, Rule::NotDirectory, self.at));
            }
        }
    }

    /// `walk_component`: steps onto a component; gives the text of a link that is to be walked next.
    fn component(&mut self, last: &Last, follow: bool, trailing: bool) -> Step<Option<Vec<u8>>> {
        match last {
            Last::Root | Last::Dot => Ok(None),
            Last::DotDot => {
                self.up();
                Ok(None)
            }
            Last::Name(name, _) => {
                let Some(entry) = self.ask.entry(self.at, name)? else {
                    return Err(self.ask.no(Errno::ENOENT, Rule::NoEntry, self.at));
                };
                self.step_into(entry, follow, trailing)
            }
        }
    }

    /// `follow_dotdot`: up, out of a mount where needed, never above the root.
    pub(crate) fn up(&mut self) {
        let world = self.ask.world;
        let mut at = self.at;
        let parent = loop {
            if at == world.root() {
                break None;
            }
            if let Some(parent) = world.parent(at) {
                break Some(parent);
            }
            match world.mount_point(at) {
                Some(below) => at = below,
                None => break None,
            }
        };
        self.at = self.top(parent.unwrap_or(self.at));
    }

    /// `traverse_mounts`.
    fn top(&self, node: NodeId) -> NodeId {
        let mut at = node;
        while let Some(root) = self.ask.world.mounted(at) {
            at = root;
        }
        at
    }

    /// `step_into` and `pick_link`.
    pub(crate) fn step_into(&mut self, entry: NodeId, follow: bool, trailing: bool) -> Step<Option<Vec<u8>>> {
        let node = self.top(entry);
        let object = self.ask.object(node)?;
        if object.inode.kind != Kind::Symlink || !follow {
            self.at = node;
            return Ok(None);
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(self.ask.no(Errno::ELOOP, Rule::ManyLinks, node));
        }
        if trailing {
            self.may_follow(node)?;
        }
        if object.mount.no_symfollow {
            return Err(self.ask.no(Errno::ELOOP, Rule::NoSymFollow, node));
        }
        let target = &object.inode.target;
        if target.first() != Some(&b'/') {
            return Ok(Some(target.clone()));
        }
        self.at = self.ask.world.root();
        let rest = skip_slashes(target);
        Ok((!rest.is_empty()).then(|| rest.to_vec()))
    }

    /// `may_follow_link`.
    fn may_follow(&self, link: NodeId) -> Step<()> {
        if self.ask.world.settings().symlinks == 0 {
            return Ok(());
        }
        let (link, directory) = (self.ask.object(link)?, self.ask.object(self.directory)?);
        let owner = link.uid();
        if owner == Some(self.ask.subject.fsuid)
            || directory.inode.mode & 0o1002 != 0o1002
            || (directory.uid().is_some() && directory.uid() == owner)
        {
            return Ok(());
        }
        Err(self.ask.no(Errno::EACCES, Rule::ProtectedSymlink, link.id))
    }

    /// `path_lookupat`: all of the path.
    pub(crate) fn resolve(mut self, path: &[u8], follow: bool, directory: bool) -> Step<NodeId> {
        let (mut follow, mut directory) = (follow, directory);
        let mut text = path.to_vec();
        loop {
            let last = self.walk_parents(&text)?;
            if let Last::Name(_, true) = last {
                (follow, directory) = (true, true);
            }
            match self.component(&last, follow, true)? {
                Some(target) => text = target,
                None => break,
            }
        }
        if directory && !self.ask.object(self.at)?.inode.is_directory() {
            return Err(self.ask.no(Errno::ENOTDIR, Rule::NotDirectory, self.at));
        }
        Ok(self.at)
    }
}

impl<'a> Ask<'a> {
    /// `filename_lookup`.
    pub(crate) fn lookup(&self, path: &[u8], follow: bool) -> Step<NodeId> {
        Walk::new(*self, path)?.resolve(path, follow, false)
    }

    /// `filename_lookup` with `LOOKUP_FOLLOW | LOOKUP_DIRECTORY`.
    pub(crate) fn lookup_directory(&self, path: &[u8], follow: bool) -> Step<NodeId> {
        Walk::new(*self, path)?.resolve(path, follow, true)
    }

    /// `filename_parentat`: the directory, and the last component left unwalked.
    pub(crate) fn lookup_parent(&self, path: &[u8]) -> Step<(NodeId, Last)> {
        let mut walk = Walk::new(*self, path)?;
        let last = walk.walk_parents(path)?;
        Ok((walk.at, last))
    }
}

fn skip_slashes(path: &[u8]) -> &[u8] {
    let from = path.iter().position(|b| *b != b'/').unwrap_or(path.len());
    path.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::testing::{node, refusal, tree};
    use crate::{Inode, Kind, Operation, Rule, Subject};
    use whodenied_kernel::Errno;

    #[test]
    fn links_dots_and_slashes() {
        let mut tree = tree();
        let root = node(&tree, "/");
        let link = |target: &str| Inode { target: target.into(), ..Inode::new(Kind::Symlink, 0o777, 0, 0) };
        tree.add(root, b"loop", link("loop"));
        tree.add(root, b"down", link("home/note"));
        tree.add(root, b"top", link("/"));
        let stat = |path: &str, follow| {
            let operation = Operation::Stat { path: path.into(), follow };
            refusal(&Subject::root(), &tree, &operation).map(|r| (r.0, r.1))
        };
        assert_eq!(stat("/loop", true), Some((Errno::ELOOP, Rule::ManyLinks)));
        assert_eq!(stat("/loop", false), None);
        assert_eq!(stat("/down", true), None);
        // A slash at the end follows, and asks for a directory.
        assert_eq!(stat("/down/", false), Some((Errno::ENOTDIR, Rule::NotDirectory)));
        assert_eq!(stat("/top/home/../../../home/note", true), None);
        assert_eq!(stat("/down/..", true), Some((Errno::ENOTDIR, Rule::NotDirectory)));
        assert_eq!(stat("/none/note", true), Some((Errno::ENOENT, Rule::NoEntry)));
        assert_eq!(stat("", true), Some((Errno::ENOENT, Rule::EmptyPath)));
    }
}
