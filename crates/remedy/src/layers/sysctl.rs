//! Sysctls that gate an operation: the narrowest value, with what it opens for the whole host.

use super::apparmor::userns;
use crate::fix::{Fix, Offer, whole};
use crate::path;
use crate::place::Ctx;
use crate::upgrade;
use whodenied_case::{Environment, Risk, Where};
use whodenied_kernel::{Call, Capability};
use whodenied_text::quote::shell;

/// A gate: key, the value that lets the operation through, what that opens.
struct Gate {
    key: &'static str,
    value: &'static str,
    opens: &'static str,
    risk: Risk,
}

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let userns_call = matches!(
        ctx.attempt.call,
        Some(Call::UsernsCreate | Call::IdMap | Call::Unshare | Call::Clone | Call::Netlink | Call::Mount)
    );
    let key = key(ctx);
    let known = ctx.d.known_issue.as_ref().is_some_and(|k| k.id == "ubuntu-userns-restriction");
    let restriction = known
        || ctx.d.policy.as_deref() == Some("unprivileged_userns")
        || key.as_deref() == Some("kernel.apparmor_restrict_unprivileged_userns")
        || (key.is_none() && ctx.facts.has(Environment::UsernsRestriction));
    if restriction || (userns_call && ctx.facts.has(Environment::UsernsRestriction)) {
        userns::offer(ctx, &mut offer);
        return offer;
    }
    if key.as_deref().is_some_and(|k| k.starts_with("fs.protected_"))
        || matches!(ctx.attempt.call, Some(Call::Create | Call::Link))
    {
        protected(ctx, &mut offer);
    } else if let Some(gate) = gate(ctx, key.as_deref()) {
        if ctx.attempt.call == Some(Call::PerfEventOpen) {
            capability(&mut offer);
        }
        set(&gate, &mut offer);
    } else {
        let shown = key.as_deref().filter(|k| plain(k)).unwrap_or("<key>");
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Medium,
                format!("Decide on {shown} for the whole host: a container can't override it"),
            )
            .widens("The gated operation, for every program of the host.")
            .run(format!("sysctl {shown}"))
            .run(format!("sudo sysctl -w {shown}=<value>"))
            .undo(format!("sudo sysctl -w {shown}=<former value>")),
        );
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["what capabilities, seccomp and the LSMs refuse to the same program"]);
    offer
}

fn plain(key: &str) -> bool {
    key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// The sysctl that the evidence or the judge names.
fn key(ctx: &Ctx<'_>) -> Option<String> {
    let dotted = |s: &str| -> Option<String> {
        let s = s.strip_prefix("/proc/sys/").map_or_else(|| s.to_owned(), |p| p.replace('/', "."));
        let word = s.split([' ', '=', ',', '(']).next()?.to_owned();
        (word.contains('.') && plain(&word) && !word.starts_with('/')).then_some(word)
    };
    ctx.attempt.arg("sysctl").and_then(dotted).or_else(|| ctx.d.policy.as_deref().and_then(dotted)).or_else(
        || ctx.attempt.object.name.as_deref().filter(|o| o.starts_with("/proc/sys/")).and_then(dotted),
    )
}

fn gate(ctx: &Ctx<'_>, key: Option<&str>) -> Option<Gate> {
    if let Some(gate) = key.and_then(by_key) {
        return Some(gate);
    }
    if ctx.facts.statement("inotify-limit").is_some() {
        return by_key("fs.inotify.max_user_instances");
    }
    by_key(match ctx.attempt.call? {
        Call::Inotify => "fs.inotify.max_user_instances",
        Call::PerfEventOpen => "kernel.perf_event_paranoid",
        Call::Bpf => "kernel.unprivileged_bpf_disabled",
        Call::IoUring => "kernel.io_uring_disabled",
        Call::Syslog => "kernel.dmesg_restrict",
        Call::UsernsCreate | Call::Unshare | Call::IdMap => "user.max_user_namespaces",
        Call::Keyctl => "kernel.keys.maxkeys",
        Call::Socket => "net.ipv4.ping_group_range",
        _ => return None,
    })
}

/// The gate that a key is.
fn by_key(key: &str) -> Option<Gate> {
    Some(match key {
        "kernel.unprivileged_userns_clone" => Gate {
            key: "kernel.unprivileged_userns_clone",
            value: "1",
            opens: "Every user may create user namespaces, which puts more of the kernel within reach.",
            risk: Risk::Medium,
        },
        "user.max_user_namespaces" => Gate {
            key: "user.max_user_namespaces",
            value: "15000",
            opens: "Every user may create user namespaces, which puts more of the kernel within reach.",
            risk: Risk::Medium,
        },
        "kernel.perf_event_paranoid" => Gate {
            key: "kernel.perf_event_paranoid",
            value: "1",
            opens: "Every user may measure its own programs, kernel time included; tracepoints stay closed.",
            risk: Risk::Medium,
        },
        "kernel.kptr_restrict" => Gate {
            key: "kernel.kptr_restrict",
            value: "1",
            opens: "Programs with CAP_SYSLOG see kernel addresses.",
            risk: Risk::Medium,
        },
        "kernel.dmesg_restrict" => Gate {
            key: "kernel.dmesg_restrict",
            value: "0",
            opens: "Every user may read the kernel log, which may hold addresses.",
            risk: Risk::Medium,
        },
        "kernel.unprivileged_bpf_disabled" => Gate {
            key: "kernel.unprivileged_bpf_disabled",
            value: "0",
            opens: "Every user may load BPF programs: a large part of the kernel within everybody's reach.",
            risk: Risk::High,
        },
        "kernel.io_uring_disabled" => Gate {
            key: "kernel.io_uring_disabled",
            value: "0",
            opens: "Every process that its seccomp filter lets may use io_uring.",
            risk: Risk::Medium,
        },
        "fs.inotify.max_user_instances" => Gate {
            key: "fs.inotify.max_user_instances",
            value: "1024",
            opens: "Each user may hold more inotify instances; each costs a little kernel memory.",
            risk: Risk::Low,
        },
        "fs.inotify.max_user_watches" => Gate {
            key: "fs.inotify.max_user_watches",
            value: "1048576",
            opens: "Each user may hold more inotify watches; each costs about a kilobyte of kernel memory.",
            risk: Risk::Low,
        },
        "net.ipv4.ping_group_range" => Gate {
            key: "net.ipv4.ping_group_range",
            value: "0 2147483647",
            opens: "Every group may open ICMP echo sockets.",
            risk: Risk::Low,
        },
        "kernel.keys.maxkeys" => Gate {
            key: "kernel.keys.maxkeys",
            value: "2000",
            opens: "Each user may hold more kernel keys.",
            risk: Risk::Low,
        },
        "vm.max_map_count" => Gate {
            key: "vm.max_map_count",
            value: "262144",
            opens: "Each process may have more memory maps.",
            risk: Risk::Low,
        },
        _ => return None,
    })
}

/// The value that opens the gate of a sysctl, what that opens, and the risk of it.
pub(super) fn of(key: &str) -> Option<(&'static str, &'static str, Risk)> {
    by_key(key).map(|g| (g.value, g.opens, g.risk))
}

fn set(gate: &Gate, offer: &mut Offer) {
    let Gate { key, value, opens, risk } = gate;
    let file = format!("/etc/sysctl.d/90-{}.conf", key.replace('.', "-"));
    offer.add(
        Fix::new(Where::Host, *risk, format!("Set {key} to {value} on the host"))
            .widens(*opens)
            .run(format!("sysctl {key}   # the value in force, for the way back"))
            .edit(whole(&file, "ini", format!("{key} = {value}\n")))
            .run(format!("sudo sysctl -p {file}"))
            .undo(format!("sudo rm {file} && sudo sysctl -w {key}=<former value>")),
    );
}

fn capability(offer: &mut Offer) {
    offer.add(
        Fix::new(
            Where::Host,
            Risk::Low,
            "Give the one profiler the capability instead of opening counters to all: PERFMON on its file",
        )
        .widens(format!("Whoever may start that file may use {}.", Capability::PERFMON.unlocks()))
        .run("sudo setcap cap_perfmon+ep <profiler>")
        .undo("sudo setcap -r <profiler>"),
    );
}

/// `fs.protected_*` protect shared sticky directories: the program goes elsewhere.
fn protected(ctx: &Ctx<'_>, offer: &mut Offer) {
    let target = path::object(ctx).map_or_else(|| "<file>".to_owned(), shell);
    offer.add(
        Fix::new(
            Where::Program,
            Risk::Low,
            format!(
                "Create the file as the user that owns it, or outside the shared directory (now {target})"
            ),
        )
        .widens("Nothing: the protection of shared directories stays.")
        .run(format!("stat -c '%U:%G %a %n' {target}"))
        .run(format!("rm -i {target}   # a stale file of another user, if nothing uses it")),
    );
}
