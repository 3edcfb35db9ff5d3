//! Rules: qualifiers, the keyword, and arguments in one common form (words, lists, conditions,
//! arrows) whose meaning the rule's reader in [`crate::rules`] judges.

use super::Problem;
use super::kind::SyntaxKind as K;
use super::parser::Parser;
use super::scan::{self, Word};

/// Words that may stand before a rule, with their rank: they are written in this order, one a rank.
const QUALIFIERS: &[(&str, u8)] = &[
    ("priority", 0),
    ("audit", 1),
    ("allow", 2),
    ("deny", 2),
    ("prompt", 2),
    ("owner", 3),
    ("user", 3),
    ("other", 3),
];

/// Keywords of rules whose arguments are words, lists and conditions.
const RULES: &[(&str, K)] = &[
    ("capability", K::CapabilityRule),
    ("network", K::NetworkRule),
    ("unix", K::UnixRule),
    ("dbus", K::DbusRule),
    ("signal", K::SignalRule),
    ("ptrace", K::PtraceRule),
    ("mount", K::MountRule),
    ("remount", K::MountRule),
    ("umount", K::MountRule),
    ("unmount", K::MountRule),
    ("pivot_root", K::PivotRootRule),
    ("userns", K::UsernsRule),
    ("mqueue", K::MqueueRule),
    ("io_uring", K::IoUringRule),
    ("all", K::AllRule),
    ("change_profile", K::ChangeProfileRule),
];

impl Parser<'_> {
    /// One statement of a body.
    pub(super) fn statement(&mut self) {
        if self.at_keyword("if") {
            return self.conditional();
        }
        let start = self.checkpoint();
        let qualified = self.qualifiers();
        if self.at('{') {
            self.start_at(start, K::QualifiedBlock);
            self.block();
            return self.finish_node();
        }
        let profile = self.at('^') || self.at_keyword("profile") || self.at_keyword("hat");
        if profile || self.at_keyword("set") || self.at_keyword("if") {
            if qualified {
                self.problem(Problem::new(self.here(), "no qualifier may stand before this"));
            }
            if profile {
                return self.profile();
            }
            if self.at_keyword("if") {
                return self.conditional();
            }
            self.start_at(start, K::RlimitRule);
            self.rlimit();
            return self.finish_node();
        }
        let word = self.identifier();
        if let Some((_, kind)) = RULES.iter().find(|(name, _)| *name == word && self.ends_word(name.len())) {
            self.start_at(start, *kind);
            self.take(K::Keyword, word.len());
            self.arguments(*kind);
            self.comma("rule");
            return self.finish_node();
        }
        if self.at_keyword("link") {
            self.start_at(start, K::LinkRule);
            self.keyword("link");
            self.keyword("subset");
            self.path("the link's path");
            self.target();
            self.comma("link rule");
            return self.finish_node();
        }
        let file = matches!(word, "file" | "safe" | "unsafe") && self.ends_word(word.len());
        if file
            || self.peek().is_some_and(|c| matches!(c, '/' | '"' | '@' | ':' | '&'))
            || scan::mode(self.rest()).is_some()
        {
            self.start_at(start, K::FileRule);
            self.file_rule();
            return self.finish_node();
        }
        if qualified {
            self.start_at(start, K::Error);
            self.problem(Problem::new(self.here(), "a rule is missing behind its qualifiers"));
            self.skip();
            return self.finish_node();
        }
        if word == "else" {
            self.stray("`else` without the block of its `if` before it");
        } else if word.is_empty() {
            self.stray("no rule begins like this");
        } else {
            self.stray("not a keyword of the policy language");
        }
    }

    fn qualifiers(&mut self) -> bool {
        let mut last = None;
        loop {
            let word = self.identifier();
            let known = QUALIFIERS.iter().find(|(name, _)| *name == word && self.ends_word(name.len()));
            let Some((name, rank)) = known else { break };
            if last.is_none() {
                self.start(K::Qualifiers);
            }
            if last.is_some_and(|last| last >= *rank) {
                let problem = Problem::new(
                    self.here(),
                    "this qualifier stands in the wrong place, or conflicts with one before it",
                );
                self.problem(problem.hint("[priority=N] [audit] [allow|deny|prompt] [owner|other]"));
            }
            last = Some(*rank);
            self.take(K::Keyword, name.len());
            self.trivia();
            if *name == "priority" {
                if self.eat('=', K::Operator) {
                    self.trivia();
                    let len = scan::word(self.rest(), Word::Plain);
                    if len == 0 {
                        self.problem(Problem::new(self.here(), "a number is missing"));
                    }
                    self.take(K::Word, len);
                } else {
                    self.problem(Problem::new(self.here(), "`=` is missing behind `priority`"));
                }
                self.trivia();
            }
        }
        if last.is_some() {
            self.finish_node();
        }
        last.is_some()
    }

    fn path(&mut self, what: &str) {
        self.trivia();
        if !(self.peek().is_some_and(|c| matches!(c, '/' | '"' | '@' | ':' | '&')) && self.name()) {
            self.problem(
                Problem::new(self.here(), format!("{what} is missing"))
                    .hint("paths begin with `/` or a variable"),
            );
        }
    }

    /// `-> TARGET`.
    fn target(&mut self) -> bool {
        self.trivia();
        if !self.arrow() {
            return false;
        }
        self.blanks();
        if !self.value(Word::Name) {
            self.problem(Problem::new(self.here(), "what `->` leads to is missing"));
        }
        true
    }

    fn file_rule(&mut self) {
        let keyword = self.keyword("file");
        let scrub = self.keyword("safe") || self.keyword("unsafe");
        if keyword && !scrub && self.at(',') {
            return self.comma("file rule");
        }
        if let Some(len) = scan::mode(self.rest()) {
            self.take(K::Keyword, len);
            self.path("the path behind the permissions");
        } else {
            self.path("the rule's path");
            self.trivia();
            match scan::mode(self.rest()) {
                Some(len) => self.take(K::Keyword, len),
                None => {
                    let problem = Problem::new(self.here(), "permissions are missing");
                    self.problem(
                        problem
                            .hint("made of `r`, `w`, `a`, `l`, `k`, `m` and one of `ix`, `px`, `cx`, `ux`…"),
                    );
                    self.skip();
                    return;
                }
            }
        }
        self.target();
        self.comma("file rule");
    }

    /// `set rlimit NAME <= VALUE [UNIT],`.
    fn rlimit(&mut self) {
        self.keyword("set");
        let limit = self.at_keyword("rlimit");
        if limit {
            self.take(K::Keyword, 6);
            self.blanks();
        }
        if !limit {
            self.problem(Problem::new(self.here(), "`rlimit` is missing behind `set`"));
            return self.skip();
        }
        let len = self.identifier().len();
        if len == 0 {
            self.problem(Problem::new(self.here(), "the name of a limit is missing"));
        }
        self.take(K::Word, len);
        self.trivia();
        if self.rest().starts_with("<=") {
            self.take(K::Operator, 2);
        } else {
            self.problem(Problem::new(self.here(), "`<=` is missing"));
        }
        for _ in 0..2 {
            self.trivia();
            if self.at('"') {
                break;
            }
            let len = scan::word(self.rest(), Word::Plain);
            self.take(K::Word, len);
        }
        self.comma("limit");
    }

    /// Words, lists, conditions and arrows up to the comma.
    fn arguments(&mut self, kind: K) {
        let comments = matches!(kind, K::CapabilityRule | K::PivotRootRule | K::IoUringRule | K::AllRule);
        loop {
            if comments {
                self.trivia();
            } else {
                self.blanks();
            }
            match self.peek() {
                // What is mounted may be a pattern that begins with an alternation.
                Some('{') if kind == K::MountRule && scan::word(self.rest(), Word::Name) > 1 => {
                    if !self.value(Word::Name) {
                        return;
                    }
                }
                None | Some(',' | '}' | '{') => return,
                Some('(') if kind != K::ChangeProfileRule => self.list(),
                Some('"' | '/' | '@' | ':' | '&') => {
                    if !self.value(Word::Name) {
                        return;
                    }
                }
                Some(_) if self.rest().starts_with("->") => {
                    self.take(K::Arrow, 2);
                    if scan::blanks(self.rest()) == 0 {
                        self.problem(Problem::new(self.here(), "a blank is missing behind `->`"));
                    }
                    self.blanks();
                    if !self.value(Word::Name) {
                        self.problem(Problem::new(self.here(), "what `->` leads to is missing"));
                        return;
                    }
                }
                Some(_) => {
                    let names = kind == K::ChangeProfileRule;
                    if !names && self.cond(false) {
                        continue;
                    }
                    let len = scan::word(self.rest(), if names { Word::Name } else { Word::Plain });
                    self.take(K::Word, len);
                    if len == 0 {
                        return;
                    }
                }
            }
        }
    }

    /// The length of a condition's name that stands here, when its operator follows.
    fn cond_name(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)).count();
        let behind = rest.get(len..)?;
        let next = behind.get(scan::blanks(behind)..)?;
        if len == 0 {
            return None;
        }
        if next.starts_with('=') && !next.starts_with("==") {
            return Some((len, false));
        }
        let list = next
            .strip_prefix("in")
            .is_some_and(|r| r.get(scan::blanks(r)..).is_some_and(|r| r.starts_with('(')));
        (list && next.len() < behind.len()).then_some((len, true))
    }

    /// `name=value`, `name=(…)`, `name in (…)`, if it stands here.
    fn cond(&mut self, listed: bool) -> bool {
        let Some((name, within)) = self.cond_name() else { return false };
        self.start(K::Cond);
        self.take(K::Word, name);
        self.trivia();
        if within {
            self.take(K::Keyword, 2);
        } else {
            self.take(K::Operator, 1);
        }
        self.trivia();
        if self.at('(') {
            self.list();
        } else if !self.value(if listed { Word::Listed } else { Word::Value }) {
            self.problem(Problem::new(self.here(), "a value is missing behind this condition"));
        }
        self.finish_node();
        true
    }

    /// `( … )`, whose parenthesis stands here.
    pub(super) fn list(&mut self) {
        self.start(K::List);
        let open = self.pos();
        self.take(K::LeftParen, 1);
        if self.enter() {
            loop {
                self.blanks();
                match self.peek() {
                    None | Some(')' | '}') => break,
                    Some(',') => self.take(K::Comma, 1),
                    Some('(') => self.list(),
                    Some(_) if self.cond(true) => {}
                    Some(_) => {
                        if !self.value(Word::Listed) {
                            self.problem(Problem::new(self.here(), "this does not belong into a list"));
                            self.take(K::Junk, 1);
                        }
                    }
                }
            }
            self.leave();
        }
        if !self.eat(')', K::RightParen) {
            self.problem(Problem::new(open..open + 1, "this parenthesis is never closed"));
        }
        self.finish_node();
    }
}
