//! Sorted, non-overlapping byte edits. Files are patched by these, never printed anew.

use serde::{Deserialize, Serialize};

/// Replaces the bytes `start..end` of one file by `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// First byte replaced.
    pub start: usize,
    /// One past the last byte replaced.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
}

/// Why a list of edits can't be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// An edit begins before the one before it ends.
    Overlap {
        /// Index of the second of the two edits.
        index: usize,
    },
    /// An edit reaches past the text or cuts a character.
    OutOfRange {
        /// Index of the edit.
        index: usize,
    },
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overlap { index } => write!(f, "edit {index} overlaps the one before it"),
            Self::OutOfRange { index } => write!(f, "edit {index} lies outside the text"),
        }
    }
}

impl std::error::Error for EditError {}

/// Applies `edits`, sorted by `start`, to `text`.
///
/// # Errors
/// When two edits overlap or one lies outside `text`; nothing is applied then.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (index, edit) in edits.iter().enumerate() {
        if edit.start < at {
            return Err(EditError::Overlap { index });
        }
        let kept = text.get(at..edit.start).ok_or(EditError::OutOfRange { index })?;
        if edit.end < edit.start || text.get(edit.start..edit.end).is_none() {
            return Err(EditError::OutOfRange { index });
        }
        out.push_str(kept);
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { start, end, text: text.to_owned() }
    }

    #[test]
    fn applies_in_order() {
        assert_eq!(apply("abcdef", &[edit(1, 2, "X"), edit(4, 4, "--")]).as_deref(), Ok("aXcd--ef"));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(apply("abc", &[edit(0, 2, ""), edit(1, 3, "")]), Err(EditError::Overlap { index: 1 }));
        assert_eq!(apply("é", &[edit(1, 2, "")]), Err(EditError::OutOfRange { index: 0 }));
        assert_eq!(apply("abc", &[edit(2, 9, "")]), Err(EditError::OutOfRange { index: 0 }));
    }
}
