//! Files, links, and changes of profile: `path`; `link NUL target`; `profile`; `program NUL profile`.

use super::{Broken, Expression, Output, byte};
use crate::compile::claim::{Claim, file};
use crate::compile::glob::{self, ByteSet, Glob, Kind, Re};
use crate::policy::Transition;
use crate::resolve::filter_slashes;
use crate::rules::file::{ChangeProfile, Exec, Fallback, File, Link, Perms, Transition as To};
use crate::rules::{Decision, Owner, Qualifiers};
use crate::syntax::ast::Value;

/// A mask in the halves that a rule is about.
pub(super) const fn halves(owner: Owner, mask: u32) -> u64 {
    let mask = mask as u64;
    match owner {
        Owner::Any => mask | mask << 32,
        Owner::Owner => mask,
        Owner::Other => mask << 32,
    }
}

/// A claim of a file rule.
pub(super) const fn claim(q: &Qualifiers, mask: u64) -> Claim {
    super::claim(q, mask)
}

/// Any path but `/`, or any string: what a link leads to where a rule does not say.
pub(super) fn any_target() -> Re {
    Re::cat([byte(b'/'), Re::Set(ByteSet::ALL.without(b'/')), Re::anything()])
}

/// Any string.
pub(super) fn everything() -> Re {
    Re::cat([byte(b'/'), Re::any_string()])
}

const fn both(mask: u32) -> u64 {
    halves(Owner::Any, mask)
}
/// What pairs of links and targets are about.
const PAIR: u32 = file::LINK;

/// The bits of the accesses that a rule names. Writing is also appending.
fn bits(perms: Perms) -> u32 {
    let mut mask = 0;
    for (perm, bits) in [
        (Perms::READ, file::READ),
        (Perms::WRITE, file::WRITE | file::APPEND),
        (Perms::APPEND, file::APPEND),
        (Perms::LINK, file::LINK),
        (Perms::LOCK, file::LOCK),
        (Perms::MMAP, file::MMAP),
        (Perms::EXEC, file::EXEC),
    ] {
        if perms.contains(perm) {
            mask |= bits;
        }
    }
    mask
}

impl Output<'_> {
    fn file(&mut self, re: Re, claim: Claim) {
        if claim.mask != 0 {
            self.file.push(Expression { re, claim, rule: self.rule });
        }
    }

    /// A path as it is written, and as every alias rewrites it.
    fn paths(&self, value: &Value) -> Result<Vec<Glob>, Broken> {
        let text = self.expand(value)?;
        let mut texts = vec![filter_slashes(&text)];
        for (from, to) in self.aliases {
            if let Some(rest) = text.strip_prefix(from.as_str()) {
                texts.push(filter_slashes(&format!("{to}{rest}")));
            }
        }
        texts.iter().map(|text| self.parse(value, text, Kind::Path)).collect()
    }

    /// The word of a way to execute.
    fn transition(&mut self, exec: Exec, target: Option<&Value>) -> Transition {
        let mut flags = match exec.fallback {
            Fallback::None => 0,
            Fallback::Inherit => Transition::INHERIT,
            Fallback::Unconfined => Transition::UNCONFINED,
        };
        if !exec.scrub {
            flags |= Transition::UNSAFE;
        }
        if let Some(target) = target.filter(|_| matches!(exec.transition, To::Profile | To::Child)) {
            let mut name = crate::syntax::encode(&target.text());
            if exec.transition == To::Child {
                let mut child = self.profile.as_bytes().to_vec();
                child.extend(b"//");
                child.append(&mut name);
                name = child;
            }
            let index = self.targets.iter().position(|t| *t == name).unwrap_or_else(|| {
                self.targets.push(name);
                self.targets.len() - 1
            });
            return Transition::table(index as u32, flags);
        }
        match exec.transition {
            To::Inherit => Transition::fallback(flags | Transition::INHERIT),
            To::Unconfined => Transition::fallback(flags | Transition::UNCONFINED),
            To::Profile => Transition::name(flags),
            To::Child => Transition::name(flags | Transition::CHILD),
        }
    }

    pub(super) fn file_rule(&mut self, rule: &File, q: &Qualifiers) -> Result<(), Broken> {
        let paths = match &rule.path {
            Some(path) => self.paths(path)?,
            None => vec![Glob { re: everything(), wild: true }],
        };
        let mut mask = bits(rule.perms);
        if rule.path.is_none() {
            mask |= file::APPEND;
        }
        let links = mask & file::LINK != 0;
        if q.decision == Decision::Deny {
            // Refusing a link is refusing its pair.
            mask &= !file::LINK;
        }
        let deny = q.decision == Decision::Deny;
        let exec = rule.exec.filter(|_| !deny).map(|exec| self.transition(exec, rule.target.as_ref()));
        let pairs = match (&rule.target, rule.exec) {
            (Some(target), None) if links => self.paths(target)?.into_iter().map(|g| (g.re, PAIR)).collect(),
            _ if links => vec![(any_target(), PAIR | file::LOCK)],
            _ => Vec::new(),
        };
        for path in paths {
            let claim =
                Claim { exec, exact: !path.wild && exec.is_some(), ..claim(q, halves(q.owner, mask)) };
            for (target, mask) in &pairs {
                self.pair(path.re.clone(), target.clone(), *mask, q);
            }
            self.file(path.re, claim);
        }
        Ok(())
    }

    fn pair(&mut self, link: Re, target: Re, mask: u32, q: &Qualifiers) {
        let mut claim = claim(q, halves(q.owner, mask & file::LINK));
        // The test for a subset stands in the owner's half alone, and is no access that could be recorded.
        claim.mask |= u64::from(mask & file::LOCK);
        self.file(Re::cat([link, byte(0), target]), claim);
    }

    pub(super) fn link_rule(&mut self, rule: &Link, q: &Qualifiers) -> Result<(), Broken> {
        let mask = if rule.subset { PAIR | file::LOCK } else { PAIR };
        let targets: Vec<Re> = match &rule.target {
            Some(target) => self.paths(target)?.into_iter().map(|g| g.re).collect(),
            None => vec![any_target()],
        };
        for path in self.paths(&rule.path)? {
            if q.decision != Decision::Deny {
                self.file(path.re.clone(), claim(q, halves(q.owner, file::LINK)));
            }
            for target in &targets {
                self.pair(path.re.clone(), target.clone(), mask, q);
            }
        }
        Ok(())
    }

    /// Changing at once; changing at an exec, with the program; and what a program needs to ask for either.
    /// The rule's priority is left out, as the reference does.
    pub(super) fn change_profile(&mut self, rule: &ChangeProfile, q: &Qualifiers) -> Result<(), Broken> {
        let q = Qualifiers { priority: None, ..*q };
        let target = self.name_or(rule.target.as_ref(), Re::any_string())?;
        let mut onexec = claim(&q, both(file::ONEXEC));
        let mut change = claim(&q, both(file::ONEXEC | file::CHANGE_PROFILE));
        // Neither is ever recorded, or left out of the records.
        onexec.audit = 0;
        change.audit = 0;
        self.file(target.clone(), change);
        let (exec, mut pair) = match &rule.exec {
            Some(value) => {
                // Runs of slashes stay here, as they do in names.
                let text = self.expand(value)?;
                let exec = self.parse(value, &text, Kind::Path)?;
                let mut pair = onexec;
                pair.mask |= both(file::EXEC);
                let flags = if rule.unsafe_exec { Transition::UNSAFE } else { 0 };
                pair.exec = Some(Transition::fallback(flags)).filter(|_| q.decision != Decision::Deny);
                (exec, pair)
            }
            None => (glob::parse("/**", Kind::Path).map_err(|e| self.broken(None, e.to_string()))?, onexec),
        };
        self.file(exec.re.clone(), onexec);
        pair.exact = !exec.wild && pair.exec.is_some() && rule.target.is_some();
        self.file(Re::cat([exec.re, byte(0), target]), pair);
        self.asking("/proc/*/attr/{apparmor/,}{current,exec}");
        Ok(())
    }

    /// What a program needs to ask for a change of profile.
    pub(in crate::compile) fn asking(&mut self, attributes: &str) {
        for (path, mask) in [
            (attributes, file::WRITE),
            ("/proc/*/attr/apparmor/", file::READ),
            ("/sys/module/apparmor/parameters/enabled", file::READ),
        ] {
            if let Ok(glob) = glob::parse(path, Kind::Path) {
                self.file(glob.re, claim(&Qualifiers::default(), halves(Owner::Owner, mask)));
            }
        }
    }
}
