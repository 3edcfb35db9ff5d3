//! A command that bubblewrap confines: the one option that its command line lacks.
//!
//! Later operations of bubblewrap lie over earlier ones, so the option goes last, before the program.
//! Source: bwrap(1).

use crate::fix::Fix;
use crate::place::Ctx;
use whodenied_access::{Entry, World};
use whodenied_case::capture::{Capture, Thing};
use whodenied_case::{Risk, Where};
use whodenied_kernel::Layer;
use whodenied_text::quote::shell;

pub(super) fn bubblewrap(ctx: &Ctx<'_>) -> Option<Fix> {
    let live = ctx.attempt.live.as_deref()?;
    let start = live.start.as_ref()?;
    if base(start.command.first()?) != "bwrap" {
        return None;
    }
    let at = program(live)?;
    let path = match live.object.as_ref()? {
        Thing::Path(path) | Thing::File(path) | Thing::Unix(path) => path,
        _ => return None,
    };
    let (option, place, what, widens) = match ctx.d.layer {
        Layer::Readonly => {
            let place = writable(live, path)?;
            (
                "--bind",
                place.clone(),
                format!("Let the sandbox write to {place}"),
                "Writing to that one place, as far as its modes let the user.",
            )
        }
        Layer::Filesystem | Layer::MountFlags if live.hidden_by.is_some() => (
            "--ro-bind",
            path.clone(),
            format!("Show {path} in the sandbox, read-only"),
            "Reading that one path, as far as its mode lets the user.",
        ),
        Layer::MountFlags if device(live) => (
            "--dev-bind",
            path.clone(),
            format!("Let the sandbox use the device {path}"),
            "That one device, as far as its mode lets the user.",
        ),
        _ => return None,
    };
    let (options, command) = start.command.split_at(at);
    // `--` ends the options.
    let options = options.strip_suffix(&["--".to_owned()]).unwrap_or(options);
    let mut words: Vec<String> = options.iter().map(|w| shell(w)).collect();
    words.extend([option.to_owned(), shell(&place), shell(&place)]);
    words.extend(command.iter().map(|w| shell(w)));
    Some(
        Fix::new(Where::Program, Risk::Low, format!("{what}: {option} last among bubblewrap's options"))
            .widens(widens)
            .run(words.join(" ")),
    )
}

/// unshare(1) made a user namespace without the namespace that is to be changed: the one option more.
pub(super) fn unshare(ctx: &Ctx<'_>) -> Option<Fix> {
    let live = ctx.attempt.live.as_deref()?;
    let command = &live.start.as_ref()?.command;
    let (first, rest) = command.split_first()?;
    if base(first) != "unshare" || ctx.d.layer != Layer::Userns || live.process.same_user_namespace {
        return None;
    }
    let (space, option) = match live.syscall.as_str() {
        "mount" | "umount2" | "pivot_root" | "move_mount" => ("mnt", "--mount"),
        "sethostname" | "setdomainname" => ("uts", "--uts"),
        _ => return None,
    };
    if !live.process.shared.iter().any(|s| s == space) {
        return None;
    }
    let mut words = vec![shell(first), option.to_owned()];
    words.extend(rest.iter().map(|w| shell(w)));
    Some(
        Fix::new(
            Where::Program,
            Risk::Low,
            format!(
                "Let unshare make the namespace that is to be changed along with the user namespace: {option}"
            ),
        )
        .widens("Nothing outside: the change is seen in the new namespace only.")
        .run(words.join(" ")),
    )
}

/// Where in the command the sandboxed program begins: the process's own words end it.
pub(super) fn program(live: &Capture) -> Option<usize> {
    let command = &live.start.as_ref()?.command;
    let own = &live.process.command;
    let at = command.len().checked_sub(own.len()).filter(|at| *at > 0)?;
    let (first, rest) = own.split_first()?;
    let (its, others) = command.get(at..)?.split_first()?;
    (rest == others && base(first) == base(its)).then_some(at)
}

pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The directory of what is to be made, or the file that is to be changed: both exist outside.
fn writable(live: &Capture, path: &str) -> Option<String> {
    let question = live.question.as_ref()?;
    let world = &question.world;
    let mut at = world.root();
    let mut there = true;
    for name in path.split('/').filter(|n| !n.is_empty()) {
        let Entry::Found(node) = world.entry(at, name.as_bytes()) else {
            there = false;
            break;
        };
        at = world.mounted(node).unwrap_or(node);
    }
    if there {
        return Some(path.to_owned());
    }
    path.rsplit_once('/').map(|(head, _)| if head.is_empty() { "/".to_owned() } else { head.to_owned() })
}

fn device(live: &Capture) -> bool {
    live.object.as_ref().is_some_and(|o| matches!(o, Thing::Path(p) if p.starts_with("/dev/")))
}
