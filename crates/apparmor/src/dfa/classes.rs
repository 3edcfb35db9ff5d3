//! Bytes that no state tells apart.

use super::Dfa;

/// A partition of the 256 bytes: bytes of one class lead to the same state from every state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteClasses {
    class: [u8; 256],
    /// One byte of each class, by class.
    representative: Vec<u8>,
}

impl ByteClasses {
    /// The coarsest partition for this automaton.
    #[must_use]
    pub fn of(dfa: &Dfa) -> Self {
        // `class` numbers are provisional while classes split; `size` counts their bytes.
        let mut class = [0usize; 256];
        let mut size = vec![256usize];
        let mut runs: Vec<(usize, u32, u8)> = Vec::new();
        for state in dfa.states() {
            if size.len() == 256 {
                break;
            }
            runs.clear();
            runs.extend(dfa.edges(state).iter().map(|e| (class[usize::from(e.byte)], e.next.0, e.byte)));
            runs.sort_unstable();
            for run in runs.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
                let Some(&(old, ..)) = run.first() else { continue };
                // Bytes of this class that are not in the run lead elsewhere. Runs of one class come one
                // after another, so what is left of it is its other runs and the bytes on the default.
                if run.len() == size[old] {
                    continue;
                }
                size[old] -= run.len();
                for &(.., byte) in run {
                    class[usize::from(byte)] = size.len();
                }
                size.push(run.len());
            }
        }
        let mut number = vec![None; size.len()];
        let mut representative = Vec::new();
        let mut named = [0u8; 256];
        for byte in 0..=255u8 {
            let slot = &mut number[class[usize::from(byte)]];
            let id = *slot.get_or_insert_with(|| {
                representative.push(byte);
                // At most 256 classes, so the last number is 255.
                (representative.len() - 1) as u8
            });
            named[usize::from(byte)] = id;
        }
        Self { class: named, representative }
    }

    /// How many classes there are, 1 to 256.
    #[must_use]
    pub fn count(&self) -> usize {
        self.representative.len()
    }

    /// The class of a byte; classes are numbered in the order of their smallest bytes.
    #[must_use]
    pub fn class(&self, byte: u8) -> u8 {
        self.class[usize::from(byte)]
    }

    /// The smallest byte of each class, in the order of classes.
    #[must_use]
    pub fn representatives(&self) -> &[u8] {
        &self.representative
    }
}
