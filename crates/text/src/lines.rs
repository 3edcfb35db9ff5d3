//! Byte offset to line and column, for messages that name a place.

/// The line starts of one text. Lines end at `\n`; a `\r` before it belongs to the line.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    len: u32,
}

impl LineIndex {
    /// Indexes `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        for (i, b) in text.bytes().enumerate() {
            if b == b'\n' {
                starts.push(u32::try_from(i + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts, len: u32::try_from(text.len()).unwrap_or(u32::MAX) }
    }

    /// The 1-based line and 1-based byte column of `offset`; offsets past the end give the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        let offset = offset.min(self.len);
        let line = self.starts.partition_point(|s| *s <= offset);
        let start = self.starts[line - 1];
        (line, (offset - start) as usize + 1)
    }

    /// The byte range of a 1-based line without its line end; `None` past the last line.
    #[must_use]
    pub fn line_range(&self, line: usize) -> Option<std::ops::Range<u32>> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = self.starts.get(line).map_or(self.len, |next| next - 1);
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_and_column() {
        let index = LineIndex::new("ab\ncd\n");
        assert_eq!(index.line_column(0), (1, 1));
        assert_eq!(index.line_column(2), (1, 3));
        assert_eq!(index.line_column(3), (2, 1));
        assert_eq!(index.line_column(99), (3, 1));
        assert_eq!(index.line_range(2), Some(3..5));
        assert_eq!(index.line_range(4), None);
        assert_eq!(index.line_range(0), None);
    }
}
