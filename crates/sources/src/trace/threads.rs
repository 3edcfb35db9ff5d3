//! What is kept of the threads that are traced.

use super::sys::Tid;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Threads by their ids.
pub(super) type Threads = HashMap<Tid, Thread, BuildHasherDefault<TidHasher>>;

/// What is kept of a thread, from its first stop to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thread {
    pub(super) pid: Tid,
    pub(super) in_call: bool,
    /// Followed call by call although there is an accelerator: it has a filter of its own.
    pub(super) whole: bool,
    /// Number, arguments and AUDIT_ARCH from the entry, where the exit no longer tells them.
    pub(super) entry: Option<(u64, [u64; 6])>,
}

/// Thread ids are handed out in order: spreading them by a multiplication is enough.
#[derive(Default)]
pub(super) struct TidHasher(u64);

impl Hasher for TidHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    fn write_i32(&mut self, n: i32) {
        self.0 = u64::from(n.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
