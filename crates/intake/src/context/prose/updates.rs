//! Updates told in sentences: `after upgrading Docker from 28.5 to 29.4.2`, `since the update to
//! kernel 6.17`, `upgraded runc (1.3.2 -> 1.3.3)`.

use super::{Saying, components, words};
use crate::context::sink::Sink;
use whodenied_case::{Predicate, Version};

/// How far from the verb its object may stand, in words.
const NEAR: usize = 9;

/// Distributions that people update as one thing, and the ids of their facts.
const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("ubuntu", "ubuntu"),
    ("debian", "debian"),
    ("fedora", "fedora"),
    ("rhel", "rhel"),
    ("proxmox", "proxmox"),
    ("pve", "proxmox"),
];

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    if mended(s) {
        return;
    }
    for verb in (0..s.words.len()).filter(|&at| is_update(s.word(at))) {
        let from = verb.saturating_sub(4);
        let to = (verb + NEAR).min(s.words.len());
        let near = (verb..to).chain((from..verb).rev());
        let Some((at, component)) = near.filter_map(|n| Some((n, named(s.word(n))?))).next() else {
            continue;
        };
        let (before, after) = versions(s, verb.min(at), to.max(at + 1));
        let told =
            before.is_some() || after.is_some() || s.lower.contains("after") || s.lower.contains("since");
        if told {
            let what =
                Predicate::Updated { component: component.to_owned(), from: before, to: after, when: None };
            s.say(verb.min(at), verb.max(at), sink, what);
        }
    }
}

/// The clause tells of an update that mended it, or of one that is only advised.
fn mended(s: &Saying<'_>) -> bool {
    let has = |words: &[&str]| words.iter().any(|w| s.lower.contains(w));
    let works = has(&["work"])
        && !has(&["before", "until", "used to", "stopped", "no longer", "not work", "n't work", "doesn"]);
    works
        || has(&["fixed", "fixes", "solved", "resolved", "helped", "downgrad", "try ", "please", "should "])
        || (has(&["need to", "have to", "must "]) && !has(&["after", "since"]))
}

fn is_update(word: &str) -> bool {
    matches!(
        word,
        "upgrade" | "upgraded" | "upgrading" | "update" | "updated" | "updating" | "bumped" | "migrated"
    )
}

fn named(word: &str) -> Option<&'static str> {
    if matches!(word, "kernel" | "linux-image") {
        return Some("kernel");
    }
    components::canonical(word)
        .or_else(|| DISTRIBUTIONS.iter().find(|(name, _)| *name == word).map(|(_, id)| *id))
}

/// The versions before and after, between the words `from` and `to`.
fn versions(s: &Saying<'_>, from: usize, to: usize) -> (Option<Version>, Option<Version>) {
    let at = |n: usize| words::is_version(s.word(n)).then(|| Version::parse(s.word(n))).flatten();
    let (mut before, mut after, mut last) = (None, None, None);
    for n in from..(to + 3).min(s.words.len()) {
        let Some(version) = at(n) else { continue };
        // Between the preposition and the version a name may stand: `from Docker 28 to Docker 29`.
        let lead = (1..=2).map(|back| s.before(n, back)).find(|w| matches!(*w, "from" | "to"));
        match lead {
            Some("from") => before = Some(version),
            Some(_) => after = Some(version),
            // An arrow is no word: `(1.3.2 -> 1.3.3)`.
            None if last.is_some() && words::is_version(s.before(n, 1)) => {
                before = last.take();
                after = Some(version);
            }
            None => last = Some(version),
        }
    }
    if before.is_none() && after.is_none() {
        after = last;
    }
    (before, after)
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Predicate;

    fn told(text: &str) -> Vec<(String, String, String)> {
        let shown =
            |v: &Option<whodenied_case::Version>| v.as_ref().map_or(String::new(), |v| v.text.clone());
        facts(text)
            .all
            .iter()
            .filter_map(|f| match &f.what {
                Predicate::Updated { component, from, to, .. } => {
                    Some((component.clone(), shown(from), shown(to)))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn updates_as_people_tell_them() {
        for (text, component, from, to) in [
            ("After upgrading Docker from 28.5.1 to 29.4.2 my container fails", "docker", "28.5.1", "29.4.2"),
            ("It broke after upgrading from Docker 28.5 to Docker 29.1", "docker", "28.5", "29.1"),
            ("since the update to kernel 6.17.2 it is denied", "kernel", "", "6.17.2"),
            ("Since the last kernel update it fails", "kernel", "", ""),
            ("upgraded runc (1.3.2 -> 1.3.3) yesterday", "runc", "1.3.2", "1.3.3"),
            ("It worked before the update to Docker 29.1", "docker", "", "29.1"),
            ("After updating to Ubuntu 24.04 AppImages no longer start", "ubuntu", "", "24.04"),
        ] {
            let want = (component.to_owned(), from.to_owned(), to.to_owned());
            assert_eq!(told(text), [want], "{text}");
        }
    }

    #[test]
    fn advice_and_cures_are_no_update_that_broke_it() {
        for text in [
            "Upgrading to runc 1.3.4 fixed it",
            "please update Docker to 29.4.3",
            "downgrading to runc 1.3.2 works",
            "it works after upgrading to Docker 29.4.3",
            "you need to upgrade containerd",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }
}
