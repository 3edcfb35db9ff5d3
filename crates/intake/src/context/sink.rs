//! Collects the claims of this part, bounded and without repetitions, and settles what only the whole
//! document can tell.

use whodenied_case::{Claim, Engine, Predicate, Says};
use whodenied_text::Span;

/// More claims of one document would be a log that repeats itself.
const MOST: usize = 1500;
/// How many places are kept for the same fact.
const MOST_PLACES: usize = 3;

/// The claims collected so far.
#[derive(Default)]
pub(super) struct Sink {
    claims: Vec<Claim>,
    /// Engines that a manifest or a default would imply, counted only where nothing names one.
    weak: Vec<Claim>,
}

impl Sink {
    /// Adds a fact.
    pub(super) fn fact(&mut self, span: Span, dialect: &'static str, what: Predicate) {
        add(&mut self.claims, span, dialect, what);
    }

    /// Adds an engine that counts only where no engine of its family is named.
    pub(super) fn weak_engine(&mut self, span: Span, dialect: &'static str, engine: Engine) {
        add(&mut self.weak, span, dialect, Predicate::Engine(engine));
    }

    /// True when a fact that `pick` accepts has been added.
    pub(super) fn has(&self, mut pick: impl FnMut(&Predicate) -> bool) -> bool {
        self.claims.iter().any(|c| matches!(&c.says, Says::Fact(p) if pick(p)))
    }

    /// The first kernel version that has been added, and its place.
    pub(super) fn kernel(&self) -> Option<(Span, String)> {
        self.claims.iter().find_map(|c| match &c.says {
            Says::Fact(Predicate::Component { name, version: Some(v) }) if name == "kernel" => {
                Some((c.span, v.text.to_lowercase()))
            }
            _ => None,
        })
    }

    fn engines(&self) -> Vec<Engine> {
        self.claims
            .iter()
            .filter_map(|c| match c.says {
                Says::Fact(Predicate::Engine(e)) => Some(e),
                _ => None,
            })
            .collect()
    }

    /// Hands the claims over. A system container beside an OCI engine is what the engine runs in; the
    /// host process named beside a container engine is not the program; weak engines fill a gap.
    pub(super) fn settle(mut self, claims: &mut Vec<Claim>) {
        let named = self.engines();
        let nested = self.has(|p| matches!(p, Predicate::Outer(Engine::Lxc | Engine::Incus)));
        for claim in std::mem::take(&mut self.weak) {
            let Says::Fact(Predicate::Engine(engine)) = claim.says else { continue };
            let now = self.engines();
            let covered = match engine {
                Engine::HostProcess | Engine::OwnSandbox => !now.is_empty(),
                Engine::SystemdUnit => now.iter().any(|e| e.is_oci()),
                Engine::Lxc | Engine::Incus => now.iter().any(|e| matches!(e, Engine::Lxc | Engine::Incus)),
                e if e.is_oci() => now.iter().any(|e| e.is_oci()),
                e => now.contains(&e),
            };
            let again = nested && matches!(engine, Engine::Lxc | Engine::Incus);
            if !covered && !again {
                self.claims.push(claim);
            }
        }
        if self.engines().iter().any(|e| e.is_oci()) {
            for claim in &mut self.claims {
                if let Says::Fact(Predicate::Engine(e @ (Engine::Lxc | Engine::Incus | Engine::Nspawn))) =
                    claim.says
                {
                    claim.says = Says::Fact(Predicate::Outer(e));
                }
            }
        }
        // The engine of a snap is the snap, that of a virtual machine the virtual machine.
        for special in [Engine::DockerSnap, Engine::DockerDesktop] {
            if named.contains(&special) {
                self.claims.retain(|c| c.says != Says::Fact(Predicate::Engine(Engine::Docker)));
            }
        }
        claims.append(&mut self.claims);
    }
}

fn add(claims: &mut Vec<Claim>, span: Span, dialect: &'static str, what: Predicate) {
    if claims.len() >= MOST {
        return;
    }
    let says = Says::Fact(what);
    let same = claims.iter().filter(|c| c.says == says);
    let (mut count, mut here) = (0, false);
    for claim in same {
        count += 1;
        here |= claim.span == span;
    }
    if count < MOST_PLACES && !here {
        claims.push(Claim { span, dialect, says });
    }
}
