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
use whodenied_kernel::{Call, Errno, Layer};

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

/// The attempt with its error taken for the program's own wording, where no check of the kernel answers
/// the call with it: `sethostname: permission denied`. A filter could, but none of a runtime does.
fn reworded(attempt: &Attempt) -> Option<Attempt> {
    let call = attempt.call?;
    let errno = attempt.errno.filter(|_| !attempt.errno_inferred && attempt.syscall.is_none())?;
    let seen = attempt.live.is_some() || !attempt.records.is_empty();
    // `could not write to FILE: permission denied`: the right is asked for when the file is opened.
    // Files of /proc and /sys have handlers that ask when they are written.
    let name = attempt.object_name();
    let plain = name.contains('/') && !name.starts_with("/proc/") && !name.starts_with("/sys/");
    if call == Call::Write && errno == Errno::EACCES && !seen && plain {
        let mut opened = Attempt { call: Some(Call::Open), ..attempt.clone() };
        opened.args.push(("access".to_owned(), "write".to_owned()));
        return Some(opened);
    }
    let possible = |errno| {
        Layer::ALL.iter().any(|l| *l != Layer::Seccomp && whodenied_kernel::order::can_give(call, *l, errno))
    };
    let odd = errno == Errno::EACCES && !possible(Errno::EACCES) && possible(Errno::EPERM);
    (odd && !seen).then(|| Attempt { errno_inferred: true, ..attempt.clone() })
}

/// Asks every layer about one attempt.
pub(crate) fn judge_in(attempt: &Attempt, cx: &Context<'_>) -> Vec<Verdict> {
    let reworded = reworded(attempt);
    let attempt = reworded.as_ref().unwrap_or(attempt);
    let mut verdicts: Vec<Verdict> = JUDGES.iter().filter_map(|(_, judge)| judge(attempt, cx)).collect();
    crate::prior::add(attempt, cx, &mut verdicts);
    crate::live::apply(attempt, &mut verdicts);
    crate::policy::apply(attempt, cx, &mut verdicts);
    verdicts
}
