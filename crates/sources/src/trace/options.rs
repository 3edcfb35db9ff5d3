//! What to trace for.

use std::time::Duration;
use whodenied_kernel::Errno;
use whodenied_kernel::syscall::{Arch, X32_BIT};

/// How long to trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Until {
    /// The last process has ended, daemons among them.
    #[default]
    All,
    /// The command has ended; what it left running runs on untraced.
    Command,
}

/// A set of error numbers below 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Errnos([u128; 2]);

impl Errnos {
    /// These.
    #[must_use]
    pub const fn of(errnos: &[Errno]) -> Self {
        let mut bits = [0u128; 2];
        let mut at = 0;
        while at < errnos.len() {
            let n = errnos[at].0 as u32;
            if n < 256 {
                bits[(n / 128) as usize] |= 1 << (n % 128);
            }
            at += 1;
        }
        Self(bits)
    }

    /// Those that a refusal can show itself by.
    #[must_use]
    pub const fn denials() -> Self {
        Self::of(&[
            Errno::EPERM,
            Errno::EACCES,
            Errno::EROFS,
            Errno::ENOSYS,
            Errno::EAFNOSUPPORT,
            Errno::EINVAL,
            Errno::ENOENT,
            Errno::ENXIO,
            Errno::ENODEV,
            Errno::EMFILE,
            Errno::ENFILE,
            Errno::ENOMEM,
            Errno::EAGAIN,
            Errno::ENOSPC,
            Errno::EDQUOT,
            Errno::EFBIG,
            Errno::ESRCH,
            Errno::ELOOP,
            Errno::EXDEV,
            Errno::EUSERS,
            Errno::EBUSY,
            Errno::ETXTBSY,
            Errno::EOPNOTSUPP,
            Errno::EPROTONOSUPPORT,
            Errno::ESOCKTNOSUPPORT,
            Errno::ECONNREFUSED,
            Errno::EADDRNOTAVAIL,
            Errno::ENOKEY,
        ])
    }

    /// Whether `errno` is among them.
    #[must_use]
    pub fn has(self, errno: i64) -> bool {
        match usize::try_from(errno) {
            Ok(n) if n < 256 => self.0.get(n / 128).is_some_and(|word| word >> (n % 128) & 1 == 1),
            _ => false,
        }
    }
}

/// The calls that open a file by its path.
pub(super) const OPENS: [&str; 3] = ["open", "openat", "openat2"];

/// What to trace for, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The errors to look at; the observer is asked of each call that fails with one.
    pub errnos: Errnos,
    /// Names of system calls whose success is told too.
    pub successes: Vec<&'static str>,
    /// When to end.
    pub until: Until,
    /// Take over the signals of this process as [`signals`](super) says: for a program that is
    /// there to run one command, once at a time.
    pub forward_signals: bool,
    /// Ask the command and all that came of it to end after this, whatever session or group it is in,
    /// and kill what is left two seconds later.
    /// A process attached to is let go of.
    pub timeout: Option<Duration>,
    /// With CAP_SYS_ADMIN, let calls that are hardly ever refused (`read` among them) run without a
    /// stop, by a seccomp filter on the command. Much faster; the command can see that it has a
    /// filter, and can't be let go of any more: what would let it go ([`Flow::Detach`](super::Flow),
    /// [`Until::Command`], a signal to us) kills what is left. Ignored where it is not possible.
    pub accelerate: bool,
    /// Further calls to let by when accelerating, by name: `readlink` is asked of every component by
    /// those that walk paths, and refused only for links of `/proc/PID`.
    pub let_by: Vec<&'static str>,
    /// Use no registers of this architecture, only what every one offers. Slower.
    pub portable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            errnos: Errnos::denials(),
            successes: Vec::new(),
            until: Until::All,
            forward_signals: false,
            timeout: None,
            accelerate: false,
            let_by: Vec::new(),
            portable: cfg!(not(target_arch = "x86_64")),
        }
    }
}

/// The options in the form that the tracer asks them by.
#[derive(Debug)]
pub(super) struct Wanted {
    errnos: Errnos,
    names: Vec<&'static str>,
    /// Numbers of calls to look at when they succeed, of any architecture that runs here.
    numbers: [u64; 16],
    /// [`OPENS`] of any architecture that runs here.
    opens: [Option<u64>; 6],
    /// `readlink` and `readlinkat`: EINVAL is their answer for what is no link, which path walkers
    /// ask of every component.
    readlink: [Option<u64>; 2],
}

impl Wanted {
    pub(super) fn new(options: &Options) -> Self {
        let mut numbers = [0u64; 16];
        // The calls that install a filter are always looked at.
        for name in options.successes.iter().copied().chain(["seccomp", "prctl"]) {
            for arch in [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm] {
                let native = cfg!(target_arch = "x86_64") == matches!(arch, Arch::X86_64 | Arch::X86);
                if let Some(n) = arch.syscall_number(name)
                    && native
                    && let Some(word) = numbers.get_mut(usize::try_from(n / 64).unwrap_or(usize::MAX))
                {
                    *word |= 1 << (n % 64);
                }
            }
        }
        let native = if cfg!(target_arch = "x86_64") { Arch::X86_64 } else { Arch::Aarch64 };
        let readlink = ["readlink", "readlinkat"].map(|name| native.syscall_number(name));
        let mut opens = [None; 6];
        let other = if native == Arch::X86_64 { Arch::X86 } else { Arch::Arm };
        let numbered = [native, other].into_iter().flat_map(|a| OPENS.map(|name| a.syscall_number(name)));
        opens.iter_mut().zip(numbered).for_each(|(slot, number)| *slot = number);
        Self { opens, errnos: options.errnos, names: options.successes.clone(), numbers, readlink }
    }

    /// Whether a call that returned `value` may be of interest; `nr` as the registers hold it.
    pub(super) fn value(&self, value: i64, nr: u64) -> bool {
        if (-4095..0).contains(&value) {
            // No call at all (a return from a signal handler restores what was there before).
            let none = nr as u32 == u32::MAX;
            // ENOSYS is what stands there at the entry: looked at so that a phase once lost is
            // found again. The ERESTART codes (512 to 516) are no failures and in no set.
            let no_link = -value == i64::from(Errno::EINVAL.0) && self.readlink.contains(&Some(nr));
            !none && !no_link && (self.errnos.has(-value) || -value == i64::from(Errno::ENOSYS.0))
        } else {
            let nr = (nr & 0xffff_ffff) & !X32_BIT;
            self.numbers
                .get(usize::try_from(nr / 64).unwrap_or(usize::MAX))
                .is_some_and(|word| word >> (nr % 64) & 1 == 1)
        }
    }

    /// Whether it opened a file: so by its number in one of the architectures.
    pub(super) fn opened(&self, value: i64, nr: u64) -> bool {
        value >= 0 && self.opens.contains(&Some((nr & 0xffff_ffff) & !X32_BIT))
    }

    pub(super) fn success(&self, name: &str) -> bool {
        self.names.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_numbers() {
        let wanted = Wanted::new(&Options { errnos: Errnos::of(&[Errno::EACCES]), ..Options::default() });
        assert!(wanted.value(-13, 2));
        assert!(!wanted.value(-1, 2));
        assert!(!wanted.value(-13, u64::MAX), "a return from a signal handler");
        let all = Wanted::new(&Options::default());
        #[cfg(target_arch = "x86_64")]
        assert!(!all.value(-22, 89) && all.value(-13, 89) && all.value(-22, 2));
        assert!(!wanted.value(-512, 2), "a call to be restarted");
        assert!(!wanted.value(0, 2));
        #[cfg(target_arch = "x86_64")]
        for nr in [157, 317, 172, 354, X32_BIT | 157] {
            assert!(wanted.value(0, nr), "{nr}");
        }
    }
}
