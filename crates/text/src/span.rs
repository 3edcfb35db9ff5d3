//! Where a piece of text stands: a source and a byte range in it.

use serde::{Deserialize, Serialize};

/// Identifies one piece of evidence inside a case. Ids count from 0 in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub u32);

/// A half-open byte range `start..end` in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Span {
    /// The source the range is in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `start..end` in `source`; an inverted range becomes empty at `start`.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX).max(start);
        Self { source, start, end }
    }

    /// The number of bytes covered.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// True when nothing is covered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// True when `other` lies wholly inside this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// The smallest span that covers both; `self` when the sources differ.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The text covered in `text`, or "" when the range is not on character boundaries of it.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cover_and_contains() {
        let a = Span::new(SourceId(0), 2, 5);
        let b = Span::new(SourceId(0), 4, 9);
        assert_eq!(a.cover(b), Span::new(SourceId(0), 2, 9));
        assert!(a.cover(b).contains(a));
        assert!(!a.contains(b));
        assert_eq!(a.cover(Span::new(SourceId(1), 0, 99)), a);
    }

    #[test]
    fn out_of_range_reads_as_empty() {
        assert_eq!(Span::new(SourceId(0), 1, 3).of("é"), "");
        assert_eq!(Span::new(SourceId(0), 9, 3).len(), 0);
    }
}
