//! A rule's arguments, taken from the front, with errors for what is left.

use crate::syntax::Problem;
use crate::syntax::ast::{Arg, Cond, Value};
use std::collections::VecDeque;
use std::ops::Range;

pub(crate) struct Arguments<'p> {
    args: VecDeque<Arg>,
    span: Range<usize>,
    problems: &'p mut Vec<Problem>,
}

impl<'p> Arguments<'p> {
    pub(crate) fn new(args: Vec<Arg>, span: Range<usize>, problems: &'p mut Vec<Problem>) -> Self {
        Self { args: args.into(), span, problems }
    }

    pub(crate) fn problem(&mut self, span: Range<usize>, message: &str) {
        self.problems.push(Problem::new(span, message));
    }

    pub(crate) fn problem_hint(&mut self, span: Range<usize>, message: &str, hint: &str) {
        self.problems.push(Problem::new(span, message).hint(hint));
    }

    /// The whole rule's place.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(crate) fn peek(&self) -> Option<&Arg> {
        self.args.front()
    }

    /// The next argument, if it is a word.
    pub(crate) fn word(&mut self) -> Option<Value> {
        let Some(Arg::Word(value)) = self.args.front().cloned() else { return None };
        self.args.pop_front();
        Some(value)
    }

    pub(crate) fn word_of(&mut self, words: &[&str]) -> Option<Value> {
        match self.args.front() {
            Some(Arg::Word(value)) if !value.quoted && words.contains(&value.raw.as_str()) => self.word(),
            _ => None,
        }
    }

    pub(crate) fn arrow(&mut self) -> bool {
        let found = matches!(self.args.front(), Some(Arg::Arrow(_)));
        if found {
            self.args.pop_front();
        }
        found
    }

    /// Everything that is left is an error.
    pub(crate) fn nothing_more(&mut self) {
        if let Some(arg) = self.args.pop_front() {
            let message = match &arg {
                Arg::Cond(_) => "this rule knows no such condition here",
                _ => "this does not belong here",
            };
            self.problem(arg.span(), message);
        }
    }

    /// An access list at the front, `(a b)` or one word; 0 when none stands. Anything in a list
    /// that is not in the table is an error; a first word that is not is left.
    pub(crate) fn access(&mut self, table: &[(&str, u32)]) -> u32 {
        let find = |raw: &str| table.iter().find(|(name, _)| *name == raw).map(|(_, bits)| *bits);
        match self.args.front().cloned() {
            Some(Arg::Word(value)) if !value.quoted => match find(&value.raw) {
                Some(bits) => {
                    self.args.pop_front();
                    bits
                }
                None => 0,
            },
            Some(Arg::List(entries, _)) => {
                self.args.pop_front();
                let mut bits = 0;
                for entry in &entries {
                    match entry.word().filter(|w| !w.quoted).and_then(|w| find(&w.raw)) {
                        Some(bit) => bits |= bit,
                        None => {
                            let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
                            self.problem_hint(entry.span(), "no access of this rule", &names.join(" "));
                        }
                    }
                }
                bits
            }
            _ => 0,
        }
    }

    /// Takes conditions while they stand at the front.
    pub(crate) fn conditions(&mut self) -> Vec<Cond> {
        let mut conditions = Vec::new();
        while let Some(Arg::Cond(cond)) = self.args.front().cloned() {
            self.args.pop_front();
            conditions.push(cond);
        }
        conditions
    }

    pub(crate) fn unknown(&mut self, cond: &Cond, known: &[&str]) {
        let message = if known.contains(&cond.name.raw.as_str()) {
            "this condition is given twice"
        } else {
            "this rule knows no such condition"
        };
        self.problem_hint(cond.name.span.clone(), message, &known.join(" "));
    }

    /// The one value of `name=value`.
    pub(crate) fn single(&mut self, cond: &Cond) -> Option<Value> {
        match (cond.values.as_slice(), cond.operator.as_str(), cond.list) {
            ([Arg::Word(value)], "=", _) => Some(value.clone()),
            (_, "in", _) => {
                self.problem(cond.span.clone(), "`in` is for mount rules only");
                None
            }
            ([_, _, ..], ..) => {
                self.problem(cond.span.clone(), "this condition takes one value");
                None
            }
            _ => {
                self.problem(cond.span.clone(), "this condition needs a value");
                None
            }
        }
    }

    /// The words of `name=value` or `name=(value value)`.
    pub(crate) fn several(&mut self, cond: &Cond) -> Vec<Value> {
        let mut out = Vec::new();
        for value in &cond.values {
            match value {
                Arg::Word(value) => out.push(value.clone()),
                other => self.problem(other.span(), "this does not belong into a list of values"),
            }
        }
        if out.is_empty() {
            self.problem(cond.span.clone(), "this condition needs a value");
        }
        out
    }

    /// The conditions within `peer=( … )`.
    pub(crate) fn nested(&mut self, cond: &Cond) -> Vec<Cond> {
        let mut out = Vec::new();
        if !cond.list || cond.operator != "=" {
            self.problem_hint(cond.span.clone(), "this needs conditions in parentheses", "peer=(label=NAME)");
        }
        for value in &cond.values {
            match value {
                Arg::Cond(inner) => out.push(inner.clone()),
                other => self.problem(other.span(), "only conditions stand here"),
            }
        }
        out
    }
}

/// Fills a place that may be filled once; false when it is filled already.
pub(crate) fn once<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    match value {
        Some(_) if place.is_some() => false,
        Some(value) => {
            *place = Some(value);
            true
        }
        None => true,
    }
}
