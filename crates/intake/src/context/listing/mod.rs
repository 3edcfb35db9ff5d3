//! What commands that show state printed: `ls -l`, `stat`, `mount`, `id`, `/proc/PID/status` and the
//! like; and commands that change state, as a person typed them.

mod acts;
mod attributes;
mod cures;
mod devices;
mod facl;
mod ids;
mod labels;
mod limits;
mod ls;
mod mounts;
mod packages;
mod stat;
mod status;
mod sysctl;

use super::clause;
use super::sink::Sink;
use crate::segment::{Document, Line};
use whodenied_case::{Channel, Predicate};

/// Longer lines are no listing.
const LONGEST: usize = 8192;

/// A line and the lines around it.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    lines: &'a [Line],
    at: usize,
    line: &'a Line,
    text: &'a str,
}

impl<'a> Here<'a> {
    /// The text of the line `back` lines before, blank lines not counted, of the same channel.
    fn above(&self, back: usize) -> &'a str {
        self.lines
            .get(..self.at)
            .unwrap_or_default()
            .iter()
            .rev()
            .filter(|l| !l.text.is_empty() && l.dress.channel == Channel::Bare)
            .nth(back.saturating_sub(1))
            .map_or("", |l| l.text.as_str())
    }

    /// True when one of the six lines above contains `mark`.
    fn near(&self, mark: &str) -> bool {
        (1..=6).any(|n| self.above(n).contains(mark))
    }

    fn say(&self, sink: &mut Sink, dialect: &'static str, what: Predicate) {
        sink.fact(self.line.span(), dialect, what);
    }
}

/// Reads every line that can be of a listing.
pub(super) fn read(doc: &Document, sink: &mut Sink) {
    for (at, line) in doc.lines.iter().enumerate() {
        let here = Here { lines: &doc.lines, at, line, text: &line.text };
        // A package manager's log is dated like any log, and its lines are long.
        if matches!(line.dress.channel, Channel::Bare | Channel::ProgramLog) && packages::read(here, sink) {
            continue;
        }
        if line.text.is_empty() || line.text.len() > LONGEST || line.dress.channel != Channel::Bare {
            continue;
        }
        let listed = ls::read(here, sink)
            || stat::read(here, sink)
            || facl::read(here, sink)
            || mounts::read(here, sink)
            || status::read(here, sink)
            || ids::read(here, sink)
            || limits::read(here, sink)
            || devices::read(here, sink)
            || attributes::read(here, sink)
            || sysctl::read(here, sink)
            || labels::read(here, sink);
        if !listed && !clause::is_trial(&line.text.to_lowercase()) {
            acts::read(here, sink);
            cures::read(here, sink);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::segment;
    use whodenied_case::{Evidence, Facts, Origin, Says, Standing};
    use whodenied_text::SourceId;

    /// The facts that this part reads in `text`.
    pub(crate) fn facts(text: &str) -> Facts {
        let origin = Origin::Paste { name: "-".to_owned() };
        let doc = segment::document(&Evidence::new(SourceId(0), origin, text.to_owned()));
        let mut claims = Vec::new();
        crate::context::recognise(&doc, &mut claims);
        let mut facts = Facts::default();
        for claim in claims {
            if let Says::Fact(what) = claim.says {
                facts.add(what, Standing::Reported, Some(claim.span));
            }
        }
        facts
    }

    /// Every fact of `text` in debug form that contains `part`.
    pub(crate) fn shown(text: &str, part: &str) -> Vec<String> {
        facts(text).all.iter().map(|f| format!("{:?}", f.what)).filter(|f| f.contains(part)).collect()
    }

    #[test]
    fn hostile_lines_are_survived() {
        for text in [
            "drwxr-xr-x",
            "-rw-r--r-- 1",
            "crw-rw---- 1 root root 10,",
            "File:",
            "Access: (",
            "uid=",
            "CapEff:",
            "é rwx",
            "user::",
            "# owner:",
            "a on b type c (",
            "0 0 0",
            "1 2 3:4 / - ",
            "chmod",
            "echo 1 >",
            "sysctl -w",
            "----i---",
        ] {
            let _ = facts(text);
        }
    }
}
