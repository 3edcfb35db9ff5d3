//! Podman quadlets.

use super::Intent;
use crate::fix::part;
use crate::place::Ctx;
use std::fmt::Write as _;
use whodenied_case::FileEdit;
use whodenied_text::{escape, quote};

pub(super) fn spell(ctx: &Ctx<'_>, intents: &[Intent<'_>]) -> Option<FileEdit> {
    let new_keys = ctx.facts.version("podman").is_some_and(|v| v.at_least(&[5, 8]));
    let mut out = String::from("[Container]\n");
    for intent in intents {
        let line = match intent {
            Intent::Apparmor(name) if new_keys => format!("AppArmor={name}"),
            Intent::Apparmor(name) => format!("PodmanArgs=--security-opt apparmor={name}"),
            Intent::Seccomp(file) => format!("SeccompProfile=/etc/containers/{file}"),
            Intent::SecurityOpt(opt) => format!("PodmanArgs=--security-opt {opt}"),
            Intent::NoNewPrivsOff => "NoNewPrivileges=false".to_owned(),
            Intent::CapAdd(cap) => format!("AddCapability={}", cap.name()?),
            Intent::Group(group) => format!("GroupAdd={group}"),
            Intent::User(user) => format!("User={user}"),
            Intent::Tmpfs(path, []) => format!("Tmpfs={path}"),
            Intent::Tmpfs(path, options) => format!("Tmpfs={path}:{}", options.join(",")),
            Intent::Volume(source, target, "") => format!("Volume={source}:{target}"),
            Intent::Volume(source, target, option) => format!("Volume={source}:{target}:{option}"),
            Intent::Device(path) => format!("AddDevice={path}"),
            Intent::Sysctl(name, value) => format!("Sysctl={name}={value}"),
            Intent::Ulimit(name, value) => format!("Ulimit={name}={value}"),
            Intent::KeepId => "UserNS=keep-id".to_owned(),
            Intent::Env(name, value) => format!("Environment={name}={value}"),
        };
        // The unit syntax has no safe way to carry a control character.
        if line.contains(escape::is_unsafe) {
            return None;
        }
        let _ = writeln!(out, "{line}");
    }
    let name = ctx.service.as_deref().map_or_else(|| "<name>".to_owned(), quote::file_name);
    let name = name.strip_suffix(".container").unwrap_or(&name);
    Some(part(format!("{name}.container"), "ini", out))
}
