//! What the reference parser only finds while it compiles: variables without a value, broken patterns,
//! and ways to execute that contradict each other where patterns overlap.

use super::determinise::{Limits, determinise};
use super::glob::{self, Kind, Re};
use super::nfa::Nfa;
use crate::features::Features;
use crate::resolve::{ExpandError, Fault, Placed, Policy, Profile, filter_slashes};
use crate::rules::file::{Exec, Perms};
use crate::rules::{Body, Decision, Owner};
use crate::syntax::ast::Value;
use std::collections::HashMap;

/// States of an automaton that is only made to look for conflicts.
const MAX_STATES: usize = 300_000;
const LIMITS: Limits = Limits { states: MAX_STATES, edges: 1 << 24, steps: 1 << 30 };
/// Named profiles that exec rules of one profile lead to, where the kernel takes no table of permissions.
const MAX_TARGETS: usize = 12;

/// Every error of these kinds in a policy, for a kernel with these features; without any, all that can be
/// wrong is told.
#[must_use]
pub fn faults(policy: &Policy, kernel: Option<&Features>) -> Vec<Fault> {
    let mut out = Vec::new();
    let wide_tables = kernel.is_some_and(|k| k.has("policy/permstable32"));
    let queues = kernel.is_none_or(|k| k.has("ipc/posix_mqueue") || k.has("ipc/sysv_mqueue"));
    for profile in &policy.profiles {
        let texts = Texts::new(policy, profile);
        if let Some(attachment) = &profile.attachment
            && let Err(error) = glob::parse(attachment, Kind::Path)
        {
            out.push(Fault { place: profile.place.clone(), message: error.to_string(), hint: None });
        }
        for placed in &profile.rules {
            // What this kernel can't mediate isn't compiled, so nothing is wrong with it.
            if matches!(placed.rule.body, Body::Mqueue(_)) && !queues {
                continue;
            }
            patterns(placed, |value, kind| {
                let message = match texts.expand(&value.text()) {
                    Err(error) => error.to_string(),
                    Ok(text) => match glob::parse(&text, kind) {
                        Err(error) => error.to_string(),
                        Ok(_) => return,
                    },
                };
                let place = crate::resolve::Place { visit: placed.place.visit, span: value.span.clone() };
                out.push(Fault { place, message, hint: None });
            });
        }
        if out.is_empty() {
            execs(profile, &texts, wide_tables, &mut out);
            changes(profile, &texts, &mut out);
        }
    }
    out
}

/// The values of variables in one profile.
pub(crate) struct Texts<'p> {
    policy: &'p Policy,
    locals: Vec<(&'static str, String)>,
}

impl<'p> Texts<'p> {
    pub(crate) fn new(policy: &'p Policy, profile: &Profile) -> Self {
        Self { policy, locals: profile.locals() }
    }

    pub(crate) fn expand(&self, text: &str) -> Result<String, ExpandError> {
        if !text.contains("@{") {
            return Ok(text.to_owned());
        }
        let own = |name: &str| !self.policy.variables.sets.contains_key(name) || name == "profile_name";
        let locals: Vec<(&str, &str)> =
            self.locals.iter().filter(|(n, _)| own(n)).map(|(n, v)| (*n, v.as_str())).collect();
        self.policy.variables.expand_with(text, &locals)
    }
}

/// The patterns of a rule, in which variables are replaced.
pub(crate) fn patterns(placed: &Placed, mut each: impl FnMut(&Value, Kind)) {
    let mut path = |value: &Option<Value>| {
        if let Some(value) = value {
            each(value, Kind::Path);
        }
    };
    match &placed.rule.body {
        Body::File(rule) => {
            path(&rule.path);
            // What an exec leads to is a name, taken as it stands; what a link leads to is a pattern.
            if rule.exec.is_none() {
                path(&rule.target);
            }
        }
        Body::Link(rule) => {
            each(&rule.path, Kind::Path);
            if let Some(target) = &rule.target {
                each(target, Kind::Path);
            }
        }
        Body::ChangeProfile(rule) => {
            path(&rule.exec);
            path(&rule.target);
        }
        Body::Unix(rule) => {
            path(&rule.peer_label);
            for value in [&rule.addr, &rule.peer_addr].into_iter().flatten() {
                each(value, Kind::Bytes);
            }
        }
        Body::Dbus(rule) => {
            for value in [
                &rule.bus,
                &rule.path,
                &rule.interface,
                &rule.member,
                &rule.name,
                &rule.peer_name,
                &rule.peer_label,
            ] {
                path(value);
            }
        }
        Body::Signal(rule) => path(&rule.peer),
        Body::Ptrace(rule) => path(&rule.peer),
        Body::Mount(rule) => {
            path(&rule.source);
            path(&rule.target);
            for value in &rule.fstype {
                each(value, Kind::Path);
            }
        }
        Body::PivotRoot(rule) => {
            path(&rule.old);
            path(&rule.new);
            path(&rule.target);
        }
        Body::Mqueue(rule) => {
            path(&rule.label);
            path(&rule.name);
        }
        Body::Network(rule) => path(&rule.interface),
        Body::Capability(_) | Body::Rlimit(_) | Body::Userns | Body::IoUring(_) | Body::All => {}
    }
}

/// Rules that change the profile at an exec, and say differently whether the environment is scrubbed there.
fn changes(profile: &Profile, texts: &Texts<'_>, out: &mut Vec<Fault>) {
    let read = |value: &Value| {
        let text = texts.expand(&value.text()).ok()?;
        glob::parse(&filter_slashes(&text), Kind::Path).ok()
    };
    let mut nfa = Nfa::default();
    let mut starts = Vec::new();
    // By rank (priority, then whether it is exact) and scrubbing.
    let mut places: Vec<(i32, bool, &crate::resolve::Place)> = Vec::new();
    for placed in &profile.rules {
        let Body::ChangeProfile(rule) = &placed.rule.body else { continue };
        if placed.dropped.is_some() || placed.qualifiers.decision == Decision::Deny {
            continue;
        }
        let Some(exec) = rule.exec.as_ref().and_then(read) else { continue };
        // Without a target any will do, which is a wildcard.
        let target = match &rule.target {
            Some(target) => read(target),
            None => Some(glob::Glob { re: Re::any_string(), wild: true }),
        };
        let Some(target) = target else { continue };
        let exact = !exec.wild && !target.wild;
        let number = places.len() as u32;
        let re = Re::cat([exec.re, Re::literal(&[0]), target.re]);
        let Some(start) = nfa.add(&re, number) else { return };
        starts.push(start);
        let rank = 2 * placed.qualifiers.priority.unwrap_or(0) + i32::from(exact);
        places.push((rank, rule.unsafe_exec, &placed.place));
    }
    if !places.iter().any(|p| p.1) || places.iter().all(|p| p.1) {
        return;
    }
    let mut found = None;
    let made = determinise(&nfa, &starts, &LIMITS, |ends| {
        let here = || ends.iter().filter_map(|e| places.get(*e as usize));
        let top = here().map(|p| p.0).max();
        let mut top = here().filter(|p| Some(p.0) == top);
        if let Some(first) = top.next()
            && let Some(other) = top.find(|p| p.1 != first.1)
        {
            found.get_or_insert(other.2);
        }
        u32::from(!ends.is_empty())
    });
    if let Some(place) = found.filter(|_| made.is_ok()) {
        out.push(Fault {
            place: place.clone(),
            message: "two rules of equal rank say differently whether this exec scrubs the environment"
                .to_owned(),
            hint: Some("write `safe` or `unsafe` in both".to_owned()),
        });
    }
}

/// What one exec rule wants, in the order of [`rank`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wish {
    rank: i64,
    owner: Owner,
    /// `None` denies.
    exec: Option<(Exec, Option<String>)>,
}

fn execs(profile: &Profile, texts: &Texts<'_>, wide_tables: bool, out: &mut Vec<Fault>) {
    let mut nfa = Nfa::default();
    let mut starts = Vec::new();
    let mut wishes: Vec<Wish> = Vec::new();
    let mut numbers: HashMap<Wish, u32> = HashMap::new();
    let mut rules = Vec::new();
    let mut targets: Vec<String> = Vec::new();
    for placed in &profile.rules {
        let Body::File(rule) = &placed.rule.body else { continue };
        if !rule.perms.contains(Perms::EXEC) || placed.dropped.is_some() {
            continue;
        }
        let (re, wild) = match &rule.path {
            None => (glob::parse("/{**,}", Kind::Path), true),
            Some(path) => {
                let Ok(text) = texts.expand(&path.text()) else { continue };
                let parsed = glob::parse(&filter_slashes(&text), Kind::Path);
                let wild = parsed.as_ref().is_ok_and(|g| g.wild);
                (parsed, wild)
            }
        };
        let Ok(glob) = re else { continue };
        let denies = placed.qualifiers.decision == Decision::Deny;
        let target = rule.target.as_ref().map(Value::text);
        if let (Some(target), false) = (&target, denies)
            && !targets.contains(target)
        {
            targets.push(target.clone());
        }
        let level = match (placed.qualifiers.decision, wild) {
            (Decision::Deny, _) => 3,
            (Decision::Prompt, _) => 0,
            (Decision::Allow, true) => 1,
            (Decision::Allow, false) => 2,
        };
        let wish = Wish {
            rank: 4 * i64::from(placed.qualifiers.priority.unwrap_or(0)) + level,
            owner: placed.qualifiers.owner,
            exec: rule.exec.filter(|_| !denies).map(|e| (e, target)),
        };
        let next = wishes.len() as u32;
        let number = *numbers.entry(wish.clone()).or_insert_with(|| {
            wishes.push(wish);
            next
        });
        let Some(start) = nfa.add(&glob.re, number) else { return };
        starts.push(start);
        rules.push((number, &placed.place));
    }
    if targets.len() > MAX_TARGETS && !wide_tables {
        let message =
            format!("over {MAX_TARGETS} named profiles in exec rules: the kernel's tables end there");
        out.push(Fault { place: profile.place.clone(), message, hint: None });
    }
    if wishes.len() < 2 {
        return;
    }
    let mut conflicts: Vec<(u32, u32)> = Vec::new();
    let made = determinise(&nfa, &starts, &LIMITS, |ends| {
        for half in [Owner::Owner, Owner::Other] {
            let here: Vec<u32> = ends
                .iter()
                .copied()
                .filter(|e| wishes.get(*e as usize).is_some_and(|w| w.owner == Owner::Any || w.owner == half))
                .collect();
            let wish = |e: &u32| wishes.get(*e as usize);
            let Some(top) = here.iter().filter_map(|e| wish(e).map(|w| w.rank)).max() else { continue };
            let top: Vec<u32> = here.into_iter().filter(|e| wish(e).is_some_and(|w| w.rank == top)).collect();
            for pair in top.windows(2) {
                if let [a, b] = pair
                    && wish(a).map(|w| &w.exec) != wish(b).map(|w| &w.exec)
                    && conflicts.len() < 64
                    && !conflicts.contains(&(*a, *b))
                {
                    conflicts.push((*a, *b));
                }
            }
        }
        u32::from(!ends.is_empty())
    });
    if made.is_err() {
        let message = format!("exec rules need an automaton of over {MAX_STATES} states");
        out.push(Fault { place: profile.place.clone(), message, hint: None });
    }
    for (a, b) in conflicts {
        let place = |number: u32| rules.iter().find(|(n, _)| *n == number).map(|(_, p)| *p);
        if let (Some(first), Some(second)) = (place(a), place(b)) {
            let line = |p: &crate::resolve::Place| {
                let source = policy_line(texts.policy, p);
                format!("{}:{}", source.0, source.1)
            };
            out.push(Fault {
                place: second.clone(),
                message: "two rules of equal rank say differently how to execute the same program".to_owned(),
                hint: Some(format!("the other one is at {}", whodenied_text::escape::line(&line(first)))),
            });
        }
    }
}

/// A place as path and line.
fn policy_line(policy: &Policy, place: &crate::resolve::Place) -> (String, usize) {
    let source = policy.source(place);
    let before = source.text.get(..place.span.start).unwrap_or_default();
    (source.path.clone(), before.matches('\n').count() + 1)
}
