//! Making, removing, linking and renaming entries (fs/namei.c).

use crate::decision::Rule;
use crate::object::{Kind, READ, SETGID, SETUID, WRITE};
use crate::operation::RenameHow;
use crate::permission::{Ask, Object, Step};
use crate::walk::Last;
use crate::world::NodeId;
use whodenied_kernel::{Capability, Errno};

impl Ask<'_> {
    /// `filename_create`: the directory in which a new entry may be made. A slash at the end is for
    /// directories only. EROFS comes last, so that what is there is told first.
    fn place(&self, path: &[u8], wants_directory: bool) -> Step<Object<'_>> {
        let (directory, last) = self.lookup_parent(path)?;
        let Last::Name(name, slash) = last else {
            return Err(self.no(Errno::EEXIST, Rule::Exists, directory));
        };
        if let Some(entry) = self.entry(directory, &name)? {
            return Err(self.no(Errno::EEXIST, Rule::Exists, entry));
        }
        if slash && !wants_directory {
            return Err(self.no(Errno::ENOENT, Rule::NoEntry, directory));
        }
        let directory = self.object(directory)?;
        self.want_write(&directory)?;
        Ok(directory)
    }

    /// `do_mkdirat`, `do_symlinkat`, `vfs_create`: nothing but the directory is asked.
    pub(crate) fn make(&self, path: &[u8], wants_directory: bool) -> Step<()> {
        let directory = self.place(path, wants_directory)?;
        self.may_create(&directory)
    }

    /// `do_mknodat`, `vfs_mknod`. A character device 0:0 is a whiteout, which anybody may make.
    pub(crate) fn make_node(&self, path: &[u8], kind: Kind, device: (u32, u32)) -> Step<()> {
        match kind {
            Kind::Directory => return Err(self.no_arguments(Errno::EPERM, Rule::Arguments)),
            Kind::Symlink => return Err(self.no_arguments(Errno::EINVAL, Rule::Arguments)),
            _ => {}
        }
        let directory = self.place(path, false)?;
        self.may_create(&directory)?;
        let whiteout = kind == Kind::Character && device == (0, 0);
        if kind.is_device() && !whiteout && !self.subject.capable(Capability::MKNOD) {
            return Err(self.no(Errno::EPERM, Rule::Capability(Capability::MKNOD), directory.id));
        }
        if whiteout && directory.fs.no_whiteouts {
            return Err(self.no(Errno::EPERM, Rule::Whiteout, directory.id));
        }
        Ok(())
    }

    /// `unix_bind_bsd` (net/unix/af_unix.c): as `mknod`, but an address that is taken is in use. Without
    /// a path the kernel chooses a name that is no file (`unix_autobind`).
    pub(crate) fn bind(&self, path: &[u8]) -> Step<()> {
        if path.is_empty() {
            return Ok(());
        }
        use crate::permission::Halt::Refused;
        self.make(path, false).map_err(|halt| match halt {
            Refused(mut refusal) if refusal.errno == Errno::EEXIST => {
                refusal.errno = Errno::EADDRINUSE;
                Refused(refusal)
            }
            other => other,
        })
    }

    /// `do_unlinkat`, `vfs_unlink`.
    pub(crate) fn unlink(&self, path: &[u8]) -> Step<()> {
        let (directory, last) = self.lookup_parent(path)?;
        let Last::Name(name, slash) = last else {
            return Err(self.no(Errno::EISDIR, Rule::IsDirectory, directory));
        };
        let directory = self.object(directory)?;
        self.want_write(&directory)?;
        let victim = self.victim(&directory, &name)?;
        if slash {
            return Err(if victim.inode.is_directory() {
                self.no(Errno::EISDIR, Rule::IsDirectory, victim.id)
            } else {
                self.no(Errno::ENOTDIR, Rule::NotDirectory, victim.id)
            });
        }
        self.may_delete(&directory, &victim, false)?;
        self.not_mounted_on(&victim)
    }

    /// `do_rmdir`, `vfs_rmdir`.
    pub(crate) fn remove_directory(&self, path: &[u8]) -> Step<()> {
        let (directory, last) = self.lookup_parent(path)?;
        let errno = match last {
            Last::Name(name, _) => {
                let directory = self.object(directory)?;
                self.want_write(&directory)?;
                let victim = self.victim(&directory, &name)?;
                self.may_delete(&directory, &victim, true)?;
                self.not_mounted_on(&victim)?;
                return self.empty(&victim);
            }
            Last::DotDot => Errno::ENOTEMPTY,
            Last::Dot => Errno::EINVAL,
            Last::Root => Errno::EBUSY,
        };
        Err(self.no(errno, Rule::DotName, directory))
    }

    fn victim(&self, directory: &Object<'_>, name: &[u8]) -> Step<Object<'_>> {
        match self.entry(directory.id, name)? {
            Some(entry) => self.object(entry),
            None => Err(self.no(Errno::ENOENT, Rule::NoEntry, directory.id)),
        }
    }

    /// `is_local_mountpoint` (fs/namespace.c).
    fn not_mounted_on(&self, victim: &Object<'_>) -> Step<()> {
        if self.world.is_mount_point(victim.id) {
            return Err(self.no(Errno::EBUSY, Rule::MountPoint, victim.id));
        }
        Ok(())
    }

    /// `simple_empty` (fs/libfs.c) and its like.
    fn empty(&self, victim: &Object<'_>) -> Step<()> {
        if !victim.inode.empty {
            return Err(self.no(Errno::ENOTEMPTY, Rule::NotEmpty, victim.id));
        }
        Ok(())
    }

    /// `do_linkat`, `vfs_link`.
    pub(crate) fn link(&self, from: &[u8], to: &[u8], follow: bool) -> Step<()> {
        let source = self.object(self.lookup(from, follow)?)?;
        let target = Ask { operand: 1, ..*self };
        let directory = target.place(to, false)?;
        if source.mount.id != directory.mount.id {
            return Err(target.no(Errno::EXDEV, Rule::CrossMount, directory.id));
        }
        self.may_link(&source)?;
        target.may_create(&directory)?;
        if source.fs.id != directory.fs.id {
            return Err(target.no(Errno::EXDEV, Rule::CrossMount, directory.id));
        }
        if source.inode.append_only {
            return Err(self.no(Errno::EPERM, Rule::AppendOnly, source.id));
        }
        if source.inode.immutable {
            return Err(self.no(Errno::EPERM, Rule::Immutable, source.id));
        }
        if source.inode.is_directory() {
            return Err(self.no(Errno::EPERM, Rule::LinkDirectory, source.id));
        }
        Ok(())
    }

    /// `may_linkat`, `safe_hardlink_source`.
    fn may_link(&self, source: &Object<'_>) -> Step<()> {
        if source.unmapped() {
            return Err(self.no(Errno::EOVERFLOW, Rule::UnmappedObject, source.id));
        }
        if self.world.settings().hardlinks == 0 {
            return Ok(());
        }
        let inode = &source.inode;
        let safe = inode.kind == Kind::File
            && inode.mode & SETUID == 0
            && inode.mode & (SETGID | 0o010) != SETGID | 0o010
            && self.permission(source, READ | WRITE).is_ok();
        if safe || self.owner_or_capable(source) {
            return Ok(());
        }
        Err(self.no(Errno::EPERM, Rule::ProtectedHardlink, source.id))
    }

    /// `do_renameat2`: which entries, before anything is asked of them.
    pub(crate) fn rename(&self, from: &[u8], to: &[u8], how: RenameHow) -> Step<()> {
        let target = Ask { operand: 1, ..*self };
        let (old_dir, old_last) = self.lookup_parent(from)?;
        let (new_dir, new_last) = target.lookup_parent(to)?;
        let (old_dir, new_dir) = (self.object(old_dir)?, self.object(new_dir)?);
        if old_dir.mount.id != new_dir.mount.id {
            return Err(target.no(Errno::EXDEV, Rule::CrossMount, new_dir.id));
        }
        let Last::Name(old_name, old_slash) = old_last else {
            return Err(self.no(Errno::EBUSY, Rule::DotName, old_dir.id));
        };
        let Last::Name(new_name, new_slash) = new_last else {
            let errno = if how == RenameHow::NoReplace { Errno::EEXIST } else { Errno::EBUSY };
            return Err(target.no(errno, Rule::DotName, new_dir.id));
        };
        self.want_write(&old_dir)?;
        let old = self.victim(&old_dir, &old_name)?;
        let new = match self.entry(new_dir.id, &new_name)? {
            Some(entry) => Some(target.object(entry)?),
            None => None,
        };
        match (&new, how) {
            (Some(new), RenameHow::NoReplace) => {
                return Err(target.no(Errno::EEXIST, Rule::Exists, new.id));
            }
            (None, RenameHow::Exchange) => {
                return Err(target.no(Errno::ENOENT, Rule::NoEntry, new_dir.id));
            }
            (Some(new), RenameHow::Exchange) if !new.inode.is_directory() && new_slash => {
                return Err(target.no(Errno::ENOTDIR, Rule::NotDirectory, new.id));
            }
            _ => {}
        }
        if !old.inode.is_directory() && (old_slash || (new_slash && how != RenameHow::Exchange)) {
            return Err(self.no(Errno::ENOTDIR, Rule::NotDirectory, old.id));
        }
        if self.holds(old.id, new_dir.id) {
            return Err(self.no(Errno::EINVAL, Rule::Inside, old.id));
        }
        if let Some(new) = &new
            && self.holds(new.id, old_dir.id)
        {
            let errno = if how == RenameHow::Exchange { Errno::EINVAL } else { Errno::ENOTEMPTY };
            return Err(target.no(errno, Rule::Inside, new.id));
        }
        self.may_rename((&old_dir, &old), (&new_dir, new.as_ref()), how)
    }

    /// `vfs_rename`.
    fn may_rename(
        &self,
        (old_dir, old): (&Object<'_>, &Object<'_>),
        (new_dir, new): (&Object<'_>, Option<&Object<'_>>),
        how: RenameHow,
    ) -> Step<()> {
        let target = Ask { operand: 1, ..*self };
        let is_dir = old.inode.is_directory();
        if new.is_some_and(|new| new.inode.number == old.inode.number) {
            return Ok(());
        }
        self.may_delete(old_dir, old, is_dir)?;
        match new {
            None => target.may_create(new_dir)?,
            Some(new) if how == RenameHow::Exchange => {
                target.may_delete(new_dir, new, new.inode.is_directory())?;
            }
            Some(new) => target.may_delete(new_dir, new, is_dir)?,
        }
        // A directory that moves gets another `..`.
        if old_dir.inode.number != new_dir.inode.number {
            if is_dir {
                self.permission(old, WRITE)?;
            }
            if let Some(new) = new.filter(|n| how == RenameHow::Exchange && n.inode.is_directory()) {
                target.permission(new, WRITE)?;
            }
        }
        self.not_mounted_on(old)?;
        let Some(new) = new else { return Ok(()) };
        target.not_mounted_on(new)?;
        if how != RenameHow::Exchange && new.inode.is_directory() {
            target.empty(new)?;
        }
        Ok(())
    }

    /// True when `inner` is `outer` or lies below it, `lock_rename`.
    fn holds(&self, outer: NodeId, inner: NodeId) -> bool {
        let mut at = Some(inner);
        while let Some(node) = at {
            if node == outer {
                return true;
            }
            at = self.world.parent(node);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{node, refusal, tree};
    use crate::{FileSystem, Inode, Kind, Mount, Operation, RenameHow, Rule, Subject};
    use whodenied_kernel::{Capability, Errno};

    #[test]
    fn sticky_directories_keep_entries_of_others() {
        let mut tree = tree();
        let tmp = node(&tree, "/tmp");
        tree.add(tmp, b"a", Inode::new(Kind::File, 0o666, 1000, 1000));
        let unlink = Operation::Unlink { path: b"/tmp/a".to_vec() };
        let no = Some((Errno::EPERM, Rule::Sticky, "/tmp/a".to_owned()));
        assert_eq!(refusal(&Subject::user(1001, 1001), &tree, &unlink), no);
        assert_eq!(refusal(&Subject::user(1000, 1000), &tree, &unlink), None);
        let mut able = Subject::user(1001, 1001);
        able.effective = able.effective.with(Capability::FOWNER);
        assert_eq!(refusal(&able, &tree, &unlink), None);
    }

    #[test]
    fn existing_entries_are_told_before_a_read_only_mount() {
        let mut tree = tree();
        tree.mount_mut(node(&tree, "/")).unwrap().read_only = true;
        let make = |path: &str| Operation::MakeDirectory { path: path.into() };
        let errno = |path: &str| refusal(&Subject::root(), &tree, &make(path)).map(|r| r.0);
        assert_eq!(errno("/home"), Some(Errno::EEXIST));
        assert_eq!(errno("/new"), Some(Errno::EROFS));
    }

    #[test]
    fn mounts_are_neither_removed_nor_crossed() {
        let mut tree = tree();
        let tmp = node(&tree, "/tmp");
        let top = Inode::new(Kind::Directory, 0o777, 0, 0);
        tree.mount_new(tmp, FileSystem::new(2), Mount { id: 2, ..Mount::default() }, top);
        let remove = Operation::RemoveDirectory { path: b"/tmp".to_vec() };
        assert_eq!(
            refusal(&Subject::root(), &tree, &remove).map(|r| (r.0, r.1)),
            Some((Errno::EBUSY, Rule::MountPoint))
        );
        let rename = Operation::Rename {
            from: b"/home/note".to_vec(),
            to: b"/tmp/note".to_vec(),
            how: RenameHow::Replace,
        };
        assert_eq!(
            refusal(&Subject::root(), &tree, &rename).map(|r| (r.0, r.1)),
            Some((Errno::EXDEV, Rule::CrossMount))
        );
    }
}
