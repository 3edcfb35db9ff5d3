//! What package managers log of an update: apt's history.log, dpkg.log, dpkg's own output, pacman.log.
//!
//! Sources: apt's `apt-pkg/deb/dpkgpm.cc` (history.log), dpkg's `src/main/archives.c` (`Unpacking … over`)
//! and `lib/dpkg/log.c`, pacman's `src/pacman/callback.c` and libalpm's `log.c`.

use super::Here;
use crate::context::prose::component;
use crate::context::sink::Sink;
use whodenied_case::{Predicate, Version};

/// At most so many packages of one line are read.
const MOST: usize = 400;

/// Reads one line; true when it is of such a log.
pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let text = here.text;
    if let Some(list) = text.strip_prefix("Upgrade: ").or_else(|| text.strip_prefix("Install: ")) {
        let when = (1..=4).find_map(|n| here.above(n).strip_prefix("Start-Date: ").map(str::to_owned));
        for entry in list.split("), ").take(MOST) {
            apt(here, entry, when.as_deref(), sink);
        }
        return list.contains('(');
    }
    dpkg(here, text, sink) || unpacking(here, text, sink) || alpm(here, text, sink)
}

/// `docker-ce:amd64 (5:28.5.1-1~debian, 5:29.4.2-1~debian)`, `linux-image-6.17.0-5-generic:amd64 (6.17.0-5.5, automatic)`.
fn apt(here: Here<'_>, entry: &str, when: Option<&str>, sink: &mut Sink) {
    let Some((name, versions)) = entry.split_once(" (") else { return };
    let mut versions = versions.trim_end_matches(')').split(", ");
    let (first, second) = (versions.next(), versions.next().filter(|v| *v != "automatic"));
    let (from, to) = if second.is_some() { (first, second) } else { (None, first) };
    // A package that is only installed has replaced nothing, but for the kernels, each its own package.
    if from.is_some() || name.starts_with("linux-image-") {
        say(here, name, from, to, when, sink);
    }
}

/// `2026-05-02 06:11:02 upgrade docker-ce:amd64 5:28.5.1-1 5:29.4.2-1`.
fn dpkg(here: Here<'_>, text: &str, sink: &mut Sink) -> bool {
    if !text.contains("upgrade ") {
        return false;
    }
    let words: Vec<&str> = text.split_whitespace().take(7).collect();
    let Some(at) = words.iter().position(|w| *w == "upgrade") else { return false };
    let [name, from, to] = words.get(at + 1..).unwrap_or_default() else { return false };
    if !name.contains(':') || at > 2 {
        return false;
    }
    let printed = words.get(..at).filter(|w| !w.is_empty()).map(|w| w.join(" "));
    let when = printed.or_else(|| here.line.dress.time.clone());
    say(here, name, Some(from), Some(to), when.as_deref(), sink);
    true
}

/// `Unpacking docker-ce (5:29.4.2-1) over (5:28.5.1-1) ...`.
fn unpacking(here: Here<'_>, text: &str, sink: &mut Sink) -> bool {
    let Some(rest) = text.strip_prefix("Unpacking ") else { return false };
    let Some((name, rest)) = rest.split_once(" (") else { return false };
    let Some((to, rest)) = rest.split_once(") over (") else { return false };
    let Some((from, _)) = rest.split_once(')') else { return false };
    say(here, name, Some(from), Some(to), None, sink);
    true
}

/// `[2026-05-02T06:11:02+0000] [ALPM] upgraded docker (1:28.5.1-1 -> 1:29.4.2-1)`.
fn alpm(here: Here<'_>, text: &str, sink: &mut Sink) -> bool {
    let Some((head, rest)) = text.split_once("[ALPM] upgraded ") else { return false };
    let Some((name, rest)) = rest.split_once(" (") else { return false };
    let Some((from, to)) = rest.trim_end_matches(')').split_once(" -> ") else { return false };
    let head = head.trim().trim_matches(['[', ']']);
    let when = if head.is_empty() { here.line.dress.time.clone() } else { Some(head.to_owned()) };
    say(here, name, Some(from), Some(to), when.as_deref(), sink);
    true
}

fn say(
    here: Here<'_>,
    package: &str,
    from: Option<&str>,
    to: Option<&str>,
    when: Option<&str>,
    sink: &mut Sink,
) {
    let name = package.split(':').next().unwrap_or(package).to_lowercase();
    let kernel =
        name.starts_with("linux-image-") || matches!(name.as_str(), "linux" | "linux-lts" | "kernel");
    let Some(component) = (if kernel { Some("kernel") } else { component(&name) }) else { return };
    let version = |text: Option<&str>| text.and_then(Version::parse);
    let (from, to) = (version(from), version(to));
    if from.is_some() || to.is_some() {
        let when = when.map(|w| w.chars().take(40).collect());
        here.say(sink, "packages", Predicate::Updated { component: component.to_owned(), from, to, when });
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Predicate;

    #[test]
    fn package_logs_tell_of_updates() {
        for (text, component, from, to, when) in [
            (
                "Start-Date: 2026-05-02  06:11:02\nCommandline: apt upgrade\nUpgrade: docker-ce:amd64 (5:28.5.1-1~debian, 5:29.4.2-1~debian), vim:amd64 (1, 2)\n",
                "docker",
                "5:28.5.1-1~debian",
                "5:29.4.2-1~debian",
                "2026-05-02  06:11:02",
            ),
            (
                "Install: linux-image-6.17.0-5-generic:amd64 (6.17.0-5.5, automatic)",
                "kernel",
                "",
                "6.17.0-5.5",
                "",
            ),
            (
                "2026-05-02 06:11:02 upgrade containerd.io:amd64 1.7.28-1 2.0.0-1",
                "containerd",
                "1.7.28-1",
                "2.0.0-1",
                "2026-05-02 06:11:02",
            ),
            ("Unpacking runc (1.3.3-1) over (1.3.2-1) ...", "runc", "1.3.2-1", "1.3.3-1", ""),
            (
                "[2026-05-02T06:11:02+0000] [ALPM] upgraded linux (6.16.8.arch1-1 -> 6.17.1.arch1-1)",
                "kernel",
                "6.16.8.arch1-1",
                "6.17.1.arch1-1",
                "2026-05-02T06:11:02+0000",
            ),
        ] {
            let facts = facts(text);
            let found = facts.all.iter().find_map(|f| match &f.what {
                Predicate::Updated { component, from, to, when } => Some((component, from, to, when)),
                _ => None,
            });
            let (c, f, t, w) = found.expect(text);
            let shown =
                |v: &Option<whodenied_case::Version>| v.as_ref().map_or("", |v| v.text.as_str()).to_owned();
            assert_eq!((c.as_str(), shown(f).as_str(), shown(t).as_str()), (component, from, to), "{text}");
            assert_eq!(w.as_deref().unwrap_or(""), when, "{text}");
        }
        let nothing = facts("Install: docker-ce:amd64 (5:29.4.2-1)\nUnpacking vim (2) over (1) ...");
        assert!(nothing.find(|p| matches!(p, Predicate::Updated { .. })).is_none());
    }
}
