//! Capabilities: a setting that needs none, else the one that is missing.

use crate::fix::{Fix, Offer};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent, Spelling};
use crate::upgrade;
use whodenied_case::{CapSpec, Engine, Environment, Knob, ObjectKind, Predicate, Risk, Where};
use whodenied_kernel::{Call, Capability as C};
use whodenied_runtimes::{caps, sysctls};
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let cap = needed(ctx);
    match ctx.attempt.call {
        Some(Call::Chown | Call::Setgroups | Call::Setuid | Call::Setgid) => identity(ctx, cap, &mut offer),
        Some(Call::Socket) => {
            offer.maybe(ping(ctx));
        }
        Some(Call::Mlock | Call::Setrlimit) => {
            offer.maybe(limit(ctx));
        }
        Some(Call::Bind) => {
            offer.maybe(port(ctx));
        }
        Some(Call::SysctlWrite) => {
            offer.maybe(engine_sysctl(ctx));
        }
        Some(Call::Setpriority) => {
            offer.maybe(nice(ctx));
        }
        _ => {}
    }
    if let Some(cap) = cap {
        offer.maybe(add(ctx, cap));
        let nonroot = ctx.facts.has(Environment::RunsAsNonRoot)
            || ctx.facts.knob(|k| matches!(k, Knob::User(u) if !is_root(u))).is_some();
        if nonroot && ctx.runtime.is_none_or(|r| !caps::added_are_ambient(r)) && ctx.in_container() {
            offer.maybe(set_on_file(ctx, cap));
        }
    }
    if ctx.attempt.call == Some(Call::Exec) {
        if cap.is_none() {
            offer.add(asked_by_file(ctx));
        }
        offer.maybe(file_capability(ctx, cap));
    }
    offer.maybe(upgrade::fix(ctx));
    if offer.remedies.is_empty() && cap.is_none() {
        offer.add(find_out(ctx));
    }
    offer.stays(&["every capability that is not named here", "loading kernel modules and raw kernel writes"]);
    if cap == Some(C::SYS_ADMIN) {
        offer.stays_blocked.clear();
        offer.stays(&["loading kernel modules", "what AppArmor or SELinux refuses to the container"]);
    }
    offer
}

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("0" | "root"))
}

/// The capability that the call asks for. Sources: the `capable()` calls of each system call.
pub(super) fn needed(ctx: &Ctx<'_>) -> Option<C> {
    if let Some(cap) = ctx.attempt.arg("capability").and_then(C::from_name) {
        return Some(cap);
    }
    // What the file carries, as getcap prints it.
    if ctx.attempt.call == Some(Call::Exec) {
        return ctx.facts.all.iter().find_map(|f| match &f.what {
            Predicate::Path(p) => C::from_name(p.capabilities.as_deref()?.split(['=', '+', ',']).next()?),
            _ => None,
        });
    }
    if ctx.attempt.object.kind == ObjectKind::Capability
        && let Some(cap) = ctx.attempt.object.name.as_deref().and_then(C::from_name)
    {
        return Some(cap);
    }
    if ctx.d.known_issue.as_ref().is_some_and(|k| k.id == "ping-without-net-raw") {
        return Some(C::NET_RAW);
    }
    Some(match ctx.attempt.call? {
        Call::Chown => C::CHOWN,
        Call::Chmod | Call::Utime => C::FOWNER,
        Call::Open
        | Call::Create
        | Call::Read
        | Call::Write
        | Call::Stat
        | Call::Readdir
        | Call::Unlink
        | Call::Mkdir => C::DAC_OVERRIDE,
        Call::Setgid | Call::Setgroups => C::SETGID,
        Call::Setuid | Call::IdMap => C::SETUID,
        Call::Socket if matches!(ctx.attempt.arg("domain"), Some("AF_NETLINK")) => C::NET_ADMIN,
        Call::Socket => C::NET_RAW,
        Call::Bind => C::NET_BIND_SERVICE,
        Call::Setsockopt | Call::Netlink => C::NET_ADMIN,
        Call::Ioctl if ctx.attempt.object_name().contains("tun") => C::NET_ADMIN,
        Call::Kill => C::KILL,
        Call::Ptrace => C::SYS_PTRACE,
        Call::Chroot => C::SYS_CHROOT,
        Call::Mknod => C::MKNOD,
        Call::Mlock => C::IPC_LOCK,
        Call::Sched | Call::Setpriority | Call::Mempolicy => C::SYS_NICE,
        Call::Setrlimit => C::SYS_RESOURCE,
        Call::Settime => C::SYS_TIME,
        Call::Syslog => C::SYSLOG,
        Call::Reboot | Call::Kexec => C::SYS_BOOT,
        Call::Module => C::SYS_MODULE,
        Call::PerfEventOpen => C::PERFMON,
        Call::Bpf => C::BPF,
        Call::Ioperm => C::SYS_RAWIO,
        Call::PolicyLoad => C::MAC_ADMIN,
        Call::Capset => C::SETPCAP,
        Call::Xattr => C::SETFCAP,
        Call::Acct => C::SYS_PACCT,
        Call::Mount
        | Call::Umount
        | Call::PivotRoot
        | Call::Unshare
        | Call::Setns
        | Call::Sethostname
        | Call::Swap
        | Call::Quota
        | Call::Fanotify => C::SYS_ADMIN,
        _ => return None,
    })
}

/// Which capability it is must be seen before anything is given.
fn find_out(ctx: &Ctx<'_>) -> Fix {
    Fix::new(
        ctx.engine_host(),
        Risk::Low,
        "Find the one capability that the call asks for, then add only that one",
    )
    .widens("Nothing.")
    .run("sudo capable-bpfcc   # or: capable (bcc tools); it names each capability asked for, by process")
    .run("grep Cap /proc/<pid>/status; capsh --decode=<CapEff>   # those the process has")
}

/// `--cap-add`, or taking the capability out of the drop list.
fn add(ctx: &Ctx<'_>, cap: C) -> Option<Fix> {
    let name = cap.name()?;
    if ctx.facts.cap_added(cap).is_some() && ctx.facts.cap_dropped(cap).is_none() {
        return None;
    }
    let dropped = ctx.facts.knob(|k| *k == Knob::CapDrop(CapSpec::One(cap))).is_some();
    let risk = match cap.breadth() {
        whodenied_kernel::capability::Breadth::Narrow => Risk::Low,
        whodenied_kernel::capability::Breadth::Wide => Risk::Medium,
        whodenied_kernel::capability::Breadth::Root => Risk::High,
    };
    let unit = ctx.spelled(Spelling::Systemd);
    let summary = if dropped {
        format!("Take {name} out of the capabilities that the container drops")
    } else if unit {
        format!("Give this unit the one capability {cap}")
    } else {
        format!("Add the one capability {name} to this container")
    };
    let (on, whom) =
        if unit { (Where::Host, "The unit") } else { (Where::Container, "The container's root") };
    let mut fix = Fix::new(on, risk, summary).widens(format!(
        "{whom} may {}{}.",
        cap.unlocks(),
        if ctx.facts.has(Environment::Rootless) { ", within its own user namespace only" } else { "" }
    ));
    if dropped && spelled_drop(ctx, name).is_some() {
        fix = fix.edits(spelled_drop(ctx, name));
    } else {
        fix = fix.edits(spell::spell(ctx, Intent::CapAdd(cap)));
    }
    if let Some(command) = spell::apply(ctx) {
        fix = fix.run(command);
    }
    Some(fix.undo("remove the capability again and recreate the container"))
}

/// A drop list that names the capability: adding it does not help where the engine applies drops
/// last, so the entry goes.
fn spelled_drop(ctx: &Ctx<'_>, name: &str) -> Option<whodenied_case::FileEdit> {
    let file = match ctx.spellings.first()? {
        Spelling::Compose => "compose.yaml",
        Spelling::Kubernetes => "pod template",
        _ => return None,
    };
    Some(crate::fix::part(file, "text", format!("remove {name} from cap_drop / capabilities.drop\n")))
}

/// Ids and owners: prepared ahead of time none of these calls is needed.
fn identity(ctx: &Ctx<'_>, cap: Option<C>, offer: &mut Offer) {
    let nonroot = ctx.facts.has(Environment::RunsAsNonRoot)
        || ctx.facts.knob(|k| matches!(k, Knob::User(u) if !is_root(u))).is_some();
    match ctx.attempt.call {
        Some(Call::Chown) if ctx.facts.has(Environment::Nfs) || ctx.facts.has(Environment::RootSquash) => {}
        Some(Call::Chown) => {
            let dir = path::shell_or(
                path::volume(ctx).map(|v| v.source).filter(|s| s.starts_with('/')),
                "the data directory",
            );
            let uid = ids(ctx);
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Low,
                    "Give the data directory its owner ahead of time, and start the program as that user",
                )
                .widens("Nothing in the container: it needs no right to change owners.")
                .run(format!("sudo find {dir} | wc -l   # how much this touches"))
                .run(format!("sudo chown {uid} {dir}"))
                .edits(spell::spell(ctx, Intent::User(&uid)))
                .undo(format!("sudo chown <former owner> {dir}")),
            );
        }
        Some(_) if nonroot && cap.is_some() => {
            offer.add(
                Fix::new(
                    Where::Container,
                    Risk::Low,
                    "Start as root and let the start script step down, or start as the final user and drop the step: one of the two, not both",
                )
                .widens("As root, the start script holds the engine's default capabilities until it steps down; as the final user nothing.")
                .edits(spell::spell(ctx, Intent::User("0:0")))
                .undo("set the former user again"),
            );
        }
        _ => {}
    }
}

/// The ids that a listing or the configuration names, else a placeholder.
fn ids(ctx: &Ctx<'_>) -> String {
    let from_knob = ctx.facts.knobs().find_map(|(_, k)| match k {
        Knob::User(u) if u.bytes().all(|b| b.is_ascii_digit() || b == b':') && !is_root(u) => Some(u.clone()),
        _ => None,
    });
    let from_ids = ctx.facts.all.iter().find_map(|f| match f.what {
        Predicate::Ids { uid: Some(uid), gid, .. } if uid != 0 => {
            Some(format!("{uid}:{}", gid.unwrap_or(uid)))
        }
        _ => None,
    });
    from_knob.or(from_ids).unwrap_or_else(|| "<uid>:<gid>".to_owned())
}

/// ICMP without raw sockets.
fn ping(ctx: &Ctx<'_>) -> Option<Fix> {
    let arg = |name: &str| ctx.attempt.arg(name).unwrap_or("");
    let icmp = matches!(ctx.attempt.object.kind, ObjectKind::PingSocket | ObjectKind::RawSocket)
        || arg("protocol").contains("ICMP")
        || ctx.d.known_issue.as_ref().is_some_and(|k| k.id == "ping-without-net-raw");
    let packet = arg("domain").contains("PACKET");
    // Rootless: the range may name only ids that the namespace maps, and the binary may insist on raw sockets.
    if !icmp || packet || ctx.facts.has(Environment::Rootless) || file_caps(ctx) {
        return None;
    }
    if ctx.facts.sysctl("net.ipv4.ping_group_range").is_some_and(|(_, v)| v.starts_with('0')) {
        return None;
    }
    let edits = spell::spell(ctx, Intent::Sysctl("net.ipv4.ping_group_range", "0 2147483647"));
    Some(
        Fix::new(
            if ctx.in_container() { Where::Container } else { Where::Host },
            Risk::Low,
            "Let every group open ping sockets in this network namespace: net.ipv4.ping_group_range",
        )
        .widens("ICMP echo without any capability. The ping program must use datagram sockets, as current ones do.")
        .edits(edits)
        .undo("remove the sysctl from the configuration"),
    )
}

/// True when the evidence shows file capabilities on the program.
fn file_caps(ctx: &Ctx<'_>) -> bool {
    ctx.facts.find(|p| matches!(p, Predicate::Path(s) if s.capabilities.is_some())).is_some()
        || ctx.attempt.call == Some(Call::Exec)
}

/// The capability stands in the file; `getcap` shows it.
fn asked_by_file(ctx: &Ctx<'_>) -> Fix {
    let program = path::object(ctx).or(ctx.attempt.subject.program.as_deref().filter(|p| p.starts_with('/')));
    let program = path::shell_or(program, "the program");
    Fix::new(
        Where::Container,
        Risk::Low,
        format!("Add to this container the one capability that the file {program} carries"),
    )
    .widens("What that capability allows, for root and for whoever starts that file in the container.")
    .run(format!("getcap {program}   # names it, as cap_net_raw"))
    .edit(crate::fix::part("docker run", "text", "--cap-add <the capability>\n"))
    .undo("remove the capability again and recreate the container")
}

/// execve fails with EPERM when file capabilities ask for more than the bounding set holds.
fn file_capability(ctx: &Ctx<'_>, cap: Option<C>) -> Option<Fix> {
    let program = path::object(ctx).or(ctx.attempt.subject.program.as_deref().filter(|p| p.starts_with('/')));
    let program = path::shell_or(program, "the program");
    if cap.is_some_and(|c| ctx.facts.cap_added(c).is_some()) {
        return None;
    }
    Some(
        Fix::new(
            Where::Image,
            Risk::Low,
            format!("In the image, strip the file capability from {program}, so that it starts without it"),
        )
        .widens("Nothing: the program starts with the rights of its user, and must do without that capability or with a sysctl in its place.")
        .run(format!("setcap -r {program}"))
        .undo(format!("setcap <former capabilities> {program}")),
    )
}

/// A non-root user of Docker or Kubernetes gets added capabilities into the bounding set only.
fn set_on_file(ctx: &Ctx<'_>, cap: C) -> Option<Fix> {
    let name = cap.name()?.to_ascii_lowercase();
    let program =
        path::shell_or(ctx.attempt.subject.program.as_deref().filter(|p| p.starts_with('/')), "the program");
    Some(
        Fix::new(
            Where::Image,
            Risk::Low,
            "Besides, set it on the program's file: for a user other than root the engine only raises the bound",
        )
        .widens(format!("Whoever starts that file in the container may {}. It has no effect under no_new_privs.", cap.unlocks()))
        .run(format!("setcap cap_{name}+ep {program}"))
        .undo(format!("setcap -r {program}")),
    )
}

fn limit(ctx: &Ctx<'_>) -> Option<Fix> {
    let name = ctx.attempt.arg("limit").or_else(|| ctx.attempt.arg("resource"));
    let name = name.map(|n| n.trim_start_matches("RLIMIT_").to_ascii_lowercase());
    let name = match (name, ctx.attempt.call) {
        (Some(n), _) if n.bytes().all(|b| b.is_ascii_lowercase()) => n,
        (_, Some(Call::Mlock)) => "memlock".to_owned(),
        _ => return None,
    };
    let value = if name == "memlock" { "-1" } else { "<value>" };
    Some(
        Fix::new(
            Where::Container,
            Risk::Low,
            format!("Set the limit {name} from outside, so that the program need not raise it"),
        )
        .widens(format!("The limit {name} of this container alone."))
        .edits(spell::spell(ctx, Intent::Ulimit(&name, value)))
        .undo("remove the limit from the configuration"),
    )
}

fn port(ctx: &Ctx<'_>) -> Option<Fix> {
    if !ctx.in_container() || ctx.facts.has(Environment::HostNetwork) {
        return None;
    }
    let key = "net.ipv4.ip_unprivileged_port_start";
    Some(
        Fix::new(Where::Container, Risk::Low, format!("Let this container's network namespace bind low ports: {key}=0"))
            .widens("Every user of this container may bind ports below 1024 in its own network namespace; the host's ports are not touched.")
            .edits(spell::spell(ctx, Intent::Sysctl(key, "0")))
            .undo("remove the sysctl from the configuration"),
    )
}

fn engine_sysctl(ctx: &Ctx<'_>) -> Option<Fix> {
    let key = ctx
        .attempt
        .arg("sysctl")
        .map(str::to_owned)
        .or_else(|| Some(path::object(ctx)?.strip_prefix("/proc/sys/")?.replace('/', ".")))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !key.chars().all(plain) {
        return None;
    }
    if sysctls::namespaced(&key) {
        return Some(
            Fix::new(Where::Container, Risk::Low, format!("Let the engine set {key} for this container"))
                .widens("That one setting, in the container's own namespaces.")
                .edits(spell::spell(ctx, Intent::Sysctl(&key, ctx.attempt.arg("value").unwrap_or("<value>"))))
                .undo("remove the sysctl from the configuration"),
        );
    }
    let value = ctx.attempt.arg("value").unwrap_or("<value>");
    Some(
        Fix::new(
            Where::Host,
            Risk::Medium,
            format!("Set {key} on the host: it has one value for the whole machine"),
        )
        .widens("The setting for every program of the host; the container itself gets no right.")
        .run(format!(
            "echo {} | sudo tee /etc/sysctl.d/90-{}.conf",
            shell(&format!("{key} = {value}")),
            key.replace('.', "-")
        ))
        .run("sudo sysctl --system")
        .undo(format!("sudo rm /etc/sysctl.d/90-{}.conf && sudo sysctl --system", key.replace('.', "-"))),
    )
}

fn nice(ctx: &Ctx<'_>) -> Option<Fix> {
    if !ctx.facts.engines().any(|e| e == Engine::SystemdUnit) {
        return None;
    }
    Some(
        Fix::new(Where::Host, Risk::Low, "Let systemd set the priority before the program starts")
            .widens("Nothing: the program itself gets no right to raise priorities.")
            .edits(spell::systemd::drop_in(ctx, &["Nice=<value>".to_owned()]))
            .undo("remove the line"),
    )
}
