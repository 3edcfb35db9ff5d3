#![no_main]
//! Compiled AppArmor policy: what decodes can be asked, described and written again, and reads back the same.

use whodenied_apparmor::binary::{Limits, PermsForm, Target, decode, encode};
use whodenied_apparmor::describe::describe;
use whodenied_apparmor::evaluate::{Kernel, file};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits { bytes: 4 << 20, profiles: 100, edges: 1 << 20 };
    let Ok(load) = decode(data, &limits) else { return };
    for unit in &load.units {
        let _ = describe(&unit.profile, &Kernel::NEWEST);
        let _ = file(&unit.profile, b"/etc/passwd", true, 4);
        let target = Target { perms: PermsForm::Table, wide: false, version: 0 };
        if let Ok(bytes) = encode(&unit.profile, &target) {
            assert!(decode(&bytes, &Limits::default()).is_ok());
        }
    }
});
