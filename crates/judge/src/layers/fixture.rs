//! Hand-made attempts and facts for the layers' table tests.

use super::Judge;
use crate::context::Context;
use whodenied_case::{
    Attempt, AttemptId, CapSpec, Change, Engine, Environment, Facts, Knob, ObjectKind, Outcome, PathState,
    Phase, Predicate, Setting, Standing, Support, Surface, Trial, Verdict, Version,
};
use whodenied_kernel::{Call, Capability, Errno};
use whodenied_text::{SourceId, Span};

/// One attempt in its surroundings.
pub(crate) struct Fixture {
    pub(crate) attempt: Attempt,
    pub(crate) facts: Facts,
    pub(crate) trials: Vec<Trial>,
}

impl Fixture {
    pub(crate) fn new(call: Call, errno: Errno) -> Self {
        let mut attempt = Attempt::new(AttemptId(0));
        attempt.call = Some(call);
        attempt.errno = Some(errno);
        attempt.printed = true;
        attempt.spans.push(Span::new(SourceId(0), 0, 10));
        Self { attempt, facts: Facts::default(), trials: Vec::new() }
    }

    pub(crate) fn fact(mut self, what: Predicate) -> Self {
        self.facts.add(what, Standing::Reported, Some(Span::new(SourceId(0), 20, 30)));
        self
    }

    pub(crate) fn engine(self, engine: Engine) -> Self {
        self.fact(Predicate::Engine(engine))
    }

    pub(crate) fn outer(self, engine: Engine) -> Self {
        self.fact(Predicate::Outer(engine))
    }

    pub(crate) fn environment(self, environment: Environment) -> Self {
        self.fact(Predicate::Environment(environment))
    }

    pub(crate) fn root(self) -> Self {
        self.environment(Environment::RunsAsRoot)
    }

    pub(crate) fn user(self) -> Self {
        self.environment(Environment::RunsAsNonRoot)
    }

    pub(crate) fn distro(self, id: &str, version: Option<&str>) -> Self {
        let version = version.and_then(Version::parse);
        self.fact(Predicate::Distro { id: id.to_owned(), version, container: false })
    }

    pub(crate) fn component(self, name: &str, version: &str) -> Self {
        self.fact(Predicate::Component { name: name.to_owned(), version: Version::parse(version) })
    }

    pub(crate) fn knob(self, knob: Knob) -> Self {
        self.fact(Predicate::Setting(Setting { surface: Surface::RunLine, service: None, knob }))
    }

    pub(crate) fn add(self, cap: Capability) -> Self {
        self.knob(Knob::CapAdd(CapSpec::One(cap)))
    }

    pub(crate) fn drop_all(self) -> Self {
        self.knob(Knob::CapDrop(CapSpec::All))
    }

    pub(crate) fn unit(self, key: &str, value: &str) -> Self {
        self.knob(Knob::Unit { key: key.to_owned(), value: value.to_owned() })
    }

    pub(crate) fn volume(self, source: &str, target: &str, options: &[&str]) -> Self {
        let options = options.iter().map(|o| (*o).to_owned()).collect();
        self.knob(Knob::Volume { source: source.to_owned(), target: target.to_owned(), options })
    }

    pub(crate) fn path(self, state: PathState) -> Self {
        self.fact(Predicate::Path(state))
    }

    pub(crate) fn object(mut self, name: &str) -> Self {
        self.attempt.object.name = Some(name.to_owned());
        if self.attempt.object.kind == ObjectKind::Unknown && name.starts_with('/') {
            self.attempt.object.kind = ObjectKind::Path;
        }
        self
    }

    pub(crate) fn kind(mut self, kind: ObjectKind) -> Self {
        self.attempt.object.kind = kind;
        self
    }

    pub(crate) fn arg(mut self, name: &str, value: &str) -> Self {
        self.attempt.args.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn phase(mut self, phase: Phase) -> Self {
        self.attempt.phase = phase;
        self
    }

    pub(crate) fn tried(mut self, change: Change, outcome: Outcome) -> Self {
        let spans = vec![Span::new(SourceId(0), 40, 50)];
        self.trials.push(Trial { change, outcome, controlled: false, spans });
        self
    }

    pub(crate) fn same(self, change: Change) -> Self {
        self.tried(change, Outcome::Same)
    }

    pub(crate) fn works(self, change: Change) -> Self {
        self.tried(change, Outcome::Works)
    }

    pub(crate) fn ask(&self, judge: Judge) -> Option<Verdict> {
        let attempts = std::slice::from_ref(&self.attempt);
        judge(&self.attempt, &Context { facts: &self.facts, trials: &self.trials, attempts, policy: None })
    }

    /// The support of a denial, `None` for any other answer.
    pub(crate) fn support(&self, judge: Judge) -> Option<Support> {
        match self.ask(judge)?.answer {
            whodenied_case::Answer::Denies { support, .. } => Some(support),
            _ => None,
        }
    }
}
