//! Read-only mounts and file systems.
//!
//! `mnt_want_write`, `__mnt_want_write_file` and `sb_permission` give EROFS and nothing else does:
//! a read-only bind of a container (`/proc/sys`, `/sys`, `/sys/fs/cgroup`), a read-only root, a
//! unit's `ProtectSystem=`, `ReadOnlyPaths=`, `ProtectKernelTunables=` and `ProtectHome=read-only`,
//! a file system remounted read-only after errors. A mode bit never gives EROFS.

use crate::context::{Context, under, writes};
use crate::say::{Say, allows, denies};
use whodenied_case::{Attempt, FactId, Knob, Predicate, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer, order};

const LAYER: Layer = Layer::Readonly;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let name = attempt.object_name();
    match attempt.errno {
        Some(Errno::EROFS) if cure(attempt, cx) => {
            let because = "The sysctl can't be set from inside, where /proc/sys is read-only; it was set to cure another refusal.";
            denies(attempt, LAYER, Support::Fits, 40, because).into()
        }
        Some(Errno::EROFS) => exclusive(attempt, cx, name).into(),
        // A configuration may describe a refusal of which nobody pasted the error.
        None => {
            let (id, why) = configured(cx, name)?;
            if !writes(attempt) && attempt.call.is_some() {
                return None;
            }
            denies(attempt, LAYER, Support::Configured, 75, why)
                .fact(id)
                .step(format!("findmnt -T {}", shown(name)))
                .into()
        }
        Some(Errno::EACCES) if inaccessible(cx, name).is_some() => {
            let (id, key) = inaccessible(cx, name)?;
            denies(
                attempt,
                LAYER,
                Support::Configured,
                70,
                format!("The unit's {key}= puts an empty, inaccessible directory over this path."),
            )
            .fact(id)
            .policy(format!("{key}="))
            .into()
        }
        // Everybody may read it by its mode.
        Some(Errno::EACCES)
            if cx.unit() && !cx.contained() && !writes(attempt) && name == "/proc/kallsyms" =>
        {
            denies(
                attempt,
                LAYER,
                Support::Usual,
                62,
                "ProtectKernelTunables= and its like put an inaccessible node over this file of the unit; by its mode everybody may read it.",
            )
            .policy("ProtectKernelTunables=")
            .step("systemctl show -p ProtectKernelTunables -p ProtectKernelModules UNIT")
            .into()
        }
        Some(_) => {
            let asked = attempt.call.is_some_and(|c| order::asks(c, LAYER));
            let (id, _) = configured(cx, name).filter(|_| asked)?;
            allows(attempt, LAYER, "A read-only mount answers EROFS (Read-only file system), not this error.")
                .fact(id)
                .into()
        }
    }
}

/// A sysctl that the person tried to set because something else had been refused.
fn cure(attempt: &Attempt, cx: &Context<'_>) -> bool {
    let sets = |a: &Attempt| {
        a.call == Some(Call::SysctlWrite) || matches!(a.object.kind, whodenied_case::ObjectKind::Sysctl)
    };
    let typed = attempt.subject.program.as_deref() == Some("sysctl") && sets(attempt);
    typed
        && cx.attempts.iter().any(|a| {
            a.id < attempt.id
                && a.printed
                && !sets(a)
                && !a.errno_inferred
                && matches!(a.errno, Some(Errno::EPERM | Errno::EACCES))
        })
}

fn exclusive(attempt: &Attempt, cx: &Context<'_>, name: &str) -> Say {
    let step = format!("findmnt -no TARGET,FSTYPE,OPTIONS -T {}", shown(name));
    if let Some((id, why)) = configured(cx, name) {
        return denies(attempt, LAYER, Support::Exclusive, 98, why)
            .fact(id)
            .facts(mount(cx, name))
            .policy_opt(policy(cx, id))
            .step(step);
    }
    let why = if cx.facts.statement("remounted-ro").is_some() {
        "The file system was remounted read-only after errors."
    } else if cx.contained() && (under(name, "/proc") || under(name, "/sys")) {
        "The runtime mounts this part of /proc and /sys read-only in a container that is not privileged."
    } else {
        "The path lies on a mount or file system that is read-only; no mode, owner or capability changes that."
    };
    denies(attempt, LAYER, Support::Exclusive, 95, why).facts(mount(cx, name)).step(step)
}

fn shown(name: &str) -> String {
    if name.is_empty() { "PATH".to_owned() } else { whodenied_text::quote::shell(name) }
}

fn policy(cx: &Context<'_>, id: FactId) -> Option<String> {
    match &cx.facts.get(id)?.what {
        Predicate::Setting(s) => match &s.knob {
            Knob::Unit { key, value } => Some(format!("{key}={value}")),
            Knob::ReadOnlyRoot(_) => Some("read-only root file system".to_owned()),
            Knob::Volume { target, .. } => Some(format!("the read-only mount at {target}")),
            _ => None,
        },
        _ => None,
    }
}

/// A mount of the listing that covers the path and is read-only.
fn mount(cx: &Context<'_>, name: &str) -> Option<FactId> {
    cx.facts
        .all
        .iter()
        .filter_map(|f| match &f.what {
            Predicate::Mount { target, options, .. }
                if under(name, target) && options.iter().any(|o| o == "ro") =>
            {
                Some((target.len(), f.id))
            }
            _ => None,
        })
        .max()
        .map(|(_, id)| id)
}

/// The setting that makes `name` read-only. An empty name stands for a path that is not known.
fn configured(cx: &Context<'_>, name: &str) -> Option<(FactId, String)> {
    let any = name.is_empty();
    for (id, knob) in cx.facts.knobs() {
        let why = match knob {
            Knob::Unit { key, value } => unit(key, value, name, any, cx),
            Knob::ReadOnlyRoot(true) => {
                let writable =
                    cx.volumes().any(|(_, _, t, o)| under(name, t) && !o.iter().any(|o| o == "ro"))
                        || cx
                            .facts
                            .knob(|k| matches!(k, Knob::Tmpfs { target, .. } if under(name, target)))
                            .is_some();
                (!writable).then(|| "The container's root file system is read-only, and nothing writable is mounted over this path.".to_owned())
            }
            Knob::Volume { target, options, .. }
                if !any && under(name, target) && options.iter().any(|o| o == "ro" || o == "readonly") =>
            {
                Some(format!("The volume at {target} is mounted read-only."))
            }
            _ => None,
        };
        if let Some(why) = why {
            return Some((id, why));
        }
    }
    None
}

fn unit(key: &str, value: &str, name: &str, any: bool, cx: &Context<'_>) -> Option<String> {
    let excepted = [
        "ReadWritePaths",
        "StateDirectory",
        "RuntimeDirectory",
        "LogsDirectory",
        "CacheDirectory",
        "ConfigurationDirectory",
    ]
    .iter()
    .any(|k| cx.facts.unit(k).is_some_and(|(_, v)| v.split_whitespace().any(|p| covers(k, p, name))));
    if excepted && !any {
        return None;
    }
    let value = value.trim();
    let roots: &[&str] = match (key, value) {
        ("ProtectSystem", "full") => &["/usr", "/boot", "/efi", "/etc"],
        ("ProtectSystem", "yes" | "true" | "1" | "on") => &["/usr", "/boot", "/efi"],
        ("ProtectSystem", "strict") => {
            let free = ["/dev", "/proc", "/sys"].iter().any(|r| under(name, r));
            return (!free && (any || name.starts_with('/'))).then(|| "ProtectSystem=strict mounts the whole file system read-only for the unit, except what ReadWritePaths= and the like name.".to_owned());
        }
        ("ProtectHome", "read-only") => &["/home", "/root", "/run/user"],
        ("ProtectKernelTunables", "yes" | "true" | "1" | "on") => &["/proc", "/sys"],
        ("ProtectControlGroups", "yes" | "true" | "1" | "on" | "strict") => &["/sys/fs/cgroup"],
        ("ReadOnlyPaths" | "ReadOnlyDirectories", _) => {
            let hit = value.split_whitespace().any(|p| under(name, p.trim_start_matches(['-', '+'])));
            return (hit || any).then(|| "The unit's ReadOnlyPaths= mounts this path read-only.".to_owned());
        }
        _ => return None,
    };
    (any || roots.iter().any(|r| under(name, r)))
        .then(|| format!("{key}={value} mounts {} read-only for the unit.", roots.join(", ")))
}

/// True when the writable directory that `key` names holds `name`.
fn covers(key: &str, value: &str, name: &str) -> bool {
    let root = match key {
        "StateDirectory" => format!("/var/lib/{value}"),
        "RuntimeDirectory" => format!("/run/{value}"),
        "LogsDirectory" => format!("/var/log/{value}"),
        "CacheDirectory" => format!("/var/cache/{value}"),
        "ConfigurationDirectory" => format!("/etc/{value}"),
        _ => value.trim_start_matches(['-', '+']).to_owned(),
    };
    under(name, &root)
}

/// Directives that hide a path: the error is EACCES there.
fn inaccessible<'a>(cx: &Context<'a>, name: &str) -> Option<(FactId, &'a str)> {
    if name.is_empty() {
        return None;
    }
    cx.facts.knobs().find_map(|(id, k)| {
        let Knob::Unit { key, value } = k else { return None };
        let hit = match key.as_str() {
            "ProtectHome" => {
                matches!(value.trim(), "yes" | "true" | "1" | "on" | "tmpfs")
                    && ["/home", "/root", "/run/user"].iter().any(|r| under(name, r))
            }
            "InaccessiblePaths" | "InaccessibleDirectories" => {
                value.split_whitespace().any(|p| under(name, p.trim_start_matches(['-', '+'])))
            }
            _ => false,
        };
        hit.then_some((id, key.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::{Answer, Engine};
    use whodenied_kernel::Call;

    #[test]
    fn erofs_is_nothing_else() {
        let f = Fixture::new(Call::Mkdir, Errno::EROFS).object("/data");
        assert_eq!(f.support(judge), Some(Support::Exclusive));
        let f = Fixture::new(Call::Mkdir, Errno::EACCES).object("/etc/x").unit("ProtectSystem", "full");
        assert!(matches!(f.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. })));
    }

    #[test]
    fn directives_by_path() {
        let ask = |key: &str, value: &str, path: &str| {
            let mut f = Fixture::new(Call::Create, Errno::EROFS).object(path).unit(key, value);
            f.attempt.errno = None;
            f.support(judge)
        };
        assert_eq!(ask("ProtectSystem", "full", "/etc/app/x"), Some(Support::Configured));
        assert_eq!(ask("ProtectSystem", "yes", "/etc/app/x"), None);
        assert_eq!(ask("ProtectSystem", "strict", "/var/lib/app"), Some(Support::Configured));
        assert_eq!(ask("ProtectHome", "read-only", "/home/u/x"), Some(Support::Configured));
        assert_eq!(ask("ReadOnlyPaths", "/srv", "/srv/x"), Some(Support::Configured));
    }

    #[test]
    fn writable_exceptions() {
        let mut f = Fixture::new(Call::Create, Errno::EROFS)
            .object("/var/lib/app/x")
            .unit("StateDirectory", "app")
            .unit("ProtectSystem", "strict");
        f.attempt.errno = None;
        assert_eq!(f.support(judge), None);
    }

    #[test]
    fn kernel_files_in_a_container() {
        let f = Fixture::new(Call::Open, Errno::EROFS).object("/proc/sys/vm/x").engine(Engine::Docker);
        let because = f.ask(judge).map(|v| v.answer);
        assert!(matches!(because, Some(Answer::Denies { because, .. }) if because.contains("/proc")));
    }
}
