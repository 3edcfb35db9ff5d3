//! The kernel's classic BPF machine as far as seccomp uses it: what filters it takes, what they
//! answer, and which instruction decided.
//!
//! Sources: Linux `net/core/filter.c` (`bpf_check_classic`, `check_load_and_stores`,
//! `bpf_convert_filter`), `kernel/seccomp.c` (`seccomp_check_filter`, `seccomp_run_filters`),
//! `include/uapi/linux/{bpf_common,filter,seccomp}.h`.

mod check;
mod combine;
mod listing;
mod op;
mod run;
mod symbols;
mod words;

pub use check::{Invalid, MAX_INSTRUCTIONS, validate};
pub use combine::{Decision, run_all, strict};
pub use listing::{action_words, disassemble};
pub use run::{Outcome, run};

use op::Op;

/// One instruction, as `struct sock_filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// The operation.
    pub code: u16,
    /// How many instructions to skip when a test holds.
    pub jt: u8,
    /// How many instructions to skip when a test fails.
    pub jf: u8,
    /// The constant.
    pub k: u32,
}

impl Instruction {
    /// An instruction from its four parts.
    #[must_use]
    pub const fn new(code: u16, jt: u8, jf: u8, k: u32) -> Self {
        Self { code, jt, jf, k }
    }
}

/// The size of `struct seccomp_data` in bytes, all a filter can read.
pub const DATA_SIZE: u32 = 64;

/// The call a filter is asked about, as `struct seccomp_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeccompData {
    /// The system call's number, with the x32 bit where it is set.
    pub nr: u32,
    /// The AUDIT_ARCH value of the call's ABI.
    pub arch: u32,
    /// Where the call was made.
    pub instruction_pointer: u64,
    /// The six arguments.
    pub args: [u64; 6],
}

/// The bit of an AUDIT_ARCH value that says little endian (`__AUDIT_ARCH_LE`).
const LITTLE_ENDIAN: u32 = 0x4000_0000;

impl SeccompData {
    /// A call without arguments.
    #[must_use]
    pub const fn call(arch: u32, nr: u32) -> Self {
        Self { nr, arch, instruction_pointer: 0, args: [0; 6] }
    }

    /// The 32-bit word that a load at byte `offset` gives, in the byte order of the call's machine;
    /// 0 outside the structure.
    #[must_use]
    pub fn word(&self, offset: u32) -> u32 {
        Word::at(offset, self.arch & LITTLE_ENDIAN != 0).map_or(0, |word| word.of(self))
    }
}

/// A 32-bit word of the call's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    Nr,
    Arch,
    PointerLow,
    PointerHigh,
    ArgLow(u8),
    ArgHigh(u8),
}

impl Word {
    /// The word at a byte offset of `struct seccomp_data`; `None` where none starts.
    fn at(offset: u32, little: bool) -> Option<Self> {
        if !offset.is_multiple_of(4) || offset >= DATA_SIZE {
            return None;
        }
        let first_half = offset.is_multiple_of(8);
        Some(match offset {
            0 => Self::Nr,
            4 => Self::Arch,
            8 | 12 if first_half == little => Self::PointerLow,
            8 | 12 => Self::PointerHigh,
            _ => {
                let n = u8::try_from((offset - 16) / 8).ok()?;
                if first_half == little { Self::ArgLow(n) } else { Self::ArgHigh(n) }
            }
        })
    }

    fn of(self, data: &SeccompData) -> u32 {
        let low = |v: u64| (v & 0xffff_ffff) as u32;
        let high = |v: u64| (v >> 32) as u32;
        let arg = |n: u8| data.args.get(usize::from(n)).copied().unwrap_or(0);
        match self {
            Self::Nr => data.nr,
            Self::Arch => data.arch,
            Self::PointerLow => low(data.instruction_pointer),
            Self::PointerHigh => high(data.instruction_pointer),
            Self::ArgLow(n) => low(arg(n)),
            Self::ArgHigh(n) => high(arg(n)),
        }
    }
}

/// The byte order in which a filter of this arch value finds its words.
const fn is_little(arch: u32) -> bool {
    arch & LITTLE_ENDIAN != 0
}

/// A filter that the kernel would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    instructions: Vec<Instruction>,
    ops: Vec<Op>,
}

impl Program {
    /// A program of instructions that the kernel would take as a seccomp filter.
    ///
    /// # Errors
    /// Says the first instruction the kernel refuses, and why (`EINVAL` of `seccomp(2)`).
    pub fn new(instructions: Vec<Instruction>) -> Result<Self, Invalid> {
        let ops = check::decode(&instructions)?;
        Ok(Self { instructions, ops })
    }

    /// A program from `struct sock_filter`s as they lie in memory, 8 bytes each.
    ///
    /// # Errors
    /// As [`Program::new`]; and when the bytes are not a whole number of instructions.
    pub fn from_bytes(bytes: &[u8], little_endian: bool) -> Result<Self, Invalid> {
        let (whole, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || whole.len() > MAX_INSTRUCTIONS {
            return Err(Invalid { at: whole.len().min(MAX_INSTRUCTIONS), why: check::LENGTH });
        }
        let read = |c: &[u8; 8]| {
            let (code, k) = ([c[0], c[1]], [c[4], c[5], c[6], c[7]]);
            if little_endian {
                Instruction::new(u16::from_le_bytes(code), c[2], c[3], u32::from_le_bytes(k))
            } else {
                Instruction::new(u16::from_be_bytes(code), c[2], c[3], u32::from_be_bytes(k))
            }
        };
        Self::new(whole.iter().map(read).collect())
    }

    /// The instructions.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lie_as_in_memory() {
        let mut data = SeccompData::call(0xC000_003E, 435);
        data.instruction_pointer = 0x1111_1111_2222_2222;
        data.args = [0xa_0000_000b, 1, 2, 3, 4, 0xffff_ffff_0000_0005];
        let words: Vec<u32> = [0, 4, 8, 12, 16, 20, 24, 56, 60].iter().map(|o| data.word(*o)).collect();
        assert_eq!(words, [435, 0xC000_003E, 0x2222_2222, 0x1111_1111, 0xb, 0xa, 1, 5, 0xffff_ffff]);
        data.arch = 0x8000_0016; // s390x is big endian
        assert_eq!((data.word(16), data.word(20), data.word(12)), (0xa, 0xb, 0x2222_2222));
        assert_eq!((data.word(64), data.word(2), data.word(u32::MAX)), (0, 0, 0));
    }

    #[test]
    fn bytes_are_read_in_either_order() {
        let little = [0x06, 0, 0, 0, 0, 0, 0xff, 0x7f];
        let big = [0, 0x06, 0, 0, 0x7f, 0xff, 0, 0];
        let allow = vec![Instruction::new(6, 0, 0, 0x7fff_0000)];
        assert_eq!(Program::from_bytes(&little, true).unwrap().instructions(), allow);
        assert_eq!(Program::from_bytes(&big, false).unwrap().instructions(), allow);
        assert!(Program::from_bytes(&little[..7], true).is_err());
        assert!(Program::from_bytes(&[], true).is_err());
        assert!(Program::from_bytes(&little.repeat(4096), true).is_ok());
        assert!(Program::from_bytes(&little.repeat(4097), true).is_err());
    }
}
