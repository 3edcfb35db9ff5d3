//! Running one filter on one call.

use super::check::MEMORY_WORDS;
use super::op::{Op, Operand};
use super::{Program, SeccompData};

/// What a filter answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The SECCOMP_RET value as returned, action and data.
    pub code: u32,
    /// Index of the instruction that returned it, or that divided by zero.
    pub at: usize,
    /// The instructions run, in order; the last is `at`.
    pub path: Vec<usize>,
}

/// Runs a filter on a call.
///
/// Jumps only lead forward, so a run ends after at most as many steps as the program is long.
/// A division by a register that holds zero ends the program with 0 (`SECCOMP_RET_KILL_THREAD`).
#[must_use]
pub fn run(program: &Program, data: &SeccompData) -> Outcome {
    let mut path = Vec::new();
    let (code, at) = walk(program, data, |at| path.push(at));
    Outcome { code, at, path }
}

/// Runs without keeping the path. Returns the code and the instruction that returned it.
pub(super) fn walk(program: &Program, data: &SeccompData, mut visit: impl FnMut(usize)) -> (u32, usize) {
    let (mut a, mut x) = (0u32, 0u32);
    let mut memory = [0u32; MEMORY_WORDS];
    let mut at = 0usize;
    while let (Some(op), Some(instruction)) = (program.ops.get(at), program.instructions.get(at)) {
        visit(at);
        let k = instruction.k;
        let mut skip = 0usize;
        match *op {
            Op::LoadWord => a = data.word(k),
            Op::LoadLength => a = super::DATA_SIZE,
            Op::LoadConstant => a = k,
            Op::LoadMemory => a = memory.get(k as usize).copied().unwrap_or(0),
            Op::LoadXLength => x = super::DATA_SIZE,
            Op::LoadXConstant => x = k,
            Op::LoadXMemory => x = memory.get(k as usize).copied().unwrap_or(0),
            Op::Store | Op::StoreX => {
                if let Some(cell) = memory.get_mut(k as usize) {
                    *cell = if *op == Op::Store { a } else { x };
                }
            }
            Op::Alu(alu, operand) => {
                let b = if operand == Operand::K { k } else { x };
                match alu.apply(a, b) {
                    Some(result) => a = result,
                    None => return (0, at),
                }
            }
            Op::Negate => a = a.wrapping_neg(),
            Op::AToX => x = a,
            Op::XToA => a = x,
            Op::Jump => skip = k as usize,
            Op::Branch(test, operand) => {
                let b = if operand == Operand::K { k } else { x };
                skip = usize::from(if test.holds(a, b) { instruction.jt } else { instruction.jf });
            }
            Op::ReturnConstant => return (k, at),
            Op::ReturnA => return (a, at),
        }
        at = at.saturating_add(skip).saturating_add(1);
    }
    // Not reached: a checked program's jumps stay inside and its last instruction returns.
    (0, at)
}

#[cfg(test)]
mod tests {
    use super::super::Instruction;
    use super::*;

    fn code(list: &[(u16, u8, u8, u32)], data: &SeccompData) -> u32 {
        let list = list.iter().map(|i| Instruction::new(i.0, i.1, i.2, i.3)).collect();
        run(&Program::new(list).unwrap(), data).code
    }

    const D: SeccompData = SeccompData {
        nr: 100,
        arch: 0xC000_003E,
        instruction_pointer: 0,
        args: [7, 0, 33, 0, 0, 0xffff_ffff_ffff_fff0],
    };

    #[test]
    fn arithmetic_is_the_kernels() {
        const LD_NR: (u16, u8, u8, u32) = (0x20, 0, 0, 0);
        const RET_A: (u16, u8, u8, u32) = (0x16, 0, 0, 0);
        let of = |op, k| code(&[LD_NR, (op, 0, 0, k), RET_A], &D);
        assert_eq!(of(0x04, u32::MAX), 99); // wraps
        assert_eq!(of(0x14, 101), u32::MAX);
        assert_eq!(of(0x24, 0x8000_0001), 100);
        assert_eq!(of(0x34, 7), 14);
        assert_eq!(of(0x44, 3), 103);
        assert_eq!(of(0x54, 0x60), 0x60);
        assert_eq!(of(0x64, 2), 400);
        assert_eq!(of(0x74, 2), 25);
        assert_eq!(of(0x84, 0), 100u32.wrapping_neg());
        assert_eq!(of(0xa4, 1), 101);
        assert_eq!(of(0x80, 0), 64);
        // X = args[2] low = 33: shifts count modulo 32.
        let x = [(0x20, 0, 0, 32), (0x07, 0, 0, 0), LD_NR];
        assert_eq!(code(&[x[0], x[1], x[2], (0x6c, 0, 0, 0), RET_A], &D), 200);
        assert_eq!(code(&[x[0], x[1], x[2], (0x3c, 0, 0, 0), RET_A], &D), 3);
        // X is 0 at first: dividing by it kills the thread.
        let kill = Program::new(
            [LD_NR, (0x3c, 0, 0, 0), RET_A].iter().map(|i| Instruction::new(i.0, i.1, i.2, i.3)).collect(),
        );
        assert_eq!(run(&kill.unwrap(), &D), Outcome { code: 0, at: 1, path: vec![0, 1] });
        // Memory, and the two halves of an argument.
        assert_eq!(
            code(&[(0x20, 0, 0, 60), (0x02, 0, 0, 15), LD_NR, (0x61, 0, 0, 15), (0x87, 0, 0, 0), RET_A], &D),
            u32::MAX
        );
    }

    #[test]
    fn comparisons_are_unsigned() {
        for (op, k, expected) in [
            (0x15, 100, 1),
            (0x15, 99, 0),
            (0x25, 100, 0),
            (0x25, 99, 1),
            (0x25, 0xffff_ff00, 0),
            (0x35, 100, 1),
            (0x35, 101, 0),
            (0x45, 0x60, 1),
            (0x45, 0x1b, 0),
        ] {
            let list = [(0x20, 0, 0, 0), (op, 1, 0, k), (6, 0, 0, 0), (6, 0, 0, 1)];
            assert_eq!(code(&list, &D), expected, "{op:#x} {k}");
        }
    }
}
