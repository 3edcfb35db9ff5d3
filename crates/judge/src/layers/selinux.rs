//! SELinux.
//!
//! Each hook asks `avc_has_perm` whether the domain of the task has a permission on the type of
//! the object; EACCES when not, EPERM for capabilities. Containers run as `container_t` with two
//! categories of their own and may use only what carries `container_file_t` and the same
//! categories. Many refusals are `dontaudit` and leave no record. The mode bits are asked before,
//! so root being refused a file points here.

mod container;

use crate::context::{
    Context, Presence, file_call, is_path, never_refuses, reads_public_file, selinux_off, under, writes,
};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{
    Attempt, Change, Engine, Environment, FactId, Knob, ObjectKind, PathState, Phase, Predicate, RecordKind,
    Support, Verdict,
};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::Selinux;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if let Some(said) = record(attempt) {
        return said.into();
    }
    let presence = cx.selinux();
    if presence == Presence::Off {
        return allows(attempt, LAYER, "SELinux does not enforce on this host.")
            .facts(cx.lsm_facts(LAYER))
            .into();
    }
    if let Some(off) = switched_off(attempt, cx) {
        return off.into();
    }
    if let Some(fact) = cx.stated_here(attempt, &["selinux-preventing"]) {
        let because = "The host's own SELinux troubleshooter reports this refusal.";
        return denies(attempt, LAYER, Support::Stated, 95, because)
            .fact(fact.id)
            .step("ausearch -m avc -ts recent")
            .into();
    }
    if attempt.arg("step") == Some("SELINUX_CONTEXT") {
        let because = "The service manager could not put the process into the SELinux context that the unit asks for: the context is not valid under the loaded policy, or the manager's domain may not change to it.";
        return denies(attempt, LAYER, Support::Exclusive, 85, because)
            .step("ausearch -m avc,selinux_err -ts recent")
            .into();
    }
    let mut best = Best::new();
    let tried = cx.works(selinux_off);
    if let Some(trial) = tried {
        let relabel = !matches!(trial.change, Change::SelinuxPermissive);
        best.offer(
            denies(
                attempt,
                LAYER,
                Support::Trial,
                if relabel { 80 } else { 90 },
                "It works with SELinux out of the way, and fails with it.",
            )
            .trial(trial),
        );
    }
    let unsaid = attempt.errno.is_none() && attempt.printed && attempt.records.is_empty();
    if attempt.errno != Some(Errno::EACCES)
        && !unsaid
        && !(attempt.errno == Some(Errno::EPERM) && attempt.errno_inferred)
    {
        if let Some(said) = capability_check(attempt, cx, presence) {
            best.offer(said);
        }
        return best.done();
    }
    if never_refuses(attempt, LAYER) {
        return best.done();
    }
    if let Some(said) = by_call(attempt, cx, presence) {
        best.offer(
            said.facts(cx.lsm_facts(LAYER))
                .step("ausearch -m avc,user_avc -ts recent")
                .step("getenforce; ls -Zd PATH"),
        );
    }
    best.done()
}

fn record(attempt: &Attempt) -> Option<Say> {
    let mut logged = None;
    for record in &attempt.records {
        let RecordKind::Selinux(avc) = &record.kind else { continue };
        if !avc.denied {
            continue;
        }
        let kind = |context: &Option<String>| context.as_deref().map(domain).unwrap_or("?").to_owned();
        let (source, target) = (kind(&avc.scontext), kind(&avc.tcontext));
        let permissions = avc.permissions.join(" ");
        let class = avc.tclass.as_deref().unwrap_or("object");
        if avc.permissive == Some(true) {
            let because = format!(
                "The record says permissive=1: {source} would be refused {{ {permissions} }} on {class} {target} when enforcing; while it was written nothing was blocked."
            );
            logged = Some(denies(attempt, LAYER, Support::Default, 50, because).policy(source));
            continue;
        }
        let categories =
            match (avc.scontext.as_deref().and_then(level), avc.tcontext.as_deref().and_then(level)) {
                (Some(s), Some(t)) if s != t && t.contains(':') && target.contains("container") => {
                    " The categories differ: the object belongs to another container."
                }
                _ => "",
            };
        let because = format!(
            "The domain {source} has no {{ {permissions} }} on {class} objects of type {target}.{categories}"
        );
        return Some(denies(attempt, LAYER, Support::Record, 100, because).policy(source));
    }
    logged
}

/// The type of a context `user:role:type:level`.
fn domain(context: &str) -> &str {
    context.split(':').nth(2).unwrap_or(context)
}

/// The level of a context, with its categories.
fn level(context: &str) -> Option<&str> {
    context.splitn(4, ':').nth(3)
}

fn switched_off(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let permissive = |c: &Change| {
        matches!(c, Change::SelinuxPermissive) || *c == Change::Knob(Knob::SelinuxLabel("disable".to_owned()))
    };
    if let Some(trial) = cx.same(permissive) {
        return Some(allows(attempt, LAYER, "It fails with SELinux out of the way too.").trial(trial));
    }
    if let Some(trial) = cx.same_privileged().filter(|_| cx.oci()) {
        return Some(
            allows(attempt, LAYER, "It fails in a privileged container too, which has no label of its own.")
                .trial(trial),
        );
    }
    if !cx.oci() || matches!(attempt.phase, Phase::Engine | Phase::ServiceSetup) {
        return None;
    }
    let off = |k: &Knob| {
        matches!(k, Knob::SelinuxLabel(l) if l == "disable" || l.contains("spc_t"))
            || *k == Knob::Privileged(true)
    };
    let (id, _) = cx.facts.knob(off)?;
    Some(allows(attempt, LAYER, "The container runs without label separation.").fact(id))
}

/// Support for a refusal that the surroundings make plain: certain distribution, likely, unknown.
fn scaled(presence: Presence, weight: u8) -> (Support, u8) {
    match presence {
        Presence::On => (Support::Default, weight.saturating_add(10)),
        Presence::Likely => (Support::Default, weight),
        Presence::Unknown => (Support::Usual, weight / 2),
        _ => (Support::Fits, 5),
    }
}

fn by_call(attempt: &Attempt, cx: &Context<'_>, presence: Presence) -> Option<Say> {
    let say = |(support, weight): (Support, u8), because: &str| {
        Some(denies(attempt, LAYER, support, weight, because))
    };
    if let Some((id, state)) = foreign_label(attempt, cx) {
        let label = state.label.clone().unwrap_or_default();
        let kind = domain(&label).to_owned();
        let because = format!(
            "The listing shows the type {kind}, which {} may not use.",
            if cx.unit() { "a service started by systemd" } else { "a container" }
        );
        return Some(denies(attempt, LAYER, Support::Configured, 85, because).fact(id).policy(actor(cx)));
    }
    let enforcing = presence >= Presence::Likely;
    let name = attempt.object_name();
    match attempt.call {
        Some(Call::Mmap | Call::Mprotect) => {
            let exclusive = if presence >= Presence::Unknown { Support::Exclusive } else { Support::Usual };
            // Without its error the loader's complaint may be about a noexec mount.
            let exclusive = if attempt.errno.is_none() { Support::Usual } else { exclusive };
            return say(
                (exclusive, if enforcing { 90 } else { 60 }),
                "Mapping memory asks no file mode of its own: EACCES here is the domain lacking execmem, execmod, or map on the type.",
            );
        }
        Some(
            Call::Socketpair
            | Call::Kill
            | Call::Ptrace
            | Call::Mount
            | Call::Shutdown
            | Call::Setsockopt
            | Call::Accept
            | Call::Listen,
        ) => {
            // Podman's home are the distributions that enforce SELinux.
            let podman = cx.facts.has_engine(Engine::Podman) || cx.facts.has_engine(Engine::Buildah);
            let support = match (enforcing, podman) {
                // mount(8) words EPERM so as well.
                _ if attempt.errno_inferred => (Support::Usual, 40),
                // The way to the mount point is walked first, and its modes answer EACCES.
                _ if walked_as_mapped(attempt, cx) => (Support::Usual, 50),
                (true, _) => (Support::Exclusive, 85),
                (false, true) if presence == Presence::Unknown => (Support::Exclusive, 80),
                _ => (Support::Fits, 20),
            };
            return (presence >= Presence::Unknown).then(|| denies(attempt, LAYER, support.0, support.1, "The kernel itself answers EPERM here; EACCES comes from a security module, and this host uses SELinux."));
        }
        Some(Call::Bind) if attempt.object.kind == ObjectKind::Port => {
            if unprivileged_port(attempt) && presence >= Presence::Unknown && !cx.oci() {
                let (support, weight) =
                    if enforcing { (Support::Exclusive, 85) } else { (Support::Usual, 70) };
                return say(
                    (support, weight),
                    "The port needs no privilege, so EACCES comes from a security module, and the one that knows ports by number is SELinux: the policy labels it for another service.",
                );
            }
            return (enforcing && !cx.oci()).then(|| {
                denies(
                    attempt,
                    LAYER,
                    Support::Usual,
                    60,
                    "A confined service may bind only the ports that the policy labels for it.",
                )
            });
        }
        Some(Call::Dbus) if cx.facts.statement("dbus-selinux").is_some() => {
            return say(
                (Support::Stated, 90),
                "The bus asked SELinux, and the sender's domain has no send_msg to the receiver's.",
            );
        }
        _ => {}
    }
    if !file_call(attempt)
        && !matches!(
            attempt.call,
            Some(Call::Connect | Call::Bind | Call::SysctlWrite | Call::Inotify | Call::Sysvipc)
        )
    {
        return None;
    }
    if presence < Presence::Unknown {
        return None;
    }
    // Secrets lie there in containers, whoever runs them.
    let mounted = ["/run/secrets", "/var/run/secrets"].iter().any(|place| under(name, place));
    if (cx.oci() || mounted) && !matches!(attempt.phase, Phase::Engine) {
        return container::judge(attempt, cx, presence);
    }
    service(attempt, cx, presence, name)
}

/// A mount point below a home, reached by mapped ids.
fn walked_as_mapped(attempt: &Attempt, cx: &Context<'_>) -> bool {
    attempt.call == Some(Call::Mount)
        && cx.remapped()
        && ["/home", "/root", "/run/user"].iter().any(|d| under(attempt.object_name(), d))
}

/// A port above the privileged ones, as far as nothing moved their end.
fn unprivileged_port(attempt: &Attempt) -> bool {
    attempt.arg("port").and_then(|p| p.parse::<u32>().ok()).is_some_and(|port| port >= 1024)
}

/// The domain that is refused.
fn actor(cx: &Context<'_>) -> &'static str {
    if cx.oci() {
        "container_t"
    } else if cx.unit() {
        "init_t"
    } else {
        "the process's domain"
    }
}

/// A service or process of the host.
fn service(attempt: &Attempt, cx: &Context<'_>, presence: Presence, name: &str) -> Option<Say> {
    let say = |(support, weight): (Support, u8), because: &str| {
        Some(denies(attempt, LAYER, support, weight, because))
    };
    let enforcing = presence >= Presence::Likely;
    let home = ["/home", "/root", "/var/home", "/opt", "/srv", "/tmp", "/mnt", "/data"]
        .iter()
        .any(|root| under(name, root))
        || name.starts_with('~');
    let by_systemd = attempt.phase == Phase::ServiceSetup || (cx.unit() && attempt.call == Some(Call::Exec));
    if by_systemd && enforcing && !cx.has(Environment::UserManager) {
        let weight = if home { 85 } else { 65 };
        return say(
            scaled(presence, weight),
            if home {
                "systemd starts services as init_t, which may not execute or write files that carry the label of a home or another place of that kind."
            } else {
                "systemd acts as init_t before it starts the program, and that domain may not use an object of this label."
            },
        );
    }
    if !enforcing {
        return None;
    }
    let wanted = if writes(attempt) { 2 } else { 4 };
    if cx.mode_grants(attempt, wanted) {
        return say(
            (Support::Usual, 58),
            "The listing shows that mode and owner grant it, so a confined domain is what can refuse it.",
        );
    }
    if attempt.call == Some(Call::Sysvipc) {
        return say(
            (Support::Usual, 56),
            "A domain needs a rule of its own for semaphores and shared memory.",
        );
    }
    if let Some((daemon, told)) = cx.confined(attempt).filter(|(d, _)| !d.domain.is_empty())
        && name.starts_with('/')
    {
        let (support, weight) = match (daemon.grants(name, writes(attempt)), told) {
            (false, true) => (Support::Default, 76),
            (false, false) => (Support::Default, 70),
            // Content is labelled for reading only.
            (true, _) if under(name, "/var/www") && changed_place(attempt) => (Support::Usual, 60),
            (true, _) => (Support::Usual, 45),
        };
        let because = "The daemon runs in a domain of its own, which may use only files of the types that the policy grants it; data in another place keeps the label of that place, whatever its owner and mode.";
        return Some(denies(attempt, LAYER, support, weight, because).policy(daemon.domain));
    }
    if reads_public_file(attempt) {
        return say(
            (Support::Usual, 50),
            "Everybody may read the file by its mode, so a confined domain is what can refuse it.",
        );
    }
    if cx.unit() || cx.facts.statement("selinux-relabel").is_some() {
        let weight = if cx.is_root(attempt) || home { 66 } else { 45 };
        return say(
            (if cx.is_root(attempt) { Support::Default } else { Support::Usual }, weight),
            "A confined service may use only files of the types that the policy grants it.",
        );
    }
    if cx.is_root(attempt) && is_path(attempt) && !cx.has(Environment::Nfs) {
        return say(
            (Support::Default, 62),
            "Root passes every file mode, so the label is what can refuse it.",
        );
    }
    if socket(attempt) && cx.facts.has_engine(Engine::HostProcess) {
        return None;
    }
    say((Support::Fits, 30), "A confined domain may be refused by the label.")
}

/// Something below a site's directory that the site changes by its name: logs, caches, uploads.
fn changed_place(attempt: &Attempt) -> bool {
    const PARTS: [&str; 16] = [
        "log", "logs", "storage", "cache", "caches", "tmp", "temp", "upload", "uploads", "session",
        "sessions", "var", "files", "backup", "backups", "compiled",
    ];
    let name = attempt.object_name();
    writes(attempt)
        || [".log", ".lock", ".pid", ".sqlite", ".db"].iter().any(|ending| name.ends_with(ending))
        || name.split('/').skip(3).any(|part| PARTS.contains(&part))
}

/// The socket of a daemon.
fn socket(attempt: &Attempt) -> bool {
    attempt.object.kind == ObjectKind::UnixSocketPath
        || attempt.object_name().ends_with(".sock") && matches!(attempt.call, Some(Call::Connect) | None)
}

/// A listed path with a label that neither containers nor services may use.
fn foreign_label<'a>(attempt: &Attempt, cx: &Context<'a>) -> Option<(FactId, &'a PathState)> {
    const USABLE: &[&str] = &[
        "container_file_t",
        "container_ro_file_t",
        "svirt_sandbox_file_t",
        "bin_t",
        "container_runtime_exec_t",
        "lib_t",
    ];
    let states = cx.facts.all.iter().filter_map(|f| match &f.what {
        Predicate::Path(state) => Some((f.id, state)),
        _ => None,
    });
    let name = attempt.object_name();
    let fits = |state: &PathState| {
        let label = state.label.as_deref().map(domain)?;
        let named = state.path.is_empty()
            || name.is_empty()
            || under(name, &state.path)
            || state.path.ends_with(name)
            || name.ends_with(&state.path);
        let foreign =
            !USABLE.contains(&label) && (cx.oci() || cx.unit() || attempt.phase == Phase::ServiceSetup);
        (named && foreign).then_some(())
    };
    states.filter(|(_, s)| fits(s).is_some()).max_by_key(|(_, s)| s.path.len())
}

/// EPERM: SELinux asks for capabilities too, but only where the task holds them.
fn capability_check(attempt: &Attempt, cx: &Context<'_>, presence: Presence) -> Option<Say> {
    (attempt.errno == Some(Errno::EPERM)
        && presence == Presence::On
        && cx.is_root(attempt)
        && !cx.contained())
    .then(|| denies(attempt, LAYER, Support::Fits, 30, "The domain may lack the capability."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::Answer;

    fn supports(f: &Fixture) -> Option<Support> {
        f.support(judge)
    }

    #[test]
    fn ports_that_need_no_privilege() {
        let bind = |port: &str| {
            let mut f = Fixture::new(Call::Bind, Errno::EACCES);
            f.attempt.object.kind = ObjectKind::Port;
            f.attempt.args.push(("port".to_owned(), port.to_owned()));
            f
        };
        for port in ["5000", "8081", "27017"] {
            assert_eq!(supports(&bind(port)), Some(Support::Usual), "{port}");
            assert_eq!(supports(&bind(port).distro("rocky", Some("9"))), Some(Support::Exclusive), "{port}");
            assert_eq!(supports(&bind(port).distro("ubuntu", None)), None, "{port}");
        }
        assert_eq!(supports(&bind("81")), None);
    }

    #[test]
    fn volumes_that_the_orchestrator_does_not_relabel() {
        let pod = || {
            Fixture::new(Call::Mkdir, Errno::EACCES)
                .object("/data/x")
                .engine(Engine::Kubernetes)
                .environment(Environment::NoFsGroup)
        };
        assert_eq!(supports(&pod().distro("rhel", Some("9"))), Some(Support::Default));
        assert_eq!(supports(&pod().distro("rhel", Some("9")).user()), Some(Support::Usual));
        assert_eq!(supports(&pod()), None);
    }

    #[test]
    fn content_of_a_site_is_for_reading() {
        let f = |name: &str, call| {
            let mut f = Fixture::new(call, Errno::EACCES).object(name).distro("centos", Some("7"));
            f.attempt.subject.program = Some("httpd".to_owned());
            f.ask(judge).and_then(|v| match v.answer {
                Answer::Denies { weight, .. } => Some(weight),
                _ => None,
            })
        };
        assert_eq!(f("/var/www/shop/storage/logs/app.log", Call::Open), Some(60));
        assert_eq!(f("/var/www/blog/wp-content/uploads/a.png", Call::Create), Some(60));
        assert_eq!(f("/var/www/html/index.html", Call::Open), Some(45));
    }

    fn volume() -> Fixture {
        Fixture::new(Call::Open, Errno::EACCES).engine(Engine::Podman).object("/sqm/a").volume(
            "/home/o",
            "/sqm",
            &[],
        )
    }

    #[test]
    fn volumes_without_a_label() {
        assert_eq!(supports(&volume().distro("fedora", None)), Some(Support::Default));
        assert_eq!(supports(&volume().distro("ubuntu", None)), None);
        let off = volume().distro("fedora", None).knob(Knob::SelinuxLabel("disable".into()));
        assert!(matches!(off.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. })));
    }

    #[test]
    fn a_unit_that_executes_from_a_home() {
        let f = Fixture::new(Call::Exec, Errno::EACCES)
            .engine(Engine::SystemdUnit)
            .object("/home/u/x.sh")
            .phase(Phase::ServiceSetup);
        assert_eq!(supports(&f), None);
        let f = Fixture::new(Call::Exec, Errno::EACCES)
            .engine(Engine::SystemdUnit)
            .object("/home/u/x.sh")
            .phase(Phase::ServiceSetup)
            .distro("fedora", Some("35"));
        assert_eq!(supports(&f), Some(Support::Default));
    }

    #[test]
    fn mapping_memory() {
        let f = Fixture::new(Call::Mmap, Errno::EACCES).engine(Engine::Docker).distro("fedora", None);
        assert_eq!(supports(&f), Some(Support::Exclusive));
    }

    #[test]
    fn contexts() {
        assert_eq!(domain("system_u:system_r:container_t:s0:c1,c2"), "container_t");
        assert_eq!(level("system_u:system_r:container_t:s0:c1,c2"), Some("s0:c1,c2"));
        assert_eq!(domain("unconfined_u:un>"), "unconfined_u:un>");
    }
}
