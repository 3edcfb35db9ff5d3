//! LXC, LXD, Incus and Proxmox containers.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    // systemd-sysctl and its like.
    Rule::refine(&["failed to write '", "' to '/proc/sys/"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::fact(&["syscalls.intercept.mknod"], s::MKNOD_INTERCEPTED),
    Rule::on(&["cannot load apparmor profile"]).call(Call::PolicyLoad).kind(K::Label).phase(Phase::Engine),
    Rule::on(&["please grant it", "'x' access"])
        .states(s::NO_SEARCH_RIGHT)
        .call(Call::Stat)
        .kind(K::Directory)
        .errno(Errno::EACCES)
        .phase(Phase::Engine)
        .object(From::After("could not access")),
    Rule::on(&["please grant it x access"])
        .states(s::NO_SEARCH_RIGHT)
        .call(Call::Stat)
        .kind(K::Directory)
        .errno(Errno::EACCES)
        .phase(Phase::Engine)
        .object(From::After("could not access")),
    Rule::refine(&["lxc_mount_auto_mounts"]).call(Call::Mount).kind(K::MountPoint).phase(Phase::RuntimeSetup),
    Rule::refine(&["lxc-start", "conf.c"]).phase(Phase::RuntimeSetup),
    Rule::refine(&["lxc", "failed to mount"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(Phase::RuntimeSetup),
    Rule::refine(&["creating apparmor namespace"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup),
    Rule::refine(&["apparmor_process_label_set"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup),
    Rule::refine(&["lsm/apparmor.c"])
        .call_if_none(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup),
    Rule::on(&["if you really want to start this container, set", "lxc.apparmor.allow_incomplete"])
        .call(Call::LabelChange)
        .phase(Phase::RuntimeSetup)
        .own()
        .states(s::APPARMOR_UNSUPPORTED),
    Rule::refine(&["chown_mapped_root"]).call(Call::Chown).phase(Phase::RuntimeSetup),
    Rule::on(&["failed to setup limit"]).call(Call::Setrlimit).phase(Phase::RuntimeSetup),
    Rule::refine(&["cgroup", "lxc", "failed to create"])
        .call_if_none(Call::Mkdir)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["cgfsng"])
        .call(Call::Mkdir)
        .kind(K::KernelFile)
        .phase(Phase::RuntimeSetup)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["failed to create cgroup"]).call(Call::Mkdir).kind(K::KernelFile).states(s::CGROUP_SETUP),
    Rule::on(&["quotactl", "lxc"]).call(Call::Quota),
    Rule::on(&["failed to shift"]).call(Call::Chown).phase(Phase::Engine).without(&["no such file"]),
    Rule::on(&["idmapping abilities are required but aren't supported"])
        .call(Call::Mount)
        .phase(Phase::Engine)
        .states(s::IDMAP_UNSUPPORTED),
    Rule::on(&["host doesn't support idmapped mounts"])
        .call(Call::Mount)
        .phase(Phase::Engine)
        .states(s::IDMAP_UNSUPPORTED),
    // LXC and the parser itself, whose words are translated.
    Rule::on(&["failed to run apparmor_parser"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup)
        .states(s::POLICY_REFUSED),
    Rule::on(&["failed to load generated apparmor profile"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup)
        .states(s::POLICY_REFUSED),
    Rule::refine(&["load a profile while confined"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .states(s::POLICY_REFUSED),
    Rule::on(&["apparmor_parser: "]).call(Call::PolicyLoad).kind(K::Label).states(s::POLICY_REFUSED).without(
        &["syntax", "not found", "no such file", "parser error", "warning", "denied", "not permitted"],
    ),
];
