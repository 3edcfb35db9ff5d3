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

/// Reads a record of before 2.6.36, whose type is its verdict: `type=1503 … operation="open"`.
pub(super) fn old(pairs: &Pairs<'_>, kind: Option<&'static str>) -> Option<RecordKind> {
    let verdict = match kind? {
        "APPARMOR_DENIED" => ApparmorVerdict::Denied,
        "APPARMOR_ALLOWED" => ApparmorVerdict::Allowed,
        "APPARMOR_AUDIT" => ApparmorVerdict::Audit,
        "APPARMOR_STATUS" => ApparmorVerdict::Status,
        "APPARMOR_HINT" | "APPARMOR_ERROR" | "APPARMOR_KILL" => ApparmorVerdict::Other,
        _ => return None,
    };
    let operation = pairs.get("operation")?;
    let mut fields = pairs.fields(&["type", "msg", "node"]);
    // The masks had three parts, owner's and other's: `r::`. Operations had a prefix: `inode_permission`.
    for (key, value) in &mut fields {
        if key.ends_with("_mask") {
            value.retain(|c| c != ':');
        }
        if key == "operation" {
            *value = match operation {
                "inode_permission" | "dentry_open" => "open".to_owned(),
                "inode_create" | "inode_mknod" => "mknod".to_owned(),
                other => other.strip_prefix("inode_").unwrap_or(other).to_owned(),
            };
        }
    }
    Some(RecordKind::Apparmor(Box::new(ApparmorRecord { verdict, dbus: false, fields })))
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
