//! The file system itself.
//!
//! Network and foreign file systems answer from beyond the permission checks of the VFS. An NFS server
//! with root_squash treats uid 0 as nobody: chown and chmod EPERM, the rest EACCES; with sec=krb5 a
//! process without a ticket is nobody as well. `cifs_setattr`, `fat_setattr` and their like have fixed
//! owners and modes: EPERM. `fuse_allow_current_process` (fs/fuse/dir.c) keeps other users out,
//! root too, unless mounted allow_other: EACCES; a FUSE server may answer anything, EIO included. A
//! file system without links, nodes or symbolic links gives EPERM for them (`vfs_symlink`,
//! `vfs_mknod`). An overlay's upper directory may not lie on an overlay: EINVAL.

mod kept_out;

use crate::context::{Context, file_call, is_path, under};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{Attempt, Environment, FactId, Predicate, Support, Verdict};
use whodenied_kernel::{Call, Capability, Errno, Layer};

const LAYER: Layer = Layer::Filesystem;

/// The file systems that answer for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nfs,
    Cifs,
    Fuse,
    Foreign,
}

impl Kind {
    fn of(fstype: &str) -> Option<Self> {
        Some(match fstype {
            "nfs" | "nfs4" | "nfs3" => Self::Nfs,
            "cifs" | "smb" | "smb3" | "smbfs" => Self::Cifs,
            "vfat" | "msdos" | "exfat" | "ntfs" | "ntfs3" | "9p" | "drvfs" | "virtiofs" | "vboxsf"
            | "hgfs" | "ceph" | "glusterfs" | "iso9660" | "hfsplus" | "afs" | "beegfs" | "lustre" => {
                Self::Foreign
            }
            t if t == "fuse" || t == "fuseblk" || t.starts_with("fuse.") => Self::Fuse,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nfs => "NFS",
            Self::Cifs => "SMB",
            Self::Fuse => "a FUSE file system",
            Self::Foreign => "a file system without Unix owners",
        }
    }
}

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let mut best = Best::new();
    for said in stated(attempt, cx) {
        best.offer(said);
    }
    if attempt.call == Some(Call::Mount) {
        best_offer(&mut best, mounting(attempt, cx));
        return best.done();
    }
    let about_files = file_call(attempt) && (is_path(attempt) || attempt.call.is_some());
    if !about_files || kernel_file(attempt) {
        return best.done();
    }
    let Some(errno) = attempt.errno else { return best.done() };
    best_offer(&mut best, firmware_partition(attempt, cx, errno));
    if let Some((id, kind, listed)) = kind_of(attempt, cx) {
        best_offer(&mut best, on(attempt, cx, errno, id, kind, listed));
    }
    best_offer(&mut best, owner_nobody(attempt, cx, errno));
    best_offer(&mut best, kept_out::refuses_state(attempt, cx, errno));
    best_offer(&mut best, kept_out::closed_to_others(attempt, cx, errno));
    best_offer(&mut best, kept_out::own_storage(attempt, cx, errno));
    best_offer(&mut best, kept_out::daemon_kept_out(attempt, cx, errno));
    best_offer(&mut best, kept_out::owner_kept(attempt, cx, errno));
    best_offer(&mut best, kept_out::served(attempt, errno));
    best_offer(&mut best, unexplained(attempt, cx, errno));
    best.done()
}

fn best_offer(best: &mut Best, said: Option<Say>) {
    if let Some(said) = said {
        best.offer(said);
    }
}

/// What the firmware reads is FAT by its standard (UEFI, section 13.3; Raspberry Pi's boot partition), which
/// has neither owners nor modes nor links.
fn firmware_partition(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const PLACES: &[&str] = &["/boot/efi", "/efi", "/boot/firmware"];
    let name = attempt.object_name();
    let owners = matches!(attempt.call, Some(Call::Chown | Call::Chmod | Call::Symlink | Call::Link));
    let fits = owners && errno == Errno::EPERM && !cx.contained() && PLACES.iter().any(|p| under(name, p));
    let because = "The partition that the firmware reads is a FAT file system, which keeps no owners, modes or links; mount options set them for all files at once.";
    fits.then(|| denies(attempt, LAYER, Support::Default, 82, because).policy("vfat").step(look(attempt)))
}

fn kernel_file(attempt: &Attempt) -> bool {
    ["/proc/", "/sys/", "/dev/"].iter().any(|root| attempt.object_name().starts_with(root))
}

fn look(attempt: &Attempt) -> String {
    let name = attempt.object_name();
    if name.starts_with('/') {
        format!("findmnt -no FSTYPE,OPTIONS -T {}", whodenied_text::quote::shell(name))
    } else {
        "findmnt -no FSTYPE,OPTIONS -T PATH".to_owned()
    }
}

fn stated(attempt: &Attempt, cx: &Context<'_>) -> Vec<Say> {
    let mut said = Vec::new();
    if let Some(fact) = cx.stated_here(attempt, &["root-squash"]) {
        let because = "The text says that the server maps root to nobody.";
        said.push(denies(attempt, LAYER, Support::Stated, 90, because).fact(fact.id).policy("root_squash"));
    }
    if let Some(fact) = cx.stated_here(attempt, &["nfs-server-denied"]) {
        let because = "The NFS server refused the mount: its exports do not list this client, path or security flavour.";
        // mount.nfs puts every EACCES on the server, that of a container's profile too (utils/mount/error.c).
        let (support, weight) = if cx.contained() { (Support::Usual, 40) } else { (Support::Stated, 88) };
        said.push(
            denies(attempt, LAYER, support, weight, because)
                .fact(fact.id)
                .policy("exports")
                .step("showmount -e SERVER"),
        );
    }
    if let Some(fact) = cx.stated_here(attempt, &["idmap-unsupported"]) {
        let because = "This file system can't be mounted with mapped ids by this kernel.";
        said.push(denies(attempt, LAYER, Support::Stated, 80, because).fact(fact.id));
    }
    said
}

fn mounting(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let fstype = attempt.arg("fstype").unwrap_or("");
    match (Kind::of(fstype), attempt.errno?) {
        (Some(kind @ (Kind::Nfs | Kind::Cifs)), Errno::EACCES) => {
            let because =
                format!("The server refused the {} mount; the client's kernel passed it on.", kind.name());
            let (support, weight) =
                if cx.contained() { (Support::Usual, 45) } else { (Support::Exclusive, 75) };
            Some(denies(attempt, LAYER, support, weight, because))
        }
        (None, Errno::EINVAL) if fstype.starts_with("overlay") => {
            let because = "An overlay's upper directory can't lie on another overlay, nor on a file system without the attributes it needs.";
            Some(denies(attempt, LAYER, Support::Usual, 75, because).step("df -T /var/lib"))
        }
        _ => None,
    }
}

/// The file system under the object: a listed mount, else what the surroundings say.
fn kind_of(attempt: &Attempt, cx: &Context<'_>) -> Option<(FactId, Kind, bool)> {
    let name = attempt.object_name();
    if name.starts_with('/')
        && let Some(mount) = cx.mount_over(name).filter(|m| m.listed && m.target.len() > 1)
        && let Some(fstype) = mount.fstype
    {
        return Kind::of(fstype).map(|kind| (mount.fact, kind, true));
    }
    let told = |e, kind| cx.environment(e).map(|id| (id, kind, false));
    if let Some((id, source, _)) = cx.bind_over(name)
        && (windows_path(source)
            || under(source, "/Users")
            || (cx.in_desktop_vm() && (source.contains('/') || source.starts_with('~'))))
    {
        return Some((id, Kind::Foreign, false));
    }
    if windows_drive(name)
        && let Some(windows) = told(Environment::Wsl, Kind::Foreign)
    {
        return Some(windows);
    }
    told(Environment::RootSquash, Kind::Nfs)
        .or_else(|| told(Environment::Nfs, Kind::Nfs))
        .or_else(|| told(Environment::Cifs, Kind::Cifs))
        .or_else(|| told(Environment::Fuse, Kind::Fuse))
        .or_else(|| {
            // What a host shares with a guest is foreign to the guest only.
            let shares = cx.confined(attempt).is_some_and(|(d, _)| d.profile.starts_with("libvirt-"));
            told(Environment::ForeignFs, Kind::Foreign).filter(|_| !shares)
        })
        .or_else(|| {
            // A mount of such a type that is listed anywhere, where the object has no path of its own.
            cx.facts.all.iter().find_map(|f| match &f.what {
                Predicate::Mount { target, fstype: Some(t), .. }
                    if target.len() > 1
                        && (!name.starts_with('/') || crate::context::under(name, target)) =>
                {
                    Kind::of(t).map(|kind| (f.id, kind, true))
                }
                _ => None,
            })
        })
}

/// `C:\data`, `C:/data`, `/mnt/c/data`: a directory of Windows, shared with the engine's machine.
fn windows_path(source: &str) -> bool {
    let bytes = source.as_bytes();
    let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    drive && matches!(bytes.get(2), Some(b'\\' | b'/')) || windows_drive(source)
}

/// `/mnt/c` and its like, where a Windows subsystem mounts the drives.
fn windows_drive(path: &str) -> bool {
    path.strip_prefix("/mnt/").is_some_and(|rest| {
        let drive = rest.split('/').next().unwrap_or("");
        drive.len() == 1 && drive.bytes().all(|b| b.is_ascii_lowercase())
    })
}

/// The mount lets other users in.
fn shared(cx: &Context<'_>, id: FactId) -> bool {
    matches!(cx.facts.get(id).map(|f| &f.what), Some(Predicate::Mount { options, .. })
        if options.iter().any(|o| o == "allow_other"))
}

/// On a file system that answers for itself.
fn on(
    attempt: &Attempt,
    cx: &Context<'_>,
    errno: Errno,
    id: FactId,
    kind: Kind,
    listed: bool,
) -> Option<Say> {
    let call = attempt.call;
    let owner = matches!(call, Some(Call::Chown | Call::Chmod | Call::Utime | Call::Xattr));
    let special = matches!(call, Some(Call::Link | Call::Symlink | Call::Mknod));
    let root = cx.is_root(attempt);
    let squash = cx.has(Environment::RootSquash);
    let (support, weight, because) = match (kind, errno) {
        (Kind::Nfs, Errno::EPERM) if owner && cx.is_stated_user(attempt) => {
            (Support::Fits, 45, "Only the owner may change a file, on NFS as anywhere.".to_owned())
        }
        (_, Errno::EOPNOTSUPP) if call == Some(Call::Xattr) => (
            Support::Exclusive,
            85,
            format!("The data lies on {}, which does not store these attributes (labels among them).", kind.name()),
        ),
        (Kind::Nfs, Errno::EPERM | Errno::EINVAL | Errno::EACCES) if owner => (
            Support::Configured,
            88,
            "The data lies on NFS, and a server that squashes root treats it as nobody, who may not change owners or modes.".to_owned(),
        ),
        (Kind::Nfs, Errno::EACCES | Errno::EPERM) if root || squash => (
            Support::Configured,
            82,
            "Root is refused on NFS because the server maps it to nobody; the mode bits seen by the client do not bind the server.".to_owned(),
        ),
        (Kind::Nfs, Errno::EACCES | Errno::EPERM) if cx.is_user(attempt) => {
            (Support::Fits, 45, "The NFS server decides by the number of the user, or by its ticket.".to_owned())
        }
        (Kind::Nfs, Errno::EACCES | Errno::EPERM) => {
            (Support::Usual, 65, "The data lies on NFS: the server decides by the number of the user, and maps root to nobody.".to_owned())
        }
        (Kind::Cifs | Kind::Foreign, Errno::EPERM | Errno::EOPNOTSUPP | Errno::EIO | Errno::EACCES | Errno::EINVAL) if owner => (
            Support::Configured,
            90,
            format!("The data lies on {}, whose owner and mode are fixed when it is mounted; changing them is refused.", kind.name()),
        ),
        (Kind::Cifs | Kind::Foreign | Kind::Fuse, Errno::EPERM | Errno::EOPNOTSUPP | Errno::EIO) if special => (
            Support::Configured,
            85,
            format!("{} has no such entries (links, nodes, sockets).", capitalised(kind.name())),
        ),
        (Kind::Cifs | Kind::Foreign, Errno::EACCES | Errno::EPERM) => (
            Support::Usual,
            60,
            format!("On {} owner and mode of every file are those given when it was mounted.", kind.name()),
        ),
        (Kind::Fuse, Errno::EIO) => {
            (Support::Exclusive, 85, "The FUSE server could not carry it out and answered EIO.".to_owned())
        }
        (Kind::Fuse, Errno::EPERM | Errno::EOPNOTSUPP | Errno::EINVAL | Errno::ENOSYS) if owner => {
            (Support::Configured, 82, "The data lies on a FUSE file system that does not store owners or modes.".to_owned())
        }
        (Kind::Fuse, Errno::EACCES) if shared(cx, id) => (
            Support::Fits,
            25,
            "The FUSE file system is open to other users, and its server may refuse for itself.".to_owned(),
        ),
        (Kind::Fuse, Errno::EACCES) => (
            // In a container nobody is the user who mounted it.
            match (listed, cx.contained()) {
                (true, true) => Support::Configured,
                (false, true) => Support::Default,
                _ => Support::Usual,
            },
            if root { 80 } else { 65 },
            "A FUSE file system is open to the user who mounted it alone, root excluded too, unless mounted with allow_other.".to_owned(),
        ),
        (Kind::Fuse, Errno::EPERM) => {
            (Support::Usual, 55, "The data lies on a FUSE file system, whose server decides for itself.".to_owned())
        }
        (_, Errno::EIO) => (Support::Usual, 60, format!("{} answered with an input/output error.", capitalised(kind.name()))),
        _ => return None,
    };
    let support = if listed && support == Support::Usual { Support::Default } else { support };
    Some(denies(attempt, LAYER, support, weight, because).fact(id).policy(kind.name()).step(look(attempt)))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Files of nobody, and root that may not change them: the server squashed it.
fn owner_nobody(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    if !matches!(errno, Errno::EPERM | Errno::EACCES) || cx.is_user(attempt) {
        return None;
    }
    let nobody = |o: &str| matches!(o, "nobody" | "nfsnobody" | "nogroup" | "65534" | "4294967294" | "99");
    let listed = cx.facts.find(|p| matches!(p, Predicate::Path(s) if s.owner.as_deref().is_some_and(nobody)));
    let told = attempt.arg("from-uid").or_else(|| attempt.arg("owner")).filter(|o| nobody(o));
    if listed.is_none() && told.is_none() {
        return None;
    }
    let because = "The files belong to nobody, which is what an NFS server makes of root; then root may neither change their owner nor write.";
    let (support, weight) = if cx.remapped() { (Support::Fits, 40) } else { (Support::Usual, 72) };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(listed.map(|f| f.id))
            .policy("root_squash")
            .step(look(attempt)),
    )
}

/// A place of data, which is mounted into a container, rather than one of the image's own.
fn data_place(name: &str) -> bool {
    const OF_THE_IMAGE: [&str; 18] = [
        "/run",
        "/var/run",
        "/etc",
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/tmp",
        "/var/tmp",
        "/proc",
        "/sys",
        "/dev",
        "/var/cache",
        "/var/log",
        "/root",
        "/boot",
        "/var/spool",
    ];
    name.starts_with('/') && name.len() > 1 && !OF_THE_IMAGE.iter().any(|place| under(name, place))
}

/// Root with the capability, refused on a path that nothing else explains.
fn unexplained(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    let owner = matches!(attempt.call, Some(Call::Chown | Call::Chmod | Call::Utime));
    if errno == Errno::EIO && owner {
        let because = "An input/output error for a change of owner or mode comes from a file system that can't store it.";
        return Some(denies(attempt, LAYER, Support::Exclusive, 75, because).step(look(attempt)));
    }
    let stored =
        owner || matches!(attempt.call, Some(Call::Xattr | Call::Link | Call::Symlink | Call::Flock));
    if errno == Errno::EOPNOTSUPP && stored {
        let because = "The file system says that it does not support this.";
        return Some(denies(attempt, LAYER, Support::Exclusive, 75, because).step(look(attempt)));
    }
    // Its data sets carry NFSv4 lists, and a restricted `aclmode` refuses what would change them.
    if errno == Errno::EPERM
        && attempt.call == Some(Call::Chmod)
        && cx.facts.distro_in(&["truenas"])
        && data_place(attempt.object_name())
    {
        let because = "The data set carries NFSv4 access control lists and is set to keep them (aclmode restricted), so a change of mode is refused to root too.";
        return Some(
            denies(attempt, LAYER, Support::Usual, 66, because)
                .policy("aclmode")
                .step("zfs get aclmode,acltype"),
        );
    }
    let user =
        if attempt.call == Some(Call::Chown) { cx.is_stated_user(attempt) } else { cx.is_user(attempt) };
    if errno == Errno::EPERM && owner && cx.has(Environment::Wsl) && !cx.contained() {
        let because = "Windows Subsystem for Linux mounts the drives of Windows without Unix owners and modes unless asked for metadata, also behind a link to them.";
        return Some(denies(attempt, LAYER, Support::Usual, 64, because).policy("drvfs").step(look(attempt)));
    }
    if errno != Errno::EPERM || !owner || user || cx.remapped() {
        return None;
    }
    let capability = if attempt.call == Some(Call::Chown) { Capability::CHOWN } else { Capability::FOWNER };
    let held = match cx.container_has(capability) {
        Some((held, _)) => held,
        None => cx.is_root(attempt),
    };
    if !held {
        return None;
    }
    if cx.is_root(attempt) && !cx.contained() && attempt.call == Some(Call::Utime) {
        return Some(allows(attempt, LAYER, "Nothing speaks for a foreign file system."));
    }
    let bound = cx.bind_over(attempt.object_name());
    let volume = bound.is_some() || cx.volumes().next().is_some() || cx.kubernetes();
    let because = "Root that has the capability is refused a change of owner or mode by the file system: an NFS server that squashes root, SMB, or FUSE.";
    // Engines other than an orchestrator start a container as root, and its entry script changes the
    // owner of what is mounted into it.
    let by_entry_script = cx.oci() && !cx.kubernetes() && data_place(attempt.object_name());
    let (support, weight) = match (volume, cx.is_root(attempt)) {
        // Modes of a container's own files are no server's affair.
        (true, true)
            if cx.oci() && !cx.kubernetes() && attempt.call == Some(Call::Chmod) && bound.is_none() =>
        {
            (Support::Usual, 50)
        }
        (true, true) => (Support::Usual, 62),
        (_, false) if by_entry_script && cx.in_desktop_vm() => (Support::Usual, 66),
        (_, false) if by_entry_script && attempt.call == Some(Call::Chown) => (Support::Usual, 58),
        (true, false) => (Support::Usual, 48),
        (false, true) => (Support::Usual, 50),
        (false, false) => (Support::Fits, 30),
    };
    Some(denies(attempt, LAYER, support, weight, because).facts(bound.map(|(id, ..)| id)).step(look(attempt)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attempt, denied, knob, mount};
    use whodenied_case::{Engine, Knob, PathState};

    fn env(e: Environment) -> Predicate {
        Predicate::Environment(e)
    }

    #[test]
    fn nfs_squashes_root() {
        let chown = attempt(Call::Chown, Errno::EPERM, "/data");
        assert_eq!(denied(judge, &chown, &[env(Environment::Nfs)]), Some(Support::Configured));
        assert_eq!(denied(judge, &chown, &[mount("/data", "nfs4", "rw,sec=sys")]), Some(Support::Configured));
        let mkdir = attempt(Call::Mkdir, Errno::EACCES, "/data/x");
        assert_eq!(
            denied(judge, &mkdir, &[env(Environment::Nfs), env(Environment::RunsAsRoot)]),
            Some(Support::Configured)
        );
        assert_eq!(
            denied(judge, &mkdir, &[env(Environment::Nfs), env(Environment::RunsAsNonRoot)]),
            Some(Support::Fits)
        );
        assert_eq!(denied(judge, &mkdir, &[]), None);
    }

    #[test]
    fn directories_of_a_desktop() {
        let chown = attempt(Call::Chown, Errno::EPERM, "/var/lib/mysql");
        let volume = |source: &str| {
            knob(Knob::Volume {
                source: source.to_owned(),
                target: "/var/lib/mysql".to_owned(),
                options: Vec::new(),
            })
        };
        let docker = Predicate::Engine(Engine::Docker);
        for source in ["/Users/ann/db", "C:\\data", "/mnt/c/db"] {
            let given = [docker.clone(), volume(source)];
            assert_eq!(denied(judge, &chown, &given), Some(Support::Configured), "{source}");
        }
        let mac = Predicate::Distro { id: "macos".to_owned(), version: None, container: false };
        assert_eq!(denied(judge, &chown, &[docker.clone(), volume("./db"), mac]), Some(Support::Configured));
        assert_eq!(denied(judge, &chown, &[docker, volume("./db")]), Some(Support::Usual));
    }

    #[test]
    fn owners_that_nobody_set() {
        let nobody = Predicate::Path(PathState {
            path: "/v".to_owned(),
            owner: Some("nobody".to_owned()),
            ..PathState::default()
        });
        let chown = attempt(Call::Chown, Errno::EPERM, "/v/x");
        assert_eq!(denied(judge, &chown, std::slice::from_ref(&nobody)), Some(Support::Usual));
        assert_eq!(denied(judge, &chown, &[nobody, env(Environment::Rootless)]), Some(Support::Fits));
    }

    #[test]
    fn fixed_owners_and_fuse() {
        let chmod = attempt(Call::Chmod, Errno::EPERM, "/var/lib/postgresql/data");
        assert_eq!(denied(judge, &chmod, &[env(Environment::Cifs)]), Some(Support::Configured));
        assert_eq!(
            denied(judge, &chmod, &[mount("/var/lib/postgresql", "vfat", "rw")]),
            Some(Support::Configured)
        );
        let eio = attempt(Call::Chmod, Errno::EIO, "/data");
        assert_eq!(denied(judge, &eio, &[env(Environment::Fuse)]), Some(Support::Exclusive));
        assert_eq!(denied(judge, &eio, &[]), Some(Support::Exclusive));
        let label = attempt(Call::Xattr, Errno::EOPNOTSUPP, "/home/me/storage");
        assert_eq!(denied(judge, &label, &[env(Environment::Nfs)]), Some(Support::Exclusive));
        assert_eq!(denied(judge, &label, &[]), Some(Support::Exclusive));
        let shared = Knob::Volume {
            source: "C:\\pg".to_owned(),
            target: "/var/lib/postgresql".to_owned(),
            options: vec![],
        };
        assert_eq!(denied(judge, &chmod, &[knob(shared)]), Some(Support::Configured));
        let drive = attempt(Call::Chmod, Errno::EPERM, "/mnt/c/Users/me/key");
        assert_eq!(denied(judge, &drive, &[env(Environment::Wsl)]), Some(Support::Configured));
        let open = attempt(Call::Open, Errno::EACCES, "/mnt/x");
        assert_eq!(
            denied(judge, &open, &[mount("/mnt", "fuse.sshfs", "rw,user_id=1000")]),
            Some(Support::Default)
        );
        assert_eq!(denied(judge, &open, &[mount("/mnt", "ext4", "rw")]), None);
    }

    #[test]
    fn root_with_the_capability() {
        let chown = attempt(Call::Chown, Errno::EPERM, "/data");
        let volume =
            knob(Knob::Volume { source: "v".to_owned(), target: "/data".to_owned(), options: vec![] });
        let docker = Predicate::Engine(Engine::Docker);
        assert_eq!(
            denied(judge, &chown, &[docker.clone(), volume, env(Environment::RunsAsRoot)]),
            Some(Support::Usual)
        );
        let overlay = attempt(Call::Mount, Errno::EINVAL, "/x");
        assert_eq!(denied(judge, &overlay, &[docker]), None);
    }
}
