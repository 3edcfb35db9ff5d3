//! The seeds of the decoder's fuzz target: whole they are read and written again, damaged they are refused or
//! read, never a panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use whodenied_apparmor::binary::{Limits, PermsForm, Target, decode, encode};
use whodenied_apparmor::describe::describe;
use whodenied_apparmor::evaluate::Kernel;

#[test]
fn seeds() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/compiled");
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let load = decode(&bytes, &Limits::default()).unwrap();
        for unit in &load.units {
            let target = Target { perms: PermsForm::Table, wide: false, version: 0 };
            let again = encode(&unit.profile, &target).unwrap();
            assert_eq!(decode(&again, &Limits::default()).unwrap().units[0].profile, unit.profile);
        }
        let small = Limits { bytes: 1 << 20, profiles: 10, edges: 1 << 16 };
        for at in (0..bytes.len()).step_by(7) {
            let _ = decode(&bytes[..at], &small);
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x41;
            for unit in decode(&damaged, &small).map_or(Vec::new(), |l| l.units) {
                if at % 5 == 0 {
                    let _ = describe(&unit.profile, &Kernel::NEWEST);
                }
            }
        }
        count += 1;
    }
    assert!(count >= 5);
}
