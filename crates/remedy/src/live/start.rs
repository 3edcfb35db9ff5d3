//! The followed command started again with the one thing that it lacked, and nothing else.
//!
//! Sources: setpriv(1), prlimit(1), capabilities(7): a capability that is inheritable and ambient
//! reaches a program that is executed by another user than root.

use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use whodenied_access::CapabilitySet;
use whodenied_case::capture::{Capture, Start};
use whodenied_case::{Risk, Where};
use whodenied_kernel::{Capability, Layer};
use whodenied_text::quote::shell;

/// What is added.
enum More {
    Capability(Capability),
    /// A limit by prlimit's option, its value, and what it is for people.
    Limit(&'static str, u64),
    /// Nothing: the command is started from a process without no_new_privs.
    NoFlag,
    /// Nothing: from a process whose bounding set holds what the program's file carries.
    Bounding,
}

pub(super) fn offer(ctx: &Ctx<'_>, offer: &mut Offer) {
    if ctx.in_container() {
        return;
    }
    let Some(live) = &ctx.attempt.live else { return };
    if let Some(more) = more(ctx, live) {
        offer.maybe(again(live, &more));
        // A limit is less than a capability, and where root may not raise it the capability remains.
        if matches!(more, More::Limit("rtprio" | "nice", _)) {
            offer.maybe(again(live, &More::Capability(Capability::SYS_NICE)));
        }
    }
    if ctx.d.layer == Layer::Sysctl {
        offer.maybe(sysctl(ctx, live));
    }
    if ctx.d.layer == Layer::MountFlags {
        offer.maybe(suid(live));
    }
    if !offer.remedies.is_empty() && offer.stays_blocked.is_empty() {
        offer.stays(&["every other capability, limit and flag of the command", "every other program"]);
    }
}

fn more(ctx: &Ctx<'_>, live: &Capture) -> Option<More> {
    let soft = |name: &str| live.process.limits.get(name).and_then(|(soft, _)| soft.parse::<u64>().ok());
    let arg = |name: &str| ctx.attempt.arg(name);
    let call = live.syscall.as_str();
    Some(match ctx.d.layer {
        Layer::NoNewPrivs => More::NoFlag,
        Layer::Capability if ctx.d.policy.as_deref() == Some("file capabilities") => More::Bounding,
        Layer::Port => More::Capability(Capability::NET_BIND_SERVICE),
        Layer::Capability if call == "sched_setscheduler" => {
            More::Limit("rtprio", arg("param").and_then(priority).unwrap_or(1))
        }
        Layer::Capability if call == "setpriority" => {
            let nice: i64 = arg("prio")?.parse().ok()?;
            More::Limit("nice", u64::try_from(20 - nice).ok().filter(|n| (1..=40).contains(n))?)
        }
        Layer::Capability => More::Capability(Capability::from_name(ctx.d.policy.as_deref()?)?),
        Layer::Sysctl => More::Capability(match ctx.d.policy.as_deref()? {
            "kernel.dmesg_restrict" => Capability::SYSLOG,
            "kernel.perf_event_paranoid" => Capability::PERFMON,
            "kernel.unprivileged_bpf_disabled" => Capability::BPF,
            _ => return None,
        }),
        Layer::Rlimit => match call {
            "mlock" | "mlock2" => {
                let asked: u64 = arg("length")?.parse().ok()?;
                More::Limit("memlock", (soft("Max locked memory")? + asked).checked_next_power_of_two()?)
            }
            "prlimit64" | "setrlimit" => return None,
            _ if ctx.d.policy.as_deref() == Some("RLIMIT_NOFILE") => {
                More::Limit("nofile", soft("Max open files")?.checked_mul(2)?.max(1024))
            }
            "clone" | "clone3" | "fork" | "vfork" => {
                More::Limit("nproc", soft("Max processes")?.checked_mul(2)?.max(256))
            }
            _ => {
                let limit = live.limit.as_ref().filter(|l| l.exceeded())?;
                let room = limit.would.unwrap_or(limit.soft).checked_mul(2)?.checked_next_power_of_two()?;
                match limit.name.as_str() {
                    "RLIMIT_AS" => More::Limit("as", room),
                    "RLIMIT_DATA" => More::Limit("data", room),
                    "RLIMIT_MEMLOCK" => More::Limit("memlock", room),
                    "RLIMIT_SIGPENDING" => More::Limit("sigpending", room.max(1024)),
                    "RLIMIT_MSGQUEUE" => More::Limit("msgqueue", room.max(819_200)),
                    // How long the file was to become is not known.
                    "RLIMIT_FSIZE" => More::Limit("fsize", u64::MAX),
                    _ => return None,
                }
            }
        },
        _ => return None,
    })
}

/// `{sched_priority=10}` or `[10]`.
fn priority(text: &str) -> Option<u64> {
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|n| (1..=99).contains(n))
}

fn again(live: &Capture, more: &More) -> Option<Fix> {
    let start = live.start.as_ref()?;
    // A process that has become another user, or lives in a namespace, is not told by how it began.
    if !live.process.same_user_namespace || live.process.uids[0] != start.uid {
        return None;
    }
    let command: Vec<String> = start.command.iter().map(|w| shell(w)).collect();
    let command = command.join(" ");
    let shown = "Environment variables that sudo clears are added with `sudo NAME=value …`.";
    let fix = match more {
        More::Capability(capability) => Fix::new(
            Where::Host,
            Risk::Low,
            format!("Start the command with {capability} and nothing more: as the same user, for this one run"),
        )
        .widens(format!("{}, for this one run of the command and what it starts. {shown}", capability.unlocks()))
        .run(format!("sudo setpriv {} {} -- {command}", user(start), capability_options(live, start, *capability))),
        More::Limit(limit, u64::MAX) => Fix::new(
            Where::Program,
            Risk::Low,
            format!("Start the command without the limit {limit}, for this one run"),
        )
        .widens(format!("That limit, for this one run of the command and what it starts. {shown}"))
        .run(format!("sudo prlimit --{limit}=unlimited setpriv {} -- {command}", user(start))),
        More::Limit(limit, value) => Fix::new(
            Where::Host,
            Risk::Low,
            format!("Start the command with the limit {limit} of {value}, for this one run"),
        )
        .widens(format!("That limit, for this one run of the command and what it starts. {shown}"))
        .run(format!("sudo prlimit --{limit}={value}:{value} setpriv {} -- {command}", user(start))),
        More::Bounding => Fix::new(
            Where::Host,
            Risk::Low,
            "Start the command from a process whose bounding set was not cut, as the same user",
        )
        .widens("The capabilities that the program's own file carries; nothing else.")
        .run(format!("sudo setpriv {} -- {command}", user(start))),
        More::NoFlag => Fix::new(
            Where::Host,
            Risk::Low,
            "Start the command from a shell without the flag, as the same user: it is inherited and can't be taken off",
        )
        .widens("What the set-user-ID bit or the capabilities of the program's own file give; nothing else.")
        .run(format!("sudo setpriv {} -- {command}", user(start))),
    };
    Some(fix)
}

/// The user and groups as they were.
fn user(start: &Start) -> String {
    let mut groups: Vec<String> = start.groups.iter().map(u32::to_string).collect();
    groups.dedup();
    let groups = if groups.is_empty() {
        "--clear-groups".to_owned()
    } else {
        format!("--groups={}", groups.join(","))
    };
    format!("--reuid={} --regid={} {groups}", start.uid, start.gid)
}

fn capability_options(live: &Capture, start: &Start, capability: Capability) -> String {
    let plain = |c: Capability| c.to_string().to_ascii_lowercase().replace("cap_", "");
    if start.uid != 0 {
        return format!("--inh-caps=+{0} --ambient-caps=+{0}", plain(capability));
    }
    // Root gets at execve what its bounding set holds.
    let held = CapabilitySet(live.process.bounding).with(capability);
    let all: Vec<String> =
        Capability::all().filter(|c| held.has(*c)).map(|c| format!("+{}", plain(c))).collect();
    format!("--inh-caps=-all --bounding-set=-all,{}", all.join(","))
}

/// A sysctl that only root may write.
pub(super) fn setting(ctx: &Ctx<'_>) -> Option<Fix> {
    let key = ctx.attempt.object_name().strip_prefix("/proc/sys/").filter(|_| ctx.d.layer == Layer::Dac)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    key.chars().all(plain).then(|| {
        let dotted = key.replace('/', ".");
        Fix::new(
            Where::Host,
            Risk::Medium,
            format!("Set {dotted} as root, once, and let the program only read it"),
        )
        .widens("The value holds for the whole machine, or for this network namespace where it has its own.")
        .run(format!("sysctl {dotted}   # the value in force, for the way back"))
        .run(format!("sudo sysctl -w {dotted}=<value>"))
        .undo(format!("sudo sysctl -w {dotted}=<former value>"))
    })
}

/// The mount of the program's file, with nosuid taken off.
fn suid(live: &Capture) -> Option<Fix> {
    let lost = live.lost.as_ref().filter(|l| l.nosuid && !l.no_new_privs && !l.mount.is_empty())?;
    let mount = shell(&lost.mount);
    Some(
        Fix::new(Where::Host, Risk::Medium, format!("Mount {mount} with suid"))
            .widens(format!(
                "set-user-ID bits and file capabilities of everything on {mount}, until the next mount; /etc/fstab or the unit keeps it"
            ))
            .run(format!("sudo mount -o remount,bind,suid {mount}"))
            .undo(format!("sudo mount -o remount,bind,nosuid {mount}")),
    )
}

/// The sysctl set for now, with the value that was in force as the way back.
fn sysctl(ctx: &Ctx<'_>, live: &Capture) -> Option<Fix> {
    let key = ctx.d.policy.as_deref()?;
    let old = live.sysctls.get(key).filter(|v| v.bytes().all(|b| b.is_ascii_digit() || b == b' '))?;
    let (value, opens, risk) = crate::layers::sysctl_gate(key)?;
    Some(
        Fix::new(Where::Host, risk, format!("Set {key} to {value} until the next boot"))
            .widens(opens)
            .run(format!("sudo sysctl -w {key}={}", shell(value)))
            .undo(format!("sudo sysctl -w {key}={}", shell(old))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_as_they_are_decoded() {
        assert_eq!(priority("{sched_priority=10}"), Some(10));
        assert_eq!(priority("[7]"), Some(7));
        assert_eq!((priority("[0]"), priority("?"), priority("[100]")), (None, None, None));
    }

    #[test]
    fn a_user_as_it_was() {
        let start = Start { uid: 5, gid: 6, groups: vec![7, 8], ..Start::default() };
        assert_eq!(user(&start), "--reuid=5 --regid=6 --groups=7,8");
        assert_eq!(user(&Start { groups: Vec::new(), ..start }), "--reuid=5 --regid=6 --clear-groups");
    }
}
