//! Defaults of container runtimes by version, and known issues, as data with sources.
//!
//! Versions are plain number lists (`26.1.3` is `[26, 1, 3]`); an unknown version is asked about
//! as the newest one that this data knows.

pub mod apparmor;
pub mod caps;
pub mod confined;
pub mod devices;
pub mod known;
pub mod paths;
pub mod sandboxes;
pub mod seccomp;
pub mod sysctls;
pub mod version;

pub use version::{Ranges, Since};

/// A family of engines that ship the same defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Runtime {
    /// dockerd; versions are Docker Engine's.
    Docker,
    /// containerd's CRI plugin (Kubernetes, k3s) and nerdctl; versions are containerd's.
    Containerd,
    /// Podman and Buildah; versions are Podman's.
    Podman,
    /// CRI-O; versions are CRI-O's.
    CriO,
}

impl Runtime {
    /// Every family.
    pub const ALL: [Self; 4] = [Self::Docker, Self::Containerd, Self::Podman, Self::CriO];

    /// The name a person reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::Containerd => "containerd",
            Self::Podman => "Podman",
            Self::CriO => "CRI-O",
        }
    }

    /// The name of the component whose version counts, as facts spell it.
    #[must_use]
    pub const fn component(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Podman => "podman",
            Self::CriO => "cri-o",
        }
    }
}
