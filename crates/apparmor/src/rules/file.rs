//! File, link and change_profile rules.

use super::{Arguments, Decision, Qualifiers};
use crate::syntax::ast::{self, Value};
use crate::syntax::{Node, Problem};
use std::ops::{BitOr, BitOrAssign, Range};

/// Accesses of a file rule, without how to execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Perms(pub u8);

impl Perms {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// `r`
    pub const READ: Self = Self(1);
    /// `w`: writing, creating, deleting, changing attributes.
    pub const WRITE: Self = Self(2);
    /// `a`: appending only.
    pub const APPEND: Self = Self(4);
    /// `l`: as a hard link.
    pub const LINK: Self = Self(8);
    /// `k`
    pub const LOCK: Self = Self(16);
    /// `m`: mapping as executable.
    pub const MMAP: Self = Self(32);
    /// `x`
    pub const EXEC: Self = Self(64);

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Perms {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Perms {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Where an exec leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// `ix`: stays.
    Inherit,
    /// `ux`: out of confinement.
    Unconfined,
    /// `px`: to a profile.
    Profile,
    /// `cx`: to a child profile.
    Child,
}

/// What happens when the profile a transition leads to is not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fallback {
    /// The exec is refused.
    None,
    /// `pix`, `cix`.
    Inherit,
    /// `pux`, `cux`.
    Unconfined,
}

/// How a program is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exec {
    /// Where it leads.
    pub transition: Transition,
    /// What if that is not there.
    pub fallback: Fallback,
    /// The environment is scrubbed (capital letters).
    pub scrub: bool,
}

/// `[file] PATH PERMS [-> TARGET],`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The pattern; `None` is `file,`: everything.
    pub path: Option<Value>,
    /// Accesses; of `file,` all but `x`.
    pub perms: Perms,
    /// How to execute, when [`Perms::EXEC`] is in the accesses of a rule that allows.
    pub exec: Option<Exec>,
    /// The profile an exec leads to, or what a link leads to.
    pub target: Option<Value>,
}

/// `link [subset] A -> B,`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The link may have no accesses that its target has not.
    pub subset: bool,
    /// The new name.
    pub path: Value,
    /// What it leads to; `None` is anything.
    pub target: Option<Value>,
}

/// `change_profile [[safe|unsafe] EXEC] [-> TARGET],`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeProfile {
    /// The program at whose exec the change happens; `None` is any or none.
    pub exec: Option<Value>,
    /// The profile; `None` is any.
    pub target: Option<Value>,
    /// The environment is not scrubbed.
    pub unsafe_exec: bool,
}

impl File {
    pub(super) fn read(node: &Node, qualifiers: &Qualifiers, mut args: Arguments<'_>) -> Option<Self> {
        let mut scrub = None;
        let mut mode = None;
        for word in ast::keywords(node) {
            match word.raw.as_str() {
                "file" => {}
                "safe" | "unsafe" => scrub = Some(word),
                _ => mode = Some(word),
            }
        }
        let Some(mode) = mode else {
            // A path without permissions was told already.
            if args.peek().is_some() {
                return None;
            }
            if qualifiers.decision == Decision::Deny {
                let span = args.span();
                args.problem_hint(
                    span,
                    "`file,` can't be denied: it says how to execute",
                    "deny /{**,} rwlkmx,",
                );
                return None;
            }
            let perms = Perms(Perms::READ.0 | Perms::WRITE.0 | Perms::LINK.0 | Perms::LOCK.0 | Perms::MMAP.0)
                | Perms::EXEC;
            let exec = Exec { transition: Transition::Inherit, fallback: Fallback::None, scrub: true };
            return Some(Self { path: None, perms, exec: Some(exec), target: None });
        };
        let path = args.word()?;
        if !path.raw.starts_with(['/', '@', ':', '&']) {
            args.problem(path.span.clone(), "a path begins with `/` or a variable");
        }
        let target = if args.arrow() { args.word() } else { None };
        args.nothing_more();
        let denies = qualifiers.decision == Decision::Deny;
        let (perms, mut exec) = match mode_of(&mode, denies) {
            Ok(found) => found,
            Err(problem) => {
                args.problem_hint(
                    problem.span,
                    &problem.message,
                    problem.hint.as_deref().unwrap_or("`rw`, `mr`, `rix`, `Px`…"),
                );
                return None;
            }
        };
        if let Some(word) = scrub {
            match &mut exec {
                Some(exec) => exec.scrub = word.raw == "safe",
                None => args.problem(word.span, "`safe` and `unsafe` need an exec permission"),
            }
        }
        Some(Self { path: Some(path), perms, exec, target })
    }
}

/// The accesses that a word of letters states.
fn mode_of(word: &Value, denies: bool) -> Result<(Perms, Option<Exec>), Problem> {
    let bad = |range: Range<usize>, message: &str| {
        Err(Problem::new(word.span.start + range.start..word.span.start + range.end, message))
    };
    let mut perms = Perms::NONE;
    let mut exec: Option<Exec> = None;
    let bytes = word.raw.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let one = match b {
            b'r' | b'R' => Perms::READ,
            b'w' | b'W' => Perms::WRITE,
            b'a' => Perms::APPEND,
            b'l' | b'L' => Perms::LINK,
            b'k' => Perms::LOCK,
            b'm' | b'M' => Perms::MMAP,
            b'x' | b'X' => {
                if !denies {
                    return bad(
                        at..at + 1,
                        "`x` needs to say how: `ix`, `px`, `cx`, `ux` or one of their variants",
                    );
                }
                Perms::EXEC
            }
            b'p' | b'P' | b'c' | b'C' | b'i' | b'I' | b'u' | b'U' => {
                let Some(len) = bytes.get(at..).and_then(|r| r.iter().position(|b| matches!(b, b'x' | b'X')))
                else {
                    return bad(at..bytes.len(), "`x` is missing behind how to execute");
                };
                let group = word.raw.get(at..at + len).unwrap_or_default();
                let Some(found) = group_of(group) else {
                    return bad(at..at + len + 1, "no way to execute is written like this");
                };
                if denies {
                    return bad(at..at + len + 1, "a rule that denies an exec says `x` alone");
                }
                if exec.is_some_and(|e| e != found) {
                    return bad(at..at + len + 1, "two ways to execute in one rule");
                }
                exec = Some(found);
                at += len;
                Perms::EXEC
            }
            _ => return bad(at..at + 1, "no such permission"),
        };
        perms |= one;
        at += 1;
    }
    if perms.contains(Perms::WRITE | Perms::APPEND) {
        return bad(0..bytes.len(), "`w` and `a` in one rule: `w` contains `a`");
    }
    Ok((perms, exec))
}

fn group_of(group: &str) -> Option<Exec> {
    use Fallback as F;
    use Transition as T;
    let (transition, fallback, scrub) = match group {
        "i" | "I" => (T::Inherit, F::None, true),
        "u" => (T::Unconfined, F::None, false),
        "U" => (T::Unconfined, F::None, true),
        "p" => (T::Profile, F::None, false),
        "P" => (T::Profile, F::None, true),
        "c" => (T::Child, F::None, false),
        "C" => (T::Child, F::None, true),
        "pi" | "pI" => (T::Profile, F::Inherit, false),
        "Pi" | "PI" => (T::Profile, F::Inherit, true),
        "ci" | "cI" => (T::Child, F::Inherit, false),
        "Ci" | "CI" => (T::Child, F::Inherit, true),
        "pu" | "pU" => (T::Profile, F::Unconfined, false),
        "Pu" | "PU" => (T::Profile, F::Unconfined, true),
        "cu" | "cU" => (T::Child, F::Unconfined, false),
        "Cu" | "CU" => (T::Child, F::Unconfined, true),
        _ => return None,
    };
    Some(Exec { transition, fallback, scrub })
}

impl Link {
    pub(super) fn read(node: &Node, mut args: Arguments<'_>) -> Option<Self> {
        let subset = ast::keywords(node).iter().any(|k| k.raw == "subset");
        let path = args.word()?;
        let target = if args.arrow() {
            args.word()
        } else {
            let span = args.span();
            args.problem_hint(span, "`-> TARGET` is missing", "link /a -> /b,");
            None
        };
        args.nothing_more();
        Some(Self { subset, path, target })
    }
}

impl ChangeProfile {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let scrub = args.word_of(&["safe", "unsafe"]);
        let exec = args.word();
        if let (Some(word), None) = (&scrub, &exec) {
            args.problem(word.span.clone(), "`safe` and `unsafe` need the program behind them");
        }
        if let Some(exec) = exec.as_ref().filter(|e| !e.raw.starts_with(['/', '@'])) {
            args.problem_hint(exec.span.clone(), "the program is a path", "change_profile -> PROFILE,");
        }
        let target = if args.arrow() { args.word() } else { None };
        args.nothing_more();
        Some(Self { exec, target, unsafe_exec: scrub.is_some_and(|w| w.raw == "unsafe") })
    }
}
