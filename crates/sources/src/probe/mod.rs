//! Dangerous operations, tried on this very process: what is allowed here? A trial runs them in a clone
//! before and after a remedy.
//!
//! Each is made so that it does nothing lasting where it is allowed: an argument is wrong that the kernel
//! looks at after the right, a file is opened and not written, or the effect ends with the process that
//! tries it or with the clone. Each runs in a process of its own, for two seconds at most.
//!
//! Sources: the manual pages of the calls (section 2); that the right is asked before the arguments:
//! `kexec_load_check`, `SYSCALL_DEFINE4(reboot)`, `may_init_module`, `SYSCALL_DEFINE2(delete_module)`,
//! `ksys_umount`, `SYSCALL_DEFINE1(acct)`, `SYSCALL_DEFINE2(swapon)`, `__sys_bpf` in the kernel's sources.

#![allow(unsafe_code, reason = "a process of its own for each")]

mod table;

pub use table::PROBES;

/// What came of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was let through, or failed for another reason than a right.
    Allowed,
    /// It was refused with this error.
    Refused(i32),
    /// The process was killed for it.
    Killed,
    /// It can't be tried here: what it works on is not there.
    NotHere,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Allowed => f.write_str("allowed"),
            Self::Refused(errno) => write!(f, "refused:{errno}"),
            Self::Killed => f.write_str("killed"),
            Self::NotHere => f.write_str("not-here"),
        }
    }
}

impl Answer {
    /// The answer written so.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "allowed" => Some(Self::Allowed),
            "killed" => Some(Self::Killed),
            "not-here" => Some(Self::NotHere),
            _ => text.strip_prefix("refused:")?.parse().ok().map(Self::Refused),
        }
    }
}

/// One operation.
pub struct Probe {
    /// Its name in lists of results.
    pub id: &'static str,
    /// What it would do, in a few words.
    pub what: &'static str,
    /// Returns 0 or a value above, or an errno negated.
    attempt: fn() -> i64,
}

/// Tries one in a process of its own.
#[must_use]
pub fn attempt(probe: &Probe) -> Answer {
    // SAFETY: this process has one thread, so the child may do what it likes until it exits; it runs no
    // destructor of ours.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: takes numbers only.
        unsafe { libc::alarm(2) };
        let value = (probe.attempt)();
        let errno = if value < 0 { i32::try_from(-value).unwrap_or(255).min(250) } else { 0 };
        // SAFETY: ends this process.
        unsafe { libc::_exit(errno) };
    }
    if child < 0 {
        return Answer::NotHere;
    }
    let mut status = 0;
    // SAFETY: `status` is ours.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {
        if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return Answer::NotHere;
        }
    }
    if !libc::WIFEXITED(status) {
        return Answer::Killed;
    }
    answer(libc::WEXITSTATUS(status))
}

/// The errors by which rights are refused; ENOSYS is what filters answer of calls they do not know.
const fn answer(errno: i32) -> Answer {
    match errno {
        libc::EPERM | libc::EACCES | libc::EROFS | libc::ENOSYS => Answer::Refused(errno),
        libc::ENOENT | libc::ENXIO | libc::ENODEV | libc::EAFNOSUPPORT => Answer::NotHere,
        _ => Answer::Allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_enough_and_each_has_its_name() {
        let ids: BTreeSet<_> = PROBES.iter().map(|p| p.id).collect();
        assert_eq!(ids.len(), PROBES.len());
        assert!(PROBES.len() >= 30);
        for answer in [Answer::Allowed, Answer::Refused(1), Answer::Killed, Answer::NotHere] {
            assert_eq!(Answer::read(&answer.to_string()), Some(answer));
        }
        assert_eq!(Answer::read("refused:x"), None);
    }
}
