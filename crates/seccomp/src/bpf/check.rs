//! Which programs the kernel takes as a seccomp filter.

use super::op::{Alu, Op, Operand};
use super::{DATA_SIZE, Instruction};

/// The most instructions of one filter (`BPF_MAXINSNS`).
pub const MAX_INSTRUCTIONS: usize = 4096;

/// The words of scratch memory (`BPF_MEMWORDS`).
pub(crate) const MEMORY_WORDS: usize = 16;

pub(super) const LENGTH: &str = "a filter has 1 to 4096 instructions";

/// Why the kernel answers EINVAL to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// Index of the first instruction it refuses.
    pub at: usize,
    /// The rule broken, as a clause.
    pub why: &'static str,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "instruction {}: {}", self.at, self.why)
    }
}

impl std::error::Error for Invalid {}

/// Decodes a program, or says what the kernel refuses about it.
pub(super) fn decode(instructions: &[Instruction]) -> Result<Vec<Op>, Invalid> {
    let len = instructions.len();
    if len == 0 || len > MAX_INSTRUCTIONS {
        return Err(Invalid { at: len.min(MAX_INSTRUCTIONS), why: LENGTH });
    }
    let mut ops = Vec::with_capacity(len);
    for (at, instruction) in instructions.iter().enumerate() {
        let refuse = |why| Err(Invalid { at, why });
        let Some(op) = Op::decode(instruction.code) else {
            return refuse("the operation is not allowed in a seccomp filter");
        };
        let k = instruction.k;
        let left = len - at - 1;
        match op {
            Op::LoadWord if k >= DATA_SIZE || !k.is_multiple_of(4) => {
                return refuse("a load must be of an aligned word inside the 64 bytes of seccomp_data");
            }
            Op::LoadMemory | Op::LoadXMemory | Op::Store | Op::StoreX if k as usize >= MEMORY_WORDS => {
                return refuse("scratch memory has 16 words");
            }
            Op::Alu(Alu::Div, Operand::K) if k == 0 => return refuse("division by zero"),
            Op::Alu(Alu::Lsh | Alu::Rsh, Operand::K) if k >= 32 => {
                return refuse("a shift by 32 bits or more");
            }
            Op::Jump if k as usize >= left => return refuse("a jump past the last instruction"),
            Op::Branch(..) if usize::from(instruction.jt) >= left || usize::from(instruction.jf) >= left => {
                return refuse("a jump past the last instruction");
            }
            _ => {}
        }
        ops.push(op);
    }
    if !matches!(ops.last(), Some(Op::ReturnConstant | Op::ReturnA)) {
        return Err(Invalid { at: len - 1, why: "the last instruction must return" });
    }
    memory(instructions, &ops)?;
    Ok(ops)
}

/// Every load of scratch memory must be preceded by a store on all ways to it.
///
/// As the kernel does it: jumps narrow what is known at their targets, and what follows a jump is
/// known from the jumps to it alone. What follows a return inherits from above it.
fn memory(instructions: &[Instruction], ops: &[Op]) -> Result<(), Invalid> {
    let mut masks = vec![u16::MAX; ops.len()];
    let mut valid = 0u16;
    for (at, (op, instruction)) in ops.iter().zip(instructions).enumerate() {
        valid &= masks.get(at).copied().unwrap_or(0);
        let bit = 1u16.checked_shl(instruction.k).unwrap_or(0);
        let mut narrow = |skip: usize, valid: u16| {
            if let Some(mask) = masks.get_mut(at + 1 + skip) {
                *mask &= valid;
            }
        };
        match op {
            Op::Store | Op::StoreX => valid |= bit,
            Op::LoadMemory | Op::LoadXMemory if valid & bit == 0 => {
                return Err(Invalid { at, why: "a load of scratch memory before anything is stored there" });
            }
            Op::Jump => {
                narrow(instruction.k as usize, valid);
                valid = u16::MAX;
            }
            Op::Branch(..) => {
                narrow(instruction.jt.into(), valid);
                narrow(instruction.jf.into(), valid);
                valid = u16::MAX;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Asks what the kernel asks before it installs a filter.
///
/// # Errors
/// The first instruction refused (`EINVAL` of `seccomp(2)`), and why.
pub fn validate(instructions: &[Instruction]) -> Result<(), Invalid> {
    decode(instructions).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETURN: Instruction = Instruction::new(0x06, 0, 0, 0x7fff_0000);

    fn i(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
        Instruction::new(code, jt, jf, k)
    }

    #[test]
    fn what_the_kernel_refuses() {
        let table: &[(&[Instruction], Option<usize>)] = &[
            (&[], Some(0)),
            (&[RETURN], None),
            (&[i(0x20, 0, 0, 60), RETURN], None),
            (&[i(0x20, 0, 0, 64), RETURN], Some(0)),
            (&[i(0x20, 0, 0, 62), RETURN], Some(0)),
            (&[i(0x28, 0, 0, 0), RETURN], Some(0)),         // half word
            (&[i(0x30, 0, 0, 0), RETURN], Some(0)),         // byte
            (&[i(0x40, 0, 0, 0), RETURN], Some(0)),         // indexed
            (&[RETURN, i(0x94, 0, 0, 3), RETURN], Some(1)), // modulo
            (&[RETURN, i(0x0e, 0, 0, 3)], Some(1)),         // return X
            (&[i(0x34, 0, 0, 0), RETURN], Some(0)),
            (&[i(0x3c, 0, 0, 0), RETURN], None), // division by X
            (&[i(0x64, 0, 0, 31), RETURN], None),
            (&[i(0x64, 0, 0, 32), RETURN], Some(0)),
            (&[i(0x05, 0, 0, 0), RETURN], None),
            (&[i(0x05, 0, 0, 1), RETURN], Some(0)),
            (&[i(0x05, 0, 0, u32::MAX), RETURN], Some(0)),
            (&[i(0x15, 0, 1, 0), RETURN], Some(0)),
            (&[i(0x15, 1, 0, 0), RETURN], Some(0)),
            (&[i(0x15, 0, 0, 0), RETURN], None),
            (&[RETURN, i(0x00, 0, 0, 0)], Some(1)),
            (&[i(0x60, 0, 0, 0), RETURN], Some(0)),
            (&[i(0x02, 0, 0, 0), i(0x60, 0, 0, 0), RETURN], None),
            (&[i(0x02, 0, 0, 16), RETURN], Some(0)),
            // A store that one way jumps over.
            (&[i(0x15, 1, 0, 0), i(0x02, 0, 0, 3), i(0x61, 0, 0, 3), RETURN], Some(2)),
            // What follows a jump and is never reached counts as if all were stored.
            (&[i(0x05, 0, 0, 1), i(0x60, 0, 0, 7), RETURN], None),
        ];
        for (n, (program, at)) in table.iter().enumerate() {
            assert_eq!(validate(program).err().map(|e| e.at), *at, "row {n}: {program:?}");
        }
        assert!(validate(&vec![RETURN; 4096]).is_ok());
        assert!(validate(&vec![RETURN; 4097]).is_err());
    }
}
