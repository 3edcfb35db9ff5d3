//! One sentence per layer for "can't I just switch it off?": what that opens, what still protects,
//! when it can be defended and when it can't.

use crate::place::Ctx;
use whodenied_kernel::Layer;

const HOME: &str = "Defensible on a single-user home lab with code you trust; not in production, with several tenants or near sensitive data.";

pub(crate) fn sentence(ctx: &Ctx<'_>) -> String {
    let container = ctx.in_container();
    let body = match ctx.d.layer {
        Layer::Apparmor if container => {
            "You can (apparmor=unconfined): that lifts AppArmor from this container altogether, so mounts and writes under /proc and /sys hang on capabilities, seccomp and read-only paths alone, which still protect."
        }
        Layer::Apparmor => {
            "You can (complain mode, or unloading the profile): the program then has all its user's rights; modes, capabilities and other programs' profiles still protect."
        }
        Layer::Seccomp if container => {
            "You can (seccomp=unconfined): that opens some 60 more system calls to this container, most kernel escapes among them; capabilities and AppArmor or SELinux still protect."
        }
        Layer::Seccomp => {
            "You can drop the filter: every system call is then within the program's reach; its user's rights and the LSMs still protect."
        }
        Layer::Selinux if container => {
            "You can (label=disable, or setenforce 0 for the whole host): the container may then touch every file its user id may, host files and other containers' among them; modes, capabilities and seccomp still protect."
        }
        Layer::Selinux => {
            "You can (setenforce 0): that stops SELinux for every program of the host, not for this one; modes and capabilities still protect."
        }
        Layer::Capability if container => {
            "You can (--privileged): that gives every capability, every device and no seccomp or AppArmor, which makes root in the container root on the host; nothing much still protects."
        }
        Layer::Capability => {
            "You can run it as root: every check of owner and capability then passes; only the LSMs and mounts still protect."
        }
        Layer::Dac | Layer::Acl => {
            "You can (chmod 777): every user and every compromised service of the machine may then read and change it; only directories above it still protect."
        }
        Layer::Userns => {
            "You can run without the user namespace: root in the container is then root on the host's files; capabilities, seccomp and the LSM still protect."
        }
        Layer::NoNewPrivs => {
            "You can: setuid programs may then raise rights again up to the bounding set; user, seccomp and LSM still protect."
        }
        Layer::Readonly => {
            "You can make it all writable: what runs inside may then change its own programs and settings and stay after a restart; user and LSM still protect."
        }
        Layer::Landlock => {
            "You can switch the program's sandbox off: what it runs may then touch all its user's files; the user's rights still protect."
        }
        Layer::Yama => {
            "You can (ptrace_scope=0): every program of a user may then read the memory of all the others, keys and passwords included; other users' programs stay protected."
        }
        Layer::Lockdown => {
            "You can (no Secure Boot): root may then change the running kernel; everything below root still protects."
        }
        Layer::DeviceCgroup => {
            "You can (--privileged): that passes every device of the host, its disks among them, which makes the container root on the host; nothing much still protects."
        }
        Layer::Sysctl | Layer::Port => {
            "You can open the sysctl for the whole host: every user and program gets what one needs; each program's other limits still protect."
        }
        Layer::MountFlags => {
            "You can drop the flags everywhere: files that anybody may write can then be executed or gain rights; modes and the LSM still protect."
        }
        Layer::Rlimit | Layer::Cgroup => {
            "You can lift every limit: one runaway program may then starve the machine; nothing else is opened."
        }
        Layer::InodeFlags => {
            "You can leave the flag off: the file is then protected by its mode and owner alone."
        }
        Layer::Filesystem => {
            "You can stop the squashing on the server (no_root_squash): root of every client is then root on the share; the network and the export list still protect."
        }
        Layer::OtherLsm => {
            "You can switch the module off: that stops it for every program of the host; modes and capabilities still protect."
        }
        Layer::UserspacePolicy => {
            "You can allow it to everybody: every program of every user may then do it; the kernel's own checks still protect."
        }
        Layer::Application | Layer::Unknown => return String::new(),
    };
    format!("{body} {HOME}")
}
