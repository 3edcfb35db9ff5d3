//! What the registers of a program hold, in terms of the call: followed along one path for the
//! reasons, and over all paths for the listing.

use super::check::MEMORY_WORDS;
use super::op::{Alu, Op, Operand, Test};
use super::{DATA_SIZE, Instruction, Word};

/// What a register holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Known(u32),
    /// Some bits of a word of the call.
    Bits(Word, u32),
    /// Computed in a way that is not followed.
    Other,
}

/// A test that a program makes on the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    pub word: Word,
    /// The bits of the word that were looked at.
    pub mask: u32,
    pub test: Test,
    pub k: u32,
}

/// The registers and the scratch memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Symbols {
    pub a: Value,
    pub x: Value,
    memory: [Value; MEMORY_WORDS],
}

impl Symbols {
    pub(super) const START: Self =
        Self { a: Value::Known(0), x: Value::Known(0), memory: [Value::Known(0); MEMORY_WORDS] };

    /// Follows an operation that does not jump.
    pub(super) fn step(&mut self, op: Op, instruction: &Instruction, little: bool) {
        let k = instruction.k;
        let cell = k as usize;
        match op {
            Op::LoadWord => {
                self.a = Word::at(k, little).map_or(Value::Other, |w| Value::Bits(w, u32::MAX));
            }
            Op::LoadLength => self.a = Value::Known(DATA_SIZE),
            Op::LoadConstant => self.a = Value::Known(k),
            Op::LoadMemory => self.a = self.memory.get(cell).copied().unwrap_or(Value::Other),
            Op::LoadXLength => self.x = Value::Known(DATA_SIZE),
            Op::LoadXConstant => self.x = Value::Known(k),
            Op::LoadXMemory => self.x = self.memory.get(cell).copied().unwrap_or(Value::Other),
            Op::Store | Op::StoreX => {
                if let Some(cell) = self.memory.get_mut(cell) {
                    *cell = if op == Op::Store { self.a } else { self.x };
                }
            }
            Op::Alu(alu, operand) => {
                let b = if operand == Operand::K { Value::Known(k) } else { self.x };
                self.a = compute(alu, self.a, b);
            }
            Op::Negate => {
                self.a = match self.a {
                    Value::Known(a) => Value::Known(a.wrapping_neg()),
                    _ => Value::Other,
                };
            }
            Op::AToX => self.x = self.a,
            Op::XToA => self.a = self.x,
            Op::Jump | Op::Branch(..) | Op::ReturnConstant | Op::ReturnA => {}
        }
    }

    /// The condition that a branch tests; `None` when it is not on one word of the call.
    pub(super) fn condition(&self, test: Test, operand: Operand, k: u32) -> Option<Condition> {
        let b = match operand {
            Operand::K => k,
            Operand::X => match self.x {
                Value::Known(k) => k,
                _ => return None,
            },
        };
        match self.a {
            Value::Bits(word, mask) => Some(Condition { word, mask, test, k: b }),
            _ => None,
        }
    }

    /// What is known where two ways meet.
    pub(super) fn join(&mut self, other: &Self) {
        let meet = |mine: &mut Value, theirs: Value| {
            if *mine != theirs {
                *mine = Value::Other;
            }
        };
        meet(&mut self.a, other.a);
        meet(&mut self.x, other.x);
        for (mine, theirs) in self.memory.iter_mut().zip(other.memory) {
            meet(mine, theirs);
        }
    }
}

fn compute(alu: Alu, a: Value, b: Value) -> Value {
    match (alu, a, b) {
        (_, Value::Known(a), Value::Known(b)) => alu.apply(a, b).map_or(Value::Other, Value::Known),
        (Alu::And, Value::Bits(word, mask), Value::Known(k))
        | (Alu::And, Value::Known(k), Value::Bits(word, mask)) => Value::Bits(word, mask & k),
        (
            Alu::Add | Alu::Sub | Alu::Or | Alu::Xor | Alu::Lsh | Alu::Rsh,
            Value::Bits(..),
            Value::Known(0),
        ) => a,
        _ => Value::Other,
    }
}
