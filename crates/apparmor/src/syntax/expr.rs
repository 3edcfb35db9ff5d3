//! Conditions: `if … { } else …`, and what a boolean variable is set to.
//!
//! `or` binds less than `and`, `and` less than `not`; a comparison has one operand on each side.

use super::Problem;
use super::kind::SyntaxKind as K;
use super::parser::Parser;
use super::scan::{self, Word};

const COMPARISONS: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];

impl Parser<'_> {
    /// `if … { } [else { } | else if …]`: a chain is read without recursion.
    pub(super) fn conditional(&mut self) {
        self.start(K::If);
        self.keyword("if");
        self.condition(false);
        self.branch();
        loop {
            // What follows belongs to the chain only when it is an `else`.
            let rest = self.rest();
            let skipped = skip_trivia(rest);
            if !rest.get(skipped..).is_some_and(|r| scan::identifier(r) == 4 && r.starts_with("else")) {
                break;
            }
            self.trivia();
            self.start(K::Else);
            self.keyword("else");
            let chained = self.keyword("if");
            if chained {
                self.condition(false);
            }
            self.branch();
            self.finish_node();
            if !chained {
                break;
            }
        }
        self.finish_node();
    }

    fn branch(&mut self) {
        self.trivia();
        if self.at('{') {
            self.block();
        } else {
            self.problem(Problem::new(self.here(), "`{` is missing"));
        }
    }

    fn space(&mut self, inline: bool) {
        if inline {
            let rest = self.rest();
            let len = rest.find(|c| !matches!(c, ' ' | '\t' | '\r')).unwrap_or(rest.len());
            self.take(K::Whitespace, len);
        } else {
            self.trivia();
        }
    }

    /// An expression; `inline` ones end with their line.
    pub(super) fn condition(&mut self, inline: bool) {
        self.start(K::Condition);
        self.disjunction(inline);
        self.finish_node();
    }

    fn disjunction(&mut self, inline: bool) {
        if !self.enter() {
            return;
        }
        let start = self.checkpoint();
        self.conjunction(inline);
        self.space(inline);
        if self.at_keyword("or") {
            self.start_at(start, K::Condition);
            while self.at_keyword("or") {
                self.take(K::Keyword, 2);
                self.space(inline);
                self.conjunction(inline);
                self.space(inline);
            }
            self.finish_node();
        }
        self.leave();
    }

    fn conjunction(&mut self, inline: bool) {
        let start = self.checkpoint();
        self.negation(inline);
        self.space(inline);
        if self.at_keyword("and") {
            self.start_at(start, K::Condition);
            while self.at_keyword("and") {
                self.take(K::Keyword, 3);
                self.space(inline);
                self.negation(inline);
                self.space(inline);
            }
            self.finish_node();
        }
    }

    fn negation(&mut self, inline: bool) {
        let mut nots = 0;
        while self.at_keyword("not") {
            if !self.enter() {
                break;
            }
            nots += 1;
            self.start(K::Condition);
            self.take(K::Keyword, 3);
            self.space(inline);
        }
        if self.at('(') {
            self.start(K::Condition);
            self.take(K::LeftParen, 1);
            self.space(inline);
            self.disjunction(inline);
            self.space(inline);
            if !self.eat(')', K::RightParen) {
                self.problem(Problem::new(self.here(), "`)` is missing"));
            }
            self.finish_node();
        } else {
            self.comparison(inline);
        }
        for _ in 0..nots {
            self.finish_node();
            self.leave();
        }
    }

    fn comparison(&mut self, inline: bool) {
        self.start(K::Condition);
        if self.at_keyword("defined") {
            self.take(K::Keyword, 7);
            self.space(inline);
            match scan::variable(self.rest()) {
                Some(len) => self.take(K::Word, len),
                None => self.problem(Problem::new(self.here(), "`defined` needs a variable")),
            }
            return self.finish_node();
        }
        self.operand();
        self.space(inline);
        let operator = COMPARISONS.iter().find(|op| self.rest().starts_with(**op)).map(|op| op.len());
        if let Some(len) = operator {
            self.take(K::Operator, len);
            self.space(inline);
            self.operand();
        } else if self.at_keyword("in") {
            self.take(K::Keyword, 2);
            self.space(inline);
            self.operand();
        }
        self.finish_node();
    }

    fn operand(&mut self) {
        let rest = self.rest();
        if rest.starts_with('"') {
            self.value(Word::Name);
            return;
        }
        let len = scan::variable(rest).unwrap_or_else(|| {
            let len = scan::word(rest, Word::Plain);
            let cut = rest.get(..len).and_then(|w| w.find(['<', '>', '{', '}']));
            cut.unwrap_or(len)
        });
        if len == 0 {
            self.problem(
                Problem::new(self.here(), "a condition is missing")
                    .hint("$BOOLEAN, defined @{VARIABLE}, not …"),
            );
        }
        self.take(K::Word, len);
    }
}

/// The length of blanks and comments at the head of `text`.
fn skip_trivia(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let blanks = scan::blanks(rest);
        if blanks > 0 {
            at += blanks;
        } else if rest.starts_with('#') && !rest.starts_with("#include") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            return at;
        }
    }
}
