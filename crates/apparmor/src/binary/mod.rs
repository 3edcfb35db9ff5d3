//! The form in which policy is loaded into the kernel, read and written.
//!
//! A load is a stream of units, each a header and a profile ([`read`]); a profile's rules are automata in
//! tables ([`tables`]) whose accepts are permissions in one of two forms: words ([`compat`]) or indices into
//! a table of permissions. The stream may be compressed ([`envelope`]). [`encode`] writes what [`decode`] reads.
//!
//! What is read is hostile. Every length is checked, what the kernel refuses is refused (`policy_unpack.c`
//! `verify_*`, `match.c` `verify_dfa`), and memory is bounded by [`Limits`] whatever the input says.

pub mod armour;
mod compat;
mod encode;
mod envelope;
mod pack;
mod read;
mod stream;
mod tables;
mod write;

pub use encode::{EncodeError, PermsForm, Target, encode};
pub use envelope::Envelope;

use crate::policy::Profile;

/// How much is held at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a stream after it was uncompressed.
    pub bytes: usize,
    /// Profiles of one load.
    pub profiles: usize,
    /// Edges of one automaton (eight bytes each).
    pub edges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, profiles: 10_000, edges: 8 << 20 }
    }
}

/// Why a stream is no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// Bytes from the beginning of the uncompressed stream to what could not be read.
    pub offset: usize,
    /// What could not be read.
    pub what: &'static str,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (at byte {})", self.what, self.offset)
    }
}

impl std::error::Error for DecodeError {}

/// How a unit was written: what it takes to write it the same way again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// The version word of the header.
    pub version: u32,
    /// Some automaton has its permissions as words.
    pub words: bool,
    /// Some automaton has a table of permissions.
    pub table: bool,
    /// The version of the table of permissions (`permsv`), 0 when it is not said.
    pub perms_version: u32,
    /// 32 bits a state in any automaton.
    pub wide: bool,
    /// Some automaton has equivalence classes of bytes.
    pub classes: bool,
    /// Some automaton has states stored as differences.
    pub differences: bool,
    /// Some automaton has out-of-band transitions.
    pub out_of_band: bool,
}

/// One profile of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The profile.
    pub profile: Profile,
    /// How it was written.
    pub layout: Layout,
}

/// What was loaded together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// What was around the stream.
    pub envelope: Envelope,
    /// The profiles, parents first.
    pub units: Vec<Unit>,
    /// How many loads they came in. More than one only in what parsers write to a file for kernels that take
    /// compressed policy: each profile is then compressed by itself, and the kernel takes one a write.
    pub loads: usize,
}

/// Whether bytes look like policy in this form, compressed or not.
#[must_use]
pub fn is_policy(bytes: &[u8]) -> bool {
    envelope::recognise(bytes).is_some()
}

/// Reads a load: what was written to `.replace`, a file of the parser's cache, or `raw_data` of securityfs.
///
/// # Errors
///
/// When the kernel would refuse it, or a limit is met.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Load, DecodeError> {
    let (envelope, stream, mut rest) = envelope::open(bytes, limits.bytes)?;
    let mut units = read::units(&stream, limits)?;
    let (mut loads, mut left) = (1, limits.bytes.saturating_sub(stream.len()));
    while !rest.is_empty() {
        let (_, stream, after) = envelope::open(rest, left)?;
        // A frame of nothing would never end.
        left = left.saturating_sub(stream.len().max(1));
        units.extend(read::units(&stream, limits)?);
        if units.len() > limits.profiles {
            return Err(DecodeError { offset: 0, what: "more profiles than are read" });
        }
        loads += 1;
        rest = after;
    }
    Ok(Load { envelope, units, loads })
}

/// Cuts what a parser wrote to a file into loads, each of which the kernel takes in one write.
///
/// # Errors
///
/// As [`decode`].
pub fn loads<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<&'a [u8]>, DecodeError> {
    let mut parts = Vec::new();
    let (mut at, mut left) = (bytes, limits.bytes);
    while !at.is_empty() {
        let (_, stream, after) = envelope::open(at, left)?;
        left = left.saturating_sub(stream.len().max(1));
        parts.push(at.get(..at.len() - after.len()).unwrap_or(at));
        at = after;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
