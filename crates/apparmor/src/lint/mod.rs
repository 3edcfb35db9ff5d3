//! What is accepted and does not mean what its author thinks, and what is refused for a reason that the
//! parser's own words hide.
//!
//! A lint claims only what follows from the texts, the feature trees and the names it was given. Each has a
//! section in `docs/lints.md`.

mod features;
mod text;
mod whole;

pub use features::{of_policy, unmediated};

use crate::features::Features;
use crate::resolve::{Files, Place, Policy};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It can't work.
    Error,
    /// It does something else than it says.
    Warning,
    /// Worth knowing.
    Note,
}

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lint {
    /// The stable id.
    pub id: &'static str,
    /// How bad.
    pub level: Level,
    /// What it is about, in a sentence without a period.
    pub summary: &'static str,
}

macro_rules! lints {
    ($($name:ident $id:literal $level:ident $summary:literal;)*) => {
        $(#[doc = $summary] pub const $name: Lint = Lint { id: $id, level: Level::$level, summary: $summary };)*
        /// All of them.
        pub const ALL: &[Lint] = &[$($name),*];
    };
}

lints! {
    REFUSED "refused" Error "the reference parser refuses this";
    NOT_POLICY "not-policy" Error "the file is not AppArmor policy";
    MISSING_INCLUDE "missing-include" Error "an included file does not exist";
    NAME_MISMATCH "name-mismatch" Error "a profile is referred to by a name that no profile here has";
    NOTHING_STARTS "nothing-can-start" Error "no rule allows files, so no program can start in this profile";
    NO_CAPABILITIES "no-capabilities" Note "no rule allows a capability";
    LACKS_REFUSALS "lacks-default-refusals" Warning "what the runtime's default refuses in so many words, this profile does not";
    UNMEDIATED "not-mediated" Warning "rules of a class that the kernel will not mediate for this policy";
    DENY_UNIX "deny-unix-dropped" Warning "`deny unix` is dropped where addresses of Unix sockets are not mediated";
    NO_ABI "no-abi" Note "without an abi the policy means what the parser's configuration says";
    LATE_ABI "late-abi" Warning "an abi that is ignored, because another one came first";
    UNREADABLE_ABI "unreadable-abi" Warning "the file of an abi can't be read as features";
    BLOCK "dropped-in-block" Warning "a block of qualifiers keeps file and link rules only";
    RLIMIT "dropped-rlimit" Warning "a limit within a condition is dropped";
    COMMENTED_INCLUDE "commented-include" Warning "a blank behind `#` makes an include a comment";
    MISSING_IF_EXISTS "missing-if-exists" Note "an include that would be skipped silently";
    PRIORITY "priority-ignored" Warning "capability rules know no priority";
    PROMPT "prompt-is-allow" Warning "capability rules can't ask: `prompt` allows";
    NETWORK_ACCESS "network-access-ignored" Warning "accesses and addresses of a network rule are not enforced";
    QUIET_DENY "quiet-deny" Note "a plain `deny` leaves no record";
    COMPLAIN_DENY "complain-enforces-deny" Warning "a plain `deny` refuses in complain mode too";
    UNCONFINED_DENY "unconfined-deny" Warning "nothing is refused in this mode, denied or not";
    PIVOT_TARGET "pivot-root-target" Warning "the profile that a pivot_root rule names is never entered";
    LITERAL_TARGET "literal-target" Warning "variables in the profile that an exec leads to are not replaced";
    MISSING_CHILD "missing-child" Warning "an exec leads to a child profile that is not there";
    SLASH "directory-slash" Warning "a directory's path ends with a slash; without it the rule matches a file";
    DUPLICATE "duplicate-rule" Note "the same rule stands in the profile already";
    UNSCRUBBED "unscrubbed-unconfined" Warning "an exec out of confinement that keeps the environment";
    OWNER_LOST "owner-not-enforced" Note "parsers 4.1.0 to 4.1.2 lose `owner` on this kernel";
    NOT_LOADED "not-loaded" Note "a profile of this name is not loaded here";
    OLD_INCLUDE "old-include" Note "`#include` is the old form";
}

/// Text in the place of other text. Safe: the policy means the same, or what its author plainly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What goes.
    pub place: Place,
    /// What comes.
    pub text: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of which kind.
    pub lint: Lint,
    /// Where.
    pub place: Place,
    /// What, about this place. May hold hostile text.
    pub message: String,
    /// What helps.
    pub help: Vec<String>,
    /// A safe fix.
    pub fix: Option<Fix>,
}

impl Finding {
    fn new(lint: Lint, place: &Place, message: impl Into<String>) -> Self {
        Self { lint, place: place.clone(), message: message.into(), help: Vec::new(), fix: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// What is known besides the policy.
#[derive(Default)]
pub struct Context<'c> {
    /// The kernel's features; without them nothing is said about what it mediates.
    pub kernel: Option<&'c Features>,
    /// The features of policy without abi, where they are known.
    pub pin: Option<&'c Features>,
    /// Names under which something refers to profiles.
    pub referenced: &'c [String],
    /// Names of every profile in the files that are checked together.
    pub names: &'c [String],
    /// Profiles that are loaded, where that can be seen.
    pub loaded: Option<&'c [String]>,
    /// The machine's files, for what a path is and what could have been meant.
    pub files: Option<&'c dyn Files>,
    /// The base directory of includes.
    pub base: &'c str,
}

/// Everything there is to say about a policy, in the order of its text.
#[must_use]
pub fn check(policy: &Policy, context: &Context<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    if text::not_policy(policy, &mut out) {
        // Every line of it is an error, and none of them helps.
        return out;
    }
    text::faults(policy, context, &mut out);
    text::comments(policy, &mut out);
    text::notes(policy, &mut out);
    features::check(policy, context, &mut out);
    whole::check(policy, context, &mut out);
    out.sort_by_key(|f| (f.place.visit, f.place.span.start, f.lint.level, f.lint.id));
    out.dedup();
    out.truncate(2000);
    out
}

#[cfg(test)]
mod tests;
