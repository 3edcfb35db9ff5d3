//! Who the failing process is: root, a user, a uid.

use super::Saying;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Predicate};

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    if s.message || s.trial {
        return;
    }
    for at in 0..s.words.len() {
        // The variable by which images choose the user they drop to.
        if let Some(uid) = s.word(at).strip_prefix("puid=").and_then(number) {
            s.say(at, at, sink, Predicate::Ids { uid: Some(uid), gid: None, groups: Vec::new() });
            continue;
        }
        let (what, to) = match s.word(at) {
            // An answer: `Docker Desktop, ubuntu:22.04, sudo`.
            "sudo"
                if s.words.get(at).is_some_and(|w| w.breaks)
                    && at + 1 == s.words.len()
                    && at > 0
                    && s.label == "runtime" =>
            {
                (Environment::RunsAsRoot, at)
            }
            "uid" | "uid/gid" if is_actor(s, at) => match number(s.word(at + 1)) {
                Some(uid) => {
                    s.say(at, at + 1, sink, Predicate::Ids { uid: Some(uid), gid: None, groups: Vec::new() });
                    (who(uid == 0), at + 1)
                }
                None => continue,
            },
            "user" if is_actor(s, at) || s.before(at, 1) == "as" => match s.word(at + 1) {
                "root" => (Environment::RunsAsRoot, at + 1),
                "" | "and" | "in" | "on" | "is" | "with" | "to" | "has" => continue,
                next => match number(next.split(':').next().unwrap_or(next)) {
                    Some(uid) => {
                        s.say(
                            at,
                            at + 1,
                            sink,
                            Predicate::Ids { uid: Some(uid), gid: None, groups: Vec::new() },
                        );
                        (who(uid == 0), at + 1)
                    }
                    None if s.before(at, 1) == "as" => (Environment::RunsAsNonRoot, at + 1),
                    None => continue,
                },
            },
            "root" if is_root(s, at) => (Environment::RunsAsRoot, at),
            "non-root" | "nonroot" | "rootlessly" if !s.denied(at) => (Environment::RunsAsNonRoot, at),
            "user"
                if matches!(
                    s.before(at, 1),
                    "unprivileged" | "regular" | "normal" | "ordinary" | "non-privileged"
                ) && matches!(s.before(at, 2), "a" | "an" | "my" | "as" | "the")
                    && matches!(s.before(at, 3), "as" | "by" | "under" | "from") =>
            {
                (Environment::RunsAsNonRoot, at)
            }
            "sudo"
                if matches!(s.before(at, 1), "with" | "under" | "via" | "using")
                    && matches!(s.label, "runtime" | "")
                    && !s.denied(at) =>
            {
                (Environment::RunsAsRoot, at)
            }
            _ => continue,
        };
        let from = at.saturating_sub(1);
        s.say(from, to, sink, Predicate::Environment(what));
    }
}

fn who(root: bool) -> Environment {
    if root { Environment::RunsAsRoot } else { Environment::RunsAsNonRoot }
}

fn number(word: &str) -> Option<u32> {
    word.parse().ok()
}

/// True when the words before make it the process, not a file's owner.
fn is_actor(s: &Saying<'_>, at: usize) -> bool {
    let near = (1..=3).map(|n| s.before(at, n));
    let mut actor = false;
    for word in near {
        match word {
            "owned" | "owner" | "belongs" | "chown" | "chowned" | "owns" | "not" | "from" | "to" | "host" => {
                return false;
            }
            "as" | "with" | "under" | "runs" | "running" | "run" | "a" => actor = true,
            _ => {}
        }
    }
    actor
}

/// `as root`, `running as root`, `root in the container`, `(node:latest, root)`.
fn is_root(s: &Saying<'_>, at: usize) -> bool {
    if s.denied(at)
        || matches!(
            s.word(at + 1),
            "squash"
                | "filesystem"
                | "fs"
                | "directory"
                | "cause"
                | "file"
                | "group"
                | "password"
                | "only"
                | "owned"
        )
    {
        return false;
    }
    let as_root = s.before(at, 1) == "as" || (s.before(at, 1) == "the" && s.before(at, 2) == "as");
    let required = (1..=5).any(|n| {
        matches!(
            s.before(at, n),
            "must"
                | "should"
                | "need"
                | "needs"
                | "require"
                | "requires"
                | "cannot"
                | "refuses"
                | "refuse"
                | "owned"
        )
    });
    let listed = s.label == "runtime"
        && (s.words.get(at).is_some_and(|w| w.breaks) && at + 1 == s.words.len()
            || at == 0 && s.words.len() <= 2);
    (as_root && !required)
        || listed
        || (s.before(at, 1) == "runs" && s.before(at, 2) != "nobody")
        || s.word(at + 1) == "user" && s.before(at, 1) == "as"
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::{Environment, Predicate};

    #[test]
    fn who_runs() {
        for text in [
            "software: a pod running as uid 1000",
            "runs as user 1000:1000",
            "software: non-root pod",
            "runs as user www-data",
        ] {
            assert!(facts(text).has(Environment::RunsAsNonRoot), "{text}");
        }
        for text in [
            "it is running as root",
            "runtime: GitHub Actions container job (node:latest, root)",
            "started as the root user",
            "runtime: host with sudo",
        ] {
            assert!(facts(text).has(Environment::RunsAsRoot), "{text}");
        }
        assert!(
            facts("pod runs as uid 1000")
                .find(|p| matches!(p, Predicate::Ids { uid: Some(1000), .. }))
                .is_some()
        );
    }

    #[test]
    fn what_says_nothing_of_the_process() {
        for text in [
            "it must be run as root",
            "works as root",
            "files owned by uid 1000",
            "ping: permission denied (are you root?)",
            "not running as root",
            "sudo: prevents sudo from running as root: error",
            "root squash",
        ] {
            let facts = facts(text);
            assert!(!facts.has(Environment::RunsAsRoot) && !facts.has(Environment::RunsAsNonRoot), "{text}");
        }
    }
}
