//! Hostile input: no program and no profile makes us panic, loop or disagree with ourselves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use whodenied_kernel::syscall::Arch;
use whodenied_seccomp::bpf::{Instruction, Program, SeccompData, disassemble, run, run_all};
use whodenied_seccomp::profile::{Host, Question, decide, read};
use whodenied_text::SourceId;

fn instruction() -> impl Strategy<Value = Instruction> {
    let code = prop_oneof![
        8 => prop::sample::select(vec![
            0x20u16, 0x80, 0x00, 0x60, 0x81, 0x01, 0x61, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c,
            0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0xa4, 0xac, 0x84, 0x07, 0x87, 0x05, 0x15, 0x1d, 0x25,
            0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16,
        ]),
        1 => any::<u16>(),
    ];
    let k = prop_oneof![4 => 0u32..16, 3 => (0u32..16).prop_map(|k| k * 4), 1 => any::<u32>()];
    (code, 0u8..4, 0u8..4, k).prop_map(|(code, jt, jf, k)| Instruction { code, jt, jf, k })
}

/// Stores to all memory first, so that more of what follows is valid.
fn instructions() -> impl Strategy<Value = Vec<Instruction>> {
    (any::<bool>(), prop::collection::vec(instruction(), 0..20), any::<u32>()).prop_map(
        |(stores, body, code)| {
            let stores = (0..if stores { 16 } else { 0 }).map(|k| Instruction::new(2, 0, 0, k));
            let end = (0..4).map(|n| Instruction::new(6, 0, 0, code.wrapping_add(n << 16)));
            stores.chain(body).chain(end).collect()
        },
    )
}

fn data() -> impl Strategy<Value = SeccompData> {
    let arch = prop::sample::select(vec![0xC000_003E, 0x4000_0003, 0x8000_0016, 0xC000_00B7, 0, u32::MAX]);
    (any::<u32>(), arch, any::<u64>(), any::<[u64; 6]>())
        .prop_map(|(nr, arch, instruction_pointer, args)| SeccompData { nr, arch, instruction_pointer, args })
}

/// Pieces of profiles in any order.
fn scraps() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"defaultAction\"",
        "\"SCMP_ACT_ERRNO\"",
        "\"syscalls\"",
        "\"names\"",
        "\"read\"",
        "\"args\"",
        "\"index\"",
        "1",
        "-1",
        "18446744073709551616",
        "1e9",
        "null",
        "\"\\ud800\\u0041\"",
        "\"é",
        "\n",
        "\\",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[",
        "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}",
        "]}",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_run_to_an_end(list in instructions(), data in data()) {
        if let Ok(program) = Program::new(list.clone()) {
            let outcome = run(&program, &data);
            prop_assert!(outcome.path.is_sorted_by(|a, b| a < b), "jumps lead forward only");
            prop_assert_eq!(outcome.path.last(), Some(&outcome.at));
            prop_assert_eq!(disassemble(&program).lines().count(), list.len());
            let decision = run_all(std::slice::from_ref(&program), &data).unwrap();
            prop_assert_eq!((decision.code, decision.at), (outcome.code, outcome.at));
            prop_assert!(!decision.because.is_empty());
        }
    }

    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64), little in any::<bool>()) {
        let _ = Program::from_bytes(&bytes, little);
    }

    #[test]
    fn profiles_are_read_or_refused(text in prop_oneof![scraps(), any::<String>()], data in data()) {
        match read(&text, SourceId(0)) {
            Ok(profile) => {
                let _ = decide(&profile, &Question { host: &Host::new(Arch::X86_64), data });
            }
            Err(error) => prop_assert!(error.line >= 1 && error.column >= 1),
        }
    }
}
