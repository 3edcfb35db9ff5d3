//! Where engines listen: what the person's surroundings choose, else the usual sockets.
//!
//! Sources: docker(1) (`DOCKER_HOST`, `DOCKER_CONTEXT`), the layout of `~/.docker/contexts`, podman(1)
//! (`CONTAINER_HOST`), podman-system-service(1).

use crate::api::Flavour;
use std::path::{Path, PathBuf};

/// What of the process's surroundings chooses an engine.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// `CONTAINER_HOST`.
    pub container_host: Option<String>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// `DOCKER_CONFIG`, else `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// Where the usual sockets lie: `/run`.
    pub run: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn ours() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let home = text("HOME").map(PathBuf::from);
        Self {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            container_host: text("CONTAINER_HOST"),
            runtime_dir: text("XDG_RUNTIME_DIR").map(PathBuf::from),
            docker_config: text("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| home.map(|h| h.join(".docker"))),
            run: PathBuf::from("/run"),
        }
    }
}

/// An engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket of this machine.
    Socket(String),
    /// An engine on another machine or in a virtual machine, by its address.
    Elsewhere(String),
}

/// An engine that may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub endpoint: Endpoint,
    /// Which API is expected.
    pub flavour: Flavour,
    /// What chose it: `DOCKER_HOST`, `the context desktop-linux`, "" for a usual place.
    pub chosen_by: String,
}

/// Sockets that a virtual machine of the desktop forwards: what is behind them is not this machine.
const DESKTOP: &[&str] = &[
    "/.docker/desktop/",
    "/.docker/run/",
    "/.colima/",
    "/.orbstack/",
    "/.rd/",
    "/.lima/",
    "/podman-machine",
    "/podman/machine/",
    "/containers/podman/machine",
];

/// The engines to ask, in order. What the person chose stands alone for its flavour.
#[must_use]
pub fn endpoints(around: &Surroundings) -> Vec<Found> {
    let mut found = Vec::new();
    let chosen = around
        .docker_host
        .clone()
        .map(|host| (host, "DOCKER_HOST".to_owned()))
        .or_else(|| context(around).map(|(name, host)| (host, format!("the context {name}"))));
    let mut add = |endpoint: Endpoint, flavour, chosen_by: &str| {
        if !found.iter().any(|f: &Found| f.endpoint == endpoint) {
            found.push(Found { endpoint, flavour, chosen_by: chosen_by.to_owned() });
        }
    };
    if let Some((host, by)) = &chosen {
        // DOCKER_HOST may point to Podman's socket.
        let flavour = if host.contains("podman") { Flavour::Podman } else { Flavour::Docker };
        add(endpoint(host), flavour, by);
    } else {
        add(socket(&around.run.join("docker.sock")), Flavour::Docker, "");
        for path in around.runtime_dir.iter().map(|d| d.join("docker.sock")).filter(|p| p.exists()) {
            add(socket(&path), Flavour::Docker, "");
        }
        for path in users(&around.run, "docker.sock") {
            add(socket(&path), Flavour::Docker, "");
        }
    }
    if let Some(host) = &around.container_host {
        add(endpoint(host), Flavour::Podman, "CONTAINER_HOST");
    } else {
        for path in [Some(&around.run), around.runtime_dir.as_ref()].into_iter().flatten() {
            let path = path.join("podman/podman.sock");
            if path.exists() {
                add(socket(&path), Flavour::Podman, "");
            }
        }
        for path in users(&around.run, "podman/podman.sock") {
            add(socket(&path), Flavour::Podman, "");
        }
    }
    found
}

fn socket(path: &Path) -> Endpoint {
    endpoint(&format!("unix://{}", path.display()))
}

fn endpoint(host: &str) -> Endpoint {
    match host.strip_prefix("unix://") {
        Some(path) if !DESKTOP.iter().any(|d| path.contains(d)) => Endpoint::Socket(path.to_owned()),
        None if host.starts_with('/') => Endpoint::Socket(host.to_owned()),
        _ => Endpoint::Elsewhere(host.to_owned()),
    }
}

/// The sockets of rootless engines, for who may see them.
fn users(run: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(run.join("user")) else { return Vec::new() };
    let mut found: Vec<PathBuf> =
        entries.take(256).filter_map(|e| Some(e.ok()?.path().join(name))).filter(|p| p.exists()).collect();
    found.sort();
    found
}

/// The name and address of docker's context in force, when it is another than the default.
fn context(around: &Surroundings) -> Option<(String, String)> {
    let config = around.docker_config.as_ref()?;
    let name = match &around.docker_context {
        Some(name) => name.clone(),
        None => json(&config.join("config.json"))?.get("currentContext")?.as_str()?.to_owned(),
    };
    if name.is_empty() || name == "default" {
        return None;
    }
    let metas = std::fs::read_dir(config.join("contexts/meta")).ok()?;
    for meta in metas.take(256).flatten() {
        let Some(meta) = json(&meta.path().join("meta.json")) else { continue };
        if meta.get("Name").and_then(|n| n.as_str()) == Some(name.as_str()) {
            let host = meta.pointer("/Endpoints/docker/Host")?.as_str()?.to_owned();
            return Some((name, host));
        }
    }
    None
}

fn json(path: &Path) -> Option<serde_json::Value> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(256 << 10).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around() -> Surroundings {
        Surroundings { run: PathBuf::from("/nonexistent"), ..Surroundings::default() }
    }

    #[test]
    fn the_usual_place_is_asked_even_when_nothing_is_there() {
        let found = endpoints(&around());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].endpoint, Endpoint::Socket("/nonexistent/docker.sock".into()));
    }

    #[test]
    fn an_engine_elsewhere_is_told_apart() {
        for (host, elsewhere) in [
            ("tcp://10.0.0.2:2376", true),
            ("ssh://root@nas", true),
            ("unix:///run/docker.sock", false),
            ("unix:///home/a/.docker/desktop/docker.sock", true),
            ("npipe:////./pipe/docker_engine", true),
            ("/run/x.sock", false),
        ] {
            let found = endpoints(&Surroundings { docker_host: Some(host.into()), ..around() });
            assert_eq!(matches!(found[0].endpoint, Endpoint::Elsewhere(_)), elsewhere, "{host}");
            assert_eq!(found[0].chosen_by, "DOCKER_HOST");
        }
    }

    #[test]
    fn a_context_is_followed() {
        let dir = std::env::temp_dir().join(format!("whodenied-context-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("contexts/meta/abc")).unwrap();
        std::fs::write(dir.join("config.json"), r#"{"currentContext":"nas"}"#).unwrap();
        std::fs::write(
            dir.join("contexts/meta/abc/meta.json"),
            r#"{"Name":"nas","Endpoints":{"docker":{"Host":"ssh://root@nas"}}}"#,
        )
        .unwrap();
        let found = endpoints(&Surroundings { docker_config: Some(dir.clone()), ..around() });
        assert_eq!(found[0].endpoint, Endpoint::Elsewhere("ssh://root@nas".into()));
        assert_eq!(found[0].chosen_by, "the context nas");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
