//! Mounts: `MOUNT target NUL source NUL type NUL flags`, each flag a byte one more than its bit.

use super::{Broken, Output, byte, claim, class};
use crate::compile::claim::Claim;
use crate::compile::glob::{ByteSet, Re};
use crate::policy::Class;
use crate::rules::Qualifiers;
use crate::rules::mount::{Call, Mount, PivotRoot, kinds, ms};
use crate::syntax::ast::Value;

/// Permissions of the class.
pub(super) const PIVOT_ROOT: u32 = 1;
pub(super) const MOUNT: u32 = 2;
pub(super) const UMOUNT: u32 = 4;

/// What the kernel shows of the flags of each kind of mount (`mount.c`).
const KNOWN: u32 = 0x7ff_ffff & !(1 << 9 | 1 << 22 | 1 << 26);
const REMOUNT: u32 = KNOWN & !ms::MOVE;
const BIND: u32 = ms::BIND | ms::REC;
const MAKE: u32 = KNOWN
    & !(ms::NOSUID | ms::NODEV | ms::NOEXEC | ms::NOATIME | ms::NODIRATIME | ms::RELATIME | ms::STRICTATIME);
const MOVE: u32 = ms::MOVE;
const COMMANDS: u32 = ms::REMOUNT | ms::BIND | ms::MOVE | ms::REC | ms::MAKE;
const NEW: u32 = KNOWN & !COMMANDS;

/// A rule of the class. Rules that say the same but for permissions are merged: each then says the permissions
/// of all, so that `mount,` beside `umount,` also unmounts. So the reference has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    target: Option<String>,
    source: Option<String>,
    fstype: Vec<String>,
    /// Of every list of options what is set for certain, and what may be.
    flags: Vec<(u32, u32)>,
    qualifiers: Qualifiers,
    /// The profile behind `->` of `pivot_root`, which is never compiled.
    transition: Option<String>,
}

/// What rules of one form say together.
pub(in crate::compile) struct Mounts {
    form: Form,
    perms: u32,
    /// What of it leaves no record, or is recorded.
    audit: bool,
    rules: Vec<usize>,
    parts: Parts,
}

/// The parts of what is matched.
#[derive(Clone)]
struct Parts {
    target: Re,
    source: Re,
    fstype: Re,
}

/// Which flags may be set where nothing is said of them.
const ANY_FLAGS: (u32, u32) = (0, u32::MAX);

impl Output<'_> {
    pub(super) fn mount(&mut self, rule: &Mount, q: &Qualifiers) -> Result<(), Broken> {
        let text = |value: &Option<Value>| value.as_ref().map(|value| self.expand(value)).transpose();
        let detached = rule.source.as_ref().is_some_and(|value| value.raw == "detached" && !value.quoted);
        let (target, source) = (text(&rule.target)?, text(&rule.source)?);
        let fstype: Result<Vec<String>, Broken> =
            rule.fstype.iter().map(|value| self.expand(value)).collect();
        let parts = Parts {
            target: self.path_or(rule.target.as_ref(), Re::any_string())?,
            source: match &rule.source {
                // A mount that is not attached anywhere has no source.
                Some(_) if detached => Re::empty(),
                value => self.path_or(value.as_ref(), Re::any_string())?,
            },
            fstype: if rule.fstype.is_empty() {
                Re::any_string()
            } else {
                let all: Result<Vec<Re>, Broken> = rule.fstype.iter().map(|value| self.name(value)).collect();
                Re::Alt(all?)
            },
        };
        let form = Form {
            target,
            source: source.filter(|_| !detached).or_else(|| detached.then(String::new)),
            fstype: fstype?,
            flags: rule.flags(),
            qualifiers: *q,
            transition: None,
        };
        let perms = if rule.call == Call::Umount { UMOUNT } else { MOUNT };
        self.merge(form, parts, perms, super::records(q));
        Ok(())
    }

    /// `MOUNT new NUL old`.
    pub(super) fn pivot_root(&mut self, rule: &PivotRoot, q: &Qualifiers) -> Result<(), Broken> {
        let text = |value: &Option<Value>| value.as_ref().map(|value| self.expand(value)).transpose();
        let form = Form {
            target: text(&rule.new)?,
            source: text(&rule.old)?,
            fstype: Vec::new(),
            flags: vec![ANY_FLAGS],
            qualifiers: *q,
            transition: rule.target.as_ref().map(Value::text),
        };
        let parts = Parts {
            target: self.path_or(rule.new.as_ref(), Re::any_string())?,
            source: self.path_or(rule.old.as_ref(), Re::any_string())?,
            fstype: Re::any_string(),
        };
        self.merge(form, parts, PIVOT_ROOT, super::records(q));
        Ok(())
    }

    /// Every mount, as `all` says it.
    pub(super) fn all_mounts(&mut self, q: &Qualifiers) {
        for (perms, flags) in [(PIVOT_ROOT | MOUNT | UMOUNT, ANY_FLAGS), (MOUNT, (ms::REMOUNT, u32::MAX))] {
            let form = Form {
                target: None,
                source: None,
                fstype: Vec::new(),
                flags: vec![flags],
                qualifiers: *q,
                transition: None,
            };
            let any = Re::any_string;
            self.merge(form, Parts { target: any(), source: any(), fstype: any() }, perms, q.audit);
        }
    }

    fn merge(&mut self, form: Form, parts: Parts, perms: u32, audit: bool) {
        match self.mounts.iter_mut().find(|m| m.audit == audit && m.form == form) {
            Some(mounts) => {
                mounts.perms |= perms;
                mounts.rules.extend(self.rule);
            }
            None => {
                self.mounts.push(Mounts { form, perms, audit, rules: self.rule.into_iter().collect(), parts })
            }
        }
    }

    /// The expressions of all rules of the class.
    pub(in crate::compile) fn finish_mounts(&mut self) {
        for mounts in std::mem::take(&mut self.mounts) {
            for rule in &mounts.rules {
                self.rule = Some(*rule);
                let Mounts { form, perms, audit, parts, .. } = &mounts;
                let mut claim = claim(&form.qualifiers, (*perms).into());
                claim.audit = if *audit { claim.mask } else { 0 };
                if perms & MOUNT != 0 {
                    for flags in &form.flags {
                        self.variants(form, parts, *flags, claim);
                    }
                }
                let target = Re::cat([class(Class::Mount), parts.target.clone()]);
                if perms & UMOUNT != 0 {
                    self.policy(target.clone(), claim);
                }
                if perms & PIVOT_ROOT != 0 {
                    self.policy(Re::cat([target, byte(0), parts.source.clone()]), claim);
                }
            }
        }
    }

    /// The kinds of mount that a rule is about: those its flags name, or all that its other conditions fit.
    fn variants(&mut self, form: &Form, parts: &Parts, flags: (u32, u32), claim: Claim) {
        let (source, target) = (form.source.is_some(), form.target.is_some());
        for command in kinds(flags, source, target, !form.fstype.is_empty()) {
            let mask = match command {
                ms::REMOUNT => REMOUNT,
                ms::BIND => BIND,
                ms::MAKE => MAKE,
                ms::MOVE => MOVE,
                _ => NEW,
            };
            self.one(parts, command == ms::MAKE && source, flags, mask, claim);
        }
    }

    fn one(
        &mut self,
        parts: &Parts,
        target_is_source: bool,
        (set, may): (u32, u32),
        mask: u32,
        claim: Claim,
    ) {
        let any = Re::any_string;
        // The word before `->` is the mount point where nothing has a source.
        let (target, source) = if target_is_source {
            (parts.source.clone(), any())
        } else {
            (parts.target.clone(), parts.source.clone())
        };
        let mut re =
            vec![class(Class::Mount), target, byte(0), source, byte(0), parts.fstype.clone(), byte(0)];
        re.push(flag_bytes(set & mask, may & mask & !set));
        self.policy(Re::Cat(re), claim);
    }
}

/// The bytes of flags in order; where no flag can be, also one byte that no flag has.
fn flag_bytes(set: u32, may: u32) -> Re {
    if set | may == 0 {
        return byte(0xfe).optional();
    }
    let mut parts = Vec::new();
    for bit in 0..32u8 {
        let one = Re::Set(ByteSet::one(bit + 1));
        if set >> bit & 1 == 1 {
            parts.push(one);
        } else if may >> bit & 1 == 1 {
            parts.push(one.optional());
        }
    }
    Re::Cat(parts)
}
