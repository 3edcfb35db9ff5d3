//! Other refusals the kernel logs: IPE, IMA, fanotify, Smack, and kernel messages without a record
//! type.

use super::pairs::Pairs;
use std::ops::Range;
use whodenied_case::RecordKind;

/// Record types kept with all their fields. `resp=2` is fanotify's deny; IMA and IPE log refusals
/// with `res=0` and `enforcing=1`.
pub(super) fn typed(kind: &'static str, pairs: &Pairs<'_>) -> Option<RecordKind> {
    let refused = match kind {
        "FANOTIFY" => pairs.get("resp").is_some_and(|r| r.starts_with('2')),
        "IPE_ACCESS" => pairs.get("ipe_op").is_some() && pairs.get("enforcing") != Some("0"),
        "INTEGRITY_DATA" | "INTEGRITY_METADATA" | "INTEGRITY_STATUS" => pairs.get("cause").is_some(),
        _ => false,
    };
    refused
        .then(|| RecordKind::Other { name: kind.to_owned(), fields: pairs.fields(&["type", "msg", "node"]) })
}

/// Smack writes into the AVC type: `lsm=SMACK fn=smack_inode_permission action=denied`.
pub(super) fn smack(pairs: &Pairs<'_>) -> Option<RecordKind> {
    (pairs.get("lsm") == Some("SMACK") && pairs.get("action") == Some("denied")).then(|| RecordKind::Other {
        name: "SMACK".to_owned(),
        fields: pairs.fields(&["type", "msg", "node"]),
    })
}

/// fapolicyd's own line about what it answered to fanotify: `rule=9 dec=deny_audit perm=execute … path=`.
pub(super) fn fapolicyd(pairs: &Pairs<'_>) -> Option<RecordKind> {
    let denied = pairs.get("dec").is_some_and(|d| d.starts_with("deny")) && pairs.get("perm").is_some();
    denied.then(|| RecordKind::Other {
        name: "FANOTIFY".to_owned(),
        fields: pairs.fields(&["type", "msg", "node"]),
    })
}

/// Kernel messages that name a refusal: writer, and the words to find.
const MESSAGES: &[(&str, &str)] = &[
    ("VFS", "VFS: Mount too revealing"),
    ("cgroup", "cgroup: fork rejected by pids controller"),
    ("LoadPin", "LoadPin: "),
    ("SafeSetID", "SafeSetID: "),
    ("TOMOYO", "TOMOYO-WARNING: "),
    ("TOMOYO", "TOMOYO-ERROR: "),
    ("module", "module verification failed"),
    ("module", "Loading of unsigned module is rejected"),
    ("module", "Loading of module with unavailable key is rejected"),
    ("filesystem", "Remounting filesystem read-only"),
    ("filesystem", "forced readonly"),
];

/// Reads one of [`MESSAGES`]; gives the place of its words.
pub(super) fn message(text: &str) -> Option<(RecordKind, Range<usize>)> {
    let (name, words, at) =
        MESSAGES.iter().find_map(|(name, words)| Some((*name, *words, text.find(words)?)))?;
    let shown: String = text.get(at..)?.chars().take(400).collect();
    let kind = RecordKind::Other { name: name.to_owned(), fields: vec![("message".to_owned(), shown)] };
    Some((kind, at..at + words.len()))
}
