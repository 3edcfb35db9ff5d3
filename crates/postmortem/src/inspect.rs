//! A container from what `docker inspect` and `podman inspect` tell.
//!
//! Sources: Docker Engine API, ContainerInspect; podman-inspect(1).

use crate::dead::{Dead, Filter, Maps, all, bits, list, text};
use crate::{layout, time};
use serde_json::{Map, Value, json};
use whodenied_case::Workload;
use whodenied_runtimes::caps;

/// What a person calls it.
pub(crate) fn workload(inspect: &Value) -> Workload {
    let label = |name: &str| {
        let value = inspect.pointer("/Config/Labels").and_then(|l| l.get(name)).and_then(Value::as_str);
        value.filter(|v| !v.is_empty()).map(str::to_owned)
    };
    let image = [text(inspect, "/Config/Image"), text(inspect, "/ImageName"), text(inspect, "/Image")];
    let name = text(inspect, "/Name").trim_start_matches('/').to_owned();
    Workload {
        service: label("com.docker.compose.service").or_else(|| label("io.podman.compose.service")),
        container: Some(name).filter(|n| !n.is_empty()),
        image: image.iter().find(|i| !i.is_empty()).map(|i| (*i).to_owned()),
        unit: label("PODMAN_SYSTEMD_UNIT"),
    }
}

/// Reads what is not the tree.
pub(crate) fn read(inspect: &Value, engine: &'static str, version: &str, info: &Value) -> Dead {
    let state = |key: &str| text(inspect, &format!("/State/{key}"));
    let when = |value: &str| time::rfc3339(value).map(|t| t.0);
    let number = |pointer: &str| inspect.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let mut dead = Dead {
        workload: workload(inspect),
        id: text(inspect, "/Id").to_owned(),
        engine,
        version: version.to_owned(),
        running: inspect.pointer("/State/Running").and_then(Value::as_bool).unwrap_or(false),
        created: when(text(inspect, "/Created")),
        started: when(state("StartedAt")),
        finished: when(state("FinishedAt")),
        label: [text(inspect, "/AppArmorProfile"), text(inspect, "/ProcessLabel")]
            .iter()
            .find(|l| !l.is_empty())
            .map(|l| (*l).to_owned())
            .unwrap_or_default(),
        ..Dead::default()
    };
    let oom = inspect.pointer("/State/OOMKilled").and_then(Value::as_bool).unwrap_or(false);
    dead.status = format!(
        "{} with {}{} at {}",
        state("Status"),
        number("/State/ExitCode"),
        if oom { ", out of memory" } else { "" },
        state("FinishedAt")
    );
    dead.programs =
        crate::records::programs(std::iter::once(text(inspect, "/Path")).chain(list(inspect, "/Args")));
    dead.own_categories = !shares_label(inspect);
    confinement(&mut dead, inspect, info);
    identity(&mut dead, inspect, info);
    dead
}

/// When a container lived, under which label, and its id: what tells it from another.
pub(crate) fn times(inspect: &Value) -> Dead {
    let when = |pointer: &str| time::rfc3339(text(inspect, pointer)).map(|t| t.0);
    let labels = [text(inspect, "/AppArmorProfile"), text(inspect, "/ProcessLabel")];
    Dead {
        id: text(inspect, "/Id").to_owned(),
        running: inspect.pointer("/State/Running").and_then(Value::as_bool).unwrap_or(false),
        created: when("/Created"),
        started: when("/State/StartedAt"),
        finished: when("/State/FinishedAt"),
        label: labels.iter().find(|l| !l.is_empty()).map(|l| (*l).to_owned()).unwrap_or_default(),
        ..Dead::default()
    }
}

/// True where the container was given a label by hand or has that of another one, whose namespaces it joins
/// (podman-run(1), --ipc and --pid; Docker does the same).
fn shares_label(inspect: &Value) -> bool {
    let joins = |key: &str| text(inspect, &format!("/HostConfig/{key}")).starts_with("container:");
    list(inspect, "/HostConfig/SecurityOpt").any(|o| o.starts_with("label"))
        || joins("IpcMode")
        || joins("PidMode")
        || !text(inspect, "/Pod").is_empty()
}

fn confinement(dead: &mut Dead, inspect: &Value, info: &Value) {
    let privileged = inspect.pointer("/HostConfig/Privileged").and_then(Value::as_bool).unwrap_or(false);
    let options: Vec<&str> = list(inspect, "/HostConfig/SecurityOpt").collect();
    let daemon: Vec<&str> = list(info, "/SecurityOptions").collect();
    let off = |o: &&str| o.starts_with("no-new-privileges") && !o.ends_with("false");
    dead.no_new_privs =
        options.iter().any(off) || daemon.iter().any(|o| o.contains("name=no-new-privileges"));
    let own = options.iter().find_map(|o| o.strip_prefix("seccomp=").or_else(|| o.strip_prefix("seccomp:")));
    let daemons = daemon.iter().find(|o| o.starts_with("name=seccomp"));
    dead.filter = match own {
        _ if privileged => Filter::None,
        Some("unconfined") => Filter::None,
        Some("builtin") => Filter::Default,
        Some(_) => Filter::Own,
        None => match daemons {
            // Docker says `profile=builtin`, before 23.0 `profile=default`; else the file's path.
            Some(o) if o.contains("profile=builtin") || o.contains("profile=default") => Filter::Default,
            Some(_) => Filter::Own,
            None if dead.engine == "docker" => Filter::Unknown,
            None => Filter::Default,
        },
    };
    let podmans = |key: &str| inspect.get(key).map(|v| if v.is_null() { 0 } else { bits(list(v, "")) });
    dead.bounding = podmans("BoundingCaps").or_else(|| {
        if privileged {
            return Some(all());
        }
        let numbers = dead.numbers();
        let version = (!numbers.is_empty()).then_some(numbers.as_slice());
        let given = bits(list(inspect, "/HostConfig/CapAdd"));
        let dropped = bits(list(inspect, "/HostConfig/CapDrop"));
        let usual = caps::default(dead.runtime(), version).iter().fold(0, |b, c| b | 1_u64 << c.0);
        // oci/caps/utils.go, TweakCapabilities: ALL dropped leaves what is added, ALL added what is not dropped.
        let everything = |key: &str| list(inspect, key).any(|c| c.eq_ignore_ascii_case("ALL"));
        Some(if everything("/HostConfig/CapDrop") {
            if everything("/HostConfig/CapAdd") { all() } else { given }
        } else if everything("/HostConfig/CapAdd") {
            all() & !dropped
        } else {
            usual & !dropped | given
        })
    });
    if let Some(text) = own.filter(|text| text.starts_with('{') && dead.filter == Filter::Own) {
        dead.installed = crate::filter::installed(text, dead.bounding);
    }
    dead.effective = podmans("EffectiveCaps");
    dead.masked_paths = list(inspect, "/HostConfig/MaskedPaths").map(str::to_owned).collect();
    dead.read_only_paths = list(inspect, "/HostConfig/ReadonlyPaths").map(str::to_owned).collect();
}

/// The user namespace, the tree, and who the first process is.
fn identity(dead: &mut Dead, inspect: &Value, info: &Value) {
    let daemon: Vec<&str> = list(info, "/SecurityOptions").collect();
    let mode = text(inspect, "/HostConfig/UsernsMode");
    dead.rootless = daemon.iter().any(|o| o.contains("name=rootless"))
        || info.pointer("/host/security/rootless").and_then(Value::as_bool).unwrap_or(false);
    let remapped = daemon.iter().any(|o| o.contains("name=userns"));
    let told = |key: &str| -> Vec<(u32, u32, u32)> {
        list(inspect, &format!("/HostConfig/IDMappings/{key}")).filter_map(layout::extent).collect()
    };
    let (uids, gids) = (told("UidMap"), told("GidMap"));
    if !uids.is_empty() {
        dead.maps = Maps { uids, gids };
        dead.mapped = !dead.rootless;
    } else if dead.engine == "docker" && remapped && mode != "host" {
        // dockerd(8): the root directory of a remapped daemon ends in UID.GID of its root.
        if let Some((uid, gid)) = layout::remapped_root(text(info, "/DockerRootDir")) {
            dead.maps = layout::subordinate(uid, gid);
            dead.mapped = !dead.maps.uids.is_empty();
        }
    } else {
        dead.mapped = !dead.rootless;
    }
    layout::read(dead, inspect);
    let user = text(inspect, "/Config/User");
    let added: Vec<&str> = list(inspect, "/HostConfig/GroupAdd").collect();
    dead.ids = crate::user::ids(dead.layout.as_ref(), user, &added);
    let variable = |names: &[&str]| {
        list(inspect, "/Config/Env")
            .filter_map(|e| e.split_once('='))
            .find(|(name, _)| names.contains(name))
            .and_then(|(_, value)| value.parse().ok())
    };
    // The names that images which change their user agree on.
    if let Some(uid) = variable(&["PUID", "USER_ID", "USERMAP_UID"]) {
        dead.becomes = Some((uid, variable(&["PGID", "GROUP_ID", "USERMAP_GID"]).unwrap_or(uid)));
    }
    if dead.effective.is_none() {
        // The kernel clears what is permitted when root becomes another user (capabilities(7)).
        dead.effective = match (&dead.ids, dead.bounding) {
            (Some(ids), Some(bounding)) if ids.uid == 0 => Some(bounding),
            (Some(_), Some(_)) if dead.engine == "docker" => Some(0),
            _ => None,
        };
    }
}

/// The parts of an inspect answer that can matter to a denial, as JSON of one key a line; what is null,
/// empty, false or 0 is left out, and so is what only the network or the storage needs.
pub(crate) fn prune(inspect: &Value) -> String {
    const TOP: &[&str] = &[
        "Id",
        "Created",
        "Name",
        "Path",
        "Args",
        "State",
        "Image",
        "ImageName",
        "AppArmorProfile",
        "ProcessLabel",
        "MountLabel",
        "EffectiveCaps",
        "BoundingCaps",
        "OCIRuntime",
        "Driver",
        "Mounts",
        "HostConfig",
        "Config",
        "Platform",
        "RestartCount",
    ];
    const CONFIG: &[&str] =
        &["User", "Env", "Image", "Cmd", "Entrypoint", "WorkingDir", "Labels", "StopSignal"];
    const LEFT_OUT: &[&str] = &[
        "LogConfig",
        "PortBindings",
        "Dns",
        "DnsOptions",
        "DnsSearch",
        "ExtraHosts",
        "Links",
        "ConsoleSize",
        "Isolation",
        "BlkioWeightDevice",
        "CgroupConf",
        "ConmonPidFile",
        "PidFile",
        "Health",
        "Healthcheck",
        "BlkioDeviceReadBps",
        "BlkioDeviceWriteBps",
        "BlkioDeviceReadIOps",
        "BlkioDeviceWriteIOps",
        "OomScoreAdj",
        "MemorySwappiness",
        "ShmSize",
        "NetworkSettings",
        "Annotations",
    ];
    let mut out = Map::new();
    for key in TOP {
        let Some(value) = inspect.get(*key) else { continue };
        let mut value = value.clone();
        if *key == "Config" {
            value = pick(&value, CONFIG);
            if let Some(labels) = value.get_mut("Labels").and_then(Value::as_object_mut) {
                labels.retain(|name, _| name.contains("compose") || name.contains("SYSTEMD_UNIT"));
            }
        }
        if let Some(object) = value.as_object_mut() {
            object.retain(|name, value| !LEFT_OUT.contains(&name.as_str()) && !is_empty(value));
        }
        if *key == "HostConfig" {
            profiles(&mut value);
        }
        if !is_empty(&value) {
            out.insert((*key).to_owned(), value);
        }
    }
    let mut text = serde_json::to_string_pretty(&json!([out])).unwrap_or_default();
    text.push('\n');
    text
}

/// A seccomp profile stands in the configuration as its whole text: its name is what is left of it.
fn profiles(host: &mut Value) {
    let Some(options) = host.get_mut("SecurityOpt").and_then(Value::as_array_mut) else { return };
    for option in options {
        if option.as_str().is_some_and(|o| o.starts_with("seccomp={") || o.starts_with("seccomp:{")) {
            *option = json!("seccomp=profile.json");
        }
    }
}

fn pick(value: &Value, keys: &[&str]) -> Value {
    Value::Object(keys.iter().filter_map(|k| Some(((*k).to_owned(), value.get(*k)?.clone()))).collect())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(o) => o.is_empty(),
        Value::Number(n) => n.as_i64() == Some(0),
        Value::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_kernel::Capability;

    fn of(host: Value) -> Dead {
        let inspect = json!({"Id": "abc", "Name": "/web", "HostConfig": host, "Config": {"Image": "x:1"}});
        read(&inspect, "docker", "28.2.2", &json!({"SecurityOptions": ["name=seccomp,profile=builtin"]}))
    }

    #[test]
    fn capabilities_as_moby_counts_them() {
        let has = |dead: &Dead, cap: Capability| dead.bounding.unwrap() >> cap.0 & 1 == 1;
        let usual = of(json!({}));
        assert_eq!(usual.bounding.unwrap().count_ones(), 14);
        assert_eq!(usual.filter, Filter::Default);
        let dropped = of(json!({"CapDrop": ["ALL"], "CapAdd": ["NET_BIND_SERVICE"]}));
        assert_eq!(dropped.bounding.unwrap(), 1 << Capability::NET_BIND_SERVICE.0);
        let added = of(json!({"CapAdd": ["ALL"], "CapDrop": ["CAP_SYS_ADMIN"]}));
        assert!(has(&added, Capability::SYS_BOOT) && !has(&added, Capability::SYS_ADMIN));
        let one = of(json!({"CapDrop": ["CHOWN"], "CapAdd": ["SYS_TIME"]}));
        assert!(
            !has(&one, Capability::CHOWN) && has(&one, Capability::SYS_TIME) && has(&one, Capability::KILL)
        );
        let privileged = of(json!({"Privileged": true}));
        assert_eq!((privileged.bounding, privileged.filter), (Some(all()), Filter::None));
    }

    #[test]
    fn profiles_do_not_fill_the_evidence() {
        let inspect = json!({"Id": "a", "Config": {"Labels": {"x": "y", "com.docker.compose.service": "web"}},
            "HostConfig": {"SecurityOpt": ["seccomp={\"defaultAction\": 1}"], "CapAdd": null, "Dns": ["1.1.1.1"]}});
        let text = prune(&inspect);
        assert!(text.contains("seccomp=profile.json") && text.contains("\"web\""), "{text}");
        assert!(
            !text.contains("defaultAction") && !text.contains("CapAdd") && !text.contains("1.1.1.1"),
            "{text}"
        );
    }
}
