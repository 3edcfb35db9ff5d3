//! Drop-ins of systemd units.

use super::Intent;
use crate::fix::part;
use crate::place::Ctx;
use std::fmt::Write as _;
use whodenied_case::FileEdit;
use whodenied_text::{escape, quote};

/// The unit's name for commands and file names, a placeholder when it is not known.
pub(crate) fn unit(ctx: &Ctx<'_>) -> String {
    match ctx.service.as_deref() {
        Some(name) => {
            let name = quote::file_name(name);
            let typed = [".service", ".socket", ".timer", ".mount", ".scope", ".slice"];
            if typed.iter().any(|t| name.ends_with(t)) { name } else { format!("{name}.service") }
        }
        None => "<unit>.service".to_owned(),
    }
}

/// A path for a directive that takes a list of them: quoted when it holds a blank.
pub(crate) fn path(path: &str) -> String {
    if path.contains([' ', '"', '\\', '\'']) {
        format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        path.to_owned()
    }
}

/// A drop-in with these lines of `[Service]`.
pub(crate) fn drop_in(ctx: &Ctx<'_>, lines: &[String]) -> Option<FileEdit> {
    if lines.iter().any(|l| l.contains(escape::is_unsafe)) {
        return None;
    }
    let mut out = String::from("[Service]\n");
    for line in lines {
        // A percent sign begins a specifier in units.
        let _ = writeln!(out, "{}", line.replace('%', "%%"));
    }
    let mut edit = part(format!("/etc/systemd/system/{}.d/override.conf", unit(ctx)), "ini", out);
    edit.spelling = "systemd".to_owned();
    Some(edit)
}

pub(super) fn spell(ctx: &Ctx<'_>, intents: &[Intent<'_>]) -> Option<FileEdit> {
    let mut lines = Vec::new();
    for intent in intents {
        let line = match intent {
            Intent::Apparmor(name) => format!("AppArmorProfile={name}"),
            Intent::CapAdd(cap) => {
                // A bounding set that is already narrowed needs the capability as well.
                if ctx.facts.unit("CapabilityBoundingSet").is_some() {
                    lines.push(format!("CapabilityBoundingSet={cap}"));
                }
                format!("AmbientCapabilities={cap}")
            }
            Intent::Group(group) => format!("SupplementaryGroups={group}"),
            Intent::User(user) => {
                let (user, group) = user.split_once(':').unwrap_or((user, ""));
                if !group.is_empty() {
                    lines.push(format!("Group={group}"));
                }
                format!("User={user}")
            }
            Intent::Tmpfs(path, []) => format!("TemporaryFileSystem={path}"),
            Intent::Tmpfs(path, options) => format!("TemporaryFileSystem={path}:{}", options.join(",")),
            Intent::Device(path) => format!("DeviceAllow={path} rw"),
            Intent::Ulimit(name, value) => {
                let value = if *value == "-1" || *value == "unlimited" { "infinity" } else { value };
                format!("Limit{}={value}", name.to_ascii_uppercase())
            }
            Intent::Env(name, value) => format!("Environment=\"{name}={}\"", value.replace(['"', '\\'], "")),
            Intent::NoNewPrivsOff => "NoNewPrivileges=no".to_owned(),
            Intent::Seccomp(_)
            | Intent::Volume(..)
            | Intent::Sysctl(..)
            | Intent::KeepId
            | Intent::SecurityOpt(_) => return None,
        };
        lines.push(line);
    }
    drop_in(ctx, &lines)
}
