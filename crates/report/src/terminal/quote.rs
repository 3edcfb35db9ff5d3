//! Quoted evidence: line numbers, the line wrapped, carets under what decides.
//!
//! A line that would take more than [`ROWS`] rows is shown by its deciding words and their
//! neighbours, with `…` for what is left out.

use super::page::{Cell, Page, Role, line_end};
use std::ops::Range;
use whodenied_case::{Case, Evidence, Quote};
use whodenied_text::LineIndex;

/// The most rows of text one quoted line may take.
const ROWS: usize = 3;
/// The most lines of one quotation.
const LINES: usize = 4;
/// The most characters of one line that are looked at.
const LONGEST: usize = 8192;

/// Where the quotation stands: the source and, where lines can be counted, the line.
pub(super) fn source(case: &Case, quote: &Quote, index: &LineIndex) -> String {
    let Some(evidence) = case.evidence.get(quote.span.source.0 as usize) else { return String::new() };
    let name = evidence.origin.name();
    match evidence.omitted {
        0 => format!("{name}, line {}", index.line_column(quote.span.start).0),
        _ => name.to_owned(),
    }
}

/// Writes one quotation, its source above it with `named`; `index` is the line index of its evidence.
pub(super) fn write(page: &mut Page, case: &Case, quote: &Quote, index: &LineIndex, named: bool, all: bool) {
    let Some(evidence) = case.evidence.get(quote.span.source.0 as usize) else { return };
    // Masking keeps every offset, so the spans stay true.
    let (first, _) = index.line_column(quote.span.start);
    let (last, _) = index.line_column(quote.span.end.saturating_sub(1).max(quote.span.start));
    let numbered = evidence.omitted == 0;
    let source = source(case, quote, index);
    if named {
        page.para(2, 4, &[(Role::Dim, &source)]);
    }
    let lines = chosen(quote, index, first..last + 1, all);
    let gutter = last.to_string().len();
    let mut before = None;
    for line in lines {
        if before.is_some_and(|b: usize| b + 1 < line) {
            page.line(2, &[(Role::Dim, &format!("{:gutter$} …", ""))]);
        }
        before = Some(line);
        let number = if numbered { line.to_string() } else { String::new() };
        write_line(page, evidence, quote, index, line, &format!("{number:>gutter$} │ "));
    }
}

/// The lines worth showing: those that hold a deciding part, else the first ones.
fn chosen(quote: &Quote, index: &LineIndex, lines: Range<usize>, all: bool) -> Vec<usize> {
    let limit = if all { 40 } else { LINES };
    if lines.len() <= limit {
        return lines.collect();
    }
    let mut marked: Vec<usize> = quote
        .deciding
        .iter()
        .map(|d| index.line_column(d.start).0)
        .filter(|line| lines.contains(line))
        .collect();
    marked.sort_unstable();
    marked.dedup();
    if marked.is_empty() {
        return lines.take(limit).collect();
    }
    marked.truncate(limit);
    marked
}

fn write_line(
    page: &mut Page,
    evidence: &Evidence,
    quote: &Quote,
    index: &LineIndex,
    line: usize,
    lead: &str,
) {
    let Some(range) = index.line_range(line) else { return };
    let Some(text) = evidence.text.get(range.start as usize..range.end as usize) else { return };
    let text = crate::redact::mask(text.strip_suffix('\r').unwrap_or(text));
    let marks: Vec<Range<usize>> = quote
        .deciding
        .iter()
        .filter(|d| d.source == quote.span.source && d.start < range.end && d.end > range.start)
        .map(|d| {
            let local = |at: u32| (at.clamp(range.start, range.end) - range.start) as usize;
            local(d.start)..local(d.end)
        })
        .collect();
    let columns = page.columns(lead);
    let room = page.width().saturating_sub(2 + columns).max(24);
    let cells = shortened(marked(page, &text, &marks), page, room);
    // Where all of the line decides, carets under all of it say nothing.
    let whole = cells.iter().all(|c| c.role == Role::Mark || c.c == ' ');
    let mut lead = lead.to_owned();
    let mut at = 0;
    while at < cells.len() {
        let (end, next) = line_end(&cells, at, room);
        let row = cells.get(at..end).unwrap_or(&[]);
        page.cells_after(2, &[(Role::Dim, &lead)], row);
        lead = format!("{:1$}│ ", "", columns.saturating_sub(2));
        let carets: String =
            row.iter().map(|c| if c.role == Role::Mark { "^" } else { " " }.repeat(c.columns)).collect();
        if !whole && !carets.trim_end().is_empty() {
            page.line(2, &[(Role::Dim, &lead), (Role::Bad, carets.trim_end())]);
        }
        at = next;
    }
}

/// The line as cells, the deciding parts marked. Of a very long line only the part around the
/// first mark is looked at.
fn marked(page: &Page, text: &str, marks: &[Range<usize>]) -> Vec<Cell> {
    let from = marks.iter().map(|m| m.start).min().unwrap_or(0).saturating_sub(LONGEST / 4);
    let mut cells = Vec::new();
    for (i, c) in text.char_indices().skip_while(|(i, _)| *i < from).take(LONGEST) {
        let role = if marks.iter().any(|m| m.contains(&i)) { Role::Mark } else { Role::Plain };
        match c {
            '\t' => page.push_cells(&mut cells, role, " "),
            c => page.push_cells(&mut cells, role, c.encode_utf8(&mut [0; 4])),
        }
    }
    cells
}

/// Leaves out the words that do not decide when the line would take more than [`ROWS`] rows.
fn shortened(cells: Vec<Cell>, page: &Page, room: usize) -> Vec<Cell> {
    let marked = cells.iter().any(|c| c.role == Role::Mark);
    let rows = if marked { ROWS } else { ROWS - 1 };
    if cells.iter().map(|c| c.columns).sum::<usize>() <= room * rows {
        return cells;
    }
    let words: Vec<&[Cell]> = cells.split(|c| c.c == ' ').filter(|w| !w.is_empty()).collect();
    let decides = |i: usize| words.get(i).is_some_and(|w| w.iter().any(|c| c.role == Role::Mark));
    // A lone deciding word needs its neighbours to be understood; several speak for themselves.
    let lone = (0..words.len()).filter(|i| decides(*i) && !decides(i + 1)).count() < 3;
    let mut out: Vec<Cell> = Vec::new();
    let mut used = 0;
    let mut cut = false;
    for (i, word) in words.iter().enumerate() {
        used += word.iter().map(|c| c.columns).sum::<usize>() + 1;
        let keep = if marked {
            decides(i) || lone && (decides(i + 1) || (i > 0 && decides(i - 1)))
        } else {
            used < room * rows
        };
        if !keep && cut {
            continue;
        }
        if !out.is_empty() {
            let joins = decides(i) && out.last().is_some_and(|c| c.role == Role::Mark) && keep;
            page.push_cells(&mut out, if joins { Role::Mark } else { Role::Plain }, " ");
        }
        if keep {
            out.extend_from_slice(word);
        } else {
            page.push_cells(&mut out, Role::Dim, "…");
        }
        cut = !keep;
    }
    out.truncate(room * ROWS * 2);
    out
}
