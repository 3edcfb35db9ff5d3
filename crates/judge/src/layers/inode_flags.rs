//! Immutable and append-only inode flags.
//!
//! `IS_IMMUTABLE` and `IS_APPEND` are asked by `inode_permission`, `may_delete`, `may_open`
//! (fs/namei.c), `may_setattr` (fs/attr.c) and the file systems, always with EPERM and also to root.
//! An immutable file can't be written, removed, renamed, linked or changed in mode, owner or times;
//! an immutable directory takes no new entries and loses none; append-only allows appending.
//! Only CAP_LINUX_IMMUTABLE changes the flags (`chattr`), which is the capability's own matter.

use crate::context::{Context, file_call, is_path, under, writes};
use crate::say::{allows, denies};
use whodenied_case::{Attempt, Environment, FactId, ObjectKind, PathState, Predicate, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::InodeFlags;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let variables = under(attempt.object_name(), "/sys/firmware/efi/efivars");
    if !file_call(attempt) || !is_path(attempt) || kernel_path(attempt) && !variables {
        return None;
    }
    if attempt.errno.is_some_and(|e| e != Errno::EPERM && !(attempt.errno_inferred && e == Errno::EACCES)) {
        return None;
    }
    let name = attempt.object_name();
    let look = format!("lsattr -d {}", whodenied_text::quote::shell(name));
    if let Some((id, path, flags)) = flagged(attempt, cx) {
        let which = if flags.contains('i') { "immutable" } else { "append-only" };
        let because = format!("{path} has the {which} flag, which refuses this to everybody, root included.");
        // The flag on the very object decides alone, whatever else is not known.
        let decides = path == name && which == "immutable" && !attempt.errno_inferred && writes(attempt);
        let support = if decides { Support::State } else { Support::Configured };
        return denies(attempt, LAYER, support, 95, because).fact(id).policy(format!("{which} flag")).into();
    }
    // `efivarfs_create`: all but a few well-known variables are immutable when the file system is mounted.
    if under(name, "/sys/firmware/efi/efivars") && attempt.errno == Some(Errno::EPERM) && writes(attempt) {
        let because = "The file system of EFI variables marks nearly all of its files immutable, so that nobody removes by accident what the firmware needs to start.";
        return denies(attempt, LAYER, Support::Exclusive, 86, because).step(look).into();
    }
    let listed = cx.facts.path(name).find(|(_, p)| p.flags.is_some());
    if let Some((id, _)) = listed {
        return allows(attempt, LAYER, "lsattr shows neither the immutable nor the append-only flag.")
            .fact(id)
            .into();
    }
    let changes = writes(attempt) || matches!(attempt.call, Some(Call::Open));
    if !changes || attempt.errno != Some(Errno::EPERM) || attempt.object.kind == ObjectKind::Device {
        return None;
    }
    let foreign = [
        Environment::Nfs,
        Environment::Cifs,
        Environment::Fuse,
        Environment::ForeignFs,
        Environment::RootSquash,
    ]
    .into_iter()
    .any(|e| cx.has(e));
    if foreign {
        return None;
    }
    let opening = matches!(attempt.call, Some(Call::Open | Call::Write | Call::Truncate | Call::Create));
    let because = if opening {
        "Opening a regular file for writing gives EPERM only where it is immutable or append-only; a mode would say EACCES."
    } else {
        "On a local file system this gives EPERM, to root too, where the file or its directory is immutable or append-only."
    };
    let parent = name.rsplit_once('/').map_or("", |(p, _)| p);
    // Where sticky directories are the rule, theirs is the usual reason not to remove.
    let removing = matches!(attempt.call, Some(Call::Unlink | Call::Rename))
        && !["/tmp", "/var/tmp", "/dev/shm"].contains(&parent);
    let (support, weight) = match (opening, cx.is_root(attempt), cx.contained()) {
        (true, ..) if engines_own(name) => (Support::Default, 80),
        (false, _, false) if removing && !cx.is_user(attempt) => (Support::Usual, 75),
        (true, true, false) => (Support::Usual, 80),
        // A file of an image, in a container whose filter may not know openat2.
        (true, _, true) if !cx.kubernetes() && cx.bind_over(name).is_none() && !cx.remapped() => {
            (Support::Prior, 30)
        }
        (true, _, _) => (Support::Usual, 50),
        (false, true, false) => (Support::Usual, 55),
        (false, true, true) => (Support::Fits, 30),
        _ => (Support::Fits, 15),
    };
    denies(attempt, LAYER, support, weight, because).step(look).into()
}

/// A file that an engine keeps for itself, which it writes as root of the host.
fn engines_own(name: &str) -> bool {
    const PLACES: [&str; 6] = [
        "/var/lib/docker",
        "/var/lib/containers",
        "/var/lib/containerd",
        "/var/lib/kubelet",
        "/var/lib/rancher",
        "/var/lib/cni",
    ];
    PLACES.iter().any(|place| under(name, place) && name.len() > place.len())
}

fn kernel_path(attempt: &Attempt) -> bool {
    let name = attempt.object_name();
    ["/proc", "/sys", "/dev"].iter().any(|root| under(name, root))
}

/// The listing of the object, of its directory or, for a recursive change, of something below it, that
/// shows a flag which refuses this call.
fn flagged<'a>(attempt: &Attempt, cx: &Context<'a>) -> Option<(FactId, &'a str, &'a str)> {
    let name = attempt.object_name();
    let parent = name.rsplit_once('/').map_or("", |(p, _)| p);
    let entry = matches!(
        attempt.call,
        None | Some(
            Call::Unlink
                | Call::Rename
                | Call::Create
                | Call::Mkdir
                | Call::Link
                | Call::Symlink
                | Call::Mknod
                | Call::Open
        )
    );
    cx.facts.all.iter().find_map(|f| {
        let Predicate::Path(PathState { path, flags: Some(flags), .. }) = &f.what else { return None };
        let set = flags.contains('i') || (flags.contains('a') && attempt.call != Some(Call::Read));
        let hit = path == name
            || (!path.starts_with('/')
                && name.ends_with(path.as_str())
                && name.trim_end_matches(path.as_str()).ends_with('/'))
            || (entry && !parent.is_empty() && path == parent)
            || (under(path, name) && name.len() > 1)
            || name.is_empty();
        (set && hit).then_some((f.id, path.as_str(), flags.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, denied};

    fn flags(path: &str, flags: &str) -> Predicate {
        Predicate::Path(PathState {
            path: path.to_owned(),
            flags: Some(flags.to_owned()),
            ..PathState::default()
        })
    }

    #[test]
    fn flags_in_a_listing() {
        let unlink = attempt(Call::Unlink, Errno::EPERM, "/srv/data/a");
        assert_eq!(denied(judge, &unlink, &[flags("/srv/data/a", "----i----------")]), Some(Support::State));
        assert_eq!(
            denied(judge, &unlink, &[flags("/srv/data", "-----a-e-------")]),
            Some(Support::Configured)
        );
        assert!(allowed(judge, &unlink, &[flags("/srv/data/a", "--------------e----")]));
        assert_eq!(
            denied(judge, &attempt(Call::Unlink, Errno::EACCES, "/srv/data/a"), &[flags("/srv/data/a", "i")]),
            None
        );
        // A recursive removal stops at a flagged entry below.
        assert_eq!(
            denied(judge, &attempt(Call::Unlink, Errno::EPERM, "/srv"), &[flags("/srv/data", "i")]),
            Some(Support::Configured)
        );
    }

    #[test]
    fn without_a_listing() {
        let root = Predicate::Environment(Environment::RunsAsRoot);
        let open = attempt(Call::Write, Errno::EPERM, "/etc/hosts");
        assert_eq!(denied(judge, &open, std::slice::from_ref(&root)), Some(Support::Usual));
        assert_eq!(denied(judge, &attempt(Call::Chown, Errno::EPERM, "/x"), &[]), Some(Support::Fits));
        assert_eq!(denied(judge, &attempt(Call::Unlink, Errno::EPERM, "/srv/x"), &[]), Some(Support::Usual));
        assert_eq!(denied(judge, &attempt(Call::Unlink, Errno::EPERM, "/tmp/x"), &[]), Some(Support::Fits));
        assert_eq!(
            denied(
                judge,
                &attempt(Call::Chown, Errno::EPERM, "/x"),
                &[root, Predicate::Environment(Environment::Nfs)]
            ),
            None
        );
        assert_eq!(denied(judge, &attempt(Call::Write, Errno::EPERM, "/proc/sys/x"), &[]), None);
    }
}
