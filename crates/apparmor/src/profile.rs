//! Profiles as data.

use crate::pattern::Pattern;
use crate::rule::Rule;

/// The feature set a profile is compiled for. It counts only at the head of a file, before any
/// profile: inside the braces the parser ignores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Abi {
    /// `abi <abi/NAME>,` as `3.0`, `4.0`, `5.0`.
    Shipped(&'static str),
    /// `abi "PATH",`: a file of one's own.
    File(&'static str),
}

/// A profile flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Objects outside the task's mount tree are taken as if they stood under `/`.
    AttachDisconnected,
    /// Unlinked files keep their name.
    MediateDeleted,
    /// Allows everything: only gives the program a name, by which rules of the distribution find
    /// it (parser 4.0 and newer; the kernel sees an unconfined profile).
    DefaultAllow,
}

impl Flag {
    /// The keyword.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::AttachDisconnected => "attach_disconnected",
            Self::MediateDeleted => "mediate_deleted",
            Self::DefaultAllow => "default_allow",
        }
    }
}

/// One profile and the head of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Remarks at the head, without their `#`. Never hostile text.
    pub head: Vec<String>,
    /// The feature set.
    pub abi: Option<Abi>,
    /// Includes `tunables/global`; else `@{PROC}` is defined in the file where `own_proc` is set.
    pub tunables: bool,
    /// Defines `@{PROC}` itself.
    pub own_proc: bool,
    /// Its name, `[A-Za-z0-9._-]` only (see `whodenied_text::quote::file_name`).
    pub name: String,
    /// The executables it attaches to; none for a profile that an engine asks for by name.
    pub attachment: Option<Pattern>,
    /// Its flags.
    pub flags: Vec<Flag>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

impl Profile {
    /// True when a rule takes mounting away.
    #[must_use]
    pub fn denies_mount(&self) -> bool {
        self.rules.iter().any(|r| matches!(r, Rule::Mount { deny: true, .. }))
    }

    /// Puts `rules` before the first rule that `before` accepts, else at the end.
    pub fn insert(&mut self, rules: Vec<Rule>, before: impl Fn(&Rule) -> bool) {
        let at = self.rules.iter().position(before).unwrap_or(self.rules.len());
        self.rules.splice(at..at, rules);
    }
}
