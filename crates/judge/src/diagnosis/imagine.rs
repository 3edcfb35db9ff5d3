//! Attempts that the configuration would refuse, for reports without an error.
//!
//! Only facts that describe a refusal by themselves count (a read-only directive, an immutable
//! flag, a sysctl that gates something): an ordinary configuration blames nobody.

use crate::context::{Context, under};
use whodenied_case::{
    Attempt, AttemptId, CapSpec, Case, Change, Environment, FactId, Knob, ObjectKind, Origin, Outcome, Phase,
    Predicate,
};
use whodenied_kernel::{Call, Capability, Errno, Layer};
use whodenied_text::Span;

/// What may be refused, by the facts alone.
pub(super) fn attempts(case: &Case) -> Vec<Attempt> {
    let cx = Context { facts: &case.facts, trials: &case.trials, attempts: &[], policy: None };
    let mut out = Vec::new();
    // Beside a failure of another kind, ordinary settings blame nobody.
    let unrelated = cx.stated(&["other-failure"]).is_some() && cx.stated(super::symptom::ALL).is_none();
    let plain = case.facts.statement("plain-failure").is_some();
    for fact in case.facts.all.iter().filter(|_| !plain) {
        if of_host(case, &fact.spans) {
            continue;
        }
        let made = match &fact.what {
            Predicate::Setting(setting) if unrelated && ordinary(&setting.knob) => None,
            Predicate::Environment(Environment::NoFsGroup) if unrelated => None,
            Predicate::Setting(setting) => setting_refuses(&cx, &setting.knob),
            Predicate::Path(p) if p.flags.as_deref().is_some_and(|f| f.contains(['i', 'a'])) => {
                Some(on(Call::Unlink, Errno::EPERM, &p.path))
            }
            Predicate::Sysctl { key, value } => sysctl_refuses(key, value),
            Predicate::Statement(id) => super::symptom::refuses(&cx, id).or_else(|| statement_refuses(id)),
            Predicate::Environment(Environment::NoFsGroup) => {
                Some(new(Call::Create, Errno::EACCES, ObjectKind::Path))
            }
            Predicate::Lsm(Layer::Lockdown, _) => Some(new(Call::Bpf, Errno::EPERM, ObjectKind::Unknown)),
            Predicate::Path(p) if super::symptom::of_nobody(&cx, p) => Some(super::symptom::foreign(p)),
            Predicate::Path(p) if !unrelated && super::symptom::device_of_strangers(&cx, p) => {
                Some(super::symptom::foreign(p))
            }
            Predicate::Path(p) if p.acl => Some(on(Call::Open, Errno::EACCES, &p.path)),
            _ => None,
        };
        if let Some(mut attempt) = made {
            cite(&mut attempt, &case.facts, fact.id);
            out.push(attempt);
        }
    }
    for trial in case.trials.iter().filter(|t| t.outcome == Outcome::Works) {
        let made = match &trial.change {
            Change::Knob(Knob::Apparmor(_) | Knob::SelinuxLabel(_))
            | Change::ApparmorUnloaded
            | Change::SelinuxPermissive
            | Change::Chmod(_) => Some(new(Call::Open, Errno::EACCES, ObjectKind::Path)),
            Change::Other(text) if text.contains("setfacl") => {
                Some(new(Call::Open, Errno::EACCES, ObjectKind::Path))
            }
            Change::Knob(Knob::Sysctl { key, value }) => sysctl_lifted(key, value),
            _ => None,
        };
        if let Some(mut attempt) = made {
            attempt.spans.extend(trial.spans.iter().copied());
            out.push(attempt);
        }
    }
    out.truncate(16);
    out
}

/// True for what stands in nothing but the state of a host as we read it ourselves, which is no complaint
/// of anybody's.
pub(super) fn of_host(case: &Case, spans: &[Span]) -> bool {
    let host = |span: &Span| {
        let evidence = case.evidence.get(span.source.0 as usize);
        evidence.is_some_and(|e| matches!(e.origin, Origin::Host { .. }))
    };
    !spans.is_empty() && spans.iter().all(host)
}

pub(super) fn new(call: Call, errno: Errno, kind: ObjectKind) -> Attempt {
    let mut attempt = Attempt::new(AttemptId(0));
    attempt.call = Some(call);
    attempt.errno = Some(errno);
    attempt.object.kind = kind;
    attempt
}

pub(super) fn on(call: Call, errno: Errno, path: &str) -> Attempt {
    let mut attempt = new(call, errno, ObjectKind::Path);
    attempt.object.name = Some(path.to_owned());
    attempt
}

fn cite(attempt: &mut Attempt, facts: &whodenied_case::Facts, id: FactId) {
    let spans: Vec<Span> = facts.get(id).map(|f| f.spans.clone()).unwrap_or_default();
    attempt.deciding.extend(spans.iter().copied());
    attempt.spans.extend(spans);
}

/// Settings that stand in well-kept configurations whether or not anything is refused.
fn ordinary(knob: &Knob) -> bool {
    matches!(knob, Knob::FsGroup(_) | Knob::Publish { .. })
}

fn setting_refuses(cx: &Context<'_>, knob: &Knob) -> Option<Attempt> {
    match knob {
        Knob::Unit { key, value } => unit_refuses(cx, key, value),
        Knob::ReadOnlyRoot(true) => Some(new(Call::Create, Errno::EROFS, ObjectKind::Path)),
        Knob::Lxc { key, value: _ } | Knob::Sysctl { key, value: _ }
            if key.contains("sysctl.") || key.starts_with("net.") =>
        {
            let preset = cx.oci() && cx.system_container();
            preset.then(|| {
                let mut attempt = new(Call::SysctlWrite, Errno::EACCES, ObjectKind::Sysctl);
                let name = key.split("sysctl.").last().unwrap_or(key);
                attempt.object.name = Some(name.to_owned());
                attempt.phase = Phase::RuntimeSetup;
                attempt
            })
        }
        Knob::Other { key, value }
            if value.eq_ignore_ascii_case("landlock") || key.to_ascii_lowercase().contains("landlock") =>
        {
            let mut attempt = new(Call::Open, Errno::EACCES, ObjectKind::Path);
            attempt.args.push(("access".to_owned(), "write".to_owned()));
            Some(attempt)
        }
        Knob::Other { key, value } if key.starts_with("act-") => act(key, value),
        Knob::Other { key, value } if key.starts_with("data-of:") => {
            super::symptom::data_elsewhere(cx, key, value)
        }
        // Every capability is there already: somebody is still looking for the one that is missing.
        Knob::CapAdd(CapSpec::One(Capability::SYS_NICE)) if cx.facts.privileged() => {
            Some(new(Call::Sched, Errno::EPERM, ObjectKind::Unknown))
        }
        // containerd before 2.0 leaves ports below 1024 to root.
        Knob::Publish { container: port @ 1..=1023, .. } if cx.kubernetes() => {
            let user =
                cx.facts.knob(|k| matches!(k, Knob::User(u) if !crate::context::root_user(u))).is_some()
                    || cx.has(Environment::RunsAsNonRoot);
            let added = cx.facts.cap_added(Capability::NET_BIND_SERVICE).is_some();
            (user && !added).then(|| {
                let mut attempt = new(Call::Bind, Errno::EACCES, ObjectKind::Port);
                attempt.object.name = Some(port.to_string());
                attempt.args.push(("port".to_owned(), port.to_string()));
                attempt
            })
        }
        Knob::FsGroup(_) => Some(new(Call::Create, Errno::EACCES, ObjectKind::Path)),
        Knob::User(u) if !crate::context::root_user(u) => {
            let device = cx.facts.knobs().find_map(|(_, k)| match k {
                Knob::Device(d) => Some(d.split(':').next().unwrap_or(d).to_owned()),
                _ => None,
            })?;
            let mut attempt = on(Call::Open, Errno::EACCES, &device);
            attempt.object.kind = ObjectKind::Device;
            Some(attempt)
        }
        _ => None,
    }
}

/// A command that lifts a refusal tells what was refused.
fn act(key: &str, value: &str) -> Option<Attempt> {
    if let Some(name) = key.strip_prefix("act-sysctl:") {
        return sysctl_lifted(name, value);
    }
    match key {
        "act-setfacl-remove" => Some(on(Call::Open, Errno::EACCES, value)),
        _ => None,
    }
}

/// Directives that refuse something; the path comes from whatever path the evidence names.
fn unit_refuses(cx: &Context<'_>, key: &str, value: &str) -> Option<Attempt> {
    let off = matches!(value.trim(), "no" | "false" | "off" | "0" | "");
    if off {
        return None;
    }
    let roots: &[&str] = match key {
        "ProtectSystem" => &["/etc", "/usr", "/boot", "/var", "/opt", "/srv"],
        "ProtectHome" => &["/home", "/root", "/run/user"],
        "ReadOnlyPaths" | "ReadOnlyDirectories" => &["/"],
        "ProtectKernelTunables" => &["/proc", "/sys"],
        "NoNewPrivileges" => {
            return None;
        }
        _ => return None,
    };
    let path = cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Path(p) if roots.iter().any(|r| under(&p.path, r)) => Some(p.path.clone()),
        _ => None,
    });
    Some(path.map_or_else(
        || new(Call::Create, Errno::EROFS, ObjectKind::Path),
        |p| on(Call::Create, Errno::EROFS, &p),
    ))
}

fn sysctl_refuses(key: &str, value: &str) -> Option<Attempt> {
    let value = value.trim();
    // Opened, not closed: what is told is the cure, which `cure` reads.
    let opens = value == "0"
        && (key.starts_with("fs.protected_")
            || matches!(
                key,
                "kernel.dmesg_restrict" | "kernel.unprivileged_bpf_disabled" | "kernel.io_uring_disabled"
            ));
    if opens {
        return None;
    }
    match key {
        "kernel.yama.ptrace_scope" => Some(new(Call::Ptrace, Errno::EPERM, ObjectKind::Process)),
        "kernel.apparmor_restrict_unprivileged_userns" => {
            Some(new(Call::UsernsCreate, Errno::EPERM, ObjectKind::Namespace))
        }
        "kernel.unprivileged_userns_clone" | "user.max_user_namespaces" if value == "0" || value == "1" => {
            Some(new(Call::UsernsCreate, Errno::EPERM, ObjectKind::Namespace))
        }
        "kernel.perf_event_paranoid" => Some(new(Call::PerfEventOpen, Errno::EACCES, ObjectKind::Unknown)),
        "kernel.unprivileged_bpf_disabled" => Some(new(Call::Bpf, Errno::EPERM, ObjectKind::Unknown)),
        "kernel.dmesg_restrict" => Some(new(Call::Syslog, Errno::EPERM, ObjectKind::Unknown)),
        "kernel.io_uring_disabled" => Some(new(Call::IoUring, Errno::EPERM, ObjectKind::Unknown)),
        "fs.protected_regular" | "fs.protected_fifos" => {
            Some(new(Call::Open, Errno::EACCES, ObjectKind::Path))
        }
        "fs.protected_hardlinks" => Some(new(Call::Link, Errno::EPERM, ObjectKind::Path)),
        "net.ipv4.ip_unprivileged_port_start" => Some(new(Call::Bind, Errno::EACCES, ObjectKind::Port)),
        "fs.inotify.max_user_instances" => Some(new(Call::Inotify, Errno::EMFILE, ObjectKind::Unknown)),
        "fs.inotify.max_user_watches" => Some(new(Call::Inotify, Errno::ENOSPC, ObjectKind::Unknown)),
        "net.ipv4.ping_group_range" => Some(new(Call::Socket, Errno::EACCES, ObjectKind::PingSocket)),
        _ => None,
    }
}

/// A sysctl that was changed and made it work.
fn sysctl_lifted(key: &str, value: &str) -> Option<Attempt> {
    sysctl_refuses(key, value)
}

fn statement_refuses(id: &str) -> Option<Attempt> {
    match id {
        "no-subids" | "uid-unmapped" => Some(new(Call::IdMap, Errno::EPERM, ObjectKind::Namespace)),
        "single-id-mapping" | "ids-insufficient" => Some(new(Call::Chown, Errno::EINVAL, ObjectKind::Path)),
        "userns-disabled" | "no-usable-sandbox" | "suid-helper-misconfigured" => {
            Some(new(Call::UsernsCreate, Errno::EPERM, ObjectKind::Namespace))
        }
        "perf-paranoid-hint" => Some(new(Call::PerfEventOpen, Errno::EACCES, ObjectKind::Unknown)),
        "bpf-unprivileged-off" => Some(new(Call::Bpf, Errno::EPERM, ObjectKind::Unknown)),
        "dmesg-restrict" => Some(new(Call::Syslog, Errno::EPERM, ObjectKind::Unknown)),
        "landlock-not-applied" => Some(new(Call::LandlockRestrict, Errno::EPERM, ObjectKind::Unknown)),
        "apparmor-profile-missing" => Some(new(Call::LabelChange, Errno::ENOENT, ObjectKind::Label)),
        "apparmor-policy-admin" => Some(new(Call::PolicyLoad, Errno::EACCES, ObjectKind::Label)),
        "privileged-port" => Some(new(Call::Bind, Errno::EACCES, ObjectKind::Port)),
        "proc-mount" => Some(new(Call::Mount, Errno::EPERM, ObjectKind::MountPoint)),
        "lockdown" => Some(new(Call::Bpf, Errno::EPERM, ObjectKind::Unknown)),
        "rt-sched" => Some(new(Call::Sched, Errno::EPERM, ObjectKind::Unknown)),
        "root-squash" => Some(new(Call::Chown, Errno::EPERM, ObjectKind::Path)),
        "yama-hint" => Some(new(Call::Ptrace, Errno::EPERM, ObjectKind::Process)),
        "device-rules-rewritten" => Some(new(Call::Open, Errno::EPERM, ObjectKind::Device)),
        "inotify-limit" => Some(new(Call::Inotify, Errno::EMFILE, ObjectKind::Unknown)),
        "suid-no-effect" => Some(new(Call::Exec, Errno::EPERM, ObjectKind::Executable)),
        "polkit" | "dbus-policy" => Some(new(Call::Dbus, Errno::EACCES, ObjectKind::BusName)),
        _ => None,
    }
}
