//! The ABIs that a profile can cover, as libseccomp counts them: x32 is one of its own.

use whodenied_kernel::syscall::{Arch, X32_BIT};

/// An ABI of libseccomp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Abi {
    /// The architecture; x86_64 for x32.
    pub arch: Arch,
    /// The x32 ABI of x86_64.
    pub x32: bool,
}

impl From<Arch> for Abi {
    fn from(arch: Arch) -> Self {
        Self { arch, x32: false }
    }
}

/// Calls of x86_64's table that x32 does not have (`64` in `syscall_64.tbl`, without an x32 twin).
const NOT_IN_X32: &[&str] = &[
    "uselib",
    "_sysctl",
    "create_module",
    "get_kernel_syms",
    "query_module",
    "nfsservctl",
    "set_thread_area",
    "get_thread_area",
    "epoll_ctl_old",
    "epoll_wait_old",
    "vserver",
    "uretprobe",
    "map_shadow_stack",
];

impl Abi {
    /// The x32 ABI.
    pub const X32: Self = Self { arch: Arch::X86_64, x32: true };

    /// The ABI of a profile's token, as `SCMP_ARCH_X86_64`.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        let name = token.strip_prefix("SCMP_ARCH_")?;
        if name == "X32" {
            return Some(Self::X32);
        }
        let arch = match name {
            "X86" => Arch::X86,
            "X86_64" => Arch::X86_64,
            "ARM" => Arch::Arm,
            "AARCH64" => Arch::Aarch64,
            "RISCV64" => Arch::Riscv64,
            "S390X" => Arch::S390x,
            "PPC64LE" => Arch::Ppc64le,
            _ => return None,
        };
        Some(arch.into())
    }

    /// True when arguments have 64 bits.
    #[must_use]
    pub const fn is_wide(self) -> bool {
        !self.x32 && !matches!(self.arch, Arch::X86 | Arch::Arm)
    }

    /// The number of a call in this ABI, with the x32 bit where it belongs.
    #[must_use]
    pub fn number(self, name: &str) -> Option<u32> {
        if !self.x32 {
            // The kernel's own name of 79 (`asm-generic/unistd.h`); our table has it as `fstatat`.
            let name = if self.arch == Arch::Aarch64 && name == "newfstatat" { "fstatat" } else { name };
            let number = self.arch.syscall_number(name)?;
            // 403 to 423 are the time64 calls, which 64-bit machines of the generic table do not have.
            let time64 = matches!(self.arch, Arch::Aarch64 | Arch::Riscv64) && (403..=423).contains(&number);
            return u32::try_from(number).ok().filter(|_| !time64);
        }
        let own = (512..600).find(|n| self.arch.syscall_name(X32_BIT | n) == Some(name));
        let shared = || self.arch.syscall_number(name).filter(|n| *n < 512 && !NOT_IN_X32.contains(&name));
        u32::try_from(own.or_else(shared)? | X32_BIT).ok()
    }

    /// The name engines give a machine in `arches`.
    pub(crate) const fn engine_name(arch: Arch) -> &'static str {
        match arch {
            Arch::X86_64 => "amd64",
            Arch::X86 => "x86",
            Arch::Aarch64 => "arm64",
            Arch::Arm => "arm",
            Arch::Riscv64 => "riscv64",
            Arch::S390x => "s390x",
            Arch::Ppc64le => "ppc64le",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_abi() {
        assert_eq!(Abi::from(Arch::X86_64).number("ioctl"), Some(16));
        assert_eq!(Abi::X32.number("ioctl"), Some(0x4000_0000 + 514));
        assert_eq!(Abi::X32.number("open"), Some(0x4000_0002));
        assert_eq!(Abi::X32.number("nfsservctl"), None);
        assert_eq!(Abi::from(Arch::X86).number("socketcall"), Some(102));
        assert_eq!(Abi::from(Arch::Arm).number("futex_time64"), Some(422));
        assert_eq!(Abi::from(Arch::Aarch64).number("futex_time64"), None);
        assert_eq!(Abi::from(Arch::Aarch64).number("newfstatat"), Some(79));
        assert_eq!(Abi::from_token("SCMP_ARCH_X32"), Some(Abi::X32));
        assert_eq!(Abi::from_token("SCMP_ARCH_MIPS"), None);
        assert_eq!(Abi::from_token("amd64"), None);
    }
}
