//! The privileged port range.
//!
//! `__inet_bind` and `__inet6_bind` (net/ipv4/af_inet.c, net/ipv6/af_inet6.c) ask
//! `inet_port_requires_bind_service`: a port below net.ipv4.ip_unprivileged_port_start (per network
//! namespace, 1024 by default, since 4.11) needs CAP_NET_BIND_SERVICE in the user namespace that owns
//! the network namespace. The errno is EACCES. Docker since 20.10 and containerd since 2.0 set the
//! start to 0 in a container's own network namespace; with the host's network the host's rules.

use crate::context::Context;
use crate::say::{Best, Say, allows, denies};
use whodenied_case::{Attempt, Engine, Environment, FactId, ObjectKind, Phase, Support, Verdict};
use whodenied_kernel::{Call, Capability, Errno, Layer};
use whodenied_runtimes::sysctls;

const LAYER: Layer = Layer::Port;
const START: &str = "net.ipv4.ip_unprivileged_port_start";
const LOOK: &str = "sysctl net.ipv4.ip_unprivileged_port_start";

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let stated = cx.stated_here(attempt, &["privileged-port"]);
    if (attempt.call != Some(Call::Bind) && stated.is_none())
        || stated.is_none()
            && matches!(
                attempt.object.kind,
                ObjectKind::UnixSocketPath | ObjectKind::UnixSocket | ObjectKind::NetlinkSocket
            )
        || attempt.object_name().starts_with('/') && stated.is_none()
    {
        return None;
    }
    let port = port(attempt);
    let mut best = Best::new();
    match attempt.errno {
        Some(Errno::EADDRINUSE) => {
            if let Some(said) = disguised(attempt, cx, port) {
                best.offer(said);
            }
            return best.done();
        }
        Some(Errno::EACCES) | None => {}
        Some(_) if attempt.errno_inferred => {}
        Some(_) => return allows(attempt, LAYER, "A privileged port is refused with EACCES only.").into(),
    }
    if let Some(fact) = stated {
        let because =
            "The message says that the port is in the privileged range, which needs CAP_NET_BIND_SERVICE.";
        best.offer(
            denies(attempt, LAYER, Support::Stated, 92, because).fact(fact.id).policy(START).step(LOOK),
        );
    }
    let Some(port) = port else {
        if stated.is_none() {
            let because = "bind gives EACCES for a port below 1024 without CAP_NET_BIND_SERVICE.";
            let weight = if cx.is_root(attempt) { 35 } else { 70 };
            best.offer(denies(attempt, LAYER, Support::Usual, weight, because).policy(START).step(LOOK));
        }
        return best.done();
    };
    let (start, start_fact) = start(attempt, cx);
    if i64::from(port) >= start {
        let because = if start == 1024 {
            format!("Port {port} is not in the privileged range, which ends at 1023.")
        } else {
            format!("Ports from {start} on need no capability here, and {port} is one of them.")
        };
        return best.or(allows(attempt, LAYER, because).facts(start_fact).into());
    }
    for said in low(attempt, cx, port) {
        best.offer(said.facts(start_fact).policy(START).step(LOOK));
    }
    best.done()
}

/// The port number: the object, the `port` argument or the end of an address.
fn port(attempt: &Attempt) -> Option<u16> {
    let from = |text: &str| {
        let tail = text.rsplit([':', ' ']).next().unwrap_or(text);
        tail.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u16>().ok().filter(|p| *p > 0)
    };
    attempt.arg("port").and_then(from).or_else(|| attempt.object.name.as_deref().and_then(from))
}

/// The port is bound in the host's network namespace.
fn on_host(attempt: &Attempt, cx: &Context<'_>) -> bool {
    cx.host_network().is_some()
        || !cx.contained()
        || matches!(attempt.phase, Phase::Engine | Phase::RuntimeSetup)
}

/// The first port that needs no capability: as read, as set, or the engine's default.
fn start(attempt: &Attempt, cx: &Context<'_>) -> (i64, Option<FactId>) {
    if let Some((id, value)) = cx.sysctl_number(START) {
        return (value, Some(id));
    }
    if on_host(attempt, cx) {
        return (1024, None);
    }
    // The sysctl came with 4.11; an engine has nothing to set before.
    if cx.kernel_before(&[4, 11]) == Some(true) {
        return (1024, cx.kernel_fact());
    }
    let known = cx.runtime_version().is_some() || cx.facts.has_engine(Engine::Docker);
    match cx.runtime() {
        Some(runtime) if known => {
            (i64::from(sysctls::unprivileged_port_start(runtime, cx.runtime_version())), None)
        }
        _ => (1024, None),
    }
}

fn low(attempt: &Attempt, cx: &Context<'_>, port: u16) -> Vec<Say> {
    let mut said = Vec::new();
    if let Some(trial) = cx.works_as_root() {
        let because =
            format!("It works as root: port {port} is below the first port that needs no capability.");
        said.push(denies(attempt, LAYER, Support::Trial, 92, because).trial(trial));
    }
    let added = cx.facts.cap_added(Capability::NET_BIND_SERVICE);
    match cx.root(attempt) {
        Some((true, _)) if cx.same_as_root().is_some() => {
            let because = format!(
                "Root may bind port {port} as far as the range of ports goes, and it fails as root too."
            );
            said.push(allows(attempt, LAYER, because));
        }
        Some((true, fact)) if !cx.rootless() => {
            // Root without the capability is the capability layer's finding first.
            let dropped = cx.container_has(Capability::NET_BIND_SERVICE).is_some_and(|(has, _)| !has);
            let because = format!(
                "Port {port} is below the first unprivileged one, and even root needs CAP_NET_BIND_SERVICE for it."
            );
            let (support, weight) = if dropped { (Support::Default, 60) } else { (Support::Fits, 30) };
            said.push(denies(attempt, LAYER, support, weight, because).facts(fact));
        }
        Some((false, fact)) => {
            let because = if added.is_some() {
                format!(
                    "Port {port} needs CAP_NET_BIND_SERVICE in force; for a user other than root the added capability reaches the bounding set only."
                )
            } else {
                format!(
                    "Port {port} is below the first unprivileged one, and the process is not root and has no CAP_NET_BIND_SERVICE."
                )
            };
            said.push(denies(attempt, LAYER, Support::Exclusive, 95, because).facts(fact).facts(added));
        }
        // A program that was given the capability in its file has it, unless that is ignored.
        _ if cx.setcap_done().is_some() && (cx.unit() || cx.contained()) => {
            let because =
                format!("Port {port} needs CAP_NET_BIND_SERVICE, which the program file was given.");
            said.push(denies(attempt, LAYER, Support::Usual, 58, because));
        }
        _ => {
            let because = format!(
                "bind on port {port} gives EACCES: it is below the first unprivileged port and needs CAP_NET_BIND_SERVICE."
            );
            said.push(
                denies(attempt, LAYER, Support::Exclusive, 85, because)
                    .facts(cx.environment(Environment::Rootless)),
            );
        }
    }
    said
}

/// A program that calls any failed bind "already in use": likely where the port is low, the user is
/// not root and the configuration shows that somebody had the privileged range in mind.
fn disguised(attempt: &Attempt, cx: &Context<'_>, port: Option<u16>) -> Option<Say> {
    let port = port.filter(|p| i64::from(*p) < start(attempt, cx).0)?;
    let (false, user) = cx.root(attempt)? else { return None };
    let meant = cx
        .facts
        .cap_added(Capability::NET_BIND_SERVICE)
        .or_else(|| cx.facts.cap_dropped(Capability::NET_BIND_SERVICE));
    let (support, weight) = if meant.is_some() { (Support::Configured, 80) } else { (Support::Usual, 40) };
    let because = format!(
        "A user other than root may not bind port {port} here: a capability that is added reaches the bounding set only. The message calls every failed bind \"in use\"."
    );
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(user)
            .facts(meant)
            .policy(START)
            .step(format!("ss -ltnp 'sport = :{port}'")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, component, denied, knob, sysctl};
    use whodenied_case::{CapSpec, Knob, Predicate};

    fn bind(object: &str) -> Attempt {
        attempt(Call::Bind, Errno::EACCES, object)
    }

    #[test]
    fn below_1024_without_the_capability() {
        let user = knob(Knob::User("1000".to_owned()));
        assert_eq!(denied(judge, &bind("0.0.0.0:80"), std::slice::from_ref(&user)), Some(Support::Exclusive));
        assert_eq!(denied(judge, &bind("[::]:443"), &[]), Some(Support::Exclusive));
        assert!(allowed(judge, &bind(":8080"), std::slice::from_ref(&user)));
        assert!(allowed(judge, &bind("80"), &[user.clone(), sysctl(START, "80")]));
        assert_eq!(
            denied(judge, &bind("53"), &[user.clone(), sysctl(START, "80")]),
            Some(Support::Exclusive)
        );
        assert!(allowed(judge, &attempt(Call::Bind, Errno::EPERM, "80"), &[user]));
        assert_eq!(denied(judge, &bind("/run/x.sock"), &[]), None);
    }

    #[test]
    fn engines_lower_the_limit() {
        let user = knob(Knob::User("1000".to_owned()));
        let docker = Predicate::Engine(Engine::Docker);
        assert!(allowed(judge, &bind("80"), &[user.clone(), docker.clone()]));
        assert_eq!(
            denied(judge, &bind("80"), &[user.clone(), docker.clone(), component("docker", "19.03.5")]),
            Some(Support::Exclusive)
        );
        assert_eq!(
            denied(judge, &bind("80"), &[user.clone(), docker, knob(Knob::Network("host".to_owned()))]),
            Some(Support::Exclusive)
        );
        let pod = Predicate::Engine(Engine::Kubernetes);
        assert_eq!(
            denied(judge, &bind("80"), &[user.clone(), pod.clone(), component("containerd", "1.7.2")]),
            Some(Support::Exclusive)
        );
        assert!(allowed(judge, &bind("80"), &[user, pod, component("containerd", "2.0.1")]));
    }

    #[test]
    fn a_failed_bind_called_in_use() {
        let used = attempt(Call::Bind, Errno::EADDRINUSE, "80");
        let add = knob(Knob::CapAdd(CapSpec::One(Capability::NET_BIND_SERVICE)));
        let user = knob(Knob::User("33".to_owned()));
        assert_eq!(denied(judge, &used, &[user.clone(), add]), Some(Support::Configured));
        assert_eq!(denied(judge, &used, &[]), None);
        assert_eq!(denied(judge, &attempt(Call::Bind, Errno::EADDRINUSE, "8080"), &[user]), None);
    }
}
