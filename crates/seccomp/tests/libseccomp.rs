//! Profiles decided by us, and by libseccomp's filter run on our machine: the answers are the same.
//!
//! Needs `/usr/bin/python3` and `libseccomp.so.2`; says that it was skipped where they are missing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test fails by panicking, and says its numbers"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use whodenied_kernel::syscall::Arch;
use whodenied_seccomp::bpf::{Program, SeccompData, disassemble, run};
use whodenied_seccomp::profile::{Abi, Host, Resolved, read};
use whodenied_text::SourceId;

/// A running helper that answers a line with a line.
struct Library {
    child: Child,
    out: BufReader<ChildStdout>,
    version: String,
}

impl Library {
    fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libseccomp.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            println!("skipped: no /usr/bin/python3");
            return None;
        };
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut version = String::new();
        out.read_line(&mut version).unwrap();
        if !version.starts_with("libseccomp") {
            println!("skipped: no libseccomp.so.2 ({})", version.trim());
            let _ = child.wait();
            return None;
        }
        Some(Self { child, out, version: version.trim().to_owned() })
    }

    fn ask(&mut self, job: &Value) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{job}").unwrap();
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

const ABIS: &[(&str, Abi)] = &[
    ("SCMP_ARCH_X86_64", Abi { arch: Arch::X86_64, x32: false }),
    ("SCMP_ARCH_X86", Abi { arch: Arch::X86, x32: false }),
    ("SCMP_ARCH_X32", Abi::X32),
    ("SCMP_ARCH_AARCH64", Abi { arch: Arch::Aarch64, x32: false }),
    ("SCMP_ARCH_ARM", Abi { arch: Arch::Arm, x32: false }),
    ("SCMP_ARCH_RISCV64", Abi { arch: Arch::Riscv64, x32: false }),
    ("SCMP_ARCH_S390X", Abi { arch: Arch::S390x, x32: false }),
    ("SCMP_ARCH_PPC64LE", Abi { arch: Arch::Ppc64le, x32: false }),
];

#[test]
fn numbers_are_libseccomps() {
    let Some(mut library) = Library::start() else { return };
    let mut names: Vec<&str> =
        ABIS.iter().flat_map(|(_, abi)| (0..600u64).filter_map(|n| abi.arch.syscall_name(n))).collect();
    names.sort_unstable();
    names.dedup();
    let tokens: Vec<&str> = ABIS.iter().map(|a| a.0).collect();
    let rows: Vec<Vec<i64>> =
        serde_json::from_str(&library.ask(&json!({"numbers": tokens, "names": names}))).unwrap();
    let (mut compared, mut different) = (0, Vec::new());
    for ((token, abi), row) in ABIS.iter().zip(rows) {
        for (name, theirs) in names.iter().zip(row) {
            let ours = abi.number(name);
            // -1: not known to the library. Below -100: a call that this ABI does not have, except that
            // multiplexed calls are so, with or without a number of their own.
            let multiplexed = (-240..=-101).contains(&theirs);
            if theirs < -1 && !multiplexed {
                compared += 1;
                if let Some(ours) = ours {
                    different.push(format!("{token} {name}: ours {ours}, libseccomp has none"));
                }
            }
            if theirs >= 0 {
                compared += 1;
                if ours.map(i64::from) != Some(theirs) {
                    different.push(format!("{token} {name}: ours {ours:?}, libseccomp's {theirs}"));
                }
            }
        }
    }
    println!("{}: {compared} numbers compared", library.version);
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

/// xorshift64*: the same profiles on every run of one seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const NAMES: &[&str] = &[
    "read",
    "write",
    "open",
    "openat",
    "personality",
    "clone",
    "clone3",
    "socket",
    "connect",
    "accept4",
    "accept",
    "send",
    "recvmmsg",
    "shmat",
    "semop",
    "semtimedop",
    "msgget",
    "ipc",
    "socketcall",
    "prctl",
    "ioctl",
    "mount",
    "umount",
    "umount2",
    "unshare",
    "setns",
    "bpf",
    "keyctl",
    "ptrace",
    "io_uring_setup",
    "futex_time64",
    "clock_gettime64",
    "_llseek",
    "stat64",
    "fstatat64",
    "newfstatat",
    "set_thread_area",
    "arch_prctl",
    "modify_ldt",
    "sigreturn",
    "rt_sigreturn",
    "mmap",
    "mmap2",
    "arm_fadvise64_64",
    "sync_file_range2",
    "riscv_flush_icache",
    "s390_pci_mmio_read",
    "no_such_call",
    "openat2",
    "memfd_secret",
    "execve",
];

const VALUES: &[u64] = &[
    0,
    1,
    2,
    8,
    16,
    38,
    40,
    0xff,
    0x2_0000,
    0x7e02_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x2_0000_0008,
    0x8000_0000_0000_0000,
    0xffff_ffff_0000_0000,
    u64::MAX - 1,
    u64::MAX,
];

fn action(random: &mut Random, few: bool) -> Value {
    let all = [
        ("SCMP_ACT_ALLOW", None),
        ("SCMP_ACT_ERRNO", Some(1)),
        ("SCMP_ACT_ERRNO", None),
        ("SCMP_ACT_ERRNO", Some(38)),
        ("SCMP_ACT_LOG", None),
        ("SCMP_ACT_TRAP", None),
        ("SCMP_ACT_KILL_PROCESS", None),
        ("SCMP_ACT_KILL", None),
        ("SCMP_ACT_TRACE", Some(7)),
    ];
    let (action, errno) = *random.pick(if few { &all[..2] } else { &all });
    match errno {
        Some(errno) => json!({"action": action, "errnoRet": errno}),
        None => json!({"action": action}),
    }
}

fn profile(random: &mut Random, also: &[&str]) -> Value {
    let few = random.below(3) > 0;
    let default = action(random, few);
    let mut syscalls = Vec::new();
    for _ in 0..1 + random.below(14) {
        let mut entry = action(random, few);
        let names: Vec<&str> = (0..1 + random.below(4)).map(|_| *random.pick(NAMES)).collect();
        let mut args = Vec::new();
        if random.below(2) == 0 {
            for _ in 0..1 + random.below(3) {
                let op = *random.pick(&["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ", "MASKED_EQ", "EQ"]);
                let (mut value, mut two) = (*random.pick(VALUES), 0);
                if op == "MASKED_EQ" {
                    value |= 1 << random.below(40);
                    two = *random.pick(VALUES) & value;
                }
                let few = random.below(4) == 0;
                let index = random.below(if few { 2 } else { 6 });
                args.push(
                    json!({"index": index, "op": format!("SCMP_CMP_{op}"), "value": value, "valueTwo": two}),
                );
            }
        }
        entry["names"] = json!(names);
        entry["args"] = json!(args);
        syscalls.push(entry);
    }
    let mut profile =
        json!({"defaultAction": default["action"], "architectures": also, "syscalls": syscalls});
    if let Some(errno) = default.get("errnoRet") {
        profile["defaultErrnoRet"] = errno.clone();
    }
    profile
}

/// The machines, with the further ABIs their filters cover.
const MACHINES: &[(usize, &[&str])] = &[
    (0, &[]),
    (0, &["SCMP_ARCH_X86"]),
    (0, &["SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
    (1, &[]),
    (3, &[]),
    (3, &["SCMP_ARCH_ARM"]),
    (5, &[]),
    (6, &[]),
    (7, &[]),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// Argument vectors near the values that a profile compares with.
fn arguments(random: &mut Random, profile: &Value) -> [u64; 6] {
    let mut near: Vec<u64> = vec![0, 1, u64::MAX];
    for entry in profile["syscalls"].as_array().unwrap() {
        for arg in entry["args"].as_array().unwrap() {
            near.extend(["value", "valueTwo"].iter().filter_map(|k| arg[*k].as_u64()));
        }
    }
    std::array::from_fn(|_| {
        let value = *random.pick(&near);
        match random.below(8) {
            0 => value.wrapping_add(1),
            1 => value.wrapping_sub(1),
            2 => value ^ (1 << random.below(64)),
            3 => value ^ 0xffff_ffff_0000_0000,
            _ => value,
        }
    })
}

#[test]
fn profiles_decide_as_libseccomps_filters() {
    let Some(mut library) = Library::start() else { return };
    let count = std::env::var("WHODENIED_PROFILES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let seed = std::env::var("WHODENIED_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
    let (mut asked, mut open, mut open_same, mut refused, mut wrong) = (0u64, 0u64, 0u64, 0, 0);
    let unknown: Vec<i64> = serde_json::from_str::<Vec<Vec<i64>>>(
        &library.ask(&json!({"numbers": ["SCMP_ARCH_X86_64"], "names": NAMES})),
    )
    .unwrap()
    .remove(0);
    let unknown: std::collections::BTreeSet<String> =
        NAMES.iter().zip(unknown).filter(|(_, n)| *n == -1).map(|(name, _)| (*name).to_owned()).collect();
    for round in 0..count {
        let (machine, also) = *random.pick(MACHINES);
        let (token, abi) = ABIS[machine];
        let json = profile(&mut random, also);
        let hex = library.ask(&json!({"machine": token, "optimize": 1 + round % 2, "profile": json}));
        if hex.starts_with('!') {
            println!("{token} {hex}");
            refused += 1;
            continue;
        }
        let program = Program::from_bytes(&bytes(&hex), abi.arch != Arch::S390x).unwrap();
        // libseccomp 2.5.4 makes some filters wrongly: it leaves the load of the number out when the call
        // it would ask about first does not exist in the ABI (the arch is then compared with numbers),
        // and shares a comparison between ways that come with different halves loaded.
        let listing = disassemble(&program);
        let number_missing = |l: &str| l.contains("if arch == ") && !l.contains(") goto");
        if listing.lines().any(|l| number_missing(l) || l.contains("if A ")) {
            wrong += 1;
            continue;
        }
        let parsed = read(&json.to_string(), SourceId(0)).unwrap();
        let mut host = Host::new(abi.arch);
        host.options.unknown.clone_from(&unknown);
        let resolved = Resolved::new(&parsed, &host);
        let mut ask = |data: SeccompData| {
            let ours = resolved.decide(&data);
            let theirs = run(&program, &data).code;
            asked += 1;
            if !ours.contradicted_by.is_empty() {
                open += 1;
                open_same += u64::from(ours.answer.code() == theirs);
                return;
            }
            assert_eq!(
                ours.answer.code(),
                theirs,
                "{data:x?}: ours {ours:?}, libseccomp's {theirs:#x}\n{token} {json}\n{}",
                disassemble(&program)
            );
        };
        let mut numbers: Vec<(u32, u32)> = Vec::new();
        for (_, abi) in ABIS {
            for name in NAMES {
                numbers.extend(abi.number(name).map(|n| (abi.arch.audit(), n)));
            }
        }
        for (arch, nr) in &numbers {
            ask(SeccompData::call(*arch, *nr));
        }
        for nr in (0..600).chain([0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x8000_0000, u32::MAX]) {
            ask(SeccompData::call(abi.arch.audit(), nr));
        }
        ask(SeccompData::call(0x1234, 1));
        let of_machine: Vec<(u32, u32)> = numbers
            .iter()
            .filter(|(arch, _)| resolved.abis().iter().any(|a| a.arch.audit() == *arch))
            .copied()
            .collect();
        for _ in 0..6 {
            for (arch, nr) in &of_machine {
                let mut args = arguments(&mut random, &json);
                if ["socketcall", "ipc"]
                    .iter()
                    .any(|m| Arch::from_audit(*arch).unwrap().syscall_number(m) == Some((*nr).into()))
                {
                    args[0] = random.next() % 26;
                }
                ask(SeccompData { nr: *nr, arch: *arch, instruction_pointer: 0, args });
            }
        }
    }
    println!(
        "{}: {count} profiles ({refused} refused by the library, {wrong} filters wrongly made by it), {asked} calls decided the same; {open} left open by \
         contradicting entries, of them {open_same} the same",
        library.version
    );
}
