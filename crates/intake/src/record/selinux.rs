//! SELinux: AVC (type 1400) and USER_AVC (1107) records.
//!
//! Source: Linux `security/selinux/avc.c`, `avc_audit_pre_callback` and `avc_audit_post_callback`.

use super::pairs::Pairs;
use std::ops::Range;
use whodenied_case::RecordKind;
use whodenied_case::record::AvcRecord;

/// Reads one; `text` is what `pairs` were read from.
pub(super) fn read(text: &str, pairs: &Pairs<'_>, user: bool) -> Option<RecordKind> {
    let at = pairs.word("avc:")?;
    let (word, permissions, _) = vector(text, at)?;
    let record = AvcRecord {
        denied: word == "denied",
        user,
        permissions: permissions.split_whitespace().map(str::to_owned).collect(),
        scontext: pairs.get("scontext").map(str::to_owned),
        tcontext: pairs.get("tcontext").map(str::to_owned),
        tclass: pairs.get("tclass").map(str::to_owned),
        permissive: pairs.get("permissive").map(|p| p.starts_with('1')),
        fields: pairs.fields(&["type", "msg", "node"]),
    };
    Some(RecordKind::Selinux(Box::new(record)))
}

/// SELINUX_ERR (1401) of a transition that the policy, or the bounds of no_new_privs, do not allow:
/// `op=security_bounded_transition seresult=denied oldcontext=… newcontext=…`
/// (security/selinux/ss/services.c, `security_bounded_transition`).
pub(super) fn transition(pairs: &Pairs<'_>) -> Option<(RecordKind, Vec<Range<usize>>)> {
    let op = pairs.get("op")?;
    if pairs.get("seresult") != Some("denied") {
        return None;
    }
    let of = |a: &str, b: &str| pairs.get(a).or_else(|| pairs.get(b)).map(str::to_owned);
    let record = AvcRecord {
        denied: true,
        user: false,
        permissions: vec![op.trim_start_matches("security_").to_owned()],
        scontext: of("oldcontext", "scontext"),
        tcontext: of("newcontext", "tcontext"),
        tclass: Some(pairs.get("tclass").unwrap_or("process").to_owned()),
        permissive: None,
        fields: pairs.fields(&["type", "msg", "node"]),
    };
    let places = super::places(pairs, &["op", "seresult", "oldcontext", "newcontext"]);
    Some((RecordKind::Selinux(Box::new(record)), places))
}

/// The parts that decide.
pub(super) fn deciding(text: &str, pairs: &Pairs<'_>) -> Vec<Range<usize>> {
    let mut places = super::places(pairs, &["scontext", "tcontext", "tclass", "permissive"]);
    if let Some((_, _, range)) = pairs.word("avc:").and_then(|at| vector(text, at)) {
        places.insert(0, range);
    }
    places
}

/// `denied  { read open }` after the `avc:` at `at`: the word, the permissions and the place of both.
fn vector(text: &str, at: usize) -> Option<(&str, &str, Range<usize>)> {
    let after = text.get(at + 4..)?;
    let body = after.trim_start();
    let word = if body.starts_with("denied") {
        "denied"
    } else if body.starts_with("granted") {
        "granted"
    } else {
        return None;
    };
    let start = text.len() - body.len();
    let Some(braces) = body.get(word.len()..)?.trim_start().strip_prefix('{') else {
        return Some((word, "", start..start + word.len()));
    };
    let end = braces.find('}').unwrap_or(braces.len());
    let place = start..text.len() - braces.len() + (end + 1).min(braces.len());
    Some((word, braces.get(..end)?, place))
}
