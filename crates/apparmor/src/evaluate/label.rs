//! Labels: one profile, or several stacked, as the object of a rule. Kernel `label.c`, `aa_label_match`.

use crate::dfa::{StateId, TRAP};
use crate::policy::{Bytes, Database, Perms};

/// One profile of a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Component {
    /// The namespace, where it is another than the one looked from.
    pub namespace: Option<Bytes>,
    /// The profile's name.
    pub name: Bytes,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// Its profiles, in the kernel's order.
    pub components: Vec<Component>,
}

impl Label {
    /// Reads a label as `attr/current` and records write it: `a//&:ns:b (enforce)`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.ends_with(b")")
            && let Some(at) = text.windows(2).rposition(|w| w == b" (")
        {
            text = text.get(..at).unwrap_or(text);
        }
        let mut components = Vec::new();
        let mut rest = text;
        loop {
            let at = rest.windows(3).position(|w| w == b"//&");
            let (part, next) = match at {
                Some(at) => (rest.get(..at).unwrap_or(b""), rest.get(at + 3..)),
                None => (rest, None),
            };
            components.push(Component::parse(part));
            match next {
                Some(next) => rest = next,
                None => break,
            }
        }
        Self { components }
    }

    /// Whether every profile of it is `unconfined`.
    #[must_use]
    pub fn is_unconfined(&self) -> bool {
        self.components.iter().all(|c| c.name == b"unconfined")
    }
}

impl Component {
    fn parse(text: &[u8]) -> Self {
        if let Some(rest) = text.strip_prefix(b":")
            && let Some(end) = rest.iter().position(|b| *b == b':')
        {
            let name = rest.get(end + 1..).unwrap_or(b"");
            let name = name.strip_prefix(b"//").unwrap_or(name);
            return Self { namespace: rest.get(..end).map(<[u8]>::to_vec), name: name.to_vec() };
        }
        Self { namespace: None, name: text.to_vec() }
    }

    fn walk(&self, db: &Database, mut state: StateId) -> StateId {
        if let Some(namespace) = &self.namespace {
            state = db.dfa.walk(state, b":");
            state = db.dfa.walk(state, namespace);
            state = db.dfa.walk(state, b":");
        }
        db.dfa.walk(state, &self.name)
    }
}

/// The permissions on a label: the whole of it as one string first; when that is not enough, what every
/// profile of it allows. `children`: profiles of other namespaces are seen (they are for changes of profile).
/// A label of which nothing is seen allows everything.
pub(super) fn permissions(
    db: &Database,
    label: &Label,
    from: StateId,
    children: bool,
    stack: bool,
    request: u32,
) -> Perms {
    // Every name of a stack to be made has its mark in front (kernel `domain.c`, `match_component`).
    let mark: &[u8] = if stack { b"&" } else { b"" };
    let seen: Vec<&Component> =
        label.components.iter().filter(|c| children || c.namespace.is_none()).collect();
    let everything = Perms { allow: u32::MAX, quiet: u32::MAX, hide: u32::MAX, ..Perms::default() };
    let Some((first, rest)) = seen.split_first() else { return everything };
    let mut state = first.walk(db, db.dfa.walk(from, mark));
    for component in rest {
        let after = db.dfa.walk(state, b"//&");
        state = component.walk(db, db.dfa.walk(after, mark));
    }
    if state != TRAP {
        let perms = db.entry(state).owner;
        if perms.allow & request == request {
            return perms;
        }
    }
    let mut sum = everything;
    for component in &seen {
        let state = component.walk(db, db.dfa.walk(from, mark));
        if state == TRAP {
            return Perms::default();
        }
        let perms = db.entry(state).owner;
        // Kernel `aa_perms_accum`.
        sum.deny |= perms.deny;
        sum.allow &= perms.allow & !sum.deny;
        sum.audit |= perms.audit & sum.allow;
        sum.quiet &= perms.quiet & !sum.allow;
        sum.kill |= perms.kill & !sum.allow;
        sum.complain |= perms.complain & !sum.allow & !sum.deny;
        sum.hide &= perms.hide & !sum.allow;
        sum.prompt |= perms.prompt & !sum.allow & !sum.deny;
    }
    sum
}
