//! How many columns a character takes on a terminal, near enough for wrapping.

/// 0 for combining marks, 2 for wide East Asian characters and emoji, else 1.
///
/// Source: Unicode East Asian Width (UAX #11), the ranges whose characters are W or F, joined
/// where the gaps between them are unassigned.
pub(super) const fn of(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036f
        | 0x0483..=0x0489
        | 0x0591..=0x05bd
        | 0x0610..=0x061a
        | 0x064b..=0x065f
        | 0x0e31
        | 0x0e34..=0x0e3a
        | 0x0e47..=0x0e4e
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x231a..=0x231b
        | 0x2e80..=0x303e
        | 0x3041..=0x33ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0xa4cf
        | 0xa960..=0xa97f
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The columns of a text.
pub(super) fn text(text: &str) -> usize {
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns() {
        assert_eq!(super::text("mealie"), 6);
        assert_eq!(super::text("日本"), 4);
        assert_eq!(super::text("e\u{301}"), 1);
        assert_eq!(super::text("✓ ✗"), 3);
    }
}
