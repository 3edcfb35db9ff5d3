//! Feature trees: what a kernel can mediate (`/sys/kernel/security/apparmor/features`), and what a
//! policy is written for (`abi`).
//!
//! In text a tree is `name {content}` for a directory or file after another, a file's content being
//! its value; blanks and line ends between them mean nothing.

pub mod effective;
pub mod shipped;

use std::collections::BTreeMap;

/// Nesting of a tree.
pub const MAX_DEPTH: usize = 16;
/// Bytes of a tree in text.
pub const MAX_BYTES: usize = 1 << 20;

/// A directory's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file with its content, blanks at its ends left out.
    Value(String),
    /// A directory.
    Tree(Features),
}

/// A tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features(pub BTreeMap<String, Entry>);

impl Features {
    /// Reads a tree in text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("too large for a feature tree");
        }
        let mut rest = text;
        let tree = tree(&mut rest, 0)?;
        if rest.trim().is_empty() { Ok(tree) } else { Err("a closing brace without an opening one") }
    }

    /// The entry under a path of names with `/` between them.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let mut tree = self;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let entry = tree.0.get(part)?;
            match (entry, parts.peek()) {
                (entry, None) => return Some(entry),
                (Entry::Tree(inner), Some(_)) => tree = inner,
                // The words of a value count as names below it.
                (Entry::Value(value), Some(word)) => {
                    return value.split_ascii_whitespace().any(|v| v == *word).then_some(entry);
                }
            }
        }
        None
    }

    /// Whether there is an entry under the path; the words of a value count as entries below it.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// The value under the path.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&str> {
        match self.get(path)? {
            Entry::Value(value) => Some(value),
            Entry::Tree(_) => None,
        }
    }

    /// Adds a value under a path, making what is missing above it.
    pub fn insert(&mut self, path: &str, value: &str) {
        match path.split_once('/') {
            None => {
                self.0.insert(path.to_owned(), Entry::Value(value.trim().to_owned()));
            }
            Some((first, rest)) => {
                let entry = self.0.entry(first.to_owned()).or_insert_with(|| Entry::Tree(Self::default()));
                if let Entry::Value(_) = entry {
                    *entry = Entry::Tree(Self::default());
                }
                if let Entry::Tree(tree) = entry {
                    tree.insert(rest, value);
                }
            }
        }
    }
}

fn tree(rest: &mut &str, depth: usize) -> Result<Features, &'static str> {
    if depth > MAX_DEPTH {
        return Err("nested too deep for a feature tree");
    }
    let mut out = BTreeMap::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('}') {
            return Ok(Features(out));
        }
        let end = rest.find(['{', '}']).ok_or("a name without `{`")?;
        let (name, behind) = rest.split_at(end);
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) || behind.starts_with('}') {
            return Err("no name before `{`");
        }
        *rest = behind.get(1..).unwrap_or_default();
        let content = rest.find(['{', '}']).ok_or("`}` is missing")?;
        let entry = if rest.get(content..).is_some_and(|r| r.starts_with('{')) {
            Entry::Tree(tree(rest, depth + 1)?)
        } else {
            let (value, behind) = rest.split_at(content);
            *rest = behind;
            Entry::Value(value.trim().to_owned())
        };
        *rest = rest.strip_prefix('}').ok_or("`}` is missing")?;
        out.insert(name.to_owned(), entry);
    }
}

impl std::fmt::Display for Features {
    /// The tree in text, as the kernel's is told to the reference parser.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, entry) in &self.0 {
            match entry {
                Entry::Value(value) => writeln!(f, "{name} {{{value}\n}}")?,
                Entry::Tree(tree) => writeln!(f, "{name} {{{tree}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_read_and_written() {
        let text = "domain {change_hat {yes\n}\nstack {yes\n}\n}\nnetwork {af_mask {unix inet\n}\n}\n";
        let tree = Features::parse(text).unwrap();
        assert_eq!(tree.value("domain/stack"), Some("yes"));
        assert!(
            tree.has("network/af_mask/inet") && !tree.has("network/af_mask/alg") && !tree.has("network_v8")
        );
        assert_eq!(tree.to_string(), text);
        assert_eq!(Features::parse(&tree.to_string()), Ok(tree));
    }

    #[test]
    fn broken_trees_are_refused() {
        for text in ["a", "a {", "a {b", "}", "a {b {c}", "{x}", "a b {c}", &"a {".repeat(10_000)] {
            assert!(Features::parse(text).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn files_of_a_directory_make_a_tree() {
        let mut tree = Features::default();
        tree.insert("policy/versions/v8", "yes\n");
        tree.insert("caps/mask", "chown kill\n");
        assert_eq!(tree.to_string(), "caps {mask {chown kill\n}\n}\npolicy {versions {v8 {yes\n}\n}\n}\n");
    }
}
