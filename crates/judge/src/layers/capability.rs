//! Capabilities.
//!
//! `cap_capable` is the first LSM hook asked: EPERM from most calls; EACCES for bind below the
//! privileged ports, for a nicer priority and for file modes that root would otherwise pass. A
//! program file with capabilities of its own that are not in the bounding set does not start at
//! all: `cap_bprm_creds_from_file` gives EPERM. A capability added to a container is in the
//! bounding set; a process that is not root has it only where the engine makes it ambient.

use crate::context::{Context, file_call, needed, never_refuses, plain_tool};
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{
    Attempt, Change, Environment, FactId, Knob, ObjectKind, Phase, Predicate, Support, Verdict,
};
use whodenied_kernel::{Call, Capability, Errno, Layer};
use whodenied_runtimes::caps;

const LAYER: Layer = Layer::Capability;
const STEP: &str = "grep -i cap /proc/PID/status";

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    // A program that wants root in its message words EPERM as it likes.
    let worded = cx.stated_here(attempt, &["needs-root"]).is_some();
    if never_refuses(attempt, LAYER)
        && !worded
        && !matches!(attempt.object.kind, ObjectKind::RawSocket | ObjectKind::Capability)
    {
        return None;
    }
    let mut best = Best::new();
    if attempt.call == Some(Call::Exec) {
        return exec(attempt, cx).map(|s| s.step("getcap PATH").step(STEP)).and_then(Into::into);
    }
    let cap = needed(attempt);
    if let Some(said) = changes_of_the_set(attempt, cx) {
        best.offer(said.step(STEP));
    }
    if let Some(said) = step_down(attempt, cx) {
        best.offer(said.step(STEP));
    }
    if let Some(cap) = cap {
        let added = |c: &Change| matches!(c, Change::Knob(Knob::CapAdd(spec)) if *spec == whodenied_case::CapSpec::One(cap) || *spec == whodenied_case::CapSpec::All);
        if let Some(trial) = cx.works(added) {
            best.offer(
                denies(attempt, LAYER, Support::Trial, 88, format!("It works once {cap} is added."))
                    .trial(trial),
            );
        }
        if let Some(trial) = cx.same(added).filter(|_| !cx.is_user(attempt)) {
            return allows(attempt, LAYER, format!("It fails with {cap} added too.")).trial(trial).into();
        }
        if let Some(said) = asked(attempt, cx, cap) {
            best.offer(said.step(STEP));
        }
    }
    if let Some(said) = looks_into(attempt, cx) {
        best.offer(said.step(STEP));
    }
    if attempt.errno == Some(Errno::EACCES)
        && file_call(attempt)
        && let Some(said) = root_without_override(attempt, cx)
    {
        best.offer(said.step(STEP));
    }
    best.done()
}

/// A process can't raise what is not in its permitted or bounding set (`cap_capset`).
fn changes_of_the_set(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.call != Some(Call::Capset) || cx.facts.privileged() {
        return None;
    }
    let say = |support, weight, because: &str| Some(denies(attempt, LAYER, support, weight, because));
    match (cx.contained(), cx.unit(), cx.is_root(attempt)) {
        (true, ..) => say(
            Support::Default,
            78,
            "The program wants to take a capability into its set that the container was not given; adding another one does not help.",
        ),
        (_, true, _) => say(
            Support::Usual,
            60,
            "The program wants to take a capability into its set that the unit's bounding set, or its user, does not have.",
        ),
        (_, _, false) => say(
            Support::Usual,
            60,
            "The program wants to take a capability into its set that the process does not hold.",
        ),
        _ => None,
    }
}

/// A helper that steps down to another user, started in a container by somebody who is not root or by
/// root without the right.
fn step_down(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    let kernel = attempt.errno == Some(Errno::EPERM);
    let fact = cx.stated_here(attempt, &["step-down-only"]).filter(|_| kernel && cx.contained())?;
    let because = "The helper changes user and groups, for which it needs CAP_SETUID and CAP_SETGID: a container that was started as another user than root, or whose capabilities were dropped, holds neither.";
    Some(
        denies(attempt, LAYER, Support::Stated, 86, because)
            .fact(fact.id)
            .policy(Capability::SETGID.to_string()),
    )
}

/// Files of another process that show its memory, files or surroundings (`ptrace_may_access` with
/// PTRACE_MODE_READ, fs/proc/base.c): root of a container passes only for processes with no more capabilities.
fn looks_into(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    const SHOWN: [&str; 13] = [
        "environ", "maps", "smaps", "mem", "root", "cwd", "exe", "ns", "pagemap", "stack", "syscall", "io",
        "auxv",
    ];
    let refused = matches!(attempt.errno, Some(Errno::EACCES | Errno::EPERM)) && file_call(attempt);
    let mut parts = attempt.object_name().strip_prefix("/proc/")?.split('/');
    let process = parts.next().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()) && !p.is_empty());
    let shown = parts.next().is_some_and(|p| SHOWN.contains(&p));
    if !refused || !process || !shown || !cx.contained() || cx.is_user(attempt) || cx.facts.privileged() {
        return None;
    }
    let because = "Looking into a process that holds more capabilities, or runs under another user, asks for CAP_SYS_PTRACE, which containers are not given.";
    Some(denies(attempt, LAYER, Support::Default, 70, because).policy(Capability::SYS_PTRACE.to_string()))
}

/// Giving a directory of the system itself to an owner, as whoever unpacks an image does.
fn chowns_system(attempt: &Attempt) -> bool {
    const TOP: &[&str] = &[
        "/", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc", "/var", "/dev", "/home", "/root", "/boot",
        "/opt", "/srv",
    ];
    attempt.call == Some(Call::Chown) && TOP.contains(&attempt.object_name())
}

/// A call that asks for `cap`.
fn asked(attempt: &Attempt, cx: &Context<'_>, cap: Capability) -> Option<Say> {
    let errno = attempt.errno;
    if !matches!(errno, Some(Errno::EPERM | Errno::EACCES) | None) {
        return None;
    }
    let say = |support, weight, because: String| {
        Some(denies(attempt, LAYER, support, weight, because).policy(cap.to_string()))
    };
    let raw = cap == Capability::NET_RAW;
    if !cx.contained() && !cx.unit() {
        return host(attempt, cx, cap);
    }
    let held = cx.container_has(cap);
    let user = cx.is_user(attempt);
    match held {
        Some((true, Some(id))) if user && !ambient(cx) && !cx.facts.privileged() => {
            return Some(denies(attempt, LAYER, Support::Configured, 84, format!("{cap} was added, but this engine puts it into the bounding set only, and a process that is not root does not hold what stands there.")).fact(id).policy(cap.to_string()));
        }
        Some((true, Some(id))) if cure(cx, cap, id) && !(user && ambient(cx)) => {
            let weight = if matches!(
                attempt.call,
                Some(
                    Call::Socket
                        | Call::Chown
                        | Call::Setuid
                        | Call::Setgid
                        | Call::Setgroups
                        | Call::Mknod
                        | Call::Exec
                )
            ) {
                58
            } else {
                38
            };
            return Some(denies(attempt, LAYER, Support::Usual, weight, format!("The engine does not give containers {cap} by itself. It stands added in the configuration: where that is the state that fails, a process that is not root does not hold it; where it is the cure, its absence is what refused.")).fact(id).policy(cap.to_string()));
        }
        Some((true, fact)) => {
            if user && (owner_gate(attempt) || attempt.call == Some(Call::Chown)) {
                return None;
            }
            if user && !ambient(cx) {
                return say(
                    Support::Default,
                    76,
                    format!(
                        "The engine's capabilities reach root only: a process of another user holds none, {cap} neither."
                    ),
                );
            }
            if fact.is_none()
                && cx.root(attempt).is_none()
                && !owner_gate(attempt)
                && attempt.call != Some(Call::Chown)
            {
                return say(
                    Support::Usual,
                    45,
                    format!("The engine gives {cap} to root; a process of another user does not hold it."),
                );
            }
            if cx.remapped() || user {
                return None;
            }
            // Who unpacks an image or sets up its own system directories is root.
            if fact.is_none() && cx.kubernetes() && chowns_system(attempt) {
                return say(
                    Support::Usual,
                    58,
                    format!(
                        "Directories of the system are changed by root only, which holds {cap} unless the cluster's defaults or the pod take it away."
                    ),
                );
            }
            // A default that nobody has seen in force is no more than a default.
            let Some(fact) = fact else {
                return say(
                    Support::Fits,
                    35,
                    format!(
                        "The engine gives {cap} to root by default; the container may have been started without it."
                    ),
                );
            };
            return Some(allows(attempt, LAYER, format!("The container holds {cap}.")).fact(fact));
        }
        Some((false, Some(id))) => {
            let because = match cx.facts.get(id).map(|f| &f.what) {
                Some(Predicate::CapSet { .. }) => format!("The printed capability set lacks {cap}."),
                Some(Predicate::Setting(s)) if matches!(s.knob, Knob::CapAdd(_)) => format!(
                    "The configuration gives back, one by one, capabilities that every container has unless all were dropped, and {cap} is not among them."
                ),
                _ => format!("The configuration takes {cap} away, and root without it is refused."),
            };
            let said =
                denies(attempt, LAYER, Support::Configured, 86, because).fact(id).policy(cap.to_string());
            // The filter answers before the capability is asked for.
            return Some(if cx.filtered_first(attempt) {
                said.at_most((Support::Default, 52))
            } else {
                said
            });
        }
        Some((false, None)) => {
            let runtime = cx.runtime().map_or("The engine", whodenied_runtimes::Runtime::name);
            let weight = match attempt.call {
                // A filter in front of the check refuses these for want of the same capability.
                Some(Call::Unshare | Call::Setns | Call::PerfEventOpen | Call::Bpf | Call::Mempolicy) => 66,
                Some(Call::Mount | Call::Umount) => 78,
                // Of processes of one user it is not asked.
                Some(Call::Ptrace) if cx.stated(&["ptrace-any-set"]).is_some() => 30,
                Some(Call::Ptrace) => 50,
                // No capability held in a namespace makes device nodes.
                Some(Call::Mknod) if cx.remapped() => 60,
                Some(Call::Sched | Call::Setpriority | Call::Mlock) => 70,
                _ => 84,
            };
            return say(
                Support::Default,
                weight,
                format!(
                    "{runtime} does not give containers {cap}, which lets a process {}; sudo inside adds none.",
                    cap.unlocks()
                ),
            );
        }
        None => {}
    }
    if raw {
        return say(
            Support::Default,
            70,
            format!("A raw socket needs {cap}, which this process does not hold."),
        );
    }
    let unraised = attempt.call == Some(Call::Bpf) && cx.stated(&["limit-not-raised"]).is_some();
    let weight = match cx.unit() {
        _ if unraised => 62,
        true => 40,
        false => 48,
    };
    say(Support::Usual, weight, format!("The call needs {cap} ({}).", cap.unlocks()))
}

/// The capability stands added and the engine lacks it by default: a paste may show the cure.
fn cure(cx: &Context<'_>, cap: Capability, id: FactId) -> bool {
    let added = cx.facts.cap_added(cap) == Some(id) && !cx.facts.privileged();
    let lacked =
        cx.runtime().is_some_and(|r| !caps::has(r, cx.runtime_version(), cap)) || cx.all_dropped().is_some();
    added && lacked
}

/// The engine makes added capabilities ambient for a user that is not root.
fn ambient(cx: &Context<'_>) -> bool {
    cx.runtime().is_some_and(caps::added_are_ambient) || cx.facts.unit("AmbientCapabilities").is_some()
}

/// Calls that ask for ownership first and for the capability only otherwise.
fn owner_gate(attempt: &Attempt) -> bool {
    matches!(attempt.call, Some(Call::Chmod | Call::Utime | Call::Kill | Call::Ptrace))
}

/// A plain process of the host, or one of which nothing is known.
fn host(attempt: &Attempt, cx: &Context<'_>, cap: Capability) -> Option<Say> {
    if attempt.errno == Some(Errno::EACCES)
        && !attempt.errno_inferred
        && attempt.object.kind != ObjectKind::RawSocket
    {
        return None;
    }
    if cx.is_root(attempt) && !cx.has(Environment::Fakeroot) {
        return match cx.root(attempt) {
            Some((_, Some(id))) => {
                Some(allows(attempt, LAYER, format!("A root process of the host holds {cap}.")).fact(id))
            }
            _ => None,
        };
    }
    if owner_gate(attempt) {
        return Some(denies(
            attempt,
            LAYER,
            Support::Fits,
            30,
            format!("{cap} would let it pass without owning the object."),
        ));
    }
    let weight = match attempt.call {
        Some(Call::Socket) => 70,
        Some(Call::Chown) => 46,
        Some(Call::Netlink) if cx.restricts_userns() => 30,
        _ => 54,
    };
    let support =
        if attempt.object.kind == ObjectKind::RawSocket { Support::Default } else { Support::Usual };
    Some(
        denies(
            attempt,
            LAYER,
            support,
            weight,
            format!("The call needs {cap} ({}), which an ordinary process does not hold.", cap.unlocks()),
        )
        .policy(cap.to_string()),
    )
}

/// Root that lost CAP_DAC_OVERRIDE is bound by modes as everyone.
fn root_without_override(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if cx.is_user(attempt) {
        return None;
    }
    let (has, fact) = cx.container_has(Capability::DAC_OVERRIDE)?;
    let id: Option<FactId> = fact.or_else(|| cx.all_dropped());
    if has {
        return None;
    }
    let named = cx.facts.knob(|k| matches!(k, Knob::User(_))).is_some();
    let (support, weight) = match (cx.is_root(attempt), named) {
        (true, _) => (Support::Configured, 84),
        // A container runs as root unless something says otherwise.
        (false, false) => (Support::Default, 70),
        _ => (Support::Usual, 40),
    };
    Some(denies(attempt, LAYER, support, weight, "Without CAP_DAC_OVERRIDE root is bound by file modes as every other user, and the file belongs to another.").facts(id).policy(Capability::DAC_OVERRIDE.to_string()))
}

/// EPERM from execve.
fn exec(attempt: &Attempt, cx: &Context<'_>) -> Option<Say> {
    if attempt.errno != Some(Errno::EPERM) {
        return None;
    }
    let name = attempt.object_name();
    let base = name.rsplit('/').next().unwrap_or(name);
    let listed = cx.facts.find(|p| matches!(p, Predicate::Path(s) if s.capabilities.is_some() && (s.path == name || s.path.ends_with(base))));
    if let Some(fact) = listed {
        return Some(denies(attempt, LAYER, Support::Configured, 92, "The file carries capabilities that are not in the bounding set, and such a file does not start at all.").fact(fact.id));
    }
    if let Some(id) = cx.setcap_done().filter(|_| cx.unit()) {
        let because = "The file was given capabilities, and a file whose capabilities the unit's bounding set lacks does not start at all.";
        return Some(
            denies(attempt, LAYER, Support::Default, 80, because)
                .fact(id)
                .policy("CapabilityBoundingSet=")
                .step("systemctl show -p CapabilityBoundingSet UNIT"),
        );
    }
    if cx.facts.knob(|k| *k == Knob::NoNewPrivs(true)).is_some() && cx.all_dropped().is_none() {
        return None;
    }
    if attempt.phase == Phase::ServiceSetup || plain_tool(attempt) {
        return None;
    }
    let dropped = cx.all_dropped();
    let weight = if cx.contained() { 84 } else { 28 };
    let support = match (cx.contained(), dropped) {
        (true, Some(_)) => Support::Configured,
        (true, None) => Support::Default,
        _ if cx.facts.unit("CapabilityBoundingSet").is_some() => Support::Usual,
        // The bounding set of a plain process of the host is full.
        _ => Support::Fits,
    };
    Some(denies(attempt, LAYER, support, weight, "A missing x bit gives EACCES. EPERM from execve of an ordinary file means that the file carries capabilities (which ls does not show) that the container's bounding set lacks.").facts(dropped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::{Answer, Engine};

    fn supports(f: &Fixture) -> Option<Support> {
        f.support(judge)
    }

    #[test]
    fn defaults_of_the_engines() {
        let raw = |e| Fixture::new(Call::Socket, Errno::EPERM).kind(ObjectKind::RawSocket).engine(e);
        assert_eq!(supports(&raw(Engine::CriO)), Some(Support::Default));
        assert_eq!(supports(&raw(Engine::Docker).root()), Some(Support::Fits));
        let held = raw(Engine::Docker).root().knob(Knob::Privileged(true));
        assert!(matches!(held.ask(judge).map(|v| v.answer), Some(Answer::Allows { .. })));
        assert_eq!(supports(&raw(Engine::Docker).drop_all()), Some(Support::Configured));
        let limit = Fixture::new(Call::Setrlimit, Errno::EPERM).engine(Engine::DockerDesktop);
        assert_eq!(supports(&limit), Some(Support::Default));
    }

    #[test]
    fn added_but_not_ambient() {
        let bind = |e| {
            Fixture::new(Call::Bind, Errno::EACCES)
                .kind(ObjectKind::Port)
                .object("80")
                .engine(e)
                .user()
                .drop_all()
                .add(Capability::NET_BIND_SERVICE)
        };
        assert_eq!(supports(&bind(Engine::Kubernetes)), Some(Support::Configured));
        assert_eq!(supports(&bind(Engine::Podman)), None);
    }

    #[test]
    fn a_file_with_capabilities() {
        let f = Fixture::new(Call::Exec, Errno::EPERM).object("/usr/bin/ping").engine(Engine::Podman);
        assert_eq!(supports(&f), Some(Support::Default));
        assert_eq!(supports(&Fixture::new(Call::Exec, Errno::EACCES).object("/x")), None);
    }

    #[test]
    fn root_without_its_override() {
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/x").engine(Engine::Docker).root().drop_all();
        assert_eq!(supports(&f), Some(Support::Configured));
    }
}
