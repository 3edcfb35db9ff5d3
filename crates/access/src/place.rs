//! Where the paths of an operation lead: the objects that a security module which names files by path is
//! asked about.

use crate::id::CapabilitySet;
use crate::operation::{Operation, RenameHow};
use crate::permission::{Ask, Step};
use crate::subject::Subject;
use crate::walk::{Last, Walk};
use crate::world::{NodeId, World};

/// What one path of an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path without links, `.` and `..`, from the root of the world.
    pub path: Vec<u8>,
    /// What is there; `None` where nothing is yet.
    pub node: Option<NodeId>,
    /// The owner as the mount shows it; `None` where nothing is there, or it has no id here.
    pub owner: Option<u32>,
    /// It is a directory.
    pub directory: bool,
}

/// The places of an operation in the order of its paths, whoever may walk there. `None` where part of the way
/// can't be seen, or it leads nowhere.
#[must_use]
pub fn places(world: &dyn World, operation: &Operation) -> Option<Vec<Place>> {
    let subject = Subject { effective: CapabilitySet::all(), ..Subject::root() };
    let ask = Ask { subject: &subject, world, operand: 0 };
    let there = |path: &[u8], follow| at(ask, ask.lookup(path, follow).ok()?);
    let entry = |path: &[u8]| name(ask, path);
    Some(match operation {
        Operation::Open { path, flags } => {
            let follow = !(flags.no_follow || flags.create && flags.exclusive);
            match ask.lookup(path, follow) {
                Ok(node) => vec![at(ask, node)?],
                Err(_) if flags.create => vec![created(ask, path)?],
                Err(_) => return None,
            }
        }
        Operation::Access { path, follow, .. }
        | Operation::Stat { path, follow }
        | Operation::ChangeOwner { path, follow, .. }
        | Operation::SetTimes { path, follow, .. }
        | Operation::SetAttribute { path, follow, .. }
        | Operation::GetAttribute { path, follow, .. }
        | Operation::RemoveAttribute { path, follow, .. } => vec![there(path, *follow)?],
        Operation::ReadLink { path } => vec![there(path, false)?],
        Operation::ChangeDirectory { path }
        | Operation::ChangeRoot { path }
        | Operation::ChangeMode { path, .. }
        | Operation::Truncate { path }
        | Operation::Execute { path }
        | Operation::Connect { path } => vec![there(path, true)?],
        Operation::MakeDirectory { path }
        | Operation::MakeNode { path, .. }
        | Operation::MakeSymlink { path }
        | Operation::Unlink { path }
        | Operation::RemoveDirectory { path }
        | Operation::Bind { path } => vec![entry(path)?],
        Operation::Link { from, to, follow } => vec![there(from, *follow)?, entry(to)?],
        Operation::Rename { how: RenameHow::Exchange, .. } => return None,
        Operation::Rename { from, to, .. } => vec![entry(from)?, entry(to)?],
    })
}

fn at(ask: Ask<'_>, node: NodeId) -> Option<Place> {
    let object = ask.object(node).ok()?;
    Some(Place {
        path: ask.world.path(node),
        node: Some(node),
        owner: object.uid(),
        directory: object.inode.is_directory(),
    })
}

/// The entry itself, in a directory that is there.
fn name(ask: Ask<'_>, path: &[u8]) -> Option<Place> {
    let (directory, last) = ask.lookup_parent(path).ok()?;
    entry(ask, directory, &last)
}

fn entry(ask: Ask<'_>, directory: NodeId, last: &Last) -> Option<Place> {
    let Last::Name(name, _) = last else { return None };
    if let Some(node) = ask.entry(directory, name).ok()? {
        let node = ask.world.mounted(node).unwrap_or(node);
        return at(ask, node);
    }
    let mut path = ask.world.path(directory);
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    Some(Place { path, node: None, owner: None, directory: false })
}

/// What a file made by opening is called: a link to nothing makes what it points to.
fn created(ask: Ask<'_>, path: &[u8]) -> Option<Place> {
    let mut text = path.to_vec();
    let mut walk = Walk::new(ask, path).ok()?;
    for _ in 0..40 {
        let last = walk.walk_parents(&text).ok()?;
        let Last::Name(name, _) = &last else { return None };
        let found: Step<Option<NodeId>> = ask.entry(walk.at, name);
        match found.ok()? {
            Some(node) => text = walk.step_into(node, true, true).ok()??,
            None => return entry(ask, walk.at, &last),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, tree};
    use crate::{Inode, Kind, OpenFlags};

    #[test]
    fn links_lead_to_what_they_name() {
        let mut tree = tree();
        let root = node(&tree, "/");
        let link = |target: &str| Inode { target: target.into(), ..Inode::new(Kind::Symlink, 0o777, 0, 0) };
        tree.add(root, b"down", link("home/note"));
        tree.add(root, b"new", link("/home/../home/fresh"));
        let path = |operation: &Operation| {
            places(&tree, operation).map(|p| String::from_utf8(p[0].path.clone()).unwrap())
        };
        let open = |path: &str, create| Operation::Open {
            path: path.into(),
            flags: OpenFlags { read: true, create, ..OpenFlags::default() },
        };
        assert_eq!(path(&open("/down", false)).as_deref(), Some("/home/note"));
        assert_eq!(path(&open("/new", true)).as_deref(), Some("/home/fresh"));
        assert_eq!(path(&open("/new", false)), None);
        assert_eq!(path(&Operation::Unlink { path: b"/down".to_vec() }).as_deref(), Some("/down"));
        let made = Operation::MakeDirectory { path: b"/home/./x/".to_vec() };
        assert_eq!(path(&made).as_deref(), Some("/home/x"));
        assert_eq!(path(&Operation::MakeDirectory { path: b"/none/x".to_vec() }), None);
    }
}
