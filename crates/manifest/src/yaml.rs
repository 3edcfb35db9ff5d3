//! A reader of YAML and JSON as pasted: line by line, keys by indentation, so that fragments, lost
//! parents, wrong indentation and foreign lines in between cost only what they hide. It gives leaves
//! with the keys above them; anchors, tags and comments are cut, block scalars are read as lines.

use crate::line::Line;
use std::ops::Range;

/// A scalar and the keys above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Keys from the outermost that is known; never empty except for a list item without any key.
    pub path: Vec<String>,
    /// The scalar, unquoted.
    pub value: String,
    /// Index of its line.
    pub line: usize,
    /// Bytes of the line's text: key and value where they share a line, else the value.
    pub range: Range<usize>,
    /// The mapping inside a list that it belongs to; 0 for none.
    pub item: u32,
    /// True when the scalar is an item of a list.
    pub listed: bool,
    /// True when the key was quoted or the line ends in a comma, as in JSON.
    pub json: bool,
}

impl Leaf {
    /// The innermost key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The key above the innermost.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.path.iter().rev().nth(1).map_or("", String::as_str)
    }

    /// True when the path ends with `keys`.
    #[must_use]
    pub fn ends(&self, keys: &[&str]) -> bool {
        self.path.len() >= keys.len() && self.path.iter().rev().zip(keys.iter().rev()).all(|(a, b)| a == b)
    }

    /// True when one of the keys is `key`.
    #[must_use]
    pub fn under(&self, key: &str) -> bool {
        self.path.iter().any(|k| k == key)
    }
}

/// Nesting is followed no deeper than this.
const DEEPEST: usize = 40;

#[derive(Debug)]
enum Kind {
    /// A key; `open` when its value stands on later lines.
    Key { name: String, open: bool },
    /// An item of a list.
    Item(u32),
}

#[derive(Debug)]
struct Entry {
    indent: usize,
    kind: Kind,
}

struct Reader {
    stack: Vec<Entry>,
    items: u32,
    out: Vec<Leaf>,
    /// Inside a flow list that goes on over lines.
    flow: bool,
}

/// Every leaf of `lines`.
#[must_use]
pub fn leaves(lines: &[Line<'_>]) -> Vec<Leaf> {
    let mut reader = Reader { stack: Vec::new(), items: 0, out: Vec::new(), flow: false };
    for (at, line) in lines.iter().enumerate() {
        if line.text.len() < 20_000 {
            reader.line(at, line);
        } else if line.text.starts_with(['{', '[']) {
            reader.flow_value(at, line.text, 0, 0);
        }
    }
    reader.out
}

impl Reader {
    fn line(&mut self, at: usize, line: &Line<'_>) {
        let text = line.text;
        if text.is_empty() || text.starts_with('#') || text == "---" || text == "..." {
            return;
        }
        if matches!(text.trim_end_matches(','), "}" | "]" | "{" | "}]" | "[" | ")") {
            self.flow &= !text.starts_with(']');
            if text.starts_with('{') {
                self.dash(line.indent);
            }
            return;
        }
        let object = text.starts_with('{') && text.get(1..).is_some_and(|r| r.trim_start().starts_with('"'));
        if object || text.starts_with("[{") || text.starts_with("[\"") {
            self.flow_value(at, text, 0, line.indent);
            return;
        }
        let (mut from, mut indent) = (0, line.indent);
        while let Some(rest) = text.get(from..) {
            let dash = rest.strip_prefix("- ").map(|r| r.len()).or((rest == "-").then_some(0));
            let Some(left) = dash else { break };
            self.dash(indent);
            let skipped = rest.len() - left;
            let blanks = text.get(from + skipped..).map_or(0, |r| r.len() - r.trim_start().len());
            from += skipped + blanks;
            indent += skipped + blanks;
        }
        let listed = from > 0;
        let Some(rest) = text.get(from..) else { return };
        if rest.is_empty() {
            return;
        }
        match key(rest) {
            Some((name, quoted, after)) => self.key(at, text, from, indent, name, quoted, from + after),
            None if listed => self.scalar(at, text, from),
            None if self.flow && (rest.starts_with(['"', '\'']) || rest.ends_with([',', ']'])) => {
                for part in rest.split(',') {
                    let start = from + (part.as_ptr() as usize - rest.as_ptr() as usize);
                    self.scalar(at, text.get(..start + part.len()).unwrap_or(text), start);
                }
                self.flow &= !rest.contains(']');
            }
            None if rest.starts_with('"') && rest.trim_end_matches(',').ends_with('"') => {
                let end = text.trim_end_matches(',').len();
                self.scalar(at, text.get(..end).unwrap_or(text), from);
            }
            None => {}
        }
    }

    fn dash(&mut self, indent: usize) {
        while let Some(top) = self.stack.last() {
            let closed = match top.kind {
                Kind::Item(_) => top.indent >= indent,
                Kind::Key { open, .. } => top.indent > indent || (top.indent == indent && !open),
            };
            if !closed {
                break;
            }
            self.stack.pop();
        }
        self.items += 1;
        if self.stack.len() < DEEPEST {
            self.stack.push(Entry { indent, kind: Kind::Item(self.items) });
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one line")]
    fn key(
        &mut self,
        at: usize,
        text: &str,
        start: usize,
        indent: usize,
        name: &str,
        quoted: bool,
        after: usize,
    ) {
        let raw = text.get(after..).unwrap_or("");
        let lead = raw.len() - raw.trim_start().len();
        let json = quoted || raw.trim_end().ends_with(',');
        let value = trim_value(raw.trim());
        // A label before the first key of a fragment (`config: spec:`) is no parent: block YAML has one key a line.
        if !quoted
            && start == 0
            && !value.starts_with(['"', '\''])
            && let Some((inner, q, n)) = key(value)
        {
            // One label at most, so that a hostile line costs no deep recursion.
            self.key(at, text, after + lead, indent, inner, q, after + lead + n);
            return;
        }
        // A sentence behind a word and a colon is a message, no mapping, and closes nothing.
        if indent == 0
            && !quoted
            && value.split_whitespace().nth(3).is_some()
            && !value.starts_with(['[', '{', '"'])
        {
            return;
        }
        while self.stack.last().is_some_and(|top| top.indent >= indent) {
            self.stack.pop();
        }
        self.flow = false;
        let open = value.is_empty() || matches!(value, "|" | ">" | "|-" | ">-" | "|+" | "{" | "[");
        let end = text.trim_end().len();
        if self.stack.len() < DEEPEST {
            self.stack.push(Entry { indent, kind: Kind::Key { name: name.to_owned(), open } });
        }
        if open {
            self.flow = value == "[";
        } else if value.starts_with(['[', '{']) {
            self.flow_value(at, text, after + lead, indent);
        } else {
            let value = unquote(value).to_owned();
            self.push(at, value, start..end, json, false);
        }
    }

    fn scalar(&mut self, at: usize, text: &str, from: usize) {
        let raw = text.get(from..).unwrap_or("");
        let lead = raw.len() - raw.trim_start().len();
        let trimmed = raw.trim();
        if trimmed.starts_with(['[', '{']) {
            self.flow_value(at, text, from + lead, usize::MAX);
            return;
        }
        let value = unquote(trim_value(trimmed).trim_end_matches([']', ',']));
        if !value.is_empty() {
            let value = value.to_owned();
            self.push(at, value, from + lead..from + lead + trimmed.len(), false, true);
        }
    }

    fn push(&mut self, line: usize, value: String, range: Range<usize>, json: bool, listed: bool) {
        let path = self.stack.iter().filter_map(|e| match &e.kind {
            Kind::Key { name, .. } => Some(name.clone()),
            Kind::Item(_) => None,
        });
        let item = self.stack.iter().rev().find_map(|e| match e.kind {
            Kind::Item(id) => Some(id),
            Kind::Key { .. } => None,
        });
        let leaf = Leaf { path: path.collect(), value, line, range, item: item.unwrap_or(0), listed, json };
        self.out.push(leaf);
    }

    /// A flow collection from byte `from`: `[a, b]`, `{k: v}`, JSON; nested; cut off where the line ends.
    fn flow_value(&mut self, at: usize, text: &str, from: usize, indent: usize) {
        let bytes = text.as_bytes();
        let mut i = from;
        // What was on the stack when each bracket opened, and whether it is a list.
        let mut marks: Vec<(usize, bool)> = Vec::new();
        let mut pending: Option<(String, usize)> = None;
        while let Some(&b) = bytes.get(i) {
            match b {
                b'[' | b'{' => {
                    marks.push((self.stack.len(), b == b'['));
                    if marks.len() > DEEPEST {
                        return;
                    }
                    if let Some((name, _)) = pending.take() {
                        self.stack.push(Entry { indent, kind: Kind::Key { name, open: true } });
                    } else if b == b'{' && marks.len() > 1 {
                        self.items += 1;
                        self.stack.push(Entry { indent, kind: Kind::Item(self.items) });
                    }
                    i += 1;
                }
                b']' | b'}' => {
                    pending = None;
                    if let Some((depth, _)) = marks.pop() {
                        self.stack.truncate(depth);
                    }
                    i += 1;
                    if marks.is_empty() {
                        break;
                    }
                }
                b',' => {
                    pending = None;
                    i += 1;
                }
                b' ' | b'\t' => i += 1,
                b':' => i += 1,
                _ => {
                    let end = token_end(text, i);
                    let token = unquote(text.get(i..end).unwrap_or("").trim()).to_owned();
                    let after = text.get(end..).map_or("", str::trim_start);
                    let is_key = after.starts_with(':') && pending.is_none();
                    if is_key {
                        pending = Some((token, i));
                    } else if let Some((name, start)) = pending.take() {
                        self.stack.push(Entry { indent, kind: Kind::Key { name, open: false } });
                        self.push(at, token, start..end, true, false);
                        self.stack.pop();
                    } else if !token.is_empty() {
                        self.push(at, token, i..end, true, true);
                    }
                    i = end.max(i + 1);
                }
            }
        }
        if let Some((depth, list)) = marks.first().copied() {
            // Cut off: the list may go on in the next line.
            self.flow = list;
            let _ = depth;
        }
    }
}

/// Where the flow token at `from` ends: a quoted string, or up to `,`, a bracket or a colon before a blank.
fn token_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or("");
    let first = rest.chars().next().unwrap_or(' ');
    if first == '"' || first == '\'' {
        let mut escaped = false;
        for (n, c) in rest.char_indices().skip(1) {
            match c {
                '\\' if first == '"' && !escaped => escaped = true,
                c if c == first && !escaped => return from + n + 1,
                _ => escaped = false,
            }
        }
        return text.len();
    }
    let mut previous_colon = None;
    for (n, c) in rest.char_indices() {
        match c {
            ',' | '[' | ']' | '{' | '}' => return from + n,
            ' ' if previous_colon == Some(n) => return from + n - 1,
            ':' => previous_colon = Some(n + 1),
            _ => {}
        }
    }
    text.len()
}

/// A key at the start of `text`: its name, whether it was quoted, and the byte after the colon.
fn key(text: &str) -> Option<(&str, bool, usize)> {
    let first = text.chars().next()?;
    if first == '"' || first == '\'' {
        let end = text.get(1..)?.find(first)? + 1;
        let after = text.get(end + 1..)?;
        let blanks = after.len() - after.trim_start().len();
        return after.trim_start().starts_with(':').then_some((text.get(1..end)?, true, end + 2 + blanks));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"_-./$@<".contains(c))?;
    let after = text.get(end..)?;
    let name = text.get(..end).filter(|n| !n.is_empty() && !n.starts_with(['-', '/']))?;
    let ends = after == ":" || after.starts_with(": ") || after.starts_with(":\t");
    ends.then_some((name, false, end + 1))
}

/// A value without its trailing comma, comment, anchor and tag.
fn trim_value(text: &str) -> &str {
    let mut value = text;
    if !value.starts_with(['"', '\'']) {
        if let Some(at) = value.find(" #") {
            value = value.get(..at).unwrap_or(value);
        }
    } else if let Some(end) = value.get(1..).and_then(|r| r.find(value.chars().next().unwrap_or('"'))) {
        let tail = value.get(end + 2..).unwrap_or("").trim_start();
        if tail.starts_with('#') || (!tail.is_empty() && tail.bytes().all(|b| b"]}, ".contains(&b))) {
            value = value.get(..end + 2).unwrap_or(value);
        }
    }
    if value.starts_with('#') {
        return "";
    }
    let mut value = value.trim().trim_end_matches(',');
    while value.starts_with(['&', '!']) {
        value = value.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    value
}

fn unquote(text: &str) -> &str {
    let text = text.trim();
    for q in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(q) {
            return inner.strip_suffix(q).unwrap_or(inner);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        leaves(&crate::line::lines(text))
            .iter()
            .map(|l| format!("{}={}", l.path.join("/"), l.value))
            .collect()
    }

    #[test]
    fn block_style_with_lists_at_both_indents() {
        let text = "services:\n  web:\n    image: nginx # c\n    security_opt:\n    - apparmor:unconfined\n    cap_add:\n      - \"SYS_ADMIN\"\n    user: '1000'\n";
        assert_eq!(
            shown(text),
            [
                "services/web/image=nginx",
                "services/web/security_opt=apparmor:unconfined",
                "services/web/cap_add=SYS_ADMIN",
                "services/web/user=1000"
            ]
        );
    }

    #[test]
    fn flow_style_and_json() {
        assert_eq!(shown("a: [x, \"y:z\", 'w']"), ["a=x", "a=y:z", "a=w"]);
        assert_eq!(shown("p: {type: Localhost, n: {m: 1}}"), ["p/type=Localhost", "p/n/m=1"]);
        assert_eq!(shown("{\"A\":{\"B\":[\"c\",\"d\"],\"E\":true}}"), ["A/B=c", "A/B=d", "A/E=true"]);
        assert_eq!(
            shown("\"CapAdd\": [\n    \"NET_RAW\",\n    \"CAP_X\"\n],\n\"User\": \"5\","),
            ["CapAdd=NET_RAW", "CapAdd=CAP_X", "User=5"]
        );
        assert_eq!(shown("cap_add: [\n  A,\n  B ]\nx: 1"), ["cap_add=A", "cap_add=B", "x=1"]);
    }

    #[test]
    fn a_label_and_foreign_lines_do_not_break_the_nesting() {
        let text = "config: securityContext:\n  capabilities:\nsome log line here\n    add:\nerror: this went wrong with 5 things\n      - NET_RAW\n    drop:\n      - ALL\n";
        assert_eq!(
            shown(text),
            ["securityContext/capabilities/add=NET_RAW", "securityContext/capabilities/drop=ALL"]
        );
    }

    #[test]
    fn items_keep_their_mapping() {
        let text = "volumes:\n  - name: a\n    hostPath:\n      path: /x\n  - name: b\n";
        let all = leaves(&crate::line::lines(text));
        assert_eq!(all.iter().map(|l| l.item).collect::<Vec<_>>(), [1, 1, 2]);
    }

    #[test]
    fn hostile_text_is_survived() {
        for text in [
            "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
            "- - - - - -",
            "\"",
            "'\\",
            "a: [",
            "{\"a",
            "é: ü",
            "{é: [ü",
            "- {",
            ": :",
        ] {
            let _ = shown(text);
        }
    }
}
