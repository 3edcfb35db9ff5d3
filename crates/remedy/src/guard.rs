//! The last look at what is offered: nothing broad comes first, nothing that is already set is
//! offered, nothing is offered twice.

use crate::spell::ALREADY;
use whodenied_case::Remedy;

/// Words that name the opening of a whole layer.
pub(crate) const BROAD: &[&str] = &[
    "privileged",
    "unconfined",
    "setenforce 0",
    "chmod 777",
    "chmod -r 777",
    "label=disable",
    "label:disable",
    "cap_add: [all]",
    "--cap-add all",
];

/// The broad word in a remedy's summary, commands or edits. `unprivileged` is none, and neither
/// is the label of a record's peer, which a rule must name.
pub(crate) fn broad(remedy: &Remedy) -> Option<&'static str> {
    let mut text = remedy.summary.clone();
    for more in remedy.commands.iter().chain(remedy.edits.iter().map(|e| &e.text)) {
        text.push('\n');
        text.push_str(more);
    }
    let text = text
        .to_lowercase()
        .replace("unprivileged", "")
        .replace("peer=unconfined", "")
        .replace("label=unconfined", "")
        .replace("//&unconfined", "")
        .replace("unconfined_", "");
    BROAD.iter().copied().find(|w| text.contains(w))
}

pub(crate) fn tidy(remedies: Vec<Remedy>) -> Vec<Remedy> {
    let mut out: Vec<Remedy> = Vec::new();
    let mut broad_ones = Vec::new();
    for remedy in remedies {
        let set = remedy.edits.iter().any(|e| e.file == ALREADY);
        if set || out.contains(&remedy) {
            continue;
        }
        if broad(&remedy).is_some() {
            broad_ones.push(remedy);
        } else {
            out.push(remedy);
        }
    }
    if !out.is_empty() {
        out.extend(broad_ones);
    }
    out.truncate(6);
    out
}
