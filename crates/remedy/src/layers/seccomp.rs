//! seccomp: a newer engine, or a profile for this one container that differs in one call, or a
//! program that does without the call.

use crate::fix::{Fix, Offer, part, whole};
use crate::place::Ctx;
use crate::spell::{self, Intent, Spelling, systemd};
use crate::upgrade;
use whodenied_case::{Engine, Knob, RecordKind, Risk, Where};
use whodenied_kernel::{Call, Capability, Errno};
use whodenied_runtimes::Runtime;
use whodenied_runtimes::seccomp::{Change, Query, answer};
use whodenied_seccomp::rule::is_name;
use whodenied_seccomp::{Action, Arg, Rule};
use whodenied_text::quote::file_name;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let calls = calls(ctx);
    let first = calls.first().map(String::as_str);
    if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) || ctx.facts.unit("SystemCallFilter").is_some() {
        unit(ctx, &calls, &mut offer);
        return offer;
    }
    let own = !ctx.in_container()
        && !ctx.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus | Engine::Nspawn));
    if own {
        program_filter(ctx, &calls, &mut offer);
        return offer;
    }

    let runtime = ctx.runtime.unwrap_or(Runtime::Docker);
    let refusal = first.and_then(|syscall| {
        let query = Query { syscall, args: &ctx.attempt.args, added: &[], all_caps: false };
        answer(runtime, ctx.version_of(runtime), &query)
    });
    offer.maybe(avoid(ctx, first));
    let upgrade = upgrade::fix(ctx).or_else(|| {
        let version: Vec<String> = refusal.as_ref()?.fixed_in?.iter().map(u32::to_string).collect();
        Some(engine_upgrade(ctx, runtime, Some(&version.join("."))))
    });
    let newer_helps = upgrade.is_some() || falls_back(first);
    if newer_helps {
        offer.add(upgrade.unwrap_or_else(|| engine_upgrade(ctx, runtime, None)));
    }
    let narrow = refusal.as_ref().and_then(|r| r.unlocked_by).filter(|c| *c != Capability::SYS_ADMIN);
    if let Some(cap) = narrow.filter(|c| ctx.facts.cap_added(*c).is_none()) {
        offer.maybe(capability(ctx, cap, first.unwrap_or("the call")));
    }
    offer.maybe(profile(ctx, runtime, &calls));
    if offer.remedies.is_empty() {
        offer.add(find_out(ctx));
    }
    offer.stays(&[
        "loading kernel modules (init_module, finit_module)",
        "mount and pivot_root",
        "every other call that the engine's default refuses",
    ]);
    offer
}

/// Which call it is must be seen before anything is allowed.
fn find_out(ctx: &Ctx<'_>) -> Fix {
    Fix::new(ctx.engine_host(), Risk::Low, "Find the one call that is refused, then allow only that one")
        .widens("Nothing.")
        .run("sudo strace -f -p <pid> 2>&1 | grep -E 'EPERM|ENOSYS'")
        .run("grep Seccomp /proc/<pid>/status   # 2: a filter is in force")
}

/// The calls refused, by the kernel's names.
fn calls(ctx: &Ctx<'_>) -> Vec<String> {
    let plain = |s: &&str| is_name(s);
    if ctx.attempt.syscall.as_deref().is_some_and(|s| s.starts_with("io_uring_")) {
        return Call::IoUring.syscalls().iter().map(|s| (*s).to_owned()).collect();
    }
    if let Some(name) = ctx.attempt.syscall.as_deref().filter(plain) {
        return vec![name.to_owned()];
    }
    match ctx.attempt.call {
        Some(Call::IoUring) => Call::IoUring.syscalls().iter().map(|s| (*s).to_owned()).collect(),
        Some(Call::Sched) => vec!["sched_setscheduler".into()],
        Some(Call::UsernsCreate) => vec!["unshare".into(), "clone".into()],
        Some(call) => call.syscalls().first().map(|s| (*s).to_owned()).into_iter().collect(),
        None => ctx
            .attempt
            .records
            .iter()
            .find_map(|r| match &r.kind {
                RecordKind::Seccomp(s) => {
                    s.fields.iter().find(|(k, _)| k == "SYSCALL").map(|(_, v)| v.clone())
                }
                _ => None,
            })
            .filter(|s| plain(&s.as_str()))
            .into_iter()
            .collect(),
    }
}

/// Calls for which libc has a fallback that an old filter spoils.
fn falls_back(call: Option<&str>) -> bool {
    call.is_some_and(|c| {
        matches!(c, "clone3" | "faccessat2" | "fchmodat2" | "openat2" | "close_range" | "statx")
            || c.contains("time64")
            || c == "clock_gettime64"
    })
}

fn engine_upgrade(ctx: &Ctx<'_>, runtime: Runtime, version: Option<&str>) -> Fix {
    let to = version.map_or_else(
        || "a release whose default filter knows the call".to_owned(),
        |v| format!("{v} or newer"),
    );
    Fix::new(
        ctx.engine_host(),
        Risk::Low,
        format!("Upgrade {} (with its runc and libseccomp) to {to}", runtime.name()),
    )
    .widens("The calls that the vendor's newer default lists, or answers so that libc falls back.")
    .undo("install the former version again")
}

/// The program's own switch, where one is known for the call.
fn avoid(ctx: &Ctx<'_>, call: Option<&str>) -> Option<Fix> {
    let (summary, edit) = match call? {
        "io_uring_setup" | "io_uring_enter" | "io_uring_register" => (
            "Let the program do without io_uring: switch it off in its own settings (it then uses epoll or AIO)",
            None,
        ),
        "personality" => (
            "Let the debugger leave address randomisation on",
            Some(part("the debugger's settings", "text", "set disable-randomization off\n")),
        ),
        "keyctl" | "add_key" | "request_key" => (
            "Start the inner runtime without a session keyring of its own (runc and crun: --no-new-keyring)",
            None,
        ),
        "mbind" | "set_mempolicy" | "get_mempolicy" | "move_pages" => (
            "Let the program leave NUMA placement to the kernel: switch its NUMA option off, the refusal is harmless",
            None,
        ),
        "socket" if ctx.attempt.arg("domain").is_some_and(|d| d.contains("ALG")) => {
            ("Use user-space crypto instead of the kernel's sockets (OpenSSL without the afalg engine)", None)
        }
        _ => return None,
    };
    let mut fix = Fix::new(Where::Program, Risk::Low, summary).widens("Nothing.").undo("switch it on again");
    if let Some(edit) = edit {
        fix = fix.edit(edit);
    }
    Some(fix)
}

fn capability(ctx: &Ctx<'_>, cap: Capability, call: &str) -> Option<Fix> {
    let edits = spell::spell(ctx, Intent::CapAdd(cap));
    let name = cap.name()?;
    Some(
        Fix::new(
            Where::Container,
            Risk::Medium,
            format!("Add the capability {name}: with it the engine's own default lists {call}"),
        )
        .widens(format!("The process may {}, if it runs as root or Podman makes it ambient.", cap.unlocks()))
        .edits(edits)
        .undo("remove the capability from the container's configuration"),
    )
}

/// One more rule for a copy of the engine's default.
fn profile(ctx: &Ctx<'_>, runtime: Runtime, calls: &[String]) -> Option<Fix> {
    let first = calls.first()?;
    if ctx.facts.knob(|k| matches!(k, Knob::Seccomp(s) if s.ends_with(".json"))).is_some() {
        return Some(own_file(ctx, calls));
    }
    let file = format!("seccomp-{}.json", file_name(&ctx.stem()));
    let version = ctx.version_of(runtime);
    let numbers = version.map(|v| v.iter().map(u32::to_string).collect::<Vec<_>>().join("."));
    let from = match numbers {
        Some(numbers) => format!("the default of {} {numbers}", runtime.name()),
        None => format!("{}'s default", runtime.name()),
    };
    let added: Vec<Capability> = Capability::all().filter(|c| ctx.facts.cap_added(*c).is_some()).collect();
    let text = whodenied_runtimes::seccomp::profile(runtime, version, &added, false, &changes(ctx, calls));
    let ends =
        if answers_enosys(first) { "answered with ENOSYS, so that libc falls back" } else { "allowed" };
    let what = what(ctx, calls);
    let mut fix = Fix::new(
        Where::Container,
        if matches!(first.as_str(), "mount" | "bpf" | "ptrace" | "unshare" | "setns" | "userfaultfd")
            || first.starts_with("io_uring")
        {
            Risk::Medium
        } else {
            Risk::Low
        },
        format!("Give this container a seccomp profile: {from} with {what} {ends}"),
    )
    .widens(if answers_enosys(first) {
        "Nothing: the call stays refused, only with the errno on which libc falls back.".to_owned()
    } else {
        format!("{what} for this one container; capabilities and AppArmor or SELinux still apply to it.")
    })
    .edit(whole(&file, "json", text));
    if ctx.spelled(Spelling::Kubernetes) {
        fix = fix.run(format!("sudo install -D -m 0644 {file} /var/lib/kubelet/seccomp/profiles/{file}"));
    }
    fix = fix.edits(spell::spell(ctx, Intent::Seccomp(&file)));
    if let Some(command) = spell::apply(ctx) {
        fix = fix.run(command);
    }
    Some(fix.undo("remove the seccomp option from the container's configuration and recreate the container"))
}

fn what(ctx: &Ctx<'_>, calls: &[String]) -> String {
    match (calls.first().map(String::as_str), ctx.attempt.arg("domain")) {
        (Some("personality"), _) => "personality(ADDR_NO_RANDOMIZE)".to_owned(),
        (Some("socket"), Some(d)) if d.contains("ALG") || d == "38" => "socket(AF_ALG)".to_owned(),
        (Some("socket"), Some(d)) if d.contains("VSOCK") || d == "40" => "socket(AF_VSOCK)".to_owned(),
        _ => calls.join(", "),
    }
}

fn answers_enosys(call: &str) -> bool {
    call == "clone3"
}

/// The rule as JSON on one line.
fn rule(ctx: &Ctx<'_>, calls: &[String]) -> Option<String> {
    let first = calls.first()?.as_str();
    let domain = ctx.attempt.arg("domain").unwrap_or("");
    let (action, args) = match first {
        _ if answers_enosys(first) => (Action::Errno(Errno::ENOSYS), vec![]),
        "personality" => (Action::Allow, vec![Arg::equals(0, ADDR_NO_RANDOMIZE)]),
        "socket" if domain.contains("ALG") || domain == "38" => (Action::Allow, vec![Arg::equals(0, 38)]),
        "socket" if domain.contains("VSOCK") || domain == "40" => (Action::Allow, vec![Arg::equals(0, 40)]),
        _ => (Action::Allow, vec![]),
    };
    Rule::new(calls, action, &args).map(|r| r.to_json())
}

/// Source: `include/uapi/linux/personality.h`.
const ADDR_NO_RANDOMIZE: u64 = 0x4_0000;

/// The calls as changes of a default.
fn changes(ctx: &Ctx<'_>, calls: &[String]) -> Vec<Change> {
    let domain = ctx.attempt.arg("domain").unwrap_or("");
    let change = |syscall: &String| {
        let first = match syscall.as_str() {
            "personality" => Some(ADDR_NO_RANDOMIZE),
            "socket" if domain.contains("ALG") || domain == "38" => Some(38),
            "socket" if domain.contains("VSOCK") || domain == "40" => Some(40),
            _ => None,
        };
        let errno = answers_enosys(syscall).then_some(Errno::ENOSYS);
        Change { syscall: syscall.clone(), first, errno }
    };
    calls.iter().map(change).collect()
}

/// The container has a profile of its own already: the rule goes there.
fn own_file(ctx: &Ctx<'_>, calls: &[String]) -> Fix {
    Fix::new(
        Where::Container,
        Risk::Low,
        format!("Add {} to the seccomp profile that the container already has", what(ctx, calls)),
    )
    .widens(format!("{} for this one container.", what(ctx, calls)))
    .edit(part(
        "the container's seccomp profile, in \"syscalls\"",
        "json",
        format!("{}\n", rule(ctx, calls).unwrap_or_default()),
    ))
    .undo("remove the rule from the profile")
}

fn unit(ctx: &Ctx<'_>, calls: &[String], offer: &mut Offer) {
    let unit = systemd::unit(ctx);
    let family = ctx.attempt.arg("domain").filter(|d| {
        d.starts_with("AF_") && d.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    });
    let netlink = ctx.attempt.call == Some(Call::Netlink);
    let family = family.or(netlink.then_some("AF_NETLINK"));
    let restrict = ctx.facts.unit("RestrictAddressFamilies").is_some();
    let mut lines = Vec::new();
    if let (true, Some(family), Some(Call::Socket | Call::Socketpair | Call::Netlink)) =
        (restrict, family, ctx.attempt.call)
    {
        lines.push(format!("RestrictAddressFamilies={family}"));
    } else if restrict && ctx.attempt.errno == Some(Errno::EAFNOSUPPORT) {
        lines.push("RestrictAddressFamilies=<the family>".to_owned());
    } else if matches!(ctx.attempt.call, Some(Call::Mprotect | Call::Mmap))
        && ctx.facts.unit("MemoryDenyWriteExecute").is_some()
    {
        lines.push("MemoryDenyWriteExecute=no".to_owned());
    } else if matches!(ctx.attempt.call, Some(Call::Sched)) && ctx.facts.unit("RestrictRealtime").is_some() {
        lines.push("RestrictRealtime=no".to_owned());
    } else if matches!(ctx.attempt.call, Some(Call::Unshare | Call::UsernsCreate | Call::Setns))
        && ctx.facts.unit("RestrictNamespaces").is_some()
    {
        lines.push("RestrictNamespaces=no".to_owned());
    } else if calls.is_empty() {
        lines.push("SystemCallFilter=<the call>".to_owned());
    } else {
        lines.push(format!("SystemCallFilter={}", calls.join(" ")));
    }
    if matches!(ctx.attempt.call, Some(Call::Setpriority)) {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Let systemd set the priority of {unit} instead of the program"),
            )
            .widens("Nothing: the program's own call stays refused.")
            .edits(systemd::drop_in(ctx, &["Nice=<value>".to_owned()]))
            .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
            .undo(format!("sudo systemctl revert {unit} && sudo systemctl restart {unit}")),
        );
    }
    let what = lines.first().cloned().unwrap_or_default();
    let fix = Fix::new(Where::Host, Risk::Low, format!("Add to the unit {unit}: {what}"))
        .widens("That call or family for this one unit; a drop-in adds to the unit's own list, so all else stays filtered.")
        .edits(systemd::drop_in(ctx, &lines))
        .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
        .undo(format!("sudo systemctl revert {unit} && sudo systemctl restart {unit}"));
    // Where the program can be served by a unit setting, the filter need not open: keep it second.
    offer.add(fix);
    offer.stays(&["every other call that the unit's filter refuses"]);
}

/// A filter that the program put on itself.
fn program_filter(ctx: &Ctx<'_>, calls: &[String], offer: &mut Offer) {
    offer.maybe(upgrade::fix(ctx));
    let what = if calls.is_empty() { "the call".to_owned() } else { calls.join(", ") };
    offer.add(
        Fix::new(
            Where::Program,
            Risk::Low,
            format!("Update the program to a build whose own seccomp filter knows {what}"),
        )
        .widens("What the vendor's newer filter lists.")
        .undo("install the former version again"),
    );
    offer.add(
        Fix::new(
            Where::Program,
            Risk::Low,
            format!("Or add {what} to the filter in the program's own configuration"),
        )
        .widens(format!("{what} for this one program."))
        .undo("remove the call from the filter"),
    );
    offer.stays(&["every other call that the program's own filter refuses"]);
}
