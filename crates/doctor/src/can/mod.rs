//! Would it work? The layers are asked, nothing is tried.

mod answer;
mod files;
mod layers;
mod question;
mod tasks;

pub use answer::{Answer, Asked, SCHEMA, Verdict};
pub use files::look;
pub use question::{Question, WORDS};

use whodenied_case::Certainty;
use whodenied_sources::Host;
use whodenied_sources::subject::Asking;
use whodenied_text::escape;

/// Answers `question` for `asking`: files by the model of file access on the live world, the rest by the
/// kernel's own conditions. `host` gives what the modules are set to.
#[must_use]
pub fn ask(asking: &Asking, host: &dyn Host, question: &Question) -> Answer {
    let mut answer = match question {
        Question::File(operation) => files::ask(asking, operation),
        Question::Port(port) => tasks::port(asking, host, *port),
        Question::Kill(pid) => tasks::kill(asking, *pid),
        Question::Trace(pid) => tasks::trace(asking, host, *pid),
        Question::Mount(path) => tasks::mount(asking, path),
    };
    answer.who = who(asking);
    answer.doubts.extend(asking.missing.iter().cloned());
    layers::complete(asking, host, question, &mut answer);
    if !answer.doubts.is_empty() && answer.certainty == Certainty::Proven {
        answer.certainty = Certainty::Likely;
    }
    answer
}

/// `alice (uid 1000, groups alice, audio)`.
fn who(asking: &Asking) -> String {
    let subject = &asking.subject;
    let name = |kind: char, id: u32| {
        asking.names.get(&format!("{kind}{id}")).map_or_else(|| id.to_string(), |n| escape::clipped(n, 32))
    };
    let mut groups = vec![subject.fsgid];
    groups.extend(subject.groups.iter().filter(|g| **g != subject.fsgid));
    let more = if groups.len() > 12 { ", …" } else { "" };
    let groups: Vec<String> = groups.iter().take(12).map(|g| name('g', *g)).collect();
    let process = match (&asking.process, asking.is_process) {
        (Some(state), true) => format!("process {} ({}), ", state.pid, escape::clipped(&state.comm, 32)),
        (Some(state), false) => format!("in the place of process {}, ", state.pid),
        (None, _) => String::new(),
    };
    let held = match subject.effective.0 {
        0 => "no capabilities".to_owned(),
        all if all == whodenied_access::CapabilitySet::all().0 => "all capabilities".to_owned(),
        some => format!("capabilities 0x{some:x}"),
    };
    format!(
        "{process}{} (uid {}, groups {}{more}; {held})",
        name('u', subject.fsuid),
        subject.fsuid,
        groups.join(", ")
    )
}
