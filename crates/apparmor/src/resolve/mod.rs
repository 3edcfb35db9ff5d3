//! From files to profiles: includes read, variables known, conditions decided, names joined.
//!
//! The order is the text's, as in the reference parser: a condition sees what was assigned before it,
//! the first `abi` holds, and a file that was included into a profile already is skipped.

mod files;
mod lower;
mod profile;
mod run;
mod variables;

pub use files::{Files, Look, Memory, is_ignored};
pub use profile::{Dropped, Placed, Profile};
pub use variables::{ExpandError, MAX_EXPANDED, Variables, filter_slashes};

use crate::features::Features;
use crate::syntax::{self, Entry, Problem};
use lower::Item;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// Nesting of includes.
pub const MAX_INCLUDE_DEPTH: usize = 48;
/// Files read for one file, each inclusion counted.
pub const MAX_VISITS: usize = 20_000;
/// Rules of one file, those of includes counted at each profile.
pub const MAX_RULES: usize = 1_000_000;

/// Where files are looked for.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The base directory of `<…>`.
    pub base: String,
    /// More directories of `<…>`.
    pub include: Vec<String>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { base: "/etc/apparmor.d".to_owned(), include: Vec::new() }
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    /// The path it was reached by.
    pub path: String,
    /// Its text, as [`syntax::decode`] gives it.
    pub text: String,
    /// What is wrong in it by itself.
    pub problems: Vec<Problem>,
    pub(crate) items: Vec<Item>,
}

impl Source {
    /// Reads a text.
    #[must_use]
    pub fn new(path: &str, bytes: &[u8], entry: Entry) -> Self {
        let text = syntax::decode(bytes).into_owned();
        let parse = syntax::parse(&text, entry);
        let mut problems = parse.problems.clone();
        let items = lower::lower(&parse.root(), &mut problems);
        problems.sort_by_key(|p| p.span.start);
        let text = if text.len() > syntax::MAX_BYTES { String::new() } else { text };
        Self { path: path.to_owned(), text, problems, items }
    }
}

/// A file at one place of the tree of includes.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The file.
    pub source: Rc<Source>,
    /// The include that led here.
    pub from: Option<Place>,
}

/// A place: bytes of the text of a [`Visit`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Index into [`Policy::visits`].
    pub visit: usize,
    /// The bytes.
    pub span: Range<usize>,
}

/// An error, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

/// Something that is accepted and worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// `include if exists` of what does not exist.
    MissingIfExists(Place, String),
    /// A second inclusion into the same profile, which is skipped.
    Repeated(Place, String),
    /// An `abi` that is ignored, for another one came first.
    LateAbi(Place),
    /// An `abi` whose file could not be read.
    MissingAbi(Place, String),
}

/// What `abi` rules say.
#[derive(Debug, Clone)]
pub struct Abi {
    /// Where.
    pub place: Place,
    /// What the rule names.
    pub name: String,
    /// The features; `None` when the file could not be read.
    pub features: Option<Features>,
}

/// A file with all it includes.
#[derive(Debug)]
pub struct Policy {
    /// Every file, the first is the one that was asked for.
    pub visits: Vec<Visit>,
    /// Profiles, parents before their children.
    pub profiles: Vec<Profile>,
    /// Variables and booleans.
    pub variables: Variables,
    /// `alias` rules: from, to.
    pub aliases: Vec<(String, String)>,
    /// The first `abi`.
    pub abi: Option<Abi>,
    /// Why the reference parser would refuse it.
    pub faults: Vec<Fault>,
    /// What it accepts silently.
    pub notes: Vec<Note>,
}

impl Policy {
    /// The file of a place.
    #[must_use]
    pub fn source(&self, place: &Place) -> &Source {
        // A place is only made for a visit that was entered.
        &self.visits[place.visit].source
    }

    /// The chain of includes that leads to a place, innermost first.
    #[must_use]
    pub fn trail(&self, place: &Place) -> Vec<Place> {
        let mut out = Vec::new();
        let mut at = self.visits.get(place.visit).and_then(|v| v.from.clone());
        while let Some(place) = at {
            at = self.visits.get(place.visit).and_then(|v| v.from.clone());
            out.push(place);
        }
        out
    }
}

/// Reads files, each once.
pub struct Loader<'f> {
    files: &'f dyn Files,
    paths: Paths,
    cache: HashMap<(String, Entry), Option<Rc<Source>>>,
    looks: HashMap<String, Rc<Look>>,
}

impl<'f> Loader<'f> {
    /// A reader of files, that looks for includes in `paths`.
    #[must_use]
    pub fn new(files: &'f dyn Files, paths: Paths) -> Self {
        Self { files, paths, cache: HashMap::new(), looks: HashMap::new() }
    }

    fn look(&mut self, path: &str) -> Rc<Look> {
        if let Some(look) = self.looks.get(path) {
            return Rc::clone(look);
        }
        let look = Rc::new(self.files.look(path));
        self.looks.insert(path.to_owned(), Rc::clone(&look));
        look
    }

    /// The path that a reference leads to, and what stands there.
    fn find(&mut self, name: &str, magic: bool) -> (String, Rc<Look>) {
        if !magic {
            return (name.to_owned(), self.look(name));
        }
        let directories: Vec<String> =
            std::iter::once(self.paths.base.clone()).chain(self.paths.include.iter().cloned()).collect();
        for directory in directories {
            let path = format!("{}/{name}", directory.trim_end_matches('/'));
            let look = self.look(&path);
            if *look != Look::Missing {
                return (path, look);
            }
        }
        (name.to_owned(), Rc::new(Look::Missing))
    }

    fn source(&mut self, path: &str, look: &Look, entry: Entry) -> Option<Rc<Source>> {
        let key = (path.to_owned(), entry);
        if let Some(source) = self.cache.get(&key) {
            return source.clone();
        }
        let source = match look {
            Look::File(bytes) => Some(Rc::new(Source::new(path, bytes, entry))),
            _ => None,
        };
        self.cache.insert(key, source.clone());
        source
    }

    /// Resolves a text that stands under a path (or a name for it, as for standard input).
    pub fn resolve(&mut self, path: &str, bytes: &[u8]) -> Policy {
        run::run(self, Rc::new(Source::new(path, bytes, Entry::File)))
    }
}

#[cfg(test)]
mod tests;
