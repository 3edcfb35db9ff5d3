//! The policy language as text: a lossless tree, errors with places and hints.
//!
//! Reading never fails: what fits nowhere becomes a node of its own, an error says so, and reading
//! goes on at the next rule. Work and memory are linear in the text, whose size is bounded.

pub mod ast;
mod expr;
mod head;
mod kind;
mod parser;
mod rules;
pub(crate) mod scan;

pub use kind::{Element, Language, Node, SyntaxKind, Token};
use rowan::GreenNode;
use std::borrow::Cow;
use std::ops::Range;

/// Larger files are refused: the largest profile known has 300 kB.
pub const MAX_BYTES: usize = 4 << 20;
/// Deeper nesting of blocks, conditions and lists is refused.
pub const MAX_DEPTH: usize = 200;
/// Errors of one file that are kept.
pub const MAX_ERRORS: usize = 200;

/// Something wrong in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is wrong, lower case, without a period. Holds no text of the file unescaped.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None }
    }

    /// With what would be right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A file: preamble and profiles.
    File,
    /// What an include within a profile holds: rules.
    Rules,
}

/// A text that was read.
#[derive(Debug, Clone)]
pub struct Parse {
    green: GreenNode,
    /// What is wrong in it, in the order of the text.
    pub problems: Vec<Problem>,
}

impl Parse {
    /// The root of the tree. Its text is the text that was read (nothing when that was too large).
    #[must_use]
    pub fn root(&self) -> Node {
        Node::new_root(self.green.clone())
    }
}

/// Reads a text.
#[must_use]
pub fn parse(text: &str, entry: Entry) -> Parse {
    if text.len() > MAX_BYTES {
        let mut builder = rowan::GreenNodeBuilder::new();
        builder.start_node(<Language as rowan::Language>::kind_to_raw(SyntaxKind::File));
        builder.finish_node();
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Parse { green: builder.finish(), problems: vec![Problem::new(0..0, message)] };
    }
    let mut parser = parser::Parser::new(text);
    parser.file(entry);
    let (green, problems) = parser.finish();
    Parse { green, problems }
}

/// Bytes as text. The language knows no encoding, so a byte that is not UTF-8 becomes a character
/// of the last private plane, which [`encode`] turns back.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|b| byte_char(*b)));
    }
    Cow::Owned(out)
}

const RAW: u32 = 0x10_FE00;

/// The character that stands for a byte that is no text.
pub(crate) fn byte_char(byte: u8) -> char {
    char::from_u32(RAW + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character of [`decode`] stands for.
pub(crate) fn char_byte(c: char) -> Option<u8> {
    u8::try_from((c as u32).checked_sub(RAW)?).ok()
}

/// The bytes that [`decode`] was given.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match char_byte(c) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests;
