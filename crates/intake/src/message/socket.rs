//! Socket families, ports, netlink and firewalls behind other words.

use super::rules::Rule;
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    // mysqlnd and libmysqlclient: CR_CONNECTION_ERROR and CR_CONN_HOST_ERROR behind PDO's SQLSTATE.
    Rule::on(&["[2002] permission denied"]).call(Call::Connect).errno(Errno::EACCES),
    Rule::on(&["[2003] permission denied"]).call(Call::Connect).errno(Errno::EACCES),
    Rule::refine(&["address family not supported by protocol"])
        .call_if_none(Call::Socket)
        .kind(K::OtherSocket),
    Rule::refine(&["getifaddrs"]).call(Call::Netlink).kind(K::NetlinkSocket),
    Rule::refine(&["rtnetlink answers"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .args(&[("protocol", "rtnetlink")]),
    Rule::refine(&["failed to add ip addr"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .args(&[("protocol", "rtnetlink")]),
    Rule::refine(&["failed to add route"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .args(&[("protocol", "rtnetlink")]),
    Rule::refine(&["failed to set link"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .args(&[("protocol", "rtnetlink")]),
    Rule::refine(&["cannot open netlink socket"]).call(Call::Socket).kind(K::NetlinkSocket),
    Rule::refine(&["can't initialize iptables table"]).call(Call::Netlink).kind(K::NetlinkSocket),
    Rule::refine(&["can't initialize ip6tables table"]).call(Call::Netlink).kind(K::NetlinkSocket),
    Rule::refine(&["iptables", "you must be root"]).call(Call::Netlink).kind(K::NetlinkSocket),
    Rule::on(&["could not fetch rule set generation id"]).call(Call::Netlink).kind(K::NetlinkSocket),
    Rule::refine(&["af_alg"]).call(Call::Socket).kind(K::OtherSocket).args(&[("domain", "AF_ALG")]),
    Rule::refine(&["af_vsock"]).call(Call::Socket).kind(K::OtherSocket).args(&[("domain", "AF_VSOCK")]),
    Rule::refine(&["af_netlink"]).call_if_none(Call::Socket).kind(K::NetlinkSocket),
    Rule::refine(&["af_unix"]).call_if_none(Call::Socket).kind(K::UnixSocket),
    Rule::refine(&["unix domain socket"]).call_if_none(Call::Socket).kind(K::UnixSocket),
    Rule::refine(&["socketpair"]).call(Call::Socketpair).kind(K::UnixSocket).without(&["\"/"]),
    Rule::refine(&["socket: operation not permitted"]).call(Call::Socket),
    Rule::refine(&["socket: permission denied"]).call(Call::Socket),
    Rule::on(&["port", "is already in use", "permission denied"]).call(Call::Bind).kind(K::Port),
    Rule::on(&["try using a port number higher than 1024"])
        .call(Call::Bind)
        .kind(K::Port)
        .states(s::PRIVILEGED_PORT),
    Rule::on(&["ports below 1024"])
        .call(Call::Bind)
        .kind(K::Port)
        .states(s::PRIVILEGED_PORT)
        .without(&["if you"]),
    Rule::fact(&["privileged port"], s::PRIVILEGED_PORT),
    Rule::refine(&["so_bindtodevice"]).call(Call::Setsockopt),
    Rule::refine(&["ip_transparent"]).call(Call::Setsockopt),
    Rule::refine(&["so_mark"]).call(Call::Setsockopt),
    Rule::refine(&["so_rcvbufforce"]).call(Call::Setsockopt),
    Rule::refine(&["sendto: operation not permitted"]).call(Call::Send),
    Rule::refine(&["wireguard", "interface"]).call_if_none(Call::Netlink),
];
