//! Kernel versions: `kernel 6.17.4-2-pve`, `uname -a`, tokens with a distribution's flavour; and what
//! the flavour tells.

use super::{Saying, words};
use crate::context::sink::Sink;
use whodenied_case::{Engine, Environment, Predicate, Version};

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    for at in 0..s.words.len() {
        let word = s.word(at);
        let flavoured = is_flavoured(word);
        let named = words::is_version(word) && word.contains('.') && is_after_name(s, at);
        if (flavoured || named) && !other_state(s, at) {
            let text = s.words.get(at).map_or("", |w| w.text.trim_end_matches('+'));
            if let Some(version) = Version::parse(text).filter(|v| v.numbers.first().is_some_and(|n| *n < 20))
            {
                let what = Predicate::Component { name: "kernel".to_owned(), version: Some(version) };
                s.say(at, at, sink, what);
            }
            traits(s, at, sink);
        }
    }
}

/// Another kernel than the running one: tried, or before an update.
fn other_state(s: &Saying<'_>, at: usize) -> bool {
    (s.trial && s.label != "host")
        || (1..=3).any(|n| matches!(s.before(at, n), "from" | "until" | "before" | "previously" | "older"))
}

/// `kernel 6.1`, `Linux 6.17.4`, `Linux version 6.5`, `Kernel Version: 5.15`.
fn is_after_name(s: &Saying<'_>, at: usize) -> bool {
    let near = |n| s.before(at, n);
    match near(1) {
        "kernel" => true,
        "linux" => {
            s.word(at).matches('.').count() >= 1
                && near(2) != "alpine"
                && near(2) != "arch"
                && near(2) != "rocky"
                && near(2) != "fedora"
                && near(2) != "oracle"
                && near(2) != "amazon"
                && near(2) != "enterprise"
        }
        // `CentOS Linux release 7.9.2009` is the distribution's.
        "version" | "release" | "is" | "running" if near(2) == "linux" => !matches!(
            near(3),
            "centos"
                | "rocky"
                | "alma"
                | "oracle"
                | "fedora"
                | "enterprise"
                | "arch"
                | "alpine"
                | "amazon"
                | "almalinux"
        ),
        "version" | "release" | "is" | "running" => near(2) == "kernel",
        // `uname -a`: Linux HOST 5.10.0-…
        host if !host.is_empty() && near(2) == "linux" => {
            s.lower.contains(" smp") || s.lower.contains("gnu/linux")
        }
        _ => false,
    }
}

/// A token such as `6.17.4-2-pve`, `3.10.0-514.el7.x86_64`, `5.15.49-linuxkit-pr`.
fn is_flavoured(word: &str) -> bool {
    const FLAVOURS: &[&str] = &[
        "-pve",
        "-generic",
        "-azure",
        "-aws",
        "-gcp",
        "-oracle",
        "-linuxkit",
        ".el6",
        ".el7",
        ".el8",
        ".el9",
        ".el10",
        ".fc",
        ".amzn",
        "-cloud-amd64",
        "-amd64",
        "-arm64",
        "-arch",
        "-lts",
        "-zen",
        "-hardened",
        "-raspi",
        "-v7",
        "-v8",
        "-microsoft",
        "-wsl2",
        "-oem",
        "-lowlatency",
        "-default",
        "-rt-",
        "-unraid",
        "-manjaro",
        "-cachyos",
        "-talos",
        "-flatcar",
        "-truenas",
        "-rpi",
        "-gentoo",
        "+rpt-rpi",
        "-cos",
        "-kvm",
        "-nixos",
        "-bpo",
    ];
    let dots = word.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').collect::<Vec<_>>();
    let numbers = dots.split(|b| *b == b'.').filter(|p| !p.is_empty()).count();
    numbers >= 2
        && dots.first().is_some_and(|b| b.is_ascii_digit())
        && FLAVOURS.iter().any(|f| word.contains(f))
        && !word.contains("ubuntu")
        && !word.contains('/')
        && !word.contains('~')
}

fn traits(s: &Saying<'_>, at: usize, sink: &mut Sink) {
    let word = s.word(at);
    if word.contains("microsoft") || word.contains("wsl2") {
        s.say(at, at, sink, Predicate::Environment(Environment::Wsl));
    }
    if word.contains("-linuxkit") {
        s.say(at, at, sink, Predicate::Engine(Engine::DockerDesktop));
    }
}

/// The distribution that a kernel's flavour tells, where the host's is not named.
pub(super) fn imply_distro(sink: &mut Sink) {
    if sink.has(|p| matches!(p, Predicate::Distro { container: false, .. })) {
        return;
    }
    let Some((span, text)) = sink.kernel() else { return };
    let after = |mark: &str| {
        let at = text.find(mark)? + mark.len();
        Version::parse(text.get(at..)?)
    };
    let (id, version) = if text.contains("-pve") {
        ("proxmox", None)
    } else if let Some(version) = after(".fc") {
        ("fedora", Some(version))
    } else if let Some(version) = after(".el") {
        ("rhel", Some(version))
    } else if text.contains("-generic") || text.contains("-lowlatency") || text.contains("-oem") {
        ("ubuntu", None)
    } else if text.contains("-arch") {
        ("arch", None)
    } else if text.contains("-unraid") {
        ("unraid", None)
    } else if text.contains(".amzn") {
        ("amazon", None)
    } else if text.contains("rpi") || text.contains("-v8") {
        ("raspbian", None)
    } else if text.contains("-cloud-amd64") || text.contains("deb1") || text.ends_with("-amd64") {
        ("debian", None)
    } else {
        return;
    };
    sink.fact(span, "kernel-flavour", Predicate::Distro { id: id.to_owned(), version, container: false });
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::{Engine, Environment};

    #[test]
    fn versions() {
        for (text, want) in [
            ("kernel 6.17.4-2-pve (Proxmox)", "6.17.4-2-pve"),
            ("OS: Linux 6.17.4-2-pve", "6.17.4-2-pve"),
            ("Ubuntu 14.04.1 3.13.0-32-generic", "3.13.0-32-generic"),
            (
                "EL7, 3.10.0-514.16.1.el7.x86_64, selinux-policy-3.13.1-102.el7_3.16",
                "3.10.0-514.16.1.el7.x86_64",
            ),
            ("Fedora 35, kernel 5.15.14", "5.15.14"),
            (
                "Linux box 5.10.19-200.fc33.x86_64 #1 SMP Mon Feb 1 2021 x86_64 GNU/Linux",
                "5.10.19-200.fc33.x86_64",
            ),
            ("Kernel Version: 5.15.0-91-generic", "5.15.0-91-generic"),
            ("Linux version 6.6.87.2-microsoft-standard-WSL2", "6.6.87.2-microsoft-standard-WSL2"),
        ] {
            assert_eq!(facts(text).version("kernel").map(|v| v.text.as_str()), Some(want), "{text}");
        }
        for text in
            ["Alpine Linux 3.19", "it works on kernel 6.8", "updated from kernel 6.8", "Linux desktop"]
        {
            assert!(facts(text).version("kernel").is_none(), "{text}");
        }
    }

    #[test]
    fn flavours_tell_the_distribution() {
        assert_eq!(facts("kernel 6.17.4-2-pve").distro().map(|d| d.0.to_owned()).as_deref(), Some("proxmox"));
        assert_eq!(
            facts("Debian 13, kernel 6.17.4-2-pve").distro().map(|d| d.0.to_owned()).as_deref(),
            Some("debian")
        );
        assert!(facts("5.15.49-linuxkit").has_engine(Engine::DockerDesktop));
        assert!(facts("6.6.87.2-microsoft-standard-WSL2").has(Environment::Wsl));
    }
}
