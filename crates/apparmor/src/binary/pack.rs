//! An automaton into its tables: rows of cells laid over each other without overlap.
//!
//! Rows with the most edges are placed first, each at the first place where all of its cells are free; any
//! placement without overlap is valid. Source: what the kernel checks of it (`match.c`, `verify_dfa`).

use super::EncodeError;
use super::tables::{BASE_OUT_OF_BAND, FLAG_OUT_OF_BAND, id};
use crate::dfa::{Dfa, StateId, TRAP};

/// The kernel indexes cells with 24 bits.
const MOST_CELLS: usize = 1 << 24;

/// The tables of an automaton. `accept2` is left out when empty.
pub(super) fn tables(dfa: &Dfa, accept: &[u32], accept2: &[u32], wide: bool) -> Result<Vec<u8>, EncodeError> {
    let states = dfa.len();
    let wide = wide || states > usize::from(u16::MAX);
    let placed = place(dfa)?;
    let out_of_band = dfa.has_out_of_band();
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&0x1b5e_783d_u32.to_be_bytes());
    bytes.extend_from_slice(&24u32.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    let flags = if out_of_band { FLAG_OUT_OF_BAND } else { 0 };
    bytes.extend_from_slice(&flags.to_be_bytes());
    bytes.extend_from_slice(b"notflex\0");
    bytes.resize(24, 0);
    let narrow_or_wide = if wide { 4 } else { 2 };
    table(&mut bytes, id::ACCEPT, 4, accept.iter().copied());
    if !accept2.is_empty() {
        table(&mut bytes, id::ACCEPT2, 4, accept2.iter().copied());
    }
    table(&mut bytes, id::BASE, 4, placed.base.iter().copied());
    table(&mut bytes, id::DEFAULT, narrow_or_wide, dfa.states().map(|s| dfa.default(s).0));
    table(&mut bytes, id::NEXT, narrow_or_wide, placed.cells.iter().map(|(next, _)| next.0));
    table(&mut bytes, id::CHECK, narrow_or_wide, placed.cells.iter().map(|(_, owner)| *owner));
    Ok(bytes)
}

fn table(bytes: &mut Vec<u8>, id: u16, width: u16, cells: impl ExactSizeIterator<Item = u32>) {
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(&width.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    // At most 2^24 states and as many cells and a few more.
    bytes.extend_from_slice(&(cells.len() as u32).to_be_bytes());
    for cell in cells {
        match width {
            2 => bytes.extend_from_slice(&(cell as u16).to_be_bytes()),
            _ => bytes.extend_from_slice(&cell.to_be_bytes()),
        }
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

struct Placed {
    base: Vec<u32>,
    /// Target and owner; both 0 where free.
    cells: Vec<(StateId, u32)>,
}

fn place(dfa: &Dfa) -> Result<Placed, EncodeError> {
    let mut order: Vec<StateId> = dfa.states().filter(|s| *s != TRAP).collect();
    order.sort_by_key(|s| std::cmp::Reverse(dfa.edges(*s).len()));
    let mut base = vec![0; dfa.len()];
    let mut cells: Vec<(StateId, u32)> = vec![(TRAP, 0); 256];
    // Everything before this place is taken, or known to be too narrow to look through again.
    let mut from = 0usize;
    let mut misses = 0usize;
    for state in order {
        let edges = dfa.edges(state);
        let symbol = dfa.out_of_band(state);
        let Some(first) = edges.first() else {
            if symbol != TRAP {
                place_symbol(&mut cells, &mut base, state, symbol)?;
            }
            continue;
        };
        let first = usize::from(first.byte);
        let free = |cells: &[(StateId, u32)], at: usize| cells.get(at).is_none_or(|c| c.1 == 0);
        let mut at = from.max(first);
        let start = loop {
            if at >= MOST_CELLS {
                return Err(EncodeError::TooLarge);
            }
            let start = at - first;
            let fits = edges.iter().all(|e| free(&cells, start + usize::from(e.byte)))
                && (symbol == TRAP || (start > 0 && free(&cells, start - 1)));
            if fits {
                break start;
            }
            misses += 1;
            at += 1;
        };
        if cells.len() < start + 256 {
            cells.resize(start + 256, (TRAP, 0));
        }
        for edge in edges {
            cells[start + usize::from(edge.byte)] = (edge.next, state.0);
        }
        base[state.index()] = start as u32;
        if symbol != TRAP {
            cells[start - 1] = (symbol, state.0);
            base[state.index()] |= BASE_OUT_OF_BAND;
        }
        while cells.get(from).is_some_and(|c| c.1 != 0) {
            from += 1;
        }
        // A long search through crumbs costs more than they are worth.
        if misses > 1 << 20 {
            misses = 0;
            from = from.max(cells.len().saturating_sub(4096));
        }
    }
    Ok(Placed { base, cells })
}

fn place_symbol(
    cells: &mut Vec<(StateId, u32)>,
    base: &mut [u32],
    state: StateId,
    symbol: StateId,
) -> Result<(), EncodeError> {
    // A state without edges may not lie over cells that it owns: only its symbol's.
    let at = (0..cells.len() - 255).find(|at| cells[*at].1 == 0).unwrap_or(cells.len() - 255);
    if at + 256 >= MOST_CELLS {
        return Err(EncodeError::TooLarge);
    }
    if cells.len() < at + 257 {
        cells.resize(at + 257, (TRAP, 0));
    }
    cells[at] = (symbol, state.0);
    base[state.index()] = (at as u32 + 1) | BASE_OUT_OF_BAND;
    Ok(())
}
