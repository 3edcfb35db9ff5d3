//! One undressed line of a paste.

/// A line without its indentation, quoting and log prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// How many columns it was indented.
    pub indent: usize,
    /// Its text, without leading and trailing blanks.
    pub text: &'a str,
}

/// The lines of `text` as they stand, for readers of a whole file.
#[must_use]
pub fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines()
        .map(|raw| {
            let shown = raw.trim_end();
            let text = shown.trim_start();
            Line { indent: shown.len() - text.len(), text }
        })
        .collect()
}
