//! The device cgroup: the one device is passed in.

use crate::fix::{Fix, Offer, part};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent, lxc::config_file, systemd};
use crate::upgrade;
use whodenied_case::{Engine, Risk, Where};
use whodenied_runtimes::devices;
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let device = path::object(ctx).filter(|o| o.starts_with("/dev/")).map(str::to_owned);
    let state = path::state(ctx)
        .and_then(|s| Some((s.kind.filter(|k| matches!(k, 'c' | 'b')).unwrap_or('c'), s.device?)));
    let numbers = state.map(|(k, (a, b))| (k, a, b)).or_else(|| device.as_deref().and_then(devices::numbers));
    let rule =
        numbers.map_or_else(|| "c <major>:<minor> rwm".to_owned(), |(k, a, b)| format!("{k} {a}:{b} rwm"));
    let shown = path::shell_or(device.as_deref(), "device");
    let lxc = ctx.facts.engines().chain(ctx.facts.outers()).any(|e| matches!(e, Engine::Lxc | Engine::Incus));

    if ctx.facts.statement("device-rules-rewritten").is_some()
        || ctx.d.known_issue.as_ref().is_some_and(|k| k.id == "daemon-reload-device-loss")
    {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Give systemd what it needs to keep the device rule: links in /dev/char, or CDI instead of the runtime hook")
                .widens("Nothing: the container keeps the devices it was given.")
                .run("sudo nvidia-ctk system create-dev-char-symlinks --create-all")
                .undo("remove the links that the command printed"),
        );
    }
    if lxc {
        let inside = device.as_deref().unwrap_or("/dev/<device>").trim_start_matches('/').to_owned();
        let on = if ctx.in_container() { Where::OuterHost } else { Where::Host };
        offer.add(
            Fix::new(on, Risk::Medium, format!("Let the guest open {shown}: the cgroup v2 key and the bind mount of the node"))
                .widens("That one device, for everything in the guest.")
                .edit(part(
                    config_file(ctx),
                    "ini",
                    format!("lxc.cgroup2.devices.allow: {rule}\nlxc.mount.entry: /{inside} {inside} none bind,create=file\n"),
                ))
                .run(format!("ls -l {shown}   # major and minor number"))
                .undo("remove the two lines and restart the guest"),
        );
    }
    if ctx.in_container() || !lxc {
        if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) && !ctx.in_container() {
            offer.add(
                Fix::new(Where::Host, Risk::Low, format!("Let the unit {} open {shown}", systemd::unit(ctx)))
                    .widens("That one device, for this unit.")
                    .edits(systemd::drop_in(
                        ctx,
                        &[format!("DeviceAllow={} rw", device.as_deref().unwrap_or("/dev/<device>"))],
                    ))
                    .run(format!(
                        "sudo systemctl daemon-reload && sudo systemctl restart {}",
                        systemd::unit(ctx)
                    ))
                    .undo(format!("sudo systemctl revert {}", systemd::unit(ctx))),
            );
        } else {
            let edits = spell::spell(ctx, Intent::Device(device.as_deref().unwrap_or("/dev/<device>")));
            let kubernetes = edits.is_empty();
            let mut fix = Fix::new(
                Where::Container,
                Risk::Medium,
                format!("Pass the one device {shown} into the container"),
            )
            .widens("That one device; what its driver lets a user do is open to the container.")
            .edits(edits);
            if kubernetes {
                fix = fix.edit(part(
                    "pod template",
                    "text",
                    "request it from a device plugin or by CDI: resources.limits: {<vendor>/<device>: 1}\n",
                ));
            }
            offer.add(fix.undo("remove the device from the container's configuration"));
            if device.as_deref().is_some_and(|d| d.starts_with("/dev/bus/usb") || d.starts_with("/dev/tty")) {
                let major = numbers.map_or_else(|| "<major>".to_owned(), |(_, a, _)| a.to_string());
                let rule = shell(&format!("c {major}:* rmw"));
                offer.add(
                    Fix::new(Where::Container, Risk::Medium, "Or allow the device's class by number, where the node changes when it is plugged in again")
                        .widens("Every device with that major number.")
                        .edit(part("docker run", "text", format!("--device-cgroup-rule {rule}\n")))
                        .undo("remove the option"),
                );
            }
        }
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["every other device of the host"]);
    offer
}
