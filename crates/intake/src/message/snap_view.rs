//! Programs of a snap that do not find what is there.
//!
//! A snap runs in a mount namespace of its own and under a profile: of the host it sees `/home` without
//! hidden files, and what connected interfaces add (snap-confine(8), the `home` and `removable-media`
//! interfaces). A file elsewhere comes out as missing.

use super::Found;
use super::object;
use super::unit::{self, Unit};
use crate::segment::Document;
use whodenied_case::Failure;
use whodenied_kernel::{Call, Errno};

/// Places of the host that a snap does not see by itself.
const UNSEEN: &[&str] =
    &["/mnt/", "/media/", "/opt/", "/srv/", "/data/", "/storage/", "/usr/local/", "/root/"];
const MISSING: &[&str] = &[
    "no such file or directory",
    "does not exist",
    "can't find",
    "cannot find",
    "not found",
    "could not find",
];
/// How people say that it is there all the same.
const THERE: &[&str] = &[
    "file is there",
    "file exists",
    "is definitely there",
    "it exists",
    "does exist",
    "directory exists",
    "folder exists",
    "clearly exists",
    "they exist",
    "i can see it",
    "is right there",
];

/// Adds the first file that a snap is said not to find.
pub(super) fn read(doc: &Document, found: &mut Vec<Found>) {
    if !found.is_empty() || !doc.lines.iter().take(400).any(|l| named(&l.text)) {
        return;
    }
    let widths = unit::wrap_widths(doc);
    let there = doc.lines.iter().take(400).any(|l| says(&l.text.to_ascii_lowercase(), THERE));
    let mut at = 0;
    while at < doc.lines.len().min(400) {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        if unit.text.len() <= 4096
            && says(&unit.low, MISSING)
            && let Some(name) = unseen(&unit, there)
        {
            let span = unit.whole(doc);
            let failure = Failure {
                call: Some(Call::Open),
                kind: object::kind(&name, Some(Call::Open)),
                object: Some(name),
                errno: Some(Errno::EACCES),
                errno_inferred: true,
                deciding: Some(span),
                ..Failure::default()
            };
            found.push(Found { failure, span, dialect: "told", lines: (unit.first(), unit.last()) });
            return;
        }
    }
}

fn says(low: &str, any: &[&str]) -> bool {
    any.iter().any(|w| low.contains(w))
}

/// The line speaks of a snap that runs: `snap`, `docker (snap)`, `snap 2.61`.
fn named(text: &str) -> bool {
    text.len() < 512
        && text
            .split(|c: char| !(c.is_alphanumeric() || "./-_".contains(c)))
            .any(|w| w.eq_ignore_ascii_case("snap") || w.starts_with("/snap/"))
}

/// A path that the snap does not see, or any that is said to be there.
fn unseen(unit: &Unit, there: bool) -> Option<String> {
    let names = object::names(&unit.text);
    let mut paths = names.iter().filter_map(|n| unit.text.get(n.at.clone())).filter(|n| n.contains('/'));
    let out = |name: &&str| {
        UNSEEN.iter().any(|p| name.starts_with(p))
            || name.starts_with("/home/") && name.contains("/.")
            || there && !name.starts_with("/snap/")
    };
    paths.find(out).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use crate::read_text;

    fn object(text: &str) -> Option<String> {
        read_text(text).attempts.first().and_then(|a| a.object.name.clone())
    }

    #[test]
    fn files_that_a_snap_does_not_see() {
        let opt = "docker 24 (snap)\nopen /opt/stack/compose.yml: no such file or directory";
        assert_eq!(object(opt).as_deref(), Some("/opt/stack/compose.yml"));
        let told = "runtime: snap\nFileNotFoundError: [Errno 2] No such file or directory: './a.yml'\nthe file is there";
        assert_eq!(object(told).as_deref(), Some("./a.yml"));
        // Without a word of a snap, or of a place that it sees, the file may simply be missing.
        assert_eq!(object("open /opt/stack/compose.yml: no such file or directory"), None);
        assert_eq!(object("runtime: snap\nopen /home/ann/a.txt: no such file or directory"), None);
    }
}
