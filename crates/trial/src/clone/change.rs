//! One change of a clone against its original: what a remedy sets, or what an elimination relaxes.
//!
//! Source of the fields: Docker Engine API v1.41, HostConfig.

use crate::clone::spec::Spec;
use serde_json::{Value, json};
use whodenied_case::Remedy;
use whodenied_manifest::{CapSpec, Knob, line};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A setting of the container.
    Setting(Knob),
    /// A seccomp profile, as JSON text.
    Seccomp(String),
    /// An AppArmor profile, as text, and its name.
    Apparmor {
        /// The name the text gives it.
        name: String,
        /// The text.
        text: String,
    },
    /// A command on the host that changes files of a volume, as words.
    OnHost(Vec<String>),
    /// Masked and read-only paths of /proc and /sys as they are without an engine.
    SystemPaths,
}

/// Why a remedy can't be tried on a clone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", whodenied_text::escape::line(.0))]
pub struct Unsuitable(pub String);

/// Commands that change files and nothing else, by their first word.
const FILES: &[&str] =
    &["chown", "chgrp", "chmod", "setfacl", "chattr", "mkdir", "install", "touch", "setcap"];
/// Commands that put a changed configuration or profile into force; for a clone that is its start.
const FORCE: &[&str] =
    &["docker", "podman", "nerdctl", "docker-compose", "podman-compose", "apparmor_parser", "systemctl"];

/// The changes that a remedy asks for, spelled for compose or for a run line, in their order.
///
/// # Errors
/// [`Unsuitable`] when any part of it can't be done to a clone: a half remedy proves nothing.
pub fn changes(remedy: &Remedy) -> Result<Vec<Change>, Unsuitable> {
    let mut changes = Vec::new();
    let spelled =
        ["compose", "docker", "podman"].iter().find_map(|s| remedy.edits.iter().find(|e| e.spelling == *s));
    if let Some(edit) = spelled {
        changes.extend(settings(&edit.text, edit.spelling != "compose")?);
    }
    for edit in remedy.edits.iter().filter(|e| e.spelling.is_empty() && e.whole) {
        match edit.format.as_str() {
            "json" => changes.push(Change::Seccomp(edit.text.clone())),
            "apparmor" => {
                changes.push(Change::Apparmor { name: profile(&edit.text), text: edit.text.clone() })
            }
            _ => return Err(Unsuitable(format!("{} is no part of a container", edit.file))),
        }
    }
    for command in &remedy.commands {
        changes.extend(command_of(command)?);
    }
    // The file that a setting names is given by its content.
    if changes.iter().any(|c| matches!(c, Change::Seccomp(_))) {
        changes.retain(|c| !matches!(c, Change::Setting(Knob::Seccomp(_))));
    }
    if changes.iter().any(|c| matches!(c, Change::Apparmor { .. })) {
        changes.retain(|c| !matches!(c, Change::Setting(Knob::Apparmor(_))));
    }
    if changes.is_empty() {
        return Err(Unsuitable("it is nothing that can be done to a container".to_owned()));
    }
    Ok(changes)
}

/// The settings of a snippet.
fn settings(text: &str, options: bool) -> Result<Vec<Change>, Unsuitable> {
    let text =
        if options && !text.trim_start().starts_with("docker") && !text.trim_start().starts_with("podman") {
            format!(
                "docker run {} image",
                text.split_whitespace().filter(|w| *w != "\\").collect::<Vec<_>>().join(" ")
            )
        } else {
            text.to_owned()
        };
    let found = whodenied_manifest::read(&line::lines(&text));
    let knobs: Vec<Change> = found
        .into_iter()
        .map(|f| f.knob)
        .filter(|k| !matches!(k, Knob::Image(_) | Knob::Other { .. }))
        .map(Change::Setting)
        .collect();
    if knobs.is_empty() {
        Err(Unsuitable("its setting could not be read back".to_owned()))
    } else {
        Ok(knobs)
    }
}

/// What a printed command means for a clone.
fn command_of(command: &str) -> Result<Option<Change>, Unsuitable> {
    let not = || Unsuitable(format!("the command can't be done to a clone: {command}"));
    // No shell runs it, so what only a shell understands is refused rather than taken literally.
    let odd = |quote: char| command.matches(quote).count() % 2 == 1;
    if command.contains(['|', ';', '&', '>', '<', '`', '$', '\\', '*', '?', '~', '#', '\n'])
        || odd('\'')
        || odd('"')
    {
        return Err(not());
    }
    let (words, _) = whodenied_manifest::shell::words(command, 0, 0);
    let mut words: Vec<String> = words.into_iter().map(|w| w.text).collect();
    if words.first().is_some_and(|w| w == "sudo") {
        words.remove(0);
    }
    let first = words.first().map_or("", String::as_str);
    let name = first.rsplit('/').next().unwrap_or(first);
    if FORCE.contains(&name) {
        return Ok(None);
    }
    if !FILES.contains(&name) {
        return Err(not());
    }
    Ok(Some(Change::OnHost(words)))
}

/// The name that a profile's text gives it.
fn profile(text: &str) -> String {
    text.lines()
        .filter_map(|l| l.trim_start().strip_prefix("profile "))
        .filter_map(|l| l.split_whitespace().next())
        .map(|n| n.trim_matches('"').to_owned())
        .next()
        .unwrap_or_default()
}

/// Makes the change to `spec`; those on the host and profiles are made when the clone is.
///
/// # Errors
/// [`Unsuitable`] for what would open more than a trial may.
pub fn applied(mut spec: Spec, changes: &[Change]) -> Result<Spec, Unsuitable> {
    for change in changes {
        match change {
            Change::Setting(knob) => setting(&mut spec, knob)?,
            Change::Seccomp(json) => option(&mut spec, "seccomp", json),
            Change::SystemPaths => {
                spec.host().insert("MaskedPaths".to_owned(), json!([]));
                spec.host().insert("ReadonlyPaths".to_owned(), json!([]));
            }
            Change::Apparmor { .. } | Change::OnHost(_) => {}
        }
    }
    Ok(spec)
}

fn setting(spec: &mut Spec, knob: &Knob) -> Result<(), Unsuitable> {
    match knob {
        Knob::CapAdd(cap) => {
            let name = cap_name(*cap)?;
            remove(spec, "CapDrop", &name);
            push(spec, "CapAdd", json!(name));
        }
        Knob::CapDrop(cap) => push(spec, "CapDrop", json!(cap_name(*cap)?)),
        Knob::Apparmor(name) => option(spec, "apparmor", name),
        Knob::Seccomp(name) => option(spec, "seccomp", name),
        Knob::NoNewPrivs(on) => {
            without(spec, "no-new-privileges");
            if *on {
                push(spec, "SecurityOpt", json!("no-new-privileges"));
            }
        }
        Knob::SelinuxLabel(label) => push(spec, "SecurityOpt", json!(format!("label={label}"))),
        Knob::User(user) => spec.body["User"] = json!(user),
        Knob::GroupAdd(group) => push(spec, "GroupAdd", json!(group)),
        Knob::ReadOnlyRoot(on) => set(spec, "ReadonlyRootfs", json!(on)),
        Knob::UsernsMode(mode) => set(spec, "UsernsMode", json!(mode)),
        Knob::Tmpfs { target, options } => {
            let host = spec.host();
            let tmpfs = host.entry("Tmpfs").or_insert_with(|| json!({}));
            if !tmpfs.is_object() {
                *tmpfs = json!({});
            }
            tmpfs[target.as_str()] = json!(options.join(","));
        }
        Knob::Volume { target, options, .. } => {
            let writable = !options.iter().any(|o| o == "ro");
            let known = spec.given.iter_mut().find(|g| g.target == *target);
            let given = known.ok_or_else(|| Unsuitable(format!("a volume at {target} that is not there")))?;
            given.writable = writable;
        }
        Knob::Device(device) => {
            let mut parts = device.splitn(3, ':');
            let path = parts.next().unwrap_or("").to_owned();
            let inside = parts.next().unwrap_or(&path).to_owned();
            let rights = parts.next().unwrap_or("rwm").to_owned();
            if !is_harmless_device(&path) {
                return Err(Unsuitable(format!("{path} acts on the host: it is not given to a clone")));
            }
            let one = json!({"PathOnHost": path, "PathInContainer": inside, "CgroupPermissions": rights});
            push(spec, "Devices", one);
        }
        Knob::DeviceRule(rule) => push(spec, "DeviceCgroupRules", json!(rule)),
        Knob::Sysctl { key, value } => {
            let host = spec.host();
            let sysctls = host.entry("Sysctls").or_insert_with(|| json!({}));
            if !sysctls.is_object() {
                *sysctls = json!({});
            }
            sysctls[key.as_str()] = json!(value);
        }
        Knob::Ulimit { name, value } => {
            let (soft, hard) = value.split_once(':').unwrap_or((value, value));
            let number =
                |text: &str| if text == "unlimited" { Some(-1) } else { text.trim().parse::<i64>().ok() };
            let (Some(soft), Some(hard)) = (number(soft), number(hard)) else {
                return Err(Unsuitable(format!("the limit {name}={value} is no number")));
            };
            let limits = spec.host().entry("Ulimits").or_insert_with(|| json!([]));
            if let Some(limits) = limits.as_array_mut() {
                limits.retain(|l| l.get("Name").and_then(Value::as_str) != Some(name));
            } else {
                *limits = json!([]);
            }
            push(spec, "Ulimits", json!({"Name": name, "Soft": soft, "Hard": hard}));
        }
        other => return Err(Unsuitable(format!("a clone is not given {other:?}"))),
    }
    Ok(())
}

/// Nodes that act on the opener's own namespaces only.
fn is_harmless_device(path: &str) -> bool {
    matches!(
        path,
        "/dev/net/tun"
            | "/dev/fuse"
            | "/dev/ppp"
            | "/dev/null"
            | "/dev/zero"
            | "/dev/urandom"
            | "/dev/random"
    )
}

fn cap_name(cap: CapSpec) -> Result<String, Unsuitable> {
    match cap {
        CapSpec::All => Ok("ALL".to_owned()),
        CapSpec::One(cap) => {
            cap.name().map(str::to_owned).ok_or_else(|| Unsuitable("a capability without a name".to_owned()))
        }
    }
}

fn set(spec: &mut Spec, key: &str, value: Value) {
    spec.host().insert(key.to_owned(), value);
}

fn push(spec: &mut Spec, key: &str, value: Value) {
    let list = spec.host().entry(key).or_insert_with(|| json!([]));
    match list {
        Value::Array(list) if list.contains(&value) => {}
        Value::Array(list) => list.push(value),
        other => *other = json!([value]),
    }
}

/// Takes a capability from a list, with or without `CAP_`.
fn remove(spec: &mut Spec, key: &str, name: &str) {
    if let Some(list) = spec.host().get_mut(key).and_then(Value::as_array_mut) {
        list.retain(|v| {
            v.as_str().is_none_or(|v| v.trim_start_matches("CAP_") != name.trim_start_matches("CAP_"))
        });
    }
}

/// Takes every security option of this name away.
fn without(spec: &mut Spec, name: &str) {
    if let Some(list) = spec.host().get_mut("SecurityOpt").and_then(Value::as_array_mut) {
        list.retain(|v| v.as_str().is_none_or(|v| v.split(['=', ':']).next() != Some(name)));
    }
}

/// Sets a security option that has one value.
pub(crate) fn option(spec: &mut Spec, name: &str, value: &str) {
    without(spec, name);
    push(spec, "SecurityOpt", json!(format!("{name}={value}")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::{FileEdit, Risk, Where};

    fn remedy(spelling: &str, text: &str, commands: &[&str]) -> Remedy {
        let edit = FileEdit {
            file: "compose.yaml".into(),
            format: "yaml".into(),
            whole: false,
            text: text.into(),
            spelling: spelling.into(),
        };
        Remedy {
            summary: String::new(),
            on: Where::Container,
            risk: Risk::Low,
            widens: String::new(),
            edits: if text.is_empty() { Vec::new() } else { vec![edit] },
            commands: commands.iter().map(|c| (*c).to_owned()).collect(),
            undo: Vec::new(),
        }
    }

    fn spec(host: Value) -> Spec {
        Spec {
            body: json!({"User": "0", "HostConfig": host}),
            given: Vec::new(),
            withheld: Vec::new(),
            program: vec!["/x".into()],
        }
    }

    fn tried(host: Value, remedy: &Remedy) -> Value {
        applied(spec(host), &changes(remedy).unwrap()).unwrap().body
    }

    #[test]
    fn a_remedy_becomes_the_fields_of_a_container() {
        let compose = "services:\n  app:\n    cap_add:\n      - SYS_NICE\n";
        let force = ["docker compose up -d app"];
        for (host, remedy, pointer, want) in [
            (
                json!({"CapDrop": ["CAP_SYS_NICE", "NET_RAW"]}),
                remedy("compose", compose, &force),
                "/HostConfig",
                json!({"CapDrop": ["NET_RAW"], "CapAdd": ["SYS_NICE"]}),
            ),
            (
                json!({"CapDrop": ["ALL"]}),
                remedy("docker", "--cap-add SYS_NICE", &[]),
                "/HostConfig/CapAdd",
                json!(["SYS_NICE"]),
            ),
            (json!({}), remedy("docker", "--user 1000:1000", &[]), "/User", json!("1000:1000")),
            (
                json!({"SecurityOpt": ["no-new-privileges:true", "apparmor=x"]}),
                remedy("docker", "--security-opt no-new-privileges=false", &[]),
                "/HostConfig/SecurityOpt",
                json!(["apparmor=x"]),
            ),
            (
                json!({}),
                remedy("docker", "--tmpfs /run:exec,size=1m", &[]),
                "/HostConfig/Tmpfs",
                json!({"/run": "exec,size=1m"}),
            ),
            (
                json!({"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 1}]}),
                remedy("docker", "--ulimit nofile=1024:2048", &[]),
                "/HostConfig/Ulimits",
                json!([{"Name": "nofile", "Soft": 1024, "Hard": 2048}]),
            ),
        ] {
            assert_eq!(tried(host, &remedy).pointer(pointer), Some(&want), "{remedy:?}");
        }
    }

    #[test]
    fn host_commands_are_words_and_nothing_else_is_run() {
        let words = |c: &str| changes(&remedy("", "", &[c]));
        assert_eq!(
            words("sudo setfacl -m u:1000:rwx '/srv/a b'"),
            Ok(vec![Change::OnHost(["setfacl", "-m", "u:1000:rwx", "/srv/a b"].map(str::to_owned).to_vec())])
        );
        for refused in
            ["sudo rm -rf /srv", "chown 1 /a; reboot", "chmod 1 $(x)", "sysctl -w a=b", "chown 1 'open"]
        {
            assert!(words(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_trial_opens_no_door() {
        for text in ["--device /dev/sda", "--privileged", "--pid host", "-v /:/host"] {
            let result = changes(&remedy("docker", text, &[])).and_then(|c| applied(spec(json!({})), &c));
            assert!(result.is_err(), "{text}");
        }
    }
}
