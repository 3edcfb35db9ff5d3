//! What stands in the head of a profile: flags, attachment conditions, identities.

use super::ipc::signal_number;
use crate::syntax::ast::{self, Arg, Cond, Value};
use crate::syntax::{Node, Problem, SyntaxKind as K};

/// What a profile does with what no rule allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Refuses.
    #[default]
    Enforce,
    /// Records only.
    Complain,
    /// Kills the task.
    Kill,
    /// Confines nothing.
    Unconfined,
    /// Asks in user space.
    Prompt,
    /// Allows; compiled as unconfined.
    DefaultAllow,
}

/// The head of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The mode, if one is named.
    pub mode: Option<Mode>,
    /// Everything allowed is recorded too.
    pub audit: bool,
    /// Other flags, as written.
    pub flags: Vec<String>,
    /// `attach_disconnected.path`
    pub disconnected_path: Option<Value>,
    /// `attach_disconnected.ipc`
    pub disconnected_ipc: Option<Option<Value>>,
    /// AppArmor's number of `kill.signal`.
    pub kill_signal: Option<u8>,
    /// The name of `error`.
    pub error: Option<String>,
    /// `xattrs`: names and patterns.
    pub xattrs: Vec<(Value, Value)>,
    /// `identities`
    pub identities: Vec<Value>,
}

const EXCLUSIVE: &[(&str, &str)] = &[
    ("chroot_relative", "namespace_relative"),
    ("mediate_deleted", "delegate_deleted"),
    ("attach_disconnected", "no_attach_disconnected"),
    ("chroot_attach", "chroot_no_attach"),
];

impl Head {
    /// Whether the flag is set.
    #[must_use]
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }

    /// Reads the head of a profile.
    #[must_use]
    pub fn read(header: &Node, hat: bool, problems: &mut Vec<Problem>) -> Self {
        let mut head = Self::default();
        let mut flags_seen = false;
        let mut plus = false;
        for child in header.children_with_tokens() {
            match child {
                crate::syntax::Element::Token(token) => plus |= token.kind() == K::Plus,
                crate::syntax::Element::Node(node) if node.kind() == K::List => {
                    if flags_seen {
                        problems.push(Problem::new(ast::span(&node), "flags are given twice"));
                    }
                    flags_seen = true;
                    head.flags(&ast::args(&node), ast::span(&node), problems);
                }
                crate::syntax::Element::Node(node) => {
                    let Some(cond) = cond(&node) else { continue };
                    match cond.name.raw.as_str() {
                        "flags" if !flags_seen => {
                            flags_seen = true;
                            head.flags(&cond.values, cond.span.clone(), problems);
                        }
                        "xattrs" if hat => {
                            problems.push(Problem::new(
                                cond.span,
                                "a hat is not attached, so it knows no xattrs",
                            ));
                        }
                        "xattrs" if !flags_seen => head.xattrs(&cond, problems),
                        "identities" if plus && !flags_seen => {
                            let quoted = cond.values.iter().any(|v| v.word().is_some_and(|w| w.quoted));
                            if cond.values.is_empty() || quoted {
                                problems.push(
                                    Problem::new(cond.span.clone(), "identities are words")
                                        .hint("+identities=(a b)"),
                                );
                            }
                            head.identities.extend(cond.values.iter().filter_map(|v| v.word().cloned()));
                        }
                        "flags" | "xattrs" | "identities" => {
                            let problem =
                                Problem::new(cond.name.span, "this stands twice, or behind the flags");
                            problems.push(problem.hint("NAME ATTACHMENT xattrs=(…) flags=(…)"));
                        }
                        _ => problems.push(
                            Problem::new(cond.name.span, "profiles have no such attribute")
                                .hint("xattrs=(…) flags=(…)"),
                        ),
                    }
                }
            }
        }
        head
    }

    fn xattrs(&mut self, cond: &Cond, problems: &mut Vec<Problem>) {
        for value in &cond.values {
            match value {
                Arg::Cond(inner) if inner.operator == "=" => match inner.values.as_slice() {
                    [Arg::Word(value)] => self.xattrs.push((inner.name.clone(), value.clone())),
                    _ => problems.push(Problem::new(inner.span.clone(), "an attribute has one value")),
                },
                Arg::Word(word) => {
                    let any = Value { raw: "**".to_owned(), quoted: false, span: word.span.clone() };
                    self.xattrs.push((word.clone(), any));
                }
                other => problems
                    .push(Problem::new(other.span(), "no condition of an attribute").hint("NAME=VALUE")),
            }
        }
    }

    fn flags(&mut self, values: &[Arg], span: std::ops::Range<usize>, problems: &mut Vec<Problem>) {
        if values.is_empty() {
            problems.push(Problem::new(span, "an empty list of flags"));
        }
        for (place, value) in values.iter().enumerate() {
            match value {
                // The reference forgets it where it does not stand first.
                Arg::Word(word) if word.raw == "debug" && place > 0 => {}
                Arg::Word(word) => self.flag(word, problems),
                Arg::Cond(cond) => self.valued(cond, problems),
                other => problems.push(Problem::new(other.span(), "no flag of a profile")),
            }
        }
    }

    fn flag(&mut self, word: &Value, problems: &mut Vec<Problem>) {
        let mode = match word.raw.as_str() {
            "enforce" => Mode::Enforce,
            "complain" => Mode::Complain,
            "kill" => Mode::Kill,
            "unconfined" => Mode::Unconfined,
            "prompt" => Mode::Prompt,
            "default_allow" => Mode::DefaultAllow,
            "audit" => {
                self.audit = true;
                return;
            }
            "attach_disconnected.ipc" => {
                if self.has("no_attach_disconnected") {
                    problems.push(Problem::new(word.span.clone(), "this flag contradicts one before it"));
                }
                self.disconnected_ipc.get_or_insert(None);
                return;
            }
            "chroot_relative"
            | "namespace_relative"
            | "mediate_deleted"
            | "delegate_deleted"
            | "attach_disconnected"
            | "no_attach_disconnected"
            | "chroot_attach"
            | "chroot_no_attach"
            | "interruptible"
            | "debug" => {
                let other = EXCLUSIVE.iter().find_map(|(a, b)| match word.raw.as_str() {
                    w if w == *a => Some(*b),
                    w if w == *b => Some(*a),
                    _ => None,
                });
                if other.is_some_and(|o| self.has(o)) {
                    problems.push(Problem::new(word.span.clone(), "this flag contradicts one before it"));
                }
                self.flags.push(word.raw.clone());
                return;
            }
            _ => {
                problems.push(Problem::new(word.span.clone(), "no flag of a profile"));
                return;
            }
        };
        if self.mode.is_some_and(|m| m != mode) {
            problems.push(Problem::new(word.span.clone(), "a profile has one mode"));
        }
        self.mode = Some(mode);
    }

    fn valued(&mut self, cond: &Cond, problems: &mut Vec<Problem>) {
        let [Arg::Word(value)] = cond.values.as_slice() else {
            problems.push(Problem::new(cond.span.clone(), "this flag needs one value"));
            return;
        };
        if value.quoted {
            problems.push(Problem::new(value.span.clone(), "values of flags stand without quotes"));
        }
        let fine = match cond.name.raw.as_str() {
            "attach_disconnected.path" => {
                let other = self.disconnected_path.replace(value.clone());
                if other.is_some_and(|o| o.raw != value.raw) || self.has("no_attach_disconnected") {
                    problems.push(Problem::new(cond.span.clone(), "this flag contradicts one before it"));
                }
                value.raw.starts_with(['/', '@'])
            }
            "attach_disconnected.ipc" => {
                let other = self.disconnected_ipc.replace(Some(value.clone())).flatten();
                if other.is_some_and(|o| o.raw != value.raw) || self.has("no_attach_disconnected") {
                    problems.push(Problem::new(cond.span.clone(), "this flag contradicts one before it"));
                }
                value.raw.starts_with(['/', '@'])
            }
            "kill.signal" => {
                let other = std::mem::replace(&mut self.kill_signal, signal_number(&value.raw));
                if other.is_some() && other != self.kill_signal {
                    problems.push(Problem::new(cond.span.clone(), "this flag contradicts one before it"));
                }
                self.kill_signal.is_some()
            }
            "error" => {
                let other = self.error.replace(value.raw.clone());
                if other.is_some_and(|o| !o.eq_ignore_ascii_case(&value.raw)) {
                    problems.push(Problem::new(cond.span.clone(), "this flag contradicts one before it"));
                }
                super::errno::number(&value.raw).is_some()
            }
            _ => {
                problems.push(Problem::new(cond.name.span.clone(), "no flag of a profile"));
                return;
            }
        };
        if !fine {
            problems.push(Problem::new(value.span.clone(), "no value of this flag"));
        }
    }
}

fn cond(node: &Node) -> Option<Cond> {
    (node.kind() == K::Cond).then(|| ast::condition(node)).flatten()
}
