//! Where the container's files lie on this machine, and what is mounted over them.

use crate::dead::{Dead, Maps, list, text};
use serde_json::Value;
use std::path::{Component, Path, PathBuf};
use whodenied_access::{Extent, IdMap, IdMaps, UserNamespace};
use whodenied_sources::capture::dead::{Layout, MountedAt, Source};

/// Fills the layout from an inspect answer; leaves it empty where the root can't be told.
pub(crate) fn read(dead: &mut Dead, inspect: &Value) {
    let data = |key: &str| text(inspect, &format!("/GraphDriver/Data/{key}"));
    let layers: Vec<PathBuf> = std::iter::once(data("UpperDir"))
        .chain(data("LowerDir").split(':'))
        .filter(|d| d.starts_with('/'))
        .map(PathBuf::from)
        .collect();
    if layers.is_empty() || !text(inspect, "/GraphDriver/Name").starts_with("overlay") || !dead.mapped {
        return;
    }
    let directory = match text(inspect, "/Config/WorkingDir") {
        "" => "/",
        directory => directory,
    };
    let mut layout = Layout {
        layers,
        read_only: inspect.pointer("/HostConfig/ReadonlyRootfs").and_then(Value::as_bool).unwrap_or(false),
        mounts: Vec::new(),
        namespace: namespace(&dead.maps),
        directory: directory.as_bytes().to_vec(),
    };
    let mut places = Vec::new();
    for path in ["/proc", "/sys", "/dev"] {
        layout.mounts.push(hidden(path));
    }
    for (key, path) in [
        ("HostsPath", "/etc/hosts"),
        ("HostnamePath", "/etc/hostname"),
        ("ResolvConfPath", "/etc/resolv.conf"),
    ] {
        let source = text(inspect, &format!("/{key}"));
        if source.starts_with('/') {
            layout.mounts.push(mount(path, Source::Host(PathBuf::from(source)), &[]));
        }
    }
    for one in inspect.get("Mounts").and_then(Value::as_array).into_iter().flatten().take(500) {
        if let Some(mounted) = told(one, dead.running) {
            if let (Source::Host(host), Ok(target)) = (&mounted.source, std::str::from_utf8(&mounted.target))
            {
                places.push((target.to_owned(), host.to_string_lossy().into_owned()));
            }
            layout.mounts.push(mounted);
        }
    }
    for (target, options) in
        inspect.pointer("/HostConfig/Tmpfs").and_then(Value::as_object).into_iter().flatten()
    {
        if let Some(target) = plain(target) {
            layout.mounts.push(tmpfs(&layout, &target, options.as_str().unwrap_or("")));
        }
    }
    layout.mounts.sort_by_key(|m| m.target.len());
    dead.layout = Some(layout);
    dead.places = places;
}

/// The layout by the runtime's own configuration, where the root is a directory of the host: containerd
/// mounts a snapshot only while the container runs.
pub(crate) fn configured(dead: &mut Dead, spec: &Value) {
    let root = text(spec, "/root/path");
    if !root.starts_with('/') || !Path::new(root).is_dir() {
        return;
    }
    let directory = match text(spec, "/process/cwd") {
        "" => "/",
        directory => directory,
    };
    let mut mounts = Vec::new();
    let mut places = Vec::new();
    for one in spec.get("mounts").and_then(Value::as_array).into_iter().flatten().take(500) {
        let Some(target) = plain(text(one, "/destination")) else { continue };
        let options: Vec<&str> = list(one, "/options").collect();
        let source = text(one, "/source");
        let bind = text(one, "/type") == "bind" || options.contains(&"bind") || options.contains(&"rbind");
        let source = if bind && source.starts_with('/') {
            places.push((target.clone(), source.to_owned()));
            Source::Host(PathBuf::from(source))
        } else {
            Source::Hidden
        };
        mounts.push(mount(&target, source, &options));
    }
    mounts.sort_by_key(|m| m.target.len());
    dead.layout = Some(Layout {
        layers: vec![PathBuf::from(root)],
        read_only: spec.pointer("/root/readonly").and_then(Value::as_bool).unwrap_or(false),
        mounts,
        namespace: namespace(&dead.maps),
        directory: directory.as_bytes().to_vec(),
    });
    dead.places = places;
}

/// A mount as `Mounts` lists it.
fn told(one: &Value, running: bool) -> Option<MountedAt> {
    let target = plain(text(one, "/Destination"))?;
    let source = text(one, "/Source");
    let driver = text(one, "/Driver");
    let source = match text(one, "/Type") {
        // A volume of another driver, or one with options of its own, is mounted only while it is used.
        "volume" if !running && !matches!(driver, "local" | "") => Source::Hidden,
        "volume" if !running && has_options(source) => Source::Hidden,
        "bind" | "volume" if source.starts_with('/') => Source::Host(PathBuf::from(source)),
        "tmpfs" => Source::Fresh(0o1777, 0, 0),
        _ => Source::Hidden,
    };
    let mut options: Vec<&str> = text(one, "/Mode").split(',').chain(list(one, "/Options")).collect();
    if one.get("RW").and_then(Value::as_bool) == Some(false) {
        options.push("ro");
    }
    Some(mount(&target, source, &options))
}

/// A volume of Docker's local driver with `type=`, `device=` or `o=` has them in a file beside its data
/// (moby, volume/local: opts.json).
fn has_options(data: &str) -> bool {
    Path::new(data).parent().is_some_and(|p| p.join("opts.json").exists())
}

fn mount(target: &str, source: Source, options: &[&str]) -> MountedAt {
    let has = |name: &str| options.contains(&name);
    MountedAt {
        target: target.trim_end_matches('/').as_bytes().to_vec(),
        source,
        read_only: has("ro"),
        no_exec: has("noexec"),
        no_dev: has("nodev"),
        no_suid: has("nosuid"),
    }
}

fn hidden(target: &str) -> MountedAt {
    mount(target, Source::Hidden, &[])
}

/// `--tmpfs`: noexec, nosuid, nodev unless taken back; mode and owner as its options say, else those of
/// the directory it covers, else 1777 (moby, daemon/oci_linux.go; runc, libcontainer/rootfs_linux.go).
fn tmpfs(layout: &Layout, target: &str, options: &str) -> MountedAt {
    let options: Vec<&str> = options.split(',').map(str::trim).collect();
    let value = |key: &str| options.iter().find_map(|o| o.strip_prefix(key)?.strip_prefix('='));
    let host = |inside: u32, map: &IdMap| map.down(inside).unwrap_or(inside);
    let covered = || {
        let walked =
            whodenied_sources::capture::dead::walk(layout, &[(target.as_bytes().to_vec(), true)], false)
                .ok()?;
        let tree = walked.tree;
        use whodenied_access::{Entry, World as _};
        let mut at = tree.root();
        for name in target.split('/').filter(|n| !n.is_empty()) {
            let Entry::Found(next) = tree.entry(at, name.as_bytes()) else { return None };
            at = next;
        }
        tree.inode(at).map(|i| i.mode)
    };
    let mode = value("mode").and_then(|m| u16::from_str_radix(m, 8).ok()).or_else(covered).unwrap_or(0o1777);
    let id = |key: &str| value(key).and_then(|v| v.parse().ok()).unwrap_or(0);
    let maps = &layout.namespace.maps;
    let source = Source::Fresh(mode, host(id("uid"), &maps.users), host(id("gid"), &maps.groups));
    let on = |no: &str, yes: &str| options.contains(&no) || !options.contains(&yes);
    MountedAt {
        target: target.trim_end_matches('/').as_bytes().to_vec(),
        source,
        read_only: options.contains(&"ro"),
        no_exec: on("noexec", "exec"),
        no_dev: on("nodev", "dev"),
        no_suid: on("nosuid", "suid"),
    }
}

/// An absolute path without `.`, `..` and doubled slashes; `None` for another, or for the root itself.
pub(crate) fn plain(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None;
    }
    let mut out = String::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => {
                out.push('/');
                out.push_str(name.to_str()?);
            }
            Component::RootDir | Component::CurDir => {}
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

/// `0:100000:65536`, as Podman prints an extent.
pub(crate) fn extent(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text.split(':').map(|n| n.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

/// `/var/lib/docker/100000.100000`: the host's ids of the container's root.
pub(crate) fn remapped_root(directory: &str) -> Option<(u32, u32)> {
    let (uid, gid) = directory.rsplit('/').next()?.split_once('.')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}

/// The ranges of /etc/subuid and /etc/subgid that begin at these ids (subuid(5)).
pub(crate) fn subordinate(uid: u32, gid: u32) -> Maps {
    let range = |file: &str, first: u32| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines()
            .filter_map(|line| {
                let mut fields = line.split(':').skip(1).map(|n| n.trim().parse::<u32>().ok());
                Some((fields.next()??, fields.next()??))
            })
            .find(|(start, _)| *start == first)
            .map(|(start, count)| (0, start, count))
            .into_iter()
            .collect()
    };
    Maps { uids: range("/etc/subuid", uid), gids: range("/etc/subgid", gid) }
}

/// The user namespace that maps make.
pub(crate) fn namespace(maps: &Maps) -> UserNamespace {
    if maps.uids.is_empty() {
        return UserNamespace::first();
    }
    let map = |extents: &[(u32, u32, u32)]| {
        IdMap(extents.iter().map(|&(inside, outside, count)| Extent { inside, outside, count }).collect())
    };
    UserNamespace {
        id: 1,
        // The engine's root makes it.
        owner: 0,
        parent: Some(Box::new(UserNamespace::first())),
        maps: IdMaps { users: map(&maps.uids), groups: map(&maps.gids) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_extents() {
        assert_eq!(plain("/data//x/./y/"), Some("/data/x/y".to_owned()));
        assert_eq!((plain("/"), plain("a"), plain("/a/../b")), (None, None, None));
        assert_eq!(extent("0:100000:65536"), Some((0, 100_000, 65_536)));
        assert_eq!(remapped_root("/var/lib/docker/100000.100001"), Some((100_000, 100_001)));
        assert_eq!(remapped_root("/var/lib/docker"), None);
    }
}
