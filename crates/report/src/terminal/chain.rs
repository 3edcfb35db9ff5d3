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

/// Writes the chain: a row for each layer with something to say, neighbours with the same mark
/// and nothing to say share one.
pub(super) fn write(page: &mut Page, chain: &[ChainLink], all: bool) {
    page.heading(&[(Role::Strong, "Layers"), (Role::Dim, ", in the order the kernel asks them")]);
    let title = chain.iter().map(|l| l.layer.title().len()).max().unwrap_or(0);
    let mut at = 0;
    while let Some(link) = chain.get(at) {
        let quiet = |l: &&ChainLink| {
            l.mark == link.mark
                && l.mark != Mark::Refused
                && !all
                && (l.note.is_empty() || l.mark == Mark::NotAsked)
        };
        let group: Vec<&ChainLink> = chain.get(at..).unwrap_or(&[]).iter().take_while(quiet).collect();
        let (role, mark) = glyph(link.mark);
        if group.len() > 1 {
            let names: Vec<&str> = group.iter().map(|l| l.layer.title()).collect();
            let tail = if link.mark == Mark::NotAsked { ": not asked" } else { "" };
            page.para(
                2,
                4,
                &[(role, mark), (Role::Plain, " "), (Role::Dim, &names.join(", ")), (Role::Dim, tail)],
            );
            at += group.len();
            continue;
        }
        let name = link.layer.title();
        let strong = if link.mark == Mark::Refused { Role::Bad } else { Role::Plain };
        let note_role = if link.mark == Mark::Refused { Role::Plain } else { Role::Dim };
        let padding = " ".repeat(title.saturating_sub(name.len()) + 2);
        let note = match (link.mark, link.note.as_str()) {
            (Mark::NotAsked, "") => "not asked",
            (_, note) => note,
        };
        let mut runs = vec![(role, mark), (Role::Plain, " "), (strong, name)];
        if !note.is_empty() {
            runs.extend([(Role::Plain, padding.as_str()), (note_role, note)]);
        }
        page.para(2, 4 + title + 2, &runs);
        at += 1;
    }
}
