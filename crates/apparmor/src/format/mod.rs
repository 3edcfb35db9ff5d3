//! The same policy, evenly laid out: one statement a line, indented by its blocks, single blanks, at most one
//! empty line. Every word, every comment and the order of all stay; a rule over several lines stays so.

use crate::syntax::{self, Element, Entry, Node, Problem, SyntaxKind as K};

const INDENT: &str = "  ";

/// Lays a text out.
///
/// # Errors
/// What is wrong with a text that can't be read: it is left alone.
pub fn format(text: &str, entry: Entry) -> Result<String, Vec<Problem>> {
    let parse = syntax::parse(text, entry);
    if !parse.problems.is_empty() {
        return Err(parse.problems);
    }
    let root = parse.root();
    let mut writer = Writer { out: String::with_capacity(text.len()) };
    writer.items(&root, 0);
    let mut out = writer.out.trim_end().to_owned();
    if !out.is_empty() {
        out.push('\n');
    }
    // What is said may not change; where it would, nothing does.
    let again = syntax::parse(&out, entry);
    if !again.problems.is_empty() || words(&again.root()) != words(&root) {
        return Ok(text.to_owned());
    }
    Ok(out)
}

/// Everything but layout, in order.
fn words(node: &Node) -> Vec<(K, String)> {
    node.descendants_with_tokens()
        .filter_map(Element::into_token)
        .filter(|t| t.kind() != K::Whitespace)
        .map(|t| (t.kind(), t.text().trim_end().to_owned()))
        .collect()
}

struct Writer {
    out: String,
}

impl Writer {
    /// Begins a line, after an empty one where `empty` is set; not at the beginning of the file or a block.
    fn line(&mut self, depth: usize, empty: bool) {
        let trimmed = self.out.trim_end_matches([' ', '\t']).len();
        self.out.truncate(trimmed);
        if !self.out.is_empty() {
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            if empty && !self.out.ends_with("{\n") && !self.out.ends_with("\n\n") {
                self.out.push('\n');
            }
        }
        self.out.push_str(&INDENT.repeat(depth));
    }

    /// What stands in a file or a block.
    fn items(&mut self, node: &Node, depth: usize) {
        // The file's beginning counts as a fresh line.
        let mut newlines = usize::from(node.kind() == K::File);
        for child in node.children_with_tokens() {
            match child {
                Element::Token(token) => match token.kind() {
                    K::Whitespace => newlines += token.text().matches('\n').count(),
                    K::Comment => {
                        if newlines > 0 || self.out.is_empty() {
                            self.line(depth, newlines > 1);
                        } else if !self.out.ends_with([' ', '\n']) {
                            self.out.push(' ');
                        }
                        self.out.push_str(token.text().trim_end());
                        newlines = 0;
                    }
                    _ => {}
                },
                Element::Node(node) => {
                    self.line(depth, newlines > 1);
                    self.statement(&node, depth);
                    newlines = 0;
                }
            }
        }
    }

    fn block(&mut self, node: &Node, depth: usize) {
        self.out.push('{');
        self.items(node, depth + 1);
        self.line(depth, false);
        self.out.push('}');
    }

    fn statement(&mut self, node: &Node, depth: usize) {
        let mut children = node.children_with_tokens().peekable();
        while let Some(child) = children.next() {
            match child {
                Element::Node(node) if node.kind() == K::Block => {
                    if !self.out.ends_with([' ', '\n']) {
                        self.out.push(' ');
                    }
                    self.block(&node, depth);
                }
                Element::Node(node) => self.statement(&node, depth),
                Element::Token(token) if token.kind() == K::Whitespace => {
                    let mut text = token.text().to_owned();
                    while let Some(Element::Token(more)) = children.next_if(|c| c.kind() == K::Whitespace) {
                        text.push_str(more.text());
                    }
                    let after_comment = self.out.rsplit('\n').next().is_some_and(|l| l.contains('#'))
                        && ends_in_comment(&token);
                    let next = children.peek();
                    let block =
                        matches!(next, Some(Element::Node(n)) if matches!(n.kind(), K::Block | K::Else));
                    if after_comment {
                        self.line(depth + usize::from(!block), false);
                    } else if text.contains('\\') {
                        self.out.push_str(" \\\n");
                        self.out.push_str(&INDENT.repeat(depth + 1));
                    } else if block {
                        self.out.push(' ');
                    } else if before_comma(next) {
                        // Nothing stands before a comma.
                    } else if text.contains('\n') && next.is_some() {
                        self.line(depth + 1, false);
                    } else if next.is_some() || node.next_sibling_or_token().is_some() {
                        self.out.push(' ');
                    }
                }
                Element::Token(token) => self.out.push_str(token.text().trim_end_matches('\r')),
            }
        }
    }
}

fn ends_in_comment(whitespace: &syntax::Token) -> bool {
    whitespace.prev_token().is_some_and(|t| t.kind() == K::Comment)
}

/// Whether a comma follows that stays a comma when the blanks before it go: one that ends its statement, and so
/// its line, or that a blank follows.
fn before_comma(next: Option<&Element>) -> bool {
    let Some(Element::Token(comma)) = next.filter(|n| n.kind() == K::Comma) else { return false };
    comma.next_sibling_or_token().is_none_or(|n| n.kind() == K::Whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn laid_out(text: &str) -> String {
        format(text, Entry::File).unwrap()
    }

    #[test]
    fn statements_stand_one_a_line() {
        let text = "\n\n# head\nabi   <abi/4.0>  ,\n@{X}  =  a   \"b c\" \\\n      d # why\n\n\n\nprofile x   /a flags=( complain ,audit ) { # open\n    /a  rw , /b r, # tail\n\n\n# own\n      deny   { /c w, }\n  signal (send,   receive)\n     peer=y ,\n if $T { /d r, } else { /e r, }\n ^h { }\n}";
        let want = "# head\nabi <abi/4.0>,\n@{X} = a \"b c\" \\\n  d # why\n\nprofile x /a flags=( complain ,audit ) { # open\n  /a rw,\n  /b r, # tail\n\n  # own\n  deny {\n    /c w,\n  }\n  signal (send, receive)\n    peer=y,\n  if $T {\n    /d r,\n  } else {\n    /e r,\n  }\n  ^h {\n  }\n}\n";
        assert_eq!(laid_out(text), want);
        assert_eq!(laid_out(want), want);
    }

    #[test]
    fn broken_text_is_left_alone() {
        assert!(format("profile x {\n  /a\n}\n", Entry::File).is_err());
    }

    proptest! {
        #[test]
        fn layout_is_stable_and_keeps_every_word(parts in proptest::collection::vec(0..PARTS.len(), 0..24)) {
            let body: String = parts.into_iter().map(|i| PARTS[i]).collect();
            let text = format!("profile x {{\n{body}\n}}\n");
            if let Ok(once) = format(&text, Entry::File) {
                prop_assert_eq!(words(&syntax::parse(&once, Entry::File).root()), words(&syntax::parse(&text, Entry::File).root()));
                prop_assert_eq!(format(&once, Entry::File).unwrap(), once);
            }
        }
    }

    const PARTS: &[&str] = &[
        "/a r,",
        " ",
        "\n",
        "\n\n\n",
        "# c\n",
        " # d\n",
        "/b  rw -> c ,",
        "deny { /c w, }",
        "owner",
        " { ",
        "}",
        "network inet\n  tcp,",
        "capability chown # x\n kill,",
        "if $T { /d r, }",
        " else { /e r, }",
        "^h {}",
        "include <a>",
        "mount options=( ro , bind ) /a -> /b,",
        "peer=(label=x),",
        "unix (send,receive) ",
        "\r\n",
        "#include <b>\n",
    ];
}
