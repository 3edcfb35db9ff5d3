//! Settings of a confinement by what they do, whatever file or command line they were written in.
//! The fields mirror what the case holds, so that this crate needs to know nothing of a case.

use std::ops::Range;
use whodenied_kernel::Capability;

/// What a setting was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// A compose file.
    Compose,
    /// A `docker run`, `podman run` or `nerdctl run` line.
    RunLine,
    /// A Kubernetes manifest.
    Kubernetes,
    /// A systemd unit or drop-in.
    SystemdUnit,
    /// A Podman quadlet.
    Quadlet,
    /// LXC, LXD, Incus or Proxmox configuration.
    Lxc,
    /// A Dockerfile.
    Dockerfile,
    /// An OCI config.json or inspect output.
    Inspect,
    /// A CI workflow.
    Ci,
    /// A sentence that names an option or directive.
    Prose,
    /// Another file.
    Other,
}

/// `ALL` or one capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CapSpec {
    /// Every capability.
    All,
    /// One.
    One(Capability),
}

/// One setting by what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knob {
    /// A capability added.
    CapAdd(CapSpec),
    /// A capability dropped.
    CapDrop(CapSpec),
    /// All confinement off.
    Privileged(bool),
    /// The AppArmor profile asked for; `unconfined` is off.
    Apparmor(String),
    /// The seccomp profile asked for: a file, `unconfined`, `builtin`, `RuntimeDefault`.
    Seccomp(String),
    /// An SELinux label option: `disable`, `type:T`, `level:L`.
    SelinuxLabel(String),
    /// Masked and read-only paths lifted.
    SystemPaths(String),
    /// no_new_privs set.
    NoNewPrivs(bool),
    /// The user: `uid[:gid]` or names.
    User(String),
    /// A supplementary group.
    GroupAdd(String),
    /// The volume group of Kubernetes.
    FsGroup(String),
    /// User namespace mode: `host`, `keep-id`, `auto`, `remap`.
    UsernsMode(String),
    /// Read-only root file system.
    ReadOnlyRoot(bool),
    /// A bind mount or volume.
    Volume {
        /// Host path or volume name, "" when anonymous.
        source: String,
        /// Path in the container.
        target: String,
        /// `ro`, `z`, `Z`, `U`, …
        options: Vec<String>,
    },
    /// A tmpfs.
    Tmpfs {
        /// Path in the container.
        target: String,
        /// Mount options.
        options: Vec<String>,
    },
    /// A device passed in.
    Device(String),
    /// A device cgroup rule.
    DeviceRule(String),
    /// A sysctl set for the container.
    Sysctl {
        /// Its dotted name.
        key: String,
        /// Its value.
        value: String,
    },
    /// A resource limit.
    Ulimit {
        /// As docker names it.
        name: String,
        /// `soft[:hard]`.
        value: String,
    },
    /// Network mode.
    Network(String),
    /// IPC mode.
    Ipc(String),
    /// PID mode.
    Pid(String),
    /// A published port.
    Publish {
        /// On the host.
        host: Option<u16>,
        /// In the container.
        container: u16,
    },
    /// The image.
    Image(String),
    /// The OCI runtime chosen by name.
    OciRuntime(String),
    /// A directive of a systemd unit.
    Unit {
        /// The directive.
        key: String,
        /// Its value.
        value: String,
    },
    /// A key of LXC, Incus or Proxmox.
    Lxc {
        /// The key, see [`crate::lxc`].
        key: String,
        /// Its value.
        value: String,
    },
    /// Anything else, key and value as written.
    Other {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
}

/// A setting and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Index of the line it stands in.
    pub line: usize,
    /// Bytes of that line's text.
    pub range: Range<usize>,
    /// What it was written in.
    pub surface: Surface,
    /// The compose service, container or unit it belongs to, where known.
    pub service: Option<String>,
    /// What it sets.
    pub knob: Knob,
}
