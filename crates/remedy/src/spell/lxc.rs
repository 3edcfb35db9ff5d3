//! LXC (Proxmox among its users) and Incus or LXD.

use super::Intent;
use crate::fix::part;
use crate::place::Ctx;
use std::fmt::Write as _;
use whodenied_case::FileEdit;
use whodenied_runtimes::devices;
use whodenied_text::{escape, quote};

/// The file of a container's configuration: Proxmox keeps it elsewhere.
pub(crate) fn config_file(ctx: &Ctx<'_>) -> String {
    if ctx.facts.distro_in(&["proxmox", "pve"]) {
        "/etc/pve/lxc/<ID>.conf".to_owned()
    } else {
        "/var/lib/lxc/<container>/config".to_owned()
    }
}

pub(super) fn spell(intents: &[Intent<'_>]) -> Option<FileEdit> {
    let mut out = String::new();
    for intent in intents {
        let lines = match intent {
            Intent::Apparmor(name) => vec![format!("lxc.apparmor.profile = {name}")],
            Intent::Device(path) => device(path),
            Intent::Sysctl(name, value) => vec![format!("lxc.sysctl.{name} = {value}")],
            Intent::Ulimit(name, value) => vec![format!("lxc.prlimit.{name} = {value}")],
            Intent::NoNewPrivsOff => vec!["lxc.no_new_privs = 0".to_owned()],
            _ => return None,
        };
        for line in lines {
            if line.contains(escape::is_unsafe) {
                return None;
            }
            let _ = writeln!(out, "{line}");
        }
    }
    Some(part("the container's LXC configuration", "ini", out))
}

fn device(path: &str) -> Vec<String> {
    let allow = devices::numbers(path).map_or_else(
        || "lxc.cgroup2.devices.allow = c <major>:<minor> rwm".to_owned(),
        |(kind, major, minor)| format!("lxc.cgroup2.devices.allow = {kind} {major}:{minor} rwm"),
    );
    let inside = path.trim_start_matches('/');
    vec![allow, format!("lxc.mount.entry = {path} {inside} none bind,create=file 0 0")]
}

pub(super) fn incus(ctx: &Ctx<'_>, intents: &[Intent<'_>]) -> Option<FileEdit> {
    let name = ctx.service.as_deref().map_or_else(|| "<instance>".to_owned(), quote::shell);
    let mut out = String::new();
    for intent in intents {
        let line = match intent {
            Intent::Device(path) => {
                let path = quote::shell(&format!("path={path}"));
                format!("incus config device add {name} dev1 unix-char {path}")
            }
            Intent::Sysctl(key, value) => {
                format!("incus config set {name} {}", quote::shell(&format!("linux.sysctl.{key}={value}")))
            }
            Intent::Ulimit(key, value) => {
                format!("incus config set {name} {}", quote::shell(&format!("limits.kernel.{key}={value}")))
            }
            _ => return None,
        };
        let _ = writeln!(out, "{line}");
    }
    Some(part("incus command line", "text", out))
}
