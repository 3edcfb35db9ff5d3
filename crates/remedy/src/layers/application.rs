//! The program's own refusal: satisfied in the program, not in the kernel.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent};
use whodenied_case::{Environment, Knob, Risk, Where};
use whodenied_kernel::Call;
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let dubious = ctx.facts.statement("dubious-ownership").is_some() || ctx.attempt.dialects.contains(&"git");
    if dubious {
        let dir = ctx.attempt.object.name.as_deref().filter(|n| !n.is_empty() && *n != "*");
        let dir = if ctx.facts.has(Environment::Ci)
            && dir.is_none_or(|d| d.starts_with("/github") || d.starts_with("/__w"))
        {
            "\"$GITHUB_WORKSPACE\"".to_owned()
        } else {
            path::shell_or(dir, "repository")
        };
        offer.add(
            Fix::new(
                Where::Program,
                Risk::Low,
                format!("Tell git that this one directory is trusted: safe.directory {dir}"),
            )
            .widens("git runs the hooks and settings of that one repository, whoever owns it.")
            .run(format!("git config --global --add safe.directory {dir}"))
            .undo(format!("git config --global --unset-all safe.directory {dir}")),
        );
        offer.add(
            Fix::new(Where::Container, Risk::Low, "Or run git as the user that owns the repository")
                .widens("Nothing.")
                .run(format!("stat -c %u:%g {dir}")),
        );
        return offer;
    }
    if matches!(ctx.attempt.call, Some(Call::Setgroups | Call::Setuid | Call::Setgid)) {
        offer.add(
            Fix::new(Where::Container, Risk::Low, "Start as root and let the program step down; or start as the final user and leave the stepping down out")
                .widens("As root, the start script holds the engine's default capabilities until it steps down.")
                .edits(spell::spell(ctx, Intent::User("0:0")))
                .undo("set the former user again"),
        );
        return offer;
    }
    if ctx.attempt.call == Some(Call::LandlockRestrict)
        || ctx.facts.statement("landlock-unsupported").is_some()
    {
        return super::landlock::offer(ctx);
    }
    let object = path::object(ctx);
    if let Some(target) = object {
        let target = shell(target);
        if ctx.facts.statement("bad-file-mode").is_some() {
            offer.add(
                Fix::new(
                    Where::Program,
                    Risk::Low,
                    format!("Close the file as the program demands: {target}"),
                )
                .widens("Nothing: fewer users may read it than before.")
                .run(format!("stat -c '%U:%G %a %n' {target}"))
                .run(format!("chmod go-rwx {target}"))
                .undo(format!("chmod <former mode> {target}")),
            );
        }
        offer.add(
            Fix::new(Where::Program, Risk::Low, format!("Meet the program's own condition on {target}: look at its owner and mode, which the program checks itself"))
                .widens("Nothing.")
                .run(format!("stat -c '%U:%G %a %n' {target}")),
        );
    }
    let root = ctx.facts.statement("refuses-root").is_some()
        || ctx.facts.has(Environment::RunsAsRoot)
        || ctx.facts.knob(|k| matches!(k, Knob::User(u) if u.starts_with('0') || u == "root")).is_some();
    offer.add(
        Fix::new(
            Where::Program,
            Risk::Low,
            if root {
                "Run the program as an ordinary user, or set its own option: it refuses by a rule of its own, not the kernel's"
            } else {
                "Change the program's own setting: it refuses by a rule of its own, not the kernel's"
            },
        )
        .widens("What that setting says, for this one program.")
        .undo("set the former value"),
    );
    offer
}
