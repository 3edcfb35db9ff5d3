//! The layers, one file each. A layer never calls another; what several need stands in
//! [`crate::context`].

mod acl;
mod apparmor;
mod application;
mod capability;
mod cgroup;
mod dac;
mod device_cgroup;
mod filesystem;
#[cfg(test)]
mod fixture;
mod inode_flags;
mod landlock;
mod lockdown;
mod mount_flags;
mod no_new_privs;
mod other_lsm;
mod port;
mod readonly;
mod records;
mod rlimit;
mod seccomp;
mod selinux;
mod sysctl;
mod unknown;
mod userns;
mod userspace_policy;
mod yama;

pub(crate) use apparmor::profile as apparmor_profile;

use crate::context::Context;
use whodenied_case::{Attempt, Facts, Trial, Verdict};
use whodenied_kernel::Layer;

/// One layer's judge: `None` when the layer has nothing to say about such a call.
type Judge = fn(&Attempt, &Context<'_>) -> Option<Verdict>;

const JUDGES: &[(Layer, Judge)] = &[
    (Layer::Dac, dac::judge),
    (Layer::Acl, acl::judge),
    (Layer::Userns, userns::judge),
    (Layer::Capability, capability::judge),
    (Layer::NoNewPrivs, no_new_privs::judge),
    (Layer::Seccomp, seccomp::judge),
    (Layer::Apparmor, apparmor::judge),
    (Layer::Selinux, selinux::judge),
    (Layer::Landlock, landlock::judge),
    (Layer::Yama, yama::judge),
    (Layer::Lockdown, lockdown::judge),
    (Layer::Readonly, readonly::judge),
    (Layer::MountFlags, mount_flags::judge),
    (Layer::DeviceCgroup, device_cgroup::judge),
    (Layer::Cgroup, cgroup::judge),
    (Layer::Sysctl, sysctl::judge),
    (Layer::Port, port::judge),
    (Layer::Rlimit, rlimit::judge),
    (Layer::InodeFlags, inode_flags::judge),
    (Layer::Filesystem, filesystem::judge),
    (Layer::OtherLsm, other_lsm::judge),
    (Layer::UserspacePolicy, userspace_policy::judge),
    (Layer::Application, application::judge),
    (Layer::Unknown, unknown::judge),
];

/// Asks every layer about one attempt, with nothing known of other attempts.
#[must_use]
pub fn judge_all(attempt: &Attempt, facts: &Facts, trials: &[Trial]) -> Vec<Verdict> {
    judge_in(attempt, &Context { facts, trials, attempts: std::slice::from_ref(attempt), policy: None })
}

/// Asks every layer about one attempt.
pub(crate) fn judge_in(attempt: &Attempt, cx: &Context<'_>) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = JUDGES.iter().filter_map(|(_, judge)| judge(attempt, cx)).collect();
    crate::prior::add(attempt, cx, &mut verdicts);
    crate::live::apply(attempt, &mut verdicts);
    crate::policy::apply(attempt, cx, &mut verdicts);
    verdicts
}
