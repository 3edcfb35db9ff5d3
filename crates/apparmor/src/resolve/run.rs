//! One pass over the items of a file and what it includes.

use super::lower::{Include, Item, ProfileItem, Reference};
use super::profile::{Dropped, Placed, Profile};
use super::{
    Abi, Fault, Loader, Look, MAX_INCLUDE_DEPTH, MAX_RULES, MAX_VISITS, Note, Place, Policy, Source, Visit,
};
use crate::features::Features;
use crate::resolve::files::is_ignored;
use crate::resolve::variables::{MAX_VALUES, Variables, filter_slashes};
use crate::rules::{Body, Decision, Owner, Qualifiers};
use crate::syntax::Entry;
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

struct Run<'l, 'f> {
    loader: &'l mut Loader<'f>,
    policy: Policy,
    /// Files included into what is being read: one set for the head, one for each open profile.
    included: Vec<HashSet<String>>,
    depth: usize,
    rules: usize,
    /// Files whose own problems were told.
    told: HashSet<*const Source>,
}

/// What holds for the items of a block.
#[derive(Clone, Copy, Default)]
struct Within {
    qualifiers: Qualifiers,
    block: bool,
    conditional: bool,
}

pub(super) fn run(loader: &mut Loader<'_>, source: Rc<Source>) -> Policy {
    let policy = Policy {
        visits: Vec::new(),
        profiles: Vec::new(),
        variables: Variables::default(),
        aliases: Vec::new(),
        abi: None,
        faults: Vec::new(),
        notes: Vec::new(),
    };
    let mut run =
        Run { loader, policy, included: vec![HashSet::new()], depth: 0, rules: 0, told: HashSet::new() };
    let visit = run.enter(&source, None);
    run.items(&source.items, visit, None, Within::default());
    run.policy
}

impl Run<'_, '_> {
    fn fault(&mut self, visit: usize, span: Range<usize>, message: impl Into<String>) {
        if self.policy.faults.len() < 1000 {
            let place = Place { visit, span };
            self.policy.faults.push(Fault { place, message: message.into(), hint: None });
        }
    }

    fn enter(&mut self, source: &Rc<Source>, from: Option<Place>) -> usize {
        let visit = self.policy.visits.len();
        self.policy.visits.push(Visit { source: Rc::clone(source), from });
        if self.told.insert(Rc::as_ptr(source)) {
            for problem in &source.problems {
                let place = Place { visit, span: problem.span.clone() };
                let fault = Fault { place, message: problem.message.clone(), hint: problem.hint.clone() };
                self.policy.faults.push(fault);
            }
        }
        visit
    }

    fn items(&mut self, items: &[Item], visit: usize, profile: Option<usize>, within: Within) {
        for item in items {
            self.item(item, visit, profile, within);
        }
    }

    fn item(&mut self, item: &Item, visit: usize, profile: Option<usize>, within: Within) {
        match item {
            Item::Include(include) => self.include(include, visit, profile, within),
            Item::Abi(reference) => self.abi(reference, visit, profile.is_some()),
            Item::Alias(from, to) => self.policy.aliases.push((from.text(), to.text())),
            Item::Assign { name, operator, values, span } => {
                let values: Vec<String> = values.iter().map(crate::syntax::ast::Value::text).collect();
                self.assign(name, operator, values, visit, span);
            }
            Item::Boolean { name, operator, value, span } => {
                let value =
                    value.as_ref().map_or(Err("no value".to_owned()), |e| self.policy.variables.evaluate(e));
                let known = self.policy.variables.booleans.contains_key(name);
                match (value, operator.as_str()) {
                    (Err(message), _) => self.fault(visit, span.clone(), message),
                    (Ok(_), "=") if known => {
                        self.fault(
                            visit,
                            span.clone(),
                            format!("the boolean ${{{name}}} is assigned already"),
                        );
                    }
                    (Ok(_), "?=") if known => {}
                    (Ok(_), "+=") => self.fault(visit, span.clone(), "nothing can be added to a boolean"),
                    (Ok(value), _) => {
                        self.policy.variables.booleans.insert(name.clone(), value);
                    }
                }
            }
            Item::Profile(item) => self.profile(item, visit, profile),
            Item::Block(qualifiers, items, _) => {
                let within =
                    Within { qualifiers: join(within.qualifiers, *qualifiers), block: true, ..within };
                self.items(items, visit, profile, within);
            }
            Item::If(branches) => {
                let within = Within { conditional: true, ..within };
                let mut taken = false;
                for (condition, items) in branches {
                    let holds = match condition {
                        None => true,
                        Some(expr) => match self.policy.variables.evaluate(expr) {
                            Ok(holds) => holds,
                            Err(message) => {
                                let span = first_span(items).unwrap_or(0..0);
                                self.fault(visit, span, message);
                                false
                            }
                        },
                    };
                    if holds && !taken {
                        taken = true;
                        self.items(items, visit, profile, within);
                    }
                }
            }
            Item::Rule(rule) => {
                self.rules += 1;
                if self.rules > MAX_RULES {
                    if self.rules == MAX_RULES + 1 {
                        self.fault(
                            visit,
                            rule.span.clone(),
                            format!("over {MAX_RULES} rules with all includes"),
                        );
                    }
                    return;
                }
                if within.qualifiers.decision == Decision::Deny
                    && matches!(&rule.body, Body::File(file) if file.exec.is_some())
                {
                    let message = "a rule that denies an exec says `x` alone, in a block too";
                    return self.fault(visit, rule.span.clone(), message);
                }
                let Some(profile) = profile.and_then(|p| self.policy.profiles.get_mut(p)) else { return };
                let place = Place { visit, span: rule.span.clone() };
                let file = matches!(rule.body, Body::File(_) | Body::Link(_));
                let dropped = if within.block && !file {
                    Some(Dropped::Block)
                } else if within.conditional && matches!(rule.body, Body::Rlimit(_)) {
                    Some(Dropped::Conditional)
                } else {
                    None
                };
                let qualifiers = join(within.qualifiers, rule.qualifiers);
                profile.rules.push(Placed { rule: Rc::new((**rule).clone()), qualifiers, place, dropped });
            }
        }
    }

    fn assign(&mut self, name: &str, operator: &str, values: Vec<String>, visit: usize, span: &Range<usize>) {
        let known = self.policy.variables.sets.contains_key(name);
        let message = match operator {
            "=" if known => Some(format!("the variable @{{{name}}} is assigned already; `+=` adds to it")),
            "+=" if !known => {
                Some(format!("the variable @{{{name}}} is not assigned yet, so nothing can be added"))
            }
            _ => None,
        };
        if let Some(message) = message {
            return self.fault(visit, span.clone(), message);
        }
        if operator == "?=" && known {
            return;
        }
        let set = self.policy.variables.sets.entry(name.to_owned()).or_default();
        if operator == ":=" {
            set.clear();
        }
        set.extend(values);
        if set.len() > MAX_VALUES {
            self.fault(visit, span.clone(), format!("over {MAX_VALUES} values"));
        }
    }

    fn include(&mut self, include: &Include, visit: usize, profile: Option<usize>, within: Within) {
        let Reference { name, magic, span } = &include.reference;
        let place = Place { visit, span: span.clone() };
        let (path, look) = self.loader.find(name, *magic);
        match &*look {
            Look::Missing if include.if_exists => {
                self.policy.notes.push(Note::MissingIfExists(place, name.clone()))
            }
            Look::Missing => self.fault(visit, span.clone(), "the included file does not exist"),
            Look::Failed(reason) => {
                let reason = format!("the included file can't be read: {reason}");
                self.fault(visit, span.clone(), reason);
            }
            Look::File(_) => self.file(&path, &look, place, profile, within),
            Look::Directory(names) => {
                let mut names = names.clone();
                names.retain(|n| !is_ignored(n));
                names.sort();
                for name in names {
                    let path = format!("{}/{name}", path.trim_end_matches('/'));
                    let look = self.loader.look(&path);
                    if let Look::File(_) = &*look {
                        self.file(&path, &look, place.clone(), profile, within);
                    }
                }
            }
        }
    }

    fn file(&mut self, path: &str, look: &Look, place: Place, profile: Option<usize>, within: Within) {
        let fresh = self.included.last_mut().is_some_and(|set| set.insert(path.to_owned()));
        if !fresh {
            self.policy.notes.push(Note::Repeated(place, path.to_owned()));
            return;
        }
        if self.depth >= MAX_INCLUDE_DEPTH || self.policy.visits.len() >= MAX_VISITS {
            return self.fault(place.visit, place.span, "includes are nested too deep, or too many");
        }
        let entry = if profile.is_some() { Entry::Rules } else { Entry::File };
        let Some(source) = self.loader.source(path, look, entry) else { return };
        self.depth += 1;
        let visit = self.enter(&source, Some(place));
        self.items(&source.items, visit, profile, within);
        self.depth -= 1;
    }

    /// Within a profile it comes too late: what a policy is written for is settled when the first profile begins.
    fn abi(&mut self, reference: &Reference, visit: usize, late: bool) {
        let place = Place { visit, span: reference.span.clone() };
        if let Some(first) = &self.policy.abi {
            if first.name != reference.name {
                self.policy.notes.push(Note::LateAbi(place));
            }
            return;
        }
        let own = reference.magic && matches!(reference.name.as_str(), "kernel" | "default");
        let features = if own {
            None
        } else {
            let (_, look) = self.loader.find(&reference.name, reference.magic);
            let features = match &*look {
                Look::File(bytes) => Features::parse(&crate::syntax::decode(bytes)).ok(),
                _ => None,
            };
            if *look == Look::Missing {
                self.fault(visit, reference.span.clone(), "the file of this abi does not exist");
            } else if features.is_none() {
                self.policy.notes.push(Note::MissingAbi(place.clone(), reference.name.clone()));
            }
            features
        };
        if late {
            self.policy.notes.push(Note::LateAbi(place));
            return;
        }
        self.policy.abi = Some(Abi { place, name: reference.name.clone(), features });
    }

    fn profile(&mut self, item: &ProfileItem, visit: usize, parent: Option<usize>) {
        let place = Place { visit, span: item.header.clone() };
        let span = item.header.clone();
        let raw = item.name.text();
        if raw.starts_with('&') {
            return self.fault(visit, span, "a profile's name can't begin with `&`, which stacks profiles");
        }
        let (namespace, local) = match namespace(&raw) {
            Ok((namespace, local)) => (namespace.map(str::to_owned), local.to_owned()),
            Err(message) => return self.fault(visit, span, message),
        };
        let local = match self.policy.variables.expand(&local) {
            Ok(local) => local,
            Err(error) => {
                self.fault(visit, item.name.span.clone(), error.to_string());
                local
            }
        };
        if parent.is_none() && !item.keyword && !item.hat && !local.starts_with('/') && namespace.is_none() {
            self.fault(visit, span.clone(), "a name that is no path needs the word `profile` before it");
        }
        let written = item.attachment.as_ref().map(crate::syntax::ast::Value::text);
        // A name that is a path or a pattern is what the profile attaches to; of a name with parents in it, the
        // last part is.
        let attaches = local.starts_with('/') || local.contains(['*', '?', '[', '{']);
        let last = || local.rsplit_once("//").map_or(local.as_str(), |(_, last)| last).to_owned();
        let written = written.or_else(|| attaches.then(last));
        let attachment = match written.as_ref().map(|a| self.policy.variables.expand(a)) {
            Some(Ok(pattern)) => Some(filter_slashes(&pattern)),
            Some(Err(error)) => {
                self.fault(visit, span.clone(), error.to_string());
                None
            }
            None => None,
        };
        match item.head.disconnected_path.as_ref().map(|p| self.policy.variables.expand(&p.text())) {
            Some(Err(error)) => self.fault(visit, span.clone(), error.to_string()),
            Some(Ok(path)) if !path.starts_with('/') => {
                self.fault(visit, span.clone(), "attach_disconnected.path is no absolute path");
            }
            _ => {}
        }
        let (name, namespace) = match parent.and_then(|p| self.policy.profiles.get(p)) {
            Some(parent) => {
                (format!("{}//{local}", parent.name), namespace.or_else(|| parent.namespace.clone()))
            }
            None => (local, namespace),
        };
        if self.policy.profiles.iter().any(|p| p.name == name && p.namespace == namespace) {
            self.fault(visit, span, "a second profile of this name");
        }
        if item.hat
            && let Some(parent) = parent.and_then(|p| self.policy.profiles.get_mut(p))
        {
            parent.has_hats = true;
        }
        let index = self.policy.profiles.len();
        self.policy.profiles.push(Profile {
            name,
            namespace,
            attachment,
            head: item.head.clone(),
            hat: item.hat,
            parent,
            has_hats: false,
            rules: Vec::new(),
            place,
        });
        self.included.push(HashSet::new());
        self.items(&item.items, visit, Some(index), Within::default());
        self.included.pop();
    }
}

/// A name's namespace and the rest of it.
fn namespace(name: &str) -> Result<(Option<&str>, &str), &'static str> {
    let Some(rest) = name.strip_prefix(':') else { return Ok((None, name)) };
    let Some((namespace, rest)) = rest.split_once(':') else {
        return Err("`:` is missing behind the namespace");
    };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    if namespace.is_empty() {
        return Err("the namespace has no name");
    }
    if rest.is_empty() {
        return Err("the profile's name is missing behind the namespace");
    }
    Ok((Some(namespace), rest))
}

/// The qualifiers of a rule within a block.
fn join(outer: Qualifiers, inner: Qualifiers) -> Qualifiers {
    Qualifiers {
        priority: inner.priority.or(outer.priority),
        audit: outer.audit || inner.audit,
        decision: if outer.decision == Decision::Allow { inner.decision } else { outer.decision },
        owner: if outer.owner == Owner::Any { inner.owner } else { outer.owner },
    }
}

fn first_span(items: &[Item]) -> Option<Range<usize>> {
    items.iter().find_map(|item| match item {
        Item::Rule(rule) => Some(rule.span.clone()),
        Item::Include(include) => Some(include.reference.span.clone()),
        Item::Profile(profile) => Some(profile.header.clone()),
        Item::Block(_, _, span) => Some(span.clone()),
        _ => None,
    })
}
