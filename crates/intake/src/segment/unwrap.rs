//! Text that a terminal broke at a fixed column: lines of exactly that width go on in the next.

use super::prefix;
use super::rejoin::is_record;

/// One physical line: its place in the evidence, and its text without line end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Physical<'a> {
    pub(super) at: usize,
    pub(super) text: &'a str,
}

/// Usual widths of terminals; the first is so usual that one full line is proof enough.
const WIDTHS: &[usize] = &[80, 100, 120, 132, 160];

/// The column at which all of the text was broken. No line may be longer.
pub(super) fn column(lines: &[Physical<'_>]) -> Option<usize> {
    let longest = lines.iter().map(|l| l.text.len()).max()?;
    // Bytes are at least as many as characters, so most texts are decided here.
    if longest < 80 {
        return None;
    }
    let width = lines.iter().map(|l| l.text.chars().count()).max()?;
    if !WIDTHS.contains(&width) {
        return None;
    }
    let pairs = lines.windows(2).filter(|p| goes_on(&p[0], &p[1], width)).count();
    (pairs >= if width == 80 { 1 } else { 2 }).then_some(width)
}

/// True when `next` continues `line`.
pub(super) fn goes_on(line: &Physical<'_>, next: &Physical<'_>, width: usize) -> bool {
    if line.text.chars().count() != width || next.text.trim().is_empty() {
        return false;
    }
    // Rows of a table and lines of one log start alike.
    let head = |t: &str| t.chars().take(6).collect::<String>();
    if head(line.text) == head(next.text) {
        return false;
    }
    let text = next.text.trim_start();
    let item =
        text.starts_with("- ") || text.starts_with("```") || text.starts_with('#') || text.starts_with("> ");
    let record = is_record(text) && (text.starts_with("type=") || text.starts_with("audit:"));
    !item && !record && !prefix::begins_line(next.text)
}

#[cfg(test)]
mod tests {
    use crate::segment::tests::lines;

    fn wrap(text: &str, width: usize) -> String {
        let mut out = String::new();
        for line in text.lines() {
            let chars: Vec<char> = line.chars().collect();
            let parts: Vec<String> = chars.chunks(width).map(|c| c.iter().collect()).collect();
            out.push_str(&parts.join("\n"));
            out.push('\n');
        }
        out
    }

    #[test]
    fn a_terminals_lines_are_joined_exactly() {
        let text = "error: |\n  docker: Error response from daemon: OCI runtime create failed: container_linux.go:349: starting container process caused \"apply apparmor profile: write /proc/self/attr/exec: permission denied\": unknown.\nlogs: |\n  [152224.918664] audit: type=1400 audit(1602650997.038:39): apparmor=\"DENIED\" operation=\"change_onexec\" profile=\"/usr/bin/dockerd\" pid=6886 comm=\"runc:[2:INIT]\" target=\"unconfined\"\n";
        let shown = |t: &str| -> Vec<_> {
            lines(t).into_iter().filter(|l| !l.text.is_empty()).map(|l| (l.dress.label, l.text)).collect()
        };
        for width in [80, 100, 120] {
            assert_eq!(shown(&wrap(text, width)), shown(text), "{width}");
        }
    }

    #[test]
    fn spans_still_point_at_the_original() {
        let text = wrap(&format!("{} Permission denied (os error 13)", "x".repeat(74)), 80);
        let all = lines(&text);
        assert_eq!(all.len(), 1);
        let at = all[0].text.find("Permission").unwrap();
        assert_eq!(all[0].span_of(at, at + 10).of(&text), "Permi\nssion");
    }

    #[test]
    fn tables_stay_tables() {
        let row = |n: u32| format!("-rw-r--r-- 1 root root {n:>56}\n");
        assert_eq!(row(1).len(), 80);
        let table: String = (0..5).map(row).collect();
        assert_eq!(lines(&table).len(), 5);
        let log: String =
            (0..5).map(|n| format!("Apr 28 16:48:3{n} host app[1]: {}\n", "y".repeat(51))).collect();
        assert_eq!(lines(&log).len(), 5);
    }
}
