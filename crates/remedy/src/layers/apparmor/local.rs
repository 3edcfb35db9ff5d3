//! A distribution's or person's profile: a line in `/etc/apparmor.d/local/`, then a reload.

use super::change::Change;
use crate::fix::{Fix, Offer, part};
use crate::place::Ctx;
use whodenied_apparmor::{Pattern, Rule};
use whodenied_case::Risk;
use whodenied_runtimes::apparmor::{ProfileKind, kind_of};
use whodenied_text::{escape, quote};

/// The file that a profile's local additions go to, below `/etc/apparmor.d`.
fn local_file(label: &str) -> String {
    if kind_of(label) == ProfileKind::Libvirt {
        return "abstractions/libvirt-qemu".to_owned();
    }
    file_of(label)
}

/// Profiles named after a path stand in a file with dots for slashes.
fn file_of(label: &str) -> String {
    let base = label.split("//").next().unwrap_or(label);
    quote::file_name(&base.trim_start_matches('/').replace('/', "."))
}

pub(super) fn offer(ctx: &Ctx<'_>, label: &str, changes: &[Change], offer: &mut Offer) {
    let known_name = !label.starts_with('<');
    let shown = escape::clipped(label, 60);
    let mut rules = Vec::new();
    let mut flags = false;
    for change in changes {
        match change {
            Change::Rule(rule) | Change::Mount(rule) | Change::Stop(rule) => rules.push(rule.clone()),
            Change::Path(path, perms) => match Pattern::path(path) {
                Some(path) => {
                    rules.push(Rule::File { deny: false, owner: false, path, perms: perms.clone() })
                }
                None => {
                    offer.add(by_hand(ctx, "the path"));
                    return;
                }
            },
            Change::Abi => rules.push(Rule::UNIX),
            Change::AttachDisconnected => flags = true,
            Change::Unquotable(what) => {
                offer.add(by_hand(ctx, what));
                return;
            }
            Change::Silent => {}
        }
    }
    let file = if known_name { file_of(label) } else { "<profile>".to_owned() };
    let local = if known_name { local_file(label) } else { file.clone() };
    if rules.is_empty() && !flags {
        offer.add(
            Fix::new(
                ctx.engine_host(),
                Risk::Low,
                format!("Make the profile {shown} log what it refuses, then add that one rule"),
            )
            .widens("Nothing: only the log grows until the last step.")
            .run("echo -n noquiet | sudo tee /sys/module/apparmor/parameters/audit")
            .run("sudo journalctl -k --since -5min --grep 'apparmor=\"DENIED\"'")
            .undo("echo -n normal | sudo tee /sys/module/apparmor/parameters/audit"),
        );
        return;
    }
    if flags {
        offer.add(
            Fix::new(
                ctx.engine_host(),
                Risk::Low,
                format!("Add the flag attach_disconnected to the profile {shown} in /etc/apparmor.d/{file}"),
            )
            .widens("Objects that lie outside the program's mounts are matched as if they stood under /; the profile's rules still decide.")
            .edit(part(
                format!("/etc/apparmor.d/{file}"),
                "apparmor",
                format!("profile … flags=(attach_disconnected) {{   # in the line that begins {shown}\n"),
            ))
            .run(format!("sudo apparmor_parser -r /etc/apparmor.d/{file}"))
            .undo(format!("take the flag out and run: sudo apparmor_parser -r /etc/apparmor.d/{file}")),
        );
        if rules.is_empty() {
            return;
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for rule in &rules {
        let line = rule.to_string();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let text = format!("{}\n", lines.join("\n"));
    let summary = format!("Allow exactly this in the profile {shown}: `{}`", lines.join(" "));
    let wide = rules.iter().any(|r| {
        matches!(r, Rule::Capability { .. } | Rule::Mount { .. } | Rule::Userns | Rule::ChangeProfile(_))
    });
    offer.add(
        Fix::new(ctx.engine_host(), if wide { Risk::Medium } else { Risk::Low }, summary)
            .widens(format!("These lines and nothing else, for everything that runs under {shown}. The file is read only if the profile includes <local/{local}>; else put the line into the profile itself."))
            .edit(part(format!("/etc/apparmor.d/local/{local}"), "apparmor", text))
            .run(format!("sudo apparmor_parser -r /etc/apparmor.d/{file}"))
            .undo(format!("remove the line and run: sudo apparmor_parser -r /etc/apparmor.d/{file}")),
    );
    offer.stays(&["everything else that this profile does not name"]);
}

fn by_hand(ctx: &Ctx<'_>, what: &str) -> Fix {
    Fix::new(
        ctx.engine_host(),
        Risk::Low,
        format!("Write the rule by hand: {what} in the record holds characters that a rule can't carry"),
    )
    .widens("Nothing by itself.")
}
