//! `open(2)`: `build_open_flags` (fs/open.c), `path_openat`, `open_last_lookups`, `do_open`, `may_open`
//! (fs/namei.c), `do_dentry_open` (fs/open.c).

use crate::decision::Rule;
use crate::object::{EXECUTE, Kind, READ, STICKY, WRITE};
use crate::operation::OpenFlags;
use crate::permission::{Ask, Object, Step};
use crate::walk::{Last, Walk};
use crate::world::NodeId;
use whodenied_kernel::Errno;

/// What the walk to the last component ended in.
enum Reached {
    There { node: NodeId, directory: NodeId },
    Created,
}

impl Ask<'_> {
    pub(crate) fn open(&self, path: &[u8], flags: OpenFlags) -> Step<()> {
        let invalid = || self.no_arguments(Errno::EINVAL, Rule::Arguments);
        if flags.path_only {
            return self.open_path(path, flags);
        }
        if flags.create && (flags.directory || flags.temporary) || (flags.temporary && !flags.write) {
            return Err(invalid());
        }
        if flags.temporary {
            return self.open_temporary(path, flags);
        }
        let mut must_be_directory = flags.directory;
        let (node, directory) = match self.last_lookups(path, flags, &mut must_be_directory)? {
            Reached::There { node, directory } => (node, directory),
            Reached::Created => return Ok(()),
        };
        let object = self.object(node)?;
        if flags.create {
            if flags.exclusive {
                return Err(self.no(Errno::EEXIST, Rule::Exists, node));
            }
            if object.inode.is_directory() {
                return Err(self.no(Errno::EISDIR, Rule::IsDirectory, node));
            }
            self.may_create_in_sticky(&self.object(directory)?, &object)?;
        }
        if must_be_directory && !object.inode.is_directory() {
            return Err(self.no(Errno::ENOTDIR, Rule::NotDirectory, node));
        }
        if flags.truncate && object.inode.kind == Kind::File {
            self.want_write(&object)?;
        }
        let mut want = if flags.read { READ } else { 0 };
        if flags.write || flags.truncate {
            want |= WRITE;
        }
        self.may_open(&object, want, flags)?;
        if flags.write && !object.inode.kind.is_special() {
            self.want_write(&object)?;
        }
        if object.inode.kind == Kind::Socket {
            return Err(self.no(Errno::ENXIO, Rule::OpensSocket, node));
        }
        Ok(())
    }

    /// `do_o_path`: only the walk.
    fn open_path(&self, path: &[u8], flags: OpenFlags) -> Step<()> {
        let walk = Walk::new(*self, path)?;
        walk.resolve(path, !flags.no_follow, flags.directory || flags.temporary).map(|_| ())
    }

    /// `do_tmpfile`, `vfs_tmpfile`. Linux 6.18 asks whether the file system can store the ids; 6.8 did not.
    fn open_temporary(&self, path: &[u8], flags: OpenFlags) -> Step<()> {
        let directory = self.object(self.lookup_directory(path, !flags.no_follow)?)?;
        self.want_write(&directory)?;
        self.may_create(&directory)
    }

    /// `open_last_lookups`, `lookup_open`: follows links at the end, and creates.
    fn last_lookups(&self, path: &[u8], flags: OpenFlags, must_be_directory: &mut bool) -> Step<Reached> {
        let mut walk = Walk::new(*self, path)?;
        let mut text = path.to_vec();
        // O_EXCL brings O_NOFOLLOW with it.
        let mut follow = !(flags.no_follow || (flags.create && flags.exclusive));
        loop {
            let last = walk.walk_parents(&text)?;
            let Last::Name(name, slash) = last else {
                let mut dots = walk;
                dots.dots(&last);
                return Ok(Reached::There { node: dots.at, directory: dots.directory });
            };
            if slash {
                if flags.create {
                    return Err(self.no(Errno::EISDIR, Rule::IsDirectory, walk.at));
                }
                follow = true;
                *must_be_directory = true;
            }
            let directory = self.object(walk.at)?;
            let Some(entry) = self.entry(walk.at, &name)? else {
                if !flags.create {
                    return Err(self.no(Errno::ENOENT, Rule::NoEntry, walk.at));
                }
                self.want_write(&directory)?;
                self.may_create(&directory)?;
                return Ok(Reached::Created);
            };
            match walk.step_into(entry, follow, true)? {
                Some(target) => text = target,
                None => return Ok(Reached::There { node: walk.at, directory: walk.directory }),
            }
        }
    }

    /// `may_create_in_sticky`: neither sysctl speaks of devices and sockets, so those are always guarded.
    fn may_create_in_sticky(&self, directory: &Object<'_>, object: &Object<'_>) -> Step<()> {
        let settings = self.world.settings();
        let level = match object.inode.kind {
            Kind::Fifo => Some(settings.fifos),
            Kind::File => Some(settings.regular),
            _ => None,
        };
        let mode = directory.inode.mode;
        let same = object.uid().is_some() && object.uid() == directory.uid();
        if mode & STICKY == 0 || level == Some(0) || same || object.uid() == Some(self.subject.fsuid) {
            return Ok(());
        }
        if mode & 0o002 != 0 || (mode & 0o020 != 0 && level.is_some_and(|l| l >= 2)) {
            return Err(self.no(Errno::EACCES, Rule::ProtectedSticky, object.id));
        }
        Ok(())
    }

    /// `may_open`.
    pub(crate) fn may_open(&self, object: &Object<'_>, want: u8, flags: OpenFlags) -> Step<()> {
        let id = object.id;
        let mut truncate = flags.truncate;
        match object.inode.kind {
            Kind::Symlink => return Err(self.no(Errno::ELOOP, Rule::LinkNotFollowed, id)),
            Kind::Directory if want & WRITE != 0 => {
                return Err(self.no(Errno::EISDIR, Rule::IsDirectory, id));
            }
            Kind::Directory if want & EXECUTE != 0 => {
                return Err(self.no(Errno::EACCES, Rule::NotExecutableKind, id));
            }
            Kind::Directory => {}
            Kind::Character | Kind::Block if object.mount.no_dev || object.fs.no_dev => {
                return Err(self.no(Errno::EACCES, Rule::NoDev, id));
            }
            Kind::Character | Kind::Block | Kind::Fifo | Kind::Socket => {
                if want & EXECUTE != 0 {
                    return Err(self.no(Errno::EACCES, Rule::NotExecutableKind, id));
                }
                truncate = false;
            }
            Kind::File if want & EXECUTE != 0 && object.no_exec() => {
                return Err(self.no(Errno::EACCES, Rule::NoExec, id));
            }
            Kind::File => {}
        }
        self.permission(object, want)?;
        if object.inode.append_only && ((flags.write && !flags.append) || truncate) {
            return Err(self.no(Errno::EPERM, Rule::AppendOnly, id));
        }
        if flags.no_atime && !self.owner_or_capable(object) {
            return Err(self.no(Errno::EPERM, Rule::NoAtime, id));
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// `handle_dots` for a last component that is no name.
    fn dots(&mut self, last: &Last) {
        if *last == Last::DotDot {
            self.up();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{node, read, refusal, tree, write};
    use crate::{Class, Inode, Kind, OpenFlags, Operation, Rule, Subject};
    use whodenied_kernel::Errno;

    fn create(path: &str) -> Operation {
        Operation::Open {
            path: path.into(),
            flags: OpenFlags { write: true, create: true, ..OpenFlags::default() },
        }
    }

    // A read-only mount is asked after the mode when a file is opened, a read-only file system before;
    // for a new file the mount comes first.
    #[test]
    fn read_only_before_and_after_the_mode() {
        let mut tree = tree();
        let root = node(&tree, "/");
        let (owner, member) =
            (Subject::user(1000, 1000), Subject { groups: vec![1000], ..Subject::user(7, 7) });
        tree.mount_mut(root).unwrap().read_only = true;
        let rule = |subject: &Subject, tree: &crate::Tree, operation: &Operation| {
            refusal(subject, tree, operation).map(|(errno, rule, _)| (errno, rule))
        };
        assert_eq!(rule(&owner, &tree, &write("/home/note")), Some((Errno::EROFS, Rule::ReadOnlyMount)));
        assert_eq!(
            rule(&member, &tree, &write("/home/note")),
            Some((Errno::EACCES, Rule::Permission(Class::Group)))
        );
        assert_eq!(rule(&member, &tree, &create("/home/new")), Some((Errno::EROFS, Rule::ReadOnlyMount)));
        assert_eq!(rule(&owner, &tree, &read("/home/note")), None);
        tree.mount_mut(root).unwrap().read_only = false;
        tree.file_system_mut(root).unwrap().read_only = true;
        assert_eq!(
            rule(&member, &tree, &write("/home/note")),
            Some((Errno::EROFS, Rule::ReadOnlyFileSystem))
        );
    }

    #[test]
    fn append_only_files_take_appending_only() {
        let mut tree = tree();
        tree.inode_mut(node(&tree, "/home/note")).unwrap().append_only = true;
        let no = Some((Errno::EPERM, Rule::AppendOnly, "/home/note".to_owned()));
        assert_eq!(refusal(&Subject::root(), &tree, &write("/home/note")), no);
        let flags = OpenFlags { write: true, append: true, ..OpenFlags::default() };
        let append = Operation::Open { path: b"/home/note".to_vec(), flags };
        assert_eq!(refusal(&Subject::root(), &tree, &append), None);
    }

    // Documentation/admin-guide/sysctl/fs.rst, protected_regular.
    #[test]
    fn sticky_directories_guard_files_of_others() {
        let mut tree = tree();
        let tmp = node(&tree, "/tmp");
        tree.add(tmp, b"lock", Inode::new(Kind::File, 0o666, 1000, 1000));
        assert_eq!(refusal(&Subject::root(), &tree, &create("/tmp/lock")), None);
        tree.settings.regular = 1;
        let no = Some((Errno::EACCES, Rule::ProtectedSticky, "/tmp/lock".to_owned()));
        assert_eq!(refusal(&Subject::root(), &tree, &create("/tmp/lock")), no);
        assert_eq!(refusal(&Subject::root(), &tree, &write("/tmp/lock")), None);
        assert_eq!(refusal(&Subject::user(1000, 1000), &tree, &create("/tmp/lock")), None);
    }
}
