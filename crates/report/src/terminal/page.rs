//! The one place through which text reaches the terminal: escaping, colour, wrapping.
//!
//! Invariant: every character of `Page::out` is a newline, a colour sequence of ours, or has
//! passed [`Page::shown`]. No other module of the terminal report builds output.

use super::width;
use anstyle::{AnsiColor, Style};
use whodenied_text::escape;

/// What a piece of text is, from which its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Prose.
    Plain,
    /// The answer, headings, names.
    Strong,
    /// What refused.
    Bad,
    /// What passed, and what is low risk.
    Good,
    /// What is not known.
    Unsure,
    /// Secondary.
    Dim,
    /// To be pasted.
    Code,
    /// The deciding part of a quotation.
    Mark,
}

impl Role {
    fn style(self) -> Style {
        let colour = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Bad | Self::Mark => colour(AnsiColor::Red).bold(),
            Self::Good => colour(AnsiColor::Green),
            Self::Unsure => colour(AnsiColor::Yellow),
            Self::Dim => Style::new().dimmed(),
            Self::Code => colour(AnsiColor::Cyan),
        }
    }
}

/// Text of one role.
pub(super) type Run<'a> = (Role, &'a str);

/// One character with its role and columns.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) c: char,
    pub(super) role: Role,
    pub(super) columns: usize,
}

/// The longest text of one run, in characters; the rest is cut with `…`.
const RUN_MAX: usize = 1200;
/// Prose is not set wider than this, however wide the terminal.
const PROSE_MAX: usize = 100;

/// The report being written.
pub(super) struct Page {
    out: String,
    width: usize,
    color: bool,
    unicode: bool,
}

impl Page {
    pub(super) fn new(width: usize, color: bool, unicode: bool) -> Self {
        Self { out: String::new(), width: width.clamp(40, 400), color, unicode }
    }

    /// The columns of the page.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) fn into_string(self) -> String {
        self.out
    }

    /// `text` as it may be shown: escaped, and in ASCII where the terminal has no more.
    pub(super) fn shown(&self, text: &str) -> String {
        let clipped;
        let text = if text.len() > RUN_MAX {
            clipped = escape::clipped(text, RUN_MAX);
            clipped.as_str()
        } else {
            text
        };
        let safe = escape::line(text);
        if self.unicode || safe.is_ascii() {
            return safe.into_owned();
        }
        let mut out = String::with_capacity(safe.len());
        for c in safe.chars() {
            match c {
                '\0'..='\x7f' => out.push(c),
                '✓' => out.push('+'),
                '✗' => out.push('x'),
                '·' | '–' | '•' => out.push('-'),
                '—' => out.push_str("--"),
                '…' => out.push_str("..."),
                '│' => out.push('|'),
                '→' => out.push_str("->"),
                '×' => out.push('x'),
                '’' | '‘' => out.push('\''),
                '“' | '”' => out.push('"'),
                c => out.extend(c.escape_unicode()),
            }
        }
        out
    }

    /// The columns `text` takes when shown.
    pub(super) fn columns(&self, text: &str) -> usize {
        width::text(&self.shown(text))
    }

    /// An empty line, never two in a row.
    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading with an empty line above.
    pub(super) fn heading(&mut self, runs: &[Run<'_>]) {
        self.blank();
        self.para(0, 2, runs);
    }

    /// A wrapped paragraph: the first line starts at column `indent`, the others at `hang`.
    pub(super) fn para(&mut self, indent: usize, hang: usize, runs: &[Run<'_>]) {
        let cells = self.cells(runs);
        let limit = self.width.min(PROSE_MAX);
        let mut at = 0;
        let mut left = indent;
        while at < cells.len() {
            let room = limit.saturating_sub(left).max(16);
            let (end, next) = line_end(&cells, at, room);
            let row = cells.get(at..end).unwrap_or(&[]);
            let blanks = row.iter().rev().take_while(|c| c.c == ' ').count();
            self.put(left, row.get(..row.len() - blanks).unwrap_or(&[]));
            at = next + cells.iter().skip(next).take_while(|c| c.c == ' ').count();
            left = hang;
        }
    }

    /// A block that is to be pasted: its lines as they are, never wrapped.
    pub(super) fn block(&mut self, indent: usize, role: Role, text: &str) {
        for line in text.lines() {
            let line = line.replace('\t', "    ");
            let cells = self.cells(&[(role, line.trim_end())]);
            self.put(indent, &cells);
        }
    }

    /// One line that is not wrapped.
    pub(super) fn line(&mut self, indent: usize, runs: &[Run<'_>]) {
        let cells = self.cells(runs);
        self.put(indent, &cells);
    }

    /// `before`, then cells made by [`Page::push_cells`], on one line.
    pub(super) fn cells_after(&mut self, indent: usize, before: &[Run<'_>], cells: &[Cell]) {
        let mut line = self.cells(before);
        line.extend_from_slice(cells);
        self.put(indent, &line);
    }

    /// Appends `text` as cells.
    pub(super) fn push_cells(&self, cells: &mut Vec<Cell>, role: Role, text: &str) {
        cells.extend(self.shown(text).chars().map(|c| Cell { c, role, columns: width::of(c) }));
    }

    fn cells(&self, runs: &[Run<'_>]) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (role, text) in runs {
            self.push_cells(&mut cells, *role, text);
        }
        cells
    }

    fn put(&mut self, indent: usize, cells: &[Cell]) {
        if !cells.is_empty() {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
        let mut rest = cells;
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|c| c.role == first.role).count();
            let (run, after) = rest.split_at(same);
            let style = first.role.style();
            let painted = self.color && style != Style::new();
            if painted {
                self.out.push_str(&style.render().to_string());
            }
            self.out.extend(run.iter().map(|c| c.c));
            if painted {
                self.out.push_str(&style.render_reset().to_string());
            }
            rest = after;
        }
        self.out.push('\n');
    }
}

/// Where the line that starts at `at` ends, and where the next one starts: at the last blank
/// that fits; inside a word longer than the room after one of `/,=:&|;` or wherever it must.
pub(super) fn line_end(cells: &[Cell], at: usize, room: usize) -> (usize, usize) {
    let mut used = 0;
    let mut blank = None;
    let mut soft = None;
    for (i, cell) in cells.iter().enumerate().skip(at) {
        if cell.c == ' ' {
            blank = Some(i);
        }
        if used + cell.columns > room {
            return match (blank, soft) {
                (Some(b), _) if b > at => (b, b + 1),
                (_, Some(s)) => (s, s),
                _ => (i.max(at + 1), i.max(at + 1)),
            };
        }
        used += cell.columns;
        if matches!(cell.c, '/' | ',' | '=' | ':' | '&' | '|' | ';') && used > room / 2 {
            soft = Some(i + 1);
        }
    }
    (cells.len(), cells.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn para(width: usize, text: &str) -> String {
        let mut page = Page::new(width, false, true);
        page.para(2, 4, &[(Role::Plain, text)]);
        page.into_string()
    }

    #[test]
    fn wraps_at_blanks_and_inside_long_words() {
        let text = para(40, "one two three four five six seven eight nine ten");
        assert!(text.lines().all(|l| l.chars().count() <= 40), "{text}");
        assert!(text.starts_with("  one") && text.lines().nth(1).unwrap().starts_with("    "));
        let long = para(40, &"/very/long/path".repeat(8));
        assert!(long.lines().all(|l| l.chars().count() <= 40), "{long}");
        let wide = para(40, &"漢字".repeat(40));
        assert!(wide.lines().all(|l| width::text(l) <= 40), "{wide}");
    }

    #[test]
    fn nothing_but_ascii_without_unicode() {
        let page = Page::new(80, false, false);
        assert_eq!(page.shown("✓ a — b … é"), "+ a -- b ... \\u{e9}");
    }

    #[test]
    fn colour_sequences_are_ours_alone() {
        let mut page = Page::new(80, true, true);
        page.para(0, 0, &[(Role::Bad, "a\x1b[0mb"), (Role::Plain, "\u{9b}31m\n")]);
        let out = page.into_string();
        assert_eq!(out.matches('\x1b').count(), 3, "{out:?}");
        assert!(out.contains("a\\x1b[0mb") && out.contains("\\x9b31m\\n"));
    }
}
