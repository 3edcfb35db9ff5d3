//! Mounts that keep others out: FUSE without allow_other, servers that know nothing of a user
//! namespace or make nobody of root.
//!
//! `fuse_allow_current_process` (fs/fuse/dir.c): EACCES to everybody but the user who mounted it.

use super::{LAYER, look};
use crate::context::{Context, under};
use crate::say::{Say, denies};
use whodenied_case::{Attempt, Change, Engine, Environment, Phase, Support};
use whodenied_kernel::{Call, Errno};

/// A directory lists an entry and its state can't be had: what is mounted there keeps others out.
pub(super) fn refuses_state(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let asked = matches!(
        attempt.call,
        None | Some(Call::Stat | Call::Access | Call::Open | Call::Readdir | Call::Chdir)
    );
    let fact = cx.facts.statement("stat-refused").filter(|_| asked && errno == Errno::EACCES)?;
    let because = "The name is there, but not even the state of what is mounted on it may be asked (ls shows question marks). A FUSE file system does that to everybody but the user who mounted it, root included, unless mounted with allow_other.";
    Some(
        denies(attempt, LAYER, Support::Configured, 78, because)
            .fact(fact.id)
            .policy("FUSE without allow_other")
            .step(look(attempt)),
    )
}

/// A user's FUSE mount, which lets nobody else in: whoever mounted it passes, owner and mode count for
/// nothing.
pub(super) fn closed_to_others(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let id = cx.environment(Environment::Fuse).filter(|_| errno == Errno::EACCES)?;
    let passes = cx.works_as_root()?;
    let vain = |c: &Change| {
        matches!(c, Change::Chmod(_)) || matches!(c, Change::Other(text) if text.contains("chown"))
    };
    let weight = if cx.same(vain).is_some() { 86 } else { 82 };
    let because = "The file system is served through FUSE and was mounted by root: without allow_other the kernel lets only the user who mounted it in, whatever owner and mode say.";
    Some(
        denies(attempt, LAYER, Support::Trial, weight, because)
            .fact(id)
            .trial(passes)
            .policy("FUSE without allow_other")
            .step(look(attempt)),
    )
}

/// An engine without root unpacks a layer into storage of its own, as root of its user namespace: only
/// a file system that knows nothing of the namespace refuses the other ids.
pub(super) fn own_storage(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let unpacks = attempt.arg("step") == Some("apply-layer") && cx.rootless() && errno == Errno::EACCES;
    let because = "The layer's files get ids of the user namespace, and storage in a home on NFS or another network file system refuses those: its server knows of no namespace.";
    unpacks.then(|| {
        denies(attempt, LAYER, Support::Usual, 60, because).step("findmnt -T ~/.local/share/containers")
    })
}

/// The daemon, root of the host, is refused the state of a directory that it was asked to mount.
pub(super) fn daemon_kept_out(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let asked = matches!(attempt.call, Some(Call::Stat | Call::Mkdir | Call::Access));
    let daemon = attempt.phase == Phase::Engine
        && cx.facts.has_engine(Engine::Docker)
        && !cx.rootless()
        && !cx.facts.has_engine(Engine::DockerSnap);
    let place =
        ["/home", "/mnt", "/media", "/srv", "/data", "/opt"].iter().any(|p| under(attempt.object_name(), p));
    if !asked || !daemon || !place || errno != Errno::EACCES {
        return None;
    }
    let because = "The daemon is root and is not let in: a user's FUSE mount (without allow_other), or NFS that squashes root.";
    Some(denies(attempt, LAYER, Support::Default, 74, because).step(look(attempt)))
}

/// Where an engine that is root keeps its volumes, which nothing else changes.
fn engine_storage(name: &str) -> bool {
    ["/var/lib/docker/volumes", "/var/lib/containers/storage/volumes"].iter().any(|root| under(name, root))
}

/// The daemon, root of the host, may not give a volume to another user.
pub(super) fn owner_kept(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let name = attempt.object_name();
    let volume = ["/volumes/", "docker-volumes", "/mnt/", "/nfs", "/data/"].iter().any(|p| name.contains(p));
    let daemon =
        (attempt.phase == Phase::Engine || engine_storage(name)) && !cx.rootless() && !cx.system_container();
    if attempt.call != Some(Call::Chown) || errno != Errno::EPERM || !daemon || !volume {
        return None;
    }
    let because = "The engine is root and changes the owner of a new volume; only the file system can refuse that: a server that squashes root, or one without owners.";
    Some(denies(attempt, LAYER, Support::Default, 76, because).step(look(attempt)))
}

/// File systems that a program serves at a fixed place, and that take no new entries.
pub(super) fn served(attempt: &Attempt, errno: Errno) -> Option<Say> {
    const PLACES: &[&str] = &["/var/lib/lxcfs", "/etc/pve"];
    let name = attempt.object_name();
    let makes = matches!(
        attempt.call,
        Some(Call::Mkdir | Call::Create | Call::Mknod | Call::Symlink | Call::Link | Call::Rename)
    );
    let place = PLACES.iter().find(|p| under(name, p))?;
    (makes && matches!(errno, Errno::EPERM | Errno::EACCES | Errno::EIO)).then(|| {
        let because = format!(
            "A program serves {place} through FUSE and decides what may be made there; nothing else can."
        );
        denies(attempt, LAYER, Support::Default, 80, because).policy("FUSE").step(look(attempt))
    })
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use super::*;
    use crate::testing::{attempt, denied};
    use whodenied_case::Predicate;

    fn env(e: Environment) -> Predicate {
        Predicate::Environment(e)
    }

    #[test]
    fn served_places_and_volumes_of_the_engine() {
        assert_eq!(
            denied(judge, &attempt(Call::Mkdir, Errno::EPERM, "/etc/pve/x"), &[]),
            Some(Support::Default)
        );
        let docker = [Predicate::Engine(Engine::Docker)];
        let own = attempt(Call::Chown, Errno::EPERM, "/var/lib/docker/volumes/nfs/_data");
        assert_eq!(denied(judge, &own, &docker), Some(Support::Default));
        assert_eq!(denied(judge, &own, &[docker[0].clone(), env(Environment::Rootless)]), None);
    }

    #[test]
    fn the_daemon_is_root_and_is_kept_out() {
        let docker = [Predicate::Engine(Engine::Docker)];
        let mut stat = attempt(Call::Stat, Errno::EACCES, "/home/ann/bucket");
        assert_eq!(denied(judge, &stat, &docker), None);
        stat.phase = Phase::Engine;
        assert_eq!(denied(judge, &stat, &docker), Some(Support::Default));
        assert_eq!(denied(judge, &stat, &[docker[0].clone(), env(Environment::Rootless)]), None);
    }
}
