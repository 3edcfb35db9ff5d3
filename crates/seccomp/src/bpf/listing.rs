//! A program as a person can read it.

use super::op::{Op, Operand, Test};
use super::symbols::{Symbols, Value};
use super::{Instruction, Program, Word, is_little};
use std::fmt::Write as _;
use whodenied_kernel::syscall::{Arch, SeccompAction};

/// What is known when an instruction is reached.
#[derive(Clone, Copy)]
struct State {
    symbols: Symbols,
    /// The AUDIT_ARCH value that the call was found to have.
    arch: Option<u32>,
}

impl State {
    const START: Self = Self { symbols: Symbols::START, arch: None };

    fn reach(slot: Option<&mut Option<Self>>, state: &Self) {
        match slot {
            Some(Some(known)) => {
                known.symbols.join(&state.symbols);
                if known.arch != state.arch {
                    known.arch = None;
                }
            }
            Some(empty) => *empty = Some(*state),
            None => {}
        }
    }

    /// Words lie as on a little endian machine until the architecture is known.
    fn little(&self) -> bool {
        self.arch.is_none_or(is_little)
    }
}

/// One line for each instruction: its index, what it does, with loads named by what they load,
/// system calls and architectures by name where the way to them says which architecture it is.
#[must_use]
pub fn disassemble(program: &Program) -> String {
    let len = program.ops.len();
    let mut states: Vec<Option<State>> = vec![None; len];
    if let Some(first) = states.first_mut() {
        *first = Some(State::START);
    }
    let width = len.saturating_sub(1).to_string().len();
    let mut out = String::new();
    for (at, (op, instruction)) in program.ops.iter().zip(&program.instructions).enumerate() {
        let state = states.get(at).copied().flatten();
        let mut next = state.unwrap_or(State::START);
        let text = line(at, *op, instruction, &next);
        let unreached = if state.is_none() { "   never reached" } else { "" };
        let _ = writeln!(out, "{at:>width$}  {text}{unreached}");
        if state.is_none() {
            continue;
        }
        let little = next.little();
        next.symbols.step(*op, instruction, little);
        match *op {
            Op::ReturnConstant | Op::ReturnA => {}
            Op::Jump => State::reach(states.get_mut(at + 1 + instruction.k as usize), &next),
            Op::Branch(test, operand) => {
                let mut holds = next;
                if let Some(c) = next.symbols.condition(test, operand, instruction.k)
                    && c.word == Word::Arch
                    && c.test == Test::Equal
                    && c.mask == u32::MAX
                {
                    holds.arch = Some(c.k);
                }
                State::reach(states.get_mut(at + 1 + usize::from(instruction.jt)), &holds);
                State::reach(states.get_mut(at + 1 + usize::from(instruction.jf)), &next);
            }
            _ => State::reach(states.get_mut(at + 1), &next),
        }
    }
    out
}

fn line(at: usize, op: Op, instruction: &Instruction, state: &State) -> String {
    let k = instruction.k;
    match op {
        Op::LoadWord => match Word::at(k, state.little()) {
            Some(word) => format!("A = {}", word_name(word)),
            None => format!("A = data[{k}]"),
        },
        Op::LoadLength => "A = 64 (size of the data)".to_owned(),
        Op::LoadConstant => format!("A = {k:#x}"),
        Op::LoadMemory => format!("A = M[{k}]"),
        Op::LoadXLength => "X = 64 (size of the data)".to_owned(),
        Op::LoadXConstant => format!("X = {k:#x}"),
        Op::LoadXMemory => format!("X = M[{k}]"),
        Op::Store => format!("M[{k}] = A"),
        Op::StoreX => format!("M[{k}] = X"),
        Op::Alu(alu, operand) => format!("A {}= {}", alu.sign(), second(operand, k)),
        Op::Negate => "A = -A".to_owned(),
        Op::AToX => "X = A".to_owned(),
        Op::XToA => "A = X".to_owned(),
        Op::Jump => format!("goto {}", at + 1 + k as usize),
        Op::Branch(test, operand) => {
            let (left, right) = sides(test, operand, k, state);
            let to = |skip: u8| at + 1 + usize::from(skip);
            format!(
                "if {left} {} {right} goto {} else {}",
                test.sign(),
                to(instruction.jt),
                to(instruction.jf)
            )
        }
        Op::ReturnConstant => format!("return {}", action_words(k)),
        Op::ReturnA => "return A".to_owned(),
    }
}

fn second(operand: Operand, k: u32) -> String {
    match operand {
        Operand::K => format!("{k:#x}"),
        Operand::X => "X".to_owned(),
    }
}

fn sides(test: Test, operand: Operand, k: u32, state: &State) -> (String, String) {
    let plain = || ("A".to_owned(), second(operand, k));
    let Some(c) = state.symbols.condition(test, operand, k) else { return plain() };
    let left = match state.symbols.a {
        Value::Bits(word, u32::MAX) => word_name(word),
        Value::Bits(word, mask) => format!("({} & {mask:#x})", word_name(word)),
        _ => return plain(),
    };
    let named = |name: Option<&str>, k: String| match name {
        Some(name) if test == Test::Equal => format!("{k} ({name})"),
        _ => k,
    };
    let right = match c.word {
        Word::Nr if test != Test::AnyBit && c.k < 0x4000_0000 => {
            let name = state.arch.and_then(Arch::from_audit).and_then(|a| a.syscall_name(c.k.into()));
            named(name, c.k.to_string())
        }
        Word::Arch => named(Arch::from_audit(c.k).map(Arch::name), format!("{:#010x}", c.k)),
        _ => format!("{:#x}", c.k),
    };
    (left, right)
}

fn word_name(word: Word) -> String {
    match word {
        Word::Nr => "nr".to_owned(),
        Word::Arch => "arch".to_owned(),
        Word::PointerLow => "ip.low".to_owned(),
        Word::PointerHigh => "ip.high".to_owned(),
        Word::ArgLow(n) => format!("args[{n}].low"),
        Word::ArgHigh(n) => format!("args[{n}].high"),
    }
}

/// A SECCOMP_RET value in words: `ERRNO 1 (EPERM)`.
#[must_use]
pub fn action_words(code: u32) -> String {
    match SeccompAction::decode(code) {
        SeccompAction::KillProcess if code & 0xffff_0000 != 0x8000_0000 => {
            format!("{code:#010x}, not an action, taken as KILL_PROCESS")
        }
        SeccompAction::KillProcess => "KILL_PROCESS".to_owned(),
        SeccompAction::KillThread => "KILL_THREAD".to_owned(),
        SeccompAction::Trap => "TRAP".to_owned(),
        SeccompAction::Errno(e) => match e.name() {
            Some(name) => format!("ERRNO {} ({name})", e.0),
            None => format!("ERRNO {}", e.0),
        },
        SeccompAction::UserNotif => "USER_NOTIF".to_owned(),
        SeccompAction::Trace(data) => format!("TRACE {data}"),
        SeccompAction::Log => "LOG".to_owned(),
        SeccompAction::Allow => "ALLOW".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well() {
        let list = [
            (0x20, 0, 0, 4),
            (0x15, 0, 7, 0xC000_003E),
            (0x20, 0, 0, 0),
            (0x15, 0, 3, 56),
            (0x20, 0, 0, 16),
            (0x54, 0, 0, 0x7e02_0000),
            (0x15, 1, 2, 0),
            (0x05, 0, 0, 1),
            (0x06, 0, 0, 0x7fff_0000),
            (0x06, 0, 0, 0x0005_0001),
            (0x00, 0, 0, 5),
            (0x16, 0, 0, 0),
        ];
        let list = list.iter().map(|i| Instruction::new(i.0, i.1, i.2, i.3)).collect();
        let text = disassemble(&Program::new(list).unwrap());
        let expected = "\
\x200  A = arch
 1  if arch == 0xc000003e (x86_64) goto 2 else 9
 2  A = nr
 3  if nr == 56 (clone) goto 4 else 7
 4  A = args[0].low
 5  A &= 0x7e020000
 6  if (args[0].low & 0x7e020000) == 0x0 goto 8 else 9
 7  goto 9
 8  return ALLOW
 9  return ERRNO 1 (EPERM)
10  A = 0x5   never reached
11  return A   never reached
";
        assert_eq!(text, expected);
    }

    #[test]
    fn codes_in_words() {
        assert_eq!(action_words(0x0005_0026), "ERRNO 38 (ENOSYS)");
        assert_eq!(action_words(0x8000_0000), "KILL_PROCESS");
        assert_eq!(action_words(0x1234_0000), "0x12340000, not an action, taken as KILL_PROCESS");
        assert_eq!(action_words(0), "KILL_THREAD");
    }
}
