//! AppArmor.
//!
//! The kernel asks the profile of the task in the LSM hooks (`apparmor_file_open`,
//! `apparmor_path_*`, `apparmor_socket_*`, `apparmor_task_kill`, `apparmor_ptrace_*`,
//! `apparmor_sb_mount`, `apparmor_userns_create` since 6.7, AF_UNIX in the network class on Ubuntu's
//! and Proxmox's kernels and with network_v9 since 6.17). The errno is EACCES; EPERM for
//! capabilities and under no_new_privs; ENOENT when the profile to change to is not loaded.
//! A rule that says `deny` leaves no record, and the default profiles of the container runtimes
//! refuse almost only by such rules.

mod file;
mod restriction;

use crate::context::{Context, Presence, apparmor_off, file_call, unix_family};
use crate::layers::records;
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{Attempt, Change, Engine, Knob, ObjectKind, Phase, Support, Verdict};
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
        if attempt.printed
            && file_call(attempt)
            && let Some(said) = file::daemon(attempt, cx).filter(|said| said.support() > Some(Support::Fits))
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
        // A privileged system container keeps its profile.
        Some((_, Knob::Privileged(_))) if !cx.oci() => None,
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
pub(crate) fn profile(attempt: &Attempt, cx: &Context<'_>) -> Option<String> {
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
        Some(Call::Ptrace) if denied && cx.apparmor() >= Presence::Unknown => say(
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
            // Rootless, an engine gives its containers no profile.
            let (signature, weight) = match oci && cx.rootless() && cx.nested().is_none() {
                true => (Support::Usual, 40),
                false => (signature, weight),
            };
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
        Some(Call::SysctlWrite) if denied => file::judge(attempt, cx),
        _ if denied && file_call(attempt) => file::judge(attempt, cx),
        Some(Call::Bind) if denied && attempt.object.kind == ObjectKind::UnixSocketPath => {
            file::judge(attempt, cx)
        }
        Some(Call::Connect) if denied => file::judge(attempt, cx),
        _ => None,
    }
}

/// What runtimes do before the program starts.
fn setup(attempt: &Attempt, cx: &Context<'_>, denied: bool) -> Option<Say> {
    let name = attempt.object_name();
    match attempt.call {
        // systemd.exec(5): this exit status is another module's label.
        Some(Call::LabelChange) if attempt.arg("step") == Some("SELINUX_CONTEXT") => None,
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
