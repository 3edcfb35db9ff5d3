//! Why a filter answered as it did: the conditions along the path it took, in words.

use super::op::{Op, Test};
use super::symbols::{Condition, Symbols};
use super::{Program, SeccompData, Word, is_little, run};
use whodenied_kernel::syscall::{Arch, X32_BIT};

/// A condition met on the way, with what it came to.
type Met = (Condition, bool);

/// The conditions along the way of this call, as clauses joined by commas.
pub(super) fn because(program: &Program, data: &SeccompData) -> String {
    let (met, unknown) = follow(program, data);
    let mut clauses = Vec::new();
    clauses.extend(arch(&met));
    clauses.extend(call(&met, data));
    let wide = Arch::from_audit(data.arch).is_none_or(|a| a.audit() & 0x8000_0000 != 0);
    for (low, high, name) in parts() {
        value(&met, low, high, &name, wide, &mut clauses);
    }
    if unknown {
        clauses.push("a value computed from the call is compared".to_owned());
    }
    if clauses.is_empty() {
        return "the filter answers so to every call".to_owned();
    }
    clauses.join(", ")
}

fn follow(program: &Program, data: &SeccompData) -> (Vec<Met>, bool) {
    let mut symbols = Symbols::START;
    let (mut met, mut unknown) = (Vec::new(), false);
    let little = is_little(data.arch);
    run::walk(program, data, |at| {
        let (Some(op), Some(instruction)) = (program.ops.get(at), program.instructions.get(at)) else {
            return;
        };
        if let Op::Branch(test, operand) = *op {
            match symbols.condition(test, operand, instruction.k) {
                Some(c) => {
                    let holds = c.test.holds(c.word.of(data) & c.mask, c.k);
                    if !met.contains(&(c, holds)) {
                        met.push((c, holds));
                    }
                }
                None => unknown |= instruction.jt != instruction.jf,
            }
        } else {
            symbols.step(*op, instruction, little);
        }
    });
    (met, unknown)
}

fn of(met: &[Met], word: Word) -> impl Iterator<Item = &Met> {
    met.iter().filter(move |(c, _)| c.word == word)
}

/// The words of the 64-bit values: the low one, the high one, and what the value is called.
fn parts() -> impl Iterator<Item = (Word, Word, String)> {
    let pointer = (Word::PointerLow, Word::PointerHigh, "the instruction pointer".to_owned());
    std::iter::once(pointer)
        .chain((0..6).map(|n| (Word::ArgLow(n), Word::ArgHigh(n), format!("argument {n}"))))
}

fn arch_name(k: u32) -> String {
    Arch::from_audit(k).map_or_else(|| format!("{k:#010x}"), |a| a.name().to_owned())
}

fn arch(met: &[Met]) -> Option<String> {
    let tests: Vec<&Met> = of(met, Word::Arch).collect();
    if let Some((c, _)) = tests.iter().find(|(c, holds)| c.test == Test::Equal && *holds) {
        return Some(format!("arch is {}", arch_name(c.k)));
    }
    let not: Vec<String> =
        tests.iter().filter(|(c, _)| c.test == Test::Equal).map(|(c, _)| arch_name(c.k)).collect();
    match not.as_slice() {
        [] => None,
        [one] => Some(format!("arch is not {one}")),
        many => Some(format!("arch is none of {}", many.join(" "))),
    }
}

fn call(met: &[Met], data: &SeccompData) -> Option<String> {
    let tests: Vec<&Met> = of(met, Word::Nr).collect();
    if tests.is_empty() {
        return None;
    }
    let name = Arch::from_audit(data.arch).and_then(|a| a.syscall_name(data.nr.into()));
    let called = name.map_or_else(|| data.nr.to_string(), |name| format!("{name} ({})", data.nr));
    if tests.iter().any(|(c, holds)| c.test == Test::Equal && *holds && c.mask == u32::MAX) {
        return Some(format!("the call is {called}"));
    }
    let (mut above, mut below, mut not) = (None, None, 0usize);
    for (c, holds) in &tests {
        match (c.test, *holds) {
            (Test::Equal, false) => not += 1,
            (Test::Greater, true) => above = above.max(Some(u64::from(c.k))),
            (Test::GreaterEqual, true) => above = above.max(Some(u64::from(c.k).saturating_sub(1))),
            (Test::Greater, false) => below = Some(below.unwrap_or(u64::MAX).min(u64::from(c.k) + 1)),
            (Test::GreaterEqual, false) => below = Some(below.unwrap_or(u64::MAX).min(u64::from(c.k))),
            _ => {}
        }
    }
    // All numbers of the ordinary ABI are below the x32 bit; that says nothing.
    below = below.filter(|b| *b < X32_BIT);
    if above == Some(X32_BIT - 1) {
        return Some(format!("the call, {called}, is of the x32 ABI"));
    }
    Some(match (above, below, not) {
        (_, _, 1) => format!("the call, {called}, is not the one compared with"),
        (_, _, 2..) => format!("the call, {called}, is none of the {not} compared with"),
        (Some(a), None, _) => format!("the call, {called}, is above {a}"),
        (None, Some(b), _) => format!("the call, {called}, is below {b}"),
        (Some(a), Some(b), _) => format!("the call, {called}, is above {a} and below {b}"),
        (None, None, _) => {
            let masked: Vec<String> = tests
                .iter()
                .map(|(c, holds)| {
                    format!(
                        "the call's number {}",
                        compared(u64::from(c.mask), u64::from(c.k), c.test, *holds, u32::MAX.into())
                    )
                })
                .collect();
            masked.join(", ")
        }
    })
}

/// The clauses on one 64-bit value, its halves put together where a way compares both.
fn value(met: &[Met], low: Word, high: Word, name: &str, wide: bool, clauses: &mut Vec<String>) {
    let lows: Vec<&Met> = of(met, low).collect();
    let highs: Vec<&Met> = of(met, high).collect();
    let is = |(c, holds): &&&Met| c.test == Test::Equal && *holds;
    let upper = highs.iter().find(is);
    let exact = lows.iter().find(is).filter(|(c, _)| c.mask == u32::MAX);
    for (c, holds) in &lows {
        if exact.is_some_and(|(e, _)| e != c) {
            continue;
        }
        let upper = match upper {
            // Any bit of the lower half says nothing of the upper one.
            Some((u, _)) if c.test != Test::AnyBit => (u64::from(u.mask) << 32, u64::from(u.k) << 32),
            _ => (0, 0),
        };
        let all = if wide { u64::MAX } else { u32::MAX.into() };
        let (mask, k) = (upper.0 | u64::from(c.mask), upper.1 | u64::from(c.k));
        clauses.push(format!("{name} {}", compared(mask, k, c.test, *holds, all)));
    }
    for (c, holds) in &highs {
        let used = upper.is_some_and(|(u, _)| u == c) && lows.iter().any(|(l, _)| l.test != Test::AnyBit);
        let implied = upper.is_some_and(|(u, _)| u != c && u.mask == u32::MAX);
        if !used && !implied {
            let clause = compared(c.mask.into(), c.k.into(), c.test, *holds, u32::MAX.into());
            clauses.push(format!("the upper half of {name} {clause}"));
        }
    }
}

/// `is 38`, `& 0x7e020000 is not 0`: one comparison; `all` is the mask that leaves nothing out.
fn compared(mask: u64, k: u64, test: Test, holds: bool, all: u64) -> String {
    if test == Test::AnyBit {
        return format!("& {:#x} is {}0", mask & k, if holds { "not " } else { "" });
    }
    let masked = if mask == all { String::new() } else { format!("& {mask:#x} ") };
    let how = match (test, holds) {
        (Test::Greater, true) => "above ",
        (Test::Greater, false) => "at most ",
        (Test::GreaterEqual, true) => "at least ",
        (Test::GreaterEqual, false) => "below ",
        (_, true) => "",
        (_, false) => "not ",
    };
    let k = if k < 256 { k.to_string() } else { format!("{k:#x}") };
    format!("{masked}is {how}{k}")
}

#[cfg(test)]
mod tests {
    use super::super::Instruction;
    use super::*;

    fn program(list: &[(u16, u8, u8, u32)]) -> Program {
        Program::new(list.iter().map(|i| Instruction::new(i.0, i.1, i.2, i.3)).collect()).unwrap()
    }

    const X: u32 = 0xC000_003E;

    #[test]
    fn the_way_is_told_in_words() {
        // clone with any CLONE_NEW* flag, by a mask and by separate bits; socket(AF_ALG).
        let p = program(&[
            (0x20, 0, 0, 4),
            (0x15, 0, 9, X),
            (0x20, 0, 0, 0),
            (0x35, 7, 0, 0x4000_0000),
            (0x15, 0, 3, 56),
            (0x20, 0, 0, 16),
            (0x54, 0, 0, 0x7e02_0000),
            (0x15, 4, 3, 0),
            (0x25, 2, 0, 466),
            (0x15, 0, 2, 435),
            (0x06, 0, 0, 0x0005_0001),
            (0x06, 0, 0, 0),
            (0x06, 0, 0, 0x7fff_0000),
        ]);
        let say = |nr: u32, arg: u64, arch: u32| {
            let mut data = SeccompData::call(arch, nr);
            data.args[0] = arg;
            because(&p, &data)
        };
        assert_eq!(
            say(56, 0x1000_0011, X),
            "arch is x86_64, the call is clone (56), argument 0 & 0x7e020000 is not 0"
        );
        assert_eq!(say(56, 0x11, X), "arch is x86_64, the call is clone (56), argument 0 & 0x7e020000 is 0");
        assert_eq!(say(435, 0, X), "arch is x86_64, the call is clone3 (435)");
        assert_eq!(
            say(468, 0, X),
            "arch is x86_64, the call, file_getattr (468), is not the one compared with"
        );
        assert_eq!(say(0x4000_0001, 0, X), "arch is x86_64, the call, write (1073741825), is of the x32 ABI");
        assert_eq!(say(1, 0, 0x4000_0003), "arch is not x86_64");
        let above =
            program(&[(0x20, 0, 0, 0), (0x25, 0, 1, 466), (0x06, 0, 0, 0x0005_0026), (0x06, 0, 0, 0)]);
        assert_eq!(
            because(&above, &SeccompData::call(X, 467)),
            "the call, open_tree_attr (467), is above 466"
        );
        let all = program(&[(0x06, 0, 0, 0)]);
        assert_eq!(because(&all, &SeccompData::call(X, 0)), "the filter answers so to every call");
    }

    #[test]
    fn halves_are_put_together() {
        // args[1] > 0x2_0000_0005, as libseccomp compares 64 bits.
        let p = program(&[
            (0x20, 0, 0, 28),
            (0x25, 3, 0, 2),
            (0x15, 0, 3, 2),
            (0x20, 0, 0, 24),
            (0x25, 0, 1, 5),
            (0x06, 0, 0, 0x0005_0001),
            (0x06, 0, 0, 0x7fff_0000),
        ]);
        let say = |arg: u64| {
            let mut data = SeccompData::call(X, 1);
            data.args[1] = arg;
            because(&p, &data)
        };
        assert_eq!(say(0x2_0000_0006), "argument 1 is above 0x200000005");
        assert_eq!(say(0x2_0000_0005), "argument 1 is at most 0x200000005");
        assert_eq!(say(0x3_0000_0000), "the upper half of argument 1 is above 2");
        assert_eq!(
            say(1),
            "the upper half of argument 1 is at most 2, the upper half of argument 1 is not 2"
        );
        let bits = program(&[(0x20, 0, 0, 16), (0x45, 0, 1, 3), (0x06, 0, 0, 0), (0x06, 0, 0, 1)]);
        assert_eq!(because(&bits, &SeccompData::call(X, 1)), "argument 0 & 0x3 is 0");
    }
}
