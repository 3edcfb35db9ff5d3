//! The head of an audit record: `type=AVC msg=audit(1632311788.047:856):` and its relatives.

use super::pairs::Pairs;

/// What the head says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// `type=`, the number resolved to auditd's name.
    pub(super) kind: Option<&'static str>,
    /// Milliseconds since 1970.
    pub(super) time_ms: Option<u64>,
    /// The serial number, which joins the records of one event.
    pub(super) serial: Option<u64>,
}

/// Numbers and names of the record types that matter.
///
/// Source: Linux `include/uapi/linux/audit.h`; 1500 to 1507 are AppArmor's of before 2.6.36.
const TYPES: &[(&str, &str)] = &[
    ("1107", "USER_AVC"),
    ("1300", "SYSCALL"),
    ("1302", "PATH"),
    ("1307", "CWD"),
    ("1309", "EXECVE"),
    ("1326", "SECCOMP"),
    ("1327", "PROCTITLE"),
    ("1331", "FANOTIFY"),
    ("1400", "AVC"),
    ("1401", "SELINUX_ERR"),
    ("1420", "IPE_ACCESS"),
    ("1423", "LANDLOCK_ACCESS"),
    ("1424", "LANDLOCK_DOMAIN"),
    ("1501", "APPARMOR_AUDIT"),
    ("1502", "APPARMOR_ALLOWED"),
    ("1503", "APPARMOR_DENIED"),
    ("1504", "APPARMOR_HINT"),
    ("1505", "APPARMOR_STATUS"),
    ("1506", "APPARMOR_ERROR"),
    ("1507", "APPARMOR_KILL"),
    ("1701", "ANOM_ABEND"),
    ("1800", "INTEGRITY_DATA"),
    ("1801", "INTEGRITY_METADATA"),
    ("1802", "INTEGRITY_STATUS"),
    ("1804", "INTEGRITY_PCR"),
    ("1805", "INTEGRITY_RULE"),
    ("1807", "INTEGRITY_POLICY_RULE"),
];

/// The name of a record type given by number or name.
fn type_name(kind: &str) -> Option<&'static str> {
    TYPES.iter().find(|(number, name)| *number == kind || *name == kind).map(|row| row.1)
}

impl Head {
    /// Reads the head of a record.
    pub(super) fn read(pairs: &Pairs<'_>) -> Self {
        let kind = pairs.get("type").and_then(type_name).or_else(|| {
            // The journal prints `AVC avc:`, `SECCOMP auid=`, `SYSCALL arch=` after its own tag.
            let (first, _) = pairs.words.iter().find(|(w, _)| *w != "audit:")?;
            type_name(first.trim_end_matches(':'))
                .filter(|_| !first.starts_with(|c: char| c.is_ascii_digit()))
        });
        let mut head = Self { kind, ..Self::default() };
        let stamp = pairs
            .get("msg")
            .filter(|m| m.starts_with("audit("))
            .or_else(|| pairs.words.iter().map(|(w, _)| *w).find(|w| w.starts_with("audit(")));
        if let Some(inner) = stamp.and_then(|s| s.strip_prefix("audit(")) {
            let inner = inner.split(')').next().unwrap_or("");
            if let Some((time, serial)) = inner.rsplit_once(':') {
                head.serial = serial.trim().parse().ok();
                head.time_ms = millis(time);
            }
        }
        head
    }
}

/// `1632311788.047` in milliseconds; interpreted dates are local time and say nothing.
fn millis(time: &str) -> Option<u64> {
    let (seconds, fraction) = time.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let millis: u64 = fraction.get(..3)?.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        for (text, kind, time, serial) in [
            (
                "type=AVC msg=audit(1632311788.047:856): avc:  denied",
                Some("AVC"),
                Some(1_632_311_788_047),
                Some(856),
            ),
            (
                "audit: type=1400 audit(1632311788.047:856): apparmor=\"DENIED\"",
                Some("AVC"),
                Some(1_632_311_788_047),
                Some(856),
            ),
            ("type=1326 audit(1.5:1)", Some("SECCOMP"), None, Some(1)),
            (
                "node=web type=SECCOMP msg=audit(04/28/2026 16:48:31.123:896) : auid=unset",
                Some("SECCOMP"),
                None,
                Some(896),
            ),
            ("SECCOMP auid=4294967295 uid=998", Some("SECCOMP"), None, None),
            ("AVC avc:  denied  { create } for", Some("AVC"), None, None),
            ("apparmor=\"DENIED\"", None, None, None),
            ("audit(99999999999999999999.000:99999999999999999999999)", None, None, None),
        ] {
            let head = Head::read(&Pairs::read(text));
            assert_eq!((head.kind, head.time_ms, head.serial), (kind, time, serial), "{text}");
        }
    }
}
