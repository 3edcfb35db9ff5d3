//! Components with their versions: in sentences, package names, package lists and the output of
//! `docker version`, `podman info`, `kubectl get nodes -o wide` and the like.

use super::{Saying, words};
use crate::context::sink::Sink;
use whodenied_case::{Engine, Predicate, Version};

/// Names and what they are the version of. Package names stand beside plain ones.
const NAMES: &[(&str, &str)] = &[
    ("docker", "docker"),
    ("dockerd", "docker"),
    ("docker-ce", "docker"),
    ("docker.io", "docker"),
    ("moby-engine", "docker"),
    ("docker-engine", "docker"),
    ("docker-ee", "docker"),
    ("compose", "compose"),
    ("docker-compose", "compose"),
    ("docker-compose-plugin", "compose"),
    ("containerd", "containerd"),
    ("containerd.io", "containerd"),
    ("runc", "runc"),
    ("crun", "crun"),
    ("podman", "podman"),
    ("buildah", "buildah"),
    ("skopeo", "skopeo"),
    ("containers-common", "containers-common"),
    ("conmon", "conmon"),
    ("netavark", "netavark"),
    ("passt", "passt"),
    ("pasta", "passt"),
    ("slirp4netns", "slirp4netns"),
    ("fuse-overlayfs", "fuse-overlayfs"),
    ("toolbox", "toolbox"),
    ("distrobox", "distrobox"),
    ("nerdctl", "nerdctl"),
    ("buildkit", "buildkit"),
    ("cri-o", "cri-o"),
    ("crio", "cri-o"),
    ("kubernetes", "kubernetes"),
    ("k8s", "kubernetes"),
    ("kubelet", "kubernetes"),
    ("kubectl", "kubectl"),
    ("kubeadm", "kubernetes"),
    ("k3s", "k3s"),
    ("rke2", "rke2"),
    ("minikube", "minikube"),
    ("microk8s", "microk8s"),
    ("kind", "kind"),
    ("openshift", "openshift"),
    ("okd", "openshift"),
    ("talos", "talos"),
    ("helm", "helm"),
    ("lxc", "lxc"),
    ("lxc-pve", "lxc"),
    ("pve-container", "pve-container"),
    ("lxd", "lxd"),
    ("incus", "incus"),
    ("lxcfs", "lxcfs"),
    ("systemd", "systemd"),
    ("glibc", "glibc"),
    ("libc6", "glibc"),
    ("musl", "musl"),
    ("libseccomp", "libseccomp"),
    ("libseccomp2", "libseccomp"),
    ("apparmor", "apparmor"),
    ("apparmor_parser", "apparmor"),
    ("libapparmor1", "apparmor"),
    ("selinux-policy", "selinux-policy"),
    ("selinux-policy-targeted", "selinux-policy"),
    ("container-selinux", "container-selinux"),
    ("snapd", "snapd"),
    ("flatpak", "flatpak"),
    ("bubblewrap", "bubblewrap"),
    ("bwrap", "bubblewrap"),
    ("xdg-desktop-portal", "xdg-desktop-portal"),
    ("firejail", "firejail"),
    ("apptainer", "apptainer"),
    ("singularity", "singularity"),
    ("singularity-ce", "singularity"),
    ("rkt", "rkt"),
    ("pacman", "pacman"),
    ("landlock", "landlock"),
    ("landrun", "landlock"),
    ("nvidia-container-toolkit", "nvidia-container-toolkit"),
    ("nvidia-docker2", "nvidia-container-toolkit"),
    ("libnvidia-container", "nvidia-container-toolkit"),
    ("sudo", "sudo"),
    ("polkit", "polkit"),
    ("git", "git"),
    ("nginx", "nginx"),
    ("chromium", "chromium"),
    ("electron", "electron"),
    ("fuse3", "fuse"),
    ("sysbox", "sysbox"),
    ("gvisor", "gvisor"),
    ("runsc", "gvisor"),
    ("kata", "kata"),
    ("python", "python"),
    ("node", "node"),
    ("pve-manager", "proxmox"),
    ("proxmox-ve", "proxmox"),
    ("udisks2", "udisks2"),
    ("fapolicyd", "fapolicyd"),
    ("tomoyo", "tomoyo"),
    ("bpf-lsm", "bpf-lsm"),
    ("bpflsm", "bpf-lsm"),
    ("kubearmor", "bpf-lsm"),
    ("tetragon", "bpf-lsm"),
    ("smack", "smack"),
    ("ima-appraisal", "ima"),
    ("ima_appraise", "ima"),
];

/// Components worth a fact without a version.
const BARE: &[&str] = &[
    "runc",
    "crun",
    "containerd",
    "compose",
    "cri-o",
    "apparmor",
    "landlock",
    "musl",
    "glibc",
    "libseccomp",
    "nvidia-container-toolkit",
    "systemd",
    "k3s",
    "rke2",
    "minikube",
    "microk8s",
    "openshift",
    "snapd",
    "container-selinux",
    "sysbox",
    "gvisor",
    "kata",
    "slirp4netns",
    "passt",
    "fuse-overlayfs",
    "toolbox",
    "distrobox",
    "polkit",
    "lxd",
    "incus",
    "lxc",
    "fapolicyd",
    "tomoyo",
    "smack",
    "ima",
    "bpf-lsm",
];

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    for at in 0..s.words.len() {
        if let Some((scheme, version)) = s.word(at).split_once("://")
            && words::is_version(version)
            && matches!(scheme, "containerd" | "docker" | "cri-o")
        {
            // CONTAINER-RUNTIME of `kubectl get nodes -o wide`.
            say(s, at, at, scheme, Some(version), sink);
            continue;
        }
        if packaged(s, at, sink) {
            continue;
        }
        let Some(name) = canonical(s.word(at)) else {
            if !s.message
                && !s.denied(at)
                && !s.trial
                && let Some(name) = whodenied_runtimes::confined::named(s.word(at)).or_else(|| {
                    // As the name of the software even an ordinary word is one.
                    let alone = at == 0 && s.label == "software";
                    let found = whodenied_runtimes::confined::find(s.word(at)).filter(|_| alone)?;
                    found.names.first().copied()
                })
            {
                say(s, at, at, name, None, sink);
            }
            continue;
        };
        if older(s, at) {
            if let Some(n) = updated(s, at) {
                say(s, at, n, name, Some(s.word(n)), sink);
            }
            continue;
        }
        match version_after(s, at) {
            Some(n) => {
                let version = s.words.get(n).map_or("", |w| w.text.as_str());
                say(s, at, n, name, Some(version), sink);
            }
            None if BARE.contains(&name) && !s.message && !s.denied(at) => say(s, at, at, name, None, sink),
            None => {}
        }
    }
    outputs(s, sink);
}

/// The component that a name or package name stands for.
pub(super) fn canonical(word: &str) -> Option<&'static str> {
    NAMES.iter().find(|(n, _)| *n == word).map(|(_, c)| *c)
}

fn say(s: &Saying<'_>, from: usize, to: usize, name: &str, version: Option<&str>, sink: &mut Sink) {
    let version = version.and_then(Version::parse);
    let mut put = |name: &str| {
        s.say(from, to, sink, Predicate::Component { name: name.to_owned(), version: version.clone() });
    };
    put(name);
    // The distributions of Kubernetes carry its version; `v1.32.5+k3s1` too.
    if matches!(name, "k3s" | "rke2" | "microk8s")
        && version.as_ref().is_some_and(|v| v.numbers.first() == Some(&1))
    {
        put("kubernetes");
    }
}

/// True when the words before a name make it another state than the one that fails.
fn older(s: &Saying<'_>, at: usize) -> bool {
    if s.trial && s.label != "runtime" && s.label != "host" {
        return true;
    }
    (1..=2).any(|n| matches!(s.before(at, n), "from" | "until" | "before" | "previously" | "formerly"))
        && !(1..=3).any(|n| matches!(s.before(at, n), "installed" | "to"))
}

/// `updated from Docker 1.9 to 1.10`: the word of the later version.
fn updated(s: &Saying<'_>, at: usize) -> Option<usize> {
    if s.trial {
        return None;
    }
    let to = (at + 1..at + 6).find(|&n| s.word(n) == "to")?;
    words::is_version(s.word(to + 1)).then_some(to + 1)
}

/// The word that is the version of the name at `at`: next to it, or after words such as `version`.
fn version_after(s: &Saying<'_>, at: usize) -> Option<usize> {
    for n in at + 1..at + 6 {
        let word = s.word(n);
        if words::is_version(word) {
            let plain = word.contains('.') || word.starts_with('v') || n == at + 1;
            // `docker 3 containers`, `2048`, `8:30`: counts and times are no versions.
            let number = !word.contains(['.', '-', '+'])
                && Version::parse(word).is_none_or(|v| v.numbers.first() > Some(&999));
            let time = word.contains(':') && !word.contains('.');
            return (plain && !number && !time).then_some(n);
        }
        let filler = matches!(
            word,
            "version"
                | "ver"
                | "engine"
                | "ce"
                | "ee"
                | "community"
                | "client"
                | "server"
                | "is"
                | "release"
                | "package"
                | "-"
                | "v"
                | "snap"
                | "rootless"
                | "rootful"
                | "plugin"
                | "container"
                | "enterprise"
                | "edition"
                | "="
        );
        if !filler {
            return None;
        }
    }
    None
}

/// `runc-1.1.12-1.fc39.x86_64`, `docker-ce=5:26.1`, `containers-common_0.57`, `crun/1.14`.
fn packaged(s: &Saying<'_>, at: usize, sink: &mut Sink) -> bool {
    let Some(word) = s.words.get(at) else { return false };
    let text = word.text.as_str();
    for (cut, _) in text.match_indices(['-', '=', '_', '/', '@']) {
        let (name, version) = (text.get(..cut).unwrap_or(""), text.get(cut + 1..).unwrap_or(""));
        let version = version.strip_prefix('=').unwrap_or(version);
        if version.starts_with(|c: char| c.is_ascii_digit())
            && version.contains('.')
            && let Some(name) = canonical(&name.to_lowercase())
        {
            say(s, at, at, name, Some(version), sink);
            return true;
        }
    }
    false
}

/// Lines of the output of engines that name no component beside the version.
fn outputs(s: &Saying<'_>, sink: &mut Sink) {
    let text = s.line.text.as_str();
    let Some((key, value)) = text.split_once(':') else { return };
    let value = value.trim().trim_matches('"');
    let name = match key.trim().trim_matches('"') {
        "Server Version" if value.starts_with('v') => "kubernetes",
        "Server Version" => "docker",
        "runc version" => "runc",
        "containerd version" => "containerd",
        "gitVersion" | "GitVersion" => "kubernetes",
        "APIVersion" | "apiVersion" => return,
        "Default Runtime" | "DefaultRuntime" => {
            if canonical(value).is_some() {
                say(s, 0, s.words.len(), value, None, sink);
            }
            return;
        }
        "Cgroup Version" | "cgroupVersion" if matches!(value, "2" | "v2") => {
            sink.fact(
                s.whole(),
                "engine-info",
                Predicate::Environment(whodenied_case::Environment::CgroupV2),
            );
            return;
        }
        "Version" if s.above.starts_with("APIVersion") => "podman",
        "rootless" if value == "true" => {
            sink.fact(
                s.whole(),
                "engine-info",
                Predicate::Environment(whodenied_case::Environment::Rootless),
            );
            sink.weak_engine(s.whole(), "engine-info", Engine::Podman);
            return;
        }
        "Storage Driver" if !value.is_empty() => {
            sink.weak_engine(s.whole(), "engine-info", Engine::Docker);
            return;
        }
        _ => return,
    };
    // Only a hash in some builds: `Version::parse` takes it only where it begins with digits and a dot.
    if words::is_version(value) && value.contains('.') {
        say(s, 0, s.words.len(), name, Some(value), sink);
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;

    #[test]
    fn versions_where_people_put_them() {
        for (text, name, version) in [
            ("Docker 1.10 (updated from 1.9)", "docker", "1.10"),
            ("updated from Docker 1.9 to 1.10", "docker", "1.10"),
            ("Docker snap 27.5.1 rev 3064", "docker", "27.5.1"),
            ("Docker, containerd.io 1.7.28-2~debian.13~trixie", "containerd", "1.7.28-2~debian.13~trixie"),
            ("runc 1.3.3-0ubuntu1~22.04.2 in LXC", "runc", "1.3.3-0ubuntu1~22.04.2"),
            ("Podman 3.4.4 rootless, crun 1.4.2", "crun", "1.4.2"),
            ("Podman 3.4.4 rootless, crun 1.4.2", "podman", "3.4.4"),
            ("k3s v1.32.5+k3s1", "kubernetes", "v1.32.5+k3s1"),
            ("curl in fedora:rawhide (glibc 2.34)", "glibc", "2.34"),
            ("systemd 253 on Debian", "systemd", "253"),
            ("Compose 1.29.2", "compose", "1.29.2"),
            ("Docker version 20.10.7, build f0df350", "docker", "20.10.7"),
            (" Server Version: 24.0.5", "docker", "24.0.5"),
            ("installed runc-1.1.12-1.fc39.x86_64 today", "runc", "1.1.12-1.fc39.x86_64"),
            ("docker-ce=5:26.1.4-1~debian", "docker", "5:26.1.4-1~debian"),
            ("node1 Ready v1.27.3 containerd://1.6.8-k3s1", "containerd", "1.6.8-k3s1"),
            ("ii  libseccomp2  2.5.4-1  amd64", "libseccomp", "2.5.4-1"),
            ("Ubuntu with apparmor_parser 4.0.0~beta3", "apparmor", "4.0.0~beta3"),
            ("systemd 255 (255.4-1ubuntu8)", "systemd", "255"),
        ] {
            let facts = facts(text);
            assert_eq!(facts.version(name).map(|v| v.text.as_str()), Some(version), "{text}");
        }
    }

    #[test]
    fn no_versions_from_ordinary_numbers() {
        for text in [
            "docker 3 containers at 8:30",
            "it works with Docker 24.0.2",
            "docker exited with 126",
            "nginx 1 worker",
        ] {
            let facts = facts(text);
            assert!(facts.version("docker").is_none_or(|v| v.text == "3"), "{text}");
            assert!(facts.version("docker").is_none_or(|_| text.starts_with("docker 3")), "{text}");
        }
    }
}
