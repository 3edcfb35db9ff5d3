//! compose.yaml.

use super::Intent;
use crate::fix::part;
use crate::place::Ctx;
use std::fmt::Write as _;
use whodenied_case::FileEdit;
use whodenied_text::quote::yaml;

pub(super) fn spell(ctx: &Ctx<'_>, intents: &[Intent<'_>]) -> Option<FileEdit> {
    let mut out = format!("services:\n  {}:\n", key(&ctx.service_or("service")));
    let mut listed = "";
    for intent in intents {
        let (section, item) = match intent {
            Intent::Apparmor(name) => ("security_opt", yaml(&format!("apparmor={name}"))),
            Intent::Seccomp(file) => ("security_opt", yaml(&format!("seccomp=./{file}"))),
            Intent::SecurityOpt(opt) => ("security_opt", yaml(opt)),
            Intent::NoNewPrivsOff => ("security_opt", yaml("no-new-privileges:false")),
            Intent::CapAdd(cap) => ("cap_add", cap.name()?.to_owned()),
            Intent::Group(group) => ("group_add", yaml(group)),
            Intent::Tmpfs(path, []) => ("tmpfs", yaml(path)),
            Intent::Tmpfs(path, options) => ("tmpfs", yaml(&format!("{path}:{}", options.join(",")))),
            Intent::Volume(source, target, "") => ("volumes", yaml(&format!("{source}:{target}"))),
            Intent::Volume(source, target, option) => {
                ("volumes", yaml(&format!("{source}:{target}:{option}")))
            }
            Intent::Device(path) => ("devices", yaml(path)),
            Intent::Sysctl(name, value) => ("sysctls", yaml(&format!("{name}={value}"))),
            Intent::Env(name, value) => ("environment", yaml(&format!("{name}={value}"))),
            Intent::User(user) => {
                let _ = writeln!(out, "    user: {}", yaml(user));
                listed = "";
                continue;
            }
            Intent::KeepId => {
                let _ = writeln!(out, "    userns_mode: \"keep-id\"");
                listed = "";
                continue;
            }
            Intent::Ulimit(name, value) => {
                let _ = writeln!(out, "    ulimits:\n      {name}: {}", limit(value));
                listed = "";
                continue;
            }
        };
        if listed != section {
            let _ = writeln!(out, "    {section}:");
            listed = section;
        }
        let _ = writeln!(out, "      - {item}");
    }
    Some(part("compose.yaml", "yaml", out))
}

/// A mapping key: a placeholder in angle brackets stays as it is.
fn key(name: &str) -> String {
    if name.starts_with('<') { name.to_owned() } else { yaml(name) }
}

/// Numbers stay numbers; `unlimited` is -1.
fn limit(value: &str) -> String {
    match value {
        "unlimited" | "-1" => "-1".to_owned(),
        v if v.bytes().all(|b| b.is_ascii_digit()) => v.to_owned(),
        v => yaml(v),
    }
}
