//! User namespaces: id maps, and the boundary of a namespace.
//!
//! `make_kuid` fails for an id that is not mapped: EINVAL (chown, setuid). `fsuidgid_has_mapping`
//! gives EOVERFLOW. A file of an unmapped owner shows as nobody, and no capability counts for it
//! (`capable_wrt_inode_uidgid`). Capabilities count only in the namespace they are held in
//! (`ns_capable`), so container root does not pass where the first namespace is asked. A proc or
//! sysfs mount that would show more than the one that is there is refused with EPERM
//! (`mount_too_revealing`).

use crate::context::{Context, file_call, under};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{
    Attempt, Change, Engine, Environment, Knob, ObjectKind, Phase, Predicate, RecordKind, Support, Verdict,
};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::Userns;
const STEP: &str = "cat /proc/PID/uid_map /proc/PID/gid_map";

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    if attempt.records.iter().any(|r| matches!(&r.kind, RecordKind::Other { name, fields } if name == "VFS" || fields.iter().any(|(_, v)| v.contains("too revealing")))) {
        return denies(attempt, LAYER, Support::Record, 100, "A new proc or sysfs would show more than the one that is there, parts of which are masked, so the kernel refuses to mount it in a user namespace.").into();
    }
    for said in [statements(attempt, cx), by_errno(attempt, cx), rights(attempt, cx), boundary(attempt, cx)]
        .into_iter()
        .flatten()
    {
        best.offer(said.step(STEP));
    }
    let host = |c: &Change| matches!(c, Change::Knob(Knob::UsernsMode(m)) if m == "host" || m == "keep-id");
    if let Some(trial) = cx.works(host) {
        best.offer(
            denies(
                attempt,
                LAYER,
                Support::Trial,
                80,
                "It works with another id map, so the map is what refused.",
            )
            .trial(trial),
        );
    }
    let not_remapped =
        cx.oci() && !cx.remapped() && matches!(cx.runtime(), Some(whodenied_runtimes::Runtime::Docker));
    best.or_else(|| {
        let asked = attempt.call.is_some_and(|c| whodenied_kernel::order::asks(c, LAYER));
        (not_remapped && asked).then(|| {
            allows(
                attempt,
                LAYER,
                "Docker makes no user namespace unless it runs rootless or with userns-remap.",
            )
            .facts(cx.engine_fact(Engine::Docker))
        })
    })
}

fn statements(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let said = |id: &str, weight, because: &str| {
        cx.facts.statement(id).map(|f| denies(attempt, LAYER, Support::Stated, weight, because).fact(f.id))
    };
    let setup = matches!(
        attempt.call,
        None | Some(
            Call::Chown
                | Call::IdMap
                | Call::UsernsCreate
                | Call::Setgroups
                | Call::Setuid
                | Call::Setgid
                | Call::Mkdir
                | Call::Xattr
        )
    ) || matches!(attempt.phase, Phase::Engine)
        || cx.system_container() && !cx.oci();
    if !setup {
        return None;
    }
    said("single-id-mapping", 95, "Only one id is mapped into the user namespace, because the user has no ranges in /etc/subuid and /etc/subgid; files of other owners can't be made.")
        .or_else(|| said("ids-insufficient", 90, "A file of the image belongs to an id that the user namespace does not map."))
        .or_else(|| said("no-subids", if cx.setuid_ignored() { 60 } else { 90 }, "The user has no ranges of subordinate ids, or newuidmap lacks its rights."))
        .or_else(|| said("uid-unmapped", 85, "The owner has no id in this user namespace."))
        .or_else(|| said("idmap-unsupported", if cx.system_container() { 84 } else { 80 }, "The mount can't be id-mapped on this file system."))
}

fn by_errno(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    match (attempt.call, attempt.errno?) {
        (Some(Call::Chown), Errno::EINVAL) => say(
            Support::Exclusive,
            95,
            "The new owner is an id that this user namespace does not map; chown answers EINVAL for nothing else on an ordinary file.",
        ),
        (Some(Call::Setuid | Call::Setgid | Call::Setgroups), Errno::EINVAL) => {
            say(Support::Exclusive, 92, "The id is not mapped in this user namespace.")
        }
        (Some(Call::Setgroups), Errno::EPERM) if cx.remapped() || cx.has(Environment::Rootless) => say(
            Support::Default,
            80,
            "setgroups is denied in this user namespace, as it must be where one id was mapped without privilege.",
        ),
        (Some(Call::IdMap), Errno::EINVAL | Errno::EPERM) if !cx.restricts_userns() => say(
            Support::Default,
            70,
            "The map names ids that the parent namespace does not grant, or was written without the right to.",
        ),
        (Some(Call::IdMap), Errno::EACCES)
            if cx.oci() && !cx.restricts_userns() && attempt.object_name().ends_with("/setgroups") =>
        {
            say(
                Support::Usual,
                66,
                "setgroups may be opened for writing only with CAP_SYS_ADMIN in that user namespace, which a namespace made inside of another sandbox does not hold.",
            )
        }
        (_, Errno::EOVERFLOW) if file_call(attempt) => say(
            Support::Exclusive,
            90,
            "The ids of the file or of the caller have no value on the other side of the id map.",
        ),
        (Some(Call::SysctlWrite), Errno::EINVAL) if cx.remapped() => {
            say(Support::Usual, 50, "The value names ids that this user namespace does not map.")
        }
        _ => None,
    }
}

/// Files of other owners, seen through the map.
fn rights(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let denied = matches!(attempt.errno, Some(Errno::EACCES) | None);
    let owner_act = attempt.errno == Some(Errno::EPERM)
        && matches!(attempt.call, Some(Call::Chown | Call::Chmod | Call::Utime | Call::Xattr | Call::Unlink));
    if !(denied && file_call(attempt) || owner_act) || cx.has(Environment::Nfs) {
        return None;
    }
    let name = attempt.object_name();
    let nobody = cx.facts.find(|p| {
        matches!(p, Predicate::Path(s) if s.owner.as_deref().is_some_and(|o| matches!(o, "nobody" | "65534" | "4294967294"))
            && (name.is_empty() || under(name, &s.path) || under(&s.path, name)))
    });
    if let Some(fact) = nobody.filter(|_| cx.contained()) {
        return Some(denies(attempt, LAYER, Support::Configured, 86, "The listing shows the owner nobody: its real owner is not mapped into this user namespace, so not even root of the container counts as more than other.").fact(fact.id));
    }
    if !cx.remapped() {
        return None;
    }
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    let bind = cx.bind_over(name).or_else(|| {
        (!name.starts_with('/'))
            .then(|| {
                cx.volumes()
                    .map(|(id, s, _, o)| (id, s, o))
                    .find(|(_, s, _)| s.starts_with(['/', '.', '~', '$']))
            })
            .flatten()
    });
    let host_bind = bind.filter(|(_, s, _)| s.starts_with(['/', '.', '~', '$']));
    let user = cx.facts.knob(|k| matches!(k, Knob::User(u) if !crate::context::root_user(u)));
    if let (Some((id, _)), true) = (user, host_bind.is_some() && cx.rootless()) {
        return Some(denies(attempt, LAYER, Support::Configured, 88, "Rootless, the user of the host is root in the container; any other user there is a subordinate id, which does not own the files of the volume.").fact(id).facts(host_bind.map(|b| b.0)).step("podman unshare ls -ln PATH"));
    }
    let keep = cx.facts.knob(|k| matches!(k, Knob::UsernsMode(m) if m.starts_with("keep-id") || m == "auto"));
    if let Some((id, _)) =
        keep.filter(|_| host_bind.is_some() || matches!(attempt.phase, Phase::RuntimeSetup))
    {
        return Some(
            denies(
                attempt,
                LAYER,
                Support::Usual,
                62,
                "The runtime resolves the path under a mapped id, which the directory does not name.",
            )
            .fact(id),
        );
    }
    if cx.system_container() && !cx.oci() {
        let weight =
            if matches!(attempt.phase, Phase::RuntimeSetup | Phase::Engine) || name.starts_with("/var/lib") {
                80
            } else {
                66
            };
        return say(
            Support::Default,
            weight,
            "Root of an unprivileged container is an ordinary high id on the host, and stands among the others for files of the host.",
        );
    }
    // Files of the image belong to the mapped ids, those of a container without the map to others.
    if cx.has(Environment::UsernsRemap) && cx.oci() && owner_act {
        return say(
            Support::Default,
            70,
            "With userns-remap the image's files belong to mapped ids of the host; a container that runs with another map, or none, does not own them.",
        );
    }
    if cx.has(Environment::UsernsRemap) && host_bind.is_some() {
        return say(
            Support::Default,
            76,
            "Container root is another id on the host and has only the rights of others on the volume.",
        );
    }
    if cx.rootless() && (host_bind.is_some() || owner_act) {
        let weight = if cx.is_user(attempt) { 72 } else { 52 };
        return say(
            if cx.is_user(attempt) { Support::Default } else { Support::Usual },
            weight,
            "Ids of the container stand for subordinate ids of the host, which do not own the files.",
        );
    }
    if cx.rootless() && attempt.object.kind == ObjectKind::Device {
        return say(
            Support::Default,
            74,
            "Rootless, the device keeps the host's owner and group, which the user namespace does not map; groups of the host are lost unless the runtime keeps them.",
        );
    }
    if cx.rootless() {
        return say(Support::Usual, 40, "Ids of the container stand for subordinate ids of the host.");
    }
    None
}

/// Capabilities that do not count beyond the namespace.
fn boundary(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let unprivileged = cx.rootless()
        || cx.facts.has_component("sysbox")
        || cx.has(Environment::UsernsRemap)
        || (cx.remapped() && cx.system_container());
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    // `create_user_ns`: a changed root directory ends it.
    if attempt.call == Some(Call::UsernsCreate)
        && matches!(attempt.errno, None | Some(Errno::EPERM))
        && cx.facts.has_component("chroot")
    {
        return say(
            Support::Default,
            76,
            "The kernel lets no process with a changed root directory make a user namespace; neither a sysctl nor a right changes that.",
        );
    }
    let errno = attempt.errno?;
    if !matches!(errno, Errno::EPERM | Errno::EACCES) {
        return None;
    }
    let perm = errno == Errno::EPERM;
    match attempt.call? {
        // Nothing of the container's own runs yet: the way to its root directory is walked as mapped root.
        Call::Mount
            if !perm
                && attempt.phase == Phase::RuntimeSetup
                && cx.system_container()
                && !cx.oci()
                && cx.facts.find(|p| matches!(p, Predicate::IdMap(..))).is_some() =>
        {
            say(
                Support::Exclusive,
                88,
                "Root of the container is an ordinary high id on the host, and the directories above its root file system must let that id pass.",
            )
        }
        Call::Mount if perm && matches!(attempt.arg("fstype"), Some("proc" | "sysfs")) => say(
            Support::Exclusive,
            88,
            "The new proc or sysfs would show more than the one that is there, parts of which are masked (mount_too_revealing).",
        ),
        Call::Mount if perm && cx.facts.statement("proc-mount").is_some() => say(
            Support::Exclusive,
            85,
            "The new proc or sysfs would show more than the one that is there, parts of which are masked (mount_too_revealing).",
        ),
        Call::Mount if perm && unprivileged && attempt.arg("fstype") == Some("bind") => say(
            Support::Default,
            84,
            "Flags of a mount that came from outside of the user namespace (nosuid, nodev, noexec) are locked in it: a bind that is made read-only without naming them again gets EPERM.",
        ),
        // Such a container's root holds every capability, in its own namespace.
        Call::Mount if perm && cx.facts.has_component("sysbox") => {
            say(Support::Default, 84, "This kind of file system may not be mounted in a user namespace.")
        }
        Call::Mount if perm && unprivileged => {
            let network = attempt
                .arg("fstype")
                .is_some_and(|t| matches!(t, "nfs" | "nfs4" | "cifs" | "ext4" | "xfs" | "btrfs" | "vfat"));
            say(
                Support::Default,
                if network { 84 } else { 62 },
                "This kind of file system, or this mount, may not be made in a user namespace.",
            )
        }
        Call::Mount
            if perm
                && cx.system_container()
                && attempt.arg("fstype").is_some_and(|t| matches!(t, "nfs" | "nfs4" | "cifs")) =>
        {
            say(Support::Usual, 60, "Network file systems can't be mounted in an unprivileged container.")
        }
        Call::Mount if perm && cx.system_container() && !cx.facts.privileged() => say(
            Support::Usual,
            58,
            "Such containers are unprivileged by default: block devices, loop devices and kernel file systems may not be mounted from their user namespace.",
        ),
        // `userns_install` and its sisters ask for CAP_SYS_ADMIN in the namespace that owns the other one.
        Call::Setns if perm && (unprivileged || cx.remapped()) => say(
            Support::Default,
            84,
            "Joining a namespace asks for CAP_SYS_ADMIN in the user namespace that owns it, and this one is owned by another.",
        ),
        Call::Ptrace if perm && cx.facts.has_engine(Engine::Podman) && cx.contained() => say(
            Support::Default,
            66,
            "A capability of a rootless container counts only in its own user namespace; a process of the host lies outside it.",
        ),
        Call::Mknod if perm && unprivileged => say(
            Support::Default,
            82,
            "Device nodes can't be made in a user namespace, whatever capabilities are held in it.",
        ),
        Call::Bpf
        | Call::PerfEventOpen
        | Call::Module
        | Call::Kexec
        | Call::Settime
        | Call::Swap
        | Call::Reboot
        | Call::Syslog
        | Call::Ioperm
            if perm && unprivileged =>
        {
            say(
                Support::Default,
                78,
                "The kernel asks for the capability in the first user namespace; one held in a container's counts for nothing here.",
            )
        }
        Call::Setrlimit | Call::Sched | Call::Setpriority | Call::Mlock if perm && unprivileged => say(
            Support::Default,
            66,
            "The kernel asks for the capability in the first user namespace; one held in a container's counts for nothing here.",
        ),
        Call::SysctlWrite | Call::Write | Call::Open | Call::Create
            if !perm
                && cx.facts.has_engine(Engine::Incus)
                && !cx.oci()
                && !cx.facts.privileged()
                && ["kernel", "vm", "fs"].iter().any(|root| {
                    let name = attempt.object_name();
                    let name = name.strip_prefix("/proc/sys/").unwrap_or(name);
                    name.strip_prefix(root).is_some_and(|rest| rest.starts_with(['/', '.']))
                }) =>
        {
            say(
                Support::Default,
                78,
                "This setting belongs to the host as a whole, and root of an unprivileged container, which is the default, is not its owner.",
            )
        }
        Call::SysctlWrite | Call::Write
            if unprivileged
                && (attempt.object.kind == ObjectKind::Sysctl
                    || attempt.object_name().contains("oom_score_adj")) =>
        {
            say(Support::Default, 62, "This setting belongs to the first user namespace.")
        }
        Call::Setns if perm && unprivileged => {
            say(Support::Default, 66, "The namespace belongs to a user namespace outside.")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::Answer;

    #[test]
    fn ids_that_are_not_mapped() {
        assert_eq!(Fixture::new(Call::Chown, Errno::EINVAL).support(judge), Some(Support::Exclusive));
        let f = Fixture::new(Call::Chown, Errno::EINVAL).fact(Predicate::Statement("single-id-mapping"));
        assert_eq!(f.support(judge), Some(Support::Stated));
        assert_eq!(
            Fixture::new(Call::Open, Errno::EOVERFLOW).object("/x").support(judge),
            Some(Support::Exclusive)
        );
    }

    #[test]
    fn another_user_in_a_rootless_container() {
        let f = Fixture::new(Call::Mkdir, Errno::EACCES)
            .engine(Engine::Podman)
            .environment(Environment::Rootless)
            .knob(Knob::User("1000".into()))
            .volume("/home/u/api", "/api", &[])
            .object("/api/m");
        assert_eq!(f.support(judge), Some(Support::Configured));
    }

    #[test]
    fn the_boundary_of_a_namespace() {
        let f = Fixture::new(Call::Ptrace, Errno::EPERM)
            .engine(Engine::Podman)
            .environment(Environment::Rootless);
        assert_eq!(f.support(judge), Some(Support::Default));
        let f = Fixture::new(Call::Mount, Errno::EPERM).arg("fstype", "proc");
        assert_eq!(f.support(judge), Some(Support::Exclusive));
    }

    #[test]
    fn docker_makes_none() {
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/x").engine(Engine::Docker);
        assert!(matches!(f.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. })));
    }
}
