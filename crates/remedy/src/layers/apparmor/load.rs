//! Profiles that are not loaded, can't be loaded, or are loaded in an old state.

use super::record;
use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use crate::spell::lxc::config_file;
use crate::upgrade;
use whodenied_apparmor::Pattern;
use whodenied_case::{Engine, Risk, Where};
use whodenied_kernel::{Call, Errno};
use whodenied_runtimes::Runtime;
use whodenied_text::quote::shell;

/// Known issues of this family.
const IDS: &[&str] = &[
    "aa-profile-missing",
    "aa-parser-missing",
    "aa-parser-policy-admin",
    "aa-parser-too-old",
    "aa-version-parse",
    "aa-attr-exec-invalid-argument",
    "k8s-apparmor-localhost-missing",
    "rootless-no-apparmor",
];

pub(super) fn concerns(ctx: &Ctx<'_>, known: &str, operation: &str) -> bool {
    IDS.contains(&known)
        || (operation.starts_with("change_")
            && record(ctx).and_then(|r| r.get("info")) == Some("label not found"))
        || ctx.attempt.call == Some(Call::PolicyLoad)
        || (ctx.attempt.call == Some(Call::LabelChange) && ctx.attempt.errno == Some(Errno::ENOENT))
}

pub(super) fn offer(ctx: &Ctx<'_>, known: &str, offer: &mut Offer) {
    let host = ctx.engine_host();
    match known {
        "aa-parser-missing" => {
            offer.add(install_parser(ctx));
            offer.maybe(upgrade::fix(ctx));
        }
        "aa-parser-policy-admin" => {
            offer.add(nesting(ctx));
        }
        "aa-parser-too-old" | "aa-version-parse" | "aa-attr-exec-invalid-argument" => {
            offer.maybe(upgrade::fix(ctx));
            if offer.remedies.is_empty() {
                offer.add(
                    Fix::new(
                        host,
                        Risk::Low,
                        "Upgrade the container runtime to a release that knows this host's AppArmor",
                    )
                    .widens("Nothing beyond the vendor's default."),
                );
            }
        }
        "rootless-no-apparmor" => {
            offer.add(
                Fix::new(host, Risk::Low, "Leave the AppArmor profile unset for the rootless engine, or have root load the engine's own once")
                    .widens("Nothing: a rootless engine's containers stay bounded by the user's own rights.")
                    .run("sudo nerdctl apparmor load"),
            );
            offer.maybe(upgrade::fix(ctx));
        }
        _ if ctx.attempt.call == Some(Call::PolicyLoad) && known.is_empty() => {
            if ctx.nested() || ctx.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus)) {
                offer.add(nesting(ctx));
            }
            offer.add(install_parser(ctx));
        }
        _ => {
            offer.maybe(load(ctx, host));
        }
    }
}

fn load(ctx: &Ctx<'_>, host: Where) -> Option<Fix> {
    let name = record(ctx)
        .and_then(|r| r.get("name").or_else(|| r.get("target")))
        .or(ctx.attempt.object.name.as_deref())
        .or(ctx.d.policy.as_deref())
        .filter(|n| !n.starts_with("/proc"))
        .unwrap_or("<profile>");
    if name == "docker-default" || name == "cri-containerd.apparmor.d" || name == "crio-default" {
        let daemon = if name == "docker-default" {
            "docker"
        } else if name == "crio-default" {
            "crio"
        } else {
            "containerd"
        };
        return Some(
            Fix::new(
                host,
                Risk::Low,
                format!("Have the engine load its default profile {name} again: restart it"),
            )
            .widens("Nothing: the container runs under the profile it asked for.")
            .run(format!("sudo systemctl restart {daemon}"))
            .run(format!("sudo grep -F {} /sys/kernel/security/apparmor/profiles", shell(name))),
        );
    }
    if !name.starts_with('<') {
        Pattern::label(name)?;
    }
    let file =
        format!("/etc/apparmor.d/{}", if name.starts_with('<') { name.to_owned() } else { shell(name) });
    Some(
        Fix::new(host, Risk::Low, format!("Load the profile {} that the container asks for", whodenied_text::escape::clipped(name, 60)))
            .widens("Nothing: the container runs under the profile it asked for. In /etc/apparmor.d it is loaded at every boot.")
            .run(format!("sudo apparmor_parser -r -W {file}"))
            .run("sudo aa-status")
            .undo(format!("sudo apparmor_parser -R {file}")),
    )
}

fn install_parser(ctx: &Ctx<'_>) -> Fix {
    let command = match ctx.facts.distro().map(|(id, _)| id) {
        Some("suse" | "opensuse") => "sudo zypper install apparmor-parser",
        Some("arch") => "sudo pacman -S apparmor",
        _ => "sudo apt-get install apparmor",
    };
    Fix::new(
        ctx.engine_host(),
        Risk::Low,
        "Install the AppArmor tools (apparmor_parser) on the machine that runs the engine",
    )
    .widens("Nothing: the engine can load its default profile again.")
    .run(command)
    .run("sudo systemctl restart docker || sudo systemctl restart containerd")
}

/// A guest that may load policy of its own needs a policy namespace, which the outer host gives.
fn nesting(ctx: &Ctx<'_>) -> Fix {
    let incus = ctx.facts.engines().chain(ctx.facts.outers()).any(|e| e == Engine::Incus);
    let fix = Fix::new(
        Where::OuterHost,
        Risk::Medium,
        "Give the guest an AppArmor namespace of its own: the generated profile with nesting",
    )
    .widens("The guest may load AppArmor policy for its own processes and mount within its own namespaces; the host's profile for the guest stays in force.");
    if incus {
        let name = ctx.service.as_deref().map_or_else(|| "<instance>".to_owned(), shell);
        fix.run(format!("incus config set {name} security.nesting=true"))
            .run(format!("incus restart {name}"))
            .undo(format!("incus config unset {name} security.nesting && incus restart {name}"))
    } else if ctx.facts.distro_in(&["proxmox", "pve"]) {
        fix.run("pct set <ID> --features nesting=1,keyctl=1")
            .run("pct reboot <ID>")
            .undo("pct set <ID> --delete features && pct reboot <ID>")
    } else {
        fix.edit(crate::fix::part(
            config_file(ctx),
            "ini",
            "lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting = 1\n",
        ))
        .run("sudo lxc-stop -n <container> && sudo lxc-start -n <container>")
        .undo("remove the two lines and restart the guest")
    }
}

/// The engine's text is right, the kernel still holds an older one.
pub(super) fn stale(ctx: &Ctx<'_>, runtime: Runtime, label: Option<&str>) -> Option<Fix> {
    let label = label.unwrap_or(match runtime {
        Runtime::Docker => "docker-default",
        Runtime::Containerd => "cri-containerd.apparmor.d",
        Runtime::CriO => "crio-default",
        Runtime::Podman => return None,
    });
    let label = label.split("//&").next().unwrap_or(label);
    let name = Pattern::label(label)?;
    let restart = match (runtime, ctx.engine) {
        (_, Some(Engine::DockerSnap)) => "sudo snap restart docker",
        (Runtime::Docker, _) => "sudo systemctl restart docker",
        (Runtime::CriO, _) => "sudo systemctl restart crio",
        _ => "sudo systemctl restart containerd",
    };
    Some(
        Fix::new(
            ctx.engine_host(),
            Risk::Low,
            format!("Unload the {name} that the kernel still holds, so that the engine loads the one it ships now"),
        )
        .widens("What this engine version's own default allows. Containers running at that moment have no profile until they are restarted: stop them first where you can, or reboot instead.")
        .run(format!("echo 'profile {name} {{}}' | sudo apparmor_parser -R"))
        .run(restart)
        .run(format!("{} restart {}", ctx.client(), ctx.service.as_deref().map_or_else(|| "<container>".to_owned(), shell)))
        .undo("nothing to undo: the engine loads its own profile at each start"),
    )
}
