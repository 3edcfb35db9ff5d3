//! The values that several surfaces share: security options, volumes, ports, capabilities.
//!
//! Sources: docker/cli `opts` and `cli/command/container/opts.go` (an option is cut at `=`, else at
//! `:`), docker-run(1), podman-run(1), the Compose specification.

use crate::knob::{CapSpec, Knob};
use whodenied_kernel::Capability;

/// `ALL` or a capability in any spelling.
#[must_use]
pub fn cap(text: &str) -> Option<CapSpec> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("all") || text.eq_ignore_ascii_case("cap_all") {
        return Some(CapSpec::All);
    }
    Capability::from_name(text).map(CapSpec::One)
}

/// `true`, `yes`, `on`, `1` and their opposites.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" => Some(true),
        "false" | "no" | "off" | "0" | "n" => Some(false),
        _ => None,
    }
}

/// One `--security-opt` or `security_opt` item; several for a comma list of Podman's `label`.
#[must_use]
pub fn security_opt(text: &str) -> Vec<Knob> {
    let text = text.trim();
    let cut = text.find('=').or_else(|| text.find(':'));
    let (key, value) = match cut {
        Some(at) => (text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or("").trim()),
        None => (text, ""),
    };
    match key.trim() {
        "no-new-privileges" if value.is_empty() => vec![Knob::NoNewPrivs(true)],
        "no-new-privileges" => boolean(value).map(Knob::NoNewPrivs).into_iter().collect(),
        "apparmor" if !value.is_empty() => vec![Knob::Apparmor(value.to_owned())],
        "seccomp" if !value.is_empty() => vec![Knob::Seccomp(value.to_owned())],
        "label" if !value.is_empty() => vec![Knob::SelinuxLabel(value.to_owned())],
        "systempaths" | "unmask" if !value.is_empty() => vec![Knob::SystemPaths(value.to_owned())],
        "writable-cgroups" | "mask" | "proc-opts" => {
            vec![Knob::Other { key: key.trim().to_owned(), value: value.to_owned() }]
        }
        _ => Vec::new(),
    }
}

/// Options of a mount or volume, cut at commas.
#[must_use]
pub fn options(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned).collect()
}

/// A short volume: `[SOURCE:]TARGET[:OPTIONS]`. `None` when no part of it can be a path in the container.
#[must_use]
pub fn volume(text: &str) -> Option<Knob> {
    // A drive letter (`C:\x:/x`) belongs to the source, as does `${VAR:-default}`.
    let mut parts: Vec<&str> = Vec::new();
    let (mut start, mut depth) = (0, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                let drive = at == 1
                    && text.starts_with(|c: char| c.is_ascii_alphabetic())
                    && text.get(2..).is_some_and(|r| r.starts_with(['\\', '/']))
                    && text.get(2..).is_some_and(|r| r.contains(':'));
                if !drive {
                    parts.push(text.get(start..at).unwrap_or(""));
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or(""));
    let path = |p: &str| p.starts_with('/') || p.starts_with('$');
    match parts.as_slice() {
        [target] if path(target) => {
            Some(Knob::Volume { source: String::new(), target: (*target).to_owned(), options: Vec::new() })
        }
        [source, target, rest @ ..] if path(target) && !source.is_empty() => Some(Knob::Volume {
            source: (*source).to_owned(),
            target: (*target).to_owned(),
            options: rest.iter().flat_map(|o| options(o)).collect(),
        }),
        _ => None,
    }
}

/// A tmpfs: `TARGET[:OPTIONS]`.
#[must_use]
pub fn tmpfs(text: &str) -> Option<Knob> {
    let (target, rest) = text.split_once(':').unwrap_or((text, ""));
    target.starts_with('/').then(|| Knob::Tmpfs { target: target.to_owned(), options: options(rest) })
}

/// `--mount type=…,source=…,target=…`.
#[must_use]
pub fn mount(text: &str) -> Option<Knob> {
    let (mut kind, mut source, mut target) = ("volume", "", "");
    let mut rest = Vec::new();
    for field in text.split(',') {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        match key.trim() {
            "type" => kind = value,
            "source" | "src" => source = value,
            "target" | "destination" | "dst" => target = value,
            "readonly" | "ro" if value != "false" => rest.push("ro".to_owned()),
            "relabel" if value == "shared" => rest.push("z".to_owned()),
            "relabel" if value == "private" => rest.push("Z".to_owned()),
            "z" => rest.push("z".to_owned()),
            "Z" => rest.push("Z".to_owned()),
            "" => {}
            _ => rest.push(field.trim().to_owned()),
        }
    }
    if target.is_empty() {
        return None;
    }
    Some(if kind == "tmpfs" {
        Knob::Tmpfs { target: target.to_owned(), options: rest }
    } else {
        Knob::Volume { source: source.to_owned(), target: target.to_owned(), options: rest }
    })
}

/// A published port: `[IP:][HOST:]CONTAINER[/PROTO]`; of a range the first.
#[must_use]
pub fn publish(text: &str) -> Option<Knob> {
    let bare = text.split('/').next().unwrap_or(text);
    let mut parts = bare.rsplit(':');
    let first = |p: &str| p.split('-').next().and_then(|n| n.trim().parse::<u16>().ok());
    let container = first(parts.next()?)?;
    let host = parts.next().and_then(first);
    Some(Knob::Publish { host, container })
}

/// `KEY=VALUE`, or `KEY: VALUE` from a mapping, as a sysctl.
#[must_use]
pub fn sysctl(text: &str) -> Option<Knob> {
    let (key, value) = text.split_once('=')?;
    sysctl_pair(key, value)
}

/// A sysctl by name and value; slashes in the name become dots.
#[must_use]
pub fn sysctl_pair(key: &str, value: &str) -> Option<Knob> {
    let key = key.trim().replace('/', ".");
    let known =
        ["net.", "kernel.", "fs.", "vm.", "user.", "dev.", "debug."].iter().any(|p| key.starts_with(p));
    known.then(|| Knob::Sysctl { key, value: value.trim().to_owned() })
}

/// `NAME=SOFT[:HARD]`.
#[must_use]
pub fn ulimit(text: &str) -> Option<Knob> {
    let (name, value) = text.split_once('=')?;
    let known = name.bytes().all(|b| b.is_ascii_lowercase()) && !value.is_empty();
    known.then(|| Knob::Ulimit { name: name.to_owned(), value: value.to_owned() })
}

/// True for the names of OCI runtimes, so that `runtime:` with a sentence behind it is none.
#[must_use]
pub fn is_oci_runtime(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    matches!(name, "runc" | "crun" | "nvidia" | "runsc" | "gvisor" | "youki" | "krun" | "crun-wasm")
        || name.starts_with("kata")
        || name.starts_with("sysbox")
        || name.starts_with("nvidia-container-runtime")
        || name.starts_with("io.containerd.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_options_in_both_spellings() {
        let one = |t: &str| security_opt(t).into_iter().next();
        assert_eq!(one("apparmor:unconfined"), Some(Knob::Apparmor("unconfined".into())));
        assert_eq!(one("apparmor=my profile"), Some(Knob::Apparmor("my profile".into())));
        assert_eq!(one("seccomp=./p.json"), Some(Knob::Seccomp("./p.json".into())));
        assert_eq!(one("label:type:svirt_t"), Some(Knob::SelinuxLabel("type:svirt_t".into())));
        assert_eq!(one("label=type:svirt_t"), Some(Knob::SelinuxLabel("type:svirt_t".into())));
        assert_eq!(one("no-new-privileges"), Some(Knob::NoNewPrivs(true)));
        assert_eq!(one("no-new-privileges:false"), Some(Knob::NoNewPrivs(false)));
        assert_eq!(one("apparmor"), None);
        assert_eq!(one("something=else"), None);
    }

    #[test]
    fn volumes() {
        let of = |t| match volume(t) {
            Some(Knob::Volume { source, target, options }) => Some((source, target, options.join("+"))),
            _ => None,
        };
        let v = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(of("/a:/b:ro,Z"), v("/a", "/b", "ro+Z"));
        assert_eq!(of("data:/var/lib"), v("data", "/var/lib", ""));
        assert_eq!(of("/var/lib"), v("", "/var/lib", ""));
        assert_eq!(of("C:\\x:/x"), v("C:\\x", "/x", ""));
        assert_eq!(of("${D:-/srv}/a:/b"), v("${D:-/srv}/a", "/b", ""));
        assert_eq!(of("name: data"), None);
        assert_eq!(of("8080:80"), None);
    }

    #[test]
    fn ports() {
        assert_eq!(publish("80:8080"), Some(Knob::Publish { host: Some(80), container: 8080 }));
        assert_eq!(publish("127.0.0.1:53:53/udp"), Some(Knob::Publish { host: Some(53), container: 53 }));
        assert_eq!(publish("127.0.0.1::53"), Some(Knob::Publish { host: None, container: 53 }));
        assert_eq!(publish("3000-3005:3000-3005"), Some(Knob::Publish { host: Some(3000), container: 3000 }));
        assert_eq!(publish("http"), None);
    }

    #[test]
    fn mounts() {
        assert_eq!(
            mount("type=bind,source=/a,target=/b,readonly"),
            Some(Knob::Volume { source: "/a".into(), target: "/b".into(), options: vec!["ro".into()] })
        );
        assert_eq!(
            mount("type=tmpfs,dst=/run"),
            Some(Knob::Tmpfs { target: "/run".into(), options: Vec::new() })
        );
        assert_eq!(mount("type=bind"), None);
    }
}
