//! Files and programs: what a snap, a container's default profile, and the profiles that distributions
//! attach to daemons and programs by path hold of them.

use super::LAYER;
use crate::context::{Context, Presence, is_path, reads_public_file, under, writes};
use crate::say::{Say, allows, denies};
use whodenied_case::{Attempt, Engine, Environment, Knob, ObjectKind, Phase, Predicate, Support};
use whodenied_kernel::Call;

/// EACCES on a path.
pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let name = attempt.object_name();
    let present = cx.apparmor();
    if cx.facts.has_engine(Engine::Snap)
        || cx.facts.has_engine(Engine::DockerSnap) && attempt.phase == Phase::Engine
    {
        return Some(denies(
            attempt,
            LAYER,
            Support::Default,
            80,
            "A snap runs under a profile that holds only its own directories and those of its connected interfaces.",
        ));
    }
    if cx.facts.has_engine(Engine::DockerSnap) && !cx.is_stated_user(attempt) {
        return Some(denies(
            attempt,
            LAYER,
            Support::Usual,
            56,
            "The engine is a snap: its client reads only what the snap's profile holds (no hidden directories, no other users' homes, nothing outside of /home), and that profile has deny rules that reach into containers.",
        ));
    }
    if present < Presence::Unknown {
        return None;
    }
    // Where the client is a snap, as Ubuntu offers it.
    let name_hidden = name.split('/').any(|part| part.len() > 1 && part.starts_with('.') && part != "..");
    if attempt.phase == Phase::Engine
        && cx.facts.has_engine(Engine::Docker)
        && cx.facts.distro_in(&["ubuntu"])
        && (name_hidden && under(name, "/home") || under(name, "/root"))
    {
        return Some(denies(
            attempt,
            LAYER,
            Support::Usual,
            56,
            "A client of the engine that was installed as a snap may read neither hidden files of a home nor root's home, whoever runs it.",
        ).step("command -v docker; snap list docker"));
    }
    let kernel_file = matches!(attempt.object.kind, ObjectKind::KernelFile | ObjectKind::Sysctl)
        || name.starts_with("/proc/")
        || name.starts_with("/sys/");
    if let Some(said) = attached(attempt, cx).filter(|_| cx.oci()) {
        return Some(said);
    }
    let around =
        matches!(attempt.phase, Phase::Engine | Phase::RuntimeSetup) || cx.system_container() && !cx.oci();
    if let Some(said) = daemon(attempt, cx).filter(|s| around && s.support() >= Some(Support::Usual)) {
        return Some(said);
    }
    if cx.oci() || cx.system_container() {
        // Nearly all of /proc/sys may be read by everybody: what is refused there is writing.
        let written = writes(attempt) || !name.starts_with("/proc/") || under(name, "/proc/sys");
        if kernel_file && written && !cx.rootless() {
            let own = cx.facts.knob(|k| matches!(k, Knob::Apparmor(p) if p == "docker-default"));
            let privileged = cx.system_container() && !cx.oci() && cx.facts.privileged();
            let (support, weight) = if cx.is_root(attempt) || own.is_some() || privileged {
                (Support::Default, 75)
            } else {
                (Support::Usual, 45)
            };
            return Some(denies(
                attempt,
                LAYER,
                support,
                weight,
                "The container's profile denies writing under /proc and /sys, by rules that leave no record; a read-only mount would give EROFS.",
            ));
        }
        let custom = cx.facts.knob(|k| matches!(k, Knob::Apparmor(p) if !matches!(p.as_str(), "unconfined" | "RuntimeDefault" | "docker-default" | "runtime/default")));
        if let Some((id, _)) = custom.filter(|_| cx.oci()) {
            return Some(
                denies(
                    attempt,
                    LAYER,
                    Support::Configured,
                    55,
                    "The container runs under a profile of its own, which may not hold this path.",
                )
                .fact(id),
            );
        }
        if cx.oci() && cx.default_profile().is_some() {
            return Some(allows(
                attempt,
                LAYER,
                "The runtime's default profile allows every path outside /proc and /sys.",
            ));
        }
        return Some(denies(
            attempt,
            LAYER,
            Support::Fits,
            25,
            "The container's profile may not hold this path.",
        ));
    }
    if let Some(said) = daemon(attempt, cx) {
        return Some(said);
    }
    let labelled =
        cx.facts.find(|p| matches!(p, Predicate::ProcessLabel(l) if l != "unconfined" && !l.contains(':')));
    if let Some(fact) = labelled {
        return Some(
            denies(
                attempt,
                LAYER,
                Support::Configured,
                60,
                "The process runs under a profile that may not hold this path.",
            )
            .fact(fact.id),
        );
    }
    let root = cx.is_root(attempt) && !cx.has(Environment::Nfs) && is_path(attempt);
    match present {
        Presence::On | Presence::Likely if root => Some(denies(
            attempt,
            LAYER,
            Support::Usual,
            55,
            "Root passes every file mode, so a profile of this program is what can refuse the path.",
        )),
        Presence::On | Presence::Likely if reads_public_file(attempt) || cx.runs_packaged(attempt) => {
            Some(denies(
                attempt,
                LAYER,
                Support::Usual,
                50,
                "Everybody may read the file by its mode, so a profile of this program is what can refuse it.",
            ))
        }
        Presence::On | Presence::Likely => Some(denies(
            attempt,
            LAYER,
            Support::Fits,
            35,
            "A profile of this program may not hold the path.",
        )),
        _ => None,
    }
}

/// A profile of the host that meets a program in a container because it is attached by path, and the
/// engine gives the container none: a privileged one, or a pod.
fn attached(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let bare = cx.facts.knob(|k| *k == Knob::Privileged(true)).is_some() || cx.kubernetes();
    let (daemon, _) = cx.confined_by_path(attempt).filter(|_| bare)?;
    let name = attempt.object_name();
    let image = ["/etc", "/usr", "/lib", "/bin", "/sbin"].iter().any(|root| under(name, root))
        || name.contains(".so");
    let refused = attempt.call == Some(Call::Exec) && !daemon.may_run(name) || image && !writes(attempt);
    let here = cx.apparmor() >= Presence::Likely && !daemon.profile.is_empty();
    (refused && here).then(|| {
        let because = "The node has a profile for a program at this path, and it meets the one in the container too, which runs under no profile of the engine; its files lie where that profile does not expect them.";
        denies(attempt, LAYER, Support::Usual, 56, because).policy(daemon.profile).step("aa-status")
    })
}

/// The path of the object; where it is relative, that of another attempt on the same file.
fn absolute<'a>(attempt: &'a Attempt, cx: &Context<'a>) -> &'a str {
    let name = attempt.object_name();
    let Some(relative) = name.strip_prefix("./") else { return name };
    let same = |a: &&Attempt| a.object_name().starts_with('/') && a.object_name().ends_with(relative);
    cx.attempts.iter().find(same).map_or(name, |a| a.object_name())
}

/// A daemon that the distribution's package confines, on a path beyond its own directories.
pub(super) fn daemon(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let (daemon, told) = cx.confined(attempt)?;
    if daemon.profile.is_empty() {
        return None;
    }
    let name = absolute(attempt, cx);
    let release = |v: Option<&whodenied_case::Version>| v.map(|v| v.numbers.clone());
    let here = match cx.facts.distro() {
        Some((id, version)) => daemon.profiled(id, release(version).as_deref()),
        // The module is loaded, and the distributions that confine daemons by it are these.
        None => (cx.debian_owner() || cx.apparmor() == Presence::On) && daemon.profiled("debian", None),
    };
    let unknown = cx.facts.distro().is_none() && cx.selinux() < Presence::Likely;
    if attempt.call == Some(Call::Exec) {
        let (support, weight) = match (here, daemon.may_run(name)) {
            (_, true) => (Support::Fits, 35),
            (true, false) => (Support::Usual, if told { 64 } else { 58 }),
            (false, false) if unknown => (Support::Usual, 53),
            (false, false) => return None,
        };
        let because = "The distribution confines this program by a profile that names the programs it may start one by one; others are refused whatever their mode.";
        return Some(denies(attempt, LAYER, support, weight, because).policy(daemon.profile));
    }
    let changed = writes(attempt) && daemon.read_only.iter().any(|root| under(name, root));
    let (support, weight) = match (here, daemon.grants(name, writes(attempt))) {
        // Where the mode grants it to the owner, the profile is what is left.
        (true, false) if changed && cx.mode_grants(attempt, 2) => (Support::Default, 72),
        (true, false) if changed => (Support::Usual, 54),
        // Homes of other users are closed by their mode too; of a guest's disks the owner is set.
        (true, false)
            if daemon.profile.starts_with("libvirt-")
                && ["/home", "/root"].iter().any(|h| under(name, h)) =>
        {
            (Support::Usual, 42)
        }
        (true, false) if ["/home", "/root"].iter().any(|h| under(name, h)) => {
            (Support::Usual, if told { 60 } else { 48 })
        }
        (true, false) if ["/proc", "/sys"].iter().any(|h| under(name, h)) => (Support::Usual, 56),
        (true, false) if daemon.profile.starts_with("libvirt-") => (Support::Usual, 58),
        (true, false) if name.starts_with('/') => (Support::Default, if told { 76 } else { 70 }),
        (true, false) if told && name.starts_with("./") => (Support::Default, 66),
        (true, false) => (Support::Usual, 55),
        (true, true) => (Support::Fits, 35),
        (false, false) if unknown && cx.mode_grants(attempt, 2) => (Support::Usual, 52),
        (false, false) if unknown => (Support::Usual, 45),
        _ => return None,
    };
    let because = if changed {
        "The distribution confines this daemon by a profile that grants this directory for reading only, whatever its owner and mode."
    } else {
        "The distribution confines this daemon by a profile that holds its own directories; other places are refused whatever their owner and mode."
    };
    Some(denies(attempt, LAYER, support, weight, because).policy(daemon.profile))
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use crate::layers::fixture::Fixture;
    use whodenied_case::{Engine, Phase, Support};
    use whodenied_kernel::{Call, Errno};

    fn by(program: &str, call: Call, path: &str) -> Fixture {
        let mut f = Fixture::new(call, Errno::EACCES).object(path);
        f.attempt.subject.program = Some(program.to_owned());
        f
    }

    #[test]
    fn daemons_beyond_their_directories() {
        let ubuntu = |f: Fixture, v| f.distro("ubuntu", Some(v)).support(judge);
        assert_eq!(ubuntu(by("slapd", Call::Open, "/tmp/x/config"), "18.04"), Some(Support::Default));
        assert_eq!(ubuntu(by("named", Call::Create, "/etc/bind/db.jnl"), "22.04"), Some(Support::Usual));
        assert_eq!(ubuntu(by("mysqld", Call::Open, "/var/lib/mysql/x"), "22.04"), Some(Support::Fits));
        // Ubuntu ships this one switched off before 23.04.
        assert_eq!(ubuntu(by("rsyslogd", Call::Open, "/srv/a.log"), "24.04"), Some(Support::Default));
        assert_eq!(ubuntu(by("rsyslogd", Call::Open, "/srv/a.log"), "20.04"), Some(Support::Fits));
        assert_eq!(by("slapd", Call::Open, "/tmp/x").distro("fedora", None).support(judge), None);
    }

    #[test]
    fn programs_that_a_profile_may_start() {
        let run = |program, path| by(program, Call::Exec, path).distro("debian", None).support(judge);
        assert_eq!(run("evince", "/usr/bin/vivaldi"), Some(Support::Usual));
        assert_eq!(run("libvirtd", "/opt/qemu/bin/qemu"), Some(Support::Usual));
        assert_eq!(run("libvirtd", "/usr/bin/qemu"), Some(Support::Fits));
    }

    #[test]
    fn a_host_profile_meets_a_program_in_a_container() {
        let read = || by("mysqld", Call::Open, "/etc/mysql/conf.d/").distro("ubuntu", None);
        assert_eq!(read().engine(Engine::Kubernetes).support(judge), Some(Support::Usual));
        assert_eq!(read().engine(Engine::Docker).support(judge), None);
    }

    #[test]
    fn engines_from_a_snap() {
        let f = || Fixture::new(Call::Open, Errno::EACCES).engine(Engine::DockerSnap).object("/mnt/c.yml");
        assert_eq!(f().support(judge), Some(Support::Usual));
        assert_eq!(f().phase(Phase::Engine).support(judge), Some(Support::Default));
    }
}
