//! Mode, owner, times, size and extended attributes: fs/open.c, fs/attr.c, fs/utimes.c, fs/xattr.c,
//! fs/posix_acl.c and security/commoncap.c.

use crate::decision::Rule;
use crate::object::{Kind, READ, SETGID, SETUID, STICKY, WRITE};
use crate::operation::Times;
use crate::permission::{Ask, Object, Step};
use whodenied_kernel::{Capability, Errno};

/// What is done to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Get,
    Set,
    Remove,
}

impl Ask<'_> {
    /// `chmod_common`.
    pub(crate) fn change_mode(&self, path: &[u8]) -> Step<()> {
        let object = self.object(self.lookup(path, true)?)?;
        self.want_write(&object)?;
        self.not_flagged(&object)?;
        self.owned_by_mapped(&object, true, true)?;
        self.must_own(&object)
    }

    /// `do_fchownat`, `chown_common`, `notify_change`. Taking a setuid or setgid bit away changes the
    /// mode too, and for that CAP_CHOWN is not enough.
    pub(crate) fn change_owner(
        &self,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    ) -> Step<()> {
        let object = self.object(self.lookup(path, follow)?)?;
        self.want_write(&object)?;
        let maps = &self.subject.namespace.maps;
        let known = |id: Option<u32>, down: Option<u32>| match (id, down) {
            (Some(_), None) => Err(self.no(Errno::EINVAL, Rule::UnknownNewOwner, object.id)),
            (_, down) => Ok(down),
        };
        let uid = known(uid, uid.and_then(|id| maps.users.down(id)))?;
        let gid = known(gid, gid.and_then(|id| maps.groups.down(id)))?;
        if uid.is_some() || gid.is_some() {
            self.not_flagged(&object)?;
        }
        let storable = |id: Option<u32>, user| id.is_none_or(|id| self.storable(&object, id, user).is_some());
        if !storable(uid, true) || !storable(gid, false) {
            return Err(self.no(Errno::EOVERFLOW, Rule::UnmappedNewOwner, object.id));
        }
        self.owned_by_mapped(&object, uid.is_none(), gid.is_none())?;
        if object.fs.strict_immutable && object.inode.immutable {
            return Err(self.no(Errno::EPERM, Rule::Immutable, object.id));
        }
        let owner = object.uid();
        let mine = owner == Some(self.subject.fsuid);
        let privileged = self.capable_over(&object, Capability::CHOWN);
        // An owner that the mount can't show is no one's: the file system's administrator may replace it.
        let orphan = |id: Option<u32>| {
            id.is_none() && self.subject.capable_in(&object.fs.namespace, Capability::CHOWN)
        };
        let keeps = mine && uid == owner;
        if uid.is_some() && !keeps && !privileged && !orphan(owner) {
            return Err(self.no(Errno::EPERM, Rule::GiveAway, object.id));
        }
        if let Some(gid) = gid
            && !(mine && (self.subject.in_group(gid) || object.gid() == Some(gid)))
            && !privileged
            && !orphan(object.gid())
        {
            return Err(self.no(Errno::EPERM, Rule::ForeignGroup, object.id));
        }
        if self.drops_mode_bits(&object) {
            self.must_own(&object)?;
        }
        Ok(())
    }

    /// `ATTR_KILL_SUID` and `setattr_should_drop_sgid` (fs/attr.c), which become a change of mode.
    fn drops_mode_bits(&self, object: &Object<'_>) -> bool {
        let mode = object.inode.mode;
        !object.inode.is_directory()
            && (mode & SETUID != 0
                || (mode & SETGID != 0 && (mode & 0o010 != 0 || !self.in_group_or_capable(object))))
    }

    /// `do_utimes`, `vfs_utimes`.
    pub(crate) fn set_times(&self, path: &[u8], times: Times, follow: bool) -> Step<()> {
        if times == Times::Neither {
            return Ok(());
        }
        let object = self.object(self.lookup(path, follow)?)?;
        self.want_write(&object)?;
        if times == Times::Given {
            self.not_flagged(&object)?;
        } else {
            if object.inode.immutable {
                return Err(self.no(Errno::EPERM, Rule::Immutable, object.id));
            }
            if !self.owner_or_capable(&object) {
                self.permission(&object, WRITE)?;
            }
        }
        self.owned_by_mapped(&object, true, true)?;
        if times == Times::Given { self.must_own(&object) } else { Ok(()) }
    }

    /// `vfs_truncate` (fs/open.c). The mode is asked before the mount since Linux 6.14 (fanotify's pre-content
    /// events); before that, EROFS hid EACCES.
    pub(crate) fn truncate(&self, path: &[u8]) -> Step<()> {
        let object = self.object(self.lookup(path, true)?)?;
        match object.inode.kind {
            Kind::Directory => return Err(self.no(Errno::EISDIR, Rule::IsDirectory, object.id)),
            Kind::File => {}
            _ => return Err(self.no(Errno::EINVAL, Rule::Arguments, object.id)),
        }
        if self.world.settings().release < (6, 14) {
            self.want_write(&object)?;
        }
        self.permission(&object, WRITE)?;
        self.want_write(&object)?;
        if object.inode.append_only {
            return Err(self.no(Errno::EPERM, Rule::AppendOnly, object.id));
        }
        Ok(())
    }

    /// `may_setattr`: mode, owner and given times of a flagged file stay.
    fn not_flagged(&self, object: &Object<'_>) -> Step<()> {
        if object.inode.immutable {
            return Err(self.no(Errno::EPERM, Rule::Immutable, object.id));
        }
        if object.inode.append_only {
            return Err(self.no(Errno::EPERM, Rule::AppendOnly, object.id));
        }
        Ok(())
    }

    /// `notify_change`: an inode with ids that the mount can't show is only changed to others.
    fn owned_by_mapped(&self, object: &Object<'_>, user: bool, group: bool) -> Step<()> {
        if (user && object.uid().is_none()) || (group && object.gid().is_none()) {
            return Err(self.no(Errno::EOVERFLOW, Rule::UnmappedObject, object.id));
        }
        Ok(())
    }

    fn must_own(&self, object: &Object<'_>) -> Step<()> {
        if self.owner_or_capable(object) {
            return Ok(());
        }
        Err(self.no(Errno::EPERM, Rule::NotOwner, object.id))
    }

    /// `path_setxattrat`, `path_getxattrat`, `path_removexattrat` (fs/xattr.c).
    pub(crate) fn attribute(&self, path: &[u8], name: &[u8], follow: bool, act: Act) -> Step<()> {
        let object = self.object(self.lookup(path, follow)?)?;
        if act != Act::Get {
            self.want_write(&object)?;
        }
        if let b"system.posix_acl_access" | b"system.posix_acl_default" = name {
            return self.access_list(&object, name == b"system.posix_acl_default", act);
        }
        if name == b"security.capability" && act == Act::Set {
            self.may_set_file_capabilities(&object)?;
        }
        self.attribute_permission(&object, name, act)?;
        if name.starts_with(b"security.") && act != Act::Get {
            self.may_set_security(&object, name, act)?;
        }
        if ![b"user.".as_slice(), b"trusted.", b"security."].iter().any(|p| name.starts_with(p)) {
            return Err(self.no(Errno::EOPNOTSUPP, Rule::AttributeUnsupported, object.id));
        }
        if act != Act::Set && !object.inode.attributes.iter().any(|a| a == name) {
            return Err(self.no(Errno::ENODATA, Rule::NoAttribute, object.id));
        }
        Ok(())
    }

    /// `xattr_permission`, `may_write_xattr`.
    fn attribute_permission(&self, object: &Object<'_>, name: &[u8], act: Act) -> Step<()> {
        let writes = act != Act::Get;
        if writes {
            self.may_write_attribute(object)?;
        }
        if name.starts_with(b"security.") || name.starts_with(b"system.") {
            return Ok(());
        }
        if name.starts_with(b"trusted.") {
            if self.subject.capable(Capability::SYS_ADMIN) {
                return Ok(());
            }
            let errno = if writes { Errno::EPERM } else { Errno::ENODATA };
            return Err(self.no(errno, Rule::Capability(Capability::SYS_ADMIN), object.id));
        }
        if name.starts_with(b"user.") {
            if !matches!(object.inode.kind, Kind::File | Kind::Directory) {
                let errno = if writes { Errno::EPERM } else { Errno::ENODATA };
                return Err(self.no(errno, Rule::UserAttributeKind, object.id));
            }
            if object.inode.is_directory() && object.inode.mode & STICKY != 0 && writes {
                self.must_own(object)?;
            }
        }
        self.permission(object, if writes { WRITE } else { READ })
    }

    fn may_write_attribute(&self, object: &Object<'_>) -> Step<()> {
        self.not_flagged(object)?;
        if object.unmapped() {
            return Err(self.no(Errno::EPERM, Rule::UnmappedObject, object.id));
        }
        Ok(())
    }

    /// `cap_convert_nscap` (security/commoncap.c): the capabilities count for those namespaces whose root
    /// is the subject's, so that root must have an id on the file system.
    fn may_set_file_capabilities(&self, object: &Object<'_>) -> Step<()> {
        self.may_remove_file_capabilities(object)?;
        let plain = object.mount.maps.is_none();
        if plain && self.subject.capable_in(&object.fs.namespace, Capability::SETFCAP) {
            return Ok(());
        }
        let root = self.subject.namespace.maps.users.down(0);
        let stored = root.and_then(|root| self.storable(object, root, true));
        if stored.is_some_and(|root| object.fs.namespace.has_user(root)) {
            return Ok(());
        }
        Err(self.no(Errno::EINVAL, Rule::UnmappedRoot, object.id))
    }

    fn may_remove_file_capabilities(&self, object: &Object<'_>) -> Step<()> {
        if self.capable_over(object, Capability::SETFCAP) {
            return Ok(());
        }
        Err(self.no(Errno::EPERM, Rule::Capability(Capability::SETFCAP), object.id))
    }

    /// `cap_inode_setxattr`, `cap_inode_removexattr` (security/commoncap.c).
    fn may_set_security(&self, object: &Object<'_>, name: &[u8], act: Act) -> Step<()> {
        if name == b"security.capability" {
            return if act == Act::Remove { self.may_remove_file_capabilities(object) } else { Ok(()) };
        }
        if self.subject.capable_in(&object.fs.namespace, Capability::SYS_ADMIN) {
            return Ok(());
        }
        Err(self.no(Errno::EPERM, Rule::Capability(Capability::SYS_ADMIN), object.id))
    }

    /// `vfs_set_acl`, `vfs_get_acl`, `vfs_remove_acl`, `set_posix_acl` (fs/posix_acl.c).
    fn access_list(&self, object: &Object<'_>, default: bool, act: Act) -> Step<()> {
        let unsupported = || self.no(Errno::EOPNOTSUPP, Rule::AttributeUnsupported, object.id);
        if act == Act::Get {
            if !object.fs.acls || object.inode.kind == Kind::Symlink {
                return Err(unsupported());
            }
            let name: &[u8] = if default { b"system.posix_acl_default" } else { b"system.posix_acl_access" };
            let there =
                object.inode.attributes.iter().any(|a| a == name) || (!default && object.inode.acl.is_some());
            if !there {
                return Err(self.no(Errno::ENODATA, Rule::NoAttribute, object.id));
            }
            return Ok(());
        }
        self.may_write_attribute(object)?;
        if !object.fs.acls || object.inode.kind == Kind::Symlink {
            return Err(unsupported());
        }
        if default && !object.inode.is_directory() {
            return if act == Act::Set {
                Err(self.no(Errno::EACCES, Rule::DefaultListKind, object.id))
            } else {
                Ok(())
            };
        }
        self.must_own(object)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{node, refusal, tree};
    use crate::{Operation, Rule, SETUID, Subject, Times};
    use whodenied_kernel::{Capability, Errno};

    #[test]
    fn owners_change_and_others_do_not() {
        let tree = tree();
        let member = Subject { groups: vec![1000], ..Subject::user(1001, 1001) };
        let rule =
            |subject: &Subject, operation: Operation| refusal(subject, &tree, &operation).map(|r| (r.0, r.1));
        let path = || b"/home/note".to_vec();
        let chmod = Operation::ChangeMode { path: path(), mode: 0o600 };
        assert_eq!(rule(&member, chmod), Some((Errno::EPERM, Rule::NotOwner)));
        let times = |times| Operation::SetTimes { path: path(), times, follow: true };
        assert_eq!(rule(&member, times(Times::Given)), Some((Errno::EPERM, Rule::NotOwner)));
        // Setting them to now is a matter of write permission.
        assert_eq!(rule(&member, times(Times::Now)).map(|r| r.0), Some(Errno::EACCES));
        let owner = Subject { groups: vec![7], ..Subject::user(1000, 1000) };
        let chgrp = |gid| Operation::ChangeOwner { path: path(), uid: None, gid: Some(gid), follow: true };
        assert_eq!(rule(&owner, chgrp(7)), None);
        assert_eq!(rule(&owner, chgrp(8)), Some((Errno::EPERM, Rule::ForeignGroup)));
    }

    // The setuid bit goes away with the owner, which is a change of mode: CAP_CHOWN alone does not do.
    #[test]
    fn giving_away_a_setuid_file_needs_more_than_chown() {
        let mut tree = tree();
        let note = node(&tree, "/home/note");
        let mut able = Subject { groups: vec![1000], ..Subject::user(1001, 1001) };
        able.effective = able.effective.with(Capability::CHOWN);
        let give =
            Operation::ChangeOwner { path: b"/home/note".to_vec(), uid: Some(5), gid: None, follow: true };
        assert_eq!(refusal(&able, &tree, &give), None);
        tree.inode_mut(note).unwrap().mode |= SETUID;
        assert_eq!(refusal(&able, &tree, &give).map(|r| (r.0, r.1)), Some((Errno::EPERM, Rule::NotOwner)));
        able.effective = able.effective.with(Capability::FOWNER);
        assert_eq!(refusal(&able, &tree, &give), None);
    }

    #[test]
    fn truncating_on_a_read_only_mount_depends_on_the_kernel() {
        let mut tree = tree();
        tree.mount_mut(node(&tree, "/")).unwrap().read_only = true;
        let member = Subject { groups: vec![1000], ..Subject::user(1001, 1001) };
        let truncate = Operation::Truncate { path: b"/home/note".to_vec() };
        assert_eq!(refusal(&member, &tree, &truncate).map(|r| r.0), Some(Errno::EACCES));
        tree.settings.release = (6, 12);
        assert_eq!(refusal(&member, &tree, &truncate).map(|r| r.0), Some(Errno::EROFS));
    }

    #[test]
    fn reading_trusted_attributes_without_the_right_finds_none() {
        let mut tree = tree();
        tree.inode_mut(node(&tree, "/home/note")).unwrap().attributes.push(b"trusted.x".to_vec());
        let get = Operation::GetAttribute {
            path: b"/home/note".to_vec(),
            name: b"trusted.x".to_vec(),
            follow: true,
        };
        assert_eq!(refusal(&Subject::user(1000, 1000), &tree, &get).map(|r| r.0), Some(Errno::ENODATA));
        assert_eq!(refusal(&Subject::root(), &tree, &get), None);
    }
}
