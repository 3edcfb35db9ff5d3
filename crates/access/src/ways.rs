//! What would let a refused operation through: found by changing one thing and deciding again.

use crate::change::{Change, Changed, MountOption, Named, Protection};
use crate::decide;
use crate::decision::{Class, Decision, Refusal, Rule};
use crate::object::Kind;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::world::{NodeId, World};
use serde::{Deserialize, Serialize};
use std::mem::discriminant;
use whodenied_kernel::Capability;

/// A path of many directories may need the same change on each; more than this is no small change.
const MOST: usize = 12;

/// Changes that together let the operation through; most often one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Way {
    /// The changes, in the order in which the kernel would ask for them.
    pub changes: Vec<Change>,
}

impl Way {
    /// The subject after them.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> Subject {
        self.changes.iter().fold(subject.clone(), |subject, change| change.of_subject(&subject))
    }

    /// The world after them.
    #[must_use]
    pub fn world<'a>(&self, world: &'a dyn World) -> Changed<'a> {
        let mut changed = Changed::new(world);
        self.changes.iter().for_each(|change| changed.make(change));
        changed
    }

    fn breadth(&self) -> (usize, u8) {
        (self.changes.len(), self.changes.iter().map(Change::breadth).max().unwrap_or(0))
    }
}

/// The ways to let `operation` through, smallest first. Each was tried: with its changes, and with no
/// part of them, [`decide`] allows it. Empty when it is allowed already, and when what refuses is no
/// matter of rights (an entry that is not there, a directory that is not empty).
#[must_use]
pub fn ways(subject: &Subject, world: &dyn World, operation: &Operation) -> Vec<Way> {
    let Decision::Refused(refusal) = decide(subject, world, operation) else { return Vec::new() };
    let mut ways: Vec<Way> = Vec::new();
    for first in candidates(subject, world, operation, &refusal) {
        if let Some(way) = follow(subject, world, operation, &refusal, first)
            && !ways.contains(&way)
        {
            ways.push(way);
        }
    }
    ways.sort_by_key(Way::breadth);
    ways
}

/// Makes the first change and then whatever else is still needed, of the same kind where that is possible.
fn follow(
    subject: &Subject,
    world: &dyn World,
    operation: &Operation,
    refusal: &Refusal,
    first: Change,
) -> Option<Way> {
    let mut way = Way { changes: vec![first] };
    let mut last = refusal.clone();
    loop {
        let (subject_now, world_now) = (way.subject(subject), way.world(world));
        let next = match decide(&subject_now, &world_now, operation) {
            Decision::Allowed => break,
            Decision::Refused(next) => next,
            Decision::Unknown(_) => return None,
        };
        if same_place(&next, &last) || way.changes.len() >= MOST {
            return None;
        }
        let all = candidates(&subject_now, &world_now, operation, &next);
        let alike = |c: &&Change| match (c, &first) {
            (Change::List { named: a, .. }, Change::List { named: b, .. }) => a == b,
            (a, b) => discriminant(*a) == discriminant(b),
        };
        let works = |c: &&Change| {
            let mut more = way.clone();
            more.changes.push(**c);
            let after = decide(&more.subject(subject), &more.world(world), operation);
            !matches!(&after, Decision::Refused(r) if same_place(r, &next))
        };
        let more = all.iter().filter(alike).find(works).or_else(|| all.iter().find(works))?;
        way.changes.push(*more);
        last = next;
    }
    minimal(subject, world, operation, way)
}

/// Drops what a later change made needless.
fn minimal(subject: &Subject, world: &dyn World, operation: &Operation, way: Way) -> Option<Way> {
    let mut way = way;
    let mut index = 0;
    while index < way.changes.len() && way.changes.len() > 1 {
        let mut less = way.clone();
        less.changes.remove(index);
        if decide(&less.subject(subject), &less.world(world), operation).is_allowed() {
            way = less;
        } else {
            index += 1;
        }
    }
    decide(&way.subject(subject), &way.world(world), operation).is_allowed().then_some(way)
}

/// The same check refuses again: the change did not help.
fn same_place(a: &Refusal, b: &Refusal) -> bool {
    let permission = |r: &Refusal| matches!(r.rule, Rule::Permission(_));
    a.at == b.at
        && a.operand == b.operand
        && (a.rule == b.rule || (permission(a) && permission(b)))
        && a.wanted == b.wanted
}

/// The changes that speak to this refusal; some of them may not help.
fn candidates(subject: &Subject, world: &dyn World, operation: &Operation, refusal: &Refusal) -> Vec<Change> {
    let mut all = Vec::new();
    let Some(node) = refusal.at else { return all };
    let own = |node: NodeId| Some(Change::Own { node, uid: stored(subject, world, operation, node)? });
    let directory = world.parent(node);
    let protection = match world.inode(node).map(|i| i.kind) {
        Some(Kind::Fifo) => Protection::Fifos,
        _ => Protection::Regular,
    };
    match refusal.rule {
        Rule::Permission(class) => permission(subject, world, operation, refusal, node, class, &mut all),
        Rule::ReadOnlyFileSystem => all.push(Change::RemountWritable(node)),
        Rule::ReadOnlyMount => {
            if world.mount(node).is_some_and(|m| m.read_only) {
                all.push(Change::Remount(node, MountOption::ReadOnly));
            }
            all.push(Change::RemountWritable(node));
        }
        Rule::NoExec => all.push(Change::Remount(node, MountOption::NoExec)),
        Rule::NoDev => all.push(Change::Remount(node, MountOption::NoDev)),
        Rule::NoSymFollow => all.push(Change::Remount(node, MountOption::NoSymFollow)),
        Rule::Immutable => all.push(Change::NotImmutable(node)),
        Rule::AppendOnly => all.push(Change::NotAppendOnly(node)),
        Rule::Sticky => {
            all.extend(own(node));
            all.extend(directory.and_then(own));
            all.extend(directory.map(Change::Unstick));
            all.push(Change::Gain(Capability::FOWNER));
        }
        Rule::NotOwner | Rule::NoAtime => {
            all.extend(own(node));
            all.push(Change::Gain(Capability::FOWNER));
        }
        Rule::ProtectedHardlink => {
            all.extend(own(node));
            all.push(Change::Unprotect(Protection::Hardlinks));
            all.push(Change::Gain(Capability::FOWNER));
        }
        Rule::ProtectedSymlink => {
            all.extend(own(node));
            all.extend(directory.map(Change::Unstick));
            all.push(Change::Unprotect(Protection::Symlinks));
        }
        Rule::ProtectedSticky => {
            all.extend(own(node));
            all.extend(directory.map(Change::Unstick));
            all.push(Change::Unprotect(protection));
        }
        Rule::GiveAway => all.push(Change::Gain(Capability::CHOWN)),
        Rule::ForeignGroup => {
            if let Operation::ChangeOwner { gid: Some(gid), .. } = operation {
                all.extend(subject.namespace.maps.groups.down(*gid).map(Change::Join));
            }
            all.push(Change::Gain(Capability::CHOWN));
        }
        Rule::FileCapabilities(missing) => {
            all.push(Change::NoFileCapabilities(node));
            all.push(Change::Bound(missing));
        }
        Rule::Capability(capability) => all.push(Change::Gain(capability)),
        _ => {}
    }
    all
}

/// The ids that the operation asks with.
fn asking(subject: &Subject, operation: &Operation) -> Subject {
    match operation {
        Operation::Access { effective: false, .. } => subject.as_real(),
        _ => subject.clone(),
    }
}

/// The subject's user as the node's file system would store it.
fn stored(subject: &Subject, world: &dyn World, operation: &Operation, node: NodeId) -> Option<u32> {
    let uid = asking(subject, operation).fsuid;
    let namespace = &world.file_system(node)?.namespace;
    match &world.mount(node)?.maps {
        Some(maps) => namespace.maps.users.down(maps.users.up(uid)?),
        None => Some(uid).filter(|uid| namespace.has_user(*uid)),
    }
}

#[allow(clippy::too_many_arguments, reason = "the parts of one refusal")]
fn permission(
    subject: &Subject,
    world: &dyn World,
    operation: &Operation,
    refusal: &Refusal,
    node: NodeId,
    class: Class,
    all: &mut Vec<Change>,
) {
    let bits = refusal.wanted & 7;
    let (Some(inode), Some(system)) = (world.inode(node), world.file_system(node)) else { return };
    let user = stored(subject, world, operation, node);
    if class != Class::Owner {
        if system.acls && inode.kind != Kind::Symlink {
            all.extend(user.map(|id| Change::List { node, named: Named::User(id), bits }));
        }
        let listed = inode.acl.iter().flat_map(|acl| &acl.groups).map(|(id, _)| *id);
        for gid in std::iter::once(inode.gid).chain(listed) {
            // As the mount shows it, for that is what is compared with the subject's groups.
            let shown = match world.mount(node).and_then(|m| m.maps.clone()) {
                Some(maps) => system.namespace.maps.groups.up(gid).and_then(|id| maps.groups.down(id)),
                None => Some(gid),
            };
            all.extend(shown.filter(|gid| !subject.in_group(*gid)).map(Change::Join));
        }
        all.extend(user.map(|uid| Change::Own { node, uid }));
    }
    let wide = u16::from(bits);
    all.push(match class {
        Class::Owner => Change::AddMode { node, bits: wide << 6 },
        Class::Group | Class::ListGroup | Class::ListUser(_) => Change::AddMode { node, bits: wide << 3 },
        Class::Other | Class::ListOther => Change::AddMode { node, bits: wide },
    });
    all.push(Change::Gain(Capability::DAC_READ_SEARCH));
    all.push(Change::Gain(Capability::DAC_OVERRIDE));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, read, tree, write};

    fn changes(subject: &Subject, tree: &crate::Tree, operation: &Operation) -> Vec<Vec<Change>> {
        ways(subject, tree, operation).into_iter().map(|w| w.changes).collect()
    }

    #[test]
    fn one_change_or_the_same_on_each_directory() {
        let tree = tree();
        let (home, note) = (node(&tree, "/home"), node(&tree, "/home/note"));
        let stranger = Subject::user(1001, 1001);
        let found = changes(&stranger, &tree, &read("/home/note"));
        let list = |node, bits| Change::List { node, named: Named::User(1001), bits };
        assert_eq!(
            found,
            [
                vec![Change::Join(1000)],
                vec![Change::Gain(Capability::DAC_READ_SEARCH)],
                vec![Change::Gain(Capability::DAC_OVERRIDE)],
                vec![list(home, 1), list(note, 4)],
                vec![Change::Own { node: home, uid: 1001 }, Change::Own { node: note, uid: 1001 }],
                vec![Change::AddMode { node: home, bits: 1 }, Change::AddMode { node: note, bits: 4 }],
            ]
        );
        for way in ways(&stranger, &tree, &read("/home/note")) {
            assert!(decide(&way.subject(&stranger), &way.world(&tree), &read("/home/note")).is_allowed());
        }
    }

    #[test]
    fn what_is_no_matter_of_rights_has_no_way() {
        assert_eq!(changes(&Subject::root(), &tree(), &read("/none")), Vec::<Vec<Change>>::new());
        assert_eq!(changes(&Subject::root(), &tree(), &read("/home/note")), Vec::<Vec<Change>>::new());
    }

    #[test]
    fn flags_and_mounts_come_off() {
        let mut tree = tree();
        let note = node(&tree, "/home/note");
        tree.inode_mut(note).unwrap().immutable = true;
        assert_eq!(changes(&Subject::root(), &tree, &write("/home/note")), [[Change::NotImmutable(note)]]);
        tree.mount_mut(note).unwrap().read_only = true;
        let both = [vec![Change::NotImmutable(note), Change::Remount(note, MountOption::ReadOnly)]];
        assert_eq!(changes(&Subject::root(), &tree, &write("/home/note")), both);
    }
}
