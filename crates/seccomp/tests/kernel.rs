//! The running kernel and our machine: the same programs are taken, and installed filters answer
//! the same.
//!
//! Needs `/usr/bin/python3` and a kernel that lets filters be installed; says that it was skipped
//! where they are missing. The filters are installed in children that end with the test.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test fails by panicking, and says its numbers"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use whodenied_kernel::syscall::{Arch, SeccompAction};
use whodenied_seccomp::bpf::{Instruction, Program, SeccompData, disassemble, run_all, validate};

struct Kernel {
    child: Child,
    out: BufReader<ChildStdout>,
    arch: Arch,
}

impl Kernel {
    fn start() -> Option<Self> {
        let Some(arch) = Arch::from_name(std::env::consts::ARCH) else {
            println!("skipped: the numbers of {} are not known", std::env::consts::ARCH);
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel.py");
        let mut command = Command::new("/usr/bin/python3");
        let Ok(mut child) = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
            println!("skipped: no /usr/bin/python3");
            return None;
        };
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut kernel = Self { child, out, arch };
        let allow = [Instruction::new(0x06, 0, 0, 0x7fff_0000)];
        let first = kernel.ask(&json!({"check": [rows(&allow)]}));
        if first != [json!(0)] {
            println!("skipped: this kernel or container lets no filter be installed: {first:?}");
            return None;
        }
        Some(kernel)
    }

    fn ask(&mut self, job: &Value) -> Vec<Value> {
        writeln!(self.child.stdin.as_mut().unwrap(), "{job}").unwrap();
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn rows(program: &[Instruction]) -> Value {
    program.iter().map(|i| json!([i.code, i.jt, i.jf, i.k])).collect()
}

/// xorshift64*: the same programs on every run of one seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u32) -> u32 {
        u32::try_from(self.next() % u64::from(n)).unwrap()
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.next() % list.len() as u64).unwrap()]
    }
}

fn scale() -> usize {
    std::env::var("WHODENIED_FILTERS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

const CODES: &[u16] = &[
    0x20, 0x80, 0x00, 0x60, 0x81, 0x01, 0x61, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c,
    0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0xa4, 0xac, 0x84, 0x07, 0x87, 0x05, 0x15, 0x1d, 0x25,
    0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16,
];

#[test]
fn the_kernel_takes_the_same_programs() {
    let Some(mut kernel) = Kernel::start() else { return };
    let mut random = Random(0x1234_5678_9abc_def1);
    let allow = Instruction::new(0x06, 0, 0, 0x7fff_0000);
    let (mut taken, mut refused) = (0, 0);
    // Every code there is: alone, with a constant that no rule on the constant refuses.
    let mut programs: Vec<Vec<Instruction>> = (0..=0x1ff)
        .chain([0x7fff, 0x8006, 0xffff])
        .map(|code| vec![allow, Instruction::new(code, 0, 0, 4), allow])
        .collect();
    programs.push(Vec::new());
    for _ in 0..scale() * 10 {
        let len = 1 + random.below(8);
        let mut program = vec![allow];
        for _ in 0..len {
            let code = if random.below(12) == 0 {
                u16::try_from(random.below(256)).unwrap()
            } else {
                random.pick(CODES)
            };
            let k = match random.below(5) {
                0 => random.below(5) * 4,
                1 => random.below(70),
                2 => random.pick(&[0, 15, 16, 31, 32, 60, 64, 0xffff_f000, u32::MAX]),
                _ => random.below(4),
            };
            let skip = |random: &mut Random| u8::try_from(random.below(3)).unwrap();
            program.push(Instruction::new(code, skip(&mut random), skip(&mut random), k));
        }
        if random.below(4) > 0 {
            program.push(Instruction::new(random.pick(&[0x06, 0x16]), 0, 0, 0x7fff_0000));
        }
        programs.push(program);
    }
    for batch in programs.chunks(100) {
        let answers = kernel.ask(&json!({"check": batch.iter().map(|p| rows(p)).collect::<Vec<_>>()}));
        assert_eq!(answers.len(), batch.len());
        for (program, errno) in batch.iter().zip(answers) {
            let ours = validate(program);
            let theirs = errno.as_i64().unwrap();
            assert!(theirs == 0 || theirs == 22, "errno {theirs} of {program:x?}");
            assert_eq!(ours.is_ok(), theirs == 0, "{program:x?}: ours {ours:?}, the kernel's errno {theirs}");
            if theirs == 0 { taken += 1 } else { refused += 1 }
        }
    }
    // The longest, and one more.
    for (len, errno) in [(4096, 0), (4097, 22)] {
        let long = vec![allow; len];
        assert_eq!(kernel.ask(&json!({"check": [rows(&long)]})), [json!(errno)]);
        assert_eq!(validate(&long).is_ok(), errno == 0);
    }
    println!("{taken} programs taken and {refused} refused alike");
    assert!(taken > 200 && refused > 200);
}

/// A program that computes something of a call's arguments, and answers to `number` alone.
fn program(random: &mut Random, number: u32, deadly: bool) -> Vec<Instruction> {
    let mut body = Vec::new();
    let len = 4 + random.below(24);
    for left in (0..len).rev() {
        let mut code = random.pick(CODES);
        if matches!(code, 0x06 | 0x16) && random.below(3) > 0 {
            code = 0x20;
        }
        // Where the call is made from is not known here, so bytes 8 to 15 are not loaded.
        let k = match code {
            0x20 => random.pick(&[0, 4, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60]),
            0x60 | 0x61 | 0x02 | 0x03 => random.below(4),
            0x64 | 0x74 => random.below(32),
            0x05 => random.below(left.min(3) + 1),
            0x06 => answer(random, deadly),
            _ => match random.below(3) {
                0 => 1 + random.below(8),
                1 => u32::try_from(random.next() >> 32).unwrap() | 1,
                _ => 1 << random.below(32),
            },
        };
        let skip = |random: &mut Random| u8::try_from(random.below(left.min(4) + 1)).unwrap();
        // What is computed is no action: nothing returns it unshaped.
        let code = if code == 0x16 { 0x84 } else { code };
        body.push(Instruction::new(code, skip(random), skip(random), k));
    }
    let shift = random.below(21);
    // A = ERRNO | 12 bits of A
    let end = [(0x74, shift), (0x54, 0xfff), (0x44, 0x0005_0000), (0x16, 0)];
    let mut all = vec![
        Instruction::new(0x20, 0, 0, 0),
        Instruction::new(0x15, 1, 0, number),
        Instruction::new(0x06, 0, 0, 0x7fff_0000),
    ];
    all.extend((0..4).map(|cell| Instruction::new(0x02, 0, 0, cell)));
    all.extend(body);
    all.extend(end.map(|(code, k)| Instruction::new(code, 0, 0, k)));
    all
}

fn answer(random: &mut Random, deadly: bool) -> u32 {
    let mild = [
        0x7fff_0000,
        0x7fff_0000,
        0x0005_0001,
        0x0005_0026,
        0x0005_0fff,
        0x0005_ffff,
        0x0005_0000,
        0x7ff0_0009,
        0x7fc0_0000,
    ];
    if deadly && random.below(3) == 0 {
        return random.pick(&[0, 0x0003_0000, 0x8000_0000, 0x1234_0000, 0xffff_ffff]);
    }
    random.pick(&mild)
}

fn expected(code: u32) -> Value {
    match SeccompAction::decode(code) {
        SeccompAction::Errno(errno) => json!(errno.0),
        // Without a tracer or a supervisor the call is answered with ENOSYS.
        SeccompAction::Trace(_) | SeccompAction::UserNotif => json!(38),
        SeccompAction::Log | SeccompAction::Allow => json!("pass"),
        _ => json!("signal"),
    }
}

#[test]
fn installed_filters_answer_the_same() {
    let Some(mut kernel) = Kernel::start() else { return };
    let number = u32::try_from(kernel.arch.syscall_number("getppid").unwrap()).unwrap();
    let mut random = Random(0x00dd_ba11_0b57_ac1e);
    let (mut asked, mut refused, mut killed) = (0, 0, 0);
    for round in 0..scale() {
        let deadly = round % 5 == 0;
        let filters: Vec<Vec<Instruction>> =
            (0..1 + random.below(3)).map(|_| program(&mut random, number, deadly)).collect();
        let programs: Vec<Program> = filters
            .iter()
            .map(|f| Program::new(f.clone()).unwrap_or_else(|e| panic!("{e}: {f:x?}")))
            .collect();
        let calls: Vec<[u64; 6]> = (0..if deadly { 3 } else { 25 })
            .map(|_| {
                std::array::from_fn(|_| match random.below(3) {
                    0 => random.next(),
                    1 => u64::from(random.below(10)),
                    _ => 1 << random.below(64),
                })
            })
            .collect();
        let installed: Vec<Value> = filters.iter().map(|f| rows(f)).collect();
        let answers = kernel.ask(&json!({"filters": installed, "number": number, "calls": calls}));
        for (args, theirs) in calls.iter().zip(&answers) {
            let data =
                SeccompData { nr: number, arch: kernel.arch.audit(), instruction_pointer: 0, args: *args };
            let ours = run_all(&programs, &data).unwrap();
            let listings: Vec<String> = programs.iter().map(disassemble).collect();
            assert_eq!(expected(ours.code), *theirs, "{args:x?}: ours {ours:x?}\n{}", listings.join("\n"));
            asked += 1;
            refused += u32::from(theirs.is_number());
            killed += u32::from(theirs == "signal");
        }
    }
    println!("{asked} calls answered alike, {refused} of them with an errno, {killed} with a signal");
    assert!(refused > 100 && killed > 0);
}
