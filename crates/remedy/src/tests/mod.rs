//! Tables over diagnoses: what the first fix must and must not be.

mod apparmor;
mod layers;
mod parser;

use crate::{guard, offer};
use whodenied_case::record::{ApparmorRecord, ApparmorVerdict, AvcRecord};
use whodenied_case::{
    Attempt, AttemptId, Case, Certainty, Channel, Diagnosis, Engine, Knob, KnownIssueRef, Predicate, Record,
    RecordKind, Remedy, Setting, Standing, Surface, Version, YesNo,
};
use whodenied_kernel::{Call, Errno, Layer};

/// A case with one attempt and its diagnosis, as the judges would leave it.
pub(super) struct Draft {
    case: Case,
}

impl Draft {
    pub(super) fn new(layer: Layer, call: Option<Call>, object: &str) -> Self {
        let mut attempt = Attempt::new(AttemptId(0));
        attempt.call = call;
        attempt.object.name = (!object.is_empty()).then(|| object.to_owned());
        let mut case = Case::default();
        case.attempts.push(attempt);
        case.diagnoses.push(Diagnosis {
            attempt: AttemptId(0),
            layer,
            operation: String::new(),
            object: object.to_owned(),
            policy: None,
            errno: Some(Errno::EACCES),
            certainty: Certainty::Likely,
            broke_the_program: YesNo::Yes,
            cause: String::new(),
            known_issue: None,
            changed: None,
            alternatives: Vec::new(),
            quotes: Vec::new(),
            ruled_out: Vec::new(),
            chain: Vec::new(),
            cannot_help: Vec::new(),
            remedies: Vec::new(),
            stays_blocked: Vec::new(),
            shortcut: String::new(),
            next_steps: Vec::new(),
            count: 1,
        });
        Self { case }
    }

    pub(super) fn fact(mut self, what: Predicate) -> Self {
        self.case.facts.add(what, Standing::Reported, None);
        self
    }

    pub(super) fn engine(self, engine: Engine) -> Self {
        self.fact(Predicate::Engine(engine))
    }

    pub(super) fn version(self, component: &str, version: &str) -> Self {
        self.fact(Predicate::Component { name: component.into(), version: Version::parse(version) })
    }

    pub(super) fn distro(self, id: &str, version: &str) -> Self {
        self.fact(Predicate::Distro { id: id.into(), version: Version::parse(version), container: false })
    }

    pub(super) fn set(self, surface: Surface, service: &str, knob: Knob) -> Self {
        let service = (!service.is_empty()).then(|| service.to_owned());
        self.fact(Predicate::Setting(Setting { surface, service, knob }))
    }

    pub(super) fn arg(mut self, name: &str, value: &str) -> Self {
        self.case.attempts[0].args.push((name.into(), value.into()));
        self
    }

    pub(super) fn errno(mut self, errno: Errno) -> Self {
        self.case.attempts[0].errno = Some(errno);
        self
    }

    pub(super) fn policy(mut self, policy: &str) -> Self {
        self.case.diagnoses[0].policy = Some(policy.into());
        self
    }

    pub(super) fn known(mut self, id: &str, fixed_in: &[&str]) -> Self {
        self.case.diagnoses[0].known_issue = Some(KnownIssueRef {
            id: id.into(),
            title: String::new(),
            url: String::new(),
            fixed_in: fixed_in.iter().map(|s| (*s).to_owned()).collect(),
        });
        self
    }

    fn record(mut self, kind: RecordKind) -> Self {
        let channel = Channel::Kernel;
        self.case.attempts[0].records.push(Record {
            channel,
            time_ms: None,
            serial: None,
            truncated: false,
            kind,
        });
        self
    }

    pub(super) fn apparmor(self, fields: &[(&str, &str)]) -> Self {
        self.record(RecordKind::Apparmor(Box::new(ApparmorRecord {
            verdict: ApparmorVerdict::Denied,
            dbus: false,
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        })))
    }

    pub(super) fn avc(self, source: &str, target: &str, class: &str, perms: &[&str]) -> Self {
        self.record(RecordKind::Selinux(Box::new(AvcRecord {
            denied: true,
            permissions: perms.iter().map(|p| (*p).to_owned()).collect(),
            scontext: Some(format!("system_u:system_r:{source}:s0")),
            tcontext: Some(format!("system_u:object_r:{target}:s0")),
            tclass: Some(class.to_owned()),
            ..AvcRecord::default()
        })))
    }

    pub(super) fn diagnosis(mut self) -> Diagnosis {
        offer(&mut self.case);
        self.case.diagnoses.remove(0)
    }

    pub(super) fn remedies(self) -> Vec<Remedy> {
        self.diagnosis().remedies
    }

    pub(super) fn first(self) -> Remedy {
        self.remedies().into_iter().next().expect("no remedy")
    }
}

/// Summary, edits and commands as one text.
pub(super) fn all(remedy: &Remedy) -> String {
    let edits = remedy.edits.iter().map(|e| format!("{}\n{}", e.file, e.text));
    let parts: Vec<String> =
        std::iter::once(remedy.summary.clone()).chain(edits).chain(remedy.commands.iter().cloned()).collect();
    parts.join("\n")
}

/// Quotes closed, parentheses of command substitutions closed, no raw control characters.
pub(super) fn balanced(command: &str) -> bool {
    let code = command.split("   # ").next().unwrap_or(command);
    let mut chars = code.chars().peekable();
    let (mut single, mut double, mut ansi) = (false, false, false);
    while let Some(c) = chars.next() {
        match c {
            '\\' if !single || ansi => {
                chars.next();
            }
            '\'' if !double => {
                single = !single;
                ansi &= single;
            }
            '$' if !single && !double && chars.peek() == Some(&'\'') => ansi = true,
            '"' if !single => double = !double,
            _ => {}
        }
    }
    !single && !double && !command.contains(|c: char| c.is_control())
}

pub(super) fn sound(remedy: &Remedy) {
    assert!(!remedy.summary.is_empty() && !remedy.summary.contains('\n'), "{remedy:?}");
    assert!(remedy.summary.chars().count() <= 200, "long: {}", remedy.summary);
    assert!(!remedy.widens.is_empty(), "{}: says nothing of what it opens", remedy.summary);
    for command in &remedy.commands {
        assert!(balanced(command), "{command}");
    }
    for edit in &remedy.edits {
        let bad = |c: char| c != '\n' && whodenied_text::escape::is_unsafe(c);
        assert!(!edit.text.contains(bad) && !edit.file.contains(bad), "{edit:?}");
        assert!(edit.text.ends_with('\n'), "{edit:?}");
    }
}

pub(super) fn narrow(remedy: &Remedy) {
    assert_eq!(guard::broad(remedy), None, "{}", all(remedy));
    for word in ["privileged: true", "--privileged", "777", "setenforce", "label=disable", "label:disable"] {
        assert!(!all(remedy).contains(word), "{word} in {}", all(remedy));
    }
}

#[test]
fn balance_is_seen() {
    assert!(balanced("echo 'a b' \"c\" d\\'e"));
    assert!(balanced("rm $'a\\'b'"));
    assert!(!balanced("echo 'a") && !balanced("echo \"a'"));
}
