//! System call numbers by architecture, the AUDIT_ARCH values of records, and SECCOMP_RET codes.
//!
//! Sources: Linux `include/uapi/linux/audit.h` (AUDIT_ARCH_*: the ELF machine with the bits
//! 0x8000_0000 for 64-bit and 0x4000_0000 for little endian), `include/uapi/linux/elf-em.h`,
//! `include/uapi/linux/seccomp.h`; the numbers are those of the `syscalls` crate.

use crate::errno::Errno;

/// An architecture whose system call numbers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    /// x86_64, the x32 ABI included.
    X86_64,
    /// 32-bit x86.
    X86,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM (EABI).
    Arm,
    /// 64-bit RISC-V.
    Riscv64,
    /// 64-bit IBM Z.
    S390x,
    /// 64-bit POWER, little endian.
    Ppc64le,
}

/// The bit that marks a call of the x32 ABI in an x86_64 number.
pub const X32_BIT: u64 = 0x4000_0000;

/// Architecture, AUDIT_ARCH value, name by `uname -m`, further spellings (audit's, libseccomp's,
/// Debian's and Go's).
const ARCHES: &[(Arch, u32, &str, &[&str])] = &[
    (Arch::X86_64, 0xC000_003E, "x86_64", &["amd64", "x86-64", "b64", "x32"]),
    (Arch::X86, 0x4000_0003, "i386", &["x86", "i486", "i586", "i686", "386", "b32"]),
    (Arch::Aarch64, 0xC000_00B7, "aarch64", &["arm64"]),
    (Arch::Arm, 0x4000_0028, "arm", &["armv5tel", "armv6l", "armv7l", "armv8l", "armhf", "armel", "armeb"]),
    (Arch::Riscv64, 0xC000_00F3, "riscv64", &[]),
    (Arch::S390x, 0x8000_0016, "s390x", &[]),
    (Arch::Ppc64le, 0xC000_0015, "ppc64le", &["ppc64el", "powerpc64le"]),
];

impl Arch {
    /// Every architecture known.
    pub const ALL: &'static [Self] =
        &[Self::X86_64, Self::X86, Self::Aarch64, Self::Arm, Self::Riscv64, Self::S390x, Self::Ppc64le];

    /// The architecture of an AUDIT_ARCH value, as in `arch=c000003e`.
    #[must_use]
    pub fn from_audit(value: u32) -> Option<Self> {
        ARCHES.iter().find(|row| row.1 == value).map(|row| row.0)
    }

    /// Its AUDIT_ARCH value.
    #[must_use]
    pub fn audit(self) -> u32 {
        ARCHES.iter().find(|row| row.0 == self).map_or(0, |row| row.1)
    }

    /// Its name, as `uname -m` prints it (`i386` for every 32-bit x86).
    #[must_use]
    pub fn name(self) -> &'static str {
        ARCHES.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// The architecture of a name in any usual spelling: `x86_64`, `amd64`, `SCMP_ARCH_AARCH64`, `armv7l`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let lower = name.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix("scmp_arch_").unwrap_or(&lower);
        ARCHES.iter().find(|row| row.2 == bare || row.3.contains(&bare)).map(|row| row.0)
    }

    /// The name of system call `number`; the x32 bit is ignored on x86_64.
    #[must_use]
    pub fn syscall_name(self, number: u64) -> Option<&'static str> {
        // x32 has numbers of its own from 512 on (`__X32_SYSCALL_BIT + 512`); below that it shares
        // x86_64's. Source: arch/x86/entry/syscalls/syscall_64.tbl.
        if self == Self::X86_64 && (number & X32_BIT) != 0 {
            let bare = number & !X32_BIT;
            return X32_OWN
                .iter()
                .find(|row| row.0 == bare)
                .map(|row| row.1)
                .or_else(|| if bare < 512 { self.syscall_name(bare) } else { None });
        }
        let n = usize::try_from(number).ok()?;
        let name = match self {
            Self::X86_64 => syscalls::x86_64::Sysno::new(n).map(|s| s.name()),
            Self::X86 => syscalls::x86::Sysno::new(n).map(|s| s.name()),
            Self::Aarch64 => syscalls::aarch64::Sysno::new(n).map(|s| s.name()),
            Self::Arm => syscalls::arm::Sysno::new(n).map(|s| s.name()),
            Self::Riscv64 => syscalls::riscv64::Sysno::new(n).map(|s| s.name()),
            Self::S390x => syscalls::s390x::Sysno::new(n).map(|s| s.name()),
            Self::Ppc64le => syscalls::powerpc64::Sysno::new(n).map(|s| s.name()),
        }?;
        // `break` of i386 is a keyword of the language the tables are written in.
        Some(name.strip_prefix("r#").unwrap_or(name))
    }

    /// The number of the system call named so.
    #[must_use]
    pub fn syscall_number(self, name: &str) -> Option<u64> {
        let name = if name == "break" { "r#break" } else { name };
        let id = match self {
            Self::X86_64 => name.parse::<syscalls::x86_64::Sysno>().ok()?.id(),
            Self::X86 => name.parse::<syscalls::x86::Sysno>().ok()?.id(),
            Self::Aarch64 => name.parse::<syscalls::aarch64::Sysno>().ok()?.id(),
            Self::Arm => name.parse::<syscalls::arm::Sysno>().ok()?.id(),
            Self::Riscv64 => name.parse::<syscalls::riscv64::Sysno>().ok()?.id(),
            Self::S390x => name.parse::<syscalls::s390x::Sysno>().ok()?.id(),
            Self::Ppc64le => name.parse::<syscalls::powerpc64::Sysno>().ok()?.id(),
        };
        u64::try_from(id).ok()
    }
}

/// True when some known architecture has a system call of this name.
#[must_use]
pub fn is_syscall(name: &str) -> bool {
    Arch::ALL.iter().any(|arch| arch.syscall_number(name).is_some())
}

/// The numbers that x32 has for itself.
const X32_OWN: &[(u64, &str)] = &[
    (512, "rt_sigaction"),
    (513, "rt_sigreturn"),
    (514, "ioctl"),
    (515, "readv"),
    (516, "writev"),
    (517, "recvfrom"),
    (518, "sendmsg"),
    (519, "recvmsg"),
    (520, "execve"),
    (521, "ptrace"),
    (522, "rt_sigpending"),
    (523, "rt_sigtimedwait"),
    (524, "rt_sigqueueinfo"),
    (525, "sigaltstack"),
    (526, "timer_create"),
    (527, "mq_notify"),
    (528, "kexec_load"),
    (529, "waitid"),
    (530, "set_robust_list"),
    (531, "get_robust_list"),
    (532, "vmsplice"),
    (533, "move_pages"),
    (534, "preadv"),
    (535, "pwritev"),
    (536, "rt_tgsigqueueinfo"),
    (537, "recvmmsg"),
    (538, "sendmmsg"),
    (539, "process_vm_readv"),
    (540, "process_vm_writev"),
    (541, "setsockopt"),
    (542, "getsockopt"),
    (543, "io_setup"),
    (544, "io_submit"),
    (545, "execveat"),
    (546, "preadv2"),
    (547, "pwritev2"),
];

/// What a seccomp filter returned, as the `code=` of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeccompAction {
    /// The whole process was killed with SIGSYS.
    KillProcess,
    /// The thread was killed with SIGSYS.
    KillThread,
    /// SIGSYS was sent.
    Trap,
    /// The call returned this error without being made.
    Errno(Errno),
    /// A supervisor decides.
    UserNotif,
    /// A tracer decides; without one the call returns ENOSYS.
    Trace(u16),
    /// Logged and allowed.
    Log,
    /// Allowed.
    Allow,
}

impl SeccompAction {
    /// Decodes a SECCOMP_RET value. The kernel treats actions it does not know as `KillProcess`.
    ///
    /// Source: `kernel/seccomp.c`, `__seccomp_filter`; errnos above MAX_ERRNO (4095) are capped.
    #[must_use]
    pub fn decode(code: u32) -> Self {
        let data = (code & 0xffff) as u16;
        match code & 0xffff_0000 {
            0x0000_0000 => Self::KillThread,
            0x0003_0000 => Self::Trap,
            0x0005_0000 => Self::Errno(Errno(i32::from(data.min(4095)))),
            0x7fc0_0000 => Self::UserNotif,
            0x7ff0_0000 => Self::Trace(data),
            0x7ffc_0000 => Self::Log,
            0x7fff_0000 => Self::Allow,
            _ => Self::KillProcess,
        }
    }

    /// True when the call was let through.
    #[must_use]
    pub const fn allows(self) -> bool {
        matches!(self, Self::Log | Self::Allow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let name = |audit, n| Arch::from_audit(audit).and_then(|a| a.syscall_name(n));
        assert_eq!(name(0xC000_003E, 141), Some("setpriority"));
        assert_eq!(name(0xC000_003E, 53), Some("socketpair"));
        assert_eq!(name(0xC000_003E, 425), Some("io_uring_setup"));
        assert_eq!(name(0xC000_003E, 435), Some("clone3"));
        assert_eq!(name(0x4000_0003, 102), Some("socketcall"));
        assert_eq!(name(0x4000_0003, 403), Some("clock_gettime64"));
        assert_eq!(name(0xC000_00B7, 198), Some("socket"));
        assert_eq!(name(0xC000_00B7, 435), Some("clone3"));
        assert_eq!(name(0x4000_0028, 281), Some("socket"));
        assert_eq!(name(0xC000_00F3, 221), Some("execve"));
        assert_eq!(name(0x8000_0016, 102), Some("socketcall"));
        assert_eq!(name(0xC000_0015, 90), Some("mmap"));
        assert_eq!(name(0xC000_003E, 99_999), None);
        assert_eq!(Arch::X86_64.syscall_name(X32_BIT | 2), Some("open"));
        assert_eq!(Arch::X86_64.syscall_name(X32_BIT | 520), Some("execve"));
        assert_eq!(Arch::X86_64.syscall_name(X32_BIT | 9999), None);
        assert_eq!(Arch::Aarch64.syscall_number("openat"), Some(56));
        assert_eq!(Arch::Aarch64.syscall_number("open"), None);
        assert!(is_syscall("socketcall") && !is_syscall("denied"));
    }

    #[test]
    fn arches_round_trip() {
        for arch in Arch::ALL {
            assert_eq!(Arch::from_audit(arch.audit()), Some(*arch));
            assert_eq!(Arch::from_name(arch.name()), Some(*arch));
        }
        assert_eq!(Arch::from_name("SCMP_ARCH_X86"), Some(Arch::X86));
        assert_eq!(Arch::from_name("SCMP_ARCH_X32"), Some(Arch::X86_64));
        assert_eq!(Arch::from_name("arm64"), Some(Arch::Aarch64));
    }

    /// The names and numbers of a kernel header, `#define __NR_name number`; none where it is not installed.
    fn header(path: &str, base: u64) -> Vec<(String, u64)> {
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!("skipped: {path} is not installed");
            return Vec::new();
        };
        let mut rows = Vec::new();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some("#define"), Some(name), Some(value)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let Some(name) = name.strip_prefix("__NR_") else { continue };
            let number = value.parse::<u64>().ok().or_else(|| {
                let offset = value.strip_prefix("(__X32_SYSCALL_BIT")?.trim_matches([' ', '+', ')']);
                if offset.is_empty() {
                    words.last()?.trim_matches(')').parse().ok()
                } else {
                    offset.parse().ok()
                }
            });
            if let Some(number) = number {
                rows.push((name.to_owned(), base + number));
            }
        }
        rows
    }

    #[test]
    fn the_installed_headers_agree() {
        let dir = "/usr/include/x86_64-linux-gnu/asm";
        for (arch, file, base) in [
            (Arch::X86_64, format!("{dir}/unistd_64.h"), 0),
            (Arch::X86, format!("{dir}/unistd_32.h"), 0),
            (Arch::X86_64, format!("{dir}/unistd_x32.h"), X32_BIT),
        ] {
            for (name, number) in header(&file, base) {
                // The header defines a name for each number that was ever given out.
                assert_eq!(arch.syscall_name(number), Some(name.as_str()), "{number} of {file}");
            }
        }
    }

    #[test]
    fn the_tables_reach_linux_6_17() {
        for arch in [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm, Arch::Riscv64] {
            assert_eq!(arch.syscall_number("file_setattr"), Some(469), "{}", arch.name());
            assert_eq!(arch.syscall_number("mseal"), Some(462), "{}", arch.name());
        }
    }

    #[test]
    fn every_name_reads_back() {
        for arch in Arch::ALL {
            for n in 0..600 {
                if let Some(name) = arch.syscall_name(n) {
                    assert_eq!(arch.syscall_number(name), Some(n), "{name} on {}", arch.name());
                }
            }
        }
    }

    #[test]
    fn codes() {
        assert_eq!(SeccompAction::decode(0x0005_0001), SeccompAction::Errno(Errno::EPERM));
        assert_eq!(SeccompAction::decode(0x0005_0026), SeccompAction::Errno(Errno::ENOSYS));
        assert_eq!(SeccompAction::decode(0), SeccompAction::KillThread);
        assert_eq!(SeccompAction::decode(0x8000_0000), SeccompAction::KillProcess);
        assert_eq!(SeccompAction::decode(0x0003_0000), SeccompAction::Trap);
        assert_eq!(SeccompAction::decode(0x1234_0000), SeccompAction::KillProcess);
        assert!(SeccompAction::decode(0x7ffc_0000).allows());
    }
}
