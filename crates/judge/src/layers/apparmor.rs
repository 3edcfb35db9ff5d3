//! AppArmor.
//!
//! The kernel asks the profile of the task in the LSM hooks (`apparmor_file_open`,
//! `apparmor_path_*`, `apparmor_socket_*`, `apparmor_task_kill`, `apparmor_ptrace_*`,
//! `apparmor_sb_mount`, `apparmor_userns_create` since 6.7, AF_UNIX in the network class on Ubuntu's
//! and Proxmox's kernels and with network_v9 since 6.17). The errno is EACCES; EPERM for
//! capabilities and under no_new_privs; ENOENT when the profile to change to is not loaded.
//! A rule that says `deny` leaves no record, and the default profiles of the container runtimes
//! refuse almost only by such rules.

mod restriction;

use crate::context::{
    Context, Presence, apparmor_off, file_call, is_path, reads_public_file, under, unix_family, writes,
};
use crate::layers::records;
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{
    Attempt, Change, Engine, Environment, Knob, ObjectKind, Phase, Predicate, Support, Verdict,
};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::Apparmor;
/// Statements about the program that loads policy, whatever the error.
const PARSER: &[&str] =
    &["apparmor-parser-missing", "apparmor-parser-syntax", "apparmor-version-unparsed", "apparmor-rootless"];
const LOG: &str = "dmesg | grep -i apparmor";

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let restricted = restriction::judge(attempt, cx);
    let recorded = records::apparmor(attempt);
    if let Some(said) = recorded {
        let mut best = Best::new();
        // What moved the program says more than that it was moved.
        for said in restricted.into_iter().chain([said]) {
            best.offer(said);
        }
        return best.done();
    }
    let mut best = Best::new();
    if let Some(said) = restricted {
        best.offer(said);
    }
    if let Some(off) = switched_off(attempt, cx) {
        return best.or(off.into());
    }
    if let Some(trial) = cx.works(apparmor_off) {
        let unloaded = trial.change == Change::ApparmorUnloaded;
        let mechanism = attempt.errno.and_then(|errno| by_call(attempt, cx, errno));
        let mechanism = mechanism.as_ref().map_or("", |said| said.because());
        let because =
            format!("It works with AppArmor off for this program, and fails with its profile. {mechanism}");
        best.offer(
            denies(attempt, LAYER, Support::Trial, if unloaded { 90 } else { 80 }, because.trim_end())
                .trial(trial)
                .policy_opt(profile(attempt, cx))
                .step(LOG),
        );
    }
    if attempt.call == Some(Call::PolicyLoad)
        && let Some(fact) = cx.stated_here(attempt, &["apparmor-policy-refused"])
    {
        let because = "The kernel did not take the compiled profile, so nothing could be confined with it: its AppArmor lacks features that the parser compiled in, or this place may not load policy.";
        best.offer(denies(attempt, LAYER, Support::Stated, 82, because).fact(fact.id).step(LOG));
    }
    let Some(errno) = attempt.errno else {
        // A refusal in words that name no error.
        if attempt.printed && file_call(attempt)
            && let Some(said) = daemon(attempt, cx).filter(|said| said.support() > Some(Support::Fits))
        {
            best.offer(said);
        }
        return best.done();
    };
    if !order_allows(attempt, errno) {
        return best.done();
    }
    if let Some(said) = by_call(attempt, cx, errno) {
        let restricted = cx.restricts_userns()
            && matches!(
                attempt.call,
                Some(
                    Call::UsernsCreate
                        | Call::IdMap
                        | Call::Netlink
                        | Call::Unshare
                        | Call::Sethostname
                        | Call::Chroot
                )
            );
        let named = if restricted { Some("unprivileged_userns".to_owned()) } else { profile(attempt, cx) };
        let mut said = said.policy_opt(named).facts(cx.lsm_facts(LAYER)).step(LOG);
        if cx.facts.in_oci_container() {
            said = said.step("cat /proc/PID/attr/current");
        }
        best.offer(said);
    }
    best.done()
}

fn order_allows(attempt: &Attempt, errno: Errno) -> bool {
    matches!(errno, Errno::EACCES | Errno::EPERM)
        || (matches!(attempt.call, Some(Call::LabelChange | Call::PolicyLoad))
            && matches!(errno, Errno::ENOENT | Errno::EINVAL))
}

/// Off for the whole host or for this container: `None` when it may be on. A transition to
/// another profile and a profile around the engine are refused all the same.
fn switched_off(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if cx.apparmor() == Presence::Off {
        return Some(
            allows(attempt, LAYER, "AppArmor is not active on this host.").facts(cx.lsm_facts(LAYER)),
        );
    }
    let outer = cx.nested().is_some() || attempt.call == Some(Call::LabelChange);
    let daemon = matches!(attempt.phase, Phase::Engine);
    if outer || daemon {
        return None;
    }
    if let Some(trial) = cx.same(apparmor_off) {
        return Some(allows(attempt, LAYER, "It fails with AppArmor off for this program too.").trial(trial));
    }
    if let Some(trial) = cx.same_privileged().filter(|_| cx.oci()) {
        return Some(
            allows(attempt, LAYER, "It fails in a privileged container too, which has no profile.")
                .trial(trial),
        );
    }
    let signature = only_an_lsm(attempt);
    // A profile that is asked for counts in a privileged container too.
    if cx.facts.knob(|k| matches!(k, Knob::Apparmor(p) if p != "unconfined")).is_some() {
        return None;
    }
    let knob = cx
        .facts
        .knob(|k| matches!(k, Knob::Apparmor(p) if p == "unconfined") || *k == Knob::Privileged(true));
    match knob {
        // An option that lifts the profile may be the cure that was found, where nothing else fits.
        Some((id, Knob::Privileged(_))) if !cx.oci() => {
            // A privileged system container keeps its profile.
            let _ = id;
            None
        }
        Some((id, _)) if !signature => {
            Some(allows(attempt, LAYER, "The container runs without a profile.").fact(id))
        }
        _ => None,
    }
}

/// The error is one that only an LSM gives for this call.
fn only_an_lsm(attempt: &Attempt) -> bool {
    attempt.errno == Some(Errno::EACCES)
        && !attempt.errno_inferred
        && matches!(
            attempt.call,
            Some(Call::Socketpair | Call::Kill | Call::Ptrace | Call::Mount | Call::Umount | Call::PivotRoot)
        )
}

/// The profile that would have decided, as far as the configuration tells.
fn profile(attempt: &Attempt, cx: &Context<'_>) -> Option<String> {
    if let Some(label) = &attempt.subject.label {
        return Some(label.clone());
    }
    let named = cx.facts.knobs().find_map(|(_, k)| match k {
        Knob::Apparmor(p) if !matches!(p.as_str(), "unconfined" | "RuntimeDefault" | "runtime/default") => {
            Some(p.clone())
        }
        _ => None,
    });
    if named.is_some() {
        return named;
    }
    if attempt.phase == Phase::RuntimeSetup && cx.nested().is_some() {
        return Some("the profile of the outer container".to_owned());
    }
    if let Some(name) = cx.default_profile() {
        return (!cx.rootless()).then(|| name.to_owned());
    }
    cx.system_container().then(|| "the profile of the container".to_owned())
}

/// How much the host speaks for AppArmor: the support and weight of a refusal that only an LSM gives.
fn lsm_signature(attempt: &Attempt, cx: &Context<'_>) -> (Support, u8) {
    if attempt.errno_inferred && attempt.phase != Phase::Stop {
        return (Support::Usual, 50);
    }
    match (cx.apparmor(), cx.selinux()) {
        (Presence::On | Presence::Likely, _) => (Support::Exclusive, 85),
        (_, Presence::On | Presence::Likely) => (Support::Fits, 20),
        (Presence::Unlikely, _) => (Support::Usual, 30),
        _ => (Support::Exclusive, 60),
    }
}

fn by_call(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    let (signature, weight) = lsm_signature(attempt, cx);
    let denied = errno == Errno::EACCES;
    let confined =
        cx.contained() || cx.facts.has_engine(Engine::Snap) || cx.facts.has_engine(Engine::DockerSnap);
    if let Some(said) = setup(attempt, cx, denied) {
        return Some(said);
    }
    match attempt.call {
        Some(Call::Socketpair | Call::Socket) if denied && unix_family(attempt) => {
            if cx.mediates_unix() {
                return say(
                    signature,
                    weight.saturating_add(12),
                    "This kernel asks AppArmor about every Unix socket, and the container's profile, compiled without that knowledge, has no rule that matches; no file mode is asked for a socket without a path.",
                );
            }
            say(
                signature,
                weight,
                "The profile refuses creating a Unix socket. There is no file behind such a socket, so no mode, owner or capability is asked; only a security module answers EACCES here.",
            )
        }
        Some(
            Call::Socket
            | Call::Listen
            | Call::Accept
            | Call::Shutdown
            | Call::Setsockopt
            | Call::Sockname
            | Call::Send
            | Call::Recv,
        ) if denied
            && attempt.object.kind != ObjectKind::PingSocket
            && attempt.object.kind != ObjectKind::RawSocket =>
        {
            say(
                if confined { signature } else { Support::Usual },
                weight.saturating_sub(10),
                "The profile has no rule for this use of the socket; the kernel itself gives EPERM here.",
            )
        }
        Some(Call::Kill) if denied || (attempt.errno_inferred && attempt.phase == Phase::Stop) => say(
            signature,
            weight,
            "Signals are checked on both sides: the profile of the receiver has no rule that accepts this signal from the sender's profile. The file-and-owner check of a signal gives EPERM, never EACCES.",
        ),
        Some(Call::Ptrace) if denied => say(
            signature,
            weight.saturating_sub(10),
            "One of the two profiles has no ptrace rule for the other; Yama and the capability check give EPERM.",
        ),
        Some(Call::Mount | Call::Umount | Call::PivotRoot)
            if denied
                && (confined
                    || attempt.object.kind != ObjectKind::Unknown
                    || attempt.arg("fstype").is_some()) =>
        {
            let oci = cx.oci();
            say(
                signature,
                weight,
                if oci {
                    "The default container profile denies every mount, and such a deny rule leaves no record. A missing capability or the seccomp filter would give EPERM."
                } else {
                    "The container's profile has no rule for this mount. A missing capability would give EPERM."
                },
            )
        }
        Some(Call::UsernsCreate | Call::IdMap) => {
            if cx.system_container() && cx.apparmor() >= Presence::Likely {
                say(
                    Support::Usual,
                    66,
                    "The profile of a system container lets namespaces and their mounts be made inside only where the container is set up for nesting.",
                )
            } else if cx.apparmor() >= Presence::Likely && denied {
                say(Support::Default, 60, "The profile mediates user namespaces and has no userns rule.")
            } else {
                None
            }
        }
        Some(Call::Netlink | Call::Chroot | Call::Sethostname | Call::Unshare)
            if cx.restricts_userns() && !cx.contained() =>
        {
            say(
                Support::Usual,
                50,
                "The program was moved into the profile unprivileged_userns, which takes every capability away.",
            )
        }
        Some(Call::Dbus) if cx.facts.statement("dbus-apparmor").is_some() => say(
            Support::Stated,
            90,
            "dbus-daemon asked AppArmor about the sender, and the sender's profile has no dbus rule for this message.",
        ),
        Some(Call::Dbus) if confined && cx.apparmor() >= Presence::Likely => say(
            Support::Usual,
            50,
            "dbus-daemon asks AppArmor about a confined sender, and the default container profiles have no dbus rules.",
        ),
        Some(Call::Mqueue) if denied && cx.facts.has_engine(Engine::Snap) => {
            say(Support::Usual, 50, "The profile has no rule for message queues.")
        }
        _ if denied && file_call(attempt) => file(attempt, cx),
        Some(Call::Bind) if denied && attempt.object.kind == ObjectKind::UnixSocketPath => file(attempt, cx),
        Some(Call::Connect) if denied => file(attempt, cx),
        _ => None,
    }
}

/// What runtimes do before the program starts.
fn setup(attempt: &Attempt, cx: &Context<'_>, denied: bool) -> Option<Say> {
    let name = attempt.object_name();
    match attempt.call {
        Some(Call::LabelChange) => Some(match attempt.errno {
            Some(Errno::ENOENT) => denies(attempt, LAYER, Support::Exclusive, 95, "The profile that the container is to run under is not loaded in the kernel."),
            Some(Errno::EINVAL) => denies(attempt, LAYER, Support::Exclusive, 60, "Another security module answers at this attribute file, so the profile can't be set through it."),
            _ => denies(attempt, LAYER, Support::Exclusive, 85, "The process that starts the container is itself confined, and its profile does not allow changing to the container's profile."),
        }),
        Some(Call::PolicyLoad) if cx.stated_here(attempt, PARSER).is_some() => {
            let because = "The runtime could not load its default profile: the AppArmor parser is missing, too old for it, or may not be used here.";
            Some(denies(attempt, LAYER, Support::Stated, 85, because))
        }
        Some(Call::PolicyLoad) => Some(denies(attempt, LAYER, Support::Exclusive, 80, "Loading a profile needs policy administration in a policy namespace of its own, which this container does not have.")),
        Some(Call::SysctlWrite) if denied && attempt.phase == Phase::RuntimeSetup => {
            let nested = cx.nested();
            let weight = if nested.is_some() { 95 } else { 70 };
            Some(denies(attempt, LAYER, if nested.is_some() { Support::Exclusive } else { Support::Default }, weight, "The runtime writes the sysctl through a detached procfs mount; the profile of the container around it sees a path without /proc, matches its deny rule for /sys, and refuses silently.").facts(nested))
        }
        Some(Call::Open | Call::Write) if denied && attempt.phase == Phase::RuntimeSetup && (name.contains("/sys/") || name.starts_with("net.") || name.starts_with("kernel.")) => {
            Some(denies(attempt, LAYER, Support::Default, 80, "The runtime writes a kernel file as root, and the profile of the container around it denies the path.").facts(cx.nested()))
        }
        _ => None,
    }
}

/// EACCES on a path.
fn file(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
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
    let around = matches!(attempt.phase, Phase::Engine | Phase::RuntimeSetup)
        || cx.system_container() && !cx.oci();
    if let Some(said) = daemon(attempt, cx).filter(|s| around && s.support() >= Some(Support::Usual)) {
        return Some(said);
    }
    if cx.oci() || cx.system_container() {
        if kernel_file && (writes(attempt) || !name.starts_with("/proc/")) && !cx.rootless() {
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
        Presence::On | Presence::Likely if reads_public_file(attempt) || cx.runs_packaged(attempt) => Some(denies(
            attempt,
            LAYER,
            Support::Usual,
            50,
            "Everybody may read the file by its mode, so a profile of this program is what can refuse it.",
        )),
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
    let image = ["/etc", "/usr", "/lib", "/bin", "/sbin"].iter().any(|root| under(name, root));
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
fn daemon(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let (daemon, told) = cx.confined(attempt)?;
    if daemon.profile.is_empty() {
        return None;
    }
    let name = absolute(attempt, cx);
    let release = |v: Option<&whodenied_case::Version>| v.map(|v| v.numbers.clone());
    let here = match cx.facts.distro() {
        Some((id, version)) => daemon.profiled(id, release(version).as_deref()),
        None => cx.debian_owner() && daemon.profiled("debian", None),
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
            if daemon.profile.starts_with("libvirt-") && ["/home", "/root"].iter().any(|h| under(name, h)) =>
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
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::Answer;

    fn support(f: &Fixture) -> Option<(Support, u8)> {
        match f.ask(judge)?.answer {
            Answer::Denies { support, weight, .. } => Some((support, weight)),
            _ => None,
        }
    }

    #[test]
    fn a_socket_pair_refused_in_a_container() {
        let base = || Fixture::new(Call::Socketpair, Errno::EACCES).engine(Engine::Docker);
        assert!(matches!(support(&base()), Some((Support::Exclusive, _))));
        assert!(
            support(&base().component("kernel", "6.17.4-2-pve")) > support(&base().distro("ubuntu", None))
        );
        assert!(matches!(support(&base().distro("fedora", None)), Some((Support::Fits, _))));
        // The option that lifts it stands in the paste as the cure.
        assert!(support(&base().knob(Knob::Apparmor("unconfined".into()))).is_some());
        assert!(support(&base().same(Change::Knob(Knob::Apparmor("unconfined".into())))).is_none());
        assert_eq!(support(&Fixture::new(Call::Socketpair, Errno::EPERM).engine(Engine::Docker)), None);
    }

    #[test]
    fn the_default_profile_allows_ordinary_paths() {
        let f = Fixture::new(Call::Open, Errno::EACCES)
            .engine(Engine::Docker)
            .object("/data/x")
            .distro("ubuntu", None);
        assert!(matches!(f.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. })));
        let f = Fixture::new(Call::Write, Errno::EACCES)
            .engine(Engine::Docker)
            .object("/proc/sys/vm/overcommit_memory")
            .root();
        assert!(matches!(support(&f), Some((Support::Default, _))));
    }

    #[test]
    fn a_runtime_inside_lxc_writing_a_sysctl() {
        let f = Fixture::new(Call::SysctlWrite, Errno::EACCES)
            .engine(Engine::Docker)
            .outer(Engine::Lxc)
            .phase(Phase::RuntimeSetup);
        assert!(matches!(support(&f), Some((Support::Exclusive, 95))));
    }
}
