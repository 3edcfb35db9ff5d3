//! The parser's core: tokens out, places in, and the loop over what a file or a block holds.

use super::kind::{Language, SyntaxKind};
use super::scan::{self, Word};
use super::{Entry, MAX_DEPTH, MAX_ERRORS, Problem};
use rowan::{Checkpoint, GreenNode, GreenNodeBuilder};
use std::ops::Range;

pub(super) struct Parser<'t> {
    text: &'t str,
    pos: usize,
    /// Where the last token that is no trivia ended.
    last: usize,
    builder: GreenNodeBuilder<'static>,
    problems: Vec<Problem>,
    depth: usize,
    /// A profile was read in this file: no preamble item may follow.
    profile_seen: bool,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Body,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            pos: 0,
            last: 0,
            builder: GreenNodeBuilder::new(),
            problems: Vec::new(),
            depth: 0,
            profile_seen: false,
        }
    }

    pub(super) fn finish(self) -> (GreenNode, Vec<Problem>) {
        (self.builder.finish(), self.problems)
    }

    pub(super) fn file(&mut self, entry: Entry) {
        self.start(SyntaxKind::File);
        let place = if entry == Entry::File { Place::Top } else { Place::Body };
        loop {
            self.items(place);
            if self.at_end() {
                break;
            }
            // Only a stray brace ends the items of a file early.
            let at = self.pos..self.pos + 1;
            self.problem(Problem::new(at, "a closing brace without an opening one"));
            self.take(SyntaxKind::Junk, 1);
        }
        self.finish_node();
    }

    // --- places and tokens ---

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(super) fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn at(&self, c: char) -> bool {
        self.rest().starts_with(c)
    }

    pub(super) const fn pos(&self) -> usize {
        self.pos
    }

    /// The next `len` bytes, or to the next boundary of a character, as a token.
    pub(super) fn take(&mut self, kind: SyntaxKind, len: usize) {
        let mut end = self.pos.saturating_add(len).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        let Some(text) = self.text.get(self.pos..end).filter(|t| !t.is_empty()) else { return };
        self.builder.token(rowan::SyntaxKind(kind as u16), text);
        self.pos = end;
        if !kind.is_trivia() {
            self.last = end;
        }
    }

    pub(super) fn start(&mut self, kind: SyntaxKind) {
        self.builder.start_node(rowan::SyntaxKind(kind as u16));
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        self.builder.checkpoint()
    }

    pub(super) fn start_at(&mut self, at: Checkpoint, kind: SyntaxKind) {
        self.builder.start_node_at(at, <Language as rowan::Language>::kind_to_raw(kind));
    }

    pub(super) fn finish_node(&mut self) {
        self.builder.finish_node();
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MAX_ERRORS {
            self.problems.push(problem);
        }
    }

    /// The place just behind the last token.
    pub(super) const fn behind(&self) -> Range<usize> {
        self.last..self.last
    }

    /// What stands here, for a message.
    pub(super) fn here(&self) -> Range<usize> {
        let rest = self.rest();
        let len = match scan::word(rest, Word::Plain) {
            0 => rest.chars().next().map_or(0, char::len_utf8),
            len => len.min(80),
        };
        let mut end = self.pos + len;
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.pos..end
    }

    /// `#include` with something that ends the word behind it is no comment.
    pub(super) fn at_old_include(&self) -> bool {
        self.rest().starts_with("#include")
    }

    /// Blanks, line ends and comments.
    pub(super) fn trivia(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = scan::blanks(rest);
            if blanks > 0 {
                self.take(SyntaxKind::Whitespace, blanks);
            } else if rest.starts_with('#') && !self.at_old_include() {
                let end = rest.find('\n');
                if end.is_none() {
                    let problem = Problem::new(self.pos..self.text.len(), "the file ends within a comment");
                    self.problem(
                        problem.hint("the reference parser wants a line end behind the last comment"),
                    );
                }
                self.take(SyntaxKind::Comment, end.unwrap_or(rest.len()));
            } else {
                return;
            }
        }
    }

    /// Blanks and line ends where no comment may stand.
    pub(super) fn blanks(&mut self) {
        let before = self.pos;
        self.trivia();
        let skipped = self.text.get(before..self.pos).unwrap_or_default();
        if let Some(at) = skipped.find('#') {
            let at = before + at;
            let problem = Problem::new(at..at + 1, "no comment may stand within this");
            self.problem(problem.hint("put it behind the comma or on a line of its own"));
        }
    }

    /// The word of letters, digits and `_` that stands here.
    pub(super) fn identifier(&self) -> &'t str {
        let rest = self.rest();
        rest.get(..scan::identifier(rest)).unwrap_or_default()
    }

    /// Whether the keyword stands here, ended by what can't go on a name.
    pub(super) fn at_keyword(&self, keyword: &str) -> bool {
        self.identifier() == keyword && self.ends_word(keyword.len())
    }

    pub(super) fn ends_word(&self, len: usize) -> bool {
        match self.rest().get(len..).and_then(|r| r.chars().next()) {
            None => true,
            Some(c) => {
                scan::is_blank(c) || matches!(c, ',' | '(' | '{' | '=' | '"' | '#' | '<' | '}' | '!' | '/')
            }
        }
    }

    /// Takes the keyword and the trivia behind it, if it stands here.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.at_keyword(keyword);
        if found {
            self.take(SyntaxKind::Keyword, keyword.len());
            self.trivia();
        }
        found
    }

    /// Takes one character of punctuation, if it stands here.
    pub(super) fn eat(&mut self, c: char, kind: SyntaxKind) -> bool {
        let found = self.at(c);
        if found {
            self.take(kind, c.len_utf8());
        }
        found
    }

    /// A path or pattern; one that begins with a variable and `+` reads as an assignment.
    pub(super) fn name(&mut self) -> bool {
        let rest = self.rest();
        if let Some(len) = scan::variable(rest)
            && rest.get(len..).is_some_and(|r| r.starts_with(['+', '=']))
        {
            self.problem(
                Problem::new(self.here(), "this reads as an assignment to a variable")
                    .hint("put it in quotes"),
            );
        }
        self.value(Word::Name)
    }

    /// A string in quotes or a word; false when neither stands here.
    pub(super) fn value(&mut self, how: Word) -> bool {
        if self.at('"') {
            match scan::quoted(self.rest()) {
                Some(len) => self.take(SyntaxKind::Quoted, len),
                None => {
                    let line = self.rest().find('\n').unwrap_or(self.rest().len());
                    let problem = Problem::new(self.pos..self.pos + 1, "a quote that is never closed");
                    self.problem(problem);
                    self.take(SyntaxKind::Junk, line);
                }
            }
            return true;
        }
        let len = scan::word(self.rest(), how);
        self.take(SyntaxKind::Word, len);
        len > 0
    }

    /// The comma that ends a statement. Without it, what follows on the line is skipped.
    pub(super) fn comma(&mut self, what: &str) {
        self.trivia();
        if self.eat(',', SyntaxKind::Comma) {
            return;
        }
        let unended = self.at_end() || self.text.get(self.last..self.pos).is_some_and(|t| t.contains('\n'));
        let problem = if unended || self.at('}') {
            Problem::new(self.behind(), format!("`,` is missing behind this {what}"))
                .hint("every rule ends with a comma")
        } else {
            Problem::new(self.here(), format!("this does not belong into a {what}"))
        };
        self.problem(problem);
        if !unended {
            self.skip();
        }
    }

    /// Takes what fits nowhere: to the end of the statement, the line or the block.
    pub(super) fn skip(&mut self) {
        let rest = self.rest();
        let mut end = rest.len();
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '\n' => {
                    end = at;
                    break;
                }
                '}' | '{' if at > 0 && rest.get(..at).is_some_and(|t| t.ends_with(scan::is_blank)) => {
                    end = at;
                    break;
                }
                '}' if at == 0 => return,
                ',' if chars.peek().is_none_or(|(_, next)| scan::is_blank(*next) || *next == '}') => {
                    end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        self.take(SyntaxKind::Junk, end);
    }

    // --- statements ---

    /// Everything up to the end of the text or a closing brace.
    pub(super) fn items(&mut self, place: Place) {
        loop {
            self.trivia();
            match self.peek() {
                None | Some('}') => return,
                Some(_) => {
                    let before = self.pos;
                    self.item(place);
                    if self.pos == before {
                        // Nothing knew what to do with it.
                        self.stray("nothing of the policy language begins like this");
                    }
                }
            }
        }
    }

    pub(super) fn stray(&mut self, message: &str) {
        self.start(SyntaxKind::Error);
        let problem = Problem::new(self.here(), message);
        self.problem(problem);
        let before = self.pos;
        self.skip();
        if self.pos == before {
            self.take(SyntaxKind::Junk, 1);
        }
        self.finish_node();
    }

    fn item(&mut self, place: Place) {
        if self.at_old_include() || self.at_keyword("include") {
            return self.include();
        }
        if self.at_keyword("abi") {
            return self.abi(place == Place::Top && self.profile_seen);
        }
        if let Some(kind) = self.assignment_here() {
            return self.assignment(kind, place == Place::Top && !self.profile_seen);
        }
        if self.at_keyword("alias") || self.at_keyword("rewrite") {
            return self.alias(place == Place::Top && !self.profile_seen);
        }
        match place {
            Place::Top => self.top(),
            Place::Body => self.statement(),
        }
    }

    fn top(&mut self) {
        let starts_name = |c: char| matches!(c, '/' | ':' | '"' | '@');
        if self.at_keyword("profile")
            || self.at_keyword("hat")
            || self.at('^')
            || self.peek().is_some_and(starts_name)
        {
            self.profile_seen = true;
            return self.profile();
        }
        let before = self.problems.len();
        let span = self.here();
        self.statement();
        self.problems.truncate(before);
        let problem = Problem::new(span, "neither a profile nor anything of the head of a file");
        self.problem(problem.hint("rules stand within `profile NAME { … }`"));
    }

    /// One deeper, if that is allowed; the caller leaves with [`Self::leave`].
    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            let problem = Problem::new(self.here(), format!("nested deeper than {MAX_DEPTH} levels"));
            self.problem(problem);
            let rest = self.rest().len();
            self.take(SyntaxKind::Junk, rest);
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }

    /// `{ … }`, whose opening brace stands here.
    pub(super) fn block(&mut self) {
        self.start(SyntaxKind::Block);
        let open = self.pos;
        self.take(SyntaxKind::LeftBrace, 1);
        if self.enter() {
            self.items(Place::Body);
            self.leave();
        }
        if !self.eat('}', SyntaxKind::RightBrace) {
            self.problem(Problem::new(open..open + 1, "this brace is never closed"));
        }
        self.finish_node();
    }
}
