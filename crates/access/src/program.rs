//! Running programs, changing directories and reaching sockets.

use crate::decision::Rule;
use crate::id::CapabilitySet;
use crate::object::{EXECUTE, Kind, WRITE};
use crate::operation::OpenFlags;
use crate::permission::{Ask, Object, Step};
use whodenied_kernel::{Capability, Errno};

/// `exec_binprm` (fs/exec.c) follows this many interpreters.
const MAX_INTERPRETERS: usize = 5;

impl Ask<'_> {
    /// `do_open_execat` (fs/exec.c) on the program and `load_script` (fs/binfmt_script.c) on its
    /// interpreters: executable for the subject; it need not be readable. The last of them is what is run.
    pub(crate) fn execute(&self, path: &[u8]) -> Step<()> {
        let mut path = path.to_vec();
        for _ in 0..=MAX_INTERPRETERS {
            let object = self.executable(&path)?;
            match &object.inode.interpreter {
                Some(interpreter) => path.clone_from(interpreter),
                None => return self.gains(&object),
            }
        }
        // The one too many is opened before it is counted.
        self.executable(&path)?;
        Err(self.no_arguments(Errno::ELOOP, Rule::ManyInterpreters))
    }

    fn executable(&self, path: &[u8]) -> Step<Object<'_>> {
        let object = self.object(self.lookup(path, true)?)?;
        self.may_open(&object, EXECUTE, OpenFlags::default())?;
        Ok(object)
    }

    /// `get_file_caps`, `bprm_caps_from_vfs_caps` (security/commoncap.c): a program whose capabilities are
    /// effective at once is not started with fewer than all of them, not even for root. Where they
    /// don't count at all (`nosuid`, another namespace's root) it is started without.
    fn gains(&self, object: &Object<'_>) -> Step<()> {
        let missing = self.missing(object);
        if missing.0 == 0 {
            return Ok(());
        }
        Err(self.no(Errno::EPERM, Rule::FileCapabilities(missing), object.id))
    }

    fn missing(&self, object: &Object<'_>) -> CapabilitySet {
        let Some(file) = object.inode.capabilities.filter(|c| c.effective) else {
            return CapabilitySet::default();
        };
        let namespace = &self.subject.namespace;
        let counts = !object.mount.no_suid
            && namespace.is_within(&object.fs.namespace)
            && object.shown(file.root, true).is_some_and(|root| namespace.is_root_here_or_above(root));
        if !counts {
            return CapabilitySet::default();
        }
        let (bounding, inheritable) = (self.subject.bounding.0, self.subject.inheritable.0);
        let gained = (file.permitted.0 & bounding) | (file.inheritable.0 & inheritable);
        CapabilitySet(file.permitted.0 & CapabilitySet::all().0 & !gained)
    }

    /// `chdir` (fs/open.c).
    pub(crate) fn change_directory(&self, path: &[u8]) -> Step<()> {
        let object = self.object(self.lookup_directory(path, true)?)?;
        self.permission(&object, EXECUTE)
    }

    /// `chroot` (fs/open.c): the directory first, then the capability.
    pub(crate) fn change_root(&self, path: &[u8]) -> Step<()> {
        let object = self.object(self.lookup_directory(path, true)?)?;
        self.permission(&object, EXECUTE)?;
        if self.subject.effective.has(Capability::SYS_CHROOT) {
            return Ok(());
        }
        Err(self.no(Errno::EPERM, Rule::Capability(Capability::SYS_CHROOT), object.id))
    }

    /// `unix_find_bsd` (net/unix/af_unix.c): write permission first, then whether it is a socket. An
    /// address needs a name (`unix_validate_addr`).
    pub(crate) fn connect(&self, path: &[u8]) -> Step<()> {
        if path.is_empty() {
            return Err(self.no_arguments(Errno::EINVAL, Rule::Arguments));
        }
        let object = self.object(self.lookup(path, true)?)?;
        self.permission(&object, WRITE)?;
        if object.inode.kind != Kind::Socket {
            return Err(self.no(Errno::ECONNREFUSED, Rule::NotSocket, object.id));
        }
        Ok(())
    }

    /// `do_faccessat` (fs/open.c); the caller has taken the real ids where those are asked for.
    pub(crate) fn access(&self, path: &[u8], want: u8, follow: bool) -> Step<()> {
        let object = self.object(self.lookup(path, follow)?)?;
        if want & EXECUTE != 0 && object.inode.kind == Kind::File && object.no_exec() {
            return Err(self.no(Errno::EACCES, Rule::NoExec, object.id));
        }
        self.permission(&object, want)?;
        if want & WRITE != 0 && !object.inode.kind.is_special() {
            self.want_write(&object)?;
        }
        Ok(())
    }

    /// `do_readlinkat` (fs/stat.c).
    pub(crate) fn read_link(&self, path: &[u8]) -> Step<()> {
        let object = self.object(self.lookup(path, false)?)?;
        if object.inode.kind != Kind::Symlink {
            return Err(self.no(Errno::EINVAL, Rule::Arguments, object.id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{node, refusal, tree};
    use crate::{CapabilitySet, FileCapabilities, Inode, Kind, Operation, Rule, Subject, WRITE};
    use whodenied_kernel::{Capability, Errno};

    // capabilities(7), "Safety checking for capability-dumb binaries".
    #[test]
    fn a_program_is_not_started_with_fewer_capabilities_than_it_has() {
        let mut tree = tree();
        let home = node(&tree, "/home");
        let raw = CapabilitySet::default().with(Capability::NET_RAW);
        let capabilities =
            FileCapabilities { permitted: raw, effective: true, ..FileCapabilities::default() };
        let ping = Inode { capabilities: Some(capabilities), ..Inode::new(Kind::File, 0o755, 0, 0) };
        let ping = tree.add(home, b"ping", ping);
        let run = Operation::Execute { path: b"/home/ping".to_vec() };
        assert_eq!(refusal(&Subject::user(1000, 1000), &tree, &run), None);
        let bounding = CapabilitySet::all().without(Capability::NET_RAW);
        let root = Subject { bounding, ..Subject::root() };
        let no = Some((Errno::EPERM, Rule::FileCapabilities(raw), "/home/ping".to_owned()));
        assert_eq!(refusal(&root, &tree, &run), no);
        tree.mount_mut(ping).unwrap().no_suid = true;
        assert_eq!(refusal(&root, &tree, &run), None);
    }

    #[test]
    fn interpreters_are_asked_too() {
        let mut tree = tree();
        let home = node(&tree, "/home");
        let script =
            Inode { interpreter: Some(b"/home/note".to_vec()), ..Inode::new(Kind::File, 0o755, 0, 0) };
        tree.add(home, b"script", script);
        let run = Operation::Execute { path: b"/home/script".to_vec() };
        let found = refusal(&Subject::user(1000, 1000), &tree, &run);
        assert_eq!(found.map(|r| (r.0, r.2)), Some((Errno::EACCES, "/home/note".to_owned())));
    }

    #[test]
    fn access_speaks_of_the_real_user() {
        let tree = tree();
        let setuid = Subject { uid: 1001, gid: 1001, ..Subject::user(1000, 1000) };
        let access = |effective| Operation::Access {
            path: b"/home/note".to_vec(),
            want: WRITE,
            effective,
            follow: true,
        };
        assert_eq!(refusal(&setuid, &tree, &access(true)), None);
        assert_eq!(
            refusal(&setuid, &tree, &access(false)).map(|r| (r.0, r.2)),
            Some((Errno::EACCES, "/home".to_owned()))
        );
    }

    #[test]
    fn sockets_are_written_to() {
        let mut tree = tree();
        tree.add(node(&tree, "/home"), b"s", Inode::new(Kind::Socket, 0o755, 0, 0));
        let connect = |path: &str| Operation::Connect { path: path.into() };
        let errno = |subject: &Subject, path: &str| refusal(subject, &tree, &connect(path)).map(|r| r.0);
        assert_eq!(errno(&Subject::user(1000, 1000), "/home/s"), Some(Errno::EACCES));
        assert_eq!(errno(&Subject::root(), "/home/s"), None);
        assert_eq!(errno(&Subject::root(), "/home/note"), Some(Errno::ECONNREFUSED));
    }
}
