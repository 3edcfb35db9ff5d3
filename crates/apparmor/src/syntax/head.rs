//! What stands around rules: includes, abi, aliases, assignments, and the heads of profiles.

use super::Problem;
use super::kind::SyntaxKind as K;
use super::parser::Parser;
use super::scan::{self, Word};

impl Parser<'_> {
    /// `include <x>`, `include "x"`, `include x`, `include if exists …`, and the same with `#`.
    pub(super) fn include(&mut self) {
        self.start(K::Include);
        let len = if self.at('#') { 8 } else { 7 };
        self.take(K::Keyword, len);
        self.inline_blanks();
        if self.at_keyword("if") {
            self.take(K::Keyword, 2);
            self.inline_blanks();
            if self.at_keyword("exists") {
                self.take(K::Keyword, 6);
                self.inline_blanks();
            } else {
                self.problem(Problem::new(self.here(), "`exists` is missing behind `include if`"));
            }
        }
        self.reference("include");
        self.finish_node();
    }

    fn inline_blanks(&mut self) {
        let len = self.rest().find(|c| c != ' ' && c != '\t').unwrap_or(self.rest().len());
        self.take(K::Whitespace, len);
    }

    /// `<…>`, `"…"` or a word: what an include or abi names.
    fn reference(&mut self, what: &str) {
        let rest = self.rest();
        if rest.starts_with('<') {
            let line = rest.find('\n').unwrap_or(rest.len());
            let inner = rest.get(..line).unwrap_or_default();
            match inner.find('>') {
                Some(end) => {
                    let name = inner.get(1..end).unwrap_or_default();
                    // Quotes may stand within the brackets, but only around all of it.
                    let bare = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name);
                    if bare.trim().is_empty() || bare.contains('"') {
                        let at = self.pos()..self.pos() + end + 1;
                        self.problem(Problem::new(at, format!("this {what} names no file")));
                    }
                    self.take(K::Magic, end + 1);
                }
                None => {
                    self.problem(Problem::new(self.pos()..self.pos() + 1, "`>` is missing on this line"));
                    self.take(K::Junk, line);
                }
            }
        } else if rest.starts_with('"') {
            if rest.starts_with("\"\"") {
                self.problem(Problem::new(self.pos()..self.pos() + 2, format!("this {what} names no file")));
            }
            let line = rest.find('\n').unwrap_or(rest.len());
            match scan::quoted(rest).filter(|len| *len <= line) {
                Some(len) => self.take(K::Quoted, len),
                None => {
                    self.problem(Problem::new(self.pos()..self.pos() + 1, "a quote that is never closed"));
                    self.take(K::Junk, line);
                }
            }
        } else {
            let len = scan::word(rest, Word::Name);
            if len == 0 {
                self.problem(Problem::new(self.here(), format!("this {what} names no file")));
            }
            if rest.get(len..).is_some_and(|r| r.starts_with('"')) {
                self.problem(Problem::new(self.here(), "a quote in the middle of a name"));
                let line = rest.find('\n').unwrap_or(rest.len());
                return self.take(K::Junk, line);
            }
            self.take(K::Word, len);
        }
    }

    /// `abi <x>,`.
    pub(super) fn abi(&mut self, late: bool) {
        self.start(K::Abi);
        if late {
            self.problem(Problem::new(self.here(), "abi behind the first profile of the file"));
        }
        self.take(K::Keyword, 3);
        self.blanks();
        self.reference("abi");
        self.comma("abi rule");
        self.finish_node();
    }

    /// `alias /a -> /b,`.
    pub(super) fn alias(&mut self, allowed: bool) {
        self.start(K::Alias);
        if !allowed {
            let problem =
                Problem::new(self.here(), "an alias stands in the head of a file, before any profile");
            self.problem(problem);
        }
        let len = self.identifier().len();
        self.take(K::Keyword, len);
        self.trivia();
        if !(self.at_path() && self.value(Word::Name)) {
            self.problem(Problem::new(self.here(), "a path is missing"));
        }
        self.trivia();
        if self.arrow() {
            self.trivia();
            if !(self.at_path() && self.value(Word::Name)) {
                self.problem(Problem::new(self.here(), "the path behind `->` is missing"));
            }
        } else {
            self.problem(Problem::new(self.here(), "`->` is missing"));
        }
        self.comma("alias");
        self.finish_node();
    }

    fn at_path(&self) -> bool {
        self.peek().is_some_and(|c| matches!(c, '/' | '"' | '@'))
    }

    pub(super) fn arrow(&mut self) -> bool {
        let found = self.rest().starts_with("->");
        if found {
            self.take(K::Arrow, 2);
        }
        found
    }

    /// The kind of assignment that begins here, by looking ahead to its operator.
    pub(super) fn assignment_here(&self) -> Option<K> {
        let rest = self.rest();
        let kind = match rest.chars().next()? {
            '@' => K::Assignment,
            '$' => return Some(K::Boolean),
            _ => return None,
        };
        let line = rest.split('\n').next().unwrap_or_default();
        // A name that is none is told apart from a path by the operator alone.
        let len = scan::variable(line).unwrap_or_else(|| scan::word(line, Word::Plain));
        let behind = line.get(len..)?.trim_start_matches([' ', '\t']);
        (len > 1 && scan::assign(behind).is_some()).then_some(kind)
    }

    /// `@{NAME} = values`, `${NAME} = expression`, each to the end of its line.
    pub(super) fn assignment(&mut self, kind: K, allowed: bool) {
        self.start(kind);
        if !allowed {
            let problem =
                Problem::new(self.here(), "a variable is assigned in the head of a file, before any profile");
            self.problem(problem);
        }
        let tight = scan::variable(self.rest()).and_then(|len| self.rest().get(len..));
        if kind == K::Assignment && tight.is_some_and(|rest| rest.starts_with(":=")) {
            let problem = Problem::new(self.here(), "a blank is missing before `:=`");
            self.problem(problem);
        }
        match scan::variable(self.rest()) {
            Some(len) => self.take(K::Variable, len),
            None => {
                self.problem(Problem::new(self.here(), "this is no name of a variable").hint("`@{NAME}`"));
                let len = scan::word(self.rest(), Word::Plain).max(1);
                self.take(K::Junk, len);
            }
        }
        self.inline_blanks();
        match scan::assign(self.rest()) {
            Some(len) => self.take(K::Operator, len),
            None => {
                self.problem(Problem::new(self.here(), "`=` is missing"));
                let line = self.rest().find('\n').unwrap_or(self.rest().len());
                self.take(K::Junk, line);
                return self.finish_node();
            }
        }
        if kind == K::Boolean {
            self.inline_blanks();
            self.condition(true);
        } else {
            self.values();
        }
        self.line_end();
        self.finish_node();
    }

    /// Blanks without a line end, and lines that a backslash goes on.
    fn continued_blanks(&mut self) {
        loop {
            self.inline_blanks();
            let rest = self.rest();
            let len = if rest.starts_with("\\\n") {
                2
            } else if rest.starts_with("\\\r\n") {
                3
            } else if rest.starts_with('\r') {
                1
            } else {
                return;
            };
            self.take(K::Whitespace, len);
        }
    }

    fn values(&mut self) {
        let mut any = false;
        loop {
            let before = self.pos();
            self.continued_blanks();
            match self.peek() {
                None | Some('\n' | '#') => break,
                Some('"') if any && self.pos() == before => {
                    self.problem(Problem::new(self.here(), "a quote in the middle of a value"));
                    break;
                }
                Some(_) => {}
            }
            if self.at(',') {
                let problem =
                    Problem::new(self.here(), "values of a variable are separated by blanks, not commas");
                self.problem(problem);
                self.take(K::Junk, 1);
            } else if !self.value(Word::Name) {
                break;
            }
            any = true;
        }
        if !any {
            self.problem(Problem::new(self.behind(), "no value is given"));
        }
    }

    fn line_end(&mut self) {
        self.continued_blanks();
        if !matches!(self.peek(), None | Some('\n' | '#')) {
            self.problem(Problem::new(self.here(), "this does not belong into an assignment"));
            let line = self.rest().find('\n').unwrap_or(self.rest().len());
            self.take(K::Junk, line);
        }
        if self.at_end() {
            let problem = Problem::new(self.behind(), "the file ends within an assignment");
            self.problem(problem.hint("an assignment ends with its line"));
        }
    }

    /// `[profile|hat|^] NAME [ATTACHMENT] [xattrs=(…)] [flags=(…)] { … }`.
    pub(super) fn profile(&mut self) {
        self.start(K::Profile);
        let at = self.pos();
        if self.at('^') {
            self.take(K::Caret, 1);
        } else if self.at_keyword("profile") || self.at_keyword("hat") {
            let len = self.identifier().len();
            self.take(K::Keyword, len);
            self.blanks();
        }
        self.start(K::Header);
        if !self.value(Word::Name) {
            self.problem(Problem::new(self.here(), "a profile needs a name"));
        }
        self.header_rest();
        self.finish_node();
        self.trivia();
        if self.at('{') {
            self.block();
        } else {
            self.problem(Problem::new(
                at..self.behind().end.max(at),
                "`{` is missing behind the head of this profile",
            ));
            self.skip();
        }
        self.finish_node();
    }

    fn header_rest(&mut self) {
        let mut attachment = false;
        loop {
            self.trivia();
            match self.peek() {
                None | Some('{' | '}') => return,
                Some('(') => self.list(),
                Some('+') => self.take(K::Plus, 1),
                Some('/' | '@' | '"') if !attachment => {
                    attachment = true;
                    self.value(Word::Name);
                }
                _ if !self.identifier().is_empty() => {
                    let name = self.identifier().len();
                    let behind = self.rest().get(name..).unwrap_or_default();
                    if !behind.trim_start().starts_with('=') {
                        return self.header_junk();
                    }
                    self.start(K::Cond);
                    self.take(K::Word, name);
                    self.trivia();
                    self.take(K::Operator, 1);
                    self.trivia();
                    if self.at('(') {
                        self.list();
                    } else {
                        self.problem(Problem::new(self.here(), "`(` is missing").hint("flags=(complain)"));
                    }
                    self.finish_node();
                }
                _ => return self.header_junk(),
            }
        }
    }

    fn header_junk(&mut self) {
        self.problem(Problem::new(self.here(), "this does not belong into the head of a profile"));
        let rest = self.rest();
        let len = rest.find(['{', '\n']).unwrap_or(rest.len());
        self.take(K::Junk, len);
    }
}
