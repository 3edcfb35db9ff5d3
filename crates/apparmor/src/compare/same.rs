//! Whether two profiles are worth the same to a kernel: every field, and every string of every database with
//! what is allowed, prompted, recorded, left unrecorded, and where an exec leads.

use crate::dfa::{Product, Symbol, TooLarge};
use crate::policy::{Attachment, Class, Database, Entry, Perms, Profile, TransitionKind, bit};

/// Where two profiles differ first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike {
    /// The field, or the database.
    pub what: &'static str,
    /// A shortest string they differ on, for databases.
    pub witness: Option<Vec<Symbol>>,
    /// What each has there.
    pub values: [String; 2],
}

impl std::fmt::Display for Unlike {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(witness) = &self.witness {
            f.write_str(" at \"")?;
            for symbol in witness {
                match symbol {
                    Symbol::Byte(byte) => write!(f, "{}", byte.escape_ascii())?,
                    Symbol::OutOfBand => f.write_str("\\-1")?,
                }
            }
            f.write_str("\"")?;
        }
        write!(f, ": {} and {}", self.values[0], self.values[1])
    }
}

/// Pairs of states that are looked at, at most.
const MOST_PAIRS: usize = 4 << 20;

/// The first difference between two profiles; `None` when there is none.
///
/// # Errors
/// When both together are too large to compare.
pub fn unlike(a: &Profile, b: &Profile) -> Result<Option<Unlike>, TooLarge> {
    macro_rules! field {
        ($name:ident) => {
            if a.$name != b.$name {
                return Ok(Some(Unlike {
                    what: stringify!($name),
                    witness: None,
                    values: [format!("{:?}", a.$name), format!("{:?}", b.$name)],
                }));
            }
        };
    }
    field!(name);
    field!(namespace);
    field!(mode);
    field!(flags);
    field!(path_flags);
    field!(disconnected);
    field!(disconnected_ipc);
    field!(kill_signal);
    field!(error);
    field!(identities);
    field!(xattrs);
    field!(rlimits);
    field!(caps);
    field!(families);
    if let Some(found) = attachments(a.attachment.as_ref(), b.attachment.as_ref())? {
        return Ok(Some(found));
    }
    for class in Class::ALL {
        if a.mediates(class) != b.mediates(class) {
            return Ok(Some(Unlike {
                what: "mediated classes",
                witness: Some(vec![Symbol::Byte(class as u8)]),
                values: [a.mediates(class), b.mediates(class)].map(|m| format!("{m}")),
            }));
        }
    }
    let nothing = Database::nothing();
    let or = |db: &'_ Option<Database>| db.clone().unwrap_or_else(|| nothing.clone());
    if let Some(found) = databases("policy", &or(&a.policy), &or(&b.policy), |e, _| policy_entry(e))? {
        return Ok(Some(found));
    }
    databases("file", &or(&a.file), &or(&b.file), file_entry)
}

fn attachments(a: Option<&Attachment>, b: Option<&Attachment>) -> Result<Option<Unlike>, TooLarge> {
    let values =
        |f: &dyn Fn(&Attachment) -> String| [a, b].map(|side| side.map_or_else(|| "none".to_owned(), f));
    match (a, b) {
        (None, None) => Ok(None),
        (Some(x), Some(y)) if x.length == y.length => {
            databases("attachment", &x.database, &y.database, |e, _| e.owner.allow & bit::EXEC)
        }
        (Some(_), Some(_)) => Ok(Some(Unlike {
            what: "length of the attachment",
            witness: None,
            values: values(&|a| a.length.to_string()),
        })),
        _ => Ok(Some(Unlike { what: "attachment", witness: None, values: values(&|_| "some".to_owned()) })),
    }
}

fn databases<V: PartialEq + Shown>(
    what: &'static str,
    a: &Database,
    b: &Database,
    worth: impl Fn(&Entry, &Database) -> V,
) -> Result<Option<Unlike>, TooLarge> {
    let table = |db: &Database| -> Vec<V> { db.entries.iter().map(|e| worth(e, db)).collect() };
    let (left, right) = (table(a), table(b));
    let product = Product::new((&a.dfa, a.start), (&b.dfa, b.start), MOST_PAIRS)?;
    for (place, pair) in product.pairs().iter().enumerate() {
        let x = left.get(a.dfa.accept(pair.left) as usize);
        let y = right.get(b.dfa.accept(pair.right) as usize);
        // No class is asked with an empty string, which compilers treat differently.
        if x != y && (place > 0 || what == "attachment") {
            let values = [x, y].map(|v| v.map_or_else(|| "no entry".to_owned(), Shown::shown));
            return Ok(Some(Unlike { what, witness: Some(product.string(place)), values }));
        }
    }
    Ok(None)
}

/// What is always allowed, whatever the form says, is left out: locking, which no class of the policy database
/// asks for.
fn policy_entry(entry: &Entry) -> Perms {
    Perms { allow: entry.owner.allow | bit::LOCK, ..entry.owner }
}

/// What is told of a difference.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for u32 {
    fn shown(&self) -> String {
        format!("{self:#x}")
    }
}

impl Shown for Perms {
    fn shown(&self) -> String {
        let Self { allow, prompt, audit, quiet, xindex, .. } = self;
        let mut out = format!("allow {allow:#x}");
        for (name, mask) in [("prompt", *prompt), ("audit", *audit), ("quiet", *quiet), ("exec", xindex.0)] {
            if mask != 0 {
                out.push_str(&format!(" {name} {mask:#x}"));
            }
        }
        out
    }
}

impl Shown for [Half; 2] {
    fn shown(&self) -> String {
        let half = |(perms, name): &Half| match name {
            Some(name) => format!("{} to {}", perms.shown(), name.escape_ascii()),
            None => perms.shown(),
        };
        let [owner, other] = self;
        if owner == other { half(owner) } else { format!("owner {}; others {}", half(owner), half(other)) }
    }
}

/// A half of a file's permissions, with the profile that an exec leads to by name.
type Half = (Perms, Option<Vec<u8>>);

fn file_entry(entry: &Entry, db: &Database) -> [Half; 2] {
    [entry.owner, entry.other].map(|mut perms| {
        // Reading attributes is always allowed.
        perms.allow |= bit::GETATTR;
        let mut name = None;
        if perms.allow & (bit::EXEC) == 0 {
            perms.xindex = crate::policy::Transition::default();
        } else if let TransitionKind::Table(index) = perms.xindex.kind() {
            name = db.transitions.get(index as usize).cloned();
            perms.xindex = crate::policy::Transition::table(0, perms.xindex.0 & 0xf000_0000);
        }
        (perms, name)
    })
}
