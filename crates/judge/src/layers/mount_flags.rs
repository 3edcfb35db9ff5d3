//! noexec, nosuid and nodev.
//!
//! `path_noexec` (fs/exec.c) is asked by `do_open_execat`, which answers EACCES, and by `do_mmap`
//! (mm/mmap.c) for PROT_EXEC, which answers EPERM; a later mprotect to executable gets EACCES.
//! `may_open_dev` (fs/namei.c) answers EACCES for a device node on a nodev mount or one made in a user
//! namespace. `mnt_may_suid` (fs/namespace.c) says nothing: on a nosuid mount, or one of another user
//! namespace, setuid bits and file capabilities are passed over, and the program complains itself.
//! No capability overrides any of them.

use crate::context::{Context, Covering, under};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{Attempt, Engine, FactId, Knob, ObjectKind, Predicate, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::MountFlags;
/// Where distributions and administrators usually forbid execution.
const OFTEN_NOEXEC: &[&str] = &["/tmp", "/var/tmp", "/dev/shm", "/run", "/home", "/mnt", "/media"];

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    for said in [noexec(attempt, cx), nosuid(attempt, cx), nodev(attempt, cx)].into_iter().flatten() {
        best.offer(said);
    }
    best.done()
}

fn look(attempt: &Attempt) -> String {
    let name = attempt.object_name();
    if name.starts_with('/') {
        format!("findmnt -T {}", whodenied_text::quote::shell(name))
    } else {
        "findmnt -T PATH".to_owned()
    }
}

fn noexec(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let mapping = cx.stated_here(attempt, &["exec-map"]);
    let errno = match attempt.errno {
        Some(errno) => errno,
        None => return unsaid_mapping(attempt, cx),
    };
    let want = match attempt.call {
        Some(Call::Mmap) => Errno::EPERM,
        Some(Call::Exec | Call::Mprotect) => Errno::EACCES,
        None | Some(Call::Open | Call::Access) if listed_executable(attempt, cx) || script(attempt) => {
            Errno::EACCES
        }
        _ if mapping.is_some() => Errno::EPERM,
        _ => return None,
    };
    let name = attempt.object_name();
    // A listing may leave mounts out: that of the root alone says nothing of /tmp.
    let telling = |m: &Covering<'_>| m.has("noexec") || m.has("exec") || (m.listed && m.target != "/");
    if let Some(mount) = cx.mount_over(name).filter(telling) {
        if !mount.has("noexec") {
            let because = format!("The mount at {} is not noexec.", mount.target);
            return Some(allows(attempt, LAYER, because).fact(mount.fact));
        }
        let because = format!(
            "The file lies on {}, which is mounted noexec, so nothing there may be executed.",
            mount.target
        );
        let weight = if errno == want { 95 } else { 40 };
        // With the x bit out of the question, or in a mapping, nothing else is left to refuse it so.
        let printed = mount.listed && errno == want && !attempt.errno_inferred;
        let mapping = attempt.call == Some(Call::Mmap);
        let decides =
            printed && (mapping || (attempt.call == Some(Call::Exec) && listed_executable(attempt, cx)));
        let support = if decides { Support::State } else { Support::Configured };
        return Some(denies(attempt, LAYER, support, weight, because).fact(mount.fact).policy("noexec"));
    }
    if errno != want && !attempt.errno_inferred {
        return None;
    }
    if !name.starts_with('/')
        && let Some((id, target)) = only_noexec(cx)
    {
        let because =
            format!("{target} is mounted noexec, and a file there may not be executed whatever its mode.");
        return Some(
            denies(attempt, LAYER, Support::Configured, 75, because)
                .fact(id)
                .policy("noexec")
                .step("findmnt -T ."),
        );
    }
    // What is built in a container's tmpfs is named by its place below it.
    if attempt.call == Some(Call::Exec) && cx.oci() && !name.starts_with('/') && name.contains('/') {
        let tmpfs = cx.facts.knob(|k| {
            matches!(k, Knob::Tmpfs { target, options }
                if !["/tmp", "/run", "/var/run", "/dev/shm"].contains(&target.as_str())
                    && !options.iter().any(|o| o == "exec"))
        });
        if let Some((id, _)) = tmpfs {
            let because = "A container's tmpfs is mounted noexec unless asked otherwise, and the program may lie on the one that the configuration names.";
            return Some(
                denies(attempt, LAYER, Support::Usual, 62, because)
                    .fact(id)
                    .policy("noexec")
                    .step("findmnt -T ."),
            );
        }
    }
    // Its data disks are mounted noexec, and volumes of images lie there.
    if attempt.call == Some(Call::Exec) && cx.contained() && name.is_empty() && cx.facts.distro_in(&["cos"]) {
        let because = "This system mounts the disk that volumes lie on noexec; a shell or program on a volume of the image does not start.";
        return Some(
            denies(attempt, LAYER, Support::Usual, 54, because)
                .facts(cx.distro_fact())
                .policy("noexec")
                .step(look(attempt)),
        );
    }
    // The container's path is another on the host, and the data of the report lies on such a mount.
    if attempt.call == Some(Call::Exec)
        && cx.contained()
        && let Some((id, target)) = data_noexec(cx)
    {
        let because = format!(
            "{target} is mounted noexec on the host, and so is every directory of it that a container is given."
        );
        return Some(
            denies(attempt, LAYER, Support::Usual, 74, because).fact(id).policy("noexec").step(look(attempt)),
        );
    }
    let anonymous = attempt.call == Some(Call::Mmap) && mapping.is_none() && !mapped_file(attempt);
    if want == Errno::EPERM && !anonymous {
        let because = "Mapping a file executable gives EPERM on a noexec mount and hardly anywhere else; SELinux and AppArmor would say EACCES.";
        let facts = mapping.map(|f| f.id);
        return Some(
            denies(attempt, LAYER, Support::Exclusive, 90, because)
                .facts(facts)
                .policy("noexec")
                .step(look(attempt)),
        );
    }
    if let Some(mount) = cx.mount_over(name) {
        let because = format!(
            "A container's tmpfs is mounted noexec unless asked otherwise, and the file lies on {}.",
            mount.target
        );
        return Some(denies(attempt, LAYER, Support::Default, 80, because).fact(mount.fact).policy("noexec"));
    }
    if attempt.arg("via") == Some("interpreter") && attempt.call == Some(Call::Exec) {
        let because = "A script on a noexec mount is refused with EACCES, and the shell puts the blame on its interpreter.";
        return Some(
            denies(attempt, LAYER, Support::Usual, 72, because).policy("noexec").step("findmnt -T ."),
        );
    }
    if attempt.call == Some(Call::Exec) && OFTEN_NOEXEC.iter().any(|root| under(name, root)) {
        let because =
            "The file lies where mounts are often noexec, and execve then gives EACCES whatever the mode.";
        let temporary = OFTEN_NOEXEC.iter().take(3).any(|root| under(name, root));
        let (support, weight) = match (temporary, listed_executable(attempt, cx)) {
            // The x bit is out of the question.
            (_, true) => (Support::Usual, 62),
            (true, false) => (Support::Usual, 55),
            (false, false) => (Support::Fits, 30),
        };
        return Some(denies(attempt, LAYER, support, weight, because).policy("noexec").step(look(attempt)));
    }
    if attempt.call == Some(Call::Exec) {
        let because = "execve gives EACCES on a noexec mount, whatever the mode.";
        return Some(denies(attempt, LAYER, Support::Fits, 15, because).policy("noexec").step(look(attempt)));
    }
    None
}

/// The loader could not map a library and does not say why: of a file where mounts are often noexec,
/// or on a mount listed so, that is the reason.
fn unsaid_mapping(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let maps = attempt.call == Some(Call::Mmap) || cx.stated_here(attempt, &["exec-map"]).is_some();
    let name = attempt.object_name();
    if !maps || !mapped_file(attempt) || !name.starts_with('/') {
        return None;
    }
    let because =
        "The library lies where mounts are often noexec, and a file there can't be mapped executable.";
    let listed = cx.mount_over(name).filter(|m| m.listed && m.target.len() > 1);
    let (support, weight) = match listed {
        Some(mount) if mount.has("noexec") => (Support::Configured, 88),
        Some(_) => return None,
        None if OFTEN_NOEXEC.iter().any(|root| under(name, root)) => (Support::Usual, 66),
        None => return None,
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(listed.map(|m| m.fact))
            .policy("noexec")
            .step(look(attempt)),
    )
}

/// A listed noexec mount of a disk that holds data.
fn data_noexec<'a>(cx: &Context<'a>) -> Option<(FactId, &'a str)> {
    const DISKS: [&str; 12] =
        ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk"];
    cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Mount { target, fstype: Some(fstype), options }
            if options.iter().any(|o| o == "noexec")
                && DISKS.contains(&fstype.as_str())
                && !["/boot", "/proc", "/sys", "/dev", "/run"].iter().any(|root| under(target, root)) =>
        {
            Some((f.id, target.as_str()))
        }
        _ => None,
    })
}

/// A script by its ending: what was wanted of it may be that it runs.
fn script(attempt: &Attempt) -> bool {
    attempt.errno == Some(Errno::EACCES)
        && attempt
            .object_name()
            .rsplit_once('.')
            .is_some_and(|(_, ending)| matches!(ending, "sh" | "bash" | "run" | "bin" | "AppImage" | "exe"))
}

/// A program by its listing, whatever words its refusal was put in.
fn listed_executable(attempt: &Attempt, cx: &Context<'_>) -> bool {
    cx.facts
        .path(attempt.object_name())
        .any(|(_, p)| p.kind != Some('d') && p.mode.is_some_and(|m| m & 0o555 == 0o555))
}

/// A listed noexec mount of ordinary files, for an object whose directory is not told.
fn only_noexec<'a>(cx: &Context<'a>) -> Option<(FactId, &'a str)> {
    cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Mount { target, options, .. }
            if options.iter().any(|o| o == "noexec")
                && !["/proc", "/sys", "/dev", "/run"].iter().any(|root| under(target, root)) =>
        {
            Some((f.id, target.as_str()))
        }
        _ => None,
    })
}

/// The mapping is of a file by name.
fn mapped_file(attempt: &Attempt) -> bool {
    let name = attempt.object_name();
    name.starts_with('/') || name.ends_with(".so") || name.contains(".so.")
}

/// A program with capabilities of its own, or a setuid one, that a listing shows on a nosuid mount.
fn privileged_file<'a>(cx: &Context<'a>) -> Option<(FactId, Covering<'a>)> {
    cx.facts.all.iter().find_map(|f| {
        let Predicate::Path(state) = &f.what else { return None };
        let privileged = state.capabilities.is_some()
            || state.kind != Some('d') && state.mode.is_some_and(|m| m & 0o6000 != 0 && m & 0o111 != 0);
        let mount = cx.mount_over(&state.path).filter(|m| m.listed && m.has("nosuid"))?;
        privileged.then_some((f.id, mount))
    })
}

fn nosuid(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let refused = matches!(attempt.errno, Some(Errno::EPERM | Errno::EACCES) | None);
    if let Some((id, mount)) = privileged_file(cx).filter(|_| refused) {
        let because = format!(
            "The program's setuid bit or file capabilities count for nothing: it lies on {}, which is mounted nosuid.",
            mount.target
        );
        let stated = cx.stated(&["suid-no-effect"]).is_some();
        let (support, weight) = if stated { (Support::Stated, 92) } else { (Support::Configured, 88) };
        return Some(
            denies(attempt, LAYER, support, weight, because).fact(id).fact(mount.fact).policy("nosuid"),
        );
    }
    let stated = cx.stated_here(attempt, &["suid-no-effect"])?;
    let name = attempt.object_name();
    // A listed mount below a usual directory of programs counts also where the program has no path.
    let covering = cx.mount_over(if name.starts_with('/') { name } else { "/usr/bin/x" });
    if let Some(mount) = covering.filter(|m| m.listed) {
        if mount.has("nosuid") {
            let because = format!(
                "{} is mounted nosuid, so the kernel passes over setuid bits there without an error.",
                mount.target
            );
            return Some(
                denies(attempt, LAYER, Support::Stated, 90, because)
                    .fact(stated.id)
                    .fact(mount.fact)
                    .policy("nosuid"),
            );
        }
        return Some(
            allows(attempt, LAYER, format!("The mount at {} is not nosuid.", mount.target)).fact(mount.fact),
        );
    }
    let because = "On a nosuid mount the kernel passes over setuid bits without an error, as it does under no_new_privs.";
    // Without an engine around, nothing sets no_new_privs by default.
    let engines = cx.facts.engines().any(|e| e != Engine::HostProcess);
    let weight = if engines || cx.contained() { 45 } else { 58 };
    Some(
        denies(attempt, LAYER, Support::Usual, weight, because)
            .fact(stated.id)
            .policy("nosuid")
            .step("findmnt -no OPTIONS -T /usr/bin/sudo")
            .step("grep NoNewPrivs /proc/self/status"),
    )
}

fn nodev(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let name = attempt.object_name();
    let device =
        attempt.object.kind == ObjectKind::Device || name.starts_with("/dev/") || public_node(name).is_some();
    if !device || attempt.errno != Some(Errno::EACCES) {
        return None;
    }
    if !matches!(attempt.call, None | Some(Call::Open | Call::Create | Call::Read | Call::Write)) {
        return None;
    }
    let covering = cx.mount_over(name).filter(|m| m.listed || m.has("nodev") || m.has("dev"));
    let Some(mount) = covering else { return unlisted_nodev(attempt, cx) };
    if !mount.has("nodev") {
        return Some(
            allows(attempt, LAYER, format!("The mount at {} is not nodev.", mount.target)).fact(mount.fact),
        );
    }
    // /dev/shm and the like are nodev, and what lies there is no device.
    if ["/dev/shm", "/dev/mqueue", "/dev/hugepages"].iter().any(|root| under(name, root)) {
        return None;
    }
    let because = format!(
        "{} is mounted nodev, so device nodes there can't be opened, whatever their mode.",
        mount.target
    );
    Some(denies(attempt, LAYER, Support::Configured, 92, because).fact(mount.fact).policy("nodev"))
}

/// The nodes that everybody may use, by the end of their path.
fn public_node(name: &str) -> Option<&str> {
    const NODES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
    let (directory, node) = name.rsplit_once('/')?;
    ((directory == "dev" || directory.ends_with("/dev")) && NODES.contains(&node)).then_some(directory)
}

/// A node whose mode lets everybody in is refused: its file system takes no devices.
fn unlisted_nodev(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let name = attempt.object_name();
    let because = "The node's mode lets everybody in, so what refuses it is a mount without devices (nodev), as FUSE mounts, user's disks and those of a user namespace are.";
    // A copy of /dev in another place: a chroot, an unpacked image, a bound tree.
    let copy = public_node(name).is_some_and(|d| d != "/dev");
    let shown = !cx.contained() && cx.mode_grants(attempt, 0o6);
    // The device filter answers EPERM, and root passes modes.
    let root = cx.is_root(attempt) && !cx.contained() && public_node(name).is_some();
    let told = cx
        .facts
        .find(|p| matches!(p, Predicate::Mount { options, .. } if options.iter().any(|o| o == "nodev")));
    let (support, weight) = match (copy, shown) {
        (true, _) => (Support::Default, 80),
        (_, true) => (Support::Default, 72),
        _ if root || told.is_some() && public_node(name).is_some() => (Support::Default, 74),
        _ => return None,
    };
    Some(denies(attempt, LAYER, support, weight, because).policy("nodev").step(look(attempt)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, denied, knob, mount};
    use whodenied_case::{Knob, PathState};

    #[test]
    fn devices_that_everybody_may_open() {
        // A copy of /dev in a chroot, an unpacked image or a bound tree.
        for name in ["/srv/chroot/dev/null", "root/dev/zero", "/mnt/target/dev/urandom"] {
            let open = attempt(Call::Open, Errno::EACCES, name);
            assert_eq!(denied(judge, &open, &[]), Some(Support::Default), "{name}");
        }
        let null = attempt(Call::Open, Errno::EACCES, "/dev/null");
        assert_eq!(denied(judge, &null, &[]), None);
        let listed = Predicate::Path(PathState {
            path: "null".to_owned(),
            kind: Some('c'),
            mode: Some(0o666),
            ..PathState::default()
        });
        assert_eq!(denied(judge, &null, &[listed]), Some(Support::Default));
        let eperm = attempt(Call::Open, Errno::EPERM, "/srv/chroot/dev/null");
        assert_eq!(denied(judge, &eperm, &[]), None);
    }

    #[test]
    fn capabilities_of_a_file_on_a_nosuid_mount() {
        let file = Predicate::Path(PathState {
            path: "/home/ann/bin/x".to_owned(),
            capabilities: Some("cap_net_raw+ep".to_owned()),
            ..PathState::default()
        });
        let raw = attempt(Call::Socket, Errno::EPERM, "");
        let home = mount("/home", "ext4", "rw,nosuid,nodev");
        assert_eq!(denied(judge, &raw, &[file.clone(), home]), Some(Support::Configured));
        assert_eq!(denied(judge, &raw, &[file, mount("/home", "ext4", "rw,nodev")]), None);
    }

    #[test]
    fn a_library_that_is_not_mapped() {
        let mut map = attempt(Call::Mmap, Errno::EPERM, "/tmp/jna123/jna.so");
        map.errno = None;
        assert_eq!(denied(judge, &map, &[]), Some(Support::Usual));
        assert_eq!(denied(judge, &map, &[mount("/tmp", "tmpfs", "rw,noexec")]), Some(Support::Configured));
        assert_eq!(denied(judge, &map, &[mount("/tmp", "tmpfs", "rw")]), None);
        map.object.name = Some("/usr/lib/libx.so".to_owned());
        assert_eq!(denied(judge, &map, &[]), None);
    }

    #[test]
    fn noexec() {
        let exec = attempt(Call::Exec, Errno::EACCES, "/tmp/x");
        assert_eq!(denied(judge, &exec, &[mount("/tmp", "tmpfs", "rw,noexec")]), Some(Support::Configured));
        assert!(allowed(judge, &exec, &[mount("/tmp", "tmpfs", "rw,nosuid")]));
        assert_eq!(denied(judge, &exec, &[]), Some(Support::Usual));
        let tmpfs = |options: &[&str]| {
            knob(Knob::Tmpfs {
                target: "/tmp".to_owned(),
                options: options.iter().map(|o| (*o).to_owned()).collect(),
            })
        };
        assert_eq!(denied(judge, &exec, &[tmpfs(&[])]), Some(Support::Default));
        assert!(allowed(judge, &exec, &[tmpfs(&["exec"])]));
        let listed = Predicate::Path(PathState {
            path: "/tmp/x".to_owned(),
            mode: Some(0o755),
            ..PathState::default()
        });
        assert_eq!(
            denied(judge, &exec, &[mount("/tmp", "tmpfs", "rw,noexec"), listed]),
            Some(Support::State)
        );
        let relative = attempt(Call::Exec, Errno::EACCES, "./install.sh");
        assert_eq!(
            denied(judge, &relative, &[mount("/tmp", "tmpfs", "rw,noexec")]),
            Some(Support::Configured)
        );
        assert_ne!(
            denied(judge, &relative, &[mount("/proc", "proc", "rw,noexec")]),
            Some(Support::Configured)
        );
        let access = attempt(Call::Access, Errno::EACCES, "/scripts/init.sh");
        assert_eq!(
            denied(judge, &access, &[mount("/scripts", "tmpfs", "rw,noexec")]),
            Some(Support::Configured)
        );
        assert_eq!(denied(judge, &access, &[]), None);
        let mut script = attempt(Call::Exec, Errno::EACCES, "./run");
        script.args.push(("via".to_owned(), "interpreter".to_owned()));
        assert_eq!(denied(judge, &script, &[]), Some(Support::Usual));
        assert_eq!(
            denied(judge, &script, &[mount("/media/usb", "ext4", "rw,noexec")]),
            Some(Support::Configured)
        );
        let library = attempt(Call::Mmap, Errno::EPERM, "/tmp/libx.so");
        assert_eq!(denied(judge, &library, &[]), Some(Support::Exclusive));
        assert_eq!(denied(judge, &attempt(Call::Mmap, Errno::EACCES, "/tmp/libx.so"), &[]), None);
        assert_eq!(denied(judge, &attempt(Call::Mmap, Errno::EPERM, ""), &[]), None);
    }

    #[test]
    fn nosuid() {
        let mut sudo = attempt(Call::Exec, Errno::EPERM, "/usr/bin/sudo");
        sudo.errno = None;
        let stated = Predicate::Statement("suid-no-effect");
        assert_eq!(
            denied(judge, &sudo, &[stated.clone(), mount("/usr/bin", "overlay", "rw,nosuid,nodev")]),
            Some(Support::Stated)
        );
        assert!(allowed(judge, &sudo, &[stated.clone(), mount("/", "overlay", "rw")]));
        assert_eq!(denied(judge, &sudo, &[stated]), Some(Support::Usual));
        assert_eq!(denied(judge, &sudo, &[]), None);
    }

    #[test]
    fn nodev() {
        let open = attempt(Call::Open, Errno::EACCES, "/dev/fuse");
        assert_eq!(denied(judge, &open, &[mount("/dev", "tmpfs", "rw,nodev")]), Some(Support::Configured));
        assert_eq!(denied(judge, &open, &[]), None);
    }
}
