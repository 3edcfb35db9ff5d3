//! SYSCALL records, type 1300: which call, and what it returned. With them PATH, CWD and PROCTITLE,
//! which belong to the same event.
//!
//! Source: Linux `kernel/auditsc.c`, `audit_log_exit`.

use super::pairs::Pairs;
use std::ops::Range;
use whodenied_case::RecordKind;
use whodenied_case::record::SyscallRecord;
use whodenied_kernel::syscall::Arch;

/// Reads one. The number becomes the kernel's name where the architecture is known.
pub(super) fn read(pairs: &Pairs<'_>) -> Option<RecordKind> {
    let shown = pairs.get("syscall").filter(|_| pairs.get("arch").is_some())?;
    let arch = pairs.get("arch").and_then(super::seccomp::arch).and_then(Arch::from_audit);
    let name = match (arch, shown.parse()) {
        (Some(arch), Ok(number)) => arch.syscall_name(number).map_or_else(|| shown.to_owned(), str::to_owned),
        _ => shown.to_owned(),
    };
    let record = SyscallRecord {
        syscall: Some(name),
        exit: pairs.get("exit").map(str::to_owned),
        fields: pairs.fields(&["type", "msg", "node"]),
    };
    Some(RecordKind::Syscall(Box::new(record)))
}

/// A PATH, CWD or PROCTITLE record as plain fields.
pub(super) fn companion(kind: &'static str, pairs: &Pairs<'_>) -> RecordKind {
    RecordKind::Other { name: kind.to_owned(), fields: pairs.fields(&["type", "msg", "node"]) }
}

/// The pairs that decide.
pub(super) fn deciding(pairs: &Pairs<'_>) -> Vec<Range<usize>> {
    super::places(pairs, &["syscall", "exit"])
}
