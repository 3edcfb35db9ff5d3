//! Source ids, byte spans, line index, edit lists; and the one module that escapes text
//! for a terminal and quotes it for policy rules, shells, YAML and file names.
//!
//! Everything whodenied reads is hostile: `comm`, paths, labels and log text come from the
//! confined program. Text leaves whodenied only through [`escape`] or [`quote`].

pub mod edit;
pub mod escape;
pub mod lines;
pub mod quote;
pub mod span;

pub use edit::{Edit, EditError, apply};
pub use lines::LineIndex;
pub use span::{SourceId, Span};
