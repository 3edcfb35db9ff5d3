//! Policies that a program decides: polkit, D-Bus, sudoers.

use crate::fix::{Fix, Offer, whole};
use crate::place::Ctx;
use whodenied_case::{Risk, Where};
use whodenied_kernel::Call;
use whodenied_text::quote::file_name;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let action = ctx.attempt.object.name.as_deref().filter(|n| {
        n.contains('.') && n.len() <= 128 && n.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    });
    let shown = action.unwrap_or("<name>");
    if ctx.attempt.call == Some(Call::Dbus) {
        let file = format!("/etc/dbus-1/system.d/{}.conf", file_name(shown));
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Allow the one user to send to {shown} in the bus's policy"))
                .widens("That user may send to that one name.")
                .edit(whole(
                    &file,
                    "text",
                    format!("<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig>\n  <policy user=\"USER\">\n    <allow send_destination=\"{}\"/>\n  </policy>\n</busconfig>\n", action.unwrap_or("NAME")),
                ))
                .run("sudo systemctl reload dbus")
                .undo(format!("sudo rm {file} && sudo systemctl reload dbus")),
        );
    } else {
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Allow the one action to the one user or group in the program's policy: {shown}"))
                .widens("That one action, for that one user or group.")
                .edit(whole(
                    "/etc/polkit-1/rules.d/50-local.rules",
                    "text",
                    format!("polkit.addRule(function(action, subject) {{\n  if (action.id == \"{}\" && subject.isInGroup(\"GROUP\")) {{ return polkit.Result.YES; }}\n}});\n", action.unwrap_or("ACTION")),
                ))
                .run("pkaction --verbose | less   # the actions and their defaults, where polkit decides")
                .undo("sudo rm /etc/polkit-1/rules.d/50-local.rules"),
        );
    }
    offer.stays(&["every other action, and the same one for every other user"]);
    offer
}
