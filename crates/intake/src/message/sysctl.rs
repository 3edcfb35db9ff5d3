//! Kernel parameters.

use super::rules::{From, Rule};
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::Call;

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["sysctl: setting key"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .object(From::After("setting key")),
    Rule::refine(&["sysctl: permission denied on key"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .object(From::After("on key")),
    Rule::refine(&["sysctl: cannot stat"]).call(Call::Stat).kind(K::Sysctl),
    Rule::refine(&["sysctl: error setting key"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .object(From::After("setting key")),
    Rule::refine(&["couldn't write", "to 'net"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::refine(&["couldn't write", "to 'kernel"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::refine(&["couldn't write", "to 'vm"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::refine(&["write to /proc/sys"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::refine(&["cannot create /proc/sys"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::refine(&["can't create /proc/sys"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::refine(&["/proc/sys/", "read-only file system"]).call(Call::SysctlWrite).kind(K::Sysctl),
    Rule::on(&["sysctl", "not whitelisted"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .own()
        .phase(Phase::Engine),
    Rule::on(&["forbidden sysctl"]).call(Call::SysctlWrite).kind(K::Sysctl).own().phase(Phase::Engine),
    Rule::on(&["sysctl", "is not allowed"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .own()
        .phase(Phase::RuntimeSetup),
    Rule::on(&["is not in a separate kernel namespace"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .own()
        .phase(Phase::RuntimeSetup),
];
