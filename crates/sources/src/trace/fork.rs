//! Starting the command: a child that waits until it is traced, then executes.
//!
//! The child stays in our session and process group, so that the terminal's signals and the
//! shell's job control reach it as they would without us.

#![allow(unsafe_code, reason = "fork and exec with a pause between have no safe form")]

use super::event::Instruction;
use super::signals;
use super::sys::{self, Tid};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the child needs, made before the fork: after it nothing may allocate.
struct Image {
    candidates: Vec<CString>,
    args: Vec<CString>,
    filter: Vec<libc::sock_filter>,
}

/// A child that has not executed its program yet, waiting for [`Child::go`].
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: Tid,
    gate: OwnedFd,
}

impl Child {
    /// Forks. The child waits at its gate; when the gate is dropped unopened, it ends.
    pub(super) fn start(argv: &[OsString], filter: &[Instruction]) -> io::Result<Self> {
        let image = Image::new(argv, filter)?;
        let args: Vec<*const libc::c_char> = pointers(&image.args);
        // For a script that names no interpreter: sh PATH ARG…
        let mut shell: Vec<*const libc::c_char> = Vec::with_capacity(args.len() + 1);
        shell.push(c"/bin/sh".as_ptr());
        shell.push(std::ptr::null());
        shell.extend(args.iter().skip(1));
        let (wait, gate) = pipe()?;
        let sigpipe_ignored = SIGPIPE_IGNORED.load(Ordering::Relaxed);
        // SAFETY: between fork and exec the child only makes system calls, on memory that was
        // allocated before; it never returns from `run`.
        let pid = unsafe { libc::fork() };
        match pid {
            0 => unsafe {
                // SAFETY: see above; `environ` is the environment we were given, unchanged.
                run(&image, &args, &mut shell, wait.as_raw_fd(), gate.as_raw_fd(), sigpipe_ignored)
            },
            pid if pid > 0 => Ok(Self { pid, gate }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Lets it execute.
    pub(super) fn go(self) -> io::Result<()> {
        let byte = [1u8];
        loop {
            // SAFETY: writes one byte of a local to a descriptor that we own.
            let done = unsafe { libc::write(self.gate.as_raw_fd(), byte.as_ptr().cast(), 1) };
            if done == 1 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Ends a child that could not be traced.
    pub(super) fn abandon(self) {
        let _ = sys::kill(self.pid, libc::SIGKILL);
        let _ = sys::wait(self.pid, false);
    }
}

impl Image {
    fn new(argv: &[OsString], filter: &[Instruction]) -> io::Result<Self> {
        let args = argv.iter().map(|a| c_string(a.as_bytes())).collect::<io::Result<Vec<_>>>()?;
        let program = argv.first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let filter =
            filter.iter().map(|i| libc::sock_filter { code: i.code, jt: i.jt, jf: i.jf, k: i.k }).collect();
        Ok(Self { candidates: candidates(program, std::env::var_os("PATH").as_deref())?, args, filter })
    }
}

/// Where execvp(3) looks for a program.
fn candidates(program: &OsStr, path: Option<&OsStr>) -> io::Result<Vec<CString>> {
    let name = program.as_bytes();
    if name.is_empty() || name.contains(&b'/') {
        return Ok(vec![c_string(name)?]);
    }
    let path = path.map_or(b"/bin:/usr/bin".as_slice(), OsStr::as_bytes);
    path.split(|b| *b == b':')
        .map(|dir| {
            let mut whole = dir.to_vec();
            if !whole.is_empty() {
                whole.push(b'/');
            }
            whole.extend_from_slice(name);
            c_string(&whole)
        })
        .collect()
}

fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds: [RawFd; 2] = [0; 2];
    // SAFETY: fills the two descriptors of a local.
    if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given us both.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

/// The child's side.
///
/// # Safety
/// Only after fork: makes system calls only. The pointers must be terminated lists.
unsafe fn run(
    image: &Image,
    args: &[*const libc::c_char],
    shell: &mut [*const libc::c_char],
    wait: RawFd,
    gate: RawFd,
    sigpipe_ignored: bool,
) -> ! {
    // SAFETY: system calls on memory that lives; the errno location is this thread's.
    unsafe {
        libc::close(gate);
        if !sigpipe_ignored {
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        }
        signals::reset_in_child();
        let mut byte = 0u8;
        loop {
            let got = libc::read(wait, (&raw mut byte).cast(), 1);
            if got == 1 {
                break;
            }
            if got == 0 || *libc::__errno_location() != libc::EINTR {
                libc::_exit(125);
            }
        }
        if !image.filter.is_empty() {
            let program =
                libc::sock_fprog { len: image.filter.len() as u16, filter: image.filter.as_ptr().cast_mut() };
            // The tracer sees whether this succeeds, and goes by it.
            libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program);
        }
        let mut denied = false;
        for path in &image.candidates {
            libc::execve(path.as_ptr(), args.as_ptr(), environ);
            match *libc::__errno_location() {
                libc::ENOEXEC => {
                    if let Some(slot) = shell.get_mut(1) {
                        *slot = path.as_ptr();
                    }
                    libc::execve(c"/bin/sh".as_ptr(), shell.as_ptr(), environ);
                    libc::_exit(126);
                }
                libc::EACCES => denied = true,
                libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
                _ => libc::_exit(126),
            }
        }
        libc::_exit(if denied { 126 } else { 127 })
    }
}

/// Whether SIGPIPE was ignored when this process began: the language's start-up code ignores it
/// without telling, and a command must get what we were given.
static SIGPIPE_IGNORED: AtomicBool = AtomicBool::new(false);

extern "C" fn note_sigpipe() {
    // SAFETY: reads a disposition into a zeroed structure of integers and pointers.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0 {
            SIGPIPE_IGNORED.store(action.sa_sigaction == libc::SIG_IGN, Ordering::Relaxed);
        }
    }
}

// SAFETY: the section holds pointers to functions that are called before main with the C calling
// convention; this one makes one system call and stores one byte.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE_SIGPIPE: extern "C" fn() = note_sigpipe;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_where_execvp_looks() {
        let of = |p: &str, path: Option<&str>| {
            candidates(OsStr::new(p), path.map(OsStr::new))
                .unwrap()
                .iter()
                .map(|c| c.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("ls", Some("/a:/b/c::.")), ["/a/ls", "/b/c/ls", "ls", "./ls"]);
        assert_eq!(of("./ls", Some("/a")), ["./ls"]);
        assert_eq!(of("ls", None), ["/bin/ls", "/usr/bin/ls"]);
        assert!(candidates(OsStr::from_bytes(b"a\0b"), None).is_err());
    }
}
