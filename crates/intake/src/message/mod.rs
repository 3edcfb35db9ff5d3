//! Failures as programs, runtimes and tracers print them, and what people say they tried.
//!
//! A line is read in the shape that nearly all messages share (`generic`); the rules of the dialects
//! (`rules`, one file a dialect) refine that or read what has no such shape. Tracebacks, traces and
//! call expressions that stand on other lines are joined to the failure afterwards.

mod bubblewrap;
mod call_expr;
mod calls;
mod chromium;
mod cut;
mod data_paths;
mod dbus;
mod device;
mod errno_text;
mod files;
mod fuse;
mod generic;
mod guard;
mod idmap;
pub(crate) mod index;
mod kubernetes;
mod landlock;
mod languages;
mod limits;
mod loader;
mod lxc;
mod memory;
mod mount;
mod object;
mod oci;
mod other;
mod own_check;
mod path_error;
mod perf;
mod phrases;
mod ping;
mod ptrace;
mod python;
mod redirect;
mod rules;
mod sayings;
mod server;
mod shell;
mod signal;
mod snap;
mod snap_view;
mod socket;
mod stack;
pub(crate) mod statements;
mod strace;
mod sudo;
mod symptoms;
mod sysctl;
mod systemd;
mod tellings;
mod threads;
mod tools;
mod translations;
mod trials;
mod unit;
mod verbs;

pub(crate) use other::recognise as note_other_failures;

use crate::segment::Document;
use generic::Reading;
use rules::{From, Rule};
use std::ops::Range;
use unit::Unit;
use whodenied_case::{Claim, Failure, ObjectKind, Phase, Predicate, Says};
use whodenied_kernel::Call;
use whodenied_text::Span;

/// A flood of the same message tells no more than its beginning.
const MOST_FAILURES: usize = 4096;

/// A failure, where it stands, and what it may still be joined with.
#[derive(Debug, Clone)]
struct Found {
    failure: Failure,
    span: Span,
    dialect: &'static str,
    /// First and last line of the document.
    lines: (usize, usize),
}

/// Reads every failure and trial of the document.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let mut found: Vec<Found> = Vec::new();
    let widths = unit::wrap_widths(doc);
    let mut at = 0;
    while at < doc.lines.len() && found.len() < MOST_FAILURES {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        if !is_record(&unit.low) {
            read_unit(doc, &unit, &mut found, claims);
        }
    }
    if found.is_empty() {
        tellings::read(doc, &mut found);
    }
    tellings::bare_statuses(doc, &mut found);
    tellings::bare_opens(doc, &mut found);
    if found.is_empty() {
        complaints(doc, &mut found);
    }
    snap_view::read(doc, &mut found);
    redirect::locate(doc, &mut found);
    path_error::name_calls(doc, &mut found);
    python::locate(doc, &mut found);
    stack::locate(doc, &mut found);
    calls::attach(doc, &mut found);
    join_partial(&mut found);
    drop_bare(&mut found);
    for f in found {
        claims.push(Claim { span: f.span, dialect: f.dialect, says: Says::Failure(Box::new(f.failure)) });
    }
    trials::read(doc, claims);
    symptoms::read(doc, claims);
    data_paths::read(doc, claims);
}

/// Failures of programs that keep the error to themselves, where no error stands anywhere.
fn complaints(doc: &Document, found: &mut Vec<Found>) {
    let widths = unit::wrap_widths(doc);
    let mut at = 0;
    while at < doc.lines.len().min(2000) {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        if !errno_text::mentions(&unit.text).is_empty() {
            found.clear();
            return;
        }
        if found.len() < 8
            && !is_record(&unit.low)
            && let Some(reading) = cut::complaint(&unit)
        {
            let failure = Failure { deciding: Some(unit.span(doc, reading.at)), ..reading.failure };
            let lines = (unit.first(), unit.last());
            found.push(Found { failure, span: unit.whole(doc), dialect: "complaint", lines });
        }
    }
}

/// True for kernel records, which have recognisers of their own.
fn is_record(low: &str) -> bool {
    low.contains("apparmor=\"")
        || low.contains("audit(") && (low.contains("type=") || low.contains("audit:"))
        || low.contains("avc:  denied")
        || low.contains("avc: denied")
        || low.contains("type=seccomp")
        || low.contains("seccomp auid=")
}

fn read_unit(doc: &Document, unit: &Unit, found: &mut Vec<Found>, claims: &mut Vec<Claim>) {
    let lines = (unit.first(), unit.last());
    let whole = unit.whole(doc);
    if let Some((failure, at)) = strace::read(&unit.text) {
        let span = unit.span(doc, at);
        let failure = Failure { deciding: Some(span), ..failure };
        found.push(Found { failure, span: whole, dialect: "strace", lines });
        return;
    }
    let fitting = rules::fitting(&unit.low);
    if fitting.iter().any(|(_, rule, _)| rule.harmless) {
        return;
    }
    let tag = unit.line(doc).and_then(|l| l.dress.program()).map(str::to_owned);
    let mut readings = generic::read(unit, tag.as_deref());
    readings.retain(|r| !guard::remote_object(&r.failure));
    let mut dialect = dialect_of(unit, &readings);
    shell::refine(&mut readings, unit, &mut dialect);
    for reading in &mut readings {
        reading.failure.phase = oci::phase(&unit.low);
    }
    if readings.is_empty()
        && let Some((by, rule, at)) = fitting.iter().find(|(_, rule, _)| rule.fails)
        && let Some(reading) = by_rule(unit, rule, *at, tag)
    {
        dialect = by.name;
        readings.push(reading);
    }
    if readings.is_empty()
        && errno_text::mentions(&unit.text).is_empty()
        && let Some(reading) = cut::cut_off(unit).or_else(|| cut::port_in_use(unit, doc))
    {
        dialect = "perror";
        readings.push(reading);
    }
    let mut stated: Vec<&str> = Vec::new();
    let mut called = false;
    for (by, rule, _) in &fitting {
        if let Some(id) = rule.states.filter(|id| !stated.contains(id)) {
            stated.push(id);
            claims.push(Claim { span: whole, dialect: by.name, says: Says::Fact(Predicate::Statement(id)) });
        }
        if rule.nnp {
            claims.push(Claim {
                span: whole,
                dialect: by.name,
                says: Says::Fact(Predicate::NoNewPrivs(true)),
            });
        }
        for reading in &mut readings {
            if apply(rule, unit, &mut reading.failure, called) {
                dialect = by.name;
                reading.prose = false;
            }
        }
        called |= rule.call.is_some() && rule.overrules;
    }
    if let Some((failure, weak)) = systemd::status(&unit.text)
        && readings.is_empty()
        && !(weak && missing_elsewhere(doc))
    {
        dialect = "systemd";
        readings.push(Reading { failure, at: 0..unit.text.len(), prose: false });
    }
    if let Some((call, kind, step)) = systemd::step(&unit.low) {
        for reading in &mut readings {
            reading.failure.call = Some(call);
            if reading.failure.kind == ObjectKind::Unknown || reading.failure.kind == ObjectKind::Path {
                reading.failure.kind = kind;
            }
            reading.failure.args.push(("step".to_owned(), step.to_owned()));
        }
    }
    for mut reading in readings {
        generic::finish(&mut reading.failure, &unit.low);
        reading.failure.deciding = Some(unit.span(doc, reading.at));
        let dialect = if reading.prose { "prose" } else { dialect };
        found.push(Found { failure: reading.failure, span: whole, dialect, lines });
    }
}

/// The name of the dialect of a line that only has the common shape.
fn dialect_of(unit: &Unit, readings: &[Reading]) -> &'static str {
    let low = unit.low.as_str();
    if low.contains("[errno ") {
        "python"
    } else if low.contains("(os error ") || low.contains("kind: permissiondenied") {
        "rust"
    } else if low.contains(": eacces: ") || low.contains(": eperm: ") || low.contains(": erofs: ") {
        "node"
    } else if low.contains("errno::e") {
        "ruby"
    } else if readings
        .iter()
        .any(|r| unit.text.get(r.at.clone()).is_some_and(|t| t.starts_with(char::is_lowercase)))
    {
        "go"
    } else {
        "perror"
    }
}

/// True when the document says that a file or user is missing, so that a bare status is no refusal.
fn missing_elsewhere(doc: &Document) -> bool {
    doc.lines.iter().take(2000).any(|l| {
        let low = l.text.to_ascii_lowercase();
        (low.contains("step")
            || low.contains("locate executable")
            || low.contains("systemd")
            || low.contains(".service"))
            && (low.contains("no such file")
                || low.contains("no such process")
                || low.contains("exec format"))
    })
}

/// The failure that a rule's words alone make.
fn by_rule(unit: &Unit, rule: &Rule, at: usize, tag: Option<String>) -> Option<Reading> {
    let mentions = errno_text::mentions(&unit.text);
    // `mkdir: file exists` behind a rule that knows better is how the refusal came out.
    let errno = mentions
        .iter()
        .find_map(|m| m.errno)
        .filter(|e| rule.errno.is_none() || *e != whodenied_kernel::Errno::EEXIST);
    let mut failure = Failure {
        call: rule.call,
        errno: errno.or(rule.errno),
        errno_inferred: errno.is_none() && rule.errno.is_some(),
        phase: oci::phase(&unit.low),
        program: generic::leading_program(&unit.text).map(str::to_owned).or(tag),
        ..Failure::default()
    };
    let names = object::names(&unit.text);
    let telling = |n: &&object::Name| {
        n.telling && Some(unit.text.get(n.at.clone()).unwrap_or("")) != failure.program.as_deref()
    };
    let name =
        names.iter().filter(|n| n.at.start >= at).find(telling).or_else(|| names.iter().rfind(telling));
    failure.object = name.and_then(|n| unit.text.get(n.at.clone())).map(str::to_owned);
    failure.kind = match (&failure.object, rule.call) {
        (Some(name), call) => object::kind(name, call),
        (None, Some(call)) => object::default_kind(call),
        (None, None) => ObjectKind::Unknown,
    };
    if rule.own && !guard::plausible(&failure, &unit.low) {
        // `running as … is not supported`: words of its own, no error of the kernel.
        failure.errno = None;
    }
    guard::plausible(&failure, &unit.low).then_some(Reading { failure, at: 0..unit.text.len(), prose: false })
}

/// Puts what a rule tells into a failure; true when it told something.
fn apply(rule: &Rule, unit: &Unit, failure: &mut Failure, called: bool) -> bool {
    let mut told = false;
    if let Some(call) = rule.call
        && (failure.call.is_none() || (rule.overrules && !called && failure.call != Some(call)))
    {
        failure.call = Some(call);
        told = true;
    }
    if failure.errno.is_none() && rule.errno.is_some() {
        failure.errno = rule.errno;
        failure.errno_inferred = true;
    }
    if let Some(phase) = rule.phase
        && (failure.phase == Phase::Program || phase == Phase::Stop)
    {
        failure.phase = phase;
        told = true;
    }
    failure.own_refusal |= rule.own;
    failure.errno_inferred |= rule.loose;
    for (key, value) in rule.args {
        if failure.arg(key).is_none() {
            failure.args.push(((*key).to_owned(), (*value).to_owned()));
        }
    }
    let object = match rule.object {
        From::Line => None,
        From::Nothing => {
            failure.object = None;
            None
        }
        From::Fixed(name) => {
            failure.object.as_deref().is_none_or(|o| !o.contains('/')).then(|| name.to_owned())
        }
        From::After(words) => {
            unit.low.find(words).and_then(|i| first_name(&unit.text, i + words.len()..unit.text.len()))
        }
        From::Before(words) => unit.low.find(words).and_then(|i| last_name(&unit.text, 0..i)),
    };
    if let Some(object) = object {
        failure.kind = object::kind(&object, failure.call);
        failure.object = Some(object);
        told = true;
    }
    if failure.call == Some(Call::Kill) && failure.object.as_deref().is_some_and(|o| o.contains('/')) {
        failure.object = None;
    }
    if failure.call == Some(Call::LabelChange) && failure.kind == ObjectKind::KernelFile {
        failure.kind = ObjectKind::Label;
    }
    if let Some(kind) = rule.kind
        && (failure.object.is_none() || matches!(failure.kind, ObjectKind::Unknown | ObjectKind::Path))
    {
        failure.kind = kind;
    }
    if rule.fails && rule.kind == Some(ObjectKind::Executable) && failure.object.is_none() {
        failure.object.clone_from(&failure.program);
    }
    told
}

fn first_name(text: &str, at: Range<usize>) -> Option<String> {
    let part = text.get(at)?;
    // `10.0.0.5:/export` is one name.
    if let Some(word) = part.split_whitespace().next().filter(|w| w.contains(":/") && !w.contains("://")) {
        return Some(word.trim_end_matches([',', '.', ':']).to_owned());
    }
    let names = object::names(part);
    let name = names
        .iter()
        .find(|n| n.telling && n.at.start < 160)
        .or_else(|| names.first().filter(|n| n.at.start < 8));
    if let Some(name) = name {
        return part.get(name.at.clone()).map(str::to_owned);
    }
    let word = part
        .split_whitespace()
        .next()?
        .trim_matches(|c: char| matches!(c, ',' | ':' | ';' | '"' | '\'' | '(' | ')' | '.'));
    (!word.is_empty() && word.contains(['/', '.', ':'])).then(|| word.to_owned())
}

fn last_name(text: &str, at: Range<usize>) -> Option<String> {
    let part = text.get(at)?;
    let names = object::names(part);
    if let Some(name) = names.iter().rfind(|n| n.telling) {
        return part.get(name.at.clone()).map(str::to_owned);
    }
    let word = part.trim_end_matches([':', ' ']).rsplit([' ', '\t']).next()?;
    word.contains(".so").then(|| word.trim_end_matches(':').to_owned())
}

/// A failure that names the object but no error and one that names the error but no object, both of
/// the same phase before the program, are one message that was torn apart.
fn join_partial(found: &mut Vec<Found>) {
    let partial = |f: &Found| {
        f.failure.errno.is_none()
            && f.failure.object.is_some()
            && !f.failure.own_refusal
            && f.failure.phase != Phase::Program
    };
    for i in 0..found.len() {
        if !found.get(i).is_some_and(partial) {
            continue;
        }
        let phase = found[i].failure.phase;
        let other = found.iter().position(|o| {
            o.failure.errno.is_some() && o.failure.object.is_none() && o.failure.phase == phase
        });
        if let Some(other) = other {
            found[i].failure.errno = found[other].failure.errno;
            found[i].failure.errno_inferred = found[other].failure.errno_inferred;
            found[other].failure.errno = None;
            found[other].failure.call = None;
        }
    }
    found.retain(|f| {
        let f = &f.failure;
        f.errno.is_some() || f.call.is_some() || f.object.is_some() || f.own_refusal || !f.args.is_empty()
    });
}

/// A failure of which only the error is known says nothing beside a fuller one with that error.
fn drop_bare(found: &mut Vec<Found>) {
    // `can't initialize time` and on the next line the error: one failure.
    for i in 1..found.len() {
        let (before, after) = found.split_at_mut(i);
        if let (Some(full), Some(bare)) = (before.last_mut(), after.first())
            && bare.lines.0 <= full.lines.1 + 2
            && (full.failure.errno.is_none() || full.failure.errno_inferred)
            && full.failure.call.is_some()
            && !full.failure.own_refusal
            && bare.failure.call.is_none()
            && bare.failure.object.is_none()
            && !bare.failure.errno_inferred
        {
            full.failure.errno = bare.failure.errno.or(full.failure.errno);
            full.failure.errno_inferred = false;
        }
    }
    let bare = |f: &Failure| f.call.is_none() && f.object.is_none() && f.args.is_empty() && !f.own_refusal;
    let full: Vec<_> = found.iter().filter(|f| !bare(&f.failure)).map(|f| f.failure.errno).collect();
    found.retain(|f| {
        !bare(&f.failure)
            || !full.iter().any(|e| *e == f.failure.errno || e.is_none() || f.failure.errno.is_none())
    });
}

#[cfg(test)]
mod tests;
