//! Putting a remedy together.

use whodenied_case::{FileEdit, Remedy, Risk, Where};

/// A remedy under construction.
#[derive(Debug, Clone)]
pub(crate) struct Fix(Remedy);

impl Fix {
    pub(crate) fn new(on: Where, risk: Risk, summary: impl Into<String>) -> Self {
        Self(Remedy {
            summary: summary.into(),
            on,
            risk,
            widens: String::new(),
            edits: Vec::new(),
            commands: Vec::new(),
            undo: Vec::new(),
        })
    }

    /// What it newly allows, one sentence.
    pub(crate) fn widens(mut self, text: impl Into<String>) -> Self {
        self.0.widens = text.into();
        self
    }

    /// A file or a snippet.
    pub(crate) fn edit(mut self, edit: FileEdit) -> Self {
        self.0.edits.push(edit);
        self
    }

    /// Several.
    pub(crate) fn edits(mut self, edits: impl IntoIterator<Item = FileEdit>) -> Self {
        self.0.edits.extend(edits);
        self
    }

    /// A command.
    pub(crate) fn run(mut self, command: impl Into<String>) -> Self {
        self.0.commands.push(command.into());
        self
    }

    /// A step of the way back.
    pub(crate) fn undo(mut self, command: impl Into<String>) -> Self {
        self.0.undo.push(command.into());
        self
    }

    pub(crate) fn done(self) -> Remedy {
        self.0
    }
}

/// A whole file to write.
pub(crate) fn whole(file: impl Into<String>, format: &str, text: impl Into<String>) -> FileEdit {
    FileEdit {
        file: file.into(),
        format: format.into(),
        whole: true,
        text: text.into(),
        spelling: String::new(),
    }
}

/// Lines to add to a file.
pub(crate) fn part(file: impl Into<String>, format: &str, text: impl Into<String>) -> FileEdit {
    FileEdit { whole: false, ..whole(file, format, text) }
}

/// What a layer offers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offer {
    /// The least first.
    pub(crate) remedies: Vec<Remedy>,
    /// What stays blocked with the first.
    pub(crate) stays_blocked: Vec<String>,
}

impl Offer {
    pub(crate) fn add(&mut self, fix: Fix) -> &mut Self {
        self.remedies.push(fix.done());
        self
    }

    pub(crate) fn maybe(&mut self, fix: Option<Fix>) -> &mut Self {
        self.remedies.extend(fix.map(Fix::done));
        self
    }

    pub(crate) fn stays(&mut self, items: &[&str]) -> &mut Self {
        self.stays_blocked.extend(items.iter().map(|s| (*s).to_owned()));
        self
    }
}
