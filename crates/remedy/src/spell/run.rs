//! `docker run` and `podman run` options.

use super::Intent;
use crate::fix::part;
use whodenied_case::FileEdit;
use whodenied_text::quote::shell;

pub(super) fn spell(intents: &[Intent<'_>], podman: bool) -> Option<FileEdit> {
    let mut options = Vec::new();
    for intent in intents {
        options.push(match intent {
            Intent::Apparmor(name) => format!("--security-opt {}", shell(&format!("apparmor={name}"))),
            Intent::Seccomp(file) => format!("--security-opt {}", shell(&format!("seccomp=./{file}"))),
            Intent::SecurityOpt(opt) => format!("--security-opt {}", shell(opt)),
            Intent::NoNewPrivsOff => "--security-opt no-new-privileges=false".to_owned(),
            Intent::CapAdd(cap) => format!("--cap-add {}", cap.name()?),
            Intent::Group(group) => format!("--group-add {}", shell(group)),
            Intent::User(user) => format!("--user {}", shell(user)),
            Intent::Tmpfs(path, []) => format!("--tmpfs {}", shell(path)),
            Intent::Tmpfs(path, options) => {
                format!("--tmpfs {}", shell(&format!("{path}:{}", options.join(","))))
            }
            Intent::Volume(source, target, "") => format!("-v {}", shell(&format!("{source}:{target}"))),
            Intent::Volume(source, target, option) => {
                format!("-v {}", shell(&format!("{source}:{target}:{option}")))
            }
            Intent::Device(path) => format!("--device {}", shell(path)),
            Intent::Sysctl(name, value) => format!("--sysctl {}", shell(&format!("{name}={value}"))),
            Intent::Ulimit(name, value) => {
                let value = if *value == "unlimited" { "-1" } else { value };
                format!("--ulimit {}", shell(&format!("{name}={value}")))
            }
            Intent::KeepId if podman => "--userns=keep-id".to_owned(),
            Intent::KeepId => return None,
            Intent::Env(name, value) => format!("-e {}", shell(&format!("{name}={value}"))),
        });
    }
    let file = if podman { "podman run" } else { "docker run" };
    Some(part(file, "text", options.join(" ") + "\n"))
}
