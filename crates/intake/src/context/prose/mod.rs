//! What people write about the machine and the runtime, in sentences, headlines and answers to a form.

mod components;
mod distros;
mod engines;
mod environment;
mod identity;
mod kernels;
mod lsm;
mod mounts;
mod settings;
mod sysctls;
mod updates;
mod words;

use super::clause;
use super::sink::Sink;
use crate::segment::{Document, Line};
use whodenied_case::{Channel, Predicate};
use whodenied_text::Span;
use words::Word;

/// The component that a name or package name stands for.
pub(super) fn component(name: &str) -> Option<&'static str> {
    components::canonical(name)
}

const DIALECT: &str = "prose";
/// A person's report has no more lines; past these only what is labelled is read.
const MOST_LINES: usize = 4000;
/// Lines of a program's log that are read for versions.
const MOST_LOGGED: usize = 2000;
/// Longer lines are no prose.
const LONGEST: usize = 4096;

/// One clause of a line: its words, and what kind of saying it is.
pub(super) struct Saying<'a> {
    line: &'a Line,
    /// The clause in lower case; offsets of the words are those of the line.
    lower: String,
    words: Vec<Word>,
    /// A message of a program rather than a description.
    message: bool,
    /// An experiment or another state.
    trial: bool,
    /// The line's label, "" for none.
    label: &'a str,
    /// The line above, blank lines not counted.
    above: &'a str,
    /// Under `Security Options:` of an engine's own report.
    engine_info: bool,
}

impl Saying<'_> {
    fn span(&self, from: usize, to: usize) -> Span {
        let start = self.words.get(from).map_or(0, |w| w.start);
        let end = self.words.get(to).or(self.words.last()).map_or(start, |w| w.end);
        self.line.span_of(start, end)
    }

    fn whole(&self) -> Span {
        self.span(0, self.words.len().saturating_sub(1))
    }

    /// The word at `at`, lower case, "" past the end.
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |w| w.lower.as_str())
    }

    /// The word `back` places before `at`.
    fn before(&self, at: usize, back: usize) -> &str {
        at.checked_sub(back).map_or("", |i| self.word(i))
    }

    /// Where the words `phrase` stand.
    fn find(&self, phrase: &[&str]) -> Option<usize> {
        (0..self.words.len()).find(|&at| self.at(at, phrase))
    }

    fn at(&self, at: usize, phrase: &[&str]) -> bool {
        phrase.iter().enumerate().all(|(n, p)| self.word(at + n) == *p)
    }

    /// True when one of the three words before `at` denies what follows.
    fn denied(&self, at: usize) -> bool {
        (1..=3).any(|n| {
            matches!(
                self.before(at, n),
                "no" | "not" | "without" | "isn't" | "non" | "never" | "disabled" | "lacks" | "lacking"
            )
        })
    }

    fn say(&self, from: usize, to: usize, sink: &mut Sink, what: Predicate) {
        sink.fact(self.span(from, to), DIALECT, what);
    }
}

/// Reads every line that can be prose; those that describe the host first, so that they count as the
/// host's where an image is described too.
pub(super) fn read(doc: &Document, sink: &mut Sink) {
    let host = |l: &Line| l.dress.label.as_deref().is_some_and(clause::is_host_label);
    for line in doc.lines.iter().filter(|l| host(l)) {
        read_line(line, "", false, sink);
    }
    let (mut above, mut security, mut logged) = ("", 0, 0);
    for line in doc.lines.iter().filter(|l| !host(l) && !l.text.is_empty()).take(MOST_LINES) {
        logged += usize::from(line.dress.channel != Channel::Bare);
        security = if line.text.starts_with("Security Options") { 8 } else { security.max(1) - 1 };
        // A log tells its versions at its beginning.
        if line.dress.channel == Channel::Bare
            || (logged < MOST_LOGGED && line.dress.channel == Channel::ProgramLog)
        {
            read_line(line, above, security > 0, sink);
        } else if line.text.starts_with("Linux version ") {
            read_line(line, above, false, sink);
        }
        above = &line.text;
    }
    kernels::imply_distro(sink);
}

fn read_line(line: &Line, above: &str, engine_info: bool, sink: &mut Sink) {
    if line.text.is_empty() || line.text.len() > LONGEST {
        return;
    }
    let label = line.dress.label.as_deref().unwrap_or("");
    let logged = line.dress.channel != Channel::Bare;
    let whole = line.text.to_lowercase();
    let message = logged
        || line.dress.command
        || clause::is_output_label(label)
        || (!clause::is_host_label(label)
            && !matches!(label, "runtime" | "software")
            && clause::is_message(&whole)
            && !clause::is_told(&whole));
    for (from, text) in clause::clauses(&line.text) {
        let lower = text.to_lowercase();
        let trial = clause::is_trial(&lower);
        let words = words::split(text, from);
        if words.is_empty() {
            continue;
        }
        let saying = Saying { line, lower, words, message, trial, label, above, engine_info };
        kernels::read(&saying, sink);
        components::read(&saying, sink);
        if !logged {
            engines::read(&saying, sink);
            distros::read(&saying, sink);
            environment::read(&saying, sink);
            lsm::read(&saying, sink);
            identity::read(&saying, sink);
            settings::read(&saying, sink);
            sysctls::read(&saying, sink);
            mounts::read(&saying, sink);
            updates::read(&saying, sink);
        }
    }
}
