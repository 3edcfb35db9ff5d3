//! bubblewrap, flatpak and other sandboxes made of unprivileged namespaces.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["bwrap: setting up uid map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["bwrap: setting up gid map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["error writing to uid_map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["creating new namespace failed"]).call(Call::UsernsCreate).kind(K::Namespace),
    // EINVAL: the kernel has them switched off as a whole.
    Rule::on(&["creating new namespace failed", "does not support user namespaces"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED),
    Rule::on(&["no permissions to create a new namespace"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EPERM)
        .states(s::USERNS_DISABLED),
    Rule::on(&["no permissions to create new namespace"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EPERM)
        .states(s::USERNS_DISABLED),
    Rule::refine(&["failed rtm_newaddr"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .object(From::Fixed("lo"))
        .states(s::NO_NET_NAMESPACE_RIGHT),
    Rule::refine(&["failed rtm_newlink"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .object(From::Fixed("lo"))
        .states(s::NO_NET_NAMESPACE_RIGHT),
    Rule::refine(&["loopback", "bwrap"]).call_if_none(Call::Netlink).states(s::NO_NET_NAMESPACE_RIGHT),
    Rule::refine(&["bwrap: can't mount proc on"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "proc")])
        .states(s::PROC_MOUNT),
    Rule::refine(&["bwrap: can't mount"]).call(Call::Mount).kind(K::MountPoint),
    Rule::refine(&["bwrap: failed to make / slave"]).call(Call::Mount).kind(K::MountPoint),
    Rule::refine(&["bwrap: pivot_root"]).call(Call::PivotRoot),
    Rule::refine(&["bwrap: can't bind mount"]).call(Call::Mount).kind(K::MountPoint),
    Rule::refine(&["bwrap: can't remount"]).call(Call::Mount).kind(K::MountPoint),
    Rule::refine(&["bwrap: prctl(pr_set_seccomp)"]).call(Call::SeccompInstall).states(s::SECCOMP_UNSUPPORTED),
    Rule::on(&["bwrap: unexpected capabilities but not setuid"]).call(Call::Capset).own(),
    Rule::refine(&["failed to unshare", "namespace"]).call_if_none(Call::UsernsCreate),
    Rule::refine(&["unshare failed"]).call_if_none(Call::Unshare).kind(K::Namespace),
    Rule::refine(&["unshare(clone_newuser)"]).call(Call::UsernsCreate).kind(K::Namespace),
    Rule::on(&["failed to fully launch dbus-proxy"]).call(Call::UsernsCreate).kind(K::Namespace),
];
