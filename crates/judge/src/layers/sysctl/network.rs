//! Gates of the network: echo sockets of ordinary users, IPv6 switched off.

use super::LAYER;
use crate::context::{Context, Presence};
use crate::say::{Say, denies};
use whodenied_case::{Attempt, ObjectKind, Support};
use whodenied_kernel::Errno;

pub(super) fn ping(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "net.ipv4.ping_group_range";
    let datagram = attempt.arg("type").is_some_and(|t| t.contains("DGRAM"));
    let icmp = attempt.arg("protocol").is_some_and(|p| p.to_ascii_uppercase().contains("ICMP"));
    let certain = attempt.object.kind == ObjectKind::PingSocket || (datagram && icmp);
    if !certain && !icmp {
        return None;
    }
    let closed = cx.sysctl(KEY).filter(|(_, v)| {
        let mut ends = v.split_whitespace().map_while(|n| n.parse::<u64>().ok());
        ends.next().zip(ends.next()).is_some_and(|(low, high)| low > high)
    });
    let because = "An ICMP socket without CAP_NET_RAW needs a group of the process inside net.ipv4.ping_group_range; outside it the kernel answers EACCES.";
    let (support, weight) = match (closed, certain) {
        (Some(_), _) if errno == Errno::EACCES || errno == Errno::EPERM => (Support::Configured, 86),
        _ if errno != Errno::EACCES && !attempt.errno_inferred => return None,
        (_, true) => (Support::Exclusive, 82),
        // A raw socket is refused with EPERM: who reads EACCES was refused the other kind.
        (_, false) if attempt.errno_inferred => (Support::Fits, 35),
        (_, false) => (Support::Usual, 62),
    };
    let range = cx.sysctl(KEY).map(|(id, _)| id);
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(range)
            .policy(KEY)
            .step("sysctl net.ipv4.ping_group_range"),
    )
}

/// `ipv6_add_addr` and `ip6_route_info_create` (net/ipv6): an interface whose IPv6 is switched off
/// takes no address and no route, with EACCES; want of CAP_NET_ADMIN is EPERM.
pub(super) fn ipv6_off(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Option<Say> {
    const KEY: &str = "net.ipv6.conf.all.disable_ipv6";
    let routes = attempt.arg("protocol") == Some("rtnetlink");
    if errno != Errno::EACCES || attempt.errno_inferred || !routes {
        return None;
    }
    let set = ["all", "default"].iter().find_map(|which| {
        cx.sysctl_number(&format!("net.ipv6.conf.{which}.disable_ipv6")).filter(|(_, n)| *n == 1)
    });
    let because = "Routes and addresses are refused with EACCES where IPv6 is switched off on the interface (net.ipv6.conf.*.disable_ipv6); a missing capability gives EPERM.";
    let (support, weight) = match set {
        Some(_) => (Support::Configured, 92),
        None if cx.selinux() == Presence::On => (Support::Usual, 60),
        None => (Support::Exclusive, 84),
    };
    Some(
        denies(attempt, LAYER, support, weight, because)
            .facts(set.map(|(id, _)| id))
            .policy(KEY)
            .step("sysctl net.ipv6.conf.all.disable_ipv6 net.ipv6.conf.default.disable_ipv6"),
    )
}
