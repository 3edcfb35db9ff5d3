//! `inode_permission` and the questions of ownership that the calls share.

use crate::decision::{Class, Refusal, Rule};
use crate::object::{Acl, EXECUTE, FileSystem, Inode, Mount, READ, STICKY, WRITE};
use crate::subject::Subject;
use crate::world::{Entry, NodeId, World};
use std::borrow::Cow;
use whodenied_kernel::{Capability, Errno};

/// Why a walk or a check ended early.
#[derive(Debug)]
pub(crate) enum Halt {
    Refused(Refusal),
    Unknown(NodeId),
}

pub(crate) type Step<T> = Result<T, Halt>;

/// One question: who asks, and where.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) world: &'a dyn World,
    /// Which of the call's paths is at hand.
    pub(crate) operand: usize,
}

/// A node with all that checks ask of it.
pub(crate) struct Object<'a> {
    pub(crate) id: NodeId,
    pub(crate) inode: Cow<'a, Inode>,
    pub(crate) mount: Cow<'a, Mount>,
    pub(crate) fs: Cow<'a, FileSystem>,
}

impl Object<'_> {
    /// `i_uid_into_vfsuid`: the owner as the mount shows it.
    pub(crate) fn uid(&self) -> Option<u32> {
        self.shown(self.inode.uid, true)
    }

    /// `i_gid_into_vfsgid`.
    pub(crate) fn gid(&self) -> Option<u32> {
        self.shown(self.inode.gid, false)
    }

    /// `make_vfsuid` (fs/mnt_idmapping.c).
    pub(crate) fn shown(&self, id: u32, user: bool) -> Option<u32> {
        let Some(maps) = &self.mount.maps else { return Some(id).filter(|id| *id != u32::MAX) };
        let own = &self.fs.namespace.maps;
        if user { maps.users.down(own.users.up(id)?) } else { maps.groups.down(own.groups.up(id)?) }
    }

    /// `HAS_UNMAPPED_ID`.
    pub(crate) fn unmapped(&self) -> bool {
        self.uid().is_none() || self.gid().is_none()
    }

    /// `__mnt_is_readonly` (fs/namespace.c).
    pub(crate) fn read_only(&self) -> bool {
        self.mount.read_only || self.fs.read_only
    }

    /// `path_noexec` (fs/exec.c).
    pub(crate) fn no_exec(&self) -> bool {
        self.mount.no_exec || self.fs.no_exec
    }
}

impl<'a> Ask<'a> {
    pub(crate) fn object(&self, id: NodeId) -> Step<Object<'a>> {
        let world = self.world;
        let all = (world.inode(id), world.mount(id), world.file_system(id));
        let (Some(inode), Some(mount), Some(fs)) = all else { return Err(Halt::Unknown(id)) };
        Ok(Object { id, inode, mount, fs })
    }

    /// The entry of one mount, as `lookup_one_qstr_excl` finds it.
    pub(crate) fn entry(&self, directory: NodeId, name: &[u8]) -> Step<Option<NodeId>> {
        if name.len() > 255 {
            return Err(self.no(Errno::ENAMETOOLONG, Rule::LongName, directory));
        }
        match self.world.entry(directory, name) {
            Entry::Found(id) => Ok(Some(id)),
            Entry::Absent => Ok(None),
            Entry::Unknown => Err(Halt::Unknown(directory)),
        }
    }

    pub(crate) fn no(&self, errno: Errno, rule: Rule, at: NodeId) -> Halt {
        Halt::Refused(Refusal { errno, rule, at: Some(at), operand: self.operand, wanted: 0 })
    }

    pub(crate) fn no_for(&self, errno: Errno, rule: Rule, at: NodeId, wanted: u8) -> Halt {
        Halt::Refused(Refusal { errno, rule, at: Some(at), operand: self.operand, wanted })
    }

    pub(crate) fn no_arguments(&self, errno: Errno, rule: Rule) -> Halt {
        Halt::Refused(Refusal { errno, rule, at: None, operand: self.operand, wanted: 0 })
    }

    /// `mnt_want_write` (fs/namespace.c).
    pub(crate) fn want_write(&self, object: &Object<'_>) -> Step<()> {
        if object.read_only() {
            return Err(self.no_for(Errno::EROFS, Rule::ReadOnlyMount, object.id, WRITE));
        }
        Ok(())
    }

    /// `inode_permission` (fs/namei.c): superblock, flags, unmapped ids, then mode, list and capabilities.
    pub(crate) fn permission(&self, object: &Object<'_>, want: u8) -> Step<()> {
        if want & WRITE != 0 {
            if object.fs.read_only && !object.inode.kind.is_special() {
                return Err(self.no_for(Errno::EROFS, Rule::ReadOnlyFileSystem, object.id, want));
            }
            if object.inode.immutable {
                return Err(self.no_for(Errno::EPERM, Rule::Immutable, object.id, want));
            }
            if object.unmapped() {
                return Err(self.no_for(Errno::EACCES, Rule::UnmappedObject, object.id, want));
            }
        }
        let Err(class) = self.granted(object, want) else { return Ok(()) };
        if self.overrides(object, want) {
            return Ok(());
        }
        Err(self.no_for(Errno::EACCES, Rule::Permission(class), object.id, want))
    }

    /// `generic_permission` (fs/namei.c), its capabilities.
    fn overrides(&self, object: &Object<'_>, want: u8) -> bool {
        let has = |capability| self.capable_over(object, capability);
        if object.inode.is_directory() {
            return (want & WRITE == 0 && has(Capability::DAC_READ_SEARCH)) || has(Capability::DAC_OVERRIDE);
        }
        (want == READ && has(Capability::DAC_READ_SEARCH))
            || ((want & EXECUTE == 0 || object.inode.mode & 0o111 != 0) && has(Capability::DAC_OVERRIDE))
    }

    /// `acl_permission_check` (fs/namei.c). The list is asked only where the group bits, which are its
    /// mask, are not all zero; with an empty mask the mode's own group and other bits decide.
    fn granted(&self, object: &Object<'_>, want: u8) -> Result<(), Class> {
        let inode = &object.inode;
        let check = |bits: u16, class| if u16::from(want) & !bits & 7 == 0 { Ok(()) } else { Err(class) };
        if object.uid() == Some(self.subject.fsuid) {
            return check(inode.mode >> 6, Class::Owner);
        }
        if let Some(acl) = inode.acl.as_ref().filter(|_| object.fs.acls && inode.mode & 0o070 != 0) {
            return self.listed(object, acl, want);
        }
        let member = object.gid().is_some_and(|gid| self.subject.in_group(gid));
        if member { check(inode.mode >> 3, Class::Group) } else { check(inode.mode, Class::Other) }
    }

    /// `posix_acl_permission` (fs/posix_acl.c): a named user decides alone; of the groups one that
    /// grants is enough; the mask limits both.
    fn listed(&self, object: &Object<'_>, acl: &Acl, want: u8) -> Result<(), Class> {
        let masked = |bits: u8, class| {
            let bits = acl.mask.map_or(bits, |mask| bits & mask);
            if bits & want == want { Ok(()) } else { Err(class) }
        };
        let seen = |id: u32, user| object.shown(id, user);
        if let Some((id, bits)) = acl.users.iter().find(|(id, _)| seen(*id, true) == Some(self.subject.fsuid))
        {
            return masked(*bits, Class::ListUser(*id));
        }
        let own = (object.gid(), acl.group);
        let named = acl.groups.iter().map(|(id, bits)| (seen(*id, false), *bits));
        let mut found = false;
        for (gid, bits) in std::iter::once(own).chain(named) {
            if gid.is_some_and(|gid| self.subject.in_group(gid)) {
                found = true;
                if bits & want == want {
                    return masked(bits, Class::ListGroup);
                }
            }
        }
        if found {
            return Err(Class::ListGroup);
        }
        if acl.other & want == want { Ok(()) } else { Err(Class::ListOther) }
    }

    /// `capable_wrt_inode_uidgid` (kernel/capability.c): a capability counts for an inode only where
    /// owner and group are mapped in the subject's namespace.
    pub(crate) fn capable_over(&self, object: &Object<'_>, capability: Capability) -> bool {
        self.subject.effective.has(capability)
            && object.uid().is_some_and(|id| self.subject.namespace.has_user(id))
            && object.gid().is_some_and(|id| self.subject.namespace.has_group(id))
    }

    /// `inode_owner_or_capable` (fs/inode.c): here the group need not be mapped.
    pub(crate) fn owner_or_capable(&self, object: &Object<'_>) -> bool {
        let Some(uid) = object.uid() else { return false };
        uid == self.subject.fsuid
            || (self.subject.namespace.has_user(uid) && self.subject.effective.has(Capability::FOWNER))
    }

    /// `in_group_or_capable` (fs/inode.c).
    pub(crate) fn in_group_or_capable(&self, object: &Object<'_>) -> bool {
        object.gid().is_some_and(|gid| self.subject.in_group(gid))
            || self.capable_over(object, Capability::FSETID)
    }

    /// `fsuidgid_has_mapping` (include/linux/fs.h): whether the file system can store the subject's ids.
    pub(crate) fn can_own(&self, directory: &Object<'_>) -> bool {
        let own = &directory.fs.namespace;
        self.storable(directory, self.subject.fsuid, true).is_some_and(|id| own.has_user(id))
            && self.storable(directory, self.subject.fsgid, false).is_some_and(|id| own.has_group(id))
    }

    /// `from_vfsuid` (fs/mnt_idmapping.c): what is stored for an id. Only an idmapped mount maps here, so
    /// elsewhere `chown` may store an id that the file system's namespace does not know.
    pub(crate) fn storable(&self, object: &Object<'_>, id: u32, user: bool) -> Option<u32> {
        let Some(maps) = &object.mount.maps else { return Some(id) };
        let own = &object.fs.namespace.maps;
        if user { own.users.down(maps.users.up(id)?) } else { own.groups.down(maps.groups.up(id)?) }
    }

    /// `may_create` (fs/namei.c) after the test that nothing is there, and `may_o_create`.
    pub(crate) fn may_create(&self, directory: &Object<'_>) -> Step<()> {
        if !self.can_own(directory) {
            return Err(self.no_for(Errno::EOVERFLOW, Rule::UnmappedSubject, directory.id, WRITE | EXECUTE));
        }
        self.permission(directory, WRITE | EXECUTE)
    }

    /// `may_delete` (fs/namei.c).
    pub(crate) fn may_delete(&self, directory: &Object<'_>, victim: &Object<'_>, is_dir: bool) -> Step<()> {
        if victim.unmapped() {
            return Err(self.no(Errno::EOVERFLOW, Rule::UnmappedObject, victim.id));
        }
        self.permission(directory, WRITE | EXECUTE)?;
        if directory.inode.append_only {
            return Err(self.no(Errno::EPERM, Rule::AppendOnly, directory.id));
        }
        if self.stuck(directory, victim) {
            return Err(self.no(Errno::EPERM, Rule::Sticky, victim.id));
        }
        if victim.inode.append_only {
            return Err(self.no(Errno::EPERM, Rule::AppendOnly, victim.id));
        }
        if victim.inode.immutable {
            return Err(self.no(Errno::EPERM, Rule::Immutable, victim.id));
        }
        match (is_dir, victim.inode.is_directory()) {
            (true, false) => Err(self.no(Errno::ENOTDIR, Rule::NotDirectory, victim.id)),
            (false, true) => Err(self.no(Errno::EISDIR, Rule::IsDirectory, victim.id)),
            _ => Ok(()),
        }
    }

    /// `__check_sticky` (fs/namei.c).
    fn stuck(&self, directory: &Object<'_>, victim: &Object<'_>) -> bool {
        let me = Some(self.subject.fsuid);
        directory.inode.mode & STICKY != 0
            && victim.uid() != me
            && directory.uid() != me
            && !self.capable_over(victim, Capability::FOWNER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, read, refusal, tree, write};

    #[test]
    fn the_directory_refuses_before_the_file() {
        let tree = tree();
        let other = Subject::user(1001, 1001);
        let no = Some((Errno::EACCES, Rule::Permission(Class::Other), "/home".to_owned()));
        assert_eq!(refusal(&other, &tree, &read("/home/note")), no);
        let member = Subject { groups: vec![1000], ..other };
        assert_eq!(refusal(&member, &tree, &read("/home/note")), None);
        let no = Some((Errno::EACCES, Rule::Permission(Class::Group), "/home/note".to_owned()));
        assert_eq!(refusal(&member, &tree, &write("/home/note")), no);
    }

    // acl(5): a named user's entry decides alone, limited by the mask; with an empty mask the kernel
    // does not look at the list at all.
    #[test]
    fn lists_and_their_masks() {
        let mut tree = tree();
        let home = node(&tree, "/home");
        let acl = Acl { owner: 7, users: vec![(1001, 5)], mask: Some(1), ..Acl::default() };
        let inode = tree.inode_mut(home).unwrap();
        (inode.acl, inode.mode) = (Some(acl), 0o715);
        let named = Subject::user(1001, 1001);
        assert_eq!(
            refusal(&named, &tree, &crate::Operation::Stat { path: b"/home/note".to_vec(), follow: true }),
            None
        );
        let no = Some((Errno::EACCES, Rule::Permission(Class::ListUser(1001)), "/home".to_owned()));
        assert_eq!(refusal(&named, &tree, &read("/home")), no);
        let inode = tree.inode_mut(home).unwrap();
        inode.mode = 0o705;
        inode.acl.as_mut().unwrap().mask = Some(0);
        assert_eq!(refusal(&named, &tree, &read("/home")), None);
    }

    #[test]
    fn capabilities_need_the_owner_mapped() {
        let mut tree = tree();
        tree.inode_mut(node(&tree, "/home")).unwrap().mode = 0;
        let mut root = Subject::root();
        assert_eq!(refusal(&root, &tree, &read("/home/note")), None);
        let maps = crate::IdMap(vec![crate::Extent { inside: 0, outside: 0, count: 1 }]);
        root.namespace = crate::UserNamespace {
            id: 5,
            owner: 0,
            parent: Some(Box::new(crate::UserNamespace::first())),
            maps: crate::IdMaps { users: maps.clone(), groups: maps },
        };
        let no = Some((Errno::EACCES, Rule::Permission(Class::Other), "/home".to_owned()));
        assert_eq!(refusal(&root, &tree, &read("/home/note")), no);
    }

    #[test]
    fn nothing_is_run_without_an_x_bit() {
        let tree = tree();
        let run = crate::Operation::Execute { path: b"/home/note".to_vec() };
        let no = Some((Errno::EACCES, Rule::Permission(Class::Other), "/home/note".to_owned()));
        assert_eq!(refusal(&Subject::root(), &tree, &run), no);
    }
}
