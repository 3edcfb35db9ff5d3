//! `id`, `/etc/subuid` and id maps.
//!
//! Sources: id(1), subuid(5), user_namespaces(7).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Knob, Predicate, Setting, Surface};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    id(here, sink) || map(here, sink) || subid(here, sink)
}

/// `uid=1000(bob) gid=1000(bob) groups=1000(bob),998(docker) context=…`
fn id(here: Here<'_>, sink: &mut Sink) -> bool {
    let Some(at) = here.text.find("uid=") else { return false };
    let rest = here.text.get(at..).unwrap_or("");
    // The next word is the group: `-o uid=999 -o gid=999` are options of a mount.
    if !rest.split_whitespace().nth(1).is_some_and(|w| w.starts_with("gid="))
        || rest.contains("auid")
        || !(at == 0 || here.text.get(..at).is_some_and(|t| t.ends_with(' ')))
    {
        return false;
    }
    // A record of the audit log holds `uid=` too, beside keys of its own.
    if here.text.contains("ses=") || here.text.contains("pid=") {
        return false;
    }
    let mut uid = None;
    let mut gid = None;
    let mut groups = Vec::new();
    for word in rest.split_whitespace() {
        let Some((key, value)) = word.split_once('=') else { continue };
        let number = |v: &str| v.split('(').next().and_then(|n| n.parse::<u32>().ok());
        match key {
            "uid" => uid = number(value),
            "gid" => gid = number(value),
            "groups" => groups = value.split(',').filter_map(number).take(64).collect(),
            "context" => here.say(sink, "id", Predicate::ProcessLabel(value.to_owned())),
            _ => {}
        }
    }
    if uid.is_none() {
        return false;
    }
    let root = if uid == Some(0) { Environment::RunsAsRoot } else { Environment::RunsAsNonRoot };
    here.say(sink, "id", Predicate::Ids { uid, gid, groups });
    // Typed on the host it need not be the failing process; inside it is.
    if here.above(1).contains("exec") || here.above(1).contains(" run ") {
        here.say(sink, "id", Predicate::Environment(root));
    }
    true
}

/// A line of /proc/PID/uid_map, under a line that names the file.
fn map(here: Here<'_>, sink: &mut Sink) -> bool {
    let mut words = here.text.split_whitespace();
    let mut number = || words.next()?.parse::<u32>().ok();
    let (Some(inside), Some(outside), Some(count)) = (number(), number(), number()) else { return false };
    if words.next().is_some() || count == 0 {
        return false;
    }
    let named =
        here.near("uid_map") || here.near("gid_map") || here.line.dress.label.as_deref() == Some("uid_map");
    let shape = count == u32::MAX || (inside == 0 && outside >= 1000 && count >= 1);
    if !named && !shape {
        return false;
    }
    if !here.near("gid_map") {
        here.say(sink, "uid_map", Predicate::IdMap(inside, outside, count));
    }
    true
}

/// `bob:100000:65536`.
fn subid(here: Here<'_>, sink: &mut Sink) -> bool {
    let parts: Vec<&str> = here.text.split(':').collect();
    let [name, start, count] = parts.as_slice() else { return false };
    let number = |w: &str| w.parse::<u32>().is_ok_and(|n| n >= 1000);
    let fits = !name.is_empty()
        && name.len() < 40
        && !name.contains(char::is_whitespace)
        && number(start)
        && number(count);
    if fits {
        let knob = Knob::Other { key: "subuid".to_owned(), value: here.text.to_owned() };
        here.say(
            sink,
            "subuid",
            Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }),
        );
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, shown};
    use whodenied_case::{Environment, Predicate};

    #[test]
    fn identities() {
        let f =
            facts("$ docker exec c id\nuid=33(www-data) gid=33(www-data) groups=33(www-data),998(docker)");
        assert!(
            f.find(|p| *p == Predicate::Ids { uid: Some(33), gid: Some(33), groups: vec![33, 998] })
                .is_some()
        );
        assert!(f.has(Environment::RunsAsNonRoot));
        assert!(shown("audit: uid=998 gid=998 ses=4294967295 pid=7053", "Ids").is_empty());
    }

    #[test]
    fn maps() {
        assert_eq!(shown("         0     100000      65536", "IdMap"), ["IdMap(0, 100000, 65536)"]);
        assert_eq!(shown("$ cat /proc/self/uid_map\n0 1000 1\n1 100000 65536", "IdMap").len(), 2);
        assert!(shown("3 4 5", "IdMap").is_empty());
        assert_eq!(shown("bob:100000:65536", "subuid").len(), 1);
    }
}
