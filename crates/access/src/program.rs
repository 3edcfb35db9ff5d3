//! Running programs, changing directories and reaching sockets.

use crate::decision::Rule;
use crate::object::{EXECUTE, Inode, Kind, WRITE};
use crate::operation::OpenFlags;
use crate::permission::{Ask, Step};
use whodenied_kernel::{Capability, Errno};

/// `exec_binprm` (fs/exec.c) follows this many interpreters.
const MAX_INTERPRETERS: usize = 5;

impl Ask<'_> {
    /// `do_open_execat` (fs/exec.c) on the program and `load_script` (fs/binfmt_script.c) on its
    /// interpreters: executable for the subject; it need not be readable.
    pub(crate) fn execute(&self, path: &[u8]) -> Step<()> {
        let mut path = path.to_vec();
        for _ in 0..=MAX_INTERPRETERS {
            let object = self.executable(&path)?;
            match object.interpreter {
                Some(interpreter) => path = interpreter,
                None => return Ok(()),
            }
        }
        // The one too many is opened before it is counted.
        self.executable(&path)?;
        Err(self.no_arguments(Errno::ELOOP, Rule::ManyInterpreters))
    }

    fn executable(&self, path: &[u8]) -> Step<Inode> {
        let object = self.object(self.lookup(path, true)?)?;
        self.may_open(&object, EXECUTE, OpenFlags::default())?;
        Ok(object.inode.into_owned())
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
