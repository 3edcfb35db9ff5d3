//! What a clone is made from: its original's configuration without what could do harm.
//!
//! Source: Docker Engine API v1.41, ContainerInspect (`Config`, `HostConfig`, `Mounts`, `Path`, `Args`) and
//! ContainerCreate, whose body has the same fields.

use crate::clone::CloneError;
use crate::clone::doors::{Way, Withheld, way};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use whodenied_engine::Api;

/// A container that is to be cloned, as its engine tells of it.
#[derive(Debug, Clone)]
pub struct Original {
    /// Its inspect data in Docker's form.
    pub inspect: Value,
    /// Its name.
    pub name: String,
}

impl Original {
    /// Asks for the container of this name or id.
    ///
    /// # Errors
    /// The engine's.
    pub fn of(api: &Api, name: &str) -> Result<Self, CloneError> {
        let inspect = api.inspect_as_docker(name).map_err(CloneError::engine("asking for the container"))?;
        let name = text(&inspect, "/Name").trim_start_matches('/').to_owned();
        Ok(Self { inspect, name })
    }
}

/// A mount of the original and how its clone gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) source: PathBuf,
    pub(crate) target: String,
    pub(crate) writable: bool,
    /// A copy on write, of the directory or of the one that holds the file; else read only.
    pub(crate) copied: Option<bool>,
}

/// Everything that a clone is made from.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The body of ContainerCreate, without mounts from the host.
    pub(crate) body: Value,
    pub(crate) given: Vec<Given>,
    /// What the original has and the clone has not.
    pub withheld: Vec<Withheld>,
    /// The program with its arguments.
    pub program: Vec<String>,
}

/// Keys of HostConfig that reach out of the container or keep it alive, with what they are set to.
fn harmless() -> [(&'static str, Value); 12] {
    [
        ("Binds", Value::Null),
        ("Mounts", json!([])),
        ("VolumesFrom", Value::Null),
        ("PortBindings", json!({})),
        ("PublishAllPorts", json!(false)),
        ("Links", Value::Null),
        ("RestartPolicy", json!({"Name": "no"})),
        ("AutoRemove", json!(false)),
        ("ContainerIDFile", json!("")),
        ("LogConfig", json!({"Type": "json-file", "Config": {"max-size": "8m", "max-file": "1"}})),
        ("Privileged", json!(false)),
        ("VolumeDriver", json!("")),
    ]
}

impl Spec {
    /// What a clone of `original` is made from; with the original's network only where `network` is set.
    ///
    /// # Errors
    /// [`CloneError::Unsuitable`] for a privileged container: a second one would have the host as well.
    pub fn of(original: &Original, network: bool) -> Result<Self, CloneError> {
        let inspect = &original.inspect;
        let object = |pointer: &str| inspect.pointer(pointer).and_then(Value::as_object).cloned();
        let (Some(config), Some(mut host)) = (object("/Config"), object("/HostConfig")) else {
            return Err(CloneError::Unsuitable("the engine tells no configuration of it".to_owned()));
        };
        if host.get("Privileged").and_then(Value::as_bool) == Some(true) {
            return Err(CloneError::Unsuitable(
                "it runs privileged: nothing of its confinement refuses it, and a clone would have the host as well"
                    .to_owned(),
            ));
        }
        let mut withheld = Vec::new();
        let given = given(inspect, &mut withheld);
        let tmpfs: Vec<Value> = host
            .get("Mounts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|m| m.get("Type").and_then(Value::as_str) == Some("tmpfs"))
            .cloned()
            .collect();
        host.extend(harmless().map(|(key, value)| (key.to_owned(), value)));
        host.insert("Mounts".to_owned(), Value::Array(tmpfs));
        limits(&mut host);
        devices(&mut host, &mut withheld);
        let wide = namespaces(&mut host, network, &mut withheld);
        let mut body = Map::new();
        for key in ["User", "Env", "WorkingDir", "Tty", "StopSignal", "Domainname", "Volumes"] {
            if let Some(value) = config.get(key) {
                body.insert(key.to_owned(), value.clone());
            }
        }
        // With the host's or another container's network the name is theirs.
        if let Some(name) = config.get("Hostname").filter(|_| !wide) {
            body.insert("Hostname".to_owned(), name.clone());
        }
        // The very image, wherever its tag points to by now.
        let image = [text(inspect, "/Image"), text(inspect, "/Config/Image")];
        let image = image.iter().find(|i| !i.is_empty()).copied().unwrap_or("");
        body.insert("Image".to_owned(), json!(image));
        body.insert("Healthcheck".to_owned(), json!({"Test": ["NONE"]}));
        body.insert("OpenStdin".to_owned(), json!(false));
        body.insert("HostConfig".to_owned(), Value::Object(host));
        let mut program = vec![text(inspect, "/Path").to_owned()];
        let arguments = inspect.pointer("/Args").and_then(Value::as_array);
        program.extend(arguments.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        if program.first().is_none_or(String::is_empty) {
            return Err(CloneError::Unsuitable("the engine does not tell its program".to_owned()));
        }
        Ok(Self { body: Value::Object(body), given, withheld, program })
    }

    /// Paths in the container and where the original's files of that place lie on the host.
    #[must_use]
    pub fn places(&self) -> Vec<(String, String)> {
        let place = |g: &Given| (g.target.clone(), g.source.to_string_lossy().into_owned());
        self.given.iter().map(place).collect()
    }

    /// The host's configuration part of the body.
    pub(crate) fn host(&mut self) -> &mut Map<String, Value> {
        if !self.body.get("HostConfig").is_some_and(Value::is_object) {
            self.body["HostConfig"] = json!({});
        }
        match self.body.get_mut("HostConfig") {
            Some(Value::Object(host)) => host,
            _ => unreachable!("it was made an object above"),
        }
    }
}

fn given(inspect: &Value, withheld: &mut Vec<Withheld>) -> Vec<Given> {
    let mut given = Vec::new();
    for mount in inspect.pointer("/Mounts").and_then(Value::as_array).into_iter().flatten() {
        let (kind, source, target) =
            (text(mount, "/Type"), text(mount, "/Source"), text(mount, "/Destination"));
        // The engine makes tmpfs anew from HostConfig.
        if kind == "tmpfs" || source.is_empty() || target.is_empty() {
            continue;
        }
        // Links followed once, here: a copy of a directory with a link in it would lead back to the original.
        let source = std::fs::canonicalize(source).unwrap_or_else(|_| PathBuf::from(source));
        let writable = mount.get("RW").and_then(Value::as_bool).unwrap_or(true);
        let copied = match way(&source) {
            Way::Copied => Some(true),
            Way::CopiedFile => Some(false),
            Way::ReadOnly(what) => {
                withheld.push(what);
                None
            }
            Way::Withheld(what) => {
                withheld.push(what);
                continue;
            }
        };
        given.push(Given { source, target: target.to_owned(), writable, copied });
    }
    given
}

/// Podman tells limits by the kernel's names (`RLIMIT_NOFILE`) and takes them by their short ones.
fn limits(host: &mut Map<String, Value>) {
    for limit in host.get_mut("Ulimits").and_then(Value::as_array_mut).into_iter().flatten() {
        let short = text(limit, "/Name").strip_prefix("RLIMIT_").map(str::to_ascii_lowercase);
        if let Some(short) = short {
            limit["Name"] = json!(short);
        }
    }
}

/// Takes away device nodes, which act on the host.
fn devices(host: &mut Map<String, Value>, withheld: &mut Vec<Withheld>) {
    for device in host.get("Devices").and_then(Value::as_array).into_iter().flatten() {
        withheld.push(Withheld::new(text(device, "/PathOnHost"), "a device node"));
    }
    if host.get("DeviceRequests").and_then(Value::as_array).is_some_and(|r| !r.is_empty()) {
        withheld.push(Withheld::new("a request for devices (GPU)", "device nodes"));
    }
    host.insert("Devices".to_owned(), json!([]));
    host.insert("DeviceRequests".to_owned(), Value::Null);
}

/// Gives namespaces of its own where the original has the host's; true where the original shares a network.
fn namespaces(host: &mut Map<String, Value>, network: bool, withheld: &mut Vec<Withheld>) -> bool {
    for (key, shown) in [("PidMode", "pid: host"), ("IpcMode", "ipc: host"), ("UTSMode", "uts: host")] {
        let mode = host.get(key).and_then(Value::as_str).unwrap_or("");
        if mode == "host" || mode.starts_with("container:") {
            let why = "the processes of the host or of another container are within reach";
            withheld.push(Withheld::new(
                if mode == "host" { shown.to_owned() } else { format!("{key} {mode}") },
                why,
            ));
            host.insert(key.to_owned(), json!(if key == "IpcMode" { "private" } else { "" }));
        }
    }
    let mode = host.get("NetworkMode").and_then(Value::as_str).unwrap_or("").to_owned();
    let wide = mode == "host" || mode.starts_with("container:");
    if !network && mode != "none" {
        withheld
            .push(Withheld::new(format!("the network ({mode})"), "it reaches other machines and containers"));
        host.insert("NetworkMode".to_owned(), json!("none"));
        if mode == "host" {
            ports_of_the_host(host);
        }
    }
    wide
}

/// A network of its own allows every port to everyone, since engines say so; the host's does not.
fn ports_of_the_host(host: &mut Map<String, Value>) {
    let Ok(first) = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start") else { return };
    let sysctls = host.entry("Sysctls").or_insert_with(|| json!({}));
    if !sysctls.is_object() {
        *sysctls = json!({});
    }
    sysctls["net.ipv4.ip_unprivileged_port_start"] = json!(first.trim());
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original(host: Value, mounts: Value) -> Original {
        let mut host = host;
        host["NetworkMode"] = json!("bridge");
        Original {
            name: "app-1".into(),
            inspect: json!({
                "Name": "/app-1", "Image": "sha256:abc", "Path": "/entry.sh", "Args": ["serve", "-v"],
                "Config": {"User": "1000:1000", "Env": ["A=b"], "Hostname": "c0ffee", "Image": "app:latest",
                           "Labels": {"com.docker.compose.service": "app"}, "ExposedPorts": {"80/tcp": {}}},
                "HostConfig": host, "Mounts": mounts
            }),
        }
    }

    #[test]
    fn a_clone_has_the_confinement_and_nothing_that_could_do_harm() {
        let spec = Spec::of(
            &original(
                json!({
                    "CapAdd": ["SYS_NICE"], "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"],
                    "ReadonlyRootfs": true, "PortBindings": {"80/tcp": [{"HostPort": "80"}]}, "PidMode": "host",
                    "RestartPolicy": {"Name": "always"}, "Devices": [{"PathOnHost": "/dev/sda"}], "AutoRemove": true,
                    "Binds": ["/var/run/docker.sock:/var/run/docker.sock"], "Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1}],
                    "Mounts": [{"Type": "tmpfs", "Target": "/t"}, {"Type": "bind", "Source": "/", "Target": "/h"}]
                }),
                json!([{"Type": "bind", "Source": "/proc", "Destination": "/host/proc", "RW": false}]),
            ),
            false,
        )
        .unwrap();
        let host = &spec.body["HostConfig"];
        for (key, want) in [
            ("CapAdd", json!(["SYS_NICE"])),
            ("CapDrop", json!(["ALL"])),
            ("SecurityOpt", json!(["no-new-privileges"])),
            ("ReadonlyRootfs", json!(true)),
            ("Ulimits", json!([{"Name": "nofile", "Soft": 1}])),
            ("PortBindings", json!({})),
            ("RestartPolicy", json!({"Name": "no"})),
            ("Devices", json!([])),
            ("AutoRemove", json!(false)),
            ("Binds", Value::Null),
            ("PidMode", json!("")),
            ("NetworkMode", json!("none")),
            ("Mounts", json!([{"Type": "tmpfs", "Target": "/t"}])),
        ] {
            assert_eq!(host[key], want, "{key}");
        }
        assert_eq!(spec.body["Image"], "sha256:abc");
        assert_eq!(spec.body["User"], "1000:1000");
        assert_eq!(spec.body.get("Labels"), None);
        assert_eq!(spec.body.get("ExposedPorts"), None);
        assert_eq!(spec.program, ["/entry.sh", "serve", "-v"]);
        let withheld: Vec<&str> = spec.withheld.iter().map(|w| w.what.as_str()).collect();
        assert_eq!(withheld, ["/proc", "/dev/sda", "pid: host", "the network (bridge)"]);
    }

    #[test]
    fn a_privileged_container_is_not_cloned() {
        let refused = Spec::of(&original(json!({"Privileged": true}), json!([])), false);
        assert!(matches!(refused, Err(CloneError::Unsuitable(_))));
        let nothing = Original { name: String::new(), inspect: json!({}) };
        assert!(Spec::of(&nothing, false).is_err());
    }
}
