//! The person's own experiments: `works with apparmor=unconfined`, `same as root`, `chmod 777 did not
//! help`. A trial is claimed only when one sentence tells both the change and what came of it.

mod change;

use super::index::Index;
use super::unit;
use crate::segment::Document;
use std::ops::Range;
use std::sync::LazyLock;
use whodenied_case::{Change, Claim, Knob, Outcome, Says};

/// The same failure as before.
const SAME: &[&str] = &[
    "same error",
    "same problem",
    "same issue",
    "same result",
    "same failure",
    "same thing",
    "same behavior",
    "same behaviour",
    "same permission",
    "same message",
    "same as",
    "same with",
    "same even",
    "same:",
    "not help",
    "n't help",
    "no help",
    "not fix",
    "n't fix",
    "not solve",
    "n't solve",
    "not resolve",
    "n't resolve",
    "not work",
    "n't work",
    "no effect",
    "no difference",
    "no change",
    "nothing changed",
    "not change",
    "n't change",
    "still fail",
    "still get",
    "still denied",
    "still gives",
    "still does",
    "still not",
    "still happen",
    "still occur",
    "still see",
    "still the",
    "still permission",
    "fails too",
    "fails as well",
    "also fails",
    "fails even",
    "even as root",
    "even with",
    "even when",
    "to no avail",
    "without success",
    "no luck",
    "no improvement",
    "persists",
    "not enough",
    "wasn't enough",
    "not sufficient",
    "fails again",
];

/// The failure is gone.
const WORKS: &[&str] = &[
    "works",
    "worked",
    "working",
    "work fine",
    "does work",
    "did work",
    "fixes",
    "fixed",
    "solves",
    "solved",
    "resolves",
    "resolved",
    "helps",
    "helped",
    "succeeds",
    "succeeded",
    "goes away",
    "went away",
    "go away",
    "disappears",
    "disappeared",
    "is gone",
    "was gone",
    "runs fine",
    "run fine",
    "is fine",
    "was fine",
    "starts fine",
    "no problem",
    "no error",
    "no issue",
    "no longer fail",
    "without error",
    "without problem",
    "without issue",
    "is ok",
    "are ok",
    "was needed",
    "were needed",
    "had to use",
    "had to add",
    "had to set",
    "makes it work",
    "made it work",
    "does the trick",
    "did the trick",
    "passes",
    "success",
    "everything runs",
    "starts up",
    "starts normally",
    "runs without",
];

/// Words that make an outcome a wish, a rule or a question.
const NOT_DONE: &[&str] = &[
    "should work",
    "should fix",
    "should help",
    "should be fixed",
    "should solve",
    "would work",
    "would fix",
    "would help",
    "might work",
    "might fix",
    "might help",
    "may work",
    "may fix",
    "may help",
    "could work",
    "could fix",
    "could help",
    "can be fixed",
    "will work",
    "will fix",
    "will be fixed",
    "to be fixed",
    "supposed to",
    "how it works",
    "expected to",
    "how this works",
    "want ",
    "please ",
    "if you ",
    "you can ",
    "you need",
    "try ",
    "hope ",
    "i think",
    "probably",
    "need to be",
];

/// Reads every trial of the document.
pub(crate) fn read(doc: &Document, claims: &mut Vec<Claim>) {
    let widths = unit::wrap_widths(doc);
    let about_filter = about_filter(doc);
    let mut at = 0;
    let mut count = 0;
    while at < doc.lines.len() && count < 64 {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        let form = unit.line(doc).and_then(|l| l.dress.label.as_deref()).unwrap_or("");
        // An answer to a form is a description, but for an experiment with an option: `docker, works with
        // --privileged`.
        let described = matches!(form, "software" | "runtime" | "host")
            && !["--", "privileged", "unconfined", "as root", "with sudo"]
                .iter()
                .any(|w| unit.low.contains(w));
        if described || unit.text.len() > 2000 || super::is_record(&unit.low) || !has_outcome(&unit.low) {
            continue;
        }
        for sentence in sentences(&unit.low) {
            let Some(low) = unit.low.get(sentence.clone()) else { continue };
            let Some(text) = unit.text.get(sentence.clone()) else { continue };
            for (changed, outcome) in trials(text, low, about_filter) {
                let span = unit.span(doc, sentence.clone());
                claims.push(Claim { span, dialect: "trial", says: Says::Trial { change: changed, outcome } });
                count += 1;
            }
        }
    }
}

static OUTCOMES: LazyLock<Index> = LazyLock::new(|| {
    let more = ["fails", "same", "otherwise", "unless", "starts", "used to work"];
    // Of `doesn't help` the part behind the apostrophe begins a word.
    let words = SAME.iter().chain(WORKS).map(|w| w.strip_prefix("n'").unwrap_or(w));
    Index::new(words.chain(more.iter().copied()), true)
});

/// True when a word of an outcome may stand in the line.
fn has_outcome(low: &str) -> bool {
    let mut found = false;
    OUTCOMES.find(low, 1, |_, _| found = true);
    found
}

/// Sentences of a line; a full stop counts only before a blank.
fn sentences(low: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for (i, c) in low.char_indices() {
        let next = low.get(i + c.len_utf8()..).unwrap_or("");
        let ends = (matches!(c, '.' | '!' | '?') && (next.is_empty() || next.starts_with(' ')))
            || (c == ';' && next.starts_with(' '));
        if ends
            && !low.get(..i).is_some_and(|t| t.ends_with("e.g") || t.ends_with("i.e") || t.ends_with("etc"))
        {
            out.push(start..i + c.len_utf8());
            start = i + c.len_utf8();
        }
    }
    if start < low.len() {
        out.push(start..low.len());
    }
    out
}

/// True when the report speaks of a filter of system calls and of no AppArmor.
fn about_filter(doc: &Document) -> bool {
    let says = |words: &[&str]| {
        doc.lines.iter().take(1000).filter(|l| l.text.len() < 2000).any(|l| {
            let low = l.text.to_ascii_lowercase();
            words.iter().any(|w| low.contains(w))
        })
    };
    says(&["seccomp", "localhostprofile", "syscall"]) && !says(&["apparmor"])
}

/// The trials of one sentence.
fn trials(text: &str, low: &str, about_filter: bool) -> Vec<(Change, Outcome)> {
    // What a program advises was not tried.
    if low.trim_end().ends_with('?') || low.contains("hint:") || NOT_DONE.iter().any(|n| low.contains(n)) {
        return Vec::new();
    }
    let told = outcomes(low);
    if told.same && (told.works || tail_works(low)) {
        // `works on the host but not in docker`: each part by itself.
        for cut in [" but ", " while ", " whereas ", " however", ", only ", ", "] {
            if let Some(at) = low.find(cut) {
                let after = at + cut.len();
                let (Some(t1), Some(l1), Some(t2), Some(l2)) =
                    (text.get(..at), low.get(..at), text.get(after..), low.get(after..))
                else {
                    continue;
                };
                let mut out = one(t1, l1, None, about_filter);
                // `…, but --privileged does`: the verb of the first part, not denied.
                out.extend(one(t2, l2, tail_works(low).then_some(Outcome::Works), about_filter));
                return out;
            }
        }
    }
    one(text, low, None, about_filter)
}

/// What a sentence says came of it.
struct Told {
    same: bool,
    works: bool,
}

fn outcomes(low: &str) -> Told {
    let end =
        low.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '!' | ')' | '`' | '"' | ','));
    let ends_same =
        end.ends_with("the same") || end.ends_with(": same") || end == "same" || end.ends_with(", same");
    let same = SAME.iter().any(|w| low.contains(w)) || ends_same;
    let works =
        WORKS.iter().any(|w| said(low, w)) || end.ends_with(" starts") || low.contains("used to work");
    // `needed, otherwise it fails`, `fails unless …`, `without it unconfined was needed`.
    let needed = ["otherwise", "unless", "or else"].iter().any(|w| low.contains(w))
        && ["fail", "denied", "error", "not work", "n't work", "same"].iter().any(|w| low.contains(w));
    if needed {
        return Told { same: false, works: true };
    }
    Told { same, works }
}

/// True when the sentence ends with a verb that affirms what the part before denied.
fn tail_works(low: &str) -> bool {
    let end = low.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '!' | ')'));
    low.contains(" but ") && [" does", " did", " do"].iter().any(|w| end.ends_with(w))
}

fn one(text: &str, low: &str, given: Option<Outcome>, about_filter: bool) -> Vec<(Change, Outcome)> {
    let told = outcomes(low);
    let outcome = match (given, told.same, told.works) {
        (Some(outcome), ..) => outcome,
        (None, true, _) => Outcome::Same,
        (None, false, true) => Outcome::Works,
        // `fails without --privileged` says that it passes with it.
        (None, false, false) if low.contains("fails without") => Outcome::Works,
        (None, false, false) if low.contains("fails") => Outcome::Same,
        _ => return Vec::new(),
    };
    let mut changes = change::changes(text, low, outcome, about_filter);
    if outcome == Outcome::Works && changes.len() > 1 && !low.contains(" or ") {
        // Several changes at once: only that they sufficed together is known; the widest stands for them.
        let widest = changes.iter().position(|c| *c == Change::Knob(Knob::Privileged(true))).unwrap_or(0);
        changes = changes.into_iter().nth(widest).into_iter().collect();
    }
    changes.into_iter().map(|c| (c, outcome)).collect()
}

/// True when the word stands and is not negated.
fn said(low: &str, word: &str) -> bool {
    let mut from = 0;
    while let Some(at) = low.get(from..).and_then(|t| t.find(word)).map(|i| i + from) {
        let before = low.get(..at).unwrap_or("");
        let starts = !before.ends_with(|c: char| c.is_alphanumeric());
        let negated = [
            "not ",
            "n't ",
            "never ",
            "nothing ",
            "a ",
            "the ",
            "an ",
            "neither ",
            "no longer ",
            "stopped ",
            "stop ",
        ]
        .iter()
        .any(|n| before.ends_with(n));
        if starts && !negated {
            return true;
        }
        from = at + word.len();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::CapSpec;
    use whodenied_kernel::Capability;

    fn of(text: &str) -> Vec<(Change, Outcome)> {
        let low = text.to_ascii_lowercase();
        sentences(&low).into_iter().flat_map(|s| trials(&text[s.clone()], &low[s], false)).collect()
    }

    #[test]
    fn changes_with_outcomes() {
        use Outcome::{Same, Works};
        let rows: Vec<(&str, Change, Outcome)> = vec![
            ("works with apparmor=unconfined", Change::Knob(Knob::Apparmor("unconfined".into())), Works),
            (
                "It works with --security-opt seccomp=unconfined.",
                Change::Knob(Knob::Seccomp("unconfined".into())),
                Works,
            ),
            ("privileged: true fixes it", Change::Knob(Knob::Privileged(true)), Works),
            ("--privileged works", Change::Knob(Knob::Privileged(true)), Works),
            ("Adding --privileged does not help", Change::Knob(Knob::Privileged(true)), Same),
            ("same as root", Change::AsRoot, Same),
            ("running as root gives the same error", Change::AsRoot, Same),
            ("sudo works", Change::AsRoot, Works),
            ("setenforce 0 helped", Change::SelinuxPermissive, Works),
            ("With SELinux in permissive mode it works", Change::SelinuxPermissive, Works),
            ("works on the host", Change::OnHost, Works),
            ("chmod 777 did not help", Change::Chmod("777".into()), Same),
            (
                "adding cap SYS_PTRACE didn't help",
                Change::Knob(Knob::CapAdd(CapSpec::One(Capability::SYS_PTRACE))),
                Same,
            ),
            (
                "only works with cap_add: NET_ADMIN",
                Change::Knob(Knob::CapAdd(CapSpec::One(Capability::NET_ADMIN))),
                Works,
            ),
            ("after aa-teardown everything works", Change::ApparmorUnloaded, Works),
            ("works with label=disable", Change::Knob(Knob::SelinuxLabel("disable".into())), Works),
            (
                "needs seccomp:unconfined, otherwise it fails",
                Change::Knob(Knob::Seccomp("unconfined".into())),
                Works,
            ),
            (
                "the same image runs on Debian 12 without problems",
                Change::ElsewhereOn("Debian 12".into()),
                Works,
            ),
            ("with sudo: same", Change::AsRoot, Same),
            ("fails without --privileged", Change::Knob(Knob::Privileged(true)), Works),
            ("no difference with ipc: host", Change::Knob(Knob::Ipc("host".into())), Same),
        ];
        for (text, change, outcome) in rows {
            assert_eq!(of(text), vec![(change, outcome)], "{text}");
        }
    }

    #[test]
    fn versions() {
        let found = of("downgrading to runc 1.3.2 fixes it");
        assert!(
            matches!(&found[..], [(Change::Version { component, version: Some(v) }, Outcome::Works)] if component == "runc" && v.numbers == [1, 3, 2]),
            "{found:?}"
        );
        let found = of("It worked before the update to Docker 29.1");
        assert!(
            matches!(&found[..], [(Change::Version { component, version: None }, Outcome::Works)] if component == "docker"),
            "{found:?}"
        );
    }

    #[test]
    fn both_halves_of_a_sentence() {
        let found = of("works on the host but not as root in the container, still fails");
        assert_eq!(found, vec![(Change::OnHost, Outcome::Works), (Change::AsRoot, Outcome::Same)]);
    }

    #[test]
    fn no_outcome_is_missed() {
        for word in SAME.iter().chain(WORKS) {
            let before = if word.starts_with("n't") { "x does" } else { "x " };
            assert!(has_outcome(&format!("{before}{word} x")), "{word}");
        }
    }

    #[test]
    fn a_verb_alone_affirms() {
        let found = of("Adding --cap-add=SYS_ADMIN does not help, but --privileged does.");
        let cap = Change::Knob(Knob::CapAdd(CapSpec::One(Capability::SYS_ADMIN)));
        assert_eq!(found, vec![(cap, Outcome::Same), (Change::Knob(Knob::Privileged(true)), Outcome::Works)]);
    }

    #[test]
    fn no_trials() {
        for text in [
            "apparmor=unconfined",
            "privileged: true",
            "security_opt: [apparmor=unconfined]",
            "unprivileged LXC works",
            "should work with --privileged",
            "does it work as root?",
            "try --privileged, that should fix it",
            "the service works",
            "cap_add: [SYS_ADMIN]",
        ] {
            assert_eq!(of(text), vec![], "{text}");
        }
    }
}
