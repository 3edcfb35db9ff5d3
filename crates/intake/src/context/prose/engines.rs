//! Engines named in prose, and which of them runs inside which.

use super::{DIALECT, Saying};
use crate::context::sink::Sink;
use whodenied_case::{Engine, Environment, Predicate};

/// One mention: the engine and the words it covers.
#[derive(Debug, Clone, Copy)]
struct Mention {
    engine: Engine,
    from: usize,
    to: usize,
}

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    host_process(s, sink);
    // "docker, works with --privileged": where it runs, and the experiment behind it.
    let tried = s.trial && s.label != "runtime" && s.label != "software";
    // "Docker, it worked until …"
    let first = s.words.get(1).is_some_and(|w| w.breaks);
    if s.message || tried && !first && !matches!(s.word(1), "works" | "fails") {
        return;
    }
    let mut mentions = mentions(s);
    if tried {
        mentions.retain(|m| m.from == 0);
    }
    let mut outer = vec![false; mentions.len()];
    for (n, pair) in mentions.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        let between = a.to + 1..b.from;
        // "podman in the toolbox": one engine by two names.
        let same = a.engine == b.engine && matches!(s.word(b.from), "toolbox" | "toolbx" | "distrobox");
        if same {
            continue;
        }
        if between.len() <= 14 && inside(s, between.clone(), b.engine) && holds(b.engine) {
            if let Some(flag) = outer.get_mut(n + 1) {
                *flag = true;
            }
        } else if holds_systems(a.engine)
            && (b.engine.is_oci() || holds_systems(b.engine))
            && a.engine != b.engine
        {
            // "an LXC with Docker", "Incus containers running Podman".
            if let Some(flag) = outer.get_mut(n) {
                *flag = true;
            }
        }
    }
    for (mention, outer) in mentions.iter().zip(&outer) {
        let what = if *outer { Predicate::Outer(mention.engine) } else { Predicate::Engine(mention.engine) };
        s.say(mention.from, mention.to, sink, what);
        let nested = s.before(mention.from, 1) == "nested"
            || (holds_systems(mention.engine) && s.find(&["nested"]).is_some());
        if nested && holds(mention.engine) && mentions.len() == 1 {
            s.say(mention.from, mention.to, sink, Predicate::Outer(mention.engine));
        }
    }
    dind(s, sink);
    changed_root(s, sink);
    if mentions.is_empty() {
        own_sandbox(s, sink);
        some_container(s, sink);
    }
}

/// True when the words between two mentions say that the second contains the first.
fn inside(s: &Saying<'_>, between: std::ops::Range<usize>, second: Engine) -> bool {
    let mut found = false;
    for at in between {
        match s.word(at) {
            "inside" | "within" | "in" => found = true,
            "on" if holds_systems(second) => found = true,
            // "in CI with Docker": another clause of the sentence.
            "and" | "or" | "with" | "using" | "via" | "vs" | "instead" => found = false,
            _ => {}
        }
    }
    found
}

/// Engines that can contain another.
fn holds(engine: Engine) -> bool {
    engine.is_oci() || holds_systems(engine)
}

fn holds_systems(engine: Engine) -> bool {
    matches!(engine, Engine::Lxc | Engine::Incus | Engine::Nspawn)
}

fn mentions(s: &Saying<'_>) -> Vec<Mention> {
    let mut out: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < s.words.len() {
        match mention(s, at) {
            Some((engine, length)) => {
                let repeats = out.last().is_some_and(|m| m.engine == engine && at == m.to + 1);
                if !repeats {
                    out.push(Mention { engine, from: at, to: at + length - 1 });
                }
                at += length;
            }
            None => at += 1,
        }
    }
    // "LXD (snap)" and "Docker ... snap": how the engine was installed, no second engine.
    if out
        .iter()
        .any(|m| matches!(m.engine, Engine::Docker | Engine::DockerSnap | Engine::Incus | Engine::Kubernetes))
    {
        out.retain(|m| m.engine != Engine::Snap);
    }
    // "Kubernetes with CRI-O" is CRI-O's case; "Kubernetes with containerd" is Kubernetes'.
    if out.iter().any(|m| {
        matches!(m.engine, Engine::Kubernetes | Engine::Docker | Engine::DockerDesktop | Engine::Podman)
    }) {
        out.retain(|m| m.engine != Engine::Containerd);
    }
    out
}

/// The engine named by the words at `at`, and how many of them name it.
fn mention(s: &Saying<'_>, at: usize) -> Option<(Engine, usize)> {
    let (word, next) = (s.word(at), s.word(at + 1));
    let found = match word {
        "docker" if next == "desktop" => (Engine::DockerDesktop, 2),
        "docker" if next == "snap" => (Engine::DockerSnap, 2),
        "docker"
            if matches!(next, "from" | "via" | "installed")
                && (s.word(at + 2) == "snap" || s.word(at + 3) == "snap") =>
        {
            (Engine::DockerSnap, 1)
        }
        "snap" if next == "docker" => (Engine::DockerSnap, 2),
        "rancher" if next == "desktop" => (Engine::Kubernetes, 2),
        "orbstack" | "colima" => (Engine::DockerDesktop, 1),
        "docker" if next == "compose" => (Engine::Docker, 2),
        // "compose, all capabilities dropped": the answer to where it runs.
        "compose"
            if at == 0
                && s.words.len() <= 12
                && s.label != "error"
                && (s.label == "runtime" && next.is_empty() || s.words.get(1).is_some_and(|w| w.breaks)) =>
        {
            (Engine::Docker, 1)
        }
        // "docker image without extra flags"
        "docker" if at == 0 && next == "image" && matches!(s.word(2), "with" | "without") => {
            (Engine::Docker, 2)
        }
        "docker" => return docker(s, at).then_some((Engine::Docker, 1)),
        "devcontainer" | "devcontainers" | "devcontainer.json" => (Engine::Docker, 1),
        "docker-ce" | "docker.io" | "dockerd" | "docker-compose" | "moby" | "moby-engine" => {
            (Engine::Docker, 1)
        }
        // Podman Desktop is a program of the host that talks to Podman.
        "podman" if next == "desktop" => return None,
        "podman" | "podman-compose" | "quadlet" | "quadlets" | "toolbox" | "toolbx" | "distrobox" => {
            return (!names_a_part(next)).then_some((Engine::Podman, 1));
        }
        "buildah" | "buildkit" | "buildkitd" | "kaniko" => (Engine::Buildah, 1),
        "containerd" if next == "version" => return None,
        "nerdctl" | "containerd" | "containerd.io" => (Engine::Containerd, 1),
        "openshift" if next.starts_with('3') || next.starts_with("v3") => (Engine::Kubernetes, 1),
        "ct" | "cts" if s.find(&["proxmox"]).is_some() || s.find(&["pve"]).is_some() => (Engine::Lxc, 1),
        "ecs" | "fargate" if s.label == "runtime" => (Engine::Containerd, 1),
        "cri-o" | "crio" | "openshift" | "okd" | "microshift" => (Engine::CriO, 1),
        "kubernetes" | "k8s" | "k3s" | "k3d" | "rke" | "rke2" | "minikube" | "microk8s" | "eks" | "gke"
        | "aks" | "k0s" | "kubeadm" | "talos" => (Engine::Kubernetes, 1),
        "kind" if next == "cluster" || super::words::is_version(next) && next.contains('.') => {
            (Engine::Kubernetes, 1)
        }
        "lxc" | "lxcs" | "lxc-container" => (Engine::Lxc, 1),
        "proxmox" if matches!(next, "ct" | "container" | "lxc") => (Engine::Lxc, 2),
        "pve" if matches!(next, "ct" | "container" | "lxc") => (Engine::Lxc, 2),
        "lxd" | "incus" => (Engine::Incus, 1),
        "systemd-nspawn" | "nspawn" => (Engine::Nspawn, 1),
        "machinectl" => (Engine::Nspawn, 1),
        "systemd" => {
            let unit = (1..=3)
                .find(|n| matches!(s.word(at + n), "service" | "unit" | "services" | "units" | "timer"))?;
            (Engine::SystemdUnit, unit + 1)
        }
        "service" | "unit"
            if matches!(s.before(at, 1), "user" | "system" | "template") && s.label != "error" =>
        {
            (Engine::SystemdUnit, 1)
        }
        "snap" if next != "daemon" && !matches!(s.before(at, 1), "and" | "or") => (Engine::Snap, 1),
        "snapd" if s.label == "runtime" => (Engine::Snap, 1),
        "flatpak" | "flatpaks" => (Engine::Flatpak, 1),
        "bwrap" | "bubblewrap" => (Engine::Bubblewrap, 1),
        "firejail" => (Engine::Firejail, 1),
        "apptainer" | "singularity" => (Engine::Apptainer, 1),
        "rkt" => (Engine::Rkt, 1),
        "appimage" => (Engine::HostProcess, 1),
        _ => return None,
    };
    let (engine, length) = found;
    let part =
        names_a_part(s.word(at + length)) && !matches!(engine, Engine::Kubernetes | Engine::SystemdUnit);
    (!part).then_some((engine, length))
}

/// Words after an engine's name that make it the name of a thing beside the engine.
fn names_a_part(next: &str) -> bool {
    matches!(
        next,
        "group"
            | "socket"
            | "sock"
            | "cli"
            | "client"
            | "api"
            | "hub"
            | "registry"
            | "gid"
            | "image"
            | "images"
            | "file"
            | "users"
            | "plugin"
            | "docs"
            | "documentation"
            | "issue"
    )
}

/// `Docker` as a name, or `docker` where the words around it make it the engine.
fn docker(s: &Saying<'_>, at: usize) -> bool {
    let next = s.word(at + 1);
    if names_a_part(next) || matches!(next, "daemon" | "and") && s.label != "runtime" {
        return false;
    }
    if matches!(s.before(at, 1), "user" | "group" | "no" | "without" | "not" | "non") {
        return false;
    }
    let capital = s.words.get(at).is_some_and(|w| w.text.starts_with('D'));
    let verb = matches!(
        next,
        "run"
            | "build"
            | "exec"
            | "container"
            | "containers"
            | "engine"
            | "version"
            | "ce"
            | "host"
            | "swarm"
            | "stack"
    );
    let place = matches!(
        s.before(at, 1),
        "in" | "inside" | "under" | "with" | "using" | "via" | "rootless" | "nested" | "by"
    );
    // A short line of its own that starts so answers where the program runs: "docker 19.03, no options".
    let answer = at == 0
        && s.words.len() <= 12
        && (next.is_empty()
            || next.starts_with("--")
            || s.words.get(at + 1).is_some_and(|w| w.breaks)
            || matches!(next, "cap" | "caps" | "cap_add" | "cap_drop")
            || super::words::is_version(next)
            || matches!(next, "with" | "without" | "works" | "on" | "as" | "rootless" | "service"));
    capital || verb || place || answer || s.label == "runtime"
}

/// `Docker in Docker`, `dind`.
fn dind(s: &Saying<'_>, sink: &mut Sink) {
    for (at, word) in s.words.iter().enumerate() {
        let outer = match word.lower.as_str() {
            "dind" | "docker-in-docker" => Engine::Docker,
            "docker-in-lxc" | "podman-in-lxc" => Engine::Lxc,
            "docker-in-podman" | "podman-in-podman" => Engine::Podman,
            _ => continue,
        };
        let inner = if word.lower.starts_with("podman") { Engine::Podman } else { Engine::Docker };
        s.say(at, at, sink, Predicate::Engine(inner));
        s.say(at, at, sink, Predicate::Outer(outer));
    }
}

/// "host process", "native app", "on the host": no engine, as an answer to where the program runs.
fn host_process(s: &Saying<'_>, sink: &mut Sink) {
    let lower = s.lower.trim();
    let answer = s.label == "runtime" || (s.label.is_empty() && lower.len() < 60);
    if !answer || lower.contains(" or ") || s.message && s.label != "runtime" {
        return;
    }
    let first = s.word(0);
    let short = s.words.len() <= 5
        && first == "host"
        && !super::words::is_version(s.word(1))
        && !s.lower.contains("host ip");
    let phrase = [
        &["host", "process"][..],
        &["native", "app"],
        &["native", "binary"],
        &["native", "package"],
        &["native", "process"],
        &["on", "the", "host"],
        &["bare", "metal"],
        &["plain", "process"],
        &["desktop", "application"],
    ]
    .iter()
    .any(|p| s.find(p).is_some());
    if short || phrase {
        sink.weak_engine(s.whole(), DIALECT, Engine::HostProcess);
        if s.find(&["with", "sudo"]).is_some() {
            sink.fact(s.whole(), DIALECT, Predicate::Environment(Environment::RunsAsRoot));
        }
    }
}

/// A container of no named engine, as the answer to where the program runs: most are Docker's.
fn some_container(s: &Saying<'_>, sink: &mut Sink) {
    let answer = s.label == "runtime"
        || s.label.is_empty() && s.words.len() <= 8 && matches!(s.word(0), "container" | "containerized");
    let system =
        ["proxmox", "pve", "unprivileged", "toolbox", "guest", "vm"].iter().any(|w| s.find(&[w]).is_some());
    let at = (0..s.words.len()).find(|&n| {
        matches!(s.word(n), "container" | "containers" | "containerized" | "containerised") && !s.denied(n)
    });
    if let Some(at) = at.filter(|_| answer && !system) {
        sink.weak_engine(s.span(at, at), DIALECT, Engine::Docker);
    }
}

/// A changed root directory: "runtime: chroot", "inside a Debian chroot".
fn changed_root(s: &Saying<'_>, sink: &mut Sink) {
    let at = (0..s.words.len()).find(|&n| {
        let place = (1..=3).any(|b| matches!(s.before(n, b), "in" | "inside" | "within" | "from" | "a"));
        matches!(s.word(n), "chroot" | "schroot" | "chrooted" | "arch-chroot")
            && !s.denied(n)
            && (s.label == "runtime" || n == 0 && s.words.len() <= 3 || place)
    });
    if let Some(at) = at {
        s.say(at, at, sink, Predicate::Component { name: "chroot".to_owned(), version: None });
    }
}

/// A sandbox that no engine here makes: "inside the X sandbox", "Landlock runtime".
fn own_sandbox(s: &Saying<'_>, sink: &mut Sink) {
    for (at, word) in s.words.iter().enumerate() {
        let sandbox = matches!(word.lower.as_str(), "sandbox" | "sandboxed");
        let landlock = word.lower == "landlock" && matches!(s.word(at + 1), "runtime" | "plus" | "sandbox");
        if (sandbox || landlock) && !s.denied(at) {
            sink.weak_engine(s.span(at, at), DIALECT, Engine::OwnSandbox);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Engine::{self, *};

    fn both(text: &str) -> (Vec<Engine>, Vec<Engine>) {
        let facts = facts(text);
        (facts.engines().collect(), facts.outers().collect())
    }

    #[test]
    fn names() {
        for (text, want) in [
            ("runtime: Docker CE", &[Docker][..]),
            ("Docker snap 27.5.1 rev 3064", &[DockerSnap]),
            ("runtime: Docker Desktop on macOS", &[DockerDesktop]),
            ("runtime: LXD (snap), Debian 10 containers", &[Incus]),
            ("Kubernetes with CRI-O", &[Kubernetes, CriO]),
            ("Kubernetes with containerd", &[Kubernetes]),
            ("k3s v1.24.6 (Rancher Desktop)", &[Kubernetes]),
            ("Podman quadlet rootless", &[Podman]),
            ("systemd template service", &[SystemdUnit]),
            ("runtime: native app, bubblewrap sandbox", &[Bubblewrap]),
            ("runtime: host process", &[HostProcess]),
            ("plain host process", &[HostProcess]),
            ("host with sudo", &[HostProcess]),
            ("runtime: systemd-nspawn", &[Nspawn]),
            ("OpenShift 4.10.22", &[CriO]),
            ("docker run --rm x", &[Docker]),
            ("docker 19.03", &[Docker]),
            ("docker, works with --privileged", &[Docker]),
            ("docker", &[Docker]),
            ("docker, image with USER 1000", &[Docker]),
            ("Docker, it worked until we went to 25.0.1", &[Docker]),
            ("docker --device /dev/sda", &[Docker]),
            ("compose, cap_drop: [ALL]", &[Docker]),
            ("runtime: Landlock runtime for shell commands", &[OwnSandbox]),
        ] {
            assert_eq!(both(text).0, want, "{text}");
        }
        for text in [
            "the docker group",
            "dial unix /var/run/docker.sock",
            "systemd in a container",
            "image with USER docker x",
        ] {
            assert_eq!(both(text).0, [], "{text}");
        }
    }

    #[test]
    fn nesting() {
        for (text, engine, outer) in [
            ("Docker in a Proxmox LXC", Docker, Lxc),
            ("Docker with runc 1.3.3-0ubuntu1~22.04.2 inside an unprivileged Proxmox LXC", Docker, Lxc),
            ("Incus inside an unprivileged Incus container", Incus, Incus),
            ("Podman in Kubernetes", Podman, Kubernetes),
            ("Docker in Incus containers", Docker, Incus),
            ("LXC container running Docker", Docker, Lxc),
            ("runtime: Docker\nhost: unprivileged Debian LXC on Proxmox", Docker, Lxc),
            ("gitlab runner with dind", Docker, Docker),
            ("runtime: LXD 5.21 snap, nested", Incus, Incus),
            ("Docker 28.5.2 inside Proxmox CT (unprivileged)", Docker, Lxc),
        ] {
            assert_eq!(both(text), (vec![engine], vec![outer]), "{text}");
        }
        assert_eq!(both("Docker in an Ubuntu VM"), (vec![Docker], vec![]));
        assert_eq!(both("Docker in a guest with Podman"), (vec![Docker, Podman], vec![]));
    }
}
