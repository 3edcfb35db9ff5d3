//! `key: value` reports and headings: which question of a form a line answers.

use super::line::Line;

/// What people put before the parts of a report. Keys that tools print (`Kernel Version:`) are
/// not here: those lines are read as they are.
const KEYS: &[&str] = &[
    "actual behavior",
    "actual behaviour",
    "actual result",
    "additional context",
    "additional information",
    "command",
    "config",
    "configuration",
    "container runtime",
    "context",
    "current behavior",
    "describe the bug",
    "description",
    "distribution",
    "distro",
    "environment",
    "error",
    "error log",
    "error logs",
    "error message",
    "error output",
    "errors",
    "expected behavior",
    "expected behaviour",
    "expected result",
    "host",
    "host os",
    "how to reproduce",
    "info",
    "issue",
    "journal",
    "kernel log",
    "log",
    "log output",
    "logs",
    "message",
    "os",
    "os version",
    "output",
    "platform",
    "problem",
    "relevant log output",
    "reproduce",
    "reproduction",
    "runtime",
    "software",
    "steps to reproduce",
    "summary",
    "symptom",
    "symptoms",
    "syslog",
    "system",
    "to reproduce",
    "what happened",
    "what i tried",
    "workaround",
];

/// The label in force while lines are read in order.
#[derive(Debug, Default)]
pub(super) struct Labels {
    key: Option<String>,
    /// The key's own indentation.
    indent: usize,
    /// True when the value stands in the indented lines below the key.
    block: bool,
    /// The indentation of the block's first line.
    inner: Option<usize>,
}

impl Labels {
    /// Sets the line's label; takes a key off its text.
    pub(super) fn apply(&mut self, line: &mut Line) {
        if line.text.is_empty() {
            if !self.block {
                self.key = None;
            }
            return;
        }
        let indent = line.dress.indent;
        let inside = self.block && self.key.is_some() && indent > self.indent;
        if !inside {
            if !line.dress.code && self.start(line, indent) {
                return;
            }
            // An indented block has ended; text that was never indented goes on to the next label.
            if self.block && self.inner.is_some() {
                self.key = None;
            }
        }
        line.dress.label.clone_from(&self.key);
        if inside {
            let inner = *self.inner.get_or_insert(indent);
            line.dress.indent = indent.saturating_sub(inner);
        }
    }

    /// Begins a new label when the line has a key or is a heading.
    fn start(&mut self, line: &mut Line, indent: usize) -> bool {
        if let Some(heading) = heading(&line.text) {
            let key = heading.trim_matches(|c: char| "#*:_ ".contains(c)).to_lowercase();
            let known = KEYS.contains(&key.as_str());
            if known || line.text.starts_with("##") {
                // A blank line follows a heading and must not end it.
                *self = Self { key: Some(key), indent: 0, block: true, inner: None };
                line.dress.label.clone_from(&self.key);
                let marks = line.text.len() - line.text.trim_start_matches(['#', ' ']).len();
                line.cut_front(if known { line.text.len() } else { marks });
                return true;
            }
        }
        let Some((key, length)) = key(&line.text) else { return false };
        let rest = line.text.get(length..).unwrap_or("").trim();
        let block = matches!(rest, "" | "|" | "|-" | "|+" | ">" | ">-" | ">+");
        let none = matches!(rest, "null" | "~" | "N/A" | "n/a" | "none" | "None");
        *self = Self { key: (!none).then_some(key), indent, block, inner: None };
        line.dress.label.clone_from(&self.key);
        line.cut_front(if block || none { line.text.len() } else { length });
        true
    }
}

/// The text of a markdown heading.
fn heading(text: &str) -> Option<&str> {
    let marks = text.bytes().take_while(|b| *b == b'#').count();
    let rest = text.get(marks..)?;
    ((1..=6).contains(&marks) && rest.starts_with(' ') && rest.len() < 80).then(|| rest.trim())
}

/// A key of [`KEYS`] with its colon: `Host OS:`, `**Host OS**:`, `- host os:`; and the length up to
/// the value.
fn key(text: &str) -> Option<(String, usize)> {
    let colon = text.bytes().take(40).position(|b| b == b':')?;
    let name = text.get(..colon)?.trim_start_matches(['-', '*', '_', ' ']).trim_end_matches(['*', '_', ' ']);
    let key = name.to_lowercase();
    let after = text.get(colon + 1..)?;
    let closing = after.len() - after.trim_start_matches(['*', '_']).len();
    let ends = after.get(closing..).is_some_and(|r| r.is_empty() || r.starts_with([' ', '\t']));
    (ends && KEYS.contains(&key.as_str())).then_some((key, colon + 1 + closing))
}

#[cfg(test)]
mod tests {
    use crate::segment::tests::lines;

    fn labelled(text: &str) -> Vec<(Option<String>, String, usize)> {
        lines(text)
            .into_iter()
            .filter(|l| !l.text.is_empty())
            .map(|l| (l.dress.label, l.text, l.dress.indent))
            .collect()
    }

    fn row(label: &str, text: &str, indent: usize) -> (Option<String>, String, usize) {
        ((!label.is_empty()).then(|| label.to_owned()), text.to_owned(), indent)
    }

    #[test]
    fn keys_and_blocks() {
        assert_eq!(
            labelled("runtime: Docker CE\nhost: Debian 12\nlogs: |\n  a\n\n    b\nconfig: null\nfree text"),
            [
                row("runtime", "Docker CE", 0),
                row("host", "Debian 12", 0),
                row("logs", "a", 0),
                row("logs", "b", 2),
                row("", "free text", 0),
            ]
        );
    }

    #[test]
    fn a_value_goes_on_until_a_blank_line() {
        assert_eq!(
            labelled("error: x\ny\n\nz"),
            [row("error", "x", 0), row("error", "y", 0), row("", "z", 0)]
        );
    }

    #[test]
    fn headings() {
        assert_eq!(
            labelled("### Error message\n\nx\n\ny\n## Setup of mine\nz\n**Host OS:** Debian"),
            [
                row("error message", "x", 0),
                row("error message", "y", 0),
                row("setup of mine", "Setup of mine", 0),
                row("setup of mine", "z", 0),
                row("host os", "Debian", 0),
            ]
        );
    }

    #[test]
    fn manifests_keep_their_keys() {
        assert_eq!(
            labelled("services:\n  web:\n    image: x\n"),
            [row("", "services:", 0), row("", "web:", 2), row("", "image: x", 4)]
        );
        assert_eq!(
            labelled("config: |\n  services:\n    web:\n      runtime: nvidia\n"),
            [row("config", "services:", 0), row("config", "web:", 2), row("config", "runtime: nvidia", 4)]
        );
    }
}
