//! `Lockdown: COMM: WHAT is restricted; see man kernel_lockdown.7`.
//!
//! Source: Linux `security/lockdown/lockdown.c`, `lockdown_is_locked_down`.

use std::ops::Range;
use whodenied_case::RecordKind;

/// Reads one; gives the place of what decides.
pub(super) fn read(text: &str) -> Option<(RecordKind, Range<usize>)> {
    let at = text.find("ockdown: ")?.checked_sub(1)?;
    let body = text.get(at + 10..)?;
    let end = body.find(" is restricted")?;
    // `comm` may hold a colon, a restriction may not; old kernels print no comm.
    let said = body.get(..end)?;
    let (comm, what) = said.rsplit_once(": ").unwrap_or(("", said));
    let start = at + 10 + end - what.len();
    let kind = RecordKind::Lockdown { comm: comm.to_owned(), what: what.to_owned() };
    Some((kind, start..at + 10 + end + " is restricted".len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let text = "Lockdown: python3: raw io port access is restricted; see man kernel_lockdown.7";
        let (kind, range) = read(text).unwrap();
        assert_eq!(kind, RecordKind::Lockdown { comm: "python3".into(), what: "raw io port access".into() });
        assert_eq!(text.get(range), Some("raw io port access is restricted"));
        let text = "Lockdown: BPF is restricted; see man kernel_lockdown.7";
        let (kind, _) = read(text).unwrap();
        assert_eq!(kind, RecordKind::Lockdown { comm: String::new(), what: "BPF".into() });
        assert!(read("Kernel is locked down from EFI Secure Boot mode").is_none());
        assert!(read("ockdown: x is restricted").is_none());
    }
}
