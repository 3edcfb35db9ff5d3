//! An automaton out of its tables: big endian, as flex packs its own.
//!
//! A step from state `s` on byte `c`: at `base[s] + class[c]` stands a cell; when its owner (`check`) is `s`,
//! `next` of the cell is the target, else `default[s]`. When `s` is stored as a difference, the default is
//! asked about the same byte again instead of being the target. The out-of-band symbol has the cell before
//! the base, in states that are marked for it.
//!
//! Sources: kernel `match.c`, `unpack_table`, `verify_table_headers`, `verify_dfa`, `match_char`.

use super::DecodeError;
use crate::dfa::{Builder, Dfa, MAX_STATES, StateId, TRAP};

const MAGIC: u32 = 0x1b5e_783d;
pub(super) const FLAG_DIFFERENCES: u16 = 1;
pub(super) const FLAG_OUT_OF_BAND: u16 = 2;
pub(super) const BASE_DIFFERENCE: u32 = 1 << 31;
pub(super) const BASE_OUT_OF_BAND: u32 = 1 << 29;
const BASE_INVALID: u32 = 0x1f00_0000 | 1 << 30;
const BASE_INDEX: u32 = 0x00ff_ffff;

/// The tables' numbers as they are written.
pub(super) mod id {
    pub(in super::super) const ACCEPT: u16 = 1;
    pub(in super::super) const BASE: u16 = 2;
    pub(in super::super) const CHECK: u16 = 3;
    pub(in super::super) const DEFAULT: u16 = 4;
    pub(in super::super) const CLASSES: u16 = 5;
    pub(in super::super) const NEXT: u16 = 8;
    pub(in super::super) const ACCEPT2: u16 = 7;
}

/// The tables of one automaton.
pub(super) struct Tables {
    flags: u16,
    pub(super) wide: bool,
    pub(super) accept: Vec<u32>,
    /// Empty when there is none.
    pub(super) accept2: Vec<u32>,
    pub(super) classes: Option<Vec<u32>>,
    base: Vec<u32>,
    default: Vec<u32>,
    next: Vec<u32>,
    check: Vec<u32>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

struct Table {
    id: u16,
    width: usize,
    cells: Vec<u32>,
    size: usize,
}

fn table(bytes: &[u8]) -> Option<Table> {
    let id = u16_at(bytes, 0)?;
    let width = usize::from(u16_at(bytes, 2)?);
    let count = u32_at(bytes, 8)? as usize;
    if count == 0 || !matches!(width, 1 | 2 | 4) {
        return None;
    }
    let size = count.checked_mul(width)?.checked_add(12)?.checked_next_multiple_of(8)?;
    // The data is there before anything of its size is held.
    let data = bytes.get(..size)?.get(12..12 + count * width)?;
    let cells = match width {
        1 => data.iter().map(|b| u32::from(*b)).collect(),
        2 => data.as_chunks().0.iter().map(|c| u32::from(u16::from_be_bytes(*c))).collect(),
        _ => data.as_chunks().0.iter().map(|c| u32::from_be_bytes(*c)).collect(),
    };
    Some(Table { id, width, cells, size })
}

impl Tables {
    /// Reads and checks the tables. `accept2` says whether a second table of accepts is required (else it
    /// is ignored as the kernel ignores what it does not ask for).
    pub(super) fn read(bytes: &[u8], accept2: bool) -> Result<Self, &'static str> {
        if u32_at(bytes, 0) != Some(MAGIC) {
            return Err("the automaton does not begin with its magic number");
        }
        let header = u32_at(bytes, 4).map(|h| h as usize).filter(|h| *h >= 14 && *h <= bytes.len());
        let header = header.ok_or("the automaton's header is cut short")?;
        let flags = u16_at(bytes, 12).ok_or("the automaton's header is cut short")?;
        if flags & !(FLAG_DIFFERENCES | FLAG_OUT_OF_BAND) != 0 {
            return Err("the automaton has flags that no kernel knows");
        }
        let mut found: [Option<Table>; 9] = [const { None }; 9];
        let mut at = header;
        while at < bytes.len() {
            let table = table(bytes.get(at..).unwrap_or(&[])).ok_or("a table of the automaton is damaged")?;
            let width_is_right = match table.id {
                id::ACCEPT | id::ACCEPT2 | id::BASE => table.width == 4,
                id::DEFAULT | id::NEXT | id::CHECK => table.width != 1,
                id::CLASSES => table.width == 1,
                _ => false,
            };
            let slot = found.get_mut(usize::from(table.id));
            let Some(slot) = slot.filter(|slot| width_is_right && slot.is_none()) else {
                return Err("the automaton has a table that no kernel takes");
            };
            at += table.size;
            *slot = Some(table);
        }
        let wide = found.iter().flatten().any(|t| t.id == id::DEFAULT && t.width == 4);
        let mut take = |id: u16| found.get_mut(usize::from(id)).and_then(Option::take).map(|t| t.cells);
        let missing = "a table of the automaton is missing";
        let tables = Self {
            flags,
            wide,
            accept: take(id::ACCEPT).ok_or(missing)?,
            accept2: match take(id::ACCEPT2) {
                None if accept2 => return Err(missing),
                Some(cells) if accept2 => cells,
                _ => Vec::new(),
            },
            classes: take(id::CLASSES),
            base: take(id::BASE).ok_or(missing)?,
            default: take(id::DEFAULT).ok_or(missing)?,
            next: take(id::NEXT).ok_or(missing)?,
            check: take(id::CHECK).ok_or(missing)?,
        };
        tables.verify()?;
        Ok(tables)
    }

    pub(super) fn states(&self) -> usize {
        self.base.len()
    }

    pub(super) fn has_differences(&self) -> bool {
        self.base.iter().any(|b| b & BASE_DIFFERENCE != 0)
    }

    pub(super) fn has_out_of_band(&self) -> bool {
        self.base.iter().any(|b| b & BASE_OUT_OF_BAND != 0)
    }

    fn verify(&self) -> Result<(), &'static str> {
        let states = self.states();
        if !(2..=MAX_STATES).contains(&states) {
            return Err("the automaton has too few or too many states");
        }
        let accept2 = self.accept2.is_empty() || self.accept2.len() == states;
        if self.accept.len() != states || self.default.len() != states || !accept2 {
            return Err("the automaton's tables of states differ in length");
        }
        if self.next.len() != self.check.len() {
            return Err("the automaton's tables of transitions differ in length");
        }
        if self.classes.as_ref().is_some_and(|c| c.len() != 256) {
            return Err("the automaton's classes do not cover all bytes");
        }
        for &base in &self.base {
            let at = (base & BASE_INDEX) as usize;
            let flagged = |bit, flag| base & bit == 0 || self.flags & flag != 0;
            if base & BASE_INVALID != 0
                || !flagged(BASE_DIFFERENCE, FLAG_DIFFERENCES)
                || !flagged(BASE_OUT_OF_BAND, FLAG_OUT_OF_BAND)
            {
                return Err("a state of the automaton has flags that are not allowed there");
            }
            if at + 255 >= self.next.len() || (base & BASE_OUT_OF_BAND != 0 && at == 0) {
                return Err("a state's transitions lie outside the automaton's tables");
            }
        }
        let outside = |cells: &[u32]| cells.iter().any(|s| *s as usize >= states);
        if outside(&self.default) || outside(&self.next) || outside(&self.check) {
            return Err("the automaton leads to a state that is not there");
        }
        Ok(())
    }

    /// The automaton; `accept` gives a state's index into the table of permissions.
    pub(super) fn dfa(
        &self,
        edges: usize,
        mut accept: impl FnMut(usize) -> u32,
    ) -> Result<Dfa, &'static str> {
        let states = self.states();
        // A difference needs the row it differs from first: rows are made in the order of their chains.
        let mut rows: Vec<Option<Row>> = Vec::with_capacity(states);
        rows.resize_with(states, || None);
        let mut held = 0usize;
        let mut chain = Vec::new();
        let mut on_chain = vec![false; states];
        for state in 0..states {
            let mut at = state;
            chain.clear();
            while rows.get(at).is_some_and(Option::is_none) {
                if on_chain.get(at) == Some(&true) {
                    return Err("the automaton's differences run in a circle");
                }
                if let Some(flag) = on_chain.get_mut(at) {
                    *flag = true;
                }
                chain.push(at);
                if !self.is_difference(at) {
                    break;
                }
                at = self.default_of(at);
            }
            while let Some(at) = chain.pop() {
                let base =
                    self.is_difference(at).then(|| rows.get(self.default_of(at)).and_then(Option::as_ref));
                let row = self.row(at, base.flatten());
                held += row.edges.len();
                if held > edges {
                    return Err("the automaton has more transitions than are read");
                }
                if let Some(slot) = rows.get_mut(at) {
                    *slot = Some(row);
                }
            }
        }
        let mut builder = Builder::new(accept(0));
        for (state, row) in rows.into_iter().enumerate() {
            let row = row.ok_or("the automaton has a state without transitions")?;
            if state == 0 {
                if row.default != TRAP || !row.edges.is_empty() || row.out_of_band != TRAP {
                    return Err("the automaton's state of no match has transitions");
                }
                continue;
            }
            builder.state(accept(state), row.default, row.edges, row.out_of_band);
        }
        builder.build().map_err(|_| "the automaton leads to a state that is not there")
    }

    fn is_difference(&self, state: usize) -> bool {
        self.base.get(state).is_some_and(|b| b & BASE_DIFFERENCE != 0)
    }

    fn default_of(&self, state: usize) -> usize {
        self.default.get(state).map_or(0, |s| *s as usize)
    }

    /// The cell at this place when this state owns it.
    fn cell(&self, state: usize, at: usize) -> Option<StateId> {
        (self.check.get(at).is_some_and(|s| *s as usize == state))
            .then(|| StateId(self.next.get(at).copied().unwrap_or(0)))
    }

    fn row(&self, state: usize, below: Option<&Row>) -> Row {
        let base = self.base.get(state).copied().unwrap_or(0);
        let at = (base & BASE_INDEX) as usize;
        let default = below.map_or(StateId(self.default_of(state) as u32), |b| b.default);
        let mut full = [default; 256];
        for &(byte, next) in below.into_iter().flat_map(|b| &b.edges) {
            full[usize::from(byte)] = next;
        }
        for (byte, slot) in full.iter_mut().enumerate() {
            let class = match &self.classes {
                Some(classes) => classes.get(byte).map_or(0, |c| *c as usize),
                None => byte,
            };
            if let Some(next) = self.cell(state, at + class) {
                *slot = next;
            }
        }
        // Between the states of a chain the symbol falls through like a byte that no cell names.
        let symbol = self.cell(state, at.wrapping_sub(1));
        let symbol =
            symbol.unwrap_or_else(|| below.map_or(StateId(self.default_of(state) as u32), |b| b.symbol));
        let out_of_band = if base & BASE_OUT_OF_BAND == 0 { TRAP } else { symbol };
        let mut counts: Vec<StateId> = full.to_vec();
        counts.sort_unstable();
        let common = counts.chunk_by(|a, b| a == b).max_by_key(|run| run.len());
        let common = common.and_then(|run| run.first()).copied().unwrap_or(TRAP);
        let edges = (0..=255u8).zip(full).filter(|(_, next)| *next != common).collect();
        Row { default: common, edges, out_of_band, symbol }
    }
}

struct Row {
    default: StateId,
    edges: Vec<(u8, StateId)>,
    out_of_band: StateId,
    /// Where the symbol leads when a difference from this state falls through to it, marked or not.
    symbol: StateId,
}

/// Where the tables begin in a blob that starts at `at` of the stream: the writer padded it so that they are
/// aligned in the unit it was made for, wherever that unit stands now. Source: kernel `unpack_dfa`.
pub(super) fn padding(at: usize, length: usize) -> Result<usize, DecodeError> {
    let end = at.checked_add(length).ok_or(DecodeError { offset: at, what: "the automaton is cut short" })?;
    let offset = at.wrapping_sub(end & 7);
    Ok(offset.wrapping_neg() & 7)
}
