//! Errors and remarks about a text, with the lines they are about, as compilers show them.

use whodenied_text::escape;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Refused, or certainly not what is meant.
    Error,
    /// Accepted, and probably not what is meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place in a text.
#[derive(Debug, Clone)]
pub struct Spot<'t> {
    /// The file's path.
    pub path: &'t str,
    /// Its text.
    pub text: &'t str,
    /// The bytes.
    pub span: std::ops::Range<usize>,
}

/// Something to say about a text. All strings may be hostile.
#[derive(Debug, Clone)]
pub struct Message<'t> {
    /// How bad.
    pub severity: Severity,
    /// A stable id.
    pub id: Option<&'t str>,
    /// What.
    pub text: String,
    /// Where.
    pub spot: Spot<'t>,
    /// What is said of further places: an include on the way, another rule.
    pub also: Vec<(String, Spot<'t>)>,
    /// What helps.
    pub help: Vec<String>,
}

impl Spot<'_> {
    /// Line and column, from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.text.get(..self.span.start).unwrap_or(self.text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    fn location(&self) -> String {
        let (line, column) = self.line_column();
        format!("{}:{line}:{column}", escape::clipped(self.path, 300))
    }
}

const MAX_LINE: usize = 160;

/// The message as text without color, ending with an empty line.
#[must_use]
pub fn render(message: &Message<'_>) -> String {
    let id = message.id.map(|id| format!("[{}]", escape::line(id))).unwrap_or_default();
    let mut out = format!("{}{id}: {}\n", message.severity.word(), escape::line(&message.text));
    let (line, column) = message.spot.line_column();
    let width = line.to_string().len();
    out.push_str(&format!("{:width$}--> {}\n", "", message.spot.location()));
    let start =
        message.spot.text.get(..message.spot.span.start).map_or(0, |b| b.rfind('\n').map_or(0, |i| i + 1));
    let shown = message.spot.text.get(start..).unwrap_or_default().split('\n').next().unwrap_or_default();
    let shown: String =
        shown.trim_end_matches('\r').chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let escaped = escape::clipped(&shown, MAX_LINE);
    out.push_str(&format!("{:width$} |\n{line} | {escaped}\n", ""));
    // Marks only fit under a line that is shown as it is.
    if escaped == shown && column <= MAX_LINE {
        let span = message.spot.text.get(message.spot.span.clone()).unwrap_or_default();
        let marks = span.split('\n').next().unwrap_or_default().chars().count().max(1);
        out.push_str(&format!(
            "{:width$} | {}{}\n",
            "",
            " ".repeat(column - 1),
            "^".repeat(marks.min(MAX_LINE))
        ));
    }
    for (text, spot) in &message.also {
        out.push_str(&format!("{:width$} = {}: {}\n", "", escape::line(text), spot.location()));
    }
    for help in &message.help {
        out.push_str(&format!("{:width$} = help: {}\n", "", escape::line(help)));
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_with_marks() {
        let text = "one\n  two three\n";
        let spot = Spot { path: "/f", text, span: 10..15 };
        let message = Message {
            severity: Severity::Warning,
            id: Some("x"),
            text: "no such word".into(),
            spot: spot.clone(),
            also: vec![("included here".into(), Spot { span: 0..3, ..spot })],
            help: vec!["write `four`".into()],
        };
        assert_eq!(
            render(&message),
            "warning[x]: no such word\n --> /f:2:7\n  |\n2 |   two three\n  |       ^^^^^\n  = included here: /f:1:1\n  = help: write `four`\n\n"
        );
    }

    #[test]
    fn hostile_lines_are_escaped_and_clipped() {
        let text = format!("\u{1b}[31m{}", "a".repeat(10_000));
        let message = Message {
            severity: Severity::Error,
            id: None,
            text: "\u{1b}".into(),
            spot: Spot { path: "\u{202e}", text: &text, span: 0..1 },
            also: Vec::new(),
            help: Vec::new(),
        };
        let shown = render(&message);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']) && shown.len() < 1000, "{shown}");
    }
}
