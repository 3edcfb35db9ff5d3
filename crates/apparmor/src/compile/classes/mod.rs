//! Rules as expressions over the strings that the kernel matches, one class a file.
//!
//! Source: the strings as the kernel builds them (`net.c`, `af_unix.c`, `mount.c`, `ipc.c`, `task.c`, `file.c`,
//! `domain.c`), and which of them a rule covers as the reference compiler shows it.

mod dbus;
mod everything;
mod file;
mod ipc;
mod mount;
pub(super) mod net;
mod unix;

use super::claim::Claim;
use super::conflict::Texts;
use super::glob::{self, ByteSet, GlobError, Kind, Re};
use super::mediation::Mediation;
use crate::policy::{Class, Transition};
use crate::resolve::{ExpandError, Place, Placed, filter_slashes};
use crate::rules::ipc::{IoUring, Mqueue};
use crate::rules::{Body, Decision, Qualifiers};
use crate::syntax::ast::Value;
use std::collections::HashMap;

/// An expression, what it claims, and the rule it comes from.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What is matched: of the policy database with the byte of the class at its head.
    pub re: Re,
    /// What is claimed.
    pub claim: Claim,
    /// Index into the profile's rules; `None` for what no rule says.
    pub rule: Option<usize>,
}

/// Why a rule cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) place: Option<Place>,
    pub(super) message: String,
}

/// What is made of one profile's rules.
pub(super) struct Output<'p> {
    pub(super) texts: &'p Texts<'p>,
    /// The profile's own name, without those of its parents.
    pub(super) profile: &'p str,
    pub(super) aliases: &'p [(String, String)],
    pub(super) mediation: Mediation,
    pub(super) file: Vec<Expression>,
    pub(super) policy: Vec<Expression>,
    /// Profiles that exec rules name.
    pub(super) targets: Vec<Vec<u8>>,
    /// Mount rules, which are compiled together.
    pub(super) mounts: Vec<mount::Mounts>,
    /// Accesses of rules that say the same of the same object, by rule: each says those of all.
    pub(super) merged: HashMap<usize, u32>,
    /// The rule being compiled.
    pub(super) rule: Option<usize>,
    pub(super) place: Option<Place>,
}

type Done = Result<(), Broken>;

impl Output<'_> {
    fn broken(&self, span: Option<&Value>, message: String) -> Broken {
        let place = self.place.as_ref().map(|place| match span {
            Some(value) => Place { visit: place.visit, span: value.span.clone() },
            None => place.clone(),
        });
        Broken { place, message }
    }

    /// A pattern with its variables replaced.
    fn expand(&self, value: &Value) -> Result<String, Broken> {
        self.texts.expand(&value.text()).map_err(|e: ExpandError| self.broken(Some(value), e.to_string()))
    }

    fn parse(&self, value: &Value, text: &str, kind: Kind) -> Result<glob::Glob, Broken> {
        glob::parse(text, kind).map_err(|e: GlobError| self.broken(Some(value), e.to_string()))
    }

    /// A path: runs of slashes are one.
    fn path(&self, value: &Value) -> Result<Re, Broken> {
        let text = filter_slashes(&self.expand(value)?);
        Ok(self.parse(value, &text, Kind::Path)?.re)
    }

    /// A label or another name.
    fn name(&self, value: &Value) -> Result<Re, Broken> {
        let text = self.expand(value)?;
        Ok(self.parse(value, &text, Kind::Path)?.re)
    }

    fn path_or(&self, value: Option<&Value>, default: Re) -> Result<Re, Broken> {
        value.map_or(Ok(default), |value| self.path(value))
    }

    fn name_or(&self, value: Option<&Value>, default: Re) -> Result<Re, Broken> {
        value.map_or(Ok(default), |value| self.name(value))
    }

    /// Adds an expression of the policy database.
    fn policy(&mut self, re: Re, claim: Claim) {
        self.policy.push(Expression { re, claim, rule: self.rule });
    }

    /// Adds up accesses of rules that differ in nothing else; the mount rules are added up where they are kept.
    pub(super) fn merge_accesses(&mut self, rules: &[Placed]) {
        let mut groups: Vec<(&Placed, u32, Vec<usize>)> = Vec::new();
        for (index, placed) in rules.iter().enumerate() {
            let (access, bare) = match &placed.rule.body {
                Body::IoUring(rule) => (rule.access, Body::IoUring(IoUring { access: 0, ..rule.clone() })),
                Body::Mqueue(rule) => (rule.access, Body::Mqueue(Mqueue { access: 0, ..rule.clone() })),
                _ => continue,
            };
            let same = |other: &Placed| {
                other.qualifiers == placed.qualifiers
                    && match (&other.rule.body, &bare) {
                        (Body::IoUring(a), Body::IoUring(b)) => {
                            text(a.label.as_ref()) == text(b.label.as_ref())
                        }
                        (Body::Mqueue(a), Body::Mqueue(b)) => {
                            a.kind == b.kind
                                && text(a.label.as_ref()) == text(b.label.as_ref())
                                && text(a.name.as_ref()) == text(b.name.as_ref())
                        }
                        _ => false,
                    }
            };
            match groups.iter_mut().find(|(other, ..)| same(other)) {
                Some((_, all, members)) => {
                    *all |= access;
                    members.push(index);
                }
                None => groups.push((placed, access, vec![index])),
            }
        }
        for (_, access, members) in groups {
            self.merged.extend(members.into_iter().map(|index| (index, access)));
        }
    }

    /// The access of the rule being compiled, with those of rules that say the same.
    fn accesses(&self, own: u32) -> u32 {
        self.rule.and_then(|rule| self.merged.get(&rule)).map_or(own, |merged| *merged)
    }

    /// Everything a rule says.
    pub(super) fn add(&mut self, index: usize, placed: &Placed) -> Done {
        if placed.dropped.is_some() {
            return Ok(());
        }
        self.rule = Some(index);
        self.place = Some(placed.place.clone());
        let q = &placed.qualifiers;
        let m = self.mediation;
        match &placed.rule.body {
            Body::File(rule) => self.file_rule(rule, q),
            Body::Link(rule) => self.link_rule(rule, q),
            Body::ChangeProfile(rule) => self.change_profile(rule, q),
            Body::Signal(rule) if m.signal => self.signal(rule, q),
            Body::Ptrace(rule) if m.ptrace => self.ptrace(rule, q),
            Body::Userns if m.userns => {
                self.userns(q);
                Ok(())
            }
            Body::IoUring(rule) if m.io_uring => self.io_uring(rule, q),
            Body::Mqueue(rule) => self.mqueue(rule, q),
            Body::Dbus(rule) if m.dbus => self.dbus(rule, q),
            Body::Mount(rule) if m.mount => self.mount(rule, q),
            Body::PivotRoot(rule) if m.mount => self.pivot_root(rule, q),
            Body::Network(rule) => {
                self.network(rule, q);
                Ok(())
            }
            Body::Unix(rule) => self.unix(rule, q),
            Body::All => {
                self.everything(q);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A claim of a rule with these qualifiers: what is audited is recorded if allowed, what is denied without
/// `audit` leaves no record.
const fn claim(q: &Qualifiers, mask: u64) -> Claim {
    Claim {
        priority: priority(q),
        decision: q.decision,
        mask,
        audit: if records(q) { mask } else { 0 },
        exec: None,
        exact: false,
    }
}

/// Whether what a rule allows is recorded, or what it denies is not.
const fn records(q: &Qualifiers) -> bool {
    match q.decision {
        Decision::Deny => !q.audit,
        _ => q.audit,
    }
}

const fn priority(q: &Qualifiers) -> i32 {
    match q.priority {
        Some(priority) => priority,
        None => 0,
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.map(Value::text)
}

fn byte(byte: u8) -> Re {
    Re::Set(ByteSet::one(byte))
}

fn class(class: Class) -> Re {
    byte(class as u8)
}

/// Any one byte.
const fn any() -> Re {
    Re::Set(ByteSet::ALL)
}

/// At least one byte, none of them NUL.
fn some_string() -> Re {
    Re::cat([Re::Set(ByteSet::ALL.without(0)), Re::any_string()])
}

/// What makes a class one that is mediated: a string of its byte alone that something is allowed for.
pub(super) fn marker(bytes: &[u8], priority: i32) -> Expression {
    let claim = Claim {
        priority,
        decision: Decision::Allow,
        mask: u64::from(crate::policy::bit::READ),
        audit: 0,
        exec: None,
        exact: false,
    };
    Expression { re: Re::literal(bytes), claim, rule: None }
}

/// An exec that goes on under the same profile.
const INHERIT: Transition = Transition::fallback(Transition::INHERIT);
