//! A container's OCI configuration, where the runtime's copy of it is still there: it is exact.
//!
//! Source: the OCI runtime specification, config.md and config-linux.md. Podman keeps it beside the
//! container's data, containerd only while the container runs.

use crate::dead::{Dead, Filter, Ids, Maps, bits, list, text};
use crate::layout;
use serde_json::{Value, json};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;

/// A configuration longer than this is none.
const MOST: u64 = 4 << 20;

/// Corrects what was reasoned from an inspect answer by what the runtime was given.
pub(crate) fn complete(dead: &mut Dead, inspect: &Value) {
    let spec = match inspect.get("Spec") {
        // containerd's own answer holds it.
        Some(spec) if spec.is_object() => Some(spec.clone()),
        _ => file(text(inspect, "/OCIConfigPath")),
    };
    if let Some(spec) = spec {
        apply(dead, &spec);
        if dead.layout.is_none() && !dead.rootless {
            layout::configured(dead, &spec);
        }
    }
}

/// What `ctr containers info` prints, in the form of an inspect answer. containerd keeps neither state nor
/// log of a container that has ended.
pub(crate) fn inspected(info: Value) -> Value {
    let part = |pointer: &str| info.pointer(pointer).cloned().unwrap_or(Value::Null);
    let mut args = list(&info, "/Spec/process/args").map(str::to_owned);
    json!({
        "Id": part("/ID"),
        "Name": part("/ID"),
        "Created": part("/CreatedAt"),
        "Image": part("/Image"),
        "Path": args.next(),
        "Args": args.collect::<Vec<_>>(),
        "AppArmorProfile": part("/Spec/process/apparmorProfile"),
        "ProcessLabel": part("/Spec/process/selinuxLabel"),
        "Config": {"Image": part("/Image"), "Labels": part("/Labels"), "WorkingDir": part("/Spec/process/cwd")},
        "Spec": part("/Spec"),
    })
}

fn file(path: &str) -> Option<Value> {
    if !path.starts_with('/') {
        return None;
    }
    // Neither a pipe nor a link is waited for or followed.
    let file = std::fs::OpenOptions::new().read(true).custom_flags(crate::flags(true)).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn apply(dead: &mut Dead, spec: &Value) {
    let number =
        |pointer: &str| spec.pointer(pointer).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    if let (Some(uid), Some(gid)) = (number("/process/user/uid"), number("/process/user/gid")) {
        let more = spec.pointer("/process/user/additionalGids").and_then(Value::as_array);
        let more = more.into_iter().flatten().filter_map(|g| u32::try_from(g.as_u64()?).ok());
        let mut groups: Vec<u32> = more.take(1000).collect();
        if !groups.contains(&gid) {
            groups.insert(0, gid);
        }
        dead.ids = Some(Ids { uid, gid, groups });
    }
    if let Some(capabilities) = spec.pointer("/process/capabilities") {
        dead.bounding = Some(bits(list(capabilities, "/bounding")));
        dead.effective = Some(bits(list(capabilities, "/effective")));
    }
    if let Some(set) = spec.pointer("/process/noNewPrivileges").and_then(Value::as_bool) {
        dead.no_new_privs = set;
    }
    match spec.pointer("/linux/seccomp").filter(|s| !s.is_null()) {
        None => dead.filter = Filter::None,
        Some(filter) => {
            if dead.filter == Filter::Unknown {
                dead.filter = Filter::Own;
            }
            dead.installed = crate::filter::installed(&filter.to_string(), dead.bounding);
        }
    }
    let maps = |key: &str| -> Vec<(u32, u32, u32)> {
        let list = spec.pointer(&format!("/linux/{key}")).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|m| {
                let part = |k: &str| m.get(k)?.as_u64().and_then(|n| u32::try_from(n).ok());
                Some((part("containerID")?, part("hostID")?, part("size")?))
            })
            .take(340)
            .collect()
    };
    let (uids, gids) = (maps("uidMappings"), maps("gidMappings"));
    // Of a rootless engine the ids are those of its own namespace, not of the host.
    if !uids.is_empty() && !dead.rootless {
        dead.maps = Maps { uids, gids };
        dead.mapped = true;
    }
    let masked: Vec<String> = list(spec, "/linux/maskedPaths").map(str::to_owned).collect();
    if !masked.is_empty() {
        dead.masked_paths = masked;
    }
    let paths: Vec<String> = list(spec, "/linux/readonlyPaths").map(str::to_owned).collect();
    if !paths.is_empty() {
        dead.read_only_paths = paths;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_of_containerd_alone() {
        let info = json!({"ID": "web", "Image": "", "CreatedAt": "2026-12-01T00:36:10Z", "Spec": {
            "process": {"args": ["/bin/sh", "-c", "x"], "cwd": "/", "user": {"uid": 7, "gid": 7}, "apparmorProfile": "p"},
            "root": {"path": "/", "readonly": true},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "ro"]}],
            "linux": {}}});
        let inspect = inspected(info);
        let mut dead = crate::inspect::read(&inspect, "containerd", "", &Value::Null);
        complete(&mut dead, &inspect);
        assert_eq!((dead.workload.container.as_deref(), dead.label.as_str()), (Some("web"), "p"));
        assert_eq!(dead.filter, Filter::None);
        let layout = dead.layout.unwrap();
        assert!(layout.read_only && layout.layers == [std::path::PathBuf::from("/")]);
        let shown: Vec<_> = layout
            .mounts
            .iter()
            .map(|m| (String::from_utf8_lossy(&m.target).into_owned(), m.read_only))
            .collect();
        assert_eq!(shown, [("/proc".to_owned(), false), ("/data".to_owned(), true)]);
        assert_eq!(dead.places, [("/data".to_owned(), "/srv".to_owned())]);
    }

    #[test]
    fn what_the_runtime_was_given_counts() {
        let mut dead = Dead { filter: Filter::Default, ..Dead::default() };
        apply(
            &mut dead,
            &json!({
                "process": {"user": {"uid": 5, "gid": 6, "additionalGids": [7]}, "noNewPrivileges": true,
                    "capabilities": {"bounding": ["CAP_CHOWN"], "effective": []}},
                "linux": {"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
                    "readonlyPaths": ["/proc/sys"]}
            }),
        );
        assert_eq!(dead.ids, Some(Ids { uid: 5, gid: 6, groups: vec![6, 7] }));
        assert_eq!((dead.bounding, dead.effective, dead.filter), (Some(1), Some(0), Filter::None));
        assert!(dead.no_new_privs && dead.mapped && dead.maps.uids == [(0, 100_000, 65_536)]);
    }
}
