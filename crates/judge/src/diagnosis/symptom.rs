//! What a symptom without an error may come from, given the facts beside it.

use super::imagine::{new, on};
use crate::context::{Context, Presence, root_user, under};
use whodenied_case::{Attempt, Engine, Environment, FactId, Knob, ObjectKind, PathState, Predicate};
use whodenied_kernel::{Call, Errno};

/// The symptoms that a person tells.
pub(super) const ALL: &[&str] = &[
    "cannot-run",
    "cannot-write",
    "cannot-read",
    "cannot-open",
    "crashed",
    "mode-unchanged",
    "owner-nobody",
    "data-unreached",
];

/// The attempt that a stated symptom speaks of; `None` where the facts do not bear it out.
pub(super) fn refuses(cx: &Context<'_>, id: &str) -> Option<Attempt> {
    match id {
        "server-refused" => Some(own()),
        "http-forbidden" => {
            let file = closed_to_others(cx).or_else(|| labelled(cx));
            Some(file.map_or_else(own, |p| on(Call::Open, Errno::EACCES, &p.path)))
        }
        "login-refused" => Some(login(cx)),
        "clock-nonsense" => Some(new(Call::Gettime, Errno::EPERM, ObjectKind::Unknown)),
        "clock-at-zero" if cx.contained() => Some(new(Call::Gettime, Errno::EPERM, ObjectKind::Unknown)),
        "clock-doubted" if cx.contained() && cx.facts.distro_in(&["raspbian"]) => {
            Some(new(Call::Gettime, Errno::EPERM, ObjectKind::Unknown))
        }
        "signature-doubted" if old_filter(cx) => Some(new(Call::Access, Errno::EPERM, ObjectKind::Unknown)),
        // The C library starts the hook by clone3.
        "hook-failed" if cx.oci() && !cx.rootless() => {
            Some(new(Call::Clone, Errno::EPERM, ObjectKind::Unknown))
        }
        "mode-unchanged" => mode_unchanged(cx),
        "crashed" => crashed(cx),
        "cannot-run" => cannot_run(cx),
        "cannot-write" => cannot_write(cx),
        "cannot-open" => cannot_open(cx),
        "cannot-read" => on_volume(cx, Call::Open),
        "owner-nobody" if foreign_ids(cx) => Some(new(Call::Create, Errno::EACCES, ObjectKind::Path)),
        _ => None,
    }
}

/// An engine, or a host, from before filters answered ENOSYS to calls that they do not know: Docker
/// before 20.10.10, and distributions with a libseccomp before 2.5.
fn old_filter(cx: &Context<'_>) -> bool {
    let docker = cx.runtime() == Some(whodenied_runtimes::Runtime::Docker)
        && cx.runtime_version().is_some_and(|v| v < &[20, 10, 10][..]);
    let host = cx.facts.distro().is_some_and(|(id, version)| {
        let before = |n: &[u32]| version.is_some_and(|v| v.before(n));
        match id {
            "debian" | "raspbian" => before(&[11]),
            "ubuntu" => before(&[20]),
            "centos" | "rhel" => before(&[8]),
            _ => false,
        }
    });
    cx.oci() && (docker || host)
}

/// A refusal by a rule of the program or server itself.
fn own() -> Attempt {
    let mut attempt = Attempt::new(whodenied_case::AttemptId(0));
    attempt.own_refusal = true;
    attempt
}

fn paths<'a>(cx: &Context<'a>) -> impl Iterator<Item = &'a PathState> {
    cx.facts.all.iter().filter_map(|f| match &f.what {
        Predicate::Path(p) => Some(p),
        _ => None,
    })
}

/// A listed file or directory that others than owner and group may not read or enter.
fn closed_to_others<'a>(cx: &Context<'a>) -> Option<&'a PathState> {
    let closed = |p: &&PathState| {
        let bits = if p.kind == Some('d') { 0o001 } else { 0o004 };
        p.mode.is_some_and(|m| m & bits == 0) && matches!(p.kind, Some('d' | '-') | None)
    };
    paths(cx).filter(closed).max_by_key(|p| p.kind != Some('d'))
}

/// A listed file with an SELinux label, where the label may decide.
fn labelled<'a>(cx: &Context<'a>) -> Option<&'a PathState> {
    paths(cx).find(|p| p.label.is_some()).filter(|_| cx.selinux() >= Presence::Likely)
}

/// A volume of a container whose files carry the host's label or owner.
fn on_volume(cx: &Context<'_>, call: Call) -> Option<Attempt> {
    if let Some(file) = labelled(cx) {
        return Some(on(call, Errno::EACCES, &file.path));
    }
    let user = cx.facts.knob(|k| matches!(k, Knob::User(u) if !root_user(u))).is_some()
        || cx.has(Environment::RunsAsNonRoot);
    let target = cx.volumes().map(|(_, _, target, _)| target).next()?;
    (user || cx.oci() && cx.selinux() >= Presence::Likely).then(|| on(call, Errno::EACCES, target))
}

/// `su` and its like in a container without the capabilities that changing the user needs.
fn login(cx: &Context<'_>) -> Attempt {
    let bound = cx.facts.knob(|k| matches!(k, Knob::CapDrop(_) | Knob::NoNewPrivs(true))).is_some();
    if bound { new(Call::Setuid, Errno::EPERM, ObjectKind::Unknown) } else { own() }
}

/// A file system without modes of its own takes a change of mode and does nothing.
fn mode_unchanged(cx: &Context<'_>) -> Option<Attempt> {
    let foreign = [
        Environment::Wsl,
        Environment::Cifs,
        Environment::ForeignFs,
        Environment::Fuse,
        Environment::Nfs,
        Environment::RootSquash,
    ];
    if !foreign.iter().any(|e| cx.has(*e)) && !cx.facts.has_engine(Engine::DockerDesktop) {
        return None;
    }
    let windows = paths(cx).find(|p| p.path.starts_with("/mnt/"));
    Some(match windows {
        Some(p) => on(Call::Chmod, Errno::EPERM, &p.path),
        // A drive of Windows, where the paste does not tell which.
        None if cx.has(Environment::Wsl) => on(Call::Chmod, Errno::EPERM, "/mnt/c"),
        None => new(Call::Chmod, Errno::EPERM, ObjectKind::Path),
    })
}

fn directive<'a>(cx: &Context<'a>, key: &str) -> Option<(FactId, &'a str)> {
    cx.facts.unit(key).filter(|(_, v)| !matches!(v.trim(), "no" | "false" | "off" | "0" | ""))
}

/// A failed check of a program whose unit refuses the executable memory it takes for granted.
fn crashed(cx: &Context<'_>) -> Option<Attempt> {
    let (id, _) = directive(cx, "MemoryDenyWriteExecute")?;
    let mut attempt = new(Call::Mprotect, Errno::EPERM, ObjectKind::Memory);
    attempt.args.push(("prot".to_owned(), "PROT_EXEC".to_owned()));
    if let Some(fact) = cx.facts.get(id) {
        attempt.spans.extend(fact.spans.iter().copied());
    }
    Some(attempt)
}

/// A program on a mount that lets nothing be executed.
fn cannot_run(cx: &Context<'_>) -> Option<Attempt> {
    const KERNEL: [&str; 6] = ["/proc", "/sys", "/dev", "/run", "/boot", "/snap"];
    let target = cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Mount { target, options, .. }
            if options.iter().any(|o| o == "noexec") && !KERNEL.iter().any(|k| under(target, k)) =>
        {
            Some(target.as_str())
        }
        Predicate::Setting(setting) => match &setting.knob {
            Knob::Tmpfs { target, options } if options.iter().any(|o| o == "noexec") => Some(target.as_str()),
            _ => None,
        },
        _ => None,
    })?;
    let mut attempt = on(Call::Exec, Errno::EACCES, target);
    attempt.object.kind = ObjectKind::Executable;
    Some(attempt)
}

/// A volume mounted read-only, or files of another user.
fn cannot_write(cx: &Context<'_>) -> Option<Attempt> {
    /// Mounted read-only everywhere, and written by nobody.
    const FIXED: [&str; 6] = ["localtime", "timezone", ".sock", "/lib/modules", "/etc/ssl", "/certs"];
    let read_only = cx.facts.knobs().find_map(|(_, k)| match k {
        Knob::Volume { target, options, .. }
            if options.iter().any(|o| o == "ro" || o == "readonly")
                && !FIXED.iter().any(|f| target.contains(f)) =>
        {
            Some(target.as_str())
        }
        _ => None,
    });
    let listed = cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Mount { target, options, .. }
            if options.iter().any(|o| o == "ro") && !under(target, "/sys") && !under(target, "/snap") =>
        {
            Some(target.as_str())
        }
        _ => None,
    });
    if let Some(target) = read_only.or(listed) {
        return Some(on(Call::Create, Errno::EROFS, target));
    }
    if let Some(attempt) = on_volume(cx, Call::Create) {
        return Some(attempt);
    }
    let user = cx.facts.knob(|k| matches!(k, Knob::User(u) if !root_user(u))).is_some()
        || cx.has(Environment::RunsAsNonRoot);
    let of_root = paths(cx).find(|p| {
        p.owner.as_deref().is_some_and(|o| o == "root" || o == "0")
            && p.mode.is_some_and(|m| m & 0o002 == 0)
            && matches!(p.kind, Some('d' | '-'))
    });
    of_root.filter(|_| user).map(|p| on(Call::Create, Errno::EACCES, &p.path))
}

/// A device that the container has a rule for, or that is listed for others only.
fn cannot_open(cx: &Context<'_>) -> Option<Attempt> {
    let of_unit =
        ["PrivateDevices", "DevicePolicy", "DeviceAllow"].iter().any(|d| directive(cx, d).is_some());
    if of_unit
        || cx
            .facts
            .knob(|k| {
                matches!(k, Knob::DeviceRule(_))
                    || matches!(k, Knob::Lxc { key, .. } if key.contains("devices"))
            })
            .is_some()
    {
        return Some(new(Call::Open, Errno::EPERM, ObjectKind::Device));
    }
    let device = paths(cx).find(|p| {
        matches!(p.kind, Some('c' | 'b'))
            && p.mode.is_some_and(|m| m & 0o006 != 0o006)
            && (p.path.contains("/dev") || p.device.is_some_and(|(major, _)| handed_on(major)))
    })?;
    Some(foreign(device))
}

/// Majors of devices that are handed on to containers: sound (116), serial (4, 188), input (13),
/// video (81), GPUs (226), USB (189), KVM and other misc devices (10); Documentation/admin-guide/devices.txt.
fn handed_on(major: u32) -> bool {
    matches!(major, 4 | 10 | 13 | 81 | 116 | 166 | 188 | 189 | 226)
}

/// A listed device node handed on from a host whose group has another number or no name here.
pub(super) fn device_of_strangers(cx: &Context<'_>, path: &PathState) -> bool {
    let numbered =
        path.group.as_deref().is_some_and(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit()));
    let contained = cx.system_container() || cx.contained();
    contained
        && numbered
        && matches!(path.kind, Some('c' | 'b'))
        && path.device.is_some_and(|(major, _)| handed_on(major))
        && path.mode.is_some_and(|m| m & 0o006 != 0o006)
}

/// Ids of the host have no number here.
fn foreign_ids(cx: &Context<'_>) -> bool {
    cx.rootless()
        || cx.remapped()
        || cx.system_container()
        || cx.facts.has_engine(Engine::Podman)
        || cx.facts.find(|p| matches!(p, Predicate::IdMap(..))).is_some()
}

/// True for a listed file that belongs to nobody where that means an owner without a number here.
pub(super) fn of_nobody(cx: &Context<'_>, path: &PathState) -> bool {
    let nobody = |who: &Option<String>| {
        who.as_deref().is_some_and(|w| matches!(w, "nobody" | "nogroup" | "65534" | "4294967294"))
    };
    nobody(&path.owner) && nobody(&path.group) && foreign_ids(cx)
}

/// Opening a file of an owner without a number here.
pub(super) fn foreign(path: &PathState) -> Attempt {
    let mut attempt = on(Call::Open, Errno::EACCES, &path.path);
    if matches!(path.kind, Some('c' | 'b')) {
        attempt.object.kind = ObjectKind::Device;
    }
    attempt
}

/// A service with a shipped profile whose data were moved, and which does not start or has no data.
pub(super) fn data_elsewhere(cx: &Context<'_>, key: &str, path: &str) -> Option<Attempt> {
    cx.facts.statement("data-unreached")?;
    let mut attempt = on(Call::Open, Errno::EACCES, path);
    attempt.subject.program = key.strip_prefix("data-of:").map(str::to_owned);
    Some(attempt)
}
