//! Typed views of the tree. A view is made of what is there; what is missing was reported by the parser.

use super::kind::{Element, Node, SyntaxKind as K};
use super::{byte_char, encode};
use std::ops::Range;

/// A word or string of the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Value {
    /// As written, without the quotes.
    pub raw: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Where, quotes included.
    pub span: Range<usize>,
}

/// An argument of a rule or an entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A word or string.
    Word(Value),
    /// `( … )`.
    List(Vec<Arg>, Range<usize>),
    /// `name=value`, `name=(…)`, `name in (…)`.
    Cond(Cond),
    /// `->`.
    Arrow(Range<usize>),
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cond {
    /// Its name.
    pub name: Value,
    /// `=`, `:=` or `in`.
    pub operator: String,
    /// What it is compared with; one entry where no list stands.
    pub values: Vec<Arg>,
    /// Whether a list stands.
    pub list: bool,
    /// The whole of it.
    pub span: Range<usize>,
}

impl Arg {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Word(value) => value.span.clone(),
            Self::List(_, span) | Self::Arrow(span) => span.clone(),
            Self::Cond(cond) => cond.span.clone(),
        }
    }

    /// The word, if it is one.
    #[must_use]
    pub const fn word(&self) -> Option<&Value> {
        match self {
            Self::Word(value) => Some(value),
            _ => None,
        }
    }
}

/// A node's place, trivia at its ends left out.
#[must_use]
pub fn span(node: &Node) -> Range<usize> {
    let mut tokens =
        node.descendants_with_tokens().filter_map(Element::into_token).filter(|t| !t.kind().is_trivia());
    let first = tokens.next();
    let start = first.as_ref().map_or_else(|| node.text_range().start(), |t| t.text_range().start());
    let last = std::iter::successors(node.last_token(), |t| t.prev_token()).find(|t| !t.kind().is_trivia());
    let end = last.map_or_else(|| node.text_range().end(), |t| t.text_range().end());
    usize::from(start)..usize::from(end.max(start))
}

fn token_span(token: &super::Token) -> Range<usize> {
    usize::from(token.text_range().start())..usize::from(token.text_range().end())
}

fn value(token: &super::Token) -> Option<Value> {
    let quoted = match token.kind() {
        K::Word => false,
        K::Quoted => true,
        _ => return None,
    };
    let raw = token.text();
    let raw = if quoted { raw.get(1..raw.len() - 1).unwrap_or_default() } else { raw };
    Some(Value { raw: raw.to_owned(), quoted, span: token_span(token) })
}

/// The words, lists, conditions and arrows among a node's children.
#[must_use]
pub fn args(node: &Node) -> Vec<Arg> {
    node.children_with_tokens()
        .filter_map(|child| match child {
            Element::Token(token) if token.kind() == K::Arrow => Some(Arg::Arrow(token_span(&token))),
            Element::Token(token) => value(&token).map(Arg::Word),
            Element::Node(node) if node.kind() == K::List => Some(Arg::List(args(&node), span(&node))),
            Element::Node(node) if node.kind() == K::Cond => condition(&node).map(Arg::Cond),
            Element::Node(_) => None,
        })
        .collect()
}

/// A condition's view.
#[must_use]
pub fn condition(node: &Node) -> Option<Cond> {
    let mut parts = args(node).into_iter();
    let Some(Arg::Word(name)) = parts.next() else { return None };
    let operator = tokens(node).find(|t| matches!(t.kind(), K::Operator | K::Keyword))?.text().to_owned();
    let (values, list) = match parts.next() {
        Some(Arg::List(values, _)) => (values, true),
        Some(other) => (vec![other], false),
        None => (Vec::new(), false),
    };
    Some(Cond { name, operator, values, list, span: span(node) })
}

/// A node's own tokens.
pub fn tokens(node: &Node) -> impl Iterator<Item = super::Token> {
    node.children_with_tokens().filter_map(Element::into_token)
}

/// The keywords among a node's own tokens, with their places.
#[must_use]
pub fn keywords(node: &Node) -> Vec<Value> {
    tokens(node)
        .filter(|t| t.kind() == K::Keyword)
        .map(|t| Value { raw: t.text().to_owned(), quoted: false, span: token_span(&t) })
        .collect()
}

/// The child of a kind.
#[must_use]
pub fn child(node: &Node, kind: K) -> Option<Node> {
    node.children().find(|n| n.kind() == kind)
}

impl Value {
    /// The value with the escapes of the front end undone: octal, decimal and hexadecimal bytes and
    /// the letters of C. What would then read as a glob keeps its backslash, and `\0` stays as it is.
    #[must_use]
    pub fn text(&self) -> String {
        if !self.raw.contains('\\') {
            return self.raw.clone();
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut rest = self.raw.as_str();
        while let Some(at) = rest.find('\\') {
            out.push_str(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
            rest = unescape(rest, &mut out);
        }
        out.push_str(rest);
        out
    }

    /// [`Self::text`] as the bytes the kernel sees.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        encode(&self.text())
    }
}

/// A byte by its number, the backslash being read: `377`, `d255`, `xff`, or with fewer digits; as many digits count
/// as fit a byte. With the length of what was read.
pub(crate) fn numbered(rest: &str) -> Option<(u8, usize)> {
    let (radix, most, skip) = match rest.bytes().next()? {
        b'd' => (10, 3, 1),
        b'x' => (16, 2, 1),
        b'0'..=b'7' => (8, 3, 0),
        _ => return None,
    };
    let mut value: Option<u8> = None;
    let mut len = skip;
    for digit in rest.get(skip..)?.chars().take(most).map_while(|c| c.to_digit(radix)) {
        let next = u32::from(value.unwrap_or(0)) * radix + digit;
        let Ok(next) = u8::try_from(next) else { break };
        value = Some(next);
        len += 1;
    }
    value.map(|value| (value, len))
}

/// Undoes one escape, whose backslash is read already; what follows it.
fn unescape<'t>(rest: &'t str, out: &mut String) -> &'t str {
    let tail = |n: usize| rest.get(n..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let simple = match first {
        'a' => Some(7),
        'e' => Some(0x1b),
        'f' => Some(0x0c),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        '"' => Some(b'"'),
        _ => None,
    };
    let (byte, len) = match simple {
        Some(byte) => (Some(byte), 1),
        None => match numbered(rest) {
            Some((byte, len)) => (Some(byte), len),
            None => (None, 0),
        },
    };
    match byte {
        Some(0) | None => {
            out.push('\\');
            out.push(first);
            tail(first.len_utf8())
        }
        Some(byte) => {
            if b"*?[]{}^,\\".contains(&byte) {
                out.push('\\');
            }
            out.push(if byte < 0x80 { char::from(byte) } else { byte_char(byte) });
            tail(len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> String {
        Value { raw: raw.into(), quoted: false, span: 0..0 }.text()
    }

    #[test]
    fn escapes_of_bytes_are_undone_and_globs_stay_escaped() {
        assert_eq!(text(r"/a\040b"), "/a b");
        assert_eq!(text(r"/a\x41"), "/aA");
        assert_eq!(text(r"/a\d065"), "/aA");
        assert_eq!(text(r"/a\052"), r"/a\*");
        assert_eq!(text(r"/a\*"), r"/a\*");
        assert_eq!(text(r"\000x"), r"\000x");
        // Measured with the reference: fewer digits do, and those that do not fit stand for themselves.
        assert_eq!(text(r"/a\d6b\x4g\400\d300\xg"), "/a\x06b\x04g 0\x1e0\\xg");
        assert_eq!(encode(&text(r"\303\251")), "é".as_bytes());
    }
}
