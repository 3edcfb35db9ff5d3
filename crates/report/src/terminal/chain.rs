//! The layers in the order the kernel asks them, one glance each.

use super::page::{Page, Role};
use whodenied_case::{ChainLink, Mark};

const fn glyph(mark: Mark) -> (Role, &'static str) {
    match mark {
        Mark::Passed => (Role::Good, "✓"),
        Mark::Refused => (Role::Bad, "✗"),
        Mark::Unknown => (Role::Unsure, "?"),
        Mark::NotAsked => (Role::Dim, "·"),
    }
}

/// More rows than this, and the layers that passed share a row without their reasons.
const ROWS: usize = 7;

/// Writes the chain; `decided` is false while more than one layer fits. Neighbours with the same mark and the same to say share a row.
pub(super) fn write(page: &mut Page, chain: &[ChainLink], decided: bool, all: bool) {
    page.heading(&[(Role::Strong, "Layers"), (Role::Dim, ", in the order the kernel asks them")]);
    let mut groups = grouped(chain, |a, b| a.note == b.note);
    if groups.len() > ROWS && !all {
        groups = grouped(chain, |a, _| a.mark == Mark::Passed);
    }
    let names: Vec<String> =
        groups.iter().map(|g| g.iter().map(|l| l.layer.title()).collect::<Vec<_>>().join(", ")).collect();
    let column = names.iter().map(String::len).filter(|n| *n <= 24).max().unwrap_or(0);
    for (group, name) in groups.iter().zip(&names) {
        let Some(link) = group.first() else { continue };
        let refused = link.mark == Mark::Refused;
        // While it is open which layer refused, none is crossed out.
        let (role, mark) = if refused && !decided { (Role::Unsure, "?") } else { glyph(link.mark) };
        let padding = " ".repeat(column.saturating_sub(name.len()) + 2);
        let same = group.iter().all(|l| l.note == link.note);
        let note = match (link.mark, link.note.as_str()) {
            (Mark::NotAsked, "") => "not asked",
            (_, note) if same => note,
            _ => "",
        };
        let name_role = match link.mark {
            Mark::Refused if decided => Role::Bad,
            Mark::Refused => Role::Strong,
            Mark::NotAsked => Role::Dim,
            _ => Role::Plain,
        };
        let mut runs = vec![(role, mark), (Role::Plain, " "), (name_role, name.as_str())];
        if !note.is_empty() {
            let note_role = if refused { Role::Plain } else { Role::Dim };
            runs.extend([(Role::Plain, padding.as_str()), (note_role, note)]);
        }
        let hang = if name.len() > column { 4 } else { 4 + column + 2 };
        page.para(2, hang, &runs);
    }
}

/// Runs of links with the same mark that `alike` joins. The one that refused stands alone.
fn grouped(chain: &[ChainLink], alike: impl Fn(&ChainLink, &ChainLink) -> bool) -> Vec<Vec<&ChainLink>> {
    let mut groups: Vec<Vec<&ChainLink>> = Vec::new();
    for link in chain {
        match groups.last_mut() {
            Some(group)
                if link.mark != Mark::Refused
                    && group.first().is_some_and(|g| g.mark == link.mark && alike(g, link)) =>
            {
                group.push(link);
            }
            _ => groups.push(vec![link]),
        }
    }
    groups
}
