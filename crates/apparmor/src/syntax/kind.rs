//! The kinds of tokens and nodes in the syntax tree.

/// A kind of token or node. Tokens first, nodes after; [`SyntaxKind::File`] is the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[allow(missing_docs)]
pub enum SyntaxKind {
    /// Blanks and line ends.
    Whitespace,
    /// `#` to the end of the line, without it.
    Comment,
    /// A word that steers the parser: a rule's keyword, a qualifier, `if`, `include`…
    Keyword,
    /// A name, path, pattern, access list word, number: what the rule's reader makes of it.
    Word,
    /// A value in double quotes.
    Quoted,
    /// `<…>` of an include or abi.
    Magic,
    /// A variable's name with its sigil, where it is assigned: `@{NAME}`, `${NAME}`.
    Variable,
    /// `=`, `+=`, `?=`, `:=`, `<=` and the comparisons of conditions.
    Operator,
    Comma,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    Arrow,
    Caret,
    Plus,
    /// Text that fits nowhere.
    Junk,

    File,
    Include,
    Alias,
    Assignment,
    Boolean,
    Abi,
    Profile,
    /// Name, attachment, xattrs, flags.
    Header,
    /// `{ … }`.
    Block,
    /// `audit deny owner { … }`.
    QualifiedBlock,
    Qualifiers,
    If,
    Else,
    Condition,
    /// `name=value`, `name in (…)`.
    Cond,
    /// `( … )`.
    List,

    FileRule,
    LinkRule,
    CapabilityRule,
    NetworkRule,
    UnixRule,
    DbusRule,
    SignalRule,
    PtraceRule,
    MountRule,
    PivotRootRule,
    ChangeProfileRule,
    RlimitRule,
    UsernsRule,
    MqueueRule,
    IoUringRule,
    AllRule,
    /// What no rule begins with.
    Error,
}

impl SyntaxKind {
    const LAST: u16 = Self::Error as u16;

    /// Blanks and comments.
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Comment)
    }

    /// A rule of a profile's body.
    #[must_use]
    pub fn is_rule(self) -> bool {
        (Self::FileRule..=Self::AllRule).contains(&self)
    }
}

const ALL: [SyntaxKind; SyntaxKind::LAST as usize + 1] = {
    use SyntaxKind as K;
    [
        K::Whitespace,
        K::Comment,
        K::Keyword,
        K::Word,
        K::Quoted,
        K::Magic,
        K::Variable,
        K::Operator,
        K::Comma,
        K::LeftParen,
        K::RightParen,
        K::LeftBrace,
        K::RightBrace,
        K::Arrow,
        K::Caret,
        K::Plus,
        K::Junk,
        K::File,
        K::Include,
        K::Alias,
        K::Assignment,
        K::Boolean,
        K::Abi,
        K::Profile,
        K::Header,
        K::Block,
        K::QualifiedBlock,
        K::Qualifiers,
        K::If,
        K::Else,
        K::Condition,
        K::Cond,
        K::List,
        K::FileRule,
        K::LinkRule,
        K::CapabilityRule,
        K::NetworkRule,
        K::UnixRule,
        K::DbusRule,
        K::SignalRule,
        K::PtraceRule,
        K::MountRule,
        K::PivotRootRule,
        K::ChangeProfileRule,
        K::RlimitRule,
        K::UsernsRule,
        K::MqueueRule,
        K::IoUringRule,
        K::AllRule,
        K::Error,
    ]
};

/// The policy language to rowan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {}

impl rowan::Language for Language {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        ALL.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the tree.
pub type Node = rowan::SyntaxNode<Language>;
/// A token of the tree.
pub type Token = rowan::SyntaxToken<Language>;
/// A node or a token.
pub type Element = rowan::SyntaxElement<Language>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_way_through_rowan() {
        for (i, kind) in ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, i);
            assert_eq!(<Language as rowan::Language>::kind_from_raw(rowan::SyntaxKind(i as u16)), kind);
        }
    }
}
