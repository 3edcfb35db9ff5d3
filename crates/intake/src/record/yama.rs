//! `ptrace attach of "T"[pid] was attempted by "C"[pid]`.
//!
//! Source: Linux `security/yama/yama_lsm.c`, `__report_access`: the access is `attach` or `traceme`,
//! target and agent are whole command lines since 4.15 and `comm` before.

use std::ops::Range;
use whodenied_case::RecordKind;

/// Reads one; gives the place of what decides.
pub(super) fn read(text: &str) -> Option<(RecordKind, Range<usize>)> {
    let at = text.find("ptrace attach of ").or_else(|| text.find("ptrace traceme of "))?;
    let body = text.get(at..)?;
    // The agent stands last, so that a target whose name holds these words can't forge one.
    let by = body.rfind(" was attempted by ")?;
    let target = quoted(body.get(..by)?)?;
    let comm = quoted(body.get(by..)?)?;
    let end = at + body.trim_end().len();
    Some((RecordKind::Yama { comm, target }, at..end))
}

/// What stands between the first and the last double quote.
fn quoted(text: &str) -> Option<String> {
    let start = text.find('"')? + 1;
    let end = text.rfind('"')?;
    text.get(start..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracer_and_target() {
        let (kind, _) =
            read("ptrace attach of \"sleep 20\"[757] was attempted by \"strace -p 757\"[759]").unwrap();
        assert_eq!(kind, RecordKind::Yama { comm: "strace -p 757".into(), target: "sleep 20".into() });
        assert!(read("ptrace attach of x was attempted by \"").is_none());
        assert!(read("ptrace attach of").is_none());
    }
}
