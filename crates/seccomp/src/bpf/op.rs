//! The operations that seccomp allows, by their codes in `linux/bpf_common.h`.

/// Where the second operand comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    K,
    X,
}

/// Arithmetic on the accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alu {
    Add,
    Sub,
    Mul,
    Div,
    Or,
    And,
    Lsh,
    Rsh,
    Xor,
}

impl Alu {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Or => "|",
            Self::And => "&",
            Self::Lsh => "<<",
            Self::Rsh => ">>",
            Self::Xor => "^",
        }
    }

    /// `None` for a division by zero, at which the kernel ends the program with 0.
    /// Shifts by a register count modulo 32, as eBPF's.
    pub(crate) const fn apply(self, a: u32, b: u32) -> Option<u32> {
        Some(match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::Mul => a.wrapping_mul(b),
            Self::Div => return a.checked_div(b),
            Self::Or => a | b,
            Self::And => a & b,
            Self::Lsh => a.wrapping_shl(b),
            Self::Rsh => a.wrapping_shr(b),
            Self::Xor => a ^ b,
        })
    }
}

/// A comparison of the accumulator; all are unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    Equal,
    Greater,
    GreaterEqual,
    AnyBit,
}

impl Test {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::AnyBit => "&",
        }
    }

    pub(crate) const fn holds(self, a: u32, b: u32) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Greater => a > b,
            Self::GreaterEqual => a >= b,
            Self::AnyBit => a & b != 0,
        }
    }
}

/// One operation; its constant and jumps stay in the instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    LoadWord,
    LoadLength,
    LoadConstant,
    LoadMemory,
    LoadXLength,
    LoadXConstant,
    LoadXMemory,
    Store,
    StoreX,
    Alu(Alu, Operand),
    Negate,
    AToX,
    XToA,
    Jump,
    Branch(Test, Operand),
    ReturnConstant,
    ReturnA,
}

impl Op {
    /// The operation of a code; `None` for codes that seccomp does not take, among them all of the
    /// packet loads, `BPF_MOD` and `BPF_RET | BPF_X`.
    pub(crate) const fn decode(code: u16) -> Option<Self> {
        let operand = if code & 0x08 == 0 { Operand::K } else { Operand::X };
        Some(match code {
            0x20 => Self::LoadWord,
            0x80 => Self::LoadLength,
            0x00 => Self::LoadConstant,
            0x60 => Self::LoadMemory,
            0x81 => Self::LoadXLength,
            0x01 => Self::LoadXConstant,
            0x61 => Self::LoadXMemory,
            0x02 => Self::Store,
            0x03 => Self::StoreX,
            0x04 | 0x0c => Self::Alu(Alu::Add, operand),
            0x14 | 0x1c => Self::Alu(Alu::Sub, operand),
            0x24 | 0x2c => Self::Alu(Alu::Mul, operand),
            0x34 | 0x3c => Self::Alu(Alu::Div, operand),
            0x44 | 0x4c => Self::Alu(Alu::Or, operand),
            0x54 | 0x5c => Self::Alu(Alu::And, operand),
            0x64 | 0x6c => Self::Alu(Alu::Lsh, operand),
            0x74 | 0x7c => Self::Alu(Alu::Rsh, operand),
            0xa4 | 0xac => Self::Alu(Alu::Xor, operand),
            0x84 => Self::Negate,
            0x07 => Self::AToX,
            0x87 => Self::XToA,
            0x05 => Self::Jump,
            0x15 | 0x1d => Self::Branch(Test::Equal, operand),
            0x25 | 0x2d => Self::Branch(Test::Greater, operand),
            0x35 | 0x3d => Self::Branch(Test::GreaterEqual, operand),
            0x45 | 0x4d => Self::Branch(Test::AnyBit, operand),
            0x06 => Self::ReturnConstant,
            0x16 => Self::ReturnA,
            _ => return None,
        })
    }
}
