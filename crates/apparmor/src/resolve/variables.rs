//! Variables as sets of values, and their replacement in patterns by alternations.

use super::lower::{Expr, bare};
use crate::syntax::ast::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Longer texts than this are refused after replacing variables.
pub const MAX_EXPANDED: usize = 1 << 20;
/// A variable's values at most.
pub(super) const MAX_VALUES: usize = 1 << 16;

/// Why a text has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpandError {
    /// Nobody assigned it.
    Undefined(String),
    /// It contains itself.
    Recursive(String),
    /// The text would be longer than [`MAX_EXPANDED`].
    TooLarge,
}

impl std::fmt::Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Undefined(name) => write!(f, "the variable @{{{name}}} is assigned nowhere"),
            Self::Recursive(name) => write!(f, "the variable @{{{name}}} contains itself"),
            Self::TooLarge => write!(f, "over {MAX_EXPANDED} bytes after replacing variables"),
        }
    }
}

/// The variables of a file.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    pub(crate) sets: BTreeMap<String, BTreeSet<String>>,
    pub(crate) booleans: BTreeMap<String, bool>,
}

/// The parts of a text: literal pieces and names of variables.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = variable_at_head(rest) {
            rest = rest.get(name.len() + 3..).unwrap_or_default();
            return Some(Piece::Variable(name));
        }
        let mut end = rest.len();
        let mut escaped = false;
        for (at, c) in rest.char_indices() {
            if !escaped && at > 0 && c == '@' && rest.get(at..).is_some_and(|r| variable_at_head(r).is_some())
            {
                end = at;
                break;
            }
            escaped = c == '\\' && !escaped;
        }
        let (literal, behind) = rest.split_at(end);
        rest = behind;
        Some(Piece::Literal(literal))
    })
}

struct Open<'v, 'l> {
    /// Variables being replaced.
    names: Vec<&'v str>,
    /// Bytes that may still be made.
    budget: usize,
    locals: &'l [(&'l str, &'l str)],
}

impl Open<'_, '_> {
    fn pay(&mut self, bytes: usize) -> Result<(), ExpandError> {
        self.budget = self.budget.checked_sub(bytes).ok_or(ExpandError::TooLarge)?;
        Ok(())
    }
}

pub(crate) enum Piece<'t> {
    Literal(&'t str),
    Variable(&'t str),
}

fn variable_at_head(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("@{")?;
    let end = inner.find('}')?;
    let name = inner.get(..end)?;
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(name)
}

impl Variables {
    /// The values of a variable, as assigned.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<Vec<&str>> {
        self.sets.get(name).map(|set| set.iter().map(String::as_str).collect())
    }

    /// The text with every variable replaced: by its value, or by an alternation where it has several.
    ///
    /// # Errors
    /// A variable that is undefined or contains itself, or a text that grows too large.
    pub fn expand(&self, text: &str) -> Result<String, ExpandError> {
        self.expand_with(text, &[])
    }

    /// As [`Self::expand`], with variables that only hold for one profile.
    ///
    /// # Errors
    /// As [`Self::expand`].
    pub fn expand_with(&self, text: &str, locals: &[(&str, &str)]) -> Result<String, ExpandError> {
        let mut open = Open { names: Vec::new(), budget: MAX_EXPANDED, locals };
        let mut out = String::new();
        let mut at = 0;
        for piece in pieces(text) {
            let name = match piece {
                Piece::Literal(literal) => {
                    at += literal.len();
                    out.push_str(literal);
                    continue;
                }
                Piece::Variable(name) => name,
            };
            at += name.len() + 3;
            let values = self.flat(name, &mut open)?;
            // Slashes of values that meet a slash around them are left out, but behind a slash or two that the
            // whole begins with: as the reference has it.
            let before = filter_slashes(&out);
            let behind_slash = before.ends_with('/') && before != "/" && before != "//";
            let before_slash = text.get(at..).is_some_and(|rest| rest.starts_with('/'));
            for (place, value) in values.iter().enumerate() {
                let mut value = value.as_str();
                if behind_slash {
                    value = value.trim_start_matches('/');
                }
                if before_slash {
                    value = value.trim_end_matches('/');
                }
                open.pay(value.len() + 1)?;
                if values.len() > 1 {
                    out.push(if place == 0 { '{' } else { ',' });
                }
                out.push_str(value);
            }
            if values.len() > 1 {
                out.push('}');
            }
        }
        Ok(out)
    }

    /// Every value of a variable with all variables in it replaced, sorted, each once.
    fn flat<'v>(&'v self, name: &'v str, open: &mut Open<'v, '_>) -> Result<Vec<String>, ExpandError> {
        if let Some((_, value)) = open.locals.iter().find(|(n, _)| *n == name) {
            return Ok(vec![(*value).to_owned()]);
        }
        if open.names.contains(&name) {
            return Err(ExpandError::Recursive(name.to_owned()));
        }
        let set = self.sets.get(name).filter(|s| !s.is_empty());
        let set = set.ok_or_else(|| ExpandError::Undefined(name.to_owned()))?;
        open.names.push(name);
        let mut out = BTreeSet::new();
        for value in set {
            let mut ways = vec![String::new()];
            for piece in pieces(value) {
                match piece {
                    Piece::Literal(literal) => {
                        for way in &mut ways {
                            open.pay(literal.len() + 1)?;
                            way.push_str(literal);
                        }
                    }
                    Piece::Variable(inner) => {
                        let inner = self.flat(inner, open)?;
                        let mut longer = Vec::new();
                        for way in &ways {
                            for end in &inner {
                                open.pay(way.len() + end.len() + 1)?;
                                longer.push(format!("{way}{end}"));
                            }
                        }
                        ways = longer;
                    }
                }
            }
            out.extend(ways);
        }
        open.names.pop();
        Ok(out.into_iter().collect())
    }

    /// What a condition says; an error is the name of what is not defined, or a broken condition.
    pub(crate) fn evaluate(&self, expr: &Expr) -> Result<bool, String> {
        Ok(match expr {
            Expr::Broken => return Err("this is no condition".to_owned()),
            Expr::Or(all) => {
                let all: Result<Vec<bool>, String> = all.iter().map(|e| self.evaluate(e)).collect();
                all?.contains(&true)
            }
            Expr::And(all) => {
                let all: Result<Vec<bool>, String> = all.iter().map(|e| self.evaluate(e)).collect();
                !all?.contains(&false)
            }
            Expr::Not(inner) => !self.evaluate(inner)?,
            Expr::Defined(name) => {
                if name.raw.starts_with('@') {
                    self.sets.contains_key(bare(&name.raw))
                } else {
                    self.booleans.contains_key(bare(&name.raw))
                }
            }
            Expr::Operand(word) => self.boolean(word)?,
            Expr::Compare(left, _, right) if [left, right].iter().any(|w| w.raw.starts_with('$')) => {
                return Err("a boolean is compared with nothing".to_owned());
            }
            Expr::Compare(left, operator, right) => {
                let (left, right) = (self.operand(left)?, self.operand(right)?);
                match operator.as_str() {
                    "==" => left == right,
                    "!=" => left != right,
                    "in" => left.is_subset(&right),
                    ordering => {
                        return compare(&left, ordering, &right)
                            .ok_or_else(|| "a number is compared with something that is none".to_owned());
                    }
                }
            }
        })
    }

    fn boolean(&self, word: &Value) -> Result<bool, String> {
        if word.raw.starts_with('$') {
            let name = bare(&word.raw);
            return self
                .booleans
                .get(name)
                .copied()
                .ok_or_else(|| format!("the boolean ${{{name}}} is assigned nowhere"));
        }
        match word.raw.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("neither a boolean variable nor true nor false".to_owned()),
        }
    }

    fn operand(&self, word: &Value) -> Result<BTreeSet<String>, String> {
        if word.raw.starts_with('@') {
            let name = bare(&word.raw);
            let set =
                self.sets.get(name).ok_or_else(|| format!("the variable @{{{name}}} is assigned nowhere"))?;
            let mut out = BTreeSet::new();
            for value in set {
                out.insert(self.expand(value).map_err(|e| e.to_string())?);
            }
            return Ok(out);
        }
        if word.raw.starts_with('$') {
            return Ok(BTreeSet::from([self.boolean(word)?.to_string()]));
        }
        Ok(BTreeSet::from([word.text()]))
    }
}

/// Numbers by value, sets by their subsets; `None` for a number with something that is none.
fn compare(left: &BTreeSet<String>, operator: &str, right: &BTreeSet<String>) -> Option<bool> {
    let number = |set: &BTreeSet<String>| match set.iter().next() {
        Some(one) if set.len() == 1 => match one.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => one.parse::<i64>().ok(),
        },
        _ => None,
    };
    let (left, right) = match (number(left), number(right)) {
        (Some(left), Some(right)) => {
            return Some(match operator {
                ">" => left > right,
                ">=" => left >= right,
                "<" => left < right,
                _ => left <= right,
            });
        }
        (None, None) => (left, right),
        _ => return None,
    };
    Some(match operator {
        ">" => left != right && right.is_subset(left),
        ">=" => right.is_subset(left),
        "<" => left != right && left.is_subset(right),
        _ => left.is_subset(right),
    })
}

/// Runs of slashes as one; exactly two at the head stay, as POSIX has it.
#[must_use]
pub fn filter_slashes(path: &str) -> String {
    if !path.contains("//") {
        return path.to_owned();
    }
    let head = path.len() - path.trim_start_matches('/').len();
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    if head == 2 {
        out.push_str("//");
        rest = path.get(2..).unwrap_or_default();
    }
    for c in rest.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(of: &[(&str, &[&str])]) -> Variables {
        let sets = of.iter().map(|(n, v)| ((*n).to_owned(), v.iter().map(|v| (*v).to_owned()).collect()));
        Variables { sets: sets.collect(), booleans: BTreeMap::new() }
    }

    #[test]
    fn several_values_become_an_alternation() {
        let v = variables(&[("A", &["/a"]), ("B", &["x", "@{A}/y"]), ("C", &["@{C}"])]);
        assert_eq!(v.expand("@{A}/z").as_deref(), Ok("/a/z"));
        assert_eq!(v.expand("/q@{B}").as_deref(), Ok("/q{/a/y,x}"));
        // Measured with the reference: slashes around take those of the values.
        assert_eq!(v.expand("/q/@{B}/z").as_deref(), Ok("/q/{a/y,x}/z"));
        assert_eq!(v.expand("/@{B}").as_deref(), Ok("/{/a/y,x}"));
        assert_eq!(v.expand("@{C}"), Err(ExpandError::Recursive("C".into())));
        assert_eq!(v.expand("@{D}"), Err(ExpandError::Undefined("D".into())));
        assert_eq!(v.expand("@x{1}").as_deref(), Ok("@x{1}"));
    }

    #[test]
    fn bombs_are_refused() {
        let mut v = variables(&[("A0", &["aaaaaaaaaaaaaaaa"])]);
        for i in 1..40 {
            v.sets.insert(format!("A{i}"), BTreeSet::from([format!("@{{A{}}}@{{A{}}}", i - 1, i - 1)]));
        }
        assert_eq!(v.expand("@{A39}"), Err(ExpandError::TooLarge));
        v.sets.insert("A0".into(), BTreeSet::from([String::new()]));
        assert_eq!(v.expand("@{A39}"), Err(ExpandError::TooLarge));
    }

    #[test]
    fn slashes_are_filtered() {
        assert_eq!(filter_slashes("///a//b"), "/a/b");
        assert_eq!(filter_slashes("//a//b/"), "//a/b/");
        assert_eq!(filter_slashes("/a"), "/a");
    }
}
