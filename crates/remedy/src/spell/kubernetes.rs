//! Kubernetes manifests: the container's part of a pod template.

use super::Intent;
use crate::fix::part;
use crate::place::Ctx;
use std::fmt::Write as _;
use whodenied_case::FileEdit;
use whodenied_text::quote::yaml;

pub(super) fn spell(ctx: &Ctx<'_>, intents: &[Intent<'_>]) -> Option<FileEdit> {
    let name = ctx.service_or("container");
    let name = if name.starts_with('<') { name } else { yaml(&name) };
    let mut pod = String::new();
    let mut context = String::new();
    let mut mounts = String::new();
    let mut volumes = String::new();
    let mut env = String::new();
    for (i, intent) in intents.iter().enumerate() {
        match intent {
            Intent::Apparmor(profile) => {
                let _ = write!(
                    context,
                    "        appArmorProfile:\n          type: Localhost\n          localhostProfile: {}\n",
                    yaml(profile)
                );
            }
            Intent::Seccomp(file) => {
                let _ = write!(
                    context,
                    "        seccompProfile:\n          type: Localhost\n          localhostProfile: {}\n",
                    yaml(&format!("profiles/{file}"))
                );
            }
            Intent::CapAdd(cap) => {
                let _ = writeln!(context, "        capabilities:\n          add: [\"{}\"]", cap.name()?);
            }
            Intent::NoNewPrivsOff => context.push_str("        allowPrivilegeEscalation: true\n"),
            Intent::Group(group) => {
                let _ = writeln!(pod, "    supplementalGroups: [{}]", number(group)?);
            }
            Intent::User(user) => {
                let (uid, gid) = user.split_once(':').unwrap_or((user, ""));
                let _ = writeln!(pod, "    runAsUser: {}", number(uid)?);
                if !gid.is_empty() {
                    let _ = writeln!(pod, "    runAsGroup: {0}\n    fsGroup: {0}", number(gid)?);
                }
            }
            Intent::Sysctl(key, value) => {
                let _ = write!(
                    pod,
                    "    sysctls:\n      - name: {}\n        value: \"{}\"\n",
                    yaml(key),
                    value.replace(['"', '\\', '\n'], "")
                );
            }
            Intent::Tmpfs(path, _) => {
                let _ = write!(mounts, "        - name: scratch{i}\n          mountPath: {}\n", yaml(path));
                let _ = write!(volumes, "    - name: scratch{i}\n      emptyDir: {{}}\n");
            }
            Intent::Env(name, value) => {
                let _ = write!(env, "        - name: {}\n          value: {}\n", yaml(name), yaml(value));
            }
            Intent::Volume(..)
            | Intent::Device(_)
            | Intent::Ulimit(..)
            | Intent::KeepId
            | Intent::SecurityOpt(_) => return None,
        }
    }
    let mut out = String::from("spec:\n");
    if !pod.is_empty() {
        let _ = write!(out, "  securityContext:\n{pod}");
    }
    if !(context.is_empty() && mounts.is_empty() && env.is_empty()) {
        let _ = writeln!(out, "  containers:\n    - name: {name}");
        for (key, body) in [("securityContext", &context), ("volumeMounts", &mounts), ("env", &env)] {
            if !body.is_empty() {
                let _ = write!(out, "      {key}:\n{body}");
            }
        }
    }
    if !volumes.is_empty() {
        let _ = write!(out, "  volumes:\n{volumes}");
    }
    Some(part("pod template", "yaml", out))
}

/// A number, or a placeholder in angle brackets.
fn number(text: &str) -> Option<&str> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits || text.starts_with('<')).then_some(text)
}
