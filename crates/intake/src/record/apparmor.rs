//! AppArmor's records, of the kernel (type 1400, in old kernels 1501 to 1507) and of dbus-daemon.
//!
//! Source: Linux `security/apparmor/audit.c`, `audit_pre`; dbus-daemon `bus/apparmor.c`.

use super::pairs::Pairs;
use std::ops::Range;
use whodenied_case::RecordKind;
use whodenied_case::record::{ApparmorRecord, ApparmorVerdict};

/// Reads one.
pub(super) fn read(pairs: &Pairs<'_>) -> Option<RecordKind> {
    let word = pairs.get("apparmor")?;
    let verdict = match word {
        "DENIED" => ApparmorVerdict::Denied,
        "ALLOWED" => ApparmorVerdict::Allowed,
        "AUDIT" => ApparmorVerdict::Audit,
        "STATUS" => ApparmorVerdict::Status,
        "HINT" | "ERROR" | "KILLED" | "AUTO" => ApparmorVerdict::Other,
        // `apparmor=0` of a kernel command line, `apparmor=unconfined` of a compose file.
        _ => return None,
    };
    let operation = pairs.get("operation").unwrap_or("");
    // Kernel operations never start so; dbus-daemon's do, and it alone names a bus.
    let dbus = operation.starts_with("dbus_") || pairs.get("bus").is_some();
    let fields = pairs.fields(&["apparmor", "type", "msg", "node"]);
    Some(RecordKind::Apparmor(Box::new(ApparmorRecord { verdict, dbus, fields })))
}

/// The pairs that decide.
pub(super) fn deciding(pairs: &Pairs<'_>) -> Vec<Range<usize>> {
    const KEYS: &[&str] = &[
        "apparmor",
        "operation",
        "info",
        "profile",
        "label",
        "denied_mask",
        "denied",
        "capname",
        "peer",
        "target",
    ];
    super::places(pairs, KEYS)
}
