//! The files that a policy is made of, however they are reached.

/// What stands under a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Missing,
    /// A file with its bytes.
    File(Vec<u8>),
    /// A directory with the names in it, in any order.
    Directory(Vec<String>),
    /// Something that could not be read, with the reason.
    Failed(String),
}

/// Read access to files. Paths are absolute or relative to the working directory.
pub trait Files {
    /// What stands under the path. Files over [`crate::syntax::MAX_BYTES`] need not be read further
    /// than one byte beyond that.
    fn look(&self, path: &str) -> Look;
}

/// Files held in memory: for tests, fuzzing and recorded hosts.
#[derive(Debug, Clone, Default)]
pub struct Memory(pub std::collections::BTreeMap<String, Vec<u8>>);

impl Memory {
    /// From paths and texts.
    #[must_use]
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect())
    }
}

impl Files for Memory {
    fn look(&self, path: &str) -> Look {
        let path = path.trim_end_matches('/');
        if let Some(bytes) = self.0.get(path) {
            return Look::File(bytes.clone());
        }
        let below = format!("{path}/");
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter_map(|p| p.strip_prefix(&below))
            .map(|rest| rest.split('/').next().unwrap_or_default().to_owned())
            .collect();
        names.dedup();
        if names.is_empty() { Look::Missing } else { Look::Directory(names) }
    }
}

/// Whether a directory include leaves the file out: what editors and package managers leave behind.
/// Source: `apparmor.d(5)` and observed behaviour.
#[must_use]
pub fn is_ignored(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "~",
        ".rpmnew",
        ".rpmsave",
        ".orig",
        ".rej",
        ".dpkg-new",
        ".dpkg-old",
        ".dpkg-dist",
        ".dpkg-bak",
        ".dpkg-remove",
        ".pacsave",
        ".pacnew",
    ];
    name.is_empty() || name.starts_with('.') || name == "README" || ENDINGS.iter().any(|e| name.ends_with(e))
}
