//! Rules as checked data: what [`crate::syntax`] read, judged by what its kind of rule may say.
//! One kind of rule a file. Patterns stay as written; variables in them are replaced later.

mod arguments;
pub mod dbus;
pub mod errno;
pub mod file;
pub mod flags;
pub mod ipc;
pub mod mount;
pub mod network;
pub mod rlimit;
pub mod unix;

use crate::syntax::ast::{self, Value};
use crate::syntax::{Node, Problem, SyntaxKind as K};
pub(crate) use arguments::Arguments;
use std::ops::Range;
use whodenied_kernel::Capability;

/// What a rule does with what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Decision {
    /// Lets it through.
    #[default]
    Allow,
    /// Refuses it, and without a record unless the rule is audited.
    Deny,
    /// Asks a program in user space, where the kernel can.
    Prompt,
}

/// Whose files a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Owner {
    /// Anybody's.
    #[default]
    Any,
    /// Files whose owner is the task's filesystem user id.
    Owner,
    /// All others.
    Other,
}

/// The words before a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Qualifiers {
    /// -1000 to 1000; a higher one decides against lower ones, whatever they say.
    pub priority: Option<i32>,
    /// `audit`.
    pub audit: bool,
    /// `allow`, `deny` or `prompt`.
    pub decision: Decision,
    /// `owner` or `other`.
    pub owner: Owner,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The words before it.
    pub qualifiers: Qualifiers,
    /// What it says.
    pub body: Body,
    /// Its place in its text, qualifiers and comma included.
    pub span: Range<usize>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `[file] PATH PERMS [-> TARGET],`
    File(file::File),
    /// `link [subset] A -> B,`
    Link(file::Link),
    /// `capability …,`: none named is all.
    Capability(Vec<Capability>),
    /// `network …,`
    Network(network::Network),
    /// `unix …,`
    Unix(unix::Unix),
    /// `dbus …,`
    Dbus(dbus::Dbus),
    /// `signal …,`
    Signal(ipc::Signal),
    /// `ptrace …,`
    Ptrace(ipc::Ptrace),
    /// `mount`, `remount`, `umount`
    Mount(mount::Mount),
    /// `pivot_root …,`
    PivotRoot(mount::PivotRoot),
    /// `change_profile …,`
    ChangeProfile(file::ChangeProfile),
    /// `set rlimit …,`
    Rlimit(rlimit::Rlimit),
    /// `userns …,`
    Userns,
    /// `mqueue …,`
    Mqueue(ipc::Mqueue),
    /// `io_uring …,`
    IoUring(ipc::IoUring),
    /// `all,`
    All,
}

/// Reads a rule's node; `None` when it is broken beyond use. What is wrong is added to `problems`.
#[must_use]
pub fn read(node: &Node, problems: &mut Vec<Problem>) -> Option<Rule> {
    let span = ast::span(node);
    let before = problems.len();
    let qualifiers =
        ast::child(node, K::Qualifiers).map(|q| self::qualifiers(&q, problems)).unwrap_or_default();
    if !matches!(node.kind(), K::FileRule | K::LinkRule) && qualifiers.owner != Owner::Any {
        problems.push(Problem::new(span.clone(), "`owner` and `other` are for file rules only"));
    }
    let body = body(node, &qualifiers, span.clone(), problems)?;
    // A rule with an error in it says nothing that could be relied on.
    (problems.len() == before).then_some(Rule { qualifiers, body, span })
}

fn body(
    node: &Node,
    qualifiers: &Qualifiers,
    span: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Option<Body> {
    let mut args = Arguments::new(ast::args(node), span.clone(), problems);
    Some(match node.kind() {
        K::FileRule => Body::File(file::File::read(node, qualifiers, args)?),
        K::LinkRule => Body::Link(file::Link::read(node, args)?),
        K::CapabilityRule => Body::Capability(capabilities(args)),
        K::NetworkRule => {
            if qualifiers.priority.is_some() {
                args.problem(span, "network rules take no priority");
            }
            Body::Network(network::Network::read(args)?)
        }
        K::UnixRule => Body::Unix(unix::Unix::read(args)?),
        K::DbusRule => Body::Dbus(dbus::Dbus::read(args)?),
        K::SignalRule => Body::Signal(ipc::Signal::read(args)?),
        K::PtraceRule => Body::Ptrace(ipc::Ptrace::read(args)?),
        K::MountRule => Body::Mount(mount::Mount::read(node, args)?),
        K::PivotRootRule => Body::PivotRoot(mount::PivotRoot::read(args)?),
        K::ChangeProfileRule => Body::ChangeProfile(file::ChangeProfile::read(args)?),
        K::RlimitRule => Body::Rlimit(rlimit::Rlimit::read(args)?),
        K::UsernsRule => {
            // One word; the reference parser takes no list here.
            args.word_of(&["create"]);
            args.nothing_more();
            Body::Userns
        }
        K::MqueueRule => Body::Mqueue(ipc::Mqueue::read(args)?),
        K::IoUringRule => Body::IoUring(ipc::IoUring::read(args)?),
        K::AllRule => {
            args.nothing_more();
            if qualifiers.priority.is_some() {
                args.problem(span, "`all` takes no priority");
            }
            Body::All
        }
        _ => return None,
    })
}

/// Reads the words before a rule or a block.
pub(crate) fn qualifiers(node: &Node, problems: &mut Vec<Problem>) -> Qualifiers {
    let mut out = Qualifiers::default();
    for word in ast::keywords(node) {
        match word.raw.as_str() {
            "audit" => out.audit = true,
            "deny" => out.decision = Decision::Deny,
            "prompt" => out.decision = Decision::Prompt,
            "owner" | "user" => out.owner = Owner::Owner,
            "other" => out.owner = Owner::Other,
            _ => {}
        }
    }
    for value in ast::args(node).iter().filter_map(|a| a.word()) {
        match value.raw.parse() {
            Ok(priority @ -1000..=1000) => out.priority = Some(priority),
            _ => problems.push(Problem::new(value.span.clone(), "a priority is a number from -1000 to 1000")),
        }
    }
    out
}

fn capabilities(mut args: Arguments<'_>) -> Vec<Capability> {
    let mut names = Vec::new();
    while let Some(word) = args.word() {
        match capability(&word) {
            Some(capability) => names.push(capability),
            None => {
                let hint = word.raw.to_ascii_lowercase();
                let hint = hint.strip_prefix("cap_").filter(|n| Capability::from_name(n).is_some());
                args.problem_hint(
                    word.span,
                    "no capability of this name",
                    &hint.map_or_else(
                        || "lower case, without `CAP_`: `net_admin`".to_owned(),
                        |name| format!("written as `{name}`"),
                    ),
                );
            }
        }
    }
    args.nothing_more();
    names
}

fn capability(word: &Value) -> Option<Capability> {
    let lower = word.raw.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
    (lower && !word.raw.starts_with("cap_")).then(|| Capability::from_name(&word.raw)).flatten()
}

#[cfg(test)]
mod tests;
