//! Mount, remount, umount and `pivot_root` rules.

use super::Arguments;
use crate::syntax::Node;
use crate::syntax::ast::{self, Arg, Value};

/// Mount flags, the kernel's `MS_*` (`include/uapi/linux/mount.h`).
pub mod ms {
    #![allow(missing_docs)]
    pub const RDONLY: u32 = 1;
    pub const NOSUID: u32 = 1 << 1;
    pub const NODEV: u32 = 1 << 2;
    pub const NOEXEC: u32 = 1 << 3;
    pub const SYNC: u32 = 1 << 4;
    pub const REMOUNT: u32 = 1 << 5;
    pub const MAND: u32 = 1 << 6;
    pub const DIRSYNC: u32 = 1 << 7;
    pub const NOSYMFOLLOW: u32 = 1 << 8;
    pub const NOATIME: u32 = 1 << 10;
    pub const NODIRATIME: u32 = 1 << 11;
    pub const BIND: u32 = 1 << 12;
    pub const MOVE: u32 = 1 << 13;
    pub const REC: u32 = 1 << 14;
    pub const VERBOSE: u32 = 1 << 15;
    pub const ACL: u32 = 1 << 16;
    pub const UNBINDABLE: u32 = 1 << 17;
    pub const PRIVATE: u32 = 1 << 18;
    pub const SLAVE: u32 = 1 << 19;
    pub const SHARED: u32 = 1 << 20;
    pub const RELATIME: u32 = 1 << 21;
    pub const IVERSION: u32 = 1 << 23;
    pub const STRICTATIME: u32 = 1 << 24;
    pub const LAZYTIME: u32 = 1 << 25;
    pub const NOUSER: u32 = 1 << 31;
    /// What changes how events spread.
    pub const MAKE: u32 = UNBINDABLE | PRIVATE | SLAVE | SHARED;
}

/// A word of `options` with the flags it sets and the flags it clears.
const OPTIONS: &[(&str, u32, u32)] = &[
    ("ro", ms::RDONLY, 0),
    ("r", ms::RDONLY, 0),
    ("read-only", ms::RDONLY, 0),
    ("rw", 0, ms::RDONLY),
    ("w", 0, ms::RDONLY),
    ("suid", 0, ms::NOSUID),
    ("nosuid", ms::NOSUID, 0),
    ("dev", 0, ms::NODEV),
    ("nodev", ms::NODEV, 0),
    ("exec", 0, ms::NOEXEC),
    ("noexec", ms::NOEXEC, 0),
    ("sync", ms::SYNC, 0),
    ("async", 0, ms::SYNC),
    ("remount", ms::REMOUNT, 0),
    ("mand", ms::MAND, 0),
    ("nomand", 0, ms::MAND),
    ("dirsync", ms::DIRSYNC, 0),
    ("symfollow", 0, ms::NOSYMFOLLOW),
    ("nosymfollow", ms::NOSYMFOLLOW, 0),
    ("atime", 0, ms::NOATIME),
    ("noatime", ms::NOATIME, 0),
    ("diratime", 0, ms::NODIRATIME),
    ("nodiratime", ms::NODIRATIME, 0),
    ("bind", ms::BIND, 0),
    ("B", ms::BIND, 0),
    ("move", ms::MOVE, 0),
    ("M", ms::MOVE, 0),
    ("rbind", ms::BIND | ms::REC, 0),
    ("R", ms::BIND | ms::REC, 0),
    ("verbose", ms::VERBOSE, 0),
    ("silent", ms::VERBOSE, 0),
    ("loud", 0, ms::VERBOSE),
    ("acl", ms::ACL, 0),
    ("noacl", 0, ms::ACL),
    ("unbindable", ms::UNBINDABLE, 0),
    ("make-unbindable", ms::UNBINDABLE, 0),
    ("runbindable", ms::UNBINDABLE | ms::REC, 0),
    ("make-runbindable", ms::UNBINDABLE | ms::REC, 0),
    ("private", ms::PRIVATE, 0),
    ("make-private", ms::PRIVATE, 0),
    ("rprivate", ms::PRIVATE | ms::REC, 0),
    ("make-rprivate", ms::PRIVATE | ms::REC, 0),
    ("slave", ms::SLAVE, 0),
    ("make-slave", ms::SLAVE, 0),
    ("rslave", ms::SLAVE | ms::REC, 0),
    ("make-rslave", ms::SLAVE | ms::REC, 0),
    ("shared", ms::SHARED, 0),
    ("make-shared", ms::SHARED, 0),
    ("rshared", ms::SHARED | ms::REC, 0),
    ("make-rshared", ms::SHARED | ms::REC, 0),
    ("relatime", ms::RELATIME, 0),
    ("norelatime", 0, ms::RELATIME),
    ("iversion", ms::IVERSION, 0),
    ("noiversion", 0, ms::IVERSION),
    ("strictatime", ms::STRICTATIME, 0),
    ("nostrictatime", 0, ms::STRICTATIME),
    ("lazytime", ms::LAZYTIME, 0),
    ("nolazytime", 0, ms::LAZYTIME),
    ("user", 0, ms::NOUSER),
    ("nouser", ms::NOUSER, 0),
];

/// Which call a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `mount`: any mount(2).
    Mount,
    /// `remount`
    Remount,
    /// `umount`
    Umount,
}

/// One `options` condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Options {
    /// Flags that are named as set.
    pub set: u32,
    /// Flags that are named as clear.
    pub clear: u32,
    /// `in (…)`: any of them; else exactly these.
    pub any: bool,
}

/// A mount rule; what is not named matches anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The call.
    pub call: Call,
    /// `options`
    pub options: Vec<Options>,
    /// Types of file system.
    pub fstype: Vec<Value>,
    /// What is mounted.
    pub source: Option<Value>,
    /// Where.
    pub target: Option<Value>,
}

impl Mount {
    pub(super) fn read(node: &Node, mut args: Arguments<'_>) -> Option<Self> {
        let keyword = ast::keywords(node).into_iter().find(|k| k.raw.ends_with("mount"))?;
        let call = match keyword.raw.as_str() {
            "mount" => Call::Mount,
            "remount" => Call::Remount,
            _ => Call::Umount,
        };
        let mut rule = Self { call, options: Vec::new(), fstype: Vec::new(), source: None, target: None };
        for cond in args.conditions() {
            match cond.name.raw.as_str() {
                "options" | "option" => rule.read_options(&cond, &mut args),
                "fstype" | "vfstype" => {
                    if cond.operator == "in" && !cond.list {
                        args.problem(cond.span.clone(), "`in` needs a list in parentheses");
                    }
                    rule.fstype.extend(args.several(&cond));
                }
                _ => args.unknown(&cond, &["options", "fstype"]),
            }
        }
        let first = args.word();
        if call == Call::Mount {
            rule.source = first;
            if args.arrow() {
                if let Some(Arg::Cond(cond)) = args.peek().cloned() {
                    args.problem(cond.span, "conditions stand before the source");
                    return None;
                }
                rule.target = args.word();
            }
        } else {
            // `remount` and `umount` name the mount point alone.
            rule.target = first;
        }
        args.nothing_more();
        rule.judge(&mut args);
        Some(rule)
    }

    fn read_options(&mut self, cond: &ast::Cond, args: &mut Arguments<'_>) {
        let any = cond.operator == "in";
        if any && !cond.list {
            args.problem(cond.span.clone(), "`in` needs a list in parentheses");
        }
        let mut options = Options { set: 0, clear: 0, any };
        for word in args.several(cond) {
            match OPTIONS.iter().find(|(name, ..)| *name == word.raw) {
                Some((_, set, clear)) => {
                    options.set |= set;
                    options.clear |= clear;
                }
                None => args.problem_hint(
                    word.span,
                    "no option of mount rules",
                    "options of a file system of its own can't be told apart; several stand in parentheses",
                ),
            }
        }
        if !any && options.set & options.clear != 0 {
            args.problem(cond.span.clone(), "these options contradict each other");
        }
        self.options.push(options);
    }

    /// What flags are set for certain, and which may be: of every list `options=` with every `options in`.
    #[must_use]
    pub fn flags(&self) -> Vec<(u32, u32)> {
        let remount = if self.call == Call::Remount { ms::REMOUNT } else { 0 };
        let exact: Vec<u32> = self.options.iter().filter(|o| !o.any).map(|o| o.set).collect();
        let may: Vec<u32> = self.options.iter().filter(|o| o.any).map(|o| o.set | o.clear).collect();
        match (exact.is_empty(), may.is_empty()) {
            (true, true) => vec![(remount, u32::MAX)],
            (true, false) => may.iter().map(|may| (remount, *may)).collect(),
            (false, true) => exact.iter().map(|exact| (remount | exact, 0)).collect(),
            (false, false) => {
                let both =
                    |exact: &u32| may.iter().map(move |may| (remount | exact, *may)).collect::<Vec<_>>();
                exact.iter().flat_map(both).collect()
            }
        }
    }

    /// A rule that no mount can fit is an error.
    fn judge(&self, args: &mut Arguments<'_>) {
        let (source, target) = (self.source.is_some(), self.target.is_some());
        let fits = |flags: &(u32, u32)| !kinds(*flags, source, target, !self.fstype.is_empty()).is_empty();
        if self.call != Call::Umount && !self.flags().iter().any(fits) {
            let span = args.span();
            let hint =
                "a bind, a move and a change of propagation have no type; the latter and a remount no source";
            args.problem_hint(span, "no mount fits these flags and conditions", hint);
        }
    }
}

/// The kinds of mount that a rule is about, by the flag that makes them, 0 for a new mount: those that its flags
/// name, or all that its other conditions fit.
#[must_use]
pub fn kinds((set, may): (u32, u32), source: bool, target: bool, fstype: bool) -> Vec<u32> {
    let fits = [
        (ms::REMOUNT, ms::REMOUNT, !source && !fstype),
        (ms::BIND, ms::BIND, !fstype),
        (ms::MAKE, ms::MAKE, (!source || !target) && !fstype),
        (ms::MOVE, ms::MOVE, !fstype),
    ];
    let mut found: Vec<u32> =
        fits.iter().filter(|(_, mask, fits)| *fits && (set == 0 || set & mask != 0)).map(|f| f.0).collect();
    if set != 0 {
        found.truncate(1);
    }
    let commands = ms::REMOUNT | ms::BIND | ms::MOVE | ms::REC | ms::MAKE;
    if set == 0 || (found.is_empty() && (set | may) & !commands != 0) {
        found.push(0);
    }
    found
}

/// `pivot_root …,`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivotRoot {
    /// Where the old root goes.
    pub old: Option<Value>,
    /// The new root.
    pub new: Option<Value>,
    /// A profile, which no parser passes on to the kernel.
    pub target: Option<Value>,
}

impl PivotRoot {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let mut old = None;
        for cond in args.conditions() {
            if cond.name.raw == "oldroot" && old.is_none() {
                old = args.single(&cond);
            } else {
                args.unknown(&cond, &["oldroot"]);
            }
        }
        let new = args.word();
        if let Some(new) = new.as_ref().filter(|n| !n.raw.starts_with(['/', '@'])) {
            args.problem(new.span.clone(), "the new root is a path");
        }
        let target = if args.arrow() { args.word() } else { None };
        args.nothing_more();
        Some(Self { old, new, target })
    }
}
