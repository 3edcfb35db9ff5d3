//! noexec, nosuid and nodev: a place without the flag, or the flag off that one mount.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent};
use crate::upgrade;
use whodenied_case::{Engine, Knob, ObjectKind, Predicate, Risk, Where};
use whodenied_kernel::Call;
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    if masked(ctx, &mut offer) {
        return offer;
    }
    let object = path::object(ctx).map(str::to_owned);
    let object = object.as_deref();
    let suid =
        ctx.attempt.arg("flags").is_some_and(|f| f.contains("nosuid")) || flagged(ctx, object, "nosuid");
    let device = ctx.attempt.object.kind == ObjectKind::Device;
    let executes =
        !device && matches!(ctx.attempt.call, Some(Call::Exec | Call::Mmap | Call::Mprotect) | None);
    let mount = mount_of(ctx, object);
    let point = mount.as_deref().map_or_else(|| "<mount point>".to_owned(), shell);
    if executes && !suid {
        offer.add(
            Fix::new(Where::Program, Risk::Low, "Point the program's temporary or native-library directory at a private directory on a mount without noexec")
                .widens("Nothing: that mount allows execution already.")
                .edits(spell::spell(ctx, Intent::Env("TMPDIR", "<directory on an exec mount>")))
                .run("findmnt -no TARGET,OPTIONS -T <directory>   # no noexec among the options")
                .undo("unset the variable or option"),
        );
        if ctx.in_container() {
            let dir = mount.as_deref().unwrap_or("/tmp");
            offer.add(
                Fix::new(
                    Where::Container,
                    Risk::Low,
                    format!("Or mount the tmpfs {} of this container with exec", shell(dir)),
                )
                .widens("Files written to that one tmpfs may be executed, in this container.")
                .edits(spell::spell(ctx, Intent::Tmpfs(dir, &["exec"])))
                .undo("remove the option"),
            );
        } else {
            offer.add(
                Fix::new(Where::Host, Risk::Medium, format!("Or remount {point} with exec"))
                    .widens("Every user may execute files that lie on that one mount.")
                    .run(format!("sudo mount -o remount,exec {point}"))
                    .undo(format!("sudo mount -o remount,noexec {point}")),
            );
        }
    } else if device {
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                "Pass the device itself in, instead of a directory that is mounted nodev",
            )
            .widens("The container may open that one device.")
            .edits(spell::spell(ctx, Intent::Device(object.unwrap_or("/dev/<device>"))))
            .undo("remove the device"),
        );
    } else {
        offer.maybe(upgrade::fix(ctx));
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Update the tool that mounts it to one that does not set nosuid there, or put the setuid program on a mount without the flag")
                .widens("Setuid programs on that one mount gain their owner's rights again.")
                .run(format!("findmnt -no TARGET,OPTIONS {point}"))
                .undo(format!("sudo mount -o remount,nosuid {point}")),
        );
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["execution, setuid programs and devices on every other mount that forbids them"]);
    offer
}

/// What a mask covers: shown at another place, or the mask off that one path; true where there is one.
fn masked(ctx: &Ctx<'_>, offer: &mut Offer) -> bool {
    let hidden = ctx.attempt.live.as_ref().and_then(|live| live.hidden_by.as_ref());
    let Some((point, _)) = hidden.filter(|(_, by)| matches!(by.as_str(), "null" | "empty")) else {
        return false;
    };
    let shown = shell(point);
    if !ctx.in_container() {
        offer.add(
            Fix::new(
                Where::Program,
                Risk::Low,
                format!("Where the sandbox is set up, leave out the mount over {shown}"),
            )
            .widens(format!("Programs of that sandbox see {shown} as its mode lets them."))
            .undo("mount it again"),
        );
    } else if ctx.facts.has_engine(Engine::Podman) {
        let option = format!("unmask={point}");
        offer.add(
            Fix::new(Where::Container, Risk::Medium, format!("Take the mask off {shown} for this container"))
                .widens("That one path of the kernel, which the runtime masks because it tells of the host.")
                .edits(spell::spell(ctx, Intent::SecurityOpt(&option)))
                .undo("remove the option"),
        );
    } else {
        let elsewhere = format!("/host{point}");
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Medium,
                format!("Mount {shown} of the host read-only at {} and read it there: masks lie over every other mount at their place", shell(&elsewhere)),
            )
            .widens("Reading that one path of the host's kernel, which the runtime masks because it tells of the host.")
            .edits(spell::spell(ctx, Intent::Volume(point, &elsewhere, "ro")))
            .undo("remove the mount"),
        );
    }
    offer.stays(&["every other path that is masked"]);
    true
}

/// The mount that the path lies on and that has the flag.
fn mount_of(ctx: &Ctx<'_>, object: Option<&str>) -> Option<String> {
    let object = object?;
    let found = ctx.facts.all.iter().filter_map(|f| match &f.what {
        Predicate::Mount { target, options, .. }
            if path::inside(object, target) && options.iter().any(|o| o.starts_with("no")) =>
        {
            Some(target.clone())
        }
        _ => None,
    });
    // Engines mount a tmpfs noexec unless told otherwise.
    let asked = ctx.facts.knobs().filter_map(|(_, knob)| match knob {
        Knob::Tmpfs { target, options }
            if path::inside(object, target) && !options.iter().any(|o| o == "exec") =>
        {
            Some(target.clone())
        }
        _ => None,
    });
    found.chain(asked).max_by_key(String::len)
}

fn flagged(ctx: &Ctx<'_>, object: Option<&str>, flag: &str) -> bool {
    ctx.facts.all.iter().any(|f| match &f.what {
        Predicate::Mount { target, options, .. } => {
            object.is_none_or(|o| path::inside(o, target))
                && options.iter().any(|o| o == flag)
                && !options.iter().any(|o| o == "noexec")
        }
        _ => false,
    })
}
