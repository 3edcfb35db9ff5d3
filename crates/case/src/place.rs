//! Where the program runs: engines, environments, LSM states, the state of a path.

use whodenied_kernel::Layer;

/// What starts and confines the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// Docker Engine (dockerd), also by compose.
    Docker,
    /// The Docker snap: dockerd confined by snapd.
    DockerSnap,
    /// Docker Desktop: the engine runs in a virtual machine.
    DockerDesktop,
    /// containerd without Kubernetes: nerdctl, ctr.
    Containerd,
    /// Podman, also by quadlet, toolbox and distrobox.
    Podman,
    /// Buildah or BuildKit.
    Buildah,
    /// CRI-O under Kubernetes or OpenShift.
    CriO,
    /// Kubernetes whose runtime is not known or is containerd; k3s, RKE2, minikube.
    Kubernetes,
    /// LXC, also a Proxmox container.
    Lxc,
    /// LXD or Incus.
    Incus,
    /// systemd-nspawn.
    Nspawn,
    /// A systemd service.
    SystemdUnit,
    /// snapd's confinement.
    Snap,
    /// Flatpak.
    Flatpak,
    /// bubblewrap on its own.
    Bubblewrap,
    /// Firejail.
    Firejail,
    /// Apptainer or Singularity.
    Apptainer,
    /// rkt.
    Rkt,
    /// A sandbox that the program or its launcher builds itself.
    OwnSandbox,
    /// A plain process of the host.
    HostProcess,
}

impl Engine {
    /// The name a person reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::DockerSnap => "Docker (snap)",
            Self::DockerDesktop => "Docker Desktop",
            Self::Containerd => "containerd",
            Self::Podman => "Podman",
            Self::Buildah => "Buildah",
            Self::CriO => "CRI-O",
            Self::Kubernetes => "Kubernetes",
            Self::Lxc => "LXC",
            Self::Incus => "Incus/LXD",
            Self::Nspawn => "systemd-nspawn",
            Self::SystemdUnit => "systemd service",
            Self::Snap => "snap",
            Self::Flatpak => "Flatpak",
            Self::Bubblewrap => "bubblewrap",
            Self::Firejail => "Firejail",
            Self::Apptainer => "Apptainer",
            Self::Rkt => "rkt",
            Self::OwnSandbox => "its own sandbox",
            Self::HostProcess => "a host process",
        }
    }

    /// True for engines that apply an OCI runtime's default confinement.
    #[must_use]
    pub const fn is_oci(self) -> bool {
        matches!(
            self,
            Self::Docker
                | Self::DockerSnap
                | Self::DockerDesktop
                | Self::Containerd
                | Self::Podman
                | Self::Buildah
                | Self::CriO
                | Self::Kubernetes
        )
    }
}

/// A trait of the surroundings that decides between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Environment {
    /// The data lies on NFS.
    Nfs,
    /// The server maps root to nobody.
    RootSquash,
    /// The data lies on SMB/CIFS.
    Cifs,
    /// The data lies on a FUSE file system.
    Fuse,
    /// The data lies on another network or cluster file system, or on one without Unix owners (vfat, exfat, ntfs, 9p, virtiofs, drvfs).
    ForeignFs,
    /// UEFI Secure Boot is on.
    SecureBoot,
    /// Windows Subsystem for Linux.
    Wsl,
    /// A continuous-integration runner.
    Ci,
    /// The unified cgroup hierarchy.
    CgroupV2,
    /// The engine runs rootless, as an ordinary user.
    Rootless,
    /// userns-remap or hostUsers=false: container root is not host root.
    UsernsRemap,
    /// The container has been started with the host's network namespace.
    HostNetwork,
    /// The failing process is root as its own namespace sees it.
    RunsAsRoot,
    /// The failing process is not root.
    RunsAsNonRoot,
    /// fakeroot pretends to be root.
    Fakeroot,
    /// A volume whose ownership the orchestrator does not adjust (hostPath, local-path, CSI without fsGroupPolicy).
    NoFsGroup,
    /// The kernel restricts unprivileged user namespaces through AppArmor (Ubuntu).
    UsernsRestriction,
    /// The unit or process runs under systemd --user.
    UserManager,
}

/// What is known of an LSM on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LsmState {
    /// Built in and active; for SELinux: enforcing.
    Enforcing,
    /// Active but only logging.
    Permissive,
    /// Not active or not there.
    Off,
}

/// An LSM and its state.
pub type Lsm = (Layer, LsmState);

/// What a listing says of a path. Every field may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathState {
    /// The path as written; may be relative to an unknown directory.
    pub path: String,
    /// `d`, `-`, `c`, `b`, `s`, `p`, `l` as `ls -l` prints it.
    pub kind: Option<char>,
    /// Permission bits including setuid, setgid and sticky.
    pub mode: Option<u32>,
    /// Owner, name or number as printed.
    pub owner: Option<String>,
    /// Group, name or number as printed.
    pub group: Option<String>,
    /// Device major and minor.
    pub device: Option<(u32, u32)>,
    /// SELinux context.
    pub label: Option<String>,
    /// True when a `+` after the mode shows an ACL.
    pub acl: bool,
    /// Inode flags as `lsattr` prints them, `i` and `a` among them.
    pub flags: Option<String>,
    /// File capabilities as `getcap` prints them.
    pub capabilities: Option<String>,
}
