//! Where the program runs: engines, nesting, and which LSMs such a host has.

use super::Context;
use whodenied_case::{Engine, Environment, FactId, Knob, LsmState, Predicate, Standing, Surface};
use whodenied_kernel::Layer;
use whodenied_runtimes::Runtime;

/// How sure it is that an LSM is active on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Presence {
    /// It is known to be off.
    Off,
    /// The distribution or platform does not use it.
    Unlikely,
    /// Nothing is known.
    Unknown,
    /// The distribution or engine uses it by default.
    Likely,
    /// It is known to be on.
    On,
}

const APPARMOR_DISTROS: &[&str] = &[
    "ubuntu",
    "kubuntu",
    "xubuntu",
    "lubuntu",
    "debian",
    "proxmox",
    "suse",
    "opensuse",
    "sles",
    "mint",
    "linuxmint",
    "pop",
    "pop-os",
    "elementary",
    "zorin",
    "neon",
    "truenas",
    "synology",
];
const SELINUX_DISTROS: &[&str] = &[
    "fedora",
    "rhel",
    "centos",
    "rocky",
    "alma",
    "almalinux",
    "oracle",
    "ol",
    "silverblue",
    "kinoite",
    "bazzite",
    "bluefin",
    "coreos",
    "fcos",
    "rhcos",
    "nobara",
    "openshift",
    "microos",
    "atomic",
];
/// Distributions that ship neither switched on.
const PLAIN_DISTROS: &[&str] = &[
    "arch",
    "manjaro",
    "endeavouros",
    "cachyos",
    "alpine",
    "void",
    "gentoo",
    "slackware",
    "unraid",
    "raspbian",
    "raspberry",
    "nixos",
    "artix",
    "steamos",
    "flatcar",
    "cos",
    "bottlerocket",
    "openwrt",
    "amazon",
    "amzn",
];

impl Context<'_> {
    /// True when a trait of the surroundings is known.
    pub(crate) fn has(&self, environment: Environment) -> bool {
        self.facts.has(environment)
    }

    /// The fact that states a trait of the surroundings.
    pub(crate) fn environment(&self, environment: Environment) -> Option<FactId> {
        self.facts.find(|p| *p == Predicate::Environment(environment)).map(|f| f.id)
    }

    /// The fact that names an engine.
    pub(crate) fn engine_fact(&self, engine: Engine) -> Option<FactId> {
        self.facts.find(|p| *p == Predicate::Engine(engine)).map(|f| f.id)
    }

    /// True when an OCI engine runs the program.
    pub(crate) fn oci(&self) -> bool {
        self.facts.in_oci_container()
    }

    /// True when any container engine runs the program.
    pub(crate) fn contained(&self) -> bool {
        self.facts.engines().any(|e| {
            e.is_oci()
                || matches!(
                    e,
                    Engine::Lxc
                        | Engine::Incus
                        | Engine::Nspawn
                        | Engine::Apptainer
                        | Engine::Rkt
                        | Engine::Flatpak
                )
        })
    }

    /// True when an LXC or Incus container is around, as the engine or as the outer one.
    pub(crate) fn system_container(&self) -> bool {
        self.facts.engines().chain(self.facts.outers()).any(|e| matches!(e, Engine::Lxc | Engine::Incus))
    }

    /// The fact for the LXC or Incus container around an OCI engine.
    pub(crate) fn nested(&self) -> Option<FactId> {
        let outer = self.facts.find(|p| matches!(p, Predicate::Outer(_))).map(|f| f.id);
        outer.or_else(|| {
            let system = |p: &Predicate| matches!(p, Predicate::Engine(Engine::Lxc | Engine::Incus));
            self.oci().then(|| self.facts.find(system).map(|f| f.id)).flatten()
        })
    }

    /// True when the engine runs as an ordinary user: said so, or Podman without a word of root.
    pub(crate) fn rootless(&self) -> bool {
        self.has(Environment::Rootless)
    }

    /// True when container root is another id on the host.
    pub(crate) fn remapped(&self) -> bool {
        self.rootless()
            || self.facts.has_component("sysbox")
            || self.has(Environment::UsernsRemap)
            || self.facts.find(|p| matches!(p, Predicate::IdMap(..))).is_some()
            || self
                .facts
                .knob(|k| matches!(k, Knob::UsernsMode(m) if m != "host" && m != "private"))
                .is_some()
    }

    /// True when a systemd unit runs the program.
    pub(crate) fn unit(&self) -> bool {
        self.facts.has_engine(Engine::SystemdUnit)
            || self.facts.knob(|k| matches!(k, Knob::Unit { .. })).is_some()
    }

    /// The family of runtime defaults that applies.
    pub(crate) fn runtime(&self) -> Option<Runtime> {
        let mut found = None;
        // A builder of images runs inside of another engine's container, whose defaults count.
        let hosted = self.facts.engines().any(|e| e.is_oci() && e != Engine::Buildah);
        for engine in self.facts.engines() {
            let runtime = match engine {
                Engine::Buildah if hosted => continue,
                Engine::Docker | Engine::DockerSnap | Engine::DockerDesktop => Runtime::Docker,
                Engine::CriO => return Some(Runtime::CriO),
                Engine::Podman | Engine::Buildah => Runtime::Podman,
                Engine::Kubernetes | Engine::Containerd => Runtime::Containerd,
                _ => continue,
            };
            found = found.or(Some(runtime));
        }
        found
    }

    /// The version of that runtime, as numbers.
    pub(crate) fn runtime_version(&self) -> Option<&[u32]> {
        let runtime = self.runtime()?;
        self.facts.version(runtime.component()).map(|v| v.numbers.as_slice())
    }

    /// The name of the profile that an OCI engine gives by default.
    pub(crate) fn default_profile(&self) -> Option<&'static str> {
        Some(match self.facts.engines().find(|e| e.is_oci())? {
            Engine::Docker | Engine::DockerSnap | Engine::DockerDesktop => "docker-default",
            Engine::Containerd => "nerdctl-default",
            Engine::Kubernetes => "cri-containerd.apparmor.d",
            Engine::CriO => "crio-default",
            _ => "containers-default",
        })
    }

    fn lsm_state(&self, layer: Layer) -> Option<Presence> {
        self.facts.lsm(layer).map(|(state, standing)| match (state, standing) {
            (LsmState::Off, Standing::Assumed) => Presence::Unlikely,
            (LsmState::Off, _) => Presence::Off,
            (_, Standing::Assumed) => Presence::Likely,
            _ => Presence::On,
        })
    }

    /// The fact that tells the host's distribution.
    pub(crate) fn distro_fact(&self) -> Option<FactId> {
        self.facts.find(|p| matches!(p, Predicate::Distro { container: false, .. })).map(|f| f.id)
    }

    /// Facts that a statement about the host's LSMs rests on.
    pub(crate) fn lsm_facts(&self, layer: Layer) -> Vec<FactId> {
        let state = self.facts.find(|p| matches!(p, Predicate::Lsm(l, _) if *l == layer)).map(|f| f.id);
        state.into_iter().chain(self.distro_fact()).collect()
    }

    /// Is AppArmor active on the host?
    pub(crate) fn apparmor(&self) -> Presence {
        if let Some(known) = self.lsm_state(Layer::Apparmor) {
            return known;
        }
        if self.facts.knob(|k| matches!(k, Knob::Apparmor(_))).is_some() {
            return Presence::Likely;
        }
        if self.facts.distro_in(APPARMOR_DISTROS) || self.pve_kernel() {
            return Presence::Likely;
        }
        let no_lsm = self.facts.distro_in(SELINUX_DISTROS) || self.facts.distro_in(PLAIN_DISTROS);
        if no_lsm || self.lsm_state(Layer::Selinux) == Some(Presence::On) {
            return Presence::Unlikely;
        }
        if self.has(Environment::Wsl) || self.in_desktop_vm() {
            return Presence::Unlikely;
        }
        if self.facts.has_engine(Engine::Snap) || self.facts.has_engine(Engine::DockerSnap) {
            return Presence::Likely;
        }
        if self.system_container() {
            return Presence::Likely;
        }
        Presence::Unknown
    }

    /// Is SELinux enforcing on the host?
    pub(crate) fn selinux(&self) -> Presence {
        if let Some((LsmState::Permissive, _)) = self.facts.lsm(Layer::Selinux) {
            return Presence::Off;
        }
        if let Some(known) = self.lsm_state(Layer::Selinux) {
            return known;
        }
        if self.facts.distro_in(SELINUX_DISTROS) || self.el_kernel() {
            return Presence::Likely;
        }
        if self.facts.distro_in(APPARMOR_DISTROS) || self.facts.distro_in(PLAIN_DISTROS) || self.pve_kernel()
        {
            return Presence::Unlikely;
        }
        if self.has(Environment::Wsl)
            || self.in_desktop_vm() && !self.facts.has_engine(Engine::Podman)
            || self.facts.has_engine(Engine::Snap)
            || self.facts.has_engine(Engine::DockerSnap)
            || self.system_container()
        {
            return Presence::Unlikely;
        }
        if self.facts.knob(|k| matches!(k, Knob::SelinuxLabel(_))).is_some()
            || self.facts.find(|p| matches!(p, Predicate::Path(s) if s.label.is_some())).is_some()
        {
            return Presence::Likely;
        }
        Presence::Unknown
    }

    fn kernel_text(&self) -> &str {
        self.facts.version("kernel").map_or("", |v| v.text.as_str())
    }

    /// A kernel built by Proxmox.
    pub(crate) fn pve_kernel(&self) -> bool {
        self.kernel_text().contains("-pve")
    }

    /// A kernel built by Fedora or for Enterprise Linux.
    fn el_kernel(&self) -> bool {
        let text = self.kernel_text();
        [".el7", ".el8", ".el9", ".el10", ".fc"].iter().any(|tag| text.contains(tag))
    }

    /// A kernel that mediates AF_UNIX for policy compiled with the v8 network class: Ubuntu's, and
    /// Proxmox's from 6.17.
    pub(crate) fn mediates_unix(&self) -> bool {
        let Some(kernel) = self.facts.version("kernel") else { return false };
        if self.pve_kernel() {
            return kernel.at_least(&[6, 17]);
        }
        let ubuntu = kernel.text.contains("-generic")
            || kernel.text.contains("ubuntu")
            || kernel.text.contains("-oem");
        ubuntu || (self.facts.distro_in(&["ubuntu"]) && kernel.at_least(&[6, 8]))
    }

    /// True when the distribution's kernel has Ubuntu's restriction of user namespaces.
    pub(crate) fn restricts_userns(&self) -> bool {
        if self.has(Environment::UsernsRestriction) {
            return true;
        }
        if self
            .facts
            .sysctl("kernel.apparmor_restrict_unprivileged_userns")
            .is_some_and(|(_, v)| v.trim() == "1")
        {
            return true;
        }
        matches!(self.facts.distro(), Some(("ubuntu" | "kubuntu" | "xubuntu" | "lubuntu", Some(v))) if v.at_least(&[23, 10]))
    }

    /// The engine runs in a virtual machine of a desktop, which shares the directories of the desktop
    /// with it.
    pub(crate) fn in_desktop_vm(&self) -> bool {
        self.facts.has_engine(Engine::DockerDesktop) || self.facts.distro_in(&["macos", "windows"])
    }

    /// Host directories bound into the container over `path`: the fact, the source, the options.
    pub(crate) fn bind_over(&self, path: &str) -> Option<(FactId, &str, &[String])> {
        self.volumes()
            .filter(|(_, _, target, _)| super::under(path, target))
            .max_by_key(|(_, _, target, _)| target.len())
            .map(|(id, source, _, options)| (id, source, options))
    }

    /// All volumes: the fact, source, target, options.
    pub(crate) fn volumes(&self) -> impl Iterator<Item = (FactId, &str, &str, &[String])> {
        self.facts.knobs().filter_map(|(id, k)| match k {
            Knob::Volume { source, target, options } => {
                Some((id, source.as_str(), target.as_str(), options.as_slice()))
            }
            _ => None,
        })
    }

    /// True when the settings are those of a pod.
    pub(crate) fn kubernetes(&self) -> bool {
        self.facts.has_engine(Engine::Kubernetes)
            || self.facts.has_engine(Engine::CriO)
            || self
                .facts
                .find(|p| matches!(p, Predicate::Setting(s) if s.surface == Surface::Kubernetes))
                .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::{Facts, Version};

    fn with(what: Vec<Predicate>) -> Facts {
        let mut facts = Facts::default();
        for p in what {
            facts.add(p, Standing::Reported, None);
        }
        facts
    }

    fn distro(id: &str, version: Option<&str>) -> Predicate {
        Predicate::Distro { id: id.to_owned(), version: version.and_then(Version::parse), container: false }
    }

    fn look<T>(what: Vec<Predicate>, f: impl Fn(&Context<'_>) -> T) -> T {
        f(&Context { facts: &with(what), trials: &[], attempts: &[], policy: None })
    }

    #[test]
    fn hosts_and_their_lsms() {
        assert_eq!(
            look(vec![distro("fedora", None)], |c| (c.apparmor(), c.selinux())),
            (Presence::Unlikely, Presence::Likely)
        );
        assert_eq!(
            look(vec![distro("ubuntu", None)], |c| (c.apparmor(), c.selinux())),
            (Presence::Likely, Presence::Unlikely)
        );
        assert_eq!(look(vec![], |c| (c.apparmor(), c.selinux())), (Presence::Unknown, Presence::Unknown));
        let permissive = Predicate::Lsm(Layer::Selinux, LsmState::Permissive);
        assert_eq!(look(vec![distro("fedora", None), permissive], |c| c.selinux()), Presence::Off);
    }

    #[test]
    fn kernels_that_mediate_unix_sockets() {
        let kernel = |text: &str| {
            vec![Predicate::Component { name: "kernel".to_owned(), version: Version::parse(text) }]
        };
        assert!(look(kernel("6.17.4-2-pve"), |c| c.mediates_unix()));
        assert!(!look(kernel("6.8.12-4-pve"), |c| c.mediates_unix()));
        assert!(!look(kernel("6.18.3-arch1-1"), |c| c.mediates_unix()));
        assert!(look(kernel("6.17.0-5-generic"), |c| c.mediates_unix()));
    }

    #[test]
    fn ubuntu_restricts_user_namespaces_since_23_10() {
        assert!(look(vec![distro("ubuntu", Some("24.04"))], |c| c.restricts_userns()));
        assert!(!look(vec![distro("ubuntu", Some("22.04"))], |c| c.restricts_userns()));
        assert!(!look(vec![distro("debian", Some("13"))], |c| c.restricts_userns()));
    }
}
