//! The security modules and their modes.
//!
//! Sources: Documentation/admin-guide/LSM of Linux, apparmor(7), selinux(8), landlock(7),
//! kernel_lockdown(7), Documentation/admin-guide/LSM/Yama.rst.

use super::{Group, Look, Row, row};

const LIST: &str = "/sys/kernel/security/lsm";
const APPARMOR: &str = "/sys/kernel/security/apparmor";
const SELINUX: &str = "/sys/fs/selinux";

/// Booleans of SELinux that decide about containers, tracing and shared files.
const BOOLEANS: &[(&str, &str)] = &[
    ("container_manage_cgroup", "containers that run systemd may manage their cgroup"),
    ("container_use_devices", "containers may use any device given to them"),
    ("container_connect_any", "containers may connect to any port"),
    ("deny_ptrace", "nobody may trace another process"),
    ("deny_bluetooth", "no bluetooth sockets"),
    ("selinuxuser_execmod", "users may run programs that need text relocation"),
    ("selinuxuser_execheap", "users may make their heap executable"),
    ("virt_use_nfs", "virtual machines and old containers may use NFS"),
    ("httpd_can_network_connect", "web servers may connect out"),
    ("use_nfs_home_dirs", "home directories may lie on NFS"),
];

pub(super) fn modules(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    let list = look.text(LIST);
    match &list {
        Some(list) => rows.push(row("modules", list.replace(',', ", "), "in the order they are asked")),
        None => rows.push(row(
            "modules",
            "not readable",
            "securityfs is not mounted, or not for us: modules are told by their own files",
        )),
    }
    let named = |name: &str| list.as_ref().is_some_and(|l| l.split(',').any(|m| m == name));
    apparmor(look, &mut rows);
    selinux(look, &mut rows);
    landlock(look, named("landlock"), &mut rows);
    if let Some(scope) = look.sysctl("kernel.yama.ptrace_scope") {
        let means = match scope.as_str() {
            "0" => "a process may trace others of its user",
            "1" => "only a process's own parents may trace it",
            "2" => "tracing needs CAP_SYS_PTRACE",
            "3" => "nobody may trace, until the next boot",
            _ => "",
        };
        rows.push(row("kernel.yama.ptrace_scope", scope, means));
    }
    if let Some(text) = look.text("/sys/kernel/security/lockdown") {
        let mode = text.split(['[', ']']).nth(1).unwrap_or("none").to_owned();
        let means = match mode.as_str() {
            "none" => "the kernel is not locked down",
            "integrity" => "even root may not change the running kernel",
            _ => "even root may neither change the running kernel nor read its memory",
        };
        rows.push(row("lockdown", mode, means));
    }
    for (name, file) in
        [("Smack", "/sys/fs/smackfs/version"), ("TOMOYO", "/sys/kernel/security/tomoyo/version")]
    {
        if let Some(version) = look.text(file) {
            rows.push(row(name, version, "on; its policy is not read"));
        }
    }
    if named("bpf") {
        rows.push(row("BPF LSM", "available", "a BPF program that is attached may refuse anything"));
    }
    if named("ipe") {
        rows.push(row("IPE", "available", "its policy may refuse execution"));
    }
    if let Some(text) = look.text("/sys/kernel/security/integrity/ima/policy_update") {
        rows.push(row("IMA", text, "may refuse unsigned files"));
    }
    Group { id: "modules", title: "Security modules", rows }
}

fn apparmor(look: &mut Look<'_>, rows: &mut Vec<Row>) {
    let enabled = look.text("/sys/module/apparmor/parameters/enabled");
    let Some(enabled) = enabled else { return };
    if enabled != "Y" {
        rows.push(row("AppArmor", "off", "built in, not switched on"));
        return;
    }
    rows.push(row("AppArmor", "on", ""));
    if let Some(mode) = look.text("/sys/module/apparmor/parameters/mode").filter(|m| m != "enforce") {
        rows.push(row("AppArmor mode", mode, "overrides the mode of every profile"));
    }
    if let Some(profiles) = look.text(&format!("{APPARMOR}/profiles")) {
        let with = |mode: &str| profiles.lines().filter(|l| l.ends_with(&format!("({mode})"))).count();
        let mut counts = Vec::new();
        for mode in ["enforce", "complain", "kill", "prompt", "unconfined"] {
            if with(mode) > 0 {
                counts.push(format!("{} {mode}", with(mode)));
            }
        }
        // The reading stops at its limit: the number may be a lower bound.
        rows.push(row("AppArmor profiles", counts.join(", "), "loaded"));
    }
    if let Ok(features) = look.host.list(&format!("{APPARMOR}/features")) {
        rows.push(row("AppArmor features", features.join(", "), "what this kernel can mediate"));
    }
    if let Some(abi) = look.text("/etc/apparmor/parser.conf").and_then(|text| {
        text.lines()
            .map(str::trim)
            .find(|l| l.starts_with("policy-features") || l.starts_with("features-file"))
            .map(str::to_owned)
    }) {
        rows.push(row(
            "AppArmor parser",
            abi,
            "profiles are compiled for this set of features, not for the kernel's",
        ));
    }
    for (key, on) in [
        (
            "kernel.apparmor_restrict_unprivileged_userns",
            "programs without a profile that says userns lose their capabilities in a user namespace",
        ),
        (
            "kernel.apparmor_restrict_unprivileged_unconfined",
            "unprivileged programs may not change to unconfined profiles",
        ),
        ("kernel.apparmor_restrict_unprivileged_io_uring", "io_uring needs a profile that says so"),
    ] {
        if let Some(value) = look.sysctl(key) {
            let means = if value == "0" { "not restricted" } else { on };
            rows.push(row(key, value, means));
        }
    }
}

fn selinux(look: &mut Look<'_>, rows: &mut Vec<Row>) {
    let Some(enforce) = look.text(&format!("{SELINUX}/enforce")) else { return };
    let (mode, means) = match enforce.trim() {
        "1" => ("enforcing", "denials are real"),
        _ => ("permissive", "denials are logged, nothing is refused"),
    };
    rows.push(row("SELinux", mode, means));
    for (file, name) in [
        ("policyvers", "SELinux policy version"),
        ("mls", "SELinux MLS"),
        ("deny_unknown", "SELinux deny_unknown"),
    ] {
        if let Some(value) = look.text(&format!("{SELINUX}/{file}")) {
            rows.push(row(name, value, ""));
        }
    }
    for (name, on) in BOOLEANS {
        if let Some(value) = look.text(&format!("{SELINUX}/booleans/{name}")) {
            let set = value.split_whitespace().next() == Some("1");
            let means = if set { (*on).to_owned() } else { format!("not so: {on}") };
            rows.push(row(format!("SELinux boolean {name}"), if set { "on" } else { "off" }, means));
        }
    }
}

/// The version of the interface, landlock(7) "Landlock ABI".
fn landlock(look: &Look<'_>, listed: bool, rows: &mut Vec<Row>) {
    match look.host.landlock() {
        Ok(abi) => {
            let adds = match abi {
                ..=0 => "",
                1 => "files",
                2 => "files, renaming across directories",
                3 => "files, with truncation",
                4 => "files and TCP ports",
                5 => "files, TCP ports and device ioctls",
                6 => "files, TCP ports, device ioctls, signals and abstract sockets",
                _ => "files, TCP ports, device ioctls, signals and abstract sockets, with audit records",
            };
            rows.push(row(
                "Landlock",
                format!("ABI {abi}"),
                format!("programs can restrict their own {adds}"),
            ));
        }
        Err(_) if listed => rows.push(row("Landlock", "on", "its ABI could not be asked")),
        Err(_) => {}
    }
}
