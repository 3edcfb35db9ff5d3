//! Where the failing program runs, as far as it decides how a fix is spelled.

use crate::spell::Spelling;
use whodenied_case::{Attempt, Case, Diagnosis, Engine, Facts, Knob, Predicate, Surface, Version, Where};
use whodenied_kernel::Call;
use whodenied_runtimes::Runtime;
use whodenied_text::quote;

/// Everything a layer looks at when it offers fixes.
pub(crate) struct Ctx<'a> {
    pub(crate) case: &'a Case,
    pub(crate) facts: &'a Facts,
    pub(crate) d: &'a Diagnosis,
    pub(crate) attempt: &'a Attempt,
    /// The engine that confines the program, where one is named.
    pub(crate) engine: Option<Engine>,
    /// Whose defaults apply.
    pub(crate) runtime: Option<Runtime>,
    /// How fixes are spelled, the best first; never empty.
    pub(crate) spellings: Vec<Spelling>,
    /// The compose service, container or unit, as written.
    pub(crate) service: Option<String>,
}

impl<'a> Ctx<'a> {
    pub(crate) fn new(case: &'a Case, d: &'a Diagnosis, attempt: &'a Attempt) -> Self {
        let facts = &case.facts;
        let engine =
            facts.engines().find(|e| !matches!(e, Engine::HostProcess)).or_else(|| facts.engines().next());
        let runtime = facts.engines().find_map(runtime_of);
        Self {
            case,
            facts,
            d,
            attempt,
            engine,
            runtime,
            spellings: spellings(case, engine),
            service: asked(case).or_else(|| service(facts, attempt, engine)),
        }
    }

    /// The numbers of the runtime's version, where known.
    pub(crate) fn version_of(&self, runtime: Runtime) -> Option<&'a [u32]> {
        self.facts.version(runtime.component()).map(|v: &Version| v.numbers.as_slice())
    }

    /// True when the program runs in a container of an OCI engine.
    pub(crate) fn in_container(&self) -> bool {
        self.facts.in_oci_container()
    }

    /// True when the engine runs inside LXC, Incus or another container.
    pub(crate) fn nested(&self) -> bool {
        self.facts.outers().next().is_some()
            || (self.in_container() && self.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus)))
    }

    /// The machine that the engine runs on.
    pub(crate) fn engine_host(&self) -> Where {
        if self.nested() { Where::Guest } else { Where::Host }
    }

    /// The name for snippets: what stands in the evidence, else a placeholder.
    pub(crate) fn service_or(&self, placeholder: &str) -> String {
        self.service.clone().unwrap_or_else(|| format!("<{placeholder}>"))
    }

    /// A plain word for names of our own files and profiles: from the service, the image or the
    /// program, `custom` when nothing is known.
    pub(crate) fn stem(&self) -> String {
        let image = self.facts.knob(|k| matches!(k, Knob::Image(_))).and_then(|(_, k)| match k {
            Knob::Image(name) => image_word(name),
            _ => None,
        });
        // Of a signal the record names the sender, which is the engine or its runtime.
        let program = self.attempt.subject.program.clone().filter(|_| self.attempt.call != Some(Call::Kill));
        let name = self.service.clone().or(image).or(program);
        let name = name.map(|n| quote::file_name(n.rsplit('/').next().unwrap_or(&n)));
        match name {
            Some(n) if n != "unnamed" => n.to_ascii_lowercase(),
            _ => "custom".to_owned(),
        }
    }

    /// The command line client of the engine.
    pub(crate) fn client(&self) -> &'static str {
        match self.engine {
            Some(Engine::Podman | Engine::Buildah) => "podman",
            Some(Engine::Containerd) => "nerdctl",
            _ => "docker",
        }
    }

    /// True when this spelling is the first choice.
    pub(crate) fn spelled(&self, spelling: Spelling) -> bool {
        self.spellings.first() == Some(&spelling)
    }
}

/// Whose defaults an engine applies.
pub(crate) fn runtime_of(engine: Engine) -> Option<Runtime> {
    match engine {
        Engine::Docker | Engine::DockerSnap | Engine::DockerDesktop => Some(Runtime::Docker),
        Engine::Containerd | Engine::Kubernetes => Some(Runtime::Containerd),
        Engine::Podman | Engine::Buildah => Some(Runtime::Podman),
        Engine::CriO => Some(Runtime::CriO),
        _ => None,
    }
}

/// `ghcr.io/a/mealie:v1@sha256:…` is `mealie`.
fn image_word(name: &str) -> Option<String> {
    let last = name.rsplit('/').next()?;
    let word = last.split(['@', ':']).next()?;
    (!word.is_empty()).then(|| word.to_owned())
}

/// How fixes are spelled; of a container that no compose file made, for the command line first.
fn spellings(case: &Case, engine: Option<Engine>) -> Vec<Spelling> {
    let mut spellings = Spelling::choose(&case.facts, engine);
    if case.workload.as_ref().is_some_and(|w| w.container.is_some() && w.service.is_none()) {
        spellings.sort_by_key(|s| *s == Spelling::Compose);
    }
    spellings
}

/// The service or container that was asked about.
fn asked(case: &Case) -> Option<String> {
    let workload = case.workload.as_ref()?;
    let names = [&workload.service, &workload.container, &workload.unit];
    names.into_iter().flatten().next().cloned().filter(|name| name.len() <= 128)
}

/// The one service or container that the settings speak of; of several the one that bears the
/// program's name, else none.
fn service(facts: &Facts, attempt: &Attempt, engine: Option<Engine>) -> Option<String> {
    let cluster = matches!(engine, Some(Engine::Kubernetes | Engine::CriO));
    let mut names: Vec<&str> = Vec::new();
    for fact in &facts.all {
        if let Predicate::Setting(s) = &fact.what
            && !matches!(s.surface, Surface::Prose | Surface::Dockerfile | Surface::Ci)
            && (!cluster || s.surface == Surface::Kubernetes)
            && let Some(name) = s.service.as_deref()
            && !name.is_empty()
            && name.len() <= 128
            && !names.contains(&name)
            && names.len() < 64
        {
            names.push(name);
        }
    }
    if let [one] = names.as_slice() {
        return Some((*one).to_owned());
    }
    let program = attempt.subject.program.as_deref()?;
    names.into_iter().find(|n| n.eq_ignore_ascii_case(program)).map(str::to_owned)
}
