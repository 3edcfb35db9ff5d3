//! SECCOMP records, type 1326.
//!
//! Source: Linux `kernel/auditsc.c`, `audit_seccomp`.

use super::pairs::Pairs;
use std::ops::Range;
use whodenied_case::RecordKind;
use whodenied_case::record::SeccompRecord;
use whodenied_kernel::syscall::Arch;

/// Reads one.
pub(super) fn read(pairs: &Pairs<'_>) -> Option<RecordKind> {
    let syscall = pairs.get("syscall")?;
    let arch = pairs.get("arch").and_then(arch);
    let number = leading(syscall).or_else(|| {
        // Interpreted: a name instead of the number.
        Arch::from_audit(arch.unwrap_or(Arch::X86_64.audit()))?.syscall_number(syscall)
    });
    let record = SeccompRecord {
        syscall: number,
        arch,
        code: pairs.get("code").and_then(|c| hex(c).or_else(|| action(c))),
        sig: pairs.get("sig").and_then(signal),
        fields: pairs.fields(&["type", "msg", "node"]),
    };
    Some(RecordKind::Seccomp(Box::new(record)))
}

/// The pairs that decide.
pub(super) fn deciding(pairs: &Pairs<'_>) -> Vec<Range<usize>> {
    super::places(pairs, &["sig", "syscall", "code"])
}

/// An AUDIT_ARCH value, or the name auditd resolved it to.
pub(super) fn arch(value: &str) -> Option<u32> {
    Arch::from_name(value)
        .map(Arch::audit)
        .or_else(|| u32::from_str_radix(value.trim_start_matches("0x"), 16).ok())
}

fn hex(value: &str) -> Option<u32> {
    u32::from_str_radix(value.strip_prefix("0x")?, 16).ok()
}

/// auditd's names for the codes.
fn action(value: &str) -> Option<u32> {
    Some(match value.split('(').next()? {
        "kill" | "kill_thread" | "kill-thread" => 0,
        "kill_process" | "kill-process" => 0x8000_0000,
        "trap" => 0x0003_0000,
        "errno" => 0x0005_0000,
        "user_notif" | "user-notif" => 0x7fc0_0000,
        "trace" => 0x7ff0_0000,
        "log" => 0x7ffc_0000,
        "allow" => 0x7fff_0000,
        _ => return None,
    })
}

fn signal(value: &str) -> Option<u32> {
    if value == "SIGSYS" { Some(31) } else { leading(value).and_then(|n| u32::try_from(n).ok()) }
}

/// The number at the start: `141**` has lost its emphasis on one side only.
fn leading(value: &str) -> Option<u64> {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    value.get(..digits)?.parse().ok()
}
