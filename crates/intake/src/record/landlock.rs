//! LANDLOCK_ACCESS records, type 1423, since Linux 6.15.
//!
//! Source: Linux `security/landlock/audit.c`, `landlock_log_denial`.

use super::pairs::Pairs;
use std::ops::Range;
use whodenied_case::RecordKind;
use whodenied_case::record::LandlockRecord;

/// Reads one.
pub(super) fn read(pairs: &Pairs<'_>) -> Option<RecordKind> {
    let blockers = pairs.get("blockers")?;
    let record = LandlockRecord {
        blockers: blockers.split(',').filter(|b| !b.is_empty()).map(str::to_owned).collect(),
        fields: pairs.fields(&["type", "msg", "node"]),
    };
    Some(RecordKind::Landlock(Box::new(record)))
}

/// The pairs that decide.
pub(super) fn deciding(pairs: &Pairs<'_>) -> Vec<Range<usize>> {
    super::places(pairs, &["blockers", "path", "dest", "src", "ocomm"])
}
