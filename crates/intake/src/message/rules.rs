//! Rules: literals of a dialect and what they tell beyond the common shape.
//!
//! A rule refines the failures that the common shape found in the line, or, where the line names no
//! error, makes a failure of its own. Rules hold words of a message's format, never of a case.

use super::index::Index;
use std::sync::LazyLock;
use whodenied_case::{ObjectKind, Phase};
use whodenied_kernel::{Call, Errno};

/// Where a rule takes the object from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// What the common shape found.
    Line,
    /// This name whatever the line says.
    Fixed(&'static str),
    /// The first path or quoted name after these words.
    After(&'static str),
    /// No name of the line is the object.
    Nothing,
    /// The first path or quoted name before these words.
    Before(&'static str),
}

/// One rule. Literals are lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// All of these must stand in the line.
    pub(crate) needs: &'static [&'static str],
    /// None of these may.
    pub(crate) without: &'static [&'static str],
    pub(crate) call: Option<Call>,
    /// True when `call` overrules what the common shape read.
    pub(crate) overrules: bool,
    pub(crate) kind: Option<ObjectKind>,
    /// The error where the line names none: inferred.
    pub(crate) errno: Option<Errno>,
    pub(crate) phase: Option<Phase>,
    pub(crate) own: bool,
    pub(crate) args: &'static [(&'static str, &'static str)],
    pub(crate) states: Option<&'static str>,
    pub(crate) object: From,
    /// True when the words alone are a failure.
    pub(crate) fails: bool,
    /// True when no_new_privs is stated.
    pub(crate) nnp: bool,
    /// True when the words of the line are the program's own choice, whatever the error was.
    pub(crate) loose: bool,
    /// True when the line is no failure whatever else stands in it.
    pub(crate) harmless: bool,
}

impl Rule {
    /// A rule for lines with all of `needs`, which by themselves make a failure.
    pub(crate) const fn on(needs: &'static [&'static str]) -> Self {
        Self {
            needs,
            without: &[],
            call: None,
            overrules: true,
            kind: None,
            errno: None,
            phase: None,
            own: false,
            args: &[],
            states: None,
            object: From::Line,
            fails: true,
            nnp: false,
            loose: false,
            harmless: false,
        }
    }

    /// A rule that only refines a failure that the line has anyway.
    pub(crate) const fn refine(needs: &'static [&'static str]) -> Self {
        Self { fails: false, ..Self::on(needs) }
    }

    /// A rule that only states something.
    pub(crate) const fn fact(needs: &'static [&'static str], id: &'static str) -> Self {
        Self { fails: false, states: Some(id), ..Self::on(needs) }
    }

    /// A rule for lines that look like a failure and are none.
    pub(crate) const fn harmless(needs: &'static [&'static str]) -> Self {
        Self { fails: false, harmless: true, ..Self::on(needs) }
    }

    pub(crate) const fn call(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }

    /// The call only where the common shape told none.
    pub(crate) const fn call_if_none(mut self, call: Call) -> Self {
        self.call = Some(call);
        self.overrules = false;
        self
    }

    pub(crate) const fn kind(mut self, kind: ObjectKind) -> Self {
        self.kind = Some(kind);
        self
    }

    pub(crate) const fn errno(mut self, errno: Errno) -> Self {
        self.errno = Some(errno);
        self
    }

    pub(crate) const fn phase(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }

    pub(crate) const fn own(mut self) -> Self {
        self.own = true;
        self
    }

    pub(crate) const fn args(mut self, args: &'static [(&'static str, &'static str)]) -> Self {
        self.args = args;
        self
    }

    pub(crate) const fn states(mut self, id: &'static str) -> Self {
        self.states = Some(id);
        self
    }

    pub(crate) const fn object(mut self, from: From) -> Self {
        self.object = from;
        self
    }

    pub(crate) const fn without(mut self, words: &'static [&'static str]) -> Self {
        self.without = words;
        self
    }

    pub(crate) const fn nnp(mut self) -> Self {
        self.nnp = true;
        self
    }

    /// The program words several errors alike.
    pub(crate) const fn loose(mut self) -> Self {
        self.loose = true;
        self
    }

    fn fits(&self, low: &str) -> bool {
        self.needs.iter().all(|n| low.contains(n)) && !self.without.iter().any(|w| low.contains(w))
    }
}

/// The rules of one dialect.
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    pub(crate) rules: &'static [Rule],
}

/// Dialects from the most telling to the most general; within a line the first rule that tells
/// something wins it.
const DIALECTS: &[Dialect] = &[
    Dialect { name: "oci", rules: super::oci::RULES },
    Dialect { name: "idmap", rules: super::idmap::RULES },
    Dialect { name: "systemd", rules: super::systemd::RULES },
    Dialect { name: "bubblewrap", rules: super::bubblewrap::RULES },
    Dialect { name: "chromium", rules: super::chromium::RULES },
    Dialect { name: "landlock", rules: super::landlock::RULES },
    Dialect { name: "ptrace", rules: super::ptrace::RULES },
    Dialect { name: "perf", rules: super::perf::RULES },
    Dialect { name: "fuse", rules: super::fuse::RULES },
    Dialect { name: "mount", rules: super::mount::RULES },
    Dialect { name: "sudo", rules: super::sudo::RULES },
    Dialect { name: "own-check", rules: super::own_check::RULES },
    Dialect { name: "ping", rules: super::ping::RULES },
    Dialect { name: "loader", rules: super::loader::RULES },
    Dialect { name: "dbus", rules: super::dbus::RULES },
    Dialect { name: "threads", rules: super::threads::RULES },
    Dialect { name: "limits", rules: super::limits::RULES },
    Dialect { name: "device", rules: super::device::RULES },
    Dialect { name: "socket", rules: super::socket::RULES },
    Dialect { name: "sysctl", rules: super::sysctl::RULES },
    Dialect { name: "signal", rules: super::signal::RULES },
    Dialect { name: "memory", rules: super::memory::RULES },
    Dialect { name: "lxc", rules: super::lxc::RULES },
    Dialect { name: "kubernetes", rules: super::kubernetes::RULES },
    Dialect { name: "snap", rules: super::snap::RULES },
    Dialect { name: "server", rules: super::server::RULES },
    Dialect { name: "runtime", rules: super::languages::RULES },
    Dialect { name: "perror", rules: super::files::RULES },
];

struct Table {
    index: Index,
    /// Dialect and rule by literal.
    rows: Vec<(usize, usize)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut rows = Vec::new();
    let mut literals = Vec::new();
    for (d, dialect) in DIALECTS.iter().enumerate() {
        for (r, rule) in dialect.rules.iter().enumerate() {
            if let Some(first) = rule.needs.first() {
                literals.push(*first);
                rows.push((d, r));
            }
        }
    }
    Table { index: Index::new(literals.into_iter(), true), rows }
});

/// The rules that fit a line in lower case, the most telling dialect first, each with where its
/// first literal begins.
pub(crate) fn fitting(low: &str) -> Vec<(&'static Dialect, &'static Rule, usize)> {
    let mut hits: Vec<((usize, usize), usize)> = Vec::new();
    TABLE.index.find(low, 512, |number, at| {
        if let Some(row) = TABLE.rows.get(number)
            && !hits.iter().any(|(known, _)| known == row)
        {
            hits.push((*row, at.start));
        }
    });
    hits.sort_unstable();
    hits.into_iter()
        .filter_map(|((d, r), at)| {
            let dialect = DIALECTS.get(d)?;
            let rule = dialect.rules.get(r)?;
            rule.fits(low).then_some((dialect, rule, at))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_lower_case_and_not_empty() {
        for dialect in DIALECTS {
            for rule in dialect.rules {
                assert!(!rule.needs.is_empty(), "{}", dialect.name);
                for word in rule.needs.iter().chain(rule.without) {
                    assert_eq!(*word, word.to_ascii_lowercase(), "{}", dialect.name);
                }
                assert!(rule.needs.iter().all(|w| w.len() >= 3), "{}", dialect.name);
            }
        }
    }
}
