//! Profiles as resolved.

use super::Place;
use crate::rules::flags::Head;
use crate::rules::{Qualifiers, Rule};
use std::rc::Rc;

/// Why a rule does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// It stands in a block of qualifiers, which keeps file and link rules only.
    Block,
    /// A limit within a condition.
    Conditional,
}

/// A rule at its place in a profile.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The rule as written.
    pub rule: Rc<Rule>,
    /// Its qualifiers with those of the blocks around it.
    pub qualifiers: Qualifiers,
    /// Where.
    pub place: Place,
    /// Set when the reference parser drops it without a word.
    pub dropped: Option<Dropped>,
}

/// A profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The full name: of a child `PARENT//CHILD`; without the namespace. Variables are replaced.
    pub name: String,
    /// The namespace, where one is named.
    pub namespace: Option<String>,
    /// The patterns of programs it attaches to, variables replaced; `None` when it is only entered by name.
    pub attachment: Option<String>,
    /// Flags and the rest of its head.
    pub head: Head,
    /// A hat.
    pub hat: bool,
    /// Index of the profile it is a child of.
    pub parent: Option<usize>,
    /// A child of it is a hat.
    pub has_hats: bool,
    /// Its rules, includes expanded, conditions decided, in order.
    pub rules: Vec<Placed>,
    /// The head's place.
    pub place: Place,
}

impl Profile {
    /// The name with its namespace, as the kernel lists it.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!(":{namespace}://{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The name as a pattern that matches it alone: what `@{profile_name}` stands for.
    #[must_use]
    pub fn name_pattern(&self) -> String {
        let mut out = String::with_capacity(self.name.len());
        for c in self.name.chars() {
            if "*?[]{}^,\\\"".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    }

    /// The variables that hold in this profile alone.
    #[must_use]
    pub fn locals(&self) -> Vec<(&'static str, String)> {
        let mut out = vec![("profile_name", self.name_pattern())];
        if let Some(attachment) = &self.attachment {
            // Since 5.0, and both are the attachment.
            out.extend(["attach_path", "exec_path"].map(|name| (name, attachment.clone())));
        }
        out
    }
}
