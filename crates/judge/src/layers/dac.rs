//! File mode, owner and group; and the ownership checks of signals and attributes.
//!
//! `generic_permission` and `acl_permission_check` compare the task's fsuid and groups with the
//! inode: EACCES. `setattr_prepare` and `inode_owner_or_capable` (chmod, utimes), `chown_ok`,
//! `kill_ok_by_cred` and the sticky bit in `may_delete` give EPERM. Root of the first user
//! namespace passes through CAP_DAC_OVERRIDE, except for execution without any x bit.

use crate::context::{
    Context, file_call, is_path, never_refuses, reads_public_file, under, unix_family, writes,
};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{
    Attempt, Change, Engine, Environment, FactId, Knob, ObjectKind, PathState, Phase, Predicate, Support,
    Verdict,
};
use whodenied_kernel::{Call, Capability, Errno, Layer};

const LAYER: Layer = Layer::Dac;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if never_refuses(attempt, LAYER) {
        return ruled_out(attempt);
    }
    // An address of the network has no mode.
    if attempt.call == Some(Call::Bind) && !is_path(attempt) && !unix_family(attempt) {
        return None;
    }
    // A node that is not there has no mode.
    if cx.stated_here(attempt, &["device-absent"]).is_some() {
        return None;
    }
    let denied = matches!(attempt.errno, Some(Errno::EACCES) | None) || attempt.errno_inferred;
    let ownership = attempt.errno == Some(Errno::EPERM);
    if !denied && !ownership {
        return None;
    }
    if let Some(said) = passes(attempt, cx) {
        return said.into();
    }
    let mut best = Best::new();
    if let Some(fact) = cx.stated_here(attempt, &["no-search-right"]) {
        let because =
            "The message names the directory that the process may not pass: its mode and list give it no x.";
        best.offer(steps(denies(attempt, LAYER, Support::Stated, 85, because).fact(fact.id), attempt));
    }
    if let Some(trial) =
        cx.works_as_root().filter(|_| file_call(attempt) || attempt.call == Some(Call::Connect))
    {
        best.offer(denies(attempt, LAYER, Support::Trial, 80, "It works as root, which passes file modes but neither labels nor profiles: the ids do not have the right.").trial(trial));
    }
    let chmod = |c: &Change| matches!(c, Change::Chmod(_));
    if let Some(trial) = cx.works(chmod) {
        best.offer(
            denies(
                attempt,
                LAYER,
                Support::Trial,
                85,
                "Changing the mode made it work, so the mode refused it.",
            )
            .trial(trial),
        );
    }
    // The mode bits give EACCES, so a listing explains no EPERM.
    if let Some(said) = listing(attempt, cx).filter(|_| denied) {
        best.offer(said);
    }
    let said = match attempt.errno {
        Some(Errno::EPERM) if !attempt.errno_inferred => ownership_acts(attempt, cx),
        _ => by_object(attempt, cx).or_else(|| ownership_acts(attempt, cx)),
    };
    if let Some(said) = said {
        let said = match unlikely(attempt, cx).filter(|_| denied) {
            Some(most) => said.at_most(most),
            None => said,
        };
        best.offer(steps(said, attempt));
    }
    best.done()
}

/// What speaks against the mode: the listing grants it, it was opened for all in vain, or the file is
/// one that everybody may read. A directory above may refuse all the same.
fn unlikely(attempt: &Attempt, cx: &Context<'_>) -> Option<(Support, u8)> {
    let wanted = if attempt.call == Some(Call::Exec) {
        1
    } else if writes(attempt) {
        2
    } else {
        4
    };
    if cx.same(|c| matches!(c, Change::Chmod(_))).is_some() {
        return Some((Support::Usual, 38));
    }
    if reads_public_file(attempt) || cx.runs_packaged(attempt) {
        return Some((Support::Usual, 30));
    }
    // Packages install the configuration of a daemon readable for it.
    let secret = ["key", "shadow", "private", "secret", "passw"];
    let name = attempt.object_name();
    if cx.confined(attempt).is_some_and(|(_, told)| told)
        && under(name, "/etc")
        && !writes(attempt)
        && !secret.iter().any(|s| name.contains(s))
    {
        return Some((Support::Fits, 20));
    }
    // A device node of the host may have another owner and mode where it is passed in.
    let passed = cx.contained() && under(attempt.object_name(), "/dev");
    let shown = !passed && cx.mode_grants(attempt, wanted);
    shown.then_some((Support::Usual, 46))
}

fn ruled_out(attempt: &Attempt) -> Option<Verdict> {
    let because = match attempt.call? {
        Call::Socketpair | Call::Socket => "No file is involved, so no mode or owner is asked.",
        Call::Kill | Call::Ptrace => "The check of ids gives EPERM here, not this error.",
        Call::Open | Call::Create | Call::Mkdir | Call::Connect | Call::Exec => {
            "File modes give EACCES here, not this error."
        }
        _ => return None,
    };
    allows(attempt, LAYER, because).into()
}

fn steps(said: Say, attempt: &Attempt) -> Say {
    let name = attempt.object_name();
    if name.starts_with('/') {
        said.step(format!("namei -l {}", whodenied_text::quote::shell(name))).step("id")
    } else {
        said.step("namei -l PATH").step("id")
    }
}

/// Root of the host's namespace with its capabilities passes file modes.
fn passes(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let file = file_call(attempt)
        || matches!(attempt.call, Some(Call::Connect | Call::Bind | Call::Inotify | Call::Mqueue));
    let foreign = cx.has(Environment::Nfs)
        || cx.has(Environment::RootSquash)
        || cx.has(Environment::Fuse)
        || cx.remapped()
        || cx.system_container();
    // The runtime has become the user of the container by then.
    let entered = attempt.call == Some(Call::Chdir) && attempt.phase == Phase::RuntimeSetup;
    // Who works below a home in a container runs as its user, whoever set the container up.
    let home = cx.contained() && under(attempt.object_name(), "/home") && attempt.subject.uid.is_none();
    if !file || foreign || entered || home || cx.has(Environment::Fakeroot) {
        return None;
    }
    if let Some(trial) = cx.same_as_root() {
        return Some(
            allows(attempt, LAYER, "It fails as root too, and root passes file modes.").trial(trial),
        );
    }
    let (root, fact) = cx.root(attempt)?;
    let lost = cx.contained() && cx.container_has(Capability::DAC_OVERRIDE).is_some_and(|(has, _)| !has);
    if !root || lost {
        return None;
    }
    if attempt.call == Some(Call::Exec) && attempt.errno == Some(Errno::EACCES) {
        return None;
    }
    Some(allows(attempt, LAYER, "The process is root and passes file modes.").facts(fact))
}

/// What a listing of the object, or of a directory above it, shows: the first that refuses.
fn listing(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let name = attempt.object_name();
    cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Path(s) if s.mode.is_some() && concerns(name, s) => listed(attempt, cx, f.id, s),
        _ => None,
    })
}

/// What one listed path says.
fn listed(attempt: &Attempt, cx: &Context<'_>, id: FactId, state: &PathState) -> Option<Say> {
    let mode = state.mode?;
    let (owner, group) = (state.owner.as_deref().unwrap_or("?"), state.group.as_deref().unwrap_or("?"));
    let unmapped = ["nobody", "nogroup", "65534"].contains(&owner);
    if unmapped && cx.contained() {
        return None;
    }
    let others = mode & 0o7;
    let wanted = if attempt.call == Some(Call::Exec) || state.kind == Some('d') && !writes(attempt) {
        0o1
    } else if writes(attempt) || matches!(state.kind, Some('c' | 'b' | 's')) {
        0o2
    } else {
        0o4
    };
    if attempt.call == Some(Call::Exec) && state.kind == Some('-') && mode & 0o111 == 0 {
        return Some(
            denies(
                attempt,
                LAYER,
                Support::Configured,
                95,
                format!("The file has no x bit at all (mode {:o}), so nobody may execute it.", mode & 0o7777),
            )
            .fact(id),
        );
    }
    let owns = cx.is_owner(attempt, owner) && (mode >> 6) & wanted == wanted;
    if others & wanted == wanted || owns {
        return None;
    }
    let shown = format!("{:o} {owner}:{group}", mode & 0o7777);
    let (support, weight) = match state.kind {
        // Behind a list the mode's bits of the group are its mask.
        _ if state.acl => (Support::Default, 60),
        // Root of a container passes the mode of a socket that it is given.
        Some('s')
            if cx.oci()
                && !cx.is_user(attempt)
                && !cx.remapped()
                && cx.selinux() >= crate::context::Presence::Likely =>
        {
            (Support::Default, 60)
        }
        Some('c' | 'b' | 's') => (Support::Configured, 90),
        _ if cx.is_user(attempt) => (Support::Configured, 85),
        _ => (Support::Default, 68),
    };
    Some(steps(denies(attempt, LAYER, support, weight, format!("The listing shows {shown}: only the owner and the group have the right, and this process is neither.")), attempt).fact(id).policy(format!("mode {shown}")))
}

/// The listing is of the object itself or of a directory above it.
fn concerns(name: &str, state: &PathState) -> bool {
    if name.is_empty() {
        return matches!(state.kind, Some('c' | 'b' | 's'));
    }
    let base = name.rsplit('/').next().unwrap_or(name);
    under(name, &state.path)
        || state.path == base
        || (state.path.starts_with('/') && state.path.ends_with(name))
}

/// EACCES by what was asked for.
fn by_object(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    let name = attempt.object_name();
    let user = cx.is_user(attempt);
    if matches!(
        attempt.call,
        Some(
            Call::Kill
                | Call::Ptrace
                | Call::Setuid
                | Call::Setgid
                | Call::Setgroups
                | Call::Chroot
                | Call::Mount
                | Call::Sysvipc
                | Call::Keyctl
        )
    ) {
        return match attempt.call {
            Some(Call::Mount)
                if cx.remapped() && ["/home", "/root", "/run/user"].iter().any(|d| under(name, d)) =>
            {
                say(
                    Support::Usual,
                    60,
                    "The way to the mount point is walked by mapped ids, which a home that is closed to others (mode 0700) does not let pass.",
                )
            }
            Some(Call::Sysvipc | Call::Keyctl) => {
                say(Support::Usual, 40, "The object's owner and mode do not grant it.")
            }
            _ => None,
        };
    }
    if !file_call(attempt)
        && !matches!(
            attempt.call,
            Some(Call::Connect | Call::Bind | Call::Inotify | Call::Mqueue | Call::Setns | Call::SysctlWrite)
        )
    {
        return None;
    }
    if attempt.call.is_none() && !is_path(attempt) && attempt.errno.is_none() {
        return None;
    }
    if attempt.call == Some(Call::Bind) && attempt.object.kind == ObjectKind::UnixSocketPath {
        return say(
            if user { Support::Default } else { Support::Usual },
            62,
            "Making the socket file needs write on its directory, which belongs to another user.",
        );
    }
    // The X server's socket is open to all by its mode.
    if under(name, "/tmp/.X11-unix") {
        return None;
    }
    if attempt.object.kind == ObjectKind::UnixSocketPath || name.ends_with(".sock") {
        let own = cx.facts.has_engine(Engine::OwnSandbox);
        let weight = if own {
            40
        } else if user || !cx.oci() {
            72
        } else {
            66
        };
        return say(
            if own { Support::Usual } else { Support::Default },
            weight,
            "Connecting needs write on the socket file, and the process is neither its owner nor, in its running session, in its group.",
        );
    }
    if attempt.call == Some(Call::Connect) {
        return None;
    }
    if attempt.object.kind == ObjectKind::Device || under(name, "/dev") && !under(name, "/dev/shm") {
        return say(
            Support::Default,
            72,
            "The device node belongs to root and a group that this process is not in; a group of the same name in the container may have another number.",
        );
    }
    if let Some(said) = volume_of_a_pod(attempt, cx) {
        return Some(said);
    }
    if under(name, "/proc/sys") || attempt.call == Some(Call::SysctlWrite) {
        return if cx.is_root(attempt) {
            None
        } else {
            say(Support::Usual, 50, "Sysctls are writable for root only.")
        };
    }
    if under(name, "/sys") || under(name, "/proc") {
        return say(
            Support::Usual,
            50,
            "Most of these kernel files are writable, and some readable, for root only.",
        );
    }
    if matches!(attempt.phase, Phase::Engine) && cx.rootless() {
        return say(
            Support::Usual,
            48,
            "The engine runs as an ordinary user and needs the right on the whole path.",
        );
    }
    if let Some((id, Knob::User(u))) = cx
        .facts
        .knob(|k| matches!(k, Knob::User(_)))
        .filter(|_| user && (is_path(attempt) || attempt.call.is_some()))
    {
        let weight = if cx.bind_over(name).is_some() { 74 } else { 64 };
        return Some(
            denies(
                attempt,
                LAYER,
                Support::Default,
                weight,
                format!("The configuration runs the program as {u}, and the path belongs to another user."),
            )
            .fact(id),
        );
    }
    if let Some((id, source, _)) = cx.bind_over(name).filter(|_| cx.oci()) {
        let weight = if source.starts_with(['/', '.', '~', '$']) { 60 } else { 52 };
        return Some(
            denies(
                attempt,
                LAYER,
                if user { Support::Default } else { Support::Usual },
                weight,
                "The volume belongs to a user of the host that is not the one the program runs as.",
            )
            .fact(id),
        );
    }
    if user {
        // Of a message that names nothing at all a mode is a guess.
        let named = is_path(attempt) || attempt.call.is_some();
        return say(
            if named { Support::Default } else { Support::Usual },
            56,
            "The process is not root, and the path is not writable or readable for its user and groups.",
        );
    }
    attempt.errno?;
    let weight = if is_path(attempt) { 50 } else { 40 };
    say(
        Support::Usual,
        weight,
        "The mode of the file, or of a directory above it, does not grant it to this user and its groups.",
    )
}

/// Volumes of Kubernetes: fsGroup is applied by kubelet for some volume types only.
fn volume_of_a_pod(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let squash = cx.has(Environment::Nfs) || cx.has(Environment::RootSquash);
    if let Some(id) = cx.environment(Environment::NoFsGroup).filter(|_| !squash) {
        return Some(denies(attempt, LAYER, Support::Default, 80, "The orchestrator does not adjust the owner of this kind of volume, whatever fsGroup says, so it stays root's.").fact(id));
    }
    let (id, _) = cx.facts.knob(|k| matches!(k, Knob::FsGroup(_)))?;
    (!squash && !cx.has(Environment::Cifs)).then(|| {
        denies(attempt, LAYER, Support::Default, 74, "The pod runs as an ordinary user, and the volume stays root's where the driver does not apply fsGroup.").fact(id)
    })
}

/// EPERM of the ownership checks.
fn ownership_acts(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let root = cx.is_root(attempt);
    if root && cx.container_has(Capability::FOWNER).is_none_or(|(has, _)| has) {
        return None;
    }
    let user: Option<FactId> = cx.root(attempt).and_then(|(_, id)| id);
    let say = |support, weight, because: &str| {
        Some(steps(denies(attempt, LAYER, support, weight, because).facts(user), attempt))
    };
    let known = cx.is_user(attempt);
    match attempt.call? {
        Call::Chmod | Call::Utime => say(
            if known { Support::Default } else { Support::Usual },
            58,
            "Only the owner of a file may change its mode and times.",
        ),
        // The daemon is root of the host.
        Call::Chown
            if (attempt.phase == Phase::Engine
                || attempt.object_name().starts_with("/var/lib/containers/storage/volumes/")
                || attempt.object_name().starts_with("/var/lib/docker/volumes/"))
                && !cx.rootless()
                && !cx.system_container()
                && !known =>
        {
            say(Support::Fits, 30, "Only root may give a file to another user.")
        }
        Call::Chown => say(
            if cx.is_stated_user(attempt) { Support::Default } else { Support::Usual },
            // Engines start a container as root, with the right to do so.
            if !cx.is_stated_user(attempt) && cx.oci() && !cx.kubernetes() { 45 } else { 52 },
            "Only root may give a file to another user.",
        ),
        Call::Kill => say(
            if known { Support::Default } else { Support::Usual },
            60,
            "A process may signal only processes of its own user.",
        ),
        Call::Unlink | Call::Rename => {
            say(Support::Usual, 50, "In a sticky directory only the owner may remove or rename a file.")
        }
        Call::Ptrace => say(Support::Fits, 40, "The target runs under another user, or is not dumpable."),
        Call::Link => say(Support::Fits, 30, "The file belongs to another user."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::Answer;

    fn supports(f: &Fixture) -> Option<Support> {
        f.support(judge)
    }

    fn allowed(f: &Fixture) -> bool {
        matches!(f.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. }))
    }

    #[test]
    fn root_passes_modes() {
        let f = || Fixture::new(Call::Open, Errno::EACCES).object("/data/x").engine(Engine::Docker);
        assert_eq!(supports(&f()), Some(Support::Usual));
        assert_eq!(supports(&f().user()), Some(Support::Default));
        assert!(allowed(&f().root()));
        assert!(allowed(&f().same(Change::AsRoot)));
        assert!(!allowed(&f().root().drop_all()));
        assert!(!allowed(&f().root().environment(Environment::Nfs)));
        assert!(!allowed(&f().root().environment(Environment::Rootless)));
    }

    #[test]
    fn what_speaks_against_the_mode() {
        let node = PathState {
            path: "/dev/vhost-net".into(),
            kind: Some('c'),
            mode: Some(0o644),
            owner: Some("root".into()),
            group: Some("root".into()),
            ..PathState::default()
        };
        // Modes give EACCES, so the listing explains no EPERM.
        assert_eq!(
            supports(&Fixture::new(Call::Open, Errno::EPERM).object("/dev/vhost-net").path(node)),
            None
        );
        let public = Fixture::new(Call::Open, Errno::EACCES).object("/etc/hosts.allow").user();
        assert_eq!(supports(&public), Some(Support::Usual));
        let tried = Fixture::new(Call::Open, Errno::EACCES).object("/data/x").user();
        assert_eq!(supports(&tried.same(Change::Chmod("777".into()))), Some(Support::Usual));
    }

    #[test]
    fn no_file_no_mode() {
        assert!(allowed(&Fixture::new(Call::Socketpair, Errno::EACCES)));
        assert!(allowed(&Fixture::new(Call::Kill, Errno::EACCES)));
    }

    #[test]
    fn listings() {
        let kvm = PathState {
            path: "/dev/kvm".into(),
            kind: Some('c'),
            mode: Some(0o660),
            owner: Some("root".into()),
            group: Some("root".into()),
            ..PathState::default()
        };
        let f = Fixture::new(Call::Open, Errno::EACCES).path(kvm);
        assert_eq!(supports(&f), Some(Support::Configured));
        let open = PathState {
            path: "/dev/net/tun".into(),
            kind: Some('c'),
            mode: Some(0o666),
            ..PathState::default()
        };
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/dev/net/tun").path(open);
        assert_eq!(supports(&f), Some(Support::Usual));
        assert_eq!(supports(&f.engine(Engine::Docker)), Some(Support::Default));
        let script =
            PathState { path: "/x.sh".into(), kind: Some('-'), mode: Some(0o644), ..PathState::default() };
        let f = Fixture::new(Call::Exec, Errno::EACCES).object("/x.sh").path(script);
        assert_eq!(supports(&f), Some(Support::Configured));
    }

    #[test]
    fn trials() {
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/x").works(Change::AsRoot);
        assert_eq!(supports(&f), Some(Support::Trial));
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/x").works(Change::Chmod("777".into()));
        assert_eq!(supports(&f), Some(Support::Trial));
    }
}
