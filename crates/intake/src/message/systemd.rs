//! The service manager: steps between fork and exec, and exit statuses 200 to 245.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::{Failure, ObjectKind as K, Phase};
use whodenied_kernel::Call;

const SETUP: Phase = Phase::ServiceSetup;

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["failed to load environment files"]).call(Call::Open).phase(SETUP),
    // The manager trusts only a PID file that root or the service's own user can't have forged.
    Rule::refine(&["can't open pid file", "operation not permitted"])
        .call(Call::Open)
        .own()
        .states(s::BAD_FILE_MODE),
    Rule::refine(&["failed at step exec"])
        .call(Call::Exec)
        .kind(K::Executable)
        .phase(SETUP)
        .object(From::After("spawning")),
    Rule::refine(&["failed to locate executable"]).call(Call::Exec).kind(K::Executable).phase(SETUP),
    Rule::refine(&["failed to execute", ".service"]).call(Call::Exec).kind(K::Executable).phase(SETUP),
    Rule::refine(&["failed at step"]).phase(SETUP),
    Rule::refine(&["failed to set up standard output"]).call(Call::Open).phase(SETUP),
    Rule::refine(&["failed to set up standard error"]).call(Call::Open).phase(SETUP),
    Rule::refine(&["failed to set up standard input"]).call(Call::Open).phase(SETUP),
    Rule::on(&["failed to set up mount namespacing"]).call(Call::Mount).kind(K::MountPoint).phase(SETUP),
    Rule::on(&["failed to set up network namespacing"]).call(Call::Unshare).kind(K::Namespace).phase(SETUP),
    Rule::on(&["failed to set up user namespacing"]).call(Call::UsernsCreate).kind(K::Namespace).phase(SETUP),
    Rule::on(&["failed to set up uts namespacing"]).call(Call::Unshare).kind(K::Namespace).phase(SETUP),
    Rule::on(&["failed to set up ipc namespacing"]).call(Call::Unshare).kind(K::Namespace).phase(SETUP),
    Rule::on(&["failed to set up credentials"]).call(Call::Mount).kind(K::MountPoint).phase(SETUP),
    Rule::refine(&["failed to set up special execution directory"]).call_if_none(Call::Mkdir).phase(SETUP),
    Rule::refine(&["changing to the requested working directory failed"])
        .call(Call::Chdir)
        .kind(K::Directory)
        .phase(SETUP),
    Rule::refine(&["failed to set up kernel keyring"]).call(Call::Keyctl).phase(SETUP),
    Rule::refine(&["failed to drop capabilities", ".service"]).call(Call::Capset).phase(SETUP),
    Rule::refine(&["failed to apply ambient capabilities"]).call(Call::Prctl).phase(SETUP),
    Rule::refine(&["failed to determine supplementary groups"]).call(Call::Setgroups).phase(SETUP),
    Rule::refine(&["failed to set process priority"]).call(Call::Setpriority).phase(SETUP),
    Rule::refine(&["failed to set up cpu scheduling"]).call(Call::Sched).phase(SETUP),
    Rule::refine(&["failed to set up io scheduling priority"]).call(Call::Setpriority).phase(SETUP),
    Rule::refine(&["failed to adjust resource limit"]).call(Call::Setrlimit).phase(SETUP),
    Rule::refine(&["failed to adjust oom setting"]).call(Call::Write).kind(K::KernelFile).phase(SETUP),
    Rule::refine(&["failed to change to requested process credentials"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(SETUP),
    Rule::refine(&["failed to change apparmor profile"]).call(Call::LabelChange).kind(K::Label).phase(SETUP),
    Rule::refine(&["failed to prepare apparmor profile"]).call(Call::LabelChange).kind(K::Label).phase(SETUP),
    Rule::refine(&["failed to change selinux context"]).call(Call::LabelChange).kind(K::Label).phase(SETUP),
    Rule::refine(&["failed to attach to cgroup"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .phase(SETUP)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["failed to create listening socket", ".socket"]).call(Call::Bind).phase(SETUP),
    Rule::refine(&["failed to apply system call filters"]).call(Call::SeccompInstall).phase(SETUP),
    // The manager itself, in a container.
    Rule::refine(&["failed to install release agent"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["failed to allocate manager object"])
        .call(Call::Mkdir)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["init.scope", "control group"])
        .call(Call::Mkdir)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["failed to create", "control group"])
        .call(Call::Mkdir)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["failed to mount tmpfs at"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "tmpfs")]),
    Rule::refine(&["failed to mount cgroup at"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "cgroup")]),
    Rule::refine(&["failed to mount proc"]).call(Call::Mount).kind(K::MountPoint).args(&[("fstype", "proc")]),
    Rule::refine(&["failed to mount sysfs"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "sysfs")]),
    Rule::on(&["couldn't move remaining userspace processes"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP)
        .without(&["no such file"]),
    Rule::refine(&["failed to add /run/systemd"]).call(Call::Inotify),
    Rule::refine(&["failed to allocate directory watch"]).call(Call::Inotify).states(s::INOTIFY_LIMIT),
    Rule::refine(&["failed to open system bus"]).call(Call::Dbus),
];

/// Step of an exit status, and the call it stands for: systemd.exec(5), "Process Exit Codes".
const STATUSES: &[(u16, &str, Option<Call>, K)] = &[
    (200, "CHDIR", Some(Call::Chdir), K::Directory),
    (201, "NICE", Some(Call::Setpriority), K::Process),
    (203, "EXEC", Some(Call::Exec), K::Executable),
    (205, "LIMITS", Some(Call::Setrlimit), K::Unknown),
    (206, "OOM_ADJUST", Some(Call::Write), K::KernelFile),
    (208, "STDIN", Some(Call::Open), K::Path),
    (209, "STDOUT", Some(Call::Open), K::Path),
    (210, "CHROOT", Some(Call::Chroot), K::Directory),
    (211, "IOPRIO", Some(Call::Setpriority), K::Process),
    (213, "SECUREBITS", Some(Call::Prctl), K::Unknown),
    (214, "SETSCHEDULER", Some(Call::Sched), K::Process),
    (215, "CPUAFFINITY", Some(Call::Sched), K::Process),
    (216, "GROUP", Some(Call::Setgid), K::Unknown),
    (217, "USER", Some(Call::Setuid), K::Unknown),
    (218, "CAPABILITIES", Some(Call::Capset), K::Capability),
    (219, "CGROUP", Some(Call::Write), K::KernelFile),
    (222, "STDERR", Some(Call::Open), K::Path),
    (225, "NETWORK", Some(Call::Unshare), K::Namespace),
    (226, "NAMESPACE", Some(Call::Mount), K::MountPoint),
    (227, "NO_NEW_PRIVILEGES", Some(Call::Prctl), K::Unknown),
    (228, "SECCOMP", Some(Call::SeccompInstall), K::Unknown),
    (229, "SELINUX_CONTEXT", Some(Call::LabelChange), K::Label),
    (230, "PERSONALITY", Some(Call::Personality), K::Unknown),
    (231, "APPARMOR", Some(Call::LabelChange), K::Label),
    (232, "ADDRESS_FAMILIES", Some(Call::SeccompInstall), K::Unknown),
    (233, "RUNTIME_DIRECTORY", Some(Call::Mkdir), K::Directory),
    (235, "CHOWN", Some(Call::Chown), K::Path),
    (237, "KEYRING", Some(Call::Keyctl), K::Unknown),
    (238, "STATE_DIRECTORY", Some(Call::Mkdir), K::Directory),
    (239, "CACHE_DIRECTORY", Some(Call::Mkdir), K::Directory),
    (240, "LOGS_DIRECTORY", Some(Call::Mkdir), K::Directory),
    (241, "CONFIGURATION_DIRECTORY", Some(Call::Mkdir), K::Directory),
    (242, "NUMA_POLICY", Some(Call::Mempolicy), K::Memory),
    (243, "CREDENTIALS", Some(Call::Mount), K::MountPoint),
    (245, "BPF", Some(Call::Bpf), K::Unknown),
];

/// Statuses whose usual cause is a missing file or user, told only by another line.
const USUALLY_MISSING: [u16; 5] = [200, 203, 216, 217, 227];

/// The failure of a `status=203/EXEC` (or `exit-code 226/NAMESPACE`), and whether the status alone
/// says too little to call it a refusal.
pub(crate) fn status(text: &str) -> Option<(Failure, bool)> {
    let mut at = 0;
    while let Some(slash) = text.get(at..).and_then(|t| t.find('/')).map(|i| i + at) {
        at = slash + 1;
        let digits = text.get(..slash)?;
        let number = digits.get(digits.len().checked_sub(3)?..).and_then(|n| n.parse::<u16>().ok());
        let Some(number) = number else { continue };
        let rest = text.get(slash + 1..).unwrap_or("");
        let row = STATUSES.iter().find(|(n, name, ..)| *n == number && rest.starts_with(name));
        if let Some((number, step, call, kind)) = row {
            let mut failure = Failure { call: *call, kind: *kind, phase: SETUP, ..Failure::default() };
            failure.args.push(("step".to_owned(), (*step).to_owned()));
            return Some((failure, USUALLY_MISSING.contains(number)));
        }
    }
    None
}

/// The call of `Failed at step NAME`.
pub(crate) fn step(low: &str) -> Option<(Call, K, &'static str)> {
    let rest = low.get(low.find("failed at step ")? + 15..)?;
    let (_, name, call, kind) = STATUSES
        .iter()
        .find(|(_, name, ..)| rest.get(..name.len()).is_some_and(|r| r.eq_ignore_ascii_case(name)))?;
    Some(((*call)?, *kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let (f, weak) = status("x.service: Main process exited, code=exited, status=203/EXEC").unwrap();
        assert_eq!((f.call, f.phase, weak), (Some(Call::Exec), Phase::ServiceSetup, true));
        let (f, weak) =
            status("Process: 12 ExecStart=/usr/bin/x (code=exited, status=226/NAMESPACE)").unwrap();
        assert_eq!((f.call, weak), (Some(Call::Mount), false));
        assert!(status("code=exited, status=1/FAILURE").is_none());
        assert!(status("http://x/203/EXE").is_none());
        assert_eq!(step("x: failed at step namespace spawning /x").map(|s| s.0), Some(Call::Mount));
    }
}
