//! Distributions and releases, of the host or of an image or guest.

use super::{Saying, words};
use crate::context::sink::Sink;
use whodenied_case::{Predicate, Version};

/// Names as one or more words, with the id. Longer names first.
const NAMES: &[(&[&str], &str)] = &[
    (&["red", "hat", "enterprise", "linux", "coreos"], "rhel"),
    (&["red", "hat", "enterprise", "linux"], "rhel"),
    (&["red", "hat", "coreos"], "rhel"),
    (&["red", "hat"], "rhel"),
    (&["redhat"], "rhel"),
    (&["rhel", "coreos"], "rhel"),
    (&["rhcos"], "rhel"),
    (&["rhel"], "rhel"),
    (&["fedora", "silverblue"], "fedora"),
    (&["fedora", "kinoite"], "fedora"),
    (&["fedora", "coreos"], "fedora"),
    (&["fedora", "workstation"], "fedora"),
    (&["fedora", "server"], "fedora"),
    (&["fedora", "atomic"], "fedora"),
    (&["fedora", "linux"], "fedora"),
    (&["fedora", "iot"], "fedora"),
    (&["fcos"], "fedora"),
    (&["silverblue"], "fedora"),
    (&["kinoite"], "fedora"),
    (&["bazzite"], "fedora"),
    (&["bazzite-gnome"], "fedora"),
    (&["bazzite-deck"], "fedora"),
    (&["bluefin"], "fedora"),
    (&["aurora"], "fedora"),
    (&["nobara"], "fedora"),
    (&["fedora"], "fedora"),
    (&["centos", "stream"], "centos"),
    (&["centos", "linux"], "centos"),
    (&["centos"], "centos"),
    (&["rocky", "linux"], "rocky"),
    (&["rockylinux"], "rocky"),
    (&["rocky"], "rocky"),
    (&["alma", "linux"], "alma"),
    (&["almalinux"], "alma"),
    (&["alma"], "alma"),
    (&["oracle", "linux"], "oracle"),
    (&["oraclelinux"], "oracle"),
    (&["scientific", "linux"], "centos"),
    (&["el"], "rhel"),
    (&["amazon", "linux"], "amazon"),
    (&["amzn"], "amazon"),
    (&["al2023"], "amazon"),
    (&["opensuse", "leap"], "suse"),
    (&["opensuse", "tumbleweed"], "suse"),
    (&["opensuse", "microos"], "microos"),
    (&["microos"], "microos"),
    (&["tumbleweed"], "suse"),
    (&["opensuse"], "suse"),
    (&["suse"], "suse"),
    (&["sles"], "suse"),
    (&["sle"], "suse"),
    (&["kubuntu"], "ubuntu"),
    (&["xubuntu"], "ubuntu"),
    (&["lubuntu"], "ubuntu"),
    (&["ubuntu", "server"], "ubuntu"),
    (&["ubuntu", "core"], "ubuntu"),
    (&["ubuntu-latest"], "ubuntu"),
    (&["ubuntu"], "ubuntu"),
    (&["linux", "mint"], "mint"),
    (&["linuxmint"], "mint"),
    (&["lmde"], "mint"),
    (&["pop!_os"], "pop"),
    (&["pop", "os"], "pop"),
    (&["elementary", "os"], "elementary"),
    (&["zorin", "os"], "zorin"),
    (&["zorin"], "zorin"),
    (&["kde", "neon"], "neon"),
    (&["raspberry", "pi", "os"], "raspbian"),
    (&["raspbian"], "raspbian"),
    (&["rpi", "os"], "raspbian"),
    (&["raspios"], "raspbian"),
    (&["debian", "gnu", "linux"], "debian"),
    (&["debian", "gnu/linux"], "debian"),
    (&["debian"], "debian"),
    (&["devuan"], "devuan"),
    (&["kali"], "kali"),
    (&["armbian"], "debian"),
    (&["proxmox", "ve"], "proxmox"),
    (&["proxmox"], "proxmox"),
    (&["pve"], "proxmox"),
    (&["openmediavault"], "debian"),
    (&["omv"], "debian"),
    (&["arch", "linux", "arm"], "arch"),
    (&["arch", "linux"], "arch"),
    (&["archlinux"], "arch"),
    (&["arch"], "arch"),
    (&["manjaro"], "manjaro"),
    (&["endeavouros"], "endeavouros"),
    (&["cachyos"], "cachyos"),
    (&["artix"], "artix"),
    (&["steamos"], "steamos"),
    (&["alpine", "linux"], "alpine"),
    (&["alpine"], "alpine"),
    (&["postmarketos"], "alpine"),
    (&["void", "linux"], "void"),
    (&["void"], "void"),
    (&["gentoo"], "gentoo"),
    (&["slackware"], "slackware"),
    (&["nixos"], "nixos"),
    (&["unraid"], "unraid"),
    (&["synology"], "synology"),
    (&["dsm"], "synology"),
    (&["qnap"], "qnap"),
    (&["qts"], "qnap"),
    (&["truenas", "scale"], "truenas"),
    (&["truenas"], "truenas"),
    (&["openwrt"], "openwrt"),
    (&["flatcar"], "flatcar"),
    (&["container", "linux"], "flatcar"),
    (&["coreos"], "flatcar"),
    (&["talos"], "talos"),
    (&["bottlerocket"], "bottlerocket"),
    (&["container-optimized", "os"], "cos"),
    (&["gce", "cos"], "cos"),
    (&["gke", "cos"], "cos"),
    (&["photon", "os"], "photon"),
    (&["macos"], "macos"),
    (&["mac", "os", "x"], "macos"),
    (&["mac", "os"], "macos"),
    (&["os", "x"], "macos"),
    (&["osx"], "macos"),
    (&["azure", "linux"], "azurelinux"),
    (&["cbl-mariner"], "azurelinux"),
];

/// Code names that stand without the distribution's name.
const CODES: &[(&str, &str, &str)] = &[
    ("precise", "ubuntu", "12.04"),
    ("trusty", "ubuntu", "14.04"),
    ("xenial", "ubuntu", "16.04"),
    ("bionic", "ubuntu", "18.04"),
    ("focal", "ubuntu", "20.04"),
    ("jammy", "ubuntu", "22.04"),
    ("mantic", "ubuntu", "23.10"),
    ("noble", "ubuntu", "24.04"),
    ("oracular", "ubuntu", "24.10"),
    ("plucky", "ubuntu", "25.04"),
    ("questing", "ubuntu", "25.10"),
    ("resolute", "ubuntu", "26.04"),
    ("jessie", "debian", "8"),
    ("stretch", "debian", "9"),
    ("buster", "debian", "10"),
    ("bullseye", "debian", "11"),
    ("bookworm", "debian", "12"),
    ("trixie", "debian", "13"),
    ("forky", "debian", "14"),
];

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    if s.trial && !matches!(s.label, "host" | "runtime" | "os") {
        return;
    }
    let mut at = 0;
    while at < s.words.len() {
        if image(s, at, sink) {
            at += 1;
            continue;
        }
        match name(s, at) {
            Some((id, length)) => {
                named(s, at, length, id, sink);
                at += length;
            }
            None => {
                joined(s, at, sink);
                at += 1;
            }
        }
    }
}

fn name(s: &Saying<'_>, at: usize) -> Option<(&'static str, usize)> {
    let (words, id) = NAMES.iter().find(|(words, _)| s.at(at, words))?;
    let first = s.words.get(at)?;
    let capital = first.text.starts_with(char::is_uppercase);
    // Names that are also words need to be written as names.
    let ambiguous = words.len() == 1
        && matches!(
            words.first(),
            Some(&("arch" | "void" | "el" | "rocky" | "alma" | "pve" | "dsm" | "sle" | "aurora" | "coreos"))
        );
    if ambiguous && (!capital || words.first() == Some(&"el") && !words::is_version(s.word(at + 1))) {
        return None;
    }
    (!s.message
        || matches!(s.label, "host" | "os")
        || s.lower.contains("description")
        || s.lower.contains("operating system"))
    .then_some((id, words.len()))
}

fn named(s: &Saying<'_>, at: usize, length: usize, id: &'static str, sink: &mut Sink) {
    let next = s.word(at + length);
    let after = s.word(at + length + 1);
    let (version, used) = if let Some(version) = release(id, next) {
        (Some(version), 1)
    } else if matches!(
        next,
        "linux"
            | "release"
            | "version"
            | "gnu/linux"
            | "leap"
            | "stream"
            | "server"
            | "desktop"
            | "lts"
            | "ve"
            | "gnome"
    ) && let Some(version) = release(id, after)
    {
        (Some(version), 2)
    } else {
        (None, 0)
    };
    if s.denied(at) || older(s, at) {
        return;
    }
    // A desktop is the host of an engine only where it is said to be.
    if id == "macos" && !matches!(s.label, "host" | "os" | "host os" | "runtime") {
        return;
    }
    let end = at + length + used;
    let container = is_guest(s, at, end, id);
    let what = Predicate::Distro { id: id.to_owned(), version, container };
    s.say(at, end.saturating_sub(1), sink, what);
}

fn older(s: &Saying<'_>, at: usize) -> bool {
    matches!(s.before(at, 1), "from" | "until" | "previously" | "unlike" | "before")
}

/// True when the words around make it the distribution of an image or guest.
fn is_guest(s: &Saying<'_>, at: usize, end: usize, id: &str) -> bool {
    let never = [
        "proxmox",
        "qnap",
        "synology",
        "unraid",
        "truenas",
        "flatcar",
        "bottlerocket",
        "talos",
        "cos",
        "openwrt",
    ];
    if never.contains(&id) {
        return false;
    }
    let thing = |w: &str| {
        matches!(
            w,
            "container"
                | "containers"
                | "image"
                | "images"
                | "lxc"
                | "base"
                | "chroot"
                | "based"
                | "ct"
                | "rootfs"
                | "lxcs"
                | "musl"
        )
    };
    let system =
        s.words.iter().any(|w| matches!(w.lower.as_str(), "lxc" | "lxd" | "incus" | "nspawn" | "ct"));
    let before = (1..=2).any(|n| match s.before(at, n) {
        "guest" => system,
        "container" => n == 1,
        _ => false,
    });
    // `host: RHEL based` is a host of that family.
    let alone = at == 0 && s.word(end + 1).is_empty();
    let family = s.word(end) == "based" && (alone || matches!(s.label, "host" | "os" | "host os"));
    let follows = thing(s.word(end)) && !family
        || (s.word(end) == "guest" && system)
        || (matches!(s.word(end), "lts" | "linux") && thing(s.word(end + 1)));
    // Alpine is seldom a host.
    // `Debian 13 (trixie) in an unprivileged LXC`.
    let within = (end..end + 4).find(|&n| matches!(s.word(n), "in" | "inside")).is_some_and(|at| {
        (at + 1..at + 5).any(|n| matches!(s.word(n), "lxc" | "lxd" | "incus" | "ct" | "nspawn"))
    }) && !s.words.iter().any(|w| matches!(w.lower.as_str(), "docker" | "podman"));
    if matches!(s.label, "os" | "host os") {
        return within;
    }
    // The image of a run command.
    let run = matches!(s.word(0), "docker" | "podman" | "nerdctl" | "sudo")
        && (1..4).any(|n| matches!(s.word(n), "run" | "pull" | "create"))
        && s.words.get(at).is_some_and(|w| w.text == w.lower)
        && s.before(at, 1) != "on";
    follows
        || within
        || run
        || before
        || s.label == "software"
        || (id == "alpine" && s.label != "host" && s.word(end) != "host")
}

/// A release of this distribution.
fn release(id: &str, word: &str) -> Option<Version> {
    if let Some((_, of, version)) = CODES.iter().find(|(code, ..)| *code == word) {
        return (*of == id || matches!(id, "raspbian" | "mint" | "devuan"))
            .then(|| Version::parse(version))
            .flatten();
    }
    if !words::is_version(word) || word.contains([':', '-']) && !word.ends_with("-beta") {
        return None;
    }
    let version = Version::parse(word.trim_end_matches(['+', '-']))?;
    let first = *version.numbers.first()?;
    let year = matches!(id, "amazon") && (2000..2100).contains(&first);
    (year || first < 100).then_some(version)
}

/// `CentOS7`, `EL7`, `debian12`, `ubuntu-22.04`, `fedora-like`, `id=ubuntu`, a code name.
fn joined(s: &Saying<'_>, at: usize, sink: &mut Sink) {
    let word = s.word(at);
    if let Some((_, id, version)) = CODES.iter().find(|(code, ..)| *code == word) {
        let capital = s.words.get(at).is_some_and(|w| w.text.starts_with(char::is_uppercase));
        let sure = capital
            || !matches!(word, "noble" | "precise" | "trusty" | "focal" | "stretch" | "resolute" | "plucky");
        if sure && !s.message && !older(s, at) {
            let what = Predicate::Distro {
                id: (*id).to_owned(),
                version: Version::parse(version),
                container: is_guest(s, at, at + 1, id),
            };
            s.say(at, at, sink, what);
        }
        return;
    }
    if s.message && s.label != "host" {
        return;
    }
    let bare = word.strip_prefix("id=").or(word.strip_prefix("id_like=")).unwrap_or(word);
    let split = bare.find(|c: char| c.is_ascii_digit()).unwrap_or(bare.len());
    let (head, tail) = (bare.get(..split).unwrap_or(""), bare.get(split..).unwrap_or(""));
    let stem = head.trim_end_matches(['-', '_']);
    let stem = stem.strip_suffix("-like").or(stem.strip_suffix("-based")).unwrap_or(stem);
    if stem == bare && !word.starts_with("id=") || stem.is_empty() {
        return;
    }
    let Some((_, id)) = NAMES.iter().find(|(words, _)| words.len() == 1 && words.first() == Some(&stem))
    else {
        return;
    };
    let ambiguous = matches!(stem, "arch" | "void" | "rocky" | "alma" | "pve" | "dsm" | "sle" | "alpine");
    let version = if tail.is_empty() { None } else { release(id, tail) };
    if (version.is_none() && !tail.is_empty())
        || (ambiguous && version.is_none())
        || older(s, at)
        || s.denied(at)
    {
        return;
    }
    let what = Predicate::Distro { id: (*id).to_owned(), version, container: is_guest(s, at, at + 1, id) };
    s.say(at, at, sink, what);
}

/// An image reference: `ubuntu:22.04`, `docker.io/library/alpine:3`, `registry/ubi9`.
fn image(s: &Saying<'_>, at: usize, sink: &mut Sink) -> bool {
    let word = s.word(at);
    let last = word.rsplit('/').next().unwrap_or(word);
    let (name, tag) = last.split_once(':').unwrap_or((last, ""));
    let referenced = !tag.is_empty() || word.matches('/').count() >= 1 && !word.starts_with('/');
    if !referenced {
        return false;
    }
    let id = match name {
        "ubuntu" | "debian" | "alpine" | "fedora" | "centos" => name,
        "archlinux" => "arch",
        "rockylinux" => "rocky",
        "almalinux" => "alma",
        "amazonlinux" => "amazon",
        "leap" | "tumbleweed" | "opensuse" => "suse",
        "ubi7" | "ubi8" | "ubi9" | "ubi10" | "ubi-minimal" => "rhel",
        _ => return false,
    };
    let version = tag.split('-').next().and_then(|t| release(id, t));
    s.say(at, at, sink, Predicate::Distro { id: id.to_owned(), version, container: true });
    true
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Predicate;

    fn all(text: &str) -> Vec<String> {
        facts(text)
            .all
            .iter()
            .filter_map(|f| match &f.what {
                Predicate::Distro { id, version, container } => Some(format!(
                    "{id} {}{}",
                    version.as_ref().map_or("", |v| v.text.as_str()),
                    if *container { " image" } else { "" }
                )),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn releases() {
        for (text, want) in [
            ("host: Debian 13 userland, kernel 6.17.4-2-pve (Proxmox)", &["debian 13", "proxmox "][..]),
            ("Ubuntu 24.04.3 LTS", &["ubuntu 24.04.3"]),
            ("Fedora Silverblue 39", &["fedora 39"]),
            ("CentOS 7.2.1511", &["centos 7.2.1511"]),
            ("EL7, selinux-policy", &["rhel 7"]),
            ("host: Alma 9.3", &["alma 9.3"]),
            ("Kubuntu 24.04 (upgraded from 23.10)", &["ubuntu 24.04"]),
            ("bazzite-gnome 42 (Fedora atomic)", &["fedora 42", "fedora "]),
            ("Ubuntu precise, kernel 3.13.0-63-generic", &["ubuntu 12.04"]),
            ("Ubuntu Noble", &["ubuntu 24.04"]),
            ("Fedora-like", &["fedora "]),
            ("host: Arch", &["arch "]),
            ("Arch Linux ARM with a vendor kernel", &["arch "]),
            ("runs-on: ubuntu-22.04", &["ubuntu 22.04"]),
            ("Ubuntu 24.04 VM", &["ubuntu 24.04"]),
            ("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"", &["debian 12", "debian 12"]),
            ("ID=ubuntu", &["ubuntu "]),
            (" Operating System: Ubuntu 22.04.3 LTS", &["ubuntu 22.04.3"]),
            ("RHEL OpenShift cluster", &["rhel "]),
            ("Red Hat Enterprise Linux release 8.6", &["rhel 8.6"]),
        ] {
            let mut want: Vec<_> = want.to_vec();
            want.dedup();
            assert_eq!(all(text), want, "{text}");
        }
    }

    #[test]
    fn images_and_guests() {
        for (text, want) in [
            ("curl in fedora:rawhide (glibc 2.34)", "fedora  image"),
            ("ubuntu:22.04", "ubuntu 22.04 image"),
            ("Proxmox VE LXC guest Ubuntu 22.04", "ubuntu 22.04 image"),
            ("unprivileged Debian 13 LXC", "debian 13 image"),
            ("OS: Debian GNU/Linux 13 (trixie) in an unprivileged LXC", "debian 13 image"),
            ("LXD container CentOS6", "centos 6 image"),
            ("LXD (snap), Debian 10 containers", "debian 10 image"),
            ("zlib built in a container (Alpine musl)", "alpine  image"),
            ("docker run alpine:3.19", "alpine 3.19 image"),
        ] {
            assert!(all(text).contains(&want.to_owned()), "{text}: {:?}", all(text));
        }
    }

    #[test]
    fn nothing_from_ordinary_words() {
        for text in [
            "arch=c000003e syscall=1",
            "not reproducible on Debian hosts",
            "it is void",
            "upgraded from Ubuntu 22.04",
            "a rocky start",
        ] {
            assert_eq!(all(text), Vec::<String>::new(), "{text}");
        }
    }
}
