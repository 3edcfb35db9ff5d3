//! Claims fused and put in the kernel's own terms, each with its standing and its citations.

use crate::place::{Engine, Environment, LsmState, PathState};
use crate::setting::{CapSpec, Knob, Setting};
use crate::version::Version;
use whodenied_kernel::{Capability, Layer};
use whodenied_text::Span;

/// Index of a fact in `Facts::all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactId(pub u32);

/// How a fact is known. `proven` is never built on anything `Assumed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// A default of the runtime or distribution that the evidence names.
    Assumed,
    /// The person or a program's text says so.
    Reported,
    /// Seen by us, or in a kernel record.
    Observed,
}

/// What is so.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// The program is run by this engine.
    Engine(Engine),
    /// The engine itself runs inside this one.
    Outer(Engine),
    /// A component and its version: `docker`, `runc`, `crun`, `containerd`, `podman`, `kernel`,
    /// `apparmor`, `systemd`, `glibc`, `libseccomp`, `lxc`, `incus`, `kubernetes`, `cri-o`, …
    Component {
        /// Its canonical lower-case name.
        name: String,
        /// Its version, where given.
        version: Option<Version>,
    },
    /// A component was updated, as a person tells it or a package manager logged it.
    Updated {
        /// Its canonical name, as in `Component`; a distribution by its id.
        component: String,
        /// The version before.
        from: Option<Version>,
        /// The version after.
        to: Option<Version>,
        /// When, as printed.
        when: Option<String>,
    },
    /// The distribution of the host (or, `container` set, of the image).
    Distro {
        /// `debian`, `ubuntu`, `fedora`, `rhel`, `alma`, `rocky`, `centos`, `suse`, `arch`, `alpine`, `proxmox`, `void`, `gentoo`, `nixos`, `unraid`, `raspbian`, …
        id: String,
        /// Its release.
        version: Option<Version>,
        /// True for the image's distribution.
        container: bool,
    },
    /// An LSM's state on the host.
    Lsm(Layer, LsmState),
    /// A trait of the surroundings.
    Environment(Environment),
    /// A configuration setting.
    Setting(Setting),
    /// The state of a path.
    Path(PathState),
    /// A mount: target, file system type, options.
    Mount {
        /// Mount point.
        target: String,
        /// Type, where known.
        fstype: Option<String>,
        /// Options.
        options: Vec<String>,
    },
    /// The value of a sysctl.
    Sysctl {
        /// Its dotted name.
        key: String,
        /// Its value.
        value: String,
    },
    /// A resource limit in force.
    Limit {
        /// `nofile`, `memlock`, …
        name: String,
        /// The soft limit as printed.
        value: String,
    },
    /// A set of capabilities of the process, as `CapEff`, `CapBnd`: name and bits.
    CapSet {
        /// `eff`, `prm`, `bnd`, `inh`, `amb`.
        set: String,
        /// The bits.
        bits: u64,
    },
    /// An id map entry: inside, outside, count.
    IdMap(u32, u32, u32),
    /// The process has ids: uid, gid, groups as printed.
    Ids {
        /// User id.
        uid: Option<u32>,
        /// Group id.
        gid: Option<u32>,
        /// Supplementary groups.
        groups: Vec<u32>,
    },
    /// The process has no_new_privs set (a program or /proc status says so).
    NoNewPrivs(bool),
    /// The process runs under a seccomp filter.
    SeccompFilter(bool),
    /// The label of the process.
    ProcessLabel(String),
    /// The text states a mechanism in words that fit no other predicate; the id is ours, kebab-case
    /// (`ids-insufficient`, `ptrace-any-set`, `device-rules-rewritten`, `landlock-unsupported`).
    Statement(&'static str),
}

/// One fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its id.
    pub id: FactId,
    /// What is so.
    pub what: Predicate,
    /// How it is known.
    pub standing: Standing,
    /// Where it stands.
    pub spans: Vec<Span>,
}

/// All facts of a case, contradictions included.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// In the order of reading.
    pub all: Vec<Fact>,
}

impl Facts {
    /// Adds a fact, or adds the span to the same fact that is already there (the better standing wins).
    pub fn add(&mut self, what: Predicate, standing: Standing, span: Option<Span>) -> FactId {
        if let Some(known) = self.all.iter_mut().find(|f| f.what == what) {
            known.standing = known.standing.max(standing);
            if known.spans.len() < 8 {
                known.spans.extend(span);
            }
            return known.id;
        }
        let id = FactId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(Fact { id, what, standing, spans: span.into_iter().collect() });
        id
    }

    /// The fact with this id.
    #[must_use]
    pub fn get(&self, id: FactId) -> Option<&Fact> {
        self.all.get(id.0 as usize)
    }

    /// The first fact that `pick` accepts.
    pub fn find(&self, mut pick: impl FnMut(&Predicate) -> bool) -> Option<&Fact> {
        self.all.iter().find(|f| pick(&f.what))
    }

    /// The engines named, the innermost first as read.
    pub fn engines(&self) -> impl Iterator<Item = Engine> {
        self.all.iter().filter_map(|f| match f.what {
            Predicate::Engine(e) => Some(e),
            _ => None,
        })
    }

    /// True when this engine is named.
    #[must_use]
    pub fn has_engine(&self, engine: Engine) -> bool {
        self.engines().any(|e| e == engine)
    }

    /// True when an OCI container engine is named.
    #[must_use]
    pub fn in_oci_container(&self) -> bool {
        self.engines().any(Engine::is_oci)
    }

    /// The engines that contain the engine.
    pub fn outers(&self) -> impl Iterator<Item = Engine> {
        self.all.iter().filter_map(|f| match f.what {
            Predicate::Outer(e) => Some(e),
            _ => None,
        })
    }

    /// True when the surroundings have this trait.
    #[must_use]
    pub fn has(&self, environment: Environment) -> bool {
        self.all.iter().any(|f| f.what == Predicate::Environment(environment))
    }

    /// The fact that states this mechanism.
    #[must_use]
    pub fn statement(&self, id: &str) -> Option<&Fact> {
        self.find(|p| matches!(p, Predicate::Statement(s) if *s == id))
    }

    /// The version of a component.
    #[must_use]
    pub fn version(&self, component: &str) -> Option<&Version> {
        self.all.iter().find_map(|f| match &f.what {
            Predicate::Component { name, version: Some(v) } if name == component => Some(v),
            _ => None,
        })
    }

    /// True when the component is named.
    #[must_use]
    pub fn has_component(&self, component: &str) -> bool {
        self.find(|p| matches!(p, Predicate::Component { name, .. } if name == component)).is_some()
    }

    /// The host's distribution and release.
    #[must_use]
    pub fn distro(&self) -> Option<(&str, Option<&Version>)> {
        self.all.iter().find_map(|f| match &f.what {
            Predicate::Distro { id, version, container: false } => Some((id.as_str(), version.as_ref())),
            _ => None,
        })
    }

    /// True when one of the host's distributions is in `ids`.
    #[must_use]
    pub fn distro_in(&self, ids: &[&str]) -> bool {
        self.find(
            |p| matches!(p, Predicate::Distro { id, container: false, .. } if ids.contains(&id.as_str())),
        )
        .is_some()
    }

    /// The state of an LSM, the best standing first.
    #[must_use]
    pub fn lsm(&self, layer: Layer) -> Option<(LsmState, Standing)> {
        self.all
            .iter()
            .filter_map(|f| match f.what {
                Predicate::Lsm(l, s) if l == layer => Some((s, f.standing)),
                _ => None,
            })
            .max_by_key(|(_, standing)| *standing)
    }

    /// Every configuration knob with its fact id.
    pub fn knobs(&self) -> impl Iterator<Item = (FactId, &Knob)> {
        self.all.iter().filter_map(|f| match &f.what {
            Predicate::Setting(s) => Some((f.id, &s.knob)),
            _ => None,
        })
    }

    /// The first knob that `pick` accepts.
    pub fn knob(&self, mut pick: impl FnMut(&Knob) -> bool) -> Option<(FactId, &Knob)> {
        self.knobs().find(|(_, k)| pick(k))
    }

    /// The fact that adds this capability, by name or `ALL`.
    #[must_use]
    pub fn cap_added(&self, cap: Capability) -> Option<FactId> {
        let hit = |k: &Knob| matches!(k, Knob::CapAdd(CapSpec::All)) || *k == Knob::CapAdd(CapSpec::One(cap));
        self.knob(hit).map(|(id, _)| id)
    }

    /// The fact that drops this capability, by name or `ALL`.
    #[must_use]
    pub fn cap_dropped(&self, cap: Capability) -> Option<FactId> {
        let hit =
            |k: &Knob| matches!(k, Knob::CapDrop(CapSpec::All)) || *k == Knob::CapDrop(CapSpec::One(cap));
        self.knob(hit).map(|(id, _)| id)
    }

    /// True when the container is privileged.
    #[must_use]
    pub fn privileged(&self) -> bool {
        self.knob(|k| *k == Knob::Privileged(true)).is_some()
    }

    /// The value of a systemd directive.
    #[must_use]
    pub fn unit(&self, directive: &str) -> Option<(FactId, &str)> {
        self.knobs().find_map(|(id, k)| match k {
            Knob::Unit { key, value } if key == directive => Some((id, value.as_str())),
            _ => None,
        })
    }

    /// The value of a sysctl, as read or as set for the container.
    #[must_use]
    pub fn sysctl(&self, name: &str) -> Option<(FactId, &str)> {
        self.all.iter().find_map(|f| match &f.what {
            Predicate::Sysctl { key, value } if key == name => Some((f.id, value.as_str())),
            _ => None,
        })
    }

    /// What listings say of `path`, the exact path only.
    pub fn path<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (FactId, &'a PathState)> {
        self.all.iter().filter_map(move |f| match &f.what {
            Predicate::Path(p) if p.path == path => Some((f.id, p)),
            _ => None,
        })
    }
}
