//! Settings told in words: `Docker with SYS_ADMIN and /dev/fuse`, `an unprivileged LXC`, `docker.sock mounted`.

use super::Saying;
use crate::context::sink::Sink;
use whodenied_case::{CapSpec, Environment, Knob, Predicate, Setting, Surface};
use whodenied_kernel::Capability;

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    if s.message || s.trial || s.line.dress.command {
        return;
    }
    let system = s
        .words
        .iter()
        .any(|w| matches!(w.lower.as_str(), "lxc" | "lxcs" | "lxd" | "incus" | "ct" | "proxmox"));
    for at in 0..s.words.len() {
        let word = s.word(at);
        let text = s.words.get(at).map_or("", |w| w.text.as_str());
        let knob = match word {
            "privileged" if is_privileged(s, at) && system => {
                Knob::Lxc { key: "unprivileged".to_owned(), value: "0".to_owned() }
            }
            "privileged" if is_privileged(s, at) => Knob::Privileged(true),
            "unprivileged"
                if system && !matches!(s.word(at + 1), "user" | "users" | "port" | "userns" | "process") =>
            {
                s.say(at, at, sink, Predicate::Environment(Environment::UsernsRemap));
                Knob::Lxc { key: "unprivileged".to_owned(), value: "1".to_owned() }
            }
            "nesting" if system && matches!(s.word(at + 1), "enabled" | "on" | "active") => {
                Knob::Lxc { key: "nesting".to_owned(), value: "1".to_owned() }
            }
            "docker.sock" | "/var/run/docker.sock" | "/run/docker.sock" | "podman.sock"
                if (1..=3).any(|n| matches!(s.before(at, n), "with" | "mounted" | "mounting" | "mounts"))
                    || (1..=3).any(|n| matches!(s.word(at + n), "mounted" | "bind-mounted" | "passed")) =>
            {
                let path = if word.starts_with('/') { text.to_owned() } else { format!("/var/run/{word}") };
                Knob::Volume { source: path.clone(), target: path, options: Vec::new() }
            }
            "user"
                if text == "USER"
                    && !s.word(at + 1).is_empty()
                    && s.words.len() > 2
                    && (matches!(
                        s.before(at, 1),
                        "with"
                            | "has"
                            | "sets"
                            | "a"
                            | "added"
                            | "adding"
                            | "set"
                            | "uses"
                            | "using"
                            | "specify"
                            | "specified"
                            | "specifies"
                    ) || s.find(&["dockerfile"]).is_some()) =>
            {
                Knob::User(s.words.get(at + 1).map_or(String::new(), |w| w.text.clone()))
            }
            "fsgroup" if s.word(at + 1).bytes().all(|b| b.is_ascii_digit()) && !s.word(at + 1).is_empty() => {
                Knob::FsGroup(s.word(at + 1).to_owned())
            }
            "runtime"
                if matches!(s.before(at, 1), "nvidia" | "kata" | "sysbox" | "gvisor" | "crun" | "runsc") =>
            {
                Knob::OciRuntime(s.before(at, 1).to_owned())
            }
            "root" | "rootfs" if matches!(s.before(at, 1), "read-only" | "readonly" | "read_only") => {
                Knob::ReadOnlyRoot(true)
            }
            _ => match listed(s, at, text)
                .or_else(|| capability(s, at, text))
                .or_else(|| all_dropped(s, at))
                .or_else(|| device(s, at, text))
                .or_else(|| security_option(word))
                .or_else(|| volume(text))
            {
                Some(knob) => knob,
                None => continue,
            },
        };
        let surface = if matches!(knob, Knob::Lxc { .. }) { Surface::Lxc } else { Surface::Prose };
        s.say(at, at, sink, Predicate::Setting(Setting { surface, service: None, knob }));
    }
}

/// `./data:/data:Z`, `/srv/x:/x:ro`: a volume as engines take it.
fn volume(text: &str) -> Option<Knob> {
    let (source, rest) = text.split_once(':')?;
    let (target, options) = rest.split_once(':').map_or((rest, ""), |(t, o)| (t, o));
    let place = |p: &str| p.len() > 1 && p.chars().all(|c| c.is_alphanumeric() || "/._-~${}".contains(c));
    let host = source.starts_with(['/', '~', '$']) || source.starts_with("./");
    let known = |o: &str| {
        matches!(
            o,
            "z" | "Z" | "U" | "ro" | "rw" | "rslave" | "rshared" | "rprivate" | "cached" | "delegated"
        )
    };
    let fits = host
        && place(source)
        && target.starts_with('/')
        && place(target)
        && (options.is_empty() || options.split(',').all(known));
    fits.then(|| Knob::Volume {
        source: source.to_owned(),
        target: target.to_owned(),
        options: options.split(',').filter(|o| !o.is_empty()).map(str::to_owned).collect(),
    })
}

fn is_privileged(s: &Saying<'_>, at: usize) -> bool {
    // `privileged mode might break`: what would be, not what is.
    let supposed = matches!(s.word(at + 2), "might" | "may" | "could" | "would" | "should");
    if s.denied(at) || supposed {
        return false;
    }
    matches!(
        s.word(at + 1),
        "container" | "containers" | "mode" | "pod" | "pods" | "lxc" | "docker" | "podman" | "initcontainer"
    ) || (s.word(at + 1) == "proxmox" && s.word(at + 2) == "lxc")
        || (matches!(s.before(at, 1), "is" | "runs" | "running" | "run")
            && s.words.get(at + 1).is_none_or(|w| w.breaks))
}

/// A capability in a list of several: the words before the list say whether they are added or dropped.
fn listed(s: &Saying<'_>, at: usize, text: &str) -> Option<Knob> {
    let names = |i: usize| {
        s.words.get(i).is_some_and(|w| {
            let upper = w.text.len() > 2 && w.text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            upper && Capability::from_name(&w.text).is_some()
        })
    };
    let cap = Capability::from_name(text).filter(|_| names(at))?;
    let mut from = at;
    while from > 0 && names(from - 1) {
        from -= 1;
    }
    if from == at && !names(at + 1) {
        return None;
    }
    let drops =
        |w: &str| matches!(w, "drop" | "drops" | "dropped" | "dropping" | "cap_drop" | "cap-drop" | "minus");
    let adds =
        |w: &str| matches!(w, "add" | "adds" | "added" | "adding" | "cap_add" | "cap-add" | "with" | "plus");
    for n in 1..=5 {
        let word = s.before(from, n).trim_end_matches(':');
        let last = word.rsplit(['.', '-']).next().unwrap_or(word);
        if matches!(word, "without" | "no" | "not" | "needs" | "need" | "requires" | "missing" | "lacks") {
            return None;
        }
        if drops(word) || drops(last) {
            return Some(Knob::CapDrop(CapSpec::One(cap)));
        }
        if adds(word) || adds(last) {
            return Some(Knob::CapAdd(CapSpec::One(cap)));
        }
    }
    None
}

/// `drop: ALL`, `capabilities drop:ALL`, `all capabilities dropped`.
fn all_dropped(s: &Saying<'_>, at: usize) -> Option<Knob> {
    let drop =
        |w: &str| matches!(w, "drop" | "drops" | "dropped" | "dropping" | "drop:" | "cap_drop" | "cap-drop");
    let word = s.word(at);
    let together = word.split_once([':', '=']).is_some_and(|(key, value)| drop(key) && value == "all");
    let apart = word == "all" && (drop(s.before(at, 1)) || s.before(at, 1).ends_with(".drop"));
    let passive = word == "all"
        && matches!(s.word(at + 1), "capabilities" | "caps")
        && (drop(s.before(at, 1)) || (2..=4).any(|n| s.word(at + n) == "dropped"));
    let supposed =
        (1..=4).any(|n| matches!(s.before(at, n), "not" | "if" | "can" | "should" | "could" | "without"));
    ((together || apart || passive) && !supposed).then_some(Knob::CapDrop(CapSpec::All))
}

/// A capability that the container is said to have, or to have been denied.
fn capability(s: &Saying<'_>, at: usize, text: &str) -> Option<Knob> {
    let upper = text.len() > 3 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let clear = text.contains('_') || text.starts_with("CAP_");
    if !upper || !clear {
        return None;
    }
    let cap = Capability::from_name(text)?;
    if matches!(s.word(at + 1), "dropped" | "removed") {
        return Some(Knob::CapDrop(CapSpec::One(cap)));
    }
    if matches!(s.word(at + 1), "missing" | "lacking" | "needed" | "required") {
        return None;
    }
    for n in 1..=6 {
        match s.before(at, n) {
            "without" | "no" | "not" | "lacks" | "missing" | "needs" | "need" | "requires" | "require"
            | "lack" | "lacking" | "if" => {
                return None;
            }
            "drop" | "drops" | "dropped" | "dropping" | "minus" => {
                return Some(Knob::CapDrop(CapSpec::One(cap)));
            }
            "with" | "added" | "adds" | "adding" | "add" | "has" | "have" | "given" | "granted" | "gets"
            | "plus" | "cap_add" => {
                return Some(Knob::CapAdd(CapSpec::One(cap)));
            }
            "" => return None,
            _ => {}
        }
    }
    None
}

/// `with SYS_ADMIN and /dev/fuse`.
fn device(s: &Saying<'_>, at: usize, text: &str) -> Option<Knob> {
    let path = text.strip_prefix("/dev/")?;
    let with = (1..=4).any(|n| matches!(s.before(at, n), "with" | "passing" | "passed" | "added" | "device"));
    let without = (1..=4).any(|n| matches!(s.before(at, n), "without" | "no" | "open" | "opening" | "on"));
    (with && !without && !path.is_empty() && !path.starts_with("shm")).then(|| Knob::Device(text.to_owned()))
}

/// `apparmor=unconfined`, `seccomp=unconfined`, `label=disable` as a word.
fn security_option(word: &str) -> Option<Knob> {
    let (key, value) = word.split_once(['=', ':'])?;
    match (key, value) {
        ("apparmor", v) if !v.is_empty() && !v.starts_with('0') && !v.starts_with('1') => {
            Some(Knob::Apparmor(v.to_owned()))
        }
        ("seccomp", v) if !v.is_empty() => Some(Knob::Seccomp(v.to_owned())),
        ("label", "disable") => Some(Knob::SelinuxLabel("disable".to_owned())),
        ("no-new-privileges", "true") => Some(Knob::NoNewPrivs(true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::{CapSpec, Knob};
    use whodenied_kernel::Capability;

    #[test]
    fn told_in_words() {
        let f = facts("runtime: Docker with SYS_ADMIN and /dev/fuse");
        assert!(f.cap_added(Capability::SYS_ADMIN).is_some());
        assert!(f.knob(|k| *k == Knob::Device("/dev/fuse".into())).is_some());
        let f = facts("inside an unprivileged Proxmox LXC");
        assert!(
            f.knob(|k| matches!(k, Knob::Lxc { key, value } if key == "unprivileged" && value == "1"))
                .is_some()
        );
        let f = facts("Docker with docker.sock mounted");
        assert!(
            f.knob(|k| matches!(k, Knob::Volume { target, .. } if target == "/var/run/docker.sock"))
                .is_some()
        );
        let f = facts("Docker, image with USER docker");
        assert!(f.knob(|k| *k == Knob::User("docker".into())).is_some());
        assert!(facts("a privileged container").privileged());
        assert!(facts("config: CAP_SYS_ADMIN dropped").cap_dropped(Capability::SYS_ADMIN).is_some());
    }

    #[test]
    fn volumes_in_a_sentence() {
        let volumes = |text: &str| {
            facts(text)
                .knobs()
                .filter_map(|(_, k)| match k {
                    Knob::Volume { target, options, .. } => Some(format!("{target} {}", options.join(","))),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        let told = volumes("rootless Podman with the volume ./data:/data:Z and ~/music:/music:ro");
        assert_eq!(told, ["/data Z", "/music ro"]);
        assert!(volumes("see http://x:/y at 10:20:30 or /a:b or PATH=/bin:/usr/bin").is_empty());
    }

    #[test]
    fn lists_of_capabilities() {
        let f = facts("`x.capabilities.add` is `[CHOWN, DAC_OVERRIDE, SETUID, SETGID]`");
        assert!(f.cap_added(Capability::CHOWN).is_some() && f.cap_added(Capability::SETGID).is_some());
        let f = facts("runs as uid 0 but with capabilities drop:ALL (add: SYS_ADMIN, CHOWN, MKNOD)");
        assert!(f.knob(|k| *k == Knob::CapDrop(CapSpec::All)).is_some());
        assert!(f.cap_added(Capability::CHOWN).is_some() && f.cap_added(Capability::MKNOD).is_some());
        assert!(facts("all capabilities are dropped").knob(|k| *k == Knob::CapDrop(CapSpec::All)).is_some());
        assert!(facts("we drop all capabilities").knob(|k| *k == Knob::CapDrop(CapSpec::All)).is_some());
        assert!(facts("the pod needs CHOWN, SETUID and SETGID").cap_added(Capability::CHOWN).is_none());
    }

    #[test]
    fn not_told() {
        for text in [
            "needs CAP_SYS_ADMIN",
            "CAP_SYS_ADMIN missing",
            "without SYS_ADMIN",
            "an unprivileged container",
            "it works in a privileged container",
        ] {
            let f = facts(text);
            assert!(f.cap_added(Capability::SYS_ADMIN).is_none() && !f.privileged(), "{text}");
        }
    }
}
