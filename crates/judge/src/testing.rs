//! Hand-made attempts and facts for the table tests of the layers.

use crate::context::Context;
use whodenied_case::{
    Answer, Attempt, AttemptId, Facts, Knob, ObjectKind, Predicate, Setting, Standing, Support, Surface,
    Verdict, Version,
};
use whodenied_kernel::{Call, Errno};

/// An attempt of `call` on `object` that gave `errno`.
pub(crate) fn attempt(call: Call, errno: Errno, object: &str) -> Attempt {
    let mut attempt = Attempt::new(AttemptId(0));
    attempt.call = Some(call);
    attempt.errno = Some(errno);
    attempt.printed = true;
    if !object.is_empty() {
        attempt.object.name = Some(object.to_owned());
        attempt.object.kind = if object.starts_with("/dev/") {
            ObjectKind::Device
        } else if object.starts_with('/') {
            ObjectKind::Path
        } else {
            ObjectKind::Unknown
        };
    }
    attempt
}

/// Facts reported by the person.
pub(crate) fn facts(all: &[Predicate]) -> Facts {
    let mut facts = Facts::default();
    for what in all {
        facts.add(what.clone(), Standing::Reported, None);
    }
    facts
}

/// A configuration knob.
pub(crate) fn knob(knob: Knob) -> Predicate {
    Predicate::Setting(Setting { surface: Surface::Compose, service: None, knob })
}

/// A sysctl as read.
pub(crate) fn sysctl(key: &str, value: &str) -> Predicate {
    Predicate::Sysctl { key: key.to_owned(), value: value.to_owned() }
}

/// A component and its version.
pub(crate) fn component(name: &str, version: &str) -> Predicate {
    Predicate::Component { name: name.to_owned(), version: Version::parse(version) }
}

/// The host's distribution.
pub(crate) fn distro(id: &str, version: &str) -> Predicate {
    Predicate::Distro { id: id.to_owned(), version: Version::parse(version), container: false }
}

/// A listed mount.
pub(crate) fn mount(target: &str, fstype: &str, options: &str) -> Predicate {
    Predicate::Mount {
        target: target.to_owned(),
        fstype: (!fstype.is_empty()).then(|| fstype.to_owned()),
        options: options.split(',').map(str::to_owned).collect(),
    }
}

/// One layer's answer, for an attempt among these facts.
pub(crate) fn ask(
    judge: fn(&Attempt, &Context<'_>) -> Option<Verdict>,
    attempt: &Attempt,
    all: &[Predicate],
) -> Option<Verdict> {
    let facts = facts(all);
    judge(
        attempt,
        &Context { facts: &facts, trials: &[], attempts: std::slice::from_ref(attempt), policy: None },
    )
}

/// What a denial rests on, `None` for any other answer.
pub(crate) fn denied(
    judge: fn(&Attempt, &Context<'_>) -> Option<Verdict>,
    attempt: &Attempt,
    all: &[Predicate],
) -> Option<Support> {
    match ask(judge, attempt, all)?.answer {
        Answer::Denies { support, .. } => Some(support),
        _ => None,
    }
}

/// True when the layer says that it let the attempt pass.
pub(crate) fn allowed(
    judge: fn(&Attempt, &Context<'_>) -> Option<Verdict>,
    attempt: &Attempt,
    all: &[Predicate],
) -> bool {
    matches!(ask(judge, attempt, all), Some(v) if matches!(v.answer, Answer::Allows { .. }))
}
