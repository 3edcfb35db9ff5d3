//! Mounts: `MOUNT target NUL source NUL type NUL flags`, each flag a byte one more than its bit.

use super::{Broken, Output, byte, claim, class};
use crate::compile::glob::{ByteSet, Re};
use crate::policy::Class;
use crate::rules::Qualifiers;
use crate::rules::mount::{Call, Mount, Options, PivotRoot, ms};

/// Permissions of the class.
pub(super) const PIVOT_ROOT: u32 = 1;
pub(super) const MOUNT: u32 = 2;
pub(super) const UMOUNT: u32 = 4;

/// What the kernel shows of the flags of each kind of mount (`mount.c`).
const KNOWN: u32 = 0x7ff_ffff & !(1 << 9 | 1 << 22 | 1 << 26);
const REMOUNT: u32 = KNOWN & !ms::MOVE;
const BIND: u32 = ms::BIND | ms::REC;
const MAKE: u32 = KNOWN & !(ms::NOSUID | ms::NODEV | ms::NOEXEC | ms::NOATIME | ms::NODIRATIME | ms::RELATIME | ms::STRICTATIME);
const MOVE: u32 = ms::MOVE;
const COMMANDS: u32 = ms::REMOUNT | ms::BIND | ms::MOVE | ms::REC | ms::MAKE;
const NEW: u32 = KNOWN & !COMMANDS;

/// The parts of what is matched.
struct Parts {
    target: Re,
    source: Re,
    fstype: Re,
}

impl Output<'_> {
    pub(super) fn mount(&mut self, rule: &Mount, q: &Qualifiers) -> Result<(), Broken> {
        let target = self.path_or(rule.target.as_ref(), Re::any_string())?;
        if rule.call == Call::Umount {
            self.policy(Re::cat([class(Class::Mount), target]), claim(q, UMOUNT.into()));
            return Ok(());
        }
        let fstype = if rule.fstype.is_empty() {
            Re::any_string()
        } else {
            let all: Result<Vec<Re>, Broken> = rule.fstype.iter().map(|value| self.name(value)).collect();
            Re::Alt(all?)
        };
        let source = match &rule.source {
            // A mount that is not attached anywhere has no source.
            Some(value) if value.raw == "detached" && !value.quoted => Re::empty(),
            value => self.path_or(value.as_ref(), Re::any_string())?,
        };
        let parts = Parts { target, source, fstype };
        for options in self.flags(rule) {
            self.variants(rule, &parts, options, q, MOUNT);
        }
        Ok(())
    }

    /// What flags are set for certain, and which may be: of every list `options=` with every `options in`.
    fn flags(&self, rule: &Mount) -> Vec<(u32, u32)> {
        let remount = if rule.call == Call::Remount { ms::REMOUNT } else { 0 };
        let exact: Vec<u32> = rule.options.iter().filter(|o| !o.any).map(|o: &Options| o.set).collect();
        let may: Vec<u32> = rule.options.iter().filter(|o| o.any).map(|o| o.set | o.clear).collect();
        match (exact.is_empty(), may.is_empty()) {
            (true, true) => vec![(remount, u32::MAX)],
            (true, false) => may.iter().map(|may| (remount, *may)).collect(),
            (false, true) => exact.iter().map(|exact| (remount | exact, 0)).collect(),
            (false, false) => {
                exact.iter().flat_map(|exact| may.iter().map(move |may| (remount | exact, *may))).collect()
            }
        }
    }

    /// The kinds of mount that a rule is about: those its flags name, or all that its other conditions fit.
    fn variants(&mut self, rule: &Mount, parts: &Parts, flags: (u32, u32), q: &Qualifiers, perms: u32) {
        let (set, _) = flags;
        let (source, fstype) = (rule.source.is_some(), !rule.fstype.is_empty());
        let sourceless = !source || rule.target.is_none();
        let fits = [
            (ms::REMOUNT, REMOUNT, !source && !fstype),
            (ms::BIND, BIND, !fstype),
            (ms::MAKE, MAKE, sourceless && !fstype),
            (ms::MOVE, MOVE, !fstype),
        ];
        let mut taken = false;
        for (command, mask, fits) in fits {
            let named = set == 0 || set & command != 0;
            if fits && named && (set == 0 || !taken) {
                taken = true;
                let target_is_source = command == ms::MAKE && source;
                self.one(parts, target_is_source, flags, mask, claim(q, perms.into()));
            }
        }
        if set == 0 || (!taken && set & !COMMANDS != 0) {
            self.one(parts, false, flags, NEW, claim(q, perms.into()));
        }
    }

    fn one(&mut self, parts: &Parts, target_is_source: bool, (set, may): (u32, u32), mask: u32, claim: super::Claim) {
        let any = Re::any_string;
        // The word before `->` is the mount point where nothing has a source.
        let (target, source) = if target_is_source {
            (parts.source.clone(), any())
        } else {
            (parts.target.clone(), parts.source.clone())
        };
        let mut re = vec![class(Class::Mount), target, byte(0), source, byte(0), parts.fstype.clone(), byte(0)];
        re.push(flag_bytes(set & mask, may & mask & !set));
        self.policy(Re::Cat(re), claim);
    }

    /// `MOUNT new NUL old`. The profile behind `->` is never compiled.
    pub(super) fn pivot_root(&mut self, rule: &PivotRoot, q: &Qualifiers) -> Result<(), Broken> {
        let new = self.path_or(rule.new.as_ref(), Re::any_string())?;
        let old = self.path_or(rule.old.as_ref(), Re::any_string())?;
        self.policy(Re::cat([class(Class::Mount), new, byte(0), old]), claim(q, PIVOT_ROOT.into()));
        Ok(())
    }

    /// Every mount, as `all` says it: the permissions of all of its rules on each.
    pub(super) fn all_mounts(&mut self, claim: impl Fn(u32) -> super::Claim) {
        let any = Re::any_string;
        let all = PIVOT_ROOT | MOUNT | UMOUNT;
        let parts = Parts { target: any(), source: any(), fstype: any() };
        for mask in [REMOUNT, BIND, MAKE, MOVE, NEW] {
            self.one(&parts, false, (0, u32::MAX), mask, claim(all));
        }
        self.one(&parts, false, (ms::REMOUNT, u32::MAX), REMOUNT, claim(MOUNT));
        self.policy(Re::cat([class(Class::Mount), any()]), claim(all));
        self.policy(Re::cat([class(Class::Mount), any(), byte(0), any()]), claim(all));
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
