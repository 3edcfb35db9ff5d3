//! A file's tree as items in the order of the text: what resolving goes through. A file is lowered
//! once, however often it is included.

use crate::rules::flags::Head;
use crate::rules::{self, Qualifiers, Rule};
use crate::syntax::ast::{self, Arg, Value};
use crate::syntax::{Element, Node, Problem, SyntaxKind as K};
use std::ops::Range;

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Include(Include),
    Abi(Reference),
    Alias(Value, Value),
    Assign { name: String, operator: String, values: Vec<Value>, span: Range<usize> },
    Boolean { name: String, operator: String, value: Option<Expr>, span: Range<usize> },
    Profile(Box<ProfileItem>),
    Block(Qualifiers, Vec<Item>, Range<usize>),
    If(Vec<(Option<Expr>, Vec<Item>)>),
    Rule(Box<Rule>),
}

#[derive(Debug, Clone)]
pub(crate) struct Include {
    pub(crate) reference: Reference,
    pub(crate) if_exists: bool,
}

/// What an include or abi names.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) name: String,
    /// `<…>`: searched for.
    pub(crate) magic: bool,
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct ProfileItem {
    pub(crate) name: Value,
    pub(crate) attachment: Option<Value>,
    pub(crate) head: Head,
    pub(crate) hat: bool,
    /// The keyword `profile` stands.
    pub(crate) keyword: bool,
    pub(crate) items: Vec<Item>,
    pub(crate) header: Range<usize>,
}

#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Defined(Value),
    Operand(Value),
    Compare(Value, String, Value),
    Broken,
}

pub(crate) fn lower(root: &Node, problems: &mut Vec<Problem>) -> Vec<Item> {
    items(root, problems)
}

fn items(node: &Node, problems: &mut Vec<Problem>) -> Vec<Item> {
    node.children().filter_map(|child| item(&child, problems)).collect()
}

fn item(node: &Node, problems: &mut Vec<Problem>) -> Option<Item> {
    Some(match node.kind() {
        K::Include => Item::Include(Include {
            reference: reference(node)?,
            if_exists: ast::keywords(node).iter().any(|k| k.raw == "exists"),
        }),
        K::Abi => Item::Abi(reference(node)?),
        K::Alias => {
            let mut words = ast::args(node).into_iter().filter_map(|a| match a {
                Arg::Word(value) => Some(value),
                _ => None,
            });
            Item::Alias(words.next()?, words.next()?)
        }
        K::Assignment | K::Boolean => assignment(node)?,
        K::Profile => Item::Profile(Box::new(profile(node, problems)?)),
        K::QualifiedBlock => {
            let qualifiers =
                ast::child(node, K::Qualifiers).map(|q| rules::qualifiers(&q, problems)).unwrap_or_default();
            if qualifiers.priority.is_some() {
                problems.push(Problem::new(ast::span(node), "a block takes no priority"));
            }
            Item::Block(qualifiers, items(&ast::child(node, K::Block)?, problems), ast::span(node))
        }
        K::If => Item::If(conditional(node, problems)),
        kind if kind.is_rule() => Item::Rule(Box::new(rules::read(node, problems)?)),
        _ => return None,
    })
}

fn reference(node: &Node) -> Option<Reference> {
    ast::tokens(node).find_map(|token| {
        let text = token.text();
        let inner = || text.get(1..text.len() - 1).unwrap_or_default();
        let (name, magic) = match token.kind() {
            K::Magic => (inner().trim_matches('"').trim().to_owned(), true),
            K::Quoted => (inner().to_owned(), false),
            K::Word => (text.to_owned(), false),
            _ => return None,
        };
        Some(Reference { name, magic, span: ast::span(node) })
    })
}

/// The name without sigil and braces.
pub(crate) fn bare(name: &str) -> &str {
    name.trim_start_matches(['@', '$']).trim_start_matches('{').trim_end_matches('}')
}

fn assignment(node: &Node) -> Option<Item> {
    let name = ast::tokens(node).find(|t| t.kind() == K::Variable)?;
    let name = bare(name.text()).to_owned();
    let operator = ast::tokens(node).find(|t| t.kind() == K::Operator)?.text().to_owned();
    let span = ast::span(node);
    if node.kind() == K::Boolean {
        let value = ast::child(node, K::Condition).map(|c| expression(&c));
        return Some(Item::Boolean { name, operator, value, span });
    }
    let values =
        ast::args(node).into_iter().filter_map(|a| if let Arg::Word(v) = a { Some(v) } else { None });
    Some(Item::Assign { name, operator, values: values.collect(), span })
}

fn profile(node: &Node, problems: &mut Vec<Problem>) -> Option<ProfileItem> {
    let header = ast::child(node, K::Header)?;
    let mut words = header.children_with_tokens().filter_map(|c| match c {
        Element::Token(t) if matches!(t.kind(), K::Word | K::Quoted) => Some(t),
        _ => None,
    });
    let to_value = |token: crate::syntax::Token| {
        let quoted = token.kind() == K::Quoted;
        let text = token.text();
        let raw = if quoted { text.get(1..text.len() - 1).unwrap_or_default() } else { text };
        let range = token.text_range();
        Value { raw: raw.to_owned(), quoted, span: usize::from(range.start())..usize::from(range.end()) }
    };
    let name = to_value(words.next()?);
    let attachment = words.next().map(to_value);
    let hat =
        ast::tokens(node).any(|t| t.kind() == K::Caret || (t.kind() == K::Keyword && t.text() == "hat"));
    let keyword = ast::tokens(node).any(|t| t.kind() == K::Keyword && t.text() == "profile");
    let head = Head::read(&header, hat, problems);
    let items = ast::child(node, K::Block).map(|b| items(&b, problems)).unwrap_or_default();
    Some(ProfileItem { name, attachment, head, hat, keyword, items, header: ast::span(&header) })
}

/// The chain of an `if`: conditions with what stands in their blocks; the last may have none.
fn conditional(node: &Node, problems: &mut Vec<Problem>) -> Vec<(Option<Expr>, Vec<Item>)> {
    let mut out = Vec::new();
    let mut branch = |node: &Node| {
        let condition = ast::child(node, K::Condition).map(|c| expression(&c));
        let items = ast::child(node, K::Block).map(|b| items(&b, problems)).unwrap_or_default();
        out.push((condition, items));
    };
    branch(node);
    for other in node.children().filter(|n| n.kind() == K::Else) {
        branch(&other);
    }
    out
}

fn expression(node: &Node) -> Expr {
    let inner: Vec<Node> = node.children().filter(|n| n.kind() == K::Condition).collect();
    let keywords = ast::keywords(node);
    let has = |word: &str| keywords.iter().any(|k| k.raw == word);
    if has("or") {
        return Expr::Or(inner.iter().map(expression).collect());
    }
    if has("and") {
        return Expr::And(inner.iter().map(expression).collect());
    }
    if let Some(inner) = inner.first() {
        let value = expression(inner);
        return if has("not") { Expr::Not(Box::new(value)) } else { value };
    }
    let mut words =
        ast::args(node).into_iter().filter_map(|a| if let Arg::Word(v) = a { Some(v) } else { None });
    let Some(first) = words.next() else { return Expr::Broken };
    if has("defined") {
        return Expr::Defined(first);
    }
    let operator = ast::tokens(node).find(|t| t.kind() == K::Operator).map(|t| t.text().to_owned());
    let operator = operator.or_else(|| has("in").then(|| "in".to_owned()));
    match (operator, words.next()) {
        (Some(operator), Some(second)) => Expr::Compare(first, operator, second),
        (None, None) => Expr::Operand(first),
        _ => Expr::Broken,
    }
}
