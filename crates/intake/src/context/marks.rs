//! Engines told by marks they leave in messages, profile names, paths and commands, where no sentence
//! names them.

use super::sink::Sink;
use crate::segment::Document;
use whodenied_case::{Engine, Environment, Predicate};
use whodenied_kernel::Layer;

const DIALECT: &str = "marks";

/// A text that only this engine's surroundings hold. Order matters: the first engine of a family counts.
const ENGINES: &[(&str, Engine)] = &[
    ("snap.docker.dockerd", Engine::DockerSnap),
    ("docker.dockerd[", Engine::DockerSnap),
    ("/var/snap/docker/", Engine::DockerSnap),
    ("/snap/docker/", Engine::DockerSnap),
    ("profile=\"docker-default\"", Engine::Docker),
    ("peer=\"docker-default\"", Engine::Docker),
    ("Error response from daemon", Engine::Docker),
    ("profile=\"containers-default-", Engine::Podman),
    ("profile=\"crio-default", Engine::CriO),
    ("profile=\"cri-containerd.apparmor.d\"", Engine::Kubernetes),
    ("profile=\"nerdctl-default\"", Engine::Containerd),
    ("profile=\"buildkit-default\"", Engine::Buildah),
    ("rootlessport", Engine::Podman),
    ("libpod", Engine::Podman),
    ("slirp4netns", Engine::Podman),
    ("podman-compose", Engine::Podman),
    ("docker-compose", Engine::Docker),
    ("docker compose ", Engine::Docker),
    ("KillContainerError", Engine::Kubernetes),
    ("CrashLoopBackOff", Engine::Kubernetes),
    ("error killing pod", Engine::Kubernetes),
    ("FailedMount", Engine::Kubernetes),
    ("CreateContainerError", Engine::Kubernetes),
    ("/var/lib/kubelet/", Engine::Kubernetes),
    ("kubectl ", Engine::Kubernetes),
    ("nerdctl ", Engine::Containerd),
    ("profile=\"lxc-container-default", Engine::Lxc),
    ("</var/lib/lxc>", Engine::Lxc),
    ("lxc-start ", Engine::Lxc),
    ("lxc-execute", Engine::Lxc),
    ("lxc-attach", Engine::Lxc),
    ("pct create ", Engine::Lxc),
    ("pct set ", Engine::Lxc),
    ("</var/lib/incus>", Engine::Incus),
    ("</var/lib/lxd>", Engine::Incus),
    ("</var/snap/lxd/", Engine::Incus),
    ("incus launch ", Engine::Incus),
    ("incus exec ", Engine::Incus),
    ("systemd-nspawn", Engine::Nspawn),
    ("profile=\"snap.", Engine::Snap),
    ("label=\"snap.", Engine::Snap),
    ("flatpak run ", Engine::Flatpak),
    ("/.flatpak-info", Engine::Flatpak),
    ("firejail", Engine::Firejail),
    ("Singularity>", Engine::Apptainer),
    ("apptainer exec", Engine::Apptainer),
    ("singularity exec", Engine::Apptainer),
    ("apptainer run", Engine::Apptainer),
    ("singularity run", Engine::Apptainer),
];

pub(super) fn read(doc: &Document, sink: &mut Sink) {
    for line in &doc.lines {
        let text = line.text.get(..line.text.len().min(4096)).unwrap_or(&line.text);
        if text.is_empty() {
            continue;
        }
        for (mark, engine) in ENGINES {
            if let Some(at) = text.find(mark)
                && !(*engine == Engine::Snap && is_container_snap(text))
            {
                sink.weak_engine(line.span_of(at, at + mark.len()), DIALECT, *engine);
            }
        }
        program(text, line.span(), sink);
        own_rules(line, text, sink);
        service(line, text, sink);
        if text.contains("\"docker-default\"") || text.contains("docker-default (") {
            let known = sink.has(|p| matches!(p, Predicate::Lsm(Layer::Apparmor, _)));
            if !known && !text.contains("STATUS") {
                sink.fact(
                    line.span(),
                    DIALECT,
                    Predicate::Component { name: "apparmor".to_owned(), version: None },
                );
            }
        }
        surroundings(text, line.span(), sink);
    }
}

fn is_container_snap(text: &str) -> bool {
    ["snap.docker.", "snap.lxd.", "snap.microk8s."].iter().any(|s| text.contains(s))
}

/// A message or command that begins with the engine's own name.
fn program(text: &str, span: whodenied_text::Span, sink: &mut Sink) {
    let bare = text.trim_start_matches("sudo ").trim_start_matches("authbind ");
    let first = bare.split_whitespace().next().unwrap_or("");
    let second = bare.split_whitespace().nth(1).unwrap_or("");
    let name = first.rsplit('/').next().unwrap_or(first);
    let verb = matches!(
        second.trim_end_matches(['.', ',', '`']),
        "run"
            | "build"
            | "exec"
            | "pull"
            | "compose"
            | "start"
            | "stop"
            | "kill"
            | "create"
            | "container"
            | "pod"
            | "ps"
            | "info"
            | "version"
            | "logs"
            | "unshare"
            | "cp"
            | "volume"
            | "service"
            | "stack"
            | "inspect"
    );
    let engine = match name {
        "docker" if verb => Engine::Docker,
        "docker:" if text.contains("daemon:") => Engine::Docker,
        "podman" if verb => Engine::Podman,
        "nerdctl" if verb => Engine::Containerd,
        "buildah" | "buildah:" => Engine::Buildah,
        "bwrap" | "bwrap:" => Engine::Bubblewrap,
        "toolbox" | "distrobox" | "distrobox-enter" => Engine::Podman,
        "crictl" | "kubelet" => Engine::Kubernetes,
        _ => return,
    };
    sink.weak_engine(span, DIALECT, engine);
}

/// A command, or a program named as the one at work, that puts a Landlock rule set on.
fn own_rules(line: &crate::segment::Line, text: &str, sink: &mut Sink) {
    use whodenied_runtimes::sandboxes;
    // `2. `nono run …``: the number of a step and the quotes of a command stand around it.
    let bare = text.trim_start_matches(|c: char| {
        c.is_ascii_digit() || matches!(c, '.' | ')' | ' ' | '`' | '$' | '-' | '*')
    });
    let bare = bare.strip_prefix("sudo ").unwrap_or(bare);
    let words: Vec<&str> = bare.split_whitespace().take(24).map(|w| w.trim_matches('`')).collect();
    let first = words.first().map_or(String::new(), |w| w.to_ascii_lowercase());
    // The answer to where it runs, alone or with what is said of it: `nono sandbox`.
    let place = line.dress.label.as_deref() == Some("runtime")
        || words.len() <= 2 && line.dress.label.is_none() && words.get(1).is_none_or(|w| *w == "sandbox");
    let named = line.dress.label.as_deref() == Some("software") && sandboxes::confines_itself(&first)
        || place && sandboxes::is_launcher(&first);
    // A command within a sentence stands with its options.
    let typed = words.len() > 1
        && ((0..words.len().min(10)).any(|n| words.get(n..).is_some_and(sandboxes::launches))
            || words.first().is_some_and(|w| sandboxes::confines_itself(w)));
    if named || typed {
        let what = Predicate::Component { name: "landlock-sandbox".to_owned(), version: None };
        sink.fact(line.span(), DIALECT, what);
    }
}

/// What the service manager says about a unit of its own.
fn service(line: &crate::segment::Line, text: &str, sink: &mut Sink) {
    let unit = text.contains(".service: ") || text.contains("code=exited, status=2") && text.contains('/');
    let failed = [
        "Failed at step",
        "Failed to set up",
        "Main process exited",
        "Failed to locate executable",
        "Control process exited",
    ]
    .iter()
    .any(|m| text.contains(m));
    if unit && failed {
        sink.weak_engine(line.span(), DIALECT, Engine::SystemdUnit);
        if line.dress.tag.as_deref().is_some_and(|t| t.starts_with("systemd[") && t != "systemd[1]")
            && text.contains("user@")
        {
            sink.fact(line.span(), DIALECT, Predicate::Environment(Environment::UserManager));
        }
    }
}

/// Traits told by paths and names.
fn surroundings(text: &str, span: whodenied_text::Span, sink: &mut Sink) {
    const TRAITS: &[(&str, Environment)] = &[
        ("/.local/share/containers", Environment::Rootless),
        ("rootlessport", Environment::Rootless),
        ("rootlesskit", Environment::Rootless),
        ("/run/user/1000/podman", Environment::Rootless),
        ("/run/user/1000/docker.sock", Environment::Rootless),
        ("rootless single mapping", Environment::Rootless),
        ("podman unshare", Environment::Rootless),
        ("/home/runner/work/", Environment::Ci),
        ("/__w/", Environment::Ci),
        ("GITHUB_ACTIONS", Environment::Ci),
        ("GITHUB_WORKSPACE", Environment::Ci),
        ("/builds/", Environment::Ci),
        ("no_root_squash", Environment::Nfs),
        ("microsoft-standard-WSL", Environment::Wsl),
        ("root_squash", Environment::RootSquash),
    ];
    for (mark, environment) in TRAITS {
        if text.contains(mark) {
            let squash = *environment == Environment::RootSquash && text.contains("no_root_squash");
            let builds = *mark == "/builds/" && !text.contains("gitlab");
            if !squash && !builds {
                sink.fact(span, DIALECT, Predicate::Environment(*environment));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::{Engine, Environment};

    #[test]
    fn marks() {
        assert!(facts("docker: Error response from daemon: x").has_engine(Engine::Docker));
        assert!(facts("x: profile=\"crio-default\" y").has_engine(Engine::CriO));
        assert!(facts("Error: rootlessport cannot expose privileged port 80").has(Environment::Rootless));
        assert!(
            facts("x.service: Failed at step EXEC spawning /x: Permission denied")
                .has_engine(Engine::SystemdUnit)
        );
        assert!(
            !facts("dial unix /var/run/docker.sock: connect: permission denied").has_engine(Engine::Docker)
        );
        assert!(facts("bwrap: setting up uid map: Permission denied").has_engine(Engine::Bubblewrap));
    }
}
