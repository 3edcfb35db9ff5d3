//! The file system itself: what its server or driver decides is changed there or avoided.

use crate::fix::{Fix, Offer, part};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent, Spelling};
use crate::upgrade;
use whodenied_case::{Environment, Predicate, Risk, Where};
use whodenied_kernel::Call;
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let fstype = fstype(ctx);
    let nfs = ctx.facts.has(Environment::Nfs) || fstype.starts_with("nfs");
    let cifs = ctx.facts.has(Environment::Cifs) || fstype == "cifs" || fstype.starts_with("smb");
    let fuse = ctx.facts.has(Environment::Fuse) || fstype.starts_with("fuse");
    if nfs {
        nfs_export(ctx, &mut offer);
    } else if (cifs || fuse) && needs_owners(ctx) {
        move_database(ctx, &mut offer);
        if cifs {
            ids_at_mount(ctx, "cifs", "uid=<uid>,gid=<gid>,file_mode=0640,dir_mode=0750", &mut offer);
        } else {
            fuse_mount(ctx, &mut offer);
        }
    } else if cifs {
        ids_at_mount(ctx, "cifs", "uid=<uid>,gid=<gid>,file_mode=0640,dir_mode=0750", &mut offer);
        move_database(ctx, &mut offer);
    } else if fuse {
        fuse_mount(ctx, &mut offer);
        move_database(ctx, &mut offer);
    } else if matches!(
        ctx.attempt.call,
        Some(Call::Chown | Call::Chmod | Call::Create | Call::Open | Call::Write | Call::Exec) | None
    ) {
        ids_at_mount(ctx, "vfat", "uid=<uid>,gid=<gid>,umask=027", &mut offer);
    } else {
        move_database(ctx, &mut offer);
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["what the server or driver refuses to other users"]);
    offer
}

/// Calls that such a file system can't honour for single files.
fn needs_owners(ctx: &Ctx<'_>) -> bool {
    matches!(
        ctx.attempt.call,
        Some(Call::Chmod | Call::Chown | Call::Link | Call::Symlink | Call::Flock | Call::Mknod)
    )
}

fn fstype(ctx: &Ctx<'_>) -> String {
    let object = path::object(ctx);
    let found = ctx.facts.all.iter().filter_map(|f| match &f.what {
        Predicate::Mount { target, fstype: Some(kind), .. }
            if object.is_none_or(|o| path::inside(o, target)) =>
        {
            Some((target.len(), kind.clone()))
        }
        _ => None,
    });
    found.max().map(|(_, k)| k).unwrap_or_default()
}

fn nfs_export(ctx: &Ctx<'_>, offer: &mut Offer) {
    if ctx.in_container() {
        let volume = path::volume(ctx);
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                "Run the container as the user and group that own the export",
            )
            .widens("What that user may do on the share; root stays squashed.")
            .run(format!(
                "stat -c %u:%g {}   # on a client of the share",
                path::shell_or(volume.map(|v| v.source).filter(|s| s.starts_with('/')), "mounted share")
            ))
            .edits(spell::spell(ctx, Intent::User("<uid>:<gid>")))
            .undo("set the former user again"),
        );
        if ctx.spelled(Spelling::Kubernetes) {
            offer.add(
                Fix::new(Where::Server, Risk::Low, "Or let the storage driver make the volume with the right owner, and keep Kubernetes from changing it at each start")
                    .widens("New volumes belong to the pod's group.")
                    .edit(part("pod template", "yaml", "spec:\n  securityContext:\n    fsGroup: <gid>\n    fsGroupChangePolicy: OnRootMismatch\n"))
                    .undo("remove the lines"),
            );
        } else if let Some(v) = volume.filter(|v| !v.is_bind()) {
            offer.add(
                Fix::new(Where::Container, Risk::Low, "Or keep the engine from copying the image's files and owners onto the share: the volume option nocopy")
                    .widens("Nothing.")
                    .edits(spell::spell(ctx, Intent::Volume(v.source, v.target, "nocopy")))
                    .undo("remove the option"),
            );
        }
    }
    let dir = path::shell_or(
        path::volume(ctx).map(|v| v.source).filter(|s| s.starts_with('/')).or(path::object(ctx)),
        "exported directory",
    );
    offer.add(
        Fix::new(
            Where::Server,
            Risk::Low,
            "Or give the one directory its owner on the server, where root is not squashed",
        )
        .widens("That one directory changes its owner.")
        .run(format!("sudo find {dir} | wc -l   # how much lies in it"))
        .run(format!("sudo chown <uid>:<gid> {dir}"))
        .undo(format!("sudo chown <former owner> {dir}")),
    );
}

fn ids_at_mount(ctx: &Ctx<'_>, kind: &str, options: &str, offer: &mut Offer) {
    let edit = if ctx.spelled(Spelling::Kubernetes) {
        part(
            "StorageClass",
            "yaml",
            "mountOptions:\n  - uid=<uid>\n  - gid=<gid>\n  - file_mode=0640\n  - dir_mode=0750\n",
        )
    } else {
        part("/etc/fstab", "text", format!("<source>  <mount point>  {kind}  {options}  0  0\n"))
    };
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            "Say at the mount whom the files belong to: this file system keeps no Unix owners of its own",
        )
        .widens("That user and group own everything on that one mount.")
        .edit(edit)
        .undo("mount with the former options"),
    );
}

fn move_database(ctx: &Ctx<'_>, offer: &mut Offer) {
    let what = path::object(ctx).map_or_else(String::new, |p| format!(" ({})", shell(p)));
    offer.add(
        Fix::new(
            Where::Container,
            Risk::Low,
            format!("Put data that needs owners, modes, links or locks on a local or block volume{what}"),
        )
        .widens("Nothing.")
        .edits(spell::spell(
            ctx,
            Intent::Volume(&format!("{}-data", ctx.stem()), path::object(ctx).unwrap_or("<path>"), ""),
        ))
        .undo("use the former volume"),
    );
}

fn fuse_mount(ctx: &Ctx<'_>, offer: &mut Offer) {
    if ctx.facts.statement("fuse-allow-other").is_some() {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                "Let ordinary users give allow_other: one line in /etc/fuse.conf",
            )
            .widens("Users may show the FUSE file systems they mount to other users.")
            .edit(part("/etc/fuse.conf", "text", "user_allow_other\n"))
            .undo("remove the line"),
        );
    }
    if ctx.facts.statement("fuse-mountpoint-owner").is_some() {
        let target = path::shell_or(path::object(ctx), "mount point");
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Give the mount point to the user that mounts: {target}"),
            )
            .widens("That one, empty directory changes its owner.")
            .run(format!("sudo chown <user> {target}"))
            .undo(format!("sudo chown <former owner> {target}")),
        );
    }
    offer.add(
        Fix::new(Where::Host, Risk::Low, "Mount it as the user that uses it; or, for other users, with allow_other and default_permissions")
            .widens("Other users of the host see that one mount, as far as its modes allow.")
            .edit(part("mount options", "text", "allow_other,default_permissions,uid=<uid>,gid=<gid>\n"))
            .run("grep -n user_allow_other /etc/fuse.conf   # needed for allow_other by ordinary users")
            .undo("mount without the options"),
    );
}
