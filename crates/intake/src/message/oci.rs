//! docker, containerd, runc, crun, podman, buildah and BuildKit: who failed while a container was
//! created, started, signalled or stopped.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::{Call, Errno};

const SETUP: Phase = Phase::RuntimeSetup;
const STOP: Phase = Phase::Stop;
const ENGINE: Phase = Phase::Engine;

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["crun: make ", " private"]).call(Call::Mount).kind(K::MountPoint),
    // Stopping and signalling.
    Rule::refine(&["unable to signal init"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["cannot stop container"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["cannot kill container"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["could not kill"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["failed to kill container"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["failed to stop container"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["killcontainererror"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["error killing pod"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["error killing container"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["send signal to pidfd"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["stopping container", "kill"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["sending sigterm to container"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::refine(&["cannot restart container"]).call(Call::Kill).kind(K::Process).phase(STOP).without(&[
        ": open ",
        ": mkdir ",
        ": write ",
        ": mount",
        "failed to write",
    ]),
    Rule::refine(&["cannot restart container", "failed to write"]).phase(ENGINE),
    // The engine moves itself into a user namespace before it does anything.
    Rule::refine(&["error during unshare("]).call(Call::UsernsCreate).kind(K::Namespace).phase(ENGINE),
    // What the client itself reads of the host.
    Rule::refine(&["can't add file", "to tar"]).call(Call::Open).phase(ENGINE),
    // A layer of an image, unpacked into the engine's storage.
    Rule::refine(&["applylayer"]).phase(ENGINE).args(&[("step", "apply-layer")]),
    Rule::refine(&["error applying layer"]).phase(ENGINE).args(&[("step", "apply-layer")]),
    Rule::refine(&["unpacking layer"]).phase(ENGINE).args(&[("step", "apply-layer")]),
    Rule::refine(&["error unpacking image"]).phase(ENGINE).args(&[("step", "apply-layer")]),
    // The directory is there and not even its state is to be had: the daemon would make it, and can't.
    Rule::on(&["error while creating mount source path", "file exists"])
        .call(Call::Stat)
        .kind(K::Directory)
        .errno(Errno::EACCES)
        .phase(ENGINE)
        .states("stat-refused")
        .object(From::After("mount source path")),
    Rule::refine(&["could not stop"]).call(Call::Kill).kind(K::Process).phase(STOP).without(&["service"]),
    Rule::on(&["sending signal to container", "failed"]).call(Call::Kill).kind(K::Process).phase(STOP),
    Rule::on(&["tried to kill container, but did not receive an exit event"])
        .call(Call::Kill)
        .kind(K::Process)
        .phase(STOP),
    Rule::on(&["did not receive an exit event"]).call(Call::Kill).kind(K::Process).phase(STOP),
    // AppArmor, SELinux and seccomp as the runtime puts them on.
    Rule::refine(&["attr/exec", "apparmor"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(SETUP)
        .states(s::PROFILE_NOT_APPLIED),
    Rule::refine(&["attr/apparmor/exec"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(SETUP)
        .states(s::PROFILE_NOT_APPLIED),
    Rule::refine(&["unable to apply apparmor profile"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(SETUP)
        .states(s::PROFILE_NOT_APPLIED),
    Rule::refine(&["apparmor_parser", "permission denied"]).call_if_none(Call::PolicyLoad).phase(ENGINE),
    Rule::on(&["need policy admin privileges"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .errno(Errno::EACCES)
        .states(s::POLICY_ADMIN),
    Rule::on(&["profile could not be loaded"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .without(&["executable file not found"]),
    Rule::on(&["apparmor profile", "not loaded"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(SETUP)
        .states(s::PROFILE_MISSING),
    Rule::on(&["apparmor profile", "not found"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(SETUP)
        .states(s::PROFILE_MISSING),
    Rule::on(&["apparmor_parser", "executable file not found"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .errno(Errno::ENOENT)
        .states(s::PARSER_MISSING),
    Rule::on(&["apparmor", "syntax error, unexpected tok"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .errno(Errno::EINVAL)
        .states(s::PARSER_SYNTAX),
    Rule::on(&["could not open 'abi/"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .errno(Errno::EINVAL)
        .states(s::PARSER_SYNTAX),
    Rule::on(&["default apparmor profile", "parsing version failed"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .errno(Errno::EINVAL)
        .states(s::PARSER_VERSION),
    Rule::on(&["apparmor is disabled on the host"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(ENGINE)
        .own()
        .states(s::APPARMOR_UNSUPPORTED),
    Rule::on(&["seccomp is not enabled in your kernel"])
        .call(Call::SeccompInstall)
        .phase(ENGINE)
        .own()
        .states(s::SECCOMP_UNSUPPORTED),
    Rule::on(&["apparmor", "not supported in rootless mode"])
        .call(Call::PolicyLoad)
        .kind(K::Label)
        .phase(ENGINE)
        .errno(Errno::EPERM)
        .states(s::APPARMOR_ROOTLESS),
    Rule::refine(&["/sys/kernel/security/apparmor/profiles"]).call(Call::Open).kind(K::KernelFile),
    Rule::refine(&["attr/exec", "selinux"]).call(Call::LabelChange).kind(K::Label).phase(SETUP),
    Rule::refine(&["attr/keycreate"]).call(Call::LabelChange).kind(K::Label).phase(SETUP),
    Rule::refine(&["set process label"]).call(Call::LabelChange).kind(K::Label).phase(SETUP),
    Rule::on(&["selinux relabeling of", "not allowed"])
        .call(Call::Xattr)
        .phase(ENGINE)
        .own()
        .states(s::SELINUX_RELABEL)
        .object(From::After("relabeling of")),
    Rule::refine(&["lsetxattr", "operation not supported"])
        .call(Call::Xattr)
        .phase(ENGINE)
        .states(s::SELINUX_RELABEL),
    Rule::refine(&["relabel failed"]).call(Call::Xattr).phase(ENGINE).states(s::SELINUX_RELABEL),
    Rule::refine(&["failed to set file label"]).call(Call::Xattr).phase(ENGINE).states(s::SELINUX_RELABEL),
    Rule::refine(&["seccomp", "loading seccomp filter"])
        .call(Call::SeccompInstall)
        .phase(SETUP)
        .states(s::SECCOMP_UNSUPPORTED),
    Rule::refine(&["init seccomp"]).call(Call::SeccompInstall).phase(SETUP).states(s::SECCOMP_UNSUPPORTED),
    // Kernel objects of the container's set-up.
    Rule::on(&["open sysctl "])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .phase(SETUP)
        .object(From::After("open sysctl")),
    Rule::refine(&["reopen fd"]).call_if_none(Call::Open).phase(SETUP),
    Rule::refine(&["write sysctl key"])
        .call(Call::SysctlWrite)
        .kind(K::Sysctl)
        .phase(SETUP)
        .object(From::After("write sysctl key")),
    Rule::refine(&["setting rlimit"]).call(Call::Setrlimit).phase(SETUP),
    Rule::refine(&["setting rlimits"]).call(Call::Setrlimit).phase(SETUP),
    Rule::refine(&["setrlimit", "oci"]).call(Call::Setrlimit).phase(SETUP),
    Rule::refine(&["session keyring"]).call(Call::Keyctl).phase(SETUP),
    Rule::refine(&["session key:"]).call(Call::Keyctl).phase(SETUP),
    Rule::refine(&["create keyring"]).call(Call::Keyctl).phase(SETUP),
    Rule::refine(&["could not create session key"]).call(Call::Keyctl).phase(SETUP),
    Rule::refine(&["mount `proc` to"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "proc")])
        .object(From::Fixed("/proc"))
        .states(s::PROC_MOUNT),
    Rule::refine(&["mount proc to "])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "proc")])
        .object(From::Fixed("/proc"))
        .states(s::PROC_MOUNT),
    Rule::refine(&["mount `sysfs` to"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "sysfs")])
        .object(From::Fixed("/sys"))
        .states(s::PROC_MOUNT),
    Rule::refine(&["mount sysfs to "])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "sysfs")])
        .object(From::Fixed("/sys"))
        .states(s::PROC_MOUNT),
    Rule::refine(&["mounting \"proc\" to rootfs"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "proc")])
        .object(From::Fixed("/proc"))
        .states(s::PROC_MOUNT),
    Rule::refine(&["mounting \\\"proc\\\" to rootfs"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "proc")])
        .object(From::Fixed("/proc"))
        .states(s::PROC_MOUNT),
    Rule::refine(&["mounting \"sysfs\" to rootfs"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(SETUP)
        .args(&[("fstype", "sysfs")])
        .object(From::Fixed("/sys")),
    Rule::refine(&["mounting", "to rootfs at"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .object(From::After("to rootfs at")),
    Rule::refine(&["to rootfs", "mounting"]).call(Call::Mount).kind(K::MountPoint).phase(SETUP),
    Rule::refine(&["remounting rootfs as readonly"]).call(Call::Mount).kind(K::MountPoint).phase(SETUP),
    Rule::refine(&["jailing process inside rootfs"]).call(Call::PivotRoot).phase(SETUP),
    Rule::refine(&["pivot_root"]).call(Call::PivotRoot),
    Rule::refine(&["making parent mount private"]).call(Call::Mount).phase(SETUP),
    Rule::refine(&["failed to unshare"]).call_if_none(Call::Unshare),
    Rule::refine(&["unshare remaining namespaces"]).call(Call::Unshare).kind(K::Namespace).phase(SETUP),
    Rule::refine(&["bpf_prog_query(bpf_cgroup_device)"]).call(Call::Bpf).phase(SETUP),
    Rule::refine(&["cgroup_device", "bpf"]).call(Call::Bpf).phase(SETUP),
    // A hook of the runtime, which runs before the container's own filter and user are put on.
    Rule::refine(&["nvidia-container-cli"]).phase(SETUP),
    // Controllers that were not delegated to a rootless engine, in the words of engines.
    Rule::on(&["requested cgroup controller", "is not available"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .errno(Errno::EACCES)
        .phase(SETUP)
        .states(s::CGROUP_SETUP)
        .object(From::Fixed("/sys/fs/cgroup")),
    Rule::on(&["can not be set, as your kernel does not support", "cgroup is not mounted"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .errno(Errno::EACCES)
        .phase(SETUP)
        .states(s::CGROUP_SETUP)
        .object(From::Fixed("/sys/fs/cgroup")),
    Rule::on(&["your kernel does not support", "limit capabilities or the cgroup is not mounted"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .errno(Errno::EACCES)
        .phase(SETUP)
        .states(s::CGROUP_SETUP)
        .object(From::Fixed("/sys/fs/cgroup")),
    Rule::on(&["requires setting systemd property", "delegate=yes"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .errno(Errno::EACCES)
        .states(s::CGROUP_SETUP)
        .object(From::Fixed("/sys/fs/cgroup")),
    Rule::refine(&["setting cgroup config"]).call_if_none(Call::Write).phase(SETUP).states(s::CGROUP_SETUP),
    Rule::refine(&["cgroup", "applying cgroup configuration"])
        .call_if_none(Call::Mkdir)
        .phase(SETUP)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["unable to apply cgroup configuration"])
        .call_if_none(Call::Mkdir)
        .phase(SETUP)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["cgroup.procs"]).call_if_none(Call::Write).kind(K::KernelFile).states(s::CGROUP_SETUP),
    Rule::refine(&["cgroup.subtree_control"])
        .call_if_none(Call::Write)
        .kind(K::KernelFile)
        .states(s::CGROUP_SETUP),
    Rule::refine(&["/sys/fs/cgroup", "mkdir"]).call(Call::Mkdir).kind(K::KernelFile).states(s::CGROUP_SETUP),
    // Neither the place in runc's source nor anything else of the line is the program.
    Rule::refine(&["standard_init_linux.go", "exec user process caused"])
        .call(Call::Exec)
        .kind(K::Executable)
        .phase(SETUP)
        .object(From::Nothing),
    Rule::refine(&["exec user process caused"]).call(Call::Exec).kind(K::Executable).phase(SETUP),
    Rule::refine(&["oci runtime exec failed"]).call_if_none(Call::Exec).phase(SETUP),
    Rule::refine(&["starting container process caused"]).call_if_none(Call::Exec).phase(SETUP),
    Rule::refine(&["unable to start container process: exec"])
        .call(Call::Exec)
        .kind(K::Executable)
        .phase(SETUP),
    // Images, layers, networks, volumes: the engine.
    Rule::refine(&["failed to register layer"]).phase(ENGINE),
    Rule::refine(&["error while creating mount source path"]).call_if_none(Call::Mkdir).phase(ENGINE),
    Rule::refine(&["applylayer"]).phase(ENGINE),
    Rule::refine(&["processing tar file"]).phase(ENGINE),
    Rule::refine(&["failed to extract layer"]).phase(ENGINE),
    Rule::refine(&["error creating overlay mount"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(ENGINE)
        .args(&[("fstype", "overlay")]),
    Rule::refine(&["failed to mount overlay"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(ENGINE)
        .args(&[("fstype", "overlay")]),
    Rule::refine(&["mounting overlay failed"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(ENGINE)
        .args(&[("fstype", "overlay")]),
    Rule::refine(&["kernel does not support overlay fs"]).call_if_none(Call::Mount).phase(ENGINE),
    Rule::refine(&["fuse-overlayfs"]).phase(ENGINE),
    Rule::refine(&["failed to load listeners"]).phase(ENGINE),
    Rule::refine(&["can't create unix socket"]).call(Call::Bind).kind(K::UnixSocketPath),
    Rule::on(&["rootlessport cannot expose privileged port"])
        .call(Call::Bind)
        .kind(K::Port)
        .phase(ENGINE)
        .errno(Errno::EACCES)
        .states(s::PRIVILEGED_PORT)
        .object(From::After("listen tcp")),
    Rule::on(&["cannot expose privileged port"])
        .call(Call::Bind)
        .kind(K::Port)
        .phase(ENGINE)
        .errno(Errno::EACCES)
        .states(s::PRIVILEGED_PORT),
    Rule::refine(&["driver failed programming external connectivity"])
        .call_if_none(Call::Netlink)
        .phase(ENGINE),
    Rule::refine(&["userland proxy"]).call_if_none(Call::Bind).phase(ENGINE),
    Rule::refine(&["slirp4netns"]).phase(ENGINE),
    Rule::refine(&["idmapped mount"]).call(Call::Mount).states(s::IDMAP_UNSUPPORTED),
    Rule::refine(&["id-mapped mount"]).call(Call::Mount).states(s::IDMAP_UNSUPPORTED),
    Rule::refine(&["mount_setattr"]).call(Call::Mount).states(s::IDMAP_UNSUPPORTED),
];

/// Markers of who speaks, the innermost first.
const PHASES: &[(&str, Phase)] = &[
    ("to rootfs", SETUP),
    ("runc create failed", SETUP),
    ("oci runtime create failed", SETUP),
    ("oci runtime error", SETUP),
    ("oci runtime exec failed", SETUP),
    ("oci runtime start failed", SETUP),
    ("oci permission denied", SETUP),
    ("container init", SETUP),
    ("unable to start container process", SETUP),
    ("container_linux.go", SETUP),
    ("process_linux.go", SETUP),
    ("standard_init_linux.go", SETUP),
    ("rootfs_linux.go", SETUP),
    ("runc run failed", SETUP),
    ("crun:", SETUP),
    ("runc:", SETUP),
    ("failed to create shim task", SETUP),
    ("failed to create containerd task", SETUP),
    ("runcontainererror", SETUP),
    ("createcontainererror", SETUP),
    ("failed to create task for container", SETUP),
    ("error response from daemon", ENGINE),
    ("failed to create containerd container", ENGINE),
    ("failed to start daemon", ENGINE),
    ("failed to set up sandbox", ENGINE),
    ("failed to create pod sandbox", ENGINE),
    ("failedcreatepodsandbox", ENGINE),
    ("mountvolume.setup failed", ENGINE),
    ("failed to prepare subpath", ENGINE),
    ("copying system image", ENGINE),
    ("writing blob", ENGINE),
    ("adding layer with blob", ENGINE),
    ("error while applying layer", ENGINE),
    ("failed to solve", ENGINE),
    ("error mounting", ENGINE),
    ("dockerd[", ENGINE),
    ("containerd[", ENGINE),
    ("kubelet[", ENGINE),
];

/// Who failed, by the markers of a line in lower case.
pub(crate) fn phase(low: &str) -> Phase {
    PHASES.iter().find(|(words, _)| low.contains(words)).map_or(Phase::Program, |(_, phase)| *phase)
}

#[cfg(test)]
mod tests {
    use crate::read_text;
    use whodenied_case::Phase;
    use whodenied_kernel::{Call, Errno};

    #[test]
    fn directories_that_the_daemon_may_not_see() {
        for text in [
            "docker: Error response from daemon: error while creating mount source path '/home/ann/s3': mkdir /home/ann/s3: file exists.",
            "docker: Error response from daemon: invalid mount config for type \"bind\": stat /home/ann/s3: permission denied.",
        ] {
            let case = read_text(text);
            let a = case.attempts.first().unwrap();
            assert_eq!((a.errno, a.phase), (Some(Errno::EACCES), Phase::Engine), "{text}");
            assert_eq!(a.object_name().trim_matches(['\'', '.']), "/home/ann/s3", "{text}");
        }
    }

    #[test]
    fn a_restart_that_fails_on_a_file_is_no_signal() {
        let text = "Cannot restart container 19b7: failed to write resolv.conf: open /var/lib/docker/containers/19b7/resolv.conf: operation not permitted";
        let case = read_text(text);
        assert_ne!(case.attempts.first().and_then(|a| a.call), Some(Call::Kill));
        let text = "Cannot restart container 19b7: signal: permission denied";
        assert_eq!(read_text(text).attempts.first().and_then(|a| a.call), Some(Call::Kill));
    }
}
