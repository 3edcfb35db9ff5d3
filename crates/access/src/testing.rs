//! A small world for the table tests.

use crate::{
    Decision, FileSystem, Inode, Kind, Mount, NodeId, OpenFlags, Operation, Rule, Subject, Tree, World,
    decide,
};
use whodenied_kernel::Errno;

/// `/` of root, `/home` of 1000 with mode 750, `/tmp` sticky, `/home/note` of 1000 with mode 640.
pub(crate) fn tree() -> Tree {
    let directory = |mode, uid| Inode::new(Kind::Directory, mode, uid, uid);
    let mut tree = Tree::new(FileSystem::new(1), Mount { id: 1, ..Mount::default() }, directory(0o755, 0));
    let root = tree.root();
    let home = tree.add(root, b"home", directory(0o750, 1000));
    tree.add(root, b"tmp", directory(0o1777, 0));
    tree.add(home, b"note", Inode::new(Kind::File, 0o640, 1000, 1000));
    tree
}

/// The node that a path of plain names leads to.
pub(crate) fn node(tree: &Tree, path: &str) -> NodeId {
    path.split('/').filter(|n| !n.is_empty()).fold(tree.root(), |at, name| {
        match tree.entry(at, name.as_bytes()) {
            crate::Entry::Found(node) => tree.mounted(node).unwrap_or(node),
            _ => panic!("{path}"),
        }
    })
}

pub(crate) fn read(path: &str) -> Operation {
    Operation::Open { path: path.into(), flags: OpenFlags { read: true, ..OpenFlags::default() } }
}

pub(crate) fn write(path: &str) -> Operation {
    Operation::Open { path: path.into(), flags: OpenFlags { write: true, ..OpenFlags::default() } }
}

/// Errno and rule of a refusal, and the path it was about.
pub(crate) fn refusal(
    subject: &Subject,
    tree: &Tree,
    operation: &Operation,
) -> Option<(Errno, Rule, String)> {
    match decide(subject, tree, operation) {
        Decision::Allowed => None,
        Decision::Refused(r) => {
            let path = r.at.map_or(String::new(), |at| String::from_utf8_lossy(&tree.path(at)).into_owned());
            Some((r.errno, r.rule, path))
        }
        Decision::Unknown(node) => panic!("unknown {node:?}"),
    }
}
