//! Texts that a rule matches against: written by us as a pattern, or an exact hostile value.

use whodenied_text::{escape, quote};

/// A path, label or name in a rule, already in the form the policy language reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern of our own making, taken as it stands: globs and variables are meant as such.
    #[must_use]
    pub fn glob(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// A pattern that matches exactly this path; `None` when the language can't carry it.
    #[must_use]
    pub fn path(path: &str) -> Option<Self> {
        if !path.starts_with('/') {
            return None;
        }
        quote::apparmor_path(path).map(Self)
    }

    /// A pattern that matches this directory and everything below it.
    #[must_use]
    pub fn tree(path: &str) -> Option<Self> {
        let quoted = Self::path(path.trim_end_matches('/'))?.0;
        Some(Self(match quoted.strip_suffix('"') {
            Some(open) => format!("{open}/{{,**}}\""),
            None => format!("{quoted}/{{,**}}"),
        }))
    }

    /// A pattern that matches exactly this label or profile name (stacked labels included).
    #[must_use]
    pub fn label(label: &str) -> Option<Self> {
        (!label.is_empty()).then(|| quote::apparmor_name(label).map(Self)).flatten()
    }

    /// A label and everything stacked on it: `NAME//&*`.
    #[must_use]
    pub fn stacked_on(label: &str) -> Option<Self> {
        if label.is_empty() || label.contains(escape::is_unsafe) || label.contains('"') {
            return None;
        }
        let quoted = quote::apparmor_path(label)?;
        Some(Self(format!("\"{}//&*\"", quoted.trim_matches('"'))))
    }

    /// A bare word that the language knows no quoting for (a file system type, a mount option, a
    /// signal): lower-case letters, digits and `._+-` only.
    #[must_use]
    pub fn word(word: &str) -> Option<Self> {
        let ok = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        (!word.is_empty() && word.len() <= 64 && word.chars().all(ok)).then(|| Self(word.to_owned()))
    }

    /// A D-Bus name, path or interface: letters, digits and `._/-:` only.
    #[must_use]
    pub fn bus(word: &str) -> Option<Self> {
        let ok = |c: char| c.is_ascii_alphanumeric() || "._/-:".contains(c);
        (!word.is_empty() && word.len() <= 255 && word.chars().all(ok)).then(|| Self(word.to_owned()))
    }

    /// The text as it stands in a rule.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(p: Option<Pattern>) -> Option<String> {
        p.map(|p| p.0)
    }

    #[test]
    fn exact_values_are_quoted() {
        assert_eq!(s(Pattern::path("/a b")), Some("\"/a b\"".into()));
        assert_eq!(s(Pattern::path("a")), None);
        assert_eq!(s(Pattern::path("/a\" r, /** ")), None);
        assert_eq!(s(Pattern::tree("/srv/x y/")), Some("\"/srv/x y/{,**}\"".into()));
        assert_eq!(s(Pattern::tree("/srv/*")), Some("/srv/\\*/{,**}".into()));
        assert_eq!(s(Pattern::label("runc")), Some("runc".into()));
        assert_eq!(s(Pattern::label("a//&unconfined")), Some("\"a//&unconfined\"".into()));
        assert_eq!(s(Pattern::stacked_on("crio-default")), Some("\"crio-default//&*\"".into()));
        assert_eq!(s(Pattern::stacked_on("a\"b")), None);
        assert_eq!(s(Pattern::word("fuse.sshfs")), Some("fuse.sshfs".into()));
        assert_eq!(s(Pattern::word("ext4) mount,")), None);
    }
}
