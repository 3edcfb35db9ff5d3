//! What was tried, from the words of a message: `cannot create directory`, `bind()`, `lchown`.

use super::index::Index;
use super::phrases::{STRONG, WEAK};
use std::ops::Range;
use std::sync::LazyLock;
use whodenied_kernel::Call;

/// A phrase found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verb {
    pub(crate) call: Call,
    /// Where the phrase stands.
    pub(crate) at: Range<usize>,
    /// False for everyday words (`open`, `write`) that a more telling phrase overrules.
    pub(crate) strong: bool,
}

struct Table {
    index: Index,
    rows: Vec<(Call, bool)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let phrases = || {
        let tables = [(STRONG, true), (WEAK, false)];
        tables.into_iter().flat_map(|(table, strong)| {
            table.iter().flat_map(move |(call, all)| all.split('|').map(move |p| (p, (*call, strong))))
        })
    };
    let index = Index::new(phrases().map(|(phrase, _)| phrase), false);
    Table { index, rows: phrases().map(|(_, row)| row).collect() }
});

/// The phrase of `clause` that tells most: a strong one before an everyday word, then the longest,
/// then the last.
pub(crate) fn verb(clause: &str) -> Option<Verb> {
    let low = clause.to_ascii_lowercase();
    let mut best: Option<Verb> = None;
    TABLE.index.find(&low, 256, |number, at| {
        let Some((call, strong)) = TABLE.rows.get(number).copied() else { return };
        if !bounded(clause, &at) {
            return;
        }
        let better =
            best.as_ref().is_none_or(|b| (strong, at.len(), at.start) > (b.strong, b.at.len(), b.at.start));
        if better {
            best = Some(Verb { call, at, strong });
        }
    });
    best
}

/// True when no letter runs on at either end and the phrase is not part of a path or an option.
fn bounded(text: &str, at: &Range<usize>) -> bool {
    let before = text.get(..at.start).and_then(|t| t.chars().next_back());
    let after = text.get(at.end..).and_then(|t| t.chars().next());
    let starts_alnum = text.get(at.start..).is_some_and(|t| t.starts_with(char::is_alphanumeric));
    let runs_on = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    if (starts_alnum && runs_on(before)) || runs_on(after) {
        return false;
    }
    // `/run/mount`, `mount.nfs` of a path, `--open`, `x.read`
    let in_path = matches!(before, Some('/' | '-' | '.')) && starts_alnum || matches!(after, Some('/'));
    let module =
        ["os.", "socket.", "map."].iter().any(|m| text.get(..at.start).is_some_and(|t| t.ends_with(m)));
    !in_path || module || text.get(at.clone()).is_some_and(|t| t.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_tell_the_call() {
        let call = |t: &str| verb(t).map(|v| v.call);
        assert_eq!(call("cannot create directory '/x'"), Some(Call::Mkdir));
        assert_eq!(call("cannot open directory '/x'"), Some(Call::Readdir));
        assert_eq!(call("socketpair() failed while spawning \"worker process\""), Some(Call::Socketpair));
        assert_eq!(call("open sysctl net.ipv4.ip_unprivileged_port_start file"), Some(Call::SysctlWrite));
        assert_eq!(call("could not change permissions of directory \"/x\""), Some(Call::Chmod));
        assert_eq!(call("ebpf_create_map() failed"), Some(Call::Bpf));
        assert_eq!(call("open /run/mount/utab"), Some(Call::Open));
        assert_eq!(call("error stat'ing file"), Some(Call::Stat));
        assert_eq!(call("the weather"), None);
    }
}
