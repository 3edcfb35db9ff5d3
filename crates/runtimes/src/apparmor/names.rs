//! Whose profile is it? Names by which runtimes and managers load their profiles.
//!
//! Sources: moby `daemon/apparmor_default.go`; containerd `internal/cri`; nerdctl `defaults`;
//! containers/common `pkg/apparmor`; CRI-O `internal/config/apparmor`; lxc `lsm/apparmor.c`;
//! incus `internal/server/apparmor`; snapd `interfaces/apparmor`.

use crate::Runtime;

/// Who renders and loads a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileKind {
    /// An engine's default for containers.
    Default(Runtime),
    /// LXC's files under /etc/apparmor.d/lxc.
    LxcStatic,
    /// LXC's profile generated per container (Proxmox among its users).
    LxcGenerated,
    /// Incus or LXD.
    Incus,
    /// snapd, per application.
    Snap,
    /// Ubuntu's holder of unprivileged user namespaces.
    UnprivilegedUserns,
    /// libvirt's, per virtual machine.
    Libvirt,
    /// Anything else: a distribution's or a person's own file.
    File,
}

/// The kind of the profile with this name, as a record or `/proc/PID/attr` prints it: stacked
/// parts (`//&`), children (`//`) and a mode suffix (` (enforce)`) are looked through.
#[must_use]
pub fn kind_of(label: &str) -> ProfileKind {
    let name = label.split(" (").next().unwrap_or(label);
    let name = name.split("//&").next().unwrap_or(name);
    let bare = name.strip_prefix(':').and_then(|n| n.rsplit_once(':')).map_or(name, |(_, n)| n);
    if bare == "docker-default" {
        ProfileKind::Default(Runtime::Docker)
    } else if bare == "cri-containerd.apparmor.d" || bare == "nerdctl-default" {
        ProfileKind::Default(Runtime::Containerd)
    } else if bare.starts_with("containers-default-") {
        ProfileKind::Default(Runtime::Podman)
    } else if bare == "crio-default" {
        ProfileKind::Default(Runtime::CriO)
    } else if bare.starts_with("lxc-container-default") {
        ProfileKind::LxcStatic
    } else if bare.starts_with("lxc-") && bare.contains("_<") {
        ProfileKind::LxcGenerated
    } else if ["incus-", "incus.", "incus_", "lxd-", "lxd_"].iter().any(|p| bare.starts_with(p)) {
        ProfileKind::Incus
    } else if bare.starts_with("snap.") || bare.starts_with("snap-update-ns.") {
        ProfileKind::Snap
    } else if bare == "unprivileged_userns" {
        ProfileKind::UnprivilegedUserns
    } else if bare.starts_with("libvirt-") {
        ProfileKind::Libvirt
    } else {
        ProfileKind::File
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_owner() {
        assert_eq!(kind_of("docker-default"), ProfileKind::Default(Runtime::Docker));
        assert_eq!(kind_of("docker-default (enforce)"), ProfileKind::Default(Runtime::Docker));
        assert_eq!(kind_of("crio-default//&unconfined"), ProfileKind::Default(Runtime::CriO));
        assert_eq!(kind_of("containers-default-0.57.4-apparmor1"), ProfileKind::Default(Runtime::Podman));
        assert_eq!(kind_of("lxc-container-default-cgns"), ProfileKind::LxcStatic);
        assert_eq!(kind_of("lxc-101_</var/lib/lxc>"), ProfileKind::LxcGenerated);
        assert_eq!(kind_of("incus-c1_</var/lib/incus>"), ProfileKind::Incus);
        assert_eq!(kind_of("snap.docker.dockerd"), ProfileKind::Snap);
        assert_eq!(kind_of("/usr/sbin/cupsd"), ProfileKind::File);
        assert_eq!(kind_of(""), ProfileKind::File);
    }
}
