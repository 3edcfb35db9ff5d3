//! One file per layer: the least-opening fix first.

mod acl;
mod apparmor;
mod application;
mod capability;
mod cgroup;
mod dac;
mod device_cgroup;
mod filesystem;
mod inode_flags;
mod landlock;
mod lockdown;
mod mount_flags;
mod no_new_privs;
mod other_lsm;
mod port;
mod readonly;
mod rlimit;
mod seccomp;
mod selinux;
mod sysctl;
mod userns;
mod userspace_policy;
mod yama;

use crate::fix::Offer;
use crate::place::Ctx;
use whodenied_case::Where;
use whodenied_kernel::Layer;

/// What was tried on the very situation comes before what is reasoned.
pub(crate) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = crate::live::offer(ctx);
    let mut rest = by_layer(ctx);
    // Seen live outside of a container, with a way that was tried: no settings of one that is not there.
    let live = ctx.attempt.live.as_deref();
    if !offer.remedies.is_empty() && live.is_some_and(|l| l.process.engine == "host") {
        rest.remedies.retain(|r| !matches!(r.on, Where::Container | Where::Image));
        // The files of /proc have neither owners to set nor lists of access.
        if ctx.attempt.object_name().starts_with("/proc/") {
            rest.remedies.clear();
        }
    }
    let known = offer.stays_blocked.is_empty();
    offer.remedies.extend(rest.remedies);
    if known {
        offer.stays_blocked = rest.stays_blocked;
    }
    offer
}

/// The value that opens the gate of a sysctl, what that opens, and the risk of it.
pub(crate) fn sysctl_gate(key: &str) -> Option<(&'static str, &'static str, whodenied_case::Risk)> {
    sysctl::of(key)
}

fn by_layer(ctx: &Ctx<'_>) -> Offer {
    match ctx.d.layer {
        Layer::Dac => dac::offer(ctx),
        Layer::Acl => acl::offer(ctx),
        Layer::Userns => userns::offer(ctx),
        Layer::Capability => capability::offer(ctx),
        Layer::NoNewPrivs => no_new_privs::offer(ctx),
        Layer::Seccomp => seccomp::offer(ctx),
        Layer::Apparmor => apparmor::offer(ctx),
        Layer::Selinux => selinux::offer(ctx),
        Layer::Landlock => landlock::offer(ctx),
        Layer::Yama => yama::offer(ctx),
        Layer::Lockdown => lockdown::offer(ctx),
        Layer::Readonly => readonly::offer(ctx),
        Layer::MountFlags => mount_flags::offer(ctx),
        Layer::DeviceCgroup => device_cgroup::offer(ctx),
        Layer::Cgroup => cgroup::offer(ctx),
        Layer::Sysctl => sysctl::offer(ctx),
        Layer::Port => port::offer(ctx),
        Layer::Rlimit => rlimit::offer(ctx),
        Layer::InodeFlags => inode_flags::offer(ctx),
        Layer::Filesystem => filesystem::offer(ctx),
        Layer::OtherLsm => other_lsm::offer(ctx),
        Layer::UserspacePolicy => userspace_policy::offer(ctx),
        Layer::Application => application::offer(ctx),
        Layer::Unknown => Offer::default(),
    }
}
