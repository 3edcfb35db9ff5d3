//! Raw, packet and ICMP sockets.

use super::rules::Rule;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

const RAW: &[(&str, &str)] = &[("domain", "AF_INET"), ("type", "SOCK_RAW"), ("protocol", "IPPROTO_ICMP")];

const DATAGRAM: &[(&str, &str)] =
    &[("domain", "AF_INET"), ("type", "SOCK_DGRAM"), ("protocol", "IPPROTO_ICMP")];

pub(crate) const RULES: &[Rule] = &[
    // A raw socket gives EPERM: this is the datagram kind.
    Rule::refine(&["pinging", "socket: permission denied"])
        .call(Call::Socket)
        .kind(K::PingSocket)
        .args(DATAGRAM),
    Rule::refine(&["pinger", "socket: permission denied"])
        .call(Call::Socket)
        .kind(K::PingSocket)
        .args(DATAGRAM),
    Rule::refine(&["icmp", "socket: permission denied"])
        .call(Call::Socket)
        .kind(K::PingSocket)
        .args(DATAGRAM)
        .without(&["are you root", "raw"]),
    Rule::refine(&["ping: socket:"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["ping6: socket:"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["ping: icmp open socket"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["ping: permission denied"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::on(&["ping: lacking privilege for icmp socket"])
        .call(Call::Socket)
        .kind(K::RawSocket)
        .args(RAW)
        .errno(Errno::EPERM),
    Rule::on(&["lacking privilege for raw socket"])
        .call(Call::Socket)
        .kind(K::RawSocket)
        .args(RAW)
        .errno(Errno::EPERM),
    Rule::refine(&["missing cap_net_raw"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::on(&["missing cap_net_raw"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["can't create raw socket"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["raw socket"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["sock_raw"]).call(Call::Socket).kind(K::RawSocket),
    Rule::refine(&["af_packet"]).call(Call::Socket).kind(K::RawSocket),
    Rule::refine(&["packet socket"]).call(Call::Socket).kind(K::RawSocket),
    Rule::refine(&["listen ip4:icmp"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["listen ip:icmp"]).call(Call::Socket).kind(K::RawSocket).args(RAW),
    Rule::refine(&["socket: permission denied", "are you root"]).call(Call::Socket).kind(K::RawSocket),
    Rule::on(&["you don't have permission to capture on that device"])
        .call(Call::Socket)
        .kind(K::RawSocket)
        .errno(Errno::EPERM),
    Rule::on(&["you don't have permission to perform this capture"])
        .call(Call::Socket)
        .kind(K::RawSocket)
        .errno(Errno::EPERM),
    Rule::on(&["couldn't open a raw socket"])
        .call(Call::Socket)
        .kind(K::RawSocket)
        .args(RAW)
        .errno(Errno::EPERM),
    Rule::refine(&["dnet: failed to open device"]).call(Call::Socket).kind(K::RawSocket),
    Rule::on(&["requires root privileges", "scan"]).call(Call::Socket).kind(K::RawSocket).own(),
    Rule::refine(&["mtr-packet"]).call(Call::Socket).kind(K::RawSocket),
    Rule::refine(&["ping_group_range"]).kind(K::Sysctl).call_if_none(Call::SysctlWrite),
];
