//! Ids that a user namespace does not map, and the tools that write its maps.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["enough available ids"]).call(Call::Chown).phase(Phase::Engine).states(s::IDS_INSUFFICIENT),
    Rule::on(&["cannot setup namespace using newuidmap"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .states(s::NO_SUBIDS),
    Rule::on(&["cannot setup namespace using newgidmap"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .states(s::NO_SUBIDS),
    Rule::on(&["insufficient uids or gids"])
        .call(Call::Chown)
        .phase(Phase::Engine)
        .errno(Errno::EINVAL)
        .states(s::IDS_INSUFFICIENT),
    Rule::on(&["not be enough ids available"])
        .call(Call::Chown)
        .phase(Phase::Engine)
        .errno(Errno::EINVAL)
        .states(s::IDS_INSUFFICIENT),
    Rule::fact(&["rootless single mapping"], s::SINGLE_ID_MAPPING),
    Rule::fact(&["single mapping into the namespace"], s::SINGLE_ID_MAPPING),
    Rule::fact(&["no subuid ranges found"], s::NO_SUBIDS),
    Rule::fact(&["no subgid ranges found"], s::NO_SUBIDS),
    Rule::fact(&["cannot find mappings for user"], s::NO_SUBIDS),
    Rule::on(&["newuidmap", "uid_map"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .states(s::NO_SUBIDS)
        .without(&["install"]),
    Rule::on(&["newgidmap", "gid_map"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .states(s::NO_SUBIDS)
        .without(&["install"]),
    // Neither the setuid bit nor file capabilities are on the helper.
    Rule::on(&["newuidmap: could not set caps"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .errno(Errno::EPERM)
        .states(s::NO_SUBIDS)
        .object(From::Nothing),
    Rule::on(&["newgidmap: could not set caps"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .errno(Errno::EPERM)
        .states(s::NO_SUBIDS)
        .object(From::Nothing),
    Rule::on(&["newuidmap: uid range", "not allowed"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .own()
        .states(s::NO_SUBIDS),
    Rule::on(&["newgidmap: gid range", "not allowed"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .own()
        .states(s::NO_SUBIDS),
    Rule::on(&["cannot set up namespace using", "newuidmap"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .states(s::NO_SUBIDS)
        .object(From::Nothing),
    Rule::on(&["cannot set up namespace using", "newgidmap"])
        .call(Call::IdMap)
        .kind(K::Namespace)
        .states(s::NO_SUBIDS)
        .object(From::Nothing),
    Rule::refine(&["failed to write", "uid_map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["write failed /proc/self/uid_map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["write failed", "uid_map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["write failed", "gid_map"]).call(Call::IdMap).kind(K::Namespace),
    Rule::refine(&["/setgroups", "write"]).call(Call::IdMap).kind(K::Namespace),
    Rule::on(&["value too large for defined data type"]).errno(Errno::EOVERFLOW).states(s::UID_UNMAPPED),
    Rule::fact(&["nobody:nogroup"], s::UID_UNMAPPED).without(&["user nobody", "user: ", "chown ", "user="]),
    Rule::on(&["user namespaces are not enabled"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED)
        .object(From::Nothing),
    Rule::on(&["user namespace", "disabled"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED)
        .without(&["is disabled by default"]),
    Rule::on(&["unprivileged user namespaces are not allowed"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED),
    Rule::on(&["kernel does not allow non-privileged user namespaces"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED),
    Rule::on(&["cannot clone", "user namespace"]).call(Call::UsernsCreate).kind(K::Namespace),
    Rule::refine(&["cloning", "process"]).call_if_none(Call::UsernsCreate).kind(K::Namespace),
    Rule::refine(&["cannot clone:"]).call(Call::UsernsCreate).kind(K::Namespace).object(From::Nothing),
    // A program may always execute itself: what fails is the namespace it wants to be started in.
    Rule::refine(&["fork/exec /proc/self/exe"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .object(From::Nothing),
    Rule::on(&["cannot re-exec process to join the existing user namespace"])
        .call(Call::Setns)
        .kind(K::Namespace),
    Rule::on(&["maximum number of user namespaces"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED),
    Rule::on(&["max_user_namespaces", "exceed"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::USERNS_DISABLED),
    Rule::refine(&["clone_newuser"]).call(Call::UsernsCreate).kind(K::Namespace),
];
