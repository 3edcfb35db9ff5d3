//! Resource limits: the one limit, set from outside.

use crate::fix::{Fix, Offer, part};
use crate::place::Ctx;
use crate::spell::{self, Intent, systemd};
use whodenied_case::{Engine, Predicate, Risk, Where};
use whodenied_kernel::Call;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    if ctx.attempt.call == Some(Call::Inotify) || ctx.facts.statement("inotify-limit").is_some() {
        return super::sysctl::offer(ctx);
    }
    let name = name(ctx);
    let shown = name.unwrap_or("<limit>");
    let value = match name {
        Some("memlock") => "-1",
        Some("nofile") => "65536",
        Some("rtprio") => "99",
        _ => "<value>",
    };
    if ctx.in_container() {
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                format!("Raise the limit {shown} of this container from outside"),
            )
            .widens(format!("The limit {shown}, for this container alone."))
            .edits(spell::spell(ctx, Intent::Ulimit(shown, value)))
            .run(format!(
                "{} exec {} sh -c 'ulimit -a'",
                ctx.client(),
                crate::text::name_or(ctx, "container")
            ))
            .undo("remove the limit from the configuration"),
        );
        if ctx.spelled(spell::Spelling::Kubernetes) {
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Medium,
                    "Kubernetes has no setting for it: raise it in the container runtime's unit on the node",
                )
                .widens(format!("The limit {shown} of every container of that node."))
                .edit(unit_line("containerd.service", shown, value))
                .run("sudo systemctl daemon-reload && sudo systemctl restart containerd")
                .undo("sudo systemctl revert containerd"),
            );
            offer.remedies.swap(0, 1);
            offer.remedies.truncate(1);
        }
    } else if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Raise the limit {shown} of the unit {}", systemd::unit(ctx)),
            )
            .widens(format!("The limit {shown}, for this unit alone."))
            .edits(spell::spell(ctx, Intent::Ulimit(shown, value)))
            .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {}", systemd::unit(ctx)))
            .undo(format!("sudo systemctl revert {}", systemd::unit(ctx))),
        );
    } else {
        let limit = if value == "-1" { "unlimited" } else { value };
        let flag = flag(shown);
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Raise the limit {shown} for this one program's start"))
                .widens(format!("The limit {shown}, for what that shell starts."))
                .run(format!("sudo prlimit --{shown}={limit}:{limit} --pid $$   # then start the program from this shell"))
                .run(format!("ulimit {flag}   # shows what is in force"))
                .undo("close the shell"),
        );
        offer.add(
            Fix::new(Where::Host, Risk::Medium, format!("Or raise the limit {shown} for one user"))
                .widens(format!("The limit {shown}, for every process of that user."))
                .edit(part(
                    "/etc/security/limits.d/90-local.conf",
                    "text",
                    format!("<user>  -  {shown}  {limit}\n"),
                ))
                .undo("remove the line and log in again"),
        );
    }
    offer.stays(&["every other limit, and the limits of every other program"]);
    offer
}

/// The limit by docker's and limits.conf's name.
fn name<'a>(ctx: &'a Ctx<'_>) -> Option<&'a str> {
    const NAMES: [&str; 14] = [
        "memlock",
        "nofile",
        "nproc",
        "rtprio",
        "nice",
        "core",
        "fsize",
        "stack",
        "msgqueue",
        "sigpending",
        "locks",
        "as",
        "data",
        "rttime",
    ];
    let live = ctx.attempt.live.as_ref().and_then(|live| live.limit.as_ref()).filter(|l| l.exceeded());
    let live = live.and_then(|l| {
        let name = l.name.trim_start_matches("RLIMIT_").to_ascii_lowercase();
        NAMES.into_iter().find(|n| *n == name)
    });
    if live.is_some() {
        return live;
    }
    let from_args = ["limit", "resource", "rlimit"].iter().filter_map(|k| ctx.attempt.arg(k)).find_map(|v| {
        let v = v.trim_start_matches("RLIMIT_").to_ascii_lowercase();
        NAMES.into_iter().find(|n| *n == v)
    });
    from_args
        .or_else(|| {
            let object = ctx.d.object.to_ascii_lowercase();
            NAMES.into_iter().find(|n| object.contains(n) && n.len() > 3)
        })
        .or(match ctx.attempt.call {
            Some(Call::Mlock | Call::Bpf | Call::IoUring | Call::PerfEventOpen | Call::Setrlimit) => {
                Some("memlock")
            }
            Some(Call::Sched) => Some("rtprio"),
            Some(Call::Setpriority) => Some("nice"),
            Some(Call::Clone) => Some("nproc"),
            Some(Call::Open | Call::Socket | Call::Inotify) => Some("nofile"),
            _ => None,
        })
        .or_else(|| {
            ctx.facts.all.iter().find_map(|f| match &f.what {
                Predicate::Limit { name, .. } => NAMES.into_iter().find(|n| n == name),
                _ => None,
            })
        })
}

fn flag(name: &str) -> &'static str {
    match name {
        "memlock" => "-l",
        "nofile" => "-n",
        "nproc" => "-u",
        "rtprio" => "-r",
        "nice" => "-e",
        "core" => "-c",
        "stack" => "-s",
        _ => "-a",
    }
}

fn unit_line(unit: &str, name: &str, value: &str) -> whodenied_case::FileEdit {
    let value = if value == "-1" { "infinity" } else { value };
    part(
        format!("/etc/systemd/system/{unit}.d/override.conf"),
        "ini",
        format!("[Service]\nLimit{}={value}\n", name.to_ascii_uppercase()),
    )
}
